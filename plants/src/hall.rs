//! What a hall is: equipment as structs of typed points, resolved when the file is loaded. No addresses, no secrets.
//!
//! ```text
//! Hall ── rows ── racks (inlet, outlet, power)
//!      │       └─ fans  (one loop a row: all fans together, by the worst inlet)
//!      ├─ coils         (one loop a CRAH: supply air by its chilled-water valve)
//!      ├─ chilled water (one loop: differential pressure by pump speed)
//!      ├─ machinery     (chillers, towers, CDUs, tanks …: run by their own panels, read by us)
//!      ├─ plants        (chillers and an economiser that control runs by sequence)
//!      ├─ dx rows       (DX units that control runs by sequence, and two loops a row)
//!      ├─ headers       (pumps side by side on a water that control starts and stops)
//!      ├─ cdus          (CDUs that control runs; two loops each: coolant by valve, pressure by pumps)
//!      ├─ doors         (rear doors that control runs; one loop each: leaving air by valve)
//!      ├─ tanks         (tanks that control runs; a loop each: fluid, or vapour's pressure, by valve)
//!      ├─ meters        (roles: utility … IT; the PUE and its category come from these)
//!      ├─ power         (feeds from the grid to the racks' cords, with their breakers; nodes with GPUs in the racks)
//!      └─ windows       (civil times at which what can wait may run)
//! ```

pub mod capping;
pub mod envelope;
pub mod feed_forward;
pub mod grid;
pub mod kind;
mod load;
pub mod machinery;
pub mod maps;
mod meters;
pub mod peaks;
pub mod power;
pub mod redundant;
pub mod schedule;
pub mod sequence;
pub mod storage;
mod strategies;
pub mod supervisor;
mod trips;
pub mod useful;
pub mod window;
mod words;

use serde::{Deserialize, Serialize};

use crate::id::{AlarmId, EquipId, HeaderId, LoopId, PointId, RowId, Table, WindowId};
use crate::point::{Point, PointTable};
use crate::time::Span;
use crate::units::{Celsius, LitersPerSecond, Pascals, Percent, Watts};

pub use kind::Kind;
pub use machinery::Machinery;
pub use meters::{Meter, MeterRole, PueRules};
pub use sequence::{ChillerPlant, DxRow, DxTuning, HeadTuning, PlantTuning, TowerTuning};
pub use strategies::{LoopTuning, Strategies};
pub use trips::Trips;

/// A hall, loaded and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Hall {
    /// Its name: `air`.
    pub name: String,
    /// The site, as in MQTT topics: `[a-z0-9][a-z0-9-]*`.
    pub site: String,
    /// IANA time zone of the site; months and days of reports follow it.
    pub tz: String,
    /// One sentence for people.
    pub summary: String,
    /// What must not be exceeded.
    pub limits: Limits,
    /// Every piece of equipment.
    pub equips: Table<EquipId, EquipDef>,
    /// Every point.
    pub points: PointTable,
    /// Rows of racks with the fans that serve them.
    pub rows: Table<RowId, Row>,
    /// Chilled-water coils.
    pub coils: Vec<Coil>,
    /// The chilled-water supply, where the hall has one.
    pub chilled_water: Option<ChilledWater>,
    /// What runs by its own panel.
    pub machinery: Machinery,
    /// Plants of chillers that control runs.
    pub plants: Vec<ChillerPlant>,
    /// Rows of DX units that control runs.
    pub dx_rows: Vec<DxRow>,
    /// CDUs that control runs.
    pub cdus: Vec<sequence::cdu::DrivenCdu>,
    /// Dry coolers that control runs.
    pub dry: Vec<sequence::dry::DrivenDry>,
    /// Pumps on headers that control runs, at most one header a water.
    pub headers: Table<HeaderId, sequence::pumps::Header>,
    /// Rear doors that control runs.
    pub doors: Vec<sequence::door::DrivenDoor>,
    /// Single-phase tanks that control runs.
    pub tanks: Vec<sequence::tank::DrivenTank>,
    /// Two-phase tanks that control runs.
    pub two_phase_tanks: Vec<sequence::tank::DrivenTwoPhase>,
    /// Heat recovery that control runs.
    pub heat: Vec<sequence::heat::DrivenHeat>,
    /// Points of more than one sensor.
    pub redundant: Vec<redundant::Redundant>,
    /// Meters.
    pub meters: Vec<Meter>,
    /// What carries power to the racks; empty where the file does not say.
    pub power: power::Power,
    /// When a PUE means something.
    pub pue: PueRules,
    /// When what can wait may run.
    pub windows: Table<WindowId, window::Window>,
    /// How the loops are run.
    pub strategies: Strategies,
    /// Every loop's name: `row-a/fans`, `crah-1/valve`, `chw/pump`.
    pub loops: Table<LoopId, String>,
    /// Every alarm that can be raised.
    pub alarms: Table<AlarmId, AlarmDef>,
}

