//! Cooling that rides through billed peaks, through whole scans.

use std::sync::Arc;

use plant::event::{Event, PeakNews, RideEnd, What};
use plant::hall::Hall;
use plant::image::Inputs;
use plant::plan::{Arrived, Planned};
use plant::reading::Why;
use plant::time::Wall;
use proptest::prelude::*;

use super::rig::Rig;
use crate::control::battery::tests::yard::an_hour_at;
use crate::control::request::Reply;
use crate::control::ride::view::RideView;
use crate::control::tariff::Tariff;
use crate::control::{Controller, Site};

mod coolant;
mod doubts;

/// What its quarters of an hour shall not exceed (W).
const TARGET: f64 = 700e3;
const BATTERY: &str = "
[[meter]]
name = \"bess-out\"
role = \"battery-discharge\"
rated = 400e3

[[meter]]
name = \"bess-in\"
role = \"battery-charge\"
rated = 200e3

[[battery]]
name = \"bess\"
feed = \"utility\"
capacity = 800e3
rated-discharge = 400e3
rated-charge = 200e3
lowest = 10.0
highest = 90.0
reserve = 30.0
charge-to = 85.0
";

/// A site with one demand, and a tariff that costs alike at all times.
pub(super) fn site(hall: &Arc<Hall>) -> Site {
    let text = "name = \"t\"\nsummary = \"One demand.\"\ncurrency = \"EUR\"\nzone = \"UTC\"\n\n[[energy]]\nname = \"all\"\nprice = 0.1\n\n[[demand]]\nname = \"peak\"\nprice = 10\nwindow = \"fixed\"\nlength = \"15min\"\n";
    let tariff = Some(Arc::new(Tariff::load("t.toml", text).unwrap_or_else(|faults| panic!("{faults}"))));
    Site { tariff, ..Site::from(Arc::clone(hall)) }
}

/// A hall that stands still, and what flows through its billed meter.
struct Stand {
    rig: Rig,
    energy: f64,
    battery: bool,
    events: Vec<Event>,
}

impl Stand {
    fn of(keys: &str, rest: &str) -> Self {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        let text = format!(
            "{text}\n[peaks]\nmeter = \"utility\"\nfeed = \"utility\"\n{keys}\n\n[[peak]]\ndemand = \"peak\"\nmost = {TARGET:.1}\n{rest}"
        );
        let text = text.replacen("warmest = 23.0 ", "warmest = 21.0 ", 1); // air that is blown has less room than `ride`
        let mut rig = Rig::new(Hall::load("air", &text).unwrap_or_else(|faults| panic!("{faults}")));
        rig.control = Controller::new(site(&rig.hall));
        let battery = rest == BATTERY;
        for name in ["ch-1", "ch-2", "ch-3"] {
            let of = [("entering", 22.0), ("leaving", 14.0)].map(|(way, at)| (format!("{name}/{way}-water-temp"), at));
            of.iter().for_each(|(name, at)| rig.read(name, *at));
        }
        [0, 1].into_iter().for_each(|row| rig.inlets(row, 23.0)); // fans and valves have much left
        (1..=6).for_each(|n| rig.read(&format!("crah-{n}/supply-air-temp"), 19.5));
        for (name, value) in [("roof/dry-bulb", 35.0), ("roof/wet-bulb", 28.0), ("ct-1/leaving-water-temp", 30.0)] {
            rig.read(name, value);
        }
        for (name, value) in [("bess/charge", 80.0), ("bess/cell-temp", 25.0), ("bess/ready", 1.0)] {
            if battery {
                rig.read(name, value);
            }
        }
        Self { rig, energy: 0.0, battery, events: Vec::new() }
    }

    /// So many seconds of a load (W).
    fn pass(&mut self, seconds: u64, load: f64) {
        for _ in 0..seconds {
            let given = if self.battery { self.rig.value("bess/power-setpoint") } else { 0.0 };
            if self.battery {
                self.rig.read("bess/power", given);
            }
            self.energy += (load - given) / 3600.0;
            self.rig.read("utility/power", load - given);
            self.rig.read("utility/energy", self.energy);
            self.rig.step();
            self.events.extend(self.rig.control.outputs().events.iter().copied());
        }
    }

    fn view(&self) -> RideView {
        self.rig.control.peaks().and_then(|view| view.cooling).expect("may be moved")
    }

