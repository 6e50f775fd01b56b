//! What is lost in the middle of something, and what people do about it.

use plant::event::StageCause;
use plant::hall::sequence::RunMode;
use plant::time::Span;

use super::super::Scene;
use super::bench::{self, Bench, Broken};
use crate::control::news::News;
use crate::control::sequence::change::Change;
use crate::control::sequence::roster::MachineId;

#[test]
fn a_loss_in_a_rotation_leaves_what_runs_running() {
    for lost in [0, 1] {
        let mut bench = Bench::running(2);
        bench.rules.staging.rotate_every = Span::from_secs(3600);
        bench.rules.staging.rotate_gap = Span::ZERO;
        bench.load(1.4);
        while !matches!(bench.stages.change(), Change::Proving { .. }) {
            bench.step();
        }
        bench.toys[lost].broken = Broken::Tripped;
        bench.pass(1800);
        assert_eq!(bench.count(), 2, "machine {lost} was lost in the middle: {:?}", bench.modes());
    }
}

#[test]
fn an_operator_who_starts_one_fills_the_stage_also_after_he_lets_go() {
    let mut bench = Bench::running(2);
    bench.load(1.4);
    bench.pass(1300);
    bench.toys[2].broken = Broken::StartFails;
    bench.toys[1].broken = Broken::Tripped;
    bench.pass(900);
    assert_eq!(bench.count(), 1);
    bench.toys[2].broken = Broken::Held(RunMode::On);
    bench.pass(3600);
    assert_eq!(bench.count(), 2);
    bench.toys[2].broken = Broken::No;
    let mut fewest = 2;
    for _ in 0..3600 {
        bench.step();
        fewest = fewest.min(bench.count());
    }
    assert_eq!(fewest, 2, "it is needed, and goes on");
}

#[test]
fn a_plant_taken_over_while_all_stand_wants_as_many_as_ran_before() {
    let mut bench = Bench::running(2);
    bench.load(1.4);
    bench.pass(1300);
    bench.toys.iter_mut().for_each(|toy| toy.runs = false);
    let (toys, rules) = (bench.toys, bench.rules);
    let scene = Scene { plant: &bench.hall.plants[0], rules: &rules, setpoint: 14.0, dt: Span::from_secs(1) };
    for _ in 0..240 {
        let mut news = News::new(plant::time::Tick::default(), &mut bench.told);
        bench.stages.look_on(&scene, |id: MachineId| bench::seen(toys[plant::id::Id::index(id)], true), &mut news);
    }
    bench.stages.adopt(false);
    assert_eq!(bench.stages.target(), 2);
    bench.pass(900);
    assert_eq!(bench.count(), 2);
}

#[test]
fn a_plant_taken_over_while_something_else_cools_starts_nothing() {
    let mut bench = Bench::running(1);
    bench.load(0.7);
    bench.toys[0].runs = false;
    let (toys, rules) = (bench.toys, bench.rules);
    let scene = Scene { plant: &bench.hall.plants[0], rules: &rules, setpoint: 14.0, dt: Span::from_secs(1) };
    for _ in 0..240 {
        let mut news = News::new(plant::time::Tick::default(), &mut bench.told);
        bench.stages.look_on(&scene, |id: MachineId| bench::seen(toys[plant::id::Id::index(id)], true), &mut news);
    }
    bench.stages.adopt(true);
    assert_eq!(bench.stages.target(), 0, "its panels have staged it off meanwhile");
}

#[test]
fn standing_water_is_no_light_load_and_a_dead_flow_meter_stops_no_start() {
    let mut bench = Bench::running(1);
    (bench.water.load, bench.water.flow, bench.water.warm) = (None, Some(0.0), Some(1.5));
    bench.pass(1300);
    assert_eq!((bench.stages.target(), bench.count()), (2, 2), "one that runs has flow, whatever its meter says");
}

#[test]
fn a_reading_that_is_doubted_now_and_then_does_not_begin_the_count_anew() {
    let mut bench = Bench::running(0);
    bench.water.economising = true;
    bench.load(0.3);
    for second in 0..700u32 {
        bench.water.warm = (second % 100 > 5).then_some(2.5);
        bench.step();
    }
    assert_eq!(bench.stage(), [(0, 1, StageCause::Warm)]);
}

#[test]
fn one_that_does_not_stop_is_taken_back_when_it_is_needed() {
    let mut bench = Bench::running(2);
    bench.load(0.7);
    bench.pass(1190);
    bench.toys.iter_mut().for_each(|toy| toy.broken = Broken::StopFails);
    bench.pass(600);
    bench.toys.iter_mut().for_each(|toy| toy.broken = Broken::No);
    bench.load(1.4);
    let mut fewest = 3;
    for _ in 0..2400 {
        bench.step();
        fewest = fewest.min(bench.count());
    }
    assert_eq!((bench.stages.target(), bench.count(), fewest), (2, 2, 1));
}
