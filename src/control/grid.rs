//! Load targets of a grid: what feeds may carry because somebody outside asks, and how loads come down to that and up again.
//!
//! ```text
//!  grid's agents, operators ─▶ Book: what holds when, source by source ─┐
//!  wall clock, or reckoned on ─▶ now ───────────────────────────────────┤ the lowest in force
//!                                                                       ▼
//!     Free ──▶ Down ──▶ Held ──▶ Rest ──▶ Up ──▶ After ──▶ Free      one ramp a feed ─▶ caps, by priority
//!                        └─ the load is above it ─▶ Active ─▶ Escalated ─▶ Resolved
//! ```
//!
//! A target is a limit of each moment, and not of a mean. It begins and ends by the wall clock. While that is not trusted time is reckoned on from when it last
//! was: nothing begins or ends by a clock that may be wrong, and after a break that nobody knows the length of a target holds for all that was left of it. Who
//! asked and is not heard any more is no reason to let a target go: what is in force goes on until its end.
//!
//! Targets come in as requests, as overrides do: the journal has them, replay and a restart see what the scan saw.

mod book;
mod breach;
mod ramp;
#[cfg(test)]
mod tests;
pub mod view;

use plant::event::{About, GridFault, GridNews, Severity, What};
use plant::hall::Hall;
use plant::hall::grid::Grid as Rules;
use plant::hall::power::flows::{Flow, Known};
use plant::id::{FeedId, Id};
use plant::time::{Mono, Span, Tick, Wall};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::interval::Mean;
use super::news::News;
use super::request::{Refusal, Reply};
use super::term;
use book::Book;
pub use book::{Kind, MOST as MOST_TARGETS, Said, Source, Statement, Target, Wanted};
use breach::Breach;
pub use breach::Stage;
pub use ramp::Turn;
use ramp::{Goal, Ramp};

/// How important what nobody calls more or less important is.
pub const USUAL_PRIORITY: u8 = 100;
/// The last turns of a ramp that are kept.
const TURNS: usize = 8;
/// The same fault is told again after so long.
const AGAIN: Span = Span::from_secs(60);

/// All that is known of load targets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    book: Book,
    feeds: Vec<Feed>,
    now: Reckoned,
    /// Statements taken, and those refused by why.
    taken: u64,
    refused: Vec<(GridFault, u64)>,
    /// What was told last of what is refused, and when; and so many that were not told since.
    told: Option<(GridFault, Mono)>,
    untold: u32,
}

/// A feed for which targets may be set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Feed {
    feed: FeedId,
    ramp: Ramp,
    breach: Breach,
    /// The target that holds it, by its number.
    by: Option<u64>,
    /// What was turned last, the newest first, and how often in all.
    turns: [Option<Turn>; TURNS],
    turned: u64,
    /// When what holds it now began.
    since: Option<Wall>,
    /// What flows.
    flows: Flows,
}

/// What time it is, as far as anybody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reckoned {
    wall: Wall,
    /// The clock was trusted in the last scan.
    sure: bool,
    /// It was at some time.
    known: bool,
    mono: Mono,
    boot: u32,
    /// People know that it is in doubt.
    told: bool,
}

/// What flows through a feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Flows {
    /// What (W); what is not read counts at its most.
    pub load: Watts,
    /// What of that is no machine that is capped (W).
    pub other: Watts,
    /// Its meter says so.
    pub metered: bool,
}

impl Flows {
    /// Of a feed's flow, and what of it is no machine, where that is known.
    #[must_use]
    pub fn of(flow: &Flow, other: Option<Watts>) -> Self {
        let other = other.unwrap_or_default().min(flow.load);
        Self { load: flow.load, other, metered: flow.known == Known::Metered }
    }
}

impl Reckoned {
    /// The last scan.
    pub(super) const fn wall(&self) -> Wall {
        self.wall
    }

    /// The wall clock was trusted then.
    pub(super) const fn is_sure(&self) -> bool {
        self.sure
    }

    /// It was at some time.
    pub(super) const fn is_known(&self) -> bool {
        self.known
    }

