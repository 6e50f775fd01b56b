//! Scenarios over synthetic signals: no world, no control, so that every verdict has an answer known beforehand.

use std::sync::Arc;

use plant::event::{About, Event as Told, Severity, What};
use plant::hall::Hall;
use plant::id::{Id, PointId};

use super::expression::{Figure, Scene};
use super::golden::Golden;
use super::*;

const HEAD: &str = "name = \"test\"\nsummary = \"A test\"\nhall = \"bench\"\nstart = \"2026-07-15T12:00Z\"\n\
                    duration = \"1h\"\nwarm-up = \"1min\"\n";

fn hall() -> Arc<Hall> {
    let (name, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "bench").expect("shipped");
    Arc::new(Hall::load(name, text).expect("loads"))
}

fn scenario(rest: &str) -> Arc<Scenario> {
    let text = format!("{HEAD}{rest}");
    Arc::new(load("test.toml", &text, Ok(hall())).unwrap_or_else(|faults| panic!("{faults}")))
}

/// The heater's inlet at a time, and the fan's command at another.
struct Course {
    inlet: f64,
    fan: f64,
    point: PointId,
}

impl Scene for Course {
    fn truth(&self, point: PointId) -> f64 {
        if point == self.point { self.inlet } else { 0.0 }
    }

    fn reading(&self, _: PointId) -> f64 {
        f64::NAN
    }

    fn command(&self, _: PointId) -> f64 {
        self.fan
    }

    fn figure(&self, _: Figure) -> f64 {
        f64::NAN
    }
}

/// A run over signals that are functions of time, with alarms raised at times.
fn play(scenario: &Arc<Scenario>, inlet: impl Fn(f64) -> f64, fan: impl Fn(f64) -> f64, alarms: &[f64]) -> Report {
    let run = Run::new(Arc::clone(scenario), 1);
    lead(run, inlet, fan, alarms)
}

fn lead(mut run: Run, inlet: impl Fn(f64) -> f64, fan: impl Fn(f64) -> f64, alarms: &[f64]) -> Report {
    let hall = hall();
    let point = hall.point("heater/inlet-air-temp").expect("a point");
    while !run.over() {
        run.due();
        let tick = run.tick();
        let time = run.time() + tick.dt.seconds();
        let told: Vec<Told> = alarms.iter().filter(|at| (**at - time).abs() < 0.5).map(|_| raised(tick.mono)).collect();
        run.observe(tick, &told, &Course { inlet: inlet(time), fan: fan(time), point });
    }
    run.finish(&|name| (name == "pue").then_some(1.3), &|_, name| (name == "pue").then_some(1.5)).0
}

fn raised(at: plant::time::Mono) -> Told {
    Told { at, severity: Severity::Warning, about: About::Alarm(AlarmId::from_index(0)), what: What::AlarmRaised }
}

/// The verdict of one assert: held, margin, worst instant.
fn judge(assert: &str, inlet: impl Fn(f64) -> f64) -> (bool, Option<f64>, Option<f64>) {
    let scenario = scenario(&format!("[[assert]]\nname = \"it\"\n{assert}\n"));
    let report = play(&scenario, inlet, |_| 50.0, &[]);
    let verdict = report.verdicts.first().expect("a verdict");
    (verdict.held, verdict.margin, verdict.at)
}

fn near(a: Option<f64>, b: f64) -> bool {
    a.is_some_and(|a| (a - b).abs() < 1e-6)
}

#[test]
fn always_and_never_tell_the_worst_instant() {
    // A peak of 29 °C at 1,000 s.
    let hump = |t: f64| 29.0 - (t - 1000.0).abs() / 100.0;
    let (held, margin, at) = judge("always = \"heater/inlet-air-temp <= 30 °C\"", hump);
    assert!(held && near(margin, 1.0) && near(at, 1000.0), "{held} {margin:?} {at:?}");
    let (held, margin, at) = judge("always = \"heater/inlet-air-temp <= 28.5\"", hump);
    assert!(!held && near(margin, -0.5) && near(at, 1000.0), "{held} {margin:?} {at:?}");
    let (held, margin, _) = judge("never = \"heater/inlet-air-temp > 28.5\"", hump);
    assert!(!held && near(margin, -0.5), "{held} {margin:?}");
    // Above 28.5 °C from 950 to 1,050 s.
    let (held, margin, _) = judge("never = \"heater/inlet-air-temp >= 28.5 for 2min\"", hump);
    assert!(held && near(margin, 20.0), "{held} {margin:?}");
    let (held, margin, _) = judge("never = \"heater/inlet-air-temp >= 28.5 for 90s\"", hump);
    assert!(!held && near(margin, -10.0), "{held} {margin:?}");
}

