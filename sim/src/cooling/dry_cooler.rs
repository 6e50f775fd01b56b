//! A dry cooler: finned tubes and fans outdoors, with wetted pads before them where the summer is hot.
//!
//! **Equation** cross-flow, both streams unmixed, `1/UA = 1/hA_air + 1/hA_water`, air in proportion to fan speed, power
//! with its cube; pads cool the air to `T_db − η·(T_db − T_wb)` and evaporate `ṁ_a·ΔW`; in wind, warm air comes round
//! and adds its offset. The liquid in the tubes is a mixed node. **Source** Incropera & DeWitt, ch. 11; exponents after
//! Holmes 1982; fan laws. **Parameters** air exponent 0.8, water 0.85, air over water side 0.5, fans 3 to 5 % of the
//! heat, natural draught 5 % of the air, pads 0.6 to 0.85, short-circuit 0 to 3 K at the design wind, cp of 25 to 30 %
//! glycol 3.8 to 3.9 kJ/kg/K. **Box** flows 10 to 150 % of design, air −30 to 50 °C. **Outside it** conductances fall
//! linearly to zero with either flow; pads stay dry below their least outdoor temperature. **Time constant** the tubes'
//! liquid, 10 to 60 s; drives are elsewhere.

use plant::read::Section;

use super::surface::Sides;
use crate::air::CP_AIR;
use crate::exchanger::arrangement::{self, Arrangement::CrossFlow};
use crate::exponential::node;
use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, SHARE, maybe, need, number};
use crate::water::CP_WATER;

/// Heat that evaporates water from pads (J/kg).
const EVAPORATION: f64 = 2.45e6;
/// Temperatures it is asked at (°C).
const HELD: (f64, f64) = (-60.0, 150.0);

/// A dry cooler.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DryCooler {
    /// Conductances: air first, liquid second.
    pub surface: Sides,
    /// Specific heat of the liquid (J/kg/K, 1000 to 5000).
    pub cp: f64,
    /// All fans at full speed (W, ≥ 0).
    pub fans: f64,
    /// Air that rises by itself, as a share of the nominal (1, 0 to 0.2).
    pub draught: f64,
    /// Heat capacity of metal and liquid (J/K, > 0).
    pub heat_capacity: f64,
    /// Warm air that comes round at the wind `short_at` (K, 0 to 10).
    pub short: f64,
    /// The wind at which `short` is seen (m/s, > 0); in proportion below, no more above.
    pub short_at: f64,
    /// Wetted pads, where it has them.
    pub pads: Option<Pads>,
}

/// Wetted pads before the fins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pads {
    /// Share of the wet-bulb depression that they take (1, 0 to 0.95).
    pub efficiency: f64,
    /// Below this outdoor temperature the water is off (°C, 0 to 40).
    pub least: f64,
    /// Water run to drain for each kilogram evaporated (1, 0 to 5).
    pub bleed: f64,
    /// Share of the air that the dry or wet pads hold back (1, 0 to 0.5).
    pub held_back: f64,
}

/// What a dry cooler is designed for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Design {
    /// Heat (W, > 0).
    pub heat: f64,
    /// Liquid entering and leaving (°C).
    pub liquid: (f64, f64),
    /// Air entering and leaving (°C).
    pub air: (f64, f64),
    /// Fans at full speed (W, ≥ 0).
    pub fans: f64,
    /// Specific heat of the liquid (J/kg/K).
    pub cp: f64,
}

/// What a dry cooler meets in one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inputs {
    /// Outdoor dry bulb (°C).
    pub dry_bulb: f64,
    /// Outdoor wet bulb (°C).
    pub wet_bulb: f64,
    /// Wind (m/s).
    pub wind: f64,
    /// Liquid entering (°C).
    pub entering: f64,
    /// Liquid (kg/s).
    pub flow: f64,
    /// Speed of the fans (1, 0 to 1).
    pub speed: f64,
    /// Fans in service, as a share of all (1, 0 to 1).
    pub fans: f64,
    /// Water on the pads is called for.
    pub wet: bool,
}

/// One step of a dry cooler; powers, heats and flows are its means.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Heat from the liquid to the air (W).
    pub heat: f64,
    /// Liquid leaving, mean of the step (°C).
    pub leaving: f64,
    /// Fans (W).
    pub fan_power: f64,
    /// Air before the fins (°C).
    pub air_entering: f64,
    /// Water evaporated from the pads (kg/s).
    pub evaporated: f64,
    /// Water run to drain from the pads (kg/s).
    pub bled: f64,
}

impl DryCooler {
    /// A dry cooler for a design point, with conductances, draught and exponents as usual. Nothing where the design is
    /// impossible: no heat, or liquid leaving no warmer than the air enters.
    #[must_use]
    pub fn sized(of: &Design) -> Option<Self> {
        let ((hot, leaving), (cold, warm)) = (of.liquid, of.air);
        if !(of.heat > 0.0 && of.cp > 0.0 && hot > leaving && leaving > cold && warm > cold) {
            return None;
        }
        let (liquid, air) = (of.heat / (hot - leaving), of.heat / (warm - cold));
        // What even the largest surface cannot give has none: one stream would have to pass the other.
        let point = arrangement::Design { heat: of.heat, apart: hot - cold, one: air, other: liquid };
        let ua = CrossFlow.conductance(&point)?;
        let flows = (air / CP_AIR, liquid / of.cp);
        Some(Self {
            surface: Sides { ua, ratio: 0.5, flows, exponents: (0.8, 0.85) },
            cp: of.cp,
            fans: of.fans,
            draught: 0.05,
            heat_capacity: 20.0 * liquid,
            short: 0.0,
            short_at: 10.0,
            pads: None,
        })
    }

