//! One connection to one gateway: made, paced, given up and made again. Every request has a deadline.
//!
//! TCP: a lost reply leaves the connection up, because its transaction id keeps it from being taken for another; two
//! lost in a row, half a frame or anything that is no frame end it. RTU: a lost or odd reply ends the connection, and
//! the line stays quiet for the worst reply time before it is opened again.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use plant::reading::Why;
use plant::time::{Mono, Span};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio_modbus::client::{Client as _, Context, rtu, tcp};
use tokio_modbus::slave::{Slave, SlaveContext as _};
use tokio_modbus::{Error, Request, Response};
use tokio_serial::SerialPort as _;

use super::config::{Endpoint, Gateway, SerialLine};
use super::count::Counters;
use super::deadline::Deadline;
use super::frame::only_reads;
use super::gate::{Framing, Gate, Stream};
use crate::adapters::Stamp;

/// The longest time between two attempts to connect.
const MAX_RECONNECT: Span = Span::from_secs(30);
/// The time between the first two.
const FIRST_RECONNECT: Span = Span::from_millis(250);

/// Why a request has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no connection, or it broke.
    Comm,
    /// The unit did not answer in time.
    Timeout,
    /// The unit answered with this exception code.
    Exception(u8),
    /// What came was no frame, or not the answer; the connection was ended.
    Garbled,
    /// Shadow mode stopped a write.
    Blocked,
    /// The unit is another device than its map means.
    Stranger,
}

impl Fault {
    /// True when the unit itself, not the connection or the question, is at fault: it backs off alone.
    #[must_use]
    pub const fn is_the_units(self) -> bool {
        match self {
            // 10 and 11: the gateway says that it cannot reach the unit.
            Self::Timeout | Self::Garbled | Self::Stranger | Self::Exception(10 | 11) => true,
            Self::Comm | Self::Blocked | Self::Exception(_) => false,
        }
    }

    /// The reason that the point's sample carries.
    #[must_use]
    pub const fn why(self) -> Why {
        match self {
            Self::Comm | Self::Garbled => Why::Comm,
            Self::Timeout => Why::Timeout,
            Self::Exception(code) => Why::Exception(code),
            Self::Blocked => Why::Config,
            Self::Stranger => Why::WrongDevice,
        }
    }
}

/// The connection of one gateway.
pub struct Link {
    gateway: Gateway,
    live: bool,
    stamp: Stamp,
    counters: Arc<Counters>,
    connection: Option<Connection>,
    transaction: u16,
    /// Nothing is sent before this.
    quiet_until: Mono,
    connect_after: Mono,
    failures: u32,
    silent: u32,
    made: u64,
    opened: u64,
    jitter: u64,
    deadline: Deadline,
}

struct Connection {
    context: Context,
    gate: Gate,
    /// Whether anything has been answered on it.
    proven: bool,
}

