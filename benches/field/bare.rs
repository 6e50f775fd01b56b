//! The peer in Rust: bare tokio-modbus and the bare `pid` crate, as one would write it in an afternoon.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_modbus::client::{Context, Reader as _, Writer as _, tcp};
use tokio_modbus::slave::{Slave, SlaveContext as _};

use super::Work;

/// What one connection does, whoever does it.
struct Line {
    context: Context,
    loops: Vec<(u8, pid::Pid<f64>, f64)>,
    registers: u16,
    values: Vec<f64>,
}

impl Line {
    async fn connect(port: u16, work: &Work) -> Self {
        let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.expect("the server is there");
        stream.set_nodelay(true).expect("a socket");
        let pid = || {
            let mut pid = pid::Pid::new(28.01, 50.0);
            pid.p(-50.0, 50.0).i(-0.05, 50.0);
            pid
        };
        let loops = (1..=work.units).map(|n| (u8::try_from(n).expect("a unit"), pid(), 0.0)).collect();
        Self { context: tcp::attach_slave(stream, Slave(1)), loops, registers: work.registers, values: Vec::new() }
    }

    async fn sense(&mut self, n: usize) {
        self.context.set_slave(Slave(self.loops[n].0));
        let words = self.context.read_input_registers(0, 1).await.expect("an answer").expect("no exception");
        self.loops[n].2 = f64::from(words[0]) * 0.01;
    }

    /// Writes and reads back.
    async fn act(&mut self, n: usize) {
        let (unit, pid, inlet) = &mut self.loops[n];
        let duty = 50.0 + pid.next_control_output(*inlet).output;
        let raw = u16::try_from(plant::convert::u64_from_f64_rounded(duty.clamp(20.0, 100.0) * 10.0)).expect("fits");
        self.context.set_slave(Slave(*unit));
        self.context.write_single_register(0, raw).await.expect("an answer").expect("no exception");
        let back = self.context.read_holding_registers(0, 1).await.expect("an answer").expect("no exception");
        assert_eq!(back[0], raw, "read back");
    }

    async fn sense_all(mut self) -> Self {
        for n in 0..self.loops.len() {
            self.sense(n).await;
        }
        self
    }

    async fn act_all(mut self) -> Self {
        for n in 0..self.loops.len() {
            self.act(n).await;
        }
        self
    }

    async fn read_all(&mut self) {
        for n in 0..self.loops.len() {
            self.context.set_slave(Slave(self.loops[n].0));
            let words = self.context.read_input_registers(0, self.registers).await.expect("an answer").expect("read");
            self.values.clear();
            self.values.extend(words.iter().map(|word| f64::from(*word) * 0.1));
            std::hint::black_box(&self.values);
        }
    }
}

async fn lines(work: &Work) -> Vec<Line> {
    let mut lines = Vec::new();
    for port in &work.ports {
        lines.push(Line::connect(*port, work).await);
    }
    lines
}

fn ticker(start: Instant, period: Duration) -> tokio::time::Interval {
    let mut ticker = interval_at(start, period);
    ticker.set_missed_tick_behavior(MissedTickBehavior::Skip);
    ticker
}

/// Each connection on its own: for each loop read, PID, write, read back.
pub async fn each(work: &Work) {
    let start = Instant::now() + Duration::from_millis(200);
    let mut tasks = JoinSet::new();
    for mut line in lines(work).await {
        let mut ticker = ticker(start, work.period);
        tasks.spawn(async move {
            loop {
                ticker.tick().await;
                for n in 0..line.loops.len() {
                    line.sense(n).await;
                    line.act(n).await;
                }
            }
        });
    }
    tasks.join_all().await;
}

/// A scan as a controller of a whole hall has it: read everything, decide, write everything.
pub async fn scan(work: &Work) {
    let mut lines = lines(work).await;
    let mut ticker = ticker(Instant::now() + Duration::from_millis(200), work.period);
    loop {
        ticker.tick().await;
        lines = lines.into_iter().map(Line::sense_all).collect::<JoinSet<_>>().join_all().await;
        lines = lines.into_iter().map(Line::act_all).collect::<JoinSet<_>>().join_all().await;
    }
}

/// Reads only; with a period, or flat out when it is zero.
pub async fn read(work: &Work) {
    let start = Instant::now() + Duration::from_millis(200);
    let mut tasks = JoinSet::new();
    for mut line in lines(work).await {
        let mut ticker = (!work.period.is_zero()).then(|| ticker(start, work.period));
        tasks.spawn(async move {
            loop {
                if let Some(ticker) = &mut ticker {
                    ticker.tick().await;
                }
                line.read_all().await;
            }
        });
    }
    tasks.join_all().await;
}
