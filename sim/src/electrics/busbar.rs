//! A busbar or a PDU: three phases and a neutral, each with its resistance, and what the box itself draws.
//!
//! **Equation** `I = P/(V·cos φ)` on each phase, `loss = fixed + R·(I_a² + I_b² + I_c²) + R_n·I_n²`; the neutral carries the vector sum of the
//! phases, `I_a² + I_b² + I_c² − I_a·I_b − I_b·I_c − I_c·I_a`, and three times their mean third harmonic, which adds up instead of
//! cancelling. **Source** Ohm; symmetrical components; busbars and PDUs lose 0.5 to 1 % at rated load, PDUs with a transformer
//! 1.5 to 3 %. **Parameters** rated current, resistances, fixed draw. **Box** loads 0 to 150 %, any imbalance. **Outside it**
//! an overload is told and carried: the breaker before it, with its thermal memory, is a part of its own that takes
//! [`Carried::current`] and opens. **Time constant** none.

use plant::read::Section;

use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, SHARE, number};

/// A busbar or PDU.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Busbar {
    /// Voltage from a phase to the neutral (V, > 0).
    pub voltage: f64,
    /// Power over apparent power of the load (1, 0.5 to 1).
    pub power_factor: f64,
    /// Rated current of a phase (A, > 0).
    pub rated: f64,
    /// Resistance of a phase, way there (Ω, ≥ 0).
    pub phase: f64,
    /// Resistance of the neutral (Ω, ≥ 0).
    pub neutral: f64,
    /// Third harmonic of the load's current over its fundamental (1, 0 to 1).
    pub third_harmonic: f64,
    /// Controls, displays, a transformer's iron (W, ≥ 0).
    pub fixed: f64,
}

/// What goes through at one load.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Carried {
    /// Currents of the phases (A, ≥ 0).
    pub current: [f64; 3],
    /// Current of the neutral (A, ≥ 0).
    pub neutral: f64,
    /// Loss (W).
    pub loss: f64,
    /// The highest phase over the rating (1).
    pub loading: f64,
    /// How far the phase farthest from their mean is from it, over the mean (1); 0 without load.
    pub imbalance: f64,
}

impl Carried {
    /// True above the rating.
    #[must_use]
    pub fn overloaded(&self) -> bool {
        self.loading > 1.0
    }
}

impl Busbar {
    /// One for `power` W in three even phases of `voltage` V to neutral, that loses `share` of it then and nothing without load.
    #[must_use]
    pub fn sized(power: f64, voltage: f64, share: f64) -> Self {
        let rated = power / (3.0 * voltage);
        let phase = share * power / (3.0 * rated * rated);
        Self { voltage, power_factor: 1.0, rated, phase, neutral: phase, third_harmonic: 0.0, fixed: 0.0 }
    }

    /// What goes through for the loads of the three phases (W; their amounts count, what is no number does not).
    #[must_use]
    pub fn carry(&self, loads: [f64; 3]) -> Carried {
        let amps = |load: f64| if load.is_finite() { load.abs() / (self.voltage * self.power_factor) } else { 0.0 };
        let [a, b, c] = loads.map(amps);
        let mean = (a + b + c) / 3.0;
        let third = 3.0 * self.third_harmonic * mean;
        let square = (a * a + b * b + c * c - a * b - b * c - c * a).max(0.0) + third * third;
        let farthest = (a - mean).abs().max((b - mean).abs()).max((c - mean).abs());
        // The harmonic warms the phases as well.
        let harmonic = 1.0 + self.third_harmonic * self.third_harmonic;
        Carried {
            current: [a, b, c],
            neutral: square.sqrt(),
            loss: self.fixed + self.phase * harmonic * (a * a + b * b + c * c) + self.neutral * square,
            loading: a.max(b).max(c) / self.rated,
            imbalance: if mean > 0.0 { farthest / mean } else { 0.0 },
        }
    }

