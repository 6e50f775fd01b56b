//! What each feed carries of a watt at machines: with the losses on its way up, and with the cooling that it causes.

use plant::hall::power::flows::Flow;
use plant::hall::power::{Feed, Power};
use plant::id::{FeedId, Table};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

/// Cooling is measured only where machines draw so much of what they are rated (1).
const WORTH: f64 = 0.1;
/// No cooling draws more for each watt (1).
const HIGHEST: f64 = 2.0;

/// Where power is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// Somewhere below a feed.
    Feed(FeedId),
    /// In a rack, by its place in [`Power::racks`].
    Rack(usize),
}

/// What each feed carries (1) where so much is drawn at each place (1, together 1), with what each watt brings in cooling (1).
/// Below a feed that is named as a place nobody knows where it is drawn: no feed there carries it, and the way with the highest losses counts.
#[must_use]
pub fn weights(
    power: &Power,
    places: &[(Place, f64)],
    (cooling, spread): (f64, &Table<FeedId, f64>),
) -> Vec<(FeedId, f64)> {
    let all = power.feeds.iter().map(|(id, _)| {
        let of = carries(power, places, id);
        (id, of + cooling * spread.get(id).copied().unwrap_or(0.0))
    });
    all.filter(|(_, of)| *of > 0.0).collect()
}

/// What one feed carries of it (1), without the cooling that it brings. Allocates nothing.
#[must_use]
pub fn carries(power: &Power, places: &[(Place, f64)], feed: FeedId) -> f64 {
    let enters = |id: FeedId| 1.0 + power.feeds.get(id).map_or(0.0, |of| of.loss.share);
    let each = places.iter().map(|(place, share)| match *place {
        Place::Rack(rack) => {
            let all = power.feeds.iter().flat_map(|(id, of)| of.cords.iter().map(move |cord| (id, cord)));
            let here = all.filter(|(_, cord)| cord.rack == rack);
            here.map(|(id, cord)| climbs(power, (id, share * cord.share * enters(id)), feed)).sum()
        }
        Place::Feed(at) => {
            // The way with the highest losses below it.
            let deep = power.feeds.iter().map(|(id, _)| climbs(power, (id, enters(id)), at)).fold(1.0, f64::max);
            climbs(power, (at, share * deep), feed)
        }
    });
    each.sum::<f64>()
}

/// What enters a feed (1) of what enters one below it, or itself; nothing where it does not hang there.
fn climbs(power: &Power, (below, enters): (FeedId, f64), feed: FeedId) -> f64 {
    let mut carries = enters;
    for at in power.upward(below) {
        if at != below {
            carries *= 1.0 + power.feeds.get(at).map_or(0.0, |of| of.loss.share);
        }
        if at == feed {
            return carries;
        }
    }
    0.0
}

/// What each feed carries of a watt of cooling (1). Feeds without racks below carry it, each by what hangs on it, and all above them.
#[must_use]
pub fn spread(power: &Power) -> Table<FeedId, f64> {
    let cools = |id: FeedId| cooling_feed(power, id);
    let all: f64 = power.feeds.iter().filter(|(id, _)| cools(*id)).map(|(_, feed)| feed.other_peak.0).sum();
    let mut carries: Table<FeedId, f64> = Table::filled(power.feeds.len(), 0.0);
    for id in power.up.iter().copied().filter(|_| all > 0.0) {
        let (Some(feed), Some(here)) = (power.feeds.get(id), carries.get_mut(id)) else { continue };
        let own = if cools(id) { feed.other_peak.0 / all } else { 0.0 };
        *here = (*here + own) * (1.0 + feed.loss.share);
        let here = *here;
        feed.parent.and_then(|parent| carries.get_mut(parent)).into_iter().for_each(|above| *above += here);
    }
    // One without a meter counts what hangs on it at its most already.
    for (id, _) in power.feeds.iter().filter(|(id, feed)| cools(*id) && feed.meter.is_none()) {
        carries.get_mut(id).into_iter().for_each(|here| *here = 0.0);
    }
    carries
}

/// True for a feed below which no rack hangs.
fn cooling_feed(power: &Power, id: FeedId) -> bool {
    !power.feeds.iter().any(|(below, feed)| !feed.cords.is_empty() && power.hangs_below(below, id))
}