    /// Air before the fins: outdoors, cooled by the pads, warmed by what comes round (°C); and how much the pads cooled
    /// it (K).
    #[must_use]
    pub fn air_entering(&self, inputs: &Inputs, otherwise: f64) -> (f64, f64) {
        let dry_bulb = sane(inputs.dry_bulb, otherwise);
        let wet_bulb = sane(inputs.wet_bulb, dry_bulb).min(dry_bulb);
        let wind = if inputs.wind.is_finite() { (inputs.wind / self.short_at).clamp(0.0, 1.0) } else { 0.0 };
        let cooled = match self.pads {
            Some(pads) if inputs.wet && dry_bulb >= pads.least => pads.efficiency * (dry_bulb - wet_bulb),
            Some(_) | None => 0.0,
        };
        (dry_bulb - cooled + wind * self.short, cooled)
    }

    /// Steps the liquid in its tubes, which leaves at `liquid` (°C), for `dt` seconds.
    pub fn step(&self, liquid: &mut f64, inputs: &Inputs, dt: f64) -> Outcome {
        let (air, cooled) = self.air_entering(inputs, *liquid);
        let entering = sane(inputs.entering, *liquid);
        let flow = if inputs.flow.is_finite() { inputs.flow.max(0.0) } else { 0.0 };
        let (speed, fans) = (share(inputs.speed), share(inputs.fans));
        let held_back = self.pads.map_or(0.0, |pads| pads.held_back);
        let mass = self.surface.flows.0 * (fans * speed).max(self.draught) * (1.0 - held_back);
        let carried = flow * self.cp;
        let per_kelvin = CrossFlow.heat_per_kelvin(self.surface.overall(mass, flow), mass * CP_AIR, carried);
        // The tubes' node takes the exchange in; what leaves is its mean.
        let heat = per_kelvin * (entering - air);
        let tubes = node(carried, carried * entering - heat, (self.heat_capacity, *liquid), dt);
        *liquid = tubes.end;
        let evaporated = mass * CP_AIR * cooled / EVAPORATION;
        Outcome {
            heat,
            leaving: tubes.mean,
            fan_power: self.fans * fans * speed * speed * speed,
            air_entering: air,
            evaporated,
            bled: self.pads.map_or(0.0, |pads| pads.bleed) * evaporated,
        }
    }

    /// Reads it from its design point.
    pub(crate) fn read(of: &Section<'_>) -> Option<Self> {
        let design = need(of, "design", Design::read);
        let pads = maybe(of, "pads", Pads::read);
        let heat_capacity = number(of, "heat-capacity-j-per-k", POSITIVE);
        let draught = of.within("draught-share", (0.0, 0.2));
        let ratio = of.within("air-to-liquid", POSITIVE);
        let short = of.within("short-circuit-k", (0.0, 10.0)).unwrap_or(0.0);
        let short_at = of.within("short-circuit-wind-m-per-s", (0.1, 50.0)).unwrap_or(10.0);
        let design = design?;
        let sized = Self::sized(&design);
        if sized.is_none() {
            let message = "no surface makes this design true: the streams would have to pass each other";
            of.fault("design", message, "liquid must leave warmer than the air enters; let the air rise less");
        }
        let base = sized?;
        let surface = Sides { ratio: ratio.unwrap_or(base.surface.ratio), ..base.surface };
        let draught = draught.unwrap_or(base.draught);
        Some(Self { surface, draught, heat_capacity, short, short_at, pads, ..base })
    }
}

impl Design {
    fn read(of: &Section<'_>) -> Self {
        let cel = |key| number(of, key, (-30.0, 120.0));
        Self {
            heat: number(of, "heat-w", POSITIVE),
            liquid: (cel("entering-cel"), cel("leaving-cel")),
            air: (cel("air-cel"), cel("air-leaving-cel")),
            fans: number(of, "fans-w", AT_LEAST_ZERO),
            cp: of.within("cp-j-per-kg-k", (1000.0, 5000.0)).unwrap_or(CP_WATER),
        }
    }
}

impl Pads {
    fn read(of: &Section<'_>) -> Self {
        Self {
            efficiency: number(of, "efficiency", (0.0, 0.95)),
            least: number(of, "least-outdoors-cel", (0.0, 40.0)),
            bleed: of.within("bleed-share", (0.0, 5.0)).unwrap_or(0.3),
            held_back: of.within("held-back-share", SHARE).unwrap_or(0.0).min(0.5),
        }
    }
}

const fn sane(celsius: f64, otherwise: f64) -> f64 {
    if celsius.is_finite() { celsius.clamp(HELD.0, HELD.1) } else { otherwise }
}

const fn share(x: f64) -> f64 {
    if x.is_nan() { 0.0 } else { x.clamp(0.0, 1.0) }
}

#[cfg(test)]
mod tests;
