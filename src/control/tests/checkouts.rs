//! Outputs that are moved a little, and devices that hear nothing: what is seen, what ends it, and that control has them back.

use plant::command::{Hush, Level, Reason, WriteOutcome, WriteReport};
use plant::event::{CheckEnd, Commissioning, What};
use plant::reading::Sample;
use plant::time::{Mono, Span};

use super::rig::Rig;
use crate::control::State;
use crate::control::report::CheckView;
use crate::control::request::{Ask, Checked, Refusal, Reply};
use crate::control::trial::{How, Method};

mod moves;

const VALVE: &str = "crah-1/valve";
const WITHIN: Span = Span::from_secs(60);

/// A hall at rest, with the valve somewhere in the middle.
fn settled() -> Rig {
    let mut rig = Rig::new(super::loops::hall());
    rig.steps(120);
    assert!((20.0..90.0).contains(&rig.value(VALVE)) || rig.value(VALVE) == 100.0, "{}", rig.value(VALVE));
    rig
}

fn force(rig: &mut Rig, name: &str, by: f64) -> Reply {
    let point = rig.point(name);
    rig.ask(Ask::Force { point, by, within: WITHIN, reason: "checkout".to_owned() })
}

fn silence(rig: &mut Rig, name: &str, seconds: u64) -> Reply {
    let equip = rig.hall.equip(name).expect("equipment");
    rig.ask(Ask::Silence { equip, long: Span::from_secs(seconds), reason: "checkout".to_owned() })
}

fn accepted(reply: &Reply) {
    assert!(matches!(reply, Reply::Accepted { .. }), "{reply:?}");
}

fn view(rig: &Rig) -> CheckView {
    rig.control.check().expect("a check")
}

/// One scan in which the valve's device does as `device` says: it reports its writes, and where it is.
fn scan(rig: &mut Rig, device: Device) -> Vec<What> {
    rig.sample();
    let (point, feedback) = (rig.point(VALVE), rig.point("crah-1/valve-feedback"));
    let now = Mono(rig.tick.mono.0 + rig.tick.dt.nanos());
    let wanted = rig.value(VALVE);
    if device != Device::Deaf {
        rig.inputs.reports.push(WriteReport { point, wanted, outcome: WriteOutcome::Applied, at: now, wear: 0 });
    }
    if device == Device::Stuck {
        rig.inputs.samples[feedback] = Sample::good(37.0, now);
    }
    rig.pass();
    rig.control.step(&rig.inputs, rig.tick);
    rig.inputs.reports.clear();
    rig.control.outputs.events.iter().map(|event| event.what).collect()
}

#[derive(Clone, Copy, PartialEq)]
enum Device {
    Well,
    /// It holds what it is told, and its valve stays where it is.
    Stuck,
    /// It takes nothing.
    Deaf,
}

/// Runs until the check is over: how it ended, and the largest value of the valve on the way.
fn run(rig: &mut Rig, device: Device) -> CheckEnd {
    for _ in 0..1000 {
        let over = |what| {
            let What::Commissioning(Commissioning::ForceOver(end) | Commissioning::SilenceOver(end)) = what else {
                return None;
            };
            Some(end)
        };
        let ended = scan(rig, device).into_iter().find_map(over);
        if let Some(end) = ended {
            return end;
        }
    }
    panic!("it does not end");
}

/// The step for which there is room.
fn room(rig: &Rig) -> f64 {
    if rig.value(VALVE) > 80.0 { -10.0 } else { 10.0 }
}

