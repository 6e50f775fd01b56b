//! `wattloop budget acquire`, `renew`, `release` and `query` over a real broker with the shipped access list: what they do, and how they end.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::ear::{Ear, lease};
use super::rig::{code, ends, told, wattloop};
use super::scheduler::{Running, Scheduler, until};

#[test]
fn a_prolog_run_twice_asks_once_and_an_epilog_gives_back() {
    let Some(slurm) = Scheduler::with("80e3") else { return };
    let _run = slurm.running();
    let would = slurm.acquire("slurm/1", "20kW", &["--dry-run", "--json"]);
    ends(&would, 0, &["\"code\":\"granted\""]);
    ends(&slurm.budget(&["query", "--job", "slurm/1"]), 77, &["no lease is remembered of slurm/1"]);

    // Two prologs of one job at once, and a third later.
    let args = ["acquire", "--job", "slurm/1", "--domain", "pdu-a1", "--want", "20kW"];
    let mut beside = slurm.start(&args);
    let first = slurm.budget(&args);
    ends(&first, 0, &[" 20000 W until it is given back; held, lives to "]);
    assert_eq!(beside.ends(), Some(0));
    let lease = slurm.lease("slurm/1");
    ends(&slurm.budget(&args), 0, &[&lease]);
    assert_eq!(slurm.note("slurm/1")["lease_id"], lease.as_str());
    ends(&slurm.rig.ask(&["status"]), 0, &["leases         1"]);

    // What the job says otherwise than before is told, and its lease lives.
    ends(&slurm.acquire("slurm/1", "10kW", &[]), 77, &["conflict: other_body", "release"]);
    assert_eq!(slurm.lease("slurm/1"), lease);
    ends(&slurm.budget(&["renew", "--job", "slurm/1", "--ttl", "30s"]), 0, &[&lease]);
    ends(&slurm.budget(&["renew", "--lease", &lease]), 0, &[&lease]);

    ends(&slurm.budget(&["release", "--job", "slurm/1"]), 0, &[&lease, "is given back"]);
    ends(&slurm.budget(&["release", "--job", "slurm/1"]), 0, &["nothing was lent"]);
    ends(&slurm.budget(&["renew", "--job", "slurm/1"]), 77, &["no lease"]);
    ends(&slurm.budget(&["renew", "--lease", &lease]), 77, &["unknown_lease"]);
    ends(&slurm.budget(&["release", "--lease", &lease]), 0, &["is given back"]);

    // The job is started anew: it asks anew. So does one whose folder was lost.
    ends(&slurm.budget(&args), 0, &[]);
    let second = slurm.lease("slurm/1");
    assert_ne!(second, lease);
    ends(&slurm.budget(&["release", "--job", "slurm/1"]), 0, &[&second]);
    std::fs::remove_dir_all(slurm.rig.folder().join("state")).expect("removed");
    ends(&slurm.budget(&args), 0, &[]);
    assert_ne!(slurm.lease("slurm/1"), second);
}

