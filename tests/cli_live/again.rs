//! `wattloop budget acquire` and `release` where answers are late, decide nothing or never come: one lease at the most, and none that nobody gives back. The test is the service.

use std::time::Duration;

use serde_json::{Value, json};

use super::ear::{Ear, lease};
use super::holding::hold;
use super::rig::ends;
use super::scheduler::{Running, Scheduler, until};

/// One who asks for a kilowatt, beside the test.
fn asks(slurm: &Scheduler, job: &str, more: &[&str]) -> Running {
    slurm.start(&[&["acquire", "--job", job, "--domain", "pdu-a1", "--want", "1kW"][..], more].concat())
}

/// What a job has asked for, each once.
fn asked(service: &Ear, job: &str) -> Vec<Value> {
    let mut all: Vec<Value> =
        service.heard("request").into_iter().filter(|of| of["op"] == "acquire" && of["job"] == job).collect();
    all.dedup_by(|one, other| one["request_id"] == other["request_id"]);
    all
}

/// The n-th thing that it asks for.
fn nth(service: &Ear, job: &str, n: usize) -> Value {
    until("it asks", || asked(service, job).into_iter().nth(n))
}

fn gives_back(service: &Ear, id: &str) -> Value {
    until("it is given back", || {
        service.heard("request").into_iter().rfind(|of| of["op"] == "release" && of["lease_id"] == id)
    })
}

/// Says that something waits, or comes again for this reason.
fn says(service: &Ear, asked: &Value, (code, reason): (&str, &str), lease: Option<&str>) {
    let answer = json!({ "request_id": asked["request_id"], "code": code, "reason": { "code": reason },
        "retry_after_s": 1.0, "lease_id": lease, "epoch": 1 });
    service.says("response", &answer);
}

#[test]
fn a_request_that_waits_goes_on_waiting_where_its_repeat_is_not_looked_at() {
    let Some(slurm) = Scheduler::new() else { return };
    let service = Ear::new(&slurm, "wattloop");
    let mut waits = asks(&slurm, "a", &["--wait", "3min"]);
    let first = nth(&service, "a", 0);
    says(&service, &first, ("queued", "feed"), Some("1-7"));
    until("it waits", || (slurm.note("a")["lease_id"] == "1-7").then_some(()));
    for reason in ["rate", "busy", "journal", "recovering"] {
        says(&service, &first, ("retry", reason), None);
    }
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!((&slurm.note("a")["attempt"], asked(&service, "a").len()), (&0.into(), 1));
    service.answers(&first, "granted", &lease("1-7", 1, 1e3));
    assert_eq!(waits.ends(), Some(0));

    // Where it asks by another name, its place is given back before.
    let mut waits = asks(&slurm, "b", &["--wait", "3min"]);
    let first = nth(&service, "b", 0);
    says(&service, &first, ("queued", "feed"), Some("1-8"));
    until("it waits", || (slurm.note("b")["lease_id"] == "1-8").then_some(()));
    says(&service, &first, ("retry", "full"), None);
    let given = gives_back(&service, "1-8");
    assert_eq!(asked(&service, "b").len(), 1, "before");
    service.answers(&given, "granted", &Value::Null);
    let second = nth(&service, "b", 1);
    assert_ne!(first["request_id"], second["request_id"]);
    service.answers(&second, "granted", &lease("1-9", 1, 1e3));
    assert_eq!(waits.ends(), Some(0));
    assert_eq!((&slurm.note("b")["stage"], &slurm.note("b")["lease_id"]), (&"held".into(), &"1-9".into()));
}

