//! What a plant's sensors and outputs say in one scan.

use plant::hall::sequence::{Rejecting, Switched};
use plant::hall::{ChillerPlant, machinery};
use plant::id::Id;

use super::Wiring;
use super::economiser::Waters;
use super::staging::{self, Water};
use super::tower;
use crate::control::scene::Scene;
use crate::control::sequence::machine::{Seen, Sight};
use crate::control::sequence::roster::MachineId;

/// Heat capacity of a litre of water (J/l/K), at 20 °C.
const LITRE: f64 = 4.18e3;
/// A dry cooler that makes the water colder by more than this helps (K).
const HELPS: f64 = 0.5;
/// An economiser that leaves the water no warmer above the setpoint than this carries all of the load (K).
const SPARED: f64 = 0.5;

impl Scene<'_> {
    /// A chiller.
    pub(super) fn chiller(&self, plant: &ChillerPlant, wiring: &Wiring, id: MachineId) -> Seen {
        let (Some(of), Some(output)) = (plant.chillers.get(id.index()), wiring.chillers.get(id.index())) else {
            return Seen::NOTHING;
        };
        Seen { running: self.sight(of.of.running), fault: self.fault(of.of.fault), held: self.held_by(output.mode) }
    }

    /// The economiser. It has no report of a fault.
    pub(super) fn economiser(&self, of: &Switched, wiring: &Wiring) -> Seen {
        let held = wiring.economiser.and_then(|output| self.held_by(output.mode));
        Seen { running: self.sight(of.of.running), fault: Sight::Known(false), held }
    }

    /// True while the supply temperature is known, fresh or aged.
    pub(super) fn is_supplied(&self, plant: &ChillerPlant) -> bool {
        self.image.read(plant.supply).usable().is_some()
    }

    /// What the stages go by: the pressure's setpoint (Pa), the flow over design where it is believed (1), and whether the economiser runs.
    pub(super) fn water(&self, of: &staging::Scene<'_>, (most_dp, flow, helps): (f64, Option<f64>, bool)) -> Water {
        let plant = of.plant;
        let setpoint = of.setpoint;
        let supply = self.fresh(plant.supply);
        let back = self.fresh(plant.return_water);
        // What cools the water before the chillers, the last one's word first; without any the whole load is the chillers'.
        let economised = plant.economiser.filter(|_| helps).and_then(|e| self.fresh(e.of.leaving));
        let dry = plant.dry_cooler.and_then(|d| self.fresh(d.entering).zip(self.fresh(d.leaving)));
        let free = economised.or(dry.map(|(_, leaving)| leaving));
        let entering = free.or(back);
        // A dry cooler that is not seen now is thought to help: what it does not do, the warm supply tells.
        let dry_helps = plant.dry_cooler.is_some() && dry.is_none_or(|(entering, leaving)| entering - leaving > HELPS);
        // No load is counted by a word that is doubted, nor by water that stands: the heat waits where it is made.
        let doubted = plant.economiser.is_some_and(|e| helps && self.is_stale(e.of.leaving))
            || plant.dry_cooler.is_some_and(|d| self.is_stale(d.leaving));
        let moves = flow.is_some_and(|share| share >= staging::LEAST_FLOW) && !doubted;
        let litres = self.fresh(plant.flow).filter(|_| flow.is_some());
        let load = litres.zip(entering).map(|(flow, entering)| (flow * LITRE * (entering - setpoint)).max(0.0));
        let spared = free.is_some_and(|leaving| leaving <= setpoint + SPARED);
        let dp = match plant.circuit {
            machinery::Circuit::ChilledWater => self.fresh(plant.dp).map(|dp| most_dp - dp),
            machinery::Circuit::FacilityWater => None,
        };
        let running = plant.chillers.iter().filter(|c| self.sight(c.of.running) == Sight::Known(true));
        Water {
            load: load.filter(|_| moves),
            coming: self.coming(plant.circuit),
            warm: supply.map(|supply| supply - setpoint),
            starved: dp,
            flow,
            stands: self.stands(plant.circuit),
            economising: helps || dry_helps || spared,
            spared,
            share: running.filter_map(|c| self.fresh(c.of.load)).reduce(f64::max),
        }
    }

    /// Heat that is announced for a water's rows and not drawn yet (W). Of a row that two waters cool nobody knows whose it is: both
    /// make ready for it.
    fn coming(&self, circuit: machinery::Circuit) -> f64 {
        let lead = self.ahead.chillers;
        let served = |row| match circuit {
            machinery::Circuit::ChilledWater => self.hall.coils.iter().any(|coil| coil.row == row),
            machinery::Circuit::FacilityWater => self.hall.machinery.cdus.iter().any(|cdu| cdu.row == row),
        };
        self.hall.rows.iter().filter(|(row, _)| served(*row)).map(|(row, _)| self.forecast.extra(row, lead)).sum()
    }

    /// True where the pumps of a water, or of its condenser water, are seen, and each stands.
    fn stands(&self, circuit: machinery::Circuit) -> bool {
        let machinery = &self.hall.machinery;
        [&machinery.pumps, &machinery.condenser_pumps].into_iter().any(|pumps| {
            let mut here = pumps.iter().filter(|pump| pump.circuit == circuit).peekable();
            here.peek().is_some() && here.all(|pump| self.sight(pump.of.running) == Sight::Known(false))
        })
    }

    /// What the tower goes by.
    pub(super) fn tower(
        &self,
        (of, rejecting): (&staging::Scene<'_>, &Rejecting),
        wired: &tower::Wired,
        plant: tower::Serves,
    ) -> tower::View {
        tower::View {
            plant,
            setpoint: of.setpoint,
            turns: self.turns(rejecting.of.speed),
            waters: tower::Waters {
                supply: self.water_at(rejecting.water.supply),
                back: self.water_at(rejecting.water.return_water),
                chilled: self.water_at(of.plant.supply),
            },
            flow: self.fresh(rejecting.water.flow),
            told: self.told(wired.fan).unwrap_or(0.0),
        }
    }

    /// What the economiser goes by.
    pub(super) fn waters(&self, of: &staging::Scene<'_>, flow: Option<f64>) -> Option<Waters> {
        let switched = of.plant.economiser?;
        Some(Waters {
            wet_bulb: self.hall.machinery.weather.and_then(|station| self.fresh(station.wet_bulb)),
            flow,
            entering: self.fresh(switched.of.entering),
            leaving: self.fresh(switched.of.leaving),
            tower: of.plant.tower.and_then(|tower| self.fresh(tower.speed)),
            valve: self.fresh(switched.of.valve),
        })
    }
}
