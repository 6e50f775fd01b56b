//! Day-ahead prices and carbon intensity: what holds from when to when.
//!
//! ```json
//! {"unit": "EUR/MWh", "published": "2026-10-24T13:02:00+02:00", "prices": [{"start": "2026-10-25T00:00:00+02:00", "end": "2026-10-25T00:15:00+02:00", "price": 71.3, "grams": 402}]}
//! ```
//!
//! `published` may be left out, and so may the price of a slot that has grams: where no slot has one, `unit` says nothing. Slots come in any order. One that is there twice counts once; two that overlap and differ are refused. A gap is no price.

use plant::time::Wall;
use serde::{Deserialize, Serialize};

use super::decimal::{Decimal, Rounding};
use super::flowed::Flowed;

/// A longer file is none of prices.
const MOST_SLOTS: usize = 400_000;

/// What holds for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Where it begins.
    pub from: Wall,
    /// Where it ends.
    pub to: Wall,
    /// The price of a kWh, in the tariff's currency; may be negative. Nothing where only carbon is published.
    pub price: Option<Decimal>,
    /// Carbon of a kWh (g CO₂); nothing where it is not known.
    pub grams: Option<Decimal>,
}

impl Slot {
    /// True where neither its price nor its grams are more than [`Decimal::MOST`], below zero as above: with more nobody can reckon.
    #[must_use]
    pub fn is_within(&self) -> bool {
        let least = Decimal::ZERO.minus(Decimal::MOST);
        self.price.into_iter().chain(self.grams).all(|of| (least..=Decimal::MOST).contains(&of))
    }
}

/// Slots by time, none on top of another; and what has flowed, by which tiers go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Prices {
    slots: Vec<Slot>,
    /// Nothing where nobody counts it, as on a bill, which counts for itself.
    flowed: Flowed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    published: Option<String>,
    prices: Vec<Said>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    start: String,
    end: String,
    #[serde(default)]
    price: Option<serde_json::Number>,
    #[serde(default)]
    grams: Option<serde_json::Number>,
}

/// What somebody has published.
#[derive(Clone, Debug, PartialEq)]
pub struct Publication {
    /// The prices, one slot at least.
    pub prices: Prices,
    /// When, where it says so.
    pub published: Option<Wall>,
}

impl Publication {
    /// Reads a JSON text. The unit is a currency per kWh or per MWh, and the currency the tariff's.
    ///
    /// # Errors
    /// What does not fit, ten at most, each a sentence with the slot.
    pub fn read(text: &str, currency: &str) -> Result<Self, Vec<String>> {
        let file: File = serde_json::from_str(text).map_err(|e| vec![format!("these are no prices: {e}")])?;
        let known = [("kWh", 1), ("MWh", 1000)];
        let per = file.unit.as_ref().map(|said| known.iter().find(|(unit, _)| *said == format!("{currency}/{unit}")));
        let priced = file.prices.iter().any(|said| said.price.is_some());
        let per = match (per, &file.unit) {
            (Some(Some((_, per))), _) => *per,
            (None, _) if !priced => 1,
            (Some(None) | None, unit) => {
                let unit = unit.as_deref().unwrap_or_default();
                return Err(vec![format!("the unit is `{unit}` and must be {currency}/kWh or {currency}/MWh")]);
            }
        };
        if file.prices.len() > MOST_SLOTS {
            return Err(vec![format!("{} slots are more than {MOST_SLOTS}", file.prices.len())]);
        }
        let (mut slots, mut faults) = (Vec::new(), Vec::new());
        let published = file.published.map(|text| time(&text)).transpose();
        faults.extend(published.as_ref().err().map(|fault| format!("`published`: {fault}")));
        if file.prices.is_empty() {
            faults.push("`prices` has no slot".to_owned());
        }
        for said in &file.prices {
            match said.slot(per) {
                Ok(slot) => slots.push(slot),
                Err(fault) => faults.push(fault),
            }
        }
        slots.sort_by_key(|slot| (slot.from, slot.to, slot.price, slot.grams));
        slots.dedup();
        for pair in slots.windows(2) {
            if let [a, b] = pair
                && b.from < a.to
            {
                let at = |wall: Wall| {
                    jiff::Timestamp::from_millisecond(wall.0).map_or_else(|_| String::new(), |t| t.to_string())
                };
                faults.push(format!("two slots overlap: one ends at {}, the next begins at {}", at(a.to), at(b.from)));
            }
        }
        faults.truncate(10);
        match published {
            Ok(published) if faults.is_empty() => Ok(Self { prices: Prices { slots, ..Prices::default() }, published }),
            Ok(_) | Err(_) => Err(faults),
        }
    }
}

