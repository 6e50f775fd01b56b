//! Bad numbers, missing numbers, long pauses, impossible tunings.

use plant::reading::{Reading, Why};
use proptest::prelude::*;

use super::*;

const BAD: [f64; 3] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

/// The good input with one value spoilt; every way of spoiling it.
fn spoilt(good: Input) -> Vec<Input> {
    let mut all = vec![Input { pv: None, ..good }];
    for bad in BAD {
        all.push(Input { sp: bad, ..good });
        all.push(Input { pv: Some(bad), ..good });
        all.push(Input { ff: bad, ..good });
        all.push(Input { actual: Some(bad), ..good });
        all.push(Input { mode: Mode::Manual(bad), ..good });
        all.push(Input { mode: Mode::Track(bad), ..good });
    }
    let old = Reading::Stale { last: 31.0, age: Span::from_secs(60), why: Why::Comm };
    for reading in [old, Reading::Lost { why: Why::NotANumber }] {
        let pv = match reading {
            Reading::Fresh(pv) => Some(pv),
            Reading::Stale { .. } | Reading::Lost { .. } => None,
        };
        all.push(Input { pv, ..good });
    }
    all
}

/// A step without the age of the hold, which is the one thing that a hold may change.
fn but_for_age(state: &State) -> State {
    State { held: Span::ZERO, ..*state }
}

proptest! {
    #[test]
    fn a_bad_input_holds_the_output_and_leaves_the_state(
        sp in 10.0..40.0, pv in 10.0..40.0, ff in -10.0..10.0, ms in 0u64..100_000, times in 1usize..20,
    ) {
        let config = Config { td: Span::from_secs(8), ..tuned() };
        let good = Input { ff, dt: Span::from_millis(ms), ..auto(sp, pv) };
        let fresh = warm(&config, sp, pv);
        for bad in spoilt(good) {
            let mut state = fresh;
            for n in 1..=times {
                let u = state.step(&config, &bad);
                prop_assert_eq!(u, fresh.terms().output);
                prop_assert_eq!(but_for_age(&state), fresh);
                prop_assert_eq!(state.held(), good.dt.times(u64::try_from(n).unwrap()));
            }
        }
    }

    #[test]
    fn a_held_loop_goes_on_as_if_nothing_had_been(sp in 10.0..40.0, pv in 10.0..40.0, later in 10.0..40.0) {
        let config = tuned();
        let untouched = warm(&config, sp, pv);
        for bad in spoilt(auto(sp, pv)) {
            let (mut held, mut other) = (untouched, untouched);
            held.step(&config, &bad);
            for _ in 0..20 {
                prop_assert_eq!(held.step(&config, &auto(sp, later)), other.step(&config, &auto(sp, later)));
            }
            prop_assert_eq!(held, other);
        }
    }

    #[test]
    fn whatever_comes_in_a_finite_output_goes_out(
        numbers in prop::array::uniform12(prop::num::f64::ANY), nanos: u64, mode in 0usize..3, steps in 1usize..10,
    ) {
        let [sp, pv, ff, actual, hand, gain, filter, weight, min, max, rate, dead] = numbers;
        let config = Config {
            filter, setpoint_weight: weight, min, max, rise: Some(rate), deadband: dead, td: Span::from_nanos(nanos / 3),
            ..Config::new(Action::Reverse, gain, Span::from_nanos(nanos / 7))
        };
        let mode = [Mode::Auto, Mode::Manual(hand), Mode::Track(hand)][mode];
        let input = Input { sp, source: 1, pv: Some(pv), ff, actual: Some(actual), dt: Span::from_nanos(nanos), mode };
        for config in [config, Config { min: 0.0, max: 100.0, filter: 8.0, gain: gain.abs(), ..tuned() }] {
            let mut state = warm(&tuned(), 24.0, 25.0);
            for _ in 0..steps {
                prop_assert!(state.step(&config, &input).is_finite());
                prop_assert!(state.step(&config, &auto(24.0, 25.0)).is_finite());
                prop_assert!(state.is_finite());
            }
        }
    }
}

#[test]
fn a_hand_moves_the_output_although_the_sensor_is_dead() {
    let config = tuned();
    let mut state = warm(&config, 24.0, 24.0);
    let dead = Input { pv: None, mode: Mode::Manual(80.0), ..auto(24.0, 24.0) };
    assert_eq!(state.step(&config, &dead), 80.0);
    let blind = Input { pv: None, ..auto(24.0, 24.0) };
    assert_eq!(state.step(&config, &blind), 80.0, "nobody leads: it stays where the hand left it");
    let u = state.step(&config, &auto(24.0, 27.0));
    assert!((u - 80.0).abs() <= 6.67 * 3.0 / 40.0 + 1e-9, "and the loop takes over from there: {u}");
}

#[test]
fn an_impossible_tuning_holds() {
    let config = tuned();
    let fresh = warm(&config, 24.0, 25.0);
    let mut wrong = vec![Config { min: 60.0, max: 40.0, ..config }, Config { gain: 0.0, ..config }];
    wrong.extend(BAD.iter().map(|&gain| Config { gain, ..config }));
    wrong.extend(BAD.iter().map(|&max| Config { max, ..config }));
    wrong.extend(BAD.iter().map(|&rise| Config { rise: Some(rise), ..config }));
    wrong.extend([0.0, -3.0, f64::NAN].iter().map(|&filter| Config { filter, ..config }));
    for bad in [f64::NAN, f64::INFINITY, -1.0] {
        wrong.extend([Config { deadband: bad, ..config }, Config { actual_tolerance: bad, ..config }]);
        wrong.extend([Config { fall: Some(bad), ..config }, Config { rise: Some(bad), ..config }]);
    }
    wrong.extend(BAD.iter().map(|&weight| Config { setpoint_weight: weight, ..config }));
    for config in wrong {
        let mut state = fresh;
        assert!(!config.is_sound());
        assert_eq!(state.step(&config, &auto(24.0, 30.0)), fresh.terms().output, "{config:?}");
        assert_eq!(but_for_age(&state), fresh);
        assert_eq!(state.word(), "holding");
    }
}

#[test]
fn a_long_pause_neither_integrates_nor_differentiates() {
    let config = Config { td: Span::from_secs(10), ..tuned() };
    for through_hold in [false, true] {
        let mut state = warm(&config, 24.0, 24.0);
        let mut dt = Span::from_secs(3600);
        if through_hold {
            state.step(&config, &Input { dt, pv: None, ..auto(24.0, 24.0) });
            dt = Span::from_secs(1);
        }
        state.step(&config, &Input { dt, ..auto(24.0, 26.0) });
        assert_eq!(state.terms().d, 0.0);
        assert!((state.terms().p - -6.67 * (24.0 - 26.0)).abs() < 1e-9);
        assert!((state.terms().i - 50.0).abs() < 1e-9, "only the present error speaks: {:?}", state.terms());
    }
}

#[test]
fn no_time_no_integral() {
    let config = Config { td: Span::from_secs(10), ..tuned() };
    let mut state = warm(&config, 24.0, 24.5);
    let before = state.terms();
    let u = state.step(&config, &Input { dt: Span::ZERO, ..auto(24.0, 24.5) });
    assert!((u - before.output).abs() < 1e-9 && (state.terms().i - before.i).abs() < 1e-9);
}
