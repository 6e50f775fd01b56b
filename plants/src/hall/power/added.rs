//! The tree as it would be with more racks: what is proved of it, and what they would bring to each feed.

use super::{Cord, Node, Power};
use crate::id::{FeedId, Table};
use crate::units::Watts;

impl Power {
    /// The tree with one more rack for each of `like` (places in [`Power::racks`]): cords on the same feeds, the same nodes in it. The new racks
    /// stand last, in that order, and a place where no rack is brings none. `fail_safe` and `most` of every feed are as of a file with these racks.
    /// Nobody caps GPUs of such a tree, and a new rack has no reading of its own: it is for looking ahead only.
    #[must_use]
    pub fn with_racks(&self, like: &[usize]) -> Self {
        let mut more = Self { capping: None, ..self.clone() };
        let mut first = self.gpus();
        for from in like.iter().copied() {
            let Some(rack) = self.racks.get(from) else { continue };
            let place = more.racks.len();
            more.racks.push(*rack);
            for (feed, of) in more.feeds.rows_mut().iter_mut().zip(self.feeds.rows()) {
                let cords = of.cords.iter().filter(|cord| cord.rack == from);
                feed.cords.extend(cords.map(|cord| Cord { rack: place, ..*cord }));
            }
            for node in self.nodes.iter().filter(|node| node.rack == from) {
                let node = Node { rack: place, first, ..node.clone() };
                first = node.places().end;
                more.nodes.push(node);
            }
        }
        more.prove();
        more
    }

    /// What enters each feed more where each rack draws so much more (W), while all cords are there: by their shares, with the losses on the way.
    #[must_use]
    pub fn brought(&self, rack: impl Fn(usize) -> Watts) -> Table<FeedId, Watts> {
        let mut enters = Table::filled(self.feeds.len(), Watts(0.0));
        for id in self.up.iter().copied() {
            let (Some(feed), Some(here)) = (self.feeds.get(id), enters.get_mut(id)) else { continue };
            let cords: Watts = feed.cords.iter().map(|cord| rack(cord.rack) * cord.share).sum();
            *here = (*here + cords) * (1.0 + feed.loss.share);
            let enters_here = *here;
            if let Some(above) = feed.parent.and_then(|parent| enters.get_mut(parent)) {
                *above += enters_here;
            }
        }
        enters
    }

    /// True where a feed is this one or hangs below it.
    #[must_use]
    pub fn hangs_below(&self, feed: FeedId, above: FeedId) -> bool {
        self.upward(feed).any(|at| at == above)
    }

    /// A feed and all above it, up to the root.
    pub fn upward(&self, feed: FeedId) -> impl Iterator<Item = FeedId> + '_ {
        let up = std::iter::successors(Some(feed), |at| self.feeds.get(*at).and_then(|of| of.parent));
        up.take(self.feeds.len())
    }

    /// What all GPUs in the racks with a cord below a feed draw at their most (W).
    #[must_use]
    pub fn rated_below(&self, above: FeedId) -> Watts {
        let mut fed = vec![false; self.racks.len()];
        for (_, feed) in self.feeds.iter().filter(|(id, _)| self.hangs_below(*id, above)) {
            for cord in &feed.cords {
                if let Some(fed) = fed.get_mut(cord.rack) {
                    *fed = true;
                }
            }
        }
        let below = self.nodes.iter().filter(|node| fed.get(node.rack).copied().unwrap_or(false));
        below.map(|node| node.rated * f64::from(node.gpus)).sum()
    }
}

#[cfg(test)]
mod tests {
    use crate::hall::Hall;
    use crate::units::Watts;

    fn air(racks_of_row_a: &str) -> Hall {
        let text = crate::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped").1;
        let text = text.replacen("\nracks = 20\n", &format!("\nracks = {racks_of_row_a}\n"), 1);
        Hall::load("air", &text).unwrap_or_else(|faults| panic!("{faults}"))
    }

    /// The oracle is the loader, with a file that has these racks.
    #[test]
    fn a_rack_added_is_a_rack_of_the_file() {
        let (now, then) = (air("20"), air("23"));
        let more = now.power.with_racks(&[0, 7, 19, 999]);
        assert_eq!((more.racks.len(), more.gpus()), (then.power.racks.len(), then.power.gpus()));
        for (added, written) in more.feeds.rows().iter().zip(then.power.feeds.rows()) {
            assert_eq!((&added.name, added.cords.len()), (&written.name, written.cords.len()));
            assert!((added.fail_safe - written.fail_safe).0.abs() < 1e-6, "{}", added.name);
            assert!((added.most - written.most).0.abs() < 1e-6, "{}", added.name);
        }
        // Every GPU has one place.
        let places: Vec<usize> = more.nodes.iter().flat_map(super::Node::places).collect();
        assert!(places.into_iter().eq(0..more.gpus()));
        // None added: what the loader proved.
        let none = now.power.with_racks(&[]);
        assert_eq!(none.feeds, now.power.feeds);
    }

    #[test]
    fn a_watt_in_a_rack_is_carried_with_the_losses_on_its_way() {
        let hall = air("20");
        let power = &hall.power;
        let brought = power.brought(|rack| Watts(if rack == 3 { 1000.0 } else { 0.0 }));
        let at = |name: &str| brought[power.feed(name).expect("a feed")].0;
        assert!((at("pdu-a1") - 504.0).abs() < 1e-9 && (at("pdu-a2") - 504.0).abs() < 1e-9);
        assert!((at("ups-a") - 1008.0 / 0.975).abs() < 1e-9);
        assert!((at("utility") - 1008.0 / 0.975 * 1.0065).abs() < 1e-9);
        assert!(at("pdu-b1") == 0.0 && at("mechanical") == 0.0);
        let rated = |name: &str| power.rated_below(power.feed(name).expect("a feed")).0;
        assert_eq!([rated("pdu-a1"), rated("utility"), rated("ups-m")], [280e3, 560e3, 0.0]);
    }
}
