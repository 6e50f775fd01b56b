//! The surface of an exchanger between water and the weather: two sides in series.
//!
//! **Equation** conductances of two sides in series, `hA = hA₀·(ṁ/ṁ₀)ⁿ`. **Source** Incropera & DeWitt, *Fundamentals of Heat and
//! Mass Transfer*, ch. 11. **Box** flows 10 to 150 % of nominal. **Outside it** below a tenth `hA` falls linearly to
//! zero. **Time constant** none.

use crate::exchanger::grown;

/// Two sides in series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sides {
    /// Overall conductance at the nominal flows (W/K, > 0).
    pub ua: f64,
    /// First side's conductance over the second's at the nominal flows (1, > 0).
    pub ratio: f64,
    /// Nominal flows (kg/s, > 0).
    pub flows: (f64, f64),
    /// Exponents of flow (1, 0 to 1).
    pub exponents: (f64, f64),
}

impl Sides {
    /// The overall conductance at these flows (W/K).
    #[must_use]
    pub fn overall(&self, one: f64, other: f64) -> f64 {
        let first = (1.0 + self.ratio) * self.ua * grown(one / self.flows.0, self.exponents.0);
        let second = (1.0 + self.ratio) / self.ratio * self.ua * grown(other / self.flows.1, self.exponents.1);
        if first + second > 0.0 { first * second / (first + second) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_give_their_nominal_conductance_and_fade_without_flow() {
        let sides = Sides { ua: 5e4, ratio: 0.5, flows: (100.0, 20.0), exponents: (0.8, 0.85) };
        assert!((sides.overall(100.0, 20.0) - 5e4).abs() < 1e-6);
        assert!(sides.overall(50.0, 20.0) < sides.overall(60.0, 20.0));
        assert_eq!(sides.overall(0.0, 20.0), 0.0);
    }
}
