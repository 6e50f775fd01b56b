//! What a demand's peak costs, before amounts are rounded.

use super::{Kept, Period};
use crate::control::tariff::{DemandCharge, Per};

impl Kept {
    /// What is billed for the period that runs as it stands (before rounding and taxes, in the tariff's currency). Nothing where a scan does not keep what the bill
    /// goes by: the mean of named windows, and a ratchet that looks at other demands.
    #[must_use]
    pub fn due(&self, charge: &DemandCharge) -> Option<f64> {
        let means = charge.coincident.as_ref().is_some_and(|named| named.mean);
        let others = charge.ratchet.as_ref().is_some_and(|ratchet| !ratchet.with.is_empty());
        if means || others {
            return None;
        }
        let Some(now) = self.period else { return Some(0.0) };
        // A demand none of whose windows was looked at is out of season, and bills nothing.
        let none = self.peak.is_none() && self.lacking == 0;
        if none && charge.coincident.is_none() && charge.per != Per::Year {
            return Some(0.0);
        }
        let price = |watts: f64| charge.costs(watts / 1e3);
        let watts = self.paid(charge);
        Some(match charge.per {
            Per::Day | Per::Month => price(watts),
            Per::Year => {
                // A twelfth on the highest so far, and what the months before lack where it has risen.
                let before = self.before(now).filter(|(of, _)| of.year == now.year).map(|(_, watts)| watts);
                let before = before.reduce(f64::max).map(price).filter(|_| months(&now) > 0.0);
                let rise = before.map_or(0.0, |before| (price(watts) - before).max(0.0));
                (price(watts) + months(&now) * rise) / 12.0
            }
        })
    }
}

/// How many billing periods of its year lie before one.
fn months(of: &Period) -> f64 {
    f64::from(of.month.rem_euclid(12))
}
