//! Stages against a plant of three machines that do what machines do, and what they should not.

mod bench;
mod losses;

use plant::event::{Step as Told, Trouble, What};
use plant::hall::sequence::RunMode;
use proptest::prelude::*;

use super::*;
use bench::{Bench, Broken};

#[test]
fn the_lag_machine_starts_after_its_patience_and_not_before() {
    let mut bench = Bench::running(1);
    bench.load(0.95);
    bench.pass(900);
    assert_eq!(bench.stage(), [], "nothing in the first quarter of an hour");
    bench.pass(30);
    assert_eq!(bench.stage(), [(1, 2, StageCause::Load)]);
    bench.water.share = Some(79.0);
    bench.pass(300);
    assert_eq!((bench.count(), bench.stages.change()), (2, Change::Steady));
    bench.pass(86_400);
    assert_eq!((bench.count(), bench.stage()), (2, vec![]), "two carry it for a day");
}

#[test]
fn running_machines_make_room_before_one_more_starts_but_not_for_ever() {
    let mut bench = Bench::running(1);
    bench.load(0.95);
    bench.water.share = Some(95.0);
    bench.pass(935);
    assert!(bench.stages.is_limited() && bench.modes()[1] == RunMode::Off);
    bench.water.share = Some(79.0);
    bench.pass(2);
    assert!(bench.modes()[1] == RunMode::On || bench.modes()[2] == RunMode::On);
    // One that does not come down is told, and the next one starts all the same.
    let mut bench = Bench::running(1);
    bench.load(0.95);
    bench.water.share = Some(95.0);
    bench.pass(935 + 301);
    assert!(bench.news().contains(&What::Trouble(Trouble::NotLimited)));
    bench.pass(200);
    assert_eq!(bench.count(), 2);
}

#[test]
fn a_warm_supply_calls_for_one_more_at_once_and_nobody_is_held_down() {
    let mut bench = Bench::running(1);
    (bench.water.load, bench.water.warm, bench.water.share) = (None, Some(1.5), Some(100.0));
    bench.pass(901);
    assert!(!bench.stages.is_limited());
    assert_eq!(bench.stage(), [(1, 2, StageCause::Warm)]);
    bench.pass(200);
    assert_eq!(bench.count(), 2);
}

#[test]
fn a_supply_that_is_far_too_warm_does_not_wait_a_quarter_of_an_hour() {
    let mut bench = Bench::running(1);
    bench.load(0.5);
    bench.pass(1300);
    assert_eq!(bench.stage(), []);
    bench.water.warm = Some(4.5);
    bench.pass(299);
    assert_eq!(bench.stage(), []);
    bench.pass(2);
    assert_eq!(bench.stage(), [(1, 2, StageCause::Warm)]);
    bench.pass(500);
    assert_eq!(bench.stage(), [(2, 3, StageCause::Warm)], "and the next as long after that one runs");
}

#[test]
fn the_load_behind_the_economiser_lets_the_plant_stage_down() {
    // The published fault: the load counted across the economiser never falls, so that the plant never stages down.
    let mut bench = Bench::running(2);
    bench.load(0.7);
    bench.pass(2000);
    assert_eq!((bench.count(), bench.stage()), (1, vec![(2, 1, StageCause::LightLoad)]));
    (bench.water.economising, bench.water.spared) = (true, true);
    bench.load(0.01);
    bench.pass(2000);
    assert_eq!((bench.count(), bench.stage()), (0, vec![(1, 0, StageCause::Economised)]));
}

#[test]
fn from_the_economiser_alone_far_too_warm_calls_sooner_than_too_warm() {
    let times = [(4.5, 60), (2.5, 600), (1.5, 1200)];
    for (warm, after) in times {
        let mut bench = Bench::running(0);
        (bench.water.economising, bench.water.warm) = (true, Some(warm));
        bench.load(0.3);
        bench.pass(after - 2);
        assert_eq!(bench.stage(), [], "{warm} K");
        bench.pass(5);
        assert_eq!(bench.stage(), [(0, 1, StageCause::Warm)], "{warm} K");
    }
    let mut bench = Bench::running(0);
    bench.load(0.3);
    bench.pass(31);
    assert_eq!(bench.stage(), [(0, 1, StageCause::Nothing)], "nothing cools: no patience");
}

#[test]
fn a_machine_that_is_lost_is_replaced_at_once_and_comes_back_as_the_spare() {
    let mut bench = Bench::running(2);
    bench.load(1.5);
    bench.pass(1300);
    bench.toys[0].broken = Broken::Tripped;
    bench.pass(3);
    assert_eq!(bench.modes(), [RunMode::Off, RunMode::On, RunMode::On]);
    bench.pass(300);
    assert_eq!((bench.count(), bench.stages.change()), (2, Change::Steady));
    bench.toys[0].broken = Broken::No;
    bench.pass(7200);
    assert_eq!(bench.modes(), [RunMode::Off, RunMode::On, RunMode::On], "nobody gives way to it");
}

