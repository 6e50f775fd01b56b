//! Who draws more than he was lent: a case for each rack, by its meter, and for the feeds that a client has alone, by theirs.
//!
//! ```text
//!  Within ─ over for `noticed` ─▶ Noticed ─ `capped` more ─▶ Capped ─ `breach` more ─▶ Breached ─ `escalated` more ─▶ Escalated
//!    ▲                              │    └──── nothing there can be capped ───────────▲ │                               │
//!    └──────────────────────────────┴────────── within for `resolved`, or nothing lent for an hour ─────────────────────┘
//! ```
//!
//! A meter tells what a rack draws, and not whose it is. What is nobody's there is what it drew while nothing was lent there, the highest of the last minute or so, and stays as it
//! was while something is. Over is what is above that, and all that is charged there, by more than the tolerance. What is charged to a feed above may all be drawn there. Without
//! anything known of what is nobody's nothing is judged, and a reading that is not fresh changes nothing: no timer runs by it, and what is capped stays so.
//!
//! Whose client has said that it cannot come down, or has not answered by `hard_at`, is over at once, and capped with the next scan.
//!
//! What is kept for moments (`peak_w`) counts for nothing here: a moment is shorter than `noticed`, and what lasts longer is an excess.

use plant::event::{Excess, ExcessStage};
use plant::time::{Span, Wall};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::amount::Milli;
pub use super::cases::Watch;
use super::message::LeaseId;
use crate::control::clock::sum;

/// So much above is never told (W).
const LEAST: f64 = 1e3;
/// From here on a breach is critical (1, of what is lent there).
const CRITICAL: f64 = 0.2;
/// How fast what is nobody's is believed to have fallen (s).
const FALLS: f64 = 60.0;
/// Caps again so soon after the last time hold for twice as long; and the longest that they hold without need, and that a case outlives what was lent.
const HOUR: Span = Span::from_secs(3600);
/// No pause is doubled more often.
const DOUBLED: u32 = 12;

/// When who draws more than he was lent is told, capped and reported.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// So much more than is lent in a rack is no excess (1, 0 to 0.5); 1 kW is none in any case.
    pub tolerance: f64,
    /// The rack's GPUs are capped.
    pub caps: bool,
    /// Over for so long without a break: told (1 s to 1 h).
    pub noticed: Span,
    /// And for so long more: capped (0 to 1 h).
    pub capped: Span,
    /// And for so long more: a breach (0 to 1 h).
    pub breach: Span,
    /// And for so long more: escalated (0 to 1 d).
    pub escalated: Span,
    /// Within for so long without a break: over (10 s to 1 h).
    pub resolved: Span,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tolerance: 0.05,
            caps: true,
            noticed: Span::from_secs(30),
            capped: Span::from_secs(60),
            breach: Span::from_secs(120),
            escalated: Span::from_secs(600),
            resolved: Span::from_secs(120),
        }
    }
}

/// Where a rack's case has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// There is none.
    #[default]
    Within,
    /// The client is told.
    Noticed,
    /// GPUs are capped.
    Capped,
    /// It goes on.
    Breached,
    /// People should act.
    Escalated,
}

impl Stage {
    /// A breach, as long as it goes on.
    #[must_use]
    pub const fn is_breach(self) -> bool {
        match self {
            Self::Within | Self::Noticed | Self::Capped => false,
            Self::Breached | Self::Escalated => true,
        }
    }
}

/// The case of a rack, or of feeds, or none. A clone is a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Where it has come to.
    pub stage: Stage,
    /// Its name: the start of control in which it began, and its number; of the last one, where there is none.
    pub id: (u64, u64),
    /// When it began.
    pub since: Wall,
    /// The largest lease there when it began.
    pub lease: LeaseId,
    /// More than a fifth above what is lent there.
    pub critical: bool,
    /// GPUs are to be capped.
    pub caps: bool,
    /// What draws there and is nobody's (W); nothing where it was never seen.
    pub base: Option<Watts>,
    /// What was drawn when that was last read (W).
    pub drawn: Option<Watts>,
    /// What leases there, and of feeds above, are charged at.
    pub charged: Milli,
    /// Of it, of leases there.
    pub here: Milli,
    /// The largest lease there now, and what it is charged at.
    pub(super) most: Option<(Milli, LeaseId)>,
    /// For how long it was over in this stage; in none, without a break.
    over: Span,
    /// For how long it is within, without a break.
    calm: Span,
    /// For how long nothing is lent there.
    idle: Span,
    /// Since the last one that was capped; nothing where there was none.
    rest: Option<Span>,
    /// How often the pause is doubled.
    doubled: u32,
}

/// What a case goes by in a scan.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The rules.
    pub rules: &'a Limits,
    /// What the meter reads now (W); nothing where that is not fresh.
    pub drawn: Option<Watts>,
    /// Something there can be capped.
    pub cappable: bool,
    /// Who has a lease there has said that he will not come down, or has not answered in time: nobody waits for him.
    pub refused: bool,
    /// The time that was lived since the scan before.
    pub dt: Span,
    /// What time it is.
    pub now: Wall,
    /// What the next case is called.
    pub next: (u64, u64),
}

impl Case {
    /// What it may draw (W); nothing where nobody knows what is nobody's there.
    #[must_use]
    pub fn may(&self) -> Option<Watts> {
        Some(self.base? + self.charged.watts())
    }

