use super::*;
use proptest::prelude::*;

fn valve(how: Actuation) -> Actuator {
    Actuator::new(PointId::default(), PointId::default(), 0.0, 100.0).with(how)
}

fn after(actuator: &mut Actuator, seconds: u32) -> f64 {
    for _ in 0..seconds {
        actuator.travel(1.0);
    }
    actuator.position
}

fn near(seen: f64, expected: f64) {
    assert!((seen - expected).abs() < 1e-6, "{seen}, not {expected}");
}

#[test]
fn a_valve_takes_its_stroke() {
    let mut valve = Actuator::new(PointId::default(), PointId::default(), 0.0, 120.0);
    valve.aim(100.0);
    assert!(after(&mut valve, 119) < 99.9, "{}", valve.position);
    near(after(&mut valve, 2), 100.0);
    valve.aim(f64::NAN);
    near(valve.target, 100.0);
}

#[test]
fn a_command_arrives_after_its_delay_and_in_order() {
    let mut valve = valve(Actuation { delay: 5.0, ..Actuation::PERFECT });
    valve.aim(40.0);
    near(after(&mut valve, 4), 0.0);
    valve.aim(10.0);
    near(after(&mut valve, 1), 1.0);
    near(after(&mut valve, 3), 4.0);
    near(valve.target, 40.0);
    near(after(&mut valve, 20), 10.0);
    // More news than fit: the newest is what it ends with.
    for n in 0..20u32 {
        valve.aim(f64::from(n));
    }
    after(&mut valve, 60);
    near(valve.target, 19.0);
}

#[test]
fn deadband_stiction_play_and_least_speed_do_what_they_say() {
    let mut lazy = valve(Actuation { deadband: 1.0, ..Actuation::PERFECT });
    lazy.aim(0.9);
    near(after(&mut lazy, 30), 0.0);
    lazy.aim(5.0);
    near(after(&mut lazy, 30), 5.0);

    let mut sticky = valve(Actuation { stiction: 3.0, ..Actuation::PERFECT });
    sticky.aim(2.9);
    near(after(&mut sticky, 30), 0.0);
    sticky.aim(10.0);
    // It breaks loose with a jump, and slews on at one percent a second.
    near(after(&mut sticky, 1), 4.0);
    near(after(&mut sticky, 30), 10.0);

    let mut loose = valve(Actuation { play: 4.0, ..Actuation::PERFECT });
    loose.aim(50.0);
    near(after(&mut loose, 80), 48.0);
    loose.aim(47.0);
    near(after(&mut loose, 80), 48.0);
    loose.aim(40.0);
    near(after(&mut loose, 80), 42.0);

    let mut drive = valve(Actuation { minimum: 20.0, ..Actuation::PERFECT });
    drive.aim(5.0);
    near(after(&mut drive, 80), 20.0);
    drive.aim(0.0);
    near(after(&mut drive, 80), 0.0);
}

#[test]
fn a_closed_valve_that_leaks_passes_and_an_open_one_no_more_than_all() {
    let mut valve = valve(Actuation { leak: 0.02, ..Actuation::PERFECT });
    near(valve.share(), 0.02);
    valve.fault = Some(ActuatorFault::Leaking(0.3));
    near(valve.share(), 0.3);
    valve.aim(100.0);
    after(&mut valve, 100);
    near(valve.share(), 1.0);
}

#[test]
fn faults_move_it_as_they_say_and_mending_brings_it_back() {
    for (fault, told, expected) in [
        (ActuatorFault::Jammed, 80.0, 30.0),
        (ActuatorFault::StuckAt(0.0), 80.0, 0.0),
        (ActuatorFault::StuckAt(100.0), 80.0, 100.0),
        (ActuatorFault::LocalHand(55.0), 80.0, 55.0),
        (ActuatorFault::Runaway, 10.0, 100.0),
        (ActuatorFault::Reversed, 80.0, 20.0),
        (ActuatorFault::LostCommand, 80.0, 30.0),
        (ActuatorFault::PowerLost, 80.0, 30.0),
        (ActuatorFault::Leaking(0.1), 80.0, 80.0),
    ] {
        let mut valve = valve(Actuation::PERFECT);
        valve.aim(30.0);
        near(after(&mut valve, 100), 30.0);
        valve.fault = Some(fault);
        valve.aim(told);
        near(after(&mut valve, 200), expected);
        valve.fault = None;
        valve.aim(told);
        near(after(&mut valve, 200), told);
    }
    let mut slow = valve(Actuation::PERFECT);
    slow.fault = Some(ActuatorFault::Slow(4.0));
    slow.aim(100.0);
    near(after(&mut slow, 100), 25.0);
}