    /// Reads a section with `rated-a`, `voltage-v`, `phase-ohm`, `neutral-ohm` and, where wanted, `power-factor`, `third-harmonic`,
    /// `fixed-w`.
    pub(crate) fn read(of: &Section<'_>) -> Self {
        Self {
            voltage: number(of, "voltage-v", POSITIVE),
            power_factor: of.within("power-factor", (0.5, 1.0)).unwrap_or(1.0),
            rated: number(of, "rated-a", POSITIVE),
            phase: number(of, "phase-ohm", AT_LEAST_ZERO),
            neutral: number(of, "neutral-ohm", AT_LEAST_ZERO),
            third_harmonic: of.within("third-harmonic", SHARE).unwrap_or(0.0),
            fixed: of.within("fixed-w", AT_LEAST_ZERO).unwrap_or(0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plant::read::Source;
    use proptest::prelude::*;

    #[test]
    fn even_phases_leave_the_neutral_empty_and_one_phase_fills_it() {
        let of = Busbar::sized(690e3, 230.0, 0.01);
        let even = of.carry([230e3; 3]);
        assert!((even.loss - 6.9e3).abs() < 1e-6 && even.neutral < 1e-6, "{even:?}");
        assert!((even.loading - 1.0).abs() < 1e-12 && even.imbalance < 1e-12 && !even.overloaded());
        let one = of.carry([230e3, 0.0, 0.0]);
        assert!((one.neutral - one.current[0]).abs() < 1e-9 && (one.imbalance - 2.0).abs() < 1e-12, "{one:?}");
        assert!((one.loss - 2.0 * 6.9e3 / 3.0).abs() < 1e-6, "there and back");
    }

    #[test]
    fn the_neutral_is_the_phasors_sum() {
        let of = Busbar::sized(690e3, 230.0, 0.01);
        for loads in [[100e3, 50e3, 20e3], [1e3, 200e3, 1e3], [30e3, 30e3, 90e3]] {
            let seen = of.carry(loads);
            let turn = std::f64::consts::TAU / 3.0;
            let (mut x, mut y) = (0.0, 0.0);
            for (n, current) in seen.current.iter().enumerate() {
                let angle = turn * f64::from(u8::try_from(n).expect("three phases"));
                (x, y) = (x + current * f64::cos(angle), y + current * f64::sin(angle));
            }
            assert!((seen.neutral - f64::hypot(x, y)).abs() < 1e-9 * seen.neutral, "{seen:?}");
        }
        // A third harmonic of a third fills the neutral as a phase, with even loads.
        let harmonic = Busbar { third_harmonic: 1.0 / 3.0, ..of }.carry([230e3; 3]);
        assert!((harmonic.neutral - harmonic.current[0]).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn more_load_never_loses_less_and_balance_is_best(load in 0.0..300e3f64, more in 0.0..300e3f64, skew in 0.0..1.0f64) {
            let of = Busbar { fixed: 100.0, ..Busbar::sized(690e3, 230.0, 0.01) };
            let even = of.carry([load; 3]);
            prop_assert!(even.loss >= 100.0 && of.carry([load + more; 3]).loss >= even.loss);
            let skewed = of.carry([load * (1.0 + skew), load * (1.0 - skew), load]);
            prop_assert!(skewed.loss >= even.loss * (1.0 - 1e-12));
        }
    }

    #[test]
    fn an_overload_is_told_and_no_absurd_load_breaks_it() {
        let of = Busbar::sized(690e3, 230.0, 0.01);
        assert!(of.carry([231e3, 0.0, 0.0]).overloaded());
        for loads in [[f64::NAN; 3], [f64::INFINITY, 0.0, 0.0], [-1e12, 1e12, 0.0]] {
            let seen = of.carry(loads);
            assert!(seen.loss.is_finite() && seen.neutral.is_finite() && seen.imbalance.is_finite());
        }
    }

    #[test]
    fn a_broken_section_tells_all_its_faults() {
        let source = Source::new("b.toml", "rated-a = 0\nphase-ohm = 1\nneutral-ohm = -1\npower-factor = 2\n");
        let table = source.parse();
        let read = Busbar::read(&source.root(&table));
        assert_eq!(source.finish(Some(read)).expect_err("faults").0.len(), 4);
    }
}