/// Temperature limits at the racks' inlets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// The recommended range's upper end (°C).
    pub inlet_recommended: Celsius,
    /// The allowable maximum (°C): above it thermal protection takes the row's fans and valves and the pump.
    pub inlet_max: Celsius,
    /// What is asked of a row's machines beyond that.
    pub trips: Trips,
    /// What its machines may be put through.
    pub envelope: envelope::Envelope,
    /// A loop at its most whose reading comes no nearer to its setpoint for so long is told (min to h, 1min to 12h).
    pub no_response_after: Span,
}

/// A piece of equipment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EquipDef {
    /// Its name: `crah-1`.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// Its points, in order.
    pub points: Vec<PointId>,
}

/// A row of racks and the fans that serve it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its name: `row-a`.
    pub name: String,
    /// Its racks.
    pub racks: Vec<Rack>,
    /// The fans that blow into its cold aisle.
    pub fans: Vec<Fan>,
    /// The loop that runs them together.
    pub fan_loop: LoopId,
}

/// A rack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rack {
    /// The equipment.
    pub equip: EquipId,
    /// Air entering the machines.
    pub inlet: Point<Celsius>,
    /// Air leaving the machines.
    pub outlet: Point<Celsius>,
    /// Electrical power at the rack's input.
    pub power: Point<Watts>,
    /// Nameplate (W).
    pub rated: Watts,
}

/// A fan, alone or in a CRAH.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fan {
    /// The equipment.
    pub equip: EquipId,
    /// Commanded duty.
    pub speed: Point<Percent>,
    /// Duty the drive reports.
    pub feedback: Point<Percent>,
}

/// A CRAH's chilled-water coil.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coil {
    /// The CRAH.
    pub equip: EquipId,
    /// The row it serves.
    pub row: RowId,
    /// Commanded valve position.
    pub valve: Point<Percent>,
    /// Position the valve reports.
    pub valve_feedback: Point<Percent>,
    /// Air leaving the CRAH.
    pub supply_air: Point<Celsius>,
    /// Air entering the CRAH.
    pub return_air: Point<Celsius>,
    /// The loop that runs the valve.
    pub valve_loop: LoopId,
}

/// The chilled-water supply: a pump that keeps a differential pressure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChilledWater {
    /// The equipment.
    pub equip: EquipId,
    /// Commanded pump speed.
    pub pump: Point<Percent>,
    /// Speed the drive reports.
    pub pump_feedback: Point<Percent>,
    /// Differential pressure at the remote end.
    pub dp: Point<Pascals>,
    /// Water to the coils.
    pub supply: Point<Celsius>,
    /// Water from the coils.
    pub return_water: Point<Celsius>,
    /// Water flow.
    pub flow: Point<LitersPerSecond>,
    /// The loop that runs the pump.
    pub pump_loop: LoopId,
}

/// How urgent an alarm is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Priority {
    /// Wake somebody.
    Critical,
    /// On-call in working hours.
    High,
    /// Tell the team.
    Medium,
    /// Keep in the list.
    Low,
}

