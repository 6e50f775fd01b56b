//! A row's cold plates and the CDUs that carry them together.
//!
//! **Equation** the CDUs that run share every rack's flow alike, so that one more or one less changes what each carries, not who
//! is served. Racks get the mixture of what the CDUs supplied in the step before; what their liquid carries away is heat
//! into the CDUs, each by its share of the flow, so that the books close. Its own panel runs a CDU unless control does. **Source** [`super::cdu`], [`super::cold_plate`]. **Box** CDUs of one size in a row.
//! **Outside it** without a CDU that runs, plates stand and spill their heat into the air. **Time constant** the plates' 2 s,
//! the CDUs' 20 to 40 s.

use plant::hall::sequence::RunMode;
use plant::id::{Id, PointId};
use plant::read::Section;

use super::cdu::{Cdu, CduWater, Exchanged, Through, Wear};
use super::cold_plate::{ColdPlates, Drawn, PlateCoolant, Taken};
use crate::actuators::Actuator;
use crate::faults::ActuatorFault;
use crate::hydraulics::{Branch, Shared};
use crate::local::pi::{Loop, Pi};
use crate::physics::read::{POSITIVE, need, number};

/// The primary valve by the coolant to the racks (°C → %).
const VALVE: Pi = Pi { gain: 3.0, ti: 120.0, limits: (5.0, 100.0) };
/// The pumps by the pressure across the manifold over its setpoint (1 → %).
const PUMP: Pi = Pi { gain: -10.0, ti: 15.0, limits: (30.0, 100.0) };
/// A primary valve's full stroke and a pump's full range take this long (s).
const STROKES: (f64, f64) = (120.0, 30.0);

/// A pump without power stands after this long (s).
const RUN_DOWN: f64 = 5.0;

/// What the panels of a row's CDUs hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// Each CDU.
    pub cdu: Cdu,
    /// Pumps in each.
    pub pumps: usize,
    /// Each rack's plates.
    pub plates: ColdPlates,
    /// Coolant to the racks (°C).
    pub setpoint: f64,
    /// Pressure across the racks' manifold (Pa).
    pub dp: f64,
}

impl Spec {
    /// Reads `[cdu]`.
    pub(crate) fn read(of: &Section<'_>) -> Option<Self> {
        let cdu = need(of, "unit", Cdu::read);
        let plates = need(of, "cold-plates", ColdPlates::read);
        let pumps = of.whole("pumps", (1, 4)).and_then(|n| usize::try_from(n).ok()).unwrap_or(2);
        let (setpoint, dp) = (number(of, "setpoint-cel", (5.0, 60.0)), number(of, "dp-pa", POSITIVE));
        Some(Self { cdu: cdu.flatten()?, pumps, plates: plates.flatten()?, setpoint, dp })
    }
}

/// One CDU of the row.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Its water.
    pub water: CduWater,
    /// What has become of it.
    pub wear: Wear,
    /// True while it stands.
    pub failed: bool,
    /// Primary valve.
    pub valve: Actuator,
    /// The drives of its pumps.
    pub pumps: Vec<Actuator>,
    /// What it is told.
    pub order: Order,
    /// Its flows.
    pub shared: Shared,
    /// What it did in the last step.
    pub last: Exchanged,
    /// Its place among the facility's branches.
    pub place: usize,
    panels: (Loop, Loop),
    flows: Vec<f64>,
}

/// What a CDU is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    /// Panel, off or on.
    pub mode: RunMode,
    /// Primary valve (%).
    pub valve: f64,
    /// Each pump's speed (%).
    pub speeds: [f64; MOST_PUMPS],
}

impl Order {
    /// Its panel decides.
    pub const PANEL: Self = Self { mode: RunMode::Panel, valve: 0.0, speeds: [0.0; MOST_PUMPS] };
}

/// The plates of one rack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plates {
    coolant: PlateCoolant,
    /// What they did in the last step.
    pub last: Taken,
}

