//! What is needed of cooling.

use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::Plan;
use crate::control::ahead::slots::price;
use crate::control::interval::Strain;
use crate::control::outlook::{begin, quarter};
use crate::control::power::Capper;
use crate::control::{Plan as Site, State};

/// Setpoints rise from this share of what is allowed on (1), in this window or the next: sooner than caps come down, for they take minutes.
const MORE: f64 = 0.98;
/// Below this share nothing is needed, and there is room for what cooling draws more on its way home (1).
const LESS: f64 = 0.95;
/// Setpoints fall before a peak only below this share, of what is allowed without batteries (1).
const ROOM: f64 = 0.9;
/// A slot in which more is expected than this share of its target binds (1).
const BINDS: f64 = 0.98;
/// So many slots are looked ahead: an hour.
const SOON: usize = 4;

/// What is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Need {
    /// Nothing, and the next window has room.
    #[default]
    None,
    /// Nothing now; a plan expects a peak within the hour, there is room, and energy is not dearer than then.
    Ahead,
    /// Nothing more, but not less either.
    Near,
    /// More than batteries give.
    More,
}

impl Need {
    /// Nothing is needed now.
    #[must_use]
    pub const fn is_none(self) -> bool {
        match self {
            Self::None | Self::Ahead => true,
            Self::Near | Self::More => false,
        }
    }
}

impl State {
    /// What is needed of cooling; nothing while it is not known what flows.
    pub(super) fn need(&self, (site, plan): (&Site, &Plan), capper: &Capper) -> Option<Need> {
        let (peaks, scene) = (site.peaks.as_ref()?, self.metered(site, capper)?);
        if !self.interval.is_read(peaks) {
            return None;
        }
        let free = self.metered_free(&site.hall, plan.feed)?;
        let given = self.given(&site.hall, plan.feed).max(Watts(0.0));
        let gives = self.batteries.relieves(&site.hall.power, plan.feed) + given;
        let asked = [self.budgets.of(plan.feed).map(|of| of.most), self.grid.allowed(plan.feed).map(|of| of.allowed)];
        // What is forecast, over what is allowed and batteries give.
        let share = |gives: Watts| {
            let asked = asked.into_iter().flatten().map(|most| free.0 / (most + gives).0.max(1.0));
            let Strain { now, next } = self.interval.strain(peaks, &scene, gives).unwrap_or_default();
            asked.fold(now.max(next), f64::max)
        };
        let most = share(gives);
        Some(match () {
            () if most > MORE => Need::More,
            // Caps come back first.
            () if most >= LESS || self.interval.allowed(site.peaks.as_ref()).is_some() => Need::Near,
            () if plan.rules.pre_cool.0 > 0.0 && share(Watts(0.0)) < ROOM && self.binds_soon(site) => Need::Ahead,
            () => Need::None,
        })
    }

    /// True where the plan that is followed expects a slot within the hour in which a target binds, and in which energy is not cheaper than now.
    fn binds_soon(&self, site: &Site) -> bool {
        let now = self.clock.last();
        let (Some(tariff), Some(follow)) = (site.tariff.as_deref(), &self.ahead) else { return false };
        let (Some((_, from, slots)), Some(targets)) = (follow.plan(), follow.now(now.wall).map(|now| now.targets))
        else {
            return false;
        };
        let Some(target) = targets.iter().copied().flatten().reduce(f64::min).filter(|_| now.clock_trusted) else {
            return false;
        };
        let here = quarter(now.wall);
        let Ok(place) = usize::try_from(here.saturating_sub(quarter(from))) else { return false };
        let cost = |quarter: i64| price(tariff, self.prices.known(), begin(quarter));
        let coming = (here.saturating_add(1)..).zip(slots.iter().skip(place.saturating_add(1))).take(SOON);
        // What flows where batteries rest.
        let binds = coming.filter(|(_, slot)| slot.site + slot.gives >= BINDS * target);
        let cheap = |at: i64| cost(here).zip(cost(at)).is_some_and(|(now, then)| now <= then);
        binds.map(|(at, _)| at).any(cheap)
    }
}
