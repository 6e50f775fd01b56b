//! What somebody may ask of the controller, and what it answers. Both are recorded in the journal.

use plant::command::Level;
use plant::id::{AlarmId, EquipId, FeedId, LoopId, PointId, RowId};
use plant::time::{Span, Wall};
use serde::{Deserialize, Serialize};

use super::exchange::Part;
use super::grid::Said;
use super::ledger::message::Said as OfLeases;
use super::ledger::reply::Answered;
use super::prices::Offer;
use super::trial::How;
use super::tuning::{Fopdt, Gains};

/// A request, with who asks. Ids have been resolved by the service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Who asks: `uid:1000`, `mqtt:ops`.
    pub who: String,
    /// What.
    pub ask: Ask,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Ask {
    /// Hold an output at a value.
    Override {
        /// Which output.
        point: PointId,
        /// The value, in the point's canonical unit.
        value: f64,
        /// For how long; 2 h when nothing is said, 24 h at most.
        hold: Option<Span>,
        /// Why: must not be empty.
        reason: String,
    },
    /// Give an output back. Without a point: every output that `level` holds.
    Release {
        /// Which output.
        point: Option<PointId>,
        /// Which level lets go: 8 unless said.
        level: Level,
    },
    /// Say that a row's machines, or all, are going to draw more: a job starts.
    Announce {
        /// Its name: another of the same name takes its place.
        id: String,
        /// The row; nothing for the whole hall, by rated power.
        row: Option<RowId>,
        /// How much more (W, above 0, at most what the place is rated).
        watts: f64,
        /// From when on; 24 h at most.
        ahead: Span,
    },
    /// Take an announcement back: the job does not start.
    Withdraw {
        /// Its name.
        id: String,
    },
    /// Let a feed carry less than its limit for a while: the grid, a tariff or a person asks.
    Budget {
        /// Its name: another of the same name takes its place.
        id: String,
        /// The feed.
        feed: FeedId,
        /// What it may carry (W, above 0, at most its limit).
        watts: f64,
        /// For how long; 2 h when nothing is said, 24 h at most.
        hold: Option<Span>,
        /// Why: must not be empty.
        reason: String,
    },
    /// Take a budget away.
    LiftBudget {
        /// Its name.
        id: String,
    },
    /// Acknowledge an alarm.
    Acknowledge {
        /// Which alarm.
        alarm: AlarmId,
    },
    /// Reset a latched alarm whose condition is gone.
    Reset {
        /// Which alarm.
        alarm: AlarmId,
    },
    /// Raise or clear an alarm of the service's own (condition `service`).
    ServiceAlarm {
        /// Which alarm.
        alarm: AlarmId,
        /// True while the condition holds.
        active: bool,
    },
    /// What devices hold when control goes on after an interruption: the outputs go on from there, without a bump.
    Found {
        /// Outputs with the values read from their devices, in the points' canonical units.
        outputs: Vec<(PointId, f64)>,
    },
    /// Writes into memory that wears out, made on the way out, after the last scan.
    Worn {
        /// Points with how many.
        writes: Vec<(PointId, u32)>,
    },
    /// Move the output of a loop for a while, to see how the loop should be tuned.
    Trial {
        /// Which loop.
        of: LoopId,
        /// How.
        how: How,
        /// Why: must not be empty.
        reason: String,
    },
    /// End the trial that runs.
    EndTrial,
    /// Give a loop gains of its own, until they are taken back.
    Retune {
        /// Which loop.
        of: LoopId,
        /// The gains.
        gains: Gains,
        /// The process that they are for, as a trial has shown it.
        process: Fopdt,
        /// Why: must not be empty.
        reason: String,
    },
    /// Let a loop run with the gains of the hall's file again.
    Revert {
        /// Which loop.
        of: LoopId,
    },
    /// Switch the supervisor of setpoints on or off.
    Supervise {
        /// On.
        on: bool,
        /// Why: must not be empty.
        reason: String,
    },
    /// Move an output a little and give it back, to see its device follow.
    Force {
        /// Which output.
        point: PointId,
        /// How far, in the point's canonical unit.
        by: f64,
        /// How long it may take to follow (10 s to 10 min).
        within: Span,
        /// Why: must not be empty.
        reason: String,
    },
    /// Say nothing to a device for a while, to see what it does by itself.
    Silence {
        /// Whose device.
        equip: EquipId,
        /// For how long (1 s to 10 min).
        long: Span,
        /// Why: must not be empty.
        reason: String,
    },
    /// A machine, or what wears out in it, is another one from now on: its run-time begins anew.
    Exchanged {
        /// Which.
        part: Part,
        /// For how long what was put in has run elsewhere (h, 0 to 1e6).
        hours: f64,
        /// Why: must not be empty.
        reason: String,
    },
    /// End the check of an output or a device that runs.
    EndCheck,
    /// Let a battery give a constant power, to prove what it holds.
    ProveBattery {
        /// Which.
        equip: EquipId,
        /// What it shall give (W, up to its rating).
        watts: f64,
        /// By how much its charge shall fall (%, from 5, and not below its reserve).
        depth: f64,
        /// Why: must not be empty.
        reason: String,
    },
    /// End the proof of a battery.
    EndProof {
        /// Which.
        equip: EquipId,
    },
    /// Take prices that somebody has published.
    Prices(Offer),
    /// Know that a publication of prices has faults, and was not taken.
    PricesRefused {
        /// Where it came from.
        from: String,
        /// What is wrong, as sentences.
        why: String,
    },
    /// Know what somebody says of load targets.
    Grid(Said),
    /// Hear what a scheduler says of leases of power.
    Ledger(OfLeases),
    /// Keep what a person has found at the points' instruments.
    CheckedOut {
        /// What was found of each.
        rows: Vec<Checked>,
        /// Who looked, by name.
        by: String,
    },
}

