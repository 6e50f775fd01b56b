use super::*;
use proptest::prelude::*;

const FLUIDS: [Fluid; 9] = {
    let [(_, a), (_, b), (_, c), (_, d), (_, e), (_, f), (_, g), (_, h), (_, i)] = Fluid::WORDS;
    [a, b, c, d, e, f, g, h, i]
};

fn close(seen: f64, expected: f64, share: f64) {
    assert!((seen / expected - 1.0).abs() < share, "{seen} against {expected}");
}

#[test]
fn water_is_the_steam_tables_water() {
    // IAPWS, 1 bar: 25 °C and 60 °C.
    let w = Fluid::Water;
    for (t, density, cp, k, viscosity) in
        [(25.0, 997.05, 4181.6, 0.6065, 890.1e-6), (60.0, 983.20, 4185.1, 0.6510, 466.0e-6)]
    {
        close(w.density(t), density, 5e-4);
        close(w.specific_heat(t), cp, 1e-3);
        close(w.conductivity(t), k, 2e-3);
        close(w.viscosity(t), viscosity, 2e-3);
    }
    close(w.prandtl(25.0), 6.13, 5e-3);
    close(w.capacity_flow(2.0, 25.0), 8362.0, 1e-3);
    close(w.heat_capacity(1.0, 25.0), 4.169e6, 1e-3);
    close(w.kinematic_viscosity(25.0), 0.893e-6, 2e-3);
}

#[test]
fn immersion_fluids_have_their_makers_viscosities() {
    // ASTM D341: log log (ν + 0.7) is a line in log T; its two points are the makers' figures.
    let line = |n40: f64, n100: f64, celsius: f64| {
        let z = |n: f64| libm::log10(libm::log10(n + 0.7));
        let b = (z(n40) - z(n100)) / (libm::log10(373.15 / 313.15));
        let z = z(n40) - b * libm::log10((celsius + 273.15) / 313.15);
        libm::exp10(libm::exp10(z)) - 0.7
    };
    for (fluid, n40, n100) in [(Fluid::Pao4, 16.8, 3.9), (Fluid::Hydrocarbon, 9.7, 2.63)] {
        for n in 0..=100 {
            let t = f64::from(n);
            close(fluid.kinematic_viscosity(t) * 1e6, line(n40, n100, t), 1e-3);
        }
        assert!((800.0..=820.0).contains(&fluid.density(40.0)), "{fluid:?}");
        assert!((2100.0..=2300.0).contains(&fluid.specific_heat(40.0)), "{fluid:?}");
        close(fluid.conductivity(40.0), 0.14, 1e-6);
    }
}

#[test]
fn words_lead_to_their_fluids_and_no_others() {
    for (word, fluid) in Fluid::WORDS {
        assert_eq!((fluid.word(), Fluid::parse(word)), (word, Some(fluid)));
    }
    for (word, fluid) in Boiling::WORDS {
        assert_eq!((fluid.word(), Boiling::parse(word)), (word, Some(fluid)));
    }
    assert_eq!((Fluid::parse("brine"), Boiling::parse("water")), (None, None));
}

#[test]
fn fluids_boil_where_their_makers_say() {
    for (fluid, boils, evaporation) in
        [(Boiling::Novec649, 49.05, 87.9e3), (Boiling::Perfluorohexane, 57.1, 84.5e3), (Boiling::R1233zdE, 18.1, 194e3)]
    {
        assert!((fluid.saturation_temperature(101_325.0) - boils).abs() < 0.1, "{fluid:?}");
        close(fluid.evaporation(boils), evaporation, 3e-3);
    }
    close(Boiling::Novec649.liquid_density(49.05), 1527.0, 1e-3);
    close(Boiling::Novec649.specific_heat(49.05), 1122.0, 1e-3);
}

#[test]
fn saturation_obeys_clapeyron() {
    // dp/dT = h_fg / (T·(v_g − v_f)): pressure, heat and densities come from one equation of state, their fits must
    // still agree.
    for (_, fluid) in Boiling::WORDS {
        for n in 0..=18 {
            let t = -5.0 + 5.0 * f64::from(n);
            let slope = (fluid.saturation_pressure(t + 0.01) - fluid.saturation_pressure(t - 0.01)) / 0.02;
            let volume = 1.0 / fluid.vapour_density(t) - 1.0 / fluid.liquid_density(t);
            close(fluid.evaporation(t) / ((t + 273.15) * volume), slope, 3e-3);
        }
    }
}

#[test]
fn ideal_gas_is_near_the_vapour_at_low_pressure() {
    for (_, fluid) in Boiling::WORDS {
        let ideal = fluid.saturation_pressure(-5.0) * fluid.molar_mass() / (8.314_46 * 268.15);
        close(fluid.vapour_density(-5.0), ideal, 0.04);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn warmer_is_lighter_and_thinner(which in 0..9usize, at in 0.0..0.99f64) {
        let fluid = FLUIDS[which];
        let (low, high) = fluid.range();
        let t = low + at * (high - low);
        // Water is heaviest at 4 °C.
        prop_assume!(fluid != Fluid::Water || t > 4.5);
        let warmer = t + 0.5;
        prop_assume!(warmer <= high);
        prop_assert!(fluid.density(warmer) < fluid.density(t) && fluid.viscosity(warmer) < fluid.viscosity(t));
        prop_assert!(fluid.prandtl(warmer) < fluid.prandtl(t));
    }

    #[test]
    fn boiling_turns_round(which in 0..3usize, t in -10.0..100.0f64) {
        let fluid = Boiling::WORDS[which].1;
        let p = fluid.saturation_pressure(t);
        prop_assert!((fluid.saturation_temperature(p) - t).abs() < 1e-6, "{fluid:?} {t}");
        let warmer = (t + 0.5).min(100.0);
        prop_assert!(fluid.saturation_pressure(warmer) >= p && fluid.evaporation(warmer) <= fluid.evaporation(t));
    }

    #[test]
    fn outside_keeps_the_ends_value_and_says_so(which in 0..9usize, t in -1e6..1e6f64, p in 0.0..1e12f64) {
        let fluid = FLUIDS[which];
        let (low, high) = fluid.range();
        let held = t.clamp(low, high);
        prop_assert_eq!(fluid.outside(t), t < low || t > high);
        prop_assert_eq!(fluid.density(t), fluid.density(held));
        prop_assert_eq!(fluid.viscosity(t), fluid.viscosity(held));
        prop_assert!(fluid.prandtl(t).is_finite() && fluid.prandtl(t) > 0.0);
        let boiling = Boiling::WORDS[which % 3].1;
        prop_assert!(boiling.saturation_pressure(t).is_finite() && boiling.vapour_density(t).is_finite());
        prop_assert!((-10.0..=100.0).contains(&boiling.saturation_temperature(p)));
        prop_assert_eq!(boiling.outside(t), !(-10.0..=100.0).contains(&t));
    }
}
