//! A rear-door heat exchanger: a coil in a rack's exhaust air, with or without fans of its own.
//!
//! **Equation** cross-flow, both streams unmixed: `ε = 1 − exp{[exp(−NTU·Z·η) − 1]/(Z·η)}`, `η = NTU^(−0.22)`; the coil's metal
//! stands between `g_air` and `g_water` with `1/g_air + 1/g_water = 1/(ε·Cmin)`, so that at rest the heat is the ε-NTU heat. Air by
//! `(k_m + k_d)·ṁ² = k_m·ṁ_w² + s²·p_f`: the machines' fans, which without a door would move `ṁ_w`, and the door's own at speed s
//! against the machines and the door. Fan power with the cube of speed, into the leaving air.
//! **Source** Incropera & DeWitt, ch. 11, whose closed form is within 3.5 % of the exact series; fan laws. **Parameters** 10 to 75 kW a door, air drop 15 to 50 Pa, machines 100 to
//! 200 Pa, fans 200 to 600 W. **Box** a dry coil: no surface below the air's dew point.
//! **Outside it** nothing condenses in the model, and it is said: entering water below the dew point is `outside`.
//! **Time constant** the coil's metal and water, 10 to 30 s.

use plant::read::Section;

use super::Coolant;
use crate::air::CP_AIR;
use crate::exchanger::arrangement::Arrangement::CrossFlow;
use crate::exchanger::{CoilSurface, past_surface};
use crate::exponential;
use crate::hydraulics::Resistance;
use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, maybe, need, number};

/// Below this capacity flow (W/K) nothing leaves that has a temperature.
const NO_FLOW: f64 = 1e-6;

/// Metal and water for each watt of duty (J/K/W).
const METAL: f64 = 1.0;
/// Most transfer units that sizing gives.
const MOST_UNITS: f64 = 40.0;

/// A door.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RearDoor {
    /// Its coil.
    pub surface: CoilSurface,
    /// Air's pressure drop through the door at the coil's nominal air flow (Pa, ≥ 0).
    pub air_drop: f64,
    /// What the machines' own fans overcome at that flow without a door (Pa, > 0).
    pub machines: f64,
    /// Its own fans, if it is an active door.
    pub fans: Option<DoorFans>,
    /// Heat capacity of metal and water (J/K, > 0).
    pub heat_capacity: f64,
    /// Pressure drop of the water side.
    pub water_drop: Resistance,
    /// What flows in the coil.
    pub coolant: Coolant,
}

/// The fans of an active door.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DoorFans {
    /// Pressure at full speed (Pa, > 0).
    pub pressure: f64,
    /// Electrical power at full speed (W, ≥ 0).
    pub power: f64,
}

/// What a door sees over one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exhaust {
    /// Air through it (kg/s, ≥ 0), from [`RearDoor::air`].
    pub air: f64,
    /// Air from the machines (°C).
    pub entering: f64,
    /// The room air's dew point (°C).
    pub dew_point: f64,
    /// Water (kg/s, ≥ 0).
    pub water: f64,
    /// Water entering (°C).
    pub water_inlet: f64,
    /// Speed of its own fans (1, 0 to 1).
    pub speed: f64,
}

/// What one step did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cooled {
    /// Heat from the air into the metal, mean of the step (W).
    pub from_air: f64,
    /// Heat from the metal into the water, mean of the step (W).
    pub to_water: f64,
    /// Electricity of its fans, all of it into the leaving air (W).
    pub fans: f64,
    /// Air leaving, mean of the step (°C).
    pub leaving: f64,
    /// Water leaving, mean of the step (°C).
    pub water_outlet: f64,
    /// True where the entering water is below the dew point: a real coil would drip, and take less sensible heat.
    pub outside: bool,
}

/// What a door takes from the air over one step, as a line in the air's temperature: `fixed + slope·T` (W).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Taken {
    /// At 0 °C (W).
    pub fixed: f64,
    /// For each degree of the entering air (W/K).
    pub slope: f64,
}

/// Conductances of the coil in one step (W/K).
#[derive(Clone, Copy, Debug, PartialEq)]
struct Between {
    air: f64,
    water: f64,
}

/// The coil's metal and water (°C).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DoorCoil(pub f64);

impl RearDoor {
    /// A passive door that takes `duty` (W) from air (kg/s, °C) with water (kg/s, °C), with other figures as usual in the trade.
    /// A duty that no coil reaches gives one of forty transfer units.
    #[must_use]
    pub fn sized(duty: f64, (air, entering): (f64, f64), (water, inlet): (f64, f64)) -> Self {
        let (air_stream, water_stream) = (air * CP_AIR, Coolant::WATER.stream(water));
        let (least, most) = (air_stream.min(water_stream), air_stream.max(water_stream));
        let effectiveness = duty / (entering - inlet).max(0.1) / least;
        let ua = least * CrossFlow.transfer_units(effectiveness, least / most).min(MOST_UNITS);
        Self {
            surface: CoilSurface { ua, air_kg_s: air, water_kg_s: water, air_to_water: 0.5 },
            air_drop: 30.0,
            machines: 150.0,
            fans: None,
            heat_capacity: METAL * duty,
            water_drop: Resistance { flow: water, drop: 4e4, exponent: 1.85, laminar: 0.1 },
            coolant: Coolant::WATER,
        }
    }

