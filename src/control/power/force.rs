//! The highest of what was granted to a GPU that may still be in force, for all that its node has said.

use plant::gpu::Milliwatts;
use serde::{Deserialize, Serialize};

/// Nothing is out of force before a later grant has been taken. Grants go out when there is reason to, not in every scan, so what is taken may be
/// older than what was granted last: a fall counts once anything as late as that fall has been taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Force {
    /// The highest.
    high: Milliwatts,
    /// The first grant below it, and the highest since that one.
    fall: Option<((u64, u64), Milliwatts)>,
    /// What was granted last, in this order.
    last: (Milliwatts, (u64, u64)),
}

impl Force {
    /// The highest that may be in force.
    pub const fn most(&self) -> Milliwatts {
        self.high
    }

    /// Something is granted.
    pub fn grant(&mut self, cap: Milliwatts, order: (u64, u64)) {
        self.last = (cap, order);
        match &mut self.fall {
            None if cap < self.high => self.fall = Some((order, cap)),
            None => self.high = cap,
            Some((_, since)) => {
                *since = (*since).max(cap);
                self.high = self.high.max(cap);
            }
        }
    }

    /// Its node has taken a grant of this order.
    pub fn taken(&mut self, order: (u64, u64)) {
        let (cap, last) = self.last;
        while let Some((fall, since)) = self.fall.filter(|(fall, _)| order >= *fall) {
            self.high = since;
            self.fall = (cap < since && fall < last).then_some((last, cap));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        /// Whatever is sent, lost and taken: what is in force is never above what is said, and what was taken last is what is said once
        /// nothing else was granted since.
        #[test]
        fn nothing_in_force_is_above_it(steps in proptest::collection::vec((0..8_u64, any::<bool>(), any::<bool>()), 1..60)) {
            let (mut force, mut enforced) = (Force::default(), (0, (0, 0)));
            for (n, (cap, arrives, heard)) in (1_u64..).zip(&steps) {
                if *heard {
                    force.taken(enforced.1);
                }
                force.grant(Milliwatts(*cap), (1, n));
                if *arrives {
                    enforced = (*cap, (1, n));
                }
                prop_assert!(force.most().0 >= enforced.0, "{} is in force after {n} grants", enforced.0);
            }
            force.taken((1, u64::MAX));
            prop_assert_eq!(force.most().0, steps[steps.len() - 1].0);
        }
    }

    #[test]
    fn a_fall_counts_when_something_as_late_was_taken_although_more_was_granted_since() {
        let mut force = Force::default();
        force.grant(Milliwatts(700), (1, 1));
        force.grant(Milliwatts(300), (1, 2));
        (3..9).for_each(|n| force.grant(Milliwatts(300), (1, n)));
        force.taken((1, 1));
        assert_eq!(force.most().0, 700, "the first may be in force");
        force.taken((1, 4));
        assert_eq!(force.most().0, 300);
    }
}
