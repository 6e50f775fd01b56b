//! The plate exchanger between two liquids.
//!
//! **Equation** counter-flow ε-NTU of [`crate::exchanger`]; `hA = hA₀·(ṁ/ṁ₀)^0.8` on both sides, `1/UA = 1/hA₁ + 1/hA₂`, less the
//! share that fouling has taken. **Source** Dittus and Boelter's exponent for turbulent flow in channels; Incropera & DeWitt,
//! ch. 11. **Parameters** approach 2 to 5 K at rated flows. **Box** flows 10 to 150 % of nominal. **Outside it** below a tenth
//! `hA` falls in proportion to flow, and more than ten times the nominal flow counts as that. **Time constant** none: the volumes are in the loops.

use plant::read::Section;

use super::Coolant;
use crate::exchanger::arrangement::Arrangement::CounterFlow;
use crate::exchanger::{air_growth, counter_flow, grown_as};
use crate::physics::read::{POSITIVE, need, number};

/// More than so many times its nominal flow counts as that (1).
const MOST_FLOW: f64 = 10.0;
/// Most effective exchanger that sizing gives.
const MOST_EFFECTIVE: f64 = 0.995;

/// One side of a plate exchanger.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Side {
    /// What flows.
    pub coolant: Coolant,
    /// Nominal flow (kg/s, > 0).
    pub flow: f64,
}

/// A plate exchanger.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plate {
    /// Overall conductance at nominal flows when clean (W/K, > 0).
    pub ua: f64,
    /// The warm side.
    pub warm: Side,
    /// The cold side.
    pub cold: Side,
    /// Warm side's film over the cold side's at nominal flows (1, 0.1 to 10).
    pub warm_to_cold: f64,
}

impl Plate {
    /// Sized for a duty (W) at nominal flows: the warm side leaves `approach` (K) above the entering cold side. An approach
    /// no exchanger can reach gives one with an effectiveness of 0.995.
    #[must_use]
    pub fn sized(duty: f64, approach: f64, warm: Side, cold: Side) -> Self {
        let (hot, cool) = (warm.coolant.stream(warm.flow), cold.coolant.stream(cold.flow));
        let (least, most) = (hot.min(cool), hot.max(cool));
        // Entering difference: the warm side's fall and the approach.
        let effectiveness = (duty / (least * (duty / hot + approach))).clamp(1e-6, MOST_EFFECTIVE);
        let units = CounterFlow.transfer_units(effectiveness, least / most);
        Self { ua: units * least, warm, cold, warm_to_cold: 1.0 }
    }

    /// Conductance at flows (W/K; kg/s, kg/s) with this share lost to fouling (1, 0 to 1).
    #[must_use]
    pub fn overall(&self, warm: f64, cold: f64, fouling: f64) -> f64 {
        let r = self.warm_to_cold;
        let nominal_cold = self.ua * (1.0 + r) / r;
        let (one, other) = (
            r * nominal_cold * grown_as(warm / self.warm.flow, air_growth),
            nominal_cold * grown_as(cold / self.cold.flow, air_growth),
        );
        let sum = one + other;
        let clean = if sum > 0.0 { one * other / sum } else { 0.0 };
        let lost = if fouling.is_finite() { fouling.clamp(0.0, 1.0) } else { 0.0 };
        clean * (1.0 - lost)
    }

    /// Heat for each kelvin between the entering streams (W/K): `ε·Cmin`.
    #[must_use]
    pub fn exchange(&self, warm: f64, cold: f64, fouling: f64) -> f64 {
        let (warm, cold) = (warm.min(MOST_FLOW * self.warm.flow), cold.min(MOST_FLOW * self.cold.flow));
        let overall = self.overall(warm, cold, fouling);
        counter_flow(overall, self.warm.coolant.stream(warm), self.cold.coolant.stream(cold))
    }

