use proptest::prelude::*;

use super::*;
use plant::read::Source;

const SECTION: &str = r#"
flow-kg-per-s = 161.0
leakage-share = 0.02
filter-pa = 120.0
fan-efficiency = 0.6
dry-bulb-limit-cel = 23.0
dew-point-limit-cel = 15.0
cold-limit-cel = -20.0
[evaporative]
wet-effectiveness = 0.7
dry-effectiveness = 0.72
power-w = 8e3
"#;

fn read(text: &str) -> Result<AirEconomiser, String> {
    let source = Source::new("economiser.toml", text);
    let table = source.parse();
    let root = source.root(&table);
    let economiser = AirEconomiser::read(&root);
    root.done();
    source.finish(Some(economiser)).map_err(|faults| faults.to_string())
}

fn economiser() -> AirEconomiser {
    read(SECTION).unwrap_or_else(|faults| panic!("{faults}"))
}

fn asked() -> Inputs {
    Inputs {
        outdoor: Air { celsius: 10.0, humidity: 0.005 },
        wet_bulb: 6.5,
        back: Air { celsius: 35.0, humidity: 0.008 },
        flow: 161.0,
        damper: 0.5,
        wet: false,
        evaporative: false,
        smoke: false,
    }
}

#[test]
fn mixed_air_is_the_handbook_s() {
    let of = AirEconomiser { filter: 0.0, ..economiser() };
    let out = of.run(&asked());
    // Half way from 2 % to all: 51 % of 10 °C and 49 % of 35 °C are 22.25 °C, less what vapour's heat capacity shifts.
    assert!((out.outdoor_share - 0.51).abs() < 1e-12 && (out.mixed.celsius - 22.25).abs() < 0.05, "{out:?}");
    assert!((out.mixed.humidity - (0.51 * 0.005 + 0.49 * 0.008)).abs() < 1e-15);
    assert!(!out.fog && out.permissives.all() && out.fan_power == 0.0);
}

#[test]
fn the_filter_costs_with_the_cube_and_its_heat_is_in_the_air() {
    let of = economiser();
    let open = of.run(&Inputs { damper: 1.0, ..asked() });
    // 161 kg/s at 1.247 kg/m³ are 129 m³/s against 120 Pa: 25.8 kW at 60 %.
    assert!((open.fan_power / 25.8e3 - 1.0).abs() < 0.01, "{open:?}");
    assert!((open.mixed.celsius - 10.0 - open.fan_power / (161.0 * open.mixed.cp())).abs() < 1e-9, "{open:?}");
    let half = of.run(&Inputs { damper: 1.0, flow: 80.5, ..asked() });
    assert!((half.fan_power / open.fan_power - 0.125).abs() < 1e-12);
}

#[test]
fn indirect_evaporation_cools_without_moisture_and_drinks() {
    let of = economiser();
    let hot = Inputs {
        outdoor: Air { celsius: 35.0, humidity: 0.01 },
        wet_bulb: 21.0,
        damper: 1.0,
        wet: true,
        evaporative: true,
        ..asked()
    };
    let out = of.run(&hot);
    let rise = out.fan_power / (161.0 * out.mixed.cp());
    assert!((out.mixed.celsius - rise - (35.0 - 0.7 * 14.0)).abs() < 1e-9 && out.mixed.humidity == 0.01, "{out:?}");
    assert!((out.evaporated - out.evaporative_heat / EVAPORATION).abs() < 1e-12 && out.evaporated > 0.5, "{out:?}");
    assert_eq!(out.evaporative_power, 8e3);
    let dry = of.run(&Inputs { wet: false, ..hot });
    assert!(dry.evaporated == 0.0 && dry.evaporative_heat == 0.0, "return as warm as outdoors cools nothing: {dry:?}");
}

