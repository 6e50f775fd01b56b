//! A hall on the test stand: its world, what it is told, and the clock.

use plant::command::{Command, Level, Reason};
use plant::hall::Hall;
use plant::id::PointId;
use plant::image::{Inputs, Outputs};
use plant::point::Role;
use plant::time::{Mono, Span, Tick, Wall};
use sim::World;

pub struct Stand {
    pub hall: Hall,
    pub world: World,
    pub outputs: Outputs,
    pub inputs: Inputs,
    pub tick: Tick,
}

/// A physics file without noise, bias, lag and steps.
pub fn quiet(physics: &str) -> String {
    let imperfect = ["lag-s", "noise", "relative-noise", "bias", "step ="];
    let mut sensors = false;
    let keep = |line: &&str| {
        if line.starts_with('[') {
            sensors = line.starts_with("[sensors");
        }
        !(sensors && imperfect.iter().any(|k| line.starts_with(k)))
    };
    physics.lines().filter(keep).collect::<Vec<_>>().join("\n")
}

pub fn shipped(name: &str) -> (Hall, &'static str) {
    let (_, text) = plant::shipped::HALLS.iter().find(|(n, _)| *n == name).expect("shipped");
    let hall = Hall::load(name, text).unwrap_or_else(|faults| panic!("{faults}"));
    let (_, physics) = sim::shipped::HALLS.iter().find(|(n, _)| *n == name).expect("shipped");
    (hall, physics)
}

impl Stand {
    pub fn air() -> Self {
        let (hall, physics) = shipped("air");
        Self::new(hall, physics)
    }

    pub fn new(hall: Hall, physics: &str) -> Self {
        let world = World::load(&hall, "physics.toml", physics).unwrap_or_else(|faults| panic!("{faults}"));
        let mut outputs = Outputs::default();
        for (point, def) in hall.points.iter() {
            if let Some(range) = def.write {
                // Drives and valves stand at 60 %, and panels decide for themselves.
                let points = &hall.equips[def.equip].points;
                let panel = points.iter().any(|p| hall.points[*p].short_name() == "run-mode");
                let value = if def.role == Role::Cmd && !panel { 60.0 } else { range.failsafe };
                outputs.commands.push(Command { point, value, level: Level::Control, reason: Reason::Relinquished });
            }
        }
        let tick =
            Tick { dt: Span::from_secs(1), wall: Wall(1_750_000_000_000), clock_trusted: true, ..Tick::default() };
        let inputs = Inputs::unread(hall.points.len());
        Self { hall, world, outputs, inputs, tick }
    }

    pub fn point(&self, name: &str) -> PointId {
        self.hall.point(name).unwrap_or_else(|| panic!("no point {name}"))
    }

    /// Sets every command whose name ends so.
    pub fn tell(&mut self, ending: &str, value: f64) {
        for command in &mut self.outputs.commands {
            if self.hall.points[command.point].name.ends_with(ending) {
                command.value = value;
            }
        }
    }

    pub fn step(&mut self) {
        self.world.step_into(&self.outputs, self.tick, &mut self.inputs);
        let dt = self.tick.dt;
        self.tick.seq += 1;
        self.tick.mono = Mono(self.tick.mono.0 + dt.nanos());
        self.tick.wall = Wall(self.tick.wall.0 + i64::try_from(dt.millis()).expect("a short step"));
    }

    pub fn run(&mut self, steps: usize) {
        for _ in 0..steps {
            self.step();
        }
    }

    pub fn truth(&self, name: &str) -> f64 {
        self.world.truth(self.point(name)).unwrap_or_else(|| panic!("{name} is not modelled"))
    }

    pub fn reading(&self, name: &str) -> f64 {
        self.inputs.samples[self.point(name)].value.unwrap_or_else(|why| panic!("{name}: {why}"))
    }

    pub fn line(&self) -> String {
        let chain = self.world.chain();
        let water = self.world.chilled_water().map(|w| (w.shared.dp, w.shared.flow, w.supply, w.back));
        format!(
            "it {:.0} kW util {:.0} PUE {:.3} inlet {:.2} cold {:.2} hot {:.2} supply {:.2} fan {:.0} valve {:.0} water {:.0?} res {:.1e}",
            chain.it / 1e3,
            chain.utility / 1e3,
            chain.utility / chain.it,
            self.world.hottest_inlet().unwrap_or(0.0),
            self.world.rows()[0].cold,
            self.world.rows()[0].hot,
            self.world.rows()[0].coolers[0].supply,
            self.world.rows()[0].coolers[0].drive.position,
            self.world.rows()[0].coolers[0].coil.as_ref().map_or(0.0, |c| c.valve.position),
            water,
            self.world.ledger_residual(),
        )
    }
}
