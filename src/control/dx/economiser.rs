//! When a row lets outdoor air in.

use plant::event::{ShutOut, Trouble, What};
use plant::hall::sequence::{AirTuning, DxTuning};
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::outdoors::Air;
use crate::control::clock::sum;
use crate::control::sequence::{Bound, Sequence, Step, Timer, Turn};

/// Supply air must be too cold for so long before it counts as freezing.
const COLD_FOR: Span = Span::from_secs(300);
/// And then the dampers stay shut for so long.
const THAW: Span = Span::from_secs(3600);
/// Compressors that have to take over have so long before the dampers close all the same.
const CARRY_WITHIN: Span = Span::from_secs(180);

/// Where the economiser of a row is.
///
/// ```text
///        nothing speaks against it, least-shut over            something does, least-open over if it only helps no more
///   Shut ──────────────────────────────────────────▶ Open ──────────────────────────────────────────────▶ Closing
///    ▲ ▲                                               │ ▲            nothing speaks against it any more       │ │
///    │ └────────────── smoke, freeze: at once ─────────┘ └─────────────────────────────────────────────────────┘ │
///    └────── shut, once compressors run; at once with smoke or freeze; close-over and three minutes at the most ───┘
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gate {
    /// Outdoor air is shut out.
    Shut,
    /// It is let in as the loop wants it.
    Open,
    /// It is shut out by and by, as compressors take over.
    Closing,
}

impl Step for Gate {
    type Rules = DxTuning;

    fn bound(self, rules: &DxTuning) -> Bound<Self> {
        match self {
            Self::Shut | Self::Open => Bound::Rest,
            Self::Closing => Bound::Within {
                time: sum(rules.economiser.close_over, CARRY_WITHIN),
                abort: Self::Shut,
                trouble: Trouble::ChangeAborted,
            },
        }
    }
}

/// The economiser of a row.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Economiser {
    gate: Sequence<Gate>,
    /// What speaks against outdoor air, or did last.
    why: ShutOut,
    /// The dampers may open so far (%).
    most: f64,
    /// How long the supply has been too cold.
    cold: Timer,
    /// How long it shall still stay shut for that.
    thaw: Span,
}

/// What one scan sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// Why smoke shuts it out.
    pub smoke: Option<ShutOut>,
    /// Outdoor air.
    pub air: Air,
    /// Return air of the row (°C); nothing where it is not known now.
    pub back: Option<f64>,
    /// The coldest supply air (°C); nothing where none is known now.
    pub coldest: Option<f64>,
    /// Compressors run as many as can.
    pub carried: bool,
    /// Where the dampers stand at the most (%).
    pub damper: f64,
}

/// What speaks about outdoor air in one scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Nothing speaks against it.
    Good,
    /// Nothing does, but it is too near a limit to let it in.
    Near(ShutOut),
    /// Something does.
    Against(ShutOut),
    /// It is not known now.
    Doubted,
}

impl Economiser {
    /// Shut.
    #[must_use]
    pub fn new() -> Self {
        Self {
            gate: Sequence::long_since(Gate::Shut),
            why: ShutOut::Unknown,
            most: 0.0,
            cold: Timer::default(),
            thaw: Span::ZERO,
        }
    }

    /// Takes over as it is found.
    pub const fn adopt(&mut self, damper: f64) {
        let gate = if damper > OPEN { Gate::Open } else { Gate::Shut };
        self.gate = Sequence::long_since(gate);
        self.most = if damper > OPEN { 100.0 } else { 0.0 };
    }

    /// Where it is.
    #[must_use]
    pub const fn gate(&self) -> Gate {
        self.gate.step()
    }

    /// How far the dampers may open (%), and why no farther.
    #[must_use]
    pub const fn most(&self) -> (f64, ShutOut) {
        (self.most, self.why)
    }

