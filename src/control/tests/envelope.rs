//! The envelope: what is said to be free is lent, and no more.

use plant::time::{Span, Wall};

use super::leases::{lending, lending_in, wish};
use super::rig::Rig;
use crate::control::ledger::message::{Message, Op, Said, Wish};
use crate::control::ledger::reply::Code;
use crate::control::ledger::tree::Place;
use crate::control::prices::{Offer, PriceRules};
use crate::control::request::{Ask, Reply};
use crate::control::tariff::{Decimal, Slot, Tariff};

/// What is answered to a request for a lease.
pub fn ask(rig: &mut Rig, request: &str, wish: Wish) -> Code {
    let op = Op::Acquire(vec![wish]);
    let message = Message { client: "slurm".to_owned(), request: request.to_owned(), body: 1, op };
    match rig.ask(Ask::Ledger(Said::Request(message))) {
        Reply::Lease(answered) => answered.items[0].outcome.code,
        other @ (Reply::Accepted { .. } | Reply::Refused(_)) => panic!("{other:?}"),
    }
}

/// At the top of the tree, for so long.
fn at_the_top(rig: &Rig, watts: f64, long: Span) -> Wish {
    let top = rig.hall.power.feeds.iter().find(|(_, feed)| feed.parent.is_none()).expect("a top").0;
    let mut wish = Wish { places: vec![(Place::Feed(top), 1.0)], ..wish(rig, watts) };
    wish.times.duration = Some(long);
    wish.flex.floor = 0.0;
    wish
}

#[test]
fn what_it_says_of_this_quarter_is_lent_and_not_a_watt_more() {
    let mut rig = lending();
    let view = rig.control.envelope().expect("leases");
    let free = view.slots[0].watts;
    assert!(free > 50e3, "{free}");
    assert_eq!(view.slots.len(), 144);
    assert!(view.slots.windows(2).all(|two| two[1].start_ms - two[0].start_ms == 900_000));
    let now = view.at_ms;
    assert!(view.slots[0].start_ms <= now && now < view.slots[1].start_ms && view.until_ms == view.slots[2].start_ms);
    let minute = Span::from_secs(60);
    let more = at_the_top(&rig, free + 10.0, minute);
    assert_eq!(ask(&mut rig, "more", more), Code::Retry);
    let all = at_the_top(&rig, free - 0.01, minute);
    assert_eq!(ask(&mut rig, "all", all), Code::Granted);
    let left = rig.control.envelope().expect("leases");
    assert!(left.slots[0].watts < 1.0, "{:?}", left.slots[0]);
    // What it gives back stays charged for a while, and is free after that.
    assert!((left.slots[2].watts - free).abs() < 1.0, "{:?} beside {free}", left.slots[2]);
}

#[test]
fn a_lease_for_an_hour_takes_the_quarters_that_it_touches_and_no_other() {
    let mut rig = lending();
    let before = rig.control.envelope().expect("leases").slots;
    let hour = at_the_top(&rig, 40e3, Span::from_secs(3600));
    assert_eq!(ask(&mut rig, "hour", hour), Code::Granted);
    let after = rig.control.envelope().expect("leases").slots;
    let taken: Vec<f64> = before.iter().zip(&after).map(|(b, a)| b.watts - a.watts).collect();
    assert!(taken[..4].iter().all(|of| (of - 40e3).abs() < 1.0), "{taken:?}");
    assert!(taken[6..].iter().all(|of| of.abs() < 1.0), "{taken:?}");
}

#[test]
fn without_a_meter_or_the_time_nothing_is_said_to_be_free() {
    let mut rig = lending();
    let top = rig.hall.power.feeds.iter().find(|(_, feed)| feed.parent.is_none()).expect("a top").1.name.clone();
    rig.silence(&format!("{top}/power"));
    rig.steps(90);
    let blind = rig.control.envelope().expect("leases");
    assert!(blind.slots.iter().all(|slot| slot.watts == 0.0 && slot.confidence.is_none()), "{:?}", blind.slots[0]);
    let rig = Rig::new(
        plant::hall::Hall::load("air", plant::shipped::HALLS.iter().find(|(n, _)| *n == "air").expect("shipped").1)
            .expect("loads"),
    );
    assert_eq!(rig.control.envelope(), None, "nobody may ask for leases");
}

/// A price that somebody publishes, levies, and taxes on both.
const PUBLISHED: &str = "name = \"t\"\nsummary = \"Published.\"\ncurrency = \"EUR\"\nzone = \"UTC\"\n\
    [[energy]]\nname = \"supply\"\nday-ahead = true\n[[energy]]\nname = \"levies\"\nprice = 0.05\n\
    [[tax]]\nname = \"vat\"\nshare = 0.2\n";
/// Dear until 09:00.
const HOURS: &str = "name = \"t\"\nsummary = \"Hours.\"\ncurrency = \"CHF\"\nzone = \"UTC\"\n\
    [[energy]]\nname = \"all\"\n[[energy.period]]\nname = \"dear\"\nhours = [\"06:00-09:00\"]\nprice = 0.3\n\
    [[energy.period]]\nname = \"else\"\nprice = 0.1\n";
