//! What is remembered of a limit: what is no GPU below it, and its band.

use plant::hall::capping::Capping;
use plant::time::{Span, Tick};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::band::{Band, Near, Zone};
use super::carried::Carried;
use super::limits::Limit;
use crate::control::interval::Mean;

/// How fast what is no GPU, and what caps leave unused, is believed to have changed (s): meters and agents do not read at the same moment, and a
/// node that is in doubt no more leaves both alike.
const OTHER: f64 = 10.0;

/// What is remembered of a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    band: Band,
    /// What is no GPU (W).
    other: Option<Watts>,
    /// What caps leave unused (W): what GPUs may draw, and do not.
    unused: Watts,
    /// People know that caps come down.
    told: bool,
}

impl Bounds {
    /// A new boot: what was carried in another time is neither a rise nor a rest.
    pub fn restart(&mut self) {
        self.band.restart();
        (self.other, self.unused) = (None, Watts(0.0));
    }

    /// One scan: what goes through the limit (W), the share of its breaker's time that is used up (1), and a number that nobody chose (1, 0 to 1).
    /// The room for GPUs (W).
    pub fn step(
        &mut self,
        limit: &Limit,
        (load, used): (Watts, f64),
        of: &Carried,
        (rules, now, chance): (&Capping, Tick, f64),
    ) -> Watts {
        let (smooth, momentary) = self.follow(load, of, now.dt);
        let near = Near { limit: limit.most, load, most: smooth + of.granted + of.hidden, used, chance };
        self.band.step(&near, rules, now.dt);
        let other = match self.band.zone() {
            Zone::Urgent | Zone::Short => smooth.max(momentary),
            Zone::Free | Zone::Held | Zone::Rising | Zone::Near => smooth,
        };
        let room = self.band.room((limit.most, other), (of.granted, of.floor), rules, now.dt);
        if room >= limit.most * (1.0 - rules.reserve) - other {
            self.band.restored();
        }
        room
    }

    /// Follows what is no GPU of a load (W), and what caps leave unused: the first as it is believed, and as it is now.
    pub fn follow(&mut self, load: Watts, of: &Carried, dt: Span) -> (Watts, Watts) {
        // What a node said a while ago is not what it draws now: it may hide a load, and never shows that one is gone.
        let least = if of.whole { Watts(0.0) } else { self.other.unwrap_or_default() };
        let momentary = (load - of.drawn).max(least);
        let blend = (dt.seconds() / OTHER).clamp(0.0, 1.0);
        let smooth = self.other.map_or(momentary, |other| other + (momentary - other) * blend);
        self.other = Some(smooth);
        let unused = (of.granted - of.drawn).max(Watts(0.0));
        self.unused = self.unused + (unused - self.unused) * blend;
        (smooth, momentary)
    }

    /// The room for GPUs (W) where the mean counts: no distance is kept as from a breaker, and what caps leave unused is given away as well.
    #[must_use]
    pub fn in_the_mean(&self, mean: &Mean) -> Watts {
        (mean.allowed - self.other.unwrap_or_default() + self.unused * mean.loose).max(Watts(0.0))
    }

    /// What is no GPU (W); nothing before anything was heard.
    #[must_use]
    pub const fn other(&self) -> Option<Watts> {
        self.other
    }

    /// True while its breaker's time is short.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.band.is_short()
    }

    /// Tells when caps below begin to come down (true), and when they may rise again.
    pub fn turned(&mut self) -> Option<bool> {
        let lowers = self.band.lowers().filter(|lowers| *lowers != self.told)?;
        self.told = lowers;
        Some(lowers)
    }
}
