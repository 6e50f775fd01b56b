//! Trials of a loop on a hall of a few lines: what is found, what ends them, and that the loop has its output back each time.

use plant::command::{Level, Reason};
use plant::event::{Commissioning, TrialEnd, What};
use plant::id::LoopId;
use plant::reading::Why;
use plant::time::Span;

use super::loops::{HOUR, Plant, hall};
use super::rig::Rig;
use crate::control::report::TrialReport;
use crate::control::request::{Ask, Refusal, Reply};
use crate::control::trial::{How, Method};
use crate::control::tuning::{Fopdt, Gains, Rule};

const VALVE: &str = "crah-1/valve";

/// A hall that has settled.
fn settled() -> (Rig, Plant) {
    let (mut rig, mut plant) = (Rig::new(hall()), Plant::ordinary());
    rig.inlets(1, 24.0);
    plant.run(&mut rig, HOUR);
    (rig, plant)
}

fn id(rig: &Rig, name: &str) -> LoopId {
    rig.hall.loops.iter().find(|(_, known)| *known == name).expect("a loop").0
}

fn how(method: Method, size: f64) -> How {
    How { method, size, limits: (16.0, 25.0), longest: Span::from_secs(3600) }
}

fn try_it(rig: &mut Rig, how: How) -> Reply {
    let of = id(rig, VALVE);
    rig.ask(Ask::Trial { of, how, reason: "commissioning".to_owned() })
}

fn begin(rig: &mut Rig, how: How) {
    let reply = try_it(rig, how);
    assert!(matches!(reply, Reply::Accepted { .. }), "{reply:?}");
}

/// Runs until the trial is over; how it ended, and the largest move of the output in a scan after that.
fn run(rig: &mut Rig, plant: &mut Plant) -> TrialEnd {
    for _ in 0..4000 {
        plant.pass(rig);
        let ended = |what| if let What::Commissioning(Commissioning::TrialOver(end)) = what { Some(end) } else { None };
        let ended = rig.control.outputs.events.iter().find_map(|event| ended(event.what));
        if let Some(end) = ended {
            return end;
        }
    }
    panic!("it does not end");
}

fn report(rig: &Rig) -> TrialReport {
    TrialReport::of(&rig.control.trial().expect("a trial"))
}

/// The loop has its output, from where it stands, and comes back to its setpoint.
fn the_loop_has_it_back(rig: &mut Rig, plant: &mut Plant) {
    let before = rig.value(VALVE);
    plant.pass(rig);
    assert_eq!(rig.command(VALVE).level, Level::Control);
    assert!((rig.value(VALVE) - before).abs() < 1.0, "a bump from {before} to {}", rig.value(VALVE));
    plant.run(rig, HOUR);
    let aim = rig.hall.strategies.valves.setpoint;
    assert!((plant.supply - aim).abs() < 0.1, "{} instead of {aim}", plant.supply);
}

#[test]
fn a_step_finds_the_process_and_the_loop_goes_on_without_a_bump() {
    let (mut rig, mut plant) = settled();
    let base = rig.value(VALVE);
    begin(&mut rig, how(Method::Step, 10.0));
    plant.pass(&mut rig);
    let command = rig.command(VALVE);
    assert_eq!((command.level, command.reason), (Level::Commissioning, Reason::Trial));
    assert_eq!(command.value, base, "at first it stands");
    plant.run(&mut rig, Span::from_secs(200));
    assert!((rig.value(VALVE) - base - 10.0).abs() < 1e-9, "{} from {base}", rig.value(VALVE));
    assert_eq!(rig.control.status().trial.expect("it runs").stage, "moved");
    assert_eq!(run(&mut rig, &mut plant), TrialEnd::Done);
    assert!((rig.value(VALVE) - base).abs() < 0.5, "{} from {base}", rig.value(VALVE));
    let report = report(&rig);
    assert_eq!(report.doubt, "");
    let found = report.found.expect("a process").proposal;
    let Fopdt { gain, lag, dead } = found.process;
    assert!((gain + 0.16).abs() < 0.005 && (lag - 60.0).abs() < 4.0 && dead < 4.0, "{found:?}");
    the_loop_has_it_back(&mut rig, &mut plant);
    assert_eq!(rig.control.status().trial, None);
}

