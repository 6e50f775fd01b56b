//! The peaks that are paid already: of this billing period, and of those before where the tariff looks back.

mod due;

use plant::time::Wall;
use serde::{Deserialize, Serialize};

use crate::control::tariff::{DemandCharge, Per, Ratchet, Tariff, WindowKind, month};

/// So many billing periods before are remembered: the longest that a ratchet looks back, and more.
const PAST: usize = 40;
/// Clocks that are no farther apart are the same clock (ms).
const SAME: i64 = 15 * 60_000;

/// Wall clocks that are so far ahead of the clock of energy (ms) are one: what was measured by either is of the same time.
pub const fn is_same_clock(one: i64, other: i64) -> bool {
    one.saturating_sub(other).saturating_abs() <= SAME
}

/// A measured peak.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Peak {
    /// The mean power of its window (W).
    pub watts: f64,
    /// Where the window began and ended.
    pub window: (Wall, Wall),
}

/// A billing period, or a day of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Period {
    from: Wall,
    to: Wall,
    /// Months since year 0, and the year, as the tariff's clock shows them at its beginning.
    month: i32,
    year: i32,
}

impl Period {
    fn holds(&self, at: Wall) -> bool {
        (self.from..self.to).contains(&at)
    }
}

/// What is known of a period.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Known {
    period: Period,
    peak: Option<Peak>,
    lacking: u32,
    /// What its wall clock was ahead of the clock of energy (ms).
    offset: i64,
    /// It was watched from its beginning.
    whole: bool,
}

/// Another period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// One begins of which nothing is known.
    Next,
    /// One goes on that was left by a clock that was set, and is back where it was: what was measured since counts for nothing.
    Back,
}

/// What is remembered of one demand. A clone is a snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// The demand's name in the tariff.
    pub name: String,
    period: Option<Period>,
    peak: Option<Peak>,
    /// Windows of this period that were not known whole: each may have been higher.
    lacking: u32,
    /// What the wall clock is ahead of the clock of energy (ms).
    offset: i64,
    /// The clock is in doubt, and it may be another period by now.
    elsewhere: bool,
    /// This period is watched from its beginning.
    whole: bool,
    /// That it begins at nothing, or is put aside, is to be told.
    pub(super) untold: bool,
    /// The periods before in the order in which they were measured, the newest last.
    past: Vec<Known>,
}

