//! What a feed carries of a watt at machines, with the losses on its way up and without the cooling that it brings. Nothing here allocates.

use plant::hall::power::Power;
use plant::id::FeedId;

use super::tree::Place;

/// What a feed carries (1) where so much is drawn at each place (1, together 1): as [`weights`](super::tree::weights) has it for no cooling.
#[must_use]
pub fn carries(power: &Power, places: &[(Place, f64)], feed: FeedId) -> f64 {
    let each = places.iter().map(|(place, share)| {
        let carries = match *place {
            Place::Rack(rack) => {
                let all = power.feeds.iter().flat_map(|(id, of)| of.cords.iter().map(move |cord| (id, cord)));
                all.filter(|(_, cord)| cord.rack == rack).map(|(id, cord)| cord.share * way(power, id, feed)).sum()
            }
            Place::Feed(at) => {
                let deep = power.feeds.iter().map(|(id, _)| way(power, id, at)).fold(0.0, f64::max);
                let above = way(power, at, feed);
                deep * above / power.feeds.get(at).map_or(1.0, |of| 1.0 + of.loss.share)
            }
        };
        share * carries
    });
    each.sum()
}

/// What enters a feed for each watt that leaves one below it, or itself (1); nothing where it does not hang there.
fn way(power: &Power, below: FeedId, feed: FeedId) -> f64 {
    let mut carries = 1.0;
    for at in power.upward(below) {
        carries *= 1.0 + power.feeds.get(at).map_or(0.0, |of| of.loss.share);
        if at == feed {
            return carries;
        }
    }
    0.0
}

#[cfg(test)]
mod tests {
    use plant::hall::Hall;

    use super::*;
    use crate::control::ledger::tree::{spread, weights};

    #[test]
    fn without_cooling_a_feed_carries_what_weights_say() {
        for (name, text) in plant::shipped::HALLS {
            let power = Hall::load(name, text).expect("loads").power;
            let racks = (0..power.racks.len()).map(Place::Rack);
            let feeds = power.feeds.iter().map(|(id, _)| Place::Feed(id));
            let all: Vec<Place> = racks.chain(feeds).collect();
            for pair in all.windows(2) {
                let places = [(pair[0], 0.75), (pair[1], 0.25)];
                let wanted = weights(&power, &places, (0.0, &spread(&power)));
                for (id, _) in power.feeds.iter() {
                    let weight = wanted.iter().find(|(of, _)| *of == id).map_or(0.0, |(_, weight)| *weight);
                    let is = carries(&power, &places, id);
                    assert!((is - weight).abs() < 1e-12, "{name} {places:?} {id:?}: {is} and {weight}");
                }
            }
        }
    }
}
