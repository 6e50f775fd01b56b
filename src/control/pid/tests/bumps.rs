//! Nothing but the process moves the output: not a mode, not a source, not a gain, not a limit.

use proptest::prelude::*;

use super::*;

/// Any sound tuning with a range from 0 to 100 % and no rate limit.
fn tunings() -> impl Strategy<Value = Config> {
    (any::<bool>(), 0.01..50.0, 0u64..600, 0u64..60, 2.0..20.0, 0.0..=1.0).prop_map(|(cools, gain, ti, td, n, b)| {
        Config {
            action: if cools { Action::Direct } else { Action::Reverse },
            td: Span::from_secs(td),
            filter: n,
            setpoint_weight: b,
            ..Config::new(Action::Direct, gain, Span::from_secs(ti))
        }
    })
}

/// What one step's integral action may move: `K·dt/Ti·|e|`.
fn one_step(config: &Config, e: f64, dt: Span) -> f64 {
    if config.ti == Span::ZERO { 0.0 } else { config.gain * dt.seconds() / config.ti.seconds() * e.abs() }
}

/// A loop without limits, so that only the terms speak, that has run on a wandering measurement.
fn wandered(config: &Config, sp: f64, seed: u32) -> (State, f64) {
    let mut state = State::at(50.0);
    let mut pv = sp;
    for n in 0..seed % 40 + 2 {
        pv = sp + f64::from((seed >> (n % 16)) % 9) - 4.0;
        state.step(config, &auto(sp, pv));
    }
    (state, pv)
}

fn unbounded(config: Config) -> Config {
    Config { min: -1e9, max: 1e9, ..config }
}

proptest! {
    #[test]
    fn manual_to_auto_moves_no_more_than_one_step_of_integral(
        config in tunings(), hand in 0.0..100.0, sp in 10.0..40.0, pv in 10.0..40.0, later in -5.0..5.0,
        track: bool, ms in 1u64..5000, ff in -20.0..20.0, held in 1usize..30,
    ) {
        let mut state = State::at(50.0);
        let dt = Span::from_millis(ms);
        let mode = if track { Mode::Track(hand) } else { Mode::Manual(hand) };
        for _ in 0..held {
            let u = state.step(&config, &Input { mode, ff, dt, ..auto(sp, pv) });
            prop_assert_eq!(u, hand);
        }
        // The measurement and the setpoint may both have moved meanwhile.
        let u = state.step(&config, &Input { ff, dt, ..auto(sp + later, pv - later) });
        let e = sp + later - (pv - later);
        prop_assert!((u - hand).abs() <= one_step(&config, e, dt) + 1e-9, "{} to {}", hand, u);
    }

    #[test]
    fn auto_to_manual_at_the_same_value_moves_nothing(config in tunings(), sp in 10.0..40.0, seed: u32) {
        let (mut state, pv) = wandered(&config, sp, seed);
        let before = state.terms().output;
        let u = state.step(&config, &Input { mode: Mode::Manual(before), ..auto(sp, pv) });
        prop_assert_eq!(u, before);
    }

    #[test]
    fn other_gains_move_the_output_by_nothing(old in tunings(), new in tunings(), sp in 10.0..40.0, seed: u32) {
        let (old, new) = (unbounded(old), unbounded(new));
        let (mut state, pv) = wandered(&old, sp, seed);
        let before = state.terms().output;
        let u = state.step(&new, &Input { dt: Span::ZERO, ..auto(sp, pv) });
        prop_assert!((u - before).abs() <= 1e-9 * (1.0 + before.abs()), "{} to {}", before, u);
    }

    #[test]
    fn each_gain_by_itself_moves_the_output_by_nothing_at_rest(old in tunings(), new in tunings(), which in 0..7) {
        let changed = match which {
            0 => Config { gain: new.gain, ..old },
            1 => Config { ti: new.ti, ..old },
            2 => Config { td: new.td, ..old },
            3 => Config { filter: new.filter, ..old },
            4 => Config { setpoint_weight: new.setpoint_weight, ..old },
            5 => Config { action: new.action, ..old },
            _ => Config { tracking: Some(new.ti), min: 5.0, max: 90.0, ..old },
        };
        let mut state = warm(&old, 24.0, 24.0);
        let before = state.terms().output;
        for _ in 0..20 {
            let u = state.step(&changed, &auto(24.0, 24.0));
            prop_assert!((u - before).abs() <= 1e-9, "{} to {}", before, u);
        }
    }

    #[test]
    fn wider_limits_move_a_saturated_output_by_one_step_of_integral(
        config in tunings(), sp in 10.0..40.0, above in 0.1..20.0, seconds in 1usize..300,
    ) {
        let config = Config { action: Action::Direct, max: 60.0, ..config };
        let mut state = State::at(55.0);
        for _ in 0..seconds {
            state.step(&config, &auto(sp, sp + above));
        }
        let before = state.terms().output;
        let wide = Config { max: 100.0, ..config };
        let dt = Span::from_secs(1);
        let faded = state.terms().d.abs();
        let u = state.step(&wide, &auto(sp, sp + above));
        prop_assert!((u - before).abs() <= one_step(&config, above, dt) + faded + 1e-9, "{} to {}", before, u);
    }

    #[test]
    fn another_source_of_the_setpoint_moves_no_more_than_one_step_of_integral(
        config in tunings(), sp in 10.0..40.0, other in 10.0..40.0, seed: u32,
    ) {
        let config = Config { td: Span::ZERO, ..unbounded(config) };
        let (mut state, pv) = wandered(&config, sp, seed);
        let before = state.terms().output;
        let u = state.step(&config, &Input { source: 7, ..auto(other, pv) });
        let allowed = one_step(&config, other - pv, Span::from_secs(1));
        prop_assert!((u - before).abs() <= allowed + 1e-9 * (1.0 + before.abs()), "{} to {}", before, u);
    }
}

