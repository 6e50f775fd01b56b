//! Machinery that runs by its own panel: it is read, not commanded. Each kind is one table: what the struct holds, what the
//! process image holds, and how its readings are judged stand on the same line.

use super::kind::{
    PointSpec, asked_power, cells, dew_point, duty, feedback, gauge, level, power, pressure, state, temperature,
    volume_flow,
};
use crate::id::{EquipId, PointId, RowId};
use crate::point::{Point, PointTable};
use crate::units::{Celsius, LitersPerSecond, Pascals, Percent, Quantity, Ratio, Watts};

/// Which water a machine works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Circuit {
    /// The chilled water of CRAHs.
    ChilledWater,
    /// The warm water of CDUs and tanks.
    FacilityWater,
}

impl Circuit {
    /// Both.
    pub const ALL: [Self; 2] = [Self::ChilledWater, Self::FacilityWater];

    /// The word in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ChilledWater => "chilled-water",
            Self::FacilityWater => "facility-water",
        }
    }
}

/// A machine and the water it works on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct On<M> {
    /// The water.
    pub circuit: Circuit,
    /// The machine.
    pub of: M,
}

/// A machine and the row it serves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InRow<M> {
    /// The row.
    pub row: RowId,
    /// The machine.
    pub of: M,
}

/// A machine on a rack's back, and the row that the rack stands in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OnRack<M> {
    /// The row.
    pub row: RowId,
    /// The rack.
    pub rack: EquipId,
    /// The machine.
    pub of: M,
}

/// A machine that holds IT, and the nameplate of what it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rated<M> {
    /// Nameplate of the machines in it (W).
    pub rated: Watts,
    /// The machine.
    pub of: M,
}

/// All machinery of a hall, each kind in the file's order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Machinery {
    /// Pumps side by side on the header of a water.
    pub pumps: Vec<On<Pump>>,
    /// Pumps side by side on the header of the condenser water of a water's plant.
    pub condenser_pumps: Vec<On<Pump>>,
    /// Chillers. Those on one circuit run beside each other.
    pub chillers: Vec<On<Chiller>>,
    /// Towers.
    pub towers: Vec<On<Tower>>,
    /// Dry coolers.
    pub dry_coolers: Vec<On<DryCooler>>,
    /// Water-side economisers, one a circuit at the most.
    pub economisers: Vec<On<WaterEconomiser>>,
    /// Condenser water, one a circuit at the most.
    pub condenser_water: Vec<On<CondenserWater>>,
    /// Heat recovery, one a circuit at the most.
    pub heat_recovery: Vec<On<HeatRecovery>>,
    /// The warm-water supply.
    pub facility_water: Option<FacilityWater>,
    /// CDUs. Those of one row carry its racks together.
    pub cdus: Vec<InRow<Cdu>>,
    /// Rear doors, in the order of their racks.
    pub doors: Vec<OnRack<RearDoor>>,
    /// Direct-expansion units.
    pub dx: Vec<InRow<Dx>>,
    /// Single-phase tanks.
    pub tanks: Vec<Rated<Tank>>,
    /// Two-phase tanks.
    pub two_phase_tanks: Vec<Rated<TwoPhaseTank>>,
    /// Uninterruptible supplies.
    pub ups: Vec<Ups>,
    /// Standby generators.
    pub generators: Vec<Generator>,
    /// The weather station.
    pub weather: Option<WeatherStation>,
    /// Smoke detectors where outdoor air comes in.
    pub smoke: Vec<SmokeDetector>,
    /// Sensors of the room's air.
    pub room: Vec<RoomSensor>,
}

/// Declares a kind of machinery: its struct of typed points and the specification of each.
macro_rules! machinery {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $quantity:ident = $spec:expr,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name {
            /// The equipment.
            pub equip: EquipId,
            $($(#[$field_doc])* pub $field: Point<$quantity>,)*
        }

        impl $name {
            /// The points of the kind, in the order of the process image.
            pub const POINTS: &'static [PointSpec] = &[$($spec),*];

            /// The typed points among those of one piece of equipment; nothing where one is missing or has another unit.
            pub(super) fn of(equip: EquipId, (ids, table): (&[PointId], &PointTable)) -> Option<Self> {
                Some(Self { equip, $($field: typed((ids, table), $spec.name)?,)* })
            }
        }
    )*};
}

/// The point of a name with its unit in its type.
fn typed<Q: Quantity>((ids, table): (&[PointId], &PointTable), short: &str) -> Option<Point<Q>> {
    let (id, def) = ids.iter().filter_map(|id| Some((*id, table.get(*id)?))).find(|(_, d)| d.short_name() == short)?;
    (def.unit == Q::UNIT).then(|| Point::new(id))
}

