use super::super::grid::{Dip, Voltage};
use super::*;
use plant::read::Source;
use proptest::prelude::*;

const AROUND: Around = Around { generator: false, cell: 25.0 };
const MAINS: Supply = Supply { voltage: Voltage::NOMINAL, generator: false };
const OUT: Supply = Supply { voltage: Voltage::NONE, generator: false };

fn ups() -> Ups {
    Ups::usual(250e3, 5, 5.0)
}

fn step(state: &mut UpsState, of: &Ups, supply: Supply, load: f64) -> (Output, Carried) {
    let output = state.meet(of, supply, 1.0);
    (output, state.carry(of, load, AROUND, 1.0))
}

/// Runs on `supply` until it tells an event that is `wanted`; how many steps that took.
fn until(state: &mut UpsState, of: &Ups, supply: Supply, load: f64, wanted: UpsEvent) -> usize {
    (1..100_000).find(|_| step(state, of, supply, load).0.event == Some(wanted)).expect("the event comes")
}

#[test]
fn the_default_coefficients_give_the_published_efficiencies() {
    let of = Ups { spare: 0, ..ups() };
    let rating = of.rating(5);
    for (x, efficiency) in [(0.25, 0.937), (0.5, 0.954), (0.75, 0.957), (1.0, 0.957)] {
        let load = x * rating;
        let seen = load / (load + of.loss(load, (5, 5)));
        assert!((seen - efficiency).abs() < 5e-4, "{x}: {seen}");
    }
    let eco = Ups { eco: Some(Eco::USUAL), ..of };
    for x in [0.25, 0.5, 0.75, 1.0] {
        let seen = x * rating / (x * rating + eco.eco_loss(x * rating));
        assert!((0.985 - 1e-5..=0.99 + 1e-5).contains(&seen), "{x}: {seen}");
    }
}

#[test]
fn sleeping_modules_save_and_wake_at_once() {
    let sleep = Sleep { fill: 0.8, after: 300.0, standby: 500.0 };
    let (always, of) = (ups(), Ups { sleep: Some(sleep), ..ups() });
    let mut state = UpsState::new(&of, 1.0);
    let awake = |state: &UpsState| state.awake(&of);
    for _ in 0..1000 {
        step(&mut state, &of, MAINS, 200e3);
    }
    assert_eq!(awake(&state), 2, "one for the load, one spare");
    let saved = always.loss(200e3, (5, 5)) - of.loss(200e3, (2, 5));
    assert!(saved > 0.2 * always.loss(200e3, (5, 5)), "{saved} W");
    step(&mut state, &of, MAINS, 700e3);
    assert_eq!(awake(&state), 5);
    state.broken = 2;
    step(&mut state, &of, MAINS, 700e3);
    assert!(awake(&state) == 3 && state.redundancy_lost(&of));
}

#[test]
fn the_string_lasts_its_autonomy_and_is_charged_again() {
    let of = ups();
    let mut state = UpsState::new(&of, 1.0);
    step(&mut state, &of, MAINS, 1e6);
    let expected = of.autonomy(&state.store, 1e6);
    assert!((expected / 300.0 - 1.0).abs() < 0.03, "made for five minutes: {expected}");
    assert_eq!(step(&mut state, &of, OUT, 1e6).0.event, Some(UpsEvent::OnBattery));
    let mut held = 0.0;
    let why = loop {
        let (output, carried) = step(&mut state, &of, OUT, 1e6);
        held += carried.served;
        if let Some(UpsEvent::Dropped(why)) = output.event {
            break why;
        }
        assert_eq!(carried.input, 0.0);
    };
    assert_eq!(why, Down::Empty);
    assert!((held + 1.0 - expected).abs() < 0.5, "{held} {expected}");
    assert_eq!(until(&mut state, &of, MAINS, 1e6, UpsEvent::Restarted), 30);
    let (_, charging) = step(&mut state, &of, MAINS, 1e6);
    let extra = charging.input - 1e6 - of.loss(1e6, (5, 5)) - of.battery.auxiliary;
    assert!((extra - 0.08e6 / 0.97).abs() < 1.0, "{extra} W on top");
    for _ in 0..7200 {
        step(&mut state, &of, MAINS, 1e6);
    }
    assert!(state.store.soc(&of.battery) > 0.99, "{}", state.store.soc(&of.battery));
    let (_, full) = step(&mut state, &of, MAINS, 1e6);
    assert!(full.input < charging.input - 0.07e6);
}

