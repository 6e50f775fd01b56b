//! Publications, by what holds at an instant and by what is told.

mod carbon;
mod newer;
mod random;
mod tiers;

use std::sync::Arc;

use plant::event::Event;
use plant::hall::Hall;
use plant::image::Inputs;
use plant::time::Mono;
use proptest::prelude::*;

use super::*;
use crate::control::request::{Ask, Request};
use crate::control::sentence;
use crate::control::{Controller, Site, State};

/// Published prices with 0.02 on top, and 0.03 of levies.
const DAY_AHEAD: &str = r#"
name = "dynamic"
summary = "Published prices, and levies."
currency = "EUR"
zone = "Europe/Berlin"
[[energy]]
name = "supply"
day-ahead = true
add = 0.02
[[energy]]
name = "levies"
price = 0.03
"#;

/// Prices of its own by hours: what is published is its carbon.
const HOURS: &str = r#"
name = "hours"
summary = "Nights are cheaper."
currency = "EUR"
zone = "Europe/Berlin"
[[energy]]
name = "supply"
[[energy.period]]
name = "night"
hours = ["22:00-06:00"]
price = 0.08
[[energy.period]]
name = "day"
price = 0.2
"#;

const RULES: PriceRules = PriceRules {
    stale_after: Span::from_secs(30 * 3600),
    max_gap: Span::from_secs(900),
    ending_within: Span::from_secs(6 * 3600),
};

/// 2027-01-15 08:00 UTC, 09:00 in Berlin.
const MORNING: Wall = Wall(1_800_000_000_000);
const HOUR: i64 = 3_600_000;

fn shipped(name: &str) -> Hall {
    let (_, text) = plant::shipped::HALLS.iter().find(|(n, _)| *n == name).expect("a shipped hall");
    Hall::load(name, text).expect("loads")
}

fn tariff(text: &str) -> Tariff {
    Tariff::load("t.toml", text).unwrap_or_else(|faults| panic!("{faults}"))
}

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).expect("a decimal")
}

/// Hours from the morning on, each with a price in thousandths and the same grams.
fn hours(from: i64, prices: &[i64]) -> Vec<Slot> {
    let slot = |(n, price): (i64, &i64)| Slot {
        from: Wall(MORNING.0 + n * HOUR),
        to: Wall(MORNING.0 + (n + 1) * HOUR),
        price: Some(decimal(&format!("{price}e-3"))),
        grams: Some(Decimal::whole(*price)),
    };
    (from..).zip(prices).map(slot).collect()
}

fn offer(slots: Vec<Slot>) -> Offer {
    Offer { from: "topic prices".to_owned(), currency: "EUR".to_owned(), slots, published: None, kept: false }
}

/// A site's prices under a clock.
struct Bench {
    tariff: Tariff,
    prices: LivePrices,
    clock: Clock,
    tick: Tick,
    meter: Option<Metered>,
    events: Vec<Event>,
}

impl Bench {
    fn new(text: &str) -> Self {
        let tick = Tick { dt: Span::from_secs(1), wall: MORNING, clock_trusted: true, ..Tick::default() };
        let (tariff, clock) = (tariff(text), Clock::default());
        let prices = LivePrices::new(Some(&tariff));
        let mut bench = Self { tariff, prices, clock, tick, meter: None, events: Vec::new() };
        bench.scan(0);
        bench
    }

    fn market(&self) -> Option<Market<'_>> {
        Some(Market { tariff: &self.tariff, rules: Some(RULES) })
    }

    fn take(&mut self, offer: &Offer) -> Result<Reply, Refusal> {
        let market = Some(Market { tariff: &self.tariff, rules: Some(RULES) });
        self.prices.take(market, offer, (self.tick, &mut News::new(self.tick, &mut self.events)))
    }

    /// So many minutes later, a scan: what it tells.
    fn scan(&mut self, minutes: i64) -> Vec<PriceNews> {
        self.tick.wall = Wall(self.tick.wall.0 + 60_000 * minutes);
        self.tick.mono = Mono(self.tick.mono.0 + 60_000_000_000 * u64::try_from(minutes).expect("later"));
        let market = Some(Market { tariff: &self.tariff, rules: Some(RULES) });
        self.clock.advance(self.tick, &mut News::new(self.tick, &mut Vec::new()));
        self.prices.step((market, self.meter), &self.clock, &mut News::new(self.tick, &mut self.events));
        let told = self.events.drain(..).map(|event| {
            let What::Prices(news) = event.what else { panic!("not of prices: {event:?}") };
            news
        });
        told.collect()
    }

    fn now(&self) -> (Option<String>, Option<String>) {
        let PriceNow { price, grams } = self.prices.now();
        (price.map(|price| price.to_string()), grams.map(|grams| grams.to_string()))
    }
}

