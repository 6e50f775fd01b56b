//! The array against a plain reading of its rules.

use plant::command::{Level, Reason, WriteOutcome, WriteReport};
use plant::event::What;
use plant::id::{PointId, Table};
use plant::point::WriteRange;
use plant::reading::Why;
use plant::time::{Mono, Span, Tick};
use proptest::prelude::*;

use super::{Commands, Held, Limit, OutputId};
use crate::control::news::News;

const RANGE: WriteRange =
    WriteRange { min: 10.0, max: 90.0, failsafe: 80.0, relinquish_default: 50.0, rise_per_s: 4.0, fall_per_s: 2.0 };

/// One output with this range; what is held, and a priority array with nothing in it.
fn array(range: WriteRange, value: f64) -> (Commands, Table<OutputId, Held>) {
    let mut commands = Commands::default();
    commands.slots.push(super::Slot::new(PointId::default(), range));
    commands.of_point.push(Some(OutputId(0)));
    let held = Held { value, entry: Level::Control, level: Level::Control, ..Held::safe(&range) };
    (commands, Table::filled(1, held))
}

fn resolve(commands: &Commands, held: &mut Table<OutputId, Held>, seconds: f64) -> (Held, Vec<What>) {
    let mut events = Vec::new();
    commands.resolve(held, Span::from_seconds(seconds), &mut News::new(Tick::default(), &mut events));
    (held.rows()[0], events.into_iter().map(|event| event.what).collect())
}

fn limit(min: f64, max: f64) -> Limit {
    Limit { min, max, reason: Reason::EquipmentLimit }
}

fn level(number: u8) -> Level {
    Level::from_number(number).expect("a level")
}

const O: OutputId = OutputId(0);
const FREE: WriteRange = WriteRange { rise_per_s: f64::INFINITY, fall_per_s: f64::INFINITY, ..RANGE };

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_lowest_level_that_asks_wins(asks in prop::collection::btree_map(1u8..=16, 0.0..100.0f64, 0..8)) {
        let (mut commands, mut held) = array(FREE, 50.0);
        for (number, value) in asks.iter().rev() {
            commands.propose(O, level(*number), *value, Reason::Override);
        }
        let (now, _) = resolve(&commands, &mut held, 1.0);
        let (number, value) = asks.first_key_value().map_or((17, 50.0), |(n, v)| (*n, *v));
        prop_assert_eq!(now.level.number(), number);
        prop_assert_eq!(now.value, value.clamp(10.0, 90.0));
    }

    #[test]
    fn limits_combine_by_intersection_and_the_stronger_one_stays(
        limits in prop::collection::btree_map(1u8..=16, (10.0..90.0f64, 0.0..60.0f64), 0..6),
        asked in 0.0..100.0f64,
    ) {
        let (mut commands, mut held) = array(FREE, 50.0);
        commands.propose(O, Level::Control, asked, Reason::Override);
        let (mut min, mut max) = (10.0f64, 90.0f64);
        for (number, (from, wide)) in &limits {
            let to = (from + wide).min(90.0);
            commands.limit(O, level(*number), limit(*from, to));
            if min.max(*from) <= max.min(to) {
                (min, max) = (min.max(*from), max.min(to));
            }
        }
        let (now, events) = resolve(&commands, &mut held, 1.0);
        prop_assert_eq!(now.allowed, (min, max));
        prop_assert_eq!(now.value, asked.clamp(min, max));
        let conflict = events.iter().any(|what| matches!(what, What::LimitConflict { .. }));
        prop_assert_eq!(conflict, now.conflict.is_some());
    }

    #[test]
    fn only_the_strongest_levels_jump_and_only_toward_the_fail_safe(
        number in 1u8..=17, from in 10.0..90.0f64, to in 10.0..90.0f64, millis in 0u32..5000,
    ) {
        let seconds = f64::from(millis) / 1e3;
        let (mut commands, mut held) = array(RANGE, from);
        let to = if number == 17 { RANGE.relinquish_default } else { to };
        if number < 17 {
            commands.propose(O, level(number), to, Reason::Override);
        }
        let (now, _) = resolve(&commands, &mut held, seconds);
        let moved = now.value - from;
        if number > 5 {
            prop_assert!(-2.0 * seconds - 1e-9 <= moved && moved <= 4.0 * seconds + 1e-9);
        } else if (from.min(to)..=from.max(to)).contains(&80.0) {
            prop_assert!((from.min(80.0)..=from.max(80.0)).contains(&80.0) && (now.value - to).abs() <= (80.0 - to).abs() + 1e-9);
        } else if (to - 80.0).abs() < (from - 80.0).abs() {
            prop_assert_eq!(now.value, to);
        } else {
            prop_assert!(moved.abs() <= 4.0 * seconds + 1e-9);
        }
        prop_assert!((from.min(to) - 1e-9..=from.max(to) + 1e-9).contains(&now.value));
    }
}

