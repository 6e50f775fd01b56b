//! What a billed power costs, for who asks in a scan. Allocates nothing.

use super::DemandCharge;

impl DemandCharge {
    /// The price of a billed power (kW) by its tiers, within what is billed at least and at most; before any amount is rounded, and before taxes.
    #[must_use]
    pub fn costs(&self, kw: f64) -> f64 {
        let least = self.minimum.map_or(0.0, super::Decimal::number);
        let most = self.maximum.map_or(f64::INFINITY, super::Decimal::number);
        let (mut left, mut below, mut sum) = (kw.max(least).min(most), 0.0, 0.0);
        for tier in &self.tiers {
            let up_to = tier.up_to.map_or(f64::INFINITY, super::Decimal::number);
            let part = left.min(up_to - below).max(0.0);
            sum += part * tier.price.number();
            (left, below) = (left - part, up_to);
        }
        sum
    }
}
