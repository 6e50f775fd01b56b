//! The world: a hall and its physics, stepped.

mod breakage;
mod build;
mod drill;
mod figures;
mod image;
mod machinery;
mod moisture;
mod orders;
mod power;
mod step;

use std::sync::Arc;

use plant::fault::Faults;
use plant::hall::sequence::cdu::DrivenCdu;
use plant::hall::sequence::door::DrivenDoor;
use plant::hall::sequence::dry::DrivenDry;
use plant::hall::sequence::heat::DrivenHeat;
use plant::hall::sequence::pumps::Header;
use plant::hall::sequence::tank::{DrivenTank, DrivenTwoPhase};
use plant::hall::{ChilledWater, ChillerPlant, DxRow, Hall, Machinery};
use plant::id::{EquipId, PointId, Table};
use plant::image::{Inputs, Outputs};
use plant::time::{Span, Tick};

use crate::actuators::Actuator;
use crate::air::Row;
use crate::circuits::Circuit;
use crate::compute::fleet::{self, Fleet};
use crate::electrics::network::Totals;
use crate::electrics::site::{Cooling, Site};
use crate::electrics::storage::Unit as Battery;
use crate::electrics::trips::Trips;
use crate::electrics::{Chain, Meter};
use crate::faults::Fault;
use crate::immersion::units::Unit as TankUnit;
use crate::ledger::Ledger;
use crate::liquid::row::PlateRow;
use crate::physics::Physics;
use crate::sensors::Channel;
use crate::weather::{Outdoor, Outdoors, Weather};

/// A simulated hall at one moment. A clone is a snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    physics: Arc<Physics>,
    seed: u64,
    /// Steps taken.
    steps: u64,
    /// Time gone by.
    elapsed: Span,
    rows: Vec<Row>,
    /// The pump of the chilled water, which control runs.
    pump: Option<Pump>,
    chilled: Option<Circuit>,
    facility: Option<Circuit>,
    /// Rows of cold plates.
    plates: Vec<PlateRow>,
    tanks: Vec<TankUnit>,
    /// The machines one by one, where they are followed so.
    fleet: Option<Fleet>,
    /// The points of what runs by its own panel.
    machinery: Machinery,
    /// The plants that control runs, where it does.
    plants: Vec<ChillerPlant>,
    /// The DX units that control runs, where it does.
    dx_rows: Vec<DxRow>,
    /// Whether each smoke detector has smoke at it.
    smoke: Vec<bool>,
    /// The CDUs that control runs, in the order of all CDUs, where it does.
    driven: Vec<DrivenCdu>,
    moisture: moisture::Moisture,
    /// The dry coolers that control runs, where it does.
    dry: Vec<DrivenDry>,
    /// The headers whose pumps control runs, where it does.
    headers: Vec<Header>,
    /// The rear doors that control runs, in the order of all doors, where it does.
    doors: Vec<DrivenDoor>,
    /// The tanks that control runs, in the order of all tanks of their kind, where it does.
    driven_tanks: (Vec<DrivenTank>, Vec<DrivenTwoPhase>),
    /// The heat recovery that control runs, where it does.
    heat: Vec<DrivenHeat>,
    /// Floor, frames and walls (°C).
    mass: f64,
    outdoors: Outdoors,
    /// Outdoor air in the last step.
    air: Outdoor,
    /// Warmer than the weather (K).
    warmer: f64,
    /// The weather's mean dry bulb (°C).
    mean_outdoors: f64,
    site: Site,
    /// Batteries on the hall's alternating current.
    storage: Vec<Battery>,
    /// The breakers of the hall's power tree.
    trips: Trips,
    meters: Vec<Meter>,
    /// A point of the hall that more sensors measure, and one of those.
    more: Vec<(PointId, PointId)>,
    /// What each writable point was last told.
    held: Table<PointId, Option<f64>>,
    /// Of every device that takes commands: the coolers in the hall's order, then the pump, then the machines of plants.
    panels: Vec<Panel>,
    /// Which of them a writable point belongs to.
    panel_of: Table<PointId, Option<usize>>,
    alone: Alone,
    /// The truth at the end of the last step; nothing for points that are not modelled.
    truth: Table<PointId, Option<f64>>,
    channels: Table<PointId, Option<Channel>>,
    faults: Vec<Fault>,
    ledger: Ledger,
    /// What cooling drew last (W).
    drew: Cooling,
    /// Water used since the world began (kg).
    water_used: f64,
    /// What machines without power would have drawn since the world began (J).
    lost_work: f64,
}

