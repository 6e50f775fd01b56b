//! What the coils of a chilled water ask of their plant, and what the plant makes of it.

use plant::hall::machinery::Circuit;
use plant::hall::{ChillerPlant, Hall, PlantTuning, Row};
use plant::units::Quantity;
use serde::{Deserialize, Serialize};

use super::Wiring;
use super::reset::{Coil, Reset};
use crate::control::cooling::Cooling;
use crate::control::scene::Scene;

/// Requests of a row whose worst inlet is above the recommended range.
const HOT_ROW: f64 = 3.0;

/// The demand on a plant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Demand {
    reset: Reset,
    coils: Vec<Coil>,
    requests: f64,
    /// How far the water is from where they demand it (K).
    ride: f64,
}

impl Demand {
    /// All is demanded. Facility water has no coils that ask.
    #[must_use]
    pub fn new(hall: &Hall, of: &ChillerPlant) -> Self {
        let coils = match of.circuit {
            Circuit::ChilledWater => hall.coils.len(),
            Circuit::FacilityWater => 0,
        };
        Self { reset: Reset::FULL, coils: vec![Coil::default(); coils], requests: 0.0, ride: 0.0 }
    }

    /// All is demanded again.
    pub fn restart(&mut self) {
        self.reset = Reset::FULL;
        self.coils.fill(Coil::default());
        (self.requests, self.ride) = (0.0, 0.0);
    }

    /// The demand (%, 0 to 100) and the requests behind it.
    #[must_use]
    pub const fn now(&self) -> (f64, f64) {
        (self.reset.demand(), self.requests)
    }

    /// From now on the water is so far from where it is demanded (K).
    pub const fn ride(&mut self, kelvins: f64) {
        self.ride = kelvins;
    }

    /// True while the water is not where it is demanded.
    #[must_use]
    pub fn rides(&self) -> bool {
        self.ride != 0.0
    }

    /// The water to the hall (°C).
    #[must_use]
    pub fn water(&self, rules: &PlantTuning) -> f64 {
        self.usual(rules) + self.ride
    }

    /// Where it is demanded (°C).
    #[must_use]
    pub fn usual(&self, rules: &PlantTuning) -> f64 {
        let coldest = rules.setpoint.get();
        rules.reset.map_or(coldest, |of| self.reset.water(coldest, of.warmest.get()))
    }

    /// The differential pressure at the remote end (Pa), of a pump that holds `most` otherwise.
    #[must_use]
    pub fn pressure(&self, rules: &PlantTuning, most: f64) -> f64 {
        rules.reset.map_or(most, |of| self.reset.pressure(most, of.least_dp.get().min(most)))
    }

    /// One scan: what coils and rows ask; held while a stage changes. Without anybody who could ask nothing is trimmed.
    pub fn step(
        &mut self,
        (scene, cooling): (&Scene<'_>, &Cooling),
        (wiring, rules): (&Wiring, &PlantTuning),
        held: bool,
    ) {
        let dt = scene.dt;
        self.requests = self.ask(scene, cooling, wiring);
        let most = scene.hall.limits.inlet_max.get();
        let mut inlets = scene.hall.rows.rows().iter().flat_map(|row| &row.racks).filter_map(|r| scene.fresh(r.inlet));
        if inlets.any(|inlet| inlet >= most) {
            self.reset = Reset::FULL; // thermal protection has the row: nothing is saved now
        }
        match rules.reset {
            Some(of) if !self.coils.is_empty() => self.reset.step(&of, (self.requests, held), dt),
            Some(_) | None => self.reset = Reset::FULL,
        }
    }

    fn ask(&mut self, scene: &Scene<'_>, cooling: &Cooling, wiring: &Wiring) -> f64 {
        let usual = cooling.strategies().valves.setpoint;
        let mut requests = 0.0;
        for ((coil, of), valve) in self.coils.iter_mut().zip(&scene.hall.coils).zip(&wiring.coils) {
            // What its loop holds, which a reset moves.
            let setpoint = cooling.of(of.valve_loop).map_or(usual, |row| row.setpoint);
            let above = scene.fresh(of.supply_air).map(|air| air - setpoint);
            requests += coil.step((above, scene.told(*valve)), scene.dt);
        }
        let recommended = scene.hall.limits.inlet_recommended.get();
        let hot = scene.hall.rows.rows().iter().filter(|row| hottest(scene, row) > recommended).count();
        requests + HOT_ROW * plant::convert::f64_from_usize(hot)
    }
}

/// The worst inlet of a row (°C), aged where it is stale; as cold as can be where none is known.
fn hottest(scene: &Scene<'_>, row: &Row) -> f64 {
    let inlets = row.racks.iter().filter_map(|rack| scene.image.read(rack.inlet).usable());
    inlets.map(Quantity::get).fold(f64::NEG_INFINITY, f64::max)
}
