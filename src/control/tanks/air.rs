//! Air in a two-phase tank, told from heat by what the tank presses against what its liquid's vapour does.
//!
//! Liquid and vapour share one temperature, so that vapour presses its saturation pressure, and what the tank presses more is air (Dalton):
//!
//! ```text
//!   p_air = p + p_out − p_s(T)          p above the air's, p_out the air's own, T the liquid's
//!   ln p_s = a − b/T                    through the two figures of a data sheet: 101 325 Pa where it boils, and 25 °C (Clausius, Clapeyron)
//! ```
//!
//! Heat moves both alike and makes no difference between them. It is how refrigeration finds what does not condense: Reindl and Denkmann,
//! Automatic Purgers in Refrigeration Systems, ASHRAE Journal, August 2001. A tenth of a kelvin is some 350 Pa at the boiling point, and a
//! temperature is read later than a pressure: the pressure is made as late as the temperature is, and the mean of five minutes counts, while
//! the tank is near the air's pressure. What a purge cannot draw off is no air but what the two sensors are apart: it is the zero from then on,
//! as far as `found` goes.

use plant::event::{About, Trouble, What};
use plant::hall::sequence::tank::AirTuning;
use plant::id::EquipId;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use crate::control::asks::Latch;
use crate::control::news::News;
use crate::control::sequence::Mean;

/// The air's pressure at which a data sheet says where a liquid boils (Pa).
const ATMOSPHERE: f64 = 101_325.0;
/// 0 °C, and the other temperature of a data sheet (K).
const FREEZING: f64 = 273.15;
const ROOM: f64 = 298.15;
/// What cannot be for so long is a sensor that lies.
const LIES: Span = Span::from_secs(600);

/// What the vapour over a liquid presses (Pa) at a temperature (°C, above -273).
#[must_use]
pub fn saturation(rules: &AirTuning, fluid: f64) -> f64 {
    let boils = 1.0 / (rules.boils.0 + FREEZING);
    let fall = libm::log(ATMOSPHERE / rules.at_25.0) / (1.0 / ROOM - boils);
    ATMOSPHERE * libm::exp(fall * (boils - 1.0 / (fluid + FREEZING)))
}

/// What is read of a tank besides its pressure, where all of it is known now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Read {
    /// The air's own (Pa).
    pub barometer: f64,
    /// The liquid (°C).
    pub fluid: f64,
}

/// How much air there is in a two-phase tank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Air {
    /// Its pressure above the air's, as late as its temperature is read (Pa).
    late: Option<f64>,
    /// What it presses more than its vapour (Pa).
    mean: Mean,
    /// What it presses more without any air, for its sensors are that far apart (Pa).
    zero: f64,
    found: Latch,
    /// It presses less than its vapour can.
    lies: Latch,
}

impl Air {
    /// A new boot: air that was there is.
    #[must_use]
    pub fn restarted(self) -> Self {
        Self { found: self.found, zero: self.zero, ..Self::default() }
    }

    /// What the air presses, as a mean of the last minutes (Pa); nothing while too little is known.
    #[must_use]
    pub fn pascals(&self) -> Option<f64> {
        self.mean.value().map(|mean| mean - self.zero)
    }

    /// A purge has drawn for long, and it presses no less: what is left is what its sensors are apart.
    pub fn is_empty(&mut self, rules: &AirTuning) {
        let most = rules.found.0;
        self.zero = self.mean.value().map_or(self.zero, |mean| mean.clamp(-most, most));
    }

    /// True from when there is air until it is gone.
    #[must_use]
    pub const fn is_found(&self) -> bool {
        self.found.is_on()
    }

