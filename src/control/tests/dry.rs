//! A dry cooler under the whole controller: taken over, wetted, rested, given back.

use plant::event::{Step, Trouble, What};
use plant::reading::Why;

use super::rig::{Rig, shipped};

/// A hall whose dry cooler control has taken over, fans at 40 %, on a warm day.
fn hall() -> Rig {
    let mut rig = Rig::new(shipped("immersion"));
    rig.read("roof/dry-bulb", 25.0);
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

#[test]
fn nothing_is_wetted_in_frost_or_where_nobody_knows_whether_it_freezes() {
    for outdoors in [Some(2.0), None] {
        let mut rig = hall();
        match outdoors {
            Some(celsius) => rig.read("roof/dry-bulb", celsius),
            None => rig.fail("roof/dry-bulb", Why::OutOfService),
        }
        rig.read("dc-1/leaving-water-temp", 36.0);
        rig.read("dc-1/fan-speed-feedback", 100.0);
        rig.steps(1800);
        assert_eq!(rig.value("dc-1/wet"), 0.0, "{outdoors:?}");
    }
}

#[test]
fn pads_that_do_not_wet_are_told() {
    let mut rig = hall();
    rig.read("dc-1/leaving-water-temp", 34.0);
    rig.read("dc-1/fan-speed-feedback", 100.0);
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
