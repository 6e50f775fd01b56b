//! Publications of carbon alone.

use super::*;
use crate::control::tariff::Publication;

/// Carbon of hours from the morning on, as somebody publishes it who knows no price.
fn grams(hours: &[i64]) -> Vec<Slot> {
    let at = |hour: i64| jiff::Timestamp::from_millisecond(MORNING.0 + hour * HOUR).expect("in range").to_string();
    let slot = |(n, grams): (i64, &i64)| {
        format!("{{\"start\": \"{}\", \"end\": \"{}\", \"grams\": {grams}}}", at(n), at(n + 1))
    };
    let slots: Vec<String> = (0..).zip(hours).map(slot).collect();
    let text = format!("{{\"prices\": [{}]}}", slots.join(","));
    Publication::read(&text, "EUR").unwrap_or_else(|faults| panic!("{faults:?}")).prices.slots().to_vec()
}

#[test]
fn a_site_with_prices_of_its_own_hears_of_carbon_alone_and_when_that_is_old() {
    let mut bench = Bench::new(HOURS);
    bench.take(&offer(grams(&[410; 40]))).expect("taken");
    bench.scan(0);
    assert_eq!(bench.now(), known("0.2", "410"));
    bench.scan(13 * 60);
    assert_eq!(bench.now(), known("0.08", "410"), "22:00 in Berlin, by the tariff's own hours");
    assert_eq!(bench.scan(17 * 60 + 1), [begun(PriceTrouble::Stale, Some(40), true)], "what was said still holds");
    assert_eq!(bench.now(), known("0.2", "410"));
    bench.scan(10 * 60);
    assert_eq!(bench.now(), (Some("0.08".to_owned()), None), "it has run out, and is not zero");
    // The later publication holds, with prices or without.
    bench.take(&offer(hours(40, &[70; 24]))).expect("taken");
    bench.scan(0);
    assert_eq!(bench.now(), known("0.08", "70"));
}

#[test]
fn where_prices_are_published_grams_alone_take_the_place_of_none() {
    let mut bench = Bench::new(DAY_AHEAD);
    bench.take(&offer(hours(0, &[90; 24]))).expect("taken");
    assert_eq!(bench.take(&offer(grams(&[410; 24]))), Err(Refusal::NoPrices));
    bench.scan(0);
    assert_eq!(bench.now(), known("0.14", "90"));
}

#[test]
fn what_says_neither_or_has_prices_without_a_unit_is_refused() {
    let slot = |rest: &str| format!("{{\"start\": \"2027-01-15T08:00:00Z\", \"end\": \"2027-01-15T09:00:00Z\"{rest}}}");
    let of = |unit: &str, rest: &str| Publication::read(&format!("{{{unit}\"prices\": [{}]}}", slot(rest)), "EUR");
    let told = |unit: &str, rest: &str| of(unit, rest).expect_err("refused").join("; ");
    assert!(told("", "").contains("has neither a price nor grams"), "{}", told("", ""));
    assert!(told("", ", \"price\": 80").contains("must be EUR/kWh or EUR/MWh"));
    assert!(told("\"unit\": \"USD/MWh\", ", ", \"grams\": 80").contains("the unit is `USD/MWh`"));
    assert!(told("", ", \"grams\": -1").contains("are no amount"));
    let both = of("\"unit\": \"EUR/MWh\", ", ", \"price\": 80, \"grams\": 300").expect("taken").prices.slots()[0];
    assert_eq!((both.price, both.grams), (Some(decimal("0.08")), Some(Decimal::whole(300))));
}
