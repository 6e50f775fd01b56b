//! The world as a machine: the same bits for the same seed, commands, silence, faults, meters, and a day of work.

use super::stand::{Stand, shipped};
use plant::command::WriteOutcome;
use plant::image::Outputs;
use plant::reading::{Sample, Why};
use plant::time::Span;
use sim::{Fault, SensorFault, World};

/// A hash of every bit the sensors gave over `steps` seconds of a run in which commands move.
fn trace(seed: u64, steps: u64) -> u64 {
    let (hall, physics) = shipped("air");
    let mut stand = Stand::new(hall, physics);
    stand.world = stand.world.with_seed(seed);
    let mut hash = 0;
    for n in 0..steps {
        stand.tell("/fan-speed", 50.0 + plant::convert::f64_from_u64(n / 100 % 30));
        stand.step();
        for sample in stand.inputs.samples.rows() {
            hash = sim::noise::mix(hash ^ bits(sample));
        }
    }
    hash
}

fn bits(sample: &Sample) -> u64 {
    sample.value.map_or(7, f64::to_bits) ^ sample.at.0.rotate_left(17)
}

#[test]
fn the_same_seed_is_the_same_hall_to_the_bit() {
    let first = trace(42, 3600);
    for _ in 1..20 {
        assert_eq!(trace(42, 3600), first);
    }
    assert_ne!(trace(43, 3600), first);
}

#[test]
fn a_snapshot_goes_on_as_if_nothing_had_happened() {
    let mut stand = Stand::air();
    stand.run(500);
    let (mut copy, tick) = (stand.world.clone(), stand.tick);
    assert_eq!(copy, stand.world);
    stand.step();
    assert_ne!(copy, stand.world);
    let inputs = copy.step(&stand.outputs, tick);
    assert_eq!(copy, stand.world);
    assert!(inputs.samples.rows().iter().zip(stand.inputs.samples.rows()).all(|(a, b)| a.same_bits(b)));
}

#[test]
fn a_plain_proportional_controller_holds_the_hall_for_a_day() {
    let mut stand = Stand::air();
    let coils: Vec<String> = (1..=6).map(|n| format!("crah-{n}")).collect();
    let inlets: Vec<String> =
        (1..=20).flat_map(|n| ["a", "b"].map(|r| format!("rack-{r}{n:02}/inlet-air-temp"))).collect();
    let (mut worst, mut pump, begin) = (0.0f64, 80.0, std::time::Instant::now());
    for second in 0..86_400 {
        stand.step();
        if second % 5 != 0 {
            continue;
        }
        let hottest = inlets.iter().map(|name| stand.reading(name)).fold(0.0, f64::max);
        stand.tell("/fan-speed", (55.0 + 8.0 * (hottest - 23.5)).clamp(20.0, 100.0));
        for coil in &coils {
            let valve = 80.0 + 6.0 * (stand.reading(&format!("{coil}/supply-air-temp")) - 20.0);
            stand.tell(&format!("{coil}/valve"), valve.clamp(0.0, 100.0));
        }
        pump += 2e-4 * (80e3 - stand.reading("chw/dp"));
        pump = pump.clamp(20.0, 100.0);
        stand.tell("/pump-speed", pump);
        if second > 1800 {
            worst = worst.max(stand.world.hottest_inlet().expect("racks"));
        }
    }
    let rate = 86_400.0 / begin.elapsed().as_secs_f64();
    println!("{rate:.0} steps a second with {} points; at the end: {}", stand.hall.points.len(), stand.line());
    assert!(worst < 27.0, "the worst inlet of the day was {worst}");
    assert!(stand.world.ledger_residual() < 1e-9);
}

#[test]
fn commands_are_reported_once_and_silence_means_full_speed() {
    let mut stand = Stand::air();
    stand.step();
    assert!(stand.inputs.reports.is_empty(), "60 % is what everything stood at");
    stand.tell("crah-1/fan-speed", 40.0);
    stand.step();
    let point = stand.point("crah-1/fan-speed");
    assert_eq!(stand.inputs.reports.len(), 1);
    assert!(stand.inputs.reports.iter().all(|r| r.point == point && r.outcome == WriteOutcome::Applied));
    stand.step();
    assert!(stand.inputs.reports.is_empty());
    stand.run(40);
    assert!((stand.truth("crah-1/fan-speed-feedback") - 40.0).abs() < 1e-9);
    let commands = std::mem::take(&mut stand.outputs).commands;
    stand.run(59);
    assert!((stand.truth("crah-1/fan-speed-feedback") - 40.0).abs() < 1e-9, "not yet");
    stand.run(25);
    assert!(stand.truth("crah-1/fan-speed-feedback") > 99.9, "alone it runs at full speed");
    assert!((stand.reading("crah-1/fan-speed") - 40.0).abs() < 1e-9, "its register holds what it was told");
    stand.outputs = Outputs { commands, ..Outputs::default() };
    stand.run(40);
    assert!((stand.truth("crah-1/fan-speed-feedback") - 40.0).abs() < 1e-9, "and it obeys again");
}

