use proptest::prelude::*;

use super::phase::Trip;
use super::*;
use plant::read::Source;

const SECTION: &str = r#"
capacity-w = 100e3
cop = 3.6
flow-kg-per-s = 6.5
least-flow-share = 0.4
bypass-share = 0.1
stages = 2
condenser-fans-w = 2.4e3
approach-k = 14.0
least-condensing-cel = 28.0
pull-down-s = 45.0
[panel]
least-on-s = 180.0
least-off-s = 240.0
stage-s = 60.0
restart-s = 300.0
most-condensing-cel = 65.0
"#;

fn read(text: &str) -> Result<Dx, String> {
    let source = Source::new("dx.toml", text);
    let table = source.parse();
    let root = source.root(&table);
    let unit = Dx::read(&root);
    root.done();
    source.finish(unit).map_err(|faults| faults.to_string())
}

fn unit() -> Dx {
    read(SECTION).unwrap_or_else(|faults| panic!("{faults}"))
}

fn asked() -> Inputs {
    Inputs {
        duty: 1.0,
        entering: Air { celsius: 26.7, humidity: 0.011_12 },
        flow: 6.5,
        outdoors: 35.0,
        condenser: 1.0,
        powered: true,
        tripped: false,
    }
}

fn settled(of: &Dx, inputs: &Inputs) -> (Machine, Outcome) {
    let mut machine = Machine::at_rest(inputs.outdoors);
    let mut last = machine.step(of, inputs, 1.0);
    for _ in 0..1200 {
        last = machine.step(of, inputs, 1.0);
    }
    (machine, last)
}

#[test]
fn its_rating_comes_back_and_part_of_it_in_stages() {
    let of = unit();
    let (machine, out) = settled(&of, &asked());
    assert!((out.heat / 100e3 - 1.0).abs() < 0.005, "{out:?}");
    assert!((out.heat / out.compressor_power / 3.6 - 1.0).abs() < 0.005, "{out:?}");
    assert!((machine.condensing - 49.0).abs() < 0.2, "{machine:?}");
    let (_, half) = settled(&of, &Inputs { duty: 0.5, ..asked() });
    assert!(
        (half.heat / out.heat - 0.5).abs() < 1e-6 && half.sensible / half.heat > out.sensible / out.heat,
        "{half:?}"
    );
}

#[test]
fn a_variable_compressor_follows_the_call_and_its_curve() {
    let text = SECTION.replace("stages = 2", "") + "[variable]\nleast-share = 0.25\nload-curve = [0.05, 0.65, 0.3]\n";
    let of = read(&text).unwrap_or_else(|faults| panic!("{faults}"));
    let (_, full) = settled(&of, &asked());
    let (_, part) = settled(&of, &Inputs { duty: 0.4, ..asked() });
    assert!((part.heat / full.heat - 0.4).abs() < 1e-6, "{part:?}");
    assert!((part.compressor_power / full.compressor_power - (0.05 + 0.26 + 0.048)).abs() < 1e-6, "{part:?}");
    let (_, least) = settled(&of, &Inputs { duty: 0.15, ..asked() });
    assert!((least.heat / full.heat - 0.25).abs() < 1e-6, "it goes no lower");
    assert_eq!(settled(&of, &Inputs { duty: 0.1, ..asked() }).1.heat, 0.0, "below half its least it stops");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn at_any_weather_power_is_positive_and_warmer_outdoors_costs_more(
        outdoors in -50.0..64.0f64, celsius in -20.0..60.0f64, humidity in 0.0..0.02f64, flow in 0.0..10.0f64,
        duty in 0.0..1.0f64,
        dt in 0.1..60.0f64,
    ) {
        let mut of = unit();
        // Frost has a history of its own, and head trips are another test's.
        (of.panel.most_condensing, of.freezing) = (1e3, 1e12);
        let inputs = Inputs { duty, outdoors, entering: Air { celsius, humidity }, flow, ..asked() };
        let run = |inputs: &Inputs| {
            let mut machine = Machine::at_rest(outdoors);
            (0..10).map(|_| machine.step(&of, inputs, dt)).last().expect("steps")
        };
        let out = run(&inputs);
        prop_assert!(out.heat.is_finite() && out.heat >= 0.0 && out.compressor_power.is_finite(), "{out:?}");
        prop_assert!(out.compressor_power > 0.0 || out.heat == 0.0, "{out:?}");
        prop_assert!((out.rejected - out.heat - out.compressor_power).abs() < 1e-9 * (out.rejected + 1.0));
        let warmer = run(&Inputs { outdoors: outdoors + 5.0, ..inputs });
        let per_heat = |o: &Outcome| o.compressor_power / o.heat;
        prop_assert!(out.heat < 1.0 || per_heat(&warmer) >= per_heat(&out) * (1.0 - 1e-9), "{out:?} {warmer:?}");
        let lost = flow * (inputs.entering.enthalpy() - out.leaving.enthalpy());
        prop_assert!((lost - out.heat).abs() <= 1e-9 * (flow * 1e5 + out.heat), "{out:?}");
    }
}

