//! Interval control: no window that a utility bills comes to more than what is paid already, or planned.
//!
//! ```text
//!  meter's register ─▶ Trace ─┐
//!  wall clock, pulses ─▶ Alignment ─▶ the windows that are open ─▶ Room: the mean power that each still allows ─┐
//!  tariff's demands, peaks that are paid, targets ─┘                                                          the least
//!                                                                                                               │
//!   Free ── what flows is more than allowed ──▶ Held: the feed carries what is allowed, and no more             ▼
//!     ▲                                           │                                                    caps, by priority
//!     └── well below it for `release` ────────────┘
//! ```
//!
//! A window is kept in the mean: a spike that later power makes good lowers nobody. Limits of breakers are another matter, and hold beside it. What
//! lowers loads is never a window alone: below a peak that is paid for this billing period nothing is lowered, because nothing would be saved.
//!
//! Any doubt is taken for the lower power. What of a gap's energy may have flowed in a window counts with it; where it is not sure where windows begin, every
//! window counts that may be one. While the meter cannot be read for longer than `stale`, what the hall's file says holds.

mod alignment;
mod ended;
mod held;
mod kept;
mod known;
mod load;
mod moved;
mod plan;
mod room;
mod scene;
mod spare;
mod trace;
pub mod view;

#[cfg(test)]
mod tests;

use plant::convert::{f64_from_i64, i64_from_bits};
use plant::event::{About, PeakNews, What};
use plant::id::FeedId;
use plant::time::{Span, Wall};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::clock::sum;
use super::news::News;
use super::tariff::{Decimal, WindowKind};
use alignment::{Alignment, Now};
pub use ended::{Ended, ended};
pub use kept::{Kept, Peak, Turn, is_same_clock};
use load::Load;
pub use plan::Plan;
use room::{Open, Room, Sight};
pub use scene::Scene;
pub use spare::Strain;
use trace::Supposed;
pub use trace::Trace;

/// Loads are let go once they stay below this share of what is allowed (1).
const CALM: f64 = 0.9;
/// From a decision to what it does (ms).
const REACT: i64 = 10_000;
/// No circuit carries more than this over its nameplate for long (1).
const OVER: f64 = 1.25;

/// What is remembered. A clone is a snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    trace: Trace,
    /// How often the meter lost count.
    breaks: u32,
    alignment: Alignment,
    /// The billed meter: what is known is known of it.
    meter: String,
    /// One for each of the tariff's demands.
    kept: Vec<Kept>,
    /// Those that the tariff or the hall's file does not name any more, each with its meter.
    others: Vec<(String, Kept)>,
    load: Load,
    /// Up to when the meter was read, and up to when windows were looked at (ms, clock of energy): while the wall clock is in doubt they wait.
    last: Option<i64>,
    looked: Option<i64>,
    /// When the record has begun, until windows are looked at (ms, clock of energy).
    begun: Option<i64>,
    /// There was another record before this one, and its count was lost.
    lost: bool,
    /// What is marked was counted by the meter's register, and not by its power.
    registered: bool,
    /// How long the meter has not been read.
    blind: Span,
    held: Option<Held>,
    /// What people know: the meter is in doubt, windows are.
    told: (bool, bool),
    /// How often a scan lowered loads, and for how long in all.
    lowered: (u32, Span),
}

/// The window that allows least, of those that are open.
#[derive(Clone, Copy, Debug)]
struct Tightest {
    /// Of which demand.
    demand: usize,
    open: Open,
    room: Room,
    /// In some window more flows than it allows.
    over: bool,
    /// In every window what flows is well below.
    calm: bool,
}

/// Loads are lowered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Held {
    /// For the windows of this demand.
    demand: usize,
    /// What is allowed (W).
    allowed: Watts,
    /// How far a moment may differ from it (1, 0 to 1).
    loose: f64,
    /// How long the load has been well below.
    calm: Span,
}

/// What a feed may carry in the mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// The feed.
    pub feed: FeedId,
    /// The mean power (W).
    pub allowed: Watts,
    /// How far a moment may differ from it (1, 0 to 1): later ones make it good, as long as there are some.
    pub loose: f64,
}

impl Tightest {
    /// Of two.
    fn join(self, other: Self) -> Self {
        let (over, calm) = (self.over || other.over, self.calm && other.calm);
        Self { over, calm, ..if other.room.allowed < self.room.allowed { other } else { self } }
    }
}