    /// For how long savings say that it rode (s).
    fn rode(&self) -> f64 {
        self.rig.control.savings().map_or(f64::NAN, |view| view.months.iter().map(|month| month.rode_s).sum())
    }

    fn offset(&self, name: &str) -> f64 {
        self.view().setpoints.iter().find(|of| of.name == name).map_or(f64::NAN, |of| of.offset_k)
    }

    fn setpoint(&self, name: &str) -> f64 {
        self.rig.control.loops().iter().find(|of| of.name == name).map_or(f64::NAN, |of| of.setpoint)
    }

    fn told(&self) -> Vec<PeakNews> {
        let peak = |event: &Event| if let What::Peak(of) = event.what { Some(of) } else { None };
        self.events.iter().filter_map(peak).collect()
    }

    /// One whose setpoints have risen for five minutes.
    fn up() -> Self {
        let mut stand = Self::of("ride = 2.0", "");
        stand.pass(600, 0.8 * TARGET);
        stand.pass(420, 1.1 * TARGET);
        assert!(stand.offset("row-a") > 0.5, "{:?}", stand.view());
        stand
    }
}

#[test]
fn it_rides_sooner_than_anything_is_lowered_and_moves_what_loops_and_plant_hold() {
    let mut stand = Stand::of("ride = 2.0", "");
    stand.pass(600, 0.8 * TARGET);
    let (fans, water) = (stand.setpoint("row-a/fans"), stand.rig.value("ch-1/setpoint"));
    assert!(stand.view().setpoints.iter().all(|of| of.offset_k == 0.0), "{:?}", stand.view());
    stand.pass(270, TARGET);
    let view = stand.rig.control.peaks().expect("kept");
    assert_eq!((view.allowed_w, stand.view().does.as_str()), (None, "rides"), "{view:?}");
    stand.pass(1200, 1.1 * TARGET);
    assert!(stand.rig.control.peaks().is_some_and(|view| view.allowed_w.is_some()));
    assert!((stand.setpoint("row-a/fans") - fans - 2.0).abs() < 1e-9, "{}", stand.setpoint("row-a/fans"));
    let moved = stand.rig.value("ch-1/setpoint") - water;
    assert!(moved >= stand.offset("chw") && stand.offset("chw") > 1.0, "{moved} {:?}", stand.view());
    assert_eq!(stand.told().iter().filter(|of| matches!(of, PeakNews::Rides(true))).count(), 1);
    let why = stand.rig.control.why(stand.rig.point("crah-1/fan-speed")).expect("an output");
    let because = why.control_loop.and_then(|of| of.because).expect("said");
    assert!(because.contains("moved by +2.0 K for billed peaks"), "{because}");
    let why = stand.rig.control.why(stand.rig.point("ch-1/setpoint")).expect("an output");
    assert!(why.sentence.contains("moved for a billed peak"), "{}", why.sentence);
    let (rode, rides) = (stand.rode(), stand.view().rides_s);
    assert!(rode > 1200.0 && (rode - rides).abs() < 10.0, "savings tell that it rode: {rode} of {rides} s");
}

#[test]
fn a_battery_comes_first() {
    let mut stand = Stand::of("ride = 2.0", BATTERY);
    stand.pass(600, 0.8 * TARGET);
    stand.pass(300, TARGET + 150e3);
    assert!((stand.rig.value("bess/power-setpoint") - 150e3).abs() < 30e3, "it gives");
    assert_eq!(stand.view().does, "rests", "{:?}", stand.view());
    stand.pass(300, TARGET + 450e3);
    assert!(stand.rig.value("bess/power-setpoint") > 380e3);
    assert_eq!(stand.view().does, "rides", "{:?}", stand.view());
}

#[test]
fn what_is_looked_at_and_told_moves_nothing() {
    let mut stand = Stand::of("ride = 2.0\nride-mode = \"monitor\"", "");
    stand.pass(600, 0.8 * TARGET);
    let before = (stand.setpoint("row-a/fans"), stand.setpoint("row-b/fans"));
    stand.pass(1200, 1.1 * TARGET);
    assert!(stand.offset("row-a") > 1.9 && !stand.view().acts);
    assert_eq!((stand.setpoint("row-a/fans"), stand.setpoint("row-b/fans")), before);
    assert_eq!(stand.rode(), 0.0);
    let said: Vec<_> =
        stand.events.iter().map(|event| crate::control::sentence::event(&stand.rig.hall, event)).collect();
    assert!(said.iter().any(|of| of.contains("would have, if `ride-mode` let it,")), "{said:?}");
}