impl Prices {
    /// Reads what somebody has published.
    ///
    /// # Errors
    /// Those of [`Publication::read`].
    pub fn read(text: &str, currency: &str) -> Result<Self, Vec<String>> {
        Publication::read(text, currency).map(|said| said.prices)
    }

    /// Slots that are in order; nothing where they are not, or one ends before it begins.
    #[must_use]
    pub fn of(slots: Vec<Slot>) -> Option<Self> {
        let fits = slots.iter().all(|slot| slot.from < slot.to) && slots.is_sorted_by(|a, b| a.to <= b.from);
        fits.then_some(Self { slots, ..Self::default() })
    }

    /// The same slots, and what has flowed.
    #[must_use]
    pub fn with(self, flowed: Flowed) -> Self {
        Self { flowed, ..self }
    }

    /// What has flowed in the billing period that runs.
    #[must_use]
    pub const fn flowed(&self) -> &Flowed {
        &self.flowed
    }

    /// The same, to count on.
    pub const fn flowed_mut(&mut self) -> &mut Flowed {
        &mut self.flowed
    }

    /// All of them, by time.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// What holds at an instant.
    #[must_use]
    pub fn at(&self, at: Wall) -> Option<&Slot> {
        let next = self.slots.partition_point(|slot| slot.to <= at);
        self.slots.get(next).filter(|slot| slot.from <= at)
    }

    /// Where the next slot begins, after an instant at which none holds.
    #[must_use]
    pub fn next(&self, at: Wall) -> Option<Wall> {
        self.slots.get(self.slots.partition_point(|slot| slot.from <= at)).map(|slot| slot.from)
    }
}

/// An instant with its offset.
fn time(text: &str) -> Result<Wall, String> {
    let read = text.parse::<jiff::Timestamp>().map(|at| Wall(at.as_millisecond()));
    read.map_err(|_| format!("`{text}` is no time with an offset"))
}

impl Said {
    fn slot(&self, per: i64) -> Result<Slot, String> {
        let (from, to) = (time(&self.start)?, time(&self.end)?);
        if to <= from {
            return Err(format!("the slot of {} ends before it begins", self.start));
        }
        let number = |number: &serde_json::Number| Decimal::parse(&number.to_string());
        let price = self.price.as_ref().map(|price| {
            let price = number(price).ok_or_else(|| format!("the price of {} has more than nine places", self.start));
            price.map(|price| price.share(1, per, (9, Rounding::HalfEven)))
        });
        let grams = self.grams.as_ref().map(|grams| {
            number(grams)
                .filter(|g| *g >= Decimal::ZERO)
                .ok_or_else(|| format!("the grams of {} are no amount", self.start))
        });
        if price.is_none() && grams.is_none() {
            return Err(format!("the slot of {} has neither a price nor grams", self.start));
        }
        let slot = Slot { from, to, price: price.transpose()?, grams: grams.transpose()? };
        if slot.is_within() {
            return Ok(slot);
        }
        let most = Decimal::MOST;
        Err(format!("the slot of {} costs or emits more than {most} a kWh: that is no price and no carbon", self.start))
    }
}
