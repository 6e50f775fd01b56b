//! The engine and the life of a machine.

use plant::event::{Step as Told, What};
use plant::hall::PlantTuning;
use plant::hall::sequence::{MachineTuning, RunMode, StagingTuning};
use plant::id::Id;
use proptest::prelude::*;

use super::change::Change;
use super::machine::{Life, Machine, Seen, Sight};
use super::roster::{self, MachineId};
use super::*;

const SECOND: Span = Span::from_secs(1);
const RULES: MachineTuning = MachineTuning::CHILLER;

fn well(running: bool) -> Seen {
    Seen { running: Sight::Known(running), fault: Sight::Known(false), held: None }
}

/// So many seconds of the same; what was told.
fn pass(machine: &mut Machine, seen: Seen, wanted: bool, seconds: u64) -> Vec<What> {
    (0..seconds).filter_map(|_| machine.step(&RULES, (seen, wanted), SECOND)).collect()
}

/// A machine that has been seen standing.
fn off() -> Machine {
    let mut machine = Machine::new();
    pass(&mut machine, well(false), false, 1);
    assert_eq!(machine.life(), Life::Off);
    machine
}

fn on() -> Machine {
    let mut machine = off();
    pass(&mut machine, well(false), true, 1);
    pass(&mut machine, well(true), true, 1);
    assert_eq!(machine.life(), Life::On);
    machine
}

#[test]
fn every_step_of_every_sequence_rests_or_is_bound_with_a_way_out() {
    let tuning = PlantTuning::UNUSED;
    let (a, b) = (MachineId::from_index(0), MachineId::from_index(1));
    let changes = [
        (Change::Steady, false),
        (Change::Limiting { start: a }, true),
        (Change::Starting { start: a, stop: None, limited: false }, true),
        (Change::Starting { start: a, stop: Some(b), limited: false }, true),
        (Change::Proving { started: a, stop: b }, true),
        (Change::Stopping { stop: b }, true),
        (Change::Restoring, true),
    ];
    for (step, moves) in changes {
        match step.bound(&tuning) {
            Bound::Rest => assert!(!moves, "{step:?} could hang"),
            Bound::Within { time, abort, .. } => {
                assert!(moves && abort != step, "{step:?}");
                assert!(time > Span::ZERO && time <= Span::from_secs(4 * 3600), "{step:?} within {time}");
            }
        }
    }
    for (life, moves) in [
        (Life::Unseen { ran: true }, false),
        (Life::Off, false),
        (Life::Starting, true),
        (Life::On, false),
        (Life::Stopping, true),
        (Life::Failed(Trouble::Fault), false),
    ] {
        assert_eq!(life.bound(&RULES) != Bound::Rest, moves, "{life:?}");
    }
}

#[test]
fn a_start_is_told_proven_and_kept_for_its_least_time() {
    let mut machine = off();
    assert_eq!(pass(&mut machine, well(false), true, 120), [What::Step(Told::Starting)]);
    assert_eq!(machine.run_mode(), RunMode::On);
    assert_eq!(pass(&mut machine, well(true), true, 1), [What::Step(Told::Running)]);
    // Told to stop at once, it goes on until it has run for its time, whoever asks: the two minutes of its start are none of it.
    let least = RULES.least_on.nanos() / SECOND.nanos();
    let told = pass(&mut machine, well(true), false, least - 1);
    assert_eq!((told, machine.kept(&RULES)), (vec![], Some(RunMode::On)));
    assert_eq!(pass(&mut machine, well(true), false, 1), [What::Step(Told::Stopping)]);
    assert_eq!(pass(&mut machine, well(false), false, 1), [What::Step(Told::Standing)]);
    assert_eq!(machine.kept(&RULES), Some(RunMode::Off));
    assert_eq!(pass(&mut machine, well(false), true, 598), [], "it rests for ten minutes");
    assert_eq!(pass(&mut machine, well(false), true, 3), [What::Step(Told::Starting)]);
}