    /// What its GPUs are capped to, with all else in it (W).
    #[must_use]
    pub fn capped(&self) -> Option<Watts> {
        match self.stage {
            Stage::Within | Stage::Noticed => None,
            Stage::Capped | Stage::Breached | Stage::Escalated => self.may().filter(|_| self.caps),
        }
    }

    /// One scan. What there is to tell.
    pub fn step(&mut self, scene: &Scene<'_>) -> Option<ExcessStage> {
        let drawn = scene.drawn?;
        self.drawn = Some(drawn);
        let (rules, dt) = (scene.rules, scene.dt);
        let over = self.may().is_some_and(|may| {
            let charged = self.charged.watts();
            drawn > may + Watts((charged.0 * rules.tolerance).max(LEAST))
        });
        if self.stage == Stage::Within {
            return self.look(over, drawn, scene);
        }
        (self.over, self.calm) = if over { (sum(self.over, dt), Span::ZERO) } else { (self.over, sum(self.calm, dt)) };
        self.idle = if self.charged == Milli::ZERO { sum(self.idle, dt) } else { Span::ZERO };
        if self.calm >= self.hold(rules) || self.idle >= HOUR {
            return Some(self.end());
        }
        // A step forward needs a reading that is over.
        if !over {
            return None;
        }
        let grave = self.is_grave(drawn);
        let worse = grave && !self.critical;
        self.critical = grave;
        match self.stage {
            Stage::Within => None,
            Stage::Noticed if !scene.refused && self.over < rules.capped => None,
            Stage::Noticed => {
                self.caps = rules.caps;
                if !(rules.caps && scene.cappable) {
                    return Some(self.turns(Stage::Breached, ExcessStage::Unenforceable));
                }
                let again = self.rest.is_some_and(|rest| rest < HOUR);
                self.doubled = if again { self.doubled.saturating_add(1).min(DOUBLED) } else { 0 };
                Some(self.turns(Stage::Capped, ExcessStage::Capped))
            }
            Stage::Capped if self.over < rules.breach => None,
            Stage::Capped => Some(self.turns(Stage::Breached, ExcessStage::Breach)),
            Stage::Breached if self.over >= rules.escalated => {
                Some(self.turns(Stage::Escalated, ExcessStage::Escalated))
            }
            Stage::Breached | Stage::Escalated => worse.then_some(ExcessStage::Breach),
        }
    }

    /// No case yet: what is nobody's is looked at, or one begins.
    fn look(&mut self, over: bool, drawn: Watts, scene: &Scene<'_>) -> Option<ExcessStage> {
        let dt = scene.dt;
        self.rest = self.rest.map(|rest| sum(rest, dt));
        if self.charged == Milli::ZERO {
            let falls = |base: Watts| base + (drawn - base) * (dt.seconds() / FALLS).clamp(0.0, 1.0);
            self.base = Some(self.base.map_or(drawn, |base| if drawn > base { drawn } else { falls(base) }));
        }
        let lease = self.most.filter(|_| over && self.here > Milli::ZERO).map(|(_, lease)| lease);
        let Some(lease) = lease else {
            self.over = Span::ZERO;
            return None;
        };
        self.over = sum(self.over, dt);
        if !scene.refused && self.over < scene.rules.noticed {
            return None;
        }
        (self.id, self.since, self.lease, self.caps) = (scene.next, scene.now, lease, false);
        (self.calm, self.idle, self.critical) = (Span::ZERO, Span::ZERO, self.is_grave(drawn));
        Some(self.turns(Stage::Noticed, ExcessStage::Noticed))
    }

    /// More than a fifth above what is lent there.
    fn is_grave(&self, drawn: Watts) -> bool {
        self.may().is_some_and(|may| drawn > may + self.charged.watts() * CRITICAL)
    }

    /// For how long it must be within.
    fn hold(&self, rules: &Limits) -> Span {
        match self.stage {
            Stage::Within | Stage::Noticed => rules.resolved,
            Stage::Capped | Stage::Breached | Stage::Escalated => {
                rules.resolved.times(1 << self.doubled.min(DOUBLED)).min(HOUR).max(rules.resolved)
            }
        }
    }

    const fn turns(&mut self, stage: Stage, told: ExcessStage) -> ExcessStage {
        (self.stage, self.over) = (stage, Span::ZERO);
        told
    }

    fn end(&mut self) -> ExcessStage {
        let told = if self.stage.is_breach() { ExcessStage::Resolved } else { ExcessStage::Over };
        match self.stage {
            Stage::Within | Stage::Noticed => {}
            Stage::Capped | Stage::Breached | Stage::Escalated => self.rest = Some(Span::ZERO),
        }
        (self.caps, self.calm, self.idle) = (false, Span::ZERO, Span::ZERO);
        self.turns(Stage::Within, told)
    }

    /// A new boot: nobody saw whether there was a break.
    pub fn restart(&mut self) {
        self.calm = Span::ZERO;
        if self.stage == Stage::Within {
            self.over = Span::ZERO;
        }
    }

    /// The same, to be told.
    #[must_use]
    pub fn news(&self, stage: ExcessStage) -> Excess {
        let watts = |of: Option<Watts>| of.map_or(0.0, |of| of.0);
        Excess {
            stage,
            case: self.id,
            lease: (self.lease.epoch, self.lease.number),
            watts: watts(self.drawn),
            may: watts(self.may()),
            critical: self.critical,
        }
    }
}
