//! The field that every contestant talks to: one thread, one process, many ports. It answers at once and keeps the times.
//!
//! A reply's time is taken just before it is handed to the kernel, a request's just after it was taken out.

use std::cell::RefCell;
use std::io::{BufRead as _, Write as _};
use std::rc::Rc;
use std::time::Instant;

use plant::convert::{f64_from_u64, nanos_u64, u64_from_usize};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};

use super::figures::quantile;

/// Units that one port may have.
const UNITS: usize = 256;

/// What one unit holds and what was seen of it.
#[derive(Clone, Copy, Debug, Default)]
struct Unit {
    /// The temperature goes up and down by turns, so that every cycle has something to write.
    warm: bool,
    held: [u16; 4],
    replied: Option<u64>,
    reads: u64,
    writes: u64,
}

/// What was seen of one port.
#[derive(Debug)]
struct Port {
    units: Vec<Unit>,
    /// When the first unit was asked for its temperature: the beginning of a cycle.
    begun: Vec<u64>,
}

#[derive(Debug)]
struct Seen {
    epoch: Instant,
    since: u64,
    ports: Vec<Port>,
    senses: Vec<f64>,
    requests: u64,
    registers: u64,
}

impl Seen {
    fn now(&self) -> u64 {
        nanos_u64(self.epoch.elapsed())
    }

    fn reset(&mut self) {
        self.since = self.now();
        self.senses.clear();
        (self.requests, self.registers) = (0, 0);
        for port in &mut self.ports {
            port.begun.clear();
            for unit in &mut port.units {
                (unit.reads, unit.writes, unit.replied) = (0, 0, None);
            }
        }
    }

    /// Answers one request; the reply without its first four bytes, and whether its leaving counts as sensing.
    fn answer(&mut self, port: usize, unit: u8, pdu: &[u8], reply: &mut Vec<u8>) {
        let arrived = self.now();
        let word = |n: usize| u16::from_be_bytes([pdu[n], pdu[n + 1]]);
        let (function, address, count) = (pdu[0], word(1), word(3));
        self.requests += 1;
        let port = &mut self.ports[port];
        let unit_number = unit;
        let unit = &mut port.units[usize::from(unit)];
        match function {
            3 | 4 => {
                self.registers += u64::from(count);
                reply.extend([function, u8::try_from(count * 2).expect("at most 125")]);
                for at in address..address + count {
                    let value = match (function, at) {
                        (3, _) => unit.held[usize::from(at) % 4],
                        (_, 0) => 2800 + 2 * u16::from(unit.warm),
                        (_, n) => 200 + n,
                    };
                    reply.extend(value.to_be_bytes());
                }
                if function == 4 && address == 0 {
                    unit.warm = !unit.warm;
                    unit.reads += 1;
                    if unit_number == 1 {
                        port.begun.push(arrived);
                    }
                }
            }
            6 | 16 => {
                unit.held[usize::from(address) % 4] = if function == 6 { count } else { word(6) };
                reply.extend(&pdu[..5]);
                unit.writes += 1;
                if let Some(replied) = unit.replied.take() {
                    self.senses.push(f64_from_u64(arrived - replied) / 1e3);
                }
            }
            _ => reply.extend([function | 0x80, 1]),
        }
    }

    /// One line of figures: `key=value …`; times in microseconds.
    fn report(&self, units: usize, period_ns: u64) -> String {
        let window = self.now() - self.since;
        let expected = (window / period_ns.max(1)).saturating_sub(1);
        let rows = || self.ports.iter().flat_map(|p| p.units.iter().skip(1).take(units));
        let done: u64 = rows().map(|u| u.writes.min(u.reads).min(expected)).sum();
        let all = expected * u64_from_usize(units * self.ports.len());
        let mut senses = self.senses.clone();
        let mut jitter: Vec<f64> = self.ports.iter().flat_map(|p| off_grid(&p.begun, period_ns)).collect();
        let [s50, s99, s100] = [0.5, 0.99, 1.0].map(|q| quantile(&mut senses, q));
        let [j50, j95, j99, j100] = [0.5, 0.95, 0.99, 1.0].map(|q| quantile(&mut jitter, q));
        format!(
            "window={} requests={} registers={} done={} sense50={s50} sense99={s99} sense100={s100} jitter50={j50} \
             jitter95={j95} jitter99={j99} jitter100={j100}",
            f64_from_u64(window) / 1e9,
            self.requests,
            self.registers,
            f64_from_u64(done) / f64_from_u64(all.max(1)),
        )
    }
}

