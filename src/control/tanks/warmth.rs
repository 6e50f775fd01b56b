//! Whether a tank's fluid is warm: oil that is cold is thick, and a liquid far below boiling has air above it.
//!
//! While it is too cold its valve is shut, so that what its machines draw warms it. That ends by its temperature; where it takes too long
//! somebody is told. A temperature that does not rise with the heat that the machines give is not believed: its panel gets the tank, for it
//! has a sensor of its own.

use plant::event::{Step as Told, Trouble, What};
use plant::hall::sequence::tank::ColdTuning;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use crate::control::clock::sum;
use crate::control::sequence::{Bound, Sequence, Step, Turn};

/// So much more than what is missing may be given before a temperature is not believed (K).
const SLACK: f64 = 3.0;

/// No sensor in a liquid moves by more from one scan to the next (K): one that does is not believed.
const JUMP: f64 = 5.0;
/// One that is back within this of where it was before (K) has ended a spike.
const BACK: f64 = 2.0;
/// Where it was before is a mean of so long.
const BEFORE: Span = Span::from_secs(120);
/// After so long without a reading nobody knows how fast it moved.
const FORGOTTEN: Span = Span::from_secs(60);

/// How warm a tank's fluid is.
///
/// ```text
///         colder than `below`             `below` + `clear`
///   Warm ─────────────────────▶ Warming ────────────────────▶ Warm
///    ▲                            │   │
///    │ `below` + `clear`          │   │ more heat given than would have warmed it: back to its panel
///    └──────── Cold ◀─────────────┘   ▼
///              (told)   `within`     Panel
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Warmth {
    /// Warm enough: the loop has the valve.
    Warm,
    /// Too cold: the valve is shut.
    Warming,
    /// The same for longer than it should take.
    Cold,
}

impl Warmth {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Warm => "warm",
            Self::Warming => "warming",
            Self::Cold => "cold",
        }
    }
}

impl Step for Warmth {
    type Rules = ColdTuning;

    fn bound(self, rules: &ColdTuning) -> Bound<Self> {
        match self {
            Self::Warming => Bound::Within { time: rules.within, abort: Self::Cold, trouble: Trouble::DidNotWarm },
            Self::Warm | Self::Cold => Bound::Rest,
        }
    }
}

/// A tank's warmth at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Warming {
    step: Sequence<Warmth>,
    /// Heat of its machines since it has been too cold (J).
    heat: f64,
    /// The coldest that was seen since (°C).
    coldest: f64,
    /// Its temperature is known now.
    known: bool,
    /// What it was when it was known last (°C).
    last: Option<f64>,
    /// What it was before, as a mean of minutes (°C).
    before: Option<f64>,
    /// For how long it had not been known before this scan.
    unseen: Span,
    /// It moved faster than a liquid can.
    jumped: bool,
    /// What the machines drew when that was known last (W).
    power: f64,
}

impl Warming {
    /// Warm, as far as anybody knows.
    #[must_use]
    pub fn new() -> Self {
        let step = Sequence::long_since(Warmth::Warm);
        Self {
            step,
            heat: 0.0,
            coldest: f64::INFINITY,
            known: false,
            last: None,
            before: None,
            unseen: Span::ZERO,
            jumped: false,
            power: 0.0,
        }
    }

    /// How warm it is.
    #[must_use]
    pub const fn warmth(&self) -> Warmth {
        self.step.step()
    }

    /// True where its loop has its valve.
    #[must_use]
    pub fn is_warm(&self) -> bool {
        self.warmth() == Warmth::Warm
    }

    /// It moved faster than a liquid can, or the machines have given more heat than would have warmed it.
    #[must_use]
    pub fn is_doubted(&self, rules: &ColdTuning) -> bool {
        let missing = rules.below.0 + rules.clear + SLACK - self.coldest;
        self.jumped || !self.is_warm() && self.known && missing.is_finite() && self.heat > rules.capacity * missing
    }

    /// A new boot: what was cold is cold, and nobody knows how it moved meanwhile.
    #[must_use]
    pub const fn restarted(self) -> Self {
        Self { last: None, before: None, unseen: Span::ZERO, jumped: false, ..self }
    }

    fn watch(&mut self, fluid: Option<f64>, dt: Span) {
        // A scan that comes so late, after a stop, says as little of how fast it moved.
        self.unseen = sum(self.unseen, dt);
        if self.unseen >= FORGOTTEN {
            (self.last, self.before) = (None, None);
        }
        if let Some(fluid) = fluid {
            let far = |from: Option<f64>, most: f64| from.is_some_and(|from| libm::fabs(from - fluid) > most);
            self.jumped |= far(self.last, JUMP) && far(self.before, BACK);
            let weight = dt.seconds() / (dt.seconds() + BEFORE.seconds());
            self.before = Some(self.before.map_or(fluid, |before| before + weight * (fluid - before)));
            (self.last, self.unseen) = (Some(fluid), Span::ZERO);
        }
    }

    /// One scan: fluid (°C) and the machines' power (W), where they are known now. What there is to tell.
    pub fn step(&mut self, rules: &ColdTuning, (fluid, power): (Option<f64>, Option<f64>), dt: Span) -> Option<What> {
        self.watch(fluid, dt);
        self.power = power.unwrap_or(self.power).max(0.0); // a meter that is lost is no machine that is off
        self.known = fluid.is_some();
        let known = if self.known { dt } else { Span::ZERO };
        let turn = self.step.advance(rules, known, |step, _| next(step, rules, fluid?));
        if self.is_warm() {
            (self.heat, self.coldest) = (0.0, f64::INFINITY);
        } else {
            self.heat += self.power * dt.seconds();
            self.coldest = fluid.map_or(self.coldest, |fluid| fluid.min(self.coldest));
        }
        match turn {
            Turn::Stayed => None,
            Turn::Moved(_) if self.is_warm() => Some(What::Step(Told::Warm)),
            Turn::Moved(_) => Some(What::Step(Told::Warming)),
            Turn::Aborted(_, trouble) => Some(What::Trouble(trouble)),
        }
    }
}

