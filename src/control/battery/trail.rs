//! What a battery gave a moment ago: a meter is not read when a battery is, and what flows without batteries is what the meter said and
//! what they gave then.

use plant::reading::Reading;
use plant::time::Mono;
use plant::units::Watts;
use serde::{Deserialize, Serialize};

/// So many of its samples are kept: a meter that is read every five seconds, with some to spare.
const KEPT: usize = 16;

/// Its latest samples, the newest first. A clone is a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trail {
    samples: [(Mono, f64); KEPT],
    known: usize,
}

impl Trail {
    /// Takes down what it gives, or takes, whatever else of it is in doubt. Where nobody knows that the meter of its feed counts alone: nobody counts on what it gave once.
    pub fn hear(&mut self, power: Reading<Watts>, read: Mono) {
        match power {
            Reading::Fresh(power) => self.mark(read, power.0),
            Reading::Lost { .. } => self.mark(read, 0.0),
            Reading::Stale { .. } => {}
        }
    }

    /// Takes a sample down, if it is a new one: when it was read, and what it gave (W).
    fn mark(&mut self, read: Mono, power: f64) {
        let newest = self.samples.first_mut().filter(|_| self.known > 0);
        if let Some(newest) = newest.filter(|newest| newest.0 == read) {
            newest.1 = power;
            return;
        }
        self.samples.rotate_right(1);
        if let Some(newest) = self.samples.first_mut() {
            *newest = (read, power);
        }
        self.known = self.known.saturating_add(1).min(KEPT);
    }

    /// What it gave when it was read last (W); negative where it took.
    #[must_use]
    pub fn last(&self) -> f64 {
        self.samples.first().filter(|_| self.known > 0).map_or(0.0, |(_, power)| *power)
    }

    /// What it gave at a moment (W): what was read last before it, or first of all.
    #[must_use]
    pub fn at(&self, moment: Mono) -> f64 {
        let mut known = self.samples.iter().take(self.known);
        let before = known.clone().find(|(read, _)| *read <= moment);
        before.or_else(|| known.next_back()).map_or(0.0, |(_, power)| *power)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_gave_then_counts_and_not_what_it_gives_now() {
        let mut trail = Trail::default();
        assert!(trail.at(Mono(5)).abs() < 1e-12);
        for n in 1..40_u32 {
            trail.mark(Mono(u64::from(n) * 10), f64::from(n));
            trail.mark(Mono(u64::from(n) * 10), f64::from(n));
        }
        for (moment, power) in [(390, 39.0), (385, 38.0), (300, 30.0), (1, 24.0), (1000, 39.0)] {
            assert!((trail.at(Mono(moment)) - power).abs() < 1e-12, "{moment}");
        }
    }
}
