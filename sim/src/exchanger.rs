//! The ε-NTU kernel of every heat exchanger and the conductance of a dry water coil.
//!
//! **Equation** `Z = Cmin/Cmax`, `NTU = UA/Cmin`, counter-flow `ε = (1 − e^(−NTU(1−Z))) / (1 − Z·e^(−NTU(1−Z)))`;
//! `hA = hA₀·(m/m₀)ⁿ` on each side and `1/UA = 1/hA₁ + 1/hA₂`.
//! **Source** Incropera & DeWitt, *Fundamentals of Heat and Mass Transfer*, ch. 11; flow exponents 0.85 (water in tubes)
//! and 0.8 (air over fins) after Holmes 1982. **Box** flows 0 to 150 % of nominal, no condensation on the coil.
//! **Outside it** below a tenth of the nominal flow `hA` falls linearly to zero, so that no flow means no heat. [`arrangement`] has the
//! kernel, other arrangements and the way back from heat to surface, [`wet`] the coil that condenses; plates between two liquids
//! are in [`crate::liquid::plate`].

pub mod arrangement;
pub mod wet;

/// Below this capacity flow (W/K) there is no exchange worth a number.
const NO_FLOW: f64 = 1e-6;
/// Flow share below which conductances fall linearly.
const CREEPING: f64 = 0.1;

/// The steady heat between two streams per kelvin of their entering difference: `ε·Cmin` (W/K) of a counter-flow
/// exchanger with conductance `ua` (W/K) and capacity flows `one`, `other` (W/K, ≥ 0).
#[must_use]
pub fn counter_flow(ua: f64, one: f64, other: f64) -> f64 {
    arrangement::Arrangement::CounterFlow.heat_per_kelvin(ua, one, other)
}

/// The steady heat per kelvin (W/K) of a stream of capacity flow `stream` (W/K) past a surface at one temperature.
#[must_use]
pub fn past_surface(ha: f64, stream: f64) -> f64 {
    if stream < NO_FLOW { 0.0 } else { -stream * libm::expm1(-ha / stream) }
}

/// A dry chilled-water coil.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CoilSurface {
    /// Overall conductance at the nominal flows (W/K, > 0).
    pub ua: f64,
    /// Nominal air flow (kg/s, > 0).
    pub air_kg_s: f64,
    /// Nominal water flow (kg/s, > 0).
    pub water_kg_s: f64,
    /// Air-side over water-side conductance at the nominal flows (1, > 0).
    pub air_to_water: f64,
}

/// Both sides' conductances at one pair of flows (W/K).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sides {
    /// Air to metal.
    pub air: f64,
    /// Metal to water.
    pub water: f64,
}

impl CoilSurface {
    /// Each side's conductance at these flows (kg/s).
    #[must_use]
    pub fn sides(&self, air: f64, water: f64) -> Sides {
        let r = self.air_to_water;
        // 1/UA = 1/(r·w) + 1/w, so w = UA·(1 + r)/r on the water side and r·w on the air side.
        let water_nominal = self.ua * (1.0 + r) / r;
        Sides {
            air: r * water_nominal * grown_as(air / self.air_kg_s, air_growth),
            water: water_nominal * grown_as(water / self.water_kg_s, water_growth),
        }
    }
}

impl Sides {
    /// The overall conductance (W/K).
    #[must_use]
    pub fn overall(self) -> f64 {
        let sum = self.air + self.water;
        if sum <= 0.0 { 0.0 } else { self.air * self.water / sum }
    }
}

/// How a conductance grows with its flow share: a power of it, falling linearly to zero below a tenth.
pub(crate) fn grown(share: f64, exponent: f64) -> f64 {
    if exponent.to_bits() == 0.8f64.to_bits() {
        return grown_as(share, air_growth);
    }
    grown_as(share, |x| libm::pow(x, exponent))
}

