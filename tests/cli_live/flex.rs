//! The contract of DSX Flex over a real broker: an agent of a grid sets a signed target, hears what comes of it, and of the breach; over a crash of ours and
//! a restart of the broker's. What we say is held against the published schemas where they lie.

mod contract;
mod signed;

use std::time::{Duration, Instant};

use rumqttc::QoS;
use serde_json::{Value, json};
use wattloop::service::rehearsal::Scene;

use super::rig::{PATIENCE, Rig, ends, wattloop};
use crate::mqtt::mosquitto::Mosquitto;
use crate::mqtt::rig::{Peer, options};
use contract::Contract;
use signed::Key;

const TARGET: &str = "grid/v1/isv/acme-energy/loadtarget/set";
const ENFORCED: &str = "grid/v1/infra/ima-prod/powerbreach/enforcement";
const STATE: &str = "grid/v1/dsx-flex-agent/hall-a/powerstate/status";
const BREACH: &str = "grid/v1/dsx-flex-agent/hall-a/powerbreach";
const CORRELATION: &str = "0b6f4a1e-7f5c-4c1f-9a64-0d2c1d9b7a11";

/// What an agent says: a target of so many kW, or none any more.
fn target(kilowatts: Option<f64>) -> Value {
    let constraint = kilowatts.map(|value| json!({ "value": value, "unit": "kilowatt" }));
    json!({ "targets": [{ "interval": {}, "feed_tags": ["main-a"], "load_constraint": constraint }] })
}

/// The data of a message of ours, as it was signed.
fn data(message: &str) -> Value {
    let message: Value = serde_json::from_str(message).expect("JSON");
    signed::payload(message["data"].as_str().expect("signed"))
}

/// A hall that takes targets, and the way to a broker of a grid.
fn rig(broker: &Mosquitto, acme: &Key, ima: &Key) -> Rig {
    let (_, air) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let folder = tempfile::tempdir().expect("a folder");
    let (hall, own) = (folder.path().join("grid.toml"), Key::new("hall-a-1"));
    let rules = "feeds = [\"utility\"]\nramp-down = \"1s\"\nramp-up = \"1s\"\nhold-after = \"0s\"\ngrace = \"1s\"\nescalate-after = \"2s\"";
    std::fs::write(&hall, format!("{air}\n[grid]\n{rules}\n")).expect("writes");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("writes");
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("changes");
        path.display().to_string()
    };
    let set = vec![
        format!("hall={:?}", hall.display().to_string()),
        format!("flex.mqtt.url={:?}", broker.url()),
        "flex.mqtt.client_id=\"wattloop-flex\"".to_owned(),
        "flex.agent=\"hall-a\"".to_owned(),
        "flex.kid=\"hall-a-1\"".to_owned(),
        format!("flex.key_file={:?}", file("own.pem", &own.secret)),
        "flex.status_every=\"5s\"".to_owned(),
        "flex.feeds.main-a=\"utility\"".to_owned(),
        format!("flex.isv=[{{name=\"acme-energy\",keys={{acme={:?}}}}}]", file("acme.pem", &acme.public)),
        format!("flex.infra=[{{name=\"ima-prod\",keys={{ima={:?}}}}}]", file("ima.pem", &ima.public)),
    ];
    Rig::with("air", folder, Scene { set, ..Scene::default() })
}

/// Those who speak at a grid's broker, and what was heard there.
struct Grid {
    broker: Mosquitto,
    acme: Key,
    ima: Key,
    peer: Peer,
    runtime: tokio::runtime::Runtime,
}

impl Grid {
    /// Nothing where mosquitto is not installed.
    fn new() -> Option<Self> {
        let broker = Mosquitto::start("allow_anonymous true\nlog_type all\n")?;
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let ours = ["grid/v1/dsx-flex-agent/#"];
        let login = options("acme-energy", broker.port);
        let peer = runtime.block_on(Peer::connect_at(login, &ours, QoS::ExactlyOnce));
        Some(Self { broker, acme: Key::new("acme"), ima: Key::new("ima"), peer, runtime })
    }

