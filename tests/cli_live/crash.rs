//! After a crash: the safe outputs by the small path of their own, and who must not get them.

use sim::wire::Drill;
use wattloop::service::mark::Mark;

use super::rig::{Rig, ends, told};

/// What systemd tells ExecStopPost.
const KILLED: &[(&str, &str)] = &[("SERVICE_RESULT", "signal"), ("EXIT_CODE", "killed"), ("EXIT_STATUS", "KILL")];
const CLEAN: &[(&str, &str)] = &[("SERVICE_RESULT", "success"), ("EXIT_CODE", "exited"), ("EXIT_STATUS", "0")];

#[test]
fn failsafe_takes_over_from_a_service_that_was_killed() {
    let rig = Rig::new("air");
    rig.disturb();
    shadow(&rig);
    crash(&rig);
    partly(&rig);
}

/// A service in shadow owns no output, alive or dead.
fn shadow(rig: &Rig) {
    let mut run = rig.running(&["--shadow"]);
    run.signal("KILL");
    assert_eq!(run.wait(), None);
    let before = rig.held();
    ends(&rig.configured(KILLED, &["failsafe", "--if-unclean"]), 0, &["in shadow", "nothing is written"]);
    ends(&rig.configured(KILLED, &["failsafe", "--if-unclean", "--json"]), 0, &["\"written\":false"]);
    ends(&rig.configured(&[("WATTLOOP_SHADOW", "true")], &["failsafe", "--yes"]), 2, &["--set shadow=false"]);
    assert_eq!(rig.held(), before, "no output has moved");
    let requests = rig.stage.requests();
    assert_eq!([5, 6, 15, 16].map(|code| requests.get(&code)), [None; 4], "nothing was ever written: {requests:?}");
}

/// kill -9, then systemd's ExecStopPost.
fn crash(rig: &Rig) {
    let mut run = rig.running(&[]);
    ends(&rig.configured(&[], &["failsafe", "--yes"]), 75, &["the service runs and holds the outputs"]);
    rig.wait("control", |rig| !rig.safe_but(""));
    run.signal("KILL");
    assert_eq!(run.wait(), None);
    rig.disturb();
    ends(&rig.configured(&[], &["failsafe"]), 2, &["would write the safe values of 33 outputs of hall air", "--yes"]);
    ends(&rig.configured(CLEAN, &["failsafe", "--if-unclean"]), 0, &["the service ended well"]);
    assert!(!rig.safe_but(""), "nothing is done after a clean end");
    let output = rig.configured(KILLED, &["failsafe", "--if-unclean"]);
    ends(&output, 0, &["crah-1/fan-speed = 100 %: written and read back"]);
    assert_eq!(told(&output).lines().count(), 33, "{}", told(&output));
    rig.wait("the safe outputs", |rig| rig.safe_but(""));
    assert!(Mark::HandedOver.is_on(rig.folder()), "the next service begins at the safe outputs");
}

/// What cannot be reached is named; everything else is written all the same.
fn partly(rig: &Rig) {
    rig.disturb();
    assert!(rig.stage.hall.drill("plant", 1, Drill { dead: true, ..Drill::default() }));
    assert!(rig.stage.hall.drill("bms", 6, Drill { deaf: true, ..Drill::default() }));
    let output = rig.configured(&[], &["failsafe", "--yes"]);
    ends(&output, 69, &["3 of 33 outputs are not proven safe", "behind gateway plant (tcp://127.0.0.1:"]);
    ends(&output, 69, &["crah-6/fan-speed, crah-6/valve", "NOT PROVEN, the device holds", "NOT WRITTEN"]);
    let rest = |rig: &Rig| {
        let safe = rig.held().into_iter().filter(|(_, safe, at)| (safe - at).abs() < 0.06).count();
        safe == 30
    };
    rig.wait("the outputs that can be reached", rest);
    let none = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port");
    let gone = format!("modbus.gateway.power.url=\"tcp://{none}\"");
    let output = rig.configured(&[], &["failsafe", "--yes", "--set", &gone]);
    ends(&output, 69, &["3 of 33 outputs", "NOT WRITTEN, no new value came in time"]);
    assert!(!told(&output).contains("gateway power"), "meters take no outputs: {}", told(&output));
    let gone = format!("modbus.gateway.bms.url=\"tcp://{none}\"");
    let output = rig.configured(&[], &["failsafe", "--yes", "--set", &gone]);
    let url = format!("behind gateway bms (tcp://{none}): crah-1/fan-speed, crah-1/valve, crah-2/fan-speed");
    ends(&output, 69, &["13 of 33 outputs", &url, "NOT WRITTEN, the connection is down"]);
    let output = rig.configured(KILLED, &["failsafe", "--if-unclean", "--json"]);
    ends(&output, 69, &["\"code\":\"unreachable\""]);
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let rows = shown["outputs"].as_array().expect("a list");
    let applied = rows.iter().filter(|r| r["applied"] == true).count();
    assert_eq!((rows.len(), applied), (33, 30), "{shown}");
    for key in ["point", "value", "unit", "gateway", "applied", "outcome"] {
        assert!(rows[0].get(key).is_some(), "no `{key}` in {}", rows[0]);
    }
}
