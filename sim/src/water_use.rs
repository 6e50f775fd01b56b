//! The water a hall uses: what towers evaporate, lose and bleed, what pads and humidifiers put into the air.
//!
//! **Equation** a tower's air leaves saturated with its heat: `h_out = h_in + Q/ṁ`, evaporation `ṁ·(W_s(h_out) −
//! W_in)`; drift is a share of the water that circulates; blow-down `max(0, evaporation/(cycles − 1) − drift)`, because
//! drift carries salt away too; make-up is their sum. A wet pad moves air along its wet bulb: `t_out = t − η·(t −
//! t_wb)`. **Source** EnergyPlus engineering reference, saturated exit; ASHRAE *HVAC Systems and Equipment*, cooling
//! towers, humidifiers. **Parameters** drift 0.005 % (good eliminators) to 0.05 % of the circulation; 3 to 6 cycles of
//! concentration; pad effectiveness 0.6 to 0.9. **Box** entering air −20 to 45 °C. At 40 kg/s of air for a megawatt a
//! tower evaporates 0.5 (cold) to 1.3 (desert) of `Q/h_fg`. **Outside it** heat below zero counts as none: a wet tower
//! whose fan runs without heat still evaporates, down to its wet bulb. With less and less air all of the heat becomes
//! vapour. A cycle count of 1 or less: no blow-down. Below a wet bulb of 0 °C pads are drained. **Time constant** none:
//! algebraic; basins belong to the towers. **Cost** by processor time on a small cloud core: 400 ns for evaporation.

use plant::read::Section;

use crate::physics::read::number;
use crate::psychrometrics::saturation::{humidity_ratio, temperature_of};
use crate::psychrometrics::{MoistAir, VAPOUR_AT_ZERO, VAPOUR_CP, WATER_CP};

/// No tower's air leaves hotter than this (°C).
const HOTTEST: f64 = 90.0;

/// How a tower's water is kept clean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Treatment {
    /// Droplets that the air carries away, as a share of the water that circulates (1, 0 to 0.01).
    pub drift: f64,
    /// Cycles of concentration: salt in the basin over salt in the make-up (1, 1.1 to 20).
    pub cycles: f64,
}

/// Where a tower's water goes (kg/s, each ≥ 0).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Used {
    /// As vapour.
    pub evaporation: f64,
    /// As droplets.
    pub drift: f64,
    /// Down the drain, to carry salt away.
    pub blow_down: f64,
}

impl Used {
    /// What the mains put back (kg/s).
    #[must_use]
    pub const fn make_up(&self) -> f64 {
        self.evaporation + self.drift + self.blow_down
    }
}

impl Treatment {
    /// Where the water of a tower goes that evaporates `evaporation` (kg/s, ≥ 0) and circulates `circulating` (kg/s, ≥
    /// 0).
    #[must_use]
    pub fn used(&self, evaporation: f64, circulating: f64) -> Used {
        let evaporation = evaporation.max(0.0);
        let drift = self.drift * circulating.max(0.0);
        let blow_down = if self.cycles > 1.0 { (evaporation / (self.cycles - 1.0) - drift).max(0.0) } else { 0.0 };
        Used { evaporation, drift, blow_down }
    }

    /// From a section with `drift` and `cycles`.
    #[cfg_attr(not(test), expect(dead_code, reason = "the halls that have towers read it"))]
    pub(crate) fn read(of: &Section<'_>) -> Self {
        Self { drift: number(of, "drift", (0.0, 0.01)), cycles: number(of, "cycles", (1.1, 20.0)) }
    }
}

/// Water (kg/s, ≥ 0) that a wet tower evaporates when it gives `heat` (W) to `kg_s` of air (kg/s of dry air). Where no
/// water runs, give it no heat and no air.
#[must_use]
pub fn evaporation(heat: f64, entering: &MoistAir, kg_s: f64) -> f64 {
    let (heat, kg_s) = (heat.max(0.0), kg_s.max(0.0));
    let risen = if kg_s > 0.0 { heat / kg_s } else { f64::MAX };
    let leaving = temperature_of((entering.enthalpy() + risen).min(1e7), entering.pressure).min(HOTTEST);
    // What does not warm the air that was there becomes vapour: `ṁ·(W_s − W)` in another form, which holds for little
    // air as well.
    let warmed = kg_s * entering.specific_heat() * (leaving - entering.dry_bulb);
    ((heat - warmed) / (VAPOUR_AT_ZERO + VAPOUR_CP * leaving)).max(0.0)
}

