//! What pipes, fittings, exchangers and filters take from the pressure.
//!
//! **Equation** `Δp = Δp₀·(ṁ/ṁ₀)ⁿ`, below a share of the nominal flow a straight line to zero (laminar); a filter's drop grows
//! by its clogging. **Source** Darcy and Weisbach; exponent 1.76 for filters as in the records of CDU makers.
//! **Box** flows to 150 % of nominal. **Outside it** the same law to ten thousand times nominal, where it is held.
//! **Time constant** none.

use plant::read::Section;

use crate::exchanger::water_growth;
use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, SHARE, number, number_or_zero};

/// Flow over nominal beyond which nothing grows any more.
pub(super) const FAR: f64 = 1e4;
/// Below this share of the nominal flow every law but the quadratic one is a straight line: its tangent would be a wall.
const CREEPING: f64 = 1e-4;
/// Exponent of filters.
pub const FILTER_EXPONENT: f64 = 1.76;

/// A pipe, fitting, coil, plate exchanger or cold plate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resistance {
    /// Nominal flow (kg/s, > 0).
    pub flow: f64,
    /// Pressure drop at the nominal flow (Pa, ≥ 0).
    pub drop: f64,
    /// How the drop grows with flow, n (1, 1 to 2).
    pub exponent: f64,
    /// Share of the nominal flow below which the drop is in proportion to flow (1, 0 to 1).
    pub laminar: f64,
}

/// A curve `square·ṁ² + line·ṁ` that has the value and slope of a resistance at one flow. Both terms are never negative, and
/// over a factor of two in flow the curve is within 3 % of the law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tangent {
    /// (Pa/(kg/s)²).
    pub square: f64,
    /// (Pa/(kg/s)).
    pub line: f64,
}

impl Resistance {
    /// A quadratic resistance: fittings, valves, coils as most data sheets give them.
    #[must_use]
    pub const fn quadratic(flow: f64, drop: f64) -> Self {
        Self { flow, drop, exponent: 2.0, laminar: 0.0 }
    }

    /// The pressure drop of a flow, with its sign (Pa; kg/s, any).
    #[must_use]
    pub fn pressure(&self, flow: f64) -> f64 {
        let share = (flow.abs() / self.flow).min(FAR);
        let knee = self.knee();
        let grown = if share < knee { power(knee, self.exponent - 1.0) * share } else { power(share, self.exponent) };
        (self.drop * grown).copysign(flow)
    }

    /// The flow that a pressure drives through it, with its sign (kg/s; Pa, any).
    #[must_use]
    pub fn flow(&self, pressure: f64) -> f64 {
        let share = if self.drop <= 0.0 { if pressure == 0.0 { 0.0 } else { FAR } } else { pressure.abs() / self.drop };
        let knee = self.knee();
        let grown = if share < power(knee, self.exponent) {
            share / power(knee, self.exponent - 1.0)
        } else if self.is_quadratic() {
            share.sqrt()
        } else {
            power(share, 1.0 / self.exponent)
        };
        (self.flow * grown.min(FAR)).copysign(pressure)
    }

    /// True where the law is quadratic down to zero, so that networks of such have a closed form.
    #[must_use]
    pub fn is_quadratic(&self) -> bool {
        self.exponent >= 2.0 && self.laminar <= 0.0
    }

    pub(super) fn tangent(&self, flow: f64) -> Tangent {
        if self.is_quadratic() {
            return Tangent { square: self.drop / (self.flow * self.flow), line: 0.0 };
        }
        let share = (flow.abs() / self.flow).min(FAR);
        let knee = self.knee();
        if share < knee {
            return Tangent { square: 0.0, line: self.drop / self.flow * power(knee, self.exponent - 1.0) };
        }
        // With h = k·mⁿ: value and slope agree for square = (n − 1)·h/m², line = (2 − n)·h/m.
        let rise = self.drop / self.flow * power(share, self.exponent - 1.0);
        Tangent { square: (self.exponent - 1.0) * rise / (share * self.flow), line: (2.0 - self.exponent) * rise }
    }

    /// True where a flow is on the straight part of the law.
    pub(super) fn is_laminar(&self, flow: f64) -> bool {
        flow.abs() < self.knee() * self.flow
    }

    fn knee(&self) -> f64 {
        if self.is_quadratic() { 0.0 } else { self.laminar.max(CREEPING) }
    }

