//! Power budgets: what a feed may carry for a while because the grid, a tariff or a person asks for less than its limit.
//!
//! A budget comes through the door of the limits: caps keep it as they keep a breaker's, and whoever asks why hears its name and reason. Several may
//! hold at once, and the least counts. One whose end nobody knows after a break holds for all that was left of it: less power is the side
//! to err on.

use plant::event::{About, What};
use plant::hall::Hall;
use plant::id::FeedId;
use plant::time::{Span, Tick};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::news::News;
use super::request::{Refusal, Reply};
use super::term::{self, End, Term};

/// How many may hold at once.
const MOST: usize = 64;
/// The longest name (characters).
const NAME: usize = 64;

/// A budget in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Its name: another of the same name takes its place.
    pub id: String,
    /// The feed.
    pub feed: FeedId,
    /// What it may carry (W).
    pub most: Watts,
    /// Who asked.
    pub who: String,
    /// Why.
    pub reason: String,
    term: Term,
}

/// What somebody asks for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its name.
    pub id: &'a str,
    /// The feed.
    pub feed: FeedId,
    /// What it may carry (W).
    pub watts: f64,
    /// For how long.
    pub hold: Option<Span>,
    /// Why.
    pub reason: &'a str,
}

/// Every budget in force, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Budgets {
    all: Vec<Budget>,
    last: Tick,
}

impl Budget {
    /// What is left of its time.
    #[must_use]
    pub const fn remaining(&self, tick: Tick) -> Span {
        self.term.remaining(tick)
    }
}

impl Budgets {
    /// Every budget in force.
    pub fn iter(&self) -> impl Iterator<Item = &Budget> {
        self.all.iter()
    }

    /// The least of a feed.
    #[must_use]
    pub fn of(&self, feed: FeedId) -> Option<&Budget> {
        self.all.iter().filter(|of| of.feed == feed).min_by(|a, b| a.most.0.total_cmp(&b.most.0))
    }

    /// Takes one, in the place of an earlier one of its name.
    ///
    /// # Errors
    /// A hall that caps nobody or has no such feed; watts that are none or above the feed's limit; no name, no reason, no time or too long a one; too many.
    pub fn set(
        &mut self,
        hall: &Hall,
        asked: &Asked<'_>,
        who: &str,
        (tick, news): (Tick, &mut News<'_>),
    ) -> Result<Reply, Refusal> {
        let limit =
            hall.power.feeds.get(asked.feed).filter(|_| hall.power.capping.is_some()).ok_or(Refusal::Unknown)?.limit();
        let (id, reason, hold) = (asked.id.trim(), asked.reason.trim(), asked.hold.unwrap_or(term::DEFAULT));
        if !(asked.watts > 0.0 && asked.watts <= limit.0) {
            return Err(Refusal::OutOfRange { min: 0.0, max: limit.0 });
        }
        if reason.is_empty() || id.is_empty() || id.chars().count() > NAME {
            return Err(Refusal::ReasonMissing);
        }
        if hold == Span::ZERO || hold > term::LONGEST {
            return Err(Refusal::HoldOutOfRange);
        }
        if self.all.len() >= MOST && !self.all.iter().any(|of| of.id == id) {
            return Err(Refusal::TooMany);
        }
        self.all.retain(|of| of.id != id);
        self.all.push(Budget {
            id: id.to_owned(),
            feed: asked.feed,
            most: Watts(asked.watts),
            who: who.to_owned(),
            reason: reason.to_owned(),
            term: Term::until(hold, tick),
        });
        news.warn(About::Feed(asked.feed), What::BudgetSet { watts: asked.watts });
        let expires = Some(term::later(tick.wall, hold));
        Ok(Reply::Accepted { expires, note: format!("{:.1} kW at the most for {hold}", asked.watts / 1e3) })
    }

    /// Takes one away. False where there is none of this name.
    pub fn lift(&mut self, id: &str, news: &mut News<'_>) -> bool {
        let Some(at) = self.all.iter().position(|of| of.id == id) else { return false };
        let gone = self.all.remove(at);
        news.info(About::Feed(gone.feed), What::BudgetOver);
        true
    }

    /// Lets go what has run out.
    pub fn step(&mut self, tick: Tick, news: &mut News<'_>) {
        let last = self.last;
        self.all.retain_mut(|of| match of.term.advance(tick, last) {
            None => true,
            Some(End::Unknown(left)) => {
                of.term = Term::until(left, tick);
                true
            }
            Some(End::Over) => {
                news.info(About::Feed(of.feed), What::BudgetOver);
                false
            }
        });
        self.last = tick;
    }
}

#[cfg(test)]
mod tests {
    use plant::time::{Mono, Wall};

