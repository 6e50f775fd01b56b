//! Which targets there are, and which of them holds.
//!
//! What a source says of some time takes the place of what it said of that time before, feed by feed, unless that was more important; what it does not speak of
//! stays. So no two targets of one source and one importance are ever on top of each other. Where several sources ask, the lowest limit holds.

use std::fmt;

use plant::convert::i64_from_bits;
use plant::event::{GridFault, GridNews};
use plant::hall::Hall;
use plant::hall::grid::Grid as Rules;
use plant::id::FeedId;
use plant::time::{Span, Wall};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use crate::control::request::Refusal;
use crate::control::term;

/// How many are kept at most.
pub const MOST: usize = 64;
/// The longest name and the longest reason that are kept (characters).
const NAME: usize = 128;
const REASON: usize = 500;
/// No target ends.
const NEVER: Wall = Wall(i64::MAX);

/// By which way somebody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An agent of a grid, by the contract of DSX Flex.
    Dsx,
    /// A programme of a utility, by OpenADR.
    OpenAdr,
    /// A person.
    Operator,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// By which way.
    pub kind: Kind,
    /// By which name: two of other names are two sources.
    pub name: String,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Dsx => write!(f, "{} (DSX Flex)", self.name),
            Kind::OpenAdr => write!(f, "{} (OpenADR)", self.name),
            Kind::Operator => f.write_str("an operator"),
        }
    }
}

/// What somebody says of load targets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Said {
    /// What feeds shall carry.
    Targets(Statement),
    /// So many statements were not taken.
    Refused {
        /// Why.
        why: GridFault,
        /// How many.
        count: u32,
    },
    /// What was done because of a breach.
    Enforced {
        /// At which feed.
        feed: FeedId,
        /// What.
        what: GridNews,
    },
}

/// What a source says at once: all of it is taken, or nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// Who.
    pub source: Source,
    /// By which it is known on all sides: a correlation id, an event's name (1 to 128 characters).
    pub id: String,
    /// Why, for people; may be empty.
    pub reason: String,
    /// Lower is more important: what this source said with a lower number stays.
    pub priority: u8,
    /// What it says.
    pub targets: Vec<Wanted>,
}

/// What a source says of some feeds for some time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wanted {
    /// The feeds; all that targets may be set for where none is named.
    pub feeds: Vec<FeedId>,
    /// What they may carry (W, ≥ 0); nothing takes a target back.
    pub most: Option<f64>,
    /// From when on; at once where nothing is said.
    pub start: Option<Wall>,
    /// Until when; until something else is said where this is not.
    pub end: Option<Wall>,
    /// Or for how long.
    pub hold: Option<Span>,
    /// Only what disturbs no work shall be done for it: a breach of it is not escalated.
    pub best_effort: bool,
}

/// A target that is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Its number: each has another.
    pub number: u64,
    /// Who asks.
    pub source: Source,
    /// By which it is known.
    pub id: String,
    /// Why.
    pub reason: String,
    /// Lower is more important.
    pub priority: u8,
    /// The feed.
    pub feed: FeedId,
    /// What it may carry (W, ≥ 0).
    pub most: Watts,
    /// From when on.
    pub start: Wall,
    /// Until when.
    end: Wall,
    /// Its end was reckoned by a clock that was not trusted.
    floats: bool,
    /// It has begun.
    pub begun: bool,
    /// A breach of it is not escalated.
    pub best_effort: bool,
}

impl Target {
    /// Until when; nothing for one that holds until something else is said.
    #[must_use]
    pub fn end(&self) -> Option<Wall> {
        (self.end != NEVER).then_some(self.end)
    }
}

/// Every target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Book {
    all: Vec<Target>,
    /// The next number.
    next: u64,
}

impl Default for Book {
    fn default() -> Self {
        Self { all: Vec::new(), next: 1 }
    }
}

