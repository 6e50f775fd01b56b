//! How long control lets a load stay above its limit: always less than the breaker may bear it.
//!
//! Above the limit, which is the margin times the rating, each moment uses up a share of the time that is allowed; below it the share
//! fades. It is the larger of two shares: that of the site's own curve or `40/(r² − 1)` seconds, half of the extremely inverse relay's
//! time, with `r` over the limit; and that of half of what the breaker's fast edge bears.
//!
//! Why this is early enough for every load, and not only for a constant one: a body that was settled at the limit `p` or below gets
//! hotter by `θ' = (r² − θ)/τ ≤ (r² − p²)/τ` while `θ ≥ p²`, and trips at `hold²`; so the share `∫(r² − p²) dt / (τ·(hold² − p²))`, kept from falling
//! below zero, is never less than how far the body has come from `p²` to `hold²`. A relay's share is the relay's own. Both are
//! taken twice, and fade no faster than the slowest of them.

use serde::{Deserialize, Serialize};

use super::curve::{Curve, Overload, Points};
use super::felt;

/// What half of an extremely inverse relay's time is made of (s).
const USUAL: f64 = 0.5 * 80.0;
/// How much of what the fast edge bears may be used (1).
const HALF: f64 = 0.5;

/// How long a load may stay above the limit of one breaker.
#[derive(Clone, Debug, PartialEq)]
pub struct Protective {
    /// The limit over the rating (1, > 0).
    limit: f64,
    /// The breaker as fast as its standard lets it be.
    fast: Curve,
    /// The site's own curve, over the limit.
    allowed: Option<Points>,
}

/// The share of the allowed time that is used up (1, 0 to 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Used(f64);

impl Protective {
    /// For a breaker whose fast edge is `fast` and of which `margin` may be used for good (1 over the rating, above 0 to 1). A site's own curve
    /// is over the limit and stands in the place of the usual one; half of the fast edge holds beside it.
    #[must_use]
    pub const fn new(fast: Curve, margin: f64, allowed: Option<Points>) -> Self {
        Self { limit: margin.min(1.0), fast, allowed }
    }

    /// How long a load (1 over the rating) may last from nothing on (s, ≥ 0); nothing where it may for good.
    #[must_use]
    pub fn time(&self, load: f64) -> Option<f64> {
        let load = felt(load);
        if load <= self.limit && load < self.fast.instant {
            return None;
        }
        let over = load / self.limit;
        let usual = self.allowed.as_ref().map_or(Some(USUAL / (over * over - 1.0)), |points| points.time(over));
        match (usual, self.half_of_fast(load)) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// The largest load (1 over the rating) that may last for `seconds`, from nothing on: what a load may jump to if it takes so long
    /// to see it and to bring it down.
    #[must_use]
    pub fn bears(&self, seconds: f64) -> f64 {
        let (mut low, mut high) = (self.limit.min(self.fast.instant), super::MOST);
        for _ in 0..60 {
            let mid = 0.5 * (low + high);
            if self.time(mid).is_none_or(|time| time >= seconds) {
                low = mid;
            } else {
                high = mid;
            }
        }
        low
    }

    /// Half of what the fast edge bears from the limit on (s): straight in its heat, so that it holds for any load.
    fn half_of_fast(&self, load: f64) -> Option<f64> {
        if load >= self.fast.instant {
            return Some(0.0);
        }
        let p = self.limit * self.limit;
        match &self.fast.overload {
            Overload::Thermal(bodies) => {
                let each = bodies.iter().map(|body| HALF * body.tau * (body.hold * body.hold - p) / (load * load - p));
                each.reduce(f64::min).map(|time| time.max(0.0))
            }
            Overload::Inverse(relay) => relay.time(load).map(|time| HALF * time),
            Overload::Points(points) => points.time(load).map(|time| HALF * time),
        }
    }

    /// How long the share takes to fade without a load (s): as long as the slowest memory in it.
    fn fades(&self) -> f64 {
        let p = self.limit * self.limit;
        let slowest = match &self.fast.overload {
            Overload::Thermal(bodies) => {
                let each = bodies.iter().map(|body| body.tau * (body.hold * body.hold - p) / p);
                each.fold(0.0, f64::max)
            }
            Overload::Inverse(relay) => relay.reset / p,
            Overload::Points(_) => Points::RESET / p,
        };
        slowest.max(USUAL)
    }
}

impl Used {
    /// All of it: where nobody knows how long a load has been too high.
    pub const UP: Self = Self(1.0);

    /// The share (1, 0 to 1).
    #[must_use]
    pub const fn share(self) -> f64 {
        self.0
    }

    /// True once no time is left: the load must come down by whatever it takes.
    #[must_use]
    pub const fn is_up(self) -> bool {
        self.0 >= 1.0
    }

    /// How long a load may last from now on (s, ≥ 0); nothing where it may for good.
    #[must_use]
    pub fn time_left(self, of: &Protective, load: f64) -> Option<f64> {
        of.time(load).map(|all| all * (1.0 - self.0))
    }

    /// Carries a load (1 over the rating) for `dt` seconds.
    pub fn step(&mut self, of: &Protective, load: f64, dt: f64) {
        let moved = match of.time(load) {
            Some(all) if all > 0.0 => dt / all,
            Some(_) => 1.0,
            None => {
                let over = felt(load) / of.limit;
                -dt * (1.0 - over * over).max(0.0) / of.fades()
            }
        };
        self.0 = (self.0 + moved).clamp(0.0, 1.0);
    }
}