#[test]
fn each_limit_speaks_for_itself() {
    let of = economiser();
    let said = |outdoor: Air, smoke: bool| of.run(&Inputs { outdoor, smoke, ..asked() }).permissives;
    let good = Air { celsius: 18.0, humidity: 0.008 };
    assert!(said(good, false).all());
    let warm = said(Air { celsius: 23.5, ..good }, false);
    assert!(!warm.dry_bulb && warm.dew_point && warm.cold && warm.smoke);
    // 0.0108 kg/kg has its dew point at 15.2 °C.
    let humid = said(Air { humidity: 0.0108, ..good }, false);
    assert!(humid.dry_bulb && !humid.dew_point);
    assert!(said(Air { humidity: 0.0105, ..good }, false).dew_point);
    assert!(!said(Air { celsius: -21.0, humidity: 0.0004 }, false).cold);
    assert!(!said(good, true).smoke);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn the_balance_is_exact_and_more_cold_air_is_colder(
        outdoor in -60.0..80.0f64, damp in 0.0..0.03f64, depression in -5.0..20.0f64, back in 10.0..50.0f64,
        humid in 0.0..0.02f64,
        flow in -10.0..300.0f64, damper in -0.5..1.5f64, wet in any::<bool>(), evaporative in any::<bool>(),
    ) {
        let of = economiser();
        let inputs = Inputs {
            outdoor: Air { celsius: outdoor, humidity: damp }, wet_bulb: outdoor - depression,
            back: Air { celsius: back, humidity: humid }, flow, damper, wet, evaporative, smoke: false,
        };
        let out = of.run(&inputs);
        let flow = flow.max(0.0);
        let outdoor = Air { celsius: outdoor.clamp(-40.0, 60.0), humidity: damp };
        let s = out.outdoor_share;
        let mixed = flow * (s * outdoor.enthalpy() + (1.0 - s) * inputs.back.enthalpy());
        let came = mixed + out.fan_power - out.evaporative_heat;
        let through = flow * (outdoor.enthalpy().abs() + inputs.back.enthalpy().abs()) + out.fan_power + 1.0;
        prop_assert!((came - flow * out.mixed.enthalpy()).abs() <= 1e-9 * through, "{out:?}");
        let relieved = flow * (inputs.back.enthalpy() - out.mixed.enthalpy()) + out.fan_power;
        prop_assert!((out.relieved - relieved).abs() <= 1e-9 * through, "{out:?}");
        prop_assert!(out.mixed.celsius.is_finite() && out.dew_point.is_finite());
        let (cold, warm) = (Air { celsius: 5.0, humidity: 0.004 }, Air { celsius: 35.0, humidity: 0.008 });
        let cool = Inputs { outdoor: cold, back: warm, ..inputs };
        let more = of.run(&Inputs { damper: damper + 0.1, ..cool });
        prop_assert!(more.mixed.celsius <= of.run(&cool).mixed.celsius + 1e-9 || flow > 161.0, "{more:?}");
    }
}

#[test]
fn fog_is_said_and_nonsense_is_return_air() {
    let of = economiser();
    let winter = Inputs {
        outdoor: Air { celsius: -25.0, humidity: 0.0004 },
        back: Air { celsius: 20.0, humidity: 0.0145 },
        ..asked()
    };
    assert!(of.run(&winter).fog);
    let nowhere = Air { celsius: f64::NAN, humidity: f64::NAN };
    let out = of.run(&Inputs { outdoor: nowhere, flow: f64::NAN, damper: f64::NAN, wet_bulb: f64::NAN, ..asked() });
    assert!((out.mixed.celsius - 35.0).abs() < 1e-9 && out.fan_power == 0.0, "{out:?}");
}

#[test]
fn a_broken_section_tells_all_its_faults() {
    let broken = SECTION
        .replace("filter-pa = 120.0", "")
        .replace("leakage-share = 0.02", "leakage-share = 0.1\nmost-share = 0.05")
        .replace("cold-limit-cel = -20.0", "cold-limit-cel = 20.0")
        .replace("dry-bulb-limit-cel = 23.0", "dry-bulb-limit-cel = 19.0")
        .replace("wet-effectiveness = 0.7", "wet-effectiveness = 7.0");
    let faults = read(&broken).expect_err("broken");
    for said in ["filter-pa", "below `leakage-share`", "not below `dry-bulb-limit-cel`", "`wet-effectiveness` is 7"] {
        assert!(faults.contains(said), "{said}: {faults}");
    }
}
