//! How a PID loop is tuned.

use plant::hall::LoopTuning;
use plant::time::Span;
use serde::{Deserialize, Serialize};

/// Which way the output goes when the process variable rises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Up: cooling. Fans on an inlet temperature, a chilled-water valve on the supply air.
    Direct,
    /// Down: heating, and a pump on the pressure it makes.
    Reverse,
}

impl Action {
    /// Where the pv goes when the output rises: 1 up, -1 down.
    #[must_use]
    pub const fn sign(self) -> f64 {
        match self {
            Self::Direct => -1.0,
            Self::Reverse => 1.0,
        }
    }
}

/// How a loop is tuned. Never changes inside a step; any field may differ from one step to the next without a bump.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// The acting direction; [`Config::gain`] is positive either way.
    pub action: Action,
    /// Proportional gain (% of output per unit of pv, > 0).
    pub gain: f64,
    /// Integral time (s; 0 for no integral action).
    pub ti: Span,
    /// Derivative time (s; 0 for none).
    pub td: Span,
    /// The derivative is filtered with the time constant `td / filter` (1, > 0; 8 to 10 as a rule).
    pub filter: f64,
    /// The pv is smoothed with this time constant before anything else (s; 0 for not).
    pub smooth: Span,
    /// What is smoothed stays so near what is measured (the pv's unit, ≥ 0; 0 for no bound): noise lies within it, and what the plant does goes
    /// beyond it at once.
    pub smooth_within: f64,
    /// Setpoint weight on the proportional term (1, 0 to 1).
    pub setpoint_weight: f64,
    /// The lowest output (%).
    pub min: f64,
    /// The highest output (%, at least `min`).
    pub max: f64,
    /// The fastest rise of the output (%/s, > 0; nothing for no limit).
    pub rise: Option<f64>,
    /// The fastest fall of the output (%/s, > 0; nothing for no limit).
    pub fall: Option<f64>,
    /// Changes smaller than this are not sent (%, ≥ 0). The ends of the range always are.
    pub deadband: f64,
    /// Time in which the integrator follows an output that is limited (s; nothing for a tenth of `ti`; 0 for at once).
    pub tracking: Option<Span>,
    /// How far a measured position may lie off the output that was sent before the integrator minds (%, ≥ 0). It forgives
    /// a valve that is still on its way, and a feedback that is wrong by `x`, which would otherwise move the pv off its
    /// setpoint by `x·Ti/(K·Tt)`.
    pub actual_tolerance: f64,
    /// After a longer pause than this the derivative starts anew and the integrator skips the pause (s). Well above the
    /// period: a loop that knows nothing but pauses never integrates.
    pub dt_max: Span,
}

impl Config {
    /// A PI loop from 0 to 100 %: no derivative, full setpoint weight, no rate limit, no deadband, 10 % tolerance on a
    /// measured position, restart after a pause of 10 s or a quarter of `ti`, whichever is longer.
    #[must_use]
    pub const fn new(action: Action, gain: f64, ti: Span) -> Self {
        let quarter = ti.nanos() / 4;
        let ten_seconds = Span::from_secs(10).nanos();
        Self {
            action,
            gain,
            ti,
            td: Span::ZERO,
            filter: 10.0,
            smooth: Span::ZERO,
            smooth_within: 0.0,
            setpoint_weight: 1.0,
            min: 0.0,
            max: 100.0,
            rise: None,
            fall: None,
            deadband: 0.0,
            tracking: None,
            actual_tolerance: 10.0,
            dt_max: Span::from_nanos(if quarter > ten_seconds { quarter } else { ten_seconds }),
        }
    }

    /// A loop as the hall file tunes it; everything the file does not say is as in [`Config::new`].
    #[must_use]
    pub const fn from_tuning(tuning: &LoopTuning, action: Action) -> Self {
        Self {
            td: tuning.td,
            smooth: tuning.smooth,
            smooth_within: tuning.smooth_within,
            setpoint_weight: tuning.setpoint_weight,
            deadband: tuning.deadband,
            ..Self::new(action, tuning.gain, tuning.ti)
        }
    }

    /// True when every number is finite and inside its range. A loop with any other tuning holds its output.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let positive = |x: f64| x > 0.0 && x.is_finite();
        let natural = |x: f64| x >= 0.0 && x.is_finite();
        positive(self.gain)
            && positive(self.filter)
            && self.setpoint_weight.is_finite()
            && self.min.is_finite()
            && self.max.is_finite()
            && self.min <= self.max
            && self.rise.is_none_or(positive)
            && self.fall.is_none_or(positive)
            && natural(self.deadband)
            && natural(self.actual_tolerance)
            && natural(self.smooth_within)
    }

    /// The gain with its sign: multiplies `sp − pv`.
    pub(super) fn signed_gain(&self) -> f64 {
        self.action.sign() * self.gain
    }

    /// The share of a limited output's distance that the integrator covers in one step, 0 to 1.
    pub(super) fn tracking_share(&self, dt: Span) -> f64 {
        let tracking = self.tracking.map_or(self.ti.seconds() / 10.0, Span::seconds);
        if self.ti == Span::ZERO {
            0.0
        } else if dt.seconds() < tracking {
            dt.seconds() / tracking
        } else {
            1.0
        }
    }
}
