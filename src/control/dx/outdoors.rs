//! Outdoor air as control sees it: dry bulb, the dew point that follows from it and the wet bulb, and smoke.

use plant::event::ShutOut;
use plant::hall::sequence::AirTuning;
use plant::reading::Reading;
use plant::time::Span;
use plant::units::{Celsius, Quantity};
use serde::{Deserialize, Serialize};

use crate::control::scene::Scene;
use crate::control::sequence::Timer;
use crate::control::sequence::machine::Sight;

/// Air pressure at sea level (hPa).
const PRESSURE: f64 = 1013.25;
/// Psychrometer coefficient of an aspirated wet bulb (1/K), and what it grows by with each degree of it.
const PSYCHROMETER: (f64, f64) = (6.53e-4, 9.44e-4);
/// The Magnus equation over water: hPa, 1, °C.
const MAGNUS: (f64, f64, f64) = (6.112, 17.62, 243.12);
/// Air that holds less vapour than this has no dew point that matters (hPa): about −60 °C.
const DRY: f64 = 0.02;

/// Outdoor air in one scan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Air {
    /// Known now.
    Known {
        /// Dry bulb (°C).
        dry_bulb: f64,
        /// Dew point (°C).
        dew_point: f64,
    },
    /// Known a moment ago: nothing is decided by it.
    Doubted,
    /// Not known.
    Lost,
}

/// What is remembered of smoke.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Smoke {
    /// None.
    Clear,
    /// Some detector is not known.
    Unknown,
    /// Some detector sees it, or did a moment ago.
    Seen {
        /// How long all detectors have been clear.
        clear: Timer,
    },
}

impl Air {
    /// Of the hall's weather station.
    #[must_use]
    pub fn of(scene: &Scene<'_>) -> Self {
        let Some(station) = scene.hall.machinery.weather else { return Self::Lost };
        match (scene.image.read(station.dry_bulb), scene.image.read(station.wet_bulb)) {
            (Reading::Fresh(dry), Reading::Fresh(wet)) => {
                Self::Known { dry_bulb: dry.get(), dew_point: dew_point(dry, wet) }
            }
            (Reading::Lost { .. }, _) | (_, Reading::Lost { .. }) => Self::Lost,
            (Reading::Fresh(_) | Reading::Stale { .. }, Reading::Fresh(_) | Reading::Stale { .. }) => Self::Doubted,
        }
    }
}

impl Smoke {
    /// One scan. Any detector that sees smoke is believed; it is over when all have been clear for as long as the hall says.
    pub fn watch(&mut self, scene: &Scene<'_>, rules: &AirTuning) {
        let detectors = || scene.hall.machinery.smoke.iter().map(|detector| scene.sight(detector.smoke));
        let seen = detectors().any(|sight| sight == Sight::Known(true));
        let clear = detectors().all(|sight| sight == Sight::Known(false));
        let lost = detectors().any(|sight| sight == Sight::Lost);
        *self = match *self {
            _ if seen => Self::Seen { clear: Timer::default() },
            Self::Seen { clear: mut since } => {
                // What is doubted neither counts nor begins anew; what is lost begins anew.
                since.count(!lost, if clear { scene.dt } else { Span::ZERO });
                if since.reached(rules.smoke_clear) { Self::Clear } else { Self::Seen { clear: since } }
            }
            Self::Clear | Self::Unknown if lost => Self::Unknown,
            Self::Unknown if !clear => Self::Unknown,
            Self::Clear | Self::Unknown => Self::Clear,
        };
    }

    /// Why it shuts outdoor air out, if it does.
    #[must_use]
    pub const fn against(self) -> Option<ShutOut> {
        match self {
            Self::Clear => None,
            Self::Unknown => Some(ShutOut::SmokeUnknown),
            Self::Seen { .. } => Some(ShutOut::Smoke),
        }
    }
}

/// The dew point of air by its dry bulb and the wet bulb of an aspirated psychrometer (°C).
///
/// **Equation** `e = e_w(T_w) − A·(1 + 0.000944·T_w)·p·(T − T_w)` with `e_w` by Magnus, and `T_d` by its inverse. **Source** WMO-No. 8,
/// *Guide to Instruments and Methods of Observation*, part I, annex 4.B. A height of 1000 m moves it by less than half a kelvin.
#[must_use]
pub fn dew_point(dry_bulb: Celsius, wet_bulb: Celsius) -> f64 {
    let (hecto, slope, offset) = MAGNUS;
    let wet = wet_bulb.get().min(dry_bulb.get());
    let saturated = hecto * libm::exp(slope * wet / (offset + wet));
    let vapour = saturated - PSYCHROMETER.0 * (1.0 + PSYCHROMETER.1 * wet) * PRESSURE * (dry_bulb.get() - wet);
    let ratio = libm::log(vapour.max(DRY) / hecto);
    (offset * ratio / (slope - ratio)).min(wet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dew_point_is_that_of_the_tables() {
        // Dry bulb, wet bulb, dew point by the equations of ASHRAE Fundamentals 2017, chapter 1.
        for (dry, wet, wanted) in [(30.0, 20.0, 14.9), (20.0, 15.0, 11.6), (10.0, 7.0, 3.7), (25.0, 25.0, 25.0)] {
            let got = dew_point(Celsius(dry), Celsius(wet));
            assert!((got - wanted).abs() < 0.4, "{dry} {wet}: {got}");
        }
        assert!(dew_point(Celsius(20.0), Celsius(-5.0)) < -40.0, "no air at all is dry air");
        assert!((dew_point(Celsius(10.0), Celsius(12.0)) - 10.0).abs() < 1e-9, "a wet bulb above is saturation");
    }
}
