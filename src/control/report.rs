//! What people see of the controller's state: plain serialisable views, made when somebody asks.

mod air;
mod announced;
mod budgets;
mod cdus;
mod checkout;
mod doors;
mod dry;
mod feeds;
mod gpu;
mod heat;
mod limits;
mod loops;
mod performance;
mod plants;
mod prices;
mod pumps;
mod ride;
mod schedule;
mod shadow;
mod status;
mod supervisor;
mod tanks;
mod trial;
mod why;

use serde::{Deserialize, Serialize};

use super::battery::view::BatteryView;
use super::grid::view::GridView;
use super::interval::view::PeaksView;
use super::savings::view::MonthView;
use super::windows::view::OpenView;

pub use super::commands::Proof;

pub use air::AirView;
pub use announced::AnnouncedView;
pub use budgets::{BudgetView, LeasesView};
pub use cdus::{CapView, CduView};
pub use checkout::{CheckPoint, CheckView, ForceView, SilentView};
pub(super) use checkout::{check, check_points};
pub use doors::DoorView;
pub use dry::DryView;
pub use feeds::{CordView, FeedView};
pub use gpu::GpuView;
pub use heat::HeatView;
pub use limits::LimitView;
pub use loops::LoopView;
pub use performance::PerformanceView;
pub(super) use performance::performance;
pub use plants::{MachineView, PlantView, TowerView};
pub(super) use prices::prices;
pub use prices::{FaultView, PriceView, PricesView, SlotView, ahead};
pub use pumps::PumpsView;
pub use schedule::ScheduledView;
pub(super) use shadow::shadow;
pub use shadow::{LoopGap, OutputGap, RiskView, SequenceGap, ShadowReport, ShadowView};
pub(super) use status::{point, status, written};
pub use supervisor::{LeverView, ProofView, SupervisorView, TriesView};
pub use tanks::TankView;
pub(super) use trial::trial;
pub use trial::{Findings, RetuneView, TrialReport, TrialSeen, TrialView};
pub(super) use why::{loops, why};

/// The hall on one page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The hall's name.
    pub hall: String,
    /// The site.
    pub site: String,
    /// Scans since the start.
    pub scans: u64,
    /// Wall time (ms since 1970).
    pub wall_ms: i64,
    /// Monotonic time since the start (s).
    pub uptime_s: f64,
    /// The worst rack inlet.
    pub worst_inlet: Option<WorstInlet>,
    /// Each row's fans: commanded duty (%).
    pub fans: Vec<NamedValue>,
    /// Each coil's valve: commanded position (%).
    pub valves: Vec<NamedValue>,
    /// The pump's commanded speed (%).
    pub pump: Option<f64>,
    /// Plants that run by sequence.
    #[serde(default)]
    pub plants: Vec<PlantView>,
    /// Rear doors that control runs.
    pub doors: Vec<DoorView>,
    /// Dry coolers that control runs.
    #[serde(default)]
    pub dry: Vec<DryView>,
    /// Pumps on headers that control runs.
    #[serde(default)]
    pub pumps: Vec<PumpsView>,
    /// Heat recovery that control runs.
    #[serde(default)]
    pub heat: Vec<HeatView>,
    /// The supply air of rows where it is reset.
    #[serde(default)]
    pub air: Vec<AirView>,
    /// CDUs that control runs.
    #[serde(default)]
    pub cdus: Vec<CduView>,
    /// Immersion tanks that control runs.
    #[serde(default)]
    pub tanks: Vec<TankView>,
    /// Rows and tanks whose machines are asked to draw less, or nothing.
    #[serde(default)]
    pub caps: Vec<CapView>,
    /// How long rows, CDUs and tanks have until they are at their limit.
    #[serde(default)]
    pub limits: Vec<LimitView>,
    /// The feeds of the power tree, each after the one it hangs on.
    #[serde(default)]
    pub feeds: Vec<FeedView>,
    /// Facility power (kW), storage excluded; nothing while the meter is not known.
    pub facility_kw: Option<f64>,
    /// IT power (kW).
    pub it_kw: Option<f64>,
    /// Power that no meter below the utility explains (kW).
    pub unattributed_kw: Option<f64>,
    /// Facility energy since the start of the record (kWh).
    pub facility_kwh: f64,
    /// IT energy since the start of the record (kWh).
    pub it_kwh: f64,
    /// PUE over each window, shortest first.
    pub pue: Vec<Pue>,
    /// Partial PUE of cooling over 15 min.
    pub ppue_cooling: Option<f64>,
    /// Points read fresh, stale and lost (those with a source).
    pub readings: Readings,
    /// Overrides in force.
    pub overrides: Vec<OverrideView>,
    /// Loads that somebody announced, and that nobody has stopped waiting for.
    pub announced: Vec<AnnouncedView>,
    /// What feeds may carry for a while.
    #[serde(default)]
    pub budgets: Vec<BudgetView>,
    /// What schedulers have; nothing where nobody may ask for leases.
    #[serde(default)]
    pub leases: Option<LeasesView>,
    /// What energy costs; nothing where the site names no tariff.
    #[serde(default)]
    pub price: Option<PriceView>,
    /// Windows of civil time, in the order of the hall.
    #[serde(default)]
    pub windows: Vec<OpenView>,
    /// What keeps billed peaks down; nothing where they may come.
    #[serde(default)]
    pub peaks: Option<PeaksView>,
    /// What control has saved in the billing period that runs; nothing where no peak is kept down.
    #[serde(default)]
    pub savings: Option<MonthView>,
    /// What batteries do.
    #[serde(default)]
    pub batteries: Vec<BatteryView>,
    /// What a grid asks for; nothing where the hall takes no targets.
    #[serde(default)]
    pub grid: Option<GridView>,
    /// Setpoints that are moved to where the facility draws least.
    #[serde(default)]
    pub supervisor: Option<SupervisorView>,
    /// The trial that runs.
    #[serde(default)]
    pub trial: Option<TrialView>,
    /// The check of an output or of a device that runs.
    #[serde(default)]
    pub check: Option<CheckView>,
    /// Loops whose gains go by a schedule.
    #[serde(default)]
    pub scheduled: Vec<ScheduledView>,
    /// Loops that run with gains of their own.
    #[serde(default)]
    pub retuned: Vec<RetuneView>,
    /// What ours would do, where somebody else runs the hall; nothing where ours does.
    #[serde(default)]
    pub shadow: Option<ShadowView>,
    /// Alarms that are not normal, worst first.
    pub alarms: Vec<AlarmView>,
    /// False while the wall clock is doubted.
    pub clock_trusted: bool,
}

