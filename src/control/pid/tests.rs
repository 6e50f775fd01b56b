//! What the block promises, in inputs, outputs and time.

mod ahead;
mod bumps;
mod closed_form;
mod faults;
mod loops;
#[path = "../../../benches/pid/plant.rs"]
mod plant_model;

use plant::hall::LoopTuning;
use plant::time::Span;

use super::{Action, Config, Input, Mode, State};

/// A PI loop of the reference plant's tuning that may be varied.
fn tuned() -> Config {
    Config::new(Action::Direct, 6.67, Span::from_secs(40))
}

/// One second of automatic control.
fn auto(sp: f64, pv: f64) -> Input {
    Input { sp, source: 0, pv: Some(pv), ff: 0.0, actual: None, dt: Span::from_secs(1), mode: Mode::Auto }
}

/// A loop that has run on `pv` for a minute from 50 %.
fn warm(config: &Config, sp: f64, pv: f64) -> State {
    let mut state = State::at(50.0);
    for _ in 0..60 {
        state.step(config, &auto(sp, pv));
    }
    state
}

#[test]
fn direct_action_answers_a_rise_upward_and_reverse_downward() {
    for (action, sign) in [(Action::Direct, 1.0), (Action::Reverse, -1.0)] {
        let config = Config { action, ..tuned() };
        let mut state = State::at(50.0);
        state.step(&config, &auto(24.0, 24.0));
        let moved = state.step(&config, &auto(24.0, 25.0)) - 50.0;
        let expected = sign * (6.67 + 6.67 / 40.0);
        assert!((moved - expected).abs() < 1e-9, "{action:?} moved {moved}");
    }
}

#[test]
fn the_first_step_does_not_move_the_output_it_takes_over() {
    let mut state = State::at(37.5);
    assert_eq!(state.step(&tuned(), &auto(24.0, 30.0)), 37.5);
    assert_eq!(State::at(f64::NAN).step(&tuned(), &auto(24.0, 24.0)), 0.0);
}

#[test]
fn limits_need_not_lie_around_zero() {
    let config = Config { min: 20.0, max: 85.0, ..tuned() };
    let mut state = State::at(50.0);
    for (pv, end) in [(40.0, 85.0), (10.0, 20.0)] {
        for _ in 0..100 {
            let u = state.step(&config, &auto(24.0, pv));
            assert!((20.0..=85.0).contains(&u));
        }
        assert_eq!(state.terms().output, end);
    }
}

#[test]
fn the_output_keeps_its_rates_upward_and_downward() {
    let config = Config { rise: Some(2.0), fall: Some(0.5), ..tuned() };
    let mut state = State::at(50.0);
    let mut before = 50.0;
    for n in 0..400 {
        let dt = Span::from_millis(100 + 37 * (n % 50));
        let pv = if n < 200 { 34.0 } else { 14.0 };
        let u = state.step(&config, &Input { dt, ..auto(24.0, pv) });
        assert!(u - before <= 2.0 * dt.seconds() + 1e-9 && before - u <= 0.5 * dt.seconds() + 1e-9);
        before = u;
    }
    assert!(before < 30.0, "it came down");
}

#[test]
fn setpoint_weight_scales_the_kick_of_a_new_setpoint_only() {
    for weight in [0.0, 0.4, 1.0] {
        let config = Config { setpoint_weight: weight, ti: Span::from_secs(1_000_000), ..tuned() };
        let mut state = warm(&config, 24.0, 24.0);
        let kick = state.step(&config, &auto(23.0, 24.0)) - 50.0;
        assert!((kick - 6.67 * weight).abs() < 1e-4, "weight {weight} kicked {kick}");
        let answer = state.step(&config, &auto(23.0, 25.0)) - 50.0 - kick;
        assert!((answer - 6.67).abs() < 1e-4, "weight {weight} answered {answer}");
    }
}

#[test]
fn the_derivative_sees_the_measurement_and_fades_with_its_filter() {
    let config = Config { td: Span::from_secs(20), ..tuned() };
    let mut state = warm(&config, 24.0, 24.0);
    state.step(&config, &auto(20.0, 24.0));
    assert_eq!(state.terms().d, 0.0, "a new setpoint is no measurement");
    state.step(&config, &auto(24.0, 24.3));
    let first = state.terms().d;
    assert!((first - 6.67 * 20.0 / (2.0 + 1.0) * 0.3).abs() < 1e-9, "{first}");
    state.step(&config, &auto(24.0, 24.3));
    assert!((state.terms().d - first * 2.0 / 3.0).abs() < 1e-9);
}

#[test]
fn feed_forward_moves_the_output_at_once() {
    let mut state = warm(&tuned(), 24.0, 24.0);
    let u = state.step(&tuned(), &Input { ff: 12.5, ..auto(24.0, 24.0) });
    assert!((u - 62.5).abs() < 1e-9);
    assert!((state.terms().ff - 12.5).abs() < 1e-12);
}

