//! Whether a unit answers, and when it is asked again after it did not. Pure.

use plant::reading::Why;
use plant::time::{Mono, Span};

/// A unit's health.
///
/// ```text
///        no answer             back-off over: probed; heard, or tried when nobody else is up
///   Up ─────────────▶ Down(n) ──────────────────────────────▶ Trial(n)
///   ▲                   ▲                                        │ no answer: Down(n+1)
///   └───────────────────┴────────────────────────────────────────┘ answer: Up
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// It answers.
    #[default]
    Up,
    /// It does not: nothing but a probe is sent before `until`.
    Down {
        /// Failures in a row.
        n: u32,
        /// When it is asked again.
        until: Mono,
        /// What is wrong.
        why: Why,
    },
    /// It is asked again, after everybody else.
    Trial {
        /// Failures in a row.
        n: u32,
        /// What was wrong.
        why: Why,
    },
}

/// How long the back-offs are.
#[derive(Clone, Copy, Debug)]
pub struct BackOff {
    /// The first; the n-th is n times as long.
    pub first: Span,
    /// The longest.
    pub longest: Span,
}

impl Health {
    /// It did not answer at `now`.
    pub fn failed(&mut self, why: Why, now: Mono, back_off: BackOff) {
        let n = match *self {
            Self::Up => 1,
            Self::Down { n, .. } | Self::Trial { n, .. } => n.saturating_add(1),
        };
        let wait = back_off.first.times(u64::from(n)).min(back_off.longest);
        *self = Self::Down { n, until: now.after(wait), why };
    }

    /// It answered a request.
    pub const fn answered(&mut self) {
        *self = Self::Up;
    }

    /// It was heard of: it deserves a trial.
    pub const fn heard(&mut self) {
        match *self {
            Self::Down { n, why, .. } => *self = Self::Trial { n, why },
            Self::Up | Self::Trial { .. } => {}
        }
    }

    /// The gateway is back: ask at once instead of waiting out the back-off.
    pub const fn hurry(&mut self, now: Mono) {
        match self {
            Self::Down { until, n, .. } => {
                *until = now;
                *n = 1;
            }
            Self::Up | Self::Trial { .. } => {}
        }
    }

    /// What is wrong, while nothing may be asked of it.
    #[must_use]
    pub const fn down(&self) -> Option<Why> {
        match self {
            Self::Down { why, .. } => Some(*why),
            Self::Up | Self::Trial { .. } => None,
        }
    }

    /// True when it is down and its back-off is over.
    #[must_use]
    pub fn due(&self, now: Mono) -> bool {
        match self {
            Self::Down { until, .. } => now >= *until,
            Self::Up | Self::Trial { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACK_OFF: BackOff = BackOff { first: Span::from_secs(2), longest: Span::from_secs(300) };

    #[test]
    fn each_failure_waits_longer_up_to_the_longest() {
        let mut health = Health::Up;
        let mut now = Mono(0);
        for n in 1..=200 {
            health.failed(Why::Timeout, now, BACK_OFF);
            let wait = Span::from_secs((2 * n).min(300));
            assert!(!health.due(Mono(now.after(wait).0 - 1)), "failure {n}");
            now = now.after(wait);
            assert!(health.due(now), "failure {n}");
        }
        health.heard();
        assert_eq!(health.down(), None);
        health.answered();
        assert_eq!(health, Health::Up);
    }

    #[test]
    fn a_trial_that_fails_is_no_fresh_start() {
        let mut health = Health::Up;
        health.failed(Why::Timeout, Mono(0), BACK_OFF);
        health.heard();
        health.failed(Why::Exception(11), Mono(0), BACK_OFF);
        assert_eq!(health, Health::Down { n: 2, until: Mono(4_000_000_000), why: Why::Exception(11) });
    }
}