#[test]
fn the_rectifier_walks_in_and_charges_gently_on_a_generator() {
    let of = ups();
    let mut state = UpsState::new(&of, 0.9);
    for _ in 0..5 {
        step(&mut state, &of, OUT, 8e5);
    }
    assert_eq!(until(&mut state, &of, MAINS, 8e5, UpsEvent::MainsBack), 10);
    let mut before = 0.0;
    for second in 1..10 {
        let (output, carried) = step(&mut state, &of, MAINS, 8e5);
        assert_eq!(output.voltage, Voltage::NOMINAL);
        let share = (f64::from(second) + 0.5) / 10.0;
        assert!((carried.input / (8e5 + of.loss(8e5, (5, 5))) - share).abs() < 0.01, "{second}: {carried:?}");
        assert!(carried.input > before);
        before = carried.input;
    }
    let gentle = Around { generator: true, ..AROUND };
    let (here, beside) = (state.clone().carry(&of, 8e5, AROUND, 1.0), state.carry(&of, 8e5, gentle, 1.0));
    assert!((here.input - beside.input - 0.06e6 / 0.97).abs() < 1.0);
}

#[test]
fn eco_mode_shows_the_load_a_short_dip_and_double_conversion_none() {
    let of = Ups { eco: Some(Eco::USUAL), ..ups() };
    let sag = Supply { voltage: Voltage { level: 1.0, dip: Some(Dip { residual: 0.4, seconds: 0.2 }) }, ..MAINS };
    let mut state = UpsState::new(&of, 1.0);
    assert_eq!(
        step(&mut state, &of, sag, 5e5).0,
        Output { voltage: Voltage::NOMINAL, event: Some(UpsEvent::RodeThrough) }
    );
    state.orders.eco = true;
    until(&mut state, &of, MAINS, 5e5, UpsEvent::EcoOn);
    let (eco, double) = (step(&mut state, &of, MAINS, 5e5).1, of.loss(5e5, (5, 5)));
    assert!(eco.loss < 0.3 * double, "{eco:?} {double}");
    let (output, _) = step(&mut state, &of, sag, 5e5);
    assert_eq!(output.event, Some(UpsEvent::EcoOff));
    assert_eq!(output.voltage.dip, Some(Dip { residual: 0.4, seconds: 0.004 }));
    until(&mut state, &of, MAINS, 5e5, UpsEvent::EcoOn);
    let (output, carried) = step(&mut state, &of, OUT, 5e5);
    assert_eq!(output.event, Some(UpsEvent::OnBattery));
    assert_eq!(output.voltage.dip, Some(Dip { residual: 0.0, seconds: 0.004 }));
    assert!(carried.input == 0.0 && carried.served == 1.0);
}

#[test]
fn an_overload_goes_to_bypass_in_its_time_and_on_battery_it_is_the_end() {
    let of = ups();
    for (load, seconds) in [(1.1 * 1.25e6, 600), (1.3 * 1.25e6, 60), (1.6 * 1.25e6, 1)] {
        let mut state = UpsState::new(&of, 1.0);
        let took = until(&mut state, &of, MAINS, load, UpsEvent::ToBypass(Bypassed::Overload));
        assert_eq!(took, seconds + 1, "{load} W");
        let (output, carried) = step(&mut state, &of, MAINS, 1e6);
        assert!(output.voltage.live() && carried.loss < 6e3 + of.battery.auxiliary, "{carried:?}");
        let back = until(&mut state, &of, MAINS, 1e6, UpsEvent::FromBypass);
        assert!((299..=301).contains(&back), "{back}");
    }
    let mut state = UpsState::new(&of, 1.0);
    step(&mut state, &of, OUT, 1.3 * 1.25e6);
    until(&mut state, &of, OUT, 1.3 * 1.25e6, UpsEvent::Dropped(Down::Overload));
    assert!(!step(&mut state, &of, OUT, 1e6).0.voltage.live());
}

