//! Loads to come, and what moves ahead of them.

use plant::event::{StageCause, What};
use plant::reading::Why;
use plant::time::Span;
use proptest::prelude::*;

use super::rig::{Rig, shipped};
use crate::control::request::{Ask, Refusal, Reply};

/// The hall `air`, settled: every rack of row-a draws 10 kW.
fn settled() -> Rig {
    let mut rig = Rig::new(shipped("air"));
    rig.inlets(0, 20.0);
    rig.inlets(1, 20.0);
    draw(&mut rig, 0, 10e3);
    draw(&mut rig, 1, 10e3);
    rig.steps(400);
    rig
}

fn draw(rig: &mut Rig, row: usize, watts: f64) {
    for name in rig.inlet_names(row) {
        rig.read(&name.replace("inlet-air-temp", "power"), watts);
    }
}

fn racks(rig: &Rig, row: usize) -> f64 {
    f64::from(u32::try_from(rig.hall.rows.rows()[row].racks.len()).expect("few"))
}

fn rated(rig: &Rig, row: usize) -> f64 {
    rig.hall.rows.rows()[row].racks.iter().map(|rack| rack.rated.0).sum()
}

/// The feed-forward of a loop (%).
fn ff(rig: &Rig, name: &str) -> f64 {
    rig.control.loops().iter().find(|l| l.name == name).expect("a loop").ff
}

fn announce(rig: &mut Rig, id: &str, watts: f64, ahead: u64) -> Reply {
    let row = rig.hall.rows.iter().next().map(|(row, _)| row);
    rig.ask(Ask::Announce { id: id.to_owned(), row, watts, ahead: Span::from_secs(ahead) })
}

fn refused(reply: Reply) -> Refusal {
    let Reply::Refused(why) = reply else { panic!("{reply:?}") };
    why
}

#[test]
fn what_a_row_draws_moves_its_fans_and_valves_before_its_heat_does() {
    let mut rig = settled();
    assert_eq!((ff(&rig, "row-a/fans"), ff(&rig, "crah-1/valve")), (0.0, 0.0), "what it drew at first moves nothing");
    let (before, other) = (rig.value("crah-1/fan-speed"), rig.value("crah-4/fan-speed"));
    draw(&mut rig, 0, 15e3);
    rig.step();
    let share = 100.0 * 5e3 * racks(&rig, 0) / rated(&rig, 0);
    let of = rig.hall.strategies.feed_forward;
    assert!((ff(&rig, "row-a/fans") - of.fans.gain * share).abs() < 1e-6);
    assert!((ff(&rig, "crah-1/valve") - of.valves.gain * share).abs() < 1e-6);
    rig.steps(5);
    assert!(rig.value("crah-1/fan-speed") > before + 5.0, "{before}: {}", rig.value("crah-1/fan-speed"));
    assert!((rig.value("crah-4/fan-speed") - other).abs() < 1.0 && ff(&rig, "row-b/fans") == 0.0, "the other row");
}

#[test]
fn it_lets_go_slowly_and_a_lost_reading_lets_nothing_go() {
    let mut rig = settled();
    draw(&mut rig, 0, 15e3);
    rig.step();
    let high = ff(&rig, "row-a/fans");
    let names: Vec<String> = rig.inlet_names(0).iter().map(|n| n.replace("inlet-air-temp", "power")).collect();
    names.iter().for_each(|name| rig.fail(name, Why::Timeout));
    rig.steps(120);
    assert_eq!(ff(&rig, "row-a/fans"), high, "nobody knows that it draws less");
    draw(&mut rig, 0, 10e3);
    rig.steps(60);
    let low = ff(&rig, "row-a/fans");
    assert!(low < high && low > 0.85 * high, "{low} of {high}: a tenth of the time constant");
    rig.steps(3600);
    assert!(ff(&rig, "row-a/fans") < 0.01 * high);
}

