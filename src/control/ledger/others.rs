//! What could be had instead of what was asked for: less of it at once, all of it later, and, for who only asks what would be, when its energy costs least.
//!
//! **Equation**: `cost = Σ watts · weight · price · hours` over the quarters of an hour in which it runs; the weight is what the billed feed carries for each watt at machines, with losses and
//! cooling. What a higher peak costs is not in it.

use plant::convert::{f64_from_i64, usize_from_u64};
use plant::id::FeedId;
use plant::time::Wall;

use super::acquire::Asked;
use super::message::Wish;
use super::reply::{OTHERS, Other, Outcome};
use super::room::{Fit, Scratch};
use super::{Around, Ledger};
use crate::control::ahead::SLOTS;
use crate::control::outlook::{begin, quarter};
use crate::control::term::later;

/// An hour (ms).
const HOUR: f64 = 3_600_000.0;
/// How long something may last whose cost is told (quarters of an hour): two days.
const LONGEST: i64 = 192;
/// What costs less by no more than this is no cheaper (1, of what it is held against).
const ALIKE: f64 = 0.001;

/// What energy costs in the quarters of an hour from one on, for what is carried for a watt.
struct Costs {
    first: i64,
    prices: Vec<Option<f64>>,
    weight: f64,
}

impl Costs {
    fn new(around: &Around<'_>, asked: &Asked<'_>) -> Option<Self> {
        let (first, long) = (quarter(asked.time.from), asked.wish.times.duration?);
        let lasts = i64::try_from(long.millis()).ok()?.checked_div(900_000)?.saturating_add(2);
        (lasts <= LONGEST).then_some(())?;
        let weight = billed(around, asked)?;
        let prices = (first..first.saturating_add(SLOTS).saturating_add(lasts)).map(|of| (around.price)(begin(of)));
        Some(Self { first, prices: prices.collect(), weight })
    }

    /// What the energy of so much costs from an instant on.
    fn of(&self, asked: &Asked<'_>, start: Wall, watts: f64) -> Option<f64> {
        let end = later(start, asked.wish.times.duration?);
        let mut sum = 0.0;
        for at in quarter(start)..=quarter(Wall(end.0.saturating_sub(1))) {
            let (from, to) = (begin(at).max(start), begin(at.saturating_add(1)).min(end));
            let price =
                self.prices.get(usize_from_u64(u64::try_from(at.saturating_sub(self.first)).ok()?)).copied()??;
            sum += price * f64_from_i64(to.0.saturating_sub(from.0)) / HOUR;
        }
        Some(sum * watts * self.weight / 1e3)
    }
}

/// What the billed feed carries for each watt of it, or the one from which all hangs where none is billed (1).
fn billed(around: &Around<'_>, asked: &Asked<'_>) -> Option<f64> {
    let is_billed = |feed: FeedId| match around.billed {
        Some(billed) => feed == billed,
        None => around.power.feeds.get(feed).is_some_and(|of| of.parent.is_none()),
    };
    let found = asked.weights.iter().filter(|(feed, _)| is_billed(*feed)).map(|(_, weight)| *weight);
    found.reduce(f64::max).map(|weight| weight / asked.wish.power.kept())
}

/// As many as are told, in their order.
fn told(found: impl IntoIterator<Item = Other>) -> [Option<Other>; OTHERS] {
    let mut others = [None; OTHERS];
    for (place, of) in others.iter_mut().zip(found) {
        *place = Some(of);
    }
    others
}

impl Ledger {
    /// What there is instead of what is not lent: as much as fits now, and what fits (W) when it could start at the earliest.
    pub(super) fn instead(
        &self,
        around: &Around<'_>,
        asked: &Asked<'_>,
        fit: &Fit,
        later: Option<(Wall, f64)>,
    ) -> [Option<Other>; OTHERS] {
        let (wanted, start) = (asked.wish.power.wanted, asked.time.from);
        let costs = Costs::new(around, asked);
        let other = |start: Wall, fits: f64| {
            let watts = libm::floor(fits).min(wanted);
            let cost = costs.as_ref().and_then(|costs| costs.of(asked, start, watts));
            (watts >= 1.0).then_some(Other { start, watts, cost })
        };
        let now = other(start, fit.watts).filter(|of| of.watts < wanted);
        let later = later.filter(|(at, _)| *at > start && asked.in_time(*at)).and_then(|(at, fits)| other(at, fits));
        told([now, later].into_iter().flatten())
    }

    /// The answer to who asks only what would be, with what it would cost, and when that is least: within a day and a half, and in time.
    pub(super) fn offers(
        &self,
        around: &Around<'_>,
        (wish, names): (&Wish, (&str, &str)),
        outcome: Outcome,
        scratch: &mut Scratch,
    ) -> Outcome {
        let wish = &wish.clone().patient(self.now());
        let Some(asked) = self.asked(around, wish, names).ok().filter(|_| self.clock.is_sure()) else { return outcome };
        let Some(costs) = Costs::new(around, &asked) else { return outcome };
        let (start, wanted) = (asked.time.from, wish.power.wanted);
        let offer = |start: Wall, watts: f64| Some(Other { start, watts, cost: Some(costs.of(&asked, start, watts)?) });
        let profile = self.profile(around, &asked.weights, &asked.time, scratch);
        let fits = libm::floor(self.fit_in(around, &profile, &asked.at(start)).watts).min(wanted);
        let lends = outcome.lends() && outcome.others.iter().all(Option::is_none);
        let now = offer(start, fits).filter(|_| lends && fits >= 1.0);
        let starts = (1..SLOTS).map(|n| begin(costs.first.saturating_add(n)));
        let mut dear: Vec<Other> =
            std::iter::once(start).chain(starts).filter_map(|start| offer(start, wanted)).collect();
        dear.retain(|of| asked.in_time(of.start) && asked.opens(around, of.start));
        dear.sort_by(|a, b| {
            a.cost.partial_cmp(&b.cost).unwrap_or(std::cmp::Ordering::Equal).then(a.start.cmp(&b.start))
        });
        let fits = |of: &&Other| self.fit_in(around, &profile, &asked.at(of.start)).watts >= wanted;
        let cheapest = dear.iter().find(fits).copied();
        let mut found: Vec<Other> = outcome.others.iter().flatten().copied().chain(now).collect();
        // What is as cheap and sooner says it already.
        let dearer = |than: &Other, of: &Other| match (than.cost, of.cost) {
            (Some(than), Some(cost)) if of.watts >= wanted => than < cost - ALIKE * cost.abs(),
            (Some(_) | None, Some(_) | None) => true,
        };
        let cheapest = cheapest.filter(|of| found.iter().all(|other| other.start != of.start && dearer(of, other)));
        found.extend(cheapest);
        found.sort_by_key(|of| of.start);
        Outcome { others: told(found), ..outcome }
    }
}
