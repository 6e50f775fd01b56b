//! A hall, a controller and a clock.

use std::sync::Arc;

use plant::command::Command;
use plant::event::What;
use plant::hall::{Hall, Kind};
use plant::id::PointId;
use plant::image::Inputs;
use plant::point::{PointDef, Role};
use plant::reading::{Sample, Why};
use plant::time::{Mono, Span, Tick, Wall};

use crate::control::Controller;
use crate::control::request::{Ask, Reply, Request};

/// A controller with the inputs it will see next.
pub struct Rig {
    pub hall: Arc<Hall>,
    pub control: Controller,
    pub inputs: Inputs,
    pub tick: Tick,
    /// Points that are sampled anew in every scan: with these values.
    values: Vec<(PointId, f64)>,
    wiggle: bool,
}

/// A shipped hall.
pub fn shipped(name: &str) -> Hall {
    let (_, text) = plant::shipped::HALLS.iter().find(|(n, _)| *n == name).expect("a shipped hall");
    Hall::load(name, text).expect("loads")
}

impl Rig {
    /// A controller of a hall whose sensors all read something ordinary.
    pub fn new(hall: Hall) -> Self {
        let hall = Arc::new(hall);
        let control = Controller::new(Arc::clone(&hall));
        let inputs = Inputs::unread(hall.points.len());
        let tick =
            Tick { dt: Span::from_secs(1), wall: Wall(1_800_000_000_000), clock_trusted: true, ..Tick::default() };
        let ordinary = |name: &str| match name.trim_end_matches("-2").trim_end_matches("-3") {
            "inlet-air-temp" => 24.0,
            "outlet-air-temp" => 36.0,
            "supply-air-temp" => 20.0,
            "return-air-temp" => 34.0,
            "dp" => 100e3,
            "supply-water-temp" => 14.0,
            "return-water-temp" => 22.0,
            "flow" => 20.0,
            _ => 0.0,
        };
        let led = |kind: Kind| matches!(kind, Kind::Crah | Kind::Fan | Kind::ChilledWater);
        let feedback = |def: &PointDef| def.short_name().ends_with("-feedback") && led(hall.equips[def.equip].kind);
        let sensors = hall.points.iter().filter(|(_, def)| def.role == Role::Sensor && !feedback(def));
        let runs =
            ["ch-1/running", "ch-2/running", "chwp-1/running", "chwp-2/running", "fwp-1/running", "fwp-2/running"];
        let value = |def: &PointDef| if runs.contains(&def.name.as_str()) { 1.0 } else { ordinary(def.short_name()) };
        let values = sensors.map(|(id, def)| (id, value(def))).collect();
        Self { hall, control, inputs, tick, values, wiggle: true }
    }

    pub fn point(&self, name: &str) -> PointId {
        self.hall.point(name).unwrap_or_else(|| panic!("no point {name}"))
    }

    /// The point, and the other sensors of it where it has more than one.
    fn sensors(&self, name: &str) -> Vec<PointId> {
        let point = self.point(name);
        let of = self.hall.redundant.iter().find(|redundant| redundant.of() == Some(point));
        std::iter::once(point).chain(of.into_iter().flat_map(|redundant| redundant.others())).collect()
    }

    /// From now on the point reads this, with every sensor of it.
    pub fn read(&mut self, name: &str, value: f64) {
        self.silence(name);
        let sensors = self.sensors(name);
        self.values.extend(sensors.into_iter().map(|point| (point, value)));
    }

    /// From now on the point is not sampled any more.
    pub fn silence(&mut self, name: &str) {
        let sensors = self.sensors(name);
        self.values.retain(|(id, _)| !sensors.contains(id));
    }

    /// From now on the point has no value, for this reason.
    pub fn fail(&mut self, name: &str, why: Why) {
        self.silence(name);
        for point in self.sensors(name) {
            self.inputs.samples[point] = Sample::bad(why, self.tick.mono);
        }
    }

