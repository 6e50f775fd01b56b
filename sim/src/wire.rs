//! Servers that put a simulated hall on a network: Modbus TCP gateways, MQTT messages, and a clock that runs free.
//!
//! ```text
//! clock ── steps the world every `step` ──▶ Stage (world, image) ◀── registers read and written ── gateways
//!                                             └── messages every `publish` ──▶ broker
//! ```
//!
//! A device hears every request that reaches it, reads included; when it has heard nothing for the time its device map
//! says, it runs by itself. That silence is counted in real time, whatever the clock's speed.

mod bank;
mod clock;
mod drill;
mod gateway;
mod message;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plant::bind::Bindings;
use plant::id::{Id, PointId};
use plant::image::{Inputs, Outputs};
use plant::time::{Span, Tick, Wall};
use tokio::task::JoinHandle;

use crate::World;
use bank::Bank;
pub use drill::Drill;
pub use message::Broker;

/// How a simulated hall is served.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address every gateway listens at (IP address); ports are given by the system unless `ports` names them.
    pub bind: IpAddr,
    /// Fixed ports of gateways by name (1 to 65535).
    pub ports: BTreeMap<String, u16>,
    /// Simulated seconds for each real second (1, > 0).
    pub speed: f64,
    /// Real time between two steps of the world (ms, ≥ 10).
    pub step: Duration,
    /// Real time between two MQTT messages of one device (ms, ≥ 10).
    pub publish: Duration,
    /// Where MQTT devices publish; nothing for silence.
    pub broker: Option<Broker>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            ports: BTreeMap::new(),
            speed: 1.0,
            step: Duration::from_millis(200),
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
    banks: Vec<Bank>,
    /// How many requests came with each Modbus function code.
    requests: BTreeMap<u8, u64>,
}

/// A served hall. Dropping it stops the servers at their next await; [`Running::stop`] waits for them.
#[derive(Debug)]
pub struct Running {
    stage: Arc<Mutex<Stage>>,
    gateways: BTreeMap<String, SocketAddr>,
    tasks: Vec<JoinHandle<()>>,
}

/// Puts a world on the network.
///
/// # Errors
/// When a gateway cannot listen.
pub async fn serve(world: World, bindings: &Bindings, options: &Options) -> io::Result<Running> {
    let stage = Arc::new(Mutex::new(stage(world, bindings, options.speed)));
    let mut names: Vec<&str> = bindings.modbus.iter().map(|d| d.gateway.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let (mut gateways, mut tasks) = (BTreeMap::new(), Vec::new());
    for name in names {
        let port = options.ports.get(name).copied().unwrap_or(0);
        let listener = tokio::net::TcpListener::bind(SocketAddr::new(options.bind, port)).await?;
        gateways.insert(name.to_owned(), listener.local_addr()?);
        tasks.push(tokio::spawn(gateway::run(listener, name.to_owned(), Arc::clone(&stage))));
    }
    tasks.push(tokio::spawn(clock::run(Arc::clone(&stage), options.step, options.speed)));
    if let Some(broker) = &options.broker {
        let publisher = message::run(broker.clone(), bindings.mqtt.clone(), options.publish, Arc::clone(&stage));
        tasks.push(tokio::spawn(publisher));
    }
    Ok(Running { stage, gateways, tasks })
}

impl Running {
    /// Where each gateway listens, by name.
    #[must_use]
    pub const fn gateways(&self) -> &BTreeMap<String, SocketAddr> {
        &self.gateways
    }

    /// The stage, for looking and for breaking things. Hold it briefly: servers wait for it.
    pub fn stage(&self) -> MutexGuard<'_, Stage> {
        lock(&self.stage)
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

    /// Writes a point as a stranger at another workstation would. False when it cannot be written.
    pub fn foreign_write(&self, point: PointId, value: f64) -> bool {
        self.stage().world.write(point, value)
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

fn stage(mut world: World, bindings: &Bindings, speed: f64) -> Stage {
    for device in &bindings.modbus {
        if let Some(loss) = &device.map.comm_loss {
            world.set_patience(device.equip, Span::from_seconds(loss.after.seconds() * speed));
        }
        world.hear(device.equip);
    }
    let most = bindings.modbus.iter().flat_map(|d| &d.points).map(|b| b.point.index().saturating_add(1)).max();
    let mut inputs = Inputs::unread(world.points().max(most.unwrap_or(0)));
    // A step of no time reads every sensor once, so that nobody finds registers nobody has filled.
    let wall = clock::now();
    world.step_into(&Outputs::default(), Tick { wall, ..Tick::default() }, &mut inputs);
    let banks = bindings.modbus.iter().map(Bank::new).collect();
    Stage { world, inputs, wall, banks, requests: BTreeMap::new() }
}
