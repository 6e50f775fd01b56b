//! Real databases: VictoriaMetrics for the write API, InfluxDB 1 behind a change of path for its strictness.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::server::{reply, request};
use super::{START, folder, scans, sent, start, until};

/// A peer this test started; it ends with the test.
struct Peer(Child);

impl Drop for Peer {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Starts a peer, or says that it is missing. With `WLTEST_PEERS=required` a missing peer fails the test.
fn peer(program: &str, arguments: &[String]) -> Option<Peer> {
    match Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
        Ok(child) => Some(Peer(child)),
        Err(e) => {
            assert_ne!(std::env::var("WLTEST_PEERS").as_deref(), Ok("required"), "{program}: {e}");
            println!("skipped: {program} is not here ({e})");
            None
        }
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("bound").port()
}

/// One request on a connection of its own; the whole answer. Nothing when nobody listens.
fn ask(port: u16, head: &str, body: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("set");
    let length = body.len();
    write!(stream, "{head} HTTP/1.0\r\nHost: h\r\nContent-Length: {length}\r\n\r\n{body}").ok()?;
    std::io::read_to_string(stream).ok()
}

fn wait_for(port: u16, head: &str) {
    until("the peer answers", || ask(port, head, "").is_some_and(|a| a.contains(" 200 ") || a.contains(" 204 ")));
}

/// The JSON at the end of an answer, line by line.
fn json(answer: &str) -> Vec<serde_json::Value> {
    let body = answer.split_once("\r\n\r\n").expect("a body").1;
    body.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn victoria_metrics_gives_back_what_it_was_sent() {
    let (folder, path) = folder();
    let port = free_port();
    let data = folder.path().join("vm");
    let arguments = [
        format!("-httpListenAddr=127.0.0.1:{port}"),
        format!("-storageDataPath={}", data.display()),
        "-retentionPeriod=100y".to_owned(),
    ];
    let Some(_peer) = peer("victoria-metrics", &arguments) else { return };
    wait_for(port, "GET /health");
    let mut history = start(&format!("http://127.0.0.1:{port}"), &path);
    scans(&mut history, 0, 200);
    until("every line is taken", || sent(&history.counters()) == 600);
    let export = "GET /api/v1/export?match%5B%5D=%7Bequip%3D%22crah-1%22%7D";
    let mut found = Vec::new();
    let end = Instant::now() + Duration::from_secs(60);
    while found.len() < 200 && Instant::now() < end {
        // It shows what it took only after a flush.
        ask(port, "GET /internal/force_flush", "");
        let answer = ask(port, export, "").expect("answers");
        let series = json(&answer).into_iter().find(|s| s["metric"]["__name__"] == "temperature_value");
        let Some(series) = series else { continue };
        assert_eq!(series["metric"]["site"], "lab");
        assert_eq!(series["metric"]["point"], "value");
        let (values, times) = (series["values"].as_array().cloned(), series["timestamps"].as_array().cloned());
        found = times.unwrap_or_default().into_iter().zip(values.unwrap_or_default()).collect();
    }
    assert_eq!(found.len(), 200);
    for (n, (ts, value)) in found.iter().enumerate() {
        assert_eq!(ts.as_i64(), Some(START + n as i64 * 1000));
        assert_eq!(value.as_f64(), Some(20.0 + n as f64));
    }
}

/// Passes writes of the version 2 path on to version 1's, and its answers back.
fn shim(to: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                while let Some((head, body)) = request(&mut stream) {
                    assert!(head.starts_with("POST /api/v2/write?bucket=hall&org=works&precision=ms "), "{head}");
                    let answer = ask(to, "POST /write?db=hall&precision=ms", &body);
                    let answer = answer.expect("the peer answers");
                    let status = answer.split_once(' ').expect("a status").1.split("\r\n").next().expect("a status");
                    reply(&mut stream, status, answer.split_once("\r\n\r\n").expect("a body").1);
                }
            });
        }
    });
    port
}

fn influx_config(folder: &Path, port: u16) -> std::path::PathBuf {
    let at = |name: &str| folder.join(name).display().to_string();
    let text = format!(
        "reporting-disabled = true\nbind-address = \"127.0.0.1:{}\"\n[meta]\ndir = \"{}\"\n[data]\ndir = \"{}\"\n\
         wal-dir = \"{}\"\n[monitor]\nstore-enabled = false\n[http]\nbind-address = \"127.0.0.1:{port}\"\n",
        free_port(),
        at("meta"),
        at("data"),
        at("wal"),
    );
    let path = folder.join("influxdb.conf");
    std::fs::write(&path, text).expect("written");
    path
}

#[test]
fn influxdb_takes_every_line_and_gives_it_back() {
    let (folder, path) = folder();
    let port = free_port();
    let config = influx_config(folder.path(), port);
    let Some(_peer) = peer("influxd", &["-config".to_owned(), config.display().to_string()]) else { return };
    wait_for(port, "GET /ping");
    ask(port, "POST /query?q=CREATE%20DATABASE%20hall", "").expect("answers");
    let mut history = start(&format!("http://127.0.0.1:{}", shim(port)), &path);
    scans(&mut history, 0, 200);
    let counters = history.counters();
    until("every line is taken", || sent(&counters) == 600);
    assert_eq!(counters.refused.load(std::sync::atomic::Ordering::Acquire), 0, "no line was refused");
    let query = "GET /query?db=hall&epoch=ms&q=SELECT%20value,quality,equip%20FROM%20duty";
    let answer = ask(port, query, "").expect("answers");
    let rows = json(&answer)[0]["results"][0]["series"][0]["values"].as_array().cloned().expect("rows");
    assert_eq!(rows.len(), 200);
    for (n, row) in rows.iter().enumerate() {
        assert_eq!(row[0].as_i64(), Some(START + n as i64 * 1000));
        let value = (n % 2 == 1).then_some(n as f64 / 7.0);
        assert_eq!(row[1].as_f64(), value, "a lost value is no number");
        assert_eq!(row[2].as_i64(), Some(if value.is_some() { 192 } else { 0 }));
        assert_eq!(row[3], "crah-3");
    }
}