#[test]
fn what_a_job_still_has_to_give_back_is_not_forgotten_where_it_asks_anew() {
    let Some(slurm) = Scheduler::new() else { return };
    let service = Ear::new(&slurm, "wattloop");
    let mut first = asks(&slurm, "a", &[]);
    service.answers(&nth(&service, "a", 0), "granted", &lease("1-7", 1, 1e3));
    assert_eq!(first.ends(), Some(0));
    // Nobody answers the epilog, and the job is queued again.
    ends(&slurm.budget(&["release", "--job", "a", "--timeout", "1s"]), 69, &[]);
    let before = service.heard("request").len();
    let mut second = asks(&slurm, "a", &["--timeout", "1min"]);
    let again = || service.heard("request").into_iter().skip(before).find(|of| of["op"] == "release");
    assert_eq!(until("first it is given back", again)["lease_id"], "1-7");
    service.answers(&nth(&service, "a", 1), "granted", &lease("1-8", 1, 1e3));
    assert_eq!(second.ends(), Some(0));
    assert_eq!((&slurm.note("a")["stage"], &slurm.note("a")["lease_id"]), (&"held".into(), &"1-8".into()));

    // That was not answered either: whoever holds gives it back, and renews the other.
    let before = service.heard("request").len();
    let _holding = hold(&slurm);
    let later = |op: &str| service.heard("request").into_iter().skip(before).find(|of| of["op"] == op);
    assert_eq!(until("it is renewed", || later("renew"))["lease_id"], "1-8");
    let given = until("it is given back", || later("release"));
    assert_eq!(given["lease_id"], "1-7");
    service.answers(&given, "granted", &Value::Null);
    until("that is remembered", || (slurm.note("a~1-7")["stage"] == "over").then_some(()));
    assert_eq!(slurm.note("a")["stage"], "held");
}

#[test]
fn what_was_not_decided_is_asked_for_by_the_same_name_the_next_time() {
    let Some(slurm) = Scheduler::new() else { return };
    let service = Ear::new(&slurm, "wattloop");
    let mut first = asks(&slurm, "a", &["--timeout", "2s"]);
    says(&service, &nth(&service, "a", 0), ("retry", "journal"), None);
    assert_eq!(first.ends(), Some(75));
    let note = slurm.note("a");
    assert_eq!((&note["stage"], &note["attempt"]), (&"asking".into(), &0.into()), "it may have been granted");
    // A typo ends nothing of that.
    let before = service.heard("request").len();
    let mut typo = asks(&slurm, "a", &["--class", "firm"]);
    let asked = until("it asks", || service.heard("request").into_iter().nth(before));
    says(&service, &asked, ("invalid", "unknown_window"), None);
    assert_eq!((typo.ends(), &slurm.note("a")), (Some(77), &note));
    // It was: the next run is told.
    let before = service.heard("request").len();
    let mut second = asks(&slurm, "a", &[]);
    let again = until("it asks again", || service.heard("request").into_iter().nth(before));
    assert_eq!(again["request_id"], note["request_id"]);
    service.answers(&again, "granted", &lease("1-7", 1, 1e3));
    assert_eq!(second.ends(), Some(0));
}

#[test]
fn what_was_lent_before_a_kill_and_is_less_by_now_starts_no_job() {
    let Some(slurm) = Scheduler::new() else { return };
    let service = Ear::new(&slurm, "wattloop");
    let of = |state: &str, w: f64, n: usize| {
        let mut lease = lease(&format!("1-{n}"), 2, w);
        lease["state"] = state.into();
        lease
    };
    // Killed after the grant: by now it is at its floor, paused, comes down to its floor, or to nothing.
    for (n, (state, w)) in
        [("floored", 400.0), ("held", 0.0), ("leaving", 400.0), ("leaving", 0.0)].into_iter().enumerate()
    {
        let job = format!("job-{n}");
        let mut killed = asks(&slurm, &job, &[]);
        nth(&service, &job, 0);
        killed.signal("KILL");
        killed.ends();
        let before = service.heard("request").len();
        let mut second = asks(&slurm, &job, &[]);
        let again = until("it asks again", || service.heard("request").into_iter().nth(before));
        service.answers(&again, "granted", &of(state, w, n));
        let given = gives_back(&service, &format!("1-{n}"));
        assert_eq!(asked(&service, &job).len(), 1, "{state} {w}: given back before");
        service.answers(&given, "granted", &Value::Null);
        service.answers(&nth(&service, &job, 1), "granted", &lease(&format!("2-{n}"), 1, 1e3));
        assert_eq!(second.ends(), Some(0), "{state} {w}");
        assert_eq!(slurm.note(&job)["lease_id"], format!("2-{n}"), "{state} {w}");
    }
    // With less it starts where it says so; a job that has begun goes on with what there is.
    let mut least = asks(&slurm, "least", &["--min", "300W", "--partial"]);
    service.answers(&nth(&service, "least", 0), "granted_partial", &of("held", 400.0, 30));
    assert_eq!(least.ends(), Some(0));
    let before = service.heard("request").len();
    let mut again = asks(&slurm, "least", &["--min", "300W", "--partial"]);
    let asked = until("it asks again", || service.heard("request").into_iter().nth(before));
    service.answers(&asked, "granted_partial", &of("floored", 200.0, 30));
    assert_eq!((again.ends(), &slurm.note("least")["w"]), (Some(0), &200.0.into()));

    // What is lowered as soon as it is lent is not asked for again and again.
    let mut never = asks(&slurm, "never", &[]);
    for n in [40, 41] {
        service.answers(&nth(&service, "never", n - 40), "granted", &of("held", 400.0, n));
        service.answers(&gives_back(&service, &format!("1-{n}")), "granted", &Value::Null);
    }
    assert_eq!(never.ends(), Some(75));
    assert_eq!(slurm.note("never")["stage"], "over");
}

