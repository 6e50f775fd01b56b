//! What energy costs, for people and programs.

#[cfg(test)]
mod tests;

use plant::time::Wall;
use serde::{Deserialize, Serialize};

use crate::control::tariff::{Decimal, Prices, Tariff};
use crate::control::{Plan, State};

/// The most slots that are told.
const MOST: usize = 4032;
/// How far ahead the prices of a tariff's own hours are told where nothing is published (ms): a day.
const AHEAD: i64 = 86_400_000;

/// What energy costs now and ahead. Prices have all charges of energy in them, in the tariff's currency per kWh, as exact decimals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricesView {
    /// The tariff.
    pub tariff: String,
    /// Its currency.
    pub currency: String,
    /// The last scan, in the tariff's zone; nothing while the clock is not trusted.
    pub at: Option<String>,
    /// What the next kWh costs, each charge by the tier that what has flowed has come to; nothing where that is unknown.
    pub price: Option<String>,
    /// True where a charge has tiers and it is not known all of the billing period how much has flowed, or they end at hours of use: prices may be those of lower tiers.
    #[serde(default)]
    pub tier_doubted: bool,
    /// Its carbon (g CO₂ per kWh); nothing where that is unknown.
    pub grams: Option<String>,
    /// Where the last publication came from; nothing before the first.
    pub from: Option<String>,
    /// When it was published.
    pub published: Option<String>,
    /// Up to here something is published.
    pub until: Option<String>,
    /// What is wrong: `clock_doubted`, `missing`, `ending`, `stale`, `gap`.
    pub troubles: Vec<String>,
    /// Publications taken since the record began.
    pub taken: u64,
    /// Publications refused.
    pub refused: u64,
    /// The last one that was refused, until one is taken.
    pub fault: Option<FaultView>,
    /// From the last scan on, one after the other.
    pub slots: Vec<SlotView>,
}

/// A publication that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultView {
    /// When.
    pub at: String,
    /// Where it came from.
    pub from: String,
    /// What is wrong with it.
    pub why: String,
}

/// What holds for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotView {
    /// From when on.
    pub from: String,
    /// Up to when.
    pub to: String,
    /// What a kWh costs; nothing where that is unknown.
    pub price: Option<String>,
    /// Its carbon (g CO₂ per kWh); nothing where that is unknown.
    pub grams: Option<String>,
}

/// What energy costs, for metrics.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PriceView {
    /// The currency.
    pub currency: String,
    /// What the next kWh costs; nothing where that is unknown.
    pub price: Option<f64>,
    /// Its carbon (g CO₂ per kWh).
    pub grams: Option<f64>,
    /// When the last publication was published (ms since 1970); nothing before the first.
    pub published_ms: Option<i64>,
    /// Up to here something is published (ms since 1970).
    pub until_ms: Option<i64>,
    /// What is wrong.
    pub troubles: Vec<String>,
    /// Publications taken.
    pub taken: u64,
    /// Publications refused.
    pub refused: u64,
}

/// What energy costs; nothing where the site names no tariff.
#[must_use]
pub fn prices(plan: &Plan, state: &State) -> Option<PricesView> {
    let (tariff, live, tick) = (plan.tariff.as_deref()?, &state.prices, state.clock.last());
    let (zone, now, (taken, refused)) = (&tariff.zone, live.now(), live.counts());
    let slots = live.known().slots();
    let own = (!tariff.needs_prices()).then_some(Wall(tick.wall.0.saturating_add(AHEAD)));
    let end = slots.last().map(|slot| slot.to).max(own);
    let fault = live.fault().map(|fault| FaultView {
        at: zone.stamp(fault.at),
        from: fault.from.clone(),
        why: fault.why.clone(),
    });
    Some(PricesView {
        tariff: tariff.name.clone(),
        currency: tariff.currency.clone(),
        at: tick.clock_trusted.then(|| zone.stamp(tick.wall)),
        price: now.price.map(|price| price.to_string()),
        tier_doubted: tariff.is_tier_doubted(live.known()),
        grams: now.grams.map(|grams| grams.to_string()),
        from: live.newest().map(|newest| newest.from.clone()),
        published: live.newest().map(|newest| zone.stamp(newest.at)),
        until: slots.last().map(|slot| zone.stamp(slot.to)),
        troubles: live.troubles().map(|trouble| trouble.word().to_owned()).collect(),
        taken,
        refused,
        fault,
        slots: end
            .filter(|_| tick.clock_trusted)
            .map_or_else(Vec::new, |end| ahead(tariff, live.known(), (tick.wall, end))),
    })
}

/// What energy costs, for metrics; nothing where the site names no tariff.
#[must_use]
pub fn price(plan: &Plan, state: &State) -> Option<PriceView> {
    let (tariff, live) = (plan.tariff.as_deref()?, &state.prices);
    let (now, (taken, refused)) = (live.now(), live.counts());
    Some(PriceView {
        currency: tariff.currency.clone(),
        price: now.price.map(Decimal::number),
        grams: now.grams.map(Decimal::number),
        published_ms: live.newest().map(|newest| newest.at.0),
        until_ms: live.known().slots().last().map(|slot| slot.to.0),
        troubles: live.troubles().map(|trouble| trouble.word().to_owned()).collect(),
        taken,
        refused,
    })
}

/// What a tariff costs with what is published, from one instant to another: a slot wherever the price, the carbon or the published slot
/// changes. Holes have slots without a price.
#[must_use]
pub fn ahead(tariff: &Tariff, prices: &Prices, (from, to): (Wall, Wall)) -> Vec<SlotView> {
    let (mut slots, mut at) = (Vec::new(), from);
    // What holds until it changes, and where its published slot begins.
    let mut open: Option<(SlotView, Option<Wall>)> = None;
    while at < to && slots.len() < MOST {
        let (slot, price) = (prices.at(at), tariff.price_at(at, Some(prices)));
        let said = slot.map_or_else(|| prices.next(at), |slot| Some(slot.to));
        let next = said.unwrap_or(to).min(tariff.holds_until(at)).min(to);
        let view = SlotView {
            from: tariff.zone.stamp(at),
            to: String::new(),
            price: price.map(|price| price.to_string()),
            grams: slot.and_then(|slot| slot.grams).map(|grams| grams.to_string()),
        };
        let of = slot.map(|slot| slot.from);
        let same = |(last, before): &(SlotView, Option<Wall>)| {
            (&last.price, &last.grams, *before) == (&view.price, &view.grams, of)
        };
        if !open.as_ref().is_some_and(same) {
            slots.extend(open.replace((view, of)).map(|(view, _)| SlotView { to: tariff.zone.stamp(at), ..view }));
        }
        at = next;
    }
    slots.extend(open.map(|(view, _)| SlotView { to: tariff.zone.stamp(at), ..view }));
    slots
}