#[test]
fn in_each_doubt_it_is_home_within_a_scan() {
    type Spoil = fn(&mut Rig);
    let cases: [(Spoil, u64, RideEnd); 8] = [
        (|rig| rig.fail("rack-a07/inlet-air-temp", Why::Timeout), 2, RideEnd::Inlet),
        (|rig| rig.silence("rack-b03/inlet-air-temp"), 14, RideEnd::Inlet),
        (|rig| rig.fail("crah-4/supply-air-temp", Why::Timeout), 2, RideEnd::Cooling),
        (|rig| rig.fail("chw/dp", Why::Timeout), 2, RideEnd::Cooling),
        (|rig| rig.read("chw/dp", 30e3), 40, RideEnd::Alarm),
        (|rig| drop(rig.hold("crah-1/fan-speed", 80.0, None)), 2, RideEnd::Held),
        (|rig| rig.inputs.gpus.push(heat()), 2, RideEnd::Gpus),
        (
            |rig| [("ch-1/running", 0.0), ("ch-1/fault", 1.0)].iter().for_each(|(of, to)| rig.read(of, *to)),
            20,
            RideEnd::Alarm,
        ),
    ];
    for (n, (spoil, within, why)) in cases.into_iter().enumerate() {
        let mut stand = Stand::up();
        spoil(&mut stand.rig);
        stand.pass(within, 1.1 * TARGET);
        assert!(stand.told().contains(&PeakNews::RideEnded(why)), "{n} {why:?}: {:?} {:?}", stand.view(), stand.told());
        assert!(stand.view().setpoints.iter().all(|of| of.offset_k == 0.0), "{why:?}");
        assert!((stand.setpoint("row-a/fans") - 24.0).abs() < 1e-9, "{why:?}: {}", stand.setpoint("row-a/fans"));
    }
}

#[test]
fn an_inlet_that_comes_near_its_limit_stops_a_row_then_sends_it_home_and_then_ends_it() {
    let mut stand = Stand::up();
    let warm = |stand: &mut Stand, to: f64| {
        stand.rig.read("rack-a07/inlet-air-temp", to);
        stand.pass(10, 1.1 * TARGET);
        (stand.offset("row-a"), stand.offset("row-b"))
    };
    for n in 1..=17_u32 {
        warm(&mut stand, 23.0 + 0.2 * f64::from(n));
    }
    let at = warm(&mut stand, 26.6);
    let little = warm(&mut stand, 26.6);
    assert!((little.0 - at.0).abs() < 1e-9 && little.1 > at.1, "{at:?} to {little:?}");
    let none = warm(&mut stand, 26.9);
    assert!(none.0 < little.0 && none.0 > 0.0 && none.1 > little.1, "{little:?} to {none:?}");
    assert_eq!(warm(&mut stand, 27.1), (0.0, 0.0));
    assert!(stand.told().contains(&PeakNews::RideEnded(RideEnd::Hot)), "{:?}", stand.told());
}

fn heat() -> plant::lease::seen::GpuSeen {
    let throttle = plant::gpu::Throttle::HEAT;
    plant::lease::seen::GpuSeen { throttle, ..plant::lease::seen::GpuSeen::default() }
}

#[test]
fn a_meter_that_is_not_read_ends_it() {
    let mut stand = Stand::up();
    stand.rig.fail("utility/power", Why::Timeout);
    stand.rig.step();
    stand.rig.step();
    assert_eq!((stand.view().does.as_str(), stand.view().doubt.as_deref()), ("doubted", Some("meter")));
}