    /// One scan.
    pub fn step(&mut self, rules: &DxTuning, seen: &Seen, dt: Span) -> [Option<What>; 2] {
        self.watch_cold(&rules.economiser, seen, dt);
        let verdict = self.judge(&rules.economiser, seen);
        if let Verdict::Against(why) | Verdict::Near(why) = verdict
            && !(self.gate() == Gate::Open && matches!(verdict, Verdict::Near(_)))
        {
            self.why = why;
        }
        let most = self.most;
        let turn = self.gate.advance(rules, dt, |gate, since| next(&rules.economiser, (gate, since), (verdict, most)));
        self.most = match self.gate() {
            Gate::Shut => 0.0,
            Gate::Open => 100.0,
            Gate::Closing => {
                let begun = self.most.min(seen.damper);
                let ready = seen.carried || self.gate.since() >= CARRY_WITHIN;
                let fall = if ready { 100.0 * dt.seconds() / rules.economiser.close_over.seconds() } else { 0.0 };
                (begun - fall).max(0.0)
            }
        };
        let trouble = match turn {
            Turn::Aborted(_, trouble) => Some(What::Trouble(trouble)),
            Turn::Moved(_) | Turn::Stayed => None,
        };
        let told = match (turn, self.gate()) {
            (Turn::Stayed, _) | (Turn::Moved(Gate::Closing) | Turn::Aborted(..), Gate::Shut) => None,
            (Turn::Moved(_) | Turn::Aborted(..), Gate::Open) => Some(What::LetIn),
            (Turn::Moved(_) | Turn::Aborted(..), Gate::Shut | Gate::Closing) => Some(What::ShutOut(self.why)),
        };
        [trouble, told]
    }

    /// Supply air that is too cold for five minutes shuts it for an hour. What is not known neither counts nor begins anew.
    fn watch_cold(&mut self, rules: &AirTuning, seen: &Seen, dt: Span) {
        self.thaw = Span::from_nanos(self.thaw.nanos().saturating_sub(dt.nanos()));
        if let Some(coldest) = seen.coldest {
            self.cold.count(coldest < rules.freeze.0, dt);
        }
        if self.cold.reached(COLD_FOR) {
            self.thaw = THAW;
        }
    }

    fn judge(&self, rules: &AirTuning, seen: &Seen) -> Verdict {
        if let Some(why) = seen.smoke {
            return Verdict::Against(why);
        }
        if self.thaw > Span::ZERO {
            return Verdict::Against(ShutOut::Freeze);
        }
        let (dry_bulb, dew_point) = match seen.air {
            Air::Known { dry_bulb, dew_point } => (dry_bulb, dew_point),
            Air::Doubted => return Verdict::Doubted,
            Air::Lost => return Verdict::Against(ShutOut::Unknown),
        };
        let inside = rules.hysteresis.0;
        // How far inside each limit it is (K), and what lies beyond.
        let limits = [
            (rules.dew_point_max.0 - dew_point, inside, ShutOut::Humid),
            (dew_point - rules.dew_point_min.0, inside, ShutOut::Dry),
            (dry_bulb - rules.low_limit.0, inside, ShutOut::Cold),
            (rules.high_limit.0 - dry_bulb, inside, ShutOut::Warm),
            // Without a return known now nothing is decided by it; the other limits stand.
            (seen.back.map_or(f64::NAN, |back| back - dry_bulb), rules.colder.0, ShutOut::Warm),
        ];
        if let Some((_, _, why)) = limits.iter().find(|(by, ..)| *by < 0.0) {
            return Verdict::Against(*why);
        }
        let near = limits.iter().find(|(by, by_least, _)| by < by_least);
        match (near, seen.back) {
            (Some((.., why)), _) => Verdict::Near(*why),
            (None, None) => Verdict::Doubted,
            (None, Some(_)) => Verdict::Good,
        }
    }
}

/// A damper beyond this is open (%).
const OPEN: f64 = 5.0;

fn next(rules: &AirTuning, (gate, since): (Gate, Span), (verdict, most): (Verdict, f64)) -> Option<Gate> {
    let urgent = matches!(verdict, Verdict::Against(ShutOut::Smoke | ShutOut::Freeze));
    match (gate, verdict) {
        (Gate::Shut, Verdict::Good) => (since >= rules.least_shut).then_some(Gate::Open),
        (Gate::Shut, Verdict::Near(_) | Verdict::Against(_) | Verdict::Doubted)
        | (Gate::Open, Verdict::Good | Verdict::Near(_) | Verdict::Doubted) => None,
        (Gate::Open | Gate::Closing, Verdict::Against(_)) if urgent => Some(Gate::Shut),
        // Where it only helps no more nobody is in a hurry.
        (Gate::Open, Verdict::Against(ShutOut::Warm)) => (since >= rules.least_open).then_some(Gate::Closing),
        (Gate::Open, Verdict::Against(_)) => Some(Gate::Closing),
        (Gate::Closing, Verdict::Good) => Some(Gate::Open),
        (Gate::Closing, Verdict::Near(_) | Verdict::Against(_) | Verdict::Doubted) => {
            (most <= 0.0).then_some(Gate::Shut)
        }
    }
}

impl Default for Economiser {
    fn default() -> Self {
        Self::new()
    }
}
