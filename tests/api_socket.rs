//! The API over a real socket, with a scan thread that answers from a table.

use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use plant::command::Level;
use plant::hall::Hall;
use plant::time::{Span, Wall};
use socket2::{Domain, SockAddr, Socket, Type};
use wattloop::control::report::{PointView, Status, WhyReport, Written};
use wattloop::control::request::{Ask, Refusal, Reply, Request};
use wattloop::control::windows::view::WindowsView;
use wattloop::service::api::call::{Answer, Calls, Question, channel};
use wattloop::service::api::{self, Served};
use wattloop::service::wiring::Wiring;

struct Scan {
    asked: Arc<Mutex<Vec<Question>>>,
    served: Served,
    hall: Arc<Hall>,
    _dir: tempfile::TempDir,
}

fn bench() -> Arc<Hall> {
    let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "bench").expect("the bench hall ships");
    Arc::new(Hall::load("bench.toml", text).expect("the bench hall loads"))
}

fn start() -> Scan {
    let dir = tempfile::tempdir().expect("a directory");
    let hall = bench();
    let (asker, calls) = channel();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (heard, table) = (Arc::clone(&asked), Arc::clone(&hall));
    std::thread::spawn(move || answer_for_ever(&calls, &heard, &table));
    let served =
        api::serve(&dir.path().join("w.sock"), Arc::clone(&hall), asker, (None, Wiring::default())).expect("a socket");
    Scan { asked, served, hall, _dir: dir }
}

fn answer_for_ever(calls: &Calls, heard: &Mutex<Vec<Question>>, hall: &Hall) {
    loop {
        let Some(call) = calls.wait(Duration::from_millis(50)) else { continue };
        heard.lock().expect("one writer").push(call.question().clone());
        let answer = match call.question() {
            Question::Status => Answer::Status(Box::new(Status { hall: hall.name.clone(), ..Status::default() })),
            Question::Points => Answer::Points(vec![view("a/b")]),
            Question::Point(id) => Answer::Point(hall.points.get(*id).map(|p| Box::new(view(&p.name)))),
            Question::Why(id) => {
                Answer::Why(hall.points.get(*id).filter(|p| p.write.is_some()).map(|p| reason(&p.name)))
            }
            Question::Gpus => Answer::Gpus(Vec::new()),
            Question::Peaks => Answer::Peaks(None),
            Question::Savings => Answer::Savings(None),
            Question::Outlook => Answer::Outlook(None),
            Question::Problem => Answer::Problem(None),
            Question::Ahead => Answer::Ahead(None),
            Question::Grid => Answer::Grid(None),
            Question::Leases(_) => Answer::Leases(None),
            Question::Decision(..) => Answer::Decision(None),
            Question::Envelope => Answer::Envelope(None),
            Question::Prices => Answer::Prices(None),
            Question::Windows => Answer::Windows(WindowsView::default()),
            Question::Trial => Answer::Trial(None),
            Question::Loops(_) => Answer::Loops(Vec::new()),
            Question::Shadow(_) => Answer::Shadow(None),
            Question::CheckPoints => Answer::CheckPoints(Vec::new()),
            Question::Check => Answer::Check(None),
            Question::Request(request) => Answer::Reply(reply(request)),
            Question::Reload(_) => Answer::Reloading,
        };
        call.answer(answer);
    }
}

