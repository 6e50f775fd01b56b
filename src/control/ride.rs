//! Cooling as flexibility: its setpoints rise for a while when more is needed than batteries give, before any cap comes down for it, and fall before a peak
//! that a plan expects.
//!
//! ```text
//!            what is forecast, over what is allowed and batteries give
//!              above 98 %                    below 95 %, in this window and in the next, for `release-after`
//!   Rests ───────────────▶ Rides ──▶ Stays ──────────────────────────────────▶ Returns ── all are home ──▶ Rests
//!     │  ▲                  ▲  ▲       │ ▲                                         │
//!     │  └──── home ────┐   │  └───────┘ └──────────────── 95 to 98 % ─────────────┘
//!     └─ expected ─▶ PreCools
//!   from everywhere, in any doubt: Doubted; what is warmer than usual is home at once, and nothing rides for QUIET
//! ```
//!
//! What is moved is what loops and resets hold already, by an offset on top: the inlets of a row's fans and the coolant of its CDUs (`cooling`), the chilled
//! water of a plant (`plants`), and facility water (`plants`, `dry`). Each stays within the limits of the hall and goes no faster than `ride-rate`. Rising all go together; they come home one after the
//! other, and only while the next window has room for what cooling draws more then. What that is nobody reckons: the billed meter sees it, and where it is too
//! much the way home waits.
//!
//! A new boot begins at home. Within a boot what is remembered restores where setpoints are.

mod look;
mod need;
#[cfg(test)]
mod tests;
mod units;
pub mod view;

use plant::event::{About, PeakNews, RideEnd, What};
use plant::hall::Hall;
use plant::hall::peaks::Ride as Rules;
use plant::id::FeedId;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::clock::sum;
use super::cooling::Circuit;
use super::interval;
use super::news::News;
pub use need::Need;
pub use units::{Bounds, Margin, Unit};

/// After a doubt, and after a start, nothing leaves home for so long.
const QUIET: Span = Span::from_secs(600);
/// Units come home in so many waves at the most.
const WAVES: usize = 6;

/// What follows from the hall.
#[derive(Clone, Debug)]
pub struct Plan {
    rules: Rules,
    /// How long nothing must have needed it before it comes home.
    release: Span,
    /// The feed whose peaks are billed.
    feed: FeedId,
    units: Vec<Unit>,
}

impl Plan {
    /// Of a hall whose file lets setpoints be moved for peaks; nothing of others.
    #[must_use]
    pub fn of(hall: &Hall, circuits: &[Circuit], peaks: Option<&interval::Plan>) -> Option<Self> {
        let peaks = peaks?;
        let (rules, release) = peaks.ride();
        rules.is_on().then(|| Self { rules, release, feed: peaks.feed(), units: units::all(hall, circuits) })
    }
}

/// What cooling does for peaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Does {
    /// Setpoints are at home, or on their way there from below.
    #[default]
    Rests,
    /// A peak is expected: they fall.
    PreCools,
    /// More is needed than batteries give: they rise.
    Rides,
    /// They stay where they are.
    Stays,
    /// They come home, one after the other.
    Returns,
    /// Something is in doubt.
    Doubted(RideEnd),
}

/// What one scan sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sight {
    /// Why nothing may be moved; nothing where it may.
    pub doubt: Option<RideEnd>,
    /// What is needed of it.
    pub need: Need,
}

/// What is remembered. A clone is a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ride {
    does: Does,
    /// How far each unit's setpoint is from where it usually is (K).
    offsets: Vec<f64>,
    /// How long nothing has needed it.
    calm: Span,
    /// How long nothing has been in doubt.
    sure: Span,
    /// Some setpoint was above, and below, where it usually is.
    told: (bool, bool),
    /// How often it rode, and for how long in all.
    ridden: (u32, Span),
    /// The lowest and the highest that any setpoint was from where it usually is (K).
    farthest: (f64, f64),
}

impl Ride {
    /// All at home.
    #[must_use]
    pub fn new(plan: Option<&Plan>) -> Self {
        Self { offsets: vec![0.0; plan.map_or(0, |plan| plan.units.len())], ..Self::default() }
    }

