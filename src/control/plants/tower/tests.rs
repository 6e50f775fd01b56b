//! A tower, scan by scan.

use plant::event::{Event, What};
use plant::hall::Hall;
use plant::time::{Mono, Tick, Wall};
use proptest::prelude::*;

use super::*;
use crate::control::sequence::drive::Drive;
use plant::id::PointId;

const SECOND: Span = Span::from_secs(1);

/// A tower of the shipped hall with what it sees.
struct Bench {
    hall: Hall,
    rules: TowerTuning,
    tower: Tower,
    view: View,
    told: Vec<What>,
}

impl Bench {
    fn new() -> Self {
        let (name, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        let hall = Hall::load(name, text).expect("loads");
        let rules = hall.strategies.chilled_water.tower.expect("a tower");
        let of = hall.plants[0].rejecting.expect("a tower");
        let chilled = hall.plants[0].supply.id();
        let water = |point, celsius| Water { point, celsius: Some(celsius), fresh: true };
        let view = View {
            plant: Serves { runs: true, condenses: true, economises: false, load: Some(0.5) },
            setpoint: 14.0,
            turns: Sight::Known(true),
            waters: Waters {
                supply: water(of.water.supply.id(), 20.0),
                back: water(of.water.return_water.id(), 25.0),
                chilled: water(chilled, 14.0),
            },
            flow: Some(60.0),
            told: 40.0,
        };
        Self { tower: Tower::new(Some(&rules)), rules, view, hall, told: Vec::new() }
    }

    /// One that control has taken over.
    fn in_service() -> Self {
        let mut bench = Self::new();
        bench.run(31);
        assert!(!bench.tower.is_on_panel());
        bench
    }

    fn run(&mut self, seconds: u64) {
        let of = self.hall.plants[0].rejecting.expect("a tower");
        for second in 0..seconds {
            let at = Mono(second * 1_000_000_000);
            let tick = Tick { seq: second, dt: SECOND, mono: at, wall: Wall(0), clock_trusted: true, boot: 1 };
            let mut events: Vec<Event> = Vec::new();
            self.tower.step(&of, (&self.rules, &self.view), SECOND, &mut News::new(tick, &mut events));
            self.told.extend(events.iter().map(|event| event.what));
        }
    }

    fn holds(&self) -> Option<(PointId, f64)> {
        match self.tower.aim() {
            Some(Aim::Hold { point, setpoint, .. }) => Some((point?, setpoint)),
            Some(Aim::Stand { .. }) | None => None,
        }
    }
}

#[test]
fn it_is_taken_over_when_all_is_seen_for_long_enough_and_given_back_when_what_it_holds_is_lost() {
    let mut bench = Bench::new();
    bench.view.waters.back.celsius = None;
    bench.run(600);
    assert!(bench.tower.is_on_panel() && bench.tower.aim().is_none(), "not seen, not touched");
    bench.view.waters.back.celsius = Some(25.0);
    bench.run(29);
    assert!(bench.tower.is_on_panel());
    bench.run(1);
    assert_eq!(bench.tower.fans().step(), Drive::Turning, "as it is found");
    // Any of the three waters: what the fans do not hold now they may hold in a minute.
    bench.view.waters.chilled.celsius = None;
    bench.run(1);
    assert!(bench.tower.is_on_panel());
    assert_eq!(bench.told, [What::Step(Told::TakenOver), What::Step(Told::HandedBack)]);
}

#[test]
fn a_plant_on_its_panels_has_its_tower_on_its_own() {
    let mut bench = Bench::in_service();
    bench.view.plant.runs = false;
    bench.run(1);
    assert!(bench.tower.is_on_panel());
}

#[test]
fn each_duty_holds_its_own_water() {
    let mut bench = Bench::in_service();
    let Waters { supply, back, chilled } = bench.view.waters;
    assert_eq!(bench.holds(), Some((back.point, 14.0 + lift(&bench.rules, Some(0.5)))));
    bench.view.plant.economises = true;
    bench.run(1);
    assert_eq!((bench.tower.duty(), bench.holds()), (Duty::Integrate, Some((supply.point, bench.rules.coldest.0))));
    bench.view.plant.condenses = false;
    bench.run(1);
    assert_eq!((bench.tower.duty(), bench.holds()), (Duty::Chill, Some((chilled.point, 14.0))));
    bench.view.plant.economises = false;
    bench.run(1);
    assert_eq!(bench.tower.aim(), Some(STANDS), "without water fans stand");
}

#[test]
fn fans_rest_in_cold_water_after_five_minutes_at_their_slowest_and_not_before() {
    let mut bench = Bench::in_service();
    bench.view.waters.back.celsius = Some(15.0);
    bench.run(600);
    assert_eq!(bench.tower.fans().step(), Drive::Turning, "they are not at their slowest yet");
    bench.view.told = bench.rules.fans.least_speed;
    bench.run(299);
    assert_eq!(bench.tower.fans().step(), Drive::Turning);
    bench.run(1);
    assert_eq!(bench.tower.aim(), Some(Aim::Stand { at: 0.0, reason: Reason::ColdEnough }));
    // A little warmer than held, inside the deadband, they rest on; and for their least time whatever comes.
    (bench.view.turns, bench.view.told) = (Sight::Known(false), 0.0);
    bench.run(1);
    bench.view.waters.back.celsius = Some(40.0);
    bench.run(170);
    assert_eq!(bench.tower.fans().step(), Drive::Resting);
    bench.view.waters.back.celsius = Some(14.0 + lift(&bench.rules, Some(0.5)) + 0.5);
    bench.run(3600);
    assert_eq!(bench.tower.fans().step(), Drive::Resting);
    bench.view.waters.back.celsius = Some(40.0);
    bench.run(1);
    assert_eq!(bench.tower.fans().step(), Drive::Starting);
}

#[test]
fn fans_make_no_basin_freeze_for_chilled_water_that_stays_warm() {
    let mut bench = Bench::in_service();
    (bench.view.plant.condenses, bench.view.plant.economises) = (false, true);
    let (basin, chilled) = (bench.view.waters.supply.point, bench.view.waters.chilled.point);
    let coldest = bench.rules.coldest.0;
    let mut at = |supply: f64, water: f64| {
        (bench.view.waters.supply.celsius, bench.view.waters.chilled.celsius) = (Some(supply), Some(water));
        bench.run(1);
        bench.holds()
    };
    assert_eq!(at(coldest + 0.1, 20.0), Some((chilled, 14.0)));
    assert_eq!(at(coldest - 0.1, 20.0), Some((basin, coldest)));
    assert_eq!(at(coldest + 2.9, 20.0), Some((basin, coldest)), "not to and fro at its edge");
    assert_eq!(at(coldest + 3.1, 20.0), Some((chilled, 14.0)));
    assert_eq!(at(coldest - 0.1, 20.0), Some((basin, coldest)));
    assert_eq!(at(coldest - 0.1, 13.9), Some((chilled, 14.0)), "cold enough: they slow down for that");
    assert_eq!(at(coldest - 5.0, 13.9), Some((chilled, 14.0)));
    let duty = [(true, false), (true, true)];
    for (condenses, economises) in duty {
        (bench.view.waters.supply.celsius, bench.view.waters.chilled.celsius) = (Some(coldest - 1.0), Some(20.0));
        (bench.view.plant.condenses, bench.view.plant.economises) = (false, true);
        bench.run(1);
        assert!(bench.tower.spares);
        (bench.view.plant.condenses, bench.view.plant.economises) = (condenses, economises);
        bench.run(1);
        assert!(!bench.tower.spares, "chillers run: their lift comes first");
    }
}

#[test]
fn fans_that_do_not_turn_are_told_and_stay_told_to_turn() {
    let mut bench = Bench::in_service();
    bench.view.turns = Sight::Known(false);
    bench.run(11);
    assert_eq!(bench.tower.trouble(), Some(Trouble::StoppedItself));
    assert!(bench.holds().is_some());
    bench.view.turns = Sight::Known(true);
    bench.run(1);
    assert_eq!(bench.tower.trouble(), None, "it clears by itself");
}

#[test]
fn cells_follow_the_flow_with_patience_and_all_open_when_it_is_not_known() {
    let mut bench = Bench::in_service();
    assert_eq!(bench.tower.cells(), 3.0);
    bench.view.flow = Some(1.5 * bench.rules.cell_flow.0 * bench.rules.least_flow);
    bench.run(299);
    assert_eq!(bench.tower.cells(), 3.0);
    bench.run(1);
    assert_eq!(bench.tower.cells(), 1.0);
    bench.view.flow = None;
    bench.run(300);
    assert_eq!(bench.tower.cells(), 3.0);
}

#[test]
fn it_forgets_all_but_how_long_its_fans_have_turned() {
    let mut bench = Bench::in_service();
    bench.run(100);
    let run = bench.tower.fans().run;
    bench.tower.forget();
    assert!(bench.tower.is_on_panel() && run.life > Span::ZERO);
    assert_eq!(bench.tower.fans().run, run);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// More load never asks for colder water, and the lift keeps its range whatever the load.
    #[test]
    fn the_lift_rises_with_the_load_inside_its_range(a in 0.0..3.0f64, b in 0.0..3.0f64, least in 2.0..20.0f64, more in 0.0..20.0f64) {
        let rules = TowerTuning { least_lift: least, most_lift: least + more, ..TowerTuning::PUBLISHED };
        let (low, high) = (lift(&rules, Some(a.min(b))), lift(&rules, Some(a.max(b))));
        prop_assert!(low <= high && low >= least && high <= least + more);
        prop_assert_eq!(lift(&rules, None), least);
        prop_assert!((lift(&rules, Some(1.0)) - (least + more)).abs() < 1e-9, "all of it at full load");
    }
}
