//! What may be drawn besides, so that no window becomes the worse for it.

use plant::convert::i64_from_bits;
use plant::units::Watts;

use super::{Interval, Plan, Scene, Tightest, hours};

/// A plan's target above that of the hall's file by less than this is the same (1).
const BEYOND: f64 = 0.002;

/// How near what is forecast comes to what windows allow (1, 0 and more): above 1 loads are lowered.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Strain {
    /// In the windows that are open.
    pub now: f64,
    /// In those that begin next.
    pub next: f64,
}

impl Interval {
    /// What a feed may carry so that open windows stay below planned targets, one for each of the tariff's demands (W), or below what is paid; nothing where
    /// none is planned, and while the meter is in doubt.
    #[must_use]
    pub fn allows(&self, plan: &Plan, scene: &Scene, targets: &[Option<f64>]) -> Option<Watts> {
        let read = self.is_read(plan);
        let at = i64_from_bits(scene.at.millis());
        let each = targets.iter().enumerate().filter(|_| read).filter_map(|(demand, target)| {
            let (paid, _) = self.paid(plan, demand)?;
            let open = self.below(plan, scene, (at, demand, (*target)?.max(paid)))?;
            Some(open.room.allowed)
        });
        each.reduce(Watts::min)
    }

    /// How near what is forecast, with its error, comes to what windows allow and batteries give beside (W); nothing where nothing is kept.
    #[must_use]
    pub fn strain(&self, plan: &Plan, scene: &Scene, gives: Watts) -> Option<Strain> {
        let at = i64_from_bits(scene.at.millis());
        let each = (0..plan.targets.len()).filter_map(|demand| {
            let target = self.target(plan, demand)?;
            let length = plan.charge(demand)?.window.length;
            let share = |flows: f64, allowed: f64| flows / (allowed + gives.0).max(1.0);
            // Outside of its hours a demand has no window that is open.
            let open = self.tightest(plan, scene, (at, demand));
            let now = open.map_or(0.0, |of| share((of.room.next + of.room.off).0, of.room.allowed.0));
            let off = plan.rules.sensitivity * self.load.off(length) / hours(length);
            let flows = self.load.next(length).unwrap_or(scene.free.0) + off;
            Some(Strain { now, next: share(flows, target * (1.0 - plan.rules.margin)) })
        });
        each.reduce(|one, other| Strain { now: one.now.max(other.now), next: one.next.max(other.next) })
    }

    /// True while the billed meter is read, or has not been unread for long.
    #[must_use]
    pub fn is_read(&self, plan: &Plan) -> bool {
        self.blind < plan.rules.stale
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
        if !self.is_read(plan) || self.held.is_some() {
            return Watts(0.0);
        }
        let at = i64_from_bits(scene.at.millis());
        let open = demands.filter_map(|demand| self.tightest(plan, scene, (at, demand)));
        let tightest = open.reduce(Tightest::join);
        let allowed = tightest.map_or(Watts(f64::INFINITY), |of| of.room.allowed - of.room.off);
        Watts(target * (1.0 - plan.rules.margin)).min(allowed)
    }
}