#[test]
fn a_reload_of_its_gain_does_not_bump() {
    let mut rig = settled();
    draw(&mut rig, 0, 15e3);
    rig.steps(30);
    let (before, stood) = (ff(&rig, "row-a/fans"), rig.value("crah-1/fan-speed"));
    let mut strategies = rig.hall.strategies;
    strategies.feed_forward.fans.gain = 1.4;
    rig.inputs.reload = Some(Box::new(strategies));
    rig.step();
    assert!((ff(&rig, "row-a/fans") - before).abs() < 1e-9);
    assert!((rig.value("crah-1/fan-speed") - stood).abs() < 1.0);
}

#[test]
fn an_announced_load_is_met_by_its_lead_and_counted_once() {
    let mut rig = settled();
    let of = rig.hall.strategies.feed_forward;
    let watts = 5e3 * racks(&rig, 0);
    let full = of.fans.gain * 100.0 * watts / rated(&rig, 0);
    assert!(matches!(announce(&mut rig, "job", watts, 90), Reply::Accepted { .. }));
    rig.steps(90 - 31);
    assert_eq!(ff(&rig, "row-a/fans"), 0.0, "too early: its lead is {}", of.fans.lead);
    rig.steps(2);
    assert!((ff(&rig, "row-a/fans") - full).abs() < 1e-6);
    rig.steps(29);
    draw(&mut rig, 0, 15e3);
    let events = rig.events(125);
    assert!((ff(&rig, "row-a/fans") - full).abs() < 1e-6, "what is drawn is what was announced");
    assert!(events.contains(&What::AnnouncedLoadCame), "{events:?}");
    assert!(rig.control.status().announced.is_empty());
    rig.steps(60);
    assert!((ff(&rig, "row-a/fans") - full).abs() < 1e-6);
}

#[test]
fn a_load_that_does_not_come_is_not_waited_for() {
    let mut rig = settled();
    let watts = 5e3 * racks(&rig, 0);
    announce(&mut rig, "job", watts, 10);
    let events = rig.events(131);
    let high = ff(&rig, "row-a/fans");
    assert!(high > 0.0 && events.contains(&What::AnnouncedLoadMissing), "{events:?}");
    rig.steps(1200);
    assert!(ff(&rig, "row-a/fans") < 0.2 * high);
}

#[test]
fn two_jobs_of_one_row_are_two_loads() {
    let mut rig = settled();
    let of = rig.hall.strategies.feed_forward.fans.gain * 100.0 / rated(&rig, 0);
    let all = racks(&rig, 0);
    announce(&mut rig, "one", 2e3 * all, 10);
    announce(&mut rig, "two", 3e3 * all, 100);
    rig.steps(12);
    assert!((ff(&rig, "row-a/fans") - of * 2e3 * all).abs() < 1e-6);
    draw(&mut rig, 0, 12e3); // the first comes
    rig.steps(90);
    assert!((ff(&rig, "row-a/fans") - of * 5e3 * all).abs() < 1e-6, "and the second is expected beside it");
    rig.steps(40); // the first is over meanwhile
    assert!((ff(&rig, "row-a/fans") - of * 5e3 * all).abs() < 1e-6);
    assert_eq!(rig.control.status().announced.len(), 1);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let mut rig = settled();
    let most = rated(&rig, 0);
    for watts in [0.0, -1.0, f64::NAN, f64::INFINITY, most * 1.01] {
        assert_eq!(refused(announce(&mut rig, "x", watts, 10)), Refusal::OutOfRange { min: 1.0, max: most });
    }
    assert_eq!(refused(announce(&mut rig, "x", 1e3, 86_401)), Refusal::HoldOutOfRange);
    for n in 0..64 {
        assert!(matches!(announce(&mut rig, &n.to_string(), 1e3, 600), Reply::Accepted { .. }));
    }
    assert_eq!(refused(announce(&mut rig, "one more", 1e3, 600)), Refusal::TooMany);
    assert!(matches!(announce(&mut rig, "7", 2e3, 600), Reply::Accepted { .. }), "the same name takes its place");
    assert!(matches!(rig.ask(Ask::Withdraw { id: "7".to_owned() }), Reply::Accepted { .. }));
    assert_eq!(refused(rig.ask(Ask::Withdraw { id: "7".to_owned() })), Refusal::NothingThere);
    assert_eq!(rig.control.status().announced.len(), 63);
}