impl Interval {
    /// Before anything was measured.
    #[must_use]
    pub fn new(plan: Option<&Plan>) -> Self {
        let kept = plan.map(|plan| plan.tariff.demand.iter().map(|charge| Kept::new(&charge.name)).collect());
        Self {
            trace: Trace::default(),
            breaks: 0,
            alignment: Alignment::default(),
            meter: plan.map(|plan| plan.name.clone()).unwrap_or_default(),
            kept: kept.unwrap_or_default(),
            others: Vec::new(),
            load: Load::default(),
            last: None,
            looked: None,
            begun: None,
            lost: false,
            registered: false,
            blind: Span::ZERO,
            held: None,
            told: (false, false),
            lowered: (0, Span::ZERO),
        }
    }

    /// One scan: what flowed is taken down, and what may flow is reckoned.
    pub fn step(&mut self, plan: &Plan, scene: &Scene, news: &mut News<'_>) {
        let at = i64_from_bits(scene.at.millis());
        let now = Now { at, wall: scene.now.wall, trusted: scene.now.clock_trusted };
        self.alignment.step(now, plan.lengths.0);
        let read = self.last.map_or(scene.read(), |last| scene.read().max(last));
        self.read(scene, read);
        self.hear(plan, scene, at);
        self.load.step((scene.free.0.min(plan.rated.0 * OVER), self.held.is_none()), scene.now.dt);
        self.close(plan, now, (read, news));
        self.hold(plan, scene, (at, news));
        self.tell(plan, at, news);
        self.last = Some(read);
    }

    /// What the feed may carry so that its windows are kept; nothing where they ask for nothing.
    #[must_use]
    pub fn allowed(&self, plan: Option<&Plan>) -> Option<Mean> {
        let (plan, held) = plan.zip(self.held)?;
        Some(Mean { feed: plan.feed(), allowed: held.allowed, loose: held.loose })
    }

    /// Takes down the meter's total.
    fn read(&mut self, scene: &Scene, at: i64) {
        if scene.meter.breaks != self.breaks {
            self.breaks = scene.meter.breaks;
            // A first start may read the meter's power before its register, which goes on with that: where nothing lies between both no count was lost.
            let goes_on = scene.meter.registered && !self.registered && self.blind == Span::ZERO;
            if !goes_on {
                self.lost |= !self.trace.is_empty();
                self.trace.forget();
            }
        }
        self.registered = scene.meter.registered;
        if scene.meter.current {
            if self.trace.is_empty() {
                self.begun = Some(at);
            }
            self.trace.mark(at, scene.meter.total);
            self.blind = Span::ZERO;
        } else {
            self.blind = sum(self.blind, scene.now.dt);
        }
    }

    /// The meter has ended an interval, where its count has moved since it was read last.
    fn hear(&mut self, plan: &Plan, scene: &Scene, at: i64) {
        let Some((count, age)) = scene.pulses else { return };
        let read = at.saturating_sub(i64_from_bits(age.millis()));
        self.alignment.hear((count, read), plan.lengths.1, &plan.tariff.zone);
    }

