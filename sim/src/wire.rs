//! Servers that put a simulated hall on a network: Modbus TCP gateways, MQTT messages, and a clock that runs free or in lockstep.
//!
//! ```text
//! clock ── steps the world ──▶ Stage (world, image) ◀── registers read and written ── gateways
//!   │ free: every `step`          └── messages: every `publish`, or after every step in lockstep ──▶ broker
//!   └ lockstep: at every write to the clock unit
//! ```
//!
//! A device hears every request that reaches it, reads included; when it has heard nothing for the time its device map
//! says, it runs by itself. While the clock runs free that silence is counted in real time, whatever its speed; in lockstep it is
//! counted in the hall's own time.

mod bank;
mod clock;
mod drill;
mod gateway;
mod lockstep;
mod message;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plant::bind::Bindings;
use plant::convert;
use plant::id::{Id, PointId};
use plant::image::{Inputs, Outputs};
use plant::time::{Mono, Span, Tick, Wall};
use tokio::task::JoinHandle;

use crate::World;
use crate::beside::Beside;
use bank::Bank;
pub use drill::Drill;
use gateway::Units;
pub use message::Broker;

/// What moves a served hall's time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// Real time.
    Free {
        /// Simulated seconds for each real second (1, > 0).
        speed: f64,
        /// Real time between two steps of the world (ms, ≥ 10).
        step: Duration,
    },
    /// The word of whoever writes to the clock unit, and nothing else.
    Lockstep,
}

impl Pace {
    /// Real time, so many times as fast (1, > 0), in five steps a second.
    #[must_use]
    pub const fn free(speed: f64) -> Self {
        Self::Free { speed, step: Duration::from_millis(200) }
    }
}

/// How a simulated hall is served.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address every gateway listens at (IP address); ports are given by the system unless `ports` names them.
    pub bind: IpAddr,
    /// Fixed ports of gateways by name (1 to 65535).
    pub ports: BTreeMap<String, u16>,
    /// The port of the clock unit (0 to 65535, 0 for any free one).
    pub clock: u16,
    /// What moves time.
    pub pace: Pace,
    /// The hall's wall clock at the begin; nothing for now.
    pub begin: Option<Wall>,
    /// Real time between two MQTT messages of one device while the clock runs free (ms, ≥ 10).
    pub publish: Duration,
    /// Where MQTT devices publish; nothing for silence.
    pub broker: Option<Broker>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            ports: BTreeMap::new(),
            clock: 0,
            pace: Pace::free(1.0),
            begin: None,
            publish: Duration::from_secs(1),
            broker: None,
        }
    }
}

/// The world on its stage: what servers and clock share.
#[derive(Debug)]
pub struct Stage {
    /// The world.
    pub world: World,
    /// Its image at the last step.
    pub inputs: Inputs,
    /// Its wall clock.
    pub wall: Wall,
    /// Its wall clock at the begin.
    began: Wall,
    /// Time gone by since.
    gone: Span,
    /// Steps since, and the last one's length.
    steps: u64,
    last: Span,
    /// MQTT messages handed to the broker's connection since.
    published: u64,
    banks: Vec<Bank>,
    /// What works with the world between its steps.
    beside: Option<Box<dyn Beside>>,
    /// How many requests came with each Modbus function code.
    requests: BTreeMap<u8, u64>,
}

/// A served hall. Dropping it stops the servers at their next await; [`Running::stop`] waits for them.
#[derive(Debug)]
pub struct Running {
    stage: Arc<Mutex<Stage>>,
    gateways: BTreeMap<String, SocketAddr>,
    clock: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
}

