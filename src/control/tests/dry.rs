//! A dry cooler under the whole controller: taken over, wetted, dried once fans alone would do, given back.

use plant::event::{Step, Trouble, What};
use plant::reading::Why;

use super::rig::{Rig, shipped};

/// A hall whose dry cooler control has taken over, fans at 40 %, on a warm day.
fn hall() -> Rig {
    let mut rig = Rig::new(shipped("immersion"));
    rig.read("roof/dry-bulb", 25.0);
    rig.read("roof/wet-bulb", 24.0);
    rig.read("dc-1/entering-water-temp", 36.0);
    rig.read("dc-1/fan-speed-feedback", 40.0);
    rig.read("dc-1/leaving-water-temp", 30.0);
    rig.read("dc-1/wetted", 0.0);
    rig.steps(40);
    assert_eq!(rig.value("dc-1/run-mode"), 2.0);
    rig
}

#[test]
fn it_goes_on_from_where_the_panel_had_the_fans() {
    let mut rig = hall();
    rig.step();
    assert!((rig.value("dc-1/fan-speed") - 40.0).abs() < 3.0, "{}", rig.value("dc-1/fan-speed"));
    assert_eq!(rig.value("dc-1/wet"), 0.0);
}

#[test]
fn pads_are_wetted_when_fans_alone_do_not_do_and_dried_when_they_do() {
    let mut rig = hall();
    rig.read("dc-1/leaving-water-temp", 34.0);
    rig.read("dc-1/fan-speed-feedback", 100.0);
    rig.steps(900);
    assert_eq!(rig.value("dc-1/fan-speed"), 100.0);
    assert_eq!(rig.value("dc-1/wet"), 1.0);
    rig.read("dc-1/wetted", 1.0);
    rig.read("dc-1/leaving-water-temp", 29.0);
    rig.read("dc-1/fan-speed-feedback", 50.0);
    rig.steps(600);
    assert_eq!(rig.value("dc-1/wet"), 1.0, "fans have not been slow for long enough, and twenty minutes are not over");
    rig.steps(3600);
    assert_eq!(rig.value("dc-1/wet"), 0.0);
}

/// Wet pads whose fans turn at 30 % and hold water that comes back at 36 °C, in air of 26 °C with the given wet bulb.
fn wetted(wet_bulb: f64) -> Rig {
    let mut rig = hall();
    rig.read("roof/dry-bulb", 26.0);
    rig.read("roof/wet-bulb", wet_bulb);
    rig.read("dc-1/leaving-water-temp", 34.0);
    rig.read("dc-1/fan-speed-feedback", 100.0);
    rig.steps(300);
    rig.read("dc-1/wetted", 1.0);
    rig.read("dc-1/leaving-water-temp", 28.0);
    for _ in 0..400 {
        let speed = rig.value("dc-1/fan-speed");
        if speed <= 30.0 {
            break;
        }
        rig.read("dc-1/fan-speed-feedback", speed);
        rig.steps(10);
    }
    // At its setpoint the loop's output stands.
    rig.read("dc-1/leaving-water-temp", 30.0);
    rig
}

#[test]
fn pads_stay_wet_where_slow_fans_would_not_do_without_them_and_are_dried_where_they_would() {
    // Dry fans would need 30 · ((36 − 14.1) / (36 − 26))^(5/3) = 111 % in the desert's night, and 40 % in moist air.
    for (wet_bulb, stays) in [(12.0, 1.0), (23.8, 0.0)] {
        let mut rig = wetted(wet_bulb);
        rig.steps(1800);
        assert_eq!(
            rig.value("dc-1/wet"),
            stays,
            "a wet bulb of {wet_bulb} °C, fans at {}",
            rig.value("dc-1/fan-speed")
        );
    }
}

#[test]
fn where_nobody_knows_the_wet_bulb_pads_are_dried_by_the_fans_speed() {
    let mut rig = wetted(12.0);
    rig.fail("roof/wet-bulb", Why::OutOfService);
    rig.steps(1800);
    assert_eq!(rig.value("dc-1/wet"), 0.0);
}

/// Fans at their most, and water that is too warm all the same.
fn is_pressed(rig: &mut Rig) {
    rig.read("dc-1/leaving-water-temp", 34.0);
    rig.read("dc-1/fan-speed-feedback", 100.0);
}

/// The weather station is lost in air of so many degrees.
fn lost_at(rig: &mut Rig, celsius: f64) {
    rig.read("roof/dry-bulb", celsius);
    rig.steps(60);
    rig.fail("roof/dry-bulb", Why::OutOfService);
    rig.fail("roof/wet-bulb", Why::OutOfService);
}

#[test]
fn nothing_is_wetted_in_frost_or_where_it_may_freeze() {
    // Air of 9 °C that nobody has told of for forty minutes may be at 2 °C.
    for (outdoors, lost) in [(2.0, false), (9.0, true)] {
        let mut rig = hall();
        if lost {
            lost_at(&mut rig, outdoors);
        } else {
            rig.read("roof/dry-bulb", outdoors);
        }
        rig.steps(2400);
        is_pressed(&mut rig);
        rig.steps(1800);
        assert_eq!(rig.value("dc-1/wet"), 0.0, "{outdoors}");
    }
}

#[test]
fn in_the_heat_a_weather_station_that_is_lost_leaves_pads_wet_and_lets_them_be_wetted_for_hours() {
    let mut rig = hall();
    rig.read("roof/dry-bulb", 42.0);
    is_pressed(&mut rig);
    rig.steps(300);
    rig.read("dc-1/wetted", 1.0);
    lost_at(&mut rig, 42.0);
    assert_eq!(rig.value("dc-1/wet"), 1.0);
    for minute in 0..300 {
        rig.steps(60);
        assert_eq!(rig.value("dc-1/wet"), 1.0, "after {minute} min with fans at their most");
    }
    let mut rig = hall();
    lost_at(&mut rig, 42.0);
    rig.steps(3600);
    is_pressed(&mut rig);
    rig.steps(900);
    assert_eq!(rig.value("dc-1/wet"), 1.0, "wetted an hour after the last word of a hot day");
}

#[test]
fn pads_that_do_not_wet_are_told() {
    let mut rig = hall();
    is_pressed(&mut rig);
    let events = rig.events(900);
    assert!(events.contains(&What::Trouble(Trouble::DidNotStart)), "{events:?}");
    assert_eq!(rig.value("dc-1/wet"), 1.0, "they stay told: what wets late helps late");
}

#[test]
fn it_goes_back_to_its_panel_when_the_water_is_lost_and_is_taken_over_again() {
    let mut rig = hall();
    rig.fail("dc-1/leaving-water-temp", Why::OutOfService);
    let events = rig.events(2);
    assert!(events.contains(&What::Step(Step::HandedBack)), "{events:?}");
    assert_eq!(rig.value("dc-1/run-mode"), 0.0);
    rig.read("dc-1/leaving-water-temp", 30.0);
    rig.steps(40);
    assert_eq!(rig.value("dc-1/run-mode"), 2.0);
}
