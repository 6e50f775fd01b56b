//! Why nothing may be moved now, and what moves what may.

use plant::event::RideEnd;
use plant::gpu::Throttle;
use plant::hall::{Hall, Priority};
use plant::image::Inputs;
use plant::point::Point;
use plant::reading::{Reading, Why};
use plant::units::{Celsius, Quantity};

use super::Sight;
use super::units::{Ground, Unit, coil};
use crate::control::alarms::Life;
use crate::control::news::News;
use crate::control::power::Capper;
use crate::control::quality::Image;
use crate::control::scene::Scene;
use crate::control::{Plan as Site, State};

/// The upper end of the recommended dew point, less a kelvin (°C). **Source** ASHRAE TC 9.9, 5th edition 2021, table 2.1.
const MOIST: f64 = 14.0;

impl State {
    /// One scan: setpoints are moved for peaks, where the hall's file lets them.
    pub(in crate::control) fn ride(&mut self, site: &Site, (inputs, capper): (&Inputs, &Capper), news: &mut News<'_>) {
        let Some(plan) = &site.ride else { return };
        let hall = &*site.hall;
        let need = self.need((site, plan), capper);
        let doubt = self.doubt(hall, inputs).or_else(|| need.is_none().then_some(RideEnd::Meter));
        let sight = Sight { doubt, need: need.unwrap_or_default() };
        let Self { quality, held, forecast, cooling, equipment, clock, .. } = self;
        let (image, dt) = (quality.image(), clock.lived().dt);
        let ahead = cooling.strategies().feed_forward;
        let scene = Scene { hall, image, held, forecast, ahead: &ahead, dt };
        let reach = (plan.rules.pre_cool.0, plan.rules.most.0);
        let ground = Ground { scene: &scene, cooling, equipment, reach };
        self.ride.step(plan, &sight, |unit| ground.of(unit), (dt, news));
        for (unit, at) in plan.units.iter().zip(self.ride.offsets()) {
            let at = if plan.rules.acts { *at } else { 0.0 };
            match unit {
                Unit::Row { fans, coils, .. } => {
                    self.cooling.ride(*fans, at);
                    for of in coils.iter() {
                        let by = coil(hall, &self.cooling, (*of, at));
                        self.cooling.ride(*of, by);
                    }
                }
                Unit::Water { place, .. } => self.equipment.plants.ride(*place, at),
                Unit::Facility { place, fans, .. } => {
                    place.iter().for_each(|place| self.equipment.plants.ride(*place, at));
                    fans.iter().for_each(|of| self.cooling.ride(*of, at));
                }
                Unit::Coolant { valves, .. } => valves.iter().for_each(|of| self.cooling.ride(*of, at)),
            }
        }
    }

    /// Why nothing may be moved.
    fn doubt(&self, hall: &Hall, inputs: &Inputs) -> Option<RideEnd> {
        let image = self.quality.image();
        let commissions = self.trials.running().is_some() || self.checkouts.is_busy();
        let heat = |throttle: Throttle| throttle.any(Throttle::HEAT) || throttle.any(Throttle::HARDWARE_HEAT);
        let stands = |life: Life| match life {
            Life::Normal { .. } | Life::Returned { .. } => false,
            Life::Unacknowledged { .. }
            | Life::Acknowledged { .. }
            | Life::Latched { .. }
            | Life::LatchedAcknowledged { .. } => true,
        };
        let alarms = hall.alarms.iter().zip(self.alarms.iter());
        let mut urgent = alarms.filter(|((_, def), _)| def.priority != Priority::Low);
        let (recommended, mut inlets) = (hall.limits.inlet_recommended.get(), inlets(hall, image));
        let causes = [
            (self.safety.tripped().is_some(), RideEnd::Tripped),
            (self.equipment.leaking(hall).is_some(), RideEnd::Leak),
            (inlets.clone().any(|inlet| !is_sure(inlet)), RideEnd::Inlet),
            (self.equipment.asks(hall).next().is_some(), RideEnd::Hot),
            (inlets.any(|inlet| inlet.usable().is_some_and(|inlet| inlet.get() > recommended)), RideEnd::Hot),
            (coolant_is_warm(hall, image), RideEnd::Hot),
            (!cooling_is_known(hall, image), RideEnd::Cooling),
            (!is_dry(hall, image), RideEnd::DewPoint),
            (self.equipment.cdus.iter(hall).any(|(_, cdu)| cdu.is_tripped()), RideEnd::DewPoint),
            (inputs.gpus.iter().any(|gpu| heat(gpu.throttle)), RideEnd::Gpus),
            (self.shadow.is_on(), RideEnd::Beside),
            (self.equipment.is_on_panels(hall), RideEnd::OnPanels),
            (commissions || self.overrides.iter().next().is_some(), RideEnd::Held),
            (urgent.any(|(_, (_, alarm))| stands(alarm.life)), RideEnd::Alarm),
            (self.equipment.failed(hall).next().is_some() || self.cooling.failed().next().is_some(), RideEnd::Alarm),
        ];
        causes.into_iter().find(|(holds, _)| *holds).map(|(_, why)| why)
    }
}

/// Every inlet of a hall.
fn inlets<'h>(hall: &'h Hall, image: Image<'h>) -> impl Iterator<Item = Reading<Celsius>> + Clone + 'h {
    hall.rows.rows().iter().flat_map(|row| &row.racks).map(move |rack| image.read(rack.inlet))
}

/// Known now, or nothing that is looked at.
fn is_sure<Q: Quantity>(reading: Reading<Q>) -> bool {
    matches!(reading, Reading::Fresh(_) | Reading::Lost { why: Why::Config })
}

/// What coils blow, what CDUs pump, and the waters that they live on are known now.
fn cooling_is_known(hall: &Hall, image: Image<'_>) -> bool {
    let sure = |point: Point<Celsius>| is_sure(image.read(point));
    let chilled = hall.chilled_water.iter().all(|water| sure(water.supply) && is_sure(image.read(water.dp)));
    let of = hall.machinery.facility_water.filter(|_| !hall.cdus.is_empty());
    let facility = of.iter().all(|water| sure(water.supply) && is_sure(image.read(water.dp)));
    let mut cdus = hall.cdus.iter().map(|cdu| &cdu.of);
    let coolant = cdus.all(|cdu| sure(cdu.supply) && is_sure(image.read(cdu.dp)) && is_sure(image.read(cdu.flow)));
    hall.coils.iter().all(|coil| sure(coil.supply_air)) && chilled && facility && coolant
}

/// The coolant of some CDU is warmer than its class takes.
fn coolant_is_warm(hall: &Hall, image: Image<'_>) -> bool {
    let Some(class) = hall.limits.envelope.coolant else { return false };
    let supplies = hall.cdus.iter().filter_map(|cdu| image.read(cdu.of.supply).usable());
    supplies.map(Quantity::get).any(|coolant| coolant > class.warmest().get())
}

/// No sensor of the room's air tells a dew point near the end of the recommended range, and each is known now.
fn is_dry(hall: &Hall, image: Image<'_>) -> bool {
    let dry = |reading: Reading<Celsius>| match reading {
        Reading::Fresh(dew_point) => dew_point.get() < MOIST,
        Reading::Stale { .. } => false,
        Reading::Lost { why } => why == Why::Config,
    };
    hall.machinery.room.iter().all(|sensor| dry(image.read(sensor.dew_point)))
}
