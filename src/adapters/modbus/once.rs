//! Small paths of their own, without a field: reading a register to look at it, and writing the safe outputs.

use std::sync::Arc;
use std::time::Duration;

use plant::bind::ModbusDevice;
use plant::command::WriteReport;
use plant::device::RegisterTable;
use plant::id::{PointId, Table};
use plant::time::{Span, Tick};

use super::bus::Bus;
use super::client::{Client, Data, Reader, Writer};
use super::config::{Endpoint, Gateway, ModbusConfig};
use super::count::Counters;
use super::link::{Fault, Link};
use super::unit::{Findings, units};
use crate::adapters::Stamp;

/// What to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The unit, 0 to 255.
    pub unit: u8,
    /// Which table.
    pub table: RegisterTable,
    /// The first register or bit, from 0.
    pub address: u16,
    /// How many, 1 to 125 registers or 1 to 2000 bits.
    pub count: u16,
}

/// Reads registers or bits once; bits come as 0 and 1. Nothing that writes can pass.
///
/// # Errors
/// The fault, with exception codes as the device gave them: 2 often means that the address is one off.
pub async fn probe(url: &Endpoint, look: Look, timeout: Span, stamp: Stamp) -> Result<Vec<u16>, Fault> {
    let mut gateway = Gateway::new(url.clone());
    gateway.timeout = timeout;
    gateway.connect_timeout = timeout;
    let link = Link::new("probe", gateway, false, stamp, Arc::new(Counters::default()));
    let data = Reader::new(link).read(look.unit, look.table, (look.address, look.count)).await?;
    Ok(match data {
        Data::Bits(bits) => bits.into_iter().map(u16::from).collect(),
        Data::Words(words) => words,
    })
}

/// Writes values to every device that takes them, reads them back, and says what became of each: what is not proven is tried
/// once more by itself, every gateway at the same time, all over by `deadline`. What is missing from the answer was not reached.
/// Registers in memory that wears out are read first and written only when they differ.
pub async fn write_once(
    config: &ModbusConfig,
    devices: &[ModbusDevice],
    values: &Table<PointId, Option<f64>>,
    deadline: Duration,
    stamp: Stamp,
) -> Vec<WriteReport> {
    let tick = Tick { mono: stamp(), ..Tick::default() };
    let mut tasks = tokio::task::JoinSet::new();
    for (name, gateway) in &config.gateway {
        let counters = Arc::new(Counters::default());
        let link = Link::new(name, gateway.clone(), true, Arc::clone(&stamp), counters);
        let behind = units(gateway, devices.iter().filter(|d| d.gateway == *name));
        let mut bus = Bus::new(Client::Live(Writer::new(link)), gateway.clone(), behind);
        let values = values.clone();
        tasks.spawn(async move {
            let mut found = Findings::default();
            // What was reached before the end counts.
            drop(tokio::time::timeout(deadline, bus.write_once(&values, tick, &mut found)).await);
            found.reports
        });
    }
    let mut reports = Vec::new();
    while let Some(done) = tasks.join_next().await {
        if let Ok(mut some) = done {
            reports.append(&mut some);
        }
    }
    // Of two attempts the later one tells.
    reports.reverse();
    reports.sort_by_key(|r| r.point);
    reports.dedup_by_key(|r| r.point);
    reports
}