impl Link {
    /// A link that has not connected. Without `live` its gate passes reads only.
    #[must_use]
    pub fn new(name: &str, gateway: Gateway, live: bool, stamp: Stamp, counters: Arc<Counters>) -> Self {
        let seed =
            name.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3));
        let transaction = plant::convert::low_word(seed >> 32);
        Self {
            gateway,
            live,
            stamp,
            counters,
            connection: None,
            transaction,
            quiet_until: Mono(0),
            connect_after: Mono(0),
            failures: 0,
            silent: 0,
            made: 0,
            opened: 0,
            jitter: seed,
            deadline: Deadline::default(),
        }
    }

    /// Monotonic time now.
    #[must_use]
    pub fn now(&self) -> Mono {
        (self.stamp)()
    }

    /// What the gateway has been through.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How often a TCP connection was made: a change says that the other side may have started anew.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.made
    }

    /// The number of the connection that is open, serial lines and all; nothing while none is.
    #[must_use]
    pub fn connection(&self) -> Option<u64> {
        self.connection.is_some().then_some(self.opened)
    }

    /// True when a request would at least be tried: connected, or an attempt is due.
    #[must_use]
    pub fn may_try(&self) -> bool {
        self.connection.is_some() || self.now() >= self.connect_after
    }

    /// Connects at the next call, however short ago that failed.
    pub const fn hurry(&mut self) {
        self.connect_after = Mono(0);
    }

    /// Asks and waits, at most for the gateway's timeout once the line is ready.
    ///
    /// # Errors
    /// Why there is no answer. After a transport fault the connection is gone and the next call makes a new one.
    pub async fn call(&mut self, unit: u8, request: Request<'_>) -> Result<Response, Fault> {
        if !self.live && !only_reads(request.function_code().value()) {
            self.counters.blocked.one();
            return Err(Fault::Blocked);
        }
        self.ready().await;
        let Some(connection) = &mut self.connection else { return Err(Fault::Comm) };
        connection.context.set_slave(Slave(unit));
        let limit = self.gateway.timeout.duration();
        let outcome = self.deadline.bound(limit, connection.context.call(request)).await;
        self.counters.requests.one();
        let pause = self.gateway.pause();
        if pause > Span::ZERO {
            self.quiet_until = self.now().after(pause);
        }
        match outcome {
            None => {
                self.lost_reply();
                Err(Fault::Timeout)
            }
            Some(Err(error)) => Err(self.broken(&error)),
            Some(Ok(reply)) => {
                self.answered();
                reply.map_err(|code| self.exception(code.into()))
            }
        }
    }

    /// Takes in what has come since the last request, and finds out whether the connection is still there.
    /// Returns the units that were heard of.
    pub async fn listen(&mut self) -> Vec<u8> {
        let Some(connection) = &mut self.connection else { return Vec::new() };
        match connection.gate.pump().await {
            Ok(()) => connection.gate.heard(),
            Err(e) => {
                self.broken(&Error::Transport(e));
                Vec::new()
            }
        }
    }

    /// Nothing is asked for a while: no timer shall wake anybody.
    pub fn rest(&mut self) {
        self.deadline = Deadline::default();
    }

    /// Asks a unit for one value without waiting for it; [`Link::listen`] will tell. False where that cannot be done:
    /// on RTU, and without a connection.
    pub async fn nudge(&mut self, unit: u8, pdu: [u8; 5]) -> bool {
        if self.gateway.url.is_rtu() {
            return false;
        }
        let Some(connection) = &mut self.connection else { return false };
        self.counters.probes.one();
        match tokio::time::timeout(self.gateway.timeout.duration(), connection.gate.probe(unit, pdu)).await {
            Ok(Ok(())) => true,
            Ok(Err(e)) => {
                self.broken(&Error::Transport(e));
                false
            }
            Err(_) => {
                self.close();
                false
            }
        }
    }

    fn answered(&mut self) {
        self.silent = 0;
        self.failures = 0;
        if let Some(connection) = &mut self.connection {
            connection.proven = true;
        }
    }

    fn exception(&self, code: u8) -> Fault {
        match code {
            1..=3 => self.counters.refusals.one(),
            5 | 6 => self.counters.busy.one(),
            _ => self.counters.device_faults.one(),
        }
        Fault::Exception(code)
    }

    fn lost_reply(&mut self) {
        self.counters.timeouts.one();
        self.silent = self.silent.saturating_add(1);
        let half_a_frame = self.connection.as_ref().is_some_and(|c| c.gate.abandon());
        if self.gateway.url.is_rtu() {
            self.close();
            self.quiet_until = self.now().after(self.gateway.worst_reply);
        } else if half_a_frame || self.silent >= 2 {
            self.close();
        }
    }

    fn broken(&mut self, error: &Error) -> Fault {
        let garbled = match error {
            Error::Protocol(_) => true,
            Error::Transport(e) => e.kind() == io::ErrorKind::InvalidData,
        };
        if garbled {
            self.counters.garbled.one()
        } else {
            self.counters.broken.one()
        }
        self.close();
        if self.gateway.url.is_rtu() {
            self.quiet_until = self.now().after(self.gateway.worst_reply);
        }
        if garbled { Fault::Garbled } else { Fault::Comm }
    }

    /// Ends the connection. One that never carried an answer counts as a failed attempt to connect.
    pub fn close(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.transaction = connection.gate.next_transaction();
            self.silent = 0;
            if !connection.proven {
                self.back_off();
            }
        }
    }

    /// Exponential, ± a quarter by a generator seeded with the gateway's name, so that gateways do not march in step.
    fn back_off(&mut self) {
        let doubled = FIRST_RECONNECT.times(1_u64 << self.failures.min(7)).min(MAX_RECONNECT);
        self.failures = self.failures.saturating_add(1);
        self.jitter = self.jitter.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let factor = 0.75 + 0.5 * f64::from(plant::convert::low_word(self.jitter >> 48)) / 65_535.0;
        self.connect_after = self.now().after(Span::from_seconds(doubled.seconds() * factor));
    }

    /// Makes the connection if need be, and waits until the line may be used. No connection afterwards: none to be had now.
    async fn ready(&mut self) {
        if self.connection.is_none() {
            if self.now() < self.connect_after {
                return;
            }
            self.pause().await;
            let limit = self.gateway.connect_timeout.duration();
            match tokio::time::timeout(limit, open(&self.gateway)).await {
                Ok(Ok(stream)) => self.connected(stream).await,
                outcome => {
                    let error = outcome.map_or_else(|_| None, Result::err);
                    if self.failures == 0 {
                        tracing::warn!(gateway = %self.gateway.url, ?error, "no Modbus connection");
                    }
                    self.counters.connect_failures.one();
                    self.back_off();
                    return;
                }
            }
        }
        self.pause().await;
    }

    async fn connected(&mut self, stream: Box<dyn Stream>) {
        self.counters.connects.one();
        tracing::info!(gateway = %self.gateway.url, "Modbus connection made");
        self.opened = self.opened.saturating_add(1);
        let rtu = self.gateway.url.is_rtu();
        // An RTU line is opened again after every lost reply: that says nothing about the other units on it.
        self.made = self.made.saturating_add(u64::from(!rtu));
        let framing = if rtu { Framing::Rtu } else { Framing::Tcp };
        let gate = Gate::new(stream, framing, self.transaction, Arc::clone(&self.counters));
        let gate = if self.live { gate.with_writes() } else { gate };
        tokio::time::sleep(self.gateway.pause_after_connect.duration()).await;
        if rtu {
            gate.drain().await;
        }
        let context =
            if rtu { rtu::attach_slave(gate.clone(), Slave(1)) } else { tcp::attach_slave(gate.clone(), Slave(1)) };
        self.connection = Some(Connection { context, gate, proven: false });
    }

    async fn pause(&mut self) {
        if self.quiet_until == Mono(0) {
            return;
        }
        let wait = self.quiet_until.since(self.now());
        if wait > Span::ZERO {
            tokio::time::sleep(wait.duration()).await;
        }
    }
}

