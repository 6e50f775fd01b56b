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
                let before = before.reduce(f64::max).or_else(|| self.was_out_of_season(now).then_some(0.0));
                let before = before.map(price).filter(|_| months(&now) > 0.0);
                let rise = before.map_or(0.0, |before| (price(watts) - before).max(0.0));
                (price(watts) + months(&now) * rise) / 12.0
            }
        })
    }
}

impl Kept {
    /// True where a period before in the same year had no window at all, and no window was lost: its peak is known to be nothing, and so much of the year's price is not paid yet.
    fn was_out_of_season(&self, now: Period) -> bool {
        let of_year = |of: &Period| of.year == now.year && of.from < now.from;
        self.past
            .iter()
            .any(|known| of_year(&known.period) && known.whole && known.peak.is_none() && known.lacking == 0)
    }
}

/// How many billing periods of its year lie before one.
fn months(of: &Period) -> f64 {
    f64::from(of.month.rem_euclid(12))
}

#[cfg(test)]
mod tests {
    use plant::time::Wall;

    use super::Kept;
    use crate::control::tariff::Tariff;

    #[test]
    fn a_price_per_year_whose_season_begins_late_comes_to_all_of_it() {
        let tariff = "name = \"t\"\nsummary = \"s\"\ncurrency = \"EUR\"\nzone = \"UTC\"\n[[season]]\nname = \"winter\"\ndays = [\"11-01..12-31\"]\n\
                      [[demand]]\nname = \"winter\"\nwindow = \"fixed\"\nlength = \"60min\"\nseasons = [\"winter\"]\nper = \"year\"\nprice = 120\n";
        let tariff = Tariff::load("t.toml", tariff).unwrap_or_else(|faults| panic!("{faults}"));
        let charge = &tariff.demand[0];
        let first = |month: i8| tariff.zone.begin(jiff::civil::date(2026, month, 1)).expect("a day");
        let mut kept = Kept::new("winter");
        // 300 kW in November, 400 in December, which bills what eleven months before lack.
        let due: Vec<f64> = (1..=12)
            .map(|month| {
                let at = first(month);
                kept.pass(&tariff, charge, (at, 0));
                if month >= 11 {
                    let watts = if month == 11 { 300e3 } else { 400e3 };
                    kept.look(Some(watts), (at, Wall(at.0 + 3_600_000)));
                }
                kept.due(charge).expect("kept")
            })
            .collect();
        assert_eq!(due[..10], [0.0; 10]);
        // 300 x 10 and ten times that of the months before; 400 x 10 and 100 x 10 for each of the eleven.
        assert_eq!(due[10..], [33e3, 15e3]);
        assert!((due.iter().sum::<f64>() - 400.0 * 120.0).abs() < 1e-6);
        // A month of which a window was lost says nothing: nobody knows that it had none.
        let mut lost = Kept::new("winter");
        lost.pass(&tariff, charge, (first(10), 0));
        lost.look(None, (first(10), first(10)));
        lost.pass(&tariff, charge, (first(11), 0));
        lost.look(Some(300e3), (first(11), first(11)));
        assert_eq!(lost.due(charge), Some(3e3));
    }
}
