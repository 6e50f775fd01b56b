//! What people ask for: a reload, and an override that outlives the service.

use wattloop::adapters::modbus::Writes;

use super::quick;
use super::rig::{Rig, said};
use wattloop::service::config::{Keeper, Sources};

#[test]
fn an_override_outlives_the_service() {
    let mut rig = Rig::settled("air", &[]);
    let set = rig.wattloop(&["set", "crah-2/fan-speed", "77", "--for", "10min", "--reason", "belt change"]);
    assert!(set.status.success(), "{}", said(&set));
    rig.until("the hall gets it", |r| (r.truth("crah-2/fan-speed") - 77.0).abs() < 0.2);
    let before = rig.status().overrides;
    assert_eq!(before.len(), 1);
    rig.stop();
    rig.start(Writes::Live);
    rig.until("control runs", |r| r.status().scans > 0);
    let after = rig.status().overrides;
    assert_eq!(after.len(), 1, "{after:?}");
    assert_eq!((&after[0].point, after[0].value), (&before[0].point, 77.0));
    assert_eq!((&after[0].who, &after[0].reason), (&before[0].who, &before[0].reason));
    assert!(after[0].remaining_s <= before[0].remaining_s && after[0].remaining_s > before[0].remaining_s - 60.0);
    // A start begins at the fail-safe until the row's inlets have been heard; then the override leads again.
    rig.until("the hall gets it again", |r| {
        let why = r.why("crah-2/fan-speed");
        why.level == 8 && why.value == 77.0 && (r.truth("crah-2/fan-speed") - 77.0).abs() < 0.2
    });
    let release = rig.wattloop(&["release", "crah-2/fan-speed"]);
    assert!(release.status.success(), "{}", said(&release));
    rig.until("the loop leads again", |r| r.why("crah-2/fan-speed").level == 16);
}

#[test]
fn a_reload_takes_effect_between_two_scans_or_not_at_all() {
    let mut rig = Rig::dark("air", &[]);
    let (site, flags) = rig.stage.site();
    let sources = Sources { file: site.to_owned(), env: Vec::new(), flags: flags.to_vec() };
    let loaded = rig.stage.load().unwrap_or_else(|e| panic!("{e}"));
    rig.start_with(Writes::Live, Keeper::new(sources, loaded));
    rig.until("the hall settles", Rig::is_settled);
    let text = quick::hall("air");
    let write = |text: &str| std::fs::write(rig.hall_file(), text).expect("written");
    let setpoint = |r: &Rig| r.why("crah-1/fan-speed").control_loop.expect("a loop").setpoint;
    assert_eq!(setpoint(&rig), 24.0);

    write(&quick::with(&text, "[strategy.fans]", "setpoint", "23.0"));
    let before = rig.why("crah-1/fan-speed").value;
    let good = rig.wattloop(&["reload"]);
    assert!(good.status.success(), "{}", said(&good));
    rig.until("the setpoint is the new one", |r| setpoint(r) == 23.0);
    let after = rig.why("crah-1/fan-speed").value;
    assert!((after - before).abs() < 15.0, "without a bump: from {before} to {after}");

    let broken = quick::with(&text, "[strategy.fans]", "setpoint", "99.0").replace("gain = 4.0", "gian = 4.0");
    write(&broken);
    let bad = rig.wattloop(&["reload"]);
    assert_eq!(bad.status.code(), Some(78), "{}", said(&bad));
    assert!(said(&bad).contains("gian") && said(&bad).contains("hall.toml"), "{}", said(&bad));
    rig.until("people are told", |r| r.alarm("config-reload-failed"));
    rig.scans_go_on(5);
    assert_eq!(setpoint(&rig), 23.0, "nothing of a file with faults is taken");
    rig.neighbours_are_well(&[]);

    // What is read only at the start is named and left alone.
    write(&quick::with(&text, "[strategy.fans]", "setpoint", "23.0").replace("inlet-max = 32.0", "inlet-max = 31.0"));
    let later = rig.wattloop(&["reload"]);
    assert!(later.status.success() && said(&later).contains("restart"), "{}", said(&later));
    rig.until("the alarm's condition is gone", |r| {
        r.wattloop(&["ack", "config-reload-failed"]);
        r.wattloop(&["ack", "config-reload-failed", "--reset"]).status.success()
    });
}
