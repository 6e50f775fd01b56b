//! How the billed peaks of a hall are kept down: which meter is billed, what its windows shall not exceed, and what is done while the meter is in doubt.

use crate::id::FeedId;
use crate::time::Span;
use crate::units::{Celsius, Kelvins, Watts};

/// How billed peaks are kept down. A hall without it lets them come.
#[derive(Clone, Debug, PartialEq)]
pub struct Peaks {
    /// The billed meter: its place in [`super::Hall::meters`].
    pub meter: usize,
    /// The feed that it measures, below which loads are lowered.
    pub feed: FeedId,
    /// The point at which the meter counts the intervals that it has ended, where its map has one: its windows begin and end there, and not by our clock.
    pub pulse: Option<String>,
    /// What is kept free for the time that is left of a window, of its target (1, 0 to 0.2).
    pub margin: f64,
    /// The error of the forecast is counted so many times (1, 0 to 5): 1.96, 2.58 and 3.30 let one window in 40, 200 and 2000 be higher, where errors are normal.
    pub sensitivity: f64,
    /// A meter that has not been read for longer is in doubt (s, 5 s to 15 min).
    pub stale: Span,
    /// What is done then.
    pub unreliable: Unreliable,
    /// How long the load must stay well below what is allowed before loads are let go (s, 0 to 1 h).
    pub release: Span,
    /// Batteries below the feed follow a plan of the day ahead.
    pub plan: bool,
    /// What a kilogram of CO₂ counts for in it, beside what energy costs (currency per kg, 0 to 10).
    pub co2: f64,
    /// What cooling gives after batteries, and before machines are lowered.
    pub ride: Ride,
    /// What the windows of the tariff's demands shall not exceed. A demand that is not named is measured, and nothing is lowered for it.
    pub targets: Vec<Target>,
}

impl Peaks {
    /// What is taken where a file says nothing: the margin, the sensitivity, when a meter is in doubt, and when loads are let go.
    pub const USUAL: (f64, f64, Span, Span) = (0.01, 1.96, Span::from_secs(60), Span::from_secs(300));

    /// What a demand's windows shall not exceed (W); nothing where the file does not say.
    #[must_use]
    pub fn target(&self, demand: &str) -> Option<Watts> {
        self.targets.iter().find(|target| target.demand == demand).map(|target| target.most)
    }
}

/// How far cooling's setpoints are moved for peaks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ride {
    /// They rise by so much at the most while more is needed than batteries give (K, 0 to 5); 0: they do not.
    pub most: Kelvins,
    /// They fall by so much at the most before a peak that a plan expects (K, 0 to 5); 0: they do not.
    pub pre_cool: Kelvins,
    /// The fastest that they are moved (K/h, 1 to 20).
    pub rate: f64,
    /// False: what they would be is told, and nothing is moved.
    pub acts: bool,
}

impl Ride {
    /// What is taken where a file says nothing: nothing is moved.
    pub const OFF: Self = Self { most: Kelvins(0.0), pre_cool: Kelvins(0.0), rate: 12.0, acts: true };

    /// Inlets stay so far below the recommended end (K).
    pub const ROOM: Kelvins = Kelvins(0.5);

    /// The lower end of the recommended range, of every class (°C). **Source** ASHRAE TC 9.9, 5th edition 2021, table 2.1.
    pub const COLDEST: Celsius = Celsius(18.0);

    /// True where a file lets setpoints be moved, or has told what they would be.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.most > Kelvins(0.0) || self.pre_cool > Kelvins(0.0)
    }
}

/// What the windows of a demand shall not exceed.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Its name in the tariff: `peak`.
    pub demand: String,
    /// The highest mean power of a window (W, above 0).
    pub most: Watts,
}

/// What is done while the billed meter is in doubt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unreliable {
    /// What was lowered stays so: the mean that was allowed last, and never more than the target.
    Hold,
    /// Nothing is lowered.
    Release,
    /// The feed carries so much at the most (W).
    Fixed(Watts),
}