#[test]
fn a_relay_finds_the_same() {
    let (mut rig, mut plant) = settled();
    begin(&mut rig, how(Method::Relay, 20.0));
    assert_eq!(run(&mut rig, &mut plant), TrialEnd::Done);
    let report = report(&rig);
    assert_eq!(report.doubt, "");
    let found = report.found.expect("a process").proposal;
    let Fopdt { gain, lag, dead } = found.process;
    assert!((gain + 0.16).abs() < 0.02 && (lag - 60.0).abs() < 8.0 && dead < 4.0, "{found:?}");
    let cycle = found.cycle.expect("a second opinion");
    assert!((cycle.gain + 0.16).abs() < 0.03, "{cycle:?}");
    the_loop_has_it_back(&mut rig, &mut plant);
}

#[test]
fn a_relay_finds_the_same_of_a_loop_that_looks_at_a_smoothed_pv() {
    // A trial reads the pv as it is measured. But a smoothed loop comes to rest a little beside it, and what is left of that is no part of the process.
    let mut hall = hall();
    (hall.strategies.valves.smooth, hall.strategies.valves.smooth_within) = (Span::from_secs(15), 0.3);
    let (mut rig, mut plant) = (Rig::new(hall), Plant::ordinary());
    rig.inlets(1, 24.0);
    plant.run(&mut rig, HOUR);
    begin(&mut rig, how(Method::Relay, 20.0));
    assert_eq!(run(&mut rig, &mut plant), TrialEnd::Done);
    let found = report(&rig).found.expect("a process").proposal;
    let Fopdt { gain, lag, dead } = found.process;
    assert!((gain + 0.16).abs() < 0.02 && (lag - 60.0).abs() < 8.0 && dead < 4.0, "{found:?}");
    let cycle = found.cycle.expect("a second opinion");
    assert!((cycle.gain + 0.16).abs() < 0.03, "{cycle:?}");
    the_loop_has_it_back(&mut rig, &mut plant);
}

/// What somebody does in the middle of a trial.
type Deed = fn(&mut Rig, &mut Plant);

#[test]
fn whatever_must_not_be_ends_it_and_the_loop_has_its_output_back() {
    let deeds: [(TrialEnd, Deed); 6] = [
        (TrialEnd::InputLost, |rig, _| {
            rig.fail("crah-1/supply-air-temp", Why::InvalidCode);
            rig.step();
            assert_eq!(rig.control.status().trial.expect("on its way out").stage, "returning");
        }),
        (TrialEnd::InletWarm, |rig, _| rig.inlets(1, 27.5)),
        (TrialEnd::Asked, |rig, _| assert!(matches!(rig.ask(Ask::EndTrial), Reply::Accepted { .. }))),
        (TrialEnd::Taken, |rig, _| drop(rig.hold(VALVE, 70.0, Some(Span::from_secs(60))))),
        (TrialEnd::Paused, |rig, _| rig.tick.dt = Span::from_secs(30)),
        (TrialEnd::Disturbed, |rig, _| {
            let racks = rig.hall.rows.rows()[1].racks.iter().map(|rack| rack.power.id());
            let names: Vec<String> = racks.map(|point| rig.hall.points[point].name.clone()).collect();
            names.iter().for_each(|name| rig.read(name, 8000.0));
        }),
    ];
    for (end, deed) in deeds {
        let (mut rig, mut plant) = settled();
        begin(&mut rig, how(Method::Step, 10.0));
        plant.run(&mut rig, Span::from_secs(200));
        deed(&mut rig, &mut plant);
        let seen = run(&mut rig, &mut plant);
        assert_eq!(seen, end);
        rig.tick.dt = Span::from_secs(1);
        if end == TrialEnd::InletWarm {
            rig.inlets(1, 24.0);
        }
        if end == TrialEnd::Taken {
            assert_eq!(rig.command(VALVE).level, Level::Operator);
            plant.run(&mut rig, Span::from_secs(120));
        }
        assert!(report(&rig).doubt.contains("before all was seen") || report(&rig).found.is_none());
        the_loop_has_it_back(&mut rig, &mut plant);
    }
}