#[test]
fn a_new_boot_begins_at_home_and_a_restart_goes_on() {
    let mut stand = Stand::up();
    let at = stand.offset("row-a");
    let state = postcard::to_stdvec(stand.rig.control.state()).expect("serialises");
    let state = postcard::from_bytes(&state).expect("reads");
    stand.rig.control = Controller::restore(site(&stand.rig.hall), state);
    stand.pass(1, 1.1 * TARGET);
    assert!(stand.offset("row-a") >= at, "{:?}", stand.view());
    let state = stand.rig.control.state().clone();
    stand.rig.control = Controller::restore(site(&stand.rig.hall), state);
    stand.rig.tick.boot += 1;
    stand.rig.tick.seq = 0;
    stand.rig.inputs = Inputs::unread(stand.rig.hall.points.len());
    stand.pass(1, 1.1 * TARGET);
    assert!(stand.view().setpoints.iter().all(|of| of.offset_k == 0.0), "{:?}", stand.view());
    assert!((stand.setpoint("row-a/fans") - 24.0).abs() < 1e-9);
}

#[test]
fn what_a_grid_asks_for_is_met_by_it_too() {
    let mut stand = Stand::of("ride = 2.0", "\n[grid]\nfeeds = [\"utility\"]\n");
    stand.pass(600, 0.8 * TARGET);
    let reply = stand.rig.ask(an_hour_at(0.75 * TARGET));
    assert!(matches!(reply, Reply::Accepted { .. }), "{reply:?}");
    stand.pass(120, 0.8 * TARGET);
    assert_eq!(stand.view().does, "rides", "{:?}", stand.view());
}

#[test]
fn before_a_peak_that_a_plan_expects_it_cools_ahead_while_there_is_room() {
    for (soon, does) in [(1.0, "pre_cools"), (0.9, "rests")] {
        let mut stand = Stand::of("ride = 2.0\npre-cool = 1.0\nplan = true", BATTERY);
        stand.pass(901, 0.6 * TARGET); // a question is due at the quarter of an hour
        let question = stand.rig.control.plan_due();
        let at = stand.rig.tick.wall;
        let from = Wall(at.0 - at.0.rem_euclid(900_000));
        let level = stand.rig.control.question().and_then(|of| of.problem.battery).expect("seen").level * 1e3;
        let slot = |n: usize| Planned { level, site: TARGET * if n < 3 { 0.6 } else { soon }, ..Planned::default() };
        let (slots, targets) = ((0..144).map(slot).collect(), vec![Some(TARGET)]);
        let plan = Arrived { question, from, at, level, slots, targets, ..Arrived::default() };
        stand.rig.inputs.plan = Some(Box::new(plan));
        stand.pass(1, 0.6 * TARGET);
        stand.rig.inputs.plan = None;
        stand.pass(300, 0.6 * TARGET);
        assert_eq!(stand.view().does, does, "{:?}", stand.view());
        let (fans, water) = (stand.setpoint("row-a/fans"), stand.rig.value("ch-1/setpoint"));
        assert!((fans - if soon < 1.0 { 24.0 } else { 23.0 }).abs() < 1e-9, "{fans}");
        assert!(water >= 14.0, "no colder than the hall's file has it: {water}");
        stand.pass(270, 0.96 * TARGET);
        assert_eq!(stand.view().does, "rests", "no room any more: {:?}", stand.view());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Whatever flows and however warm it is: fans, coils and chillers are told nothing beyond `ride` and the limits of the hall.
    #[test]
    fn no_setpoint_leaves_the_limits_of_the_hall(
        days in prop::collection::vec((0.6..1.3_f64, 22.0..27.3_f64, 18.0..23.0_f64, 60_u64..400), 2..8),
    ) {
        let mut stand = Stand::of("ride = 2.0", "");
        stand.pass(600, 0.8 * TARGET);
        for (load, inlet, air, seconds) in days {
            [0, 1].into_iter().for_each(|row| stand.rig.inlets(row, inlet));
            (1..=6).for_each(|n| stand.rig.read(&format!("crah-{n}/supply-air-temp"), air));
            for _ in 0..seconds {
                stand.pass(1, load * TARGET);
                for of in stand.rig.control.loops() {
                    let (least, most) = match of.name.rsplit_once('/') {
                        Some((row, "fans")) if row.starts_with("row-") => (24.0, 26.0),
                        Some((crah, "valve")) if crah.starts_with("crah-") => (18.0, 21.0),
                        Some(_) | None => continue,
                    };
                    prop_assert!((least..=most).contains(&of.setpoint), "{}: {}", of.name, of.setpoint);
                }
                let water = stand.rig.value("ch-1/setpoint");
                prop_assert!((14.0..=21.0).contains(&water), "{water}");
            }
        }
    }
}
