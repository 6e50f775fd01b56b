//! A hall whose billed peak is kept down.

use plant::hall::peaks::{Peaks, Ride, Target, Unreliable};
use plant::hall::{Hall, MeterRole};
use plant::time::Span;
use plant::units::Watts;

/// What the demand is called.
pub const DEMAND: &str = "peak";

/// What a page's `[peaks]` makes of its hall, and what its utility bills.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peaked {
    /// Where windows begin.
    pub window: Begins,
    /// How long each is (s).
    pub length: Span,
    /// What their means shall not exceed (W, > 0).
    pub most: Watts,
    /// What is done while the meter is in doubt.
    pub unreliable: Unreliable,
    /// Batteries follow a plan of the day ahead.
    pub plan: bool,
    /// How far cooling's setpoints are moved.
    pub ride: Ride,
}

/// Where a window may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begins {
    /// At multiples of its length on the clock.
    Fixed,
    /// Anywhere.
    Rolling,
    /// At multiples of a third of its length on the clock.
    Block,
}

impl Begins {
    /// The words of pages and of tariffs.
    pub const WORDS: [(&'static str, Self); 3] =
        [("fixed", Self::Fixed), ("rolling", Self::Rolling), ("rolling-block", Self::Block)];

    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, of)| *of == self).map_or("", |(word, _)| *word)
    }
}

impl Peaked {
    /// Makes it so: on the utility's meter, and the feed that it measures.
    ///
    /// # Errors
    /// The hall has no such meter or feed.
    pub fn apply(&self, hall: &mut Hall) -> Result<(), (String, String)> {
        let meter = hall.meters.iter().position(|meter| meter.role == MeterRole::Utility);
        let power = meter.and_then(|place| hall.meters.get(place)).map(|meter| meter.power);
        let measured = hall.power.feeds.iter().find(|(_, feed)| {
            feed.meter.as_ref().is_some_and(|of| of.powers.iter().any(|point| Some(*point) == power))
        });
        let (Some(meter), Some((feed, _))) = (meter, measured) else {
            let message = "the hall has no feed that the utility's meter measures".to_owned();
            return Err((message, "take a hall whose file has one: `air`".to_owned()));
        };
        let (margin, sensitivity, stale, release) = Peaks::USUAL;
        let targets = vec![Target { demand: DEMAND.to_owned(), most: self.most }];
        let Self { unreliable, plan, ride, .. } = *self;
        let (pulse, co2) = (None, 0.0);
        hall.power.peaks = Some(Peaks {
            meter,
            feed,
            pulse,
            margin,
            sensitivity,
            stale,
            unreliable,
            release,
            plan,
            co2,
            ride,
            targets,
        });
        Ok(())
    }
}