#[test]
fn a_window_looks_away_outside_of_it() {
    let early = |t: f64| if t < 300.0 { 40.0 } else { 25.0 };
    assert!(!judge("always = \"heater/inlet-air-temp <= 30\"", early).0);
    assert!(judge("from = \"5min\"\nalways = \"heater/inlet-air-temp <= 30\"", early).0);
    let late = |t: f64| if t > 1200.0 { 40.0 } else { 25.0 };
    assert!(judge("to = \"20min\"\nalways = \"heater/inlet-air-temp <= 30\"", late).0);
    assert!(!judge("to = \"21min\"\nalways = \"heater/inlet-air-temp <= 30\"", late).0);
}

#[test]
fn the_warm_up_is_not_judged() {
    let (held, margin, _) = judge("always = \"heater/inlet-air-temp <= 30\"", |t| if t < 0.0 { 99.0 } else { 25.0 });
    assert!(held && near(margin, 5.0), "{held} {margin:?}");
}

#[test]
fn a_missing_value_never_passes() {
    assert!(!judge("always = \"heater/inlet-air-temp <= 30\"", |_| f64::NAN).0);
    assert!(!judge("always = \"heater/inlet-air-temp <= 30\"", |t| if t > 100.0 { f64::NAN } else { 20.0 }).0);
    assert!(!judge("never = \"heater/inlet-air-temp > 30\"", |_| f64::NAN).0);
    assert!(!judge("eventually = \"heater/inlet-air-temp > 30\"\nwithin = \"5min\"", |_| f64::NAN).0);
    assert!(!judge("reversals = \"heater/inlet-air-temp\"\nmax-per-hour = 1", |_| f64::NAN).0);
    let settle = "settle = \"heater/inlet-air-temp\"\ntarget = \"25\"\nband = 1\nwithin = \"5min\"";
    assert!(!judge(settle, |_| f64::NAN).0);
}

#[test]
fn within_tells_how_near_it_came() {
    let ramp = |t: f64| 20.0 + t / 100.0;
    let (held, margin, _) = judge("eventually = \"heater/inlet-air-temp >= 25\"\nwithin = \"10min\"", ramp);
    assert!(held && near(margin, 1.0), "{margin:?}");
    let (held, margin, at) = judge("eventually = \"heater/inlet-air-temp >= 25\"\nwithin = \"5min\"", ramp);
    assert!(!held && near(margin, -2.0) && near(at, 300.0), "{margin:?} {at:?}");
    // From 500 s it holds: 100 s of the ten minutes.
    let (held, margin, _) = judge("eventually = \"heater/inlet-air-temp >= 25 for 90s\"\nwithin = \"10min\"", ramp);
    assert!(held && near(margin, 10.0), "{margin:?}");
}

#[test]
fn settling_is_judged_from_its_deadline_on() {
    let decay = |t: f64| 25.0 + 10.0 * libm::exp(-t / 100.0);
    let settle = |band: &str, within: &str| {
        let text = format!(
            "settle = \"heater/inlet-air-temp\"\ntarget = \"25 °C\"\nband = \"{band}\"\nwithin = \"{within}\"\nhold = \"5min\""
        );
        judge(&text, decay)
    };
    // 10 K · e^-3 are 0.498 K.
    let (held, margin, at) = settle("0.6 K", "300s");
    assert!(held && near(margin, 0.6 - 10.0 * libm::exp(-3.0)) && near(at, 300.0), "{margin:?} {at:?}");
    assert!(!settle("0.4 K", "300s").0);
    assert!(!settle("0.6 K", "200s").0);
    assert!(!settle("1 K", "2h").0, "a run that ends before the deadline shows nothing");
}

