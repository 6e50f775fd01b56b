//! Load targets for people and programs who ask.

use plant::hall::Hall;
use plant::id::FeedId;
use plant::time::Wall;
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::{Feed, Grid, Kind, Stage, Target, Turn};

/// What the grid asks for, as of the last scan. Instants are milliseconds since 1970, UTC.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GridView {
    /// The last scan, by the wall clock or as it is reckoned; nothing where nobody knows.
    pub at_ms: Option<i64>,
    /// The wall clock is trusted.
    pub clock_trusted: bool,
    /// Every feed for which targets may be set.
    pub feeds: Vec<HeldView>,
    /// Every target, those that come with them.
    pub targets: Vec<TargetView>,
    /// Statements taken since the record began.
    pub taken: u64,
    /// Those that were refused, by why.
    pub refused: Vec<(String, u64)>,
}

/// A feed for which targets may be set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldView {
    /// Its name.
    pub feed: String,
    /// `free`, `down`, `held`, `rest`, `up`, `after`.
    pub phase: String,
    /// What it may carry for a target (W); nothing where nothing holds it.
    pub allowed_w: Option<f64>,
    /// The target (W), and its number among the targets.
    pub target_w: Option<f64>,
    /// See above.
    pub target: Option<u64>,
    /// What flows (W), and whether its meter says so.
    pub load_w: f64,
    /// See above.
    pub metered: bool,
    /// What flows without a target (W).
    pub usual_w: Option<f64>,
    /// What it can be brought down to (W); nothing before that is known.
    pub minimum_w: Option<f64>,
    /// What it may carry in any case (W).
    pub maximum_w: f64,
    /// The load is at its target, or there is none.
    pub compliant: bool,
    /// It goes from one power to another.
    pub in_flight: bool,
    /// When what holds it began (ms).
    pub since_ms: Option<i64>,
    /// The last turns of its ramp, the newest first, and how often it turned in all.
    pub turns: Vec<Turn>,
    /// See above.
    pub turned: u64,
    /// The breach that there is, or was last.
    pub breach: Option<BreachView>,
}

/// A load above its target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BreachView {
    /// `kept` where it is over, `active`, `escalated`.
    pub stage: Stage,
    /// Its number among those of its feed.
    pub number: u64,
    /// More than a fifth above the target.
    pub critical: bool,
    /// When it was detected (ms).
    pub detected_ms: i64,
    /// When it was over (ms).
    pub resolved_ms: Option<i64>,
}

/// A target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetView {
    /// Its number.
    pub number: u64,
    /// By which way somebody asks, and who.
    pub kind: Kind,
    /// See above.
    pub source: String,
    /// By which it is known on all sides.
    pub id: String,
    /// Why.
    pub reason: String,
    /// Lower is more important.
    pub priority: u8,
    /// The feed.
    pub feed: String,
    /// What it may carry (W).
    pub watts: f64,
    /// From when on (ms).
    pub start_ms: i64,
    /// Until when (ms); nothing for one that holds until something else is said.
    pub end_ms: Option<i64>,
    /// It has begun.
    pub begun: bool,
    /// A breach of it is not escalated.
    pub best_effort: bool,
}

/// An instant (ms since 1970) as `2026-07-15T13:00:00Z`, to the second; empty where no calendar has it.
#[must_use]
pub fn instant(ms: i64) -> String {
    jiff::Timestamp::from_second(ms.div_euclid(1000)).map_or_else(|_| String::new(), |at| at.to_string())
}

impl Grid {
    /// All of it, for people; `least` is what a feed can be brought down to.
    #[must_use]
    pub fn view(&self, hall: &Hall, least: impl Fn(FeedId) -> Option<Watts>) -> GridView {
        let name = |feed: FeedId| hall.power.feeds.get(feed).map_or_else(String::new, |feed| feed.name.clone());
        let target = |of: &Target| TargetView {
            number: of.number,
            kind: of.source.kind,
            source: of.source.name.clone(),
            id: of.id.clone(),
            reason: of.reason.clone(),
            priority: of.priority,
            feed: name(of.feed),
            watts: of.most.0,
            start_ms: of.start.0,
            end_ms: of.end().map(|end| end.0),
            begun: of.begun,
            best_effort: of.best_effort,
        };
        GridView {
            at_ms: self.now.known.then_some(self.now.wall.0),
            clock_trusted: self.now.sure,
            feeds: self.feeds.iter().map(|of| self.held(hall, of, (name(of.feed), least(of.feed)))).collect(),
            targets: self.book.iter().map(target).collect(),
            taken: self.taken,
            refused: self.refused.iter().map(|(why, count)| (why.word().to_owned(), *count)).collect(),
        }
    }

    fn held(&self, hall: &Hall, of: &Feed, (feed, least): (String, Option<Watts>)) -> HeldView {
        let target = of.by.and_then(|number| self.book.numbered(number));
        let breach = &of.breach;
        let told = BreachView {
            stage: breach.stage,
            number: breach.number,
            critical: breach.critical,
            detected_ms: breach.since.0,
            resolved_ms: breach.over.map(|Wall(ms)| ms),
        };
        HeldView {
            feed,
            phase: of.ramp.word().to_owned(),
            allowed_w: of.ramp.allowed().map(|(allowed, _)| allowed.0),
            target_w: target.map(|target| target.most.0),
            target: of.by,
            load_w: of.flows.load.0,
            metered: of.flows.metered,
            usual_w: of.ramp.usual().map(|usual| usual.0),
            minimum_w: least.map(|least| least.0),
            maximum_w: hall.power.feeds.get(of.feed).map_or(0.0, |feed| feed.limit().0),
            compliant: target.is_none_or(|target| of.flows.load <= target.most),
            in_flight: of.ramp.is_moving(),
            since_ms: of.since.map(|Wall(ms)| ms),
            turns: of.turns.iter().flatten().copied().collect(),
            turned: of.turned,
            breach: (breach.number > 0).then_some(told),
        }
    }
}
