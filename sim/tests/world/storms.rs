//! A thousand random schedules of faults over the shipped halls: whatever breaks, in whatever order, the books close, no number
//! is lost, nothing panics, and the same seed is the same run.

use plant::command::{Command, Level, Reason};
use plant::hall::Hall;
use plant::id::PointId;
use plant::image::{Inputs, Outputs};
use plant::time::{Mono, Span, Tick, Wall};
use sim::noise::{channel, uniform};
use sim::scenario::breakable::{self, Breakable};
use sim::trace::{Header, MODEL, Trace};
use sim::{Fault, World};

/// Seeds of each of the seven halls: a thousand and one schedules.
const SEEDS: u64 = 143;
const STEP: Span = Span::from_secs(5);
const STEPS: u64 = 240;

/// Numbers from a seed, one after the other.
struct Dice(u64, u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.1 += 1;
        uniform(self.0, channel("schedule"), self.1)
    }

    fn below(&mut self, end: u64) -> u64 {
        plant::convert::u64_from_f64_rounded((self.roll() * plant::convert::f64_from_u64(end)).floor())
    }
}

/// What breaks when, what is mended when, and what everybody else does.
struct Schedule {
    /// Step, fault, true where it breaks.
    events: Vec<(u64, Fault, bool)>,
    /// Nobody commands: the panels run the hall. Otherwise outputs go anywhere at any time.
    panels: bool,
    warmer: f64,
    start: Wall,
}

fn schedule(seed: u64, all: &[Breakable]) -> Schedule {
    let mut dice = Dice(seed, 0);
    let mut events = Vec::new();
    for _ in 0..3 + dice.below(10) {
        let place = dice.below(plant::convert::u64_from_usize(all.len()));
        let Some(one) = all.get(plant::convert::usize_from_u64(place)) else { continue };
        let begin = dice.below(STEPS);
        events.push((begin, one.fault, true));
        if dice.roll() < 0.7 {
            events.push((begin + 1 + dice.below(STEPS / 2), one.fault, false));
        }
    }
    events.sort_by_key(|(step, _, _)| *step);
    let panels = dice.roll() < 0.5;
    let start = Wall(1_767_225_600_000 + plant::convert::i64_from_f64_rounded(dice.roll() * 3.15e10));
    Schedule { events, panels, warmer: 50.0 * dice.roll() - 25.0, start }
}

/// Commands that nobody sane would give: each output anywhere in its range, and another value every minute.
fn wild(outputs: &[(PointId, f64, f64)], seed: u64, minute: u64, told: &mut Outputs) {
    told.commands.clear();
    for (n, (point, low, high)) in outputs.iter().enumerate() {
        let share = uniform(seed, channel("wild") + plant::convert::u64_from_usize(n), minute);
        let value = low + (high - low) * share;
        told.commands.push(Command { point: *point, value, level: Level::Operator, reason: Reason::Override });
    }
}

fn ride(hall: &Hall, world: &World, schedule: &Schedule, seed: u64) -> String {
    let mut world = world.clone().with_seed(seed);
    if schedule.panels {
        world = world.on_panels();
    }
    world.warm_outdoors(schedule.warmer);
    let writable = hall.points.iter().filter_map(|(id, p)| p.write.map(|w| (id, w.min, w.max)));
    let writable: Vec<_> = writable.collect();
    let header = Header { program: "test".to_owned(), model: MODEL, scenario: hall.name.clone(), seed, dt: STEP };
    let mut trace = Trace::new(&header);
    let (mut inputs, mut outputs) = (Inputs::unread(hall.points.len()), Outputs::default());
    for seq in 0..STEPS {
        for (_, fault, breaks) in schedule.events.iter().filter(|(step, _, _)| *step == seq) {
            if *breaks { world.inject(*fault) } else { world.clear(*fault) }
        }
        if !schedule.panels && seq % 12 == 0 {
            wild(&writable, seed, seq / 12, &mut outputs);
        }
        let mono = Mono(STEP.times(seq + 1).nanos());
        let wall = Wall(schedule.start.0 + plant::convert::i64_from_bits(mono.0 / 1_000_000));
        let tick = Tick { seq, dt: STEP, mono, wall, clock_trusted: true, boot: 1 };
        world.step_into(&outputs, tick, &mut inputs);
        trace.row(Span::from_nanos(mono.0));
        for (id, sample) in inputs.samples.iter() {
            let truth = world.truth(id);
            assert!(truth.is_none_or(f64::is_finite), "{}: {truth:?} at step {seq}", hall.points.get(id).unwrap().name);
            trace.value(truth.unwrap_or(f64::NAN));
            trace.sample(*sample);
        }
        let residual = world.ledger_residual();
        assert!(residual < 1e-9, "the books are open by {residual:e} at step {seq}");
    }
    trace.hash()
}

fn storms(name: &str) {
    let text = |all: &[(&str, &'static str)]| all.iter().find(|(known, _)| *known == name).expect("shipped").1;
    let hall = Hall::load(name, text(plant::shipped::HALLS)).expect("loads");
    let world = World::load(&hall, name, text(sim::shipped::HALLS)).expect("loads");
    let all = breakable::all(&hall);
    for seed in 0..SEEDS {
        let schedule = schedule(seed, &all);
        let told: Vec<String> = schedule
            .events
            .iter()
            .map(|(step, fault, breaks)| {
                format!("{step}: {}{}", if *breaks { "" } else { "mended " }, fault.text(&hall))
            })
            .collect();
        // Shown where the test fails: what was going on.
        println!("{name} seed {seed} {}: {}", if schedule.panels { "panels" } else { "wild" }, told.join(", "));
        let once = ride(&hall, &world, &schedule, seed);
        assert_eq!(once, ride(&hall, &world, &schedule, seed), "{name} seed {seed}: two runs differ");
    }
}

#[test]
fn the_shipped_halls_are_those_below() {
    let names: Vec<&str> = sim::shipped::HALLS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["air", "air-dx", "bench", "hybrid", "immersion", "immersion-two-phase", "liquid", "rear-door"]);
}

#[test]
fn whatever_breaks_in_air_the_books_close() {
    storms("air");
}

#[test]
fn whatever_breaks_in_air_dx_the_books_close() {
    storms("air-dx");
}

#[test]
fn whatever_breaks_in_bench_the_books_close() {
    storms("bench");
}

#[test]
fn whatever_breaks_in_hybrid_the_books_close() {
    storms("hybrid");
}

#[test]
fn whatever_breaks_in_immersion_the_books_close() {
    storms("immersion");
}

#[test]
fn whatever_breaks_in_immersion_two_phase_the_books_close() {
    storms("immersion-two-phase");
}

#[test]
fn whatever_breaks_in_liquid_the_books_close() {
    storms("liquid");
}

#[test]
fn whatever_breaks_in_rear_door_the_books_close() {
    storms("rear-door");
}
