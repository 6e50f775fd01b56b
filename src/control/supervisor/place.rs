//! Where one setpoint stands, and what tries of a step either way have shown.

use plant::hall::supervisor::Reach;
use plant::time::Span;
use serde::{Deserialize, Serialize};

/// So many tries of one step are enough to give it up.
const ENOUGH: u32 = 24;
/// So many standard errors make sure.
const SURE: f64 = 2.5;
/// The error that is believed before tries have shown their own counts as so many of them.
const PRIOR: f64 = 4.0;
/// A step that was given up, or taken back, is not tried again for so long.
const REST: Span = Span::from_secs(12 * 3600);

/// A way to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// More.
    Up,
    /// Less.
    Down,
}

impl Way {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Up, Self::Down];

    const fn other(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }
}

/// What tries of one step one way have shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tries {
    /// How many.
    pub count: u32,
    /// What it saved, on the mean (W).
    pub mean: f64,
    /// Σ of squares of what they were off that mean (W²).
    spread: f64,
    /// It is not tried again for so long.
    pub rest: Span,
}

impl Tries {
    /// One more: what it saved, and the error that one is believed to have (W). The mean of all, and its standard error.
    fn add(&mut self, saved: f64, error: f64) -> (f64, f64) {
        self.count += 1;
        let count = f64::from(self.count);
        let off = saved - self.mean;
        self.mean += off / count;
        self.spread += off * (saved - self.mean);
        let variance = (PRIOR * error * error + self.spread) / (PRIOR + count - 1.0);
        (self.mean, libm::sqrt(variance / count))
    }
}

/// One setpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Its offset from where the hall's file has it (K or %).
    pub at: f64,
    /// What being there is expected to save (W).
    pub saves: f64,
    up: Tries,
    down: Tries,
}

/// What follows from a trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// More tries will tell.
    Open,
    /// It does not pay, and is left alone for a while.
    GivenUp,
    /// It pays: so much is expected (W).
    Taken(f64),
}

impl Place {
    /// Tries of a step that way.
    #[must_use]
    pub const fn tries(&self, way: Way) -> &Tries {
        match way {
            Way::Up => &self.up,
            Way::Down => &self.down,
        }
    }

