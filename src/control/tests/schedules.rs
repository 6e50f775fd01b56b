//! Gains by where a process is: which count, what holds them, and that they never move an output by themselves.

use std::sync::Arc;

use plant::hall::Hall;
use plant::hall::schedule::{By, Row, Schedule};
use plant::time::Span;
use proptest::prelude::*;

use super::loops::{Plant, hall};
use super::rig::Rig;
use crate::control::report::LoopView;
use crate::control::request::{Ask, Refusal, Reply};
use crate::control::trial::{How, Method};
use crate::control::tuning::{Fopdt, Gains};

const PUMP: &str = "chw/pump";

fn row(from: f64, gain: f64, ti: u64) -> Row {
    Row { from, gain, ti: Span::from_secs(ti) }
}

/// The hall with gains of its pump that go by something.
fn scheduled(by: By, rows: &[Row]) -> Hall {
    let mut hall = hall();
    hall.strategies.pump.schedule = Schedule::new(by, rows);
    assert!(hall.strategies.pump.schedule.is_some());
    hall
}

fn view(rig: &Rig) -> LoopView {
    rig.control.loops().into_iter().find(|view| view.name == PUMP).expect("a loop")
}

fn gains(rig: &Rig) -> (f64, f64) {
    (view(rig).gain, view(rig).ti_s)
}

#[test]
fn gains_follow_the_flow_and_stay_where_they_are_while_it_is_not_known() {
    let rows = [row(10.0, 4e-4, 40), row(30.0, 2e-4, 20)];
    let mut rig = Rig::new(scheduled(By::Flow, &rows));
    rig.silence("chw/flow");
    rig.steps(3);
    let file = rig.hall.strategies.pump;
    assert_eq!(gains(&rig), (file.gain, file.ti.seconds()), "before it is known the file's count");
    assert_eq!(view(&rig).scheduled.as_deref(), Some("flow not known yet"));
    for (flow, gain, ti) in
        [(5.0, 4e-4, 40.0), (20.0, 3e-4, 30.0), (30.0, 2e-4, 20.0), (80.0, 2e-4, 20.0), (15.0, 3.5e-4, 35.0)]
    {
        rig.read("chw/flow", flow);
        rig.steps(2);
        assert!((gains(&rig).0 - gain).abs() < 1e-9 && (gains(&rig).1 - ti).abs() < 1e-6, "{flow}: {:?}", gains(&rig));
    }
    assert_eq!(view(&rig).scheduled.as_deref(), Some("flow 15.0 l/s"));
    let before = gains(&rig);
    rig.silence("chw/flow");
    rig.steps(100);
    assert_eq!(gains(&rig), before, "stale, then lost: as it was");
    let status = rig.control.status();
    assert_eq!((status.scheduled.len(), status.scheduled[0].of.as_str()), (1, PUMP));
    let all = rig.control.performance(1);
    assert!(all.iter().all(|of| of.scheduled.is_some() == (of.of == PUMP)));
}

#[test]
fn a_schedule_goes_by_the_load_of_the_hall_and_by_the_output_too() {
    let rows = [row(20.0, 4e-4, 40), row(80.0, 2e-4, 20)];
    let mut rig = Rig::new(scheduled(By::Load, &rows));
    let names: Vec<(String, f64)> = rig
        .hall
        .rows
        .rows()
        .iter()
        .flat_map(|row| &row.racks)
        .map(|rack| (rig.hall.points[rack.power.id()].name.clone(), rack.rated.0))
        .collect();
    for (name, rated) in &names {
        rig.read(name, 0.5 * rated);
    }
    rig.steps(3);
    assert!((gains(&rig).0 - 3e-4).abs() < 1e-9, "half of all: {:?}", gains(&rig));
    let mut rig = Rig::new(scheduled(By::Output, &rows));
    rig.steps(200);
    let at = view(&rig).output;
    let (gain, _) = rig.hall.strategies.pump.schedule.expect("rows").at(at);
    assert!((gains(&rig).0 - gain).abs() < 2e-6, "at {at} %: {:?}", gains(&rig));
}