fn begun(trouble: PriceTrouble, hour: Option<i64>, priced: bool) -> PriceNews {
    PriceNews::Begun { trouble, at: hour.map(|hour| Wall(MORNING.0 + hour * HOUR)), priced }
}

fn known(price: &str, grams: &str) -> (Option<String>, Option<String>) {
    (Some(price.to_owned()), Some(grams.to_owned()))
}

#[test]
fn a_price_is_told_from_the_day_it_comes_to_the_hour_in_which_it_has_run_out() {
    let mut bench = Bench::new(DAY_AHEAD);
    assert_eq!(bench.now(), (None, None), "nobody has published anything, and nothing is no zero");
    assert_eq!(bench.scan(1), [], "it may be on its way");
    assert_eq!(bench.scan(1), [begun(PriceTrouble::Missing, None, false)]);
    assert_eq!(bench.scan(1), [], "told once");
    bench.take(&offer(hours(0, &[100, -300, 0, 90, 80, 70, 60, 50]))).expect("taken");
    let until = Wall(MORNING.0 + 8 * HOUR);
    assert_eq!(bench.scan(0), [PriceNews::Taken { until }, PriceNews::Over(PriceTrouble::Missing)]);
    assert_eq!(bench.now(), known("0.15", "100"));
    assert_eq!(bench.scan(57), []);
    assert_eq!(bench.now(), known("-0.25", "-300"), "a price below nothing is one");
    assert_eq!(bench.scan(60), []);
    assert_eq!(bench.now(), known("0.05", "0"), "so is a price of nothing");
    assert_eq!(bench.scan(1), [begun(PriceTrouble::Ending, Some(8), false)], "less than six hours are left");
    assert_eq!(bench.scan(358), []);
    assert_eq!(bench.now(), known("0.1", "50"));
    assert_eq!(bench.scan(1), [begun(PriceTrouble::Missing, None, false)], "that they end has been told");
    assert_eq!(bench.now(), (None, None), "the last price does not hold on");
    bench.take(&offer(hours(8, &[40; 24]))).expect("taken");
    assert_eq!(bench.scan(0).last(), Some(&PriceNews::Over(PriceTrouble::Missing)));
    assert_eq!(bench.scan(60), []);
}

#[test]
fn a_tariff_with_prices_of_its_own_has_them_while_nothing_is_published() {
    let mut bench = Bench::new(HOURS);
    assert_eq!(bench.now(), (Some("0.2".to_owned()), None));
    assert_eq!(bench.scan(3), [begun(PriceTrouble::Missing, None, true)]);
    bench.take(&offer(hours(0, &[100; 24]))).expect("taken");
    bench.scan(0);
    assert_eq!(bench.now(), known("0.2", "100"), "what is published is its carbon");
    bench.scan(13 * 60);
    assert_eq!(bench.now(), known("0.08", "100"), "22:03 in Berlin");
}

#[test]
fn a_hole_is_told_before_it_comes_and_a_short_one_is_none() {
    let mut bench = Bench::new(DAY_AHEAD);
    let mut slots = hours(0, &[100; 24]);
    slots.remove(5);
    slots[1].to = Wall(slots[1].to.0 - 900_000);
    bench.take(&offer(slots.clone())).expect("taken");
    let told = bench.scan(3);
    assert_eq!(told.last(), Some(&begun(PriceTrouble::Gap, Some(5), false)), "{told:?}");
    assert_eq!(bench.scan(104), [], "01:47: the short one");
    assert_eq!(bench.now(), (None, None), "nobody has said what holds in it");
    assert_eq!(bench.scan(194), [begun(PriceTrouble::Missing, Some(6), false)], "05:01");
    assert_eq!(bench.scan(59), [PriceNews::Over(PriceTrouble::Missing), PriceNews::Over(PriceTrouble::Gap)]);
    let mut filled = Bench::new(DAY_AHEAD);
    filled.take(&offer(slots)).expect("taken");
    filled.scan(3);
    filled.take(&offer(hours(5, &[70]))).expect("taken");
    assert_eq!(filled.scan(0).last(), Some(&PriceNews::Over(PriceTrouble::Gap)));
}