/// What a person has found of one point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// Which point.
    pub point: PointId,
    /// True where it passed.
    pub passed: bool,
    /// What it read, in its canonical unit.
    pub read: Option<f64>,
    /// What the reference instrument showed.
    pub reference: Option<f64>,
}

/// What the controller answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// Done; takes effect with the next scan.
    Accepted {
        /// For overrides: when it ends by itself.
        expires: Option<Wall>,
        /// What changed, and what limits it: for people.
        note: String,
    },
    /// What a scheduler is answered, with a code of its own.
    Lease(Box<Answered>),
    /// Not done, and why.
    Refused(Refusal),
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The point cannot be written.
    NotWritable,
    /// The value is not a finite number or outside the point's range.
    OutOfRange {
        /// The lowest that may be written.
        min: f64,
        /// The highest.
        max: f64,
    },
    /// An override needs a reason.
    ReasonMissing,
    /// Longer than 24 h, or no time at all.
    HoldOutOfRange,
    /// Nothing to release, acknowledge or reset.
    NothingThere,
    /// The alarm's condition still holds.
    StillActive,
    /// A latched alarm must be acknowledged before it is reset.
    NotAcknowledged,
    /// As many are kept as may be.
    TooMany,
    /// The point, row or alarm does not exist.
    Unknown,
    /// Another trial runs.
    Busy,
    /// The loop does not lead its outputs now, or does not know all of its inputs, or a rack is too warm.
    NotLed,
    /// The limits of a trial must leave room around what is measured.
    LimitsExclude {
        /// What is measured, in the pv's unit.
        pv: f64,
    },
    /// With these gains the loop would be too near to swinging: a maximum sensitivity above 1.6, or none at all.
    TooSensitive,
    /// A rack's air is above the recommended range.
    Warm,
    /// Somebody stronger than commissioning holds the output, or bends it.
    Held,
    /// What was published is in another currency, has no slot, or slots on top of each other.
    NoPrices,
    /// The output is a word, and not a run mode that gives a machine back to its panel; or one of a CDU's pumps that stands, or would: a machine
    /// would start or stop.
    NotForced,
}

impl Refusal {
    /// The code on the wire.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotWritable => "not_writable",
            Self::OutOfRange { .. } => "out_of_range",
            Self::ReasonMissing => "reason_missing",
            Self::HoldOutOfRange => "hold_out_of_range",
            Self::NothingThere => "nothing_there",
            Self::StillActive => "still_active",
            Self::NotAcknowledged => "not_acknowledged",
            Self::TooMany => "too_many",
            Self::Unknown => "unknown",
            Self::Busy => "busy_trial",
            Self::NotLed => "not_led",
            Self::LimitsExclude { .. } => "limits_exclude",
            Self::TooSensitive => "too_sensitive",
            Self::Warm => "warm",
            Self::Held => "held",
            Self::NoPrices => "no_prices",
            Self::NotForced => "not_forced",
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotWritable => f.write_str("the point is no output"),
            Self::OutOfRange { min, max } => write!(f, "the value must be from {min} to {max}"),
            Self::ReasonMissing => f.write_str("an override needs a reason"),
            Self::HoldOutOfRange => f.write_str("it must be more than no time and at most 24 h"),
            Self::NothingThere => f.write_str("there is nothing to release, withdraw, acknowledge or reset"),
            Self::StillActive => f.write_str("the alarm's condition still holds"),
            Self::NotAcknowledged => f.write_str("acknowledge the alarm before you reset it"),
            Self::TooMany => f.write_str("64 are kept already: withdraw one, or wait until one is over"),
            Self::Unknown => f.write_str("there is no such point, row, loop or alarm"),
            Self::Busy => f.write_str("another trial or checkout runs"),
            Self::NotLed => {
                f.write_str("the loop does not lead its outputs now, or an input is not known, or a rack is too warm")
            }
            Self::LimitsExclude { pv } => write!(f, "the limits must leave room around what is measured, {pv}"),
            Self::TooSensitive => f.write_str("with these gains the loop would be too near to swinging"),
            Self::Warm => f.write_str("a rack is warmer than recommended"),
            Self::Held => f.write_str("somebody stronger holds it"),
            Self::NoPrices => f.write_str("it is in another currency, has no slot, slots on top of each other, or one without a price that the tariff needs"),
            Self::NotForced => f.write_str("it would start or stop a machine"),
        }
    }
}
