//! Live prices and carbon: what has been published, what holds now, and what is wrong with it.
//!
//! A publication covers some time with slots. Where two cover the same time the one that was published later holds, slot by slot; what it
//! does not cover stays. What nobody has published is unknown, never zero and never what held before. Which slot holds goes by the wall
//! clock, so that nothing is known while it is not trusted.
//!
//! A publication comes in as a request, as an override does: the journal has it, replay and a restart see what the scan saw.

mod overlay;

#[cfg(test)]
mod tests;

use plant::event::{About, PriceNews, PriceTrouble, What};
use plant::time::{Span, Tick, Wall};
use serde::{Deserialize, Serialize};

use super::clock::Clock;
use super::energy::Metered;
use super::news::News;
use super::request::{Refusal, Reply};
use super::tariff::{Decimal, Flowed, Prices, Slot, Tariff};
use overlay::{Said, overlay};

/// The most slots of a publication: a week of five minutes.
pub const MOST_SLOTS: usize = 2016;
/// The most that are kept.
const MOST_KEPT: usize = 2 * MOST_SLOTS;
/// What has ended is kept for so long (ms): a day of 25 hours.
const KEPT: i64 = 25 * 3_600_000;
/// How long a boot waits for the first publication before it says that there is none.
const GRACE: Span = Span::from_secs(120);
/// The longest fault that is kept (characters).
const LONGEST: usize = 500;

/// When something is wrong with live prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceRules {
    /// The last publication is older.
    pub stale_after: Span,
    /// A hole is longer.
    pub max_gap: Span,
    /// What is known ends within this time.
    pub ending_within: Span,
}

/// What energy costs at a site, and when live prices are believed.
#[derive(Clone, Copy, Debug)]
pub struct Market<'a> {
    /// The tariff.
    pub tariff: &'a Tariff,
    /// The rules; nothing where no live prices come.
    pub rules: Option<PriceRules>,
}

/// Prices that somebody has published, as they are asked to be taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// Where they come from: a topic, a file.
    pub from: String,
    /// Their currency.
    pub currency: String,
    /// By time, none on top of another.
    pub slots: Vec<Slot>,
    /// When they were published; nothing where it does not say so, and it counts as now.
    pub published: Option<Wall>,
    /// True where the broker has kept them, and they may have been heard before.
    pub kept: bool,
}

/// What the next kilowatt-hour costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceNow {
    /// With all energy charges, in the tariff's currency (per kWh); nothing where it is unknown.
    pub price: Option<Decimal>,
    /// Carbon (g CO₂ per kWh); nothing where it is unknown.
    pub grams: Option<Decimal>,
}

/// The last publication that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newest {
    /// When it was published.
    pub at: Wall,
    /// False while it goes by a clock that was not trusted: it counts from when the clock is.
    sure: bool,
    /// Where it came from.
    pub from: String,
}

/// The last publication that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// When.
    pub at: Wall,
    /// Where it came from.
    pub from: String,
    /// What is wrong, as sentences.
    pub why: String,
}

/// All that is known of live prices.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LivePrices {
    currency: String,
    known: Prices,
    /// When each of them was published.
    said: Vec<Wall>,
    newest: Option<Newest>,
    fault: Option<Fault>,
    taken: u64,
    refused: u64,
    now: PriceNow,
    /// Which trouble there is, in the order of all.
    on: [bool; 5],
}

/// A trouble that there is: with the instant that is told of it.
type Found = Option<Option<Wall>>;

impl LivePrices {
    /// Before anything was published or has flowed.
    #[must_use]
    pub fn new(tariff: Option<&Tariff>) -> Self {
        Self { known: Prices::default().with(Flowed::of(tariff)), ..Self::default() }
    }

    /// What the next kilowatt-hour cost in the last scan.
    #[must_use]
    pub const fn now(&self) -> PriceNow {
        self.now
    }

    /// What is published, a day of what is over with it.
    #[must_use]
    pub const fn known(&self) -> &Prices {
        &self.known
    }

    /// The last publication that was taken.
    #[must_use]
    pub const fn newest(&self) -> Option<&Newest> {
        self.newest.as_ref()
    }

    /// The last one that was refused.
    #[must_use]
    pub const fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// How many were taken and how many were refused since the record began.
    #[must_use]
    pub const fn counts(&self) -> (u64, u64) {
        (self.taken, self.refused)
    }

    /// Every trouble that there is.
    pub fn troubles(&self) -> impl Iterator<Item = PriceTrouble> {
        PriceTrouble::ALL.into_iter().zip(self.on).filter_map(|(trouble, on)| on.then_some(trouble))
    }

