//! A billing period: what flowed in it, what it cost, and both as they would have been.

use plant::convert::i64_from_f64_rounded;
use plant::time::Wall;
use serde::{Deserialize, Serialize};

use super::reading::Reading;
use crate::control::interval::Kept;
use crate::control::outlook;
use crate::control::tariff::DemandCharge;

/// How many horizons of forecasts are judged.
pub const HORIZONS: usize = outlook::HORIZONS.len();

/// The same figure of what flowed, of what would have flowed without batteries, and without all that control does for money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sides<T> {
    /// As it was metered.
    pub metered: T,
    /// If batteries had rested: measured.
    pub no_batteries: T,
    /// If nobody had been lowered, and no job had waited, either: an estimate.
    pub no_control: T,
}

impl<T> Sides<T> {
    /// Another figure that follows from each.
    pub fn map<U>(self, mut of: impl FnMut(T) -> U) -> Sides<U> {
        Sides { metered: of(self.metered), no_batteries: of(self.no_batteries), no_control: of(self.no_control) }
    }

    /// Each by reference.
    pub const fn as_ref(&self) -> Sides<&T> {
        Sides { metered: &self.metered, no_batteries: &self.no_batteries, no_control: &self.no_control }
    }

    /// Each side with that of another figure.
    pub fn zip<U>(self, other: Sides<U>) -> Sides<(T, U)> {
        Sides {
            metered: (self.metered, other.metered),
            no_batteries: (self.no_batteries, other.no_batteries),
            no_control: (self.no_control, other.no_control),
        }
    }
}

impl Sides<f64> {
    /// So many times the other is added.
    pub fn add(&mut self, other: Self, times: f64) {
        *self = self.zip(other).map(|(own, other)| own + times * other);
    }
}

/// What forecasts of one horizon were off by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Errors {
    /// How many were judged.
    pub judged: u32,
    /// The sum of what was measured above what was forecast (W), with its sign and without.
    pub sums: (f64, f64),
}

/// A demand's peaks in a billing period.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Billed {
    /// The highest window (W).
    pub peak: Sides<Option<f64>>,
    /// What is billed for it; nothing where that is not reckoned here.
    pub due: Sides<Option<f64>>,
    /// Windows of which both are known, and those that count for all sides as they were metered.
    pub windows: (u32, u32),
}

impl Billed {
    /// Before any window was looked at.
    const NONE: Self = {
        let (none, nothing) = (None, Some(0.0));
        Self {
            peak: Sides { metered: none, no_batteries: none, no_control: none },
            due: Sides { metered: nothing, no_batteries: nothing, no_control: nothing },
            windows: (0, 0),
        }
    };

    /// A period is over of which its peak is one, or is looked at as it stands.
    pub fn settle(&mut self, charge: &DemandCharge, kept: &Sides<Kept>) {
        let of = kept.as_ref();
        let higher = |(own, kept): (Option<f64>, &Kept)| {
            let peaks = [own, kept.peak().map(|peak| peak.watts)];
            peaks.into_iter().flatten().reduce(f64::max)
        };
        self.peak = self.peak.zip(of).map(higher);
        self.due = self.due.zip(of).map(|(own, kept)| Some(own? + kept.due(charge)?));
    }
}

impl Billed {
    /// The period that was settled last goes on.
    pub fn unsettle(&mut self, charge: &DemandCharge, kept: &Sides<Kept>) {
        self.due = self.due.zip(kept.as_ref()).map(|(own, kept)| Some(own? - kept.due(charge)?));
    }
}

