//! The coolant of CDUs and the facility water that they live on.

use plant::event::RideEnd;
use plant::hall::Hall;
use plant::reading::Why;
use proptest::prelude::*;

use super::super::cdus;
use super::super::rig::Rig;
use super::{Controller, Stand, TARGET, site};

/// After so long all of it is under control, and nothing has been in doubt for long enough (s).
const WARM: u64 = 1800;

/// What a CDU's coolant, and the water that dry cooler and trim chiller make, are held at (°C).
type Held = (f64, f64, f64);

/// The hall `liquid` with changes to its file, all of it under control, which has nothing to do.
fn hall(changes: &[(&str, &str)]) -> Stand {
    let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "liquid").expect("shipped");
    let text = changes.iter().fold((*text).to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    let text = text.replacen("[supervisor.coolant]         # K\nmost = 4.0\nstep = 1.0\n", "", 1); // it has no room in some of them
    let peaks = format!(
        "[peaks]\nmeter = \"utility\"\nfeed = \"utility\"\nride = 2.0\npre-cool = 1.0\n\n[[peak]]\ndemand = \"peak\"\nmost = {TARGET:.1}\n"
    );
    let hall = Hall::load("liquid", &format!("{text}\n{peaks}")).unwrap_or_else(|faults| panic!("{faults}"));
    let mut rig = cdus::seen(hall);
    rig.control = Controller::new(site(&rig.hall));
    [0, 1].into_iter().for_each(|row| rig.inlets(row, 23.0));
    (1..=6).for_each(|n| rig.read(&format!("crah-{n}/supply-air-temp"), 19.5));
    for (name, value) in [
        ("chw/supply-water-temp", 17.0),
        ("chw/return-water-temp", 23.0),
        ("chw/flow", 12.0),
        ("fws/supply-water-temp", 28.0),
        ("fws/return-water-temp", 36.0),
        ("fws/flow", 40.0),
        ("trim/running", 0.0),
        ("dc-1/entering-water-temp", 36.0),
        ("dc-1/leaving-water-temp", 28.0),
        ("dc-1/fan-speed-feedback", 40.0),
        ("roof/dry-bulb", 20.0),
        ("roof/wet-bulb", 15.0),
    ] {
        rig.read(name, value);
    }
    Stand { rig, energy: 0.0, battery: false, events: Vec::new() }
}

/// One whose setpoints have risen for five minutes.
fn up() -> Stand {
    let mut stand = hall(&[]);
    stand.pass(WARM, 0.8 * TARGET);
    stand.pass(420, 1.1 * TARGET);
    assert!(stand.offset("row-a/coolant") > 0.5, "{}", said(&stand));
    stand
}

/// Coolant of 32 °C that warms no faster than a sensor is believed.
fn creep(rig: &mut Rig, sensor: &str, to: f64) {
    for at in [36.0, 39.0, to] {
        rig.read(sensor, at);
        rig.step();
    }
}

fn held(stand: &Stand) -> Held {
    (stand.setpoint("cdu-1/valve"), stand.setpoint("dc-1/fans"), stand.rig.value("trim/setpoint"))
}

/// What it does, and what stands against it.
fn said(stand: &Stand) -> String {
    let status = stand.rig.control.status();
    let alarms: Vec<_> = status.alarms.iter().map(|alarm| (alarm.name.clone(), alarm.detail.clone())).collect();
    format!("{:?} {alarms:?}", stand.view())
}

fn near(one: Held, other: Held) -> bool {
    let apart = [one.0 - other.0, one.1 - other.1, one.2 - other.2];
    apart.iter().all(|apart| apart.abs() < 1e-9)
}

#[test]
fn coolant_and_the_water_behind_it_rise_with_a_peak_and_come_home_one_after_the_other() {
    let mut stand = hall(&[]);
    stand.pass(WARM, 0.8 * TARGET);
    assert!(near(held(&stand), (32.0, 28.0, 28.0)), "{:?} {}", held(&stand), said(&stand));
    stand.pass(1200, 1.1 * TARGET);
    assert!(near(held(&stand), (34.0, 30.0, 30.0)), "{:?} {}", held(&stand), said(&stand));
    let why = stand.rig.control.why(stand.rig.point("cdu-1/valve")).expect("an output");
    let because = why.control_loop.and_then(|of| of.because).expect("said");
    assert!(because.contains("moved by +2.0 K for billed peaks"), "{because}");
    let mut before = held(&stand);
    for _ in 0..6 * 900 {
        stand.pass(1, 0.6 * TARGET);
        let now = held(&stand);
        let moves = [before.0 - now.0, before.1 - now.1];
        assert!(moves.iter().filter(|by| by.abs() > 1e-9).count() <= 1, "one after the other: {before:?} {now:?}");
        assert!(moves.iter().all(|by| (-1e-9..=12.0 / 3600.0 + 1e-9).contains(by)), "{before:?} {now:?}");
        before = now;
    }
    assert!(near(before, (32.0, 28.0, 28.0)), "{before:?} {:?}", stand.view());
}

