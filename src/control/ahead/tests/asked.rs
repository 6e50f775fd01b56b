//! What clients say of their jobs, in any numbers: there is a plan for all others.

use plant::time::Span;
use proptest::prelude::*;

use super::jobs::{HOURS, acquire, minute, wish};
use crate::control::battery::tests::yard::Yard;
use crate::control::ledger::message::{Class, Flex, Wish};
use crate::control::ledger::reply::Code;

/// Lets a job be asked for in a hall in which an honest one waits: what the planner is asked of them.
fn beside(change: impl FnOnce(&mut Wish)) -> crate::control::ahead::Question {
    let mut yard = Yard::lending(0, HOURS);
    yard.run(20, |_| 400e3);
    let honest = wish(&yard, (50e3, 60), minute(360));
    assert_eq!(acquire(&mut yard, &honest).code, Code::Queued);
    let mut other = honest;
    change(&mut other);
    assert_eq!(acquire(&mut yard, &other).code, Code::Queued);
    yard.run_seconds(2, |_| 400e3);
    yard.control.question().expect("a job waits")
}

#[test]
fn a_job_that_saves_once_a_week_or_draws_almost_nothing_leaves_others_their_plan() {
    let weekly = beside(|of| of.flex.checkpoint = Span::from_secs(604_800));
    assert_eq!((weekly.problem.faults(), weekly.problem.jobs.len()), (vec![], 2));
    assert!(!weekly.solve().slots.is_empty());
    let tiny = beside(|of| (of.power.wanted, of.power.least) = (0.4, 0.4));
    assert_eq!((tiny.problem.faults(), tiny.problem.jobs.len()), (vec![], 1), "it is worth no plan");
    let short = beside(|of| of.flex.min_run = Span::from_nanos(1));
    assert_eq!((short.problem.faults(), short.problem.jobs.len()), (vec![], 2));
}

/// A job of any numbers that a message may have: tenths of a power of ten (W), how long and by when (min), how often it saves (s) and how long it runs at least (ms), whether it may be paused, how
/// important it is.
type Numbers = (i32, (u64, i64), (u64, u64), bool, i32);

fn any_wish() -> impl Strategy<Value = Numbers> {
    let seldom = || prop_oneof![0_u64..7200, 0_u64..10_000_000];
    (-20_i32..110, (1_u64..3000, 20_i64..4000), (seldom(), seldom()), any::<bool>(), -5_i32..300)
}

fn job(yard: &Yard, (tenths, (long, by), (checkpoint, run), pauses, priority): Numbers) -> Wish {
    let plain = wish(yard, (libm::pow(10.0, f64::from(tenths) / 10.0), long), minute(by));
    let class = if pauses { Class::Interruptible } else { Class::Firm };
    let (checkpoint, min_run) = (Span::from_secs(checkpoint), Span::from_millis(run));
    Wish { class, priority, flex: Flex { checkpoint, min_run, ..Flex::default() }, ..plain }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn no_question_has_faults_whatever_clients_say(wishes in prop::collection::vec(any_wish(), 1..6), batteries in 0_usize..2) {
        let mut yard = Yard::lending(batteries, HOURS);
        yard.run(20, |_| 400e3);
        let mut asked = 0;
        for numbers in &wishes {
            let of = job(&yard, *numbers);
            acquire(&mut yard, &of);
            yard.run_seconds(2, |_| 400e3);
            let question = yard.control.question();
            asked += usize::from(question.is_some());
            prop_assert_eq!(question.map(|of| of.problem.faults()).unwrap_or_default(), vec![]);
        }
        // Those that a plan does not hold have begun, and may be among those that pause.
        yard.run(8, |_| 400e3);
        let question = yard.control.question();
        prop_assert!(batteries == 0 || question.is_some() && asked == wishes.len());
        prop_assert_eq!(question.map(|of| of.problem.faults()).unwrap_or_default(), vec![]);
    }
}