impl Kept {
    /// Nothing measured.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            period: None,
            peak: None,
            lacking: 0,
            offset: 0,
            elsewhere: false,
            whole: false,
            untold: false,
            past: Vec::with_capacity(PAST + 1),
        }
    }

    /// Room for all that is ever remembered, which a copy does not have.
    pub fn reserve(&mut self) {
        self.past.reserve((PAST + 1).saturating_sub(self.past.len()));
    }

    /// The period that it is now, where it is not known that the one that is known goes on.
    fn now(&self, tariff: &Tariff, charge: &DemandCharge, now: Wall) -> Option<Period> {
        if self.period.is_some_and(|period| period.holds(now)) {
            return None;
        }
        let (from, to) = charge.billed_once(tariff, now)?;
        let date = tariff.local(from).date;
        Some(Period { from, to, month: month(date), year: i32::from(date.year()) })
    }

    /// Which turn it takes to another period, by a clock that is so far ahead of the clock of energy (ms), and where in the past that one is.
    fn turned(&self, next: Period, offset: i64) -> Option<(Turn, usize)> {
        if self.period.is_some_and(|period| next.holds(period.from)) {
            return None; // another tariff lets it begin earlier, or end elsewhere
        }
        let same = |known: &Known| known.period.from == next.from && is_same_clock(known.offset, offset);
        let left = self.past.iter().rposition(same);
        Some(left.map_or((Turn::Next, self.past.len()), |place| (Turn::Back, place)))
    }

    /// Which turn it takes where it is now so late on the wall, which is so far ahead of the clock of energy (ms); nothing where the period that is known goes on.
    #[must_use]
    pub fn turn(&self, tariff: &Tariff, charge: &DemandCharge, (now, offset): (Wall, i64)) -> Option<Turn> {
        self.now(tariff, charge, now).and_then(|next| self.turned(next, offset)).map(|(turn, _)| turn)
    }

    /// It is now so late on the wall, by a clock that is believed: where that is another period, the one before is put to the others. A clock that is set and
    /// set back again goes on with what it left, and what was measured meanwhile is no peak of any period.
    pub fn pass(&mut self, tariff: &Tariff, charge: &DemandCharge, (now, offset): (Wall, i64)) {
        self.elsewhere = false;
        if let Some(next) = self.now(tariff, charge, now) {
            match self.turned(next, offset) {
                Some((Turn::Back, place)) => {
                    let known = self.past.get(place).copied();
                    self.past.truncate(place);
                    self.peak = known.and_then(|known| known.peak);
                    self.lacking = known.map_or(0, |known| known.lacking).saturating_add(1);
                }
                Some((Turn::Next, _)) => {
                    self.put_by();
                    (self.peak, self.lacking, self.whole) = (None, 0, self.period.is_some());
                }
                None => {}
            }
            self.period = Some(next);
        }
        self.offset = offset;
    }

    /// Another tariff may let its periods begin elsewhere: then it is looked at anew which one it is.
    pub fn recheck(&mut self, tariff: &Tariff, charge: &DemandCharge) {
        let Some(period) = &mut self.period else { return };
        if charge.billed_once(tariff, period.from) != Some((period.from, period.to)) {
            period.to = period.from;
        }
    }

    /// The period that is known is one of those before.
    fn put_by(&mut self) {
        let Some(period) = self.period else { return };
        if self.past.len() >= PAST {
            self.past.remove(0);
        }
        let Self { peak, lacking, offset, whole, .. } = *self;
        self.past.push(Known { period, peak, lacking, offset, whole });
    }

    /// The wall clock is not believed: what is paid counts as long as both what it says and what is reckoned on from when it last was lie in the period.
    pub fn doubt(&mut self, says: Wall, reckoned: Option<Wall>) {
        let inside = |at: Wall| self.period.is_none_or(|period| period.holds(at));
        self.elsewhere = !(inside(says) && reckoned.is_none_or(inside));
    }

    /// A window that counts has ended: its mean (W), or nothing where that is not known. The peak, where this is a new one.
    pub fn look(&mut self, mean: Option<f64>, window: (Wall, Wall)) -> Option<Peak> {
        let Some(watts) = mean else {
            self.lacking = self.lacking.saturating_add(1);
            return None;
        };
        if self.peak.is_some_and(|peak| watts <= peak.watts) {
            return None;
        }
        self.peak = Some(Peak { watts, window });
        self.peak
    }

    /// The record begins then. Of a demand that rolls the windows which began before it and end in it are never known, and many: they count as one. Of others each
    /// that ends is looked at, those of the billing period before, too: it is not theirs to turn the page.
    pub fn begins(&mut self, tariff: &Tariff, charge: &DemandCharge, (at, offset): (Wall, i64)) {
        if charge.window.kind != WindowKind::Rolling || charge.coincident.is_some() {
            return;
        }
        self.pass(tariff, charge, (at, offset));
        let one = Wall(at.0.saturating_sub(charge.window.length / 2));
        charge.open(tariff, at, std::iter::once(one), |begin, end| {
            self.look(None, (begin, end));
        });
    }

    /// The highest window of this period that is known.
    #[must_use]
    pub const fn peak(&self) -> Option<Peak> {
        self.peak
    }

    /// Something was measured, of this period or of one before.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.peak.is_some() || !self.past.is_empty()
    }

    /// The highest of all peaks that are known (W).
    #[must_use]
    pub fn highest(&self) -> f64 {
        self.past.iter().filter_map(|known| known.peak).chain(self.peak).map(|peak| peak.watts).fold(0.0, f64::max)
    }

    /// How many windows of this period were not known whole.
    #[must_use]
    pub const fn lacking(&self) -> u32 {
        self.lacking
    }

    /// What is billed in any case (W), whatever flows from now on: the peak, what a ratchet or a price per year makes of those before, the least; what a ratchet makes of those of other demands
    /// says [`with`](Self::with). While it may be another period by now it is the least alone.
    #[must_use]
    pub fn paid(&self, charge: &DemandCharge) -> f64 {
        let named = charge.coincident.as_ref().is_some_and(|named| named.mean);
        let own = if named || self.elsewhere { 0.0 } else { self.peak.map_or(0.0, |peak| peak.watts) };
        own.max(self.floor(charge))
    }

    /// What earlier billing periods and the least make of the bill (W), whatever flows in this one.
    #[must_use]
    pub fn floor(&self, charge: &DemandCharge) -> f64 {
        let minimum = charge.minimum.map_or(0.0, super::watts);
        let Some(now) = self.period.filter(|_| !self.elsewhere) else { return minimum };
        let past = |counts: &dyn Fn(&Period) -> bool| {
            let peaks = self.before(now).filter(|(of, _)| counts(of)).map(|(_, watts)| watts);
            peaks.fold(0.0, f64::max)
        };
        let earlier = match (&charge.ratchet, charge.per) {
            (_, Per::Year) => past(&|of| of.year == now.year),
            (Some(ratchet), _) => ratchet.share.number() * past(&|of| ratchet.reaches(of.month, now.month)),
            (None, Per::Day | Per::Month) => 0.0,
        };
        earlier.max(minimum)
    }

    /// What the ratchet of this demand makes of another one's peaks in earlier billing periods (W): a demand that is written as several, one for each season, looks back on all of them.
    #[must_use]
    pub fn with(&self, charge: &DemandCharge, (other, kept): (&DemandCharge, &Self)) -> f64 {
        let looks = |ratchet: &&Ratchet| ratchet.with.contains(&other.name);
        // What is billed of windows that are named is their mean, which is not kept.
        let named = other.coincident.as_ref().is_some_and(|named| named.mean);
        let now = self.period.filter(|_| !self.elsewhere && !named);
        let Some((ratchet, now)) = charge.ratchet.as_ref().filter(looks).zip(now) else { return 0.0 };
        let seen = kept.before(now).filter(|(of, _)| ratchet.reaches(of.month, now.month));
        ratchet.share.number() * seen.map(|(_, watts)| watts).fold(0.0, f64::max)
    }

    /// The peaks (W) of periods before one. What was measured by a clock that was set back since, into an earlier period, is none.
    fn before(&self, now: Period) -> impl Iterator<Item = (Period, f64)> {
        let mut least = now.from;
        self.past.iter().rev().filter_map(move |known| {
            let counts = known.period.from <= least && known.period.from < now.from;
            least = least.min(known.period.from);
            known.peak.filter(|_| counts).map(|peak| (known.period, peak.watts))
        })
    }
}
