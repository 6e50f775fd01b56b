//! What is known of billed windows, for who explains and for who plans.

use plant::time::Wall;

use super::{Interval, Plan, Trace};

impl Interval {
    /// The demand whose windows hold the feed.
    #[must_use]
    pub fn held_by<'p>(&self, plan: &'p Plan) -> Option<&'p str> {
        plan.charge(self.held?.demand).map(|charge| charge.name.as_str())
    }

    /// What is paid of a demand, and what earlier billing periods and the least make of it (W).
    #[must_use]
    pub fn paid(&self, plan: &Plan, demand: usize) -> Option<(f64, f64)> {
        let (charge, kept, with) = (plan.charge(demand)?, self.kept.get(demand)?, self.with(plan, demand));
        Some((kept.paid(charge).max(with), kept.floor(charge).max(with)))
    }

    /// What earlier peaks of other demands make of what is billed for one, whose ratchet looks at them (W).
    pub(super) fn with(&self, plan: &Plan, demand: usize) -> f64 {
        let Some((charge, kept)) = plan.charge(demand).zip(self.kept.get(demand)) else { return 0.0 };
        let others = plan.tariff.demand.iter().zip(&self.kept);
        others.map(|other| kept.with(charge, other)).fold(0.0, f64::max)
    }

    /// The mean power between two instants of the wall clock (W), by the meter's register; nothing where that is not known. It is now so late (ms, clock
    /// of energy).
    #[must_use]
    pub fn mean(&self, at: i64, (from, to): (Wall, Wall)) -> Option<f64> {
        let offset = self.offset(at)?;
        self.trace.mean(from.0 - offset, to.0 - offset)
    }

    /// What the utility's clock is ahead of the clock of energy (ms) at an instant of that (ms); nothing where that is not known.
    #[must_use]
    pub fn offset(&self, at: i64) -> Option<i64> {
        self.alignment.best(at).filter(|_| !self.alignment.is_unknown())
    }

    /// What flowed through the meter of late.
    #[must_use]
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }
}