/// Puts a world on the network.
///
/// # Errors
/// When a gateway cannot listen.
pub async fn serve(world: World, bindings: &Bindings, options: &Options) -> io::Result<Running> {
    let stage = Arc::new(Mutex::new(stage(world, bindings, options)));
    let mut names: Vec<&str> = bindings.modbus.iter().map(|d| d.gateway.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let (mut gateways, mut tasks) = (BTreeMap::new(), Vec::new());
    for name in names {
        let listener = listen(options.bind, options.ports.get(name).copied().unwrap_or(0)).await?;
        gateways.insert(name.to_owned(), listener.local_addr()?);
        tasks.push(tokio::spawn(gateway::run(listener, Units::behind(name, Arc::clone(&stage)))));
    }
    let publisher = options.broker.as_ref().map(|broker| {
        let (publisher, connection) = message::connect(broker.clone(), bindings.mqtt.clone());
        tasks.push(tokio::spawn(connection));
        publisher
    });
    let listener = listen(options.bind, options.clock).await?;
    let clock = listener.local_addr()?;
    let moves = options.pace == Pace::Lockstep;
    let unit = lockstep::Unit::new(Arc::clone(&stage), publisher.clone(), moves);
    tasks.push(tokio::spawn(gateway::run(listener, unit)));
    match options.pace {
        Pace::Free { speed, step } => {
            tasks.push(tokio::spawn(clock::run(Arc::clone(&stage), step, speed)));
            let publishing = publisher.map(|p| p.publish_every(options.publish, Arc::clone(&stage)));
            tasks.extend(publishing.map(tokio::spawn));
        }
        Pace::Lockstep => {}
    }
    Ok(Running { stage, gateways, clock, tasks })
}

async fn listen(at: IpAddr, port: u16) -> io::Result<tokio::net::TcpListener> {
    tokio::net::TcpListener::bind(SocketAddr::new(at, port)).await
}

impl Stage {
    /// Moves the world by so much as one step, under what its devices hold.
    fn advance(&mut self, dt: Span) {
        self.gone = Span::from_nanos(self.gone.nanos().saturating_add(dt.nanos()));
        let millis = convert::i64_from_f64_rounded(self.gone.seconds() * 1e3);
        self.wall = Wall(self.began.0.saturating_add(millis));
        let mono = Mono(self.gone.nanos());
        let tick = Tick { seq: self.steps, dt, mono, wall: self.wall, clock_trusted: true, boot: 0 };
        (self.steps, self.last) = (self.steps.saturating_add(1), dt);
        let Self { world, inputs, beside, .. } = self;
        beside.iter_mut().for_each(|beside| beside.before(world));
        world.step_into(&Outputs::default(), tick, inputs);
        beside.iter_mut().for_each(|beside| beside.after(world, tick));
    }
}

impl Running {
    /// Where each gateway listens, by name.
    #[must_use]
    pub const fn gateways(&self) -> &BTreeMap<String, SocketAddr> {
        &self.gateways
    }

    /// Where the clock unit listens: simulated time, and in lockstep the register that moves it.
    #[must_use]
    pub const fn clock(&self) -> SocketAddr {
        self.clock
    }

    /// The stage, for looking and for breaking things. Hold it briefly: servers wait for it.
    pub fn stage(&self) -> MutexGuard<'_, Stage> {
        lock(&self.stage)
    }

    /// From now on this works with the world between its steps.
    pub fn put_beside(&self, beside: Box<dyn Beside>) {
        self.stage().beside = Some(beside);
    }

    /// How many requests came with each Modbus function code.
    #[must_use]
    pub fn requests(&self) -> BTreeMap<u8, u64> {
        self.stage().requests.clone()
    }

    /// Sets what is wrong with one unit on the wire. False when there is no such unit.
    pub fn drill(&self, gateway: &str, unit: u8, drill: Drill) -> bool {
        let mut stage = self.stage();
        let bank = stage.banks.iter_mut().find(|b| b.gateway == gateway && b.unit == unit);
        bank.map(|b| b.drill = drill).is_some()
    }

    /// Writes a point as a stranger at another workstation would; a read right after sees it. False when it cannot be written.
    pub fn foreign_write(&self, point: PointId, value: f64) -> bool {
        let Stage { world, inputs, .. } = &mut *self.stage();
        let written = world.write(point, value);
        if let Some(sample) = inputs.samples.get_mut(point).filter(|_| written) {
            sample.value = Ok(value);
        }
        written
    }

    /// Stops clock and servers and hands the world back.
    pub async fn stop(mut self) -> World {
        for task in &self.tasks {
            task.abort();
        }
        for task in self.tasks.drain(..) {
            // A task that was told to stop says so; there is nothing else to learn.
            drop(task.await);
        }
        self.stage().world.clone()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

fn lock(stage: &Mutex<Stage>) -> MutexGuard<'_, Stage> {
    stage.lock().unwrap_or_else(PoisonError::into_inner)
}

fn stage(mut world: World, bindings: &Bindings, options: &Options) -> Stage {
    let stretched = match options.pace {
        Pace::Free { speed, .. } => speed,
        Pace::Lockstep => 1.0,
    };
    for device in &bindings.modbus {
        if let Some(loss) = &device.map.comm_loss {
            world.set_patience(device.equip, Span::from_seconds(loss.after.seconds() * stretched));
        }
        world.hear(device.equip);
    }
    let most = bindings.modbus.iter().flat_map(|d| &d.points).map(|b| b.point.index().saturating_add(1)).max();
    let mut inputs = Inputs::unread(world.points().max(most.unwrap_or(0)));
    let wall = options.begin.unwrap_or_else(clock::now);
    match options.pace {
        // A first second before anybody looks: nobody finds registers nobody has filled, nor a hall that draws nothing.
        Pace::Free { .. } => {
            let tick = Tick { wall, dt: Span::from_secs(1), ..Tick::default() };
            world.step_into(&Outputs::default(), tick, &mut inputs);
        }
        // In lockstep the first step is the client's, as it is in process.
        Pace::Lockstep => {}
    }
    let banks = bindings.modbus.iter().map(Bank::new).collect();
    let (gone, requests, beside) = (Span::ZERO, BTreeMap::new(), None);
    Stage { world, inputs, wall, began: wall, gone, steps: 0, last: Span::ZERO, published: 0, banks, beside, requests }
}
