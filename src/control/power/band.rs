//! How near a feed is to its limit, and what follows for the GPUs below it.
//!
//! ```text
//!  load⁺ over limit     below 0.90 for `hold` *    0.90 to 0.97     0.97 to 0.99                     0.99 and more
//!  ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────▶
//!  after a shedding     a step up now and then     nothing rises    what is above floors, by 0.75    0.95 at once
//!  else                 caps leave the reserve     the same         and then as after a shedding
//! ```
//!
//! \* and then up to 0.95, as long as it rises.
//!
//! `load⁺` looks ahead by the time that caps take: a load that rises counts with what it will have come to by then, but never with more than caps let it come to.
//! A feed that has used up more than half of the time that its breaker allows is short of time: all below goes to its least, and to its slow
//! clock where the hall's file has one.

use plant::hall::capping::Capping;
use plant::time::Span;
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use crate::control::clock::sum;

/// From here on at once, to [`AIM`] (1, of the limit).
const URGENT: f64 = 0.99;
/// From here on by steps.
const NEAR: f64 = 0.97;
/// What is aimed at after either.
const AIM: f64 = 0.95;
/// Below, there may be more again.
const CALM: f64 = 0.90;
/// What is left of the caps above floors, each second.
const SOFTLY: f64 = 0.75;
/// The step up (1, of the limit).
const STEP: f64 = 0.05;
/// The share of the breaker's time from which on everything goes down.
const SHORT: f64 = 0.5;
/// How fast a rise is believed (s).
const SLOPE: f64 = 3.0;
/// A shedding so soon after the last one doubles the pause.
const SOON: Span = Span::from_secs(600);
/// The longest pause over the first one.
const MOST_PAUSES: u32 = 6;

/// What follows for the GPUs below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Zone {
    /// Caps leave the reserve.
    #[default]
    Free,
    /// More was shed; nothing rises yet.
    Held,
    /// It may rise again by steps.
    Rising,
    /// Caps come down by steps.
    Near,
    /// Caps come down at once.
    Urgent,
    /// Everything goes to its least.
    Short,
}

/// A limit's band. A clone is a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Band {
    zone: Zone,
    /// The load of the scan before (W).
    load: Option<Watts>,
    /// How it rises (W/s).
    slope: f64,
    /// How long it has been calm.
    calm: Span,
    /// Until the next step up.
    wait: Span,
    /// How many pauses after a shedding.
    pauses: u32,
    /// Since the last shedding.
    since: Span,
    /// Steps that it has been given since it was held.
    steps: f64,
    /// What the last shedding left to GPUs (W): while nothing rises in all, what one gives up another may have.
    kept: Watts,
}

/// What a band sees of its limit in a scan.
#[derive(Clone, Copy, Debug)]
pub struct Near {
    /// What may be carried (W).
    pub limit: Watts,
    /// What is (W).
    pub load: Watts,
    /// The most that caps in force let it come to (W).
    pub most: Watts,
    /// The share of the breaker's time that is used up (1).
    pub used: f64,
    /// A number that nobody chose (1, 0 to 1).
    pub chance: f64,
}

impl Band {
    /// A new boot: the load of another time tells no slope.
    pub fn restart(&mut self) {
        (self.load, self.slope) = (None, 0.0);
    }

    /// One scan.
    pub fn step(&mut self, near: &Near, rules: &Capping, dt: Span) {
        let seconds = dt.seconds().max(1e-3);
        if let Some(before) = self.load {
            let blend = (seconds / SLOPE).min(1.0);
            self.slope += ((near.load - before).0 / seconds - self.slope) * blend;
        }
        self.load = Some(near.load);
        let ahead = near.load + Watts(self.slope.max(0.0) * rules.react.seconds());
        let share = ahead.min(near.most.max(near.load)) / near.limit.max(Watts(1.0));
        self.since = sum(self.since, dt);
        self.zone = match share {
            _ if near.used >= SHORT => self.shed(Zone::Short),
            share if share >= URGENT || !share.is_finite() => self.shed(Zone::Urgent),
            share if share >= NEAR => self.shed(Zone::Near),
            share => self.settle(share, (near.chance, rules), dt),
        };
    }

    /// What follows.
    #[must_use]
    pub const fn zone(&self) -> Zone {
        self.zone
    }

    /// What caps below may come to (W), where what is no GPU takes `other`, they come to `granted` now, and to `floor` at their least.
    #[must_use]
    pub fn room(
        &mut self,
        (limit, other): (Watts, Watts),
        (granted, floor): (Watts, Watts),
        rules: &Capping,
        dt: Span,
    ) -> Watts {
        let (free, aim) = (limit * (1.0 - rules.reserve) - other, limit * AIM - other);
        let room = match self.zone {
            Zone::Free => free,
            Zone::Held => free.min(granted.max(self.kept)),
            Zone::Rising => free.min(granted + limit * self.steps),
            Zone::Near => {
                let left = libm::pow(SOFTLY, dt.seconds().min(10.0));
                (floor + (granted - floor).max(Watts(0.0)) * left).max(aim).min(free)
            }
            Zone::Urgent => aim.min(free),
            Zone::Short => floor.min(free),
        };
        let room = room.max(Watts(0.0));
        if self.lowers() == Some(true) {
            self.kept = room;
        }
        room
    }

    /// True while everything below goes to its least.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.zone == Zone::Short
    }

    /// True where what was given up comes back slowly.
    #[must_use]
    pub const fn is_shed(&self) -> bool {
        match self.zone {
            Zone::Free => false,
            Zone::Held | Zone::Rising | Zone::Near | Zone::Urgent | Zone::Short => true,
        }
    }

    /// True while caps below come down; false once they may rise again, nothing in between.
    #[must_use]
    pub const fn lowers(&self) -> Option<bool> {
        match self.zone {
            Zone::Free | Zone::Rising => Some(false),
            Zone::Near | Zone::Urgent | Zone::Short => Some(true),
            Zone::Held => None,
        }
    }

    /// Caps below come to all that the reserve leaves: what was shed is given back.
    pub fn restored(&mut self) {
        if self.zone == Zone::Rising {
            self.zone = Zone::Free;
        }
    }

    fn shed(&mut self, zone: Zone) -> Zone {
        if !self.is_shed() {
            self.pauses = if self.since < SOON { self.pauses.saturating_mul(2).clamp(1, MOST_PAUSES) } else { 1 };
        }
        (self.calm, self.since, self.steps) = (Span::ZERO, Span::ZERO, 0.0);
        zone
    }

    fn settle(&mut self, share: f64, (chance, rules): (f64, &Capping), dt: Span) -> Zone {
        self.steps = 0.0;
        if !self.is_shed() {
            return Zone::Free;
        }
        // What has begun to rise goes on to where a shedding aims: between the two there is room that somebody may wish for.
        let calm = if self.zone == Zone::Rising { AIM } else { CALM };
        if share >= calm {
            self.calm = Span::ZERO;
            return Zone::Held;
        }
        self.calm = sum(self.calm, dt);
        if self.calm < rules.hold.times(u64::from(self.pauses.max(1))) {
            return Zone::Held;
        }
        // Steps are 1 to 10 s apart, by chance, so that not all feeds of a site rise together.
        self.wait = Span::from_nanos(self.wait.nanos().saturating_sub(dt.nanos()));
        if self.wait == Span::ZERO {
            self.wait = Span::from_millis(plant::convert::u64_from_f64_rounded(1000.0 + 9000.0 * chance));
            self.steps = STEP;
        }
        Zone::Rising
    }
}

#[cfg(test)]
mod tests;
