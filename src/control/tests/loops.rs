//! Loops closed over a hall of a few lines: first-order air, water and pressure.

use plant::hall::Hall;
use plant::time::Span;

use super::rig::{Rig, shipped};

/// What the hall is like, one first-order lag a quantity.
pub(super) struct Plant {
    /// Heat in row A, 1 = ordinary.
    pub load: f64,
    pub inlet: f64,
    pub supply: f64,
    pub pressure: f64,
}

impl Plant {
    pub fn ordinary() -> Self {
        Self { load: 1.0, inlet: 24.0, supply: 20.0, pressure: 80e3 }
    }

    /// Inlets rise with heat and fall with air; supply air falls as the valve opens; pressure goes with the pump's square.
    pub fn pass(&mut self, rig: &mut Rig) {
        let dt = rig.tick.dt.seconds();
        let (fan, valve) = (rig.value("crah-1/fan-speed"), rig.value("crah-1/valve"));
        let pump = rig.value("chw/pump-speed");
        let toward = |now: f64, end: f64, tau: f64| now + (end - now) * dt / (tau + dt);
        self.supply = toward(self.supply, 28.0 - 0.16 * valve, 60.0);
        self.inlet = toward(self.inlet, self.supply + 200.0 * self.load / fan, 90.0);
        self.pressure = toward(self.pressure, 20.0 * pump * pump, 10.0);
        rig.inlets(0, self.inlet);
        rig.read("crah-1/supply-air-temp", self.supply);
        rig.read("chw/dp", self.pressure);
        rig.step();
    }

    /// Runs for a time; the worst inlet of it.
    pub fn run(&mut self, rig: &mut Rig, time: Span) -> f64 {
        let scans = time.nanos() / rig.tick.dt.nanos();
        (0..scans).fold(f64::MIN, |worst, _| {
            self.pass(rig);
            worst.max(self.inlet)
        })
    }
}

/// A hall whose setpoints stay where its file has them.
pub(super) fn hall() -> Hall {
    let mut hall = shipped("air");
    hall.strategies.supply_air = None;
    hall
}

pub(super) const HOUR: Span = Span::from_secs(3600);

fn settled(rig: &Rig, plant: &Plant) {
    let aims = rig.hall.strategies;
    assert!((plant.inlet - aims.fans.setpoint).abs() < 0.1, "inlet {}", plant.inlet);
    assert!((plant.supply - aims.valves.setpoint).abs() < 0.1, "supply {}", plant.supply);
    assert!((plant.pressure - aims.pump.setpoint).abs() < 0.01 * aims.pump.setpoint, "pressure {}", plant.pressure);
}

#[test]
fn every_loop_reaches_its_setpoint_and_comes_back_after_a_step_of_load() {
    for ms in [1000, 4000] {
        let (mut rig, mut plant) = (Rig::new(hall()), Plant::ordinary());
        rig.tick.dt = Span::from_millis(ms);
        rig.inlets(1, 24.0);
        plant.run(&mut rig, HOUR);
        settled(&rig, &plant);
        plant.load = 1.4;
        let worst = plant.run(&mut rig, HOUR);
        assert!(worst < rig.hall.limits.inlet_recommended.0, "{worst} after a step of load");
        settled(&rig, &plant);
    }
}

#[test]
fn a_loop_on_every_fifth_scan_moves_on_these_and_settles_as_well() {
    let mut hall = hall();
    hall.strategies.fans.every = 5;
    hall.strategies.fans.deadband = 0.0;
    let (mut rig, mut plant) = (Rig::new(hall), Plant::ordinary());
    plant.run(&mut rig, HOUR);
    settled(&rig, &plant);
    plant.load = 1.1;
    plant.run(&mut rig, Span::from_secs(60));
    let mut moves = 0;
    for _ in 0..50 {
        let before = rig.value("crah-1/fan-speed");
        plant.pass(&mut rig);
        moves += usize::from(rig.value("crah-1/fan-speed") != before);
    }
    assert!((5..=10).contains(&moves), "{moves} moves in 50 scans");
}

#[test]
fn after_an_hour_of_override_the_hall_comes_back_without_overheating() {
    let (mut rig, mut plant) = (Rig::new(hall()), Plant::ordinary());
    plant.run(&mut rig, HOUR);
    for fan in rig.fan_names(0) {
        rig.hold(&fan, 90.0, Some(HOUR));
    }
    plant.run(&mut rig, HOUR);
    assert!(plant.inlet < 23.5, "overcooled: {}", plant.inlet);
    let worst = plant.run(&mut rig, HOUR);
    assert!(worst < rig.hall.strategies.fans.setpoint + 1.0, "{worst} on the way back");
    settled(&rig, &plant);
}
