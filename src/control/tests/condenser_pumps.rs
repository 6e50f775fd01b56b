//! Pumps on the header of condenser water under the whole controller: as many as machines run, whoever the flow meter is.

use plant::event::{StageCause, What};
use plant::reading::Why;

use super::rig::{Rig, shipped};

const MODES: [&str; 3] = ["cwp-1/run-mode", "cwp-2/run-mode", "cwp-3/run-mode"];

/// The hall `hybrid` with so many of its three condenser pumps running, and its machines on their panels: seen running or standing.
fn under_control(running: usize, machines: [(&str, f64); 3]) -> Rig {
    let mut rig = Rig::new(shipped("hybrid"));
    pumps(&mut rig, running);
    rig.read("cw/dp", 60e3);
    rig.read("cw/flow", 32.0);
    rig.read("cw/pump-speed-feedback", 75.0);
    for (machine, runs) in machines {
        rig.read(&format!("{machine}/running"), runs);
    }
    rig.steps(40);
    assert_eq!(modes(&rig)[0], 2.0);
    rig
}

fn pumps(rig: &mut Rig, running: usize) {
    for n in 1..=3 {
        rig.read(&format!("cwp-{n}/running"), if n <= running { 1.0 } else { 0.0 });
        rig.read(&format!("cwp-{n}/fault"), 0.0);
    }
}

fn modes(rig: &Rig) -> [f64; 3] {
    MODES.map(|mode| rig.value(mode))
}

fn told(rig: &Rig) -> usize {
    modes(rig).iter().filter(|mode| **mode > 1.5).count()
}

const ONE: [(&str, f64); 3] = [("ch-1", 1.0), ("ch-2", 0.0), ("wse", 0.0)];

#[test]
fn one_more_runs_as_soon_as_a_machine_does() {
    let mut rig = under_control(1, ONE);
    rig.steps(60);
    assert_eq!(told(&rig), 1);
    rig.read("ch-2/running", 1.0);
    let events = rig.events(3);
    assert!(events.contains(&What::Stage { from: 1, to: 2, cause: StageCause::Machines }), "{events:?}");
    assert_eq!(told(&rig), 2);
    // All three machines: no more than move the design flow.
    rig.read("wse/running", 1.0);
    pumps(&mut rig, 2);
    rig.steps(300);
    assert_eq!(told(&rig), 2);
}

#[test]
fn a_machine_that_nobody_sees_counts_as_running() {
    let mut rig = under_control(1, ONE);
    rig.fail("ch-2/running", Why::InvalidCode);
    rig.steps(5);
    assert_eq!(told(&rig), 2);
}

/// Seconds until one is told to run; nothing after `most`.
fn until_one(rig: &mut Rig, most: usize) -> Option<usize> {
    (1..=most).find(|_| {
        rig.step();
        told(rig) == 1
    })
}

#[test]
fn one_less_runs_once_fewer_machines_have_run_for_a_while_and_the_pressure_is_held() {
    let mut rig = under_control(2, ONE);
    let after = until_one(&mut rig, 2000).expect("one is enough");
    assert!(after > 570, "`patience`: {after}");

    let mut blind = under_control(2, ONE);
    blind.fail("cw/dp", Why::InvalidCode);
    assert_eq!(until_one(&mut blind, 2000), None, "nobody knows whether one would do");
    let mut starved = under_control(2, ONE);
    starved.read("cw/dp", 45e3);
    assert_eq!(until_one(&mut starved, 2000), None);
}

#[test]
fn the_flow_meter_decides_nothing() {
    let mut rig = under_control(2, [("ch-1", 1.0), ("ch-2", 1.0), ("wse", 0.0)]);
    rig.read("cw/flow", 10.0);
    rig.steps(1200);
    assert_eq!(told(&rig), 2);
    let mut lost = under_control(2, ONE);
    lost.fail("cw/flow", Why::OutOfService);
    assert!(until_one(&mut lost, 2000).is_some());
}

#[test]
fn one_that_trips_is_replaced_at_once() {
    let mut rig = under_control(1, ONE);
    rig.read("cwp-1/fault", 1.0);
    rig.read("cwp-1/running", 0.0);
    rig.steps(2);
    assert_eq!(modes(&rig)[0], 1.0);
    assert_eq!(told(&rig), 1);
}
