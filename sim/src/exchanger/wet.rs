//! A chilled-water coil below the dew point of its air: sensible heat, latent heat and the water that drips from it.
//!
//! **Equation** the coil's surface has one temperature `t_s`. To it the air gives `G_a·(t − t_s)` and, where `t_s` is
//! below the dew point, `ṁ = G_a/cp·(W − W_s(t_s))` of water with its latent heat (Lewis number 1: the coil's bypass
//! factor is one for both); from it the water takes `G_w·(t_s − t_w)`. `G_a = C_a·(1 − e^(−hA/C_a))`, and `1/G_w =
//! 1/(ε·Cmin) − 1/G_a`. Condensing air is a stream of `r` times its capacity over a surface of `r` times its
//! conductance, `r = total heat over sensible heat`; with that `r` the ε-NTU heat and `G_w` are taken once more.
//! **Source** ASHRAE *HVAC Systems and Equipment*, air-cooling and dehumidifying coils; Braun, Klein & Mitchell 1989
//! for the effective capacity. **Parameters** those of [`CoilSurface`]. **Box** entering air 10 to 45 °C, water above
//! freezing. There total heat is −2 to +10 % of a coil cut into slices, sensible heat −1 to +9 % of that total: a coil
//! that is half wet is taken as wet or dry all over, its least exact case. **Outside it** a surface below freezing
//! condenses and grows no frost. Air that enters nearly saturated may leave slightly foggy. The vapour's own sensible
//! heat (1 to 6 % of the total) is left out, as in the dry coil. **Time constant** none: this is the coil at rest;
//! [`condensed`] serves a coil whose metal lags. **Cost** by processor time on a small cloud core: dry 300 ns, wet 650
//! ns.

use super::{CoilSurface, counter_flow, past_surface};
use crate::air::CP_AIR;
use crate::psychrometrics::saturation::{Sloped, sloped_humidity_ratio};
use crate::psychrometrics::{MoistAir, latent_heat};
use crate::water::CP_WATER;

/// Newton's steps for the surface, each of two times.
const STEPS: u32 = 2;
/// The most that condensation may multiply the air's capacity flow by (1); hot fog would ask for more.
const MOST_WET: f64 = 20.0;
/// A dry surface.
const NOTHING: Sloped = Sloped { value: 0.0, slope: 0.0 };

/// Air as it enters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entering {
    /// Its state.
    pub air: MoistAir,
    /// How much (kg/s of dry air, ≥ 0).
    pub kg_s: f64,
}

/// What a coil does at rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cooled {
    /// Heat from the air's temperature (W; negative where the water is the warmer one).
    pub sensible: f64,
    /// Heat from its vapour (W, ≥ 0).
    pub latent: f64,
    /// Water that drips from the coil (kg/s, ≥ 0).
    pub condensate: f64,
    /// The surface (°C).
    pub surface: f64,
    /// Air leaving.
    pub air: MoistAir,
    /// Water leaving (°C); as it entered where it does not flow.
    pub water: f64,
}

impl Cooled {
    /// Heat into the water (W).
    #[must_use]
    pub const fn heat(&self) -> f64 {
        self.sensible + self.latent
    }

    /// Sensible over total heat (1); 1 for a dry coil.
    #[must_use]
    pub fn sensible_ratio(&self) -> f64 {
        if self.latent > 0.0 { self.sensible / self.heat() } else { 1.0 }
    }
}

/// The conductances of one coil at one pair of flows (W/K).
#[derive(Clone, Copy, Debug, PartialEq)]
struct Between {
    air: f64,
    water: f64,
}

/// Water that condenses (kg/s, ≥ 0; its slope in kg/s for each kelvin of the surface, ≤ 0) from `air` on a surface (°C)
/// to which it has a conductance of `to_air` (W/K, as [`past_surface`] tells it).
#[must_use]
pub fn condensed(to_air: f64, air: &MoistAir, surface: f64) -> Sloped {
    let saturated = sloped_humidity_ratio(surface, air.pressure);
    let kg_s = to_air / CP_AIR;
    if saturated.value >= air.humidity_ratio {
        return NOTHING;
    }
    Sloped { value: kg_s * (air.humidity_ratio - saturated.value), slope: -kg_s * saturated.slope }
}