    /// Feeds one row's inlets.
    pub fn inlets(&mut self, row: usize, value: f64) {
        for name in self.inlet_names(row) {
            self.read(&name, value);
        }
    }

    pub fn inlet_names(&self, row: usize) -> Vec<String> {
        let racks = &self.hall.rows.rows()[row].racks;
        racks.iter().map(|rack| self.hall.points[rack.inlet.id()].name.clone()).collect()
    }

    pub fn fan_names(&self, row: usize) -> Vec<String> {
        let fans = &self.hall.rows.rows()[row].fans;
        fans.iter().map(|fan| self.hall.points[fan.speed.id()].name.clone()).collect()
    }

    /// The samples of the next scan, at its time.
    pub fn sample(&mut self) {
        let now = Mono(self.tick.mono.0 + self.tick.dt.nanos());
        self.wiggle = !self.wiggle;
        self.feed_back(now);
        for (point, value) in &self.values {
            let celsius = self.hall.points[*point].unit == plant::units::Unit::Cel;
            let noise = if celsius && self.wiggle { 1e-9 } else { 0.0 };
            self.inputs.samples[*point] = Sample::good(value + noise, now);
        }
    }

    /// Actuators that are where they were told to be in the scan before.
    fn feed_back(&mut self, now: Mono) {
        let hall = Arc::clone(&self.hall);
        let fans = hall.rows.rows().iter().flat_map(|row| &row.fans).map(|fan| (fan.speed, fan.feedback));
        let valves = hall.coils.iter().map(|coil| (coil.valve, coil.valve_feedback));
        let pump = hall.chilled_water.iter().map(|water| (water.pump, water.pump_feedback));
        for (output, feedback) in fans.chain(valves).chain(pump) {
            let told = self.control.outputs.commands.iter().find(|c| c.point == output.id()).expect("an output");
            self.inputs.samples[feedback.id()] = Sample::good(told.value, now);
        }
    }

    pub fn pass(&mut self) {
        self.tick.mono = Mono(self.tick.mono.0 + self.tick.dt.nanos());
        self.tick.wall.0 += i64::try_from(self.tick.dt.millis()).expect("short");
        self.tick.seq += 1;
    }

    /// One scan.
    pub fn step(&mut self) {
        self.sample();
        self.pass();
        self.control.step(&self.inputs, self.tick);
        self.inputs.reports.clear();
        self.inputs.reload = None;
    }

    pub fn steps(&mut self, count: usize) {
        for _ in 0..count {
            self.step();
        }
    }

    /// Steps and collects what happened.
    pub fn events(&mut self, count: usize) -> Vec<What> {
        let mut all = Vec::new();
        for _ in 0..count {
            self.step();
            all.extend(self.control.outputs.events.iter().map(|event| event.what));
        }
        all
    }

    pub fn command(&self, name: &str) -> Command {
        let point = self.point(name);
        *self.control.outputs.commands.iter().find(|c| c.point == point).expect("an output")
    }

    pub fn value(&self, name: &str) -> f64 {
        self.command(name).value
    }

    pub fn ask(&mut self, ask: Ask) -> Reply {
        self.control.answer(&Request { who: "uid:1000".to_owned(), ask }, self.tick)
    }

    pub fn hold(&mut self, name: &str, value: f64, hold: Option<Span>) -> Reply {
        let point = self.point(name);
        self.ask(Ask::Override { point, value, hold, reason: "a test".to_owned() })
    }

    /// A new boot: monotonic time starts again, `down` later by the wall clock.
    pub fn reboot(&mut self, down: Span) {
        let state = self.control.state().clone();
        self.control = Controller::restore(Arc::clone(&self.hall), state);
        self.inputs = Inputs::unread(self.hall.points.len());
        self.tick.boot += 1;
        self.tick.seq = 0;
        self.tick.mono = Mono(0);
        self.tick.wall.0 += i64::try_from(down.millis()).expect("short");
    }
}
