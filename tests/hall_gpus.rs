//! A served hall's GPUs, from another process: found, capped, felt; gone when the hall is.
#![cfg(feature = "sim")]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use sim_nvml::Board;

const BINARY: &str = env!("CARGO_BIN_EXE_wattloop");
/// Ports that are free now, and a broker that is nowhere.
fn anywhere() -> Vec<String> {
    let gateways = ["bms", "plant", "power"].map(|name| (name, TcpListener::bind("127.0.0.1:0").expect("a port")));
    let port = |listener: &TcpListener| listener.local_addr().expect("its address").port();
    let urls = gateways.iter().map(|(n, l)| format!("modbus.gateway.{n}.url=\"tcp://127.0.0.1:{}\"", port(l)));
    urls.chain(["mqtt.url=\"mqtt://127.0.0.1:9\"".to_owned()]).flat_map(|set| ["--set".to_owned(), set]).collect()
}

fn serve(hall: &str, folder: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    let config = format!("config/{hall}.toml");
    command.args(["sim", "serve", hall, "--json", "--config", &config, "--gpus"]).arg(folder).args(more);
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command
}

struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Waits for something that takes as long as it takes.
fn wait(what: &str, there: impl Fn() -> bool) {
    // Ten minutes: a stuck hall, not a slow machine.
    for _ in 0..12_000 {
        if there() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{what} never came");
}

#[test]
fn a_served_halls_gpus_are_capped_by_another_process_and_go_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = serve("air", folder.path(), &["--per-rack", "1", "--seed", "7"]);
    command.args(anywhere());
    let mut served = Served(command.stdout(Stdio::piped()).spawn().expect("the program starts"));
    let mut lines = BufReader::new(served.0.stdout.take().expect("its words")).lines();
    let told: String = lines.next().expect("a line").expect("text");
    let told: Value = serde_json::from_str(&told).unwrap_or_else(|e| panic!("{e}: {told}"));
    assert_eq!(told["gpus"]["nodes"], 40, "{told}");
    assert_eq!(told["gpus"]["folder"], folder.path().display().to_string());

    let node = folder.path().join("rack-a01-node-1");
    let board = Board::open(&node.join("board")).expect("a board");
    assert_eq!((board.count(), board.loaded()), (4, true));
    assert_eq!(node.join("libnvidia-ml.so.1").exists(), told["gpus"]["library"].is_string());
    let began = board.gpu(0).expect("a GPU").readings();
    wait("a reading", || board.gpu(0).expect("a GPU").readings().at_us > began.at_us);
    // Whoever works: at this seed most nodes do.
    let all: Vec<Board> = std::fs::read_dir(folder.path())
        .expect("the folder")
        .flatten()
        .map(|entry| Board::open(&entry.path().join("board")).expect("a board"))
        .collect();
    let drawing = |board: &Board| board.gpus().map(|gpu| gpu.readings().average_mw).sum::<u64>();
    wait("work", || all.iter().map(&drawing).max().unwrap_or(0) > 4 * 400_000);
    for gpu in all.iter().flat_map(Board::gpus) {
        assert!(gpu.request(gpu.life(), 200_000, std::process::id()));
    }
    wait("less power", || all.iter().map(&drawing).all(|milliwatts| milliwatts < 4 * 230_000));

    let stop = Command::new("kill").arg("-TERM").arg(served.0.id().to_string()).status().expect("kill runs");
    assert!(stop.success());
    assert!(served.0.wait().expect("its end").success());
    assert!(all.iter().all(|board| !board.loaded()), "no driver without its hall");
}

fn refused(hall: &str, more: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let Output { status, stdout, stderr } = serve(hall, folder.path(), more).output().expect("the program runs");
    let told = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(!status.success(), "{told}");
    told
}

#[test]
fn what_cannot_stand_in_a_hall_is_refused_with_what_to_do() {
    for (hall, more, said) in [
        ("liquid", vec![], "not in air alone"),
        ("air", vec!["--per-rack", "6"], "write at most 5 for `--per-rack`"),
        ("air", vec!["--nodes", "h100-quid"], "h100-quad"),
        ("air", vec!["--per-rack", "0"], "1..=64"),
    ] {
        let told = refused(hall, &more);
        assert!(told.contains(said), "{hall} {more:?}: {told}");
    }
}
