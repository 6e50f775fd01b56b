//! What control tells the plant: one value a writable point, with the level and the reason that won.

use serde::{Deserialize, Serialize};

use crate::event::{BatteryDoes, ShutOut, Trouble};
use crate::id::{EquipId, PointId};
use crate::reading::Why;
use crate::time::Mono;

/// Who holds an output, as in BACnet: the lowest number that asks wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// 1: a person, for life safety.
    ManualLifeSafety,
    /// 2: fire, leak.
    AutomaticLifeSafety,
    /// 3: a local hand switch; mirrored, never commanded.
    LocalHand,
    /// 4: thermal protection.
    ThermalProtection,
    /// 5: fail-safe floors, minimum flow, permissives.
    CriticalEquipment,
    /// 6: minimum on and off times.
    MinimumOnOff,
    /// 7: breaker, branch and UPS limits.
    ElectricalProtection,
    /// 8: an operator's override, with a reason and an expiry.
    Operator,
    /// 9: checkout, step test, tuning.
    Commissioning,
    /// 10: the utility.
    DemandResponse,
    /// 11: a cluster scheduler's budget.
    SchedulerBudget,
    /// 12: the supervisory optimiser.
    Optimiser,
    /// 13: peak shaving.
    PeakShaving,
    /// 14: schedules and night windows.
    Schedule,
    /// 15: derating until maintenance.
    Maintenance,
    /// 16: loops and sequences.
    Control,
    /// 17: nobody: the relinquish default.
    RelinquishDefault,
}

impl Level {
    /// Every level, strongest first.
    pub const ALL: [Self; 17] = [
        Self::ManualLifeSafety,
        Self::AutomaticLifeSafety,
        Self::LocalHand,
        Self::ThermalProtection,
        Self::CriticalEquipment,
        Self::MinimumOnOff,
        Self::ElectricalProtection,
        Self::Operator,
        Self::Commissioning,
        Self::DemandResponse,
        Self::SchedulerBudget,
        Self::Optimiser,
        Self::PeakShaving,
        Self::Schedule,
        Self::Maintenance,
        Self::Control,
        Self::RelinquishDefault,
    ];

    /// The number, 1 to 17.
    #[must_use]
    pub fn number(self) -> u8 {
        Self::ALL.iter().zip(1..).find(|(l, _)| **l == self).map_or(17, |(_, n)| n)
    }

    /// The level of a number 1 to 17.
    #[must_use]
    pub fn from_number(n: u8) -> Option<Self> {
        Self::ALL.get(usize::from(n.checked_sub(1)?)).copied()
    }
}

/// Why an output has its value. Becomes a sentence when somebody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Reason {
    /// No level asks.
    Relinquished,
    /// Before the first complete image, and on the way out.
    SafeOutputs,
    /// A loop follows this point.
    Loop(PointId),
    /// The worst of a row's rack inlets leads the row's fans.
    WorstInlet(PointId),
    /// An input that the output depends on is lost.
    InputLost(PointId, Why),
    /// Every input of a loop is lost.
    AllInputsLost,
    /// A rack inlet is above its limit.
    OverTemperature(PointId),
    /// An operator asked.
    Override,
    /// A limit of the equipment.
    EquipmentLimit,
    /// The output is on its way and the rate limit holds it.
    RateLimit,
    /// Control does not see the plant or this machine well enough: its own panel runs it.
    OnPanel,
    /// One of the so many machines that the stage wants.
    InStage(u8),
    /// The stage wants so many machines, and this is none of them.
    NotInStage(u8),
    /// The machine has failed and is kept off.
    Failed(Trouble),
    /// A minimum time on or off is not over.
    MinimumTime,
    /// The economiser makes the water cold.
    Economising,
    /// Outdoors is too warm for the economiser, or it has not helped.
    NotEconomising,
    /// Running machines leave room for the one that starts.
    DemandLimit,
    /// What coils and rows demand of the plant says how cold its water is.
    PlantDemand,
    /// The same, moved for peaks.
    Rides,
    /// Nobody starts: each machine may take all of its load.
    NoDemandLimit,
    /// No water comes to it.
    NoWater,
    /// The water is colder than it is to be held, with its fans at their slowest.
    ColdEnough,
    /// As many cells as get their least water.
    LeastWater,
    /// The chiller stands, and its condenser's valve is open.
    ValveAtRest,
    /// Wet pads make the air colder: the fans alone did not do.
    PadsHelp,
    /// The fans alone do, or it is too cold for water.
    FansAlone,
    /// The customer calls for heat, and the return is warm enough to give some.
    HeatWanted,
    /// The customer calls for no heat or takes none, the return is too cold, or one of the two is not known.
    NoHeatWanted,
    /// Outdoor air is shut out.
    ShutOut(ShutOut),
    /// Control runs the machine, and it shall run.
    Running,
    /// A pump waits in case the other one fails.
    Standby,
    /// A pump takes the place of one that was lost, at its last speed.
    FailOver,
    /// The air that leaves a rear door is colder than it is to be held, with its valve at its least.
    NothingToCool,
    /// It leaks, or did and nobody has reset its alarm.
    Leak,
    /// The tank's fluid is too cold: it circulates, or warms, with its valve at its least.
    TooCold,
    /// A pump that failed is told to stand for a moment, so that its drive can start anew.
    StartsAnew,
    /// There is air in the tank, and its purge draws it off.
    AirFound,
    /// There is no air to draw off the tank, or its purge has to wait.
    NoPurge,
    /// A tank's fluid is too warm, or its vapour presses too much, as this point tells: all that cools it runs at its most.
    TankHot(PointId),
    /// The coolant is too near to the room's dew point, which this sensor tells; nothing where all are lost.
    DewPoint(Option<PointId>),
    /// A trial of its loop moves it, so that the loop can be tuned.
    Trial,
    /// A checkout moves it a little, to see its device follow.
    Checkout,
    /// What a battery does for its hall.
    Battery(BatteryDoes),
}

/// One output of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// Which point.
    pub point: PointId,
    /// The value, in the point's canonical unit, inside its write range.
    pub value: f64,
    /// Who holds it.
    pub level: Level,
    /// Why.
    pub reason: Reason,
}

/// What became of an earlier write.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum WriteOutcome {
    /// Read back equal within the tolerance.
    Applied,
    /// Acknowledged, but the read-back differs.
    Unproven {
        /// What the device holds.
        seen: f64,
    },
    /// The register changed although we did not write it.
    Foreign {
        /// What the device holds.
        seen: f64,
    },
    /// Refused or lost.
    Failed(Why),
    /// Acknowledged, and nothing reads it back: the device map says so. Never proof.
    Acknowledged,
}

/// The report of one write, delivered with a later scan's inputs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WriteReport {
    /// Which point.
    pub point: PointId,
    /// What was wanted.
    pub wanted: f64,
    /// What happened.
    pub outcome: WriteOutcome,
    /// When it was known.
    pub at: Mono,
    /// How many writes went into memory that wears out since the report before (0 where it does not).
    pub wear: u32,
}

/// A device that is not talked to for a while, so that a person sees what it does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hush {
    /// Whose device.
    pub equip: EquipId,
    /// True once it may be read again, and not yet written.
    pub looks: bool,
}
