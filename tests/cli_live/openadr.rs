//! A VTN of OpenADR 3 on loopback: its events become load targets, change, go, and outlive it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use wattloop::service::rehearsal::Scene;

use super::rig::{Rig, wattloop};

const GRID: &str = "[grid]\nfeeds = [\"utility\"]\n";

/// What a VTN knows.
#[derive(Default)]
struct Vtn {
    events: Vec<Value>,
    /// The token that is good now, and how many were given.
    tokens: u32,
    asked: u32,
}

type Shared = Arc<Mutex<Vtn>>;

async fn token(State(vtn): State<Shared>, form: String) -> Result<Json<Value>, StatusCode> {
    if !form.contains("client_id=hall-a") || !form.contains("client_secret=s%26cret") {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let mut vtn = vtn.lock().expect("whole");
    vtn.tokens += 1;
    Ok(Json(json!({ "access_token": format!("token-{}", vtn.tokens), "token_type": "Bearer", "expires_in": 3600 })))
}

async fn events(
    State(vtn): State<Shared>,
    headers: HeaderMap,
    Query(query): Query<std::collections::BTreeMap<String, String>>,
) -> Result<Json<Vec<Value>>, StatusCode> {
    let mut vtn = vtn.lock().expect("whole");
    vtn.asked += 1;
    let wanted = format!("Bearer token-{}", vtn.tokens);
    if headers.get("authorization").and_then(|of| of.to_str().ok()) != Some(wanted.as_str()) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let number = |key: &str| query.get(key).and_then(|text| text.parse::<usize>().ok()).expect("a number");
    assert_eq!(query.get("programID").map(String::as_str), Some("peaks"));
    Ok(Json(vtn.events.iter().skip(number("skip")).take(number("limit")).cloned().collect()))
}

/// Serves until it is dropped.
struct Server {
    runtime: tokio::runtime::Runtime,
    vtn: Shared,
    at: SocketAddr,
}

impl Server {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("runs");
        let vtn = Shared::default();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
        let at = listener.local_addr().expect("bound");
        let routes = Router::new().route("/openadr3/auth/token", post(token)).route("/openadr3/events", get(events));
        let app = routes.with_state(Arc::clone(&vtn));
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self { runtime, vtn, at }
    }

    fn says(&self, events: Vec<Value>) {
        self.vtn.lock().expect("whole").events = events;
    }
}

fn event(id: &str, kilowatts: f64, duration: &str) -> Value {
    json!({
        "id": id, "createdDateTime": "2026-07-15T09:30:00Z", "programID": "peaks", "objectType": "EVENT",
        "payloadDescriptors": [{ "payloadType": "IMPORT_CAPACITY_LIMIT", "units": "KW" }],
        "intervalPeriod": { "start": "0001-01-01T00:00:00Z", "duration": duration },
        "intervals": [{ "id": 0, "payloads": [{ "type": "IMPORT_CAPACITY_LIMIT", "values": [kilowatts] }] }]
    })
}

/// Prices and carbon of a day that has begun.
fn priced(price: f64, grams: u32) -> Value {
    let begin = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second() - 3600).expect("in range");
    json!({
        "id": "prices", "programID": "peaks", "objectType": "EVENT",
        "payloadDescriptors": [{ "payloadType": "PRICE", "units": "KWH", "currency": "EUR" }, { "payloadType": "GHG" }],
        "intervalPeriod": { "start": begin.to_string(), "duration": "PT24H" },
        "intervals": [{ "id": 0, "payloads": [{ "type": "PRICE", "values": [price] }, { "type": "GHG", "values": [grams] }] }]
    })
}

fn rig(server: &Server) -> Rig {
    rig_of(server, GRID)
}

fn rig_of(server: &Server, grid: &str) -> Rig {
    rig_with(server, grid, Vec::new())
}

fn rig_with(server: &Server, grid: &str, more: Vec<String>) -> Rig {
    use std::os::unix::fs::PermissionsExt;
    let (_, air) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let folder = tempfile::tempdir().expect("a folder");
    let (hall, secret) = (folder.path().join("grid.toml"), folder.path().join("secret"));
    std::fs::write(&hall, format!("{air}\n{grid}")).expect("writes");
    std::fs::write(&secret, "s&cret\n").expect("writes");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).expect("changes");
    let set = vec![
        format!("hall={:?}", hall.display().to_string()),
        format!("openadr.url=\"http://{}/openadr3\"", server.at),
        "openadr.ven=\"hall-a\"".to_owned(),
        "openadr.program=\"peaks\"".to_owned(),
        "openadr.client_id=\"hall-a\"".to_owned(),
        format!("openadr.secret_file={:?}", secret.display().to_string()),
        "openadr.poll=\"1s\"".to_owned(),
    ];
    let set = set.into_iter().chain(more).collect();
    Rig::with("air", folder, Scene { set, ..Scene::default() })
}

