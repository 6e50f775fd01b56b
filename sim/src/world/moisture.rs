//! The moisture of the room's air: it follows outdoors, between what a humidifier gives back and what cold coils take out.
//!
//! **Equation** `dT_dp/dt = (clamp(T_dp,outdoors, driest, most humid) − T_dp)/τ`: fresh air and leaks bring outdoors in, the room's own volume
//! delays it. **Source** ASHRAE TC 9.9, 2021: the recommended range of dew points. **Parameters** −9 to 15 °C recommended, of which a hall
//! with a humidifier and coils at 16 °C keeps 5 to 14 °C; τ 2 h for half an air change an hour. **Box** one dew point for all of the room,
//! and what is moister around one sensor. **Outside it** no air holds more than its dry bulb allows. **Time constant** τ.

use super::World;

/// The driest and the most humid that the room gets (°C of dew point).
const RANGE: (f64, f64) = (5.0, 14.0);
/// How slowly it follows outdoors (s).
const LAG: f64 = 7200.0;

/// The room's moisture.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Moisture {
    /// Its dew point (°C).
    pub dew_point: f64,
    /// How much moister it is around each sensor (K of dew point).
    pub moister: Vec<f64>,
}

impl Moisture {
    /// A room with outdoors at this dew point (°C), and so many sensors.
    pub fn new(outdoors: f64, sensors: usize) -> Self {
        Self { dew_point: outdoors.clamp(RANGE.0, RANGE.1), moister: vec![0.0; sensors] }
    }
}

impl World {
    /// Lets outdoors reach the room for `dt` seconds.
    pub(super) fn moisten(&mut self, dt: f64) {
        let toward = self.air.dew_point.clamp(RANGE.0, RANGE.1);
        let kept = libm::exp(-dt / LAG);
        self.moisture.dew_point = toward + (self.moisture.dew_point - toward) * kept;
    }
}
