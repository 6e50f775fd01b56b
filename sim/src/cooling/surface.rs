//! Two exchangers that stand between water and the weather: `crate::exchanger` is to take this module's place.
//!
//! **Equation** cross-flow, both streams unmixed: `ε = 1 − exp{[exp(−NTU·Z·NTU^−0.22) − 1]/(Z·NTU^−0.22)}`;
//! conductances of two sides in series, `hA = hA₀·(ṁ/ṁ₀)ⁿ`. **Source** Incropera & DeWitt, *Fundamentals of Heat and
//! Mass Transfer*, ch. 11. **Box** flows 10 to 150 % of nominal. **Outside it** below a tenth `hA` falls linearly to
//! zero. **Time constant** none.

use crate::exchanger::grown;

/// Below this capacity flow (W/K) there is no exchange worth a number.
const NO_FLOW: f64 = 1e-6;

/// The steady heat per kelvin of entering difference, `ε·Cmin` (W/K), of a cross-flow exchanger with both streams
/// unmixed, conductance `ua` (W/K) and capacity flows `one`, `other` (W/K, ≥ 0). The correlation is up to 2 % below the
/// exact series, most where the streams are balanced.
#[must_use]
pub fn cross_flow(ua: f64, one: f64, other: f64) -> f64 {
    let (least, most) = (one.min(other), one.max(other));
    if least < NO_FLOW || ua <= 0.0 {
        return 0.0;
    }
    let (ratio, ntu) = (least / most, ua / least);
    if ratio < 1e-6 {
        return -least * libm::expm1(-ntu);
    }
    let share = ratio / libm::pow(ntu, 0.22);
    -least * libm::expm1(libm::expm1(-ntu * share) / share)
}

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

/// The conductance (W/K) at which `exchange` (a rising function of it, W/K) gives `wanted` (W/K), between 0 and `most`.
pub(super) fn sized(wanted: f64, most: f64, exchange: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, most);
    for _ in 0..60 {
        let guess = f64::midpoint(low, high);
        if exchange(guess) < wanted { low = guess } else { high = guess }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exchanger cut into a grid, each cell an average of its four sides: no formula in common.
    fn by_grid(ua: f64, one: f64, other: f64) -> f64 {
        let n = 120;
        let part = ua / f64::from(n * n);
        let stream = (one / f64::from(n), other / f64::from(n));
        let mut cold = vec![0.0; 120];
        let mut given = 0.0;
        for _ in 0..n {
            let mut hot = 1.0;
            for t in &mut cold {
                // Both leave the cell changed by its heat; the difference in the cell is that of the means.
                let heat = part * (hot - *t) / (1.0 + part / 2.0 * (1.0 / stream.0 + 1.0 / stream.1));
                hot -= heat / stream.0;
                *t += heat / stream.1;
                given += heat;
            }
        }
        given
    }

    #[test]
    fn cross_flow_agrees_with_a_grid() {
        for (ua, one, other) in [(1e4, 1e4, 1e4), (3e4, 1e4, 1.5e4), (5e3, 1e4, 4e4), (2e4, 5e4, 1e4)] {
            let (fast, slow) = (cross_flow(ua, one, other), by_grid(ua, one, other));
            assert!((fast / slow - 1.0).abs() < 0.02, "{ua} {one} {other}: {fast}, on a grid {slow}");
        }
        assert!((cross_flow(2e4, 1e4, 1e12) / 1e4 - (1.0 - libm::exp(-2.0))).abs() < 1e-6);
        assert_eq!(cross_flow(2e4, 0.0, 1e4), 0.0);
    }

    #[test]
    fn sides_give_their_nominal_conductance_and_fade_without_flow() {
        let sides = Sides { ua: 5e4, ratio: 0.5, flows: (100.0, 20.0), exponents: (0.8, 0.85) };
        assert!((sides.overall(100.0, 20.0) - 5e4).abs() < 1e-6);
        assert!(sides.overall(50.0, 20.0) < sides.overall(60.0, 20.0));
        assert_eq!(sides.overall(0.0, 20.0), 0.0);
    }
}
