//! Outputs that somebody else writes, that a device does not take, or that may not be written at all.

use sim::wire::Drill;
use wattloop::adapters::modbus::Writes;

use super::ears::Ears;
use super::rig::{Rig, said};

#[test]
fn a_foreign_write_is_told_and_undone() {
    let rig = Rig::settled("air", &[]);
    let ears = Ears::open(&rig);
    let point = rig.id("crah-4/fan-speed");
    let ours = rig.truth("crah-4/fan-speed");
    assert!(ours > 45.0, "there is something to take away: {ours}");
    assert!(rig.stage.hall.foreign_write(point, 22.5));
    ears.until_event("write_foreign", "crah-4/fan-speed");
    rig.until("it is written back", |r| {
        (r.truth("crah-4/fan-speed") - r.why("crah-4/fan-speed").value).abs() < 3.0
            && r.truth("crah-4/fan-speed") > 30.0
    });
    ears.until_event("write_proven", "crah-4/fan-speed");
    rig.neighbours_are_well(&[]);
    assert_eq!(rig.why("crah-4/fan-speed").level, 16, "the loop still leads");
    for other in ["crah-1", "crah-2", "crah-3", "crah-5", "crah-6"] {
        assert!(!ears.heard_event("write_foreign", &format!("{other}/fan-speed")), "{other} was not touched");
    }
}

#[test]
fn a_write_that_is_acknowledged_and_not_applied_is_not_believed() {
    let rig = Rig::settled("air", &[]);
    let ears = Ears::open(&rig);
    rig.drill("bms", 5, Drill { deaf: true, ..Drill::default() });
    let before = rig.truth("crah-5/fan-speed");
    let wanted = if before > 60.0 { 35 } else { 95 };
    let set = rig.wattloop(&["set", "crah-5/fan-speed", &wanted.to_string(), "--for", "10min", "--reason", "drill"]);
    assert!(set.status.success(), "{}", said(&set));
    ears.until_event("write_unproven", "crah-5/fan-speed");
    rig.until("people are told", |r| r.alarm("writes-doubted"));
    assert!((rig.truth("crah-5/fan-speed") - before).abs() < 10.0, "the device has not moved");
    rig.neighbours_are_well(&[]);
    assert_eq!(rig.why("crah-6/fan-speed").level, 16);

    rig.drill("bms", 5, Drill::default());
    rig.until("the device takes it", |r| (r.truth("crah-5/fan-speed") - f64::from(wanted)).abs() < 0.2);
    rig.until("nobody doubts any more", |r| !r.alarm("writes-doubted"));
    ears.until_event("write_proven", "crah-5/fan-speed");
    let release = rig.wattloop(&["release", "crah-5/fan-speed"]);
    assert!(release.status.success(), "{}", said(&release));
    rig.until("the loop leads again", |r| r.why("crah-5/fan-speed").level == 16);
}

#[test]
fn another_device_at_an_address_is_told_and_left_alone() {
    let rig = Rig::settled("air", &[]);
    let ears = Ears::open(&rig);
    rig.drill("bms", 3, Drill { dead: true, ..Drill::default() });
    rig.until("it is gone", |r| r.is_lost("crah-3/supply-air-temp", "timeout"));
    rig.drill("bms", 3, Drill { impostor: true, ..Drill::default() });
    rig.until("it is another", |r| r.is_lost("crah-3/supply-air-temp", "wrong_device"));
    rig.until("people are told", |r| r.alarm("wrong-device"));
    ears.until_event("write_failed", "crah-3/fan-speed");
    let before = rig.truth("crah-3/fan-speed");
    let wanted = if before > 60.0 { 35 } else { 95 };
    let set = rig.wattloop(&["set", "crah-3/fan-speed", &wanted.to_string(), "--for", "10min", "--reason", "drill"]);
    assert!(set.status.success(), "{}", said(&set));
    rig.scans_go_on(25);
    assert!((rig.truth("crah-3/fan-speed") - before).abs() < 0.1, "it was written");
    rig.neighbours_are_well(&["crah-3"]);

    rig.drill("bms", 3, Drill::default());
    rig.until("the right one takes it", |r| (r.truth("crah-3/fan-speed") - f64::from(wanted)).abs() < 0.2);
    rig.until("nobody is told any more", |r| !r.alarm("wrong-device"));
    let release = rig.wattloop(&["release", "crah-3/fan-speed"]);
    assert!(release.status.success(), "{}", said(&release));
}

#[test]
fn in_shadow_no_write_leaves_the_process() {
    let mut rig = Rig::dark("air", &[]);
    rig.start(Writes::Shadow);
    rig.until("it sees the whole hall", |r| r.disturbed(&[]).is_empty());
    let before: Vec<(String, f64)> =
        rig.outputs().into_iter().map(|w| (w.point.clone(), rig.truth(&w.point))).collect();
    // It decides what it would do, and a person's wish changes that, too.
    let set = rig.wattloop(&["set", "crah-1/fan-speed", "33", "--for", "10min", "--reason", "drill"]);
    assert!(set.status.success(), "{}", said(&set));
    rig.until("it decides", |r| (r.why("crah-1/fan-speed").value - 33.0).abs() < 1e-9);
    rig.scans_go_on(25);
    for (point, value) in &before {
        assert_eq!(rig.truth(point).to_bits(), value.to_bits(), "{point} was written");
    }
    // It goes by what devices hold, and reports beside that what it would do.
    let report = rig.wattloop(&["shadow", "--hours", "1", "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&report.stdout).expect("a report");
    assert_eq!(report["not_compared"], serde_json::json!([]), "{report}");
    let fan = report["outputs"].as_array().expect("outputs").iter().find(|o| o["point"] == "crah-1/fan-speed");
    let fan = fan.expect("compared");
    assert!((fan["theirs"].as_f64().expect("known") - rig.truth("crah-1/fan-speed")).abs() < 0.1, "{fan}");
    assert_eq!(fan["ours"].as_f64(), Some(33.0), "{fan}");
    let release = rig.wattloop(&["release", "crah-1/fan-speed"]);
    assert!(release.status.success(), "{}", said(&release));
    // On the way out, too, it must leave the hall alone.
    rig.stop();
    let codes = rig.stage.requests();
    assert!(codes.get(&3).copied().unwrap_or(0) + codes.get(&4).copied().unwrap_or(0) > 100, "it reads: {codes:?}");
    for code in codes.keys() {
        assert!([1, 2, 3, 4].contains(code), "function {code} is no read: {codes:?}");
    }
    // Who goes live then goes on from what devices hold: nothing goes to its fail-safe first.
    rig.start(Writes::Live);
    let valve = before.iter().find(|(point, _)| point == "crah-2/valve").expect("an output").1;
    let fans = before.iter().find(|(point, _)| point == "crah-4/fan-speed").expect("an output").1;
    let scans = rig.status().scans;
    while rig.status().scans < scans + 5 {
        let (now, air) = (rig.truth("crah-2/valve"), rig.truth("crah-4/fan-speed"));
        assert!((now - valve).abs() < 15.0 && (air - fans).abs() < 15.0, "a bump: {valve} to {now}, {fans} to {air}");
    }
}
