//! Control valves.
//!
//! **Equation** `ṁ = φ(y)·ṁ₀·√(Δp/Δp₀)`, inherent characteristic φ of the position y: equal percentage `R^(y−1)`, linear `y`,
//! quick opening `√y`; near the seat a straight line to the leakage, which every characteristic keeps.
//! **Source** IEC 60534-2-4. **Parameters** rangeability R 30 to 100; leakage 0 (tight) to 2 % (worn seat); authority
//! 0.3 to 0.7. **Box** turbulent flow, no cavitation. **Outside it** positions are held between 0 and 1.
//! **Time constant** the stroke, 90 to 150 s, belongs to the actuator.

use plant::read::Section;

use crate::physics::read::{POSITIVE, number, number_or_zero};

/// Position below which an equal-percentage valve closes along a straight line.
const SEAT: f64 = 0.05;

/// How a valve's opening follows its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Characteristic {
    /// The same share more for each step: coils.
    EqualPercentage,
    /// In proportion: bypasses, three-way mixing.
    Linear,
    /// Most of it at once: on and off.
    QuickOpening,
}

/// A two-way control valve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Valve {
    /// How it opens.
    pub characteristic: Characteristic,
    /// Flow when open at the nominal drop (kg/s, > 0).
    pub flow: f64,
    /// Nominal pressure drop when open (Pa, > 0).
    pub drop: f64,
    /// Open flow over the least controllable one (1, 10 to 200).
    pub rangeability: f64,
    /// What it passes when shut, over what it passes when open (1, 0 to 0.05).
    pub leakage: f64,
}

impl Valve {
    /// The inherent opening φ at a position (1, leakage to 1). What is no number counts as shut.
    #[must_use]
    pub fn opening(&self, position: f64) -> f64 {
        let y = if position.is_finite() { position.clamp(0.0, 1.0) } else { 0.0 };
        let own = match self.characteristic {
            Characteristic::EqualPercentage => {
                let grown = libm::exp(libm::log(self.rangeability) * (y.max(SEAT) - 1.0));
                if y < SEAT { grown * y / SEAT } else { grown }
            }
            Characteristic::Linear => y,
            Characteristic::QuickOpening => y.sqrt(),
        };
        // The seat leaks beside the plug, and both together never pass more than the open valve.
        self.leakage + (1.0 - self.leakage) * own
    }

    /// Pressure drop for each square of the flow at a position (Pa/(kg/s)², infinite when tight and shut). An exponential
    /// stands behind it: who steps often keeps it while the valve stands still.
    #[must_use]
    pub fn square(&self, position: f64) -> f64 {
        let passed = self.opening(position) * self.flow;
        if passed <= 0.0 { f64::INFINITY } else { self.drop / (passed * passed) }
    }

    /// Flow over the open one when a quadratic resistance stands in series and both together see a constant pressure, for an
    /// authority of 0 to 1: the installed characteristic (1, 0 to 1).
    #[must_use]
    pub fn installed(&self, position: f64, authority: f64) -> f64 {
        let opening = self.opening(position);
        opening / (authority + (1.0 - authority) * opening * opening).sqrt()
    }

    /// Reads a valve.
    pub(crate) fn read(of: &Section<'_>) -> Self {
        let words = [
            ("equal-percentage", Characteristic::EqualPercentage),
            ("linear", Characteristic::Linear),
            ("quick-opening", Characteristic::QuickOpening),
        ];
        let valve = Self {
            characteristic: of.word("characteristic", &words).unwrap_or(Characteristic::EqualPercentage),
            flow: number(of, "flow-kg-per-s", POSITIVE),
            drop: number(of, "drop-pa", POSITIVE),
            rangeability: of.within("rangeability", (10.0, 200.0)).unwrap_or(50.0),
            leakage: number_or_zero(of, "leakage", (0.0, 0.05)),
        };
        if valve.characteristic != Characteristic::EqualPercentage && of.has("rangeability") {
            of.fault(
                "rangeability",
                "only an equal-percentage valve has a rangeability here",
                "remove it, or write `characteristic = \"equal-percentage\"`",
            );
        }
        valve
    }
}

/// The open valve's share of the pressure drop it and the rest of its circuit take (1, 0 to 1; Pa, Pa).
#[must_use]
pub fn authority(valve: f64, rest: f64) -> f64 {
    let sum = valve + rest;
    if sum > 0.0 { (valve / sum).clamp(0.0, 1.0) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plant::read::Source;
    use proptest::prelude::*;

    const VALVE: Valve = Valve {
        characteristic: Characteristic::EqualPercentage,
        flow: 6.0,
        drop: 3e4,
        rangeability: 50.0,
        leakage: 0.0,
    };

    #[test]
    fn equal_steps_are_equal_percentages() {
        for y in [0.1, 0.4, 0.8] {
            let step = VALVE.opening(y + 0.1) / VALVE.opening(y);
            assert!((step - 50f64.powf(0.1)).abs() < 1e-12, "{y}: {step}");
        }
        assert_eq!(VALVE.opening(1.0), 1.0);
        assert_eq!(VALVE.opening(0.0), 0.0);
        assert_eq!(VALVE.square(0.0), f64::INFINITY);
        assert_eq!(VALVE.opening(f64::NAN), 0.0);
        assert_eq!(VALVE.opening(7.0), 1.0);
    }

    #[test]
    fn low_authority_makes_a_linear_valve_quick() {
        let linear = Valve { characteristic: Characteristic::Linear, ..VALVE };
        assert!((linear.installed(0.5, 1.0) - 0.5).abs() < 1e-12);
        // Two resistances in series: 1/√(0.1/0.25 + 0.9).
        assert!((linear.installed(0.5, 0.1) - 1.0 / 1.3f64.sqrt()).abs() < 1e-12);
        assert!((authority(3e4, 7e4) - 0.3).abs() < 1e-12);
        assert_eq!(authority(0.0, 0.0), 1.0);
    }

    proptest! {
        #[test]
        fn more_position_is_never_less_opening_and_a_seat_leaks_at_least_its_leakage(
            y in 0.0..1.0f64, more in 0.0..0.3f64, leakage in 0.0..0.05f64, range in 10.0..200.0f64,
        ) {
            for characteristic in
                [Characteristic::EqualPercentage, Characteristic::Linear, Characteristic::QuickOpening]
            {
                let valve = Valve { characteristic, leakage, rangeability: range, ..VALVE };
                prop_assert!(valve.opening(y + more) >= valve.opening(y));
                prop_assert!(valve.opening(y) >= leakage && valve.opening(y) <= 1.0 + 1e-15);
            }
        }
    }

    #[test]
    fn a_broken_valve_tells_all_its_faults_at_once() {
        let text = "characteristic = \"linaer\"\nflow-kg-per-s = -1\nrangeability = 3\nleakage = 0.5\ncolour = 1\n";
        let source = Source::new("valve.toml", text);
        let table = source.parse();
        let root = source.root(&table);
        let valve = Valve::read(&root);
        root.done();
        drop(root);
        let faults = source.finish(Some(valve)).expect_err("broken").to_string();
        for part in ["linear", "flow-kg-per-s", "drop-pa", "rangeability", "leakage", "colour"] {
            assert!(faults.contains(part), "{part} in\n{faults}");
        }
    }
}
