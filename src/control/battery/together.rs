//! Batteries as one, for a plan.

use plant::hall::power::Power;
use plant::id::FeedId;
use plant::units::Watts;

use super::Batteries;
use crate::control::quality::Image;
use crate::planner::{Battery, MOST};

/// What a battery holds counts with no less of its nameplate, whatever it proved (1).
const LEAST: f64 = 0.3;

impl Batteries {
    /// How many are seen below a feed, and prove nothing.
    #[must_use]
    pub fn seen_below(&self, power: &Power, feed: FeedId) -> usize {
        let here = power.storage.iter().zip(&self.units).filter(|(of, _)| power.hangs_below(of.feed, feed));
        here.filter(|(_, unit)| unit.seen.is_some() && unit.proof.is_none()).count()
    }

    /// What those below a feed give now (W; negative is taken), and what they hold by their nameplates (Wh); nothing where one of them does not tell.
    #[must_use]
    pub fn tell(power: &Power, feed: FeedId, image: Image<'_>) -> (Option<Watts>, Option<f64>) {
        let here = || power.storage.iter().filter(|of| power.hangs_below(of.feed, feed));
        let gives = here().map(|of| image.read(of.of.power).fresh());
        let holds = here().map(|of| Some(of.capacity.0 * image.read(of.of.charge).fresh()?.0 / 100.0));
        let gives = gives.map(|gives| gives.map(|of| of.0)).sum::<Option<f64>>();
        (gives.map(Watts), holds.sum())
    }

    /// What of a planned power (W; negative is taken) one of those that are seen below a feed gives, by its place: its share of their ratings.
    #[must_use]
    pub fn part(&self, power: &Power, (feed, place): (FeedId, usize), planned: f64) -> Option<f64> {
        let rated = |of: &plant::hall::storage::Storage| if planned > 0.0 { of.rated.1.0 } else { of.rated.0.0 };
        let here =
            power.storage.iter().zip(&self.units).enumerate().filter(|(_, (of, unit))| {
                power.hangs_below(of.feed, feed) && unit.seen.is_some() && unit.proof.is_none()
            });
        let all: f64 = here.clone().map(|(_, (of, _))| rated(of)).sum();
        let own = here.clone().find(|(n, _)| *n == place).map(|(_, (of, _))| rated(of))?;
        (all > 0.0).then(|| planned * own / all)
    }

    /// All that are seen below a feed, as one: powers and energies add up, and what each proved counts for its nameplate. Nothing where none is seen.
    ///
    /// What charging tapers off to near its end is left out: a plan that is late there is made anew a quarter of an hour later.
    #[must_use]
    pub fn together(&self, power: &Power, feed: FeedId) -> Option<Battery> {
        let none = Battery {
            charge: 0.0,
            discharge: 0.0,
            capacity: 0.0,
            charge_efficiency: 0.0,
            discharge_efficiency: 0.0,
            level: 0.0,
            reserve: 0.0,
            end: 0.0,
            worth: 0.0,
            wear: 0.0,
        };
        let mut all = none;
        for (of, unit) in power.storage.iter().zip(&self.units).filter(|(of, _)| power.hangs_below(of.feed, feed)) {
            let Some(seen) = unit.seen.filter(|_| unit.proof.is_none()) else { continue };
            let full = of.capacity.0 / 1e3 * unit.proven.map_or(1.0, |proven| proven.share.clamp(LEAST, 1.0));
            let at = |percent: f64| full * (percent / 100.0).clamp(0.0, 1.0);
            let (share, capacity) = (of.cells.share(seen.cells), at(of.window.1.0));
            let gives = of.rated.1.0 * share;
            all.charge += of.rated.0.0.min(of.charging.most.0) * of.cells.charging_share(seen.cells) / 1e3;
            all.discharge += unit.follow.able().map_or(gives, |able| gives.min(able)) / 1e3;
            all.capacity += capacity;
            all.level += at(seen.charge.0).min(capacity);
            all.reserve += at(of.floor().0).min(capacity);
            all.charge_efficiency += of.efficiency * capacity;
            all.wear += of.wear * capacity;
        }
        if all.capacity <= 0.0 || all.capacity > MOST {
            return None;
        }
        let efficiency = (all.charge_efficiency / all.capacity).clamp(LEAST, 1.0);
        let bound = |kw: f64| kw.clamp(0.0, MOST);
        Some(Battery {
            charge: bound(all.charge),
            discharge: bound(all.discharge),
            charge_efficiency: efficiency,
            discharge_efficiency: efficiency,
            wear: all.wear / all.capacity,
            ..all
        })
    }
}