    /// Reads an exchanger by its rated point.
    pub(crate) fn read(of: &Section<'_>) -> Option<Self> {
        let side = |of: &Section<'_>| {
            let coolant = Coolant::read(of);
            Side { coolant, flow: number(of, "flow-kg-per-s", POSITIVE) }
        };
        let (warm, cold) = (need(of, "warm", side), need(of, "cold", side));
        let duty = number(of, "duty-w", POSITIVE);
        let approach = number(of, "approach-k", (0.1, 40.0));
        let ratio = of.within("warm-to-cold", (0.1, 10.0)).unwrap_or(1.0);
        let plate = Self { warm_to_cold: ratio, ..Self::sized(duty, approach, warm?, cold?) };
        let (hot, cool) = (plate.warm.coolant.stream(plate.warm.flow), plate.cold.coolant.stream(plate.cold.flow));
        if duty / (hot.min(cool) * (duty / hot + approach)) > MOST_EFFECTIVE {
            of.fault(
                "approach-k",
                "no exchanger reaches this approach with these flows",
                "allow a larger `approach-k`, or give the cold side more flow",
            );
        }
        Some(plate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn side(coolant: Coolant, flow: f64) -> Side {
        Side { coolant, flow }
    }

    proptest! {
        #[test]
        fn a_sized_exchanger_has_its_approach_and_the_conductance_of_the_mean_logarithmic_difference(
            duty in 1e5..2e6f64, approach in 1.0..8.0f64, warm in 5.0..60.0f64, ratio in 0.7..2.0f64,
        ) {
            let warm = side(Coolant::PG25, warm * duty / 2e6 + duty / 8e4);
            let cold = side(Coolant::WATER, ratio * warm.flow);
            let (hot, cool) = (warm.coolant.stream(warm.flow), cold.coolant.stream(cold.flow));
            let (cold_end, warm_end) = (approach, approach + duty / hot - duty / cool);
            // Where the two ends are alike the logarithm has no digits left.
            prop_assume!((hot / cool - 1.0).abs() > 1e-3 && warm_end > 0.3);
            let plate = Plate::sized(duty, approach, warm, cold);
            let mean = (warm_end - cold_end) / libm::log(warm_end / cold_end);
            prop_assert!((plate.ua * mean / duty - 1.0).abs() < 1e-6, "{plate:?}");
            let heat = plate.exchange(warm.flow, cold.flow, 0.0) * (duty / hot + approach);
            prop_assert!((heat / duty - 1.0).abs() < 1e-9);
        }

        #[test]
        fn more_flow_never_less_heat_and_fouling_never_more(
            warm in 0.0..40.0f64, cold in 0.0..40.0f64, more in 0.0..5.0f64, fouling in 0.0..1.0f64,
        ) {
            let plate = Plate::sized(1e6, 4.0, side(Coolant::PG25, 20.0), side(Coolant::WATER, 18.0));
            let heat = plate.exchange(warm, cold, fouling);
            let small = 1e-9 * heat;
            prop_assert!(plate.exchange(warm + more, cold, fouling) >= heat - small);
            prop_assert!(plate.exchange(warm, cold + more, fouling) >= heat - small);
            prop_assert!(plate.exchange(warm, cold, 0.0) >= heat);
            prop_assert!(heat <= Coolant::PG25.stream(warm).min(Coolant::WATER.stream(cold)) + 1e-9);
        }
    }

    #[test]
    fn no_flow_no_heat_and_no_step_at_a_tenth() {
        let plate = Plate::sized(1e6, 4.0, side(Coolant::PG25, 20.0), side(Coolant::WATER, 20.0));
        assert_eq!(plate.exchange(0.0, 20.0, 0.0), 0.0);
        assert_eq!(plate.exchange(20.0, -3.0, 0.0), 0.0);
        assert!((grown_as(0.1, air_growth) / grown_as(0.1 - 1e-12, air_growth) - 1.0).abs() < 1e-9);
        assert!(plate.exchange(1e300, 1e300, f64::NAN).is_finite());
        // An approach out of reach.
        assert!(Plate::sized(1e6, 0.0, side(Coolant::PG25, 20.0), side(Coolant::WATER, 10.0)).ua.is_finite());
    }
}