#[test]
fn overshoot_counts_after_the_target_was_reached() {
    // From above down to 24 °C at 600 s, and up to 26.5 °C at 850 s.
    let course = |t: f64| if t < 600.0 { 30.0 - t / 100.0 } else { 24.0 + ((t - 600.0) / 100.0).min(2.5) };
    let text = |max: f64| format!("overshoot = \"heater/inlet-air-temp\"\ntarget = \"25\"\nmax = {max}");
    let (held, margin, _) = judge(&text(2.0), course);
    assert!(held && near(margin, 0.5), "{margin:?}");
    assert!(!judge(&text(1.0), course).0);
    assert!(!judge(&text(1.0), |_| 30.0).0, "what never came to its target is no success");
}

#[test]
fn a_turn_counts_after_its_travel() {
    // A triangle of ±1.5 and a period of 10 min: 11 turns in the hour after the first movement.
    let wave = |t: f64| {
        let phase = (t / 600.0).rem_euclid(1.0);
        if phase < 0.5 { 6.0 * phase - 1.5 } else { 4.5 - 6.0 * phase }
    };
    let text = |travel: f64, max: f64| {
        format!("reversals = \"heater/inlet-air-temp\"\ntravel = {travel}\nmax-per-hour = {max}")
    };
    let (held, margin, _) = judge(&text(2.0, 12.0), wave);
    assert!(held && margin.is_some_and(|m| (m - 1.0).abs() < 0.05), "{margin:?}");
    assert!(!judge(&text(2.0, 10.0), wave).0);
    assert!(judge(&text(4.0, 0.0), wave).0, "a movement smaller than the travel is no turn");
}

#[test]
fn edges_are_counted() {
    let pulses = |t: f64| if (t / 600.0).rem_euclid(1.0) < 0.5 { 20.0 } else { 30.0 };
    let (held, margin, _) = judge("count = \"heater/inlet-air-temp > 25\"\nmin = 6\nmax = 6", pulses);
    assert!(held && near(margin, 0.0), "{margin:?}");
    assert!(!judge("count = \"heater/inlet-air-temp > 25\"\nmax = 5", pulses).0);
    assert!(!judge("count = \"heater/inlet-air-temp > 25\"\nmin = 7", pulses).0);
}

#[test]
fn an_alarm_is_raised_once_in_time() {
    let name = hall().alarms.get(AlarmId::from_index(0)).expect("an alarm").name.clone();
    let judge = |more: &str, alarms: &[f64]| {
        let event = "[[event]]\nname = \"hot\"\nat = \"10min\"\ndo = \"load\"\nshare = 1.0\n";
        let assert = format!("[[assert]]\nname = \"it\"\nalarm = \"{name}\"\nafter = \"hot\"\n{more}\n");
        let report = play(&scenario(&format!("{event}{assert}")), |_| 25.0, |_| 50.0, alarms);
        let verdict = report.verdicts.first().expect("a verdict");
        (verdict.held, verdict.margin)
    };
    let (held, margin) = judge("within = \"2min\"", &[660.0]);
    assert!(held && near(margin, 60.0), "{margin:?}");
    assert!(!judge("within = \"30s\"", &[660.0]).0);
    assert!(!judge("within = \"2min\"", &[]).0);
    assert!(!judge("within = \"2min\"", &[620.0, 1200.0]).0, "twice is not once");
    assert!(judge("within = \"2min\"", &[300.0, 660.0]).0, "what was before the event does not count");
    assert!(judge("raised = \"never\"", &[]).0);
    assert!(!judge("raised = \"never\"", &[2000.0]).0);
}

#[test]
fn the_safe_state_is_reached_in_time() {
    let scenario = scenario(
        "[[event]]\nname = \"blind\"\nwhen = \"heater/inlet-air-temp > 30 for 60s\"\ndo = \"fault\"\n\
         target = \"heater/inlet-air-temp\"\nhow = \"lost\"\n\
         [[assert]]\nname = \"it\"\nsafe = \"fan-*/fan-speed\"\nwithin = \"30s\"\nafter = \"blind\"\n",
    );
    // Hot from 100 s: the event happens at 160 s.
    let inlet = |t: f64| if t >= 100.0 { 35.0 } else { 25.0 };
    let reach = |at: f64| play(&scenario, inlet, move |t| if t >= at { 100.0 } else { 50.0 }, &[]);
    let verdict = |report: Report| report.verdicts.first().cloned().expect("a verdict");
    let good = verdict(reach(180.0));
    assert!(good.held && good.margin.is_some_and(|m| (m - 10.0).abs() <= 1.0), "{good:?}");
    assert!(!verdict(reach(200.0)).held);
    assert!(!verdict(reach(1e9)).held);
    let never = play(&scenario, |_| 25.0, |_| 100.0, &[]);
    assert!(!verdict(never).held, "an event that never happens proves nothing");
}