#[test]
fn the_same_source_may_move_the_output() {
    let mut state = warm(&tuned(), 24.0, 24.0);
    let u = state.step(&tuned(), &auto(23.0, 24.0));
    assert!(u > 56.0, "{u}");
}

#[test]
fn an_unselected_loop_is_ready_to_take_over() {
    // Two loops share a fan; the hotter one leads, the other follows what was sent.
    let config = tuned();
    let (mut a, mut b) = (State::at(40.0), State::at(40.0));
    let mut u: f64 = 40.0;
    for n in 0..600 {
        let (pv_a, pv_b) = if n < 300 { (24.4, 23.5) } else { (23.5, 24.4) };
        let (mut next_a, mut next_b) = (a, b);
        let (wanted_a, wanted_b) = (next_a.step(&config, &auto(24.0, pv_a)), next_b.step(&config, &auto(24.0, pv_b)));
        let sent = wanted_a.max(wanted_b);
        let track = |pv| Input { mode: Mode::Track(sent), ..auto(24.0, pv) };
        if wanted_a >= wanted_b {
            b.step(&config, &track(pv_b));
            a = next_a;
        } else {
            a.step(&config, &track(pv_a));
            b = next_b;
        }
        assert!((sent - u).abs() <= 6.67 * 0.4 / 40.0 + 1e-9, "scan {n}: {u} to {sent}");
        u = sent;
    }
}

#[test]
fn an_overridden_loop_follows_beyond_its_own_limits() {
    let config = Config { max: 80.0, rise: Some(1.0), fall: Some(1.0), ..tuned() };
    let mut state = warm(&config, 24.0, 24.0);
    let forced = state.step(&config, &Input { mode: Mode::Track(100.0), ..auto(24.0, 24.0) });
    assert_eq!(forced, 100.0, "a fact knows neither limits nor rates");
    let back = state.step(&config, &auto(24.0, 24.0));
    assert_eq!(back, 99.0, "and it comes back at its rate");
}
