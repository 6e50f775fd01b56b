//! The sequence of a drive that a loop turns and that may stand: a tower's fans, a pump.

use plant::event::{Step as Told, Trouble, What};
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::machine::Sight;
use super::roster::RunTime;
use super::{Bound, Sequence, Step, Timer, Turn};

/// Turning, it may be seen standing for so long before it counts as lost.
const LOST_AFTER: Span = Span::from_secs(10);

/// Where a drive is in its sequence.
///
/// ```text
///             wanted                turns                  not wanted
///   Resting ─────────▶ Starting ─────────▶ Turning ─────────────────────▶ Stopping
///    ▲                    │                  │ ▲                            │   │
///    │                    │ start-within     │ │ wanted again: Starting ◀───┤   │ stop-within
///    │                    ▼                  ▼ │                            │   ▼
///    ├──────────────── Failed ◀───── stands ───┘  does what it shall        │  Failed (did not stop)
///    ◀──────────────────────────────────────────────────────────────────────┘ stands
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Drive {
    /// It stands.
    Resting,
    /// It has been told to turn.
    Starting,
    /// It turns.
    Turning,
    /// It has been told to stand.
    Stopping,
    /// It does not do what it is told.
    Failed(Trouble),
}

impl Drive {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Resting => "resting",
            Self::Starting => "starting",
            Self::Turning => "turning",
            Self::Stopping => "stopping",
            Self::Failed(_) => "failed",
        }
    }
}

/// The times of a drive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DriveRules {
    /// Told to turn, it turns within.
    pub start_within: Span,
    /// Told to stand, it stands within.
    pub stop_within: Span,
}

impl Step for Drive {
    type Rules = DriveRules;

    fn bound(self, rules: &DriveRules) -> Bound<Self> {
        let within = |time, trouble| Bound::Within { time, abort: Self::Failed(trouble), trouble };
        match self {
            Self::Starting => within(rules.start_within, Trouble::DidNotStart),
            Self::Stopping => within(rules.stop_within, Trouble::DidNotStop),
            Self::Resting | Self::Turning | Self::Failed(_) => Bound::Rest,
        }
    }
}

/// A drive at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Driven {
    life: Sequence<Drive>,
    gone: Timer,
    /// It did not turn when it should, and has not been seen turning since: that nobody asks for it any more mends nothing.
    missed: Option<Trouble>,
    /// How long it has turned.
    pub run: RunTime,
}

impl Driven {
    /// As it is found.
    #[must_use]
    pub fn found(turns: bool, run: RunTime) -> Self {
        let step = if turns { Drive::Turning } else { Drive::Resting };
        Self { life: Sequence::long_since(step), gone: Timer::default(), missed: None, run }
    }

    /// Where it is.
    #[must_use]
    pub const fn step(&self) -> Drive {
        self.life.step()
    }

    /// How long it has been there.
    #[must_use]
    pub const fn since(&self) -> Span {
        self.life.since()
    }

    /// What it has failed at, while it is not tried again.
    #[must_use]
    pub const fn failed(&self) -> Option<Trouble> {
        match self.step() {
            Drive::Failed(trouble) => Some(trouble),
            Drive::Resting | Drive::Starting | Drive::Turning | Drive::Stopping => None,
        }
    }

    /// What is wrong with it, if anything is: also while it may rest and while it is tried again, until it has turned.
    #[must_use]
    pub const fn trouble(&self) -> Option<Trouble> {
        match self.failed() {
            Some(trouble) => Some(trouble),
            None => self.missed,
        }
    }

    /// True while it shall turn.
    #[must_use]
    pub const fn is_told(&self) -> bool {
        match self.step() {
            Drive::Starting | Drive::Turning | Drive::Failed(Trouble::DidNotStart | Trouble::StoppedItself) => true,
            Drive::Resting | Drive::Stopping | Drive::Failed(_) => false,
        }
    }

    /// One scan: whether it turns and whether it shall. What there is to tell of it.
    pub fn advance(&mut self, rules: &DriveRules, (turns, wanted): (Sight, bool), dt: Span) -> Option<What> {
        self.gone.count(turns == Sight::Known(false) && self.step() == Drive::Turning, dt);
        let gone = self.gone.reached(LOST_AFTER);
        let known = if let Sight::Known(_) = turns { dt } else { Span::ZERO };
        let turn = self.life.advance(rules, known, |step, _| next(step, (turns, wanted), gone));
        self.run.count(turns == Sight::Known(true), dt);
        if turns == Sight::Known(true) {
            self.missed = None;
        } else if let Drive::Failed(trouble @ (Trouble::DidNotStart | Trouble::StoppedItself)) = self.step() {
            self.missed = Some(trouble);
        }
        let aborted = match turn {
            Turn::Stayed => return None,
            Turn::Moved(_) => None,
            Turn::Aborted(_, trouble) => Some(trouble),
        };
        Some(match self.step() {
            Drive::Starting => {
                self.run.starts = self.run.starts.saturating_add(1);
                What::Step(Told::Starting)
            }
            Drive::Turning => What::Step(Told::Running),
            Drive::Stopping => What::Step(Told::Stopping),
            Drive::Resting => What::Step(Told::Standing),
            Drive::Failed(trouble) => What::Trouble(aborted.unwrap_or(trouble)),
        })
    }
}

