//! A service's life: asked, reloaded, doubled, stopped, replayed.

use std::fs;

use serde_json::Value;

use super::rig::{Rig, Run, code, ends, told, wattloop};
use super::{answers, records};

#[test]
fn a_service_is_asked_reloaded_stopped_and_replayed() {
    let rig = Rig::new("air");
    own_hall(&rig);
    let mut run = rig.running(&[]);
    answers::status(&rig);
    answers::points(&rig);
    answers::why(&rig);
    answers::hold(&rig);
    answers::refusals(&rig);
    answers::commissioning(&rig);
    reloads(&rig);
    hangups(&rig, &run);
    let mut second = rig.run(&[]);
    assert_eq!(second.wait(), Some(73), "{}", second.log());
    assert!(second.log().contains("another service writes to"), "{}", second.log());
    records::exported_while_running(&rig);
    assert!(!rig.safe_but(""), "the hall is under control: {:?}", rig.held());
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    assert!(run.log().contains(" scans, "), "{}", run.log());
    rig.wait("the safe outputs", |rig| rig.safe_but(""));
    ends(&rig.ask(&["status"]), 69, &["is the service running?"]);
    records::replayed(&rig);
    records::planned(&rig);
    records::exported(&rig);
}

/// The site with a hall in a file of its own, whose strategies can be changed.
fn own_hall(rig: &Rig) {
    let (site, _) = rig.stage.site();
    let text = fs::read_to_string(site).expect("the site").replace("hall = \"air\"", "hall = \"hall.toml\"");
    fs::write(site, text).expect("the site");
    let (_, hall) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("the hall");
    fs::write(rig.folder().join("hall.toml"), hall).expect("the hall");
    ends(&rig.configured(&[], &["check"]), 0, &["no faults", "33 of them outputs"]);
    let output = rig.configured(&[], &["check", "--json"]);
    let checked: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for key in ["ok", "faults", "hall", "points", "outputs", "loops", "alarms", "modbus_devices", "mqtt_devices"] {
        assert!(checked.get(key).is_some(), "no `{key}` in {checked}");
    }
    ends(&rig.configured(&[], &["config", "show", "--origin"]), 0, &["period = \"200ms\"", "# flag --set period"]);
    let output = rig.configured(&[], &["config", "show", "--json"]);
    let shown: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let period = shown.as_array().and_then(|rows| rows.iter().find(|r| r["key"] == "period"));
    assert_eq!(period.map(|r| r["origin"].clone()), Some("flag --set period".into()), "{shown}");
}

fn change(rig: &Rig, file: &str, from: &str, to: &str) {
    let path = rig.folder().join(file);
    let text = fs::read_to_string(&path).expect("the file");
    assert!(text.contains(from), "no {from} in {file}");
    fs::write(path, text.replacen(from, to, 1)).expect("the file");
}

fn reloads(rig: &Rig) {
    assert!(rig.text(&["reload"]).contains("no strategy has changed"));
    change(rig, "hall.toml", "setpoint = 24.0", "setpoint = 25.0");
    change(rig, "site.toml", "filter = \"info\"", "filter = \"debug\"");
    let said = rig.text(&["reload"]);
    assert!(
        said.contains("take effect with the next scan") && said.contains("waits for a restart: log.filter"),
        "{said}"
    );
    rig.wait("the new setpoint", |rig| rig.json(&["why", "crah-1/fan-speed"])["control_loop"]["setpoint"] == 25.0);
    change(rig, "site.toml", "period =", "perod =");
    ends(&rig.ask(&["reload"]), 78, &["site.toml:", "`perod`", "did you mean `period`?", "nothing has changed"]);
    ends(&rig.ask(&["reload", "--json"]), 78, &["\"code\":\"config_invalid\""]);
    change(rig, "site.toml", "perod =", "period =");
    let told = rig.json(&["reload"]);
    assert!(told["applied"].is_boolean() && told["needs_restart"].is_array(), "{told}");
}

/// SIGHUP with a bad file changes nothing and raises an alarm that stands until it is reset; with a good one it applies.
fn hangups(rig: &Rig, run: &Run) {
    change(rig, "hall.toml", "setpoint = 25.0", "setpont = 25.0");
    run.signal("HUP");
    run.says("not reloaded, the configuration that runs stays");
    let name = "config-reload-failed";
    rig.wait("the alarm", |rig| rig.text(&["status"]).contains(name));
    assert_eq!(rig.json(&["why", "crah-1/fan-speed"])["control_loop"]["setpoint"], 25.0);
    assert!(rig.text(&["ack", name]).contains(name));
    ends(&rig.ask(&["ack", name, "--reset"]), 1, &["still holds"]);
    change(rig, "hall.toml", "setpont = 25.0", "setpoint = 24.5");
    run.signal("HUP");
    rig.wait("the new setpoint", |rig| rig.json(&["why", "crah-1/fan-speed"])["control_loop"]["setpoint"] == 24.5);
    rig.wait("the reset", |rig| code(&rig.ask(&["ack", name, "--reset"])) == 0);
    rig.wait("a quiet page", |rig| !rig.text(&["status"]).contains(name));
}

#[test]
fn a_service_that_cannot_start_says_why() {
    let dir = tempfile::tempdir().expect("a folder");
    let site = concat!(env!("CARGO_MANIFEST_DIR"), "/config/bench.toml");
    let file = dir.path().join("file");
    fs::write(&file, "").expect("a file");
    let socket = format!("api.socket=\"{}\"", dir.path().join("s.sock").display());
    let run = |set: &[String]| {
        let mut args = vec!["run", "--config", site, "--set", &socket, "--set", "health.listen=\"127.0.0.1:0\""];
        set.iter().for_each(|set| args.extend(["--set", set.as_str()]));
        wattloop(&args)
    };
    let state = |at: &std::path::Path| format!("state_dir=\"{}\"", at.display());
    ends(&run(&[state(std::path::Path::new("/proc/none/wattloop"))]), 73, &["/proc/none/wattloop", "state_dir"]);
    ends(&run(&[state(&file)]), 73, &["state_dir"]);
    ends(&run(&[state(&file.join("below"))]), 73, &["state_dir"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let listen = format!("health.listen=\"{}\"", taken.local_addr().expect("an address"));
    ends(&run(&[state(&dir.path().join("a")), listen]), 73, &["health.listen"]);
    let output = run(&["perod=\"1s\"".to_owned()]);
    ends(&output, 78, &["`perod` is no key", "did you mean `period`?"]);
    assert!(!told(&output).contains("panicked"), "{}", told(&output));
    for shipped in ["air", "bench"] {
        let config = format!("{}/config/{shipped}.toml", env!("CARGO_MANIFEST_DIR"));
        ends(&wattloop(&["check", "--config", &config]), 0, &["no faults"]);
    }
}
