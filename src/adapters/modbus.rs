//! The Modbus adapter: TCP, RTU over TCP, serial RTU.
//!
//! ```text
//! Order ──▶ bus (one actor a gateway) ─▶ unit: poll / deliver ─▶ client: Reader, Writer ─▶ link: deadline, reconnect
//!                                          │ plan, health, output                              │
//!                                          ▼                                                   ▼
//!                                 samples, write reports                     tokio-modbus over the gate: whole frames
//!                                                                            that answer the open question, no others
//! ```
//!
//! Architecture invariant: a reply that is late is never taken for the next one. On TCP the gate knows which transaction
//! is open, and ids go on over connections. On RTU nothing tells replies apart, so that after a lost or odd one the
//! connection is dropped and the line kept quiet for the worst reply time.
//!
//! Architecture invariant: in shadow mode no write can leave. The actor holds a `Reader`, which has no method that
//! writes; its link refuses every other function; its gate does so again at the transport.
//!
//! Time stamps are those of the request's departure: a sample is never younger than it says.

mod bus;
mod client;
mod config;
mod count;
mod deadline;
mod deliver;
mod frame;
mod gate;
mod health;
mod identity;
mod link;
mod once;
mod output;
mod plan;
mod talk;
mod unit;

use std::fmt;
use std::sync::Arc;

use plant::bind::ModbusDevice;

pub use config::{Endpoint, Gateway, ModbusConfig, SerialLine};
pub use count::{Count, Counters, Counts};
pub use link::Fault;
pub use once::{Look, probe, write_once};

use crate::adapters::Field;
use bus::Bus;
use client::{Client, Reader, Writer};
use link::Link;

/// Whether the adapter may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// It may.
    Live,
    /// It may not, whatever is ordered: the hall runs without us and we only look.
    Shadow,
}

/// A running adapter: what it counts. It ends when its field does.
#[derive(Clone, Debug, Default)]
pub struct Modbus {
    gateways: Vec<(String, Arc<Counters>)>,
}

impl Modbus {
    /// Every gateway in use with its counters, in order of names.
    pub fn gateways(&self) -> impl Iterator<Item = (&str, &Counters)> {
        self.gateways.iter().map(|(name, counters)| (name.as_str(), counters.as_ref()))
    }
}

/// Why the adapter does not start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartFault {
    /// Called outside a tokio runtime.
    NoRuntime,
    /// The configuration is wrong; each fault a sentence.
    Config(Vec<String>),
}

impl fmt::Display for StartFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRuntime => f.write_str("the Modbus adapter needs a tokio runtime"),
            Self::Config(faults) => f.write_str(&faults.join("\n")),
        }
    }
}

impl std::error::Error for StartFault {}

/// Starts one actor for each gateway that has devices. Nothing is connected before the first order.
///
/// # Errors
/// A configuration that breaks its rules, a device whose gateway is not configured, no runtime to run on. Nothing has
/// been started then.
pub fn start(
    config: &ModbusConfig,
    devices: &[ModbusDevice],
    field: &mut Field,
    writes: Writes,
) -> Result<Modbus, StartFault> {
    let mut faults = config.faults();
    for device in devices.iter().filter(|d| !config.gateway.contains_key(&d.gateway)) {
        faults.push(format!(
            "unit {} of device map `{}` is behind gateway `{}`, which is not configured: add [modbus.gateway.{}] with its url",
            device.unit, device.map.id, device.gateway, device.gateway
        ));
    }
    if !faults.is_empty() {
        return Err(StartFault::Config(faults));
    }
    let runtime = tokio::runtime::Handle::try_current().map_err(|_| StartFault::NoRuntime)?;
    let mut modbus = Modbus::default();
    for (name, gateway) in &config.gateway {
        let units = unit::units(gateway, devices.iter().filter(|d| d.gateway == *name));
        if units.is_empty() {
            continue;
        }
        let shared = field.shared();
        let counters = Arc::new(Counters::default());
        let live = writes == Writes::Live;
        let link = Link::new(name, gateway.clone(), live, Arc::clone(&shared.stamp), Arc::clone(&counters));
        let client = match writes {
            Writes::Live => Client::Live(Writer::new(link)),
            Writes::Shadow => Client::Shadow(Reader::new(link)),
        };
        let (number, orders) = field.add_bus();
        runtime.spawn(Bus::new(client, gateway.clone(), units).run(number, orders, shared));
        modbus.gateways.push((name.clone(), counters));
    }
    Ok(modbus)
}
