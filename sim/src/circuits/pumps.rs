//! The pumps of a circuit side by side on its header, at one speed. Each is a machine of its own: it runs or stands.
//!
//! **Equation** one that runs is at the header's speed; one that starts comes to it by its ramp and moves water once its head opens its
//! check valve; one that is told to stand ramps down, one that trips or has no power runs down. **Source** [`crate::hydraulics`]; plant
//! practice for the times. **Box** pumps of one size. **Outside it** the hydraulics say. **Time constant** the ramp.
//!
//! Its panel goes on from what it is doing. Where fewer run than carry the circuit and the pressure is a tenth short for ten seconds, it
//! starts the next one.

use plant::hall::sequence::RunMode;

use super::spec::Group;

/// Pumps that are tripped or have no power run down so fast (%/s).
pub const RUN_DOWN: f64 = 20.0;
/// A pump slower than this stands (%).
const STANDS: f64 = 1.0;
/// Panels count the pressure as short below this share of what they hold (1)
const SHORT: f64 = 0.9;
/// for so long (s).
const PATIENCE: f64 = 10.0;

/// One pump.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    /// What it is told.
    pub order: RunMode,
    /// Its drive has tripped.
    pub tripped: bool,
    /// No start catches.
    pub start_fails: bool,
    /// It does not stop: a welded contactor.
    pub stop_fails: bool,
    /// Its coupling is broken: it turns and moves nothing.
    pub loose: bool,
    /// Its speed (%).
    position: f64,
    /// It has come to the header's speed.
    joined: bool,
    /// What its panel has decided.
    local: bool,
}

/// The pumps of a circuit.
#[derive(Clone, Debug, PartialEq)]
pub struct Pumps {
    /// Each, in the hall's order; the first ones are on duty.
    pub units: Vec<Unit>,
    /// How long the pressure has been short under their panels (s).
    short: f64,
    speeds: Vec<f64>,
}

impl Unit {
    /// On duty and running with the others, or standing by.
    const fn new(runs: bool, at: f64) -> Self {
        let position = if runs { at } else { 0.0 };
        Self {
            order: RunMode::Panel,
            tripped: false,
            start_fails: false,
            stop_fails: false,
            loose: false,
            position,
            joined: runs,
            local: runs,
        }
    }

    /// True while it turns.
    #[must_use]
    pub fn turns(&self) -> bool {
        self.position > STANDS
    }

    /// Whether its contactor is in.
    fn is_in(&self) -> bool {
        let told = match self.order {
            RunMode::Panel => self.local,
            RunMode::Off => false,
            RunMode::On => true,
        };
        !self.tripped && if self.turns() { told || self.stop_fails } else { told && !self.start_fails }
    }

    /// Comes to the header's speed (%), or to a stand; `dead` is without power. At most so far as a ramp reaches (%).
    fn travel(&mut self, (speed, dead): (f64, bool), (reach, run_down): (f64, f64)) {
        if !self.is_in() {
            let slower = if self.tripped || dead { run_down } else { reach };
            (self.position, self.joined) = ((self.position - slower).max(0.0), false);
        } else if self.joined || (!dead && (speed - self.position).abs() <= reach) {
            (self.position, self.joined) = (speed, true);
        } else if dead {
            self.position = (self.position - run_down).max(0.0);
        } else {
            self.position += reach.copysign(speed - self.position);
        }
    }
}

impl super::Circuit {
    /// The pumps on its header, or on that of its condenser water where there is one.
    pub fn pumps_of(&mut self, condensing: bool) -> Option<&mut Vec<Unit>> {
        if !condensing {
            return Some(&mut self.pumps.units);
        }
        self.condensing.as_mut().and_then(|water| water.pumps.as_mut()).map(|header| &mut header.pumps.units)
    }
}

impl Pumps {
    /// At one speed (%), those on duty.
    #[must_use]
    pub fn new(of: &Group, at: f64) -> Self {
        let count = of.count();
        Self { units: (0..count).map(|n| Unit::new(n < of.pumps, at)).collect(), short: 0.0, speeds: vec![0.0; count] }
    }

    /// Runs them at the header's speed (%), `dead` without power or tripped together; `dp` is what they held in the step before (Pa).
    pub fn run(&mut self, of: &Group, (speed, dead): (f64, bool), dp: f64, dt: f64) {
        self.lead(of, dp, dt);
        let reach = 100.0 * dt / of.ramp;
        for (unit, turns) in self.units.iter_mut().zip(&mut self.speeds) {
            unit.travel((speed, dead), (reach, RUN_DOWN * dt));
            *turns = if dead || unit.loose { 0.0 } else { unit.position / 100.0 };
        }
    }

    /// The speeds that move water (1).
    #[must_use]
    pub fn speeds(&self) -> &[f64] {
        &self.speeds
    }

    /// Their panels.
    fn lead(&mut self, of: &Group, dp: f64, dt: f64) {
        for unit in &mut self.units {
            unit.local = match unit.order {
                RunMode::Panel => unit.local && !unit.tripped,
                RunMode::Off => false,
                RunMode::On => true,
            };
        }
        let few = self.units.iter().filter(|unit| unit.is_in()).count() < of.pumps;
        self.short = if few && dp < SHORT * of.dp { self.short + dt } else { 0.0 };
        if self.short >= PATIENCE {
            let idle = |unit: &&mut Unit| unit.order == RunMode::Panel && !unit.local && !unit.tripped;
            if let Some(next) = self.units.iter_mut().find(idle) {
                next.local = true;
            }
            self.short = 0.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: (f64, f64) = (100.0 / 30.0, 20.0);

    fn seconds(unit: &mut Unit, speed: f64, count: usize) {
        (0..count).for_each(|_| unit.travel((speed, false), SECOND));
    }

    #[test]
    fn one_that_starts_comes_to_the_headers_speed_by_its_ramp_and_follows_it_then_at_once() {
        let mut unit = Unit::new(false, 60.0);
        unit.order = RunMode::On;
        seconds(&mut unit, 80.0, 12);
        assert!((unit.position - 40.0).abs() < 1e-9 && unit.turns());
        seconds(&mut unit, 80.0, 12);
        assert_eq!(unit.position, 80.0);
        seconds(&mut unit, 50.0, 1);
        assert_eq!(unit.position, 50.0, "the header's drive has its own ramp");
    }

    #[test]
    fn faults_of_one_do_what_they_say() {
        let mut unit = Unit { order: RunMode::On, start_fails: true, ..Unit::new(false, 60.0) };
        seconds(&mut unit, 60.0, 60);
        assert!(!unit.turns());
        let mut unit = Unit { order: RunMode::Off, stop_fails: true, ..Unit::new(true, 60.0) };
        seconds(&mut unit, 60.0, 60);
        assert!(unit.turns());
        unit.stop_fails = false;
        seconds(&mut unit, 60.0, 18);
        assert!(!unit.turns(), "a ramp later it stands");
        let mut unit = Unit { tripped: true, ..Unit::new(true, 60.0) };
        seconds(&mut unit, 60.0, 3);
        assert!(!unit.turns(), "it runs down");
    }

    #[test]
    fn a_panel_goes_on_from_what_it_is_doing() {
        for (order, runs) in [(RunMode::On, true), (RunMode::Off, false)] {
            let mut unit = Unit::new(false, 60.0);
            unit.order = order;
            unit.local = order == RunMode::On;
            unit.order = RunMode::Panel;
            assert_eq!(unit.is_in(), runs);
        }
    }
}