async fn open(gateway: &Gateway) -> io::Result<Box<dyn Stream>> {
    match &gateway.url {
        Endpoint::Tcp(at) | Endpoint::RtuOverTcp(at) => {
            let stream = TcpStream::connect(at).await?;
            watch(&stream, gateway.timeout.duration())?;
            Ok(Box::new(stream))
        }
        Endpoint::Serial(line) => open_serial(line).map_err(io::Error::from),
    }
}

/// Lets the kernel find a peer that is gone without a word.
fn watch(stream: &TcpStream, timeout: Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    let probe = Duration::from_secs(5);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(probe).with_interval(probe))?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(timeout.saturating_mul(2).max(Duration::from_secs(1))))?;
    Ok(())
}

fn open_serial(line: &SerialLine) -> tokio_serial::Result<Box<dyn Stream>> {
    let builder = tokio_serial::new(&line.path, line.baud)
        .data_bits(if line.data_bits == 7 { tokio_serial::DataBits::Seven } else { tokio_serial::DataBits::Eight })
        .stop_bits(if line.stop_bits == 2 { tokio_serial::StopBits::Two } else { tokio_serial::StopBits::One })
        .parity(match line.parity {
            'E' => tokio_serial::Parity::Even,
            'O' => tokio_serial::Parity::Odd,
            _ => tokio_serial::Parity::None,
        });
    let port = tokio_serial::SerialStream::open(&builder)?;
    port.clear(tokio_serial::ClearBuffer::All)?;
    Ok(Box::new(port))
}
