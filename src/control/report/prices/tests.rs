//! What is told of hours ahead, beside what the tariff says of each minute.

use super::*;
use crate::control::tariff::Slot;

const TARIFF: &str = r#"
name = "t"
summary = "Published prices and cheaper nights."
currency = "EUR"
zone = "Europe/Berlin"
[[energy]]
name = "supply"
day-ahead = true
add = 0.01
[[energy]]
name = "network"
[[energy.period]]
name = "night"
hours = ["22:00-06:00"]
price = 0.02
[[energy.period]]
name = "day"
price = 0.05
"#;

/// 2026-03-28 20:00 UTC: clocks go forward in the night.
const EVENING: Wall = Wall(1_774_728_000_000);
const MINUTE: i64 = 60_000;

fn at(minutes: i64) -> Wall {
    Wall(EVENING.0 + minutes * MINUTE)
}

#[test]
fn the_slots_ahead_say_of_every_minute_what_the_tariff_says_and_change_only_where_it_does() {
    let tariff = Tariff::load("t.toml", TARIFF).expect("loads");
    let slot = |from: i64, to: i64, price: i64, grams| Slot {
        from: at(from),
        to: at(to),
        price: Some(Decimal::whole(price)),
        grams: Some(Decimal::whole(grams)).filter(|_| grams > 0),
    };
    // A hole from 100 to 130, two slots alike, a price below nothing; nights begin at 60 and end at 480 (06:00 is an hour earlier).
    let slots = vec![slot(0, 45, 1, 400), slot(45, 100, 1, 400), slot(130, 200, -2, 0), slot(200, 600, 3, 100)];
    let prices = Prices::of(slots).expect("in order");
    let told = ahead(&tariff, &prices, (at(10), at(610)));
    let stamp = |minutes| tariff.zone.stamp(at(minutes));
    let bounds: Vec<_> = told.iter().map(|slot| slot.from.clone()).collect();
    assert_eq!(bounds, [10, 45, 60, 100, 130, 200, 480, 600].map(stamp), "{told:#?}");
    assert!(told.windows(2).all(|pair| pair[0].to == pair[1].from), "no minute is left out");
    assert_eq!(told.last().map(|slot| slot.to.clone()), Some(stamp(610)));
    for minute in 10..610 {
        let shown = told
            .iter()
            .rfind(|slot| slot.from.parse::<jiff::Timestamp>().expect("a time").as_millisecond() <= at(minute).0);
        let shown = shown.expect("covered");
        assert_eq!(shown.price, tariff.price_at(at(minute), Some(&prices)).map(|p| p.to_string()), "minute {minute}");
        let grams = prices.at(at(minute)).and_then(|slot| slot.grams).map(|grams| grams.to_string());
        assert_eq!(shown.grams, grams, "minute {minute}");
    }
    assert_eq!((told[3].price.clone(), told[3].grams.clone()), (None, None), "what nobody has published");
    assert_eq!(told[0].from, "2026-03-28T21:10:00+01:00");
    assert_eq!(told[6].from, "2026-03-29T06:00:00+02:00", "after the hour that is not there");
}

#[test]
fn a_tariff_of_hours_of_its_own_needs_nothing_published() {
    let own = TARIFF.replace("day-ahead = true\nadd = 0.01", "price = 0.1");
    let tariff = Tariff::load("t.toml", &own).expect("loads");
    let told = ahead(&tariff, &Prices::default(), (at(0), at(24 * 60)));
    let prices: Vec<_> = told.iter().map(|slot| slot.price.clone().unwrap_or_default()).collect();
    assert_eq!(prices, ["0.15", "0.12", "0.15"]);
}