/// [`grown`] by a power that is computed otherwise, such as [`air_growth`].
pub(crate) fn grown_as(share: f64, power: impl Fn(f64) -> f64) -> f64 {
    if share >= CREEPING { power(share) } else { power(CREEPING) * share.max(0.0) / CREEPING }
}

/// `x^0.8`, to 1e-8 of itself from 0.05 to 4: conductances of air and of plates grow so, and a step asks for a hundred.
#[must_use]
pub fn air_growth(x: f64) -> f64 {
    let quarter = x.sqrt().sqrt();
    quarter * quarter * quarter * fifth_root(quarter)
}

/// `x^0.85`, as [`air_growth`]: water in tubes.
pub(crate) fn water_growth(x: f64) -> f64 {
    let quarter = x.sqrt().sqrt();
    let fifth = fifth_root(quarter);
    quarter * quarter * quarter * fifth * fifth
}

/// `a^0.2`, to the last digits for `a` from 0.38 to 1.8: a cubic that is 0.14 % off, and three steps of Newton; to 1e-9 up to 2.
pub(crate) fn fifth_root(a: f64) -> f64 {
    let near = 0.642_251_5 + a * (0.579_118_02 + a * (0.059_584_2 * a - 0.279_577_23));
    let mut y = if a < 1.8 { near } else { 0.8 + 0.2 * a };
    for _ in 0..3 {
        let fourth = y * y * y * y;
        y = 0.8 * y + 0.2 * a / fourth;
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same exchanger cut into slices, marched against the flow until the outlet agrees: no formula in common.
    fn by_slices(ua: f64, hot: f64, cold: f64) -> f64 {
        let slices = 4000;
        let part = ua / f64::from(slices);
        let (mut low, mut high) = (0.0, 1.0);
        let outlet_of = |cold_out: f64| {
            let (mut t_hot, mut t_cold) = (1.0, cold_out);
            for _ in 0..slices {
                let heat = part * (t_hot - t_cold);
                t_hot -= heat / hot;
                t_cold -= heat / cold;
            }
            t_cold
        };
        for _ in 0..60 {
            let guess = f64::midpoint(low, high);
            if outlet_of(guess) > 0.0 { high = guess } else { low = guess }
        }
        cold * f64::midpoint(low, high)
    }

    #[test]
    fn counter_flow_agrees_with_a_sliced_exchanger() {
        for (ua, hot, cold) in [(28e3, 16e3, 25e3), (5e3, 20e3, 4e3), (40e3, 18e3, 9e3), (1e3, 2e3, 50e3)] {
            let (fast, slow) = (counter_flow(ua, hot, cold), by_slices(ua, hot, cold));
            assert!((fast / slow - 1.0).abs() < 2e-3, "{ua} {hot} {cold}: {fast} against {slow}");
        }
    }

    #[test]
    fn growth_is_the_power_it_stands_for() {
        for n in 5..400 {
            let x = f64::from(n) / 100.0;
            assert!((air_growth(x) / x.powf(0.8) - 1.0).abs() < 1e-8, "{x}");
            assert!((water_growth(x) / x.powf(0.85) - 1.0).abs() < 1e-8, "{x}");
        }
    }

    #[test]
    fn no_flow_is_no_heat_and_more_flow_never_less() {
        let coil = CoilSurface { ua: 28e3, air_kg_s: 18.0, water_kg_s: 6.0, air_to_water: 0.5 };
        assert_eq!(counter_flow(coil.sides(0.0, 6.0).overall(), 0.0, 25e3), 0.0);
        let mut before = 0.0;
        for n in 0..200 {
            let water = 9.0 * f64::from(n) / 200.0;
            let heat = counter_flow(coil.sides(12.0, water).overall(), 12e3, water * 4186.0);
            assert!(heat >= before, "{water} kg/s: {heat} < {before}");
            before = heat;
        }
        assert!((coil.sides(18.0, 6.0).overall() - 28e3).abs() < 1e-6);
    }
}
