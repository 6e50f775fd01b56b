//! Live prices, in the hall's words.

use plant::event::{PriceNews, PriceTrouble};
use plant::hall::Hall;
use plant::time::Wall;

use plant::civil::Zone;

/// What there is to tell of live prices, as a sentence without its subject. Times are the hall's.
#[must_use]
pub fn news(hall: &Hall, news: PriceNews) -> String {
    let show = |at: Wall| Zone::named(&hall.tz).map_or_else(|| format!("{} ms after 1970", at.0), |zone| zone.show(at));
    match news {
        PriceNews::Taken { until } => format!("has published prices until {}", show(until)),
        PriceNews::Refused => {
            "does not take a publication of prices, which has faults: what was known before holds; `wattloop tariff prices` \
             tells them"
                .to_owned()
        }
        PriceNews::Begun { trouble, at, priced } => {
            let meanwhile = if priced {
                "the tariff's own hours have a price, and the carbon is unknown"
            } else {
                "the price is unknown, and none is supposed"
            };
            begun(trouble, at.map(show).as_deref(), meanwhile)
        }
        PriceNews::Over(trouble) => over(trouble).to_owned(),
    }
}

fn begun(trouble: PriceTrouble, at: Option<&str>, meanwhile: &str) -> String {
    let until = at.map_or_else(String::new, |at| format!(" until {at}"));
    match trouble {
        PriceTrouble::ClockDoubted => "does not know what energy costs now: the wall clock is not trusted".to_owned(),
        PriceTrouble::Missing => format!("has no published price now{until}: {meanwhile}"),
        PriceTrouble::Ending => format!("has published prices only{until}; afterwards {meanwhile}"),
        PriceTrouble::Stale => format!("has heard of no new prices for long: those that are known hold{until}"),
        PriceTrouble::Gap => {
            let from = at.map_or_else(String::new, |at| format!(" from {at} on"));
            format!("has a hole in its published prices{from}: in it {meanwhile}")
        }
    }
}

const fn over(trouble: PriceTrouble) -> &'static str {
    match trouble {
        PriceTrouble::ClockDoubted => "knows again what energy costs now: the wall clock is trusted",
        PriceTrouble::Missing => "has a published price again",
        PriceTrouble::Ending => "has published prices for long enough again",
        PriceTrouble::Stale => "has heard of new prices",
        PriceTrouble::Gap => "has no hole in its published prices any more",
    }
}
