//! The cords of racks against their own breakers, from what racks draw.
//!
//! A cord carries its share of the rack, and what it takes over where another feed of that rack is seen to carry nothing: by a meter that is fresh and says
//! next to nothing while there is something below it. **Outside it** a cord whose own breaker has tripped is not seen.

use super::flows::{Flows, Known};
use super::{Breaker, Feed, Power};
use crate::breaker::Characteristic;
use crate::id::FeedId;
use crate::units::Watts;

/// A feed carries nothing while its meter says less than this of what should be below it (1).
pub(super) const DEAD: f64 = 0.05;
/// The share of a breaker's rating that may be used for good where its maker's points say what trips it.
const MARGIN: f64 = 0.95;

/// What a rack's cord carries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CordFlow {
    /// The rack: its place in [`Power::racks`].
    pub rack: usize,
    /// What goes through its breaker (W).
    pub load: Watts,
    /// What its breaker may carry for good (W).
    pub limit: Watts,
}

impl Breaker {
    /// What it may carry for good, by the usual margin of its kind (W).
    #[must_use]
    pub fn limit(&self) -> Watts {
        let margin = match &self.characteristic {
            Characteristic::Standard(standard) => standard.margin(),
            Characteristic::Points(_) => MARGIN,
        };
        self.rated() * margin
    }
}

impl Flows {
    /// True while a feed is seen to carry nothing of what should be below it.
    #[must_use]
    pub fn is_dead(&self, feed: FeedId) -> bool {
        let dead = |flow: &super::flows::Flow| {
            flow.known == Known::Metered && flow.below.0 > 0.0 && flow.load - flow.loss < flow.below * DEAD
        };
        self.of(feed).is_some_and(dead)
    }

    /// What the cord of a rack carries, by its place among those of a feed; nothing where there is none or the file names no breaker of cords.
    #[must_use]
    pub fn cord(&self, power: &Power, feed: FeedId, place: usize) -> Option<CordFlow> {
        let of = power.feeds.get(feed)?;
        let (cord, limit) = (of.cords.get(place)?, of.branch.as_ref()?.limit());
        let hangs = |other: &Feed| other.cords.iter().any(|other| other.rack == cord.rack);
        let alone = power.feeds.iter().any(|(id, other)| id != feed && self.is_dead(id) && hangs(other));
        let share = if alone { cord.takes_over } else { cord.share };
        let load = if self.is_dead(feed) { Watts(0.0) } else { self.rack(cord.rack) * share };
        Some(CordFlow { rack: cord.rack, load, limit })
    }

    /// The cord of a feed that has the least room under its own breaker; nothing where the file names no breaker of cords.
    #[must_use]
    pub fn tightest_cord(&self, power: &Power, feed: FeedId) -> Option<CordFlow> {
        let cords = 0..power.feeds.get(feed)?.cords.len();
        cords.filter_map(|place| self.cord(power, feed, place)).reduce(|a, b| if b.load > a.load { b } else { a })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hall::Hall;
    use crate::point::Point;
    use crate::reading::{Reading, Why};

    #[test]
    fn a_cord_carries_its_share_and_all_of_the_rack_where_the_other_feed_is_dead() {
        let text = crate::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped").1;
        let hall = Hall::load("air", text).unwrap_or_else(|faults| panic!("{faults}"));
        let power = &hall.power;
        let mut flows = Flows::new(power);
        let mut look = |a1: f64, a2: f64, hot: Reading<Watts>| {
            flows.step(power, |point: Point<Watts>| match hall.points[point.id()].name.as_str() {
                "pdu-a1/power" => Reading::Fresh(Watts(a1)),
                "pdu-a2/power" => Reading::Fresh(Watts(a2)),
                "rack-a07/power" => hot,
                name if name.starts_with("rack-") => Reading::Fresh(Watts(15e3)),
                _ => Reading::Lost { why: Why::Comm },
            });
            ["pdu-a1", "pdu-a2"]
                .map(|name| flows.tightest_cord(power, power.feed(name).expect("a feed")).expect("cords"))
        };
        let [a, b] = look(154e3, 154e3, Reading::Fresh(Watts(22e3)));
        assert_eq!((hall.fed_rack(a.rack), a.load, b.load), ("rack-a07", Watts(11e3), Watts(11e3)));
        assert!((a.limit.0 - 0.95 * 3f64.sqrt() * 400.0 * 50.0).abs() < 1e-6, "{a:?}");
        // One feed is dead: its cords carry nothing, the others everything.
        let [a, b] = look(0.0, 308e3, Reading::Fresh(Watts(22e3)));
        assert_eq!((a.load, b.load), (Watts(0.0), Watts(22e3)));
        // A rack that is lost counts at its most.
        let [a, _] = look(154e3, 154e3, Reading::Lost { why: Why::Comm });
        assert_eq!(a.load, power.racks[6].most * 0.5);
        // A hall that draws nothing has no dead feeds.
        let mut still = Flows::new(power);
        still.step(power, |_| Reading::Fresh(Watts(0.0)));
        assert!(power.feeds.iter().all(|(id, feed)| feed.cords.is_empty() || !still.is_dead(id)));
    }
}
