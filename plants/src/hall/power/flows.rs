//! What flows through the tree: load, loss and headroom of every feed, by its meter or, without one, by what is below it.
//!
//! A meter that is fresh is believed, unless it says clearly less than the meters below it together: it may stand still, or read zeros, and what is below counts
//! then. What it sees beyond them is unattributed: its reading less what is below it. Where a meter is lost or there is none, a
//! feed carries what is below it, its losses, and what was last unattributed or `other-peak`, whichever is more; what of that comes from readings is told 8 % higher, because
//! such readings are that far off; `other-peak` is a most already. A rack that is lost counts at its most. So losing a reading never makes headroom.
//!
//! **Equation** `load = output + fixed + share·output`; `headroom = limit − load`, on the worst of three phases where each has a meter.
//! **Box** cords that carry their shares. **Outside it** where a rack's other cord is gone, a PDU without a meter carries more than is told here.

use serde::{Deserialize, Serialize};

use super::cords::DEAD;
use super::{Feed, Metered, Power};
use crate::id::{FeedId, Table};
use crate::point::Point;
use crate::reading::Reading;
use crate::units::Watts;

/// How much higher what is reckoned from readings is told (1).
pub const UNMETERED: f64 = 0.08;

/// A meter may say so much less than all that hangs below it (1): meters differ, and are not read at the same moment.
const LESS: f64 = 0.05;
/// The same where that is a part of what racks draw (1): their cords need not share as the file says.
const LESS_SHARED: f64 = 0.25;

/// Less than this of a feed's rating is no matter (1): at next to no load it is what losses are reckoned at.
const WORTH: f64 = 0.01;

/// How a feed's load is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Known {
    /// Its meter is fresh.
    Metered,
    /// Its meter is fresh, and says less than what is below it draws: that counts.
    Doubted,
    /// Its meter's last reading, or what is below it where that is more.
    Stale,
    /// From what is below it.
    #[default]
    Reckoned,
}

/// What flows through a feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// What enters it (W); with the 8 % where no meter sees it.
    pub load: Watts,
    /// What of that it loses (W, ≥ 0).
    pub loss: Watts,
    /// Feeds and racks below it (W).
    pub below: Watts,
    /// What leaves it and is in nothing below it (W); nothing unless its meter is fresh. Below zero: a meter or a reading is wrong, or a rack that
    /// is lost draws less than its most.
    pub unattributed: Option<Watts>,
    /// The limit less the load (W); below zero: too much.
    pub headroom: Watts,
    /// How its load is known.
    pub known: Known,
    /// True while every reading below it is fresh: what is unattributed then is the feed's own.
    pub whole: bool,
    /// What enters it without the 8 %: what the feed above reckons with (W).
    enters: Watts,
    /// What its meter last said that nothing below it did (W).
    kept: Watts,
    /// What meters below it see at the least, those of feeds or else of racks, with what is lost on the way (W).
    fed: Watts,
    /// The same of racks' meters alone; true while all of them are fresh.
    racked: (Watts, bool),
    /// What its meter last said too little (W, ≥ 0): held against the feeds or racks right below it, and against all racks.
    short: [Watts; 2],
    /// The worst phase over the mean (1, 1 to 3); as it was last metered.
    pub uneven: f64,
}

/// The flows of a tree. Part of what control remembers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flows {
    feeds: Table<FeedId, Flow>,
    /// What each rack last drew (W).
    racks: Vec<Watts>,
    /// What each counts at now: its most where it is lost (W).
    counted: Vec<Watts>,
}

impl Flows {
    /// Before the first reading.
    #[must_use]
    pub fn new(power: &Power) -> Self {
        let flow = Flow { uneven: 1.0, ..Flow::default() };
        Self {
            feeds: Table::filled(power.feeds.len(), flow),
            racks: vec![Watts(0.0); power.racks.len()],
            counted: power.racks.iter().map(|rack| rack.most).collect(),
        }
    }

