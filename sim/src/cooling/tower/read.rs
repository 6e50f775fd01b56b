//! A tower from TOML.

use plant::read::Section;

use super::super::curve::coefficients;
use super::{Basin, Design, PROPELLER, Tower};
use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, SHARE, need, number};

impl Basin {
    fn read(of: &Section<'_>) -> Self {
        Self {
            heat_capacity: number(of, "heat-capacity-j-per-k", POSITIVE),
            heater: number(of, "heater-w", AT_LEAST_ZERO),
            least: number(of, "least-cel", (0.0, 20.0)),
        }
    }
}

impl Design {
    fn read(of: &Section<'_>) -> Self {
        Self {
            wet_bulb: number(of, "wet-bulb-cel", (0.0, 35.0)),
            approach: number(of, "approach-k", (1.0, 20.0)),
            range: number(of, "range-k", (1.0, 30.0)),
            water: number(of, "water-kg-per-s", POSITIVE),
            air: number(of, "air-kg-per-s", POSITIVE),
        }
    }
}

impl Tower {
    /// Reads it; its conductance follows from the design point of a cell unless the file gives one.
    pub(crate) fn read(of: &Section<'_>) -> Option<Self> {
        let design = need(of, "design", Design::read);
        let basin = need(of, "basin", Basin::read);
        let pressure = of.within("pressure-pa", (5e4, 1.1e5)).unwrap_or(101_325.0);
        let ua = of.within("ua-w-per-k", POSITIVE);
        let fan_curve = if of.has("fan-curve") { coefficients(of, "fan-curve") } else { PROPELLER };
        let cells = of.whole("cells", (1, 100)).map_or(1.0, plant::convert::f64_from_i64);
        let free = of.within("free-convection-share", (0.0, 0.3)).unwrap_or(0.125);
        let fan = number(of, "fan-w", AT_LEAST_ZERO);
        let least_speed = of.within("least-speed-share", SHARE).unwrap_or(0.0);
        let drift = of.within("drift-share", (0.0, 0.01)).unwrap_or(5e-5);
        let cycles = of.within("cycles", (1.1, 50.0)).unwrap_or(4.0);
        let (design, basin) = (design?, basin?);
        if ua.is_none() && !design.is_possible(pressure) {
            let message = "the design needs more heat than its air can take at the water's temperature";
            of.fault("design", message, "give it more air, or a larger approach");
        }
        let ua = ua.unwrap_or_else(|| design.conductance(pressure));
        Some(Self { cells, design, ua, free, fan, fan_curve, least_speed, pressure, drift, cycles, basin })
    }
}