#[test]
fn what_is_broken_shows_and_what_is_mended_works() {
    let mut stand = Stand::air();
    stand.run(60);
    let hall = stand.hall.clone();
    let parse = |text: &str| Fault::parse(&hall, text).unwrap_or_else(|e| panic!("{e}"));
    stand.world.inject(parse("crah-2 hand 35"));
    stand.world.inject(parse("crah-3 valve-stuck"));
    stand.world.inject(parse("chw pump-tripped"));
    stand.world.inject(parse("rack-a01/inlet-air-temp lost"));
    stand.world.inject(parse("rack-a02/inlet-air-temp nan"));
    stand.world.inject(parse("rack-a03/inlet-air-temp offset -30"));
    stand.tell("/valve", 10.0);
    stand.run(120);
    assert!((stand.truth("crah-2/fan-speed-feedback") - 35.0).abs() < 1e-9);
    assert!((stand.truth("crah-3/valve-feedback") - 60.0).abs() < 1e-9);
    assert!((stand.truth("crah-1/valve-feedback") - 10.0).abs() < 1e-9);
    assert!(stand.truth("chw/flow") < 1e-9 && stand.truth("chw/dp") < 1e-9);
    let value = |name: &str| stand.inputs.samples[stand.point(name)].value;
    assert_eq!(value("rack-a01/inlet-air-temp"), Err(Why::Comm));
    assert_eq!(value("rack-a02/inlet-air-temp"), Err(Why::NotANumber));
    assert!(stand.reading("rack-a03/inlet-air-temp") < stand.truth("rack-a03/inlet-air-temp") - 20.0);
    assert_eq!(stand.world.faults().len(), 6);
    stand.world.clear(parse("rack-a01/inlet-air-temp stuck"));
    assert_eq!(stand.world.faults().len(), 5, "a fault is cleared by the part it concerns");
    stand.world.clear_all();
    stand.run(120);
    assert!(stand.reading("rack-a02/inlet-air-temp") > 10.0 && stand.truth("chw/flow") > 1.0);
    for bad in ["", "crah-1", "crah-9 fan-failed", "rack-a01 fan-failed", "crah-1 hand", "crah-1 hand x", "chw nan"] {
        assert!(Fault::parse(&hall, bad).is_err(), "{bad}");
    }
}

#[test]
fn a_stuck_sensor_shows_its_last_reading_for_ever() {
    let mut stand = Stand::air();
    stand.run(30);
    let point = stand.point("crah-1/return-air-temp");
    let last = stand.inputs.samples[point].value;
    stand.world.inject(Fault::Sensor { point, how: SensorFault::Stuck });
    stand.run(600);
    assert_eq!(stand.inputs.samples[point].value, last);
    assert_eq!(stand.inputs.samples[point].at.since(plant::time::Mono(0)), Span::from_secs(629), "read, yet unchanged");
}

#[test]
fn registers_count_what_the_meters_measure() {
    let mut stand = Stand::air();
    stand.step();
    let names = ["utility", "ups", "pdu-a1", "pdu-b2", "mechanical"];
    let start: Vec<f64> = names.iter().map(|n| stand.truth(&format!("{n}/energy"))).collect();
    let mut sums = [0.0; 5];
    for _ in 0..3600 {
        stand.step();
        for (sum, name) in sums.iter_mut().zip(names) {
            *sum += stand.truth(&format!("{name}/power")) / 3600.0;
        }
    }
    for ((name, sum), start) in names.iter().zip(sums).zip(start) {
        let counted = stand.truth(&format!("{name}/energy")) - start;
        assert!((counted - sum).abs() <= 100.0 + 1e-6, "{name}: counted {counted}, measured {sum}");
    }
    let chain = stand.world.chain();
    let pdus: f64 = ["a1", "a2", "b1", "b2"].iter().map(|n| stand.truth(&format!("pdu-{n}/power"))).sum();
    assert!((pdus - chain.it).abs() < 1e-6, "four PDUs carry the racks: {pdus} and {}", chain.it);
}

#[test]
fn points_it_does_not_model_have_no_source() {
    let (mut hall, physics) = shipped("bench");
    let def = plant::point::PointDef {
        name: "fan-1/filter-dp".to_owned(),
        monitored_only: true,
        ..hall.points.rows()[0].clone()
    };
    let extra = hall.points.push(def);
    let mut world = World::load(&hall, "bench", physics).expect("loads");
    let inputs = world.step(&Outputs::default(), plant::time::Tick { dt: Span::from_secs(1), ..Default::default() });
    assert_eq!(inputs.samples[extra].value, Err(Why::Config));
    assert!(inputs.samples.rows().iter().filter(|s| s.value == Err(Why::Config)).count() == 1);
}