    /// The flow of a feed.
    #[must_use]
    pub fn of(&self, feed: FeedId) -> Option<&Flow> {
        self.feeds.get(feed)
    }

    /// What a rack counts at, by its place in [`Power::racks`] (W): what it draws, or its most where it is lost.
    #[must_use]
    pub fn rack(&self, place: usize) -> Watts {
        self.counted.get(place).copied().unwrap_or_default()
    }

    /// Reckons every feed from the readings of this scan.
    pub fn step(&mut self, power: &Power, read: impl Fn(Point<Watts>) -> Reading<Watts>) {
        for flow in self.feeds.rows_mut() {
            (flow.below, flow.fed, flow.whole) = (Watts(0.0), Watts(0.0), true);
            flow.racked = (Watts(0.0), true);
        }
        let Self { feeds, racks, counted } = self;
        // What racks draw: the last of those whose reading is good enough for something, and whether it is fresh.
        let rack = |place: usize, last: &mut Watts| {
            let of = power.racks.get(place)?;
            Some(match sane(read(of.power)) {
                Reading::Fresh(watts) => {
                    *last = watts;
                    (watts, true)
                }
                Reading::Stale { last: aged, .. } => {
                    *last = aged;
                    (aged, false)
                }
                Reading::Lost { .. } => (of.most.max(*last), false),
            })
        };
        for id in power.up.iter().copied() {
            let (Some(feed), Some(flow)) = (power.feeds.get(id), feeds.get_mut(id)) else { continue };
            for cord in &feed.cords {
                let Some((watts, fresh)) = racks.get_mut(cord.rack).and_then(|last| rack(cord.rack, last)) else {
                    continue;
                };
                if let Some(counted) = counted.get_mut(cord.rack) {
                    *counted = watts;
                }
                flow.below += watts * cord.share;
                flow.whole &= fresh;
                flow.fed += watts * cord.share;
                flow.racked = (flow.racked.0 + watts * cord.share, flow.racked.1 && fresh);
            }
            flow.settle((feed, power.given_below(id)), feed.meter.as_ref().map(|meter| (meter, metered(meter, &read))));
            // What nobody meters may be nothing: only what is seen is held against a meter.
            let lost = |seen: Watts| if seen > Watts(0.0) { seen + feed.loss.of(seen) } else { Watts(0.0) };
            let racked = (lost(flow.racked.0), flow.racked.1);
            let fed = if feed.meter.is_some() { flow.enters } else { lost(flow.fed) };
            let (enters, fresh) = (flow.enters, flow.known == Known::Metered || (feed.meter.is_none() && flow.whole));
            if let Some(above) = feed.parent.and_then(|parent| feeds.get_mut(parent)) {
                above.below += enters;
                above.whole &= fresh;
                above.fed += fed;
                above.racked = (above.racked.0 + racked.0, above.racked.1 && racked.1);
            }
        }
    }
}

impl Flow {
    /// What the worst phase stands for: the load if all phases carried as much (W).
    #[must_use]
    pub fn worst(&self) -> Watts {
        self.load * self.uneven
    }

    /// What its meter says too little (W, ≥ 0) where this leaves the feed by it, and batteries below may give so much that no meter there shows. What it was held against and is not read now stays as it was: a
    /// reading that is lost makes nobody trusted. A unit that carries nothing of its racks is open, and their other cords have them.
    fn short(&mut self, feed: &Feed, output: Watts, given: Watts) -> Watts {
        let hangs = !feed.cords.is_empty();
        let open = hangs && output < self.below * DEAD;
        let less = |all: bool| if all { LESS } else { LESS_SHARED };
        let held = |most: Watts, all: bool| {
            let says = open || output >= most * (1.0 - less(all)) - given - feed.rated * WORTH;
            if says { Watts(0.0) } else { most - output }
        };
        let [fed, racks] = &mut self.short;
        if self.whole {
            *fed = held(self.fed, !hangs);
        }
        if self.racked.1 {
            *racks = held(self.racked.0, feed.wholly);
        }
        fed.max(*racks)
    }