/// The guards. A doubted word ends no step.
fn next(step: Drive, (turns, wanted): (Sight, bool), gone: bool) -> Option<Drive> {
    let turns = match turns {
        Sight::Known(turns) => turns,
        Sight::Doubted | Sight::Lost => return None,
    };
    match step {
        Drive::Resting if wanted => Some(Drive::Starting),
        Drive::Resting => turns.then_some(Drive::Stopping), // somebody else turns it
        Drive::Starting if !wanted => Some(Drive::Stopping),
        Drive::Starting => turns.then_some(Drive::Turning),
        Drive::Turning if !wanted => Some(Drive::Stopping),
        Drive::Turning => gone.then_some(Drive::Failed(Trouble::StoppedItself)),
        Drive::Stopping if wanted => Some(Drive::Starting),
        Drive::Stopping => (!turns).then_some(Drive::Resting),
        Drive::Failed(Trouble::DidNotStop) if turns => wanted.then_some(Drive::Turning),
        Drive::Failed(Trouble::DidNotStop) => Some(if wanted { Drive::Starting } else { Drive::Resting }),
        Drive::Failed(_) if turns => Some(Drive::Turning),
        Drive::Failed(_) => (!wanted).then_some(Drive::Resting),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULES: DriveRules = DriveRules { start_within: Span::from_secs(60), stop_within: Span::from_secs(300) };
    const SECOND: Span = Span::from_secs(1);

    fn run(drive: &mut Driven, turns: Sight, wanted: bool, seconds: usize) -> Vec<What> {
        (0..seconds).filter_map(|_| drive.advance(&RULES, (turns, wanted), SECOND)).collect()
    }

    #[test]
    fn one_that_does_not_turn_has_failed_in_its_time_and_is_told_to_turn_on() {
        let mut drive = Driven::found(false, RunTime::default());
        let told = run(&mut drive, Sight::Known(false), true, 60);
        assert_eq!(told, [What::Step(Told::Starting)]);
        assert_eq!(run(&mut drive, Sight::Known(false), true, 1), [What::Trouble(Trouble::DidNotStart)]);
        assert!(drive.is_told(), "a fan that comes back shall turn");
        assert_eq!(run(&mut drive, Sight::Known(true), true, 1), [What::Step(Told::Running)]);
    }

    #[test]
    fn one_that_failed_is_well_when_it_has_turned_and_not_when_it_may_rest() {
        let mut drive = Driven::found(false, RunTime::default());
        run(&mut drive, Sight::Known(false), true, 61);
        assert_eq!(run(&mut drive, Sight::Known(false), false, 600), [What::Step(Told::Standing)]);
        assert_eq!((drive.step(), drive.trouble()), (Drive::Resting, Some(Trouble::DidNotStart)));
        assert_eq!(run(&mut drive, Sight::Known(false), true, 1), [What::Step(Told::Starting)]);
        assert_eq!(drive.trouble(), Some(Trouble::DidNotStart), "it is tried, and not well yet");
        run(&mut drive, Sight::Known(true), true, 1);
        assert_eq!(drive.trouble(), None);
    }

    #[test]
    fn one_that_turns_on_has_failed_and_rests_once_it_stands() {
        let mut drive = Driven::found(true, RunTime::default());
        let told = run(&mut drive, Sight::Known(true), false, 301);
        assert_eq!(told, [What::Step(Told::Stopping), What::Trouble(Trouble::DidNotStop)]);
        assert_eq!(run(&mut drive, Sight::Known(false), false, 1), [What::Step(Told::Standing)]);
    }

    #[test]
    fn one_that_did_not_stop_and_stands_when_it_is_wanted_again_starts() {
        let mut drive = Driven::found(true, RunTime::default());
        run(&mut drive, Sight::Known(true), false, 302);
        assert_eq!(drive.trouble(), Some(Trouble::DidNotStop));
        run(&mut drive, Sight::Doubted, true, 60);
        assert_eq!(run(&mut drive, Sight::Known(false), true, 1), [What::Step(Told::Starting)]);
        assert!(drive.is_told());
    }

    #[test]
    fn one_that_stops_by_itself_is_missed_after_ten_seconds_and_not_for_a_blink() {
        let mut drive = Driven::found(true, RunTime::default());
        assert!(run(&mut drive, Sight::Known(false), true, 9).is_empty());
        assert!(run(&mut drive, Sight::Known(true), true, 1).is_empty());
        assert_eq!(run(&mut drive, Sight::Known(false), true, 10), [What::Trouble(Trouble::StoppedItself)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Whatever is seen and wanted, no step but a rest lasts longer than its time, counted where it is known.
        #[test]
        fn no_transition_hangs(days in prop::collection::vec((0_u8..4, any::<bool>(), 1_usize..400), 1..40)) {
            let mut drive = Driven::found(false, RunTime::default());
            for (sight, wanted, seconds) in days {
                let sight = match sight {
                    0 => Sight::Known(false),
                    1 => Sight::Known(true),
                    2 => Sight::Doubted,
                    _ => Sight::Lost,
                };
                for _ in 0..seconds {
                    drive.advance(&RULES, (sight, wanted), SECOND);
                    let most = match drive.step() {
                        Drive::Starting => RULES.start_within,
                        Drive::Stopping => RULES.stop_within,
                        Drive::Resting | Drive::Turning | Drive::Failed(_) => continue,
                    };
                    prop_assert!(drive.since() < most, "{:?} for {:?}", drive.step(), drive.since());
                }
            }
        }
    }
}