/// A row's cold plates and CDUs.
#[derive(Clone, Debug, PartialEq)]
pub struct PlateRow {
    /// The row's number in the hall.
    pub row: usize,
    /// Its CDUs.
    pub units: Vec<Unit>,
    /// Its racks' plates, in the row's order.
    pub racks: Vec<Plates>,
    /// True while its CDUs have power.
    pub fed: bool,
    branches: Vec<Branch>,
    streams: Vec<(f64, f64)>,
}

/// What one step of a row's liquid gave.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Given {
    /// Heat into the facility's water (W).
    pub to_primary: f64,
    /// More heat in plates and CDUs than before (J).
    pub stored: f64,
    /// Electricity of the pumps (W).
    pub pumps: f64,
    /// Of it, into the room (W).
    pub to_room: f64,
}

impl PlateRow {
    /// A row at rest at one temperature; `places` are its CDUs' among the facility's branches.
    #[must_use]
    pub fn new(of: &Spec, row: usize, (racks, places): (usize, &[usize]), at: f64) -> Self {
        let unit = |place: &usize| Unit {
            water: CduWater::new(&of.cdu, at),
            wear: Wear::NONE,
            failed: false,
            valve: Actuator::new(nobody(), nobody(), 50.0, STROKES.0),
            pumps: vec![Actuator::new(nobody(), nobody(), 60.0, STROKES.1); of.pumps],
            order: Order::PANEL,
            shared: Shared::default(),
            last: Exchanged { supply: at, level: 1.0, ..Exchanged::default() },
            place: *place,
            panels: (Loop::at(50.0), Loop::at(60.0)),
            flows: vec![0.0; racks],
        };
        Self {
            row,
            units: places.iter().map(unit).collect(),
            racks: vec![Plates { coolant: PlateCoolant(at), last: Taken::default() }; racks],
            fed: true,
            branches: vec![of.plates.branch(0.0); racks],
            streams: vec![(0.0, 0.0); racks],
        }
    }

    /// The panels: valves, pumps; then the flow through every rack.
    pub fn share_flow(&mut self, of: &Spec, dt: f64) {
        let running = plant::convert::f64_from_usize(self.units.iter().filter(|u| !u.failed).count()).max(1.0);
        let whole = of.plates.branch(0.0);
        let part = Branch {
            friction: crate::hydraulics::Resistance { flow: whole.friction.flow / running, ..whole.friction },
            valve: whole.valve * running * running,
            most: whole.most / running,
        };
        self.branches.fill(part);
        self.streams.fill((0.0, 0.0));
        let Self { units, branches, streams, fed, .. } = self;
        for unit in units {
            unit.run(of, *fed, dt);
            let mut speeds = [0.0; MOST_PUMPS];
            if !unit.failed && *fed {
                speeds.iter_mut().zip(&unit.pumps).for_each(|(speed, pump)| *speed = pump.share());
            }
            let speeds = speeds.get(..of.pumps).unwrap_or(&speeds);
            unit.shared = of.cdu.share((&unit.water, &unit.wear), speeds, branches, &mut unit.flows);
            for (stream, flow) in streams.iter_mut().zip(&unit.flows) {
                stream.0 += flow;
            }
        }
    }

    /// Steps CDUs and plates: `primary` is the facility's water (°C) with the flow through each of its branches, `powers` what
    /// each rack draws (W).
    pub fn step(
        &mut self,
        of: &Spec,
        (primary, flows): (f64, &[f64]),
        powers: impl Iterator<Item = f64>,
        dt: f64,
    ) -> Given {
        let mut given = Given::default();
        let Self { units, racks, streams, .. } = self;
        for unit in units.iter() {
            for (stream, flow) in streams.iter_mut().zip(&unit.flows) {
                stream.1 += flow * unit.last.supply;
            }
        }
        for ((plates, power), (flow, carried)) in racks.iter_mut().zip(powers).zip(streams.iter()) {
            let inlet = if *flow > 0.0 { carried / flow } else { plates.coolant.0 };
            let before = plates.coolant.0;
            plates.last = plates.coolant.step(&of.plates, Drawn { power, flow: *flow, inlet }, dt);
            given.stored += of.plates.heat_capacity * (plates.coolant.0 - before);
        }
        for unit in units.iter_mut() {
            let shares = racks.iter().zip(&unit.flows).zip(streams.iter());
            let heat = shares
                .map(|((plates, own), (flow, _))| if *flow > 0.0 { plates.last.carried * own / flow } else { 0.0 });
            let heat = heat.sum();
            unit.step(of, (primary, flows.get(unit.place).copied().unwrap_or(0.0), heat), &mut given, dt);
        }
        given
    }

