//! What is remembered of a tray: of a rear door's, a CDU's, a tank's.
//!
//! ```text
//!        wet for `after`: told             dry, and a person resets the alarm
//!   Dry ─────────────────▶ shut off, level 2 ─────────────────────────────────▶ Dry
//! ```
//!
//! A word that is not known now neither wets nor dries: that it is lost is told as of any reading, and what leaks unseen is seen by its
//! level. A new boot opens nothing.

use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::sequence::Timer;
use super::sequence::machine::Sight;

/// What is remembered of a wet tray.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Leak {
    /// How long it has been wet.
    wet: Timer,
    /// It was, for long enough, and nobody has reset the alarm.
    latched: bool,
    /// It is known to be dry.
    dry: bool,
}

impl Leak {
    /// One scan. True when it is latched now and was not before.
    pub fn step(&mut self, wet: Sight, after: Span, dt: Span) -> bool {
        if let Sight::Known(wet) = wet {
            self.wet.count(wet, dt);
            self.dry = !wet;
        }
        let news = !self.latched && self.wet.reached(after);
        self.latched |= news;
        news
    }

    /// True from the leak until a person has reset the alarm.
    #[must_use]
    pub const fn is_latched(self) -> bool {
        self.latched
    }

    /// True while it is wet, or was and is not known to be dry.
    #[must_use]
    pub const fn is_wet(self) -> bool {
        self.latched && !self.dry
    }

    /// A new boot: what leaked stays shut, and nobody knows yet whether it is dry.
    #[must_use]
    pub fn restarted(self) -> Self {
        Self { latched: self.latched, ..Self::default() }
    }

    /// A person has reset the alarm. True where that lets it run again: it is known to be dry.
    pub const fn reset(&mut self) -> bool {
        let over = self.latched && self.dry;
        self.latched &= !over;
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Span = Span::from_secs(1);

    #[test]
    fn a_leak_is_latched_until_it_is_known_to_be_dry_and_a_person_resets_it() {
        let mut leak = Leak::default();
        let after = Span::from_secs(3);
        let run = |leak: &mut Leak, sight, scans: usize| (0..scans).filter(|_| leak.step(sight, after, SECOND)).count();
        assert_eq!(run(&mut leak, Sight::Known(true), 2), 0, "not for a splash");
        assert_eq!((run(&mut leak, Sight::Lost, 600), run(&mut leak, Sight::Doubted, 600)), (0, 0), "nor unseen");
        assert_eq!(run(&mut leak, Sight::Known(true), 60), 1);
        assert!(!leak.reset() && leak.is_latched(), "it is wet");
        run(&mut leak, Sight::Lost, 600);
        assert!(!leak.reset() && leak.is_wet(), "nobody knows");
        run(&mut leak, Sight::Known(false), 1);
        assert!(leak.is_latched() && !leak.is_wet(), "no drying ends it");
        leak = leak.restarted();
        assert!(leak.is_wet() && !leak.reset(), "nor a new boot, and nobody knows yet");
        run(&mut leak, Sight::Known(false), 1);
        assert!(leak.reset() && !leak.is_latched() && !leak.reset());
    }
}
