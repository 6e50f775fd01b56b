//! Trim and respond: what nobody asks for is trimmed away, and what is asked for comes back faster. ASHRAE Guideline 36, 5.1.14,
//! and for a chilled-water plant 5.20.5.
//!
//! ```text
//! every `every`:   demand −= trim;   if R > I:  demand += min(respond · (R − I), most);   0 ≤ demand ≤ 100 %
//! demand 100 … 50 %   the water goes from its setpoint to the warmest, the pressure stays
//! demand  50 …  0 %   the water stays the warmest, the pressure goes to its least
//! ```
//!
//! The demand begins at 100 %, and is held while a stage changes and for `patience` after, so that a change is not taken for an
//! answer. Requests: a coil whose supply air is 3 K above its setpoint for two minutes makes three, 2 K two, one whose valve is open
//! beyond 95 % one until it is below 85 %; a row whose worst inlet is above the recommended range makes three.

use plant::hall::sequence::ResetTuning;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use crate::control::clock::sum;
use crate::control::sequence::Timer;

/// All of it (%).
const FULL: f64 = 100.0;
/// Where the water is at its warmest and the pressure begins to go (%).
const HALF: f64 = 50.0;
/// Supply air above its setpoint (K) that makes two requests, and three, after so long.
const HOT: [f64; 2] = [2.0, 3.0];
const HOT_FOR: Span = Span::from_secs(120);
/// A valve beyond the first asks until it is below the second (%).
const OPEN: (f64, f64) = (95.0, 85.0);

/// A demand that is trimmed and answered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reset {
    demand: f64,
    /// Since it began.
    running: Span,
    /// Since the last trim.
    waited: Span,
}

impl Reset {
    /// All is demanded.
    pub const FULL: Self = Self { demand: FULL, running: Span::ZERO, waited: Span::ZERO };

    /// The demand (%, 0 to 100).
    #[must_use]
    pub const fn demand(&self) -> f64 {
        self.demand
    }

    /// One scan: so many requests; held while a stage changes.
    pub fn step(&mut self, of: &ResetTuning, (requests, held): (f64, bool), dt: Span) {
        self.running = sum(self.running, dt);
        if held || self.running < of.delay {
            return;
        }
        self.waited = sum(self.waited, dt);
        if self.waited < of.every {
            return;
        }
        self.waited = Span::ZERO;
        let excess = (requests - of.ignore).max(0.0);
        let demand = self.demand - of.trim + (of.respond * excess).min(of.most);
        self.demand = demand.clamp(0.0, FULL);
    }

    /// The water (°C): from `coldest` at full demand to `warmest` at half of it.
    #[must_use]
    pub fn water(&self, coldest: f64, warmest: f64) -> f64 {
        warmest + (coldest - warmest) * ((self.demand - HALF) / (FULL - HALF)).clamp(0.0, 1.0)
    }

    /// The differential pressure (Pa): `most` down to half of the demand, then toward `least`.
    #[must_use]
    pub fn pressure(&self, most: f64, least: f64) -> f64 {
        least + (most - least) * (self.demand / HALF).clamp(0.0, 1.0)
    }
}

/// What one coil asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Coil {
    hot: [Timer; 2],
    open: bool,
}

impl Coil {
    /// One scan: supply air above its setpoint (K) and the valve's command (%), nothing where it is not known. The requests.
    pub fn step(&mut self, (above, valve): (Option<f64>, Option<f64>), dt: Span) -> f64 {
        for (timer, limit) in self.hot.iter_mut().zip(HOT) {
            timer.count(above.is_some_and(|by| by > limit), dt);
        }
        self.open = valve.is_some_and(|at| at > OPEN.0 || (self.open && at >= OPEN.1));
        let [two, three] = self.hot;
        if three.reached(HOT_FOR) {
            3.0
        } else if two.reached(HOT_FOR) {
            2.0
        } else if self.open {
            1.0
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Span = Span::from_secs(1);
    const OF: ResetTuning = ResetTuning::PUBLISHED;

    fn pass(reset: &mut Reset, requests: f64, held: bool, seconds: u64) -> f64 {
        (0..seconds).for_each(|_| reset.step(&OF, (requests, held), SECOND));
        reset.demand()
    }

    #[test]
    fn nothing_is_trimmed_before_its_delay_and_then_two_percent_every_five_minutes() {
        let mut reset = Reset::FULL;
        assert!((pass(&mut reset, 0.0, false, 900 + 298) - 100.0).abs() < 1e-12);
        assert!((pass(&mut reset, 0.0, false, 1) - 98.0).abs() < 1e-12);
        assert!((pass(&mut reset, 0.0, false, 24 * 300) - 50.0).abs() < 1e-9);
        assert!(pass(&mut reset, 0.0, false, 86_400).abs() < 1e-12, "and no further than nothing");
    }

    #[test]
    fn requests_beyond_the_ignored_come_back_by_three_each_and_seven_at_the_most() {
        for (requests, by) in [(2.0, -2.0), (3.0, 1.0), (4.0, 4.0), (5.0, 5.0), (40.0, 5.0)] {
            let mut reset = Reset::FULL;
            pass(&mut reset, 0.0, false, 10_000);
            let before = reset.demand();
            assert!((pass(&mut reset, requests, false, 300) - before - by).abs() < 1e-9, "{requests}");
        }
    }

    #[test]
    fn it_is_frozen_while_a_stage_changes_and_goes_on_from_there() {
        // The published fault: a reset that goes on during staging takes the change for an answer.
        let mut reset = Reset::FULL;
        let before = pass(&mut reset, 0.0, false, 5000);
        assert!((pass(&mut reset, 9.0, true, 7200) - before).abs() < 1e-12);
        assert!((pass(&mut reset, 0.0, false, 300) - (before - 2.0)).abs() < 1e-9);
    }

    #[test]
    fn the_water_goes_first_and_the_pressure_after_it() {
        let at = |demand| Reset { demand, ..Reset::FULL };
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        for (demand, water, pressure) in
            [(100.0, 14.0, 80e3), (75.0, 17.0, 80e3), (50.0, 20.0, 80e3), (25.0, 20.0, 65e3), (0.0, 20.0, 50e3)]
        {
            assert!(
                near(at(demand).water(14.0, 20.0), water) && near(at(demand).pressure(80e3, 50e3), pressure),
                "{demand}"
            );
        }
    }

    #[test]
    fn a_coil_asks_by_its_air_and_by_its_valve() {
        let mut coil = Coil::default();
        let mut for_long = |seen| (0..200).fold(0.0, |_, _| coil.step(seen, SECOND));
        assert!(for_long((Some(0.1), Some(94.0))) < 0.5);
        assert!((for_long((Some(0.1), Some(96.0))) - 1.0).abs() < 1e-12);
        assert!((for_long((Some(0.1), Some(86.0))) - 1.0).abs() < 1e-12, "until it is below 85 %");
        assert!(for_long((Some(0.1), Some(84.0))) < 0.5);
        assert!((for_long((Some(2.5), Some(50.0))) - 2.0).abs() < 1e-12);
        assert!((for_long((Some(3.5), Some(50.0))) - 3.0).abs() < 1e-12);
        assert!(
            for_long((None, None)) < 0.5,
            "what is not known asks for nothing here: its own fail-safe opens its valve"
        );
    }
}
