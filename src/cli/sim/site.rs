//! What a scenario's controller is made for.

use std::sync::Arc;

use super::batches;
use plant::time::{Span, Tick, Wall};
use sim::scenario::peaked::{Begins, DEMAND, Peaked};
use sim::scenario::{Pilot, Scenario};
use wattloop::control::grid::{Kind, Said, Source, Statement, Wanted};
use wattloop::control::prices::{MOST_SLOTS, Offer, PriceRules};
use wattloop::control::request::{Ask, Request};
use wattloop::control::tariff::{Decimal, Slot, Tariff};
use wattloop::control::{Controller, Site};

/// An hour (ms).
const HOUR: i64 = 3_600_000;

/// The hall of a page, and the tariff that bills its peak where the page has `[peaks]`.
pub fn site(scenario: &Scenario) -> Site {
    let hall = Arc::clone(&scenario.hall);
    let priced = scenario.peaked.is_some_and(|of| of.plan) && scenario.prices.is_some();
    let tariff = scenario.peaked.and_then(|of| tariff(&of, &hall.tz, priced));
    let ages = Span::from_secs(1000 * 86_400);
    let rules = PriceRules { stale_after: ages, max_gap: Span::from_secs(900), ending_within: Span::ZERO };
    Site { tariff, prices: priced.then_some(rules), leases: batches::rules(scenario), ..Site::from(hall) }
}

/// The page's prices, as somebody publishes them before it begins: from a day before to two days after, as far as a publication may reach.
pub fn published(scenario: &Scenario) -> Option<Ask> {
    let prices = scenario.prices.as_ref().filter(|_| scenario.peaked.is_some_and(|of| of.plan))?;
    let hour = |wall: i64| wall.div_euclid(HOUR) * HOUR;
    let first = hour(scenario.start.0.saturating_sub(26 * HOUR));
    let hours = i64::try_from(scenario.length.millis()).unwrap_or(0) / HOUR + 3 * 24;
    let slot = |n: i64| {
        let from = first.saturating_add(n.saturating_mul(HOUR));
        let price = Decimal::parse(&format!("{:.6}", prices.at(Wall(from))))?;
        Some(Slot { from: Wall(from), to: Wall(from.saturating_add(HOUR)), price: Some(price), grams: None })
    };
    let slots = (0..hours).take(MOST_SLOTS).filter_map(slot).collect();
    let (from, currency) = ("scenario".to_owned(), "EUR".to_owned());
    Some(Ask::Prices(Offer { from, currency, slots, published: Some(scenario.start), kept: false }))
}

/// A controller as this pilot has it; its supervisor off where the page is about setpoints as the hall's file has them.
pub fn controller(scenario: &Scenario, pilot: Pilot) -> Controller {
    let mut controller = Controller::new(site(scenario));
    controller.set_beside(pilot == Pilot::Shadow);
    if let Some(ask) = published(scenario) {
        controller
            .answer(&Request { who: "scenario".to_owned(), ask }, Tick { wall: scenario.start, ..Tick::default() });
    }
    if !scenario.supervisor {
        let reason = "the page is about setpoints as they are in the file".to_owned();
        let ask = Ask::Supervise { on: false, reason };
        controller.answer(&Request { who: "scenario".to_owned(), ask }, Tick::default());
    }
    controller
}

/// What a grid says: a target (W) from a time after now, for so long.
pub fn target((watts, ahead, hold): (f64, Span, Option<Span>), now: Wall) -> Ask {
    let later = |ms: u64| i64::try_from(ms).ok().map(|ms| Wall(now.0.saturating_add(ms)));
    let start = later(ahead.millis()).filter(|_| ahead > Span::ZERO);
    let wanted = Wanted { feeds: Vec::new(), most: Some(watts), start, end: None, hold, best_effort: false };
    Ask::Grid(Said::Targets(Statement {
        source: Source { kind: Kind::Dsx, name: "scenario".to_owned() },
        id: "scenario".to_owned(),
        reason: String::new(),
        priority: 100,
        targets: vec![wanted],
    }))
}

/// A tariff of one demand. A page's windows are those that a tariff may have, or they are refused when it is read.
fn tariff(of: &Peaked, zone: &str, priced: bool) -> Option<Arc<Tariff>> {
    let energy = if priced { "day-ahead = true\nadd = 0" } else { "price = 0" };
    let minutes = |span: Span| span.millis() / 60_000;
    let step = match of.window {
        Begins::Fixed | Begins::Rolling => String::new(),
        Begins::Block => format!("sub-interval = \"{}min\"\n", minutes(of.length) / 3),
    };
    let (window, length) = (of.window.word(), minutes(of.length));
    let text = format!(
        "name = \"page\"\nsummary = \"What the page bills.\"\ncurrency = \"EUR\"\nzone = \"{zone}\"\n\n[[energy]]\nname = \"all\"\n{energy}\n\n[[demand]]\nname = \"{DEMAND}\"\nprice = 1\nwindow = \"{window}\"\nlength = \"{length}min\"\n{step}"
    );
    Tariff::load("page.toml", &text).ok().map(Arc::new)
}

#[cfg(test)]
mod tests {
    use plant::hall::peaks::{Ride, Unreliable};
    use plant::units::Watts;

    use super::*;

    #[test]
    fn every_window_of_a_page_makes_a_tariff() {
        for (_, window) in Begins::WORDS {
            for minutes in [15, 30, 60] {
                let length = Span::from_secs(60 * minutes);
                let of = Peaked {
                    window,
                    length,
                    most: Watts(1e6),
                    unreliable: Unreliable::Hold,
                    plan: false,
                    ride: Ride::OFF,
                };
                let tariff = tariff(&of, "Europe/Berlin", minutes == 15).expect("a tariff");
                assert_eq!(tariff.demand[0].window.length, i64::try_from(60_000 * minutes).unwrap());
            }
        }
    }
}