/// The chilled water's pump and the points around it.
#[derive(Clone, Debug, PartialEq)]
struct Pump {
    of: ChilledWater,
    drive: Actuator,
}

/// What devices that control runs do when it is silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alone {
    /// Everything at 100 %, as their comm-loss registers are set.
    Full,
    /// Their panels' own loops: a conventional hall.
    Panels,
}

/// A device's own panel: what it does without us.
#[derive(Clone, Debug, PartialEq)]
struct Panel {
    equip: EquipId,
    /// When it last heard from us.
    heard: Span,
    /// How long it waits until it runs by itself: everything at 100 %.
    patience: Span,
    /// The switch at the device, if somebody turned it to hand: the duty (%).
    hand: Option<f64>,
}

impl World {
    /// The world of `hall` with the physics of a TOML file called `file`. Load the hall completely first: points that
    /// bindings add to it later are not in this world's image.
    ///
    /// # Errors
    /// Every fault of the file at once, and what of the hall it does not describe.
    pub fn load(hall: &Hall, file: &str, physics: &str) -> Result<Self, Faults> {
        let physics = Physics::load(hall, file, physics)?;
        Ok(build::world(hall, physics))
    }

    /// The same world with another seed for noise and load. Call it before the first step.
    #[must_use]
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The same world under other weather than its file's, such as an EPW year. Call it before the first step.
    #[must_use]
    pub fn with_weather(mut self, weather: Weather) -> Self {
        let mut physics = Physics::clone(&self.physics);
        (self.mean_outdoors, self.outdoors) = (weather.mean(), Outdoors::default());
        physics.weather = weather;
        self.physics = Arc::new(physics);
        self
    }

    /// The same world as a conventional hall: every device runs by its own panel and nobody is listened to. The run that
    /// savings are told against. Call it before the first step.
    #[must_use]
    pub fn on_panels(mut self) -> Self {
        self.alone = Alone::Panels;
        self
    }

    /// The same world with nodes of this kind in its racks, each GPU followed by itself, instead of racks that take a share of
    /// their nameplates. Call it before the first step and after [`World::with_seed`]; racks with cold plates must not have them.
    #[must_use]
    pub fn with_nodes(mut self, spec: &Arc<fleet::Spec>) -> Self {
        let racks = self.rows.iter().map(|row| row.racks.len()).sum();
        self.fleet = Some(Fleet::new(spec, racks, self.seed, self.physics.start_air));
        self
    }

    /// Makes outdoors warmer than its weather by so much (K, negative for colder); its moisture stays what it is.
    pub fn warm_outdoors(&mut self, by: f64) {
        self.warmer = if by.is_finite() { by.clamp(-40.0, 40.0) } else { 0.0 };
    }

    /// The physics, to be changed from outside while the world runs: its load, its weather. Other clones of this world keep
    /// theirs.
    pub fn change_physics(&mut self) -> &mut Physics {
        Arc::make_mut(&mut self.physics)
    }

    /// Steps the world by `tick.dt` under these outputs and reads every sensor at `tick.mono`.
    pub fn step(&mut self, outputs: &Outputs, tick: Tick) -> Inputs {
        let mut inputs = Inputs::unread(self.truth.len());
        self.step_into(outputs, tick, &mut inputs);
        inputs
    }