/// How far each arrival is from the grid of the period, in microseconds; the grid's phase is the median of the arrivals'.
fn off_grid(begun: &[u64], period_ns: u64) -> Vec<f64> {
    let Some(first) = begun.first() else { return Vec::new() };
    let period = f64_from_u64(period_ns);
    let mut off: Vec<f64> = begun
        .iter()
        .map(|at| {
            let since = f64_from_u64(at - first);
            since - (since / period).round() * period
        })
        .collect();
    let phase = quantile(&mut off, 0.5);
    off.iter().map(|o| (o - phase).abs() / 1e3).collect()
}

/// Serves `ports` ports with `units` units each until its standard input ends. Prints the ports; on `reset` forgets what
/// it has seen, on `report` prints it.
pub fn serve(ports: usize, units: usize, period_ns: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async move {
        let port = || Port { units: vec![Unit::default(); UNITS], begun: Vec::new() };
        let seen = Rc::new(RefCell::new(Seen {
            epoch: Instant::now(),
            since: 0,
            ports: (0..ports).map(|_| port()).collect(),
            senses: Vec::new(),
            requests: 0,
            registers: 0,
        }));
        let mut places = Vec::new();
        for n in 0..ports {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            places.push(listener.local_addr().expect("an address").port().to_string());
            let seen = Rc::clone(&seen);
            tokio::task::spawn_local(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::task::spawn_local(converse(stream, n, Rc::clone(&seen)));
                }
            });
        }
        println!("{}", places.join(" "));
        std::io::stdout().flush().expect("the parent reads");
        let mut orders = orders();
        while let Some(order) = orders.recv().await {
            if order == "reset" {
                seen.borrow_mut().reset();
                println!("ready");
            } else {
                println!("{}", seen.borrow().report(units, period_ns));
            }
            std::io::stdout().flush().expect("the parent reads");
        }
    });
}

/// The lines of standard input.
fn orders() -> tokio::sync::mpsc::Receiver<String> {
    let (sender, orders) = tokio::sync::mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    orders
}

async fn converse(mut stream: TcpStream, port: usize, seen: Rc<RefCell<Seen>>) {
    stream.set_nodelay(true).expect("a socket");
    let mut input: Vec<u8> = Vec::with_capacity(1024);
    let mut reply: Vec<u8> = Vec::with_capacity(512);
    loop {
        match stream.read_buf(&mut input).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        while let Some(length) = whole_frame(&input) {
            reply.clear();
            reply.extend([input[0], input[1], 0, 0, 0, 0, input[6]]);
            let unit = input[6];
            seen.borrow_mut().answer(port, unit, &input[7..length], &mut reply);
            let size = u16::try_from(reply.len() - 6).expect("a frame").to_be_bytes();
            reply[4..6].copy_from_slice(&size);
            if input[7] == 4 {
                let mut seen = seen.borrow_mut();
                let now = seen.now();
                seen.ports[port].units[usize::from(unit)].replied = Some(now);
            }
            input.drain(..length);
            // A reply fits any socket's buffer: what is not taken at once is a contestant that does not read.
            if stream.try_write(&reply).ok() != Some(reply.len()) {
                return;
            }
        }
    }
}

fn whole_frame(input: &[u8]) -> Option<usize> {
    let length = 6 + usize::from(u16::from_be_bytes([*input.get(4)?, *input.get(5)?]));
    (input.len() >= length).then_some(length)
}
