//! Kueue and Volcano by their recorded contracts: the example's HTTP server over a real broker, asked what they would ask and answered as they would read it. No cluster is
//! here, and none was where the shapes were written down: they follow the published types.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::ear::{Ear, lease};
use super::example::{is_there, said};
use super::rig::ends;
use super::scheduler::{Running, Scheduler, until};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/budget-client");

/// The server, where it listens, and who watches.
struct Desk {
    port: u64,
    _run: Running,
}

impl Desk {
    fn new(slurm: &Scheduler, file: &str, (domain, ttl): (&str, &str)) -> Self {
        let (port, site) = (slurm.broker.port.to_string(), slurm.rig.hall().site.clone());
        let secret = slurm.rig.file("slurm.password");
        let place = ["--port", &port, "--user", "slurm", "--password-file", &secret, "--site", &site];
        let mut command = Command::new("python3");
        command.arg(format!("{FOLDER}/power_desk.py")).args(place);
        command.args(["--domain", domain, "--listen", "0", "--ttl", ttl]).env("PYTHONDONTWRITEBYTECODE", "1");
        let out = File::create(slurm.rig.file(file)).expect("a file");
        let run = Running(command.stdin(Stdio::null()).stdout(out).spawn().expect("runs"));
        let port = until("it listens", || said(slurm, file, "listening").pop()?["port"].as_u64());
        Self { port, _run: run }
    }

    /// The status, and what is said; both schedulers wait for a second at the most.
    fn post(&self, path: &str, body: &str) -> (u64, Value) {
        let begun = Instant::now();
        let mut line = TcpStream::connect(format!("127.0.0.1:{}", self.port)).expect("it listens");
        let length = body.len();
        let head = "Host: x\r\nConnection: close\r\nContent-Type: application/json";
        write!(line, "POST {path} HTTP/1.1\r\n{head}\r\nContent-Length: {length}\r\n\r\n{body}").expect("asks");
        let mut text = String::new();
        line.read_to_string(&mut text).expect("an answer");
        assert!(begun.elapsed() < Duration::from_secs(1), "{path}: {:?}", begun.elapsed());
        let (head, body) = text.split_once("\r\n\r\n").expect("HTTP");
        let code = head.split(' ').nth(1).expect("a status").parse().expect("a number");
        (code, serde_json::from_str(body).unwrap_or_default())
    }

    /// The first state that is said of a workload's check.
    fn check(&self, workload: &Value) -> Value {
        let state = until("a state", || {
            let (code, state) = self.post("/kueue/power", &workload.to_string());
            (code == 200).then_some(state)
        });
        keeps_the_contract(&state);
        state
    }

    fn volcano(&self, verb: &str, asked: &Value) -> Value {
        let (code, answer) = self.post(&format!("/volcano/{verb}"), &asked.to_string());
        assert_eq!(code, 200, "{verb}: {answer}");
        answer
    }
}

/// What an `AdmissionCheckState` may have, as the types of Kueue's API say.
fn keeps_the_contract(state: &Value) {
    let all = state.as_object().expect("an object");
    let known = ["name", "state", "lastTransitionTime", "message", "requeueAfterSeconds", "podSetUpdates"];
    assert!(all.keys().all(|key| known.contains(&key.as_str())), "{state}");
    assert!(state["name"] == "power" && state["message"].as_str().is_some_and(|text| text.len() < 32768), "{state}");
    assert!(["Pending", "Ready", "Retry", "Rejected"].map(Value::from).contains(&state["state"]), "{state}");
    assert!(state["lastTransitionTime"].as_str().is_some_and(|at| at.len() == 20 && at.ends_with('Z')), "{state}");
    let after = state.get("requeueAfterSeconds").map(|s| s.as_u64().expect("whole seconds"));
    assert_eq!(
        after.is_some_and(|s| s > 0),
        state["state"] == "Retry",
        "without it Kueue tries again at once: {state}"
    );
    for update in state.get("podSetUpdates").and_then(Value::as_array).into_iter().flatten() {
        assert_eq!(update["name"], "main", "one of the workload's pod sets");
        let notes = update["annotations"].as_object().expect("annotations");
        assert!(notes.values().all(Value::is_string) && !notes.contains_key("wattloop/pod-w"), "{update}");
    }
}

/// A shape that was written down, with a name of its own and other annotations.
fn workload(name: &str, notes: Value) -> Value {
    let text = std::fs::read_to_string(format!("{FOLDER}/recorded/kueue-workload.json")).expect("recorded");
    let mut workload: Value = serde_json::from_str(&text).expect("JSON");
    (workload["metadata"]["uid"], workload["metadata"]["name"]) = (format!("uid-{name}").into(), name.into());
    workload["spec"]["podSets"][0]["template"]["metadata"]["annotations"] = notes;
    workload
}

