//! `wattloop budget hold` where a notice was said while nobody heard it: what the lease says by then counts.

use std::fs::File;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use super::ear::Ear;
use super::holding::{heard, hold};
use super::rig::ends;
use super::scheduler::{Running, Scheduler, until};

const TARGET: [&str; 10] =
    ["power", "target", "--watts", "10e3", "--feed", "pdu-a1", "--for", "1h", "--reason", "they phoned"];

/// The same as `hold`, with its log in a file.
fn logged(slurm: &Scheduler) -> Running {
    let mut command = slurm.command(&["hold", "--on-notice", "tee", "-a", &slurm.rig.file("notices")]);
    let log = File::create(slurm.rig.file("hold.log")).expect("a file");
    Running(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().expect("runs"))
}

/// What the command has heard of a job that nobody had told it: the kind, and what it may draw (W).
fn missed(slurm: &Scheduler, job: &str) -> Vec<(String, f64)> {
    let all = heard(slurm, &["missed"]);
    let of = |of: &Value| Some((of["kind"].as_str()?.to_owned(), of["new_schedule"][0]["w"].as_f64()?));
    all.iter().filter(|of| of["job"] == job).filter_map(of).collect()
}

#[test]
fn what_was_told_while_nobody_heard_is_given_to_the_command_once_by_what_the_lease_says() {
    let Some(slurm) = Scheduler::new() else { return };
    let mut run = slurm.running();
    let (ear, forger) = (Ear::new(&slurm, "operator"), Ear::new(&slurm, "wattloop"));
    let mut holding = hold(&slurm);
    ends(&slurm.acquire("bends", "8kW", &["--class", "curtailable", "--floor", "2kW"]), 0, &["8000 W"]);
    ends(&slurm.acquire("pauses", "6kW", &["--class", "interruptible"]), 0, &["6000 W"]);
    let (bends, pauses) = (slurm.lease("bends"), slurm.lease("pauses"));
    until("renewed", || (ear.renewed(&bends, 1) > 0 && ear.renewed(&pauses, 1) > 0).then_some(()));

    // Whoever holds is not there for some seconds: both are lowered, and nobody hears the notices.
    holding.signal("TERM");
    assert_eq!(holding.ends(), Some(0));
    ends(&slurm.rig.ask(&TARGET), 0, &[]);
    let kept = |lease: &str| ear.heard(&format!("lease/{lease}")).pop().unwrap_or_default();
    until("both are lowered", || (kept(&bends)["w"] == 2e3 && kept(&pauses)["w"] == 0.0).then_some(()));
    let mut holding = hold(&slurm);
    until("one is told", || (missed(&slurm, "bends") == [("reduce".to_owned(), 2e3)]).then_some(()));
    until("the other is", || (missed(&slurm, "pauses") == [("pause".to_owned(), 0.0)]).then_some(()));
    let acked = |lease: &str, status: &str| {
        let of = |ack: &Value| ack["lease_id"] == lease && ack["notice_id"].is_null() && ack["status"] == status;
        ear.heard("ack").iter().any(|ack| of(ack) && ack["seq"] == kept(lease)["seq"]).then_some(())
    };
    for lease in [&bends, &pauses] {
        until("the service hears that it was heard", || acked(lease, "accepted"));
        until("and done", || acked(lease, "done"));
    }

    // Killed and started again nobody is told again.
    holding.signal("KILL");
    holding.ends();
    let renewals = ear.renewed(&bends, 1);
    let mut holding = logged(&slurm);
    until("renewed again", || (ear.renewed(&bends, 1) > renewals).then_some(()));
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(heard(&slurm, &["missed"]).len(), 2, "{:?}", heard(&slurm, &["missed"]));

    // What it comes back to was told while nobody heard: here the service is gone, and the broker keeps what it said.
    run.signal("KILL");
    run.wait();
    let mut state = kept(&bends);
    (state["seq"], state["w"]) = (json!(state["seq"].as_u64().expect("a number") + 1), json!(8e3));
    state["schedule"] = json!([{ "start": state["schedule"][0]["start"], "w": 8e3 }]);
    forger.says(&format!("lease/{bends}"), &state);
    until("it is restored", || (missed(&slurm, "bends").last() == Some(&("restore".to_owned(), 8e3))).then_some(()));

    // That answers no cut.
    let restored = |ack: &Value| ack["lease_id"] == bends && ack["seq"] == state["seq"];
    std::thread::sleep(Duration::from_secs(1));
    assert!(!ear.heard("ack").iter().any(restored), "{:?}", ear.heard("ack"));

    // News is given to the command, and answers no cut; what the service does not take is in the log.
    let late = json!({ "notice_id": "1-99", "lease_id": bends, "seq": state["seq"], "kind": "late", "reason": "deadline",
        "new_schedule": state["schedule"], "effective_at": state["schedule"][0]["start"] });
    forger.says("notice", &late);
    until("the command hears it", || (heard(&slurm, &["deadline"]).len() == 1).then_some(()));
    let refused = json!({ "request_id": "", "code": "conflict", "reason": { "code": "old_state" }, "lease_id": bends });
    forger.says("response", &refused);
    let log = || std::fs::read_to_string(slurm.rig.file("hold.log")).unwrap_or_default();
    until("it is in the log", || log().contains("old_state").then_some(()));
    assert!(ear.heard("ack").iter().all(|ack| ack["notice_id"] != "1-99"), "{:?}", ear.heard("ack"));
    assert_eq!(missed(&slurm, "bends").len(), 2);
    holding.signal("TERM");
    assert_eq!(holding.ends(), Some(0));
}
