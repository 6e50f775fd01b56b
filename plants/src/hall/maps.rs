//! Component maps: what a hall's machines draw and how its loops answer, for whoever reckons what another output or setpoint would
//! have come to. From data sheets or step tests of the site; no loop runs by them.
//!
//! **Equations** `P = rated · (output / 100 %)^exponent` for what turns (fan law: 3 for pressure that falls with flow);
//! `pv = pv₀ + gain · (output − output₀)` for a loop at rest, near where it stands; machines in racks `P · (1 + leakage · ΔT + fans · (s³ − 1))`,
//! `s = 1 + per-kelvin · max(T − above, 0)`. **Sources** ASHRAE Handbook, HVAC Systems and Equipment, chapter 21 (fan laws); ASHRAE TC 9.9,
//! *Thermal Guidelines for Data Processing Environments*, 5th edition 2021, appendix on server power over inlet temperature.

use serde::{Deserialize, Serialize};

use crate::units::{Celsius, Watts};

/// The maps that a hall's file gives. Part of the hall, replaceable by a reload.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Maps {
    /// Each fan of a row.
    pub fans: Option<Drive>,
    /// Each pump of the chilled water's header, or its one pump.
    pub pump: Option<Drive>,
    /// Each cell's fan of a tower.
    pub tower: Option<Drive>,
    /// The fans of a dry cooler, all together.
    pub dry: Option<Drive>,
    /// The compressors of chillers.
    pub chillers: Option<Compressors>,
    /// The machines in racks.
    pub racks: Option<Machines>,
}

/// What turns by a loop's output.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drive {
    /// Electrical power at 100 % (W, above 0 to 1e6).
    pub rated: Watts,
    /// How power grows with speed (1, 1 to 4).
    pub exponent: f64,
    /// What the loop's measured value does for each % of output, at rest, as a step test finds (unit of the pv per %; negative where more output
    /// makes it less); nothing where the file does not say.
    pub gain: Option<f64>,
}

/// Compressors that lift heat from one water to another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compressors {
    /// Power that they draw less for each kelvin less of lift (1/K, 0 to 0.1).
    pub per_kelvin: f64,
}

/// Machines that answer to the temperature of what cools them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machines {
    /// Their fans' share of their power (1, 0 to 0.4).
    pub fan_share: f64,
    /// Warmer air than this makes their fans faster (°C, 10 to 45),
    pub above: Celsius,
    /// by this share of their speed for each kelvin (1/K, 0 to 0.5).
    pub per_kelvin: f64,
    /// Power that they draw more for each kelvin, by leakage in their chips (1/K, 0 to 0.02).
    pub leakage: f64,
}

impl Maps {
    /// None: a hall without `[map]`.
    pub const NONE: Self = Self { fans: None, pump: None, tower: None, dry: None, chillers: None, racks: None };
}

impl Drive {
    /// What one draws at an output (W; % of 0 to 100).
    #[must_use]
    pub fn power(&self, percent: f64) -> f64 {
        self.rated.0 * libm::pow((percent / 100.0).clamp(0.0, 1.0), self.exponent)
    }
}

impl Machines {
    /// What machines draw in air of `celsius` over what they draw at `home` (1).
    #[must_use]
    pub fn ratio(&self, celsius: f64, home: f64) -> f64 {
        self.share(celsius) / self.share(home)
    }

    fn share(&self, celsius: f64) -> f64 {
        let speed = 1.0 + self.per_kelvin * (celsius - self.above.0).max(0.0);
        1.0 + self.leakage * (celsius - self.above.0) + self.fan_share * (speed * speed * speed - 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drive_follows_the_fan_law() {
        let fan = Drive { rated: Watts(8000.0), exponent: 3.0, gain: None };
        for (percent, watts) in [(0.0, 0.0), (50.0, 1000.0), (100.0, 8000.0), (140.0, 8000.0), (-5.0, 0.0)] {
            assert!((fan.power(percent) - watts).abs() < 1e-9, "{percent}");
        }
    }

    #[test]
    fn machines_draw_more_in_warmer_air_by_leakage_and_by_their_fans_beyond_a_threshold() {
        let of = Machines { fan_share: 0.04, above: Celsius(27.0), per_kelvin: 0.05, leakage: 0.0 };
        assert!((of.ratio(27.0, 20.0) - 1.0).abs() < 1e-12, "fans do not answer below");
        assert!((of.ratio(29.0, 27.0) - (1.0 + 0.04 * (1.1_f64.powi(3) - 1.0))).abs() < 1e-12);
        let leaky = Machines { leakage: 0.001, ..of };
        assert!((leaky.ratio(26.0, 24.0) - (0.999 / 0.997)).abs() < 1e-12);
        assert!(leaky.ratio(24.0, 26.0) < 1.0);
    }
}