#[test]
fn cooling_comes_with_the_pull_down_and_power_at_once() {
    let of = Dx { compressor: Compressor::Stages(1.0), ..unit() };
    let full = settled(&of, &asked()).1;
    let mut machine = Machine::at_rest(35.0);
    let first = machine.step(&of, &asked(), 1.0);
    assert!(first.compressor_power > 0.9 * full.compressor_power && first.heat < 0.05 * full.heat, "{first:?}");
    for _ in 0..44 {
        machine.step(&of, &asked(), 1.0);
    }
    assert!((machine.pulled - (1.0 - libm::exp(-1.0))).abs() < 1e-9, "{machine:?}");
}

#[test]
fn it_keeps_its_times() {
    let of = unit();
    let mut machine = Machine::at_rest(35.0);
    let off = Inputs { duty: 0.0, ..asked() };
    machine.step(&of, &asked(), 1.0);
    let mut on = 1;
    while machine.phase.word() == 2 {
        machine.step(&of, &off, 1.0);
        on += 1;
    }
    assert_eq!(on, 181);
    let mut rest = 0;
    while machine.phase.word() == 0 {
        machine.step(&of, &asked(), 1.0);
        rest += 1;
    }
    assert!((239..=241).contains(&rest), "{rest}");
    let shares: Vec<f64> = (0..130).map(|_| machine.step(&of, &asked(), 1.0).compressor_power).collect();
    assert!(shares[130 - 1] > 1.9 * shares[40], "the second stage comes after its minute");
}

#[test]
fn each_trip_stops_it_and_clears_after_the_delay() {
    let mut of = unit();
    of.panel.least_off = 0.0;
    let bad = [
        (Inputs { powered: false, ..asked() }, Trip::Power),
        (Inputs { tripped: true, ..asked() }, Trip::External),
        (Inputs { flow: 1.0, ..asked() }, Trip::AirFlow),
        (Inputs { outdoors: 54.0, ..asked() }, Trip::HighHead),
        (Inputs { condenser: 0.4, ..asked() }, Trip::HighHead),
    ];
    let (running, _) = settled(&of, &asked());
    for (inputs, expected) in bad {
        let mut machine = running;
        let mut steps = 0;
        while machine.phase.word() == 2 && steps < 600 {
            machine.step(&of, &inputs, 1.0);
            steps += 1;
        }
        let Phase::Tripped { cause, .. } = machine.phase else { panic!("{expected:?}: {machine:?}") };
        assert_eq!(cause, expected);
        let out = machine.step(&of, &inputs, 1.0);
        assert!(out.heat == 0.0 && out.compressor_power == 0.0 && out.leaving == inputs.entering);
        let mut waited = 0;
        while machine.phase.word() != 2 && waited < 1000 {
            machine.step(&of, &asked(), 1.0);
            waited += 1;
        }
        assert!((299..=302).contains(&waited), "{expected:?}: {waited} s");
    }
}

#[test]
fn little_cold_air_freezes_the_coil_shut_until_it_has_thawed() {
    let of = unit();
    let cold = Inputs { entering: Air { celsius: 16.0, humidity: 0.008 }, flow: 2.7, outdoors: 20.0, ..asked() };
    let mut machine = Machine::at_rest(20.0);
    let mut seconds = 0;
    while machine.phase.word() != 8 && seconds < 20_000 {
        machine.step(&of, &cold, 1.0);
        seconds += 1;
    }
    assert!((600..20_000).contains(&seconds), "frozen after {seconds} s: {machine:?}");
    let mut thawing = 0;
    while machine.phase.word() == 8 {
        machine.step(&of, &cold, 1.0);
        thawing += 1;
    }
    assert!(thawing > 500 && machine.frost <= THAWED, "{thawing} s: {machine:?}");
    let (warm, _) = settled(&of, &asked());
    assert_eq!(warm.frost, 0.0);
}

#[test]
fn nonsense_leaves_the_last_call_and_passes_no_air() {
    let of = unit();
    let (mut machine, _) = settled(&of, &asked());
    let nowhere = Air { celsius: f64::NAN, humidity: f64::NAN };
    let inputs = Inputs { duty: f64::NAN, entering: nowhere, outdoors: f64::NAN, condenser: f64::NAN, ..asked() };
    let out = machine.step(&of, &inputs, 1.0);
    assert!(machine.duty == 1.0 && out.heat.is_finite() && out.leaving.celsius.is_finite(), "{out:?}");
    let out = machine.step(&of, &Inputs { flow: f64::NAN, ..asked() }, 1.0);
    assert!(out.heat == 0.0 && machine.phase.word() == 6, "{out:?}");
    let cold = Inputs { outdoors: -10.0, ..asked() };
    assert!(settled(&of, &cold).1.outside && settled(&of, &cold).0.condensing >= 28.0);
}

#[test]
fn a_broken_section_tells_all_its_faults() {
    let broken = SECTION
        .replace("stages = 2", "")
        .replace("cop = 3.6", "cop = 36.0")
        .replace("most-condensing-cel = 65.0", "")
        .replace("pull-down-s", "pulldown-s");
    let faults = read(&broken).expect_err("broken");
    for said in ["has no `stages`", "`cop` is 36", "most-condensing-cel", "pull-down-s", "knows no key `pulldown-s`"] {
        assert!(faults.contains(said), "{said}: {faults}");
    }
}