    /// [`World::step`] into an image that is already there. Without allocation once the image has had its reports.
    pub fn step_into(&mut self, outputs: &Outputs, tick: Tick, inputs: &mut Inputs) {
        inputs.reports.clear();
        inputs.reload = None;
        // Devices without control power hear nothing.
        let heard = if self.site.feeds().control { outputs.commands.as_slice() } else { &[] };
        for command in heard {
            if let Some(report) = self.obey(command.point, command.value, tick.mono) {
                inputs.reports.push(report);
            }
        }
        self.advance(tick);
        self.read_sensors(tick, inputs);
    }

    /// What each step's energy balance left open, over its throughput: the worst of the run (1).
    #[must_use]
    pub const fn ledger_residual(&self) -> f64 {
        self.ledger.worst
    }

    /// The books.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The truth behind a point at the end of the last step; nothing for points that are not modelled.
    #[must_use]
    pub fn truth(&self, point: PointId) -> Option<f64> {
        self.truth.get(point).copied().flatten()
    }

    /// Water that towers and pads have used since the world began (kg).
    #[must_use]
    pub const fn water_used(&self) -> f64 {
        self.water_used
    }

    /// Power along the electrical chain at the end of the last step.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
        self.site.chain()
    }

    /// The sums over the power tree in the last step.
    #[must_use]
    pub const fn totals(&self) -> &Totals {
        self.site.totals()
    }

    /// The electrical side: what has power, the tree, what happened in it.
    #[must_use]
    pub const fn electrics(&self) -> &Site {
        &self.site
    }

    /// What machines without power, or still starting after it, would have drawn since the world began (J): work that was lost.
    #[must_use]
    pub const fn lost_work(&self) -> f64 {
        self.lost_work
    }

    /// Time gone by since the world began.
    #[must_use]
    pub const fn elapsed(&self) -> Span {
        self.elapsed
    }

    /// The rows' air, in the hall's order.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The chilled water, where there is one.
    #[must_use]
    pub const fn chilled_water(&self) -> Option<&Circuit> {
        self.chilled.as_ref()
    }

    /// The facility water, where there is one.
    #[must_use]
    pub const fn facility_water(&self) -> Option<&Circuit> {
        self.facility.as_ref()
    }

    /// Rows of cold plates with their CDUs.
    #[must_use]
    pub fn plates(&self) -> &[PlateRow] {
        &self.plates
    }

    /// The machines one by one, where they are followed so.
    #[must_use]
    pub const fn fleet(&self) -> Option<&Fleet> {
        self.fleet.as_ref()
    }

    /// The same, to lead jobs on them.
    pub const fn fleet_mut(&mut self) -> Option<&mut Fleet> {
        self.fleet.as_mut()
    }

    /// Caps every GPU of a rack (W), by the rack's number in the hall; back to what it began with where nothing is said. Racks
    /// whose machines are not followed one by one have nothing to cap.
    pub fn cap_rack(&mut self, rack: usize, watts: Option<f64>) {
        if let Some(fleet) = &mut self.fleet {
            fleet.cap_rack(rack, watts);
        }
    }

    /// Caps one GPU (W, held within what it takes), by its node's number in the hall and its own in the node, both from 0, until it is
    /// told otherwise. One that is not there is left alone.
    pub fn cap_gpu(&mut self, node: usize, gpu: usize, watts: f64) {
        if let Some(fleet) = &mut self.fleet {
            fleet.cap_one(node, gpu, watts);
        }
    }

    /// Locks one GPU to a share of its highest clock (1, from 0.05), named as in [`World::cap_gpu`], or lets it go.
    pub fn lock_gpu(&mut self, node: usize, gpu: usize, clock: Option<f64>) {
        if let Some(fleet) = &mut self.fleet {
            fleet.lock_one(node, gpu, clock);
        }
    }

    /// Immersion tanks, in the hall's order: those of one phase, then those of two.
    #[must_use]
    pub fn tanks(&self) -> &[TankUnit] {
        &self.tanks
    }

    /// Outdoor air in the last step.
    #[must_use]
    pub const fn outdoor(&self) -> &Outdoor {
        &self.air
    }
}
