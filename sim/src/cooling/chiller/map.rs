//! A chiller's map: capacity and energy input ratio over water temperatures and load.
//!
//! **Equation** `Q_av = Q₀·capFT`, `PLR₁ = min(Q/Q_av, PLR_max)`, `PLR₂ = max(PLR_unl, PLR₁)`,
//! `CR = min(PLR₁/PLR_min, 1)`, `P = Q_av/COP₀·EIRFT·EIRFPLR(PLR₂)·CR`. `capFT` and `EIRFT` are biquadratics of leaving chilled water and of
//! condenser water, entering (EIR form, `EIRFPLR` a quadratic of load) or leaving (reformulated, a cubic of leaving
//! water and load). **Source** Hydeman & Gillespie, *Tools and techniques to calibrate electric chiller component
//! models*, ASHRAE 2002; coefficients of manufacturers' machines as in LBNL's Modelica Buildings library.
//! **Parameters** COP 5 to 12, least load 0.1 to 0.4, motor's heat into the refrigerant 1 for hermetic and 0.95 for
//! open drives. **Box** the fitted water temperatures, typically 4 to 10 °C and 13 to 30 °C entering. **Outside it**
//! temperatures are clamped to the box; the energy input ratio then scales with Carnot's, between evaporation 2.5 K
//! below the chilled water and condensation 2.5 K above the leaving or 8 K above the entering condenser water, and
//! capacity falls as Carnot's efficiency does but never grows. Everywhere the efficiency is held below 24 and below
//! 0.85 of Carnot's between the waters themselves: some published maps cross zero in a corner that nobody measured.
//! `outside` says when the clamp or the ceiling was used. **Time constant** none.

use plant::read::Section;

use super::super::curve::{Biquadratic, carnot, coefficients, span};
use crate::physics::read::{POSITIVE, SHARE, number};

/// Evaporation below leaving chilled water, and condensation above leaving condenser water (K).
pub const APPROACH: f64 = 2.5;
/// Condensation above entering condenser water: a range of 5.5 K and the approach (K).
const ABOVE_ENTERING: f64 = 8.0;
/// The best a chiller makes of Carnot's efficiency between leaving chilled water and the condenser water its curves see
/// (1).
const BEST_SHARE: f64 = 0.85;
/// The best efficiency of all (1).
const BEST: f64 = 24.0;
/// The least share of the rating that a curve may leave (1).
const LEAST_CAPACITY: f64 = 0.05;
/// Least and most of an energy input ratio's curve at full load (1).
const RATIO: (f64, f64) = (0.05, 5.0);

/// A chiller's map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Map {
    /// Heat it takes at its rating point (W, > 0).
    pub capacity: f64,
    /// Heat over electricity at its rating point (1, 1 to 20).
    pub cop: f64,
    /// Leaving chilled water that the curves were fitted for (°C, -20 to 40).
    pub evaporator: (f64, f64),
    /// Condenser water that the curves were fitted for (°C, 0 to 80).
    pub condenser: (f64, f64),
    /// Load shares: below the first it cycles (1, 0.01 to 1).
    pub least: f64,
    /// Below this share it unloads no further and wastes capacity by hot gas (1, `least` to 1).
    pub unloaded: f64,
    /// The most of what is available that it takes (1, 0.5 to 1.5).
    pub most: f64,
    /// Share of the electricity that ends in the condenser water; the rest warms the plant room (1, 0.5 to 1).
    pub motor: f64,
    /// Capacity over water temperatures.
    pub by_capacity: Biquadratic,
    /// Energy input ratio at full load over water temperatures.
    pub by_ratio: Biquadratic,
    /// Energy input ratio over load, with the condenser water that all three curves see.
    pub by_load: ByLoad,
}

/// The curve over load, which says what form the map has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ByLoad {
    /// EIR form: curves see entering condenser water, and `c₁ + c₂·PLR + c₃·PLR²`.
    Entering([f64; 3]),
    /// Reformulated: curves see leaving condenser water `y`, and
    /// `c₁ + c₂y + c₃y² + c₄p + c₅p² + c₆yp + c₇y³ + c₈p³ + c₉y²p + c₁₀yp²`.
    Leaving([f64; 10]),
}

/// The water temperatures a map is asked at (°C, finite).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waters {
    /// Chilled water leaving.
    pub chilled: f64,
    /// Condenser water entering.
    pub entering: f64,
    /// Condenser water leaving.
    pub leaving: f64,
}

/// What a chiller can do at its waters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Available {
    /// Heat at a load share of 1 (W, > 0).
    pub capacity: f64,
    /// Electricity over heat, over the rating's, at a load share of 1 (1, > 0).
    ratio: f64,
    /// The condenser water the curves see, clamped (°C).
    seen: f64,
    /// The best efficiency there is between these waters (1).
    best: f64,
    /// True when a temperature was clamped.
    clamped: bool,
}

