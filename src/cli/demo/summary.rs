//! What is left when a demo has ended.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;
use wattloop::adapters::modbus::Modbus;
use wattloop::control::report::{PlantView, Pue, PumpsView};
use wattloop::service::scan::Tally;

use super::Watched;
use crate::cli::status::{of_plant, of_pumps, of_tower};

/// The figures of a run.
#[derive(Debug, Serialize)]
pub struct Summary {
    scans: u64,
    overruns: u64,
    worst_inlet_celsius: Option<f64>,
    worst_inlet_rack: Option<String>,
    pue_1m: Option<f64>,
    pue_1m_coverage: f64,
    pue_1m_validity: String,
    pue_category: u8,
    facility_kwh: f64,
    it_kwh: f64,
    plants: Vec<PlantView>,
    pumps: Vec<PumpsView>,
    modbus_requests: u64,
    modbus_errors: u64,
    alarms: Vec<String>,
    journal: PathBuf,
}

impl Summary {
    /// Of what was seen and counted.
    pub fn new(seen: &Watched, tally: Tally, modbus: (u64, u64), journal: PathBuf) -> Self {
        let minute = seen.last.pue.iter().find(|p| p.window == "1m");
        Self {
            scans: tally.scans,
            overruns: tally.overruns,
            worst_inlet_celsius: seen.worst.as_ref().map(|(celsius, _)| *celsius),
            worst_inlet_rack: seen.worst.as_ref().map(|(_, rack)| rack.clone()),
            pue_1m: minute.and_then(|p| p.value),
            pue_1m_coverage: minute.map_or(0.0, |p| p.coverage),
            pue_1m_validity: minute.map_or_else(|| "no meter".to_owned(), |p| p.validity.clone()),
            pue_category: minute.map_or(0, |p: &Pue| p.category),
            facility_kwh: seen.last.facility_kwh,
            it_kwh: seen.last.it_kwh,
            plants: seen.last.plants.clone(),
            pumps: seen.last.pumps.clone(),
            modbus_requests: modbus.0,
            modbus_errors: modbus.1,
            alarms: seen.last.alarms.iter().map(|a| a.name.clone()).collect(),
            journal,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nsummary")?;
        writeln!(f, "  scans            {} ({} overruns)", self.scans, self.overruns)?;
        match (&self.worst_inlet_celsius, &self.worst_inlet_rack) {
            (Some(celsius), Some(rack)) => writeln!(f, "  worst inlet      {celsius:.1} °C at {rack}")?,
            (Some(_) | None, _) => writeln!(f, "  worst inlet      unknown")?,
        }
        let coverage = self.pue_1m_coverage * 100.0;
        match self.pue_1m {
            Some(pue) => {
                writeln!(f, "  PUE 1 min        {pue:.2} ({coverage:.0} % covered, category {})", self.pue_category)?;
            }
            None => writeln!(f, "  PUE 1 min        none ({coverage:.0} % covered: {})", self.pue_1m_validity)?,
        }
        writeln!(f, "  energy           facility {:.1} kWh, IT {:.1} kWh", self.facility_kwh, self.it_kwh)?;
        for plant in &self.plants {
            writeln!(f, "  plant            {}", of_plant(plant))?;
            if let Some(tower) = &plant.tower {
                writeln!(f, "  tower            {}", of_tower(tower))?;
            }
        }
        for pumps in &self.pumps {
            writeln!(f, "  pumps            {}", of_pumps(pumps))?;
        }
        writeln!(f, "  Modbus           {} requests, {} errors", self.modbus_requests, self.modbus_errors)?;
        let alarms = if self.alarms.is_empty() { "none".to_owned() } else { self.alarms.join(", ") };
        writeln!(f, "  alarms           {alarms}")?;
        writeln!(f, "  replay it        wattloop replay {}", self.journal.display())
    }
}

/// Requests and errors of every gateway.
pub fn modbus(modbus: &Modbus) -> (u64, u64) {
    let all = modbus.gateways().map(|(_, counters)| counters.counts());
    all.fold((0, 0), |(requests, errors), c| {
        let refused = c.refusals + c.busy + c.device_faults;
        (requests + c.requests, errors + c.timeouts + refused + c.garbled + c.broken + c.connect_failures)
    })
}