#[test]
fn without_a_command_it_fails_safe_after_its_time() {
    let mut damper = valve(Actuation { lost_after: 30.0, lost_to: Some(100.0), ..Actuation::PERFECT });
    damper.aim(20.0);
    after(&mut damper, 50);
    damper.fault = Some(ActuatorFault::LostCommand);
    damper.aim(0.0);
    near(after(&mut damper, 30), 20.0);
    near(after(&mut damper, 100), 100.0);
    damper.fault = None;
    damper.aim(20.0);
    near(after(&mut damper, 100), 20.0);
}

#[test]
fn without_power_its_spring_moves_it_and_it_takes_time_to_start() {
    let mut damper = valve(Actuation { spring: Some(0.0), restart: 15.0, ..Actuation::PERFECT });
    damper.aim(60.0);
    after(&mut damper, 60);
    damper.fault = Some(ActuatorFault::PowerLost);
    near(after(&mut damper, 60), 0.0);
    damper.fault = None;
    near(after(&mut damper, 15), 0.0);
    near(after(&mut damper, 10), 10.0);
}

#[test]
fn what_it_reports_is_not_where_it_is() {
    let mut valve = valve(Actuation::PERFECT);
    valve.aim(50.0);
    after(&mut valve, 20);
    valve.break_feedback(Some(FeedbackFault::Frozen));
    after(&mut valve, 20);
    near(valve.reported(), 20.0);
    valve.break_feedback(Some(FeedbackFault::Lies));
    near(valve.reported(), 50.0);
    near(valve.position, 40.0);
    valve.break_feedback(None);
    near(valve.reported(), 40.0);
}

fn actuation() -> impl Strategy<Value = Actuation> {
    let percent = || prop::option::of(0.0..100.0f64);
    let first = (0.0..20.0f64, 0.0..5.0f64, 0.0..5.0f64, 0.0..5.0f64, 0.0..40.0f64);
    (first, 0.0..0.3f64, 0.0..60.0f64, percent(), percent(), 0.0..60.0f64).prop_map(
        |((delay, deadband, stiction, play, minimum), leak, lost_after, lost_to, spring, restart)| Actuation {
            delay,
            deadband,
            stiction,
            play,
            minimum,
            leak,
            lost_after,
            lost_to,
            spring,
            restart,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn it_stays_between_closed_and_open_whatever_one_does(
        how in actuation(), deeds in prop::collection::vec((-50.0..150.0f64, 0..11usize, 0.0..30.0f64), 1..60),
    ) {
        let mut valve = valve(how);
        for (told, fault, dt) in deeds {
            valve.fault = match fault {
                0 => Some(ActuatorFault::Jammed),
                1 => Some(ActuatorFault::StuckAt(told)),
                2 => Some(ActuatorFault::Slow(told)),
                3 => Some(ActuatorFault::Leaking(told)),
                4 => Some(ActuatorFault::Reversed),
                5 => Some(ActuatorFault::Runaway),
                6 => Some(ActuatorFault::LocalHand(told)),
                7 => Some(ActuatorFault::LostCommand),
                8 => Some(ActuatorFault::PowerLost),
                _ => None,
            };
            valve.aim(told);
            let before = valve.position;
            valve.travel(dt);
            prop_assert!((0.0..=100.0).contains(&valve.position), "{valve:?}");
            prop_assert!((0.0..=1.0).contains(&valve.share()), "{valve:?}");
            // No faster than its stroke, but for one jump.
            prop_assert!((valve.position - before).abs() <= dt + how.stiction + 1e-9, "{valve:?}");
        }
    }

    #[test]
    fn without_imperfections_it_slews_and_nothing_else(
        told in prop::collection::vec(0.0..100.0f64, 1..30), dt in 0.01..20.0f64,
    ) {
        let mut valve = valve(Actuation::default());
        let mut position = 0.0f64;
        for target in told {
            valve.aim(target);
            valve.travel(dt);
            position += (target - position).clamp(-100.0 * dt / 100.0, 100.0 * dt / 100.0);
            prop_assert_eq!(valve.position.to_bits(), position.to_bits());
            prop_assert_eq!(valve.share().to_bits(), (position / 100.0).to_bits());
        }
    }

    #[test]
    fn less_than_the_deadband_moves_nothing(how in actuation(), share in 0.0..1.0f64) {
        let still = Actuation { minimum: 0.0, ..how };
        let mut valve = valve(still);
        valve.aim(share * how.deadband.max(how.stiction));
        prop_assert_eq!(after(&mut valve, 120).to_bits(), 0.0f64.to_bits());
    }
}