#[test]
fn the_deadband_holds_the_output_back_and_not_the_integrator() {
    let config = Config { deadband: 1.0, ..tuned() };
    let free = tuned();
    let (mut state, mut free_state) = (warm(&config, 24.0, 24.0), warm(&free, 24.0, 24.0));
    let (mut moves, mut before) = (0, state.terms().output);
    for _ in 0..600 {
        let u = state.step(&config, &auto(24.0, 24.02));
        let v = free_state.step(&free, &auto(24.0, 24.02));
        assert!((u - v).abs() < 1.0, "never further than the deadband from what the loop wants");
        assert!((state.terms().i - free_state.terms().i).abs() < 1e-9, "the integrator runs on");
        assert!(u == before || (u - before).abs() >= 1.0, "no small moves");
        moves += u32::from(u != before);
        before = u;
    }
    assert_eq!(moves, 2, "2.1 % of drift is worth two moves of 1 %");
}

#[test]
fn the_deadband_lets_the_ends_of_the_range_through() {
    let config = Config { deadband: 5.0, ..tuned() };
    let mut state = State::at(98.0);
    for _ in 0..100 {
        state.step(&config, &auto(24.0, 25.0));
    }
    assert_eq!(state.terms().output, 100.0);
}

#[test]
fn a_deadband_above_the_rate_still_lets_the_output_through() {
    let config = Config { deadband: 2.0, rise: Some(0.1), ..tuned() };
    let mut state = State::at(50.0);
    for _ in 0..200 {
        state.step(&config, &auto(24.0, 30.0));
    }
    assert!(state.terms().output > 66.0, "{}", state.terms().output);
}

#[test]
fn a_hall_file_tunes_a_loop() {
    let tuning = LoopTuning {
        setpoint: 24.0,
        gain: 5.0,
        ti: Span::from_secs(90),
        td: Span::from_secs(3),
        smooth: Span::from_secs(4),
        smooth_within: 0.5,
        setpoint_weight: 0.5,
        deadband: 0.7,
        every: 2,
        schedule: None,
    };
    let config = Config::from_tuning(&tuning, Action::Direct);
    assert!(config.is_sound());
    let told = (
        config.gain,
        config.ti,
        config.td,
        config.smooth,
        config.smooth_within,
        config.setpoint_weight,
        config.deadband,
    );
    assert_eq!(told, (5.0, tuning.ti, tuning.td, tuning.smooth, 0.5, 0.5, 0.7));
    assert_eq!((config.min, config.max, config.dt_max), (0.0, 100.0, Span::from_millis(22_500)));
}

#[test]
fn a_state_survives_its_serialisation_to_the_bit() {
    let config = Config { td: Span::from_secs(5), rise: Some(3.0), ..tuned() };
    let mut state = State::at(40.0);
    for n in 0..50 {
        let pv = 24.0 + f64::from(n) / 7.0;
        state.step(&config, &auto(24.0, pv));
        let bytes = postcard::to_allocvec(&state).unwrap();
        let mut copy: State = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(copy, state);
        let (next, same) = (copy.step(&config, &auto(23.0, pv)), {
            let mut other = state;
            other.step(&config, &auto(23.0, pv))
        });
        assert_eq!(next.to_bits(), same.to_bits());
        let json = serde_json::to_string(&state).unwrap();
        assert!(serde_json::from_str::<State>(&json).is_ok(), "{json}");
    }
}

#[test]
fn a_smoothed_pv_moves_the_output_less_and_ends_where_the_other_ends() {
    let (plain, smooth) = (tuned(), Config { smooth: Span::from_secs(6), smooth_within: 0.3, ..tuned() });
    let mut travel = [0.0, 0.0];
    for (config, travel) in [plain, smooth].iter().zip(&mut travel) {
        let mut state = warm(config, 24.0, 24.0);
        let mut before = state.step(config, &auto(24.0, 24.0));
        for n in 0..600 {
            let noise = if n % 2 == 0 { 0.1 } else { -0.1 };
            let output = state.step(config, &auto(24.0, 24.0 + noise));
            *travel += (output - before).abs();
            before = output;
        }
    }
    assert!(travel[1] < 0.2 * travel[0], "{travel:?}");
    // What goes beyond noise arrives at once, but for 0.3 K of it; what does not, later; both in full. And at its first sight of a pv, or of another sensor's, a loop believes it at once.
    let mut state = State::at(50.0);
    state.step(&smooth, &auto(24.0, 30.0));
    let p = |state: &State| state.terms().p;
    let first = p(&state);
    let mut other = State::at(50.0);
    other.step(&plain, &auto(24.0, 30.0));
    assert!((first - p(&other)).abs() < 1e-9, "{first} beside {}", p(&other));
    state.step(&smooth, &auto(24.0, 24.0));
    assert!((p(&state) - 0.3 * 6.67).abs() < 1e-9, "still on its way, of {first}: {}", p(&state));
    for _ in 0..120 {
        state.step(&smooth, &auto(24.0, 24.0));
    }
    assert!(p(&state).abs() < 1e-6, "arrived: {}", p(&state));
    state.step(&smooth, &auto(24.0, 24.2));
    assert!((p(&state) - 6.67 * 0.2 / 7.0).abs() < 1e-6, "one second of six: {}", p(&state));
    state.step(&smooth, &Input { source: 1, ..auto(24.0, 27.0) });
    assert!((p(&state) - 3.0 * 6.67).abs() < 1e-6, "another sensor is no change of the first: {}", p(&state));
}