impl CoilSurface {
    /// What the coil does with this air and `water_kg_s` (kg/s, ≥ 0) of water that enters at `water` °C. Above the
    /// air's dew point this is the dry coil's `ε·Cmin·(t − t_w)` to the bit.
    #[must_use]
    pub fn cool(&self, entering: &Entering, water_kg_s: f64, water: f64) -> Cooled {
        let (kg_s, water_kg_s) = (entering.kg_s.max(0.0), water_kg_s.max(0.0));
        let (stream, water_stream) = (kg_s * CP_AIR, water_kg_s * CP_WATER);
        let sides = self.sides(kg_s, water_kg_s);
        let apart = entering.air.dry_bulb - water;
        let to_air = past_surface(sides.air, stream);
        let overall = counter_flow(sides.overall(), stream, water_stream);
        let dry = Between { air: to_air, water: in_series(overall, to_air) };
        let mut surface = entering.air.dry_bulb - if to_air > 0.0 { overall * apart / to_air } else { 0.0 };
        let mut sensible = overall * apart;
        let mut drips = if overall > 0.0 { condensed(to_air, &entering.air, surface) } else { NOTHING };
        if drips.value > 0.0 {
            (surface, drips) = dry.settle(entering, water, (surface, drips));
            let latent = latent_heat(surface) * drips.value;
            let r = (1.0 + latent / (to_air * (entering.air.dry_bulb - surface)).max(1e-9)).min(MOST_WET);
            let conductance = r * sides.air * sides.water / (r * sides.air + sides.water);
            let wet = counter_flow(conductance, r * stream, water_stream);
            let between = Between { air: to_air, water: in_series(wet, r * to_air) };
            (surface, drips) = between.settle(entering, water, (surface, drips));
            sensible = to_air * (entering.air.dry_bulb - surface);
        }
        let condensate = drips.value;
        let latent = latent_heat(surface) * condensate;
        leaving(
            entering,
            Streams { kg_s, water: water_stream },
            Cooled { sensible, latent, condensate, surface, air: entering.air, water },
        )
    }
}

/// The flows of air (kg/s) and water (W/K).
#[derive(Clone, Copy, Debug, PartialEq)]
struct Streams {
    kg_s: f64,
    water: f64,
}

/// Both streams' ends, from the heats.
fn leaving(entering: &Entering, streams: Streams, cooled: Cooled) -> Cooled {
    if cooled.heat() == 0.0 {
        return cooled;
    }
    let dry_bulb = entering.air.dry_bulb - cooled.sensible / (streams.kg_s * CP_AIR);
    let humidity_ratio = entering.air.humidity_ratio - cooled.condensate / streams.kg_s;
    Cooled {
        air: MoistAir { dry_bulb, humidity_ratio: humidity_ratio.max(0.0), ..entering.air },
        water: cooled.water + cooled.heat() / streams.water,
        ..cooled
    }
}

/// What must stand in series with `part` to make `whole` (W/K).
fn in_series(whole: f64, part: f64) -> f64 {
    if whole > 0.0 && part > whole { whole * part / (part - whole) } else { 0.0 }
}