    /// Reads a resistance.
    pub(crate) fn read(of: &Section<'_>) -> Self {
        Self {
            flow: number(of, "flow-kg-per-s", POSITIVE),
            drop: number(of, "drop-pa", AT_LEAST_ZERO),
            exponent: of.within("exponent", (1.0, 2.0)).unwrap_or(2.0),
            laminar: number_or_zero(of, "laminar-below", SHARE),
        }
    }
}

/// A strainer or filter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Filter {
    /// Nominal flow (kg/s, > 0).
    pub flow: f64,
    /// Pressure drop at the nominal flow when clean (Pa, ≥ 0).
    pub drop: f64,
}

impl Filter {
    /// Its resistance with the drop multiplied by `clogging` (1, 1 when clean, 3 when it is due; below 1 counts as clean).
    #[must_use]
    pub fn resistance(&self, clogging: f64) -> Resistance {
        let grown = if clogging.is_finite() { clogging.clamp(1.0, FAR) } else { 1.0 };
        Resistance { flow: self.flow, drop: self.drop * grown, exponent: FILTER_EXPONENT, laminar: 0.0 }
    }

    /// Reads a filter.
    pub(crate) fn read(of: &Section<'_>) -> Self {
        Self { flow: number(of, "flow-kg-per-s", POSITIVE), drop: number(of, "drop-pa", AT_LEAST_ZERO) }
    }
}

/// `baseⁿ` for base ≥ 0, without the general function where it is not needed.
fn power(base: f64, exponent: f64) -> f64 {
    if exponent >= 2.0 {
        base * base
    } else if exponent == 1.0 {
        base
    } else if exponent == 0.0 {
        1.0
    } else if (exponent - 0.85).abs() < 1e-12 && (0.05..4.0).contains(&base) {
        // The slope of pipes and cold plates, which a step asks for most.
        water_growth(base)
    } else if base > 0.0 {
        // Half the price of the general power, whose last digit nobody needs here.
        libm::exp(exponent * libm::log(base))
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_filter_three_times_as_clogged_passes_less_by_the_exponent() {
        let filter = Filter { flow: 30.0, drop: 65e3 };
        let (clean, clogged) = (filter.resistance(1.0), filter.resistance(3.0));
        assert!((clean.pressure(15.0) - 65e3 * 0.5f64.powf(1.76)).abs() < 1e-6);
        assert!((clogged.flow(65e3) / 30.0 - 3f64.powf(-1.0 / 1.76)).abs() < 1e-12);
        assert_eq!(filter.resistance(f64::NAN), clean, "what is no number clogs nothing");
    }

    proptest! {
        #[test]
        fn flow_is_the_inverse_of_pressure_and_both_are_odd_and_rise(
            exponent in 1.0..2.0f64, laminar in 0.0..0.5f64, flow in -3.0..3.0f64, more in 1e-6..1.0f64,
        ) {
            for pipe in [
                Resistance { flow: 2.0, drop: 4e4, exponent, laminar }, Resistance::quadratic(2.0, 4e4),
            ] {
                let pressure = pipe.pressure(flow);
                prop_assert!((pipe.flow(pressure) - flow).abs() <= 1e-12 + 1e-12 * flow.abs());
                prop_assert!((pipe.pressure(-flow) + pressure).abs() == 0.0);
                prop_assert!(pipe.pressure(flow + more) > pressure);
            }
        }

        #[test]
        fn the_tangent_curve_touches_the_law(exponent in 1.0..2.0f64, laminar in 0.0..0.5f64, flow in 0.001..3.0f64) {
            let pipe = Resistance { flow: 2.0, drop: 4e4, exponent, laminar };
            let Tangent { square, line } = pipe.tangent(flow);
            prop_assert!(square >= 0.0 && line >= 0.0);
            prop_assert!((square * flow * flow + line * flow - pipe.pressure(flow)).abs() < 1e-9 * pipe.pressure(flow));
        }
    }

    #[test]
    fn absurd_flows_and_pressures_stay_finite() {
        for exponent in [1.0, 1.85, 2.0] {
            let pipe = Resistance { flow: 2.0, drop: 4e4, exponent, laminar: 0.3 };
            for x in [0.0, -0.0, 1e300, -1e300, 1e-300] {
                assert!(pipe.pressure(x).is_finite() && pipe.flow(x).is_finite(), "{exponent} {x}");
            }
            assert!(Resistance { drop: 0.0, ..pipe }.flow(1.0).is_finite());
        }
    }
}
