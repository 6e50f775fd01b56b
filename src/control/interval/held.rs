//! When loads are lowered for windows, and when they are let go.

use plant::event::{About, PeakNews, What};
use plant::hall::peaks::Unreliable;
use plant::time::Span;
use plant::units::Watts;

use super::{Held, Interval, Plan, Scene, Tightest};
use crate::control::clock::sum;
use crate::control::news::News;

/// So long before its end a moment must keep what a window allows, and before that less and less (s).
const LOOSE: (f64, f64) = (20.0, 120.0);

impl Interval {
    /// Lowers loads, and lets them go.
    pub(super) fn hold(&mut self, plan: &Plan, scene: &Scene, (at, news): (i64, &mut News<'_>)) {
        let (dt, before) = (scene.now.dt, self.held);
        self.held = if self.blind >= plan.rules.stale { self.unread(plan) } else { self.seen(plan, scene, at) };
        if self.held.is_some() {
            self.lowered.1 = sum(self.lowered.1, dt);
        }
        let about = About::Feed(plan.feed());
        match (before, self.held) {
            (None, Some(held)) => {
                self.lowered.0 = self.lowered.0.saturating_add(1);
                let held = PeakNews::Held { demand: plan.place(held.demand), allowed: held.allowed.0 };
                news.warn(about, What::Peak(held));
            }
            (Some(_), None) => news.info(about, What::Peak(PeakNews::Free)),
            (None, None) | (Some(_), Some(_)) => {}
        }
    }

    /// The meter is read: loads are lowered as its windows allow.
    fn seen(&self, plan: &Plan, scene: &Scene, at: i64) -> Option<Held> {
        let each = (0..plan.targets.len()).filter_map(|demand| self.tightest(plan, scene, (at, demand)));
        let rises = self.rises(plan, scene, at);
        let Some(tightest) = each.reduce(Tightest::join) else { return rises.filter(|of| of.allowed < plan.limit) };
        let Tightest { demand, room, over, calm, .. } = tightest;
        let allowed = room.allowed.min(plan.limit);
        if let Some(rises) = rises.filter(|rises| rises.allowed < allowed) {
            return Some(rises);
        }
        let calm = match self.held {
            None if over => Span::ZERO,
            None => return None,
            Some(held) if calm => sum(held.calm, scene.now.dt),
            Some(_) => Span::ZERO,
        };
        if calm > Span::ZERO && calm >= plan.rules.release {
            return None;
        }
        let loose = (room.left - LOOSE.0) / (LOOSE.1 - LOOSE.0);
        Some(Held { demand, allowed, loose: loose.clamp(0.0, 1.0), calm })
    }

    /// The demand that held has no window that is open any more, as after its hours: what is allowed rises from what flows to all in the time for which loads must be
    /// calm else, so that what waited does not come back at once.
    fn rises(&self, plan: &Plan, scene: &Scene, at: i64) -> Option<Held> {
        let held = self.held.filter(|held| self.tightest(plan, scene, (at, held.demand)).is_none())?;
        let release = plan.rules.release.seconds();
        let share = if release > 0.0 { scene.now.dt.seconds() / release } else { 1.0 };
        let allowed = held.allowed.max(scene.load).min(plan.limit) + plan.limit * share;
        Some(Held { allowed, loose: 1.0, calm: Span::ZERO, ..held })
    }

    /// The meter has not been read for long: what the hall's file says.
    fn unread(&self, plan: &Plan) -> Option<Held> {
        let first = || plan.targets.iter().position(Option::is_some);
        let demand = self.held.map(|held| held.demand).or_else(first)?;
        match plan.rules.unreliable {
            Unreliable::Hold => self.held.map(|held| {
                let target = self.target(plan, held.demand).unwrap_or(f64::INFINITY);
                Held { allowed: held.allowed.min(Watts(target)), loose: 0.0, calm: Span::ZERO, ..held }
            }),
            Unreliable::Release => None,
            Unreliable::Fixed(allowed) => Some(Held { demand, allowed, loose: 0.0, calm: Span::ZERO }),
        }
    }
}
