//! How one loop is tuned now.

use plant::hall::LoopTuning;
use plant::hall::sequence::{HeadTuning, TowerTuning};

use super::{Circuit, Cooling, Loop, Service};

impl Cooling {
    /// The tuning in force of one kind of loop.
    #[must_use]
    pub const fn tuning(&self, service: Service) -> &LoopTuning {
        let strategies = self.strategies();
        match service {
            Service::Fans => &strategies.fans,
            Service::Valve => &strategies.valves,
            Service::Pump => &strategies.pump,
            Service::TowerFans(water) => match &strategies.plant(water).tower {
                Some(tower) => &tower.fans.speed,
                None => &TowerTuning::PUBLISHED.fans.speed,
            },
            Service::Head(water) => match &strategies.plant(water).head {
                Some(head) => &head.valve,
                None => &HeadTuning::PUBLISHED.valve,
            },
            Service::Damper => &strategies.dx.dampers,
            Service::Compressor => &strategies.dx.compressors,
            Service::DryFans => &strategies.dry.fans.speed,
            Service::CduValve => &strategies.cdu.valve,
            Service::CduPumps => &strategies.cdu.pump,
            Service::DoorValve => &strategies.doors.valve.speed,
            Service::TankValve => &strategies.tank.valve,
            Service::CondenserValve => &strategies.two_phase.valve,
        }
    }

    /// The tuning in force of one loop: its kind's, at its place of the schedule, with gains of its own where it has some.
    #[must_use]
    pub fn tuning_of(&self, circuit: &Circuit) -> LoopTuning {
        let place = self.of(circuit.id).and_then(Loop::place);
        self.retunes.over(circuit.id, *self.tuning(circuit.service), place)
    }
}
