//! What energy costs in each slot, and what the site draws in it.

use plant::convert::{f64_from_usize, usize_from_u64};
use plant::time::Wall;
use plant::units::Watts;

use super::{SLOTS, Supposed};
use crate::control::outlook::{Expected, begin};
use crate::control::tariff::{Prices, Tariff};
use crate::planner::{MOST, Slot};

/// A day (ms).
const DAY: i64 = 86_400_000;

/// What a kWh costs in a slot (currency, taxes included), and its carbon (g).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Priced {
    /// See above.
    pub price: f64,
    /// See above; 0 where none is known of any slot.
    pub grams: f64,
}

/// The tariff's taxes as a factor.
pub fn taxed(tariff: &Tariff) -> f64 {
    1.0 + tariff.taxes.iter().map(|tax| tax.share.number()).sum::<f64>()
}

/// What a kWh costs at an instant (currency, taxes included); nothing where nobody knows.
pub fn price(tariff: &Tariff, known: &Prices, at: Wall) -> Option<f64> {
    tariff.price_at(at, Some(known)).map(|price| price.number() * taxed(tariff))
}

/// What energy costs from a quarter of an hour on. A day-ahead price that is not known is that of the day before, with the tariff's own charges of the slot's hour, and carbon that is not known is
/// that of the day before; where that is not known either, the mean of those that are, which moves nothing.
pub fn prices(tariff: &Tariff, known: &Prices, first: i64, supposed: &mut Supposed) -> Vec<Priced> {
    let taxed = taxed(tariff);
    let mut each = Vec::with_capacity(usize_from_u64(SLOTS.unsigned_abs()));
    for n in 0..SLOTS {
        let from = begin(first.saturating_add(n));
        // Two days ago is no more kept; a plan looks further than a day.
        let before = [Wall(from.0 - DAY), Wall(from.0 - 2 * DAY)];
        let price = |said| tariff.price_by(from, (Some(known), said)).map(|price| price.number() * taxed);
        let grams = |at| known.at(at).and_then(|slot| slot.grams).map(|grams| grams.number().clamp(0.0, MOST));
        let (priced, clean) = (price(from), grams(from));
        let found = priced.or_else(|| before.into_iter().find_map(price));
        supposed.yesterday += usize::from(priced.is_none() && found.is_some());
        supposed.unpriced += usize::from(found.is_none());
        supposed.carbon += usize::from(clean.is_none());
        each.push((found, clean.or_else(|| before.into_iter().find_map(grams))));
    }
    let (price, grams) = (mean(each.iter().map(|(price, _)| *price)), mean(each.iter().map(|(_, grams)| *grams)));
    let priced = |(own, clean): (Option<f64>, Option<f64>)| Priced {
        price: own.unwrap_or(price),
        grams: clean.unwrap_or(grams),
    };
    each.into_iter().map(priced).collect()
}

/// The mean of those that are known; 0 where none is.
fn mean(of: impl Iterator<Item = Option<f64>>) -> f64 {
    let (sum, count) = of.flatten().fold((0.0, 0_usize), |(sum, count), one| (sum + one, count + 1));
    sum / f64_from_usize(count.max(1))
}

/// A slot of the problem: in kW.
pub fn slot(priced: &Priced, load: &Expected, limit: Watts) -> Slot {
    let base = (load.watts / 1e3).clamp(0.0, MOST);
    Slot {
        price: priced.price.clamp(-MOST, MOST),
        carbon: priced.grams,
        base,
        base_high: (base + load.high / 1e3).min(MOST),
        limit: (limit.0 / 1e3).max(0.0),
        cooling: 1.0,
    }
}