/// The rack nearest to its limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorstInlet {
    /// The rack.
    pub rack: String,
    /// Its inlet (°C), aged if stale.
    pub celsius: f64,
    /// The limit minus the inlet (K); negative is bad.
    pub margin_k: f64,
}

/// A number with a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedValue {
    /// The name.
    pub name: String,
    /// The number, in the unit its list names.
    pub value: f64,
}

/// Counts of readings by quality.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readings {
    /// Fresh.
    pub fresh: usize,
    /// Stale.
    pub stale: usize,
    /// Lost.
    pub lost: usize,
}

/// PUE over one window, with what it is worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pue {
    /// `1m`, `15m`, `1h`, `24h`, `month`, `365d`.
    pub window: String,
    /// Energy over energy, storage taken out; nothing when it is not valid. Never clamped.
    pub value: Option<f64>,
    /// What the utility's meters alone say, where the hall has storage or generators: below one while a battery carries IT.
    #[serde(default)]
    pub meter: Option<f64>,
    /// The least it can be, given what is missing.
    pub lower: Option<f64>,
    /// The most it can be.
    pub upper: Option<f64>,
    /// Covered time over the window, 0 to 1.
    pub coverage: f64,
    /// 1, 2 or 3: the weakest IT metering used.
    pub category: u8,
    /// `good`, `degraded`, or why there is no value.
    pub validity: String,
    /// The same for programs: `good`, `degraded`, `too_little`, `too_coarse`, `undefined_low_load`, `no_meters`, `no_it`,
    /// `below_one`.
    #[serde(default)]
    pub code: String,
    /// Facility energy of the window (kWh).
    pub facility_kwh: f64,
    /// IT energy of the window (kWh).
    pub it_kwh: f64,
}

/// An override in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OverrideView {
    /// The point.
    pub point: String,
    /// The value held.
    pub value: f64,
    /// Its unit's UCUM code.
    #[serde(default)]
    pub unit: String,
    /// The level, 1 to 17.
    pub level: u8,
    /// Who asked.
    pub who: String,
    /// Why.
    pub reason: String,
    /// Seconds until it ends by itself.
    pub remaining_s: f64,
}

/// An alarm that is not normal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlarmView {
    /// Its name.
    pub name: String,
    /// `critical`, `high`, `medium`, `low`.
    pub priority: String,
    /// `unacknowledged`, `acknowledged`, `returned`, `latched`, `latched-acknowledged`.
    pub state: String,
    /// Since when (s of uptime).
    pub since_s: f64,
    /// What it is about now: `rack-a07 27.9 °C`.
    pub detail: String,
    /// What happens if nobody responds.
    pub consequence: String,
    /// What to do.
    pub response: String,
}

/// Why an output has its value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WhyReport {
    /// The point.
    pub point: String,
    /// The value now.
    pub value: f64,
    /// Its unit's UCUM code.
    pub unit: String,
    /// The level that holds it, 1 to 17.
    pub level: u8,
    /// One sentence.
    pub sentence: String,
    /// Everybody who asks, strongest first.
    pub entries: Vec<WhyEntry>,
    /// Every limit in force.
    pub limits: Vec<WhyLimit>,
    /// Whether the device holds it.
    #[serde(default)]
    pub written: Written,
    /// The loop behind it, if one is.
    pub control_loop: Option<LoopView>,
}

/// What is known of an output's device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// `unheard`, `acknowledged` (nothing reads it back: unproven), `proven`, `doubted`.
    pub proof: Proof,
    /// Writes in the device's life into memory that wears out; nothing where it has had none.
    #[serde(default)]
    pub lifetime_writes: Option<u64>,
}

/// One entry of the priority array.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WhyEntry {
    /// The level, 1 to 17.
    pub level: u8,
    /// Who: `operator uid:1000`, `row-a/fans`.
    pub owner: String,
    /// The value asked for.
    pub value: f64,
    /// Why, as a sentence.
    pub reason: String,
    /// Seconds until it ends, if it does.
    pub remaining_s: Option<f64>,
}

/// One limit on an output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WhyLimit {
    /// The level, 1 to 17.
    pub level: u8,
    /// The lowest it allows.
    pub min: f64,
    /// The highest it allows.
    pub max: f64,
    /// Why, as a sentence.
    pub reason: String,
}

/// A reading, for the wire and for people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointView {
    /// The whole name.
    pub point: String,
    /// The value; nothing when lost.
    pub value: Option<f64>,
    /// The unit's UCUM code.
    pub unit: String,
    /// 192, 500 or 0.
    pub quality: u16,
    /// What is wrong, if anything.
    pub why: Option<String>,
    /// Age of the last sample (s).
    pub age_s: f64,
    /// For an output: whether the device holds what it was told.
    #[serde(default)]
    pub written: Option<Written>,
}