fn becomes(workload: &mut Value, state: &Value) {
    workload["status"]["admissionChecks"][0] = state.clone();
}

fn volcano_job(name: &str, notes: Value) -> Value {
    let text = std::fs::read_to_string(format!("{FOLDER}/recorded/volcano-job.json")).expect("recorded");
    let mut asked: Value = serde_json::from_str(&text).expect("JSON");
    let job = &mut asked["job"];
    (job["UID"], job["PgUID"], job["Name"]) =
        (format!("research/{name}").into(), format!("pg-{name}").into(), name.into());
    job["PodGroup"]["metadata"]["annotations"] = notes;
    asked
}

fn held(slurm: &Scheduler) -> Value {
    slurm.rig.json(&["status"])["leases"]["held"].clone()
}

#[test]
fn a_check_of_kueue_is_ready_with_a_lease_retried_after_what_was_said_and_rejected_for_what_will_never_be() {
    let Some(slurm) = Scheduler::new().filter(|_| is_there()) else { return };
    let _run = slurm.running();
    let desk = Desk::new(&slurm, "desk", ("pdu-a1", "300"));
    let mut first = workload("first", json!({ "wattloop/pod-w": "2000" }));
    let ready = desk.check(&first);
    assert_eq!(ready["state"], "Ready", "{ready}");
    let notes = &ready["podSetUpdates"][0]["annotations"];
    assert_eq!(notes["wattloop/granted-pod-w"], "2000");
    ends(&slurm.budget(&["query", "--lease", notes["wattloop/lease"].as_str().expect("text")]), 0, &["8000 W"]);
    becomes(&mut first, &ready);
    assert_eq!(desk.post("/kueue/power", &first.to_string()).0, 204, "it stays as it is");
    assert_eq!(desk.post("/kueue/other", &first.to_string()).0, 204, "somebody else's check");

    // One that has no quota yet is not asked for.
    let mut early = workload("early", json!({ "wattloop/pod-w": "10" }));
    early["status"]["conditions"][0]["status"] = "False".into();
    assert_eq!(desk.post("/kueue/power", &early.to_string()).0, 204);

    // Not now: after as long as wattloop said. Pending anew it is asked for anew, and gets what has become free.
    let mut second = workload("second", json!({ "wattloop/pod-w": "7000" }));
    let retry = desk.check(&second);
    assert_eq!(retry["state"], "Retry", "{retry}");
    let told = said(&slurm, "desk", "answered").pop().expect("answered");
    assert_eq!((&told["job"], &told["code"]), (&"kueue/uid-second".into(), &"retry".into()));
    becomes(&mut second, &retry);
    assert_eq!(desk.post("/kueue/power", &second.to_string()).0, 204);
    let finished = json!({ "type": "Finished", "status": "True", "reason": "Succeeded", "message": "",
        "lastTransitionTime": "2026-11-28T20:30:00Z" });
    first["status"]["conditions"].as_array_mut().expect("a list").push(finished);
    assert_eq!(desk.post("/kueue/power", &first.to_string()).0, 204);
    until("given back", || (held(&slurm) == 0).then_some(()));
    second["status"]["admissionChecks"][0] = json!({ "name": "power", "state": "Pending", "message": "",
        "lastTransitionTime": "2026-11-28T21:00:00Z", "retryCount": 1 });
    let ready = until("there is room", || Some(desk.check(&second)).filter(|of| of["state"] == "Ready"));

    assert!(said(&slurm, "desk", "answered").iter().all(|of| of["job"] != "kueue/uid-early"));

    // Never, and why; what a workload says wrong is told by its name.
    for (name, notes, word) in [
        ("much", json!({ "wattloop/pod-w": "9e6" }), "denied"),
        ("odd", json!({ "wattloop/pod-w": "plenty" }), "power"),
        ("lost", json!({ "wattloop/pod-w": "10", "wattloop/domain": "pdu-z9" }), "pdu-z9"),
    ] {
        let state = desk.check(&workload(name, notes));
        assert!(state["state"] == "Rejected" && state["message"].as_str().expect("why").contains(word), "{state}");
    }
    assert_eq!(desk.check(&workload("none", json!({})))["state"], "Ready", "it says no power");
    // As long a name as Kubernetes has is nobody's fault.
    let long = workload(&"n".repeat(253), json!({ "wattloop/pod-w": "10" }));
    assert_eq!(desk.check(&long)["state"], "Ready");

    // A target of a grid: what runs is evicted, and its quota goes back.
    becomes(&mut second, &ready);
    let target = ["power", "target", "--watts", "10e3", "--feed", "pdu-a1", "--for", "1h", "--reason", "they phoned"];
    ends(&slurm.rig.ask(&target), 0, &[]);
    let evicted = desk.check(&second);
    assert!(evicted["state"] == "Retry" && evicted["message"] == "power: grid_target", "{evicted}");
}

