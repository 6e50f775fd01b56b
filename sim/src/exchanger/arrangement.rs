//! How two streams pass each other, and the heat that comes of it, forwards and back.
//!
//! **Equation** with `NTU = UA/Cmin`, `Z = Cmin/Cmax`: counter-flow `ε = (1 − e^(−NTU(1−Z)))/(1 − Z·e^(−NTU(1−Z)))`,
//! written so that balanced streams need no exception; parallel flow `ε = (1 − e^(−NTU(1+Z)))/(1 + Z)`; cross-flow,
//! both sides unmixed, `ε = 1 − exp((e^(−NTU·Z·η) − 1)/(Z·η))` with `η = NTU^(−0.22)`; one side isothermal `ε = 1 −
//! e^(−NTU)`. **Source** Incropera & DeWitt, ch. 11. The cross-flow form stands for an infinite series: within 1.7 % of
//! it from 1 to 8 transfer units, up to 4 % below it where fewer meet balanced streams. **Parameters** transfer units
//! 0.5 to 5 in practice, 3 to 8 in plate exchangers; `Z` 0 to 1. **Box** up to 60 transfer units. **Outside it** the
//! inverse ends there. **Time constant** none: algebraic.

use super::NO_FLOW;
use crate::exponential::fade;

/// The inverse looks no further than this many transfer units.
const MOST_UNITS: f64 = 60.0;
/// Halvings of the inverse: to the last bit.
const HALVINGS: u32 = 60;

/// How two streams pass each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arrangement {
    /// Against each other: plates, most coils.
    CounterFlow,
    /// Side by side in one direction.
    ParallelFlow,
    /// Across each other, neither mixed: dry coolers.
    CrossFlow,
    /// One side stays at its temperature: it boils, condenses, or is much the larger.
    OneSideIsothermal,
}

/// What an exchanger is bought for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Design {
    /// Heat (W, > 0).
    pub heat: f64,
    /// Entering temperature of the hot stream above that of the cold one (K, > 0).
    pub apart: f64,
    /// Capacity flow of one stream (W/K, > 0).
    pub one: f64,
    /// Capacity flow of the other stream (W/K, > 0). Where one side is isothermal it is not looked at.
    pub other: f64,
}

