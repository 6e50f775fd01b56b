//! Supply air that is reset: as warm as racks let it be and fans find it worth while.

use serde::{Deserialize, Serialize};

use crate::convert::f64_from_u64;
use crate::time::Span;
use crate::units::{Celsius, Kelvins, Percent};

/// How the supply air of a row is reset. Part of the hall, replaceable by a reload. Trim and respond: ASHRAE Guideline 36, 5.1.14; how
/// far it may go: ASHRAE TC 9.9, recommended envelope.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SupplyAirTuning {
    /// The coldest supply air (°C, 10 to 30),
    pub coldest: Celsius,
    /// and the warmest (°C, 10 to 30; above `coldest`, below the recommended inlet). The setpoint of the valves lies between them.
    pub warmest: Celsius,
    /// Nothing moves for so long after a start (s to h, 0s to 2h).
    pub delay: Span,
    /// It moves once in so long (s to h, 1min to 1h).
    pub every: Span,
    /// So many requests are nobody's (1, 0 to 100).
    pub ignore: f64,
    /// Warmer by so much where nobody asks (K, 0.01 to 1),
    pub trim: Kelvins,
    /// colder by so much for each request beyond the ignored (K, 0.01 to 2),
    pub respond: Kelvins,
    /// and by this at the most (K, 0.01 to 2).
    pub most: Kelvins,
    /// A rack whose inlet is within this of the recommended end asks for colder air (K, 0 to 5).
    pub warm: Kelvins,
    /// Fans that are faster than this ask for colder air while chillers run (%, 20 to 100),
    pub fast: Percent,
    /// and than this while the economiser makes the water with a slow tower (%, 20 to 100; not above `fast`). Between the two in
    /// proportion to the tower's speed.
    pub fast_free: Percent,
    /// Nothing is trimmed by fans that are within this below it (%, 2 to 50).
    pub band: Percent,
}

impl SupplyAirTuning {
    /// The published steps for supply air, taken every five minutes instead of two, because fans and racks answer in that time. The fans'
    /// speeds are those at which a kelvin costs the shipped halls' fans what it saves in chillers, or in tower fans.
    pub const USUAL: Self = Self {
        coldest: Celsius(18.0),
        warmest: Celsius(24.0),
        delay: Span::from_secs(600),
        every: Span::from_secs(300),
        ignore: 0.0,
        trim: Kelvins(0.1),
        respond: Kelvins(0.2),
        most: Kelvins(0.6),
        warm: Kelvins(1.0),
        fast: Percent(58.0),
        fast_free: Percent(46.0),
        band: Percent(6.0),
    };

    /// The most that it moves in a time of this length (K), whichever way.
    #[must_use]
    pub fn travel(&self, within: Span) -> f64 {
        let step = self.most.0.max(self.trim.0);
        let times = within.nanos() / self.every.nanos().max(1) + 1;
        step * f64_from_u64(times)
    }
}