#[test]
fn an_output_moves_is_seen_to_and_goes_back_without_a_bump() {
    let mut rig = settled();
    let (from, by) = (rig.value(VALVE), room(&rig));
    accepted(&force(&mut rig, VALVE, by));
    scan(&mut rig, Device::Well);
    assert_eq!((rig.command(VALVE).level, rig.command(VALVE).reason), (Level::Commissioning, Reason::Checkout));
    assert_eq!(rig.control.status().check.expect("it runs").stage, "moved");
    assert_eq!(run(&mut rig, Device::Well), CheckEnd::Done);
    let seen = view(&rig);
    assert_eq!((seen.of.as_str(), seen.stage.as_str(), seen.end.as_deref()), (VALVE, "over", Some("done")));
    let force = seen.force.expect("what was seen");
    assert_eq!((force.from, force.to), (from, from + by));
    assert!(force.proven_after_s.is_some_and(|s| s >= 1.0) && force.followed_after_s.is_some(), "{force:?}");
    assert!(force.told_after_s.is_some_and(|s| s >= 1.0), "5 % a second and no faster: {force:?}");
    assert!((rig.value(VALVE) - from).abs() <= 0.5, "{} from {from}", rig.value(VALVE));
    let before = rig.value(VALVE);
    scan(&mut rig, Device::Well);
    assert_eq!(rig.command(VALVE).level, Level::Control);
    assert!((rig.value(VALVE) - before).abs() < 1.0, "a bump from {before} to {}", rig.value(VALVE));
    assert_eq!(rig.control.status().check, None);
}

#[test]
fn a_valve_that_does_not_follow_and_a_device_that_takes_nothing_are_told_apart() {
    for (device, end) in [(Device::Stuck, CheckEnd::NotFollowed), (Device::Deaf, CheckEnd::NotProven)] {
        let mut rig = settled();
        for _ in 0..5 {
            scan(&mut rig, device);
        }
        let by = room(&rig);
        accepted(&force(&mut rig, VALVE, by));
        assert_eq!(run(&mut rig, device), end);
        let force = view(&rig).force.expect("seen");
        assert_eq!(force.proven_after_s.is_some(), device == Device::Stuck, "{force:?}");
        assert!((rig.value(VALVE) - force.from).abs() <= 0.5, "it goes back all the same");
    }
}

/// What is done to the hall, and how that ends a check.
type Disturbance = (CheckEnd, fn(&mut Rig));

const DISTURBANCES: [Disturbance; 4] = [
    (CheckEnd::Asked, |rig| accepted(&rig.ask(Ask::EndCheck))),
    (CheckEnd::InletWarm, |rig| rig.inlets(1, 29.0)),
    (CheckEnd::Paused, |rig| rig.tick.dt = Span::from_secs(30)),
    (CheckEnd::Taken, |rig| accepted(&rig.hold(VALVE, 50.0, None))),
];

#[test]
fn whatever_must_not_be_ends_a_force_and_a_silence() {
    for (end, disturb) in DISTURBANCES {
        let mut rig = settled();
        let by = room(&rig);
        accepted(&force(&mut rig, VALVE, by));
        scan(&mut rig, Device::Deaf);
        disturb(&mut rig);
        assert_eq!(run(&mut rig, Device::Deaf), end);
        let mut rig = settled();
        accepted(&silence(&mut rig, "crah-1", 30));
        scan(&mut rig, Device::Deaf);
        disturb(&mut rig);
        let told = run(&mut rig, Device::Deaf);
        // A person may hold an output of a device that hears nothing: it is told when the silence is over.
        assert_eq!(told, if end == CheckEnd::Taken { CheckEnd::Done } else { end });
        assert_eq!(rig.control.hush(), None, "it is talked to again");
    }
}

#[test]
fn a_new_boot_ends_it_and_the_state_survives_in_the_middle() {
    for silent in [false, true] {
        let mut rig = settled();
        let by = room(&rig);
        let reply = if silent { silence(&mut rig, "crah-1", 30) } else { force(&mut rig, VALVE, by) };
        accepted(&reply);
        scan(&mut rig, Device::Well);
        let bytes = postcard::to_allocvec(rig.control.state()).expect("serialises");
        assert_eq!(&postcard::from_bytes::<State>(&bytes).expect("reads back"), rig.control.state());
        rig.reboot(Span::from_secs(60));
        rig.step();
        assert_eq!(view(&rig).end.as_deref(), Some("restarted"));
        assert_eq!(rig.control.hush(), None);
    }
}