#[test]
fn one_that_stood_for_a_moment_has_its_least_time_before_it_again() {
    let mut machine = off();
    pass(&mut machine, well(false), true, 120);
    pass(&mut machine, well(true), true, 1);
    let least = RULES.least_on.nanos() / SECOND.nanos();
    pass(&mut machine, well(true), true, least);
    assert!(machine.may_stop(&RULES));
    pass(&mut machine, well(false), true, 2);
    pass(&mut machine, well(true), true, 1);
    assert!(!machine.may_stop(&RULES), "its compressor has just begun");
    pass(&mut machine, well(true), true, least);
    assert!(machine.may_stop(&RULES));
}

#[test]
fn one_that_does_not_start_is_kept_off_and_tried_again_much_later() {
    let mut machine = off();
    let told = pass(&mut machine, well(false), true, 601);
    assert_eq!(told, [What::Step(Told::Starting), What::Trouble(Trouble::DidNotStart)]);
    assert_eq!((machine.run_mode(), machine.is_doubted()), (RunMode::Off, true));
    assert_eq!(pass(&mut machine, well(false), true, 1799), []);
    assert_eq!(pass(&mut machine, well(false), true, 1), [What::Step(Told::Standing)]);
}

#[test]
fn one_that_does_not_stop_is_told_and_believed_once_it_stands() {
    let mut machine = on();
    pass(&mut machine, well(true), true, 1200);
    let told = pass(&mut machine, well(true), false, 302);
    assert_eq!(told, [What::Step(Told::Stopping), What::Trouble(Trouble::DidNotStop)]);
    assert!(machine.is_running() && machine.run_mode() == RunMode::Off, "it runs, and is told to stand");
    assert_eq!(pass(&mut machine, well(false), false, 1), [What::Step(Told::Standing)]);
}

#[test]
fn one_that_stops_itself_is_lost_after_a_moment_and_back_when_its_cause_is_gone() {
    let mut machine = on();
    assert_eq!(pass(&mut machine, well(false), true, 9), [], "a contact may bounce");
    assert_eq!(pass(&mut machine, well(false), true, 1), [What::Trouble(Trouble::StoppedItself)]);
    let broken = Seen { fault: Sight::Known(true), ..well(false) };
    assert_eq!(pass(&mut machine, broken, true, 3600), [], "no timer alone brings it back");
    assert_eq!(pass(&mut machine, well(false), true, 1), [What::Step(Told::Standing)]);
    let mut machine = on();
    assert_eq!(
        pass(&mut machine, broken, true, 1),
        [What::Trouble(Trouble::Fault)],
        "a reported fault needs no moment"
    );
    assert_eq!(pass(&mut machine, broken, true, 86_400), []);
}

#[test]
fn nothing_is_decided_while_it_is_doubted_and_its_panel_has_it_while_it_is_lost() {
    let mut machine = on();
    pass(&mut machine, well(true), true, 1200);
    let doubted = Seen { running: Sight::Doubted, ..well(true) };
    assert_eq!(pass(&mut machine, doubted, false, 60), []);
    assert_eq!(machine.run_mode(), RunMode::On);
    let lost = Seen { running: Sight::Lost, ..well(true) };
    assert_eq!(pass(&mut machine, lost, true, 1), [What::Step(Told::Unseen)]);
    assert_eq!((machine.run_mode(), machine.life()), (RunMode::Panel, Life::Unseen { ran: true }));
    assert_eq!(pass(&mut machine, well(true), true, 1), [What::Step(Told::Running)], "it goes on as it is found");
}

#[test]
fn a_moment_of_blindness_is_no_rest() {
    let mut machine = on();
    pass(&mut machine, well(true), true, 1900);
    pass(&mut machine, well(true), false, 1);
    pass(&mut machine, well(false), false, 1);
    pass(&mut machine, Seen { running: Sight::Lost, ..well(false) }, false, 10);
    assert_eq!(
        pass(&mut machine, well(false), true, 500),
        [What::Step(Told::Standing)],
        "it stood for ten seconds before"
    );
}