#[test]
fn a_workload_whose_lease_nobody_can_renew_is_evicted_after_its_time_to_live_and_gives_back() {
    let Some(mut slurm) = Scheduler::new().filter(|_| is_there()) else { return };
    let _run = slurm.running();
    let desk = Desk::new(&slurm, "desk", ("pdu-a1", "30"));
    let mut first = workload("first", json!({ "wattloop/pod-w": "2000" }));
    let ready = desk.check(&first);
    assert_eq!(ready["state"], "Ready", "{ready}");
    becomes(&mut first, &ready);
    slurm.broker.halt();
    let gone = Instant::now();
    let evicted = desk.check(&first);
    assert!((15..45).contains(&gone.elapsed().as_secs()), "{:?}", gone.elapsed());
    assert!(evicted["state"] == "Retry" && evicted["message"] == "power: unrenewed", "{evicted}");
    assert_eq!(held(&slurm), 1);
    slurm.broker.again();
    until("given back", || (held(&slurm) == 0).then_some(()));
}

#[test]
fn what_is_invalid_by_the_desks_own_fault_rejects_no_workload_and_says_so() {
    let Some(slurm) = Scheduler::new().filter(|_| is_there()) else { return };
    let _run = slurm.running();
    for (file, place, word) in [("ttl", ("pdu-a1", "-1"), "ttl_s"), ("place", ("pdu-z9", "300"), "pdu-z9")] {
        let desk = Desk::new(&slurm, file, place);
        let state = desk.check(&workload(file, json!({ "wattloop/pod-w": "2000" })));
        assert_eq!((&state["state"], &state["requeueAfterSeconds"]), (&"Retry".into(), &600.into()), "{state}");
        let why = state["message"].as_str().expect("why");
        assert!(why.contains("not this job's fault") && why.contains("invalid") && why.contains(word), "{why}");
    }
}

#[test]
fn volcano_enqueues_a_job_that_has_power_and_hears_who_must_go() {
    let Some(slurm) = Scheduler::new().filter(|_| is_there()) else { return };
    let _run = slurm.running();
    let desk = Desk::new(&slurm, "desk", ("pdu-a1", "300"));
    let first = volcano_job("first", json!({ "wattloop/want-w": "20000" }));
    assert_eq!(desk.volcano("jobEnqueueable", &first), json!({ "status": -1 }), "nobody waits here");
    until("it has power", || (desk.volcano("jobEnqueueable", &first) == json!({ "status": 1 })).then_some(()));
    assert_eq!(desk.volcano("jobReady", &first), json!({ "status": true }));
    let other = volcano_job("other", json!({}));
    assert_eq!(desk.volcano("jobEnqueueable", &other), json!({ "status": 0 }), "it says no power");
    assert_eq!(desk.volcano("jobReady", &other), json!({ "status": true }));
    let second = volcano_job("second", json!({ "wattloop/want-w": "20000" }));
    desk.volcano("jobEnqueueable", &second);
    until("it waits", || said(&slurm, "desk", "answered").iter().any(|of| of["code"] == "queued").then_some(()));
    assert_eq!(desk.volcano("jobEnqueueable", &second), json!({ "status": -1 }));
    assert_eq!(desk.volcano("jobReady", &second), json!({ "status": false }));
    // One that does not wait, and finds that the client has all that it may have.
    let overused = |queue: &str| desk.volcano("queueOverused", &json!({ "queue": { "Name": queue } }));
    assert_eq!(overused("training"), json!({ "overused": false }));
    desk.volcano(
        "jobEnqueueable",
        &volcano_job("hasty", json!({ "wattloop/want-w": "20000", "wattloop/wait-s": "0" })),
    );
    until("it has its share", || (overused("training") == json!({ "overused": true })).then_some(()));
    assert_eq!(overused("other"), json!({ "overused": false }));
    let task = |job: &str| json!({ "UID": format!("t-{job}"), "Job": format!("research/{job}"), "Name": "worker-0" });
    let evictees = json!({ "evictor": task("third"), "evictees": [task("first"), task("other")] });
    assert_eq!(desk.volcano("preemptable", &evictees), json!({ "status": 0, "victims": [] }));

    // A target of a grid pauses it; whoever may evict is told whom.
    let target = ["power", "target", "--watts", "10e3", "--feed", "pdu-a1", "--for", "1h", "--reason", "they phoned"];
    ends(&slurm.rig.ask(&target), 0, &[]);
    let victims = json!({ "status": 1, "victims": [task("first")] });
    until("it must go", || (desk.volcano("preemptable", &evictees) == victims).then_some(()));
    assert_eq!(desk.volcano("jobReady", &first), json!({ "status": false }));

    // A session without it: it is over, and gives back.
    let session = json!({ "Jobs": { "research/second": second["job"] }, "Nodes": {}, "Queues": {} });
    assert_eq!(desk.volcano("onSessionOpen", &session), json!({}));
    until("given back", || (held(&slurm) == 0).then_some(()));
    assert_eq!(desk.post("/volcano/jobEnqueueable", "{}").0, 400, "whoever asks decides what that means");
    assert_eq!(desk.post("/volcano/predicate", "{}").0, 400);
}