    /// Looks at the windows that have ended since they were looked at. Without a wall clock that is believed nobody knows which those are: they wait.
    fn close(&mut self, plan: &Plan, now: Now, (read, news): (i64, &mut News<'_>)) {
        let last = *self.looked.get_or_insert(self.last.unwrap_or(read));
        let Some(offset) = self.offset(read) else {
            let reckoned = self.alignment.best(now.at).map(|offset| Wall(now.at + offset));
            self.kept.iter_mut().for_each(|kept| kept.doubt(now.wall, reckoned));
            return;
        };
        self.looked = Some(read);
        let tariff = &*plan.tariff;
        let begun = self.begun.take();
        for (n, charge) in tariff.demand.iter().enumerate() {
            let (target, with, mut new) = (plan.most(n), self.with(plan, n), None);
            let Self { trace, kept, .. } = self;
            let Some(kept) = kept.get_mut(n) else { continue };
            begun.into_iter().for_each(|begun| kept.begins(tariff, charge, (Wall(begun + offset), offset)));
            ended(tariff, charge, &Ended { trace, last, at: read, offset }, |(from, to), window| {
                kept.pass(tariff, charge, (window.0, offset));
                let paid = kept.paid(charge).max(with);
                let higher = kept.look(trace.mean(from, to), window);
                new = higher.filter(|peak| target.is_some_and(|target| peak.watts > target.max(paid))).or(new);
            });
            if let Some(peak) = new {
                let paid = PeakNews::Paid { demand: plan.place(n), watts: peak.watts };
                news.warn(About::Feed(plan.feed()), What::Peak(paid));
            }
            kept.pass(tariff, charge, (Wall(read + offset), offset));
        }
    }

    /// What the windows of a demand shall not exceed (W): its target, or what is paid already; nothing where it has none, or where more costs no more.
    fn target(&self, plan: &Plan, demand: usize) -> Option<f64> {
        let (charge, (paid, _)) = (plan.charge(demand)?, self.paid(plan, demand)?);
        let target = plan.most(demand)?.max(paid);
        let most = charge.maximum.map_or(f64::INFINITY, watts);
        (target < most).then_some(target)
    }

    /// The window of a demand that allows least, of those that are open; nothing where none is, or nothing is kept.
    fn tightest(&self, plan: &Plan, scene: &Scene, (at, demand): (i64, usize)) -> Option<Tightest> {
        let target = self.target(plan, demand)?;
        self.below(plan, scene, (at, demand, target))
    }

    /// The same where its windows shall not exceed a target (W).
    fn below(&self, plan: &Plan, scene: &Scene, (at, demand, target): (i64, usize, f64)) -> Option<Tightest> {
        let (sight, mut found) = (self.sight(plan, scene, at), None::<Tightest>);
        self.each_open(plan, (demand, target), at, |open| {
            let room = sight.room(&open);
            let (over, calm) = (room.next + room.off > room.allowed, room.next < room.allowed * CALM);
            let one = Tightest { demand, open, room, over, calm };
            found = Some(found.map_or(one, |found| found.join(one)));
        });
        found
    }

    fn sight(&self, plan: &Plan, scene: &Scene, now: i64) -> Sight<'_> {
        let most = plan.rated.0 * OVER;
        let supposed = Supposed { most, before: scene.load.0, since: scene.load.0.min(most) };
        Sight {
            trace: &self.trace,
            supposed,
            now,
            grain: scene.meter.grain,
            load: &self.load,
            flows: scene.free.0,
            sensitivity: plan.rules.sensitivity,
            margin: plan.rules.margin,
            floor: scene.floor.0,
            react: REACT,
        }
    }

    /// Calls with every window of a demand that is open, or may be.
    fn each_open(&self, plan: &Plan, (demand, target): (usize, f64), at: i64, mut each: impl FnMut(Open)) {
        let Some(charge) = plan.charge(demand) else { return };
        let length = charge.window.length;
        let (from, named) = (at - length, charge.coincident.is_some());
        let rolls = !named && charge.window.kind == WindowKind::Rolling;
        let instants = || {
            let known = self.trace.instants().chain([at]).filter(|begin| (from..=at).contains(begin));
            // Those that began before a count was lost had something in them; a first start knows of none.
            self.trace.before(from).filter(|_| self.lost).chain(known)
        };
        if self.alignment.is_unknown() {
            instants().for_each(|begin| each(Open { begin, end: begin + length, target, moves: true, rolls }));
            return;
        }
        let moves = !named && charge.window.kind != WindowKind::Fixed;
        for offset in self.alignment.all(at) {
            let begins = instants().map(|begin| Wall(begin + offset));
            charge.open(&plan.tariff, Wall(at + offset), begins, |begin, end| {
                each(Open { begin: begin.0 - offset, end: end.0 - offset, target, moves, rolls });
            });
        }
    }

    /// What people should know of the meter and the clocks.
    fn tell(&mut self, plan: &Plan, at: i64, news: &mut News<'_>) {
        let unread = self.blind >= plan.rules.stale;
        let unsure = self.last.is_some() && self.alignment.is_in_doubt(at);
        let (was_unread, was_unsure) = std::mem::replace(&mut self.told, (unread, unsure));
        let about = About::Feed(plan.feed());
        if was_unread != unread {
            news.switched(about, (What::Peak(PeakNews::Unread(unread)), unread));
        }
        if was_unsure != unsure {
            news.switched(about, (What::Peak(PeakNews::Unsure(unsure)), unsure));
        }
    }
}

/// kW of a tariff in W.
fn watts(kw: Decimal) -> f64 {
    kw.number() * 1e3
}

/// Milliseconds in hours.
fn hours(ms: i64) -> f64 {
    f64_from_i64(ms) / 3_600_000.0
}