    /// A new boot: all at home.
    pub fn restart(&mut self) {
        self.offsets.fill(0.0);
        let (ridden, farthest) = (self.ridden, self.farthest);
        *self = Self { offsets: std::mem::take(&mut self.offsets), ridden, farthest, ..Self::default() };
    }

    /// What it does.
    #[must_use]
    pub const fn does(&self) -> Does {
        self.does
    }

    /// Some setpoint is away from home.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.offsets.iter().any(|at| *at != 0.0)
    }

    /// How far each unit's setpoint is from where it usually is (K), in the plan's order.
    #[must_use]
    pub fn offsets(&self) -> &[f64] {
        &self.offsets
    }

    /// One scan: what each unit may do now is asked of `bounds`.
    pub fn step(
        &mut self,
        plan: &Plan,
        sight: &Sight,
        bounds: impl Fn(&Unit) -> Bounds,
        (dt, news): (Span, &mut News<'_>),
    ) {
        self.calm = if sight.need.is_none() { sum(self.calm, dt) } else { Span::ZERO };
        self.sure = if sight.doubt.is_some() { Span::ZERO } else { sum(self.sure, dt) };
        self.does = self.decide(plan, sight);
        let (step, mut turns) = (plan.rules.rate / 3600.0 * dt.seconds(), plan.units.len().div_ceil(WAVES));
        for (at, unit) in self.offsets.iter_mut().zip(&plan.units) {
            let of = bounds(unit);
            let to = match (self.does, of.margin) {
                (Does::Doubted(_), _) => at.min(0.0) + step.min(-at.min(0.0)),
                (Does::Rides, Margin::Some) => plan.rules.most.0,
                (Does::Rides, Margin::Little) => at.max(0.0),
                (Does::PreCools, Margin::Some) => -plan.rules.pre_cool.0,
                (Does::PreCools, Margin::Little) => at.min(0.0),
                (Does::Stays, Margin::Some | Margin::Little) => at.max(0.0),
                (Does::Returns, Margin::Some | Margin::Little) if *at > 0.0 && turns == 0 => *at,
                (Does::Rests | Does::Returns, _) | (_, Margin::None) => 0.0,
            };
            turns -= usize::from(self.does == Does::Returns && *at > 0.0 && turns > 0);
            // Doubt alone is faster than the ramp, and toward the cool side.
            let reach = if matches!(self.does, Does::Doubted(_)) && to < *at { f64::INFINITY } else { step };
            *at = (*at + (to - *at).clamp(-reach, reach)).clamp(of.low, of.high);
        }
        self.tell(plan, dt, news);
    }

    fn decide(&self, plan: &Plan, sight: &Sight) -> Does {
        let up = self.offsets.iter().any(|at| *at > 0.0);
        let ready = self.sure >= QUIET;
        match (sight.doubt, sight.need) {
            (Some(why), _) => Does::Doubted(why),
            (None, Need::More) if (ready || up) && plan.rules.most.0 > 0.0 => Does::Rides,
            (None, Need::None | Need::Ahead) if up && self.calm >= plan.release => Does::Returns,
            (None, _) if up => Does::Stays,
            (None, Need::Ahead) if ready && plan.rules.pre_cool.0 > 0.0 => Does::PreCools,
            (None, Need::More | Need::Near | Need::None | Need::Ahead) => Does::Rests,
        }
    }

    fn tell(&mut self, plan: &Plan, dt: Span, news: &mut News<'_>) {
        let about = About::Feed(plan.feed);
        let up = self.offsets.iter().any(|at| *at > 0.0);
        let down = self.offsets.iter().any(|at| *at < 0.0);
        let was = std::mem::replace(&mut self.told, (up, down));
        if let (Does::Doubted(why), (true, _)) = (self.does, was) {
            news.warn(about, What::Peak(PeakNews::RideEnded(why)));
        }
        if was.0 != up {
            self.ridden.0 = self.ridden.0.saturating_add(u32::from(up));
            news.info(about, What::Peak(PeakNews::Rides(up)));
        }
        if was.1 != down {
            news.info(about, What::Peak(PeakNews::PreCools(down)));
        }
        if up {
            self.ridden.1 = sum(self.ridden.1, dt);
        }
        let (low, high) = self.offsets.iter().fold(self.farthest, |(low, high), at| (low.min(*at), high.max(*at)));
        self.farthest = (low, high);
    }
}
