use super::*;
use plant::command::{Level, Reason};
use plant::time::{Tick, Wall};

/// A hall whose sensors all say `value`, under control for some minutes, and the watch over it.
struct Rig {
    hall: Arc<Hall>,
    controller: Controller,
    inputs: Inputs,
    outputs: Outputs,
    seconds: u64,
    watch: Watch,
}

impl Rig {
    fn new() -> Self {
        Self::of("air")
    }

    fn of(name: &str) -> Self {
        let hall = hall(name);
        let (controller, inputs) = (Controller::new(Arc::clone(&hall)), Inputs::unread(hall.points.len()));
        let watch = Watch::over(&hall, Span::from_secs(1));
        let mut rig = Self { hall, controller, inputs, outputs: Outputs::default(), seconds: 0, watch };
        rig.pass(300, &|_| true);
        assert_eq!(rig.watch.breach, None);
        rig
    }

    /// Scans of a second; those points are heard that `heard` names.
    fn pass(&mut self, scans: u64, heard: &dyn Fn(&str) -> bool) {
        for _ in 0..scans {
            self.scan(heard);
            self.look();
        }
    }

    fn scan(&mut self, heard: &dyn Fn(&str) -> bool) {
        self.seconds += 1;
        let mono = Mono(self.seconds * 1_000_000_000);
        for (point, def) in self.hall.points.iter().filter(|(_, def)| heard(&def.name)) {
            let value = if def.name.ends_with("inlet-air-temp") { 24.0 } else { 20.0 };
            // A tenth of a degree to and fro, so that nothing is stuck.
            let value = value + 0.1 * f64::from(u8::try_from(self.seconds % 2).expect("0 or 1"));
            let value = if def.short_name() == "running" { 0.0 } else { value };
            self.inputs.samples[point] = Sample { value: Ok(value), at: mono };
        }
        let wall = Wall(1_800_000_000_000);
        let tick = Tick { seq: self.seconds, dt: Span::from_secs(1), mono, wall, ..Tick::default() };
        self.outputs = self.controller.step(&self.inputs, tick).clone();
    }

    fn look(&mut self) {
        let (now, time) = (Mono(self.seconds * 1_000_000_000), f64::from(u32::try_from(self.seconds).expect("few")));
        let (controller, inputs, outputs) = (&self.controller, &self.inputs, &self.outputs);
        self.watch.look(&Look { controller, inputs, outputs, now, time, restores: false });
    }

    fn command(&mut self, name: &str) -> &mut Command {
        let point = self.hall.point(name).expect("there");
        self.outputs.commands.iter_mut().find(|command| command.point == point).expect("an output")
    }

    fn what(&self) -> &str {
        self.watch.breach.as_ref().map_or("", |breach| breach.what.as_str())
    }
}

#[test]
fn a_row_that_nobody_sees_any_more_is_at_its_fail_safe_and_less_is_a_breach() {
    let mut rig = Rig::new();
    rig.pass(120, &|name| !name.starts_with("rack-a"));
    assert_eq!(rig.watch.breach, None, "control does what it should");
    rig.command("crah-1/fan-speed").value = 99.0;
    rig.look();
    assert!(rig.what().contains("crah-1/fan-speed is at 99.0"), "{}", rig.what());
}

#[test]
fn a_row_whose_sensors_speak_no_numbers_is_lost_as_well() {
    let mut rig = Rig::new();
    let inlets: Vec<PointId> = rig.hall.rows.rows()[0].racks.iter().map(|rack| rack.inlet.id()).collect();
    let deaf = |rig: &mut Rig, garbage: f64| {
        rig.scan(&|name| !name.starts_with("rack-a"));
        let now = Mono(rig.seconds * 1_000_000_000);
        inlets.iter().for_each(|point| rig.inputs.samples[*point] = Sample { value: Ok(garbage), at: now });
        rig.look();
    };
    (0..60).for_each(|_| deaf(&mut rig, f64::NAN));
    (0..60).for_each(|_| deaf(&mut rig, 7312.0));
    assert_eq!(rig.watch.breach, None, "control does what it should");
    rig.command("crah-1/fan-speed").value = 99.0;
    rig.look();
    assert!(rig.what().contains("crah-1/fan-speed is at 99.0"), "{}", rig.what());
}

#[test]
fn an_old_sample_that_counts_as_fresh_is_a_breach() {
    let mut rig = Rig::new();
    let point = rig.hall.point("rack-a03/inlet-air-temp").expect("there");
    rig.inputs.samples[point].at = Mono(0);
    rig.look();
    assert!(rig.what().contains("rack-a03/inlet-air-temp is fresh at an age of"), "{}", rig.what());
}

