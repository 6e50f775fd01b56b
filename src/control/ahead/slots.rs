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
    /// See above; 0 where it is not known.
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

/// What energy costs from a quarter of an hour on. A price that is not known is that of the day before; where that is not known either, the mean of those
/// that are, which moves nothing.
pub fn prices(tariff: &Tariff, known: &Prices, first: i64, supposed: &mut Supposed) -> Vec<Priced> {
    let at = |at: Wall| price(tariff, known, at);
    let mut each = Vec::with_capacity(usize_from_u64(SLOTS.unsigned_abs()));
    for n in 0..SLOTS {
        let from = begin(first.saturating_add(n));
        // Two days ago is no more kept; a plan looks further than a day.
        let before = || at(Wall(from.0 - DAY)).or_else(|| at(Wall(from.0 - 2 * DAY)));
        let (now, grams) = (at(from), known.at(from).and_then(|slot| slot.grams).map_or(0.0, |grams| grams.number()));
        let price = now.or_else(before);
        supposed.yesterday += usize::from(now.is_none() && price.is_some());
        supposed.unpriced += usize::from(price.is_none());
        each.push((price, grams));
    }
    let all = each.iter().filter_map(|(price, _)| *price);
    let mean = all.clone().sum::<f64>() / f64_from_usize(all.count().max(1));
    each.into_iter()
        .map(|(price, grams)| Priced { price: price.unwrap_or(mean), grams: grams.clamp(0.0, MOST) })
        .collect()
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