#[test]
fn who_is_lent_something_with_a_lost_meter_holds_it_and_who_was_paused_unheard_is_evicted() {
    let Some(slurm) = Scheduler::new().filter(|_| is_there()) else { return };
    let service = Ear::new(&slurm, "wattloop");
    let desk = Desk::new(&slurm, "desk", ("pdu-a1", "300"));
    let mut first = workload("first", json!({ "wattloop/pod-w": "2000" }));
    assert_eq!(desk.post("/kueue/power", &first.to_string()).0, 204);
    service.answers(&service.asked("acquire"), "degraded", &lease("1-7", 1, 8e3));
    let ready = desk.check(&first);
    assert_eq!((&ready["state"], ready["message"].as_str()), (&"Ready".into(), Some("power: 8000 W by lease 1-7")));
    becomes(&mut first, &ready);
    service.answers(&service.asked("renew"), "granted", &lease("1-7", 1, 8e3));

    // Its pause was told while the desk did not hear: the lease says so.
    service.says("lease/1-7", &lease("1-7", 2, 0.0));
    let evicted = desk.check(&first);
    assert!(evicted["state"] == "Retry" && evicted["message"] == "power: missed", "{evicted}");
    let acked = |ack: &Value| ack["lease_id"] == "1-7" && ack["seq"] == 2 && ack["status"] == "accepted";
    until("the service hears that it was heard", || service.heard("ack").iter().any(acked).then_some(()));
    assert_eq!(service.asked("release")["lease_id"], "1-7");

    // What is lent and paused by then starts nothing.
    let asleep = workload("asleep", json!({ "wattloop/pod-w": "100" }));
    assert_eq!(desk.post("/kueue/power", &asleep.to_string()).0, 204);
    let ours = |of: &Value| of["op"] == "acquire" && of["power"]["want_w"] == 400.0;
    let asked = until("it asks", || service.heard("request").into_iter().rfind(ours));
    service.answers(&asked, "granted", &lease("1-6", 3, 0.0));
    let state = desk.check(&asleep);
    assert!(state["state"] == "Retry" && state["message"] == "power: paused", "{state}");

    // One that hears its pause, and not that it is restored.
    let mut other = volcano_job("other", json!({ "wattloop/want-w": "5000" }));
    other["job"]["PodGroup"]["status"]["phase"] = "Running".into();
    desk.volcano("jobEnqueueable", &other);
    let ours = |of: &Value| of["op"] == "acquire" && of["power"]["want_w"] == 5e3;
    let asked = until("it asks", || service.heard("request").into_iter().rfind(ours));
    service.answers(&asked, "granted", &lease("1-8", 1, 5e3));
    until("it has power", || (desk.volcano("jobReady", &other) == json!({ "status": true })).then_some(()));
    service.says("lease/1-8", &lease("1-8", 2, 0.0));
    let pause = json!({ "lease_id": "1-8", "notice_id": "1-4", "seq": 2, "kind": "pause", "reason": "operator",
        "new_schedule": [{ "start": "2026-11-28T20:00:00Z", "w": 0.0 }], "effective_at": "2026-11-28T20:00:00Z" });
    service.says("notice", &pause);
    until("it is paused", || (desk.volcano("jobReady", &other) == json!({ "status": false })).then_some(()));
    service.says("lease/1-8", &lease("1-8", 3, 5e3));
    until("it goes on", || (desk.volcano("jobReady", &other) == json!({ "status": true })).then_some(()));
    // News is no answer to a cut.
    let late = json!({ "lease_id": "1-8", "notice_id": "1-5", "seq": 4, "kind": "late", "reason": "deadline" });
    service.says("notice", &late);
    until("it hears the news", || said(&slurm, "desk", "notice").iter().any(|of| of["kind"] == "late").then_some(()));
    let acks = service.heard("ack");
    assert!(acks.iter().any(|of| of["notice_id"] == "1-4") && acks.iter().all(|of| of["notice_id"] != "1-5"));
    let asked =
        service.heard("request").into_iter().filter(|of| of["op"] == "acquire").map(|of| of["request_id"].to_string());
    assert_eq!(asked.collect::<std::collections::BTreeSet<_>>().len(), 3, "each asked for one lease");
}