#[test]
fn coolant_stays_below_its_class_and_water_below_its_own_and_colder_than_coolant() {
    const STAGED: &str = "setpoint = 28.0              # °C\ncap";
    const COOLER: &str = "setpoint = 28.0 ";
    let cases = [
        (vec![("supply = 32.0 ", "supply = 38.5 ")], (39.5, 30.0)),
        (vec![(STAGED, "setpoint = 30.5\ncap"), (COOLER, "setpoint = 30.5 ")], (34.0, 31.5)),
        (
            vec![
                ("coolant = \"S40\"", "coolant = \"S30\""),
                ("supply = 32.0 ", "supply = 29.3 "),
                (STAGED, "setpoint = 27.0\ncap"),
                (COOLER, "setpoint = 27.0 "),
            ],
            (29.5, 27.5),
        ),
        (vec![("coolant = \"S40\"", "")], (32.0, 30.0)),
        (vec![("facility-water = \"W32\"", "")], (34.0, 28.0)),
    ];
    for (n, (changes, wanted)) in cases.into_iter().enumerate() {
        let mut stand = hall(&changes);
        if n == 2 {
            ["fws/supply-water-temp", "dc-1/leaving-water-temp"].iter().for_each(|of| stand.rig.read(of, 27.0));
            (1..=4).for_each(|n| stand.rig.read(&format!("cdu-{n}/supply-temp"), 29.0));
        }
        stand.pass(WARM, 0.8 * TARGET);
        stand.pass(1500, 1.1 * TARGET);
        let now = held(&stand);
        let right = (now.0 - wanted.0).abs() < 1e-9 && (now.1 - wanted.1).abs() < 1e-9;
        assert!(right, "{n}: {now:?}, not {wanted:?}: {}", said(&stand));
    }
}

#[test]
fn a_valve_that_has_little_left_stops_it_and_coolant_near_its_class_sends_it_home() {
    let mut stand = up();
    let at = stand.offset("row-a/coolant");
    creep(&mut stand.rig, "cdu-2/supply-temp", 39.6);
    stand.pass(30, 1.1 * TARGET);
    let little = stand.offset("row-a/coolant");
    assert!((little - at).abs() < 0.01 && stand.offset("row-b/coolant") > little, "{}", said(&stand));
    stand.rig.read("cdu-2/supply-temp", 39.9);
    stand.pass(30, 1.1 * TARGET);
    assert!(stand.offset("row-a/coolant") < little - 0.05, "{}", said(&stand));
    stand.rig.read("cdu-2/supply-temp", 40.1);
    stand.pass(2, 1.1 * TARGET);
    assert!(stand.told().contains(&plant::event::PeakNews::RideEnded(RideEnd::Hot)), "{:?}", stand.told());
}

#[test]
fn pads_are_wetted_sooner_while_water_rides_than_while_it_does_not() {
    let mut stand = hall(&[]);
    stand.rig.read("dc-1/fan-speed-feedback", 75.0);
    let wet = |stand: &Stand| (stand.rig.value("dc-1/wet"), stand.rig.value("dc-1/fan-speed"));
    stand.pass(WARM, 0.8 * TARGET);
    assert!(wet(&stand).0 == 0.0 && (70.0..90.0).contains(&wet(&stand).1), "{:?}", wet(&stand));
    for _ in 0..60 {
        // Water that is as warm as it is held: fans stay as fast as they are.
        let held = stand.setpoint("dc-1/fans").max(28.0);
        stand.rig.read("dc-1/leaving-water-temp", held + 0.01);
        stand.pass(10, 1.1 * TARGET);
    }
    assert!(wet(&stand).0 == 1.0 && wet(&stand).1 < 90.0, "{:?} {}", wet(&stand), said(&stand));
}

