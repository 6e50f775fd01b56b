use proptest::prelude::*;

use super::*;
use plant::read::Source;

/// BAC's TDFS1238N: 2931 kW, water 46.11 to 40.55 °C at 35 °C outdoors, fans 117.68 kW. The catalogue does not say how
/// warm the air leaves; 43 °C makes 180 Pa of the fans' power at 50 %.
const BAC: Design = Design { heat: 2.931e6, liquid: (46.11, 40.55), air: (35.0, 43.0), fans: 117.68e3, cp: CP_WATER };

const SECTION: &str = r#"
heat-capacity-j-per-k = 10e6
short-circuit-k = 2.0
[design]
heat-w = 2.931e6
entering-cel = 46.11
leaving-cel = 40.55
air-cel = 35.0
air-leaving-cel = 43.0
fans-w = 117.68e3
[pads]
efficiency = 0.8
least-outdoors-cel = 20.0
"#;

fn read(text: &str) -> Result<DryCooler, String> {
    let source = Source::new("dry.toml", text);
    let table = source.parse();
    let root = source.root(&table);
    let cooler = DryCooler::read(&root);
    root.done();
    source.finish(cooler).map_err(|faults| faults.to_string())
}

fn bac() -> DryCooler {
    DryCooler::sized(&BAC).expect("possible")
}

fn asked() -> Inputs {
    Inputs {
        dry_bulb: 35.0,
        wet_bulb: 22.0,
        wind: 0.0,
        entering: 46.11,
        flow: 2.931e6 / 5.56 / CP_WATER,
        speed: 1.0,
        fans: 1.0,
        wet: false,
    }
}

fn settled(of: &DryCooler, inputs: &Inputs) -> Outcome {
    let mut liquid = 40.0;
    (0..100).map(|_| of.step(&mut liquid, inputs, 30.0)).last().expect("steps")
}

#[test]
fn the_catalogue_s_machine_comes_back_at_its_design() {
    let out = settled(&bac(), &asked());
    assert!((out.leaving - 40.55).abs() < 1e-6 && (out.heat / 2.931e6 - 1.0).abs() < 1e-6, "{out:?}");
    assert!((out.fan_power / out.heat - 0.0401).abs() < 1e-4, "{out:?}");
    let half = settled(&bac(), &Inputs { speed: 0.5, ..asked() });
    assert!((half.fan_power / out.fan_power - 0.125).abs() < 1e-12 && half.heat > 0.5 * out.heat, "{half:?}");
}

#[test]
fn pads_cool_and_drink_and_wind_warms() {
    let of = read(SECTION).unwrap_or_else(|faults| panic!("{faults}"));
    let (dry, wet) = (settled(&of, &asked()), settled(&of, &Inputs { wet: true, ..asked() }));
    assert!(
        (wet.air_entering - (35.0 - 0.8 * 13.0)).abs() < 1e-9 && wet.leaving < dry.leaving - 3.0,
        "{dry:?} {wet:?}"
    );
    // 364 kg/s of air cooled by 10.4 K evaporates about 1.55 kg/s.
    assert!((wet.evaporated - 1.555).abs() < 0.02 && dry.evaporated == 0.0 && wet.bled > 0.0, "{wet:?}");
    let cool = Inputs { dry_bulb: 15.0, wet_bulb: 10.0, wet: true, ..asked() };
    assert_eq!(settled(&of, &cool).evaporated, 0.0, "no water below 20 °C");
    for (wind, offset) in [(5.0, 1.0), (10.0, 2.0), (30.0, 2.0)] {
        let out = settled(&of, &Inputs { wind, ..asked() });
        assert!((out.air_entering - 35.0 - offset).abs() < 1e-9 && out.heat < dry.heat, "{wind}: {out:?}");
    }
}

#[test]
fn glycol_carries_less_and_tubes_answer_with_their_time_constant() {
    let glycol = DryCooler { cp: 3850.0, ..bac() };
    assert!(
        settled(&glycol, &asked()).leaving < settled(&bac(), &asked()).leaving,
        "less flow of heat is cooled further"
    );
    let of = bac();
    let inputs = Inputs { entering: 50.0, ..asked() };
    let (mut liquid, end) = (settled(&of, &asked()).leaving, settled(&of, &inputs).leaving);
    let start = liquid;
    for _ in 0..20 {
        of.step(&mut liquid, &inputs, 1.0);
    }
    assert!(((liquid - end) / (start - end) - libm::exp(-1.0)).abs() < 1e-6, "20 s: {liquid}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn more_air_cools_more_and_no_joule_is_lost(
        dry_bulb in -80.0..80.0f64, wet_bulb in -80.0..80.0f64, wind in -5.0..60.0f64, entering in -40.0..140.0f64,
        flow in -50.0..300.0f64, speed in 0.0..1.0f64, fans in -0.5..1.5f64, wet in any::<bool>(), dt in 0.1..600.0f64,
    ) {
        let of = read(SECTION).expect("sound");
        let inputs = Inputs { dry_bulb, wet_bulb, wind, entering, flow, speed, fans, wet };
        let mut liquid = 30.0;
        let out = of.step(&mut liquid, &inputs, dt);
        let carried = flow.max(0.0) * of.cp;
        let stored = of.heat_capacity * (liquid - 30.0);
        let crossed = dt * (carried * (entering - out.leaving) - out.heat);
        let through = dt * carried * (entering.abs() + out.leaving.abs()) + stored.abs() + dt * out.heat.abs() + 1.0;
        prop_assert!((stored - crossed).abs() <= 1e-9 * through, "{stored} {crossed} {out:?}");
        prop_assert!(out.heat * (entering - out.air_entering) >= 0.0 && out.evaporated >= 0.0, "{out:?}");
        let more = of.step(&mut 30.0, &Inputs { speed: (speed + 0.05).min(1.0), ..inputs }, dt);
        prop_assert!(more.heat.abs() >= out.heat.abs() - 1e-6, "{more:?} {out:?}");
    }
}

#[test]
fn nonsense_is_no_flow_and_no_speed() {
    let of = bac();
    let mut liquid = 40.0;
    let inputs = Inputs {
        dry_bulb: f64::NAN,
        wet_bulb: f64::NAN,
        wind: f64::NAN,
        entering: f64::NAN,
        flow: f64::NAN,
        speed: f64::NAN,
        ..asked()
    };
    let out = of.step(&mut liquid, &inputs, 1.0);
    assert!(out.heat == 0.0 && liquid == 40.0 && out.fan_power == 0.0, "{out:?}");
}

#[test]
fn a_broken_section_tells_all_its_faults() {
    let broken = SECTION
        .replace("leaving-cel = 40.55", "leaving-cel = 33.0")
        .replace("efficiency = 0.8", "efficiency = 1.8")
        .replace("heat-capacity-j-per-k = 10e6", "");
    let faults = read(&broken).expect_err("broken");
    for said in ["heat-capacity-j-per-k", "`efficiency` is 1.8", "no surface makes this design true"] {
        assert!(faults.contains(said), "{said}: {faults}");
    }
}
