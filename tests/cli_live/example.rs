//! The example client in Python, over a real broker with the shipped access list. Skipped with a note where paho-mqtt is missing, unless WLTEST_PEERS=required.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use super::ear::{Ear, lease};
use super::rig::ends;
use super::scheduler::{Running, Scheduler, until};

const CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/budget-client/budget_client.py");

pub fn is_there() -> bool {
    let mut python = Command::new("python3");
    python.args(["-c", "import paho.mqtt.client as c; c.CallbackAPIVersion"]).stderr(Stdio::null());
    if python.status().is_ok_and(|status| status.success()) {
        return true;
    }
    assert_ne!(std::env::var("WLTEST_PEERS").as_deref(), Ok("required"), "paho-mqtt is required and missing");
    println!("skipped: python3 with paho-mqtt is not installed");
    false
}

/// The client, with what it says in a file.
fn client(slurm: &Scheduler, watts: &str, (ttl, said): (&str, &str)) -> Running {
    let (port, site) = (slurm.broker.port.to_string(), slurm.rig.hall().site.clone());
    let secret = slurm.rig.file("slurm.password");
    let place = ["--port", &port, "--user", "slurm", "--password-file", &secret, "--site", &site];
    let wish = ["--domain", "pdu-a1", "--want", watts, "--class", "curtailable", "--floor", "2000", "--ttl", ttl];
    let every = ["--renew-every", "0.5"];
    let out = File::create(slurm.rig.file(said)).expect("a file");
    let mut command = Command::new("python3");
    command.arg(CLIENT).args(place).args(wish).args(every).stdin(Stdio::null()).stdout(out);
    Running(command.spawn().expect("runs"))
}

pub fn said(slurm: &Scheduler, file: &str, event: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(slurm.rig.file(file)).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).filter(|of| of["event"] == event).collect()
}

#[test]
fn the_example_client_acquires_renews_hears_a_notice_and_gives_back() {
    let Some(slurm) = Scheduler::new().filter(|_| is_there()) else { return };
    let mut run = slurm.running();
    let mut job = client(&slurm, "20000", ("300", "first"));
    let granted = until("granted", || said(&slurm, "first", "granted").pop());
    assert_eq!((&granted["code"], &granted["w"]), (&"granted".into(), &20e3.into()));
    let lease = granted["lease"].as_str().expect("a lease").to_owned();
    until("renewed", || said(&slurm, "first", "renewed").iter().any(|of| of["code"] == "granted").then_some(()));

    let mut other = client(&slurm, "20000", ("300", "other"));
    assert_eq!(other.ends(), Some(75));
    assert_eq!(said(&slurm, "other", "refused")[0]["code"], "retry");

    let target = ["power", "target", "--watts", "10e3", "--feed", "pdu-a1", "--for", "1h", "--reason", "they phoned"];
    ends(&slurm.rig.ask(&target), 0, &[]);
    let notice = until("a notice", || said(&slurm, "first", "notice").pop());
    assert_eq!((&notice["kind"], &notice["schedule"][0]["w"]), (&"reduce".into(), &2e3.into()), "{notice}");

    // Killed, the service has another generation: the client follows.
    run.signal("KILL");
    run.wait();
    let _run = slurm.rig.running(&[]);
    let followed = |of: &Value| of["code"] == "granted" && of["epoch"] == 2;
    until("renewed in the new generation", || said(&slurm, "first", "renewed").iter().any(followed).then_some(()));
    job.signal("TERM");
    assert_eq!(job.ends(), Some(0));
    assert_eq!(said(&slurm, "first", "released")[0]["code"], "granted");
    ends(&slurm.budget(&["query", "--lease", &lease]), 77, &[]);
}

#[test]
fn the_example_client_comes_down_once_where_it_can_ask_nobody_and_is_back_when_it_can() {
    let Some(mut slurm) = Scheduler::new().filter(|_| is_there()) else { return };
    let _run = slurm.running();
    let mut job = client(&slurm, "20000", ("30", "alone"));
    let granted = |of: &Value| of["code"] == "granted";
    until("renewed", || said(&slurm, "alone", "renewed").iter().any(granted).then_some(()));
    slurm.broker.halt();
    let gone = Instant::now();
    let alone = until("it acts by itself", || said(&slurm, "alone", "alone").pop());
    assert!((25..45).contains(&gone.elapsed().as_secs()), "{:?}", gone.elapsed());
    assert_eq!((&alone["do"], &alone["w"]), (&"floor".into(), &2e3.into()));
    slurm.broker.again();
    let back = until("it can ask again", || said(&slurm, "alone", "back").pop());
    assert_eq!((&back["w"], said(&slurm, "alone", "alone").len()), (&20e3.into(), 1));
    job.signal("TERM");
    assert_eq!(job.ends(), Some(0));
}

