//! The bench over serial framing, end to end: a converter such as hangs in a cabinet stands between the line and the hall's
//! gateway, and the real program controls over it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::process::{Process, replay};
use super::rig::{Rig, said};

/// Modbus RTU on one side, TCP on the other. Its threads end with the process.
struct Converter {
    address: SocketAddr,
    gateway: Arc<Mutex<Option<SocketAddr>>>,
}

impl Converter {
    fn new() -> Self {
        Self::speaking(|reply| reply)
    }

    /// Every reply comes as `speak` makes it.
    fn speaking(speak: fn(Vec<u8>) -> Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let gateway = Arc::new(Mutex::new(None));
        let its = Arc::clone(&gateway);
        std::thread::spawn(move || {
            for line in listener.incoming().map_while(Result::ok) {
                let gateway = Arc::clone(&its);
                std::thread::spawn(move || convert(line, &gateway, speak));
            }
        });
        Self { address, gateway }
    }

    fn connect(&self, gateway: SocketAddr) {
        *self.gateway.lock().expect("whole") = Some(gateway);
    }
}

/// Carries requests one by one until an end hangs up.
fn convert(mut line: TcpStream, gateway: &Mutex<Option<SocketAddr>>, speak: fn(Vec<u8>) -> Vec<u8>) -> Option<()> {
    let mut far = None;
    for id in 0_u16.. {
        let mut frame = vec![0; 8];
        line.read_exact(&mut frame).ok()?;
        if matches!(frame[1], 15 | 16) {
            let mut rest = vec![0; usize::from(frame[6]) + 1];
            line.read_exact(&mut rest).ok()?;
            frame.extend(rest);
        }
        let far = match &mut far {
            Some(far) => far,
            // The line may be laid before the hall is served.
            none => none.insert(TcpStream::connect((*gateway.lock().expect("whole"))?).ok()?),
        };
        far.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        let (body, sum) = frame.split_at(frame.len() - 2);
        assert_eq!(sum, crc(body), "a check sum on the line");
        let mut asked = id.to_be_bytes().to_vec();
        asked.extend([0, 0]);
        asked.extend(u16::try_from(body.len()).expect("short").to_be_bytes());
        asked.extend(body);
        far.write_all(&asked).ok()?;
        let mut head = [0; 6];
        far.read_exact(&mut head).ok()?;
        let mut reply = vec![0; usize::from(u16::from_be_bytes([head[4], head[5]]))];
        far.read_exact(&mut reply).ok()?;
        let sum = crc(&reply);
        reply.extend(sum);
        line.write_all(&speak(reply)).ok()?;
    }
    None
}

fn crc(bytes: &[u8]) -> [u8; 2] {
    let step = |sum: u16| if sum & 1 == 1 { sum >> 1 ^ 0xA001 } else { sum >> 1 };
    bytes.iter().fold(0xFFFF, |sum, byte| (0..8).fold(sum ^ u16::from(*byte), |sum, _| step(sum))).to_le_bytes()
}