    /// What is known goes on at a site only where it costs in the same currency.
    pub fn move_to(&mut self, tariff: Option<&Tariff>) {
        let same = tariff.is_some_and(|tariff| tariff.currency == self.currency);
        if !(same || self.currency.is_empty()) {
            *self = Self::new(tariff);
        }
        self.known.flowed_mut().move_to(tariff);
    }

    /// One scan, with what the billed meter has counted. Allocates nothing.
    pub fn step(&mut self, (market, meter): (Option<Market<'_>>, Option<Metered>), clock: &Clock, news: &mut News<'_>) {
        let Some(Market { tariff, rules }) = market else { return };
        let (tick, priced) = (clock.last(), !tariff.needs_prices());
        let doubted = !tick.clock_trusted;
        if let Some(meter) = meter.filter(|_| !doubted) {
            self.known.flowed_mut().step(tariff, (tick.wall, meter));
        }
        self.now = if doubted { PriceNow::default() } else { self.at(tariff, tick.wall) };
        let Some(rules) = rules else { return };
        self.turn(PriceTrouble::ClockDoubted, doubted.then_some(None), priced, news);
        if doubted {
            return;
        }
        if let Some(newest) = self.newest.as_mut().filter(|newest| !newest.sure) {
            (newest.at, newest.sure) = (tick.wall, true);
        }
        self.not_ahead_of(tick.wall);
        for (trouble, found) in self.judge(rules, tick.wall) {
            // What is only on its way at the start is not missed.
            if found.is_none() || clock.running() >= GRACE {
                self.turn(trouble, found, priced, news);
            }
        }
    }

    /// By a clock that is trusted nothing was published later than now: what came while it was ahead, or from a publisher whose clock was, must not shut out who comes later.
    fn not_ahead_of(&mut self, now: Wall) {
        let all = self.said.iter_mut().chain(self.newest.as_mut().map(|newest| &mut newest.at));
        all.for_each(|at| *at = (*at).min(now));
    }

    fn at(&self, tariff: &Tariff, wall: Wall) -> PriceNow {
        let price = tariff.price_at(wall, Some(&self.known));
        PriceNow { price, grams: self.known.at(wall).and_then(|slot| slot.grams) }
    }

    fn judge(&self, rules: PriceRules, wall: Wall) -> [(PriceTrouble, Found); 4] {
        let slots = self.known.slots();
        let ahead = slots.partition_point(|slot| slot.to <= wall);
        let (last, next) = (ahead.checked_sub(1).and_then(|n| slots.get(n)), slots.get(ahead));
        let end = slots.last().map(|slot| slot.to);
        let is_long = |from: Wall, to: Wall| to.since(from) > rules.max_gap;
        let missing = match next {
            None => Some(None),
            Some(slot) if slot.from <= wall => None,
            // A hole that is as short as may be is none; before the first slot nobody knows how long it is.
            Some(slot) => is_long(last.map_or(wall, |last| last.to), slot.from).then_some(Some(slot.from)),
        };
        let ending = end.filter(|end| missing.is_none() && end.since(wall) < rules.ending_within);
        let stale = self.newest.as_ref().is_some_and(|newest| wall.since(newest.at) > rules.stale_after);
        let rest = slots.get(ahead.saturating_sub(1)..).unwrap_or_default();
        let hole = rest.windows(2).find_map(|pair| match pair {
            [a, b] if is_long(a.to, b.from) && b.from > wall => Some(a.to),
            _ => None,
        });
        [
            (PriceTrouble::Missing, missing),
            (PriceTrouble::Ending, ending.map(Some)),
            (PriceTrouble::Stale, stale.then_some(end.filter(|end| *end > wall))),
            (PriceTrouble::Gap, hole.map(Some)),
        ]
    }

    /// Tells a trouble that begins or is over.
    fn turn(&mut self, trouble: PriceTrouble, found: Found, priced: bool, news: &mut News<'_>) {
        let mut rows = PriceTrouble::ALL.into_iter().zip(&mut self.on);
        let Some((_, on)) = rows.find(|(of, on)| *of == trouble && **on != found.is_some()) else { return };
        *on = found.is_some();
        match found {
            Some(at) => news.warn(About::Hall, What::Prices(PriceNews::Begun { trouble, at, priced })),
            // What was about to end has ended: that is told by what is missing.
            None if trouble == PriceTrouble::Ending && self.troubles().any(|of| of == PriceTrouble::Missing) => {}
            None => news.info(About::Hall, What::Prices(PriceNews::Over(trouble))),
        }
    }

    /// Takes what somebody has published.
    ///
    /// # Errors
    /// A site without live prices or with another currency; slots that are none, or on top of each other, or of more than may be, or without the price that the tariff needs; too many.
    pub fn take(
        &mut self,
        market: Option<Market<'_>>,
        offer: &Offer,
        (tick, news): (Tick, &mut News<'_>),
    ) -> Result<Reply, Refusal> {
        let Some(Market { tariff, rules: Some(_) }) = market else { return Err(Refusal::Unknown) };
        if offer.slots.len() > MOST_SLOTS {
            return Err(Refusal::TooMany);
        }
        let new = Prices::of(offer.slots.clone()).filter(|_| offer.currency == tariff.currency);
        let new = new.filter(|new| !new.slots().is_empty()).ok_or(Refusal::NoPrices)?;
        if new.slots().iter().any(|slot| !slot.is_within()) {
            return Err(Refusal::NoPrices);
        }
        // Grams alone take the place of no price.
        if tariff.needs_prices() && new.slots().iter().any(|slot| slot.price.is_none()) {
            return Err(Refusal::NoPrices);
        }
        if tick.clock_trusted {
            self.not_ahead_of(tick.wall);
        }
        let heard = self.newest.as_ref().map(|newest| newest.at);
        let stamped = offer.published.map(|at| if tick.clock_trusted { at.min(tick.wall) } else { at });
        let at = stamped.unwrap_or_else(|| heard.map_or(tick.wall, |heard| heard.max(tick.wall)));
        let slots = self.with(&new, at, tick);
        if slots.len() > MOST_KEPT {
            return Err(Refusal::TooMany);
        }
        let until = slots.iter().map(|said| said.slot.to).max();
        let (said, slots): (Vec<Wall>, Vec<Slot>) = slots.into_iter().map(|said| (said.at, said.slot)).unzip();
        let changed = !self.known.slots().iter().filter(|slot| lately(slot, tick)).eq(&slots);
        if offer.kept && offer.published.is_none() && !changed {
            return Ok(accepted("it says what is known already".to_owned()));
        }
        tariff.currency.clone_into(&mut self.currency);
        let flowed = std::mem::take(self.known.flowed_mut());
        (self.known, self.said) = (Prices::of(slots).unwrap_or_default().with(flowed), said);
        self.taken = self.taken.saturating_add(1);
        self.fault = None;
        if heard.is_none_or(|heard| at >= heard) {
            let sure = stamped.is_some() || tick.clock_trusted;
            self.newest = Some(Newest { at, sure, from: offer.from.clone() });
        }
        if let Some(until) = until.filter(|_| changed) {
            news.info(About::Hall, What::Prices(PriceNews::Taken { until }));
        }
        Ok(accepted(format!("{} slots are taken", new.slots().len())))
    }

    /// What is known with what is new, without what has long been over.
    fn with(&self, new: &Prices, at: Wall, tick: Tick) -> Vec<Said> {
        let known = self.known.slots().iter().zip(&self.said).map(|(slot, at)| Said { slot: *slot, at: *at });
        let (over, under): (Vec<Said>, Vec<Said>) = known.partition(|said| said.at > at);
        let new: Vec<Said> = new.slots().iter().map(|slot| Said { slot: *slot, at }).collect();
        let mut slots = overlay(&over, &overlay(&new, &under));
        slots.retain(|said| lately(&said.slot, tick));
        slots
    }

    /// Keeps why a publication was refused. What was known before holds. The same fault is told once, until something is taken.
    pub fn refuse(&mut self, (from, why): (&str, &str), tick: Tick, news: &mut News<'_>) -> Reply {
        self.refused = self.refused.saturating_add(1);
        let fault = Fault { at: tick.wall, from: from.to_owned(), why: why.chars().take(LONGEST).collect() };
        let same = |known: &Fault| (&known.from, &known.why) == (&fault.from, &fault.why);
        if !self.fault.as_ref().is_some_and(same) {
            news.warn(About::Hall, What::Prices(PriceNews::Refused));
        }
        self.fault = Some(fault);
        accepted("what was known before holds".to_owned())
    }
}

/// True where a slot is not over for long, as far as the clock is trusted.
fn lately(slot: &Slot, tick: Tick) -> bool {
    !tick.clock_trusted || slot.to.0 > tick.wall.0.saturating_sub(KEPT)
}

const fn accepted(note: String) -> Reply {
    Reply::Accepted { expires: None, note }
}
