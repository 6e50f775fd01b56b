//! What may be drawn besides, so that no window becomes the worse for it.

use plant::convert::i64_from_bits;
use plant::units::Watts;

use super::{Interval, Plan, Scene, Tightest};

impl Interval {
    /// What a feed may carry so that open windows stay below planned targets, one for each of the tariff's demands (W), or below what is paid; nothing where
    /// none is planned, and while the meter is in doubt.
    #[must_use]
    pub fn allows(&self, plan: &Plan, scene: &Scene, targets: &[Option<f64>]) -> Option<Watts> {
        let read = self.blind < plan.rules.stale;
        let at = i64_from_bits(scene.at.millis());
        let each = targets.iter().enumerate().filter(|_| read).filter_map(|(demand, target)| {
            let (paid, _) = self.paid(plan, demand)?;
            let open = self.below(plan, scene, (at, demand, (*target)?.max(paid)))?;
            Some(open.room.allowed)
        });
        each.reduce(Watts::min)
    }

    /// Up to here a feed may be loaded to charge batteries (W): what every open window still allows with the error of its forecast, and never more than any
    /// demand's windows are kept below, for the next one begins soon. Nothing at all while the meter is in doubt; all where nothing is kept.
    #[must_use]
    pub fn spare(&self, plan: &Plan, scene: &Scene) -> Watts {
        let demands = 0..plan.targets.len();
        let targets = demands.clone().filter_map(|demand| self.target(plan, demand));
        let Some(target) = targets.reduce(f64::min) else { return Watts(f64::INFINITY) };
        if self.blind >= plan.rules.stale || self.held.is_some() {
            return Watts(0.0);
        }
        let at = i64_from_bits(scene.at.millis());
        let open = demands.filter_map(|demand| self.tightest(plan, scene, (at, demand)));
        let tightest = open.reduce(Tightest::join);
        let allowed = tightest.map_or(Watts(f64::INFINITY), |of| of.room.allowed - of.room.off);
        Watts(target * (1.0 - plan.rules.margin)).min(allowed)
    }
}