#[test]
fn figures_are_held_against_limits_and_a_baseline() {
    let judge = |text: &str| judge(text, |_| 25.0).0;
    assert!(judge("kpi = \"pue\"\nmax = 1.35"));
    assert!(!judge("kpi = \"pue\"\nmax = 1.25"));
    assert!(!judge("kpi = \"wue\"\nmax = 1.25"), "a figure that nobody tells is no success");
    assert!(judge("kpi = \"pue\"\ncompare = \"fixed\"\nmax = 0.9"), "1.3 over 1.5");
    assert!(!judge("kpi = \"pue\"\ncompare = \"fixed\"\nmax = 0.85"));
}

#[test]
fn a_figure_that_no_hall_tells_is_a_fault_with_the_name_that_was_meant() {
    let text = format!("{HEAD}[[assert]]\nname = \"it\"\nkpi = \"facility-kwhs\"\nmax = 1.0\n");
    let faults = load("test.toml", &text, Ok(hall())).expect_err("a fault").to_string();
    assert!(faults.contains("there is no figure `facility-kwhs`") && faults.contains("facility-kwh"), "{faults}");
    assert!(!judge("kpi = \"travel-per-h.fan-1/fan-speed\"\nmax = 1.0", |_| 25.0).0, "known, and not told here");
}

#[test]
fn a_golden_trace_forgives_time_and_value_and_no_more() {
    let scenario =
        scenario("[[assert]]\nname = \"it\"\ngolden = [\"heater/inlet-air-temp\"]\ntube-time = \"30s\"\ntube = 0.5\n");
    let step = |at: f64, height: f64| move |t: f64| if t >= at { 20.0 + height } else { 20.0 };
    let golden = Golden {
        names: vec!["heater/inlet-air-temp".to_owned()],
        rows: (0..=100u32).map(|n| f64::from(n) * 36.0).map(|t| (t, vec![step(1000.0, 5.0)(t)])).collect(),
    };
    let golden = Golden::parse(&golden.text()).expect("its own text");
    let held = |inlet: &dyn Fn(f64) -> f64| {
        let mut run = Run::new(Arc::clone(&scenario), 1);
        run.hold_against(&golden);
        lead(run, inlet, |_| 50.0, &[]).verdicts.first().cloned().expect("a verdict")
    };
    assert!(held(&step(1000.0, 5.0)).held);
    assert!(held(&step(1025.0, 5.4)).held);
    let late = held(&step(1200.0, 5.0));
    assert!(!late.held && near(late.margin, 0.5 - 5.0), "{late:?}");
    assert!(!held(&step(1000.0, 6.0)).held);
    let none = play(&scenario, |_| 20.0, |_| 50.0, &[]);
    assert!(!none.passed(), "a scenario without its golden trace does not pass");
}

#[test]
fn events_begin_end_and_repeat() {
    let scenario = scenario(
        "[[event]]\nname = \"hand\"\nat = \"10min\"\nfor = \"5min\"\ndo = \"fault\"\ntarget = \"fan-1\"\nhow = \"hand\"\n\
         value = 30\n\
         [[event]]\nname = \"hot\"\nwhen = \"heater/inlet-air-temp > 30\"\nonce = false\ndo = \"clear-all\"\n",
    );
    let hall = hall();
    let point = hall.point("heater/inlet-air-temp").expect("a point");
    let mut run = Run::new(Arc::clone(&scenario), 1);
    let mut seen: Vec<(f64, &str)> = Vec::new();
    while !run.over() {
        let time = run.time();
        for action in run.due() {
            let word = if matches!(action, Action::Break(_)) {
                "break"
            } else if matches!(action, Action::Mend(_)) {
                "mend"
            } else {
                assert_eq!(action, Action::MendAll);
                "mend-all"
            };
            seen.push((time, word));
        }
        let tick = run.tick();
        let after = run.time() + 1.0;
        let hot = (1000.0..1100.0).contains(&after) || (2000.0..2100.0).contains(&after);
        run.observe(tick, &[], &Course { inlet: if hot { 35.0 } else { 25.0 }, fan: 50.0, point });
    }
    assert_eq!(seen, [(600.0, "break"), (900.0, "mend"), (1000.0, "mend-all"), (2000.0, "mend-all")]);
    let happened: Vec<_> = run.happened().iter().map(|h| (h.at, h.event, h.begins)).collect();
    assert_eq!(happened, [(600.0, 0, true), (900.0, 0, false), (1000.0, 1, true), (2000.0, 1, true)]);
}