#[test]
fn a_device_hears_nothing_for_its_time_and_is_read_before_it_is_written() {
    let mut rig = settled();
    let told = rig.value(VALVE);
    accepted(&silence(&mut rig, "crah-1", 20));
    let equip = rig.hall.equip("crah-1").expect("equipment");
    let mut silent = 0;
    for _ in 0..60 {
        scan(&mut rig, Device::Deaf);
        match rig.control.hush() {
            Some(Hush { looks: false, .. }) => silent += 1,
            Some(hush) => {
                assert_eq!(hush.equip, equip);
                break;
            }
            None => panic!("it is talked to too early"),
        }
    }
    assert!((20..=22).contains(&silent), "{silent} s");
    // The outputs' registers and the actuators, as the device has them by now.
    let (valve, feedback) = (rig.point(VALVE), rig.point("crah-1/valve-feedback"));
    let (fan, fan_feedback) = (rig.point("crah-1/fan-speed"), rig.point("crah-1/fan-speed-feedback"));
    rig.sample();
    let now = Mono(rig.tick.mono.0 + rig.tick.dt.nanos());
    for (point, value) in [(valve, told), (feedback, 99.0), (fan, 60.0), (fan_feedback, 62.0)] {
        rig.inputs.samples[point] = Sample::good(value, now);
    }
    rig.pass();
    rig.control.step(&rig.inputs, rig.tick);
    let seen = view(&rig);
    assert_eq!((seen.of.as_str(), seen.end.as_deref()), ("crah-1", Some("done")));
    let of = |name: &str| seen.silent.iter().find(|row| row.point == name).expect("an output").clone();
    assert_eq!((of(VALVE).told, of(VALVE).held, of(VALVE).reported), (told, Some(told), Some(99.0)));
    assert_eq!(of("crah-1/fan-speed").reported, Some(62.0));
    assert_eq!(rig.control.hush(), None);
}

#[test]
fn a_device_of_which_nothing_can_be_read_afterwards_proves_nothing() {
    let mut rig = settled();
    accepted(&silence(&mut rig, "crah-1", 5));
    let end = (0..60).find_map(|_| {
        // Not even its actuators report.
        rig.sample();
        for point in ["crah-1/valve-feedback", "crah-1/fan-speed-feedback"] {
            let point = rig.point(point);
            rig.inputs.samples[point] = Sample::good(50.0, Mono(0));
        }
        rig.pass();
        rig.control.step(&rig.inputs, rig.tick);
        view(&rig).end
    });
    assert_eq!(end.as_deref(), Some("not_read"));
}

#[test]
fn what_must_not_be_moved_is_refused_and_nothing_moves() {
    let mut rig = settled();
    let refused = |reply: Reply| if let Reply::Refused(refusal) = reply { refusal } else { panic!("{reply:?}") };
    assert_eq!(refused(force(&mut rig, "crah-1/supply-air-temp", 1.0)), Refusal::NotWritable);
    let to_run = 2.0 - rig.value("ch-1/run-mode");
    assert_eq!(refused(force(&mut rig, "ch-1/run-mode", to_run)), Refusal::NotForced, "it would start");
    for by in [0.0, f64::NAN, 500.0, -500.0] {
        assert!(matches!(refused(force(&mut rig, VALVE, by)), Refusal::OutOfRange { .. }), "{by}");
    }
    let (point, equip) = (rig.point(VALVE), rig.hall.equip("crah-1").expect("equipment"));
    for seconds in [0, 9, 601] {
        let within = Span::from_secs(seconds);
        assert_eq!(
            refused(rig.ask(Ask::Force { point, by: -5.0, within, reason: "x".into() })),
            Refusal::HoldOutOfRange
        );
    }
    assert_eq!(refused(silence(&mut rig, "crah-1", 601)), Refusal::HoldOutOfRange);
    assert_eq!(refused(silence(&mut rig, "rack-a01", 30)), Refusal::NotWritable);
    let mute = Ask::Force { point, by: -5.0, within: WITHIN, reason: " ".into() };
    assert_eq!(refused(rig.ask(mute)), Refusal::ReasonMissing);
    let mute = Ask::Silence { equip, long: WITHIN, reason: String::new() };
    assert_eq!(refused(rig.ask(mute)), Refusal::ReasonMissing);
    assert_eq!(refused(rig.ask(Ask::EndCheck)), Refusal::NothingThere);

    accepted(&rig.hold(VALVE, 50.0, None));
    rig.steps(2);
    assert_eq!(refused(force(&mut rig, VALVE, 5.0)), Refusal::Held);
    assert_eq!(refused(silence(&mut rig, "crah-1", 30)), Refusal::Held);
    accepted(&rig.ask(Ask::Release { point: Some(point), level: Level::Operator }));
    rig.inlets(1, 29.0);
    rig.steps(2);
    assert_eq!(refused(force(&mut rig, VALVE, -5.0)), Refusal::Warm);
    assert_eq!(refused(silence(&mut rig, "crah-1", 30)), Refusal::Warm);
    rig.inlets(1, 24.0);
    rig.steps(60);
    accepted(&silence(&mut rig, "crah-1", 30));
    assert_eq!(refused(silence(&mut rig, "crah-2", 30)), Refusal::Busy, "one device at a time");
    assert_eq!(refused(force(&mut rig, "crah-2/valve", -5.0)), Refusal::Busy);
    let of = rig.hall.control_loop("crah-2/valve").expect("a loop");
    let how = How { method: Method::Step, size: -5.0, limits: (5.0, 60.0), longest: Span::from_secs(600) };
    assert_eq!(refused(rig.ask(Ask::Trial { of, how, reason: "x".into() })), Refusal::Busy);
}

