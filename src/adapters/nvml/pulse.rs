//! Does power's sensor live? A flat line proves nothing by itself, for an idle GPU is flat: the energy counter is the witness.
//!
//! ```text
//!                 power flat for 3 s and energy stands still
//!   Moves ────────────────────────────────────────────────────▶ Frozen
//!     │ ▲                                                          │
//!     │ └───── power moves, or energy rises as it says ────────────┘
//!     ▼
//!   PowerFrozen   flat for 5 s, while energy rises by more than a tenth and 10 W beside it
//! ```

use plant::gpu::{Millijoules, Milliwatts};
use plant::time::{Mono, Span};

/// Energy that stands still for this long beside a flat power counts nothing any more.
const STILL: Span = Span::from_secs(3);
/// How long a flat power is compared with the counter.
const COMPARED: Span = Span::from_secs(5);
/// The shortest time over which the counter's rise is a power: it moves ten times a second.
const LEAST: Span = Span::from_secs(1);
/// How far they may be apart by nature.
const APART: Milliwatts = Milliwatts::from_watts(10);

/// What the witness says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// Power moves, or stands where energy says.
    #[default]
    Moves,
    /// Power stands still, and energy says something else.
    PowerFrozen,
    /// Both stand still.
    Frozen,
}

/// What was seen of one GPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulse {
    power: Option<(Milliwatts, Mono)>,
    energy: Option<(Millijoules, Mono)>,
    /// Where the counter was when power was last seen to move, or when the mean was last taken.
    mark: Option<(Millijoules, Mono)>,
    mean: Option<Milliwatts>,
    verdict: Verdict,
}

impl Pulse {
    /// One reading. A counter that goes back has begun anew.
    pub fn step(&mut self, now: Mono, power: Option<Milliwatts>, energy: Option<Millijoules>) -> Verdict {
        if power != self.power.map(|(p, _)| p) {
            self.power = power.map(|p| (p, now));
        }
        if self.energy.is_some_and(|(last, _)| energy.is_some_and(|e| e < last)) {
            *self = Self { power: self.power.map(|(p, _)| (p, now)), ..Self::default() };
        }
        if energy != self.energy.map(|(e, _)| e) {
            self.energy = energy.map(|e| (e, now));
        }
        self.measure(now, energy);
        self.verdict = self.judge(now);
        self.verdict
    }

    /// The mean power that the counter says (mW), over the last second or more; nothing while it stands still.
    #[must_use]
    pub fn mean(&self) -> Option<Milliwatts> {
        self.mean.filter(|m| *m > Milliwatts(0))
    }

    fn measure(&mut self, now: Mono, energy: Option<Millijoules>) {
        match (energy, self.mark) {
            (Some(energy), Some((from, since))) if now.since(since) >= LEAST => {
                let (rise, took) = (energy.0.saturating_sub(from.0), now.since(since).millis());
                self.mean = rise.saturating_mul(1000).checked_div(took).map(Milliwatts);
                self.mark = Some((energy, now));
            }
            (Some(energy), None) => self.mark = Some((energy, now)),
            (Some(_), Some(_)) => {}
            (None, _) => (self.mark, self.mean) = (None, None),
        }
    }

    fn judge(&self, now: Mono) -> Verdict {
        // Without a counter there is no witness.
        let (Some((power, flat)), Some((_, risen))) = (self.power, self.energy) else { return Verdict::Moves };
        let flat = now.since(flat);
        if flat >= STILL && now.since(risen) >= STILL {
            return Verdict::Frozen;
        }
        let differs = |mean: Milliwatts| mean.apart(power) > APART && mean.apart(power).0 > power.0.max(mean.0) / 10;
        // A verdict stands until power moves.
        match self.mean {
            Some(mean) if flat >= COMPARED && (self.verdict == Verdict::PowerFrozen || differs(mean)) => {
                Verdict::PowerFrozen
            }
            Some(_) | None => Verdict::Moves,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten readings a second: the power that is told and the power that is counted, both by the second (W).
    fn run(pulse: &mut Pulse, from: u64, seconds: u64, watts: impl Fn(u64) -> (u64, u64)) -> Vec<Verdict> {
        let mut counted = pulse.energy.map_or(0, |(e, _)| e.0);
        let verdict = |tick: u64| {
            let (told, drawn) = watts(tick);
            counted += drawn * 100;
            let now = Mono::default().after(Span::from_millis(100 * tick));
            pulse.step(now, Some(Milliwatts(1000 * told)), Some(Millijoules(counted)))
        };
        (10 * from..10 * (from + seconds)).map(verdict).collect()
    }

    #[test]
    fn an_idle_gpu_is_flat_and_lives() {
        let seen = run(&mut Pulse::default(), 0, 60, |_| (71, 70));
        assert!(seen.iter().all(|v| *v == Verdict::Moves));
    }

    #[test]
    fn a_power_that_stands_still_while_energy_rises_is_told_within_seven_seconds() {
        let mut pulse = Pulse::default();
        run(&mut pulse, 0, 5, |t| (600 + t % 7, 600));
        let seen = run(&mut pulse, 5, 20, |_| (606, 250));
        let first = seen.iter().position(|v| *v == Verdict::PowerFrozen).expect("told");
        assert!((50..=70).contains(&first), "{first}");
        assert!(seen.iter().skip(first).all(|v| *v == Verdict::PowerFrozen));
        let mean = pulse.mean().expect("counted");
        assert!(mean.apart(Milliwatts::from_watts(250)) < Milliwatts::from_watts(3), "{mean}");
        let again = run(&mut pulse, 25, 1, |t| (250 + t % 3, 250));
        assert_eq!(again.first(), Some(&Verdict::Moves), "a sensor that moves is believed");
    }

    #[test]
    fn a_board_that_stands_still_altogether_is_told_within_four_seconds() {
        let mut pulse = Pulse::default();
        run(&mut pulse, 0, 5, |t| (600 + t % 7, 600));
        let seen = run(&mut pulse, 5, 10, |_| (600, 0));
        let first = seen.iter().position(|v| *v == Verdict::Frozen).expect("told");
        assert!((29..=40).contains(&first), "{first}");
    }

    #[test]
    fn a_counter_that_begins_anew_is_no_drop_of_power() {
        let mut pulse = Pulse::default();
        run(&mut pulse, 0, 5, |_| (300, 300));
        let now = Mono::default().after(Span::from_secs(6));
        assert_eq!(pulse.step(now, Some(Milliwatts::from_watts(300)), Some(Millijoules(10))), Verdict::Moves);
        assert_eq!(pulse.mean(), None);
    }
}