#[test]
fn in_each_doubt_about_coolant_or_its_water_it_is_home_within_a_scan() {
    type Spoil = fn(&mut Rig);
    let cases: [(Spoil, u64, RideEnd); 14] = [
        (|rig| rig.fail("cdu-2/supply-temp", Why::Timeout), 2, RideEnd::Cooling),
        (|rig| rig.fail("cdu-1/flow", Why::Timeout), 2, RideEnd::Cooling),
        (|rig| rig.fail("cdu-3/dp", Why::Timeout), 2, RideEnd::Cooling),
        (|rig| rig.silence("cdu-4/supply-temp"), 8, RideEnd::Cooling),
        (|rig| rig.fail("fws/supply-water-temp", Why::Timeout), 3, RideEnd::Cooling),
        (|rig| rig.fail("fws/dp", Why::Timeout), 2, RideEnd::Cooling),
        (|rig| rig.fail("room-1/dew-point", Why::Timeout), 2, RideEnd::DewPoint),
        (|rig| rig.read("room-2/dew-point", 14.1), 60, RideEnd::DewPoint),
        (|rig| creep(rig, "cdu-1/supply-temp", 40.5), 2, RideEnd::Hot),
        (|rig| rig.read("cdu-1/leak", 1.0), 6, RideEnd::Leak),
        (|rig| ["cdu-1/dp", "cdu-2/dp"].iter().for_each(|dp| rig.read(dp, 5e3)), 20, RideEnd::Hot),
        (|rig| drop(rig.hold("cdu-2/valve", 60.0, None)), 2, RideEnd::Held),
        (|rig| rig.read("cdu-1/level", 50.0), 40, RideEnd::Alarm),
        (|rig| rig.fail("district/valve-feedback", Why::OutOfService), 3, RideEnd::OnPanels),
    ];
    for (n, (spoil, within, why)) in cases.into_iter().enumerate() {
        let mut stand = up();
        spoil(&mut stand.rig);
        stand.pass(within, 1.1 * TARGET);
        assert_eq!(stand.view().doubt.as_deref(), Some(why.word()), "{n}: {:?}", stand.told());
        assert!(stand.view().setpoints.iter().all(|of| of.offset_k <= 0.0), "{n}: {:?}", stand.view());
        assert!(near(held(&stand), (32.0, 28.0, 28.0)), "{n}: {:?}", held(&stand));
    }
}

#[test]
fn a_moist_room_lifts_coolant_and_a_ride_comes_on_top_of_that() {
    // 13.5 °C is below what ends a ride; a margin of 10 K makes it count.
    let margin = ("[sequence.cdu.pumps]", "[sequence.cdu.dew-point]\nmargin = 10.0\n\n[sequence.cdu.pumps]");
    let mut stand = hall(&[margin, ("supply = 32.0 ", "supply = 22.0 ")]);
    stand.rig.read("room-1/dew-point", 13.5);
    (1..=4).for_each(|n| stand.rig.read(&format!("cdu-{n}/supply-temp"), 23.0));
    stand.pass(WARM, 0.8 * TARGET);
    assert!((held(&stand).0 - 23.5).abs() < 1e-6, "{:?}", held(&stand));
    stand.pass(900, 1.1 * TARGET);
    assert!((held(&stand).0 - 25.5).abs() < 1e-6, "{:?} {}", held(&stand), said(&stand));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Whatever flows and however warm coolant and water are: neither is held above its class, coolant never below what the room's dew point lets it, water
    /// always colder than what CDUs hold with it, and neither colder than the hall's file has it.
    #[test]
    fn no_coolant_and_no_water_leaves_its_limits(
        days in prop::collection::vec((0.6..1.3_f64, 30.0..40.5_f64, 26.0..32.5_f64, 8.0..13.9_f64, 60_u64..400), 2..8),
    ) {
        let mut stand = hall(&[("supply = 32.0 ", "supply = 38.0 ")]);
        stand.pass(WARM, 0.8 * TARGET);
        for (load, coolant, water, dew_point, seconds) in days {
            (1..=4).for_each(|n| stand.rig.read(&format!("cdu-{n}/supply-temp"), coolant));
            stand.rig.read("fws/supply-water-temp", water);
            stand.rig.read("room-1/dew-point", dew_point);
            for _ in 0..seconds {
                stand.pass(1, load * TARGET);
                let (held, fans, trim) = held(&stand);
                prop_assert!((38.0..=39.5).contains(&held), "{held}");
                prop_assert!((28.0..=31.5).contains(&fans) && (28.0..=31.5).contains(&trim), "{fans} {trim}");
                prop_assert!(fans <= held - 2.0, "{fans} {held}");
            }
        }
    }
}