    use super::*;

    fn hall() -> Hall {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        Hall::load("air", &format!("{text}\n[capping]\n")).expect("loads")
    }

    fn at(s: u64, boot: u32, clock_trusted: bool) -> Tick {
        let wall = Wall(1_000 * i64::try_from(s).expect("small"));
        Tick { mono: Mono(s * 1_000_000_000), wall, clock_trusted, boot, ..Tick::default() }
    }

    fn ask(id: &str, feed: FeedId, watts: f64) -> Asked<'_> {
        Asked { id, feed, watts, hold: Some(Span::from_secs(100)), reason: "the grid asks" }
    }

    #[test]
    fn the_least_of_those_that_hold_counts_and_each_ends_by_itself() {
        let hall = hall();
        let (feed, mut budgets, mut events) =
            (hall.power.feed("ups-a").expect("a UPS"), Budgets::default(), Vec::new());
        let mut set = |budgets: &mut Budgets, asked: &Asked<'_>, s| {
            budgets.set(&hall, asked, "grid", (at(s, 1, true), &mut News::new(at(s, 1, true), &mut events)))
        };
        assert!(set(&mut budgets, &ask("a", feed, 900e3), 0).is_ok());
        assert!(set(&mut budgets, &ask("b", feed, 800e3), 50).is_ok());
        assert!(set(&mut budgets, &ask("a", feed, 700e3), 60).is_ok(), "another of the same name");
        assert_eq!(
            set(&mut budgets, &ask("c", feed, 2e6), 60),
            Err(Refusal::OutOfRange { min: 0.0, max: hall.power.feeds[feed].limit().0 })
        );
        assert_eq!(set(&mut budgets, &Asked { reason: " ", ..ask("c", feed, 7e5) }, 60), Err(Refusal::ReasonMissing));
        let after = |budgets: &mut Budgets, tick| {
            budgets.step(tick, &mut News::new(tick, &mut Vec::new()));
            budgets.of(feed).map(|of| of.most.0)
        };
        assert_eq!(after(&mut budgets, at(149, 1, true)), Some(700e3));
        assert_eq!(after(&mut budgets, at(151, 1, true)), Some(700e3), "b is over");
        assert_eq!(after(&mut budgets, at(161, 1, true)), None);
    }

    #[test]
    fn one_whose_end_nobody_knows_after_a_break_holds_for_what_was_left() {
        let hall = hall();
        let (feed, mut budgets) = (hall.power.feed("ups-a").expect("a UPS"), Budgets::default());
        let mut news = Vec::new();
        let mut step = |budgets: &mut Budgets, tick| {
            budgets.step(tick, &mut News::new(tick, &mut news));
            budgets.of(feed).is_some()
        };
        let begun = at(0, 1, true);
        budgets
            .set(&hall, &ask("a", feed, 7e5), "grid", (begun, &mut News::new(begun, &mut Vec::new())))
            .expect("taken");
        assert!(step(&mut budgets, at(40, 1, true)));
        assert!(step(&mut budgets, at(5, 2, false)), "nobody knows how long it was away");
        assert!(step(&mut budgets, at(64, 2, false)), "60 s were left");
        assert!(!step(&mut budgets, at(66, 2, false)));
    }
}