#[test]
fn what_nobody_publishes_again_is_stale_and_what_the_broker_keeps_does_not_make_it_fresh() {
    let mut bench = Bench::new(DAY_AHEAD);
    let week = offer(hours(0, &[100; 96]));
    bench.take(&week).expect("taken");
    bench.scan(3);
    assert_eq!(bench.scan(30 * 60 - 3), []);
    assert_eq!(bench.scan(1), [begun(PriceTrouble::Stale, Some(96), false)]);
    assert_eq!(bench.now(), known("0.15", "100"), "what is known holds");
    bench.take(&Offer { kept: true, ..week.clone() }).expect("heard");
    assert_eq!(bench.scan(1), [], "the broker has it from the same hand");
    bench.take(&week).expect("taken");
    assert_eq!(bench.scan(1), [PriceNews::Over(PriceTrouble::Stale)], "somebody says it again");
    let old = Wall(bench.tick.wall.0 - 31 * HOUR);
    bench.take(&Offer { published: Some(old), slots: hours(96, &[90]), ..week }).expect("taken");
    let told = bench.scan(1);
    assert_eq!(
        told,
        [PriceNews::Taken { until: Wall(MORNING.0 + 97 * HOUR) }],
        "an older one adds and makes nothing older"
    );
}

#[test]
fn who_publishes_with_a_clock_that_is_ahead_does_not_shut_out_who_comes_later() {
    let mut bench = Bench::new(DAY_AHEAD);
    let ahead = Wall(MORNING.0 + 1000 * HOUR);
    bench.take(&Offer { published: Some(ahead), ..offer(hours(0, &[100])) }).expect("taken");
    bench.scan(1);
    bench.take(&offer(hours(0, &[200]))).expect("taken");
    bench.scan(0);
    assert_eq!(bench.now(), known("0.25", "200"));
}

#[test]
fn nothing_is_known_while_the_clock_is_not_trusted() {
    let mut bench = Bench::new(DAY_AHEAD);
    bench.take(&offer(hours(0, &[100; 24]))).expect("taken");
    bench.scan(3);
    bench.tick.clock_trusted = false;
    assert_eq!(bench.scan(1), [begun(PriceTrouble::ClockDoubted, None, false)]);
    assert_eq!(bench.now(), (None, None));
    // A clock that believes in 1970: what comes meanwhile is no older for it.
    let trusted = bench.tick.wall;
    bench.tick.wall = Wall(0);
    bench.take(&offer(hours(0, &[200; 24]))).expect("taken");
    assert_eq!(bench.scan(40), [PriceNews::Taken { until: Wall(MORNING.0 + 24 * HOUR) }]);
    (bench.tick.wall, bench.tick.clock_trusted) = (trusted, true);
    assert_eq!(bench.scan(40), [PriceNews::Over(PriceTrouble::ClockDoubted)], "it is fresh");
    assert_eq!(bench.now(), known("0.25", "200"));
    bench.scan(0);
    assert!(bench.tick.wall.since(bench.prices.newest().expect("one").at) < Span::from_secs(1));
}

#[test]
fn what_has_faults_is_counted_and_told_once_and_what_was_known_holds() {
    let mut bench = Bench::new(DAY_AHEAD);
    bench.take(&offer(hours(0, &[100; 24]))).expect("taken");
    bench.scan(3);
    let refuse = |bench: &mut Bench, why: &str| {
        bench.prices.refuse(("topic prices", why), bench.tick, &mut News::new(bench.tick, &mut bench.events));
        bench.scan(1)
    };
    assert_eq!(refuse(&mut bench, "no JSON"), [PriceNews::Refused]);
    assert_eq!(refuse(&mut bench, "no JSON"), [], "the same again");
    assert_eq!(refuse(&mut bench, &"another ".repeat(1000)), [PriceNews::Refused]);
    assert_eq!(bench.prices.counts(), (1, 3));
    let fault = bench.prices.fault().expect("kept");
    assert_eq!((fault.from.as_str(), fault.why.len()), ("topic prices", 500));
    assert_eq!(bench.now(), known("0.15", "100"));
    bench.take(&offer(hours(0, &[90; 24]))).expect("taken");
    assert_eq!(bench.prices.fault(), None);
    let before = bench.prices.clone();
    let crossed: Vec<Slot> = [hours(0, &[1, 2]), hours(1, &[3])].concat();
    let euros = |slots| offer(slots);
    for (bad, why) in [
        (euros(crossed), Refusal::NoPrices),
        (euros(Vec::new()), Refusal::NoPrices),
        (Offer { currency: "USD".to_owned(), ..euros(hours(0, &[1])) }, Refusal::NoPrices),
        (euros(hours(0, &[1; MOST_SLOTS + 1])), Refusal::TooMany),
    ] {
        assert_eq!(bench.take(&bad), Err(why));
    }
    assert_eq!(bench.prices, before);
    let market = bench.market().map(|market| Market { rules: None, ..market });
    let mut none = LivePrices::default();
    let answer = none.take(market, &offer(hours(0, &[1])), (bench.tick, &mut News::new(bench.tick, &mut Vec::new())));
    assert_eq!(answer, Err(Refusal::Unknown), "a site that hears none");
}