machinery! {
    /// A chiller.
    Chiller {
        /// Runs (1) or stands (0).
        running: Ratio = state("running"),
        /// In fault (1) or well (0).
        fault: Ratio = state("fault"),
        /// Chilled water entering.
        entering: Celsius = temperature("entering-water-temp", -5.0, 80.0),
        /// Chilled water leaving.
        leaving: Celsius = temperature("leaving-water-temp", -5.0, 60.0),
        /// Condenser water entering.
        condenser_entering: Celsius = temperature("condenser-entering-temp", -30.0, 80.0),
        /// Condenser water leaving.
        condenser_leaving: Celsius = temperature("condenser-leaving-temp", -30.0, 90.0),
        /// Load over what it can carry now.
        load: Percent = feedback("load"),
        /// Electrical power.
        power: Watts = power("power"),
    }

    /// A pump on the header of a water, beside others.
    Pump {
        /// Turns (1) or stands (0).
        running: Ratio = state("running"),
        /// Its drive in fault (1) or well (0).
        fault: Ratio = state("fault"),
    }

    /// A wet cooling tower, all its cells.
    Tower {
        /// Fan speed the drive reports.
        speed: Percent = feedback("fan-speed-feedback"),
        /// Water leaving the basin.
        leaving: Celsius = temperature("leaving-water-temp", -5.0, 60.0),
        /// Water in the basin, over full.
        basin: Percent = level("basin-level"),
    }

    /// A dry or adiabatic cooler, all its cells.
    DryCooler {
        /// Fan speed the drive reports.
        speed: Percent = feedback("fan-speed-feedback"),
        /// Water entering.
        entering: Celsius = temperature("entering-water-temp", -40.0, 90.0),
        /// Water leaving.
        leaving: Celsius = temperature("leaving-water-temp", -40.0, 80.0),
        /// Pads wetted (1) or dry (0).
        wetted: Ratio = state("wetted"),
    }

    /// A water-side economiser: condenser water cools chilled or facility water before the chillers do.
    WaterEconomiser {
        /// In use (1) or bypassed (0).
        running: Ratio = state("running"),
        /// Position the valve reports.
        valve: Percent = feedback("valve-feedback"),
        /// Water entering from the hall.
        entering: Celsius = temperature("entering-water-temp", -5.0, 80.0),
        /// Water leaving to the chillers or the hall.
        leaving: Celsius = temperature("leaving-water-temp", -5.0, 80.0),
    }

    /// The water between condensers and towers or dry coolers.
    CondenserWater {
        /// Speed the pump's drive reports.
        pump: Percent = feedback("pump-speed-feedback"),
        /// Differential pressure across the condensers.
        dp: Pascals = pressure("dp"),
        /// Water from the towers.
        supply: Celsius = temperature("supply-water-temp", -40.0, 60.0),
        /// Water to the towers.
        return_water: Celsius = temperature("return-water-temp", -40.0, 90.0),
        /// Water flow.
        flow: LitersPerSecond = volume_flow("flow"),
    }

    /// The warm-water supply of CDUs and tanks.
    FacilityWater {
        /// Speed the pump's drive reports.
        pump: Percent = feedback("pump-speed-feedback"),
        /// Differential pressure at the remote end.
        dp: Pascals = pressure("dp"),
        /// Water to CDUs and tanks.
        supply: Celsius = temperature("supply-water-temp", -5.0, 80.0),
        /// Water from CDUs and tanks.
        return_water: Celsius = temperature("return-water-temp", -5.0, 90.0),
        /// Water flow.
        flow: LitersPerSecond = volume_flow("flow"),
    }

    /// A coolant distribution unit between facility water and the cold plates of a row.
    Cdu {
        /// Position the primary valve reports.
        valve: Percent = feedback("valve-feedback"),
        /// Speed the pumps' drives report.
        pump: Percent = feedback("pump-speed-feedback"),
        /// Coolant to the racks.
        supply: Celsius = temperature("supply-temp", -5.0, 80.0),
        /// Coolant from the racks.
        return_coolant: Celsius = temperature("return-temp", -5.0, 95.0),
        /// Pressure across the racks' manifold.
        dp: Pascals = pressure("dp"),
        /// Coolant flow.
        flow: LitersPerSecond = volume_flow("flow"),
        /// Facility water leaving.
        primary_leaving: Celsius = temperature("primary-leaving-temp", -5.0, 90.0),
        /// Coolant in the reservoir, over full.
        level: Percent = level("level"),
        /// The tray below it is wet (1) or dry (0). A product without one says nothing of it, and nobody sees its leaks.
        leak: Ratio = state("leak"),
    }

    /// A rear-door heat exchanger: a coil on a rack's back, between its exhaust and the room. Facility water is in it.
    RearDoor {
        /// Position the valve reports.
        valve: Percent = feedback("valve-feedback"),
        /// Air leaving the door.
        leaving_air: Celsius = temperature("leaving-air-temp", -10.0, 120.0),
        /// Water entering.
        entering: Celsius = temperature("entering-water-temp", -5.0, 80.0),
        /// Water leaving.
        leaving: Celsius = temperature("leaving-water-temp", -5.0, 90.0),
        /// The tray below it is wet (1) or dry (0).
        leak: Ratio = state("leak"),
    }

    /// An immersion tank with one phase: machines in a liquid that a pump moves through an exchanger.
    Tank {
        /// Position the facility-water valve reports.
        valve: Percent = feedback("valve-feedback"),
        /// Speed the pump's drive reports.
        pump: Percent = feedback("pump-speed-feedback"),
        /// Fluid leaving the machines.
        fluid: Celsius = temperature("fluid-temp", -20.0, 120.0),
        /// Fluid in the tank, over full.
        level: Percent = level("level"),
        /// Electrical power of the machines.
        power: Watts = power("power"),
        /// The tray below it is wet (1) or dry (0), as that of a CDU.
        leak: Ratio = state("leak"),
    }

    /// An immersion tank with two phases: machines in a boiling liquid below a condenser.
    TwoPhaseTank {
        /// Position the condenser's water valve reports.
        valve: Percent = feedback("valve-feedback"),
        /// Vapour pressure above the air's.
        pressure: Pascals = gauge("vapour-pressure"),
        /// The boiling liquid.
        fluid: Celsius = temperature("fluid-temp", -20.0, 120.0),
        /// Liquid in the tank, over full.
        level: Percent = level("level"),
        /// Electrical power of the machines.
        power: Watts = power("power"),
        /// The tray below it is wet (1) or dry (0), as that of a CDU.
        leak: Ratio = state("leak"),
    }

    /// A direct-expansion unit: a fan that the row's loop runs, and compressors and an outdoor-air damper that its own panel runs where
    /// no sequence does.
    Dx {
        /// Commanded fan duty.
        fan: Percent = duty("fan-speed", 20.0, 5.0),
        /// Duty the fan's drive reports.
        fan_feedback: Percent = feedback("fan-speed-feedback"),
        /// What the compressors run at.
        compressor: Percent = feedback("compressor-feedback"),
        /// Position the outdoor-air damper reports.
        damper: Percent = feedback("damper-feedback"),
        /// Air leaving.
        supply_air: Celsius = temperature("supply-air-temp", -10.0, 80.0),
        /// Air entering from the hot aisle.
        return_air: Celsius = temperature("return-air-temp", -10.0, 120.0),
        /// In fault (1) or well (0).
        fault: Ratio = state("fault"),
    }

    /// A heat exchanger that sells heat, with the heat pump behind it where there is one.
    HeatRecovery {
        /// Position the valve reports.
        valve: Percent = feedback("valve-feedback"),
        /// Heat handed over.
        exported: Watts = power("exported-heat"),
        /// Temperature handed over.
        customer: Celsius = temperature("customer-supply-temp", -20.0, 120.0),
    }

    /// An uninterruptible supply: what its own panel tells besides its meters.
    Ups {
        /// On battery (1) or on the grid (0).
        on_battery: Ratio = state("on-battery"),
        /// On bypass: the load hangs on the grid (1).
        bypass: Ratio = state("bypass"),
        /// Charge of its batteries.
        charge: Percent = level("charge"),
    }

    /// A battery on the hall's alternating current: what its converter tells, and what it is told.
    Battery {
        /// What it gives at its terminals; negative where it takes.
        power: Watts = power("power"),
        /// Its charge.
        charge: Percent = level("charge"),
        /// The hottest of its cells.
        cells: Celsius = cells("cell-temp"),
        /// Ready to do as it is told (1), or in fault, shut off or on an island (0).
        ready: Ratio = state("ready"),
        /// What it shall give; negative where it shall take.
        order: Watts = asked_power("power-setpoint"),
    }

    /// A standby generator.
    Generator {
        /// Runs (1) or stands (0).
        running: Ratio = state("running"),
        /// Fuel, over full.
        fuel: Percent = level("fuel"),
        /// Electrical power delivered.
        power: Watts = power("power"),
    }

    /// A smoke detector in the outdoor air that DX units let in.
    SmokeDetector {
        /// Smoke (1) or none (0).
        smoke: Ratio = state("smoke"),
    }

    /// A weather station.
    WeatherStation {
        /// Outdoor dry bulb.
        dry_bulb: Celsius = temperature("dry-bulb", -60.0, 60.0),
        /// Outdoor wet bulb.
        wet_bulb: Celsius = temperature("wet-bulb", -60.0, 45.0),
    }

    /// A sensor of the room's air.
    RoomSensor {
        /// Dry bulb.
        dry_bulb: Celsius = temperature("dry-bulb", -20.0, 80.0),
        /// Dew point.
        dew_point: Celsius = dew_point("dew-point"),
    }
}
