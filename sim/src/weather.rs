//! Outdoor air: a daily wave, a climate's synthetic year, one design day for ever, or a year from a file.
//!
//! **Equation** each source is a function of (seed, time) and of nothing else; wet bulb from dry bulb, dew point and pressure.
//! [`Outdoors`] asks its source every ten minutes and draws straight lines between, so that a step costs a few multiplications:
//! a daily wave of 10 K loses 2 mK at the most. The daily wave's own dry bulb is exact. **Source** of the parts: [`climate`],
//! [`epw`]. **Box** dry bulb −60 to 60 °C. **Outside it** held there. **Time constant** none: outdoors does not know the hall.

pub mod climate;
pub mod epw;

use std::sync::Arc;

use plant::read::Section;
use plant::time::Wall;

use crate::load::daily_wave;
use crate::physics::read::number;
use crate::psychrometrics::{MoistAir, SEA_LEVEL, pressure_at, saturation};
use climate::Climate;
use epw::Epw;

/// Between two times that a source is asked (ms).
const KNOT_MS: i64 = 600_000;
/// The daily wave's relative humidity at its mean (1).
const WAVE_HUMIDITY: f64 = 0.6;

/// Where outdoor air comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Weather {
    /// One daily wave, the same every day.
    Wave(Wave),
    /// A synthetic year.
    Climate(Arc<Climate>),
    /// One day for ever.
    Day(DesignDay),
    /// A year from a file.
    Epw(Arc<Epw>),
}

/// A daily wave of the dry bulb. Its moisture stays what 60 % are at the mean; there is no wind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wave {
    /// Daily mean (°C, -40 to 50).
    pub mean: f64,
    /// Half the daily swing (K, 0 to 20).
    pub swing: f64,
    /// When it is warmest (hour of the UTC day, 0 to 24).
    pub warmest_hour: f64,
}

/// A day to design for: warmest in mid-afternoon, its moisture the same all day as far as the air can hold it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DesignDay {
    /// The highest dry bulb (°C, -60 to 60).
    pub dry_bulb: f64,
    /// Wet bulb at that time (°C, no more than the dry bulb).
    pub wet_bulb: f64,
    /// From the lowest dry bulb to the highest (K, 0 to 40).
    pub range: f64,
    /// Height above the sea (m, -500 to 5000).
    pub elevation: f64,
    /// When it is warmest (hour of the UTC day, 0 to 24).
    pub warmest_hour: f64,
}

/// Outdoor air at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outdoor {
    /// Dry bulb (°C).
    pub dry_bulb: f64,
    /// Dew point (°C, no more than the wet bulb).
    pub dew_point: f64,
    /// Wet bulb (°C, no more than the dry bulb).
    pub wet_bulb: f64,
    /// Air pressure (Pa).
    pub pressure: f64,
    /// Wind (m/s, ≥ 0).
    pub wind: f64,
    /// Sun's beam on a surface that faces it (W/m², ≥ 0; 0 where the source does not say).
    pub direct: f64,
    /// The sky's light on a level surface (W/m², ≥ 0; 0 where the source does not say).
    pub diffuse: f64,
}

/// Outdoor air as time goes on: what its source said before and after now. A clone is a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outdoors {
    asked: Option<Asked>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Asked {
    seed: u64,
    /// Number of the ten minutes since 1970.
    number: i64,
    before: Outdoor,
    after: Outdoor,
}

impl Outdoors {
    /// The air at `wall`. A function of the weather, the seed and the time alone, whatever was asked before; ask one state
    /// for one weather only.
    pub fn at(&mut self, weather: &Weather, seed: u64, wall: Wall) -> Outdoor {
        let number = wall.0.div_euclid(KNOT_MS);
        let ask = |number: i64| weather.outdoor(seed, Wall(number.saturating_mul(KNOT_MS)));
        let next = number.saturating_add(1);
        let asked = match self.asked {
            Some(asked) if asked.seed == seed && asked.number == number => asked,
            Some(asked) if asked.seed == seed && asked.number.saturating_add(1) == number => {
                Asked { seed, number, before: asked.after, after: ask(next) }
            }
            Some(_) | None => Asked { seed, number, before: ask(number), after: ask(next) },
        };
        self.asked = Some(asked);
        let share = plant::convert::f64_from_i64(wall.0.rem_euclid(KNOT_MS)) / plant::convert::f64_from_i64(KNOT_MS);
        let air = asked.before.toward(&asked.after, share);
        match weather {
            Weather::Wave(wave) => air.with_dry_bulb(dry_bulb(wave, wall)),
            Weather::Climate(_) | Weather::Day(_) | Weather::Epw(_) => air,
        }
    }
}