#[test]
fn bypass_by_order_keeps_the_string_and_by_overload_does_not() {
    let of = ups();
    let mut state = UpsState::new(&of, 1.0);
    state.orders.bypass = true;
    until(&mut state, &of, MAINS, 1e6, UpsEvent::ToBypass(Bypassed::Ordered));
    let (output, _) = step(&mut state, &of, OUT, 1e6);
    assert_eq!((output.event, output.voltage.live()), (Some(UpsEvent::OnBattery), true));
    let mut broken = UpsState::new(&of, 1.0);
    broken.broken = 5;
    assert_eq!(step(&mut broken, &of, MAINS, 1e6).0.event, Some(UpsEvent::ToBypass(Bypassed::Broken)));
    assert_eq!(step(&mut broken, &of, OUT, 1e6).0.event, Some(UpsEvent::Dropped(Down::BypassLost)));
    broken.broken = 0;
    until(&mut broken, &of, MAINS, 1e6, UpsEvent::Restarted);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_watt_is_output_loss_or_stored(
        steps in proptest::collection::vec((0.0..2e6f64, 0u8..8, 0.05..120.0f64, 0u32..6), 1..80), soc in 0.0..1.0f64,
    ) {
        let of = Ups { eco: Some(Eco::USUAL), sleep: Some(Sleep { fill: 0.8, after: 60.0, standby: 400.0 }), ..ups() };
        let mut state = UpsState::new(&of, soc);
        for (load, kind, dt, broken) in steps {
            let supply = if kind < 3 { OUT } else { MAINS };
            state.orders = Orders { eco: kind % 2 == 0, bypass: kind == 7 };
            state.broken = broken;
            let before = state.store.energy;
            let output = state.meet(&of, supply, dt);
            let load = if output.voltage.live() { load } else { 0.0 };
            let seen = state.carry(&of, load, AROUND, dt);
            let most = seen.input.abs() + seen.output + seen.stored.abs() + 1.0;
            prop_assert!((seen.input - seen.output - seen.loss - seen.stored).abs() <= 1e-9 * most, "{seen:?} {state:?}");
            prop_assert!((state.store.energy - before - seen.stored * dt).abs() <= 1e-9 * (most * dt + before));
            prop_assert!(seen.loss >= 0.0 && seen.input >= 0.0 && (0.0..=1.0).contains(&seen.served));
            prop_assert!(output.voltage.live() || seen.output == 0.0);
            prop_assert!(supply != OUT || seen.input == 0.0, "nothing to draw from: {seen:?}");
        }
    }

    #[test]
    fn more_load_never_loses_less(load in 0.0..1.2e6f64, more in 0.0..3e5f64, awake in 1u32..6) {
        let of = Ups { eco: Some(Eco::USUAL), ..ups() };
        prop_assert!(of.loss(load + more, (awake, 5)) >= of.loss(load, (awake, 5)));
        prop_assert!(of.eco_loss(load + more) >= of.eco_loss(load) && of.eco_loss(load) < of.loss(load, (5, 5)));
        prop_assert!(of.bears((load + more) / 1e6) <= of.bears(load / 1e6));
        prop_assert!(of.needed(load + more) >= of.needed(load));
    }
}

#[test]
fn absurd_loads_and_voltages_are_survived() {
    let of = ups();
    let mut state = UpsState::new(&of, 0.5);
    for load in [f64::NAN, f64::INFINITY, -1e9, 1e12, 0.0] {
        for level in [f64::NAN, -1.0, 0.5, 5.0] {
            let supply = Supply { voltage: Voltage { level, dip: None }, generator: true };
            let (_, seen) = step(&mut state, &of, supply, load);
            assert!(seen.input.is_finite() && seen.loss.is_finite() && seen.stored.is_finite(), "{seen:?}");
        }
    }
}

#[test]
fn a_step_without_time_changes_nothing() {
    let of = ups();
    let mut state = UpsState::new(&of, 1.0);
    step(&mut state, &of, OUT, 8e5);
    let before = state;
    for dt in [0.0, -1.0, f64::NAN] {
        assert_eq!(state.carry(&of, 8e5, AROUND, dt), Carried { served: 1.0, ..Carried::default() });
        assert_eq!(state, before, "{dt}");
    }
    assert!(step(&mut state, &of, OUT, 8e5).0.voltage.live());
}

#[test]
fn a_broken_section_tells_all_its_faults() {
    let text =
        "module-w = 250000\na = 2\nb = 0\nc = 0\nmodules = 2\nspare = 2\nwalk-in-s = -1\n[battery]\nenergy-wh = 5\n";
    let source = Source::new("u.toml", text);
    let table = source.parse();
    let read = Ups::read(&source.root(&table));
    // a, spare, walk-in-s, the battery's two rates
    let faults = source.finish(read).expect_err("faults").0;
    assert_eq!(faults.len(), 5, "{faults:?}");
}
