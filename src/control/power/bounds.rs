//! What is remembered of a limit: what is no GPU below it, and its band.

use plant::hall::capping::Capping;
use plant::time::Tick;
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::band::{Band, Near, Zone};
use super::limits::Limit;

/// How fast what is no GPU is believed to have changed (s): meters and agents do not read at the same moment.
const OTHER: f64 = 10.0;

/// What is remembered of a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    band: Band,
    /// What is no GPU (W).
    other: Option<Watts>,
    /// People know that caps come down.
    told: bool,
}

/// What GPUs come to at a limit (W).
#[derive(Clone, Copy, Debug)]
pub struct Carried {
    /// What those draw of which that is known.
    pub drawn: Watts,
    /// What all may draw now at the most.
    pub granted: Watts,
    /// What all have at the least.
    pub floor: Watts,
    /// All their nodes have spoken since the scan before.
    pub whole: bool,
}

impl Bounds {
    /// A new boot: what was carried in another time is neither a rise nor a rest.
    pub fn restart(&mut self) {
        self.band.restart();
        self.other = None;
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
        // What a node said a while ago is not what it draws now: it may hide a load, and never shows that one is gone.
        let least = if of.whole { Watts(0.0) } else { self.other.unwrap_or_default() };
        let momentary = (load - of.drawn).max(least);
        let blend = (now.dt.seconds() / OTHER).clamp(0.0, 1.0);
        let smooth = self.other.map_or(momentary, |other| other + (momentary - other) * blend);
        self.other = Some(smooth);
        let near = Near { limit: limit.most, load, most: smooth + of.granted, used, chance };
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