impl Between {
    /// Closer to the surface (°C) where what the air gives is what the water takes, from one and what drips from it.
    /// The balance falls and bends one way, so that Newton comes down on it from the warm side.
    fn settle(self, of: &Entering, water: f64, start: (f64, Sloped)) -> (f64, Sloped) {
        let (mut surface, mut drips) = start;
        for _ in 0..STEPS {
            let latent = latent_heat(surface);
            let balance =
                self.air * (of.air.dry_bulb - surface) + latent * drips.value - self.water * (surface - water);
            surface -= balance / (-self.air + latent * drips.slope - self.water);
            drips = condensed(self.air, &of.air, surface);
        }
        (surface, drips)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psychrometrics::SEA_LEVEL;
    use proptest::prelude::*;

    const COIL: CoilSurface = CoilSurface { ua: 28e3, air_kg_s: 18.0, water_kg_s: 6.0, air_to_water: 0.5 };

    fn entering(celsius: f64, humidity: f64, kg_s: f64) -> Entering {
        Entering { air: MoistAir::from_relative_humidity(celsius, humidity, SEA_LEVEL), kg_s }
    }

    /// The same coil cut into slices, each with its own surface, marched against the water: (sensible, latent) in W.
    fn by_slices(of: &Entering, water_kg_s: f64, water: f64) -> (f64, f64) {
        let n = 60;
        let sides = COIL.sides(of.kg_s, water_kg_s);
        let (air_part, water_part) = (sides.air / f64::from(n), sides.water / f64::from(n));
        let march = |leaving: f64| {
            let (mut air, mut t_water, mut heats) = (of.air, leaving, (0.0, 0.0));
            for _ in 0..n {
                let (mut low, mut high) = (t_water.min(air.dry_bulb), t_water.max(air.dry_bulb));
                let passed = |surface: f64| {
                    let kg_s = air_part / CP_AIR
                        * (air.humidity_ratio - MoistAir::saturated(surface, SEA_LEVEL).humidity_ratio);
                    (air_part * (air.dry_bulb - surface), kg_s.max(0.0))
                };
                for _ in 0..40 {
                    let surface = f64::midpoint(low, high);
                    let (sensible, kg_s) = passed(surface);
                    let warm = sensible + kg_s * latent_heat(surface) > water_part * (surface - t_water);
                    if warm { low = surface } else { high = surface }
                }
                let (sensible, kg_s) = passed(f64::midpoint(low, high));
                let latent = kg_s * latent_heat(f64::midpoint(low, high));
                heats = (heats.0 + sensible, heats.1 + latent);
                air.dry_bulb -= sensible / (of.kg_s * CP_AIR);
                air.humidity_ratio -= kg_s / of.kg_s;
                t_water -= (sensible + latent) / (water_kg_s * CP_WATER);
            }
            (t_water, heats)
        };
        let (mut low, mut high) = (water, of.air.dry_bulb);
        for _ in 0..40 {
            let guess = f64::midpoint(low, high);
            if march(guess).0 > water { high = guess } else { low = guess }
        }
        march(f64::midpoint(low, high)).1
    }

    #[test]
    fn a_wet_coil_agrees_with_one_cut_into_slices() {
        for celsius in [24.0, 30.0, 36.0] {
            for humidity in [0.3, 0.5, 0.7] {
                for (water, water_kg_s, kg_s) in [(6.0, 6.0, 18.0), (8.0, 3.0, 9.0), (12.0, 6.0, 9.0), (8.0, 3.0, 18.0)]
                {
                    let of = entering(celsius, humidity, kg_s);
                    let (sensible, latent) = by_slices(&of, water_kg_s, water);
                    let seen = COIL.cool(&of, water_kg_s, water);
                    let total = seen.heat() / (sensible + latent) - 1.0;
                    let split = (seen.sensible - sensible) / (sensible + latent);
                    assert!((-0.025..0.105).contains(&total), "{celsius} {humidity} {water}: total {total}");
                    assert!((-0.01..0.095).contains(&split), "{celsius} {humidity} {water}: sensible {split}");
                }
            }
        }
    }

    #[test]
    fn above_the_dew_point_it_is_the_dry_coil_to_the_bit() {
        for (kg_s, water_kg_s, water) in [(18.0, 6.0, 14.0), (9.0, 2.0, 16.0), (0.5, 6.0, 14.0), (12.0, 0.1, 20.0)] {
            let of = entering(30.0, 0.3, kg_s);
            assert!(of.air.dew_point() < water);
            let seen = COIL.cool(&of, water_kg_s, water);
            let overall = COIL.sides(kg_s, water_kg_s).overall();
            let dry = counter_flow(overall, kg_s * CP_AIR, water_kg_s * CP_WATER) * (30.0 - water);
            assert_eq!((seen.heat(), seen.latent, seen.condensate), (dry, 0.0, 0.0), "{seen:?}");
        }
    }

    #[test]
    fn the_coil_gets_wet_without_a_jump() {
        let mut before = COIL.cool(&entering(28.0, 0.2, 18.0), 6.0, 8.0);
        let mut wet = 0;
        for n in 1..4000 {
            let now = COIL.cool(&entering(28.0, 0.2 + f64::from(n) * 2e-4, 18.0), 6.0, 8.0);
            assert!(
                (now.heat() - before.heat()).abs() < 200.0 && (now.sensible - before.sensible).abs() < 200.0,
                "{n}"
            );
            assert!(
                now.condensate >= before.condensate && now.sensible_ratio() <= before.sensible_ratio() + 1e-12,
                "{n}"
            );
            wet += u32::from(now.condensate > 0.0);
            before = now;
        }
        assert!((1000..3900).contains(&wet), "{wet}");
    }

    #[test]
    fn no_flow_is_no_heat_and_no_water_drips() {
        for (kg_s, water_kg_s) in [(0.0, 6.0), (18.0, 0.0), (-1.0, 6.0), (18.0, -1.0), (0.0, 0.0)] {
            let of = entering(28.0, 0.7, kg_s);
            let seen = COIL.cool(&of, water_kg_s, 8.0);
            assert_eq!((seen.heat(), seen.condensate, seen.water, seen.air), (0.0, 0.0, 8.0, of.air));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn heat_and_water_balance(
            celsius in 15.0..40.0f64, humidity in 0.1..0.9f64, kg_s in 0.5..25.0f64,
            water_kg_s in 0.1..8.0f64, water in 4.0..14.0f64,
        ) {
            let of = entering(celsius, humidity, kg_s);
            let seen = COIL.cool(&of, water_kg_s, water);
            let taken = water_kg_s * CP_WATER * (seen.water - water);
            prop_assert!((taken - seen.heat()).abs() < 1e-6 * seen.heat().max(1.0), "{seen:?}");
            let dried = kg_s * (of.air.humidity_ratio - seen.air.humidity_ratio);
            prop_assert!((dried - seen.condensate).abs() < 1e-12, "{seen:?}");
            // The air's enthalpy less what drips, and less the vapour's own sensible heat, which the coil leaves out.
            let lost = kg_s * (of.air.enthalpy() - seen.air.enthalpy()) - seen.condensate * CP_WATER * seen.surface;
            let vapour = kg_s * seen.air.humidity_ratio * 1860.0 * (celsius - seen.air.dry_bulb)
                + seen.condensate * 1860.0 * (celsius - seen.surface);
            prop_assert!(((lost - vapour) / seen.heat() - 1.0).abs() < 1e-4 && vapour < 0.08 * lost, "{lost} {seen:?}");
            prop_assert!(seen.surface >= water - 1e-9 && seen.surface <= celsius + 1e-9);
            prop_assert!(seen.air.dry_bulb >= seen.surface - 1e-9 && seen.water <= celsius + 1e-9, "{seen:?}");
        }

        #[test]
        fn colder_water_is_more_heat_and_more_condensate(
            celsius in 18.0..40.0f64, humidity in 0.1..0.9f64, water in 5.0..14.0f64, water_kg_s in 0.5..8.0f64,
        ) {
            let of = entering(celsius, humidity, 14.0);
            let (cold, warm) = (COIL.cool(&of, water_kg_s, water - 1.0), COIL.cool(&of, water_kg_s, water));
            prop_assert!(cold.heat() > warm.heat() && cold.condensate >= warm.condensate, "{cold:?} {warm:?}");
        }

        #[test]
        fn absurd_entries_give_numbers(
            celsius in -1e4..1e4f64, ratio in 0.0..3.0f64, kg_s in -1e6..1e6f64, water_kg_s in -1e6..1e6f64, water in -1e4..1e4f64,
        ) {
            let air = MoistAir { dry_bulb: celsius, humidity_ratio: ratio, pressure: SEA_LEVEL };
            let seen = COIL.cool(&Entering { air, kg_s }, water_kg_s, water);
            let told = [seen.sensible, seen.latent, seen.condensate, seen.surface, seen.air.dry_bulb, seen.water];
            prop_assert!(told.iter().all(|x| x.is_finite()) && seen.condensate >= 0.0, "{seen:?}");
        }
    }
}