/// What raises an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// The worst rack inlet is above `limit` (°C).
    InletAbove,
    /// All inlets of some row are lost.
    InletsLost,
    /// More than `limit` readings with a source are lost.
    ReadingsLost,
    /// More than `limit` outputs are unproven, foreign or failed.
    WritesDoubted,
    /// A supply-air temperature is above `limit` (°C).
    SupplyAirAbove,
    /// Differential pressure is below `limit` (Pa).
    DpBelow,
    /// Unattributed power is above `limit` (W).
    UnattributedAbove,
    /// The 15-minute PUE is invalid.
    PueInvalid,
    /// The wall clock is not trusted.
    ClockUntrusted,
    /// A unit is another device than its map means.
    WrongDevice,
    /// A machine that control runs by sequence does not start, does not stop, stopped itself or reports a fault.
    MachineFailed,
    /// A stage change did not come to what it was for.
    ChangeAbandoned,
    /// One more machine is wanted and none is left that can run.
    PlantShort,
    /// A plant that control should run is on its panels: it is not seen well enough.
    PlantOnPanels,
    /// A CDU's exchanger has an approach above `limit` (K) at its rated load.
    CduFouled,
    /// A CDU's or a tank's level is below `limit` (%).
    LevelBelow,
    /// Control asks for less power of a row or a tank that is not cooled as it should be.
    CapRequested,
    /// A CDU's coolant or a rear door's water has come too near to the room's dew point: its valve is closed.
    DewPointTripped,
    /// No sensor of the room's dew point is known.
    DewPointsLost,
    /// A rear door's tray is wet: its valve is shut until a person resets this alarm.
    DoorLeak,
    /// A CDU or a tank leaks: it is shut off until a person resets this alarm.
    Leak,
    /// A tank's fluid is too warm, or its vapour's pressure too high.
    TankHot,
    /// A tank's fluid did not become warm in its time.
    TankCold,
    /// There is air in a two-phase tank, and its condenser takes less heat for it.
    TankAir,
    /// Control asks for jobs to leave a row.
    DrainRequested,
    /// Control asks for the machines of a row or a tank to be switched off.
    PowerOffRequested,
    /// A sensor departs from the others of its point, two of them are apart, or one is left.
    SensorDeviates,
    /// A loop has been at its most for long, and its reading is no nearer to its setpoint.
    NoResponse,
    /// A feed carries more than its limit.
    FeedAbove,
    /// Of the time for which a feed may carry so much, more than half is used up.
    FeedTimeShort,
    /// A feed's meter is not read: its load is reckoned.
    FeedReckoned,
    /// A phase of a feed carries much more than the others.
    FeedUneven,
    /// Raised and cleared by the service: the broker, the database, the journal.
    Service,
}

/// An alarm that can be raised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlarmDef {
    /// Its name: `inlet-high`.
    pub name: String,
    /// What raises it.
    pub condition: Condition,
    /// The condition's limit, in the unit the condition names.
    pub limit: f64,
    /// How far back past the limit the value must come (same unit, ≥ 0).
    pub deadband: f64,
    /// How long the condition must hold before the alarm.
    pub on_delay: Span,
    /// How long it must be gone before the alarm clears.
    pub off_delay: Span,
    /// How urgent.
    pub priority: Priority,
    /// True: stays until a person resets it.
    pub latch: bool,
    /// What happens if nobody responds.
    pub consequence: String,
    /// What to do.
    pub response: String,
}

impl Limits {
    /// How long a loop may be at its most without an answer, where the file says nothing.
    pub const NO_RESPONSE_AFTER: Span = Span::from_secs(10 * 60);
}

impl Hall {
    /// The point of a whole name such as `crah-1/fan-speed`.
    #[must_use]
    pub fn point(&self, name: &str) -> Option<PointId> {
        self.points.iter().find(|(_, d)| d.name == name).map(|(id, _)| id)
    }

    /// The row of a name.
    #[must_use]
    pub fn row(&self, name: &str) -> Option<RowId> {
        self.rows.iter().find(|(_, row)| row.name == name).map(|(id, _)| id)
    }

    /// The loop of a name such as `crah-1/valve`.
    #[must_use]
    pub fn control_loop(&self, name: &str) -> Option<LoopId> {
        self.loops.iter().find(|(_, known)| *known == name).map(|(id, _)| id)
    }

    /// The equipment of a name.
    #[must_use]
    pub fn equip(&self, name: &str) -> Option<EquipId> {
        self.equips.iter().find(|(_, d)| d.name == name).map(|(id, _)| id)
    }
}
