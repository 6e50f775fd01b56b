//! Whether a tank's fluid reaches its pump: one that runs dry moves nothing, and breaks.
//!
//! A level that says so stops what cools the tank, so that it has to be seen sinking: from above, and no faster than a tank can leak. One that
//! jumps, or that nobody has seen any higher, is a sensor that lies, and stops nothing.

use plant::time::Span;
use serde::{Deserialize, Serialize};

use crate::control::asks::Latch;

/// No leak takes more than this from one scan to the next (%).
const JUMP: f64 = 5.0;

/// A pump's intake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Intake {
    bare: Latch,
    /// The level was seen above the intake, and has not jumped since.
    believed: bool,
    /// The level that was known last (%).
    last: Option<f64>,
}

impl Intake {
    /// A new boot: what was bare is, and nobody knows how the level moved meanwhile.
    #[must_use]
    pub const fn restarted(self) -> Self {
        Self { last: None, ..self }
    }

    /// Its pump would run dry.
    #[must_use]
    pub const fn is_bare(self) -> bool {
        self.bare.is_on()
    }

    /// One scan: the level (%), where it is known now, below which the intake is bare, how far above it is covered again, and for how long
    /// it must be bare. True where that has changed.
    pub fn step(&mut self, level: Option<f64>, (dry, clear): (f64, f64), after: Span, dt: Span) -> bool {
        let Some(level) = level else { return false };
        self.believed &= self.last.is_none_or(|last| last - level <= JUMP);
        self.believed |= level >= dry + clear;
        self.last = Some(level);
        self.bare.step((level < dry && self.believed, after), level >= dry + clear, dt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Span = Span::from_secs(1);

    fn run(intake: &mut Intake, levels: impl IntoIterator<Item = f64>) -> usize {
        let mut step = |level| intake.step(Some(level), (81.0, 3.0), Span::from_secs(10), SECOND);
        levels.into_iter().filter(|level| step(*level)).count()
    }

    #[test]
    fn a_level_that_sinks_bares_the_intake_until_it_is_filled_up() {
        let mut intake = Intake::default();
        let sinks = (0..600).map(|second| 99.0 - 0.05 * f64::from(second));
        assert_eq!((run(&mut intake, sinks), intake.is_bare()), (1, true));
        assert!(
            !intake.step(None, (81.0, 3.0), Span::from_secs(10), SECOND) && intake.is_bare(),
            "nor is it over unseen"
        );
        assert!(intake.restarted().is_bare(), "over a new boot, too");
        assert_eq!((run(&mut intake, [83.0; 60]), intake.is_bare()), (0, true));
        assert_eq!((run(&mut intake, [99.0; 2]), intake.is_bare()), (1, false));
    }

    #[test]
    fn a_level_that_jumps_or_was_never_higher_stops_nothing() {
        let mut intake = Intake::default();
        run(&mut intake, [99.0; 60]);
        assert_eq!((run(&mut intake, [0.0; 600]), intake.is_bare()), (0, false), "all zeros");
        assert_eq!((run(&mut intake, [98.0; 60]), intake.is_bare()), (0, false));
        let sinks = (0..600).map(|second| 98.0 - 0.05 * f64::from(second));
        assert_eq!(run(&mut intake, sinks), 1, "it is believed again");
        let mut fresh = Intake::default();
        assert_eq!(run(&mut fresh, [40.0; 600]), 0, "found so at the first boot");
    }
}
