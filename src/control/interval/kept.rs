//! The peaks that are paid already: of this billing period, and of those before where the tariff looks back.

mod due;

use plant::time::Wall;
use serde::{Deserialize, Serialize};

use crate::control::tariff::{DemandCharge, Per, Tariff, month};

/// So many billing periods before are remembered: the longest that a ratchet looks back, and more.
const PAST: usize = 40;

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
    /// Months since year 0, and the year, as the tariff's clock shows them at its beginning.
    month: i32,
    year: i32,
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
    /// Earlier periods with their peaks (W), the newest last.
    past: Vec<(Period, f64)>,
}

impl Kept {
    /// Nothing measured.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), period: None, peak: None, lacking: 0, past: Vec::with_capacity(PAST + 1) }
    }

    /// Room for all that is ever remembered, which a copy does not have.
    pub fn reserve(&mut self) {
        self.past.reserve((PAST + 1).saturating_sub(self.past.len()));
    }

    /// Where the period begins that begins now, after the one that is known; nothing where that one goes on. A clock that is set back opens none again.
    #[must_use]
    pub fn begins(&self, tariff: &Tariff, charge: &DemandCharge, now: Wall) -> Option<Wall> {
        let (from, _) = charge.billed_once(tariff, now)?;
        self.period.is_none_or(|period| from > period.from).then_some(from)
    }

    /// It is now: where another period has begun, the one before is put to the others.
    pub fn pass(&mut self, tariff: &Tariff, charge: &DemandCharge, now: Wall) {
        let Some(from) = self.begins(tariff, charge, now) else { return };
        let date = tariff.local(from).date;
        let year = i32::from(date.year());
        let next = Period { from, month: month(date), year };
        let lookback = charge.ratchet.is_some() || charge.per == Per::Year;
        if let Some((period, peak)) = self.period.replace(next).zip(self.peak.take())
            && lookback
        {
            if self.past.len() >= PAST {
                self.past.remove(0);
            }
            self.past.push((period, peak.watts));
        }
        self.lacking = 0;
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

    /// The highest window of this period that is known.
    #[must_use]
    pub const fn peak(&self) -> Option<Peak> {
        self.peak
    }

    /// How many windows of this period were not known whole.
    #[must_use]
    pub const fn lacking(&self) -> u32 {
        self.lacking
    }

    /// What is billed in any case (W), whatever flows from now on: the peak, what a ratchet or a price per year makes of those before, the least.
    #[must_use]
    pub fn paid(&self, charge: &DemandCharge) -> f64 {
        let named = charge.coincident.as_ref().is_some_and(|named| named.mean);
        let own = if named { 0.0 } else { self.peak.map_or(0.0, |peak| peak.watts) };
        own.max(self.floor(charge))
    }

    /// What earlier billing periods and the least make of the bill (W), whatever flows in this one.
    #[must_use]
    pub fn floor(&self, charge: &DemandCharge) -> f64 {
        let minimum = charge.minimum.map_or(0.0, super::watts);
        let Some(now) = self.period else { return minimum };
        let past = |counts: &dyn Fn(&Period) -> bool| {
            self.past.iter().filter(|(of, _)| counts(of)).map(|(_, watts)| *watts).fold(0.0, f64::max)
        };
        let earlier = match (&charge.ratchet, charge.per) {
            (_, Per::Year) => past(&|of| of.year == now.year),
            (Some(ratchet), _) => ratchet.share.number() * past(&|of| ratchet.reaches(of.month, now.month)),
            (None, Per::Day | Per::Month) => 0.0,
        };
        earlier.max(minimum)
    }
}