#[test]
fn garbage_of_a_chiller_that_runs_on_is_no_change_of_it() {
    let mut rig = Rig::new();
    let running = rig.hall.point("ch-1/running").expect("there");
    let words = [(0.0, RunMode::On), (1.0, RunMode::On)].into_iter().chain([(1.0, RunMode::On); 4000]);
    let garbage = [(7312.0, RunMode::Panel), (-455.0, RunMode::Panel), (88.0, RunMode::Panel)];
    for (word, mode) in words.chain(garbage).chain([(1.0, RunMode::On), (1.0, RunMode::Off)]) {
        rig.scan(&|_| true);
        rig.inputs.samples[running].value = Ok(word);
        let command = rig.command("ch-1/run-mode");
        (command.value, command.level, command.reason) = (mode.number(), Level::Control, Reason::Running);
        rig.look();
    }
    assert_eq!(rig.what(), "", "it ran for an hour");
}

#[test]
fn a_chiller_that_is_stopped_before_its_time_is_a_breach_and_a_person_s_stop_is_none() {
    for (level, breach) in [(Level::Control, true), (Level::Operator, false)] {
        let mut rig = Rig::new();
        let running = rig.hall.point("ch-1/running").expect("there");
        for (word, mode) in [(0.0, RunMode::On), (1.0, RunMode::On), (1.0, RunMode::Off)] {
            rig.scan(&|_| true);
            rig.inputs.samples[running].value = Ok(word);
            let command = rig.command("ch-1/run-mode");
            (command.value, command.level, command.reason) = (mode.number(), level, Reason::Running);
            rig.look();
        }
        assert_eq!(rig.what().contains("ch-1 is told Off"), breach, "{level:?}: {}", rig.what());
    }
}

fn hall(name: &str) -> Arc<Hall> {
    let (name, text) = plant::shipped::HALLS.iter().find(|(known, _)| *known == name).expect("shipped");
    Arc::new(Hall::load(name, text).expect("loads"))
}

/// What is not in both is not watched, and nobody would see that.
#[test]
fn whatever_a_status_tells_of_on_its_way_is_watched_in_every_hall() {
    let mut seen = 0;
    for (name, _) in plant::shipped::HALLS {
        let hall = hall(name);
        let status = Controller::new(Arc::clone(&hall)).status();
        let (watched, told) = (Ways::of(&hall), ways::words(&status));
        for name in watched.names() {
            assert!(told.iter().any(|(of, _)| of == name), "{}: nothing tells of {name}", hall.name);
        }
        let rows = hall.rows.rows().iter().map(|row| format!("{}/dx", row.name)).collect::<Vec<_>>();
        for (of, _) in told.iter().filter(|(of, _)| !rows.contains(of)) {
            assert!(watched.names().any(|name| name == of), "{}: nobody watches {of}", hall.name);
        }
        seen += told.len();
    }
    assert!(seen > 100, "{seen} in all halls");
}

#[test]
fn a_compressor_a_pump_and_a_coolant_valve_have_floors_and_times_too() {
    let outputs = |hall: &Hall| floors::all(hall).iter().map(Guarded::len).sum::<usize>();
    let count = |name| {
        let hall = hall(name);
        (outputs(&hall), times::machines(&hall).len(), times::rests(&hall).len())
    };
    for name in ["air", "air-dx", "liquid", "rear-door", "hybrid", "immersion", "immersion-two-phase"] {
        let (floors, machines, rests) = count(name);
        println!("{name}: {floors} floors, {machines} machines, {rests} that rest");
        assert!(floors > 0 && machines + rests > 0, "{name}");
    }
}

#[test]
fn coolant_that_nobody_sees_any_more_is_no_reason_to_close_its_valve() {
    let mut rig = Rig::of("liquid");
    let (valve, mode) = ("cdu-1/valve", "cdu-1/run-mode");
    rig.pass(120, &|name| name != "cdu-1/supply-temp");
    rig.scan(&|name| name != "cdu-1/supply-temp");
    rig.command(mode).value = RunMode::On.number();
    rig.command(valve).value = 12.0;
    rig.command(valve).level = Level::Control;
    rig.look();
    assert!(rig.what().contains("cdu-1/valve is at 12.0"), "{}", rig.what());
}

#[test]
fn a_tower_s_fans_that_come_to_rest_and_turn_again_at_once_are_a_breach() {
    for (rest, breach) in [(20, true), (400, false)] {
        let mut rig = Rig::of("air");
        let tower = hall("air").plants.iter().find_map(|plant| plant.rejecting).expect("control runs it");
        let name = |point: PointId| rig.hall.points.get(point).expect("there").name.clone();
        let (fan, mode) = (name(tower.fan.id()), name(tower.run_mode.id()));
        // It turns, comes to rest, is not seen for a moment, and turns again.
        for second in 0..rest + 3 {
            rig.scan(&|_| true);
            let turns = if second == 0 { 30.0 } else { f64::from(second % 2) * -0.1 };
            rig.inputs.samples[tower.of.speed.id()].value = Ok(if second == 5 { 7312.0 } else { turns });
            rig.command(&mode).value = RunMode::On.number();
            let command = rig.command(&fan);
            (command.value, command.level) = (if second <= rest { 0.0 } else { 30.0 }, Level::Control);
            rig.look();
        }
        let says = rig.what().contains("is told to turn");
        assert_eq!(says, breach, "after {rest} s: {}", rig.what());
    }
}