    /// By the wall clock; reckoned on from when that was trusted last, where it is not.
    pub(super) fn at(&self, tick: Tick) -> Wall {
        let passed = if self.boot == tick.boot { tick.mono.since(self.mono) } else { Span::ZERO };
        if tick.clock_trusted { tick.wall } else { term::later(self.wall, passed) }
    }

    /// One scan. How far a time that was reckoned is from the true one (ms), where that is known now.
    pub(super) fn advance(&mut self, tick: Tick) -> i64 {
        let reckoned = self.at(Tick { clock_trusted: false, ..tick });
        let doubted = !self.sure;
        (self.mono, self.boot, self.sure) = (tick.mono, tick.boot, tick.clock_trusted);
        if !tick.clock_trusted {
            self.wall = reckoned;
            return 0;
        }
        (self.wall, self.known) = (tick.wall, true);
        if doubted { tick.wall.0.saturating_sub(reckoned.0) } else { 0 }
    }
}

impl Feed {
    fn new(feed: FeedId) -> Self {
        Self {
            feed,
            ramp: Ramp::default(),
            breach: Breach::default(),
            by: None,
            turns: [None; TURNS],
            turned: 0,
            since: None,
            flows: Flows::default(),
        }
    }

    /// One scan: how loads come down to what holds, or up again, and whether they do.
    fn step(&mut self, rules: &Rules, held: Option<&Target>, (tick, wall): (Tick, Wall), news: &mut News<'_>) {
        let (about, goal) = (About::Feed(self.feed), held.map(|of| Goal::of(of.most, rules.margin)));
        self.by = held.map(|of| of.number);
        let chance = super::power::chance(tick.seq, self.feed.index());
        if let Some(turn) = self.ramp.step(goal, self.flows, rules, (tick.dt, chance)) {
            self.turns.rotate_right(1);
            if let Some(newest) = self.turns.first_mut() {
                *newest = Some(turn);
            }
            self.turned = self.turned.saturating_add(1);
            self.tell(turn, held, (about, wall), news);
        }
        // What no meter sees is no measured load: nobody is called to act on a guess.
        let seen = self.flows.metered.then_some(self.flows.load);
        let limit = held.filter(|_| self.ramp.is_there()).map(|of| (of.most, of.best_effort));
        if let Some(told) = self.breach.step(seen, limit, (rules, wall, tick.dt)) {
            news.switched(about, (What::Grid(told), told != GridNews::Resolved));
        }
    }

    fn tell(&mut self, turn: Turn, held: Option<&Target>, (about, wall): (About, Wall), news: &mut News<'_>) {
        let told = match turn {
            Turn::StartDown => {
                self.since = self.since.or(Some(wall));
                GridNews::RampDown { target: held.map_or(0.0, |of| of.most.0) }
            }
            Turn::EndDown => GridNews::Reached,
            Turn::StartUp => GridNews::RampUp,
            Turn::EndUp => GridNews::RampedUp,
            Turn::Free => {
                self.since = None;
                GridNews::Free
            }
        };
        match turn {
            Turn::StartDown => news.warn(about, What::Grid(told)),
            Turn::EndDown | Turn::StartUp | Turn::EndUp | Turn::Free => news.info(about, What::Grid(told)),
        }
    }
}

