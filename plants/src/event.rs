//! What control and world have to tell, as values. The service turns them into logs, topics and counts.

mod battery;
mod cap;
mod commissioning;
mod disagreement;
mod feed;
mod grid;
mod leak;
mod lease;
mod name;
mod peak;
mod plan;
mod price;
mod severity;
mod shut_out;
mod stage;
mod step;
mod supervision;
mod unanswered;
mod window;

use serde::{Deserialize, Serialize};

use crate::command::{Level, Reason};
use crate::hall::Hall;
use crate::id::{AlarmId, EquipId, FeedId, HeaderId, LoopId, PointId, RowId, WindowId};
use crate::reading::Why;
use crate::time::Mono;

pub use battery::{BatteryDoes, BatteryNews, ProofEnd};
pub use cap::{CapReason, Rung};
pub use commissioning::{CheckEnd, Commissioning, TrialEnd};
pub use disagreement::Disagreement;
pub use feed::FeedTrouble;
pub use grid::{GridFault, GridNews};
pub use leak::LeakNews;
pub use lease::{Excess, ExcessStage, LeaseNews};
pub use name::Name;
pub use peak::{PeakNews, RideEnd};
pub use plan::{PlanEnd, PlanNews};
pub use price::{PriceNews, PriceTrouble};
pub use severity::Severity;
pub use shut_out::ShutOut;
pub use stage::StageCause;
pub use step::Step;
pub use supervision::Supervision;
pub use unanswered::Unanswered;
pub use window::WindowNews;

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum About {
    /// The hall as a whole.
    Hall,
    /// One point.
    Point(PointId),
    /// One piece of equipment.
    Equip(EquipId),
    /// One loop.
    Loop(LoopId),
    /// One row of racks.
    Row(RowId),
    /// One alarm.
    Alarm(AlarmId),
    /// The pumps on a header.
    Header(HeaderId),
    /// One feed of the power tree.
    Feed(FeedId),
    /// One window of civil time.
    Window(WindowId),
}

/// What goes wrong in a sequence of equipment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Trouble {
    /// Told to start, it did not run in its time.
    DidNotStart,
    /// Told to stop, it did not stand in its time.
    DidNotStop,
    /// It stopped without being told.
    StoppedItself,
    /// Its panel reports a fault.
    Fault,
    /// The running machines did not come down to their demand limit in time; the next one started all the same.
    NotLimited,
    /// A stage change did not end in its time and was abandoned.
    ChangeAborted,
    /// One more is wanted and none is left that can run.
    NoneLeft,
    /// Its damper does not stand where it shall.
    DamperStuck,
    /// Its valve does not stand where it shall.
    ValveStuck,
    /// Its pump does not turn as fast as it shall.
    SpeedAstray,
    /// Its valve is open, and it hardly cools.
    CoolsTooLittle,
    /// Its fluid did not become warm in its time.
    DidNotWarm,
    /// Its fluid's temperature does not rise with the heat that its machines give: it is not believed.
    NotBelieved,
    /// Nobody takes the heat that is called for, although the valve is open.
    NotTaken,
    /// A tank's purge was told to run and does not.
    PurgeStands,
    /// A tank's purge was told to stand and runs on.
    PurgeRunsOn,
    /// A tank's purge has run for its time, and what presses more than the vapour is still there.
    AirStays,
    /// A tank presses less than its liquid's vapour would: one of its sensors lies.
    NotSaturated,
    /// A tank's fluid does not reach its pump: it stands until there is enough.
    RunsDry,
    /// Its supply air is told far colder than that of all other units of its row, and nothing makes it so: it is not believed.
    ColderThanOthers,
    /// A flow meter reads that water stands which a pump is seen to press: it is not believed.
    MeterNotBelieved,
}

