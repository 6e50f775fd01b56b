//! What is charged on the way of something, at every instant to come: reckoned once, where many starts are looked at.

use plant::id::FeedId;
use plant::time::Wall;

use super::room::{Charged, Fit, Scratch, Time};
use super::{Around, Ledger};

/// What is charged from an instant on.
#[derive(Clone, Copy, Debug)]
struct From {
    at: Wall,
    charged: Charged,
}

/// What is charged on each feed of a way, in the order of that, and of all that its tenant has.
pub(super) struct Profile<'w> {
    weights: &'w [(FeedId, f64)],
    feeds: Vec<Vec<From>>,
    own: Vec<From>,
}

impl Ledger {
    /// All of it from the begin of a time on, for whom that is.
    pub(super) fn profile<'w>(
        &self,
        around: &Around<'_>,
        weights: &'w [(FeedId, f64)],
        time: &Time,
        scratch: &mut Scratch,
    ) -> Profile<'w> {
        let time = Time { to: Wall(i64::MAX), ..*time };
        scratch.fill(self.counted(&time), (around.ground, self.now()), &time);
        let mut of = |feed: Option<FeedId>| {
            let mut all: Vec<From> = Vec::new();
            self.charges(around, feed, (&time, &mut *scratch), |at, charged| {
                if all.last().is_none_or(|last| last.charged != charged) {
                    all.push(From { at, charged });
                }
            });
            all
        };
        let own = if around.ground.most(time.whose).is_some() { of(None) } else { Vec::new() };
        Profile { weights, feeds: weights.iter().map(|(feed, _)| of(Some(*feed))).collect(), own }
    }

    /// The room from a later start on, or from the first.
    pub(super) fn fit_in(&self, around: &Around<'_>, profile: &Profile<'_>, time: &Time) -> Fit {
        let mut feeds = profile.feeds.iter();
        let most = |_: FeedId| feeds.next().map_or_else(Charged::default, |all| highest(all, time));
        self.fit_of(around, (profile.weights, time), most, highest(&profile.own, time))
    }
}

/// The most that is charged at any instant of a time.
fn highest(all: &[From], time: &Time) -> Charged {
    let first = all.partition_point(|of| of.at <= time.from).saturating_sub(1);
    let during = all.iter().skip(first).take_while(|of| of.at <= time.from || of.at < time.to);
    during.map(|of| of.charged).fold(Charged::default(), Charged::max)
}
