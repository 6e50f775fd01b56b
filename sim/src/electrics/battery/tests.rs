use super::*;
use plant::read::Source;
use proptest::prelude::*;

const KWH: f64 = 3.6e6;

fn plain() -> Battery {
    Battery { self_discharge: 0.0, auxiliary: 0.0, window: (0.0, 1.0), ..Battery::lithium(100.0 * KWH, 1.0) }
}

#[test]
fn a_round_trip_returns_the_product_of_both_efficiencies() {
    for of in [plain(), Battery { charge_efficiency: 0.9, discharge_efficiency: 0.9, ..plain() }] {
        let mut store = Store::charged(&of, 0.2);
        let taken: f64 = (0..1800).map(|_| store.step(&of, 50e3, 25.0, 1.0).terminal).sum();
        let mut given = 0.0;
        while store.energy > 0.2 * of.energy {
            let most = (store.energy - 0.2 * of.energy) * of.discharge_efficiency;
            given -= store.step(&of, -most.min(50e3), 25.0, 1.0).terminal;
        }
        let product = of.charge_efficiency * of.discharge_efficiency;
        assert!((given / taken - product).abs() < 1e-9, "{} {product}", given / taken);
    }
}

#[test]
fn the_taper_is_one_exponential_whatever_the_step() {
    let of = plain();
    // Above 0.9 the room to the limit's zero fades with η·(1 − 0.2)/0.1 an hour.
    let pace = 0.96 * 8.0 / 3600.0;
    for dt in [1.0, 7.0, 60.0, 300.0] {
        let mut store = Store::charged(&of, 0.9);
        let mut t = 0.0;
        while t + dt <= 300.0 {
            store.step(&of, 1e9, 25.0, dt);
            t += dt;
        }
        let expected = 0.9 + 0.125 * (1.0 - f64::exp(-pace * t));
        assert!((store.soc(&of) - expected).abs() < 1e-12, "{dt}: {} {expected}", store.soc(&of));
    }
    assert!((of.charge_limit(1.0) - 20e3).abs() < 1e-6 && (of.charge_limit(0.5) - 100e3).abs() < 1e-6);
}

#[test]
fn halving_a_step_changes_nothing_even_across_the_knee() {
    let of = Battery::lithium(100.0 * KWH, 1.0);
    let (mut one, mut many) = (Store::charged(&of, 0.8), Store::charged(&of, 0.8));
    one.step(&of, 60e3, 25.0, 3600.0);
    for _ in 0..3600 {
        many.step(&of, 60e3, 25.0, 1.0);
    }
    // Only the order of self-discharge and charging is left between them.
    assert!((one.soc(&of) - many.soc(&of)).abs() < 1e-5, "{} {}", one.soc(&of), many.soc(&of));
}

#[test]
fn window_and_temperatures_stop_it_and_a_month_costs_two_percent() {
    let of = Battery::lithium(100.0 * KWH, 2.0);
    let mut store = Store::charged(&of, 0.05);
    assert_eq!(store.step(&of, -1e3, 25.0, 60.0).power, 0.0);
    assert!(store.step(&of, 1e3, 25.0, 60.0).power > 0.0);
    let mut cold = Store::charged(&of, 0.5);
    assert_eq!(cold.step(&of, -1e5, -10.0, 1.0).power, 0.0);
    assert!((cold.step(&of, -1e9, 0.0, 1.0).power + 100e3).abs() < 1e-6, "half of 2C at 0 °C");
    assert!((cold.step(&of, -1e9, 25.0, 1.0).power + 200e3).abs() < 1e-6);
    let mut idle = Store::charged(&of, 0.5);
    idle.step(&of, 0.0, 25.0, 30.0 * 86_400.0);
    assert!((idle.soc(&of) / 0.5 - f64::exp(-0.02)).abs() < 1e-12);
}

#[test]
fn absurd_asks_are_survived() {
    let of = Battery::lithium(100.0 * KWH, 1.0);
    let mut store = Store::charged(&of, 0.5);
    for asked in [f64::NAN, f64::INFINITY, 1e300, -1e300] {
        for (cell, dt) in [(25.0, 1e9), (f64::NAN, 1.0), (1e9, 0.0), (25.0, f64::NAN), (25.0, -1.0)] {
            let seen = store.step(&of, asked, cell, dt);
            assert!(seen.terminal.is_finite() && seen.loss.is_finite() && store.energy.is_finite());
            assert!(store.soc(&of) >= 0.0 && store.soc(&of) <= 1.0);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_books_close_over_any_schedule(
        asks in proptest::collection::vec((-3e5..3e5f64, -30.0..70.0f64, 0.1..4000.0f64), 1..60), soc in 0.0..1.0f64,
    ) {
        let of = Battery::lithium(100.0 * KWH, 2.0);
        let mut store = Store::charged(&of, soc);
        let begin = store.energy;
        let (mut taken, mut lost, mut moved, mut out) = (0.0, 0.0, begin, 0.0);
        for (asked, cell, dt) in asks {
            let seen = store.step(&of, asked, cell, dt);
            prop_assert!(seen.loss >= 0.0 && seen.power.abs() <= asked.abs() * (1.0 + 1e-12));
            taken += seen.terminal * dt;
            lost += seen.loss * dt;
            moved += seen.terminal.abs() * dt;
            out += (-seen.power).max(0.0) * dt / of.discharge_efficiency;
            prop_assert!(store.soc(&of) <= 1.0 + 1e-12 && store.energy >= 0.0);
        }
        prop_assert!((store.energy - begin - (taken - lost)).abs() <= 1e-9 * moved, "{} {taken} {lost}", store.energy);
        prop_assert!((store.throughput - out).abs() <= 1e-9 * moved);
    }

    #[test]
    fn a_fuller_battery_never_takes_more(soc in 0.0..1.0f64, more in 0.0..0.5f64, asked in 1e3..3e5f64) {
        let of = Battery::lithium(100.0 * KWH, 2.0);
        let take = |soc: f64| Store::charged(&of, soc).step(&of, asked, 25.0, 10.0).power;
        prop_assert!(take((soc + more).min(1.0)) <= take(soc) + 1e-6);
        prop_assert!(of.charge_limit(soc + more) <= of.charge_limit(soc));
    }
}

#[test]
fn a_broken_section_tells_all_its_faults() {
    let text = "energy-wh = 0\ncharge-rate-per-h = 1\nsoc-low = 0.9\nsoc-high = 0.5\nhot-stop-cel = 0\nhue = 3\n";
    let source = Source::new("b.toml", text);
    let table = source.parse();
    let root = source.root(&table);
    let read = Battery::read(&root);
    root.done();
    let faults = source.finish(Some(read)).expect_err("faults").0;
    assert_eq!(faults.len(), 5, "{faults:?}");
}