fn reply(request: &Request) -> Reply {
    match &request.ask {
        Ask::Override { value, .. } if *value > 100.0 => Reply::Refused(Refusal::OutOfRange { min: 0.0, max: 100.0 }),
        Ask::Override { reason, .. } if reason.is_empty() => Reply::Refused(Refusal::ReasonMissing),
        Ask::Withdraw { .. } | Ask::LiftBudget { .. } => Reply::Refused(Refusal::NothingThere),
        Ask::Override { .. }
        | Ask::Release { .. }
        | Ask::Acknowledge { .. }
        | Ask::Announce { .. }
        | Ask::Budget { .. } => Reply::Accepted { expires: Some(Wall(5)), note: request.who.clone() },
        Ask::Reset { .. } => Reply::Refused(Refusal::StillActive),
        Ask::Trial { .. } => Reply::Refused(Refusal::NotLed),
        Ask::Force { .. } => Reply::Refused(Refusal::Warm),
        Ask::Silence { .. } => Reply::Refused(Refusal::Held),
        Ask::ProveBattery { .. }
        | Ask::EndProof { .. }
        | Ask::EndCheck
        | Ask::Exchanged { .. }
        | Ask::CheckedOut { .. } => Reply::Refused(Refusal::NothingThere),
        Ask::Retune { .. } => Reply::Refused(Refusal::TooSensitive),
        Ask::EndTrial | Ask::Revert { .. } | Ask::Supervise { .. } => Reply::Refused(Refusal::NothingThere),
        Ask::ServiceAlarm { .. }
        | Ask::Prices(_)
        | Ask::PricesRefused { .. }
        | Ask::Grid(_)
        | Ask::Ledger(_)
        | Ask::Found { .. }
        | Ask::Worn { .. } => Reply::Refused(Refusal::Unknown),
    }
}

fn view(name: &str) -> PointView {
    PointView {
        point: name.into(),
        value: Some(46.0),
        unit: "%".into(),
        quality: 192,
        why: None,
        age_s: 0.5,
        written: None,
    }
}

fn reason(name: &str) -> Box<WhyReport> {
    let (point, unit, sentence) = (name.to_owned(), "%".to_owned(), "a loop follows an inlet".to_owned());
    Box::new(WhyReport {
        point,
        value: 46.0,
        unit,
        level: 16,
        sentence,
        entries: Vec::new(),
        limits: Vec::new(),
        written: Written::default(),
        control_loop: None,
    })
}