    /// Ends a feed of which all below is known, by its meter where that says something.
    fn settle(&mut self, (feed, given): (&Feed, Watts), meter: Option<(&Metered, Phases)>) {
        let leaves = |meter: &Metered, watts| if meter.leaving { watts } else { feed.loss.output(watts) };
        let (output, enters, doubt) = match meter {
            Some((of, Phases { sum: Reading::Fresh(watts), uneven })) => {
                let read = leaves(of, watts);
                let short = self.short(feed, read, given);
                let (output, doubted) = (read + short, short > Watts(0.0));
                let unattributed = output - self.below;
                self.unattributed = (!doubted).then_some(unattributed);
                self.kept = if self.whole { unattributed } else { self.kept.max(unattributed) };
                self.known = if doubted { Known::Doubted } else { Known::Metered };
                self.uneven = uneven;
                let enters = if of.leaving || doubted { output + feed.loss.of(output) } else { watts };
                (output, enters, Watts(0.0))
            }
            Some((of, Phases { sum: Reading::Stale { last, .. }, .. })) => {
                let [fed, racks] = self.short;
                let output = (leaves(of, last) + fed.max(racks)).max(self.below);
                self.kept = self.kept.max(output - self.below);
                (self.unattributed, self.known) = (None, Known::Stale);
                (output, output + feed.loss.of(output), Watts(0.0))
            }
            Some((_, Phases { sum: Reading::Lost { .. }, .. })) | None => {
                let rest = self.kept.max(feed.other_peak);
                let read = self.below.max(Watts(0.0)) + if rest > feed.other_peak { rest } else { Watts(0.0) };
                let (output, doubt) = (self.below + rest, read * UNMETERED);
                (self.unattributed, self.known) = (None, Known::Reckoned);
                (output, output + feed.loss.of(output), doubt * (1.0 + feed.loss.share))
            }
        };
        self.enters = enters;
        self.loss = enters - output;
        self.load = enters + doubt;
        self.headroom = feed.limit() - self.worst();
    }
}

/// What a meter says of all its phases.
#[derive(Clone, Copy)]
struct Phases {
    sum: Reading<Watts>,
    uneven: f64,
}

/// The phases together: as good as the worst of them.
fn metered(meter: &Metered, read: impl Fn(Point<Watts>) -> Reading<Watts>) -> Phases {
    let (mut sum, mut worst) = (Reading::Fresh(Watts(0.0)), Watts(0.0));
    for point in &meter.powers {
        let phase = sane(read(*point));
        worst = worst.max(phase.usable().unwrap_or_default());
        sum = match (sum, phase) {
            (Reading::Fresh(a), Reading::Fresh(b)) => Reading::Fresh(a + b),
            (Reading::Stale { last: a, age, why }, Reading::Fresh(b))
            | (Reading::Fresh(b), Reading::Stale { last: a, age, why }) => Reading::Stale { last: a + b, age, why },
            (Reading::Stale { last: a, age, why }, Reading::Stale { last: b, age: other, .. }) => {
                Reading::Stale { last: a + b, age: age.max(other), why }
            }
            (Reading::Lost { why }, _) | (_, Reading::Lost { why }) => Reading::Lost { why },
        };
    }
    let mean = sum.usable().unwrap_or_default() / crate::convert::f64_from_usize(meter.powers.len().max(1));
    Phases { sum, uneven: if mean.0 > 0.0 { (worst / mean).clamp(1.0, 3.0) } else { 1.0 } }
}

/// A reading that is no number is none.
fn sane(reading: Reading<Watts>) -> Reading<Watts> {
    match reading.usable() {
        Some(watts) if !watts.is_finite() => Reading::Lost { why: crate::reading::Why::NotANumber },
        Some(_) | None => reading,
    }
}

#[cfg(test)]
#[path = "flows/tests.rs"]
mod tests;
