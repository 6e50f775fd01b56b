//! What events say that energy costs, and what carbon it has: payloads `PRICE` and `GHG`.
//!
//! Several values in one payload share its interval evenly. Of two events that say something of the same time the more important one counts, of two alike the one that the server lists later.
//!
//! **Source** *OpenADR 3.1 User Guide*, 7.3 and 8.3: prices are absolute, in the currency and for the unit of their descriptor; `GHG` is in grams per kWh.

use plant::time::Wall;

use super::period::{AHEAD, Clock, length};
use super::{Event, Payload, Terms};
use crate::control::prices::MOST_SLOTS;
use crate::control::tariff::{Decimal, Rounding, Slot};

/// Where a value without an end ends is told anew so often (ms).
const HOUR: i64 = 3_600_000;

/// What an event says of some time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told {
    /// Lower is more important.
    priority: i64,
    from: Wall,
    to: Wall,
    says: Says,
}

/// When a value holds, and what it is.
type Part = ((Wall, Wall), Says);

/// What.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Says {
    /// The price of a kWh.
    Price(Decimal),
    /// Its carbon (g).
    Grams(Decimal),
}

impl Event {
    /// It says something of prices or carbon.
    #[must_use]
    pub fn is_priced(&self) -> bool {
        self.intervals.iter().flat_map(|of| &of.payloads).any(|of| ["PRICE", "GHG"].contains(&of.kind.as_str()))
    }

    /// What it says of prices in a currency, and of carbon, for us, heard at a time.
    ///
    /// # Errors
    /// What cannot be understood.
    pub fn told(&self, terms: &Terms, currency: &str, now: Wall) -> Result<Vec<Told>, String> {
        if !(self.is_priced() && self.is_for(&terms.ven)) {
            return Ok(Vec::new());
        }
        let mut clock = Clock::of(self, terms, now);
        let mut found = Vec::new();
        for interval in &self.intervals {
            let Some((start, end)) = clock.next(interval.interval_period.as_ref())? else { continue };
            // One without an end is known for a week.
            let end = end.unwrap_or(Wall((now.0 - now.0.rem_euclid(HOUR)).max(start.0).saturating_add(AHEAD.0)));
            for payload in &interval.payloads {
                for ((from, to), says) in self.values(payload, (start, end), currency)? {
                    found.push(((from, Some(to)), says));
                }
            }
        }
        let long = self.duration.as_deref().map(length).transpose()?;
        let priority = self.priority.unwrap_or(i64::MAX);
        let told = |((from, to), says): ((Wall, Option<Wall>), Says)| Some(Told { priority, from, to: to?, says });
        Ok(clock.lasts(found, long)?.into_iter().filter_map(told).filter(|of| of.to > of.from).collect())
    }

    /// The values of a payload, and when each of them holds; none where it says nothing of prices or carbon.
    fn values(&self, payload: &Payload, (start, end): (Wall, Wall), currency: &str) -> Result<Vec<Part>, String> {
        let per = match payload.kind.as_str() {
            "PRICE" => Some(self.per(currency)?),
            "GHG" => None,
            _ => return Ok(Vec::new()),
        };
        let count = i64::try_from(payload.values.len()).unwrap_or(i64::MAX).max(1);
        let part = |n: i64| Wall(start.0.saturating_add((end.0.saturating_sub(start.0) / count).saturating_mul(n)));
        let mut found = Vec::new();
        for (n, value) in (0_i64..).zip(&payload.values) {
            let number = value.as_number().and_then(|number| Decimal::parse(&number.to_string()));
            let number = number.ok_or_else(|| format!("`{}` has no number", payload.kind))?;
            let says = match per {
                Some(per) => Says::Price(number.share(1, per, (9, Rounding::HalfEven))),
                None if number < Decimal::ZERO => return Err(format!("`GHG` is {number}, below zero")),
                None => Says::Grams(number),
            };
            let to = if n + 1 == count { end } else { part(n + 1) };
            found.push(((part(n), to), says));
        }
        Ok(found)
    }

    /// For how many kWh its prices are.
    fn per(&self, currency: &str) -> Result<i64, String> {
        let said = self.payload_descriptors.iter().flatten().find(|of| of.payload_type == "PRICE");
        let said = said.ok_or("`PRICE` has no descriptor with its currency")?;
        match said.currency.as_deref() {
            Some(of) if of == currency => {}
            of => return Err(format!("`PRICE` is in `{}`, and must be in {currency}", of.unwrap_or_default())),
        }
        match said.units.as_deref() {
            Some("KWH") => Ok(1),
            Some("MWH") => Ok(1000),
            of => Err(format!("`PRICE` is for `{}`, and not for KWH or MWH", of.unwrap_or_default())),
        }
    }
}

/// What all of it comes to from now on: by time, none on top of another, a week of five minutes at the most. Where a price is needed nothing is told without one.
#[must_use]
pub fn slots(all: &[Told], now: Wall, needs_price: bool) -> Vec<Slot> {
    let mut cuts: Vec<Wall> = all.iter().flat_map(|of| [of.from, of.to]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let mut found: Vec<Slot> = Vec::new();
    for pair in cuts.windows(2) {
        let &[from, to] = pair else { continue };
        let here = || all.iter().filter(|of| of.from <= from && of.to >= to);
        // Of those that are as important the last one.
        let best = |says: fn(&Told) -> Option<Decimal>| {
            let of = here().filter_map(|of| Some((of.priority, says(of)?)));
            of.reduce(|best, next| if next.0 <= best.0 { next } else { best }).map(|(_, value)| value)
        };
        let price = best(|of| if let Says::Price(value) = of.says { Some(value) } else { None });
        let grams = best(|of| if let Says::Grams(value) = of.says { Some(value) } else { None });
        if to <= now || (price.is_none() && (needs_price || grams.is_none())) {
            continue;
        }
        match found.last_mut() {
            Some(last) if last.to == from && (last.price, last.grams) == (price, grams) => last.to = to,
            Some(_) | None => found.push(Slot { from, to, price, grams }),
        }
    }
    found.truncate(MOST_SLOTS);
    found
}