const PEAKS: &str = "[peaks]\nmeter = \"utility\"\nfeed = \"utility\"\n";

/// A hall with such a tariff, at 08:00, where prices may be published.
fn priced(tariff: &str) -> Rig {
    let tariff = Tariff::load("t.toml", tariff).unwrap_or_else(|faults| panic!("{faults}"));
    let mut rig = lending_in(PEAKS, Some(tariff));
    let of = Span::from_secs;
    rig.control.plan.prices =
        Some(PriceRules { stale_after: of(108_000), max_gap: of(900), ending_within: of(21_600) });
    rig
}

/// An hour that begins so long after 08:00, with its price and its carbon.
fn hour(n: i64, price: Option<&str>, grams: Option<i64>) -> Slot {
    let at = |n: i64| Wall(1_800_000_000_000 + n * 3_600_000);
    let price = price.map(|price| Decimal::parse(price).expect("a decimal"));
    Slot { from: at(n), to: at(n + 1), price, grams: grams.map(Decimal::whole) }
}

fn publish(rig: &mut Rig, currency: &str, slots: Vec<Slot>) {
    let (from, currency) = ("a topic".to_owned(), currency.to_owned());
    let offer = Offer { from, currency, slots, published: None, kept: false };
    assert!(matches!(rig.ask(Ask::Prices(offer)), Reply::Accepted { .. }));
}

/// What is said of so many quarters in a row: a price (in thousandths) and carbon.
fn said(rig: &Rig) -> Vec<(usize, Option<i64>, Option<i64>)> {
    let whole = |of: f64| plant::convert::i64_from_f64_rounded(of);
    let view = rig.control.envelope().expect("leases");
    let mut all: Vec<(usize, Option<i64>, Option<i64>)> = Vec::new();
    for slot in view.slots {
        let of = (slot.price.map(|price| whole(price * 1e3)), slot.carbon.map(whole));
        match all.last_mut().filter(|last| (last.1, last.2) == of) {
            Some(last) => last.0 += 1,
            None => all.push((1, of.0, of.1)),
        }
    }
    all
}

#[test]
fn it_says_what_energy_costs_with_taxes_and_its_carbon_and_nothing_where_nobody_knows() {
    let mut rig = priced(PUBLISHED);
    assert_eq!(said(&rig), [(144, None, None)], "nothing is published");
    publish(
        &mut rig,
        "EUR",
        vec![hour(0, Some("0.1"), Some(300)), hour(1, Some("-0.2"), None), hour(3, Some("-0.05"), Some(0))],
    );
    rig.steps(1);
    // (0.1 + 0.05) · 1.2, (-0.2 + 0.05) · 1.2; nothing is known of 10:00, and at 11:00 it is for nothing.
    let hours = [(4, Some(180), Some(300)), (4, Some(-180), None), (4, None, None), (4, Some(0), Some(0))];
    assert_eq!(said(&rig), [hours.as_slice(), &[(128, None, None)]].concat());
    assert_eq!(rig.control.envelope().expect("leases").currency.as_deref(), Some("EUR"));
}

#[test]
fn it_says_the_tariffs_own_price_of_each_hour_and_what_carbon_is_published() {
    let mut rig = priced(HOURS);
    // 08:00 to 09:00, then to 06:00, the dear hours of the next day, and the rest of a day and a half.
    assert_eq!(said(&rig), [(4, Some(300), None), (84, Some(100), None), (12, Some(300), None), (44, Some(100), None)]);
    publish(&mut rig, "CHF", vec![hour(0, None, Some(40))]);
    rig.steps(1);
    assert_eq!(said(&rig)[..2], [(4, Some(300), Some(40)), (84, Some(100), None)]);
    assert_eq!(rig.control.envelope().expect("leases").currency.as_deref(), Some("CHF"));
    let plain = lending();
    assert_eq!((said(&plain), plain.control.envelope().expect("leases").currency), (vec![(144, None, None)], None));
}

#[test]
fn it_is_sure_of_quarters_whose_forecasts_were_judged_and_of_no_other() {
    let mut rig = priced(HOURS);
    // Seen whole, quarters are forecast an hour ahead; the first at 08:15 for 09:15, and four have been judged at 10:15.
    let sure = |rig: &Rig| -> Vec<Option<f64>> {
        rig.control.envelope().expect("leases").slots.iter().map(|slot| slot.confidence).collect()
    };
    rig.tick.dt = Span::from_secs(5);
    rig.steps(134 * 12);
    assert_eq!(sure(&rig), [None; 144], "10:14");
    rig.steps(2 * 12);
    // The quarter that runs, and four more: 4 h ahead none was judged.
    assert_eq!(sure(&rig), [[Some(0.9); 5].as_slice(), &[None; 139]].concat(), "10:16");
    rig.silence("utility/power");
    rig.steps(18);
    assert_eq!(sure(&rig), [None; 144], "nobody sees what flows");
    // Without a forecast nothing is known of how wrong one is.
    let mut plain = lending();
    plain.tick.dt = Span::from_secs(5);
    plain.steps(136 * 12);
    assert_eq!(sure(&plain), [None; 144]);
}
