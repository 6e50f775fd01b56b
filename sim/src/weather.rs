//! Outdoor air: one daily wave. Enough for a chiller's condenser; a year of weather is not modelled.

use plant::time::Wall;

use crate::load::daily_wave;
use crate::physics::Weather;

/// Outdoor dry bulb (°C).
#[must_use]
pub fn dry_bulb(weather: &Weather, wall: Wall) -> f64 {
    weather.mean + weather.swing * daily_wave(wall, weather.warmest_hour)
}