#[test]
fn a_pv_outside_its_limits_ends_it_and_the_output_stays_on_the_cool_side() {
    let (mut rig, mut plant) = settled();
    let base = rig.value(VALVE);
    begin(&mut rig, How { limits: (19.2, 25.0), ..how(Method::Step, 10.0) });
    assert_eq!(run(&mut rig, &mut plant), TrialEnd::PvOutside);
    assert!(
        rig.value(VALVE) >= base + 9.5,
        "{} from {base}: too cold is no reason to open less at once",
        rig.value(VALVE)
    );
    the_loop_has_it_back(&mut rig, &mut plant);
    let base = rig.value(VALVE);
    begin(&mut rig, How { limits: (16.0, 20.8), ..how(Method::Step, -10.0) });
    assert_eq!(run(&mut rig, &mut plant), TrialEnd::PvOutside);
    assert!(rig.value(VALVE) >= base - 0.5, "{} from {base}: too warm, and it is open again", rig.value(VALVE));
    the_loop_has_it_back(&mut rig, &mut plant);
}

#[test]
fn safety_takes_the_output_from_a_trial_at_once() {
    let (mut rig, mut plant) = settled();
    begin(&mut rig, how(Method::Step, 10.0));
    plant.run(&mut rig, Span::from_secs(200));
    rig.inlets(0, 33.0);
    rig.steps(3);
    let command = rig.command(VALVE);
    assert_eq!((command.level, command.value), (Level::ThermalProtection, 100.0));
}

#[test]
fn a_new_boot_ends_it_and_says_so() {
    let (mut rig, mut plant) = settled();
    begin(&mut rig, how(Method::Step, 10.0));
    plant.run(&mut rig, Span::from_secs(200));
    rig.reboot(Span::from_secs(20));
    assert_eq!(run(&mut rig, &mut plant), TrialEnd::Restarted);
    plant.run(&mut rig, Span::from_secs(60));
    assert_eq!(rig.command(VALVE).level, Level::Control);
}

#[test]
fn a_trial_in_the_middle_goes_on_alike_from_a_snapshot() {
    let (mut rig, mut plant) = settled();
    begin(&mut rig, how(Method::Relay, 20.0));
    plant.run(&mut rig, Span::from_secs(300));
    let bytes = postcard::to_allocvec(rig.control.state()).expect("serialises");
    let state = postcard::from_bytes(&bytes).expect("reads back");
    assert_eq!(&state, rig.control.state());
    let mut other = crate::control::Controller::restore(std::sync::Arc::clone(&rig.hall), state);
    for _ in 0..300 {
        plant.pass(&mut rig);
        let outputs = other.step(&rig.inputs, rig.tick);
        assert_eq!(outputs.commands, rig.control.outputs.commands);
    }
}