    /// Heat into the plates of the row (W).
    #[must_use]
    pub fn to_liquid(&self) -> f64 {
        self.racks.iter().map(|r| r.last.to_liquid).sum()
    }
}

/// The points that command and report a drive or valve.
type Wires = (PointId, PointId);

/// A point of no hall, until the hall's are known.
fn nobody() -> PointId {
    PointId::from_index(usize::MAX)
}

/// The most pumps a CDU has.
pub const MOST_PUMPS: usize = 4;

impl Unit {
    /// The speed that it tells: its fastest pump's (%).
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.pumps.iter().map(Actuator::reported).fold(0.0, f64::max)
    }

    /// The points of its valve and pumps: command and feedback of each.
    pub(crate) fn wire(&mut self, valve: Wires, pumps: impl Iterator<Item = Wires>) {
        (self.valve.command, self.valve.feedback) = valve;
        for (pump, wires) in self.pumps.iter_mut().zip(pumps) {
            (pump.command, pump.feedback) = wires;
        }
    }

    /// Its own panel: coolant temperature by the primary valve, pressure by the pumps. While it is told what to do the panel's loops
    /// follow, and go on from there. Without power pumps run down in five seconds.
    fn run(&mut self, of: &Spec, fed: bool, dt: f64) {
        let (seen, pressure) = ((self.water.supply, of.setpoint), (self.shared.dp / of.dp, 1.0));
        let told = self.order;
        match told.mode {
            RunMode::Panel => {
                self.valve.aim(self.panels.0.step(&VALVE, seen, dt));
                let speed = self.panels.1.step(&PUMP, pressure, dt);
                self.pumps.iter_mut().for_each(|pump| pump.aim(speed));
            }
            RunMode::Off => {
                self.valve.aim(0.0);
                self.pumps.iter_mut().for_each(|pump| pump.aim(0.0));
            }
            RunMode::On => {
                self.valve.aim(told.valve);
                self.pumps.iter_mut().zip(told.speeds).for_each(|(pump, speed)| pump.aim(speed));
            }
        }
        if told.mode != RunMode::Panel {
            self.panels.0.follow(&VALVE, seen, self.valve.position);
            let fastest = self.pumps.iter().map(|pump| pump.position).fold(PUMP.limits.0, f64::max);
            self.panels.1.follow(&PUMP, pressure, fastest);
        }
        if self.failed {
            self.valve.aim(0.0);
        }
        self.valve.travel(dt);
        for pump in &mut self.pumps {
            if fed && !self.failed && pump.fault != Some(ActuatorFault::PowerLost) {
                pump.travel(dt);
            } else {
                pump.run_down(RUN_DOWN, dt);
            }
        }
    }

    fn step(&mut self, of: &Spec, (primary, primary_flow, heat): (f64, f64, f64), given: &mut Given, dt: f64) {
        let before = self.stored(of);
        let through = Through { shared: self.shared, heat, primary_flow, primary };
        self.last = self.water.step(&of.cdu, &self.wear, through, dt);
        given.stored += self.stored(of) - before;
        given.to_primary += self.last.to_primary;
        given.pumps += self.shared.work.electrical;
        given.to_room += self.shared.work.electrical - self.shared.work.to_fluid;
    }

    fn stored(&self, of: &Spec) -> f64 {
        of.cdu.return_capacity * self.water.back + of.cdu.supply_capacity * self.water.supply
    }
}