#[test]
fn an_error_that_nobody_expected_fails_the_run() {
    let scenario = scenario("");
    let error = |run: &mut Run, at: u64| {
        let tick = run.tick();
        let mut told = raised(plant::time::Mono(at));
        told.severity = Severity::Error;
        let point = PointId::from_index(0);
        run.observe(tick, &[told], &Course { inlet: 25.0, fan: 50.0, point });
    };
    let mut run = Run::new(Arc::clone(&scenario), 1);
    for n in 0..100 {
        error(&mut run, n);
    }
    assert!(!run.finish(&|_| None, &|_, _| None).0.passed());
    let name = hall().alarms.get(AlarmId::from_index(0)).expect("an alarm").name.clone();
    let text = format!("{HEAD}expected-errors = [\"{name}\"]\n");
    let mut run = Run::new(Arc::new(load("t", &text, Ok(hall())).expect("loads")), 1);
    for n in 0..100 {
        error(&mut run, n);
    }
    assert!(run.finish(&|_| None, &|_, _| None).0.passed());
}

#[test]
fn every_fault_of_a_file_is_told_at_once_with_its_place() {
    let text = "name = \"Bad Name\"\nsumary = \"x\"\nhall = \"bench\"\nstart = \"noon\"\nduration = \"1h\"\ndt = \"2s\"\n\
                period = \"3s\"\n\
                [[event]]\nname = \"a\"\nat = \"2h\"\ndo = \"fault\"\ntarget = \"fan-1\"\nhow = \"melted\"\n\
                [[event]]\nname = \"b\"\nwhen = \"heater/inlet-air-tmp > 30\"\ndo = \"silence\"\n\
                [[assert]]\nname = \"c\"\nalways = \"max(heater/inlet-air-temp) <= 30 K\"\nafter = \"d\"\n\
                [[assert]]\nname = \"e\"\n";
    let faults = load("bad.toml", text, Ok(hall())).expect_err("full of faults").to_string();
    for said in [
        "bad.toml:1:8: `Bad Name` is no name",
        "knows no key `sumary`",
        "did you mean `summary`?",
        "bad.toml:4:9: `noon` is no time with a zone",
        "bad.toml:7:10: `period` is 3s and `dt` is 2s",
        "bad.toml:10:6: this happens at 2h",
        "a fan cannot be `melted`",
        "bad.toml:16:9: there is no point `heater/inlet-air-tmp`",
        "did you mean `heater/inlet-air-temp`?",
        "bad.toml:20:38: °C and K cannot be compared",
        "there is no event `d`",
        "say what must hold with one of",
    ] {
        assert!(faults.contains(said), "{said}\nis not in\n{faults}");
    }
    let late = load("t.toml", &format!("{HEAD}late-from = \"1h\"\n"), Ok(hall())).expect_err("never").to_string();
    assert!(late.contains("`late-from` is 60min") && late.contains("before the end, 60min"), "{late}");
    let unknown = load("t.toml", HEAD, Err("known here: air".to_owned())).expect_err("no hall").to_string();
    assert!(unknown.contains("t.toml:3:8: there is no hall `bench`"), "{unknown}");
}

#[test]
fn a_start_in_local_time_is_the_same_instant() {
    let at = |start: &str| {
        let text = HEAD.replace("2026-07-15T12:00Z", start);
        load("t.toml", &text, Ok(hall())).unwrap_or_else(|faults| panic!("{faults}")).start
    };
    assert_eq!(at("2026-07-15T14:00[Europe/Berlin]"), at("2026-07-15T12:00Z"));
    assert_eq!(at("2026-07-15T12:00Z"), Wall(1_784_116_800_000));
}