#[test]
fn what_was_lent_to_a_job_that_gave_up_unheard_is_given_back_by_whoever_holds() {
    let Some(slurm) = Scheduler::new() else { return };
    let service = Ear::new(&slurm, "wattloop");
    ends(&slurm.acquire("a", "1kW", &["--timeout", "1s"]), 69, &["does not answer"]);
    ends(&slurm.budget(&["release", "--job", "a"]), 0, &["nothing was lent"]);
    let mut lent = lease("1-7", 1, 1e3);
    (lent["request_id"], lent["state"]) = (slurm.note("a")["request_id"].clone(), "floored".into());
    // It asks anew before anybody has looked.
    ends(&slurm.acquire("a", "1kW", &["--timeout", "1s"]), 69, &["does not answer"]);
    assert_ne!(slurm.note("a")["request_id"], lent["request_id"]);
    let _holding = hold(&slurm);
    service.says("lease/1-7", &lent);
    // Somebody else's is left alone.
    let mut other = lease("1-8", 1, 1e3);
    other["request_id"] = "other".into();
    service.says("lease/1-8", &other);
    service.answers(&gives_back(&service, "1-7"), "granted", &Value::Null);
    until("that is remembered", || (slurm.note("a~1-7")["stage"] == "over").then_some(()));
    assert!(service.heard("request").iter().all(|of| of["lease_id"] != "1-8"));
}

#[test]
fn a_start_of_the_service_tells_no_end_again_that_was_taken_back() {
    let Some(slurm) = Scheduler::new() else { return };
    let mut run = slurm.running();
    let ear = Ear::new(&slurm, "operator");
    ends(&slurm.acquire("a", "1kW", &["--ttl", "30s"]), 0, &["1000 W"]);
    let told = |reason: &str| ear.heard("notice").into_iter().filter(|of| of["reason"] == reason).count();
    until("nobody renews it", || (told("expired") == 1).then_some(()));
    ends(&slurm.budget(&["renew", "--job", "a", "--ttl", "5min"]), 0, &["1000 W"]);
    until("it is restored", || (told("restored") == 1).then_some(()));
    run.signal("KILL");
    run.wait();
    let _run = slurm.rig.running(&[]);
    let lease = slurm.lease("a");
    let anew = || ear.heard(&format!("lease/{lease}")).iter().any(|of| of["epoch"] == 2);
    until("its lease is told again", || anew().then_some(()));
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!((told("expired"), told("restored")), (1, 2), "{:?}", ear.heard("notice"));
}

#[test]
fn a_lease_that_comes_down_to_its_floor_lives_on_for_who_renews_it() {
    let Some(slurm) = Scheduler::new() else { return };
    let service = Ear::new(&slurm, "wattloop");
    let mut first = asks(&slurm, "a", &[]);
    service.answers(&nth(&service, "a", 0), "granted", &lease("1-7", 1, 1e3));
    assert_eq!(first.ends(), Some(0));
    let mut down = lease("1-7", 2, 400.0);
    down["state"] = "leaving".into();
    for op in ["renew", "query"] {
        let mut one = slurm.start(&[op, "--job", "a"]);
        service.answers(&service.asked(op), "granted", &down);
        assert_eq!(one.ends(), Some(0), "{op}");
    }
    assert_eq!((&slurm.note("a")["stage"], &slurm.note("a")["w"]), (&"held".into(), &400.0.into()));
}