impl Weather {
    /// Outdoor air at `wall`, worked out anew: dear beside [`Outdoors::at`].
    #[must_use]
    pub fn outdoor(&self, seed: u64, wall: Wall) -> Outdoor {
        match self {
            Self::Wave(wave) => wave.outdoor(wall),
            Self::Climate(climate) => climate.outdoor(seed, wall),
            Self::Day(day) => day.outdoor(wall),
            Self::Epw(year) => year.outdoor(wall),
        }
    }

    /// The mean dry bulb of its whole period (°C).
    #[must_use]
    pub fn mean(&self) -> f64 {
        match self {
            Self::Wave(wave) => wave.mean,
            Self::Climate(climate) => climate.dry_bulb.mean,
            Self::Day(day) => day.dry_bulb - day.range / 2.0,
            Self::Epw(year) => year.mean(),
        }
    }

    /// From `[weather]`: `climate = "…"` names a shipped climate, `[weather.year]` describes one, and without either the
    /// section is a daily wave.
    pub(crate) fn read(of: &Section<'_>) -> Self {
        if of.has("climate") {
            let text = of.need_word("climate", crate::shipped::CLIMATES);
            if let Some(climate) = text.and_then(|text| Climate::load("climate", text).ok()) {
                return Self::Climate(Arc::new(climate));
            }
        } else if of.has("year")
            && let Some(section) = of.section("year")
        {
            let climate = Climate::read(&section);
            section.done();
            return Self::Climate(Arc::new(climate));
        }
        let named = of.has("climate") || of.has("year");
        let wave = if named { Wave { mean: 0.0, swing: 0.0, warmest_hour: 0.0 } } else { Wave::read(of) };
        Self::Wave(wave)
    }
}

impl Wave {
    fn read(of: &Section<'_>) -> Self {
        Self {
            mean: number(of, "mean-cel", (-40.0, 50.0)),
            swing: number(of, "swing-k", (0.0, 20.0)),
            warmest_hour: number(of, "warmest-hour-utc", (0.0, 24.0)),
        }
    }

    fn outdoor(&self, wall: Wall) -> Outdoor {
        let vapour = WAVE_HUMIDITY * saturation::vapour_pressure(self.mean);
        Outdoor::of(dry_bulb(self, wall), saturation::dew_point(vapour), SEA_LEVEL)
    }
}

impl DesignDay {
    fn outdoor(&self, wall: Wall) -> Outdoor {
        let pressure = pressure_at(self.elevation);
        let wet_bulb = self.wet_bulb.min(self.dry_bulb);
        let dew_point = MoistAir::from_wet_bulb(self.dry_bulb, wet_bulb, pressure).dew_point();
        let below = (1.0 - daily_wave(wall, self.warmest_hour)) / 2.0;
        Outdoor::of(self.dry_bulb - self.range * below, dew_point, pressure)
    }
}

impl Outdoor {
    /// Still air without sun, its wet bulb worked out.
    fn of(dry_bulb: f64, dew_point: f64, pressure: f64) -> Self {
        let dry_bulb = dry_bulb.clamp(-60.0, 60.0);
        let dew_point = dew_point.clamp(-90.0, dry_bulb);
        let wet_bulb = MoistAir::from_dew_point(dry_bulb, dew_point, pressure).wet_bulb();
        Self { dry_bulb, dew_point, wet_bulb, pressure, wind: 0.0, direct: 0.0, diffuse: 0.0 }
    }

    /// On the straight line to another moment; what stands for a whole hour does not move.
    fn toward(&self, after: &Self, share: f64) -> Self {
        let between = |a: f64, b: f64| a + share * (b - a);
        Self {
            dry_bulb: between(self.dry_bulb, after.dry_bulb),
            dew_point: between(self.dew_point, after.dew_point),
            wet_bulb: between(self.wet_bulb, after.wet_bulb),
            pressure: between(self.pressure, after.pressure),
            wind: between(self.wind, after.wind),
            direct: self.direct,
            diffuse: self.diffuse,
        }
    }

    const fn with_dry_bulb(self, dry_bulb: f64) -> Self {
        let wet_bulb = self.wet_bulb.min(dry_bulb);
        Self { dry_bulb, wet_bulb, dew_point: self.dew_point.min(wet_bulb), ..self }
    }
}

/// Outdoor dry bulb of a daily wave (°C).
#[must_use]
pub fn dry_bulb(wave: &Wave, wall: Wall) -> f64 {
    wave.mean + wave.swing * daily_wave(wall, wave.warmest_hour)
}

#[cfg(test)]
mod tests;
