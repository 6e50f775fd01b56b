//! The PID block: the arithmetic of the `pid` crate with what an industrial loop needs around it.
//!
//! The crate multiplies and adds: `p = K·e`, `i += K·dt/Ti·e`, `d = −K·Td/(Tf+dt)·Δpv`. Its own limits are out of the way
//! (`f64::MAX`) and its gains are set anew in each step, so that ours are per second. Everything else is here: variable time
//! steps, acting direction, limits, rate limits, setpoint weight, derivative filter, feed-forward, back-calculation,
//! bumpless changes, tracking, holding. Equations: K. J. Åström and T. Hägglund, *Advanced PID Control*, ISA 2006,
//! chapters 3 (weighting, filter, tracking time, back-calculation) and 13 (discretisation, bumpless changes).
//!
//! ```text
//! pv = pv_before + dt/(smooth+dt)·(measured − pv_before), no farther than smooth-within from measured
//! P = K·(b·sp − pv)        D = Tf/(Tf+dt)·D − K·Td/(Tf+dt)·(pv − pv_before)        Tf = Td/N
//! I = I + K·dt/Ti·(sp − pv)
//! v = P + I + D + FF       u = rate(clamp(v))       I = I + min(1, dt/Tt)·(u + shortfall − v)
//! ```
//!
//! `K` is negative for direct action. `shortfall` is what the actuator's measured position lacks of the output it was given.
//! The value sent is `u` behind the output deadband; the integrator runs on `u`, so the deadband never freezes it.

mod config;

use ::pid::Pid;
use plant::time::Span;
use serde::{Deserialize, Serialize};

pub use config::{Action, Config};

#[cfg(test)]
mod tests;

/// Who moves the output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    /// The loop.
    Auto,
    /// A person, through the loop: the output goes to this value within the loop's limits and rate (%).
    Manual(f64),
    /// Somebody else: the output is at this value, whatever the loop wants, and the loop follows it (%). For an overridden
    /// output, and for the loop that a selector did not choose.
    Track(f64),
}

/// What a loop sees in one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Input {
    /// The setpoint, in the pv's unit.
    pub sp: f64,
    /// Who gives the setpoint: any number per source. A setpoint that jumps because its source changed does not bump the
    /// output; one that the same source moved does, by `K·b·Δsp`.
    pub source: u8,
    /// The process variable; nothing while it is not known. A loop on a stale pv holds when given nothing, and follows the
    /// worst case when given the aged value.
    pub pv: Option<f64>,
    /// Feed-forward, added to the output (%).
    pub ff: f64,
    /// Where the actuator is, as measured (%); nothing when it is not measured or not known.
    pub actual: Option<f64>,
    /// Since the step before.
    pub dt: Span,
    /// Who moves the output.
    pub mode: Mode,
}

impl Input {
    /// True when every value is known and finite. Otherwise the loop holds.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let mode = match self.mode {
            Mode::Auto => true,
            Mode::Manual(u) | Mode::Track(u) => u.is_finite(),
        };
        mode && self.sp.is_finite()
            && self.pv.is_some_and(f64::is_finite)
            && self.ff.is_finite()
            && self.actual.is_none_or(f64::is_finite)
    }
}

/// The last step's terms, for people. `p + i + d + ff` is `unlimited`, but for what back-calculation took off `i` since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// Proportional (%).
    pub p: f64,
    /// Integral (%), ready for the next step.
    pub i: f64,
    /// Derivative (%).
    pub d: f64,
    /// Feed-forward (%).
    pub ff: f64,
    /// Their sum, before limits (%).
    pub unlimited: f64,
    /// What was sent (%).
    pub output: f64,
}

/// Who moved the output in the last step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Standing {
    /// Nobody yet.
    Start,
    /// The loop.
    Auto,
    /// Somebody else: [`Mode::Manual`] or [`Mode::Track`].
    Forced,
}

/// The last good input, and the limits it met.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Last {
    sp: f64,
    source: u8,
    pv: f64,
    min: f64,
    max: f64,
}

/// What a loop remembers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    terms: Terms,
    limited: f64,
    last: Option<Last>,
    standing: Standing,
    held: Span,
}