/// The watts of all targets that are known, as `wattloop power grid` shows them.
fn targets(shown: &Value) -> Vec<f64> {
    let all = shown["targets"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().filter_map(|of| of["watts"].as_f64()).collect()
}

#[test]
fn events_become_targets_change_go_and_outlive_a_server_that_is_gone() {
    let server = Server::start();
    server.says(vec![event("evening", 600.0, "P9999Y")]);
    let rig = rig(&server);
    let mut run = rig.running(&[]);
    let shown = rig.until(&["power", "grid"], "the event", |shown| targets(shown) == [600e3]);
    assert!(shown.to_string().contains("evening"), "{shown}");

    // The token is not good any more; the event is another one, and a second one makes no sense.
    server.vtn.lock().expect("whole").tokens += 1;
    let mut broken = event("broken", 1.0, "PT1H");
    broken["intervals"][0]["payloads"][0]["values"] = json!(["many"]);
    server.says(vec![event("evening", 500.0, "P9999Y"), broken, priced(0.2, 410)]);
    rig.until(&["power", "grid"], "the change", |shown| targets(shown) == [500e3]);
    run.says("has no number");
    run.says("event `prices`: prices and carbon are passed over");

    // Nobody answers: what was said holds, over a crash too.
    let Server { runtime, vtn, .. } = server;
    runtime.shutdown_timeout(Duration::from_secs(5));
    run.says("the VTN is not heard");
    run.signal("KILL");
    assert_eq!(run.wait(), None);
    let mut run = rig.running(&[]);
    rig.until(&["power", "grid"], "what was said", |shown| targets(shown) == [500e3]);
    assert!(vtn.lock().expect("whole").asked >= 3, "asked, refused with a token that is over, asked again");
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    assert!(!run.log().contains("s&cret") && !run.log().contains("token-"), "a secret is logged");
    assert!(wattloop(&["replay", &rig.file("journal.db")]).status.success());
}

#[test]
fn prices_and_carbon_of_events_are_what_energy_costs_and_outlive_a_crash() {
    let server = Server::start();
    server.says(vec![priced(0.2, 410)]);
    let tariff = concat!(env!("CARGO_MANIFEST_DIR"), "/config/tariffs/weser-rlm.toml");
    let rig = rig_with(&server, GRID, vec![format!("tariff.file={tariff:?}"), "prices.openadr=true".to_owned()]);
    let mut run = rig.running(&[]);
    let known = |grams: &'static str| move |shown: &Value| shown["grams"] == grams && shown["price"].is_string();
    let first = rig.until(&["tariff", "prices"], "a price", known("410"));
    assert!(first["from"].as_str().is_some_and(|from| from.starts_with("events of http://")), "{first}");
    server.says(vec![priced(0.3, 380)]);
    let second = rig.until(&["tariff", "prices"], "another", known("380"));
    let price = |shown: &Value| shown["price"].as_str().and_then(|of| of.parse::<f64>().ok()).expect("a price");
    assert!((price(&second) - price(&first) - 0.1).abs() < 1e-9, "{first} {second}");
    let mut dollars = priced(0.4, 300);
    dollars["payloadDescriptors"][0]["currency"] = json!("USD");
    server.says(vec![dollars]);
    run.says("`PRICE` is in `USD`, and must be in EUR");
    run.signal("KILL");
    assert_eq!(run.wait(), None);
    let mut run = rig.running(&[]);
    let again = rig.until(&["tariff", "prices"], "what was said", known("380"));
    assert_eq!(price(&again), price(&second));
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    assert!(wattloop(&["replay", &rig.file("journal.db")]).status.success());
}

#[test]
fn an_event_that_is_not_told_any_more_is_over() {
    let server = Server::start();
    server.says((0..60).map(|n| event(&format!("event-{n}"), 900.0 - f64::from(n), "P9999Y")).collect());
    let rig = rig(&server);
    let mut run = rig.running(&[]);
    rig.until(&["power", "grid"], "the lowest of two pages", |shown| targets(shown) == [841e3]);
    server.says(Vec::new());
    rig.until(&["power", "grid"], "nothing", |shown| targets(shown).is_empty());
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
}

#[test]
fn more_limits_than_fit_beside_each_other_hold_from_the_nearest_on_and_what_is_unreadable_keeps_what_it_said() {
    let server = Server::start();
    let intervals = |kilowatts: &dyn Fn(i64) -> Value| -> Value {
        let all = (0..48)
            .map(|n| json!({ "id": n, "payloads": [{ "type": "IMPORT_CAPACITY_LIMIT", "values": [kilowatts(n)] }] }));
        all.collect()
    };
    // Two days of hours, each with another limit, for two feeds: 96 targets, and 64 are kept.
    let mut hours = event("hours", 1.0, "PT1H");
    hours["createdDateTime"] = json!(jiff::Timestamp::now().to_string());
    hours["intervals"] = intervals(&|n| json!(900 - n));
    server.says(vec![hours.clone()]);
    let rig = rig_of(&server, "[grid]\nfeeds = [\"utility\", \"ups-a\"]\n");
    let mut run = rig.running(&[]);
    rig.until(&["power", "grid"], "the nearest limits", |shown| targets(shown).len() == 64);
    let holds = |shown: &Value| shown["feeds"][0]["target_w"] == 900e3;
    rig.until(&["power", "grid"], "the first hour", holds);

    // A bad hour makes all of that event unreadable, also after a kill; one without a shape blocks nobody.
    hours["intervals"] = intervals(&|n| if n == 47 { json!("many") } else { json!(950 - n) });
    server.says(vec![hours.clone(), json!({ "id": 7 })]);
    run.says("has no number");
    run.signal("KILL");
    assert_eq!(run.wait(), None);
    server.says(vec![hours, json!({ "id": 7 }), event("low", 300.0, "P9999Y")]);
    let mut run = rig.running(&[]);
    run.says("has no number");
    rig.until(&["power", "grid"], "the other event", |shown| shown["feeds"][0]["target_w"] == 300e3);
    server.says(vec![json!({ "id": 7 })]);
    std::thread::sleep(Duration::from_secs(3));
    rig.until(&["power", "grid"], "what may be of the one that has no name", |shown| {
        shown["feeds"][0]["target_w"] == 300e3
    });
    server.says(Vec::new());
    rig.until(&["power", "grid"], "nothing", |shown| targets(shown).is_empty());
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
}
