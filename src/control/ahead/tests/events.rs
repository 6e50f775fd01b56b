//! What makes another question due before its quarter of an hour is over; nothing else does.

use plant::time::Span;

use super::jobs::{HOURS, minute};
use crate::control::battery::tests::yard::{Yard, between};
use crate::control::prices::{Offer, PriceRules};
use crate::control::request::{Ask, Reply};
use crate::control::tariff::{Decimal, Slot};

/// What flows but for the battery (W).
const BASE: f64 = 500e3;
/// A price that somebody publishes.
const PUBLISHED: &str = "[[energy]]\nname = \"all\"\nday-ahead = true\n";
const RULES: PriceRules = PriceRules {
    stale_after: Span::from_secs(30 * 3600),
    max_gap: Span::from_secs(900),
    ending_within: Span::from_secs(6 * 3600),
};

/// A minute of the second quarter of an hour is over, and a plan is followed.
fn calm(prices: &'static str) -> Yard {
    let mut yard = Yard::capped(1, prices);
    yard.control.plan.prices = Some(RULES);
    yard.run(16, |_| BASE);
    assert!(yard.control.ahead().expect("planned").followed.is_some());
    assert_eq!(asks(&mut yard, 60), 0, "nothing has happened");
    yard
}

/// How many questions become due in so many seconds of a load (W).
fn asks_at(yard: &mut Yard, seconds: u64, load: f64) -> u64 {
    let before = yard.control.plan_due();
    yard.run_seconds(seconds, |_| load);
    yard.control.plan_due() - before
}

/// The same where the load stays as it is.
fn asks(yard: &mut Yard, seconds: u64) -> u64 {
    asks_at(yard, seconds, BASE)
}

/// The plan of the last question is followed.
fn is_followed(yard: &Yard) -> bool {
    let view = yard.control.ahead().expect("planned");
    view.followed == Some(view.asked)
}

#[test]
fn where_nothing_happens_a_question_is_due_when_a_quarter_of_an_hour_begins_and_at_no_other_time() {
    let mut yard = calm(HOURS);
    for quarter in 2..6 {
        let left = u64::try_from(minute(15 * quarter).0 - yard.tick.wall.0).expect("ahead") / 1000;
        assert_eq!(asks(&mut yard, left - 1), 0, "before quarter {quarter}");
        assert_eq!(asks(&mut yard, 1), 1, "with quarter {quarter}");
        assert_eq!(asks(&mut yard, 60), 0, "in quarter {quarter}");
        assert!(is_followed(&yard));
    }
}

#[test]
fn new_prices_are_planned_with_at_once() {
    let mut yard = calm(PUBLISHED);
    let price = |yard: &Yard| yard.control.question().expect("a battery is seen").problem.slots[4].price;
    assert_eq!(price(&yard), 0.0, "nobody knows");
    let slot = |n: i64| Slot {
        from: minute(60 * n),
        to: minute(60 * (n + 1)),
        price: Some(Decimal::parse("0.25").expect("a decimal")),
        grams: None,
    };
    let offer = Offer {
        from: "a topic".to_owned(),
        currency: "EUR".to_owned(),
        slots: (0..40).map(slot).collect(),
        published: None,
        kept: false,
    };
    assert!(matches!(yard.ask(Ask::Prices(offer)), Reply::Accepted { .. }));
    assert_eq!(asks(&mut yard, 1), 1, "with the next scan");
    assert_eq!(asks(&mut yard, 60), 0, "once");
    assert!(is_followed(&yard) && (price(&yard) - 0.25).abs() < 1e-9);
}

#[test]
fn a_target_is_planned_with_when_it_is_announced_and_again_when_it_begins() {
    let mut yard = calm(HOURS);
    // From 00:20 on, more than flows.
    yard.ask(between(650e3, (minute(20), Some(minute(300)))));
    assert_eq!(asks(&mut yard, 1), 1, "it is announced");
    assert_eq!(asks(&mut yard, 120), 0, "once, and it has not begun");
    assert!(is_followed(&yard));
    assert_eq!(asks(&mut yard, 90), 1, "it begins");
    assert_eq!(asks(&mut yard, 60), 0, "once");
    assert!(is_followed(&yard));
}

#[test]
fn a_budget_is_planned_with_when_it_begins_and_without_when_it_is_over_or_lifted() {
    let mut yard = calm(HOURS);
    let feed = yard.hall.power.feed("utility").expect("a feed");
    let budget = |yard: &mut Yard, seconds: u64| {
        let (id, reason, hold) = ("b".to_owned(), "a test".to_owned(), Some(Span::from_secs(seconds)));
        assert!(matches!(yard.ask(Ask::Budget { id, feed, watts: 650e3, hold, reason }), Reply::Accepted { .. }));
        assert_eq!(asks(yard, 1), 1, "it begins");
        assert_eq!(asks(yard, 50), 0, "once");
    };
    budget(&mut yard, 60);
    assert_eq!(asks(&mut yard, 15), 1, "it is over");
    budget(&mut yard, 600);
    assert!(matches!(yard.ask(Ask::LiftBudget { id: "b".to_owned() }), Reply::Accepted { .. }));
    assert_eq!(asks(&mut yard, 1), 1, "it is lifted");
    assert_eq!(asks(&mut yard, 60), 0);
    assert!(is_followed(&yard));
}

#[test]
fn a_load_that_runs_off_its_forecast_is_planned_with_once_in_its_quarter_of_an_hour() {
    let mut yard = calm(HOURS);
    let base = |yard: &Yard| yard.control.question().expect("a battery is seen").problem.slots[0].base;
    assert!((base(&yard) - BASE / 1e3).abs() < 0.5, "{}", base(&yard));
    // Two minutes of this quarter were as expected: its mean is a tenth above that after two more.
    assert_eq!(asks_at(&mut yard, 110, 600e3), 0, "not for what flows for a moment");
    assert_eq!(asks_at(&mut yard, 20, 600e3), 1);
    assert_eq!(asks_at(&mut yard, 10, 600e3), 0);
    assert!(is_followed(&yard) && base(&yard) > 550.0, "{}", base(&yard));
    let left = u64::try_from(minute(30).0 - yard.tick.wall.0).expect("ahead") / 1000;
    assert_eq!(asks_at(&mut yard, left - 1, 600e3), 0, "once");
    assert_eq!(asks_at(&mut yard, 1, 600e3), 1, "the next quarter begins");
}
