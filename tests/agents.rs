//! Caps from the service to GPUs as they are run: a hall, a broker with the shipped access list, a service and an agent, each a process of its
//! own. Whoever is killed, the GPUs are at or below their fail-safe within the lease.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use plant::lease::Rule;
use serde_json::Value;
use sim::wire::Broker;
use wattloop::service::rehearsal::Scene;

use super::agent::{Node, SAFE};
use super::cli_live::rig::{Rig, wattloop};
use super::mqtt::mosquitto::Mosquitto;

/// The node whose agent lives; those of all others are silent.
const NODE: &str = "rack-a01-node-1";
/// How long caps are lent here, and what may pass beside it until a GPU has followed.
const LEASE: Duration = Duration::from_secs(3);
const GRACE: Duration = Duration::from_secs(2);

/// `air` with caps and one node a rack: its UPS bears so much (W).
fn hall(folder: &Path, bears: f64) -> String {
    let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let at = text.find("name = \"ups-a\"\nkind").expect("a UPS");
    let (before, after) = text.split_at(at);
    let after: Vec<&str> =
        after.lines().filter(|line| !line.contains("standard = \"ups\", rated-a = 1804.2")).collect();
    let after = after.join("\n").replacen("rated = 1.25e6", &format!("rated = {bears:e}"), 1).replacen(
        "per-rack = 5",
        "per-rack = 1",
        1,
    );
    let more = "[capping]\nlease = \"3s\"\nsilent-after = \"2s\"\n[[alarm]]\nname = \"agent-differs\"\ncondition = \"service\"\npriority = \"high\"\nconsequence = \"Breakers may not bear the loss of control\"\nresponse = \"Make the agent's file and the hall's agree\"\n";
    let file = folder.join("capped.toml");
    std::fs::write(&file, format!("{before}{after}\n{more}")).expect("written");
    file.display().to_string()
}

/// A broker that knows the service, a gateway of sensors and one node, each by its password.
fn broker() -> Option<Mosquitto> {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("acl"), include_str!("../config/mosquitto.acl")).expect("written");
    std::fs::write(dir.path().join("passwd"), "").expect("written");
    for user in ["wattloop", "gateway", NODE] {
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
fn set(broker: &Mosquitto, bears: f64, more: &str) -> (Rig, Node) {
    let folder = tempfile::tempdir().expect("a folder");
    let set = [
        format!("hall=\"{}\"", hall(folder.path(), bears)),
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

#[test]
fn what_the_service_grants_holds_as_long_as_it_lives_and_no_longer() {
    let Some(mut broker) = broker() else { return };
    let (rig, node) = set(&broker, 1.25e6, "");
    let mut run = rig.running(&[]);
    node.until("caps are lent", is_lent);
    // It goes on although no lease is longer than three seconds.
    let began = Instant::now();
    while began.elapsed() < LEASE * 3 {
        assert!(is_lent(&node), "{:?}\n{}", node.report(), run.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    let uuid = node.bench.uuid(0);
    let why = rig.text(&["why", &format!("gpu/{uuid}")]);
    assert!(why.contains(NODE), "{why}");

    run.signal("KILL");
    run.wait();
    let took = node.until("all are at the fail-safe", |n| n.all_at_most(SAFE));
    assert!(took < LEASE + GRACE, "{took:?}");
    // Nothing is stranded: whoever comes back counts higher and is taken.
    let mut run = rig.running(&[]);
    node.until("caps are lent again", is_lent);

    broker.halt();
    let took = node.until("all are at the fail-safe", |n| n.all_at_most(SAFE));
    assert!(took < LEASE + GRACE, "{took:?}");
    broker.again();
    node.until("caps are lent again", is_lent);
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    let replayed = wattloop(&["replay", &rig.file("journal.db"), "--json"]);
    let replayed: Value = serde_json::from_slice(&replayed.stdout).expect("JSON");
    assert_eq!(replayed["first_difference"], Value::Null, "{replayed}");
    let of = |name: &str| replayed[name].as_u64().expect("a count");
    assert!(of("scans") > 50 && of("identical") == of("scans") + of("answers"), "{replayed}");
}

#[test]
fn a_limit_that_others_fill_pushes_a_node_down_below_its_fail_safe() {
    let Some(broker) = broker() else { return };
    // The hall draws more than this UPS bears whatever one node does.
    let (rig, node) = set(&broker, 300e3, "");
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
    let (rig, node) = set(&broker, 1.25e6, "longest_lease = \"2s\"");
    let mut run = rig.running(&[]);
    rig.wait("an alarm", |rig| rig.text(&["status", "--json"]).contains("agent-differs"));
    run.says("it refuses every grant");
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    drop(node);

    let (rig, node) = set(&broker, 1.25e6, "");
    let mut run = rig.running(&["--shadow"]);
    std::thread::sleep(LEASE);
    assert!(node.report().is_some_and(|report| report.gpus.iter().all(|gpu| gpu.epoch == 0)), "{:?}", node.report());
    assert!(node.all_at_most(SAFE));
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
}