impl Default for Warming {
    fn default() -> Self {
        Self::new()
    }
}

fn next(step: Warmth, rules: &ColdTuning, fluid: f64) -> Option<Warmth> {
    let below = rules.below.0;
    match step {
        Warmth::Warm => (fluid < below).then_some(Warmth::Warming),
        Warmth::Warming | Warmth::Cold => (fluid >= below + rules.clear).then_some(Warmth::Warm),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plant::hall::sequence::tank::TankTuning;
    use proptest::prelude::*;

    const RULES: ColdTuning = TankTuning::USUAL.cold;
    const SECOND: Span = Span::from_secs(1);

    fn run(warming: &mut Warming, fluid: Option<f64>, power: f64, seconds: u64) -> Vec<What> {
        (0..seconds).filter_map(|_| warming.step(&RULES, (fluid, Some(power)), SECOND)).collect()
    }

    #[test]
    fn cold_fluid_warms_and_is_warm_two_kelvins_later() {
        let mut warming = Warming::new();
        assert_eq!(run(&mut warming, Some(19.9), 0.0, 10), [What::Step(Told::Warming)]);
        assert!(run(&mut warming, Some(21.9), 0.0, 10).is_empty() && !warming.is_warm());
        assert_eq!(run(&mut warming, Some(22.0), 0.0, 10), [What::Step(Told::Warm)]);
    }

    #[test]
    fn what_takes_too_long_is_told_once_and_goes_on() {
        let mut warming = Warming::new();
        let told = run(&mut warming, Some(15.0), 0.0, 2 * 3600 + 60);
        assert_eq!(told, [What::Step(Told::Warming), What::Trouble(Trouble::DidNotWarm)]);
        assert_eq!(warming.warmth(), Warmth::Cold);
        assert!(!warming.is_doubted(&RULES), "no heat was given");
        assert_eq!(run(&mut warming, Some(23.0), 0.0, 1), [What::Step(Told::Warm)]);
    }

    #[test]
    fn a_temperature_that_does_not_rise_with_the_heat_is_not_believed() {
        let mut warming = Warming::new();
        run(&mut warming, Some(15.0), 80e3, 249);
        assert!(!warming.is_doubted(&RULES), "ten kelvins of two megajoules each are given after 250 s");
        run(&mut warming, Some(15.0), 80e3, 3);
        assert!(warming.is_doubted(&RULES));
    }

    #[test]
    fn a_temperature_that_moves_faster_than_a_liquid_can_is_not_believed() {
        let mut warming = Warming::new();
        run(&mut warming, Some(45.0), 80e3, 10);
        run(&mut warming, None, 80e3, 3); // such a step is not believed at once by the reading itself
        run(&mut warming, Some(33.0), 80e3, 1);
        assert!(warming.is_warm() && warming.is_doubted(&RULES));
        let mut risen = Warming::new();
        run(&mut risen, Some(45.0), 80e3, 10);
        run(&mut risen, Some(67.0), 80e3, 1);
        assert!(risen.is_doubted(&RULES));
        let mut cooled = Warming::new();
        run(&mut cooled, Some(45.0), 0.0, 10);
        run(&mut cooled, None, 0.0, 90);
        run(&mut cooled, Some(33.0), 0.0, 10);
        assert!(!cooled.is_doubted(&RULES), "nobody saw how fast");
        let mut spike = Warming::new();
        run(&mut spike, Some(45.0), 80e3, 600);
        run(&mut spike, Some(49.9), 80e3, 5);
        run(&mut spike, Some(44.8), 80e3, 1);
        assert!(!spike.is_doubted(&RULES), "it is back where it was");
        let mut stopped = Warming::new();
        run(&mut stopped, Some(33.0), 80e3, 10);
        stopped.step(&RULES, (Some(45.0), Some(80e3)), Span::from_secs(660));
        assert!(!stopped.is_doubted(&RULES), "no scan was made for eleven minutes");
    }

    #[test]
    fn heat_counts_on_while_its_meter_is_lost() {
        let mut warming = Warming::new();
        run(&mut warming, Some(15.0), 80e3, 10);
        for _ in 0..300 {
            warming.step(&RULES, (Some(15.0), None), SECOND);
        }
        assert!(warming.is_doubted(&RULES));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        /// Whatever is seen, nothing is doubted that warms as it should, and warming ends or is told in its time.
        #[test]
        fn warming_ends_or_is_told(begin in -10.0..19.0f64, power in 0.0..100e3f64, gaps in prop::collection::vec(1_u64..300, 1..20)) {
            let (mut warming, mut fluid) = (Warming::new(), begin);
            let mut waited = 0;
            for (n, gap) in gaps.iter().cycle().enumerate().take(400) {
                let seen = n % 3 != 2;
                for _ in 0..*gap {
                    fluid += power / 1.58e6;
                    warming.step(&RULES, (seen.then_some(fluid), Some(power)), SECOND);
                    prop_assert!(!warming.is_doubted(&RULES), "at {fluid}");
                    waited += if seen && warming.warmth() == Warmth::Warming { 1 } else { 0 };
                }
            }
            prop_assert!(waited <= 2 * 3600, "{waited}");
        }
    }
}
