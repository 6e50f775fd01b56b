//! The envelope: what may still be lent in each quarter of an hour to come, and what energy costs then. Advice for schedulers, and no promise.
//!
//! **Equation** in each quarter, at each feed from which the others hang: `(limit · (1 − margin) − most(reserved) − unleased) / weight`. Reserved are all leases
//! and what is kept for clients of their own; the weight adds losses and cooling to a watt at machines. What flows and is nobody's is, where a forecast of that feed is made,
//! what one quarter in ten exceeds, less what leases draw now as far as they live on; elsewhere it is what flows now.

use plant::id::FeedId;
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::ahead::SLOTS;
use super::ahead::slots::price;
use super::ledger::{Ground, Milli};
use super::outlook::{self, Expected, begin};
use super::{Controller, Plan, State};

/// What one quarter in ten exceeds: the share of those that stay below (1).
const SURE: f64 = 0.9;

/// The envelope for people and programs. Instants are milliseconds since 1970, UTC.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EnvelopeView {
    /// The generation of the controller.
    pub epoch: u64,
    /// When it was made.
    pub at_ms: i64,
    /// Until when it may be believed: the end of its second quarter.
    pub until_ms: i64,
    /// The currency of its prices; nothing without a tariff.
    pub currency: Option<String>,
    /// The quarters, from the one that runs; none while nobody knows what time it is.
    pub slots: Vec<EnvelopeSlot>,
}

/// A quarter of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnvelopeSlot {
    /// When it begins.
    pub start_ms: i64,
    /// What may still be lent all through it (W at machines, at least 0).
    pub watts: f64,
    /// How sure that is (1): of so many quarters of a hundred the forecast was not exceeded. Nothing where no forecast was judged.
    pub confidence: Option<f64>,
    /// What a kWh costs, with taxes; nothing where it is not known.
    pub price: Option<f64>,
    /// Its carbon (g/kWh); nothing where it is not known.
    pub carbon: Option<f64>,
}

impl Controller {
    /// What may still be lent in the quarters to come; nothing where nobody may ask for leases. Made when it is asked for.
    #[must_use]
    pub fn envelope(&self) -> Option<EnvelopeView> {
        self.state.envelope(&self.plan)
    }
}

impl State {
    fn envelope(&self, plan: &Plan) -> Option<EnvelopeView> {
        let ground = plan.leases.as_ref()?;
        let now = self.ledger.now();
        let first = outlook::quarter(now);
        let mut view = EnvelopeView {
            epoch: self.ledger.epoch(),
            at_ms: now.0,
            until_ms: begin(first.saturating_add(2)).0,
            currency: plan.tariff.as_ref().map(|of| of.currency.clone()),
            slots: Vec::new(),
        };
        if !self.ledger.knows_the_time() {
            return Some(view);
        }
        let quarters = (0..SLOTS).map(|n| first.saturating_add(n));
        view.slots = quarters.map(|of| self.priced(plan, of)).collect();
        let top = plan.hall.power.feeds.iter().filter(|(_, feed)| feed.parent.is_none());
        for (id, _) in top {
            let room = self.flexible((plan, ground), id, first);
            for (slot, (watts, confidence)) in view.slots.iter_mut().zip(room) {
                slot.watts += watts;
                slot.confidence = confidence;
            }
        }
        Some(view)
    }

    /// A quarter of which only the price is known.
    fn priced(&self, plan: &Plan, quarter: i64) -> EnvelopeSlot {
        let (at, known) = (begin(quarter), self.prices.known());
        let price = plan.tariff.as_deref().and_then(|of| price(of, known, at));
        let carbon = known.at(at).and_then(|slot| slot.grams).map(|grams| grams.number());
        EnvelopeSlot { start_ms: at.0, watts: 0.0, confidence: None, price, carbon }
    }

    /// What may still be lent below a feed in the quarters from this one on (W), and how sure that is (1).
    fn flexible(&self, (plan, ground): (&Plan, &Ground), id: FeedId, first: i64) -> Vec<(f64, Option<f64>)> {
        let weight = self.carries((plan, ground), id);
        let (forecast, zone) = (self.outlook.as_ref(), plan.tariff.as_deref().map(|of| &of.zone));
        let forecast = forecast.filter(|_| plan.peaks.as_ref().is_some_and(|peaks| peaks.feed() == id));
        let charged = self.ledger.charged_ahead(ground, (id, first), &[]);
        let draw = self.metered_load(plan, id).map(|load| Milli::limit(load).less(self.ledger.unleased(id)));
        // What leases draw that were taken up again nobody knows.
        let recovers = self.ledger.recovery().waits();
        let one = |(quarter, charged): (i64, &Milli)| {
            let Some(draw) = draw else { return (0.0, None) };
            let usable = self.usable((plan, ground), id, quarter);
            let expected = forecast.zip(zone).and_then(|(of, zone)| of.expected(zone, quarter));
            let flows = self.ledger.nobodys(id);
            let known = expected.map(|of| Milli::limit(Watts(high(&of))).less(draw.min(*charged)));
            // The quarter that runs has what flows.
            let unleased = known.map_or(flows, |known| {
                if quarter == first || recovers { known.max(flows) } else { known.max(Milli::ZERO) }
            });
            let confidence = expected.filter(|of| of.judged).map(|_| SURE);
            (usable.less(*charged).less(unleased).at_machines(weight), confidence)
        };
        (first..).zip(&charged).map(one).collect()
    }
}

/// What is drawn in nine of ten (W).
fn high(of: &Expected) -> f64 {
    of.watts + of.high
}