/// What cooling draws now for each watt of machines (1); nothing where meters do not tell it, or too little is drawn.
#[must_use]
pub fn measured<'f>(power: &Power, flow: impl Fn(FeedId) -> Option<&'f Flow>, racks: Watts) -> Option<f64> {
    let rated: Watts = power.racks.iter().map(|rack| rack.rated).sum();
    let load = cooled(power, &cooling_feeds(power), flow).filter(|_| racks > rated * WORTH)?;
    Some((load / racks).clamp(0.0, HIGHEST))
}

/// The feeds that carry cooling and nothing else, and hang below none that does.
#[must_use]
pub fn cooling_feeds(power: &Power) -> Vec<FeedId> {
    let top = |(id, feed): &(FeedId, &Feed)| {
        cooling_feed(power, *id) && feed.parent.is_none_or(|above| !cooling_feed(power, above))
    };
    power.feeds.iter().filter(top).map(|(id, _)| id).collect()
}

/// What cooling draws now, through such feeds (W); nothing where meters do not tell it. Allocates nothing.
#[must_use]
pub fn cooled<'f>(power: &Power, feeds: &[FeedId], flow: impl Fn(FeedId) -> Option<&'f Flow>) -> Option<Watts> {
    let root = |(_, feed): &(FeedId, &Feed)| feed.parent.is_none();
    let whole = power.feeds.iter().filter(root).all(|(id, _)| flow(id).is_some_and(|of| of.whole));
    if !whole || feeds.is_empty() {
        return None;
    }
    let metered = |id: &FeedId| power.feeds.get(*id).is_some_and(|feed| feed.meter.is_some());
    let load = |id: &FeedId| flow(*id).filter(|_| metered(id)).map(|of| of.load.0);
    feeds.iter().map(load).sum::<Option<f64>>().map(Watts)
}

/// The same weights, those of the deepest feeds first.
#[must_use]
pub fn deepest_first(power: &Power, weights: Vec<(FeedId, f64)>) -> Vec<(FeedId, f64)> {
    let of = |id: &FeedId| weights.iter().find(|(feed, _)| feed == id).copied();
    power.up.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use plant::hall::Hall;

    use super::*;

    #[test]
    fn racks_bring_what_the_halls_own_tree_says_and_a_feed_the_way_with_the_highest_losses() {
        for (name, text) in plant::shipped::HALLS {
            let power = Hall::load(name, text).expect("loads").power;
            let racks: Vec<usize> = (0..power.racks.len()).collect();
            for pair in racks.windows(2) {
                let share = |rack: usize| if rack == pair[0] { 0.75 } else { 0.25 };
                let brought = power.brought(|rack| Watts(if pair.contains(&rack) { share(rack) } else { 0.0 }));
                let places = [(Place::Rack(pair[0]), 0.75), (Place::Rack(pair[1]), 0.25)];
                for (id, watts) in brought.iter() {
                    let is = carries(&power, &places, id);
                    assert!((is - watts.0).abs() < 1e-12, "{name} {places:?} {id:?}: {is} and {watts}");
                }
            }
            // Each factor on the way from the worst below to the top, by hand.
            for (id, feed) in power.feeds.iter() {
                let factor = |at: FeedId| 1.0 + power.feeds[at].loss.share;
                let below = power.feeds.iter().map(|(at, _)| at).filter(|at| power.upward(*at).any(|up| up == id));
                let deep = below.map(|at| {
                    let way: Vec<FeedId> = power.upward(at).collect();
                    let to = way.iter().position(|up| *up == id).expect("on its way");
                    way[..=to].iter().map(|up| factor(*up)).product::<f64>()
                });
                let deep = deep.fold(1.0, f64::max);
                let above = feed.parent.map_or(0.0, |parent| deep * factor(parent));
                let of = |at: FeedId| carries(&power, &[(Place::Feed(id), 1.0)], at);
                assert!((of(id) - deep).abs() < 1e-12 && feed.parent.is_none_or(|up| (of(up) - above).abs() < 1e-12));
            }
        }
    }
}