#[test]
fn a_new_boot_tells_what_it_does_not_know_any_more() {
    let mut rig = settled();
    announce(&mut rig, "job", 10e3, 600);
    rig.reboot(Span::from_secs(5));
    assert!(rig.events(1).contains(&What::AnnouncementDropped));
    assert!(rig.control.status().announced.is_empty());
}

#[test]
fn a_chiller_starts_for_what_is_announced() {
    let mut rig = settled();
    rig.read("chw/flow", 30.0);
    rig.read("ch-1/entering-water-temp", 22.0);
    rig.read("ch-2/entering-water-temp", 22.0);
    rig.steps(1200);
    let stages = |events: &[What]| {
        let staged = |what: &What| if let What::Stage { cause, .. } = what { Some(*cause) } else { None };
        events.iter().filter_map(staged).collect::<Vec<_>>()
    };
    assert!(stages(&rig.events(60)).is_empty());
    rig.ask(Ask::Announce { id: "job".to_owned(), row: None, watts: 500e3, ahead: Span::from_secs(500) });
    let told = stages(&rig.events(20));
    assert_eq!(told, [StageCause::Announced], "ten minutes before");
}

#[test]
fn one_that_is_put_off_for_ever_is_told_missing_once_and_one_put_off_in_time_is_not() {
    let told = |events: &[What]| events.iter().filter(|what| **what == What::AnnouncedLoadMissing).count();
    let mut rig = settled();
    let mut events = Vec::new();
    for _ in 0..20 {
        announce(&mut rig, "job-17", 100e3, 120);
        events.extend(rig.events(60));
    }
    assert_eq!(told(&events), 1);
    rig.ask(Ask::Withdraw { id: "job-17".to_owned() });

    // Nothing has moved for it yet.
    announce(&mut rig, "job-18", 100e3, 7200);
    rig.steps(60);
    announce(&mut rig, "job-18", 100e3, 20_000);
    assert_eq!(told(&rig.events(9000)), 0);

    // It is there: whoever puts it off then is behind the times.
    announce(&mut rig, "job-19", 100e3, 120);
    rig.steps(60);
    draw(&mut rig, 0, 15e3);
    let mut events = Vec::new();
    for _ in 0..10 {
        announce(&mut rig, "job-19", 100e3, 120);
        events.extend(rig.events(60));
    }
    assert_eq!(told(&events), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is drawn, announced and withdrawn: nothing is expected below what is drawn, nor above it and all that is announced.
    #[test]
    fn an_announcement_only_adds(steps in prop::collection::vec((0_u8..4, 0_u8..6, 1.0..100e3_f64, 0_u64..300), 1..40)) {
        let mut rig = settled();
        let row = rig.hall.rows.iter().next().map(|(row, _)| row).expect("a row");
        for (what, id, watts, ahead) in steps {
            match what {
                0 => draw(&mut rig, 0, watts / 5.0),
                1 => drop(rig.ask(Ask::Withdraw { id: id.to_string() })),
                2 => drop(announce(&mut rig, &id.to_string(), watts, ahead)),
                _ => drop(rig.ask(Ask::Announce { id: id.to_string(), row: None, watts, ahead: Span::from_secs(ahead) })),
            }
            rig.steps(20);
            let all: f64 = rig.control.status().announced.iter().map(|a| 1e3 * a.kw).sum();
            for lead in [0, 30, 600] {
                let extra = rig.control.state().forecast.extra(row, Span::from_secs(lead));
                prop_assert!((0.0..=all + 2.0 * 20e3 * racks(&rig, 0)).contains(&extra), "{extra} of {all}");
            }
            prop_assert!(ff(&rig, "row-a/fans").is_finite());
        }
    }
}
