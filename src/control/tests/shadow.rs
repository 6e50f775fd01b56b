//! Beside somebody else's control: what it does is followed, nobody is accused of what nobody told him, and who goes live goes on from there.

mod report;

use plant::event::{Severity, What};
use plant::hall::Hall;
use plant::id::PointId;
use plant::reading::{Sample, Why};
use plant::time::Mono;

use super::loops::hall as plain;
use super::rig::{Rig, shipped};
use crate::control::{Controller, State};

/// A hall that somebody else runs.
pub(super) struct Beside {
    pub rig: Rig,
    /// What its registers hold.
    registers: Vec<(PointId, f64)>,
    /// Where its actuators stand, where that is not what their registers say.
    stands: Vec<(PointId, f64)>,
}

impl Beside {
    /// Every register at the same percentage; machines on their panels.
    pub fn new(hall: Hall, percent: f64) -> Self {
        let mut rig = Rig::new(hall);
        rig.control.set_beside(true);
        let outputs = rig.hall.points.iter().filter(|(_, def)| def.write.is_some());
        let value = |def: &plant::point::PointDef| match (def.unit, def.short_name()) {
            (_, "run-mode") => 0.0,
            (plant::units::Unit::Percent, _) => percent,
            _ => def.write.map_or(0.0, |write| write.failsafe),
        };
        let registers = outputs.map(|(id, def)| (id, value(def))).collect();
        Self { rig, registers, stands: Vec::new() }
    }

    pub fn hold(&mut self, name: &str, value: f64) {
        let point = self.rig.point(name);
        self.registers.iter_mut().filter(|(id, _)| *id == point).for_each(|row| row.1 = value);
    }

    pub fn unreadable(&mut self, name: &str) {
        let point = self.rig.point(name);
        self.registers.retain(|(id, _)| *id != point);
        self.rig.inputs.samples[point] = Sample::bad(Why::Config, Mono(0));
    }

    pub fn stand(&mut self, name: &str, value: f64) {
        let point = self.rig.point(name);
        self.stands.retain(|(id, _)| *id != point);
        self.stands.push((point, value));
    }

    pub fn step(&mut self) {
        let rig = &mut self.rig;
        rig.sample();
        let now = Mono(rig.tick.mono.0 + rig.tick.dt.nanos());
        for (point, value) in &self.registers {
            rig.inputs.samples[*point] = Sample::good(*value, now);
            let feedback = format!("{}-feedback", rig.hall.points[*point].name);
            if let Some(feedback) = rig.hall.point(&feedback) {
                rig.inputs.samples[feedback] = Sample::good(*value, now);
            }
        }
        for (point, value) in &self.stands {
            rig.inputs.samples[*point] = Sample::good(*value, now);
        }
        rig.pass();
        rig.control.step(&rig.inputs, rig.tick);
    }

    pub fn steps(&mut self, count: usize) {
        for _ in 0..count {
            self.step();
        }
    }

    /// What there was to tell above an information.
    fn warnings(&mut self, count: usize) -> Vec<What> {
        let mut all = Vec::new();
        for _ in 0..count {
            self.step();
            let told = self.rig.control.outputs.events.iter().filter(|event| event.severity != Severity::Info);
            all.extend(told.map(|event| event.what));
        }
        all
    }

    fn output(&self, name: &str) -> f64 {
        self.rig.control.loops().iter().find(|of| of.name == name).expect("a loop").output
    }
}

#[test]
fn loops_follow_what_devices_hold_for_hours_and_nothing_winds_up() {
    let mut hall = Beside::new(plain(), 45.0);
    hall.rig.inlets(0, 26.0); // above the setpoint all the time: a loop that led would go to its end
    hall.steps(3 * 3600);
    for of in hall.rig.control.loops() {
        assert_eq!(of.mode, "tracking", "{}", of.name);
    }
    assert!((hall.output("row-a/fans") - 45.0).abs() < 1e-9);
    hall.hold("crah-1/fan-speed", 60.0);
    hall.step();
    assert!(
        (hall.output("row-a/fans") - 60.0).abs() < 1e-9,
        "at once, with the fastest: {}",
        hall.output("row-a/fans")
    );
}