#[test]
fn a_floor_moves_the_output_at_once_and_is_named() {
    let (mut commands, mut held) = array(RANGE, 20.0);
    commands.propose(O, Level::Operator, 15.0, Reason::Override);
    commands.limit(O, Level::CriticalEquipment, Limit { min: 60.0, max: 90.0, reason: Reason::AllInputsLost });
    let (now, events) = resolve(&commands, &mut held, 0.1);
    assert_eq!((now.value, now.level, now.reason), (60.0, Level::CriticalEquipment, Reason::AllInputsLost));
    assert_eq!(now.entry, Level::Operator, "who won before the floor is remembered");
    assert_eq!(events, [What::Leader { level: Level::CriticalEquipment, reason: Reason::AllInputsLost }]);
    commands.relinquish();
    commands.propose(O, Level::Operator, 15.0, Reason::Override);
    let (now, _) = resolve(&commands, &mut held, 1.0);
    assert_eq!((now.value, now.on_its_way), (58.0, true), "back by the ramp");
}

#[test]
fn of_two_causes_of_one_level_the_safer_one_stays() {
    for order in [[40.0, 70.0], [70.0, 40.0]] {
        let (mut commands, mut held) = array(FREE, 20.0);
        for min in order {
            commands.limit(O, Level::CriticalEquipment, limit(min, 90.0));
        }
        assert_eq!(resolve(&commands, &mut held, 1.0).0.value, 70.0);
    }
}

#[test]
fn no_number_asks_for_nothing() {
    let (mut commands, mut held) = array(FREE, 20.0);
    commands.propose(O, Level::Operator, f64::NAN, Reason::Override);
    commands.limit(O, Level::Operator, limit(f64::NAN, f64::NAN));
    assert_eq!(resolve(&commands, &mut held, 1.0).0.value, 50.0);
}

#[test]
fn every_level_has_the_row_of_its_number() {
    for level in Level::ALL {
        assert_eq!(super::row_of(level) + 1, usize::from(level.number()));
    }
}

#[test]
fn an_acknowledgement_that_nothing_reads_back_is_told_once_and_ends_a_doubt() {
    let (commands, mut held) = array(RANGE, 20.0);
    let mut hear = |outcome: WriteOutcome| {
        let report = WriteReport { point: PointId::default(), wanted: 20.0, outcome, at: Mono(0), wear: 0 };
        let mut events = Vec::new();
        commands.hear(&[report], &mut held, &mut News::new(Tick::default(), &mut events));
        let proof = held.rows()[0].proof;
        (events.into_iter().map(|event| event.what).collect::<Vec<_>>(), proof)
    };
    let taken = WriteOutcome::Acknowledged;
    assert_eq!(hear(taken), (vec![What::WriteAcknowledged], super::Proof::Acknowledged));
    assert_eq!(hear(taken), (vec![], super::Proof::Acknowledged), "a refresh is no news");
    assert_eq!(hear(WriteOutcome::Applied), (vec![], super::Proof::Proven), "a poll has seen it");
    assert_eq!(hear(taken), (vec![], super::Proof::Acknowledged));
    let failed = WriteOutcome::Failed(Why::Timeout);
    assert_eq!(hear(failed), (vec![What::WriteFailed(Why::Timeout)], super::Proof::Doubted));
    assert_eq!(hear(taken), (vec![What::WriteAcknowledged], super::Proof::Acknowledged));
}

#[test]
fn somebody_elses_write_is_told_also_when_the_output_is_in_doubt_already() {
    let (commands, mut held) = array(RANGE, 20.0);
    let mut hear = |outcome: WriteOutcome| {
        let report = WriteReport { point: PointId::default(), wanted: 20.0, outcome, at: Mono(0), wear: 0 };
        let mut events = Vec::new();
        commands.hear(&[report], &mut held, &mut News::new(Tick::default(), &mut events));
        events.into_iter().map(|event| event.what).collect::<Vec<_>>()
    };
    let (unproven, foreign) = (WriteOutcome::Unproven { seen: 5.0 }, WriteOutcome::Foreign { seen: 7.0 });
    assert_eq!(hear(unproven), [What::WriteUnproven { wanted: 20.0, seen: 5.0 }]);
    assert_eq!(hear(foreign), [What::WriteForeign { wanted: 20.0, seen: 7.0 }]);
    for again in [foreign, unproven, foreign, WriteOutcome::Failed(Why::Timeout)] {
        assert_eq!(hear(again), [], "once in one time of doubt");
    }
    assert_eq!(hear(WriteOutcome::Applied), [What::WriteProven]);
    assert_eq!(hear(foreign), [What::WriteForeign { wanted: 20.0, seen: 7.0 }]);
    assert_eq!(hear(unproven), []);
}