#[test]
fn every_end_of_a_command_has_its_code() {
    let Some(slurm) = Scheduler::new() else { return };
    let mut run = slurm.running();
    ends(&slurm.acquire("a", "20kW", &["--for", "6h", "--class", "curtailable", "--floor", "5kW"]), 0, &["20000 W"]);
    ends(&slurm.acquire("b", "20kW", &[]), 75, &["retry: share", "there is 10000 W from "]);
    // Why, for people: the feed that spoke against it, and what there was.
    let request = slurm.note("b")["request_id"].as_str().expect("a request").to_owned();
    let why = ["retry, the client has its share", " kW were free", "instead: 10.0 kW from "];
    ends(&slurm.rig.ask(&["why", &format!("job/slurm/{request}")]), 0, &why);
    ends(&slurm.rig.ask(&["why", "job/slurm/none"]), 1, &["no request `none` of `slurm` is known"]);
    run.says("share; by pdu-a1 ");
    run.says(&format!("client=\"slurm\" request=\"{request}\" item=0 op=\"acquire\" code=\"retry\""));
    ends(&slurm.acquire("b", "20kW", &["--min", "5kW", "--partial"]), 0, &["10000 W"]);
    ends(&slurm.acquire("c", "10MW", &[]), 77, &["denied"]);
    ends(&slurm.budget(&["acquire", "--job", "d", "--domain", "pdu-z9", "--want", "1kW"]), 77, &["pdu-z9"]);
    ends(&slurm.budget(&["acquire", "--job", "d", "--domain", "pdu-a1"]), 2, &["how much power?"]);
    ends(&slurm.budget(&["query", "--lease", "7-7"]), 77, &["unknown_lease"]);
    ends(&slurm.budget(&["query", "--lease", "seven"]), 77, &["invalid"]);
    ends(&slurm.acquire("d", "1kW", &["--site", "a/b"]), 78, &["one level"]);
    // Nobody hears what the access list does not let through.
    ends(
        &slurm.acquire("d", "1kW", &["--client", "kueue", "--timeout", "1s"]),
        69,
        &["does not answer", "mosquitto.acl"],
    );
    let wrong = slurm.rig.file("wrong.password");
    std::fs::write(&wrong, "guess").expect("writes");
    std::fs::set_permissions(&wrong, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("changes");
    ends(&slurm.acquire("d", "1kW", &["--password-file", &wrong]), 77, &["refuses us"]);

    let begun = Instant::now();
    ends(&slurm.acquire("d", "1kW", &["--broker", "mqtt://127.0.0.1:1"]), 69, &["the broker is not there"]);
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0));
    ends(&slurm.acquire("d", "1kW", &[]), 69, &["offline"]);
    ends(&slurm.budget(&["release", "--job", "b"]), 69, &["offline"]);
    assert_eq!(slurm.note("b")["stage"], "returning", "whoever holds gives it back later");
    ends(&wattloop(&["replay", &slurm.rig.file("journal.db")]), 0, &["decisions identical"]);
}

#[test]
fn who_waits_is_told_when_there_is_room_and_who_stops_waiting_leaves_nothing() {
    let Some(slurm) = Scheduler::new() else { return };
    let _run = slurm.running();
    ends(&slurm.acquire("a", "20kW", &[]), 0, &["20000 W"]);
    let args = |job| ["acquire", "--job", job, "--domain", "pdu-a1", "--want", "20kW", "--wait", "3min"];
    let queued = |job: &str| until("it is queued", || slurm.note(job)["lease_id"].as_str().map(str::to_owned));

    // Asked to stop, or not waited for any longer: taken back.
    let mut stopped = slurm.start(&args("b"));
    queued("b");
    ends(&slurm.budget(&["query", "--job", "b"]), 75, &["waits for room"]);
    stopped.signal("TERM");
    assert_eq!(stopped.ends(), Some(75));
    ends(&slurm.acquire("c", "20kW", &["--wait", "1s"]), 75, &[]);

    // Killed: the same job finds its place in the queue again.
    let mut killed = slurm.start(&args("d"));
    let lease = queued("d");
    killed.signal("KILL");
    killed.ends();
    let mut waits = slurm.start(&args("d"));
    let mut after = slurm.start(&args("e"));
    queued("e");
    ends(&slurm.budget(&["release", "--job", "a"]), 0, &[]);
    assert_eq!(waits.ends(), Some(0));
    assert_eq!((slurm.lease("d"), slurm.note("d")["stage"].as_str()), (lease, Some("held")));
    // An epilog ends what waits, too.
    ends(&slurm.budget(&["release", "--job", "e"]), 0, &["is given back"]);
    let ended = after.ends();
    assert!(ended == Some(75) || ended == Some(77), "{ended:?}: {}", told(&slurm.rig.ask(&["status"])));
}

