//! What interval control goes by: the hall's rules, the site's tariff, and what follows from both.

use std::sync::Arc;

use plant::hall::Hall;
use plant::hall::peaks::{Peaks, Ride};
use plant::id::{FeedId, PointId};
use plant::time::Span;
use plant::units::Watts;

use crate::control::tariff::{DemandCharge, Tariff, WindowKind};

/// What follows from a hall and its tariff.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) rules: Peaks,
    /// The billed meter's name.
    pub(super) name: String,
    pub(super) tariff: Arc<Tariff>,
    /// Where the meter counts the intervals that it has ended.
    pulse: Option<PointId>,
    pub(super) rated: Watts,
    pub(super) limit: Watts,
    /// What each of the tariff's demands shall not exceed (W).
    pub(super) targets: Vec<Option<f64>>,
    /// The longest window, and the grid on which all of them begin (ms).
    pub(super) lengths: (i64, i64),
}

/// The longest that goes into both (ms).
fn common(one: i64, other: i64) -> i64 {
    one.checked_rem(other).map_or(one, |rest| common(other, rest))
}

impl Plan {
    /// Of a hall with `[peaks]` that knows its tariff; nothing of others.
    #[must_use]
    pub fn of(hall: &Hall, tariff: Option<&Arc<Tariff>>) -> Option<Self> {
        let (rules, tariff) = (hall.power.peaks.clone()?, Arc::clone(tariff?));
        let meter = hall.meters.get(rules.meter)?;
        let (rated, name) = (meter.rated, hall.equips.get(meter.equip).map(|equip| equip.name.clone()));
        let limit = hall.power.feeds.get(rules.feed)?.limit();
        let targets = tariff.demand.iter().map(|charge| rules.target(&charge.name).map(|most| most.0)).collect();
        let windows = || tariff.demand.iter().map(|charge| charge.window);
        let longest = windows().map(|window| window.length).max().unwrap_or(0);
        let apart = windows().map(|window| match window.kind {
            WindowKind::Fixed | WindowKind::Rolling => window.length,
            WindowKind::Block => window.step,
        });
        let grid = apart.reduce(common).unwrap_or(1);
        let pulse = rules.pulse.as_ref().and_then(|name| hall.point(name));
        Some(Self {
            rules,
            name: name.unwrap_or_default(),
            tariff,
            pulse,
            rated,
            limit,
            targets,
            lengths: (longest, grid),
        })
    }

    /// The billed meter: its place among the hall's.
    #[must_use]
    pub const fn meter(&self) -> usize {
        self.rules.meter
    }

    /// Where the meter counts the intervals that it has ended; nothing where it does not.
    #[must_use]
    pub const fn pulse(&self) -> Option<PointId> {
        self.pulse
    }

    /// Batteries follow a plan of the day ahead.
    #[must_use]
    pub const fn plans(&self) -> bool {
        self.rules.plan
    }

    /// What a kilogram of CO₂ counts for in a plan (currency per kg).
    #[must_use]
    pub const fn co2(&self) -> f64 {
        self.rules.co2
    }

    /// How far cooling's setpoints are moved for peaks, and how long nothing must have needed that before they go home.
    #[must_use]
    pub const fn ride(&self) -> (Ride, Span) {
        (self.rules.ride, self.rules.release)
    }

    /// What the hall's file says that a demand's windows shall not exceed (W).
    #[must_use]
    pub fn most(&self, demand: usize) -> Option<f64> {
        self.targets.get(demand).copied().flatten()
    }

    /// How many demands the tariff has.
    #[must_use]
    pub fn demands(&self) -> usize {
        self.tariff.demand.len()
    }

    /// What energy and its peaks cost.
    #[must_use]
    pub fn tariff(&self) -> &Tariff {
        &self.tariff
    }

    /// The feed below which loads are lowered.
    #[must_use]
    pub const fn feed(&self) -> FeedId {
        self.rules.feed
    }

    /// The place of a demand among the targets of the hall's file.
    pub(super) fn place(&self, demand: usize) -> u8 {
        let named = |name: &str| self.rules.targets.iter().position(|target| target.demand == name);
        let place = self.charge(demand).and_then(|charge| named(&charge.name));
        place.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX)
    }

    /// A demand of the tariff, by its place.
    pub(super) fn charge(&self, demand: usize) -> Option<&DemandCharge> {
        self.tariff.demand.get(demand)
    }
}
