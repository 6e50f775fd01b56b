//! What energy and a billed power cost, for who asks in a scan. Allocates nothing.

use plant::convert::f64_from_i64;
use plant::time::Wall;

use super::{Counts, Decimal, DemandCharge, EnergyPrice, Period, Prices, Tariff};

impl Tariff {
    /// What the next kWh costs at an instant: the sum of the energy charges, each by the tier that what has flowed has come to in the billing period, as far as that is known with
    /// the prices; the first tier else. Nothing where a day-ahead price is not known, or no period covers the instant.
    #[must_use]
    pub fn price_at(&self, at: Wall, prices: Option<&Prices>) -> Option<Decimal> {
        self.price_by(at, (prices, at))
    }

    /// The same with the day-ahead price that holds at another instant, for who supposes that it holds at this one, too.
    #[must_use]
    pub fn price_by(&self, at: Wall, (prices, published): (Option<&Prices>, Wall)) -> Option<Decimal> {
        let local = self.local(at);
        self.energy.iter().enumerate().try_fold(Decimal::ZERO, |sum, (n, charge)| {
            let price = match &charge.price {
                EnergyPrice::Periods(_) => {
                    let (place, period) = charge.period_at(local, &self.holidays)?;
                    let kwh = prices.and_then(|prices| prices.flowed().kwh(at, (n, place)));
                    self.tier_at(period, (at, kwh.unwrap_or(0.0)))?
                }
                EnergyPrice::DayAhead(add) => prices?.at(published)?.price?.plus(*add),
            };
            Some(sum.plus(price))
        })
    }

    /// The price of the tier into which the next kWh falls. Whose hours of use they are is billed with the end of the period: until then the first.
    fn tier_at(&self, period: &Period, (at, kwh): (Wall, f64)) -> Option<Decimal> {
        let each = match (&period.counts, period.tiers.as_slice()) {
            (_, [one]) => return Some(one.price),
            (Counts::Whole, _) => 1.0,
            (Counts::Daily, _) => {
                let (from, to) = self.billed_with(at)?;
                f64_from_i64(i64::from(to.since(from).ok()?.get_days()))
            }
            (Counts::Hours(_), _) => return period.tiers.first().map(|tier| tier.price),
        };
        let falls = |up_to: Option<Decimal>| up_to.is_none_or(|up_to| kwh < up_to.number() * each);
        period.tiers.iter().find(|tier| falls(tier.up_to)).map(|tier| tier.price)
    }

    /// True where a price of energy changes with how much has flowed.
    #[must_use]
    pub fn has_tiers(&self) -> bool {
        self.periods().any(|period| period.tiers.len() > 1)
    }

    /// True where [`Self::price_at`] may say a lower tier than the next kWh falls into: what has flowed is not all known, or tiers end at hours of use.
    #[must_use]
    pub fn is_tier_doubted(&self, prices: &Prices) -> bool {
        let hours = |period: &Period| period.tiers.len() > 1 && matches!(period.counts, Counts::Hours(_));
        self.has_tiers() && (!prices.flowed().is_whole() || self.periods().any(hours))
    }

    fn periods(&self) -> impl Iterator<Item = &Period> {
        self.energy.iter().flat_map(|charge| match &charge.price {
            EnergyPrice::Periods(periods) => periods.as_slice(),
            EnergyPrice::DayAhead(_) => &[],
        })
    }
}

impl DemandCharge {
    /// The price of a billed power (kW) by its tiers, within what is billed at least and at most; before any amount is rounded, and before taxes.
    #[must_use]
    pub fn costs(&self, kw: f64) -> f64 {
        let least = self.minimum.map_or(0.0, Decimal::number);
        let most = self.maximum.map_or(f64::INFINITY, Decimal::number);
        let (mut left, mut below, mut sum) = (kw.max(least).min(most), 0.0, 0.0);
        for tier in &self.tiers {
            let up_to = tier.up_to.map_or(f64::INFINITY, Decimal::number);
            let part = left.min(up_to - below).max(0.0);
            sum += part * tier.price.number();
            (left, below) = (left - part, up_to);
        }
        sum
    }
}
