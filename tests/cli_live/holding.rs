//! `wattloop budget hold`: renews what is remembered, follows a killed service, hears notices, gives back what could not be, and minds no garbage.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::ear::Ear;
use super::rig::{code, ends, told};
use super::scheduler::{Running, Scheduler, until};

pub fn hold(slurm: &Scheduler) -> Running {
    slurm.start(&["hold", "--on-notice", "tee", "-a", &slurm.rig.file("notices")])
}

#[test]
fn leases_are_renewed_over_a_broker_and_a_service_that_start_anew_and_given_back_when_it_is_there_again() {
    let Some(mut slurm) = Scheduler::new() else { return };
    let mut run = slurm.running();
    let (ear, forger) = (Ear::new(&slurm, "operator"), Ear::new(&slurm, "wattloop"));
    let mut holding = hold(&slurm);
    ends(&slurm.acquire("slurm/1", "10kW", &["--ttl", "30s"]), 0, &["10000 W"]);
    ends(&slurm.acquire("slurm/2", "5kW", &["--ttl", "30s"]), 0, &["5000 W"]);
    let (first, second) = (slurm.lease("slurm/1"), slurm.lease("slurm/2"));
    until("renewed", || (ear.renewed(&first, 1) > 0 && ear.renewed(&second, 1) > 0).then_some(()));
    ends(&slurm.budget(&["hold"]), 75, &["is held already"]);

    // What is no message of the contract ends nothing.
    for garbage in ["", "{", "[]", "{\"data\":7}", "{\"data\":{\"lease_id\":[],\"request_id\":{}}}", "\u{0}"] {
        for what in ["response", "notice", "lease/1-1", "lease/x"] {
            forger.blurts(what, garbage);
        }
    }
    std::fs::write(slurm.rig.folder().join("state/garbage.lease"), "{").expect("writes");

    // The broker starts anew, and everybody finds the way back.
    let before = ear.renewed(&first, 1);
    slurm.broker.halt();
    slurm.broker.again();
    until("renewed over a start of the broker", || (ear.renewed(&first, 1) > before).then_some(()));

    // Killed: the service counts its generation up; whoever holds follows, without being asked. What ends meanwhile is given back then.
    run.signal("KILL");
    assert_eq!(run.wait(), None);
    until("nobody answers", || {
        (code(&slurm.budget(&["release", "--job", "slurm/2", "--timeout", "1s"])) == 69).then_some(())
    });
    let mut run = slurm.rig.running(&[]);
    until("renewed in the new generation", || (ear.renewed(&first, 2) > 0).then_some(()));
    until("the new generation is remembered", || (slurm.note("slurm/1")["epoch"] == 2).then_some(()));
    until("given back", || (slurm.note("slurm/2")["stage"] == "over").then_some(()));
    ends(&slurm.budget(&["query", "--lease", &second]), 77, &[]);

    holding.signal("TERM");
    assert_eq!(holding.ends(), Some(0));
    ends(&slurm.budget(&["query", "--job", "slurm/1"]), 0, &[&first]);
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
}

#[test]
fn a_notice_is_acknowledged_and_given_to_the_command() {
    let Some(slurm) = Scheduler::new() else { return };
    let _run = slurm.running();
    let ear = Ear::new(&slurm, "operator");
    let mut holding = hold(&slurm);
    let args = ["--class", "curtailable", "--floor", "2kW", "--ttl", "5min"];
    ends(&slurm.acquire("slurm/1", "20kW", &args), 0, &["20000 W"]);
    let lease = slurm.lease("slurm/1");
    until("it is held", || (ear.renewed(&lease, 1) > 0).then_some(()));

    // The feed may carry so little that the lease comes down to its floor.
    let target = ["power", "target", "--watts", "10e3", "--feed", "pdu-a1", "--for", "1h", "--reason", "they phoned"];
    ends(&slurm.rig.ask(&target), 0, &[]);
    let notices = || std::fs::read_to_string(slurm.rig.folder().join("notices")).unwrap_or_default();
    let text = until("the command hears it", || Some(notices()).filter(|text| text.ends_with('\n')));
    let notice: Value = serde_json::from_str(text.lines().next().expect("a line")).expect("JSON");
    assert_eq!((&notice["kind"], &notice["job"]), (&"reduce".into(), &"slurm/1".into()), "{notice}");
    assert_eq!((&notice["lease_id"], &notice["reason"]), (&lease.as_str().into(), &"grid_target".into()), "{notice}");
    let acked = |status: &str| {
        let of = |ack: &Value| ack["notice_id"] == notice["notice_id"] && ack["status"] == status;
        ear.heard("ack").iter().any(of).then_some(())
    };
    until("accepted", || acked("accepted"));
    until("done", || acked("done"));
    until("what it may draw is remembered", || (slurm.note("slurm/1")["w"] == 2e3).then_some(()));

    // Lost behind its back: the command is told, and the job asks anew.
    holding.signal("TERM");
    assert_eq!(holding.ends(), Some(0));
    ends(&slurm.budget(&["release", "--lease", &lease]), 0, &[]);
    let mut holding = hold(&slurm);
    until("it is lost", || notices().contains("\"reason\":\"lost\"").then_some(()));
    until("that is remembered", || (slurm.note("slurm/1")["stage"] == "over").then_some(()));
    holding.signal("INT");
    assert_eq!(holding.ends(), Some(0), "{}", told(&slurm.rig.ask(&["status"])));
    assert!(!notices().contains("\"reason\":\"missed\""), "what was told is not told again: {}", notices());
}

