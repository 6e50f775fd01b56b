//! What one step of a setpoint would save now, by the maps of the hall's machines: only what follows from where they stand, so that
//! a person can reckon it after.
//!
//! | lever, one step of Δ more | saves | costs |
//! |---|---|---|
//! | inlets (K) | fans: from u to u + Δ/gain, by the fan law | machines: leakage and their own fans, by the racks' map |
//! | condenser water (K) | tower fans: u falls as the approach grows, u ∝ approach^(−1/0.8) | compressors, by `per-kelvin` |
//!
//! Of the other levers the maps do not tell enough: they are tried and measured. **Source** of the tower: Merkel's number of transfer units goes
//! with air to the power of about 0.6 to 0.9 at a given flow of water (ASHRAE Handbook, HVAC Systems and Equipment, chapter 40).

use plant::hall::maps::{Drive, Maps};
use plant::hall::supervisor::{LEVERS, Lever, Reach};
use plant::hall::{ChillerPlant, Hall, Row, Strategies};
use plant::id::PointId;
use plant::units::Quantity;

use crate::control::cooling::Aim;
use crate::control::equipment::Equipment;
use crate::control::plants::Plant;
use crate::control::plants::tower::Duty;
use crate::control::quality::Image;

/// How a tower's approach falls with its air (1).
const YIELD: f64 = 0.8;
/// The closest that a tower's water is taken to come to the wet bulb (K).
const CLOSEST: f64 = 0.5;
/// Fans that are faster than this hold nothing any more (%).
const ALL: f64 = 99.0;

/// What a step more, a step less and going home would save (W), by the order of [`Lever::ALL`]; nothing where that is not known.
pub type Steps = [[Option<f64>; 3]; LEVERS];

/// What one scan knows of the hall.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// The hall.
    pub hall: &'a Hall,
    /// The process image.
    pub image: Image<'a>,
    /// What runs.
    pub equipment: &'a Equipment,
    /// How it is run.
    pub now: &'a Strategies,
    /// IT power (W).
    pub it: f64,
}

/// True for a lever of which the maps tell enough.
#[must_use]
pub const fn is_mapped(lever: Lever, maps: &Maps) -> bool {
    match lever {
        Lever::Inlets => has_gain(maps),
        Lever::CondenserWater => maps.tower.is_some() && maps.chillers.is_some(),
        Lever::SupplyAir | Lever::ChilledWater | Lever::Coolant | Lever::FacilityWater => false,
    }
}

const fn has_gain(maps: &Maps) -> bool {
    match maps.fans {
        Some(fans) => fans.gain.is_some(),
        None => false,
    }
}

/// What steps would save.
#[must_use]
pub fn steps(around: &Around<'_>, (levers, offsets): (&[Option<Reach>; LEVERS], &[f64; LEVERS])) -> Steps {
    let mut steps = Steps::default();
    for (((slot, lever), reach), at) in steps.iter_mut().zip(Lever::ALL).zip(levers).zip(offsets) {
        let Some(reach) = reach.filter(|_| is_mapped(lever, &around.now.maps)) else { continue };
        for (saves, step) in slot.iter_mut().zip([reach.step, -reach.step, -at]) {
            *saves = match lever {
                Lever::Inlets => around.inlets(step),
                Lever::CondenserWater => around.condenser_water(step),
                Lever::SupplyAir | Lever::ChilledWater | Lever::Coolant | Lever::FacilityWater => None,
            };
        }
    }
    steps
}

/// The fans of a row: how many, how fast (%), and the slowest that they may be.
struct Fans {
    count: f64,
    speed: f64,
    least: f64,
}

impl Fans {
    /// What all draw less at another speed than at this one (W).
    fn less(&self, map: &Drive, from: f64, to: f64) -> f64 {
        self.count * (map.power(from) - map.power(to.clamp(self.least, 100.0)))
    }
}

/// A plant that control runs, its tower, and the approach.
struct Heat<'a> {
    of: &'a ChillerPlant,
    plant: &'a Plant,
    /// Tower fans: open cells, speed (%), and how far the water is above the wet bulb (K).
    tower: (f64, f64, f64),
}

impl<'a> Around<'a> {
    fn fresh<Q: Quantity>(&self, point: plant::point::Point<Q>) -> Option<f64> {
        self.image.read(point).fresh().map(Quantity::get)
    }

    fn fans(&self, row: &Row) -> Option<Fans> {
        let speeds = || row.fans.iter().filter_map(|fan| self.fresh(fan.feedback)).filter(|speed| *speed > 1.0);
        let count = plant::convert::f64_from_usize(speeds().count());
        let range =
            |point: PointId| self.hall.points.get(point).and_then(|def| def.write).map_or(0.0, |range| range.min);
        let least = row.fans.first().map_or(0.0, |fan| range(fan.speed.id()));
        let speed = speeds().sum::<f64>() / count;
        (count > 0.0 && speed < ALL).then_some(Fans { count, speed, least })
    }

    fn inlets(&self, step: f64) -> Option<f64> {
        let (map, racks) = (self.now.maps.fans?, self.now.maps.racks?);
        let gain = map.gain?;
        let mut saves = 0.0;
        for row in self.hall.rows.rows().iter().filter(|row| !row.fans.is_empty()) {
            let fans = self.fans(row)?;
            saves += fans.less(&map, fans.speed, fans.speed + step / gain);
        }
        let setpoint = self.now.fans.setpoint;
        Some(saves - self.it * (racks.ratio(setpoint + step, setpoint) - 1.0))
    }