/// One request as anybody could write it by hand: the status and the body.
fn http(socket: &Path, method: &str, path: &str, body: &str) -> (u16, serde_json::Value) {
    let mut stream = UnixStream::connect(socket).expect("the socket listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("the head goes out");
    // A server that has seen enough may close before it has read everything.
    drop(stream.write_all(body.as_bytes()));
    let mut text = Vec::new();
    drop(stream.read_to_end(&mut text));
    let text = String::from_utf8(text).expect("an answer in UTF-8");
    let status = text.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or_else(|| panic!("no status in {text}"));
    let (_, body) = text.split_once("\r\n\r\n").expect("a body");
    (status, serde_json::from_str(body).unwrap_or_else(|e| panic!("{e} in {text}")))
}

fn first_output(hall: &Hall) -> String {
    hall.points.rows().iter().find(|p| p.write.is_some()).expect("an output").name.clone()
}

fn first_sensor(hall: &Hall) -> String {
    hall.points.rows().iter().find(|p| p.write.is_none()).expect("a sensor").name.clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_socket_is_for_its_group_only_and_goes_with_the_service() {
    let scan = start();
    let path = scan.served.socket().to_owned();
    let metadata = std::fs::symlink_metadata(&path).expect("the socket is there");
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o660);
    assert_eq!(std::fs::read_dir(path.parent().expect("a directory")).expect("readable").count(), 1, "nothing else");
    drop(scan.served);
    assert!(!path.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_socket_is_replaced_and_a_living_or_foreign_file_is_not() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("w.sock");
    // It never listens: a child that another test forks just now would hold a listener open for a moment, and it would not be stale.
    let left = Socket::new(Domain::UNIX, Type::STREAM, None).expect("a socket");
    left.bind(&SockAddr::unix(&path).expect("a path")).expect("a socket to be left over");
    drop(left);
    assert!(path.exists(), "it stays when its owner dies");
    let (asker, _calls) = channel();
    let served = api::serve(&path, bench(), asker.clone(), (None, Wiring::default())).expect("the stale one goes");
    let second =
        api::serve(&path, bench(), asker.clone(), (None, Wiring::default())).expect_err("one service a socket");
    assert_eq!(second.kind(), std::io::ErrorKind::AddrInUse, "{second}");
    drop(served);
    std::fs::write(&path, "precious").expect("a file");
    let foreign =
        api::serve(&path, bench(), asker.clone(), (None, Wiring::default())).expect_err("a file is no socket");
    assert_eq!(foreign.kind(), std::io::ErrorKind::AlreadyExists, "{foreign}");
    assert_eq!(std::fs::read_to_string(&path).expect("still there"), "precious");
    let nowhere =
        api::serve(&dir.path().join("no/w.sock"), bench(), asker, (None, Wiring::default())).expect_err("no directory");
    assert_eq!(nowhere.kind(), std::io::ErrorKind::NotFound, "{nowhere}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_reach_the_scan_and_come_back_as_json() {
    let scan = start();
    let socket = scan.served.socket();
    let output = first_output(&scan.hall);
    let (status, body) = http(socket, "GET", "/v1/status", "");
    assert_eq!((status, body["hall"].as_str()), (200, Some("bench")));
    let (status, body) = http(socket, "GET", "/v1/alarms", "");
    assert_eq!((status, body), (200, serde_json::json!([])));
    let (status, body) = http(socket, "GET", "/v1/points", "");
    assert_eq!((status, body[0]["quality"].as_u64()), (200, Some(192)));
    let (status, body) = http(socket, "GET", &format!("/v1/points/{output}"), "");
    assert_eq!((status, body["point"].as_str()), (200, Some(output.as_str())));
    let (status, body) = http(socket, "GET", &format!("/v1/why/{output}"), "");
    assert_eq!((status, body["level"].as_u64()), (200, Some(16)));
    let (status, body) = http(socket, "GET", &format!("/v1/why/{}", first_sensor(&scan.hall)), "");
    assert_eq!((status, body["code"].as_str()), (422, Some("no_output")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_carry_who_asks_and_what() {
    let scan = start();
    let socket = scan.served.socket();
    let output = first_output(&scan.hall);
    let id = scan.hall.point(&output).expect("an id");
    let body = serde_json::json!({"point": output, "value": 55.0, "hold": "90min", "reason": "filter change"});
    let (status, reply) = http(socket, "POST", "/v1/override", &body.to_string());
    assert_eq!(status, 200, "{reply}");
    let (status, _) = http(socket, "POST", "/v1/release", &serde_json::json!({"point": output}).to_string());
    assert_eq!(status, 200);
    let (status, _) = http(socket, "POST", "/v1/release", r#"{"all": true, "level": 9}"#);
    assert_eq!(status, 200);
    let alarm = scan.hall.alarms.rows().first().expect("an alarm").name.clone();
    let (status, _) = http(socket, "POST", &format!("/v1/alarms/{alarm}/ack"), "");
    assert_eq!(status, 200);
    let (status, body) = http(socket, "POST", &format!("/v1/alarms/{alarm}/reset"), "");
    assert_eq!((status, body["code"].as_str()), (409, Some("still_active")));
    let job = serde_json::json!({"id": "job-17", "row": scan.hall.rows.rows()[0].name, "watts": 80e3, "in": "5min"});
    let (status, _) = http(socket, "POST", "/v1/announce", &job.to_string());
    assert_eq!(status, 200);
    let (status, body) = http(socket, "POST", "/v1/withdraw", r#"{"id": "job-18"}"#);
    assert_eq!((status, body["code"].as_str()), (409, Some("nothing_there")));
    let asked = scan.asked.lock().expect("one writer").clone();
    let requests: Vec<&Request> =
        asked.iter().filter_map(|q| if let Question::Request(r) = q { Some(r) } else { None }).collect();
    assert!(requests.iter().all(|r| r.who.strip_prefix("uid:").is_some_and(|n| n.parse::<u32>().is_ok())));
    let (hold, reason) = (Some(Span::from_secs(5400)), "filter change".to_owned());
    assert_eq!(requests[0].ask, Ask::Override { point: id, value: 55.0, hold, reason });
    assert_eq!(requests[1].ask, Ask::Release { point: Some(id), level: Level::Operator });
    assert_eq!(requests[2].ask, Ask::Release { point: None, level: Level::Commissioning });
    let (row, ahead) = (scan.hall.rows.iter().next().map(|(row, _)| row), Span::from_secs(300));
    assert_eq!(requests[5].ask, Ask::Announce { id: "job-17".to_owned(), row, watts: 80e3, ahead });
    assert_eq!(requests[6].ask, Ask::Withdraw { id: "job-18".to_owned() });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_have_a_code_a_sentence_and_help() {
    let scan = start();
    let socket = scan.served.socket();
    let output = first_output(&scan.hall);
    let mut typo = output.clone();
    typo.pop();
    let set = |point: &str, value: f64| serde_json::json!({"point": point, "value": value, "reason": "x"}).to_string();
    let over = |hold: &str| serde_json::json!({"point": output, "value": 1.0, "reason": "x", "hold": hold}).to_string();
    let mute = serde_json::json!({"point": output, "value": 1.0, "reason": ""}).to_string();
    let huge = format!("{{\"point\": \"{}\"}}", "x".repeat(70_000));
    let long = serde_json::json!({"id": "x".repeat(65), "watts": 1.0, "in": "5s"}).to_string();
    let rows: [(&str, &str, String, u16, &str); 20] = [
        ("POST", "/v1/override", set(&output, 101.0), 422, "out_of_range"),
        ("POST", "/v1/override", mute, 422, "reason_missing"),
        ("POST", "/v1/override", over("soon"), 422, "malformed"),
        ("POST", "/v1/override", set(&typo, 1.0), 404, "unknown"),
        ("GET", "/v1/prices", String::new(), 409, "nothing_there"),
        ("GET", "/v1/windows", String::new(), 404, "unknown"),
        ("GET", "/v1/leases", String::new(), 404, "unknown"),
        ("GET", "/v1/leases/slurm/r1", String::new(), 404, "unknown"),
        ("GET", "/v1/savings", String::new(), 404, "unknown"),
        ("POST", "/v1/override", "{}".into(), 422, "malformed"),
        ("POST", "/v1/override", "{".into(), 400, "malformed"),
        ("POST", "/v1/override", huge, 413, "too_large"),
        ("POST", "/v1/release", "{}".into(), 422, "malformed"),
        ("POST", "/v1/release", r#"{"all":true,"level":18}"#.into(), 422, "malformed"),
        ("POST", "/v1/announce", long, 422, "malformed"),
        ("POST", "/v1/announce", r#"{"id":"j","watts":1.0,"in":"soon"}"#.into(), 422, "malformed"),
        ("POST", "/v1/announce", r#"{"id":"j","row":"row-z","watts":1.0,"in":"5s"}"#.into(), 404, "unknown"),
        ("POST", "/v1/reload", String::new(), 409, "nothing_there"),
        ("GET", "/v1/nothing", String::new(), 404, "no_route"),
        ("GET", "/v1/override", String::new(), 405, "method"),
    ];
    for (method, path, body, want, code) in rows {
        let (status, problem) = http(socket, method, path, &body);
        assert_eq!((status, problem["code"].as_str()), (want, Some(code)), "{method} {path}: {problem}");
        assert_eq!(problem["status"].as_u64(), Some(u64::from(want)));
        assert!(problem["message"].as_str().is_some_and(|m| !m.is_empty()));
    }
    let (_, problem) = http(socket, "GET", &format!("/v1/points/{typo}"), "");
    assert_eq!(problem["help"], format!("did you mean `{output}`?"));
}
