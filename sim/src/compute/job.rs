//! Jobs: how work wants power over time.
//!
//! **Equation** demand is a function of (seed, job, the job's own clock). Training repeats a step: arithmetic at high power, then an
//! exchange of gradients at low power; every so often it writes a checkpoint. Serving answers requests: a burst of prefill,
//! then decoding. A second's level moves by a few percent. A job's clock is the work it has done and runs at the job's
//! pace, so that a capped job's steps take longer. **Source** decoding at 137 to 300 W on a part of 700 W is published
//! (arXiv 2605.11999); periods and swings of training and serving are chosen, not measured.
//! **Parameters** drawn for each job within the bounds beside them. **Box** any time. **Time constant** none.

use plant::read::did_you_mean;

use super::gpu::{Device, PARTS, natural};
use crate::noise;

/// A job's clock is expected to run at least at this pace, so that one that stood still finds out when it can go on (1).
const SLOWEST: f64 = 0.05;

/// What a GPU is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing.
    Idle,
    /// A step of training, its exchange included.
    Training,
    /// Writing a checkpoint.
    Checkpoint,
    /// Reading prompts.
    Prefill,
    /// Writing answers.
    Decode,
}

/// What a GPU wants in one part of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// What it would draw if nothing held it back (W).
    pub natural: f64,
    /// What it is doing.
    pub phase: Phase,
}

/// A kind of job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Steps and checkpoints; the slowest GPU sets the pace.
    Training,
    /// Prefill and decoding by turns.
    Serving,
    /// Prefill only.
    Prefill,
    /// Decoding only.
    Decode,
}

impl Kind {
    /// The kinds by the words of traces and files.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("training", Self::Training),
        ("serving", Self::Serving),
        ("prefill", Self::Prefill),
        ("decode", Self::Decode),
    ];

    /// The kind a word names.
    ///
    /// # Errors
    /// What to do instead, as a sentence.
    pub fn parse(word: &str) -> Result<Self, String> {
        let names = || Self::WORDS.iter().map(|(name, _)| *name);
        let known = Self::WORDS.iter().find(|(name, _)| *name == word).map(|(_, kind)| *kind);
        known.ok_or_else(|| did_you_mean(word, names()))
    }
}

/// How fast a job's clock runs in the high and the low parts of its period (1, 0 to 1): under a cap the high parts last longer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// In the high part.
    pub high: f64,
    /// In the low part.
    pub low: f64,
}

impl Pace {
    /// Nothing holds it back.
    pub const FREE: Self = Self { high: 1.0, low: 1.0 };
}

/// How one job wants power: drawn once from its seed and number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Its kind.
    pub kind: Kind,
    seed: u64,
    number: u64,
    /// One step or request (s).
    period: f64,
    /// The first, high part of it (1).
    share: f64,
    /// Powers of both parts (W).
    powers: (f64, f64),
    /// From checkpoint to checkpoint, and how long one takes (s).
    checkpoints: (f64, f64),
    checkpoint: f64,
}

impl Shape {
    /// The shape of job `number` of a run with `seed` on a device.
    #[must_use]
    pub fn draw(of: &Device, kind: Kind, seed: u64, number: u64) -> Self {
        let between =
            |what: u64, low: f64, high: f64| low + (high - low) * noise::uniform(seed, number, u64::MAX - what);
        let at = |activity: f64| natural(of, activity);
        let (period, share, powers) = match kind {
            Kind::Training => {
                (between(0, 1.0, 6.0), between(1, 0.7, 0.9), (at(between(2, 0.9, 1.0)), at(between(3, 0.4, 0.6))))
            }
            Kind::Serving => {
                (between(0, 2.0, 8.0), between(1, 0.1, 0.3), (at(between(2, 0.8, 0.95)), at(between(3, 0.1, 0.3))))
            }
            Kind::Prefill => (between(0, 1.0, 3.0), 0.9, (at(between(2, 0.85, 0.98)), at(0.3))),
            Kind::Decode => (between(0, 2.0, 8.0), 0.5, (at(between(2, 0.1, 0.3)), at(between(3, 0.05, 0.1)))),
        };
        let checkpoints = (between(4, 900.0, 3600.0), between(5, 10.0, 60.0));
        Self { kind, seed, number, period, share, powers, checkpoints, checkpoint: at(between(6, 0.1, 0.2)) }
    }

    /// What each of its GPUs wants in each part of the step of `dt` seconds that begins at `clock` (s) on the job's clock, which
    /// runs at its `pace`.
    #[must_use]
    pub fn moments(&self, clock: f64, dt: f64, pace: Pace) -> [Moment; PARTS] {
        let (every, lasts) = self.checkpoints;
        let second = plant::convert::u64_from_f64_rounded(clock);
        let level = 1.0 + 0.04 * (noise::uniform(self.seed, self.number, second) - 0.5);
        let (high, low) = (self.powers.0 * level, self.powers.1 * level);
        let (up, down) = match self.kind {
            Kind::Training => (Phase::Training, Phase::Training),
            Kind::Serving => (Phase::Prefill, Phase::Decode),
            Kind::Prefill => (Phase::Prefill, Phase::Prefill),
            Kind::Decode => (Phase::Decode, Phase::Decode),
        };
        let part = dt / plant::convert::f64_from_usize(PARTS);
        let cycles = clock / self.period;
        let mut place = cycles - cycles.floor();
        let mut saved = if self.kind == Kind::Training { clock - every * (clock / every).floor() } else { 0.0 };
        let mut moments = [Moment { natural: low, phase: down }; PARTS];
        for moment in &mut moments {
            let mut passes = part * pace.low;
            if place < self.share {
                *moment = Moment { natural: high, phase: up };
                passes = part * pace.high;
            }
            // The first step of a job comes before its first checkpoint.
            if saved > every - lasts {
                *moment = Moment { natural: self.checkpoint, phase: Phase::Checkpoint };
                passes = part;
            }
            place += passes / self.period;
            if place >= 1.0 {
                place -= place.floor();
            }
            if self.kind == Kind::Training {
                saved += passes;
                if saved >= every {
                    saved -= every;
                }
            }
        }
        moments
    }

