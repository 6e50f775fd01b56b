//! An air-side economiser: dampers between outdoor and return air, a filter, and an indirect evaporative cooler where
//! it has one.
//!
//! **Equation** mixing of enthalpy and humidity, `x = s·x_o + (1 − s)·x_r` with the outdoor share `s` of the dampers,
//! which leak when shut; filter `Δp = Δp₀·(ṁ/ṁ₀)²` and its fan power `Δp·V/η`, all of it into the air; indirect
//! evaporation takes outdoor air to `T − η·(T − T_wb)` of the air on its wet side, adding no moisture. **Source**
//! ASHRAE *Handbook – Fundamentals*, adiabatic mixing; Taylor & Cheng, *Economizer high limit devices*, ASHRAE Journal
//! 2010. **Parameters** leakage 1 to 4 %, filter 60 to 250 Pa, fan 0.5 to 0.65, wet-bulb effectiveness 0.6 to 0.75,
//! dew-point limits 13.5 to 15 °C, dry bulb 23 to 27 °C, cold −20 °C. **Box** outdoors −40 to 60 °C. **Outside it**
//! temperatures are held at the box's ends; air cannot carry more vapour than saturation: what would be fog in the mix
//! is told as `fog`. **Time constant** none; dampers' strokes of 60 to 150 s are the actuators'. The limits are told as
//! permissives: whether to open is control's.

use plant::read::Section;

use super::moist::{CP_DRY, CP_VAPOUR, dew_point, enthalpy, saturated, temperature};
use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, SHARE, maybe, number};

/// Heat that evaporates water on the wet side (J/kg).
const EVAPORATION: f64 = 2.45e6;
/// Outdoor and return air that it is asked at (°C).
const HELD: (f64, f64) = (-40.0, 60.0);
/// Gas constant of dry air (J/kg/K).
const GAS: f64 = 287.055;

/// An air-side economiser.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AirEconomiser {
    /// Nominal dry air (kg/s, > 0).
    pub flow: f64,
    /// Outdoor share with the outdoor damper shut (1, 0 to 0.2).
    pub leakage: f64,
    /// Outdoor share with the outdoor damper open (1, `leakage` to 1).
    pub most: f64,
    /// Pressure drop of filter and dampers in the outdoor path, at the nominal flow of outdoor air (Pa, ≥ 0).
    pub filter: f64,
    /// The fan that overcomes it (1, 0.1 to 1).
    pub efficiency: f64,
    /// Air pressure (Pa, 5e4 to 1.1e5).
    pub pressure: f64,
    /// Limits told as permissives.
    pub limits: Limits,
    /// An indirect evaporative cooler in the outdoor path, where it has one.
    pub evaporative: Option<Evaporative>,
}

/// When outdoor air may be used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Outdoor dry bulb may be this at the most (°C, 0 to 50).
    pub dry_bulb: f64,
    /// Outdoor dew point may be this at the most (°C, -10 to 30).
    pub dew_point: f64,
    /// Outdoor dry bulb must be this at the least (°C, -40 to 20).
    pub cold: f64,
}

/// An indirect evaporative cooler.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaporative {
    /// Share of the wet-bulb depression it takes with water (1, 0 to 0.95).
    pub wet: f64,
    /// Share of the difference to the return air it takes without, where the return passes its other side (1, 0 to
    /// 0.95).
    pub dry: f64,
    /// Its scavenger fan and spray pump (W, ≥ 0), outside the air stream.
    pub power: f64,
}

/// Moist air.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Air {
    /// Dry bulb (°C).
    pub celsius: f64,
    /// Humidity ratio (kg/kg).
    pub humidity: f64,
}

/// What it meets at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inputs {
    /// Outdoor air.
    pub outdoor: Air,
    /// Outdoor wet bulb (°C), for the evaporative cooler's wet side.
    pub wet_bulb: f64,
    /// Return air.
    pub back: Air,
    /// Dry air through it (kg/s).
    pub flow: f64,
    /// Position of the outdoor damper; the return damper goes the other way (1, 0 to 1).
    pub damper: f64,
    /// Water on the evaporative cooler.
    pub wet: bool,
    /// The evaporative cooler's fan runs.
    pub evaporative: bool,
    /// Smoke outdoors, from a detector.
    pub smoke: bool,
}

/// What it does at one moment; powers and heats in W.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The mixed air, behind filter and fan's share.
    pub mixed: Air,
    /// Outdoor share of the flow (1).
    pub outdoor_share: f64,
    /// Electricity of the fan for filter and dampers; all of it is in the mixed air.
    pub fan_power: f64,
    /// Electricity of the evaporative cooler, outside the air stream.
    pub evaporative_power: f64,
    /// Heat taken from outdoor air before the mix by the evaporative cooler.
    pub evaporative_heat: f64,
    /// Water evaporated on the wet side (kg/s).
    pub evaporated: f64,
    /// Enthalpy that outdoor exchange took from the return air stream; negative where it brings some.
    pub relieved: f64,
    /// True when the mix holds more vapour than saturated air: it would be fog, and is left as vapour.
    pub fog: bool,
    /// Outdoor dew point (°C).
    pub dew_point: f64,
    /// What speaks against outdoor air.
    pub permissives: Permissives,
}

/// Each true when it does not speak against outdoor air.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissives {
    /// Not too warm.
    pub dry_bulb: bool,
    /// Not too humid.
    pub dew_point: bool,
    /// Not too cold.
    pub cold: bool,
    /// No smoke.
    pub smoke: bool,
}

impl Permissives {
    /// True when nothing speaks against outdoor air.
    #[must_use]
    pub const fn all(self) -> bool {
        self.dry_bulb && self.dew_point && self.cold && self.smoke
    }
}

