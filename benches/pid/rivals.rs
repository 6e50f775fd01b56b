//! The loops that are compared, each behind the same three verbs.

use ::pid::Pid;
use plant::time::Span;
use wattloop::control::pid::{Action, Config, Input, Mode, State};

/// The tuning of all of them: % per kelvin, and seconds.
pub const GAIN: f64 = 6.67;
/// Integral time (s).
pub const TI: f64 = 40.0;

/// What a trial tells a loop in one step.
#[derive(Clone, Copy)]
pub struct Seen {
    /// Setpoint (°C).
    pub sp: f64,
    /// Measurement (°C).
    pub pv: f64,
    /// Where the valve is (%).
    pub valve: f64,
    /// Seconds since the step before.
    pub dt: f64,
}

/// A loop on a cooling valve.
pub trait Rival {
    /// One step in automatic: the output (%).
    fn step(&mut self, seen: Seen) -> f64;
    /// One step in manual at `hand` (%). Who has no manual mode is simply not called.
    fn watch(&mut self, _hand: f64, _seen: Seen) {}
}

/// The crate as its documentation uses it: limits ± `limit`, the output lifted by `bias` or, without one, cut at 0.
/// It knows no dt.
pub struct Bare {
    core: Pid<f64>,
    bias: f64,
}

impl Bare {
    /// At rest at `start` %, for one step a second.
    pub fn new(limit: f64, bias: f64, start: f64) -> Self {
        let mut core = Pid::<f64>::new(start - bias, limit);
        core.i(1.0, limit).next_control_output(0.0);
        core.p(GAIN, limit).i(GAIN / TI, limit);
        Self { core, bias }
    }
}

impl Rival for Bare {
    fn step(&mut self, seen: Seen) -> f64 {
        // The crate acts in reverse; a cooling loop turns both signs.
        let output = self.core.setpoint(-seen.sp).next_control_output(-seen.pv).output;
        // What one writes to keep a fan from being told −100 %. It also makes 0 % of a NaN.
        if self.bias > 0.0 { output + self.bias } else { output.max(0.0) }
    }
}

/// The page in every textbook: positional, with dt, the integral cut at the output's limits.
pub struct Textbook {
    integral: f64,
}

impl Textbook {
    /// At rest at `start` %.
    pub const fn new(start: f64) -> Self {
        Self { integral: start }
    }
}

impl Rival for Textbook {
    fn step(&mut self, seen: Seen) -> f64 {
        let error = seen.pv - seen.sp;
        self.integral = (self.integral + GAIN / TI * error * seen.dt).clamp(0.0, 100.0);
        (GAIN * error + self.integral).clamp(0.0, 100.0)
    }
}

/// Ours.
pub struct Ours {
    config: Config,
    state: State,
    feedback: bool,
}

impl Ours {
    /// At rest at `start` %, with the valve's position fed back or not.
    pub fn new(start: f64, feedback: bool) -> Self {
        let config = Config::new(Action::Direct, GAIN, Span::from_seconds(TI));
        Self { config, state: State::at(start), feedback }
    }

    fn take(&mut self, seen: Seen, mode: Mode) -> f64 {
        let actual = self.feedback.then_some(seen.valve);
        let dt = Span::from_seconds(seen.dt);
        let input = Input { sp: seen.sp, source: 0, pv: Some(seen.pv), ff: 0.0, actual, dt, mode };
        self.state.step(&self.config, &input)
    }
}

impl Rival for Ours {
    fn step(&mut self, seen: Seen) -> f64 {
        self.take(seen, Mode::Auto)
    }

    fn watch(&mut self, hand: f64, seen: Seen) {
        self.take(seen, Mode::Manual(hand));
    }
}