impl Trouble {
    /// Every trouble.
    pub const ALL: [Self; 21] = [
        Self::DidNotStart,
        Self::DidNotStop,
        Self::StoppedItself,
        Self::Fault,
        Self::NotLimited,
        Self::ChangeAborted,
        Self::NoneLeft,
        Self::DamperStuck,
        Self::ValveStuck,
        Self::SpeedAstray,
        Self::CoolsTooLittle,
        Self::DidNotWarm,
        Self::NotBelieved,
        Self::NotTaken,
        Self::PurgeStands,
        Self::PurgeRunsOn,
        Self::AirStays,
        Self::NotSaturated,
        Self::RunsDry,
        Self::ColderThanOthers,
        Self::MeterNotBelieved,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::DidNotStart => "did_not_start",
            Self::DidNotStop => "did_not_stop",
            Self::StoppedItself => "stopped_itself",
            Self::Fault => "fault",
            Self::NotLimited => "not_limited",
            Self::ChangeAborted => "change_aborted",
            Self::NoneLeft => "none_left",
            Self::DamperStuck => "damper_stuck",
            Self::ValveStuck => "valve_stuck",
            Self::SpeedAstray => "speed_astray",
            Self::CoolsTooLittle => "cools_too_little",
            Self::DidNotWarm => "did_not_warm",
            Self::NotBelieved => "not_believed",
            Self::NotTaken => "not_taken",
            Self::PurgeStands => "purge_stands",
            Self::PurgeRunsOn => "purge_runs_on",
            Self::AirStays => "air_stays",
            Self::NotSaturated => "not_saturated",
            Self::RunsDry => "runs_dry",
            Self::ColderThanOthers => "colder_than_others",
            Self::MeterNotBelieved => "meter_not_believed",
        }
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum What {
    /// A sequence has come to a step.
    Step(Step),
    /// A sequence has met trouble.
    Trouble(Trouble),
    /// A plant wants another number of machines.
    Stage {
        /// Before.
        from: u8,
        /// Now.
        to: u8,
        /// Why.
        cause: StageCause,
    },
    /// Outdoor air is shut out.
    ShutOut(ShutOut),
    /// Outdoor air is let in.
    LetIn,
    /// The GPUs of a row or a tank should draw less.
    CapRequested(CapReason),
    /// They need not any more.
    CapReleased,
    /// Jobs should leave the machines of a row.
    DrainRequested(CapReason),
    /// They may come back.
    DrainReleased,
    /// The machines of a row or a tank should be switched off.
    PowerOffRequested(CapReason),
    /// They need not any more.
    PowerOffReleased,
    /// Caps of GPUs below a feed have been lowered so that it stays below its limit, or need not be any more.
    CapsLowered(bool),
    /// A node with GPUs is silent and counts at its most, or speaks again.
    NodeSilent(bool),
    /// A rack's meter and its boards cannot both be right, or can again.
    ReadingsApart(bool),
    /// A tank has too little fluid, or enough again.
    LevelLow(bool),
    /// There is air in a tank, or none any more.
    AirFound(bool),
    /// All that cools a tank runs at its most, whoever holds it, or need not any more.
    MoreCooling(bool),
    /// No sensor of the room's dew point is known: the coolant is kept above what a room may have.
    DewPointsLost,
    /// The room's dew point is known again.
    DewPointKnown,
    /// A CDU's coolant or a rear door's water came too near to the room's dew point and its valve is closed to its least, or it is far enough again.
    DewPointTrip(bool),
    /// A rear door's tray is wet, and its valve is shut; or it is dry and a person has let it open again.
    DoorLeaks(bool),
    /// A CDU or a tank leaks, or did.
    Leak(LeakNews),
    /// A loop has been at its most for long, and its reading is no nearer to its setpoint.
    NoResponse(Unanswered),
    /// A loop's reading answers again.
    Responds,
    /// The sensors of a point that has more than one do not agree as they should (true), or do again.
    Sensors(Disagreement, bool),
    /// Something befalls a feed of the power tree (true), or is over.
    Feed(FeedTrouble, bool),
    /// Something befalls the peaks that a utility bills at a feed.
    Peak(PeakNews),
    /// What a battery does, or what befalls it.
    Battery(BatteryNews),
    /// A reading became fresh again.
    ReadingFresh,
    /// A reading is doubted.
    ReadingStale(Why),
    /// A reading is lost.
    ReadingLost(Why),
    /// A write was acknowledged and not applied.
    WriteUnproven {
        /// What was wanted.
        wanted: f64,
        /// What the device holds.
        seen: f64,
    },
    /// Somebody else wrote our register.
    WriteForeign {
        /// What was wanted.
        wanted: f64,
        /// What the device holds.
        seen: f64,
    },
    /// A write failed.
    WriteFailed(Why),
    /// A write that was in doubt is applied.
    WriteProven,
    /// The winner of an output changed.
    Leader {
        /// The level that holds it now.
        level: Level,
        /// Why.
        reason: Reason,
    },
    /// Two limits of one output cannot both hold; the stronger level won.
    LimitConflict {
        /// The level that won.
        kept: Level,
        /// The level that was dropped.
        dropped: Level,
    },
    /// An operator took an output.
    OverrideSet {
        /// The value held.
        value: f64,
    },
    /// A feed may carry less for a while.
    BudgetSet {
        /// What it may carry (W).
        watts: f64,
    },
    /// A budget of a feed is over.
    BudgetOver,
    /// An override was released by a person.
    OverrideReleased,
    /// An override ran out.
    OverrideExpired,
    /// An alarm became active.
    AlarmRaised,
    /// An alarm's condition went away.
    AlarmCleared,
    /// A person acknowledged an alarm.
    AlarmAcknowledged,
    /// A latched alarm was reset.
    AlarmReset,
    /// The wall clock is no longer trusted, or is again.
    ClockTrusted(bool),
    /// A checked configuration took effect.
    ReloadApplied,
    /// A register of a meter went backwards and was not counted.
    MeterWentBack {
        /// Before, in watt-hours.
        from: f64,
        /// Now, in watt-hours.
        to: f64,
    },
    /// A register of a meter jumped ahead by more than its circuit carries, and the jump was not counted.
    MeterJumped {
        /// Before, in watt-hours.
        from: f64,
        /// Now, in watt-hours.
        to: f64,
    },
    /// Control started on this image: first scan of a boot.
    Started,
    /// Control hands over to fail-safe values.
    Stopping,
    /// An override ended with a new boot, because nobody knows for how long control was away.
    OverrideDropped,
    /// An announced load is drawn.
    AnnouncedLoadCame,
    /// An announced load is not drawn though it should be; nobody waits for it any more.
    AnnouncedLoadMissing,
    /// An announced load was dropped with a new boot: its time compares with nothing.
    AnnouncementDropped,
    /// A write was acknowledged, and nothing can read it back: never proven.
    WriteAcknowledged,
    /// Somebody commissions a loop, an output or a device.
    Commissioning(Commissioning),
    /// The supervisor of setpoints.
    Supervision(Supervision),
    /// Live prices of energy.
    Prices(PriceNews),
    /// Load targets of a grid.
    Grid(GridNews),
    /// Leases of power.
    Lease(LeaseNews),
    /// Windows of civil time.
    Window(WindowNews),
    /// The plan of the day ahead.
    Plan(PlanNews),
}

/// Something that happened, when, and to what.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Mono,
    /// How much it matters.
    pub severity: Severity,
    /// To what.
    pub about: About,
    /// What.
    pub what: What,
}

impl Event {
    /// The subject's name in the hall's words.
    #[must_use]
    pub fn subject<'h>(&self, hall: &'h Hall) -> &'h str {
        match self.about {
            About::Hall => &hall.name,
            About::Point(p) => hall.points.get(p).map_or("?", |d| d.name.as_str()),
            About::Equip(e) => hall.equips.get(e).map_or("?", |d| d.name.as_str()),
            About::Row(r) => hall.rows.get(r).map_or("?", |row| row.name.as_str()),
            About::Loop(l) => hall.loops.get(l).map_or("?", String::as_str),
            About::Alarm(a) => hall.alarms.get(a).map_or("?", |d| d.name.as_str()),
            About::Header(h) => hall.headers.get(h).map_or("?", |header| header.name.as_str()),
            About::Feed(f) => hall.power.feeds.get(f).map_or("?", |feed| feed.name.as_str()),
            About::Window(w) => hall.windows.get(w).map_or("?", |window| window.name.as_str()),
        }
    }
}
