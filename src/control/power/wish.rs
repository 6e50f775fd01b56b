//! What a GPU would draw if it might: its highest draw of late with a margin, and all it can take where its cap holds it back.

use plant::gpu::{Milliwatts, Throttle};
use plant::lease::seen::GpuSeen;
use plant::time::Span;
use serde::{Deserialize, Serialize};

/// From this share of its cap on a cap is taken to hold a GPU back (percent).
const HELD: u64 = 93;
/// What is wished above the highest draw: so many percent and so many milliwatts.
const ABOVE: (u64, u64) = (10, 15_000);
/// How slowly a wish is forgotten (s): steps of training and checkpoints are shorter.
const FADE: f64 = 60.0;

/// A GPU's wish.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish(Milliwatts);

impl Wish {
    /// What is wished now (mW), of a GPU that can take up to `most`.
    pub fn step(&mut self, seen: &GpuSeen, most: Milliwatts, dt: Span) -> Milliwatts {
        let (drawn, held) = (seen.peak.max(seen.power), is_held(seen));
        let wanted = match drawn {
            Some(drawn) if !held => {
                Milliwatts(drawn.0.saturating_add(drawn.0 / 100 * ABOVE.0).saturating_add(ABOVE.1)).min(most)
            }
            Some(_) | None => most,
        };
        let share = (dt.seconds() / FADE).clamp(0.0, 1.0);
        let fallen = plant::convert::u64_from_f64_rounded(plant::convert::f64_from_u64(self.0.less(wanted).0) * share);
        self.0 = self.0.less(Milliwatts(fallen)).max(wanted).min(most);
        self.0
    }
}

/// True where its cap holds a GPU back.
pub fn is_held(seen: &GpuSeen) -> bool {
    let near = |(drawn, cap): (Milliwatts, Milliwatts)| drawn.0.saturating_mul(100) >= cap.0.saturating_mul(HELD);
    seen.throttle.any(Throttle::POWER_CAP) || seen.peak.max(seen.power).zip(seen.enforced).is_some_and(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Milliwatts = Milliwatts(700_000);
    const SECOND: Span = Span::from_secs(1);

    fn drawing(watts: u32, cap: u32) -> GpuSeen {
        let (power, enforced) = (Some(Milliwatts::from_watts(watts)), Some(Milliwatts::from_watts(cap)));
        GpuSeen { power, peak: power, enforced, ..GpuSeen::default() }
    }

    #[test]
    fn who_is_held_back_wishes_all() {
        assert_eq!(Wish::default().step(&drawing(285, 300), MOST, SECOND), MOST);
        let slowed = GpuSeen { throttle: Throttle::POWER_CAP, ..drawing(200, 300) };
        assert_eq!(Wish::default().step(&slowed, MOST, SECOND), MOST);
        assert_eq!(Wish::default().step(&GpuSeen::default(), MOST, SECOND), MOST, "nobody knows");
    }

    #[test]
    fn a_pause_between_two_steps_of_training_is_no_end_of_it() {
        let mut wish = Wish::default();
        assert_eq!(wish.step(&drawing(600, 700), MOST, SECOND), Milliwatts(675_000));
        let after: Vec<Milliwatts> = (0..300).map(|_| wish.step(&drawing(100, 700), MOST, SECOND)).collect();
        assert!(after[3] > Milliwatts(630_000), "{:?}", after[3]);
        assert!(after[299] < Milliwatts(130_000), "{:?}", after[299]);
    }
}