/// What the command has heard for these reasons.
pub fn heard(slurm: &Scheduler, reasons: &[&str]) -> Vec<Value> {
    let text = std::fs::read_to_string(slurm.rig.folder().join("notices")).unwrap_or_default();
    let notices = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    notices.filter(|of| reasons.iter().any(|reason| of["reason"] == **reason)).collect()
}

#[test]
fn who_can_ask_nobody_brings_his_jobs_down_once_after_their_time_to_live_and_back_when_he_can() {
    let Some(mut slurm) = Scheduler::new() else { return };
    let run = slurm.running();
    let ear = Ear::new(&slurm, "operator");
    let mut holding = hold(&slurm);
    // Each with what it does by itself, what it draws then, and what it may draw when it is back.
    let jobs: [(&str, &str, &[&str], _, _); 4] = [
        ("floor", "8kW", &["--floor", "2kW"], ("reduce", 2e3), ("restore", 8e3)),
        ("pause", "4kW", &["--floor", "2kW", "--on-expiry", "pause"], ("pause", 0.0), ("restore", 4e3)),
        ("stop", "3kW", &["--on-expiry", "stop"], ("stop", 0.0), ("restore", 3e3)),
        ("lowered", "7kW", &["--floor", "1kW", "--class", "curtailable"], ("reduce", 1e3), ("reduce", 1e3)),
    ];
    for (job, watts, more, ..) in jobs {
        ends(&slurm.acquire(job, watts, &[&["--ttl", "30s"], more].concat()), 0, &[]);
    }
    for (job, ..) in jobs {
        until("renewed", || (ear.renewed(&slurm.lease(job), 1) > 0).then_some(()));
    }
    // Whoever holds is killed while nobody can be asked; the next one knows since when. One lease is lowered meanwhile, which nobody hears.
    slurm.broker.halt();
    let gone = Instant::now();
    let target = ["power", "target", "--watts", "10e3", "--feed", "pdu-a1", "--for", "1h", "--reason", "they phoned"];
    ends(&slurm.rig.ask(&target), 0, &[]);
    std::thread::sleep(Duration::from_secs(5));
    holding.signal("KILL");
    holding.ends();
    let mut holding = hold(&slurm);
    let alone = |slurm: &Scheduler| heard(slurm, &["unrenewed"]);
    let told = until("all are told", || Some(alone(&slurm)).filter(|all| all.len() == jobs.len()));
    // Asked for within a third of 30 s before, and counted from then.
    assert!((15..40).contains(&gone.elapsed().as_secs()), "{:?}", gone.elapsed());
    let says = |all: &[Value], job: &str| {
        let of = all.iter().find(|of| of["job"] == job).expect("told");
        (of["kind"].as_str().expect("text").to_owned(), of["new_schedule"][0]["w"].as_f64().expect("W"))
    };
    for (job, _, _, (kind, w), _) in jobs {
        assert_eq!(says(&told, job), (kind.to_owned(), w), "{job}");
    }

    // Killed again, they are not told again: longer than who has just begun waits for answers.
    until("who was told is remembered", || {
        let text = std::fs::read_to_string(slurm.rig.folder().join("state/hold.json")).unwrap_or_default();
        let told = text.split("\"had_w\":").skip(1).filter(|rest| !rest.starts_with("null"));
        (told.count() == jobs.len()).then_some(())
    });
    holding.signal("KILL");
    holding.ends();
    let mut holding = hold(&slurm);
    std::thread::sleep(Duration::from_secs(7));
    assert_eq!(alone(&slurm).len(), jobs.len(), "{:?}", alone(&slurm));

    // The broker is back within the grace, and all of what is left, too.
    slurm.broker.again();
    let back = until("all are back", || Some(heard(&slurm, &["renewed"])).filter(|all| all.len() == jobs.len()));
    for (job, _, _, _, (kind, w)) in jobs {
        assert_eq!(says(&back, job), (kind.to_owned(), w), "{job}");
    }
    assert_eq!(alone(&slurm).len(), jobs.len());
    holding.signal("TERM");
    assert_eq!(holding.ends(), Some(0));
    drop(run);
}

#[test]
fn who_is_not_let_in_any_more_goes_on_until_his_jobs_have_come_down() {
    let Some(mut slurm) = Scheduler::new() else { return };
    let _run = slurm.running();
    let ear = Ear::new(&slurm, "operator");
    let mut holding = hold(&slurm);
    ends(&slurm.acquire("job", "8kW", &["--ttl", "30s", "--floor", "2kW"]), 0, &["8000 W"]);
    until("renewed", || (ear.renewed(&slurm.lease("job"), 1) > 0).then_some(()));
    // The broker starts anew with another password.
    slurm.broker.halt();
    let file = slurm.broker.dir.path().join("passwd");
    let changed = Command::new("mosquitto_passwd").arg("-b").arg(&file).args(["slurm", "another"]).status();
    assert!(changed.expect("runs").success());
    slurm.broker.again();
    assert_eq!(holding.ends(), Some(77));
    let told = heard(&slurm, &["unrenewed"]);
    assert_eq!((told.len(), &told[0]["kind"], &told[0]["job"]), (1, &"reduce".into(), &"job".into()));
    // Nobody is left to be told: it ends at once.
    let begun = Instant::now();
    ends(&slurm.budget(&["hold"]), 77, &["refuses us"]);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