    /// What is wrong with the tank's sensors, if anything is.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        self.lies.is_on().then_some(Trouble::NotSaturated)
    }

    /// One scan: the pressure above the air's (Pa), and what is read of a warm tank besides; beyond `near` (Pa) of the air's pressure nothing counts.
    pub fn step(
        &mut self,
        (rules, near): (&AirTuning, f64),
        (pressure, read): (Option<f64>, Option<Read>),
        (tank, dt): (EquipId, Span),
        news: &mut News<'_>,
    ) {
        self.late = pressure.map(|now| {
            let kept = libm::exp(-dt.seconds() / rules.late.seconds());
            self.late.map_or(now, |late| now + (late - now) * kept)
        });
        let late = self.late.filter(|late| libm::fabs(*late) <= near);
        let more = late.zip(read).map(|(late, read)| late + read.barometer - saturation(rules, read.fluid));
        self.mean.take(more.unwrap_or(f64::NAN), dt);
        let (mean, about) = (self.pascals(), About::Equip(tank));
        let (found, gone) = (rules.found.0, rules.gone.0);
        let above = |limit: f64| mean.is_some_and(|mean| mean >= limit);
        let below = |limit: f64| mean.is_some_and(|mean| mean <= limit);
        if self.found.step((above(found), rules.after), below(gone), dt) {
            let on = self.found.is_on();
            news.switched(about, (What::AirFound(on), on));
        }
        let told = self.lies.step((below(-found), LIES), above(-gone), dt) && self.lies.is_on();
        news.machine(about, told.then_some(What::Trouble(Trouble::NotSaturated)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plant::id::Id;
    use plant::time::Tick;
    use plant::units::{Celsius, Pascals};
    use proptest::prelude::*;

    const RULES: AirTuning = AirTuning { boils: Celsius(49.05), at_25: Pascals(40.4e3), ..AirTuning::USUAL };
    const SECOND: Span = Span::from_secs(1);

    /// CoolProp 8, Novec 649: temperature (°C), pressure (Pa).
    const VAPOUR: [(f64, f64); 4] = [(20.0, 32_586.8), (45.0, 87_837.0), (50.0, 104_704.0), (75.0, 230_102.0)];

    type Seen = (Option<f64>, Option<Read>);

    fn run(air: &mut Air, seen: Seen, seconds: u32) -> Vec<What> {
        let mut events = Vec::new();
        for _ in 0..seconds {
            let news = &mut News::new(Tick::default(), &mut events);
            air.step((&RULES, 2000.0), seen, (EquipId::from_index(0), SECOND), news);
        }
        events.into_iter().map(|event| event.what).collect()
    }

    /// A tank with so much air, at a temperature, whose pressure above the air's is near 500 Pa: the weather makes the difference.
    fn holding(air: f64, fluid: f64) -> Seen {
        let pressure = 500.0;
        (Some(pressure), Some(Read { barometer: saturation(&RULES, fluid) + air - pressure, fluid }))
    }

    #[test]
    fn two_figures_of_a_data_sheet_are_the_vapour_near_where_it_boils() {
        for (fluid, pressure) in VAPOUR {
            let off = saturation(&RULES, fluid) - pressure;
            assert!(off.abs() < 0.035 * pressure, "{fluid} °C: {off}");
            assert!((fluid - 47.5).abs() > 3.0 || off.abs() < 300.0, "{fluid} °C: {off}");
        }
        assert!(
            (saturation(&RULES, 25.0) - 40.4e3).abs() < 1e-6 && (saturation(&RULES, 49.05) - 101_325.0).abs() < 1e-6
        );
    }

    #[test]
    fn air_is_found_after_minutes_and_gone_below_its_lower_limit() {
        let mut air = Air::default();
        assert!(run(&mut air, holding(1100.0, 49.0), 1200).is_empty());
        assert!(run(&mut air, holding(3000.0, 48.4), 20).is_empty(), "not for a moment");
        assert_eq!(run(&mut air, holding(3000.0, 48.4), 400), [What::AirFound(true)]);
        assert!((air.pascals().expect("known") - 3000.0).abs() < 1.0);
        assert!(run(&mut air, (None, None), 1200).is_empty() && air.is_found(), "what is not known ends nothing");
        assert!(run(&mut air, holding(700.0, 49.0), 1200).is_empty() && air.is_found());
        assert_eq!(run(&mut air, holding(300.0, 49.1), 400), [What::AirFound(false)]);
    }

    #[test]
    fn what_a_purge_cannot_draw_off_is_what_the_sensors_are_apart_and_no_more_than_air_that_would_be_told() {
        let mut air = Air::default();
        run(&mut air, holding(700.0, 49.0), 400);
        air.is_empty(&RULES);
        assert!(air.pascals().is_some_and(|pascals| pascals.abs() < 1e-9));
        assert!(run(&mut air, holding(1800.0, 48.7), 1200).is_empty());
        assert_eq!(run(&mut air, holding(2000.0, 48.6), 600), [What::AirFound(true)]);
        assert!(air.restarted().is_found() && air.restarted().zero == air.zero, "a new boot knows it");
        run(&mut air, holding(9000.0, 46.0), 400);
        air.is_empty(&RULES);
        assert!(air.pascals().is_some_and(|pascals| pascals > 7000.0), "so much is no sensor's");
    }

    #[test]
    fn a_tank_that_presses_less_than_its_vapour_has_a_sensor_that_lies() {
        let mut air = Air::default();
        assert_eq!(run(&mut air, holding(-3000.0, 49.9), 1000), [What::Trouble(Trouble::NotSaturated)]);
        assert!(air.trouble().is_some() && !air.is_found());
        run(&mut air, holding(0.0, 49.1), 400);
        assert_eq!(air.trouble(), None);
    }

    /// A vent that opens and shuts, a load that comes and goes: temperature and pressure move by kelvins within a minute, and the temperature is
    /// read 20 s later. Nothing of it is air, and nothing of it is a lie.
    #[test]
    fn a_tank_that_swings_has_no_air_for_it() {
        let (mut air, mut read) = (Air::default(), 49.0);
        for second in 0..7200 {
            let fluid = 49.1 + 0.5 * libm::sin(f64::from(second) / 40.0);
            read += (fluid - read) / 20.0;
            let pressure = saturation(&RULES, fluid) - ATMOSPHERE;
            let seen = (Some(pressure), Some(Read { barometer: ATMOSPHERE, fluid: read }));
            assert!(run(&mut air, seen, 1).is_empty(), "at {second} s: {:?}", air.pascals());
        }
        assert!(air.pascals().is_some_and(|pascals| pascals.abs() < 100.0), "{:?}", air.pascals());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        /// Heat and weather are no air: whatever the temperature and the air's pressure do, vapour alone is never told.
        #[test]
        fn neither_heat_nor_weather_is_air(seen in prop::collection::vec((46.0..51.0f64, -400.0..400.0f64), 1..12)) {
            let mut air = Air::default();
            for (fluid, off) in seen {
                prop_assert!(run(&mut air, holding(off, fluid), 300).is_empty());
            }
        }
    }
}