#[test]
fn a_prolog_killed_at_any_instant_leaves_one_lease_for_its_job() {
    let Some(slurm) = Scheduler::new() else { return };
    let _run = slurm.running();
    for n in 0..20 {
        let args = ["acquire", "--job", &format!("killed/{n}"), "--domain", "pdu-a1", "--want", "1kW"];
        let mut prolog = slurm.start(&args);
        std::thread::sleep(Duration::from_millis(10 * n));
        prolog.signal("KILL");
        prolog.ends();
        ends(&slurm.budget(&args), 0, &["1000 W"]);
    }
    let status = slurm.rig.json(&["status"]);
    assert_eq!((&status["leases"]["held"], &status["leases"]["waiting"]), (&20.into(), &0.into()), "{status}");
}

#[test]
fn what_cannot_be_remembered_is_given_back_and_told_as_such() {
    let Some(slurm) = Scheduler::new() else { return };
    let _run = slurm.running();
    ends(&slurm.acquire("a", "20kW", &[]), 0, &["20000 W"]);
    let mut waits = slurm.start(&["acquire", "--job", "b", "--domain", "pdu-a1", "--want", "20kW", "--wait", "3min"]);
    let lease = until("it is queued", || slurm.note("b")["lease_id"].as_str().map(str::to_owned));
    // From now on nothing can be written of the job: a folder stands where its file is made.
    std::fs::create_dir(slurm.rig.folder().join("state/b.new")).expect("made");
    ends(&slurm.budget(&["release", "--job", "a"]), 0, &[]);
    assert_eq!(waits.ends(), Some(74));
    until("it is given back", || {
        let output = slurm.budget(&["query", "--lease", &lease]);
        (code(&output) == 77).then_some(())
    });
    // Nor is anything asked for that cannot be remembered.
    std::fs::create_dir(slurm.rig.folder().join("state/c.new")).expect("made");
    ends(&slurm.acquire("c", "1kW", &[]), 74, &[]);
    assert_eq!(slurm.rig.json(&["status"])["leases"]["held"], 0);
}

/// A prolog that waits long for its answer.
fn prolog(slurm: &Scheduler, job: &str) -> Running {
    slurm.start(&["acquire", "--job", job, "--domain", "pdu-a1", "--want", "1kW", "--timeout", "1min"])
}

#[test]
fn what_is_lent_to_a_job_that_was_given_back_meanwhile_is_given_back() {
    let Some(slurm) = Scheduler::new() else { return };
    let service = Ear::new(&slurm, "wattloop");
    let mut first = prolog(&slurm, "a");
    let asked = service.asked("acquire");
    // The job ends while its request is on its way, and is started anew at once.
    ends(&slurm.budget(&["release", "--job", "a"]), 0, &["nothing was lent"]);
    service.answers(&asked, "granted", &lease("1-7", 1, 1e3));
    let given = service.asked("release");
    assert_eq!((&given["lease_id"], &slurm.note("a")["stage"]), (&"1-7".into(), &"returning".into()), "also if killed");
    service.answers(&given, "granted", &Value::Null);
    assert_eq!(first.ends(), Some(75));
    assert_eq!(slurm.note("a")["stage"], "over");

    // The same where the job is started anew before that.
    let mut late = prolog(&slurm, "b");
    let before = until("it asks", || service.heard("request").into_iter().rfind(|of| of["job"] == "b"));
    ends(&slurm.budget(&["release", "--job", "b"]), 0, &["nothing was lent"]);
    let mut anew = prolog(&slurm, "b");
    let other = |of: &Value| of["job"] == "b" && of["request_id"] != before["request_id"];
    let asked = until("it asks anew", || service.heard("request").into_iter().rfind(other));
    service.answers(&before, "granted", &lease("1-8", 1, 1e3));
    let given = until("it is given back", || Some(service.asked("release")).filter(|of| of["lease_id"] == "1-8"));
    service.answers(&given, "granted", &Value::Null);
    assert_eq!(late.ends(), Some(75));
    assert_eq!((&slurm.note("b")["stage"], &slurm.note("b")["request_id"]), (&"asking".into(), &asked["request_id"]));
    service.answers(&asked, "granted", &lease("1-9", 1, 1e3));
    assert_eq!(anew.ends(), Some(0));
    assert_eq!((&slurm.note("b")["stage"], &slurm.note("b")["lease_id"]), (&"held".into(), &"1-9".into()));

    // And where it was told to come again in a moment.
    let mut waits = slurm.start(&["acquire", "--job", "c", "--domain", "pdu-a1", "--want", "1kW", "--wait", "1min"]);
    let ours = || service.heard("request").into_iter().filter(|of| of["job"] == "c");
    service.says(
        "response",
        &json!({ "request_id": until("it asks", || ours().next_back())["request_id"], "code": "retry", "retry_after_s": 2 }),
    );
    until("it comes again", || (slurm.note("c")["attempt"] == 1).then_some(()));
    ends(&slurm.budget(&["release", "--job", "c"]), 0, &["nothing was lent"]);
    let other = |of: &Value| of["request_id"] == slurm.note("c")["request_id"];
    service.answers(&until("it asks again", || ours().find(other)), "granted", &lease("1-10", 1, 1e3));
    let given = until("it is given back", || Some(service.asked("release")).filter(|of| of["lease_id"] == "1-10"));
    service.answers(&given, "granted", &Value::Null);
    assert_eq!(waits.ends(), Some(75));
}