    const fn tries_mut(&mut self, way: Way) -> &mut Tries {
        match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        }
    }

    /// Where a step that way leads; nothing where there is no room, or it is left alone.
    #[must_use]
    pub fn step(&self, reach: &Reach, way: Way) -> Option<f64> {
        let to = match way {
            Way::Up => (self.at + reach.step).min(reach.most),
            Way::Down => (self.at - reach.step).max(reach.least),
        };
        let far = (to - self.at).abs() >= 0.5 * reach.step;
        (far && self.tries(way).rest == Span::ZERO).then_some(to)
    }

    /// Time has passed.
    pub fn pass(&mut self, dt: Span) {
        for tries in [&mut self.up, &mut self.down] {
            tries.rest = Span::from_nanos(tries.rest.nanos().saturating_sub(dt.nanos()));
        }
    }

    /// The hall's file has another reach now.
    pub fn within(&mut self, reach: Option<&Reach>) {
        let at = reach.map_or(0.0, |reach| self.at.clamp(reach.least, reach.most));
        if at != self.at {
            *self = Self { at, ..Self::default() };
        }
    }

    /// A step that way has been tried: what it saved (W), with its standard error, against what it must save.
    pub fn judge(&mut self, way: Way, (saved, error, worth): (f64, f64, f64)) -> Verdict {
        let tries = self.tries_mut(way);
        let (mean, error) = tries.add(saved, error);
        if mean > worth && mean > SURE * error {
            // The steps that are taken are those that luck made look good: what is expected of them is the less for it.
            return Verdict::Taken(mean * (1.0 - error * error / (mean * mean)));
        }
        if mean + SURE * error < worth || tries.count >= ENOUGH {
            *tries = Tries { rest: REST, ..Tries::default() };
            return Verdict::GivenUp;
        }
        Verdict::Open
    }

    /// It is moved for good. The way back is left alone for a while: it has just been seen to cost.
    pub fn take(&mut self, to: f64, way: Way, saves: f64) {
        let back = Tries { rest: REST, ..Tries::default() };
        *self = Self { at: to, saves: self.saves + saves, ..Self::default() };
        *self.tries_mut(way.other()) = back;
    }

    /// It goes where the maps say.
    pub const fn go(&mut self, to: f64) {
        self.at = to;
    }

    /// A step back at once: what it was for is too near. It is not tried again for a while.
    pub fn back_off(&mut self, reach: &Reach) {
        let at = (self.at - reach.step).max(self.at.min(0.0));
        let share = if self.at.abs() > 1e-9 { at / self.at } else { 0.0 };
        *self = Self { at, saves: self.saves * share, ..Self::default() };
        self.up.rest = REST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REACH: Reach = Reach { least: -1.0, most: 1.5, step: 0.5 };

    #[test]
    fn a_step_that_clearly_pays_is_taken_and_the_way_back_is_left_alone() {
        let mut place = Place::default();
        let to = place.step(&REACH, Way::Up).expect("room");
        let Verdict::Taken(saves) = place.judge(Way::Up, (1200.0, 300.0, 300.0)) else {
            panic!("four errors above nothing")
        };
        assert!((saves - 1200.0 * (1.0 - 1.0 / 16.0)).abs() < 1e-9, "and luck is taken off: {saves}");
        place.take(to, Way::Up, saves);
        assert!((place.at - 0.5).abs() < 1e-12 && (place.saves - saves).abs() < 1e-12);
        assert_eq!(place.step(&REACH, Way::Down), None);
        assert_eq!(place.step(&REACH, Way::Up), Some(1.0));
        place.pass(REST);
        assert_eq!(place.step(&REACH, Way::Down), Some(0.0));
    }

    #[test]
    fn a_doubtful_step_is_tried_until_enough_trials_agree() {
        let mut place = Place::default();
        let mut last = Verdict::Open;
        let mut tries = 0;
        while last == Verdict::Open {
            last = place.judge(Way::Down, (600.0 + if tries % 2 == 0 { 300.0 } else { -300.0 }, 900.0, 300.0));
            tries += 1;
        }
        assert!(matches!(last, Verdict::Taken(saves) if (400.0..700.0).contains(&saves)), "{last:?}");
        assert!((3..=12).contains(&tries), "{tries}");
    }

    #[test]
    fn a_step_that_cannot_be_worth_it_is_given_up_and_rests() {
        assert_eq!(
            Place::default().judge(Way::Up, (-2000.0, 500.0, 300.0)),
            Verdict::GivenUp,
            "at once where it costs"
        );
        let mut place = Place::default();
        let verdicts: Vec<_> = (0..24).map(|_| place.judge(Way::Up, (0.0, 900.0, 300.0))).collect();
        assert!(verdicts.contains(&Verdict::GivenUp) && !verdicts.iter().any(|v| matches!(v, Verdict::Taken(_))));
        place.judge(Way::Up, (-9000.0, 900.0, 300.0));
        assert_eq!(place.step(&REACH, Way::Up), None);
        assert_eq!(place.step(&REACH, Way::Down), Some(-0.5), "the other way is open");
    }

    #[test]
    fn steps_that_save_nothing_are_seldom_taken_for_ones_that_do() {
        let mut seed = 1_u32;
        let mut noise = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            900.0 * 3.0_f64.sqrt() * (f64::from(seed >> 8) / f64::from(1 << 23) - 1.0)
        };
        let taken = (0..1000_u32).filter(|_| {
            let mut place = Place::default();
            let verdicts = (0..8).map(|_| place.judge(Way::Up, (noise(), 900.0, 300.0)));
            verdicts.take_while(|v| *v != Verdict::GivenUp).any(|v| matches!(v, Verdict::Taken(_)))
        });
        let taken = taken.count();
        assert!(taken < 80, "{taken} of 1000: one in twenty, for it is looked at more than once");
    }

    #[test]
    fn there_is_no_step_beyond_its_reach() {
        let place = Place { at: 1.4, ..Place::default() };
        assert_eq!(place.step(&REACH, Way::Up), None, "a tenth is no step");
        let place = Place { at: -1.0, ..Place::default() };
        assert_eq!(place.step(&REACH, Way::Down), None);
    }

    #[test]
    fn backing_off_keeps_its_share_of_what_is_expected_and_never_passes_home() {
        let mut place = Place { at: 1.0, saves: 1000.0, ..Place::default() };
        place.back_off(&REACH);
        assert!((place.at - 0.5).abs() < 1e-12 && (place.saves - 500.0).abs() < 1e-9);
        place.back_off(&REACH);
        place.back_off(&REACH);
        assert!(place.at.abs() < 1e-12 && place.saves.abs() < 1e-12);
        assert_eq!(place.step(&REACH, Way::Up), None);
    }

    #[test]
    fn another_reach_brings_it_within_and_forgets_what_was_expected() {
        let mut place = Place { at: 1.5, saves: 1000.0, ..Place::default() };
        place.within(Some(&Reach { most: 1.0, ..REACH }));
        assert!((place.at - 1.0).abs() < 1e-12 && place.saves.abs() < 1e-12);
        place.within(None);
        assert!(place.at.abs() < 1e-12);
    }
}