impl State {
    /// A loop that takes over an output where it stands (%): its first step does not move it. Not a finite number: 0 %.
    #[must_use]
    pub fn at(output: f64) -> Self {
        let output = if output.is_finite() { output } else { 0.0 };
        Self {
            terms: Terms { output, ..Terms::default() },
            limited: output,
            last: None,
            standing: Standing::Start,
            held: Span::ZERO,
        }
    }

    /// The last step's terms.
    #[must_use]
    pub const fn terms(&self) -> Terms {
        self.terms
    }

    /// How long inputs have been bad; zero when the last step's were good.
    #[must_use]
    pub const fn held(&self) -> Span {
        self.held
    }

    /// `auto`, `tracking` or `holding`, for people.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.standing {
            Standing::Auto if self.held > Span::ZERO => "holding",
            Standing::Auto => "auto",
            Standing::Start | Standing::Forced => "tracking",
        }
    }

    /// One step: the output to send (%). Total: the output is always finite. With a bad input (see [`Input::is_good`]) it
    /// stays where it is, or goes where [`Input::mode`] forces it, and nothing else changes but [`State::held`].
    pub fn step(&mut self, config: &Config, input: &Input) -> f64 {
        let good = config.is_sound() && input.is_good();
        let pv = input.pv.filter(|_| good).map(|pv| self.smoothed(config, input, pv));
        let next = pv.map(|pv| self.advanced(config, input, pv)).filter(Self::is_finite);
        *self = next.unwrap_or_else(|| self.holding(config, input));
        self.terms.output
    }

    /// The state after a step whose inputs are good.
    fn advanced(&self, config: &Config, input: &Input, pv: f64) -> Self {
        let then = self.terms;
        let engaged = self.standing == Standing::Auto;
        let moves = self.arithmetic(config, input, pv, engaged);
        let Moves { p, d, ff, .. } = moves;
        let forced = self.forced(config, input);
        let i = match forced {
            Some(u) => u - p - d - ff,
            None if engaged => moves.i + self.correction(config, moves.p_then),
            None => moves.i + (self.limited - p - d - ff),
        };
        let unlimited = p + i + d + ff;
        let limited = forced.unwrap_or_else(|| self.limit(config, unlimited, input.dt));
        let output = forced.unwrap_or_else(|| sent(config, then.output, limited));
        let shortfall = input.actual.map_or(0.0, |at| outside(at - then.output, config.actual_tolerance));
        let i = match forced {
            Some(_) => i,
            None => i + config.tracking_share(input.dt) * (limited + shortfall - unlimited),
        };
        Self {
            terms: Terms { p, i, d, ff, unlimited, output },
            limited,
            last: Some(Last { sp: input.sp, source: input.source, pv, min: config.min, max: config.max }),
            standing: if forced.is_some() { Standing::Forced } else { Standing::Auto },
            held: Span::ZERO,
        }
    }

    /// The pv behind its filter, which begins anew with another sensor and after a long pause, and stays near what is measured.
    fn smoothed(&self, config: &Config, input: &Input, pv: f64) -> f64 {
        let pause = longer(input.dt, self.held);
        let last = self.last.filter(|last| last.source == input.source && pause <= config.dt_max);
        let weight = pause.seconds() / (pause.seconds() + config.smooth.seconds());
        let within = if config.smooth_within > 0.0 { config.smooth_within } else { f64::MAX };
        last.filter(|_| config.smooth > Span::ZERO && pause > Span::ZERO)
            .map_or(pv, |last| (last.pv + weight * (pv - last.pv)).max(pv - within).min(pv + within))
    }

    /// The crate's three steps: load the integral, recall the last inputs under today's gains, act on today's inputs.
    fn arithmetic(&self, config: &Config, input: &Input, pv: f64, engaged: bool) -> Moves {
        let pause = longer(input.dt, self.held);
        let (dt, pause_s) = (input.dt.seconds(), pause.seconds());
        let restart = self.last.is_none() || pause > config.dt_max;
        let last = self.last.filter(|last| last.source == input.source);
        let (sp_then, pv_then) = (last.map_or(input.sp, |last| last.sp), self.last.map_or(pv, |last| last.pv));
        let k = config.signed_gain();
        let ki = if restart || config.ti == Span::ZERO { 0.0 } else { k * dt / config.ti.seconds() };
        let td = config.td.seconds();
        let tf = td / config.filter;
        let (fade, kd) = if restart || td == 0.0 { (0.0, 0.0) } else { (tf / (tf + pause_s), k * td / (tf + pause_s)) };

        // Version 4.0 has no setter for the integral: one step with a gain of 1 on the integral itself loads it.
        let mut core = Pid::<f64>::new(if engaged { self.terms.i } else { 0.0 }, f64::MAX);
        core.i(1.0, f64::MAX).next_control_output(0.0);
        core.setpoint(sp_then).p(k, f64::MAX).i(0.0, f64::MAX).d(0.0, f64::MAX);
        let recalled = core.next_control_output(pv_then);
        core.setpoint(input.sp).i(ki, f64::MAX).d(kd, f64::MAX);
        let acted = core.next_control_output(pv);

        let off_weight = k * (config.setpoint_weight - 1.0);
        Moves {
            p_then: recalled.p + off_weight * sp_then,
            p: acted.p + off_weight * input.sp,
            i: acted.i,
            d: fade * self.terms.d + acted.d,
            ff: input.ff,
        }
    }

    /// What the integral takes over so that new gains, a new source of the setpoint or new limits do not move the output:
    /// the sum of the terms that stood, less the sum that the last inputs would have given today.
    fn correction(&self, config: &Config, p_then: f64) -> f64 {
        let Terms { p, i, d, ff, .. } = self.terms;
        let same_limits = self.last.is_none_or(|last| last.min == config.min && last.max == config.max);
        let stood = if same_limits { p + i + d + ff } else { self.limited };
        let d_then = if config.td == Span::ZERO { 0.0 } else { d };
        stood - (p_then + i + d_then + ff)
    }

    /// The state after a step with a bad input.
    fn holding(&self, config: &Config, input: &Input) -> Self {
        let held = longer(self.held, input.dt);
        self.forced(config, input).map_or(Self { held, ..*self }, |u| Self {
            terms: Terms { output: u, ..self.terms },
            limited: u,
            standing: Standing::Forced,
            held,
            ..*self
        })
    }

    /// Where the output goes if it is not the loop that moves it.
    fn forced(&self, config: &Config, input: &Input) -> Option<f64> {
        match input.mode {
            Mode::Auto => None,
            // Judged before it is limited: the nearest limit of a NaN is a limit.
            Mode::Manual(u) => Some(u).filter(|u| u.is_finite()).map(|u| self.limit(config, u, input.dt)),
            Mode::Track(u) => Some(u),
        }
        .filter(|u| u.is_finite())
    }

    /// A wanted output inside the range, and no further from the last one than the rate allows.
    fn limit(&self, config: &Config, wanted: f64, dt: Span) -> f64 {
        let dt = dt.min(config.dt_max).seconds();
        let inside = wanted.max(config.min).min(config.max);
        let inside = config.fall.map_or(inside, |fall| inside.max(self.limited - fall * dt));
        config.rise.map_or(inside, |rise| inside.min(self.limited + rise * dt))
    }

    /// True when no number in it has overflowed.
    fn is_finite(&self) -> bool {
        let Terms { p, i, d, ff, unlimited, output } = self.terms;
        [p, i, d, ff, unlimited, output, self.limited].into_iter().all(f64::is_finite)
    }
}

/// The terms as the crate computed them.
struct Moves {
    /// Proportional on the last inputs, with today's gains.
    p_then: f64,
    p: f64,
    /// The integral after today's step.
    i: f64,
    d: f64,
    ff: f64,
}

/// What is sent: the last value while the new one lies inside the deadband around it, unless it is an end of the range.
fn sent(config: &Config, before: f64, limited: f64) -> f64 {
    let at_an_end = limited == config.min || limited == config.max;
    if at_an_end || (limited - before).abs() >= config.deadband { limited } else { before }
}

/// How far `x` lies outside ± `tolerance`; zero inside.
fn outside(x: f64, tolerance: f64) -> f64 {
    x - x.max(-tolerance).min(tolerance)
}

/// The sum of two spans.
fn longer(a: Span, b: Span) -> Span {
    Span::from_nanos(a.nanos().saturating_add(b.nanos()))
}