/// A billing period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Month {
    /// Where it begins and ends.
    pub from: Wall,
    /// See above.
    pub to: Wall,
    /// What the wall clock was ahead of the clock of energy when it was looked at last (ms).
    pub offset: i64,
    /// For how long all sides are known, have a price, and have their carbon (s).
    pub known: [f64; 3],
    /// What flowed (Wh), where all sides are known.
    pub energy: Sides<f64>,
    /// What that cost and gave off (g), where that is known.
    pub cost: Sides<f64>,
    /// See above.
    pub grams: Sides<f64>,
    /// What batteries gave, took, and hold more than before (Wh); nothing of the last where it was not known all the time.
    pub given: f64,
    /// See above.
    pub taken: f64,
    /// See above.
    pub stored: Option<f64>,
    /// What caps held back (Wh), and the GPU-hours that this comes to.
    pub shed: f64,
    /// See above.
    pub lost: f64,
    /// GPU-hours of which nobody knows whether anything was lost.
    pub unsure: f64,
    /// What jobs wanted that waited, and drew less that were lowered (Wh at machines).
    pub waited: f64,
    /// Work of jobs that were lowered that was not done by their end, or was lost (Wh at machines).
    pub undone: f64,
    /// What leases were lowered by of which nobody can tell what they drew less (Wh at machines), and for how long that was so (s).
    pub apart: (f64, f64),
    /// For how long setpoints of cooling were moved for peaks (s).
    pub rode: f64,
    /// One a horizon.
    pub errors: [Errors; HORIZONS],
    /// One a demand of the tariff.
    pub demands: Vec<Billed>,
}

impl Month {
    /// Before it begins, with room for so many demands.
    pub fn new(demands: usize) -> Self {
        Self {
            from: Wall(0),
            to: Wall(0),
            offset: 0,
            known: [0.0; 3],
            energy: Sides::default(),
            cost: Sides::default(),
            grams: Sides::default(),
            given: 0.0,
            taken: 0.0,
            stored: Some(0.0),
            shed: 0.0,
            lost: 0.0,
            unsure: 0.0,
            waited: 0.0,
            undone: 0.0,
            apart: (0.0, 0.0),
            rode: 0.0,
            errors: [Errors::default(); HORIZONS],
            demands: vec![Billed::NONE; demands],
        }
    }

    /// It begins, in place of an older one. Allocates nothing.
    pub fn begin(&mut self, (from, to): (Wall, Wall)) {
        let mut demands = std::mem::take(&mut self.demands);
        demands.fill(Billed::NONE);
        *self = Self { from, to, demands, ..Self::new(0) };
    }

    /// True where a reading is its own that is so long (s) and ends at an instant: it began in it.
    pub fn covers(&self, end: Wall, seconds: f64) -> bool {
        let begin = end.0.saturating_sub(i64_from_f64_rounded(1e3 * seconds));
        (self.from..self.to).contains(&Wall(begin))
    }

    /// A reading of the meter in which so much flowed (Wh), and what was known of it; and what was booked before and is settled (Wh).
    pub fn book(&mut self, flowed: f64, of: &Reading, settled: f64) {
        let no_batteries = flowed + of.given - of.taken;
        let energy = Sides { metered: flowed, no_batteries, no_control: no_batteries + of.shed + of.moved - settled };
        self.energy.add(energy, 1.0);
        let [known, priced, weighed] = &mut self.known;
        *known += of.seconds;
        if let Some(price) = of.price() {
            self.cost.add(energy, price / 1e3);
            *priced += of.seconds;
        }
        if let Some(grams) = of.grams() {
            self.grams.add(energy, grams / 1e3);
            *weighed += of.seconds;
        }
        self.given += of.given;
        self.taken += of.taken;
        self.stored = self.stored.zip(of.stored()).map(|(sum, more)| sum + more);
        self.shed += of.shed;
        self.lost += of.lost;
        self.unsure += of.unsure;
        self.waited += of.waited;
        self.apart = (self.apart.0 + of.apart.0, self.apart.1 + of.apart.1);
        self.rode += of.rode;
    }

    /// A forecast of a horizon was judged: what was measured above it (W).
    pub fn judge(&mut self, horizon: usize, off: f64) {
        let Some(errors) = self.errors.get_mut(horizon) else { return };
        errors.judged = errors.judged.saturating_add(1);
        errors.sums = (errors.sums.0 + off, errors.sums.1 + off.abs());
    }
}
