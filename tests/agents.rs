//! Caps from the service to GPUs as they are run: a hall, a broker with the shipped access list, a service and an agent, each a process of its
//! own. Whoever is killed, the GPUs are at or below their fail-safe within the lease.

mod crowd;
mod exceeded;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use plant::hall::Hall;
use plant::lease::Rule;
use serde_json::Value;
use sim::compute::fleet::Spec;
use sim::faults::{Fault, SensorFault};
use sim::wire::Broker;
use sim_nvml::Cards;
use wattloop::service::rehearsal::Scene;

use crowd::Crowd;

use super::agent::{Node, SAFE, instant, kills, signal};
use super::cli_live::rig::{Rig, Run, wattloop};
use super::mqtt::mosquitto::Mosquitto;

/// The node whose agent lives; those of all others are silent.
const NODE: &str = "rack-a01-node-1";
/// How long caps are lent here, and what may pass beside it until a GPU has followed.
const LEASE: Duration = Duration::from_secs(1);
const GRACE: Duration = Duration::from_secs(2);

/// `air` with caps and so many nodes a rack: its UPS bears so much (W).
fn hall(folder: &Path, (bears, per_rack): (f64, usize), capping: &str) -> String {
    let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let at = text.find("name = \"ups-a\"\nkind").expect("a UPS");
    let (before, after) = text.split_at(at);
    let after: Vec<&str> =
        after.lines().filter(|line| !line.contains("standard = \"ups\", rated-a = 1804.2")).collect();
    let after = after.join("\n").replacen("rated = 1.25e6", &format!("rated = {bears:e}"), 1).replacen(
        "per-rack = 5",
        &format!("per-rack = {per_rack}"),
        1,
    );
    let more = "[[alarm]]\nname = \"agent-differs\"\ncondition = \"service\"\npriority = \"high\"\nconsequence = \"Breakers may not bear the loss of control\"\nresponse = \"Make the agent's file and the hall's agree\"\n";
    let file = folder.join("capped.toml");
    std::fs::write(&file, format!("{before}{after}\n[capping]\nsilent-after = \"1s\"\n{capping}\n{more}"))
        .expect("written");
    file.display().to_string()
}

/// A broker that knows the service, a gateway of sensors, who asks and who looks, and two nodes, each by its password.
fn broker() -> Option<Mosquitto> {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("acl"), include_str!("../config/mosquitto.acl")).expect("written");
    std::fs::write(dir.path().join("passwd"), "").expect("written");
    for user in ["wattloop", "gateway", "slurm", "viewer", NODE, exceeded::OTHER] {
        secret(dir.path(), user);
        let mut command = Command::new("mosquitto_passwd");
        drop(command.arg("-b").arg(dir.path().join("passwd")).args([user, user]).status());
    }
    Mosquitto::start_in(dir, "allow_anonymous false\npassword_file {dir}/passwd\nacl_file {dir}/acl\n")
}

/// The file with a user's password, which is his name.
fn secret(folder: &Path, user: &str) -> String {
    let file = folder.join(format!("secret-{user}"));
    std::fs::write(&file, user).expect("written");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("ours");
    file.display().to_string()
}

/// The hall, and the agent of one of its nodes.
fn set(broker: &Mosquitto, bears: f64, (lease, more): (&str, &str)) -> (Rig, Node) {
    let folder = tempfile::tempdir().expect("a folder");
    let set = [
        format!(
            "hall=\"{}\"",
            hall(folder.path(), (bears, 1), &format!("lease = \"{lease}\"\nhold = \"1s\"\nrise = 0.5"))
        ),
        "mqtt.user=\"wattloop\"".to_owned(),
        format!("mqtt.password_file=\"{}\"", secret(broker.dir.path(), "wattloop")),
        "mqtt.broker_acl=true".to_owned(),
    ];
    let login = Some(("gateway".to_owned(), "gateway".to_owned()));
    let sensors = Broker { host: "127.0.0.1".to_owned(), port: broker.port, client: "hall".to_owned(), login };
    let rig = Rig::with("air", folder, Scene { set: set.to_vec(), broker: Some(sensors), ..Scene::default() });
    let node = Node::named(
        NODE,
        &format!(
            "{more}\n[mqtt]\nurl = \"{}\"\nuser = \"{NODE}\"\npassword_file = \"{}\"",
            broker.url(),
            secret(broker.dir.path(), NODE)
        ),
    );
    (rig, node)
}

