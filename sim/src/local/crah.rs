//! The panel of an air handler, a fan or a DX unit's fan: supply air by its valve, and as much air as keeps its rise.
//!
//! **Equation** the valve holds supply air at its setpoint; the fan holds the difference of return and supply air, which is the
//! machines' rise when the unit blows as much as they draw, and less when it blows more. **Source** usual practice of
//! perimeter units with return and supply sensors. **Parameters** supply 22 °C, difference 10 K beside a rise of the machines of
//! 12 K: a fifth more air than they draw. **Box** halls whose machines rise by 11 K or more. **Outside it** a smaller rise leaves the
//! fans at their least. **Time constant** 120 s each.

use super::pi::{Loop, Pi};

/// Supply air (°C).
pub const SUPPLY: f64 = 22.0;
/// Return above supply air (K).
const RISE: f64 = 10.0;
/// Fans by the rise (K → %).
const FAN: Pi = Pi { gain: 4.0, ti: 120.0, limits: (40.0, 100.0) };
/// Valves by supply air (°C → %).
const VALVE: Pi = Pi { gain: 6.0, ti: 120.0, limits: (0.0, 100.0) };

/// What the panel remembers.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    fan: Loop,
    valve: Loop,
    /// Supply air (°C).
    supply: f64,
}

impl Panel {
    /// A panel that begins with a duty (%).
    #[must_use]
    pub const fn at(duty: f64) -> Self {
        Self { fan: Loop::at(duty), valve: Loop::at(duty), supply: SUPPLY }
    }

    /// Moves the setpoint of supply air (°C).
    pub const fn set_supply(&mut self, celsius: f64) {
        self.supply = celsius;
    }

    /// Fan and valve `dt` seconds on (%), at supply and return air (°C).
    pub fn step(&mut self, (supply, back): (f64, f64), dt: f64) -> (f64, f64) {
        (self.fan.step(&FAN, (back - supply, RISE), dt), self.valve.step(&VALVE, (supply, self.supply), dt))
    }
}