#[test]
fn one_that_does_not_start_gives_its_turn_to_the_next() {
    let mut bench = Bench::running(1);
    bench.toys[1].broken = Broken::StartFails;
    bench.load(0.95);
    bench.water.share = Some(79.0);
    bench.pass(940 + 600 + 200);
    let news = bench.news();
    assert!(news.contains(&What::Trouble(Trouble::DidNotStart)), "{news:?}");
    assert_eq!(bench.modes(), [RunMode::On, RunMode::Off, RunMode::On]);
    assert_eq!(bench.count(), 2);
}

#[test]
fn with_none_left_it_says_so_and_starts_the_first_that_can() {
    let mut bench = Bench::running(2);
    bench.load(1.5);
    bench.toys[2].broken = Broken::Tripped;
    bench.pass(1300);
    bench.toys[0].broken = Broken::Tripped;
    bench.pass(10);
    assert!(bench.stages.is_short());
    assert!(bench.news().contains(&What::Trouble(Trouble::NoneLeft)));
    bench.toys[2].broken = Broken::No;
    bench.pass(900);
    assert_eq!((bench.modes()[2], bench.count(), bench.stages.is_short()), (RunMode::On, 2, false));
}

#[test]
fn one_that_is_missing_is_not_wanted_any_more_once_the_load_has_gone() {
    let mut bench = Bench::running(2);
    bench.load(1.5);
    bench.pass(1300);
    for n in [1, 2] {
        bench.toys[n].broken = Broken::Tripped;
    }
    bench.pass(60);
    assert_eq!((bench.stages.target(), bench.count(), bench.stages.is_short()), (2, 1, true));
    bench.load(0.5);
    bench.pass(1300);
    assert_eq!((bench.stages.target(), bench.count(), bench.stages.is_short()), (1, 1, false));
    bench.toys.iter_mut().for_each(|toy| toy.broken = Broken::No);
    bench.pass(3600);
    assert_eq!(bench.count(), 1, "and none starts for nothing when it comes back");
}

#[test]
fn a_stage_down_that_does_not_stop_is_abandoned_and_told() {
    let mut bench = Bench::running(2);
    bench.load(0.7);
    bench.pass(1190);
    for toy in &mut bench.toys {
        toy.broken = Broken::StopFails;
    }
    bench.pass(600);
    assert!(bench.news().contains(&What::Trouble(Trouble::DidNotStop)));
    assert!(bench.stages.has_abandoned());
    assert_eq!((bench.stages.change(), bench.count()), (Change::Steady, 2));
}

#[test]
fn after_a_loss_of_power_machines_start_one_by_one_and_as_many_as_ran() {
    let mut bench = Bench::running(2);
    bench.load(1.5);
    bench.pass(3600);
    bench.toys.iter_mut().for_each(|toy| toy.broken = Broken::Tripped);
    bench.pass(120);
    bench.toys.iter_mut().for_each(|toy| toy.broken = Broken::No);
    assert_eq!(bench.stages.change(), Change::Restoring);
    bench.pass(600);
    let mut told: Vec<u64> = bench.turned.iter().filter_map(|turned| turned[0]).filter(|at| *at > 3600).collect();
    told.sort_unstable();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[1] - told[0] >= 30, "inrush: {told:?}");
    assert!(
        told[0] >= 3600 + 240 && told[0] <= 3600 + 250,
        "the restart delay is honoured, and not much more: {told:?}"
    );
    assert_eq!((bench.count(), bench.stages.change()), (2, Change::Steady));
}

#[test]
fn machines_change_places_by_run_time_and_the_new_one_proves_itself_first() {
    let mut bench = Bench::running(2);
    bench.rules.staging.rotate_every = Span::from_secs(3600);
    bench.rules.staging.rotate_gap = Span::from_secs(1800);
    bench.load(1.4);
    let mut fewest = 2;
    for _ in 0..3 * 86_400 {
        bench.step();
        fewest = fewest.min(bench.count());
    }
    assert_eq!(fewest, 2, "the old one stops after the new one has run its five minutes");
    let hours: Vec<f64> =
        bench.stages.machines().rows().iter().map(|machine| machine.run.life.seconds() / 3600.0).collect();
    let spread =
        hours.iter().fold(0.0, |most: f64, h| most.max(*h)) - hours.iter().fold(1e9, |least: f64, h| least.min(*h));
    assert!(spread < 3.0, "{hours:?}");
    assert!(bench.news().contains(&What::Step(Told::Rotating)));
}