/// A wet pad, or nozzles, that cool air by evaporation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pad {
    /// How far it brings the dry bulb toward the wet bulb (1, 0 to 0.95).
    pub effectiveness: f64,
    /// Cycles of concentration of the water over it (1, 1.1 to 20).
    pub cycles: f64,
}

/// Air that has taken up water.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Humidified {
    /// Air leaving.
    pub air: MoistAir,
    /// Water used (kg/s).
    pub water: f64,
    /// Electricity for steam (W); none where the air's own heat does it.
    pub power: f64,
}

impl Pad {
    /// What becomes of `kg_s` (kg/s of dry air, ≥ 0). Below a wet bulb of 0 °C the pad is drained and the air passes as
    /// it is.
    #[must_use]
    pub fn cool(&self, entering: &MoistAir, kg_s: f64) -> Humidified {
        let bulb = entering.wet_bulb();
        if bulb < 0.0 {
            return Humidified { air: *entering, water: 0.0, power: 0.0 };
        }
        let dry_bulb = entering.dry_bulb - self.effectiveness.clamp(0.0, 1.0) * (entering.dry_bulb - bulb).max(0.0);
        let cooled = MoistAir::from_wet_bulb(dry_bulb, bulb, entering.pressure);
        let humidity_ratio = cooled.humidity_ratio.max(entering.humidity_ratio);
        let evaporated = kg_s.max(0.0) * (humidity_ratio - entering.humidity_ratio);
        let bled = if self.cycles > 1.0 { evaporated / (self.cycles - 1.0) } else { 0.0 };
        Humidified { air: MoistAir { humidity_ratio, ..cooled }, water: evaporated + bled, power: 0.0 }
    }

    /// From a section with `effectiveness` and `cycles`.
    #[cfg_attr(not(test), expect(dead_code, reason = "the halls that have pads read it"))]
    pub(crate) fn read(of: &Section<'_>) -> Self {
        Self { effectiveness: number(of, "effectiveness", (0.0, 0.95)), cycles: number(of, "cycles", (1.1, 20.0)) }
    }
}

/// How a humidifier turns water into vapour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Humidifier {
    /// Nozzles or ultrasound: the air's heat does it, and the air cools.
    Adiabatic,
    /// Electric steam: the air hardly warms, and the electricity is paid.
    Steam,
}

