//! What a run came to in figures: energy, effectiveness, climate, compute, wear.
//!
//! A [`Meter`] is fed every step with what was, an [`Observation`] of plain numbers, and tells its [`Kpis`] at any time.
//! **Equation** every ratio is energy over energy of the whole run, never a mean of ratios; an hour at night with little IT
//! would otherwise weigh as much as one at full load. **Source** ISO/IEC 30134 (PUE, ERF, WUE), The Green Grid (ERE, ITUE, TUE),
//! Herrlin 2005 (RCI), BOPTEST (peak as the highest 15-minute mean, actuator travel). **Box** any step up to an hour.
//! **Outside it** a step counts as if the power had been even within it.
//!
//! What was not observed in some step is missing in the end, not zero, and so is everything that is made of it.
//! PUE alone is no aim: servers whose fans work harder in warmer air draw more and make PUE look better.
//! It is never told without the facility's energy beside it, and [`Kpis::against`] says the trap in words.

mod climate;
mod demand;
mod tally;
mod total;
mod values;
mod wear;

use plant::time::Wall;

use climate::Climate;
use demand::Demand;
use total::{Least, Total, product};
use wear::{Command, Device};

pub use climate::Bands;
pub use tally::{Beside, Sign, Tally, in_failsafe, names};
pub use values::{Kpi, Kpis, SHADOW};

/// Power at one step (W); nothing where it is not modelled or not known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Power {
    /// All that the hall draws, whatever batteries give or take of it.
    pub facility: Option<f64>,
    /// What is billed: at the utility's meter. Nothing where it is what the hall draws.
    pub grid: Option<f64>,
    /// What racks take from the PDUs.
    pub it: Option<f64>,
    /// Fans, pumps, chillers, towers.
    pub cooling: Option<f64>,
    /// Fans of coolers.
    pub fans: Option<f64>,
    /// Pumps, condensers' and CDUs' among them.
    pub pumps: Option<f64>,
    /// What reaches processors, memory and network, behind power supplies and without fans.
    pub compute: Option<f64>,
    /// Fans and pumps inside the machines.
    pub machine_fans: Option<f64>,
    /// Heat that a customer takes and uses.
    pub exported_heat: Option<f64>,
}

/// What compute did in one step; nothing where it is not modelled.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Compute {
    /// GPUs that a cap or heat holds back (GPU, ≥ 0).
    pub throttled: Option<f64>,
    /// Work that was wanted, in GPUs at full speed (GPU, ≥ 0).
    pub wanted: Option<f64>,
    /// Work that was wanted and not done, in GPUs at full speed (GPU, ≥ 0).
    pub lost: Option<f64>,
}

/// One step as it was. What is missing stays missing; a number that is not finite counts as missing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation<'a> {
    /// How long the step was (s, > 0).
    pub dt: f64,
    /// The end of the step.
    pub wall: Wall,
    /// Mean power of the step.
    pub power: Power,
    /// Water drawn for cooling (kg/s, ≥ 0).
    pub water: Option<f64>,
    /// What a kilowatt-hour emits where it is made (kg/kWh).
    pub co2_intensity: Option<f64>,
    /// What a kilowatt-hour costs (the site's currency per kWh).
    pub price: Option<f64>,
    /// Air that enters the racks (°C), always in the same order.
    pub inlets: &'a [Option<f64>],
    /// Limit minus case temperature of every device that has one (K; negative is bad).
    pub case_margins: &'a [Option<f64>],
    /// What the emptiest tank holds of its liquid (%, 0 to 100); nothing where there is none.
    pub least_level: Option<f64>,
    /// What compute did.
    pub compute: Compute,
    /// Commands, in the order of [`Meter::new`].
    pub commands: &'a [Option<f64>],
    /// Whether each device runs, in the order of [`Meter::new`].
    pub running: &'a [Option<bool>],
    /// Whether any output stands at its fail-safe.
    pub in_failsafe: Option<bool>,
    /// What the controller took for its scan on the wall clock (s), nothing where it made none; no part of any trace hash.
    pub controller_seconds: Option<f64>,
}

/// A command whose travel is counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Actuator {
    /// Its point.
    pub name: String,
    /// From one end to the other, in the command's unit (> 0): 100 for a duty.
    pub span: f64,
}

/// Adds up what is observed. A clone is a snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct Meter {
    seconds: f64,
    steps: u64,
    facility: Total,
    it: Total,
    cooling: Total,
    fans: Total,
    pumps: Total,
    compute: Total,
    machine_fans: Total,
    exported: Total,
    water: Total,
    co2: Total,
    cost: Total,
    throttled: Total,
    wanted: Total,
    lost: Total,
    failsafe: Total,
    controller: Total,
    controller_longest: Least,
    case_margin: Least,
    level: Least,
    demand: Demand,
    /// From when on quarters count once more, and those.
    late: Option<(Wall, Demand)>,
    climate: Climate,
    commands: Vec<Command>,
    devices: Vec<Device>,
}