#[test]
fn a_tuned_loop_replaces_the_row_nearest_to_where_it_was_tried() {
    let rows = [row(10.0, 4e-4, 40), row(30.0, 2e-4, 20)];
    let mut rig = Rig::new(scheduled(By::Flow, &rows));
    let of = rig.hall.control_loop(PUMP).expect("a loop");
    let process = Fopdt { gain: 1500.0, lag: 4.0, dead: 1.0 };
    let retune = |gain: f64| Ask::Retune { of, gains: Gains { gain, ti: 10.0 }, process, reason: "tuned".to_owned() };
    rig.silence("chw/flow");
    rig.steps(3);
    assert_eq!(rig.ask(retune(1e-4)), Reply::Refused(Refusal::NotLed), "nobody knows for which row");
    rig.read("chw/flow", 27.0);
    rig.steps(3);
    let Reply::Accepted { note, .. } = rig.ask(retune(1e-4)) else { panic!("refused") };
    assert!(note.contains("at flow 30 l/s"), "{note}");
    rig.read("chw/flow", 30.0);
    rig.steps(2);
    assert_eq!(gains(&rig), (1e-4, 10.0));
    rig.read("chw/flow", 10.0);
    rig.steps(2);
    assert_eq!(gains(&rig), (4e-4, 40.0), "the other row is the file's");
    assert!(matches!(rig.ask(retune(1.5e-4)), Reply::Accepted { .. }));
    rig.steps(2);
    assert_eq!((gains(&rig), rig.control.status().retuned.len()), ((1.5e-4, 10.0), 2));
    rig.reboot(Span::from_secs(30));
    rig.steps(3);
    assert_eq!(gains(&rig).0, 1.5e-4, "over a restart");
    assert!(matches!(rig.ask(Ask::Revert { of }), Reply::Accepted { .. }));
    rig.steps(2);
    assert_eq!((gains(&rig), rig.control.status().retuned.len()), ((4e-4, 40.0), 0), "all rows are taken back");
}

#[test]
fn gains_of_a_trial_count_where_it_was_made_though_they_are_applied_elsewhere() {
    let rows = [row(10.0, 4e-4, 40), row(30.0, 2e-4, 20)];
    let (mut rig, mut plant) = (Rig::new(scheduled(By::Flow, &rows)), Plant::ordinary());
    rig.inlets(1, 24.0);
    rig.read("chw/flow", 12.0);
    plant.run(&mut rig, Span::from_secs(1800));
    let of = rig.hall.control_loop(PUMP).expect("a loop");
    let how = How { method: Method::Step, size: 5.0, limits: (40e3, 150e3), longest: Span::from_secs(600) };
    let reply = rig.ask(Ask::Trial { of, how, reason: "tuned".to_owned() });
    assert!(matches!(reply, Reply::Accepted { .. }), "{reply:?}");
    plant.run(&mut rig, Span::from_secs(700));
    rig.read("chw/flow", 30.0);
    plant.run(&mut rig, Span::from_secs(10));
    let (gains, process) = (Gains { gain: 1e-4, ti: 10.0 }, Fopdt { gain: 1500.0, lag: 4.0, dead: 1.0 });
    let Reply::Accepted { note, .. } = rig.ask(Ask::Retune { of, gains, process, reason: "tuned".to_owned() }) else {
        panic!("refused")
    };
    assert!(note.contains("at flow 10 l/s"), "{note}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Whatever path the flow takes, and however far apart the rows are: with a pv that stands still an output moves by what its integral adds,
    /// and by nothing else.
    #[test]
    fn no_change_of_gains_moves_an_output(
        flows in prop::collection::vec(0.5..60.0_f64, 10..60),
        low in (1e-5..9e-4_f64, 5..100_u64),
        high in (1e-5..9e-4_f64, 5..100_u64),
        error in -15e3..15e3_f64,
    ) {
        let rows = [row(10.0, low.0, low.1), row(40.0, high.0, high.1)];
        let mut hall = scheduled(By::Flow, &rows);
        (hall.strategies.pump.deadband, hall.strategies.chilled_water.reset) = (0.0, None);
        let setpoint = hall.strategies.pump.setpoint;
        let mut rig = Rig::new(hall);
        rig.hall = Arc::clone(rig.control.hall());
        rig.read("chw/dp", setpoint);
        rig.steps(120);
        rig.read("chw/dp", setpoint + error);
        rig.steps(30); // it has stepped, as it should
        let mut before = view(&rig).output;
        for flow in flows {
            rig.read("chw/flow", flow);
            rig.step();
            let now = view(&rig);
            let inside = now.output > 20.0 + 1e-9 && now.output < 100.0 - 1e-9;
            let moved = now.output - before;
            let most = now.gain / now.ti_s * error.abs() * 1.0001 + 1e-9;
            prop_assert!(!inside || moved.abs() <= most, "{moved} % at {flow} l/s, and {most} is the integral's");
            before = now.output;
        }
    }
}