impl Humidifier {
    /// Brings `kg_s` (kg/s of dry air, ≥ 0) to a humidity ratio (kg/kg) with water of a temperature (°C, 0 to 100).
    /// Never beyond saturation, which for the adiabatic kind is at the wet bulb; never dries.
    #[must_use]
    pub fn humidify(self, entering: &MoistAir, kg_s: f64, wanted: f64, water: f64) -> Humidified {
        let (kg_s, water) = (kg_s.max(0.0), water.clamp(0.0, 100.0));
        let limit = match self {
            Self::Adiabatic => humidity_ratio(entering.wet_bulb(), entering.pressure),
            Self::Steam => humidity_ratio(entering.dry_bulb, entering.pressure),
        };
        let humidity_ratio = wanted.min(limit).max(entering.humidity_ratio);
        let added = humidity_ratio - entering.humidity_ratio;
        // What a kilogram of it brings into the air: water as it is, or steam of 100 °C.
        let (brought, paid) = match self {
            Self::Adiabatic => (WATER_CP * water, 0.0),
            Self::Steam => {
                let steam = VAPOUR_AT_ZERO + VAPOUR_CP * 100.0;
                (steam, steam - WATER_CP * water)
            }
        };
        let air = MoistAir::from_enthalpy(entering.enthalpy() + added * brought, humidity_ratio, entering.pressure);
        Humidified { air, water: kg_s * added, power: kg_s * added * paid }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psychrometrics::{SEA_LEVEL, latent_heat};
    use plant::read::Source;
    use proptest::prelude::*;

    fn air(celsius: f64, humidity: f64) -> MoistAir {
        MoistAir::from_relative_humidity(celsius, humidity, SEA_LEVEL)
    }

    #[test]
    fn a_megawatt_of_tower_drinks_what_the_rule_of_thumb_says() {
        // The trade's rule: 0.085 % of the circulating water for each °F of range, in mild weather.
        let rule = 0.00085 * 1.8 / WATER_CP * 1e6;
        let evaporated = |celsius, humidity| evaporation(1e6, &air(celsius, humidity), 40.0);
        assert!((evaporated(20.0, 0.7) / rule - 1.0).abs() < 0.1, "{} {rule}", evaporated(20.0, 0.7));
        let share = |celsius, humidity| evaporated(celsius, humidity) / (1e6 / latent_heat(25.0));
        let (cold, summer, desert) = (share(0.0, 0.7), share(30.0, 0.5), share(40.0, 0.1));
        assert!(cold < summer && summer < desert, "{cold} {summer} {desert}");
        assert!((0.5..0.75).contains(&cold) && (0.9..1.1).contains(&summer), "{cold} {summer} {desert}");
    }

    #[test]
    fn salt_in_is_salt_out() {
        let treatment = Treatment { drift: 0.0005, cycles: 4.0 };
        let used = treatment.used(0.4, 40.0);
        // Make-up of salt 1 brings what drift and blow-down of salt 4 take away.
        assert!((used.make_up() - 4.0 * (used.drift + used.blow_down)).abs() < 1e-12, "{used:?}");
        assert!((used.make_up() - 0.4 * 4.0 / 3.0).abs() < 1e-12, "{used:?}");
        // Drift alone keeps the salt low where little evaporates.
        assert_eq!(treatment.used(0.03, 40.0).blow_down, 0.0);
        assert_eq!(Treatment { cycles: 1.0, ..treatment }.used(0.4, 40.0).blow_down, 0.0);
        assert_eq!(treatment.used(-1.0, -1.0), Used::default());
    }

    #[test]
    fn without_heat_the_wet_bulb_without_air_all_vapour() {
        let of = air(20.0, 0.5);
        let idle = evaporation(-1e6, &of, 40.0);
        // Adiabatic saturation: within 2 % of what a wick at its wet bulb does.
        let wick = 40.0 * (humidity_ratio(of.wet_bulb(), SEA_LEVEL) - of.humidity_ratio);
        assert!((idle / wick - 1.0).abs() < 0.02, "{idle} {wick}");
        assert_eq!(evaporation(0.0, &of, 0.0), 0.0);
        let (none, little) = (evaporation(1e6, &of, 0.0), evaporation(1e6, &of, 1e-6));
        assert!((none - 1e6 / (VAPOUR_AT_ZERO + VAPOUR_CP * 90.0)).abs() < 1e-9 && (none - little).abs() < 1e-6);
    }

    #[test]
    fn a_pad_cools_along_the_wet_bulb_and_is_drained_in_frost() {
        let pad = Pad { effectiveness: 0.8, cycles: 3.0 };
        let hot = air(38.0, 0.2);
        let seen = pad.cool(&hot, 10.0);
        assert!((seen.air.dry_bulb - (38.0 - 0.8 * (38.0 - hot.wet_bulb()))).abs() < 1e-9);
        assert!((seen.air.wet_bulb() - hot.wet_bulb()).abs() < 1e-6, "{seen:?}");
        let evaporated = 10.0 * (seen.air.humidity_ratio - hot.humidity_ratio);
        assert!((seen.water - 1.5 * evaporated).abs() < 1e-12 && evaporated > 0.0, "{seen:?}");
        let frost = air(-5.0, 0.4);
        assert_eq!(pad.cool(&frost, 10.0), Humidified { air: frost, water: 0.0, power: 0.0 });
    }

    #[test]
    fn steam_is_paid_for_and_mist_cools() {
        let dry = air(24.0, 0.15);
        let wanted = air(24.0, 0.40).humidity_ratio;
        let steam = Humidifier::Steam.humidify(&dry, 5.0, wanted, 15.0);
        assert!(
            (steam.air.humidity_ratio - wanted).abs() < 1e-15 && (steam.air.dry_bulb - 24.0).abs() < 1.0,
            "{steam:?}"
        );
        // 0.72 to 0.75 kWh for a kilogram of steam.
        assert!((0.70..0.76).contains(&(steam.power / steam.water / 3.6e6)), "{steam:?}");
        let mist = Humidifier::Adiabatic.humidify(&dry, 5.0, wanted, 15.0);
        assert!(mist.power == 0.0 && (12.0..13.5).contains(&mist.air.dry_bulb), "{mist:?}");
        // It can go no further than its wet bulb, and never dries.
        let most = Humidifier::Adiabatic.humidify(&dry, 5.0, 1.0, 15.0);
        assert!(most.air.relative_humidity() < 1.02 && most.air.relative_humidity() > 0.95, "{most:?}");
        assert_eq!(Humidifier::Steam.humidify(&dry, 5.0, 0.0, 15.0).water, 0.0);
    }

    #[test]
    fn broken_sections_tell_all_their_faults_at_once() {
        let source = Source::new("tower.toml", "drift = 0.5\n");
        let table = source.parse();
        let root = source.root(&table);
        let (_, _) = (Treatment::read(&root), Pad::read(&root));
        drop(root);
        let faults = source.finish(Some(())).expect_err("it is broken").0;
        for word in ["drift", "cycles", "effectiveness"] {
            assert!(faults.iter().any(|f| f.message.contains(word)), "{word}: {faults:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn enthalpy_goes_where_it_is_said(
            celsius in -10.0..42.0f64, humidity in 0.05..0.95f64, wanted in 0.0..0.03f64, feed in 5.0..25.0f64,
        ) {
            let of = air(celsius, humidity);
            for kind in [Humidifier::Adiabatic, Humidifier::Steam] {
                let seen = kind.humidify(&of, 2.0, wanted, feed);
                let gained = 2.0 * (seen.air.enthalpy() - of.enthalpy());
                let given = seen.water * WATER_CP * feed + seen.power;
                prop_assert!((gained - given).abs() < 1e-6, "{kind:?} {gained} {given}");
                prop_assert!(seen.air.humidity_ratio >= of.humidity_ratio);
            }
        }

        #[test]
        fn more_heat_is_more_vapour(celsius in -20.0..45.0f64, humidity in 0.05..1.0f64, heat in 1e5..2e6f64, kg_s in 20.0..80.0f64) {
            let of = air(celsius, humidity);
            let (less, more) = (evaporation(heat, &of, kg_s), evaporation(1.05 * heat, &of, kg_s));
            prop_assert!(more > less, "{less} {more}");
            // The air that leaves is saturated and carries its own heat and the tower's.
            let leaving = MoistAir { humidity_ratio: of.humidity_ratio + less / kg_s, ..of };
            let saturated = MoistAir::saturated(leaving.dew_point(), of.pressure).enthalpy();
            prop_assert!((saturated - of.enthalpy() - heat / kg_s).abs() < 20.0, "{saturated}");
            // Drier air of the same enthalpy takes up more.
            let drier = MoistAir::from_enthalpy(of.enthalpy(), 0.9 * of.humidity_ratio, of.pressure);
            prop_assert!(evaporation(heat, &drier, kg_s) >= less);
        }

        #[test]
        fn absurd_figures_give_numbers(heat in -1e12..1e12f64, celsius in -1e4..1e4f64, kg_s in -1e6..1e6f64, w in 0.0..5.0f64) {
            let of = MoistAir { dry_bulb: celsius, humidity_ratio: w, pressure: 80e3 };
            let told = [
                evaporation(heat, &of, kg_s),
                Pad { effectiveness: 0.9, cycles: 2.0 }.cool(&of, kg_s).water,
                Humidifier::Steam.humidify(&of, kg_s, heat, celsius).power,
            ];
            prop_assert!(told.iter().all(|x| x.is_finite() && *x >= 0.0), "{told:?}");
        }
    }
}