#[test]
fn what_was_not_decided_is_asked_again_by_its_name_and_a_lease_of_before_is_found_at_once() {
    let Some(slurm) = Scheduler::new().filter(|_| is_there()) else { return };
    let service = Ear::new(&slurm, "wattloop");
    // Three times it was refused before the desk started anew: the fourth of its names has a lease.
    let site = slurm.rig.hall().site.clone();
    let text = format!("import uuid; print(uuid.uuid5(uuid.NAMESPACE_URL, '{site}/slurm/kueue/uid-found/3'))");
    let named = Command::new("python3").args(["-c", &text]).output().expect("runs").stdout;
    let name = String::from_utf8(named).expect("text").trim().to_owned();
    let mut before = lease("1-7", 1, 8e3);
    before["request_id"] = name.as_str().into();
    service.says("lease/1-7", &before);
    let desk = Desk::new(&slurm, "desk", ("pdu-a1", "300"));
    let found = workload("found", json!({ "wattloop/pod-w": "2000" }));
    assert_eq!(desk.post("/kueue/power", &found.to_string()).0, 204);
    let asked = service.asked("acquire");
    assert_eq!(asked["request_id"], name.as_str());
    service.answers(&asked, "granted", &before);
    assert_eq!(desk.check(&found)["state"], "Ready");

    // What is not looked at stands as it was, and is said again.
    let fresh = workload("fresh", json!({ "wattloop/pod-w": "100" }));
    assert_eq!(desk.post("/kueue/power", &fresh.to_string()).0, 204);
    let ours = || service.heard("request").into_iter().filter(|of| of["power"]["want_w"] == 400.0).collect::<Vec<_>>();
    let asked = until("it asks", || ours().pop());
    let busy = json!({ "request_id": asked["request_id"], "code": "retry", "reason": { "code": "journal" }, "retry_after_s": 1 });
    service.says("response", &busy);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(desk.post("/kueue/power", &fresh.to_string()).0, 204, "nothing is known of it");
    until("it asks again", || (ours().len() > 1).then_some(()));
    assert!(ours().iter().all(|of| of["request_id"] == asked["request_id"]));
    service.answers(&asked, "granted", &lease("1-8", 1, 400.0));
    assert_eq!(desk.check(&fresh)["state"], "Ready");
}

#[test]
fn pod_sets_in_several_places_are_asked_for_there_each_with_its_own_power() {
    let Some(slurm) = Scheduler::new().filter(|_| is_there()) else { return };
    let service = Ear::new(&slurm, "wattloop");
    let desk = Desk::new(&slurm, "desk", ("pdu-a1", "300"));
    let asks = |name: &str, notes: Value| {
        let mut both = workload(name, json!({ "wattloop/pod-w": "2000" }));
        let mut more = both["spec"]["podSets"][0].clone();
        (more["name"], more["count"], more["template"]["metadata"]["annotations"]) = ("more".into(), 2.into(), notes);
        both["spec"]["podSets"].as_array_mut().expect("a list").push(more);
        assert_eq!(desk.post("/kueue/power", &both.to_string()).0, 204);
        let ours = |of: &Value| of["job"]["name"] == format!("research/{name}");
        until("it asks", || service.heard("request").into_iter().rfind(ours))
    };
    let two = asks("two", json!({ "wattloop/pod-w": "500", "wattloop/domain": "pdu-b1" }));
    assert_eq!(two["domain"], json!([{ "domain": "pdu-a1", "w": 8e3 }, { "domain": "pdu-b1", "w": 1e3 }]));
    assert_eq!(two["power"]["want_w"], 9e3);
    let one = asks("one", json!({ "wattloop/pod-w": "500" }));
    assert_eq!((&one["domain"], &one["power"]["want_w"]), (&json!("pdu-a1"), &json!(9e3)));
}
