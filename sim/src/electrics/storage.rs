//! A battery on a hall's alternating current, behind a converter of its own, between the utility's meter and the hall's transformer.
//!
//! **Equation** that of [`Battery`]; its converter's power follows its order on a ramp; cells warm by `warmth·|P|/P_rated` with one lag.
//! **Source** [`Battery`]; the ramp and the warmth are a data sheet's order of magnitude. **Parameters** [`Spec`]. **Box** a grid
//! with voltage: without one it rests and says that it is not ready, for it follows the grid and makes none.
//! **Outside it** what it gives above what the hall takes flows back into the grid. **Time constant** the ramp's and the cells'.

use plant::hall::machinery;
use plant::read::Section;

use super::battery::{Battery, Exchanged, Store};
use crate::physics::read::{AT_LEAST_ZERO, POSITIVE};

/// The air around the cells (°C): their room is cooled.
const ROOM: f64 = 25.0;

/// What every battery of a hall is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spec {
    /// Cells and converter.
    pub battery: Battery,
    /// Charge at the start (1, 0 to 1).
    pub start: f64,
    /// From nothing to its rating takes so long (s, > 0).
    pub ramp: f64,
    /// How much warmer its cells become at its rating (K, ≥ 0), and within what time (s, > 0).
    pub warmth: (f64, f64),
}

impl Spec {
    /// Reads `[electrics.storage]`: what [`Battery`] reads, `start`, `ramp-s`, `warmth-k` and `warmth-lag-s`.
    pub(crate) fn read(of: &Section<'_>) -> Self {
        Self {
            battery: Battery::read(of),
            start: of.within("start", (0.0, 1.0)).unwrap_or(0.8),
            ramp: of.within("ramp-s", POSITIVE).unwrap_or(1.0),
            warmth: (
                of.within("warmth-k", AT_LEAST_ZERO).unwrap_or(8.0),
                of.within("warmth-lag-s", POSITIVE).unwrap_or(3600.0),
            ),
        }
    }
}

/// A battery of the world.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Its points.
    pub of: machinery::Battery,
    /// What is in it.
    pub store: Store,
    /// The hottest of its cells (°C).
    pub cells: f64,
    /// What its converter gives (W); negative where it takes.
    pub power: f64,
    /// What it was told to give (W).
    pub order: f64,
    /// Shut off by a fault of its own.
    pub tripped: bool,
    /// It says that it is ready, and does nothing.
    pub idles: bool,
    /// The grid has voltage.
    pub live: bool,
    /// The last step.
    pub last: Exchanged,
}

impl Unit {
    /// At its start.
    #[must_use]
    pub fn new(of: machinery::Battery, spec: &Spec) -> Self {
        Self {
            of,
            store: Store::charged(&spec.battery, spec.start),
            cells: ROOM,
            power: 0.0,
            order: 0.0,
            tripped: false,
            idles: false,
            live: true,
            last: Exchanged::default(),
        }
    }

    /// True where it would do as it is told.
    #[must_use]
    pub const fn ready(&self) -> bool {
        self.live && !self.tripped
    }

    /// Gives or takes for `dt` seconds.
    pub fn step(&mut self, spec: &Spec, dt: f64) {
        let battery = &spec.battery;
        let wanted = if self.ready() && !self.idles { self.order } else { 0.0 };
        let rated = battery.discharge_rate.max(battery.charge_rate) * battery.energy / 3600.0;
        let most = rated * dt / spec.ramp;
        let aim = if self.ready() { self.power + (wanted - self.power).clamp(-most, most) } else { 0.0 };
        self.last = self.store.step(battery, -aim, self.cells, dt);
        self.power = -self.last.power;
        if !self.live {
            // Its own panel runs on its own cells then.
            self.last.terminal = 0.0;
            self.last.loss = -self.last.stored;
        }
        let settled = ROOM + spec.warmth.0 * self.power.abs() / rated;
        self.cells += (settled - self.cells) * -libm::expm1(-dt / spec.warmth.1);
    }
}

#[cfg(test)]
mod tests {
    use plant::hall::Hall;

    use super::*;

    fn unit(spec: &Spec) -> Unit {
        let (_, air) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        let more = "\n[[meter]]\nname = \"out\"\nrole = \"battery-discharge\"\nrated = 1e5\n[[meter]]\nname = \"in\"\nrole = \"battery-charge\"\nrated = 1e5\n[[battery]]\nname = \"bess\"\nfeed = \"utility\"\ncapacity = 1e5\nrated-discharge = 1e5\nrated-charge = 1e5\nreserve = 20.0\n";
        let hall = Hall::load("air.toml", &format!("{air}{more}")).unwrap_or_else(|faults| panic!("{faults}"));
        Unit::new(hall.power.storage[0].of, spec)
    }

    fn spec() -> Spec {
        Spec { battery: Battery::lithium(1e5 * 3600.0, 1.0), start: 0.5, ramp: 2.0, warmth: (8.0, 3600.0) }
    }

    #[test]
    fn power_follows_its_order_on_its_ramp_and_energy_is_kept() {
        let spec = spec();
        let mut unit = unit(&spec);
        unit.order = 60e3;
        let (mut given, before) = (0.0, unit.store.energy);
        unit.step(&spec, 1.0);
        assert!((unit.power - 50e3).abs() < 1e-6, "a half of its rating in the first second: {}", unit.power);
        given += unit.power;
        for _ in 0..600 {
            unit.step(&spec, 1.0);
            given += unit.power;
            let balance = unit.last.terminal - unit.last.stored - unit.last.loss;
            assert!(balance.abs() < 1e-6, "{balance}");
        }
        let taken = before - unit.store.energy;
        assert!((taken * 0.96 - given).abs() < 0.002 * given, "{taken} out of store gave {given}");
        assert!(unit.cells > 25.1 && unit.cells < 33.0, "{}", unit.cells);
    }

    #[test]
    fn without_voltage_or_in_fault_it_rests_and_says_so() {
        let spec = spec();
        for broken in [0, 1] {
            let mut unit = unit(&spec);
            unit.order = 60e3;
            (0..5).for_each(|_| unit.step(&spec, 1.0));
            if broken == 0 {
                unit.live = false
            } else {
                unit.tripped = true
            }
            unit.step(&spec, 1.0);
            assert!(!unit.ready() && unit.power.abs() < 1e-9);
            let balance = unit.last.terminal - unit.last.stored - unit.last.loss;
            assert!(balance.abs() < 1e-6, "{balance}");
        }
    }
}