    /// Air through rack and door (kg/s) when the machines' fans alone would move `wanted` (kg/s) without a door, and the door's
    /// fans run at `speed` (1, 0 to 1; ignored by a passive door).
    #[must_use]
    pub fn air(&self, wanted: f64, speed: f64) -> f64 {
        let share = wanted.max(0.0) / self.surface.air_kg_s;
        let helped = self.fans.map_or(0.0, |f| speed_of(speed) * speed_of(speed) * f.pressure);
        let resistance = self.machines + self.air_drop;
        self.surface.air_kg_s * ((self.machines * share * share + helped) / resistance).sqrt()
    }

    /// Electricity of its fans (W).
    #[must_use]
    pub fn power(&self, speed: f64) -> f64 {
        let speed = speed_of(speed);
        self.fans.map_or(0.0, |f| f.power * speed * speed * speed)
    }

    /// Reads a door.
    pub(crate) fn read(of: &Section<'_>) -> Option<Self> {
        let surface = need(of, "coil", |of| CoilSurface {
            ua: number(of, "ua-w-per-k", POSITIVE),
            air_kg_s: number(of, "air-kg-per-s", POSITIVE),
            water_kg_s: number(of, "water-kg-per-s", POSITIVE),
            air_to_water: number(of, "air-to-water", POSITIVE),
        });
        let fans = maybe(of, "fans", |of| DoorFans {
            pressure: number(of, "pressure-pa", POSITIVE),
            power: number(of, "power-w", AT_LEAST_ZERO),
        });
        let (water_drop, coolant) = (need(of, "water-side", Resistance::read), need(of, "coolant", Coolant::read));
        let air_drop = number(of, "air-drop-pa", AT_LEAST_ZERO);
        let machines = number(of, "machines-pa", POSITIVE);
        let heat_capacity = number(of, "heat-capacity-j-per-k", POSITIVE);
        if let Some(fans) = fans
            && fans.pressure < air_drop
        {
            let help = "raise `fans.pressure-pa`, or remove the section `[fans]`";
            of.fault("fans", "the door's fans cannot overcome the door", help);
        }
        Some(Self {
            surface: surface?,
            air_drop,
            machines,
            fans,
            heat_capacity,
            water_drop: water_drop?,
            coolant: coolant?,
        })
    }
}

impl DoorCoil {
    /// What the next step will take from the air, before the air is known; `seen.entering` counts for nothing.
    #[must_use]
    pub fn line(&self, of: &RearDoor, seen: Exhaust, dt: f64) -> Taken {
        let g = of.between(seen.air, seen.water);
        let taken = |entering: f64| g.air * (entering - self.metal(of, (g, entering, seen.water_inlet), dt).mean);
        let fixed = taken(0.0);
        Taken { fixed, slope: taken(1.0) - fixed }
    }

    fn metal(self, of: &RearDoor, (g, entering, water): (Between, f64, f64), dt: f64) -> exponential::Single {
        exponential::node(g.air + g.water, g.air * entering + g.water * water, (of.heat_capacity, self.0), dt)
    }

    /// One step of `dt` seconds.
    pub fn step(&mut self, of: &RearDoor, seen: Exhaust, dt: f64) -> Cooled {
        let (air_stream, water_stream) = (seen.air.max(0.0) * CP_AIR, of.coolant.stream(seen.water));
        let g = of.between(seen.air, seen.water);
        let metal = self.metal(of, (g, seen.entering, seen.water_inlet), dt);
        self.0 = metal.end;
        let (from_air, to_water) = (g.air * (seen.entering - metal.mean), g.water * (metal.mean - seen.water_inlet));
        let fans = of.power(seen.speed);
        Cooled {
            from_air,
            to_water,
            fans,
            leaving: if air_stream > NO_FLOW { seen.entering + (fans - from_air) / air_stream } else { metal.mean },
            water_outlet: seen.water_inlet + if water_stream > NO_FLOW { to_water / water_stream } else { 0.0 },
            outside: seen.water > 0.0 && seen.water_inlet < seen.dew_point,
        }
    }
}

impl RearDoor {
    fn between(&self, air: f64, water: f64) -> Between {
        let (air, water) = (air.max(0.0), water.max(0.0));
        let (air_stream, water_stream) = (air * CP_AIR, self.coolant.stream(water));
        let sides = self.surface.sides(air, water);
        let overall = CrossFlow.heat_per_kelvin(sides.overall(), air_stream, water_stream);
        let g_air = past_surface(sides.air, air_stream);
        // Any exchanger with this air side passes less than the air side alone, so the rest is a conductance too.
        let g_water = if overall > 0.0 && g_air > overall { overall * g_air / (g_air - overall) } else { 0.0 };
        Between { air: g_air, water: g_water }
    }
}

/// A fan's speed as told (1; what is no number is no speed).
fn speed_of(told: f64) -> f64 {
    if told.is_finite() { told.clamp(0.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests;