#[test]
fn it_follows_somebody_stronger() {
    let mut machine = on();
    pass(&mut machine, well(true), true, 1200);
    let held = Seen { held: Some(RunMode::Off), ..well(true) };
    assert_eq!(pass(&mut machine, held, true, 1), [What::Step(Told::Stopping)]);
    assert!(!machine.is_able(), "it is nobody's choice while it is held");
}

#[test]
fn the_least_used_starts_first_and_trouble_comes_last() {
    let mut machines = [off(), off(), off()];
    for (machine, hours) in machines.iter_mut().zip([30u64, 10, 20]) {
        machine.run.life = Span::from_secs(3600).times(hours);
    }
    let ids = || machines.iter().enumerate().map(|(n, machine)| (MachineId::from_index(n), machine));
    assert_eq!(roster::first(ids()), Some(MachineId::from_index(1)));
    assert_eq!(roster::last(ids()), Some(MachineId::from_index(0)));
    let mut worn = machines;
    pass(&mut worn[1], well(false), true, 700);
    let ids = worn.iter().enumerate().map(|(n, machine)| (MachineId::from_index(n), machine));
    assert_eq!(roster::first(ids), Some(MachineId::from_index(2)), "the least used has failed");
}

/// What may happen to a machine for a while.
fn moment() -> impl Strategy<Value = (Seen, bool, u64)> {
    let sight = prop_oneof![
        6 => any::<bool>().prop_map(Sight::Known),
        1 => Just(Sight::Doubted),
        1 => Just(Sight::Lost),
    ];
    let fault = prop_oneof![8 => Just(Sight::Known(false)), 1 => Just(Sight::Known(true)), 1 => Just(Sight::Lost)];
    let held = prop_oneof![
        8 => Just(None),
        1 => prop_oneof![Just(RunMode::Panel), Just(RunMode::Off), Just(RunMode::On)].prop_map(Some),
    ];
    let seen = (sight, fault, held).prop_map(|(running, fault, held)| Seen { running, fault, held });
    (seen, any::<bool>(), 1u64..900)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_happens_no_transition_outlasts_its_bound(moments in prop::collection::vec(moment(), 1..40)) {
        let mut machine = Machine::new();
        for (seen, wanted, seconds) in moments {
            for _ in 0..seconds {
                machine.step(&RULES, (seen, wanted), SECOND);
                if let Bound::Within { time, .. } = machine.life().bound(&RULES) {
                    prop_assert!(machine.since() < time, "{:?} for {}", machine.life(), machine.since());
                }
            }
        }
    }

    #[test]
    fn whatever_happens_it_rests_before_a_start_and_runs_before_a_stop(
        moments in prop::collection::vec(moment(), 1..40),
    ) {
        let mut machine = Machine::new();
        let (mut stopped, mut started) = (None, None);
        let mut now = 0u64;
        for (seen, wanted, seconds) in moments {
            for _ in 0..seconds {
                now += 1;
                let before = machine.life();
                machine.step(&RULES, (seen, wanted), SECOND);
                match (before, machine.life()) {
                    (Life::Off, Life::Starting) => {
                        let rested = stopped.is_none_or(|at| now - at >= 600);
                        prop_assert!(rested, "off for {:?} s", stopped.map(|at| now - at));
                        let apart = started.is_none_or(|at| now - at >= 1800);
                        prop_assert!(apart, "{:?} s after the last start", started.map(|at| now - at));
                        started = Some(now);
                    }
                    (Life::On, Life::Stopping) => {
                        let ran = started.is_none_or(|at| now - at >= 1200);
                        prop_assert!(ran, "on for {:?} s", started.map(|at| now - at));
                    }
                    (Life::Stopping, Life::Off) => stopped = Some(now),
                    // Found running: nobody knows since when, and it stays its time from here.
                    (_, Life::On) if !matches!(before, Life::On | Life::Starting | Life::Stopping | Life::Unseen { ran: true }) => started = Some(now),
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn the_published_numbers_are_in_order() {
    let of = StagingTuning::PUBLISHED;
    assert!(of.down < of.up && of.limit < 100.0);
    let chiller = RULES;
    assert!(chiller.restore_after < chiller.least_off && chiller.least_off < chiller.between_starts);
}
