//! The valve of a heat-recovery station, and who leads it.
//!
//! **Equation** told by control the valve goes to open or shut at a constant speed; by its panel it is open whenever heat is taken. What it
//! lets through, a share of what the connection carries, goes with its position. **Source** motorised two-way valves. **Parameters** a
//! stroke of 60 s. **Box** a panel that led all the time takes heat at once, as the station's own page says. **Outside it**, given back to
//! its panel, the valve opens from where it is. **Time constant** the stroke.

use plant::hall::sequence::RunMode;

/// From shut to open (s).
const STROKE: f64 = 60.0;

/// A valve at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Station {
    /// What it is told.
    pub told: RunMode,
    /// It stays open, or shut, whatever it is told.
    pub fails: Option<bool>,
    /// The customer calls for heat.
    pub calls: bool,
    /// Position (%).
    valve: f64,
    /// Its panel opens it from where control has left it.
    returns: bool,
}

impl Station {
    /// On its panel.
    pub const PANEL: Self = Self { told: RunMode::Panel, fails: None, calls: false, valve: 0.0, returns: false };

    /// Position (%).
    #[must_use]
    pub const fn valve(&self) -> f64 {
        self.valve
    }

    /// Moves the valve and says what share it lets through (1, 0 to 1). Without power it stays where it is.
    pub fn open(&mut self, fed: bool, dt: f64) -> f64 {
        let wanted = match self.told {
            RunMode::Panel if !self.returns => return 1.0,
            RunMode::Panel | RunMode::On => 100.0,
            RunMode::Off => 0.0,
        };
        self.returns = true;
        let reach = if fed { 100.0 * dt / STROKE } else { 0.0 };
        let to = (self.valve + (wanted - self.valve).clamp(-reach, reach)).clamp(0.0, 100.0);
        self.valve = match self.fails {
            Some(true) => to.max(self.valve),
            Some(false) => to.min(self.valve),
            None => to,
        };
        if self.told == RunMode::Panel && self.valve >= 100.0 {
            self.returns = false;
        }
        self.valve / 100.0
    }

    /// On its panel the valve is open while heat is taken.
    pub const fn took(&mut self, any: bool) {
        if matches!(self.told, RunMode::Panel) && !self.returns {
            self.valve = if any { 100.0 } else { 0.0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(station: &mut Station, seconds: usize) -> f64 {
        (0..seconds).fold(0.0, |_, _| station.open(true, 1.0))
    }

    #[test]
    fn its_panel_takes_heat_at_once_and_goes_on_from_where_control_left_it() {
        let mut station = Station::PANEL;
        assert_eq!(pass(&mut station, 1), 1.0);
        station.took(true);
        station.told = RunMode::Off;
        assert!((pass(&mut station, 30) - 0.5).abs() < 1e-9);
        station.told = RunMode::Panel;
        assert!((pass(&mut station, 15) - 0.75).abs() < 1e-9);
        assert_eq!(pass(&mut station, 16), 1.0);
    }

    #[test]
    fn a_broken_one_does_not_open_or_does_not_close() {
        for (fails, told, before) in [(false, RunMode::On, 0.0), (true, RunMode::Off, 100.0)] {
            let mut station = Station { fails: Some(fails), told, valve: before, ..Station::PANEL };
            assert_eq!(pass(&mut station, 300), before / 100.0);
        }
    }

    #[test]
    fn without_power_it_stays() {
        let mut station = Station { told: RunMode::Off, valve: 100.0, ..Station::PANEL };
        assert_eq!(station.open(false, 30.0), 1.0);
    }
}
