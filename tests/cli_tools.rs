//! The commands that need no running service: probe and failsafe against a device on loopback, replay and export of files.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

fn wattloop(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wattloop"));
    command.env_remove("SERVICE_RESULT").env_remove("WATTLOOP_CONFIG");
    command.args(args).output().expect("the program runs")
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A Modbus TCP device with registers 1 to 20; every write is kept. Serves until the test ends.
fn device() -> (SocketAddr, Arc<Mutex<Vec<u16>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut start = vec![0_u16; 20];
    start[0] = 0x41C1;
    let registers = Arc::new(Mutex::new(start));
    let held = Arc::clone(&registers);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let held = Arc::clone(&held);
            std::thread::spawn(move || serve(stream, &held));
        }
    });
    (address, registers)
}

fn serve(mut stream: impl Read + Write, held: &Mutex<Vec<u16>>) {
    let mut head = [0_u8; 7];
    while stream.read_exact(&mut head).is_ok() {
        let mut pdu = vec![0_u8; usize::from(u16::from_be_bytes([head[4], head[5]])) - 1];
        if stream.read_exact(&mut pdu).is_err() {
            return;
        }
        let answer = answer(&pdu, &mut held.lock().expect("one writer"));
        let mut frame = head[..4].to_vec();
        frame.extend(u16::try_from(answer.len() + 1).expect("short").to_be_bytes());
        frame.push(head[6]);
        frame.extend(answer);
        if stream.write_all(&frame).is_err() {
            return;
        }
    }
}

fn answer(pdu: &[u8], registers: &mut [u16]) -> Vec<u8> {
    let word = |at: usize| u16::from_be_bytes([pdu[at], pdu[at + 1]]);
    let first = usize::from(word(1));
    match pdu[0] {
        3 | 4 => {
            let count = usize::from(word(3));
            if first == 0 || first + count > registers.len() + 1 {
                return vec![pdu[0] | 0x80, 2];
            }
            let mut out = vec![pdu[0], u8::try_from(count * 2).expect("short")];
            registers[first - 1..first - 1 + count].iter().for_each(|r| out.extend(r.to_be_bytes()));
            out
        }
        _ => vec![pdu[0] | 0x80, 1],
    }
}

#[test]
fn probe_shows_every_byte_order() {
    let (address, _) = device();
    let url = format!("tcp://{address}");
    let output = wattloop(&["probe", &url, "--address", "1", "--count", "2"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let text = told(&output);
    for row in
        ["0x41C1", "float32  ABCD  24.125", "float32  CDAB", "float32  BADC", "float32  DCBA", "int16    ABCD  16833"]
    {
        assert!(text.contains(row), "no {row} in\n{text}");
    }
    let output = wattloop(&["probe", &url, "--address", "1", "--count", "2", "--json"]);
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(shown["words"], serde_json::json!([0x41C1, 0]));
    assert!(
        shown["meanings"].as_array().is_some_and(|m| m.iter().any(|m| m["value"] == "24.125" && m["order"] == "ABCD"))
    );
}

#[test]
fn probe_tries_the_neighbours_of_an_address_that_is_refused() {
    let (address, _) = device();
    let url = format!("tcp://{address}");
    let output = wattloop(&["probe", &url, "--address", "0", "--count", "1"]);
    assert_eq!(output.status.code(), Some(69));
    assert!(told(&output).contains("1 answers: addresses here begin one higher"), "{}", told(&output));
    let output = wattloop(&["probe", &url, "--address", "21", "--count", "1"]);
    assert!(told(&output).contains("20 answers: this manual counts from 1"), "{}", told(&output));
    let output = wattloop(&["probe", &url, "--address", "500", "--count", "1"]);
    assert!(told(&output).contains("neighbours are refused too"), "{}", told(&output));
    let output = wattloop(&["probe", &url, "--table", "coil", "--address", "1"]);
    assert!(told(&output).contains("does not know this table"), "{}", told(&output));
}

#[test]
fn a_device_that_is_not_there_is_69_and_a_wrong_address_2() {
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let output = wattloop(&["probe", &format!("tcp://{port}"), "--address", "0"]);
    assert_eq!(output.status.code(), Some(69), "{}", told(&output));
    assert_eq!(wattloop(&["probe", "http://x", "--address", "0"]).status.code(), Some(2));
    assert_eq!(wattloop(&["probe", "tcp://127.0.0.1:1", "--ref", "20001"]).status.code(), Some(2));
}

#[test]
fn failsafe_asks_first_tells_what_it_could_not_reach_and_rests_after_a_clean_end() {
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/config/bench.toml");
    let set = format!("modbus.gateway.bench.url=\"tcp://{port}\"");
    let socket = tempfile::tempdir().expect("a directory");
    let no_service = format!("api.socket=\"{}\"", socket.path().join("none.sock").display());
    let base = ["failsafe", "--config", config, "--set", &set, "--set", &no_service];
    let output = wattloop(&base);
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    assert!(told(&output).contains("safe values of 1 outputs"), "{}", told(&output));
    let output = wattloop(&[&base[..], &["--yes", "--json"]].concat());
    assert_eq!(output.status.code(), Some(69), "{}", told(&output));
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(shown["outputs"][0]["point"], "fan-1/fan-speed");
    assert_eq!((&shown["outputs"][0]["value"], &shown["outputs"][0]["applied"]), (&100.0.into(), &false.into()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_wattloop"));
    let clean = command.args(base).arg("--if-unclean").env("SERVICE_RESULT", "success").output().expect("it runs");
    assert_eq!(clean.status.code(), Some(0), "{}", told(&clean));
}

#[test]
fn files_that_are_no_records_are_65() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("x.db");
    std::fs::write(&file, "this is no database, however long it may be, and never was one").expect("a file");
    let (file, none) = (file.display().to_string(), dir.path().join("none.db").display().to_string());
    for args in [["replay", &file], ["replay", &none], ["export", &file], ["export", &none]] {
        let output = wattloop(&args);
        assert_eq!(output.status.code(), Some(65), "{args:?}: {}", told(&output));
    }
    assert_eq!(wattloop(&["export", &file, "--json"]).status.code(), Some(2), "one stream, one format");
}
