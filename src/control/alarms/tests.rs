//! Every state against everything that can happen to it.

use plant::hall::{AlarmDef, Condition, Priority};
use plant::time::Span;

use super::{Change, Life};

const S: fn(u64) -> Span = Span::from_secs;

fn def(latch: bool) -> AlarmDef {
    AlarmDef {
        name: "inlet-high".to_owned(),
        condition: Condition::InletAbove,
        limit: 27.0,
        deadband: 1.0,
        on_delay: S(10),
        off_delay: S(5),
        priority: Priority::High,
        latch,
        consequence: "Machines throttle".to_owned(),
        response: "Look at the fans".to_owned(),
    }
}

const A: Life = Life::Normal { held: Span::ZERO };
const B: Life = Life::Unacknowledged { gone: Span::ZERO };
const C: Life = Life::Acknowledged { gone: Span::ZERO };
const D: Life = Life::Returned { held: Span::ZERO };
const E: Life = Life::Latched { gone: Span::ZERO, over: false };
const F: Life = Life::LatchedAcknowledged { gone: Span::ZERO, over: false };
const F_OVER: Life = Life::LatchedAcknowledged { gone: Span::ZERO, over: true };

/// The condition for ten seconds at once: longer than both delays.
fn after(from: Life, latch: bool, holds: Option<bool>) -> (Life, Option<Change>) {
    let mut life = from;
    let change = life.step(&def(latch), holds, S(10));
    (life, change)
}

#[test]
fn the_condition_moves_every_state_as_the_diagram_says() {
    let e_over = Life::Latched { gone: S(10), over: true };
    for (from, latch, holds, to, change) in [
        (A, false, true, B, Some(Change::Raised)),
        (A, true, true, E, Some(Change::Raised)),
        (A, false, false, A, None),
        (B, false, true, B, None),
        (B, false, false, D, Some(Change::Cleared)),
        (C, false, true, C, None),
        (C, false, false, A, Some(Change::Cleared)),
        (D, false, true, B, Some(Change::Raised)),
        (D, false, false, D, None),
        (E, true, true, E, None),
        (E, true, false, e_over, None),
        (e_over, true, true, E, None),
        (F, true, true, F, None),
        (F, true, false, F_OVER, None),
        (F_OVER, true, false, F_OVER, None),
        (F_OVER, true, true, E, Some(Change::Raised)),
    ] {
        assert_eq!(after(from, latch, Some(holds)), (to, change), "{from:?} when the condition is {holds}");
        assert_eq!(after(from, latch, None), (from, None), "{from:?} when nobody can tell");
    }
}

#[test]
fn people_move_every_state_as_the_diagram_says() {
    let e_over = Life::Latched { gone: S(10), over: true };
    for (from, acknowledged, reset) in [
        (A, None, None),
        (B, Some(C), None),
        (C, None, None),
        (D, Some(A), None),
        (E, Some(F), None),
        (e_over, Some(F_OVER), None),
        (F, None, None),
        (F_OVER, None, Some(A)),
    ] {
        let (mut seen, mut gone) = (from, from);
        assert_eq!(seen.acknowledge(), acknowledged.map(|_| Change::Acknowledged), "acknowledge {from:?}");
        assert_eq!(seen, acknowledged.unwrap_or(from));
        assert_eq!(gone.reset(), reset.map(|_| Change::Reset), "reset {from:?}");
        assert_eq!(gone, reset.unwrap_or(from));
    }
}

#[test]
fn delays_count_only_without_interruption() {
    let def = def(false);
    let mut life = A;
    for _ in 0..9 {
        assert_eq!(life.step(&def, Some(true), S(1)), None);
    }
    assert_eq!(life.step(&def, Some(false), S(1)), None);
    for _ in 0..9 {
        assert_eq!(life.step(&def, Some(true), S(1)), None);
    }
    assert_eq!(life.step(&def, None, S(100)), None, "what nobody can tell counts for nothing");
    assert_eq!(life.step(&def, Some(true), S(1)), Some(Change::Raised));
    for _ in 0..4 {
        assert_eq!(life.step(&def, Some(false), S(1)), None);
    }
    assert_eq!(life.step(&def, Some(true), S(1)), None);
    for _ in 0..4 {
        assert_eq!(life.step(&def, Some(false), S(1)), None);
    }
    assert_eq!(life.step(&def, Some(false), S(1)), Some(Change::Cleared));
}

#[test]
fn a_latched_alarm_that_comes_again_wants_attention_again() {
    let def = def(true);
    let mut life = F_OVER;
    for _ in 0..9 {
        assert_eq!(life.step(&def, Some(true), S(1)), None);
        assert_eq!(life.reset(), None, "its condition is back");
    }
    assert_eq!(life.step(&def, Some(true), S(1)), Some(Change::Raised));
    assert_eq!(life, E);
}