/// What a chiller takes and draws.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Drawn {
    /// Heat from the chilled water (W, ≥ 0).
    pub heat: f64,
    /// Electricity of the compressor (W, ≥ 0).
    pub power: f64,
    /// Heat over what is available (1, 0 to `most`).
    pub share: f64,
    /// Share of the time that the compressor runs (1, 0 to 1).
    pub cycling: f64,
    /// Cooling made and wasted by hot gas (W, ≥ 0).
    pub wasted: f64,
    /// True when a temperature lay outside the map's box or the efficiency was held at its ceiling.
    pub outside: bool,
}

impl Map {
    /// What it can do at these waters.
    #[must_use]
    pub fn available(&self, waters: Waters) -> Available {
        let ((cold, warm), (cool, hot)) = (self.evaporator, self.condenser);
        let (asked, above) = match self.by_load {
            ByLoad::Entering(_) => (waters.entering, ABOVE_ENTERING),
            ByLoad::Leaving(_) => (waters.leaving, APPROACH),
        };
        let (x, y) = (waters.chilled.clamp(cold, warm), asked.clamp(cool, hot));
        let there = carnot(waters.chilled - APPROACH, asked + above);
        let here = carnot(x - APPROACH, y + above) / there;
        let ratio = self.by_ratio.at(x, y).clamp(RATIO.0, RATIO.1) * here;
        let capacity = self.capacity * self.by_capacity.at(x, y).max(LEAST_CAPACITY) / here.max(1.0);
        let best = (BEST_SHARE * carnot(waters.chilled, asked)).min(BEST);
        let clamped = x != waters.chilled || y != asked;
        Available { capacity, ratio, seen: y, best, clamped }
    }

    /// What it takes and draws when `wanted` (W) is asked of it and `ceiling` (share of what is available) allows no
    /// more.
    #[must_use]
    pub fn draw(&self, at: &Available, wanted: f64, ceiling: f64) -> Drawn {
        let heat = wanted.min(ceiling.min(self.most) * at.capacity).max(0.0);
        let share = heat / at.capacity;
        let loaded = share.max(self.unloaded);
        let cycling = (share / self.least).min(1.0);
        let by_map = at.capacity / self.cop * at.ratio * self.by_load.at(at.seen, loaded) * cycling;
        let least = heat / at.best;
        Drawn {
            heat,
            power: by_map.max(least),
            share,
            cycling,
            wasted: (loaded * cycling - share).max(0.0) * at.capacity,
            outside: at.clamped || by_map < least,
        }
    }

    /// Reads it: a section of a physics file, or a whole file of `sim/chillers`.
    #[must_use]
    pub(crate) fn read(of: &Section<'_>) -> Self {
        let by_load = if of.need_word("condenser-water", &[("entering", true), ("leaving", false)]).unwrap_or(true) {
            ByLoad::Entering(coefficients(of, "load-curve"))
        } else {
            ByLoad::Leaving(coefficients(of, "load-curve"))
        };
        let read = Self {
            capacity: number(of, "capacity-w", POSITIVE),
            cop: number(of, "cop", (1.0, 20.0)),
            evaporator: span(of, "evaporator-leaving-cel", (-20.0, 40.0)),
            condenser: span(of, "condenser-water-cel", (0.0, 80.0)),
            least: number(of, "least-share", (0.01, 1.0)),
            unloaded: number(of, "unloaded-share", (0.01, 1.0)),
            most: number(of, "most-share", (0.5, 1.5)),
            motor: of.within("motor-share", (0.5, 1.0)).unwrap_or(SHARE.1),
            by_capacity: Biquadratic(coefficients(of, "capacity-curve")),
            by_ratio: Biquadratic(coefficients(of, "ratio-curve")),
            by_load,
        };
        if read.unloaded < read.least {
            let message = format!("`unloaded-share` is {}, below `least-share`", read.unloaded);
            of.fault("unloaded-share", message, "a compressor unloads first and cycles below that: give it more");
        }
        read
    }
}

impl ByLoad {
    /// Energy input over that at full load, times load.
    fn at(&self, condenser: f64, share: f64) -> f64 {
        let (y, p) = (condenser, share);
        match *self {
            Self::Entering([c1, c2, c3]) => c1 + p * (c2 + p * c3),
            Self::Leaving([c1, c2, c3, c4, c5, c6, c7, c8, c9, c10]) => {
                c1 + y * (c2 + y * (c3 + c7 * y) + p * (c6 + c9 * y + c10 * p)) + p * (c4 + p * (c5 + c8 * p))
            }
        }
    }
}