#[test]
fn nothing_moves_when_a_trial_is_refused() {
    let (mut rig, mut plant) = settled();
    let good = how(Method::Step, 10.0);
    let bad = |rig: &mut Rig, how: How| match try_it(rig, how) {
        Reply::Refused(refusal) => refusal,
        Reply::Accepted { .. } | Reply::Lease(_) => panic!("accepted: {how:?}"),
    };
    assert!(matches!(bad(&mut rig, How { size: 0.5, ..good }), Refusal::OutOfRange { .. }));
    assert!(matches!(bad(&mut rig, How { size: 60.0, ..good }), Refusal::OutOfRange { .. }));
    assert!(matches!(bad(&mut rig, How { size: f64::NAN, ..good }), Refusal::OutOfRange { .. }));
    assert!(matches!(bad(&mut rig, How { limits: (21.0, 25.0), ..good }), Refusal::LimitsExclude { .. }));
    assert!(matches!(bad(&mut rig, How { limits: (16.0, f64::INFINITY), ..good }), Refusal::LimitsExclude { .. }));
    assert_eq!(bad(&mut rig, How { longest: Span::from_secs(60), ..good }), Refusal::HoldOutOfRange);
    let of = id(&rig, VALVE);
    let silent = Ask::Trial { of, how: good, reason: "  ".to_owned() };
    assert_eq!(rig.ask(silent), Reply::Refused(Refusal::ReasonMissing));
    rig.hold(VALVE, 70.0, Some(Span::from_secs(60)));
    plant.pass(&mut rig);
    assert_eq!(bad(&mut rig, good), Refusal::NotLed);
    plant.run(&mut rig, HOUR);
    begin(&mut rig, good);
    assert_eq!(bad(&mut rig, good), Refusal::Busy);
    rig.ask(Ask::EndTrial);
    assert_eq!(rig.ask(Ask::EndTrial), Reply::Refused(Refusal::NothingThere), "it is ending already");
}

#[test]
fn gains_of_its_own_count_at_once_without_a_bump_and_over_boots_until_they_are_taken_back() {
    let (mut rig, mut plant) = settled();
    begin(&mut rig, how(Method::Step, 10.0));
    run(&mut rig, &mut plant);
    let proposal = report(&rig).found.expect("a process").proposal;
    the_loop_has_it_back(&mut rig, &mut plant);
    let (of, process, gains) = (id(&rig, VALVE), proposal.process, proposal.by(Rule::Simc).0);
    let retune = |gains: Gains, process: Fopdt| Ask::Retune { of, gains, process, reason: "tuned".to_owned() };
    let wild = Gains { gain: 10.0 * gains.gain, ..gains };
    assert_eq!(rig.ask(retune(wild, process)), Reply::Refused(Refusal::TooSensitive));
    let wrong = Fopdt { gain: -process.gain, ..process };
    assert_eq!(rig.ask(retune(gains, wrong)), Reply::Refused(Refusal::TooSensitive));
    assert_eq!(rig.control.status().retuned, []);
    let before = rig.value(VALVE);
    assert!(matches!(rig.ask(retune(gains, process)), Reply::Accepted { .. }));
    assert!(rig.events(1).contains(&What::Commissioning(Commissioning::Retuned)));
    assert!((rig.value(VALVE) - before).abs() < 0.3, "a bump from {before} to {}", rig.value(VALVE));
    let inforce = |rig: &Rig| {
        let view = rig.control.loops().into_iter().find(|view| view.name == VALVE).expect("a loop");
        (Gains { gain: view.gain, ti: view.ti_s }, view.retuned)
    };
    let (now, who) = inforce(&rig);
    assert!((now.gain - gains.gain).abs() < 1e-9 && (now.ti - gains.ti).abs() < 1e-6, "{now:?}");
    assert_eq!(who.as_deref(), Some("uid:1000: tuned"));
    rig.reboot(Span::from_secs(20));
    plant.run(&mut rig, HOUR);
    assert_eq!(inforce(&rig).1.as_deref(), Some("uid:1000: tuned"), "a boot keeps them");
    assert!((plant.supply - rig.hall.strategies.valves.setpoint).abs() < 0.1, "{}", plant.supply);
    assert_eq!(rig.control.status().retuned[0].of, VALVE);
    let before = rig.value(VALVE);
    assert!(matches!(rig.ask(Ask::Revert { of }), Reply::Accepted { .. }));
    assert!(rig.events(1).contains(&What::Commissioning(Commissioning::Reverted)));
    assert!((rig.value(VALVE) - before).abs() < 0.3, "a bump from {before} to {}", rig.value(VALVE));
    assert_eq!(inforce(&rig).1, None);
    assert_eq!(rig.ask(Ask::Revert { of }), Reply::Refused(Refusal::NothingThere));
}
