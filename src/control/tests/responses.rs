//! A loop at its most whose reading does not answer, under the whole controller.

use plant::event::{About, Unanswered, What};
use plant::time::Span;

use super::rig::{Rig, shipped};

/// A row with one inlet that reads too warm and has its fans at their most.
fn hot() -> Rig {
    let mut rig = Rig::new(shipped("air"));
    rig.inlets(0, 21.0);
    rig.inlets(1, 21.0);
    rig.steps(900);
    assert!(rig.value("crah-1/fan-speed") < 60.0);
    let inlet = rig.inlet_names(0)[3].clone();
    rig.read(&inlet, 28.0);
    rig
}

/// So many scans: what is told of the row's fans, and everything that happened.
fn run(rig: &mut Rig, scans: usize) -> (Vec<Unanswered>, Vec<What>) {
    let fans = About::Loop(rig.hall.rows.rows()[0].fan_loop);
    let (mut told, mut all) = (Vec::new(), Vec::new());
    for _ in 0..scans {
        rig.step();
        for event in &rig.control.outputs.events {
            all.push(event.what);
            if let (What::NoResponse(how), true) = (event.what, event.about == fans) {
                told.push(how);
            }
        }
    }
    (told, all)
}

fn alarm(rig: &Rig) -> Option<String> {
    rig.control.status().alarms.into_iter().find(|alarm| alarm.name == "no-response").map(|alarm| alarm.detail)
}

#[test]
fn fans_at_their_most_and_no_change_are_told_once_and_over_a_restart_until_it_is_over() {
    let mut rig = hot();
    assert_eq!(run(&mut rig, 3600).0, [Unanswered::Unmoved]);
    assert_eq!(rig.value("crah-1/fan-speed"), 100.0, "nothing is taken away by a suspicion");
    assert!(alarm(&rig).is_some_and(|detail| detail.contains("row-a/fans is at its most")), "{:?}", alarm(&rig));
    // It stands over a restart, and nothing is raised anew.
    rig.reboot(Span::from_secs(30));
    let (told, events) = run(&mut rig, 120);
    assert!(!events.iter().any(|what| matches!(what, What::AlarmRaised | What::AlarmCleared)), "{events:?}");
    assert!(told.is_empty() && alarm(&rig).is_some_and(|detail| detail.contains("row-a/fans")), "{:?}", alarm(&rig));
    let inlet = rig.inlet_names(0)[3].clone();
    rig.read(&inlet, 21.0);
    assert!(rig.events(400).contains(&What::Responds), "its fans are not at their most any more");
}

#[test]
fn a_reading_that_answers_is_told_nothing_of() {
    let mut rig = hot();
    let inlet = rig.inlet_names(0)[3].clone();
    for step in 0..40 {
        rig.read(&inlet, 28.0 - 0.1 * f64::from(step));
        assert_eq!(run(&mut rig, 150).0, []);
    }
}
