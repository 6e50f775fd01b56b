//! SIGTERM hands every output to its fail-safe; SIGHUP loads the configuration again; a restart goes on without a bump.

use plant::id::PointId;
use sim::wire::Drill;
use wattloop::adapters::modbus::Writes;
use wattloop::service::config::Loaded;

use super::process::{Process, replay};
use super::quick;
use super::rig::Rig;

/// Every output with its fail-safe.
fn outputs(loaded: &Loaded) -> Vec<(PointId, String, f64)> {
    let points = loaded.hall.points.iter();
    points.filter_map(|(id, def)| Some((id, def.name.clone(), def.write?.failsafe))).collect()
}

#[test]
fn sigterm_leaves_every_output_at_its_fail_safe() {
    let rig = Rig::dark("air", &[]);
    let loaded = rig.stage.load().unwrap_or_else(|e| panic!("{e}"));
    let mut process = Process::run(&rig.stage, rig.folder(), None);
    process.until("the fans are under control", |s| s["fans"][0]["value"].as_f64() < Some(95.0));
    let told = |id| rig.stage.hall.stage().world.truth(id).expect("modelled");
    let outputs = outputs(&loaded);
    assert!(outputs.iter().any(|(id, _, safe)| (told(*id) - safe).abs() > 1.0), "there is something to hand over");
    let status = process.end_by("TERM");
    assert_eq!(status.code(), Some(0));
    // The world tells what its registers hold at its next step.
    std::thread::sleep(std::time::Duration::from_millis(600));
    for (id, name, safe) in &outputs {
        assert!((told(*id) - safe).abs() < 0.05, "{name} holds {} and should hold {safe}", told(*id));
    }
    let (same, text) = replay(rig.folder());
    assert!(same, "{text}");
}

#[test]
fn a_stop_past_a_silent_unit_is_not_called_clean() {
    let rig = Rig::dark("air", &[]);
    let mut process = Process::run(&rig.stage, rig.folder(), None);
    process.until("control runs", |s| s["scans"].as_u64() > Some(5));
    rig.drill("bms", 1, Drill { dead: true, ..Drill::default() });
    let log = rig.folder().join("log");
    assert_eq!(process.end_by("TERM").code(), Some(1));
    let said = std::fs::read_to_string(log).unwrap_or_default();
    assert!(said.contains("not every output is proven") && said.contains("wattloop failsafe"), "{said}");
}

#[test]
fn a_register_that_is_mute_keeps_no_other_from_its_fail_safe() {
    let rig = Rig::dark("air", &[]);
    let loaded = rig.stage.load().unwrap_or_else(|e| panic!("{e}"));
    let mut process = Process::run(&rig.stage, rig.folder(), None);
    process.until("the fans are under control", |s| s["fans"][0]["value"].as_f64() < Some(95.0));
    for output in ["crah-1/fan-speed", "crah-1/valve"] {
        let set = process.wattloop(&["set", output, "60", "--for", "10min", "--reason", "drill"]);
        assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
    }
    let told = |name: &str| {
        let point = loaded.hall.point(name).expect("an output");
        rig.stage.hall.stage().world.truth(point).expect("modelled")
    };
    for _ in 0..600 {
        if (told("crah-1/valve") - 60.0).abs() < 0.5 && (told("crah-1/fan-speed") - 60.0).abs() < 0.5 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!((told("crah-1/valve") - 60.0).abs() < 0.5, "{}", told("crah-1/valve"));
    // Fan speed and valve are neighbours, written in one request.
    rig.drill("bms", 1, Drill { mute: Some(2), ..Drill::default() });
    assert_eq!(process.end_by("TERM").code(), Some(1), "one output is not proven");
    std::thread::sleep(std::time::Duration::from_millis(600));
    assert!(told("crah-1/fan-speed") < 99.0, "{}", told("crah-1/fan-speed"));
    for (_, name, safe) in outputs(&loaded).iter().filter(|(_, name, _)| name != "crah-1/fan-speed") {
        assert!((told(name) - safe).abs() < 0.05, "{name} holds {} and should hold {safe}", told(name));
    }
}

#[test]
fn a_restart_goes_on_from_where_the_outputs_are() {
    let mut rig = Rig::settled("air", &[]);
    rig.until("the fans have come down", |r| r.truth("crah-1/fan-speed") < 90.0);
    let points = rig.id("crah-1/fan-speed");
    rig.stop();
    let handed_over = || rig.stage.hall.stage().world.truth(points) > Some(99.0);
    // The world takes a register in at its next step.
    assert!((0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        handed_over()
    }));
    rig.start(Writes::Live);
    // The stop brought it to full speed. From there it may come down by 2 % a second, and not at once.
    let hall = &rig.stage.hall;
    let told = || hall.stage().inputs.samples.get(points).and_then(|s| s.value.ok()).expect("a register");
    let (mut before, mut since) = (told(), std::time::Instant::now());
    assert!(before > 99.0, "handed over: {before}");
    for _ in 0..200 {
        std::thread::sleep(std::time::Duration::from_millis(50));
        let (now, at) = (told(), std::time::Instant::now());
        let most = 2.0 * at.duration_since(since).as_secs_f64() + 1.5;
        assert!(before - now <= most, "from {before} % to {now} %");
        if now != before {
            (before, since) = (now, at);
        }
    }
    rig.until("the loops lead", Rig::is_settled);
    assert!(told() < 99.0, "and it does come down: {}", told());
}

#[test]
fn sighup_applies_a_good_file_and_refuses_a_bad_one() {
    let rig = Rig::dark("bench", &[]);
    let text = quick::hall("bench");
    let setpoint = |process: &mut Process| {
        let output = process.wattloop(&["why", "fan-1/fan-speed", "--json"]);
        let why: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        why["control_loop"]["setpoint"].as_f64()
    };
    let mut process = Process::run(&rig.stage, rig.folder(), None);
    process.until("control runs", |s| s["scans"].as_u64() > Some(5));
    assert_eq!(setpoint(&mut process), Some(28.0));
    let write = |text: &str| std::fs::write(rig.hall_file(), text).expect("written");
    write(&quick::with(&text, "[strategy.fans]", "setpoint", "26.0"));
    process.signal("HUP");
    let mut tries = 0;
    while setpoint(&mut process) != Some(26.0) {
        tries += 1;
        assert!(tries < 600, "the setpoint stays\n{}", process.log());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    write(&quick::with(&text, "[strategy.fans]", "gain", "\"much\""));
    process.signal("HUP");
    let status = process.until("people are told", |s| super::process::alarm(s, "config-reload-failed"));
    assert_eq!(setpoint(&mut process), Some(26.0), "the file before stays in force: {status}");
    assert!(process.log().contains("not reloaded"), "{}", process.log());
    assert!(process.end_by("TERM").success());
    let (same, text) = replay(rig.folder());
    assert!(same, "the reload replays: {text}");
}
