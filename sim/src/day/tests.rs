use plant::command::{Command, Level, Reason};
use plant::event::{About, Severity};
use plant::time::{Mono, Tick, Wall};

use super::*;

fn hall(name: &str) -> (Hall, World) {
    let text = |all: &[(&str, &'static str)]| all.iter().find(|(n, _)| *n == name).expect("shipped").1;
    let hall = Hall::load(name, text(plant::shipped::HALLS)).expect("loads");
    let mut world = World::load(&hall, name, text(crate::shipped::HALLS)).expect("loads").on_panels();
    let dt = Span::from_secs(5);
    for seq in 0..60 {
        let mono = Mono(dt.times(seq + 1).nanos());
        let wall = Wall(1_784_116_800_000 + i64::try_from(mono.0 / 1_000_000).expect("small"));
        world.step(&Outputs::default(), Tick { seq, dt, mono, wall, clock_trusted: true, boot: 1 });
    }
    (hall, world)
}

fn told(hall: &Hall, name: &str, value: f64) -> Outputs {
    let point = hall.point(name).expect("a point");
    let command = Command { point, value, level: Level::Control, reason: Reason::Running };
    Outputs { commands: vec![command], ..Outputs::default() }
}

fn raised(hall: &Hall, name: &str) -> Event {
    let alarm = hall.alarms.iter().find(|(_, alarm)| alarm.name == name).expect("an alarm").0;
    Event { at: Mono(0), severity: Severity::Warning, about: About::Alarm(alarm), what: What::AlarmRaised }
}

/// A day of so many minutes over a world that stands still, with what `minute` says was commanded and told.
fn day((hall, world): &(Hall, World), minutes: u32, minute: impl Fn(u32) -> (Outputs, Vec<Event>)) -> Day {
    let mut book = Book::new(hall, world);
    for n in 0..minutes {
        let (outputs, told) = minute(n);
        book.write((f64::from(n + 1) * 60.0, Span::from_secs(60)), world, &outputs, &told);
    }
    book.day()
}

#[test]
fn an_output_that_swings_misses_the_bar_and_one_that_swings_by_less_than_its_travel_does_not() {
    let air = hall("air");
    let swings = |by: f64| {
        day(&air, 240, |n| (told(&air.0, "ct-1/fan-speed", if n / 5 % 2 == 0 { 50.0 } else { 50.0 + by }), Vec::new()))
    };
    let wild = swings(10.0);
    let turning = wild.turning.clone().expect("an output");
    assert_eq!((turning.of.as_str(), turning.busiest), ("ct-1/fan-speed", 12), "{turning:?}");
    assert!((11.0..=12.0).contains(&turning.per_hour), "{turning:?}");
    let missed = wild.missed(|_| String::new());
    assert!(missed.iter().any(|what| what.starts_with("ct-1/fan-speed turned back 11.")), "{missed:?}");
    assert!(swings(1.0).missed(|_| String::new()).is_empty());
}

#[test]
fn the_same_told_seven_times_within_an_hour_is_chatter_and_over_a_day_it_is_not() {
    let air = hall("air");
    let every = |minutes: u32| {
        day(&air, 600, |n| {
            let event = (n % minutes == 0).then(|| raised(&air.0, "inlet-high"));
            (Outputs::default(), event.into_iter().collect())
        })
    };
    let often = every(8);
    assert!(often.told.is_some_and(|told| told.times >= 7), "{:?}", often.told);
    assert!(often.missed(|_| "is raised".to_owned()).iter().any(|what| what.ends_with("an hour: is raised")));
    assert!(every(60).missed(|_| String::new()).is_empty());
}

#[test]
fn air_that_is_out_of_its_range_and_beyond_its_limit_is_named_with_its_rack() {
    let (mut plan, world) = hall("air");
    let at = |plan: &Hall| plan.rows.iter().flat_map(|(_, row)| &row.racks).map(|rack| rack.inlet.id()).next();
    let inlet = world.truth(at(&plan).expect("a rack")).expect("known");
    let calm = day(&(plan.clone(), world.clone()), 60, |_| (Outputs::default(), Vec::new()));
    assert_eq!(calm.recommended.as_ref().map(|(_, percent)| *percent), Some(100.0), "{calm:?}");
    plan.limits.inlet_recommended.0 = inlet - 3.0;
    plan.limits.inlet_max.0 = inlet - 2.0;
    let hot = day(&(plan, world), 60, |_| (Outputs::default(), Vec::new()));
    assert_eq!(hot.recommended.as_ref().map(|(_, percent)| *percent), Some(0.0));
    let near = hot.inlets.clone().expect("inlets");
    assert!(near.margin < -1.0 && near.of.starts_with("rack-") && near.of.ends_with("inlet-air-temp"), "{near:?}");
    let missed = hot.missed(|_| String::new());
    assert_eq!(missed.len(), 2, "{missed:?}");
}

#[test]
fn every_hall_has_margins_of_what_cools_it() {
    for (name, _) in plant::shipped::HALLS {
        let of = hall(name);
        let calm = day(&of, 1, |_| (Outputs::default(), Vec::new()));
        let tanks = name.starts_with("immersion");
        let liquid = tanks || ["liquid", "hybrid", "rear-door"].contains(name);
        assert_eq!(calm.inlets.is_some(), !tanks, "{name}");
        assert_eq!(calm.coolant.is_some(), liquid, "{name}");
        assert_eq!(calm.cases.is_some(), ["liquid", "hybrid"].contains(name), "{name}");
        let pressure = *name == "immersion-two-phase";
        assert!(calm.coolant.is_none_or(|near| (near.unit == "Pa") == pressure), "{name}");
    }
}

#[test]
fn coolant_at_the_room_s_dew_point_is_beyond_its_limit() {
    let (mut plan, world) = hall("liquid");
    plan.strategies.cdu.dew_point.trip = 40.0;
    let moist = day(&(plan, world), 1, |_| (Outputs::default(), Vec::new()));
    let near = moist.coolant.expect("coolant");
    assert!(near.margin < 0.0 && near.of.starts_with("cdu-"), "{near:?}");
}
