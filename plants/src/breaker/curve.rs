//! The parts that curves are made of.

use super::felt;

/// A bimetal, or what an electronic release reckons in its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Body {
    /// What it holds for good (1 over the rating, > 0).
    pub hold: f64,
    /// How fast it warms and cools (s, > 0).
    pub tau: f64,
}

impl Body {
    /// The body that holds `hold` and, cold, trips after `seconds` at `load`; `load` lies above `hold`.
    #[must_use]
    pub fn through(hold: f64, load: f64, seconds: f64) -> Self {
        let (r, h) = (load * load, hold * hold);
        Self { hold, tau: seconds / libm::log(r / (r - h)) }
    }

    /// How long it bears a load from a heat on (s, ≥ 0); nothing where it does for good.
    pub(super) fn time(&self, theta: f64, load: f64) -> Option<f64> {
        if load <= self.hold {
            return None;
        }
        let (r, h) = (load * load, self.hold * self.hold);
        Some(if theta >= h { 0.0 } else { self.tau * libm::log((r - theta) / (r - h)) })
    }
}

/// A relay's inverse time: `t = k/(r^α − 1) + c` above the rating, and below it a memory that fades at `(1 − r²)/reset` a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inverse {
    /// How long it bears (s, > 0).
    pub k: f64,
    /// How steep it is (1, > 0).
    pub alpha: f64,
    /// What it takes at the least (s, ≥ 0).
    pub c: f64,
    /// How long it remembers without a load (s, > 0).
    pub reset: f64,
}

impl Inverse {
    /// How long it bears a load from nothing on (s); nothing where it does for good.
    #[must_use]
    pub fn time(&self, load: f64) -> Option<f64> {
        let load = felt(load);
        (load > 1.0).then(|| self.k / (libm::pow(load, self.alpha) - 1.0) + self.c)
    }

    /// The same relay with all its times longer.
    pub(super) fn times(self, factor: f64) -> Self {
        Self { k: self.k * factor, c: self.c * factor, ..self }
    }
}

/// Points of a curve, at least one, loads going up and times not: straight lines between them where both axes are logarithmic.
/// Below the first it bears a load for good, above the last as long as the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Points(Vec<(f64, f64)>);

impl Points {
    /// How long the memory of such a curve fades without a load (s): what points do not say.
    pub const RESET: f64 = 80.0;

    /// From loads (1 over the rating, above 1, at most 20) with times (s, 0.001 to 1e6).
    ///
    /// # Errors
    /// What is wrong with them, and what to do.
    pub fn new(points: Vec<(f64, f64)>) -> Result<Self, (&'static str, &'static str)> {
        let out = |(load, time): &(f64, f64)| !(*load > 1.0 && *load <= 20.0 && *time >= 1e-3 && *time <= 1e6);
        let backward = |(a, b): (&(f64, f64), &(f64, f64))| b.0 <= a.0 || b.1 > a.1;
        if points.is_empty() {
            Err(("a curve has at least one point", "write `[[1.1, 1000], [1.4, 60]]`: loads over the rating, seconds"))
        } else if points.iter().any(out) {
            Err((
                "a point is a load above 1 and at most 20 with a time from 0.001 to 1e6 s",
                "read the maker's curve again",
            ))
        } else if points.iter().zip(points.iter().skip(1)).any(backward) {
            Err((
                "a larger load is borne no longer than a smaller one",
                "sort the points by load and look at their times",
            ))
        } else {
            Ok(Self(points))
        }
    }

    /// How long it bears a load from nothing on (s); nothing where it does for good.
    #[must_use]
    pub fn time(&self, load: f64) -> Option<f64> {
        let load = felt(load);
        let mut before: Option<(f64, f64)> = None;
        for (at, time) in &self.0 {
            if load < *at {
                let (from, long) = before?;
                let share = libm::log(load / from) / libm::log(at / from);
                return Some(long * libm::pow(time / long, share));
            }
            before = Some((*at, *time));
        }
        before.map(|(_, time)| time)
    }
}

/// What trips a breaker on overload.
#[derive(Clone, Debug, PartialEq)]
pub enum Overload {
    /// Whichever of two bodies is too hot first.
    Thermal([Body; 2]),
    /// A relay.
    Inverse(Inverse),
    /// Points of the maker's curve.
    Points(Points),
}

/// What one breaker bears.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Above the rating.
    pub overload: Overload,
    /// From here on it trips at once (1 over the rating, > 1); infinite where it does not.
    pub instant: f64,
}

impl Curve {
    /// How far each body comes in `dt` seconds of one load to the heat that this load holds it at (1, 0 to 1).
    #[must_use]
    pub fn nears(&self, dt: f64) -> [f64; 2] {
        match &self.overload {
            Overload::Thermal(bodies) => bodies.map(|body| -libm::expm1(-dt / body.tau)),
            Overload::Inverse(_) | Overload::Points(_) => [0.0; 2],
        }
    }
}
