//! How soon schedulers are answered over mosquitto, beside the least that Python and Node can do in the service's place.
//!
//! `cargo bench --bench budget`; `-- --seconds 30 --clients 50 --rate 100` is what it does unless told otherwise (requests a second of all clients together). With `--together` all clients ask at the same
//! instants: a hundred of them at a rate of 100 once a second. It needs mosquitto; Python with
//! `paho-mqtt` and Node are said to be missing where they are.
//!
//! Every client asks for a lease and gives it back, in turn. The service decides with the hall's whole power tree beside a simulated hall in real time, and has each promise on its disk before it
//! answers. The two others look at one number in memory, and forget it.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench prints its table and stops at the first thing that is not as it must be"
)]

#[path = "budget/clients.rs"]
mod clients;

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use clients::{Crowd, Heard};
use sim::wire;
use wattloop::service::rehearsal::{Scene, Stage};

/// How long anything may take to be there.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that ends with this.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Mosquitto on a port of its own.
fn broker(folder: &Path) -> Option<(Process, u16)> {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
    let file = folder.join("mosquitto.conf");
    let lines = format!("listener {port} 127.0.0.1\nset_tcp_nodelay true\nallow_anonymous true\n");
    std::fs::write(&file, lines).expect("writes");
    let mut command = Command::new("mosquitto");
    let child = command.arg("-c").arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    let process = Process(child);
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < PATIENCE, "mosquitto does not answer");
        std::thread::sleep(Duration::from_millis(20));
    }
    Some((process, port))
}

/// The service with a simulated hall beside it, whose budgets all clients share.
fn service(folder: &Path, port: u16, clients: usize) -> (Stage, Process) {
    let secret = folder.join("password");
    std::fs::write(&secret, "wattloop").expect("writes");
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("changes");
    let each: Vec<String> = (0..clients).map(|n| format!("{{name=\"c{n}\",per_minute=6000}}")).collect();
    let set = vec![
        "mqtt.user=\"wattloop\"".to_owned(),
        format!("mqtt.password_file={:?}", secret.display().to_string()),
        "mqtt.broker_acl=true".to_owned(),
        format!("budgets.client=[{}]", each.join(",")),
    ];
    let at = wire::Broker { host: "127.0.0.1".to_owned(), port, client: "hall".to_owned(), login: None };
    let scene = Scene { seed: 1, set, broker: Some(at), ..Scene::default() };
    let stage = Stage::set("air", folder, &scene).expect("a stage");
    let (site, flags) = stage.site();
    let mut command = Command::new(env!("CARGO_BIN_EXE_wattloop"));
    command.arg("run").arg("--config").arg(site);
    for flag in flags {
        command.arg("--set").arg(flag);
    }
    let log = std::fs::File::create(folder.join("log")).expect("a log");
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().expect("the service starts");
    (stage, Process(child))
}

/// A responder of a few lines; nothing where what it needs is not installed.
fn responder(command: &mut Command, port: u16) -> Option<Process> {
    let child = command.arg(port.to_string()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    Some(Process(child.ok()?))
}

fn python() -> Command {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers");
    let found = ["venv/bin/python", "bin/python3"].map(|program| own.join(program)).into_iter().find(|of| of.exists());
    let mut command = Command::new(found.unwrap_or_else(|| "python3".into()));
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/budget_responder.py"));
    command
}

fn node() -> Command {
    let mut command = Command::new("node");
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/budget_responder.js"));
    command
}

fn row(who: &str, heard: Option<Heard>) {
    let Some(mut heard) = heard else { return println!("| {who} | not installed, or it does not answer | | | | | |") };
    heard.took.sort_unstable();
    let at = |share: usize| heard.took[(heard.took.len() * share / 1000).min(heard.took.len() - 1)].as_secs_f64() * 1e3;
    let (answered, lost) = (heard.took.len(), heard.asked - heard.took.len());
    println!(
        "| {who} | {answered} | {lost} | {} | {} | {:.1} ms | {:.1} ms | {:.1} ms |",
        heard.granted,
        heard.busy,
        at(500),
        at(990),
        at(1000)
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str, usual: u32| {
        let at = arguments.iter().position(|a| a == name);
        at.map_or(usual, |n| arguments[n + 1].parse().expect("a number"))
    };
    let (seconds, clients, rate) = (number("--seconds", 30), number("--clients", 50), number("--rate", 100));
    let folder = tempfile::tempdir().expect("a folder");
    let Some((_broker, port)) = broker(folder.path()) else { return println!("mosquitto is not installed") };
    let every = Duration::from_secs(1) * clients / rate;
    let together = arguments.iter().any(|of| of == "--together");
    let crowd = Crowd { port, clients, every, long: Duration::from_secs(1) * seconds, together };
    println!("{clients} clients, {rate} requests a second, {seconds} s each\n");
    println!("| who answers | answered | not | granted | `busy` | half within | 99 % within | all within |");
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    let served = service(folder.path(), port, usize::try_from(clients).expect("few"));
    row("`wattloop run`, promises on disk", crowd.ask());
    drop(served);
    for (who, mut command) in [("Python, paho-mqtt, in memory", python()), ("Node, in memory", node())] {
        let process = responder(&mut command, port);
        row(who, process.and_then(|_alive| crowd.ask()));
    }
}