impl Grid {
    /// Before anybody asked.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        let mut grid = Self::default();
        grid.move_to(hall);
        grid
    }

    /// What is remembered goes on at a hall for the feeds that it has targets for.
    pub fn move_to(&mut self, hall: &Hall) {
        let wanted = hall.power.grid.as_ref().map(|rules| rules.feeds.as_slice()).unwrap_or_default();
        let known = std::mem::take(&mut self.feeds);
        let of = |feed: &FeedId| known.iter().find(|of| of.feed == *feed).copied().unwrap_or_else(|| Feed::new(*feed));
        self.feeds = wanted.iter().map(of).collect();
        self.book.keep(wanted);
    }

    /// One scan. Allocates nothing.
    pub fn step(&mut self, hall: &Hall, flows: impl Fn(FeedId) -> Option<Flows>, tick: Tick, news: &mut News<'_>) {
        let Some(rules) = &hall.power.grid else { return };
        let shift = self.now.advance(tick);
        let doubted = !self.now.sure && !self.book.is_empty();
        if doubted != self.now.told {
            self.now.told = doubted;
            news.switched(About::Hall, (What::Grid(GridNews::ClockDoubted(doubted)), doubted));
        }
        self.book.pass(self.now.wall, shift);
        for feed in &mut self.feeds {
            if let Some(flows) = flows(feed.feed) {
                feed.flows = flows;
            }
            feed.step(rules, self.book.holds(feed.feed), (tick, self.now.wall), news);
        }
    }

    /// What a feed may carry for its target; nothing where nothing holds it.
    #[must_use]
    pub fn allowed(&self, feed: FeedId) -> Option<Mean> {
        let of = self.feeds.iter().find(|of| of.feed == feed)?;
        let (allowed, loose) = of.ramp.allowed()?;
        Some(Mean { feed, allowed, loose })
    }

    /// How many statements were taken.
    #[must_use]
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// The lowest target for a feed that holds at some time between two instants (W).
    #[must_use]
    pub fn least(&self, feed: FeedId, (from, to): (Wall, Wall)) -> Option<Watts> {
        let then = |of: &&Target| of.feed == feed && of.start < to && of.end().is_none_or(|end| end > from);
        self.book.iter().filter(then).map(|of| of.most).reduce(Watts::min)
    }

    /// Why a feed is held, for people: which target, or what comes after one.
    #[must_use]
    pub fn why(&self, feed: FeedId) -> Option<(Watts, String)> {
        let of = self.feeds.iter().find(|of| of.feed == feed)?;
        let (allowed, _) = of.ramp.allowed()?;
        let target = of.by.and_then(|number| self.book.numbered(number));
        let said = target.map_or_else(
            || "the ramp up after a target of the grid".to_owned(),
            |target| format!("the target `{}` of {}", target.id, target.source),
        );
        Some((allowed, said))
    }

    /// Hears what somebody says.
    ///
    /// # Errors
    /// What [`Grid::take`] does not take.
    pub fn hear(&mut self, hall: &Hall, said: &Said, (tick, news): (Tick, &mut News<'_>)) -> Result<Reply, Refusal> {
        match said {
            Said::Targets(said) => return self.take(hall, said, (tick, news)),
            Said::Refused { why, count } => self.refuse((*why, *count), tick, news),
            Said::Enforced { feed, what } => news.warn(About::Feed(*feed), What::Grid(*what)),
        }
        Ok(Reply::Accepted { expires: None, note: String::new() })
    }

    /// Takes targets.
    ///
    /// # Errors
    /// A hall that takes no targets, or none for such a feed; watts below zero or that are no number; an interval that is over or none; too many.
    pub fn take(
        &mut self,
        hall: &Hall,
        said: &Statement,
        (tick, news): (Tick, &mut News<'_>),
    ) -> Result<Reply, Refusal> {
        let rules = hall.power.grid.as_ref().ok_or(Refusal::Unknown)?;
        let set = self.book.take(hall, rules, said, (self.now.at(tick), !tick.clock_trusted))?;
        self.taken = self.taken.saturating_add(1);
        let (severity, told) =
            if set > 0 { (Severity::Warning, GridNews::Set(set)) } else { (Severity::Info, GridNews::Lifted) };
        news.tell(severity, About::Hall, What::Grid(told));
        let expires = said.targets.iter().filter_map(|of| of.end).max();
        let note = match set {
            0 => "the feeds may carry more again, by their ramp, but for other targets".to_owned(),
            _ => format!("{set} targets are set"),
        };
        Ok(Reply::Accepted { expires, note })
    }

    /// Counts what was not taken; told at once, and the same again no sooner than a minute later.
    pub fn refuse(&mut self, (why, count): (GridFault, u32), tick: Tick, news: &mut News<'_>) {
        match self.refused.iter_mut().find(|(known, _)| *known == why) {
            Some((_, all)) => *all = all.saturating_add(u64::from(count)),
            None => self.refused.push((why, u64::from(count))),
        }
        self.untold = self.untold.saturating_add(count);
        if !self.told.is_some_and(|(known, at)| known == why && tick.mono.since(at) < AGAIN) {
            self.told = Some((why, tick.mono));
            let count = std::mem::take(&mut self.untold);
            news.warn(About::Hall, What::Grid(GridNews::Refused { why, count }));
        }
    }
}