impl Book {
    /// Every target, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = &Target> {
        self.all.iter()
    }

    /// True where there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// One by its number.
    #[must_use]
    pub fn numbered(&self, number: u64) -> Option<&Target> {
        self.all.iter().find(|of| of.number == number)
    }

    /// Forgets what is said of other feeds.
    pub fn keep(&mut self, feeds: &[FeedId]) {
        self.all.retain(|of| feeds.contains(&of.feed));
    }

    /// The target that holds a feed: of each source the most important, of all sources the lowest.
    #[must_use]
    pub fn holds(&self, feed: FeedId) -> Option<&Target> {
        let begun = || self.all.iter().filter(|of| of.feed == feed && of.begun);
        let leads = |of: &&Target| !begun().any(|other| other.source == of.source && other.priority < of.priority);
        begun().filter(leads).min_by(|a, b| a.most.0.total_cmp(&b.most.0))
    }

    /// Lets what is due begin, and go what is over. Times that were reckoned are put right by a shift (ms).
    pub fn pass(&mut self, now: Wall, shift: i64) {
        self.all.retain_mut(|of| {
            if of.floats && shift != 0 {
                of.start = Wall(of.start.0.saturating_add(shift));
                of.end = if of.end == NEVER { NEVER } else { Wall(of.end.0.saturating_add(shift)) };
                of.floats = false;
            }
            of.begun |= of.start <= now;
            of.end > now
        });
    }

    /// Takes what a source says at a time, which is only reckoned where the clock is not trusted. How many targets are set by it.
    ///
    /// # Errors
    /// A feed that is none; watts below zero or that are no number; an interval that is over or none; no name; too many.
    pub fn take(
        &mut self,
        hall: &Hall,
        rules: &Rules,
        said: &Statement,
        (now, floats): (Wall, bool),
    ) -> Result<u16, Refusal> {
        if said.id.trim().is_empty() || said.id.chars().count() > NAME {
            return Err(Refusal::ReasonMissing);
        }
        if said.targets.is_empty() {
            return Err(Refusal::NothingThere);
        }
        let by_person = said.source.kind == Kind::Operator;
        if by_person && said.reason.trim().is_empty() {
            return Err(Refusal::ReasonMissing);
        }
        let (mut all, mut set) = (self.all.clone(), 0_u16);
        for of in &said.targets {
            let feeds = if of.feeds.is_empty() { &rules.feeds } else { &of.feeds };
            if feeds.iter().any(|feed| !rules.feeds.contains(feed)) {
                return Err(Refusal::Unknown);
            }
            let limits = feeds.iter().filter_map(|feed| hall.power.feeds.get(*feed)).map(|feed| feed.limit().0);
            if of.most.is_some_and(|most| !(most.is_finite() && most >= 0.0)) {
                return Err(Refusal::OutOfRange { min: 0.0, max: limits.fold(f64::INFINITY, f64::min) });
            }
            let start = of.start.unwrap_or(now);
            let end = end(of, start, by_person)?;
            if end <= start || end <= now {
                // A programme tells all its intervals each time: one that is over asks for nothing, and refuses none of the others.
                if said.source.kind == Kind::OpenAdr && end > start {
                    continue;
                }
                return Err(Refusal::HoldOutOfRange);
            }
            for feed in feeds {
                let all_of = |other: &Target| other.source == said.source && other.feed == *feed;
                all = cut(all, |other| all_of(other) && other.priority >= said.priority, (start, end));
                let Some(most) = of.most else { continue };
                set = set.saturating_add(1);
                self.next = self.next.saturating_add(1);
                all.push(Target {
                    number: self.next,
                    source: said.source.clone(),
                    id: said.id.clone(),
                    reason: said.reason.chars().take(REASON).collect(),
                    priority: said.priority,
                    feed: *feed,
                    most: Watts(most),
                    start,
                    end,
                    floats: floats && of.start.is_none() && of.end.is_none(),
                    begun: start <= now,
                    best_effort: of.best_effort,
                });
            }
        }
        all.retain(|of| of.end > now);
        if all.len() > MOST {
            return Err(Refusal::TooMany);
        }
        self.all = all;
        Ok(set)
    }
}

/// Until when something is wanted that begins at a time.
fn end(of: &Wanted, start: Wall, by_person: bool) -> Result<Wall, Refusal> {
    // What a person asks for ends by itself; what an agent asks for may say that it does not.
    let hold = of.hold.or_else(|| (by_person && of.most.is_some() && of.end.is_none()).then_some(term::DEFAULT));
    if by_person && hold.is_some_and(|hold| hold > term::LONGEST) {
        return Err(Refusal::HoldOutOfRange);
    }
    let held = hold.map(|hold| Wall(start.0.saturating_add(i64_from_bits(hold.millis()))));
    Ok(of.end.or(held).unwrap_or(NEVER))
}

/// Takes a time out of those that are meant: what is left of one before and after goes on.
fn cut(all: Vec<Target>, meant: impl Fn(&Target) -> bool, (from, to): (Wall, Wall)) -> Vec<Target> {
    let mut left = Vec::with_capacity(MOST);
    for of in all {
        if !meant(&of) {
            left.push(of);
            continue;
        }
        if of.end > to {
            let after = Target { start: of.start.max(to), begun: of.begun && of.start >= to, ..of.clone() };
            left.push(after);
        }
        if of.start < from {
            left.push(Target { end: of.end.min(from), ..of });
        }
    }
    left
}
