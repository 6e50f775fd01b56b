//! Breakers: what one bears and for how long, and how long the load behind it may stay too high.
//!
//! ```text
//!            fast edge       slow edge        between the two lies every breaker of the standard:
//!  protective ╲  ╲             ╲               a simulator trips on any curve there, control
//!              ╲  ╲  may trip   ╲  has tripped counts on none slower than the fast edge
//!               ╲  ╲             ╲
//! ```
//!
//! A load is told over the rating (1). One that is no number is the worst there is, one that flows back heats as well.
//!
//! **Equation** two bodies with thermal memory, `θ' = (r² − θ)/τ`, that trip at `θ ≥ hold²`; a relay's inverse time, of which each
//! moment uses up a share; and at once from a multiple of the rating on. **Source** IEC 60898-1, IEC 60947-2 and UL 489 for what must hold
//! and what must trip, IEC 60255-151 and IEEE C37.112 for relays, Dynamo (ISCA 2016) for its points; the closed form
//! `t = τ·ln((r² − θ)/(r² − hold²))` is the integral of the equation. **Parameters** [`Curve`]. **Box** loads to 20 times the rating, at the
//! temperature the standard names. **Outside it** larger loads count as [`MOST`]; a warmer cabinet is a smaller rating.
//! **Time constant** seconds at the fast edge of a small breaker, hours at the slow edge of a large one.

mod curve;
mod protective;
mod standard;

use serde::{Deserialize, Serialize};

pub use curve::{Body, Curve, Inverse, Overload, Points};
pub use protective::{Protective, Used};
pub use standard::{FAST, SLOW, Standard};

/// The largest load that is told apart from larger ones (1 over the rating).
pub const MOST: f64 = 1e3;

/// A load over the rating as breakers feel it (1, 0 to [`MOST`]): its size, and the worst where it is no number.
#[must_use]
pub const fn felt(load: f64) -> f64 {
    if load.is_nan() { MOST } else { load.abs().min(MOST) }
}

/// What trips a breaker, as its maker or a standard says.
#[derive(Clone, Debug, PartialEq)]
pub enum Characteristic {
    /// A standard, whose edges lie apart.
    Standard(Standard),
    /// Points of the maker's curve, or the site's: the earliest that it trips.
    Points(Points),
}

impl Characteristic {
    /// The curve of one breaker of `rated` amperes, `at` of the way from the fast edge (0) to the slow one (1).
    #[must_use]
    pub fn curve(&self, rated: f64, at: f64) -> Curve {
        match self {
            Self::Standard(standard) => standard.curve(rated, at),
            Self::Points(points) => Curve { overload: Overload::Points(points.clone()), instant: f64::INFINITY },
        }
    }
}

/// What flows through a breaker for each watt behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Circuit {
    /// Between two phases where there are three, and from the phase to the neutral where there is one (V, 1 to 100,000).
    pub volts: f64,
    /// Three phases, or one.
    pub three_phases: bool,
    /// Power over apparent power of what hangs on it (1, 0.5 to 1).
    pub power_factor: f64,
}

impl Circuit {
    /// The power (W) of a current in each phase (A).
    #[must_use]
    pub fn watts(&self, amperes: f64) -> f64 {
        let phases = if self.three_phases { libm::sqrt(3.0) } else { 1.0 };
        phases * self.volts * amperes * self.power_factor
    }

    /// The current in each phase (A) of a power (W), where the phases carry the same.
    #[must_use]
    pub fn amperes(&self, watts: f64) -> f64 {
        watts / self.watts(1.0)
    }
}

/// A breaker's memory of its load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Heat of each body, as the square of the load that would hold it there (1, ≥ 0).
    theta: [f64; 2],
    /// The share of a relay's time that is used up (1, 0 to 1).
    used: f64,
}

impl Memory {
    /// That of a breaker which has carried `load` for very long without tripping.
    #[must_use]
    pub const fn settled(load: f64) -> Self {
        let load = felt(load);
        Self { theta: [load * load; 2], used: 0.0 }
    }

    /// How long it bears `load` from now on (s, ≥ 0); nothing where it bears it for good.
    #[must_use]
    pub fn time_to_trip(&self, curve: &Curve, load: f64) -> Option<f64> {
        let load = felt(load);
        if load >= curve.instant {
            return Some(0.0);
        }
        match &curve.overload {
            Overload::Thermal(bodies) => {
                let each = bodies.iter().zip(self.theta).filter_map(|(body, theta)| body.time(theta, load));
                each.reduce(f64::min)
            }
            Overload::Inverse(relay) => relay.time(load).map(|all| all * (1.0 - self.used)),
            Overload::Points(points) => points.time(load).map(|all| all * (1.0 - self.used)),
        }
    }

    /// Carries `load` for `dt` seconds. When it tripped, in seconds from the step's begin, where it did.
    pub fn step(&mut self, curve: &Curve, load: f64, dt: f64) -> Option<f64> {
        self.step_as_before(curve, curve.nears(dt), load, dt)
    }

    /// [`Memory::step`] for who takes many steps of one length: `nears` is what [`Curve::nears`] says of it.
    pub fn step_as_before(&mut self, curve: &Curve, nears: [f64; 2], load: f64, dt: f64) -> Option<f64> {
        let load = felt(load);
        let tripped = self.time_to_trip(curve, load).filter(|at| *at <= dt);
        match &curve.overload {
            Overload::Thermal(_) => {
                for (nears, theta) in nears.into_iter().zip(&mut self.theta) {
                    *theta += (load * load - *theta) * nears;
                }
            }
            Overload::Inverse(relay) => self.use_up(relay.time(load), (load, relay.reset), dt),
            Overload::Points(points) => self.use_up(points.time(load), (load, Points::RESET), dt),
        }
        tripped
    }

    fn use_up(&mut self, time: Option<f64>, (load, reset): (f64, f64), dt: f64) {
        let moved =
            time.map_or_else(|| -dt * (1.0 - load * load).max(0.0) / reset, |all| dt / all.max(f64::MIN_POSITIVE));
        self.used = (self.used + moved).clamp(0.0, 1.0);
    }
}

#[cfg(test)]
mod tests;