#[test]
fn what_a_person_found_is_told_and_counted() {
    let mut rig = settled();
    let row = |name: &str, passed| Checked { point: rig.point(name), passed, read: Some(1.0), reference: None };
    let rows = vec![row(VALVE, true), row("chw/flow", true), row("chw/dp", false)];
    let ask = |rows: &[Checked], by: &str| Ask::CheckedOut { rows: rows.to_vec(), by: by.to_owned() };
    accepted(&rig.ask(ask(&rows, "A. Technician")));
    let told = What::Commissioning(Commissioning::CheckedOut { passed: 2, failed: 1 });
    assert!(rig.events(1).contains(&told));
    assert_eq!(rig.ask(ask(&rows, " ")), Reply::Refused(Refusal::ReasonMissing));
    assert_eq!(rig.ask(ask(&[], "A.")), Reply::Refused(Refusal::Unknown));
}

/// The points of which something cannot be.
fn doubted(rig: &Rig) -> Vec<(String, String)> {
    let rows = rig.control.check_points().into_iter();
    rows.flat_map(|row| row.doubts.into_iter().map(move |doubt| (row.point.clone(), doubt))).collect()
}

#[test]
fn an_ordinary_hall_is_plausible_and_each_fault_is_named_where_it_is() {
    let mut rig = Rig::new(super::loops::hall());
    rig.steps(60);
    assert_eq!(doubted(&rig), []);
    let points = |rig: &Rig| doubted(rig).into_iter().map(|(point, _)| point).collect::<Vec<_>>();

    rig.read("crah-2/supply-air-temp", 34.0);
    rig.read("crah-2/return-air-temp", 20.0);
    rig.read("rack-b03/inlet-air-temp", 24.0 * 1.8 + 32.0);
    rig.steps(30);
    let found = points(&rig);
    assert!(
        found.contains(&"crah-2/supply-air-temp".to_owned()) && found.contains(&"crah-2/return-air-temp".to_owned())
    );
    let fahrenheit =
        |(point, doubt): &(String, String)| point == "rack-b03/inlet-air-temp" && doubt.contains("Fahrenheit");
    assert!(doubted(&rig).iter().any(fahrenheit), "{:?}", doubted(&rig));
    let others = found.iter().filter(|point| !point.starts_with("crah-2/") && !point.starts_with("rack-b03/"));
    assert_eq!(others.count(), 0, "{found:?}");

    let mut rig = Rig::new(super::loops::hall());
    rig.steps(60);
    let second = rig.point("chw/supply-water-temp-2");
    for _ in 0..10 {
        rig.sample();
        rig.inputs.samples[second].value = Ok(17.0);
        rig.pass();
        rig.control.step(&rig.inputs, rig.tick);
    }
    assert_eq!(points(&rig), ["chw/supply-water-temp-2"], "{:?}", doubted(&rig));

    let mut rig = settled();
    for _ in 0..10 {
        scan(&mut rig, Device::Stuck);
    }
    assert_eq!(points(&rig), [VALVE], "{:?}", doubted(&rig));
}