    fn say(&self, topic: &str, message: &Value) {
        self.runtime.block_on(self.peer.say(topic, message.to_string(), false));
    }

    /// Waits until something is heard on a topic; the last that is as wanted.
    fn until(&self, topic: &str, what: &str, wanted: &dyn Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let all: Vec<Value> = self.peer.heard(topic).iter().map(|text| data(text)).collect();
            if let Some(found) = all.iter().rev().find(|data| wanted(data)) {
                return found.clone();
            }
            assert!(begun.elapsed() < PATIENCE, "never: {what}; {:?}", all.last());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A message of an agent with this as its data, signed by this key.
fn set(key: &Key, data: &Value) -> Value {
    key.message("isv/acme-energy", "grid.loadtarget.set.v1", CORRELATION, data)
}

fn event(data: &Value) -> Value {
    data["feeds"]["main-a"]["event"].clone()
}

/// A target far below what flows: it is set, it is ramped down to, it is not kept. The name of its breach.
fn target_is_set_and_not_kept(grid: &Grid, rig: &Rig) -> Value {
    grid.say(TARGET, &set(&grid.acme, &target(Some(100.0))));
    let told = grid.until(STATE, "the target", &|data| event(data) == "target_set");
    let of = &told["feeds"]["main-a"];
    assert_eq!(of["targets"][0]["correlation_id"], CORRELATION, "{told}");
    assert_eq!(of["targets"][0]["load_constraint"], json!({ "value": 100_000.0, "unit": "watt" }));
    grid.until(STATE, "the ramp", &|data| event(data) == "start_ramp_down");
    let active = grid.until(BREACH, "the breach", &|data| data["status"] == "active");
    let escalated = grid.until(BREACH, "its escalation", &|data| data["status"] == "escalated");
    assert_eq!((&active["severity"], &escalated["severity"]), (&json!("critical"), &json!("critical")));
    let actions = (&active["infrastructure_actions"], &escalated["infrastructure_actions"]);
    assert_eq!(actions, (&json!([]), &json!(["SHUTDOWN_NODES"])));
    let breach = active["breach"]["breach_id"].clone();
    let of = (&escalated["breach"]["breach_id"], &escalated["target"]["correlation_id"]);
    assert_eq!(of, (&breach, &json!(CORRELATION)));
    let text = rig.text(&["power", "grid"]);
    for words in ["ABOVE its target, by more than a fifth", "acme-energy `0b6f4a1e-7f5c-4c1f-9a64-0d2c1d9b7a11`"] {
        assert!(text.contains(words), "no `{words}` in\n{text}");
    }
    breach
}

/// What infrastructure did, as it tells it.
fn done(breach: &Value) -> Value {
    let result =
        json!({ "resource_id": "n", "resource_type": "node", "requested_action": "suspend", "code": "failed" });
    json!({
        "breach_id": breach, "feed_tag": "main-a", "action": "applied", "code": "partial", "results": [result],
        "timestamp": "2026-07-15T13:00:00Z",
    })
}

/// What nobody must believe is counted, and changes nothing.
fn what_is_not_believed_changes_nothing(grid: &Grid, rig: &Rig) {
    let mut unsigned = set(&grid.acme, &target(None));
    unsigned["data"] = target(None);
    grid.say(TARGET, &unsigned);
    grid.say(TARGET, &set(&grid.ima, &target(None)));
    let again = set(&grid.acme, &target(Some(100.0)));
    grid.say(TARGET, &again);
    grid.say(TARGET, &again);
    let three = |shown: &Value| shown["refused"].as_array().is_some_and(|all| all.len() == 3);
    let shown = rig.until(&["power", "grid"], "three refusals", three);
    for why in ["unsigned", "unknown_key", "replayed"] {
        assert!(shown["refused"].as_array().expect("rows").contains(&json!([why, 1])), "{why}: {shown}");
    }
    assert_eq!(shown["targets"].as_array().map(Vec::len), Some(1));
}

#[test]
fn an_agent_of_a_grid_sets_a_target_and_hears_what_comes_of_it() {
    let Some(mut grid) = Grid::new() else { return };
    let rig = rig(&grid.broker, &grid.acme, &grid.ima);
    let mut run = rig.running(&[]);
    grid.until(STATE, "a state of what is", &|data| event(data) == "periodic");
    let breach = target_is_set_and_not_kept(&grid, &rig);
    let kind = "grid.powerbreach.enforcement.v1";
    grid.say(ENFORCED, &grid.ima.message("infra/ima-prod", kind, CORRELATION, &done(&breach)));
    run.says("had hints done by infrastructure: 0 applied, 1 failed, 0 skipped");
    what_is_not_believed_changes_nothing(&grid, &rig);

    // Killed, it goes on; the broker gone and back, it speaks again.
    run.signal("KILL");
    assert_eq!(run.wait(), None);
    let mut run = rig.running(&[]);
    let shown = rig.until(&["power", "grid"], "the target", |shown| shown["feeds"][0]["target_w"] == 100e3);
    assert_eq!(shown["targets"][0]["id"], CORRELATION);
    let before = grid.peer.heard(STATE).len();
    grid.broker.halt();
    grid.broker.again();
    let begun = Instant::now();
    while grid.peer.heard(STATE).len() <= before {
        assert!(begun.elapsed() < PATIENCE, "nothing is said to the new broker\n{}", run.log());
        std::thread::sleep(Duration::from_millis(50));
    }

    // Taken back: the breach is over, by its old name, and the feed is free.
    grid.say(TARGET, &set(&grid.acme, &target(None)));
    let over = |data: &Value| data["status"] == "resolved" && data["breach"]["breach_id"] == breach;
    grid.until(BREACH, "its end", &over);
    grid.until(STATE, "the ramp up", &|data| event(data) == "end_ramp_up");
    rig.until(&["power", "grid"], "nothing", |shown| shown["feeds"][0]["allowed_w"].is_null());
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    ends(&wattloop(&["replay", &rig.file("journal.db")]), 0, &["decisions identical"]);
    as_the_contract_has_it(&grid);
    let Some(contract) = Contract::found() else { return println!("SKIPPED: no published schemas lie here") };
    keeps_the_schemas(&contract, &grid, &breach);
}

/// What the contract asks for beside its schemas: how sure each message arrives, that none is kept, and traces that go on.
fn as_the_contract_has_it(grid: &Grid) {
    for (topic, qos) in [(STATE, QoS::AtLeastOnce), (BREACH, QoS::ExactlyOnce)] {
        let came = grid.peer.came(topic);
        assert!(!came.is_empty() && came.iter().all(|of| *of == (qos, false)), "{topic}: {came:?}");
    }
    let heard = std::fs::read_to_string(grid.broker.dir.path().join("log")).expect("a log");
    for subscribed in [format!("{TARGET} (QoS 1)"), format!("{ENFORCED} (QoS 2)")] {
        assert!(heard.contains(&subscribed), "no `{subscribed}` in\n{heard}");
    }
    // Who comes later finds nothing kept.
    let late = grid.runtime.block_on(Peer::connect(options("late", grid.broker.port), &["grid/#"]));
    std::thread::sleep(Duration::from_millis(300));
    assert!([TARGET, STATE, BREACH, ENFORCED].iter().all(|topic| late.came(topic).iter().all(|(_, kept)| !kept)));

    let all: Vec<Value> =
        [STATE, BREACH].iter().flat_map(|topic| grid.peer.heard(topic)).map(|text| message(&text)).collect();
    let follows = |of: &&Value| of["tracestate"] == signed::STATE;
    assert!(all.iter().filter(follows).count() > 3, "what follows from a target hands its trace on");
    for of in &all {
        let parent = of["traceparent"].as_str().expect("a trace");
        // After a start nobody knows the trace of a target any more: another begins.
        assert_eq!(parent.starts_with(signed::TRACE), of["tracestate"] == signed::STATE, "{of}");
        assert!(!parent.contains("b7ad6b7169203331"), "a step of its own: {parent}");
        assert!(!parent.starts_with(signed::TRACE) || parent.ends_with("-00"), "its flags go on: {parent}");
    }
}

fn message(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// What we say keeps the published schemas, and so does what is said to us here: else it would show nothing.
fn keeps_the_schemas(contract: &Contract, grid: &Grid, breach: &Value) {
    let (mut ours, mut theirs) = (0, 0);
    for (topic, name) in [(STATE, "PowerStateStatus"), (BREACH, "PowerBreachAlert")] {
        for text in grid.peer.heard(topic) {
            contract.holds(&format!("{name}Event"), &message(&text));
            contract.holds(&format!("{name}Data"), &data(&text));
            ours += 1;
        }
    }
    let enforced = ("PowerBreachEnforcement", "infra/ima-prod", "grid.powerbreach.enforcement.v1", done(breach));
    let targets =
        [Some(100.0), None].map(|of| ("SetLoadTarget", "isv/acme-energy", "grid.loadtarget.set.v1", target(of)));
    for (name, who, kind, of) in targets.into_iter().chain([enforced]) {
        let event = if name == "SetLoadTarget" { "LoadTargetSet" } else { name };
        contract.holds(&format!("{event}Event"), &grid.acme.message(who, kind, CORRELATION, &of));
        contract.holds(&format!("{name}Data"), &of);
        theirs += 1;
    }
    println!("{ours} messages of ours and {theirs} of others keep the published schemas");
}

#[test]
fn that_a_breach_is_over_is_said_again_where_it_was_lost_with_a_connection() {
    let Some(mut grid) = Grid::new() else { return };
    let rig = rig(&grid.broker, &grid.acme, &grid.ima);
    let mut run = rig.running(&[]);
    rig.text(&["power", "target", "--watts", "100e3", "--feed", "utility", "--reason", "they phoned"]);
    let escalated = grid.until(BREACH, "its escalation", &|data| data["status"] == "escalated");
    // What is said to a broker that hangs is said for nobody.
    grid.broker.freeze();
    rig.text(&["power", "target", "--lift", "--feed", "utility", "--reason", "they phoned again"]);
    rig.until(&["power", "grid"], "its end", |shown| shown["feeds"][0]["breach"]["stage"] == "kept");
    std::thread::sleep(Duration::from_secs(3));
    let over = |text: &String| {
        let data = data(text);
        data["status"] == "resolved" && data["breach"]["breach_id"] == escalated["breach"]["breach_id"]
    };
    // Whoever listens must be there again before we are: where that failed the next connection has it, too.
    let heard = (0..5).any(|_| {
        grid.broker.crash();
        grid.broker.again();
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE / 5 {
            if grid.peer.heard(BREACH).iter().any(over) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    });
    assert!(heard, "never: its end\n{}", run.log());
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
}

#[test]
fn a_person_sets_and_lifts_a_target_in_the_grids_place() {
    let (_, air) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let folder = tempfile::tempdir().expect("a folder");
    let hall = folder.path().join("grid.toml");
    std::fs::write(&hall, format!("{air}\n[grid]\nfeeds = [\"utility\"]\n")).expect("writes");
    let set = vec![format!("hall={:?}", hall.display().to_string())];
    let rig = Rig::with("air", folder, Scene { set, ..Scene::default() });
    let mut run = rig.running(&[]);
    let ask = ["power", "target", "--watts", "900e3", "--feed", "utility", "--for", "3h", "--reason", "they phoned"];
    assert!(rig.text(&ask).contains("1 targets are set"));
    rig.until(&["power", "grid"], "the target", |shown| shown["feeds"][0]["target_w"] == 900e3);
    assert!(rig.text(&["power", "grid"]).contains(": they phoned"));
    assert!(rig.text(&["status"]).contains("grid           utility target 900.0 kW"), "{}", rig.text(&["status"]));
    let refused = rig.ask(&["power", "target", "--watts", "9e5", "--feed", "utilty", "--reason", "x"]);
    ends(&refused, 1, &["did you mean `utility`"]);
    assert!(rig.text(&["power", "target", "--lift", "--reason", "they phoned again"]).contains("may carry more"));
    rig.until(&["power", "grid"], "none", |shown| shown["targets"].as_array().is_some_and(Vec::is_empty));
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    ends(&wattloop(&["replay", &rig.file("journal.db")]), 0, &["decisions identical"]);
}
