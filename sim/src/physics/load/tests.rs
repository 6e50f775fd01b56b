use super::*;

fn air(change: impl Fn(&str) -> String) -> Result<Physics, String> {
    let shipped = |of: &'static [(&str, &str)]| of.iter().find(|(n, _)| *n == "air").map(|(_, t)| *t).expect("shipped");
    let hall = Hall::load("air", shipped(plant::shipped::HALLS)).unwrap_or_else(|faults| panic!("{faults}"));
    Physics::load(&hall, "air.toml", &change(shipped(crate::shipped::HALLS))).map_err(|faults| faults.to_string())
}

#[test]
fn what_a_file_does_not_say_has_no_effect() {
    let physics = air(ToOwned::to_owned).expect("sound");
    for of in [physics.sensors.air, physics.sensors.power, physics.sensors.flow] {
        assert_eq!((of.drift, of.pink, of.hold, of.span), (0.0, 0.0, 0.0, None));
    }
    assert_eq!(physics.actuators, Actuators::default());
    assert_eq!(physics.actuators.valve, Actuation::PERFECT);
}

#[test]
fn imperfections_are_read_where_they_are_written() {
    let more = "[sensors.air]\ndrift-per-month = 0.05\npink-noise = 0.02\nhold-s = 5\nat-4-ma = -50\nat-20-ma = 100\n";
    let actuators = "\n[actuators.valve]\ndelay-s = 2\ndeadband-percent = 1\nstiction-percent = 0.5\nplay-percent = 1.5\n\
        leak = 0.02\nlost-after-s = 30\nlost-to-percent = 100\n[actuators.fan]\nminimum-percent = 20\nspring-to-percent = 0\nrestart-s = 15\n";
    let physics = air(|t| t.replace("[sensors.air]", more) + actuators).expect("sound");
    let of = physics.sensors.air;
    assert_eq!((of.drift, of.pink, of.hold, of.span), (0.05, 0.02, 5.0, Some((-50.0, 100.0))));
    let valve = physics.actuators.valve;
    assert_eq!((valve.delay, valve.deadband, valve.stiction, valve.play, valve.leak), (2.0, 1.0, 0.5, 1.5, 0.02));
    assert_eq!((valve.lost_after, valve.lost_to), (30.0, Some(100.0)));
    let fan = physics.actuators.fan;
    assert_eq!((fan.minimum, fan.spring, fan.restart), (20.0, Some(0.0), 15.0));
    assert_eq!(physics.actuators.pump, Actuation::PERFECT);
}

#[test]
fn broken_imperfections_are_told_all_at_once() {
    let more = "[sensors.air]\ndrift-per-month = -1\nat-4-ma = 3\nhold = 5\n";
    let flow = "[sensors.flow]\nat-4-ma = 3\nat-20-ma = 3\n";
    let actuators = "\n[actuators.valve]\nleak = 0.9\nlost-after-s = 30\n[actuators.damper]\n";
    let told =
        air(|t| t.replace("[sensors.air]", more).replace("[sensors.flow]", flow) + actuators).expect_err("faults");
    for part in [
        "`drift-per-month` is -1",
        "this `sensors.air` has no `at-20-ma`",
        "no key `hold`",
        "both ends of the loop are 3",
        "`leak` is 0.9",
        "this `actuators.valve` has no `lost-to-percent`",
        "no key `damper`",
    ] {
        assert!(told.contains(part), "{part} is not in:\n{told}");
    }
    assert_eq!(told.matches("air.toml:").count(), 7, "{told}");
}
