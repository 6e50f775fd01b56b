//! Faults and weather in a whole world: they do what the catalogue says, and the books close whatever breaks.

use super::stand::{Stand, quiet, shipped};
use plant::reading::Why;
use plant::time::Wall;
use sim::faults::{CATALOGUE, On, With};
use sim::weather::climate::Climate;
use sim::weather::{Outdoors, Weather};
use sim::{Fault, World};

fn still() -> Stand {
    let (hall, physics) = shipped("air");
    Stand::new(hall, &quiet(physics))
}

fn inject(stand: &mut Stand, text: &str) {
    let fault = Fault::parse(&stand.hall, text).unwrap_or_else(|refusal| panic!("{refusal}"));
    stand.world.inject(fault);
}

#[test]
fn swapped_wires_and_lost_reports_read_what_the_catalogue_says() {
    let mut stand = still();
    stand.run(600);
    let [supply, back] = ["crah-1/supply-air-temp", "crah-1/return-air-temp"].map(|n| stand.point(n));
    inject(&mut stand, "crah-1/supply-air-temp swapped crah-1/return-air-temp");
    stand.run(1);
    assert_eq!(stand.inputs.samples.get(supply).map(|s| s.value), stand.inputs.samples.get(back).map(|s| s.value));

    let command = stand.outputs.commands[0].point;
    let name = stand.hall.points.get(command).map(|p| p.name.clone()).expect("a command");
    inject(&mut stand, &format!("{name} feedback-lost"));
    stand.run(1);
    let lost = stand.inputs.samples.rows().iter().filter(|s| s.value == Err(Why::Comm)).count();
    assert_eq!(lost, 1, "the report of {name} and nothing else");
    stand.world.clear_all();
    stand.run(1);
    assert!(stand.inputs.samples.rows().iter().all(|s| s.value != Err(Why::Comm)));
}

#[test]
fn every_sensor_of_a_point_sees_the_same_with_noise_and_faults_of_its_own() {
    let mut stand = Stand::air();
    let sensors = ["", "-2", "-3"].map(|n| stand.point(&format!("chw/supply-water-temp{n}")));
    inject(&mut stand, "chw/supply-water-temp-3 offset 5");
    let mut apart = 0.0_f64;
    for _ in 0..120 {
        stand.run(1);
        let truth = sensors.map(|sensor| stand.world.truth(sensor).expect("modelled"));
        assert!(truth.iter().all(|one| one.to_bits() == truth[0].to_bits()));
        let [first, second, third] = sensors.map(|sensor| stand.inputs.samples[sensor].value.expect("a number"));
        apart = apart.max((first - second).abs());
        assert!((first - truth[0]).abs() < 1.5 && (second - truth[0]).abs() < 1.5, "{first} {second} {truth:?}");
        assert!(third - truth[0] > 3.5, "{third} {truth:?}");
    }
    assert!(apart > 0.0, "noise of its own");
}

#[test]
fn a_stale_stamp_stands_in_the_image() {
    let mut stand = still();
    stand.run(10);
    let point = stand.point("crah-1/supply-air-temp");
    inject(&mut stand, "crah-1/supply-air-temp stale-stamp");
    stand.run(1);
    let first = *stand.inputs.samples.get(point).expect("a sample");
    stand.run(30);
    assert_eq!(stand.inputs.samples.get(point), Some(&first));
    stand.world.clear_all();
    stand.run(1);
    assert!(stand.inputs.samples.get(point).expect("a sample").at > first.at);
}

#[test]
fn every_fault_of_a_point_leaves_the_books_closed_and_can_be_mended() {
    let mut stand = Stand::air();
    let command = stand.outputs.commands[0].point;
    let command = stand.hall.points.get(command).map(|p| p.name.clone()).expect("a command");
    for entry in CATALOGUE.iter().filter(|e| e.on != On::Equipment) {
        let thing = if entry.on == On::Actuator { command.as_str() } else { "crah-1/supply-air-temp" };
        let with = match entry.with {
            With::Nothing => String::new(),
            With::Number(_, (low, high)) => format!("{}", 1.0f64.clamp(low, high)),
            With::Point => "crah-2/supply-air-temp".to_owned(),
        };
        inject(&mut stand, &format!("{thing} {} {with}", entry.word));
        assert_eq!(stand.world.faults().len(), 1, "{}", entry.word);
        stand.run(60);
        stand.world.clear_all();
        stand.run(5);
        assert!(stand.world.ledger_residual() < 1e-9, "{}: {:e}", entry.word, stand.world.ledger_residual());
        for sample in stand.inputs.samples.rows() {
            assert!(sample.value.is_ok() || sample.value == Err(Why::Config), "{} stays after mending", entry.word);
        }
    }
}

#[test]
fn other_weather_reaches_the_chiller() {
    let (_, text) = sim::shipped::CLIMATES.iter().find(|(n, _)| *n == "hot-dry").expect("shipped");
    let climate = Climate::load("hot-dry", text).unwrap_or_else(|faults| panic!("{faults}"));
    let (hall, physics) = shipped("air");
    let quiet = quiet(physics);
    let chiller = |weather: Weather| {
        let mut stand = Stand::new(shipped("air").0, &quiet);
        stand.world = World::load(&hall, "air.toml", &quiet).expect("sound").with_weather(weather.clone());
        stand.run(1800);
        assert!(stand.world.ledger_residual() < 1e-9);
        let outdoors = Outdoors::default().at(&weather, 1, Wall(stand.tick.wall.0)).dry_bulb;
        let bank = &stand.world.chilled_water().expect("water").bank;
        (outdoors, bank.units.iter().filter_map(|u| u.last).map(|l| l.power).sum::<f64>())
    };
    let (hot, more) = chiller(Weather::Day(climate.design.hottest));
    let (cold, less) = chiller(Weather::Day(climate.design.coldest));
    assert!(hot > cold + 10.0 && more > less * 1.2, "{hot} °C {more} W, {cold} °C {less} W");
}
