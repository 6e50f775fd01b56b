//! The block in closed loop, against figures that theory gives.

use super::plant_model::{Plant, STEP};
use super::*;

/// Gain per %, time constant and dead time of the comparison's plant: air that 52 % of valve cools from 45 °C to 32 °C.
const HALL: (f64, f64, f64) = (-0.25, 40.0, 6.0);
const STROKE: Option<f64> = Some(120.0);

/// A loop around a plant.
pub(super) struct Rig {
    config: Config,
    state: State,
    plant: Plant,
    /// What comes into the plant beside the valve.
    pub(super) offset: f64,
    /// What the loop is told, its pv, position and time excepted.
    pub(super) input: Input,
    /// Does the valve report its position?
    feedback: bool,
    /// Plant steps per step of the loop.
    scans: u32,
}

/// What a run has shown.
pub(super) struct Seen {
    /// ∫ e dt as the loop sampled it.
    ie: f64,
    /// ∫ |e| dt of the plant.
    iae: f64,
    pub(super) highest: f64,
    lowest: f64,
}

impl Rig {
    /// The comparison's loop at rest: 52 % of valve, 32 °C, one step a second.
    pub(super) fn hall(config: Config) -> Self {
        Self {
            config,
            state: State::at(52.0),
            plant: Plant::at_rest(HALL, STROKE, 52.0, 45.0),
            offset: 45.0,
            input: auto(32.0, 32.0),
            feedback: false,
            scans: 10,
        }
    }

    pub(super) fn run(&mut self, seconds: f64) -> Seen {
        let mut seen = Seen { ie: 0.0, iae: 0.0, highest: f64::MIN, lowest: f64::MAX };
        let period = STEP * f64::from(self.scans);
        let mut t = 0.0;
        while t < seconds {
            let pv = self.plant.y;
            let actual = self.feedback.then_some(self.plant.valve);
            let input = Input { pv: Some(pv), actual, dt: Span::from_seconds(period), ..self.input };
            let u = self.state.step(&self.config, &input);
            seen.ie += (input.sp - pv) * period;
            for _ in 0..self.scans {
                let y = self.plant.advance(u, self.offset);
                seen.iae += (input.sp - y).abs() * STEP;
                seen.highest = seen.highest.max(y);
                seen.lowest = seen.lowest.min(y);
            }
            t += period;
        }
        seen
    }
}

#[test]
fn the_integral_of_the_error_after_a_unit_load_is_ti_over_k() {
    let plants: [(f64, f64, f64); 6] =
        [(1.0, 5.0, 1.0), (2.0, 20.0, 5.0), (0.25, 40.0, 6.0), (0.5, 100.0, 10.0), (3.0, 10.0, 8.0), (1.0, 2.0, 6.0)];
    for (gain, tau, dead) in plants {
        // SIMC (S. Skogestad, J. Process Control 13, 2003) with its closed-loop time at the dead time.
        let k = tau / (gain * 2.0 * dead);
        let ti = tau.min(8.0 * dead);
        for action in [Action::Reverse, Action::Direct] {
            let sign = if action == Action::Direct { -1.0 } else { 1.0 };
            let mut rig = Rig {
                config: Config { min: -1e6, max: 1e6, ..Config::new(action, k, Span::from_seconds(ti)) },
                state: State::at(0.0),
                plant: Plant::at_rest((gain * sign, tau, dead), None, 0.0, 0.0),
                offset: gain,
                input: auto(0.0, 0.0),
                scans: 5,
                feedback: false,
            };
            let seen = rig.run(80.0 * (tau + dead));
            assert!((seen.ie + ti / k).abs() < 5e-4, "{gain} {tau} {dead}: IE {} for {}", seen.ie, -ti / k);
            assert!((rig.plant.valve + sign).abs() < 1e-3, "it has settled: {}", rig.plant.valve);
        }
    }
}

#[test]
fn the_period_does_not_retune_the_loop() {
    for action in [Action::Direct, Action::Reverse] {
        let sign = if action == Action::Direct { 1.0 } else { -1.0 };
        let iae = [1, 5, 10, 50].map(|scans| {
            let plant = Plant::at_rest((-0.25 * sign, 40.0, 6.0), STROKE, 52.0, 32.0 + 13.0 * sign);
            let mut rig = Rig { scans, plant, ..Rig::hall(Config { action, ..tuned() }) };
            rig.offset = 32.0 + 20.0 * sign;
            rig.run(1200.0).iae
        });
        for other in iae {
            assert!((other / iae[0] - 1.0).abs() < 0.05, "{action:?}: {iae:?}");
        }
        assert!((iae[0] - 28.0 * 40.0 / 6.67).abs() < 1.0, "and theory agrees: {iae:?}");
    }
}