#[test]
fn a_new_one_that_fails_to_prove_itself_leaves_the_old_one_running() {
    let mut bench = Bench::running(2);
    bench.rules.staging.rotate_every = Span::from_secs(3600);
    bench.rules.staging.rotate_gap = Span::ZERO;
    bench.load(1.4);
    bench.toys[2].broken = Broken::StartFails;
    bench.pass(5 * 3600);
    assert_eq!(bench.modes(), [RunMode::On, RunMode::On, RunMode::Off]);
    assert_eq!(bench.turned[0][1].or(bench.turned[1][1]), None, "nobody was stopped for it");
}

#[test]
fn a_load_on_the_edge_does_not_chatter() {
    let mut bench = Bench::running(1);
    for second in 0..86_400u32 {
        bench.load(0.9 + if second % 700 < 350 { 0.05 } else { -0.05 });
        bench.step();
    }
    let changes = bench.stage();
    assert!(changes.len() <= 1, "{changes:?}");
}

#[test]
fn without_a_load_that_is_known_it_stages_neither_up_nor_down_by_load() {
    let mut bench = Bench::running(2);
    bench.water.load = None;
    bench.pass(7200);
    assert_eq!((bench.stage(), bench.count()), (vec![], 2));
}

/// A moment of some machine being broken, or of another load.
#[derive(Clone, Debug)]
enum Fate {
    Breaks(usize, Broken),
    Load(f64, f64),
    Water(bool, bool),
}

fn fate() -> impl Strategy<Value = (Fate, u64)> {
    let broken = prop_oneof![
        4 => Just(Broken::No),
        1 => Just(Broken::StartFails),
        1 => Just(Broken::StopFails),
        2 => Just(Broken::Tripped),
        1 => Just(Broken::Blind),
        1 => Just(Broken::Held(RunMode::Off)),
        1 => Just(Broken::Held(RunMode::On)),
    ];
    let fate = prop_oneof![
        3 => (0usize..3, broken).prop_map(|(n, how)| Fate::Breaks(n, how)),
        2 => (0.0..2.6f64, -1.0..3.0f64).prop_map(|(load, warm)| Fate::Load(load, warm)),
        1 => (any::<bool>(), any::<bool>()).prop_map(|(on, spared)| Fate::Water(on, spared)),
    ];
    (fate, 1u64..2400)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_breaks_changes_end_times_are_kept_and_the_plant_recovers(
        running in 0usize..=3,
        fates in prop::collection::vec(fate(), 1..24),
    ) {
        let mut bench = Bench::running(running);
        bench.load(1.0);
        let mut in_change = 0u64;
        for (fate, seconds) in fates {
            match fate {
                Fate::Breaks(n, how) => bench.toys[n].broken = how,
                Fate::Load(load, warm) => {
                    bench.load(load);
                    bench.water.warm = Some(warm);
                }
                Fate::Water(on, spared) => (bench.water.economising, bench.water.spared) = (on, on && spared),
            }
            for _ in 0..seconds {
                let starting = |b: &Bench| b.stages.machines().rows().iter().filter(|m| m.life() == Life::Starting && !m.is_held()).count();
                let (before, mode) = (starting(&bench), bench.modes());
                let lives: Vec<Life> = bench.stages.machines().rows().iter().map(Machine::life).collect();
                let held: Vec<bool> = bench.toys.iter().map(|t| matches!(t.broken, Broken::Held(_))).collect();
                bench.step();
                prop_assert!(starting(&bench) <= before + 1, "two starts in one scan");
                in_change = if bench.stages.change() == Change::Steady { 0 } else { in_change + 1 };
                // A chain of failed starts is one change: each of three machines may take its time.
                prop_assert!(in_change <= 300 + 3 * 660 + 400, "{:?} for {in_change} s", bench.stages.change());
                for n in 0..3 {
                    let off = bench.turned[n][1].is_none_or(|at| bench.seconds - at >= 600);
                    let now = bench.modes()[n];
                    if lives[n] == Life::Off && mode[n] == RunMode::Off && now == RunMode::On && !held[n] {
                        let by_us = bench.stages.machines().rows()[n].life() == Life::Starting;
                        prop_assert!(!by_us || off || bench.stages.change() == Change::Restoring, "machine {n} rested too little");
                    }
                }
            }
        }
        bench.toys.iter_mut().for_each(|toy| toy.broken = Broken::No);
        (bench.water.economising, bench.water.spared, bench.water.warm) = (false, false, Some(0.0));
        bench.load(1.4);
        bench.pass(3 * 3600);
        prop_assert_eq!(bench.count(), 2, "{:?} {:?}", bench.stages.change(), bench.modes());
        prop_assert!(!bench.stages.is_short());
    }
}
