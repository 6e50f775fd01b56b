//! What may be drawn besides, so that no window becomes the worse for it.

use plant::convert::i64_from_bits;
use plant::units::Watts;

use super::{Interval, Plan, Scene, Tightest};

/// A plan's target above that of the hall's file by less than this is the same (1).
const BEYOND: f64 = 0.002;

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

    /// True where batteries are not expected to hold some target of the hall's file to the end, by what is planned for each of the tariff's demands (W), and
    /// machines alone cannot be brought below it either: what there is has to be spread over all that comes.
    #[must_use]
    pub fn is_beyond(&self, plan: &Plan, scene: &Scene, planned: &[Option<f64>]) -> bool {
        planned.iter().enumerate().any(|(demand, planned)| {
            let target = self.target(plan, demand).filter(|target| *target < scene.floor.0);
            target.zip(*planned).is_some_and(|(target, planned)| planned > target * (1.0 + BEYOND))
        })
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
