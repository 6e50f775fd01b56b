//! Sensors that stick, say no number, or all fall silent at once; and the broker that carries them.

use super::ears::Ears;
use super::quick;
use super::rig::Rig;

#[test]
fn a_stuck_sensor_stops_being_believed() {
    let mut rig = Rig::dark("bench", &[]);
    let text = quick::hall("bench");
    std::fs::write(rig.hall_file(), quick::with(&text, "[judgement.rack.inlet-air-temp]", "stuck-after", "\"8s\""))
        .expect("a hall");
    rig.start(wattloop::adapters::modbus::Writes::Live);
    rig.until("the bench settles", Rig::is_settled);
    rig.inject("heater/inlet-air-temp stuck");
    rig.until("the sensor is lost", |r| r.is_lost("heater/inlet-air-temp", "stuck"));
    rig.neighbours_are_well(&["heater/inlet-air-temp"]);
    rig.until("the fan runs at its fail-safe", |r| {
        let why = r.why("fan-1/fan-speed");
        why.level == 5 && why.value == 100.0 && r.truth("fan-1/fan-speed") == 100.0
    });
    rig.until("people are told", |r| r.alarm("inlets-lost"));
    rig.mend();
    rig.until("the loop leads again", Rig::is_settled);
}

#[test]
fn one_inlet_without_a_number_moves_one_row_a_little() {
    let rig = Rig::settled("air", &[]);
    rig.inject("rack-a07/inlet-air-temp nan");
    rig.until("the inlet is lost", |r| r.is_lost("rack-a07/inlet-air-temp", "not_a_number"));
    rig.neighbours_are_well(&["rack-a07/inlet-air-temp"]);
    // One of twenty is a tenth of the way to the fail-safe: from 20 % to 28 %.
    rig.until("the row has a floor", |r| r.why("crah-1/fan-speed").limits.iter().any(|l| (l.min - 28.0).abs() < 1e-9));
    assert!(rig.why("crah-4/fan-speed").limits.iter().all(|l| l.level != 5), "the other row has none");
    rig.mend();
    rig.until("it is back", Rig::is_settled);
    assert!(rig.why("crah-1/fan-speed").limits.iter().all(|l| l.level != 5));
}

#[test]
fn a_row_without_any_inlet_is_cooled_at_full_speed() {
    let rig = Rig::settled("air", &[]);
    let ears = Ears::open(&rig);
    for n in 1..=20 {
        rig.inject(&format!("rack-a{n:02}/inlet-air-temp lost"));
    }
    rig.until("the row is blind", |r| r.alarm("inlets-lost"));
    for crah in ["crah-1", "crah-2", "crah-3"] {
        rig.until("its fans go to full speed", |r| {
            let why = r.why(&format!("{crah}/fan-speed"));
            why.level == 5 && why.value == 100.0 && r.truth(&format!("{crah}/fan-speed")) == 100.0
        });
        rig.until("and blow", |r| r.truth(&format!("{crah}/fan-speed-feedback")) > 99.0);
    }
    ears.until_event("alarm_raised", "inlets-lost");
    for crah in ["crah-4", "crah-5", "crah-6"] {
        let why = rig.why(&format!("{crah}/fan-speed"));
        assert_eq!(why.level, 16, "the other row is led by its inlets: {}", why.sentence);
    }
    // A topic without one of its values is said without it: what else the rack says stays known.
    let inlets: Vec<String> = (1..=20).map(|n| format!("rack-a{n:02}/inlet-air-temp")).collect();
    rig.neighbours_are_well(&inlets.iter().map(String::as_str).collect::<Vec<_>>());

    rig.mend();
    rig.until("the inlets lead again", Rig::is_settled);
    ears.until_event("alarm_cleared", "inlets-lost");
    // From full speed it comes down no faster than the hall allows, so it is still on its way or has taken its time.
    rig.until("the fans slow down", |r| r.truth("crah-1/fan-speed") < 99.0);
}

#[test]
fn without_the_broker_both_rows_are_cooled_and_nobody_has_to_restart_anything() {
    let mut rig = Rig::settled("air", &[]);
    let url = rig.stage.broker().expect("a broker");
    let port: u16 = url.rsplit_once(':').expect("a port").1.parse().expect("a number");
    rig.stage.stop_broker();
    rig.until("people are told", |r| r.alarm("broker-lost"));
    rig.until("the inlets are lost", |r| r.status().readings.lost >= 120);
    rig.until("every fan goes to full speed", |r| {
        let status = r.status();
        status.fans.iter().all(|f| f.value == 100.0 && r.truth(&format!("{}/fan-speed", f.name)) == 100.0)
    });
    rig.until("both rows are told blind", |r| r.alarm("inlets-lost"));
    rig.neighbours_are_well(&["rack-"]);
    rig.scans_go_on(5);

    rig.stage.start_broker(port).unwrap_or_else(|e| panic!("{e}"));
    rig.until("the sensors are heard again", Rig::is_settled);
    assert!(!rig.alarm("broker-lost"));
    // What the broker keeps is said anew to a broker that remembers nothing.
    let ears = Ears::open(&rig);
    rig.inject("rack-b01/inlet-air-temp nan");
    ears.until_event("reading_lost", "rack-b01/inlet-air-temp");
}