    /// The job's pace after a step of these moments that it did at `seen` (1, 0 to 1): what the low parts did not take, the
    /// high ones did.
    #[must_use]
    pub fn learn(&self, moments: &[Moment; PARTS], seen: f64, before: Pace) -> Pace {
        let middle = f64::midpoint(self.powers.0, self.powers.1);
        let (mut high, mut low, mut saving) = (0.0, 0.0, 0.0);
        for moment in moments {
            if moment.phase == Phase::Checkpoint {
                saving += 1.0;
            } else if moment.natural > middle {
                high += 1.0;
            } else {
                low += 1.0;
            }
        }
        let left = seen * (high + low + saving) - saving;
        let of = |work: f64, parts: f64| (work / parts).clamp(SLOWEST, 1.0);
        if high > 0.0 {
            Pace { high: of(left - low * before.low, high), ..before }
        } else if low > 0.0 {
            Pace { low: of(left, low), ..before }
        } else {
            before
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plant::convert;

    fn mean(moments: &[Moment]) -> f64 {
        moments.iter().map(|m| m.natural).sum::<f64>() / convert::f64_from_usize(moments.len())
    }

    #[test]
    fn demand_is_a_function_of_seed_job_and_clock() {
        let of = Device::H100;
        for (_, kind) in Kind::WORDS {
            let shape = Shape::draw(&of, kind, 7, 3);
            assert_eq!(
                shape.moments(4711.0, 1.0, Pace::FREE),
                Shape::draw(&of, kind, 7, 3).moments(4711.0, 1.0, Pace::FREE)
            );
            assert_ne!(shape, Shape::draw(&of, kind, 7, 4));
            assert_ne!(shape, Shape::draw(&of, kind, 8, 3));
        }
    }

    #[test]
    fn training_swings_and_saves_as_long_and_as_often_as_it_says() {
        let shape = Shape::draw(&Device::H100, Kind::Training, 1, 1);
        let (every, lasts) = shape.checkpoints;
        let (mut saving, mut high, mut low, mut seconds) = (0.0, 0.0, 0.0, 0u32);
        while f64::from(seconds) < 20.0 * every {
            for m in shape.moments(f64::from(seconds), 1.0, Pace::FREE) {
                assert!(m.natural > 110.0 && m.natural < 730.0, "{m:?}");
                match m.phase {
                    Phase::Checkpoint => saving += 1.0,
                    Phase::Training if m.natural > 600.0 => high += 1.0,
                    Phase::Training => low += 1.0,
                    Phase::Idle | Phase::Prefill | Phase::Decode => panic!("training does not {:?}", m.phase),
                }
            }
            seconds += 1;
        }
        let total: f64 = saving + high + low;
        assert!((saving / total - lasts / every).abs() < 0.003, "{saving} of {total}");
        assert!((high / (high + low) - shape.share).abs() < 0.02, "{high} {low}");
    }

    /// Published: decoding draws 137 to 300 W on a part of 700 W.
    #[test]
    fn decoding_draws_what_was_published() {
        for job in 0..200 {
            let shape = Shape::draw(&Device::H100, Kind::Decode, 5, job);
            let all: Vec<_> = (0..60).flat_map(|s| shape.moments(f64::from(s), 1.0, Pace::FREE)).collect();
            assert!((130.0..300.0).contains(&mean(&all)), "{}", mean(&all));
        }
    }

    #[test]
    fn a_pace_is_learnt_from_mixed_steps_and_pure_ones() {
        let shape = Shape::draw(&Device::H100, Kind::Training, 1, 1);
        let (high, low) = (shape.powers.0, shape.powers.1);
        let step = |n: usize| {
            let at = |k| Moment { natural: if k < n { high } else { low }, phase: Phase::Training };
            std::array::from_fn(at)
        };
        let pure = shape.learn(&step(10), 0.8, Pace::FREE);
        let mixed = shape.learn(&step(5), 0.9, Pace::FREE);
        assert!((pure.high - 0.8).abs() < 1e-12 && (mixed.high - 0.8).abs() < 1e-12, "{pure:?} {mixed:?}");
        assert_eq!(shape.learn(&step(0), 0.95, pure), Pace { low: 0.95, ..pure });
        assert_eq!(shape.learn(&step(10), 0.0, pure).high, SLOWEST);
    }

    #[test]
    fn a_word_that_is_none_gets_help() {
        assert_eq!(Kind::parse("decode"), Ok(Kind::Decode));
        assert!(Kind::parse("trainin").expect_err("no kind").contains("training"));
        assert!(Kind::parse("mining").is_err());
    }
}