#[test]
fn a_day_of_what_is_over_is_kept_and_no_more() {
    let mut bench = Bench::new(DAY_AHEAD);
    for day in 0..30 {
        bench.take(&offer(hours(24 * day, &[100 + day; 24]))).expect("taken");
        bench.scan(24 * 60);
    }
    let slots = bench.prices.known().slots();
    assert_eq!((slots.len(), slots[0].from), (49, Wall(MORNING.0 + 671 * HOUR)));
}

#[test]
fn every_sentence_says_when_and_what_holds_meanwhile() {
    let hall = shipped("air");
    let of = |news| {
        let what = What::Prices(news);
        let event = Event { at: Mono(0), severity: plant::event::Severity::Info, about: About::Hall, what };
        sentence::event(&hall, &event)
    };
    for (trouble, hour, priced, wanted) in [
        (PriceTrouble::Missing, None, false, "has no published price now: the price is unknown, and none is supposed"),
        (PriceTrouble::Missing, Some(1), true, "now until 2027-01-15 "),
        (PriceTrouble::Missing, Some(1), true, "the tariff's own hours have a price, and the carbon is unknown"),
        (PriceTrouble::Ending, Some(1), false, "afterwards the price is unknown"),
        (PriceTrouble::Stale, Some(1), false, "those that are known hold until 2027-01-15 "),
        (PriceTrouble::Gap, Some(1), false, " on: in it the price is unknown"),
        (PriceTrouble::ClockDoubted, None, false, "the wall clock is not trusted"),
    ] {
        let said = of(begun(trouble, hour, priced));
        assert!(said.contains(wanted), "{said}");
    }
}

/// A hall's controller with this tariff.
fn site(text: &str) -> Site {
    Site { tariff: Some(Arc::new(tariff(text))), prices: Some(RULES), ..Arc::new(shipped("bench")).into() }
}

fn scan(control: &mut Controller, tick: &mut Tick) -> Vec<What> {
    tick.seq += 1;
    tick.wall.0 += 1000;
    tick.mono.0 += 1_000_000_000;
    let inputs = Inputs::unread(control.hall().points.len());
    control.step(&inputs, *tick).events.iter().map(|event| event.what).collect()
}

#[test]
fn prices_are_kept_over_a_restart_and_forgotten_where_another_currency_is_paid() {
    let mut control = Controller::new(site(DAY_AHEAD));
    let mut tick = Tick { dt: Span::from_secs(1), wall: MORNING, clock_trusted: true, ..Tick::default() };
    scan(&mut control, &mut tick);
    let request = Request { who: "service".to_owned(), ask: Ask::Prices(offer(hours(0, &[100, 200]))) };
    assert!(matches!(control.answer(&request, tick), Reply::Accepted { .. }));
    let told = scan(&mut control, &mut tick);
    assert!(told.iter().any(|what| matches!(what, What::Prices(PriceNews::Taken { .. }))), "{told:?}");
    let state: State = postcard::from_bytes(&postcard::to_stdvec(control.state()).expect("writes")).expect("reads");
    assert_eq!(state, *control.state());
    // The next boot, an hour later.
    let mut later = Tick { boot: 2, seq: 0, mono: Mono(0), wall: Wall(MORNING.0 + HOUR), ..tick };
    let mut again = Controller::restore(site(DAY_AHEAD), state.clone());
    assert_eq!(again.state(), &state, "nothing is lost before it goes on");
    scan(&mut again, &mut later);
    assert_eq!(again.state().prices.now().price, Some(decimal("0.25")));
    let mut dollars = Controller::restore(site(&DAY_AHEAD.replace("EUR", "USD")), state);
    scan(&mut dollars, &mut later);
    assert_eq!(dollars.state().prices.now().price, None, "a price in euros is none in dollars");
}