/// The bench is held, obeys a person, and is handed over, all over `url`.
fn the_bench_is_held_over(url: &str, converter: &Converter) {
    let rig = Rig::dark("bench", &[format!("modbus.gateway.bench.url=\"{url}\"")]);
    converter.connect(rig.stage.hall.gateways()["bench"]);
    let loaded = rig.stage.load().unwrap_or_else(|e| panic!("{e}"));
    let fan = loaded.hall.point("fan-1/fan-speed").expect("a fan");
    let told = || rig.stage.hall.stage().world.truth(fan).expect("modelled");
    let mut process = Process::run(&rig.stage, rig.folder(), None);
    process.until("every reading comes over the line", |s| s["readings"]["lost"] == 0 && s["readings"]["stale"] == 0);
    process.until("the loop has brought the fan down", |s| s["fans"][0]["value"].as_f64() < Some(95.0));
    let status = process.until("it is held for a while", |s| s["scans"].as_u64() > Some(100));
    assert!(status["worst_inlet"]["margin_k"].as_f64() > Some(0.0), "below its limit: {status}");
    assert_eq!(status["alarms"].as_array().map(Vec::len), Some(0), "{status}");
    let commanded = status["fans"][0]["value"].as_f64().expect("a number");
    assert!((told() - commanded).abs() < 5.0, "{commanded} is commanded, the drive holds {}", told());
    let set = process.wattloop(&["set", "fan-1/fan-speed", "77", "--for", "10min", "--reason", "drill"]);
    assert!(set.status.success(), "{}", said(&set));
    let end = Instant::now() + Duration::from_secs(60);
    while (told() - 77.0).abs() > 1.0 {
        assert!(Instant::now() < end, "the drive holds {}\n{}", told(), process.log());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(process.end_by("TERM").code(), Some(0));
    std::thread::sleep(Duration::from_millis(600));
    assert!((told() - 100.0).abs() < 1.0, "handed over: {}", told());
    let (same, text) = replay(rig.folder());
    assert!(same, "{text}");
}

#[test]
fn the_bench_is_held_over_rtu_over_tcp() {
    let converter = Converter::new();
    the_bench_is_held_over(&format!("rtu+tcp://{}", converter.address), &converter);
}

/// A serial line that socat lays. Dropped, it is gone.
struct Line(Child);

impl Line {
    fn lay(at: &Path, far: SocketAddr) -> Option<Self> {
        let ends = [format!("pty,raw,echo=0,link={}", at.display()), format!("tcp:{far}")];
        let laid = Command::new("socat").args(ends).stdin(Stdio::null()).stderr(Stdio::null()).spawn();
        let Ok(child) = laid else {
            assert!(std::env::var("WLTEST_PEERS").as_deref() != Ok("required"), "socat is missing");
            println!("skipped: socat is not installed");
            return None;
        };
        let line = Self(child);
        let end = Instant::now() + Duration::from_secs(20);
        while !at.exists() {
            assert!(Instant::now() < end, "socat lays no line");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(line)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn the_bench_is_held_over_a_serial_line() {
    let converter = Converter::new();
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path().join("line");
    let Some(_line) = Line::lay(&at, converter.address) else { return };
    // A line whose last user closes it is gone.
    let _open = std::fs::File::options().read(true).write(true).open(&at).expect("a line");
    the_bench_is_held_over(&format!("rtu://{}?baud=115200&fmt=8N1", at.display()), &converter);
}

/// As a line of half the baud rate is heard: twice as many bytes, none of them a byte that was sent.
fn at_twice_its_rate(reply: Vec<u8>) -> Vec<u8> {
    reply.into_iter().flat_map(|byte| [byte.rotate_left(3) ^ 0x66, byte.rotate_right(2) | 0x98]).collect()
}

#[test]
fn nothing_is_believed_of_a_line_at_a_wrong_baud_rate() {
    let converter = Converter::speaking(at_twice_its_rate);
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path().join("line");
    let Some(_line) = Line::lay(&at, converter.address) else { return };
    let _open = std::fs::File::options().read(true).write(true).open(&at).expect("a line");
    let rig = Rig::dark("bench", &[format!("modbus.gateway.bench.url=\"rtu://{}?baud=115200&fmt=8N1\"", at.display())]);
    converter.connect(rig.stage.hall.gateways()["bench"]);
    let mut process = Process::run(&rig.stage, rig.folder(), None);
    let status = process.until("it has listened for a while", |s| s["scans"].as_u64() > Some(100));
    assert!(status["readings"]["lost"].as_u64() > Some(0), "{status}");
    assert_eq!(status["readings"]["fresh"].as_u64(), Some(0), "{status}");
    assert!(status["fans"][0]["value"].as_f64() >= Some(99.0), "at its fail-safe: {status}");
    process.end_by("TERM");
}
