//! How long equipment stays on through low voltage.

use super::Voltage;

/// Up to three levels, each with the longest time below it that the equipment rides through. Levels fall, times
/// too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ride {
    /// `(level over nominal (1), longest time below it (s))`; a level of 0 is never reached.
    pub steps: [(f64, f64); 3],
    /// How long the voltage must be back before the equipment starts again (s, ≥ 0).
    pub restart: f64,
}

impl Ride {
    /// Power supplies of machines: the ITI curve. They start again at once.
    pub const MACHINES: Self = Self { steps: [(0.9, 10.0), (0.8, 0.5), (0.7, 0.02)], restart: 0.0 };
    /// Anything that draws whenever there is voltage.
    pub const ALWAYS: Self = Self { steps: [(super::DEAD, 0.0), (0.0, 0.0), (0.0, 0.0)], restart: 0.0 };

    /// A contactor that lets go below `level` (1) after `seconds`, and pulls in `restart` seconds after the voltage is back.
    #[must_use]
    pub const fn contactor(level: f64, seconds: f64, restart: f64) -> Self {
        Self { steps: [(level, seconds), (0.0, 0.0), (0.0, 0.0)], restart }
    }

    /// The usual contactor of a chiller, pump or fan: below 70 % for more than 30 ms.
    #[must_use]
    pub const fn usual_contactor(restart: f64) -> Self {
        Self::contactor(0.7, 0.03, restart)
    }

    /// Below this the voltage is not good (1).
    fn highest(&self) -> f64 {
        let [(first, _), ..] = self.steps;
        first.max(super::DEAD)
    }
}

/// `On ── low for too long ──▶ Off ── voltage good for the restart time ──▶ On`
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Through {
    /// It runs; how long the voltage has been below each level (s).
    On {
        /// One for each of [`Ride::steps`].
        below: [f64; 3],
    },
    /// It has dropped; how long the voltage has been good (s).
    Off {
        /// Since (s).
        good: f64,
    },
}

impl Through {
    /// Running, voltage good.
    pub const RUNNING: Self = Self::On { below: [0.0; 3] };

    /// True while the equipment runs.
    #[must_use]
    pub const fn on(&self) -> bool {
        matches!(self, Self::On { .. })
    }

    /// Meets the voltage of a step of `dt` seconds; true when the equipment runs in it.
    pub fn step(&mut self, of: &Ride, voltage: Voltage, dt: f64) -> bool {
        let low = voltage.level < of.highest();
        if *self == Self::RUNNING && voltage.dip.is_none() && !low {
            return true;
        }
        match self {
            Self::On { below } => {
                let mut dropped = !voltage.live();
                for (held, (level, most)) in below.iter_mut().zip(of.steps) {
                    let dip = voltage.dip.filter(|d| d.residual < level).map(|d| d.seconds);
                    let goes_on = voltage.level < level;
                    let total = *held + dip.unwrap_or(if goes_on { dt } else { 0.0 });
                    dropped |= total > most;
                    *held = if goes_on { total } else { 0.0 };
                }
                if dropped {
                    *self = Self::Off { good: 0.0 };
                }
            }
            Self::Off { good } => {
                *good = if low { 0.0 } else { *good + dt };
                if *good >= of.restart && !low {
                    *self = Self::RUNNING;
                }
            }
        }
        self.on()
    }
}