impl Meter {
    /// Nothing observed yet. Allocates here, and never again.
    #[must_use]
    pub fn new(bands: Bands, actuators: Vec<Actuator>, devices: Vec<String>) -> Self {
        let none = Total::NONE;
        Self {
            seconds: 0.0,
            steps: 0,
            facility: none,
            it: none,
            cooling: none,
            fans: none,
            pumps: none,
            compute: none,
            machine_fans: none,
            exported: none,
            water: none,
            co2: none,
            cost: none,
            throttled: none,
            wanted: none,
            lost: none,
            failsafe: none,
            controller: none,
            controller_longest: Least::NONE,
            case_margin: Least::NONE,
            level: Least::NONE,
            demand: Demand::default(),
            late: None,
            climate: Climate::new(bands),
            commands: actuators.into_iter().map(Command::new).collect(),
            devices: devices.into_iter().map(Device::new).collect(),
        }
    }

    /// Counts one step; a step without length counts nothing.
    pub fn observe(&mut self, seen: &Observation<'_>) {
        let dt = seen.dt;
        if !(dt.is_finite() && dt > 0.0) {
            return;
        }
        self.seconds += dt;
        self.steps = self.steps.saturating_add(1);
        let Power { facility, grid, it, cooling, fans, pumps, compute, machine_fans, exported_heat } = seen.power;
        let billed = grid.or(facility);
        self.facility.count(facility, dt);
        self.it.count(it, dt);
        self.cooling.count(cooling, dt);
        self.fans.count(fans, dt);
        self.pumps.count(pumps, dt);
        self.compute.count(compute, dt);
        self.machine_fans.count(machine_fans, dt);
        self.exported.count(exported_heat, dt);
        self.water.count(seen.water, dt);
        self.co2.count(product(billed, seen.co2_intensity), dt);
        self.cost.count(product(billed, seen.price), dt);
        self.throttled.count(seen.compute.throttled, dt);
        self.wanted.count(seen.compute.wanted, dt);
        self.lost.count(seen.compute.lost, dt);
        self.failsafe.count(seen.in_failsafe.map(f64::from), dt);
        // A step without a scan is not one whose time is unknown.
        if let Some(seconds) = seen.controller_seconds {
            self.controller.count(Some(seconds), 1.0);
            self.controller_longest.see(Some(-seconds), seen.wall);
        }
        for margin in seen.case_margins {
            self.case_margin.see(*margin, seen.wall);
        }
        if seen.case_margins.is_empty() {
            self.case_margin.see(None, seen.wall);
        }
        self.level.see(seen.least_level, seen.wall);
        self.demand.count(billed, dt, seen.wall);
        if let Some((_, late)) = self.late.as_mut().filter(|(from, _)| seen.wall > *from) {
            late.count(billed, dt, seen.wall);
        }
        self.climate.count(seen.inlets, dt, seen.wall);
        for (place, command) in self.commands.iter_mut().enumerate() {
            command.see(seen.commands.get(place).copied().flatten());
        }
        for (place, device) in self.devices.iter_mut().enumerate() {
            device.see(seen.running.get(place).copied().flatten());
        }
    }

    /// From an instant on peaks are told once more, by themselves: a rebound hides below what the run had before.
    pub fn late_from(&mut self, from: Wall) {
        self.late = Some((from, Demand::default()));
    }

    /// Goes on with what another meter of the same hall saw right after this one: the two halves of a run make the whole.
    ///
    /// Only turns of a command across the seam may go uncounted, two for each command, because it takes both halves to see
    /// them.
    pub fn append(&mut self, later: &Self) {
        self.seconds += later.seconds;
        self.steps = self.steps.saturating_add(later.steps);
        let totals = [
            (&mut self.facility, &later.facility),
            (&mut self.it, &later.it),
            (&mut self.cooling, &later.cooling),
            (&mut self.fans, &later.fans),
            (&mut self.pumps, &later.pumps),
            (&mut self.compute, &later.compute),
            (&mut self.machine_fans, &later.machine_fans),
            (&mut self.exported, &later.exported),
            (&mut self.water, &later.water),
            (&mut self.co2, &later.co2),
            (&mut self.cost, &later.cost),
            (&mut self.throttled, &later.throttled),
            (&mut self.wanted, &later.wanted),
            (&mut self.lost, &later.lost),
            (&mut self.failsafe, &later.failsafe),
            (&mut self.controller, &later.controller),
        ];
        for (total, more) in totals {
            total.append(more);
        }
        self.controller_longest.append(&later.controller_longest);
        self.case_margin.append(&later.case_margin);
        self.level.append(&later.level);
        self.demand.append(&later.demand);
        match (&mut self.late, &later.late) {
            (Some((_, late)), Some((_, more))) => late.append(more),
            (None, Some(more)) => self.late = Some(*more),
            (Some(_) | None, None) => {}
        }
        self.climate.append(&later.climate);
        for (command, more) in self.commands.iter_mut().zip(&later.commands) {
            command.append(more);
        }
        for (device, more) in self.devices.iter_mut().zip(&later.devices) {
            device.append(more);
        }
    }
}

#[cfg(test)]
mod tests;