    fn condenser_water(&self, step: f64) -> Option<f64> {
        let heat = self.heat()?;
        if heat.plant.tower().map(|tower| tower.duty()) != Some(Duty::Condense) {
            return None;
        }
        let warmer = if heat.tower.1 < ALL { step } else { within_reach(step, self.short(heat.plant)?)? };
        let compressors = self.compressors(heat.of)? * self.now.maps.chillers?.per_kelvin * warmer;
        Some(tower_less(heat.tower, &self.now.maps.tower?, warmer) - compressors)
    }

    /// How much warmer the water is than a tower's fans hold (K).
    fn short(&self, plant: &Plant) -> Option<f64> {
        match plant.tower()?.aim()? {
            Aim::Hold { point: Some(point), setpoint, .. } => Some(self.image.number(point).fresh()? - setpoint),
            Aim::Hold { point: None, .. } | Aim::Stand { .. } => None,
        }
    }

    /// What all chillers of a plant draw (W); nothing while one is not known.
    fn compressors(&self, of: &ChillerPlant) -> Option<f64> {
        of.chillers.iter().map(|chiller| self.fresh(chiller.of.power)).sum()
    }

    /// The first plant whose tower control runs.
    fn heat(&self) -> Option<Heat<'a>> {
        let (of, plant) = self.equipment.plants.iter(self.hall).find(|(of, _)| of.rejecting.is_some())?;
        let (rejecting, tower) = (of.rejecting?, plant.tower()?);
        let wet_bulb = self.fresh(self.hall.machinery.weather?.wet_bulb)?;
        let approach = (self.fresh(rejecting.of.leaving)? - wet_bulb).max(CLOSEST);
        let speed = self.fresh(rejecting.of.speed)?;
        Some(Heat { of, plant, tower: (tower.cells(), speed, approach) })
    }
}

/// How much warmer a step makes the water that fans at their most do not hold, by which it is so much too warm already (K): the rest of the step,
/// and nothing where none is left of it.
fn within_reach(step: f64, short: f64) -> Option<f64> {
    Some(step - short.max(0.0)).filter(|rest| *rest > 0.0)
}

/// What a tower's fans draw less for water that may be so much warmer (W): open cells, speed (%), approach (K).
fn tower_less((cells, speed, approach): (f64, f64, f64), map: &Drive, kelvins: f64) -> f64 {
    let other = speed * libm::pow(approach / (approach + kelvins).max(CLOSEST), 1.0 / YIELD);
    cells * (map.power(speed) - map.power(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plant::units::Watts;

    const FAN: Drive = Drive { rated: Watts(10e3), exponent: 3.0, gain: Some(-0.05) };

    #[test]
    fn fans_that_may_be_slower_save_by_the_fan_law_and_not_below_their_least() {
        let fans = Fans { count: 3.0, speed: 50.0, least: 20.0 };
        let saved = fans.less(&FAN, 50.0, 40.0);
        assert!((saved - 3.0 * 10e3 * (0.125 - 0.064)).abs() < 1e-9, "{saved}");
        assert_eq!(fans.less(&FAN, 20.0, 5.0), 0.0);
        assert!(fans.less(&FAN, 50.0, 60.0) < 0.0);
    }

    #[test]
    fn a_tower_s_fans_slow_down_as_its_approach_may_grow() {
        // Twice the approach: 2^(-1/0.8) of the speed, the cube of that of the power.
        let saved = tower_less((2.0, 80.0, 4.0), &FAN, 4.0);
        let full = 2.0 * 10e3 * 0.512;
        assert!((saved - full * (1.0 - libm::pow(2.0, -3.75))).abs() < 1e-6, "{saved}");
        assert!(tower_less((2.0, 80.0, 4.0), &FAN, -1.0) < 0.0, "colder water costs");
        assert!(tower_less((2.0, 80.0, 4.0), &FAN, -9.0) >= -2.0 * 10e3, "never more than all of it");
    }

    #[test]
    fn fans_at_their_most_save_by_what_is_left_of_a_step_once_they_hold_the_water_again() {
        assert_eq!(within_reach(1.0, 0.25), Some(0.75));
        assert_eq!(within_reach(1.0, -0.1), Some(1.0), "they hold it just so");
        assert_eq!(within_reach(1.0, 1.5), None, "they would still turn as fast");
        assert_eq!(within_reach(-1.0, 0.0), None, "colder water is out of their reach");
    }

    #[test]
    fn a_lever_is_mapped_where_the_file_gives_what_it_takes() {
        assert!(Lever::ALL.iter().all(|lever| !is_mapped(*lever, &Maps::NONE)));
        let fans = Maps { fans: Some(FAN), ..Maps::NONE };
        assert!(is_mapped(Lever::Inlets, &fans) && !is_mapped(Lever::CondenserWater, &fans));
        let blunt = Maps { fans: Some(Drive { gain: None, ..FAN }), ..Maps::NONE };
        assert!(!is_mapped(Lever::Inlets, &blunt));
    }
}