#[test]
fn what_is_being_given_back_is_renewed_by_nobody() {
    let Some(slurm) = Scheduler::new() else { return };
    let service = Ear::new(&slurm, "wattloop");
    let mut asks = prolog(&slurm, "a");
    service.answers(&service.asked("acquire"), "granted", &lease("1-7", 1, 1e3));
    assert_eq!(asks.ends(), Some(0));
    ends(&slurm.budget(&["release", "--job", "a", "--timeout", "1s"]), 69, &[]);
    ends(&slurm.budget(&["renew", "--job", "a", "--timeout", "1s"]), 77, &["is being given back"]);
    assert!(service.heard("request").iter().all(|of| of["op"] != "renew"), "{:?}", service.heard("request"));
    // Nor by one that was asked for before.
    let mut asks = prolog(&slurm, "b");
    service.answers(
        &until("it asks", || service.heard("request").into_iter().rfind(|of| of["job"] == "b")),
        "granted",
        &lease("1-8", 1, 1e3),
    );
    assert_eq!(asks.ends(), Some(0));
    let mut renews = slurm.start(&["renew", "--job", "b"]);
    let renewal = service.asked("renew");
    ends(&slurm.budget(&["release", "--job", "b", "--timeout", "1s"]), 69, &[]);
    service.answers(&renewal, "granted", &lease("1-8", 1, 1e3));
    assert_eq!(renews.ends(), Some(0));
    assert_eq!(slurm.note("b")["stage"], "returning");
}

#[test]
fn who_asks_for_later_goes_on_when_that_has_come_and_not_before() {
    let Some(slurm) = Scheduler::new() else { return };
    let _run = slurm.running();
    let at = |s: i64| (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(s)).to_string();
    let hour = at(3600);
    ends(&slurm.acquire("late", "1kW", &["--not-before", &hour]), 75, &["queued", &hour[..16]]);
    assert_eq!(slurm.note("late")["stage"], "over");
    let held = || slurm.rig.json(&["status"])["leases"]["held"].clone();
    assert_eq!(held(), 0, "it is taken back");
    let begun = Instant::now();
    ends(&slurm.acquire("late", "1kW", &["--not-before", &at(8), "--wait", "2min"]), 0, &["1000 W"]);
    assert!((6..30).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    assert_eq!((&slurm.note("late")["stage"], &slurm.note("late")["w"]), (&"held".into(), &1e3.into()));
    assert_eq!(held(), 1);
}