impl AirEconomiser {
    /// Mixes.
    #[must_use]
    pub fn run(&self, inputs: &Inputs) -> Outcome {
        let back = inputs.back.sane(Air { celsius: 25.0, humidity: 0.008 });
        let outdoor = inputs.outdoor.sane(back);
        let flow = if inputs.flow.is_finite() { inputs.flow.max(0.0) } else { 0.0 };
        let damper = if inputs.damper.is_nan() { 0.0 } else { inputs.damper.clamp(0.0, 1.0) };
        let share = self.leakage + (self.most - self.leakage) * damper;
        let fresh = share * flow;
        let (cooled, evaporative) = self.evaporative(inputs, outdoor, back);
        // The drop follows the outdoor air alone: it is the outdoor path that has the filter.
        let drop = self.filter * (fresh / self.flow) * (fresh / self.flow);
        let density = self.pressure / (GAS * (outdoor.celsius + 273.15));
        let fan_power = fresh * drop / density / self.efficiency;
        let humidity = share * outdoor.humidity + (1.0 - share) * back.humidity;
        let blown = if flow > 0.0 { fan_power / flow } else { 0.0 };
        let mixed = share * cooled.enthalpy() + (1.0 - share) * back.enthalpy() + blown;
        let celsius = temperature(mixed, humidity);
        let heat = fresh * (outdoor.enthalpy() - cooled.enthalpy());
        let wet = evaporative > 0.0 && inputs.wet;
        let point = dew_point(outdoor.humidity, self.pressure);
        Outcome {
            mixed: Air { celsius, humidity },
            outdoor_share: share,
            fan_power,
            evaporative_power: evaporative,
            evaporative_heat: heat,
            evaporated: if wet { heat.max(0.0) / EVAPORATION } else { 0.0 },
            relieved: flow * (back.enthalpy() - mixed) + fan_power,
            fog: humidity > saturated(celsius, self.pressure),
            dew_point: point,
            permissives: Permissives {
                dry_bulb: outdoor.celsius <= self.limits.dry_bulb,
                dew_point: point <= self.limits.dew_point,
                cold: outdoor.celsius >= self.limits.cold,
                smoke: !inputs.smoke,
            },
        }
    }

    /// Outdoor air behind the evaporative cooler, and its electricity (W).
    fn evaporative(&self, inputs: &Inputs, outdoor: Air, back: Air) -> (Air, f64) {
        let Some(of) = self.evaporative.filter(|_| inputs.evaporative) else { return (outdoor, 0.0) };
        let wet_bulb = if inputs.wet_bulb.is_finite() { inputs.wet_bulb.min(outdoor.celsius) } else { outdoor.celsius };
        let fall = if inputs.wet {
            of.wet * (outdoor.celsius - wet_bulb.max(HELD.0))
        } else {
            // Dry, it is a plain exchanger with the return air, of use only where outdoors is warmer.
            of.dry * (outdoor.celsius - back.celsius).max(0.0)
        };
        (Air { celsius: outdoor.celsius - fall, ..outdoor }, of.power)
    }

    /// Reads it.
    pub(crate) fn read(of: &Section<'_>) -> Self {
        let read = Self {
            flow: number(of, "flow-kg-per-s", POSITIVE),
            leakage: number(of, "leakage-share", (0.0, 0.2)),
            most: of.within("most-share", SHARE).unwrap_or(1.0),
            filter: number(of, "filter-pa", AT_LEAST_ZERO),
            efficiency: number(of, "fan-efficiency", (0.1, 1.0)),
            pressure: of.within("pressure-pa", (5e4, 1.1e5)).unwrap_or(101_325.0),
            limits: Limits {
                dry_bulb: number(of, "dry-bulb-limit-cel", (0.0, 50.0)),
                dew_point: number(of, "dew-point-limit-cel", (-10.0, 30.0)),
                cold: number(of, "cold-limit-cel", (-40.0, 20.0)),
            },
            evaporative: maybe(of, "evaporative", |of| Evaporative {
                wet: number(of, "wet-effectiveness", (0.0, 0.95)),
                dry: of.within("dry-effectiveness", (0.0, 0.95)).unwrap_or(0.0),
                power: number(of, "power-w", AT_LEAST_ZERO),
            }),
        };
        if read.most < read.leakage {
            let message = format!("`most-share` is {}, below `leakage-share`", read.most);
            of.fault("most-share", message, "an open damper lets more air in than a shut one: give it more");
        }
        if of.has("dry-bulb-limit-cel") && read.limits.cold >= read.limits.dry_bulb {
            let message = format!("`cold-limit-cel` is {}, not below `dry-bulb-limit-cel`", read.limits.cold);
            of.fault("cold-limit-cel", message, "leave a range between the two in which outdoor air is used");
        }
        read
    }
}

impl Air {
    /// Enthalpy (J/kg of dry air).
    #[must_use]
    pub fn enthalpy(self) -> f64 {
        enthalpy(self.celsius, self.humidity)
    }

    /// Heat that warms a kilogram of dry air and its vapour by a kelvin (J/kg/K).
    #[must_use]
    pub const fn cp(self) -> f64 {
        CP_DRY + self.humidity * CP_VAPOUR
    }

    pub(super) const fn sane(self, otherwise: Self) -> Self {
        Self {
            celsius: if self.celsius.is_finite() { self.celsius.clamp(HELD.0, HELD.1) } else { otherwise.celsius },
            humidity: if self.humidity.is_finite() { self.humidity.clamp(0.0, 0.3) } else { otherwise.humidity },
        }
    }
}

#[cfg(test)]
mod tests;