#[test]
fn nor_does_it_with_a_derivative_or_on_a_new_setpoint() {
    for td in [0, 4] {
        let config = Config { td: Span::from_secs(td), setpoint_weight: 0.6, ..tuned() };
        let iae = [1, 5, 10, 50].map(|scans| {
            let mut rig = Rig { scans, ..Rig::hall(config) };
            rig.input.sp = 30.0;
            rig.run(1200.0).iae
        });
        for other in iae {
            assert!((other / iae[0] - 1.0).abs() < 0.05, "{td} s: {iae:?}");
        }
    }
}

#[test]
fn ten_minutes_of_saturation_leave_less_than_two_kelvins() {
    for feedback in [false, true] {
        let mut rig = Rig { feedback, ..Rig::hall(tuned()) };
        rig.run(60.0);
        rig.plant.gain = 0.0;
        let heat = rig.run(600.0);
        assert!(heat.highest > 44.9 && rig.state.terms().output == 100.0, "the water was gone");
        rig.plant.gain = HALL.0;
        let back = rig.run(1800.0);
        assert!(back.lowest > 30.0, "feedback {feedback}: {} K below the setpoint", 32.0 - back.lowest);
        assert!((rig.plant.y - 32.0).abs() < 0.01, "and it settles");
    }
}

#[test]
fn saturation_at_the_other_end_is_left_as_fast() {
    let mut rig = Rig::hall(tuned());
    rig.offset = 25.0;
    rig.run(600.0);
    assert_eq!(rig.state.terms().output, 0.0);
    rig.offset = 45.0;
    let back = rig.run(1800.0);
    assert!(back.highest < 32.0 + 7.0, "{}", back.highest);
    assert!((rig.plant.y - 32.0).abs() < 0.01);
}

#[test]
fn a_valve_in_local_hand_does_not_wind_the_loop_up() {
    // Somebody holds the valve at 40 %; only the position tells.
    let mut rig = Rig { feedback: true, ..Rig::hall(tuned()) };
    rig.plant = Plant::at_rest(HALL, Some(f64::INFINITY), 40.0, 45.0);
    rig.run(1800.0);
    let gap = rig.state.terms().output - 40.0;
    // Back-calculation and integral balance at the tolerance and e·K·Tt/Ti; the proportional term rides on neither.
    assert!(gap > 10.0 && gap < 10.0 + 6.67 * 3.0 * 0.1 + 0.1, "{gap}");
    let mut blind = Rig { feedback: false, ..Rig::hall(tuned()) };
    blind.plant = Plant::at_rest(HALL, Some(f64::INFINITY), 40.0, 45.0);
    blind.run(1800.0);
    assert_eq!(blind.state.terms().output, 100.0, "without the position it does");
}

#[test]
fn a_position_that_reads_a_little_wrong_leaves_no_offset() {
    for lie in [-9.0, 9.0] {
        let config = tuned();
        let mut rig = Rig::hall(config);
        for _ in 0..3000 {
            let pv = rig.plant.y;
            let actual = Some(rig.plant.valve + lie);
            let u = rig.state.step(&config, &Input { actual, ..auto(30.0, pv) });
            for _ in 0..10 {
                rig.plant.advance(u, 45.0);
            }
        }
        assert!((rig.plant.y - 30.0).abs() < 0.01, "{}", rig.plant.y);
    }
}

#[test]
fn the_wrong_acting_direction_latches_at_a_limit_and_can_be_put_right() {
    let mut rig = Rig::hall(Config { action: Action::Reverse, ..tuned() });
    rig.offset = 46.0;
    rig.run(1800.0);
    assert_eq!(rig.state.terms().output, 0.0, "hot, and shut");
    assert!(rig.plant.y > 45.9);
    let before = rig.state.terms().output;
    rig.config.action = Action::Direct;
    let u = rig.state.step(&rig.config, &auto(32.0, rig.plant.y));
    assert!((u - before).abs() <= 6.67 * 14.0 / 40.0 + 1e-9, "no bump: {u}");
    rig.run(1800.0);
    assert!((rig.plant.y - 32.0).abs() < 0.01, "{}", rig.plant.y);
}

#[test]
fn feed_forward_behind_a_rate_limit_does_not_drift_at_zero_error() {
    for (rise, ff) in [(0.5, 20.0), (0.01, 45.0), (5.0, -30.0)] {
        let config = Config { rise: Some(rise), fall: Some(rise), ..tuned() };
        let mut state = State::at(20.0);
        let input = Input { ff, ..auto(24.0, 24.0) };
        // A loop that starts, and one whose feed-forward comes later: either rests where its terms say, for good.
        for later in [false, true] {
            if later {
                state = warm(&config, 24.0, 24.0);
            }
            for _ in 0..20_000 {
                state.step(&config, &input);
            }
            let rest = state.terms();
            assert!((rest.output - rest.unlimited).abs() < 1e-9, "{rest:?}");
            for _ in 0..100_000 {
                let u = state.step(&config, &input);
                assert!((u - rest.output).abs() < 1e-9, "from {} to {u}", rest.output);
            }
        }
        assert!((0.0..=100.0).contains(&state.terms().output));
    }
}