#[test]
fn the_example_client_hears_of_a_cut_that_was_told_while_it_did_not_listen_by_its_lease() {
    let Some(slurm) = Scheduler::new().filter(|_| is_there()) else { return };
    let service = Ear::new(&slurm, "wattloop");
    let job = client(&slurm, "20000", ("300", "missed"));
    service.answers(&service.asked("acquire"), "granted", &lease("1-7", 1, 20e3));
    service.says("lease/1-7", &lease("1-7", 1, 15e3));
    service.says("lease/1-7", &lease("1-7", 2, 2e3));
    until("it is told", || said(&slurm, "missed", "missed").pop());
    let acked = |ack: &Value| ack["lease_id"] == "1-7" && ack["seq"] == 2 && ack["status"] == "done";
    until("the service hears that it was heard", || service.heard("ack").iter().any(acked).then_some(()));
    service.says("lease/1-7", &lease("1-7", 3, 20e3));
    until("it is back", || (said(&slurm, "missed", "missed").len() == 2).then_some(()));
    let told: Vec<_> = said(&slurm, "missed", "missed").iter().map(|of| of["w"].clone()).collect();
    assert_eq!(told, [2e3, 20e3], "a step of its schedule is none");
    // A notice of before, told again after a start, is past.
    let stop = json!({ "lease_id": "1-7", "notice_id": "2-4", "seq": 2, "kind": "stop", "reason": "expired",
        "new_schedule": [{ "start": "2026-11-28T20:00:00Z", "w": 0.0 }], "effective_at": "2026-11-28T20:00:00Z" });
    service.says("notice", &stop);
    service.says("lease/1-7", &lease("1-7", 4, 2e3));
    until("it goes on", || (said(&slurm, "missed", "missed").len() == 3).then_some(()));
    let acks = service.heard("ack");
    assert!(
        acks.iter().all(|ack| ack["seq"] != 3 && ack["notice_id"] != "2-4"),
        "what gives back answers no cut: {acks:?}"
    );
    job.signal("KILL");
}

#[test]
fn the_example_client_asks_again_by_the_same_name_what_was_not_decided() {
    let Some(slurm) = Scheduler::new().filter(|_| is_there()) else { return };
    let service = Ear::new(&slurm, "wattloop");
    let job = client(&slurm, "20000", ("300", "again"));
    let first = service.asked("acquire");
    let busy = json!({ "request_id": first["request_id"], "code": "retry", "reason": { "code": "journal" }, "retry_after_s": 0.5 });
    service.says("response", &busy);
    let all = || service.heard("request").into_iter().filter(|of| of["op"] == "acquire").collect::<Vec<_>>();
    until("it asks again", || (all().len() > 1).then_some(()));
    assert!(all().iter().all(|of| of["request_id"] == first["request_id"]));
    service.answers(&first, "granted", &lease("1-7", 1, 20e3));
    until("it has it", || said(&slurm, "again", "granted").pop());
    job.signal("KILL");
}

/// A broker that is not ready: it refuses a connection with this code of MQTT 3.1.1.
fn refuses(listener: &TcpListener, code: u8) {
    let (mut line, _) = until("it connects", || listener.accept().ok());
    line.set_nonblocking(false).expect("waits");
    let mut head = [0; 2];
    line.read_exact(&mut head).expect("a packet");
    line.read_exact(&mut vec![0; usize::from(head[1])]).expect("the rest of it");
    line.write_all(&[0x20, 2, 0, code]).expect("answers");
}

#[test]
fn a_broker_that_is_not_ready_ends_no_example_and_one_that_knows_nobody_does() {
    let Some(slurm) = Scheduler::new().filter(|_| is_there()) else { return };
    let (secret, site) = (slurm.rig.file("slurm.password"), slurm.rig.hall().site.clone());
    for (name, more) in [("budget_client.py", &["--want", "1"][..]), ("power_desk.py", &["--listen", "0"])] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("does not wait");
        let port = listener.local_addr().expect("an address").port().to_string();
        let mut command = Command::new("python3");
        command.arg(CLIENT.replace("budget_client.py", name)).env("PYTHONDONTWRITEBYTECODE", "1");
        command.args(["--port", &port, "--user", "slurm", "--password-file", &secret, "--site", &site]);
        let quiet = command.args(["--domain", "pdu-a1"]).args(more).stdin(Stdio::null()).stdout(Stdio::null());
        let mut run = Running(quiet.stderr(Stdio::null()).spawn().expect("runs"));
        // Server unavailable, twice; then not authorized.
        refuses(&listener, 3);
        refuses(&listener, 3);
        assert!(run.0.try_wait().expect("a child").is_none(), "{name} has ended");
        refuses(&listener, 5);
        assert_eq!(run.ends(), Some(1), "{name}");
    }
}