impl Arrangement {
    /// Every arrangement with its word.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("counter-flow", Self::CounterFlow),
        ("parallel-flow", Self::ParallelFlow),
        ("cross-flow", Self::CrossFlow),
        ("one-side-isothermal", Self::OneSideIsothermal),
    ];

    /// The share of the largest possible heat (1, 0 to 1) at `ntu` transfer units (1, ≥ 0) and a ratio of capacity
    /// flows (1, 0 to 1; held there).
    #[must_use]
    pub fn effectiveness(self, ntu: f64, ratio: f64) -> f64 {
        let (ntu, z) = (ntu.max(0.0), ratio.clamp(0.0, 1.0));
        match self {
            Self::CounterFlow => {
                let units = ntu * fade(ntu * (1.0 - z));
                units / (1.0 + z * units)
            }
            Self::ParallelFlow => ntu * fade(ntu * (1.0 + z)),
            Self::CrossFlow => {
                // At no transfer units the exponent has no value, and nothing passes.
                if ntu < 1e-12 {
                    return ntu;
                }
                let slowed = z * libm::pow(ntu, 0.78);
                -libm::expm1(-ntu * fade(slowed))
            }
            Self::OneSideIsothermal => -libm::expm1(-ntu),
        }
    }

    /// Heat for each kelvin between the entering streams: `ε·Cmin` (W/K), of a conductance (W/K) and two capacity flows
    /// (W/K; below zero they count as none). Where one side is isothermal, `one` is the stream that is not.
    #[must_use]
    pub fn heat_per_kelvin(self, ua: f64, one: f64, other: f64) -> f64 {
        let (least, most) = self.flows(one, other);
        if least < NO_FLOW || ua <= 0.0 {
            return 0.0;
        }
        least * self.effectiveness(ua / least, least / most)
    }

    /// The transfer units (1, 0 to 60) of an effectiveness (1) at a ratio of capacity flows (1, 0 to 1), by a fixed
    /// number of halvings. An effectiveness out of reach gives 60.
    #[must_use]
    pub fn transfer_units(self, effectiveness: f64, ratio: f64) -> f64 {
        let (mut low, mut high) = (0.0, MOST_UNITS);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if self.effectiveness(middle, ratio) < effectiveness { low = middle } else { high = middle }
        }
        f64::midpoint(low, high)
    }

    /// The conductance (W/K) that does what it is bought for; none where no exchanger of this kind can.
    #[must_use]
    pub fn conductance(self, design: &Design) -> Option<f64> {
        let (least, most) = self.flows(design.one, design.other);
        let effectiveness = design.heat / (least * design.apart);
        let sound = least >= NO_FLOW && design.apart > 0.0 && design.heat > 0.0;
        let reached = effectiveness < self.effectiveness(MOST_UNITS, least / most);
        (sound && reached).then(|| least * self.transfer_units(effectiveness, least / most))
    }

    fn flows(self, one: f64, other: f64) -> (f64, f64) {
        let (one, other) = (one.max(0.0), other.max(0.0));
        match self {
            Self::CounterFlow | Self::ParallelFlow | Self::CrossFlow => (one.min(other), one.max(other)),
            Self::OneSideIsothermal => (one, one),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Arrangement; 4] =
        [Arrangement::CounterFlow, Arrangement::ParallelFlow, Arrangement::CrossFlow, Arrangement::OneSideIsothermal];

    /// Cross-flow on a mesh, each stream in its own lanes: no formula in common.
    fn by_mesh(ntu: f64, z: f64) -> f64 {
        let n = 400;
        let part = ntu / f64::from(n);
        let mut along = vec![1.0f64; 400];
        let mut gained = 0.0;
        for _ in 0..n {
            let mut across = 0.0;
            for hot in &mut along {
                let heat = part * (*hot - across) / (1.0 + part * (1.0 + z) / 2.0);
                *hot -= heat;
                across += heat * z;
            }
            gained += across;
        }
        // The hot stream is the smaller one; what all lanes of the cold one gained is what it lost.
        gained / f64::from(n) / z
    }

    #[test]
    fn published_effectivenesses_come_out() {
        // Kays & London, tables of effectiveness: counter-flow, parallel flow and cross-flow.
        for (arrangement, ntu, z, expected) in [
            (Arrangement::CounterFlow, 1.0, 1.0, 0.500),
            (Arrangement::CounterFlow, 2.0, 0.5, 0.775),
            (Arrangement::CounterFlow, 5.0, 1.0, 0.833),
            (Arrangement::ParallelFlow, 1.0, 1.0, 0.432),
            (Arrangement::ParallelFlow, 2.0, 0.5, 0.633),
            (Arrangement::CrossFlow, 1.0, 1.0, 0.476),
            (Arrangement::CrossFlow, 2.0, 0.5, 0.737),
            (Arrangement::CrossFlow, 3.0, 1.0, 0.678),
        ] {
            let seen = arrangement.effectiveness(ntu, z);
            assert!((seen / expected - 1.0).abs() < 0.02, "{arrangement:?} {ntu} {z}: {seen} against {expected}");
        }
    }

    #[test]
    fn cross_flow_agrees_with_a_mesh() {
        let both = [(1.0, 0.25), (1.0, 1.0), (2.0, 0.75), (3.0, 1.0), (5.0, 0.5), (5.0, 1.0)];
        for (bound, cases) in [(0.02, &both[..]), (0.04, &[(0.1, 1.0), (0.3, 0.5), (0.3, 1.0), (0.5, 1.0)])] {
            for (ntu, z) in cases {
                let (fast, slow) = (Arrangement::CrossFlow.effectiveness(*ntu, *z), by_mesh(*ntu, *z));
                assert!((fast / slow - 1.0).abs() < bound, "{ntu} {z}: {fast} against {slow}");
            }
        }
    }

    #[test]
    fn unequal_counter_flow_is_the_kernels() {
        for (ua, one, other) in [(28e3, 16e3, 25e3), (5e3, 20e3, 4e3), (1e3, 2e3, 50e3)] {
            let (ours, kernels) =
                (Arrangement::CounterFlow.heat_per_kelvin(ua, one, other), super::super::counter_flow(ua, one, other));
            assert!((ours / kernels - 1.0).abs() < 1e-12, "{ours} {kernels}");
        }
        // Balanced, the kernel holds its ratio at 0.98; this one is exact: NTU/(1 + NTU).
        assert!((Arrangement::CounterFlow.heat_per_kelvin(5e3, 1e3, 1e3) / 1e3 - 5.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_bought_is_not_sold() {
        let design = Design { heat: 1e6, apart: 10.0, one: 90e3, other: 200e3 };
        assert_eq!(Arrangement::CounterFlow.conductance(&design), None);
        // Parallel flow never takes more than 1/(1 + Z).
        let half = Design { heat: 0.6 * 90e3 * 10.0, other: 90e3, ..design };
        assert_eq!(Arrangement::ParallelFlow.conductance(&half), None);
        assert!(Arrangement::CounterFlow.conductance(&half).is_some());
        assert_eq!(Arrangement::CounterFlow.conductance(&Design { apart: 0.0, ..half }), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn the_inverse_leads_back(which in 0..4usize, ntu in 0.01..5.0f64, z in 0.0..1.0f64) {
            let arrangement = ALL[which];
            let effectiveness = arrangement.effectiveness(ntu, z);
            let back = arrangement.effectiveness(arrangement.transfer_units(effectiveness, z), z);
            prop_assert!((back - effectiveness).abs() < 1e-9, "{arrangement:?} {ntu} {z}");
            let design = Design { heat: effectiveness * 1e4 * 8.0, apart: 8.0, one: 1e4, other: 1e4 / z.max(1e-3) };
            if z > 1e-3 {
                let ua = arrangement.conductance(&design).expect("it was reached");
                let heat = arrangement.heat_per_kelvin(ua, design.one, design.other) * 8.0;
                prop_assert!((heat / design.heat - 1.0).abs() < 1e-9, "{arrangement:?} {ntu} {z}: {heat}");
            }
        }

        #[test]
        fn more_surface_is_never_less_heat_and_never_more_than_there_is(
            which in 0..4usize, ntu in 0.0..30.0f64, z in 0.0..1.0f64,
        ) {
            let arrangement = ALL[which];
            let (less, more) = (arrangement.effectiveness(ntu, z), arrangement.effectiveness(ntu + 0.1, z));
            prop_assert!(less >= 0.0 && more >= less - 1e-12 && more <= 1.0, "{arrangement:?} {less} {more}");
            // Counter-flow is the best, parallel flow the worst of the three; few units are the cross-flow form's weak
            // side.
            let of = |a: Arrangement| a.effectiveness(ntu, z);
            prop_assert!(of(Arrangement::ParallelFlow) <= of(Arrangement::CounterFlow) + 1e-12);
            if (1.0..8.0).contains(&ntu) {
                prop_assert!(of(Arrangement::CrossFlow) <= 1.02 * of(Arrangement::CounterFlow));
                prop_assert!(of(Arrangement::ParallelFlow) <= 1.02 * of(Arrangement::CrossFlow));
            }
        }

        #[test]
        fn absurd_streams_give_numbers(
            which in 0..4usize, ua in -1e12..1e12f64, one in -1e12..1e12f64, other in -1e12..1e12f64,
        ) {
            let heat = ALL[which].heat_per_kelvin(ua, one, other);
            prop_assert!(heat.is_finite() && heat >= 0.0);
            prop_assert!(ALL[which].transfer_units(ua, one).is_finite());
        }
    }
}