/// Every GPU is lent more than its fail-safe.
fn is_lent(node: &Node) -> bool {
    let lent = |report: plant::lease::NodeReport| {
        report.gpus.len() == 4
            && report
                .gpus
                .iter()
                .all(|gpu| gpu.rule == Rule::Lease && gpu.enforced.is_some_and(|enforced| enforced.0 > u64::from(SAFE)))
    };
    node.report().is_some_and(lent)
}

/// All are at their fail-safe within the lease.
fn falls(node: &Node, what: &str) {
    let took = node.until("all are at the fail-safe", |n| n.all_at_most(SAFE));
    assert!(took < LEASE + GRACE, "{what}: {took:?}");
}

/// Caps are lent, once more.
fn lends(node: &Node, rig: &Rig, run: &Run) {
    let began = Instant::now();
    while !is_lent(node) {
        let gpu = || rig.ask(&["why", &format!("gpu/{}", node.bench.uuid(0))]);
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}\n{:?}\n{}", node.report(), gpu(), run.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The run ends, once it has been long enough to be judged, and its journal decides the same once more.
fn replays(rig: &Rig, mut run: Run) {
    rig.until(&["status"], "a run that is long enough", |shown| shown["scans"].as_u64() > Some(50));
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    let replayed = wattloop(&["replay", &rig.file("journal.db"), "--json"]);
    let replayed: Value = serde_json::from_slice(&replayed.stdout).expect("JSON");
    assert_eq!(replayed["first_difference"], Value::Null, "{replayed}");
    let of = |name: &str| replayed[name].as_u64().expect("a count");
    assert!(of("scans") > 50 && of("identical") == of("scans") + of("answers"), "{replayed}");
}

/// `WLTEST_KILLS=50` kills fifty times of each kind.
#[test]
fn what_the_service_grants_holds_as_long_as_it_lives_and_no_longer() {
    let Some(mut broker) = broker() else { return };
    let (rig, node) = set(&broker, 1.25e6, ("1s", ""));
    let mut run = rig.running(&[]);
    node.until("caps are lent", is_lent);
    // It goes on although no lease is longer than a second.
    let began = Instant::now();
    while began.elapsed() < LEASE * 5 {
        assert!(is_lent(&node), "{:?}\n{}", node.report(), run.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    let why = rig.text(&["why", &format!("gpu/{}", node.bench.uuid(0))]);
    assert!(why.contains(NODE), "{why}");

    // Somebody asks for less than all else takes already: what can give way does, until it is over.
    rig.text(&["power", "budget", "ups-a", "300", "--id", "dr-7", "--reason", "the grid asks"]);
    node.until("all are at their least", |n| n.all_at_most(200_000));
    assert!(rig.text(&["why", &format!("gpu/{}", node.bench.uuid(0))]).contains("`dr-7` (the grid asks)"));
    assert!(rig.text(&["status"]).contains("ups-a may carry 300.0 kW"), "{}", rig.text(&["status"]));
    rig.text(&["power", "lift", "dr-7"]);
    lends(&node, &rig, &run);

    for round in 0..kills() {
        std::thread::sleep(instant(round, 900));
        run.signal("KILL");
        run.wait();
        falls(&node, "the service is killed");
        // Nothing is stranded: whoever comes back counts higher and is taken.
        run = rig.running(&[]);
        lends(&node, &rig, &run);

        std::thread::sleep(instant(round + 1000, 900));
        broker.halt();
        falls(&node, "the broker is gone");
        broker.again();
        lends(&node, &rig, &run);

        std::thread::sleep(instant(round + 2000, 900));
        let working = node.working();
        let fell = |node: &Node| node.log().matches("at the fail-safe or below, read back").count();
        let before = fell(&node);
        signal("-KILL", working);
        // The next half has its caps again before this one may look: the log tells.
        let took = node.until("the watching half has written the fail-safe", |node| fell(node) > before);
        assert!(took < LEASE + GRACE, "the agent's working half is killed: {took:?}");
        node.until("another works", |node| node.working() != working);
        lends(&node, &rig, &run);
    }
    replays(&rig, run);
}

#[test]
fn a_limit_that_others_fill_pushes_a_node_down_below_its_fail_safe() {
    let Some(broker) = broker() else { return };
    // The hall draws more than this UPS bears whatever one node does.
    let (rig, node) = set(&broker, 300e3, ("1s", ""));
    let mut run = rig.running(&[]);
    node.until("all are at their least", |n| n.all_at_most(200_000));
    let why = rig.text(&["why", &format!("gpu/{}", node.bench.uuid(0))]);
    assert!(why.contains("ups-a"), "the feed that binds is named: {why}");
    run.signal("KILL");
    run.wait();
    // The lower of what it has and the fail-safe: nobody raises what a breaker may need.
    std::thread::sleep(LEASE + GRACE);
    assert!(node.all_at_most(200_000), "{:?}", node.report());
}

#[test]
fn an_agent_that_is_not_what_the_halls_file_says_is_an_alarm_and_one_in_shadow_is_granted_nothing() {
    let Some(broker) = broker() else { return };
    let (rig, node) = set(&broker, 1.25e6, ("3s", "longest_lease = \"1s\""));
    let mut run = rig.running(&[]);
    rig.wait("an alarm", |rig| rig.text(&["status", "--json"]).contains("agent-differs"));
    run.says("it refuses every grant");
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    drop(node);

    let (rig, node) = set(&broker, 1.25e6, ("1s", ""));
    let mut run = rig.running(&["--shadow"]);
    std::thread::sleep(LEASE);
    assert!(node.report().is_some_and(|report| report.gpus.iter().all(|gpu| gpu.epoch == 0)), "{:?}", node.report());
    assert!(node.all_at_most(SAFE));
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
}

/// A service on the GPU node itself, in the group of the agent's socket: no broker carries its caps.
#[test]
fn an_agent_on_this_machine_is_granted_at_its_socket() {
    let node = Node::named(NODE, "");
    let folder = tempfile::tempdir().expect("a folder");
    let capped = hall(folder.path(), (1.25e6, 1), "lease = \"1s\"\nhold = \"1s\"\nrise = 0.5");
    let set = vec![
        format!("hall=\"{capped}\""),
        "agents.broker=false".to_owned(),
        format!("agents.sockets=[\"{}\"]", node.path("agent.sock").display()),
    ];
    let rig = Rig::with("air", folder, Scene { set, ..Scene::default() });
    let mut run = rig.running(&[]);
    lends(&node, &rig, &run);
    let began = Instant::now();
    while began.elapsed() < LEASE * 3 {
        assert!(is_lent(&node), "{:?}\n{}", node.report(), run.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    rig.text(&["power", "budget", "ups-a", "300", "--id", "dr-7", "--reason", "the grid asks"]);
    node.until("all are at their least", |n| n.all_at_most(200_000));
    rig.text(&["power", "lift", "dr-7"]);
    lends(&node, &rig, &run);
    run.signal("KILL");
    run.wait();
    falls(&node, "the service is killed");
    run = rig.running(&[]);
    lends(&node, &rig, &run);
    let working = node.working();
    signal("-KILL", working);
    node.until("another works", |node| node.working() != working);
    lends(&node, &rig, &run);
    replays(&rig, run);
}

/// How many times the meter steps up.
fn steps() -> usize {
    std::env::var("WLTEST_STEPS").ok().and_then(|n| n.parse().ok()).unwrap_or(1)
}

/// What the UPS bears for good (W), and how much more its meter shows all at once.
const BEARS: f64 = 750e3;
const STEP: f64 = 80e3;
/// What control holds it to (W).
const LIMIT: f64 = 0.95 * BEARS;
/// What a GPU's watt is at the UPS, with the losses of supplies and feeds.
const PLUG: f64 = 1.08;
/// How many scans may pass between the step and caps that are read back: two or three are seen, and a few more while somebody else builds.
const SCANS: u64 = 10;
/// How long jobs may take to come.
const FULL: Duration = Duration::from_secs(600);

/// From what the meter shows to caps that are enforced and read back on every node. `WLTEST_STEPS=50 cargo test --test main -- agents::an_overload
/// --nocapture` prints how long each step took. Seconds are not asserted, for they are those of the machine; scans are: a machine that is late is late
/// with its scans, too. `WLTEST_SENSORS=average` has boards that tell the mean of a second only.
#[test]
fn an_overload_at_the_meter_is_met_by_eight_hundred_gpus() {
    let Some(broker) = Mosquitto::start("allow_anonymous true\n") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let capped = hall(folder.path(), (BEARS, 5), "hold = \"1s\"\nrise = 0.5");
    let secret = secret(broker.dir.path(), "wattloop");
    let set = ["mqtt.user=\"wattloop\"", "mqtt.broker_acl=true", "period=\"1s\""].map(str::to_owned).into_iter();
    let set = set.chain([format!("hall=\"{capped}\""), format!("mqtt.password_file=\"{secret}\"")]).collect();
    let (name, text) = sim::shipped::NODES[0];
    // Work comes as fast as it can, so that every node has some before long.
    let full = [
        ("per-day = 330", "per-day = 2e6"),
        ("median-s = 3600", "median-s = 36000"),
        ("serving = 0.3", "serving = 0"),
        ("decode = 0.15", "decode = 0"),
    ];
    let text = full.iter().fold(text.to_owned(), |text, (from, to)| text.replacen(from, to, 1));
    let spec = Arc::new(Spec::load(name, &text, (5, 40)).expect("loads"));
    let sensors = Broker { host: "127.0.0.1".to_owned(), port: broker.port, client: "hall".to_owned(), login: None };
    let rig =
        Rig::with("air", folder, Scene { seed: 7, set, nodes: Some(spec), broker: Some(sensors), ..Scene::default() });
    let (hall, boards): (Arc<Hall>, _) = (rig.hall(), tempfile::tempdir().expect("a folder"));
    let cards = {
        let stage = rig.stage.hall.stage();
        Cards::new(boards.path(), &hall, (&stage.world, stage.wall), None).expect("boards")
    };
    rig.stage.hall.put_beside(Box::new(cards));
    let crowd = Crowd::gather(boards.path(), broker.port);
    let _run = rig.running(&[]);
    let scans = || rig.json(&["status"])["scans"].as_u64().expect("a count");
    let ups = hall.point("ups/power").expect("a meter");
    let truth = || rig.stage.hall.stage().world.truth(ups).expect("a value");
    let mut took = Vec::new();
    for step in 0..steps() {
        // Every node is heard, and with the step the UPS would carry too much.
        let begun = Instant::now();
        let other = loop {
            let (caps, draws, heard) = crowd.total();
            let other = truth() - PLUG * draws;
            if heard == 800 && other + STEP + PLUG * caps.min(1.02 * draws) > 1.01 * LIMIT {
                break other;
            }
            let why = format!("{heard} are heard, draw {draws} W below {caps} W; all else takes {other} W");
            assert!(begun.elapsed() < FULL, "{why}");
            std::thread::sleep(Duration::from_millis(100));
        };
        std::thread::sleep(Duration::from_millis(137) * u32::try_from(step % 10).expect("small"));
        let fault = Fault::Sensor { point: ups, how: SensorFault::Offset(STEP) };
        let before = scans();
        rig.stage.hall.stage().world.inject(fault);
        let began = Instant::now();
        // What the meter would show with every GPU at its cap, as read back.
        while other + STEP + PLUG * crowd.total().0 > LIMIT {
            assert!(began.elapsed() < Duration::from_secs(60), "{:?} beside {other} W", crowd.total());
            std::thread::sleep(Duration::from_millis(5));
        }
        took.push(began.elapsed());
        let passed = scans().saturating_sub(before);
        assert!(passed <= SCANS, "caps were in force after {passed} scans, {:?}", began.elapsed());
        println!("{:?} after {:?}: {:?} beside {other} W", began.elapsed(), begun.elapsed(), crowd.total());
        rig.stage.hall.stage().world.clear(fault);
    }
    took.sort_unstable();
    let at = |share: usize| took[(took.len() * share / 100).min(took.len() - 1)];
    println!("{} steps: half within {:?}, 99 % within {:?}, all within {:?}", took.len(), at(50), at(99), at(100));
}