#[test]
fn going_live_goes_on_from_what_devices_hold() {
    let mut hall = Beside::new(plain(), 45.0);
    hall.rig.inlets(0, 24.4);
    hall.hold("crah-2/valve", 71.0);
    hall.unreadable("crah-3/fan-speed");
    hall.stand("crah-3/fan-speed-feedback", 52.0);
    hall.unreadable("ch-1/setpoint");
    hall.steps(600);
    hall.rig.control.set_beside(false);
    let safe = hall.rig.hall.points[hall.rig.point("ch-1/setpoint")].write.expect("an output").failsafe;
    assert!((hall.rig.value("ch-1/setpoint") - safe).abs() < 1e-9, "nobody knows where it is");
    assert!((hall.rig.value("crah-2/valve") - 71.0).abs() < 1e-9);
    assert!((hall.rig.value("crah-3/fan-speed") - 52.0).abs() < 1e-9, "where it stands, as nothing reads it back");
    let before: Vec<f64> = hall.rig.control.outputs.commands.iter().map(|c| c.value).collect();
    hall.rig.step();
    let names: Vec<_> = hall.rig.control.outputs.commands.iter().map(|c| c.point).collect();
    for ((point, before), now) in names.iter().zip(&before).zip(&hall.rig.control.outputs.commands) {
        let def = &hall.rig.hall.points[*point];
        // One scan's ramp is no bump.
        let write = def.write.expect("an output");
        let most = write.rise_per_s.max(write.fall_per_s).min(5.0);
        if def.unit == plant::units::Unit::Percent && def.short_name() != "demand-limit" {
            assert!((now.value - before).abs() <= most + 1e-9, "{} jumps from {before} to {}", def.name, now.value);
        }
    }
    hall.rig.steps(5);
    for of in hall.rig.control.loops().iter().filter(|of| of.name.starts_with("row-")) {
        assert_eq!(of.mode, "auto", "{of:?}");
    }
}

#[test]
fn nobody_is_accused_of_what_nobody_told_him() {
    for name in ["air", "air-dx", "hybrid", "liquid", "immersion", "immersion-two-phase", "rear-door"] {
        let mut hall = Beside::new(shipped(name), 30.0);
        hall.steps(120);
        // Registers say on and off, machines come and go, valves stand where they like.
        let machines = hall.rig.hall.points.iter().filter(|(_, def)| def.short_name() == "running");
        let machines: Vec<String> = machines.map(|(_, def)| def.name.clone()).collect();
        let mut told = Vec::new();
        for round in 0..4_u32 {
            for (n, machine) in machines.iter().enumerate() {
                hall.rig.read(machine, f64::from((u32::try_from(n).expect("few") + round) % 2));
                let mode = machine.replace("/running", "/run-mode");
                if hall.rig.hall.point(&mode).is_some() {
                    hall.hold(&mode, f64::from((round + 1) % 3));
                }
            }
            told.extend(hall.warnings(900));
        }
        let accused: Vec<_> = told
            .iter()
            .filter(|what| matches!(what, What::Trouble(_) | What::NoResponse(_) | What::WriteUnproven { .. }))
            .collect();
        assert!(accused.is_empty(), "{name}: {accused:?}");
        let alarms = hall.rig.control.status().alarms;
        let ours = [
            "machine-failed",
            "writes-doubted",
            "no-response",
            "plant-on-panels",
            "stage-change-abandoned",
            "plant-short",
        ];
        assert!(!alarms.iter().any(|alarm| ours.contains(&alarm.name.as_str())), "{name}: {alarms:?}");
    }
}

#[test]
fn the_halls_own_alarms_stay() {
    let mut hall = Beside::new(plain(), 45.0);
    hall.steps(60);
    hall.rig.inlets(0, 29.0);
    hall.steps(120);
    let alarms = |hall: &Beside| hall.rig.control.status().alarms.iter().map(|a| a.name.clone()).collect::<Vec<_>>();
    assert!(alarms(&hall).contains(&"inlet-high".to_owned()), "{:?}", alarms(&hall));
    for inlet in hall.rig.inlet_names(1) {
        hall.rig.fail(&inlet, Why::Range);
    }
    hall.steps(60);
    assert!(alarms(&hall).contains(&"inlets-lost".to_owned()), "{:?}", alarms(&hall));
}

#[test]
fn a_register_that_nothing_follows_is_not_believed() {
    let mut hall = Beside::new(plain(), 100.0);
    hall.steps(30);
    for fan in ["crah-1", "crah-2", "crah-3"] {
        hall.stand(&format!("{fan}/fan-speed-feedback"), 40.0);
    }
    hall.steps(200);
    assert!((hall.output("row-a/fans") - 100.0).abs() < 1e-9, "an actuator may need its time");
    hall.steps(60);
    assert!((hall.output("row-a/fans") - 40.0).abs() < 1e-9, "{}", hall.output("row-a/fans"));
}

#[test]
fn the_mode_is_part_of_what_is_remembered_and_decides_the_same_again() {
    let mut hall = Beside::new(shipped("air"), 45.0);
    hall.steps(300);
    let bytes = postcard::to_stdvec(hall.rig.control.state()).expect("serialises");
    let state: State = postcard::from_bytes(&bytes).expect("reads");
    let mut again = Controller::restore(std::sync::Arc::clone(&hall.rig.hall), state);
    assert!(again.is_beside());
    for _ in 0..60 {
        hall.step();
        again.step(&hall.rig.inputs, hall.rig.tick);
        assert_eq!(again.outputs(), hall.rig.control.outputs());
    }
    assert_eq!(again.state(), hall.rig.control.state());
}
