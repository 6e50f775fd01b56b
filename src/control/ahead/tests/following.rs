//! Batteries that follow a plan, through whole scans of a controller; the planner beside it answers a few seconds later.

use plant::event::{PlanEnd, PlanNews, What};
use plant::plan::{Arrived, Planned};
use plant::reading::{Sample, Why};
use plant::time::Mono;

use crate::control::battery::tests::yard::{TARGET, Yard};

/// Cheap from 01:00, dear from 02:00 to 03:00.
const HOURS: &str = r#"
[[energy]]
name = "all"
[[energy.period]]
name = "cheap"
hours = ["00:00-02:00"]
price = 0.05
[[energy.period]]
name = "dear"
hours = ["02:00-03:00"]
price = 0.5
[[energy.period]]
name = "else"
price = 0.2
"#;

fn news(yard: &Yard) -> Vec<PlanNews> {
    let plan = |what| if let What::Plan(news) = what { Some(news) } else { None };
    yard.events.iter().filter_map(|event| plan(event.what)).collect()
}

fn mean(orders: &[f64]) -> f64 {
    orders.iter().sum::<f64>() / plant::convert::f64_from_usize(orders.len().max(1))
}

#[test]
fn batteries_are_charged_cheap_and_give_dear_and_the_reserve_stays() {
    let mut yard = Yard::planned(2, HOURS);
    let minute = |n: usize| n * 60;
    let mut least: f64 = 100.0;
    for _ in 0..175 {
        yard.run(1, |_| 500e3);
        least = yard.batteries.iter().map(|battery| battery.charge()).fold(least, f64::min);
    }
    assert!(mean(&yard.orders[minute(125)..minute(175)]) > 150e3, "{}", mean(&yard.orders[minute(125)..minute(175)]));
    assert!(mean(&yard.orders[minute(5)..minute(120)]) < 0.0, "it is charged while that is cheap");
    assert!(least > 29.5, "{least}");
    let apart = (yard.batteries[0].charge() - yard.batteries[1].charge()).abs();
    assert!(apart < 1.0, "both give alike: {apart}");
    assert_eq!(news(&yard), [PlanNews::Followed]);
    let why = yard.control.why(yard.point("bess-1/power-setpoint")).expect("an output");
    assert!(serde_json::to_string(&why).expect("JSON").contains("plan of the day ahead"), "{why:?}");
    let view = yard.control.ahead().expect("followed");
    assert!(view.plans >= 11 && view.followed == Some(view.asked) && view.late == 0, "{view:?}");
}

#[test]
fn a_peak_that_nobody_planned_is_held_all_the_same() {
    let mut yard = Yard::planned(1, HOURS);
    yard.run(20, |_| 500e3);
    assert_eq!(news(&yard), [PlanNews::Followed]);
    yard.run(45, |_| TARGET + 80e3);
    let worst = yard.quarters().into_iter().skip(1).fold(0.0, f64::max);
    assert!(worst <= TARGET, "{worst}");
    assert!(yard.orders.last().is_some_and(|order| *order > 60e3), "{:?}", yard.orders.last());
}

#[test]
fn a_plan_that_is_old_or_late_or_of_another_question_is_not_followed() {
    let mut yard = Yard::planned(1, HOURS);
    yard.run(5, |_| 500e3);
    assert_eq!(news(&yard), [PlanNews::Followed]);
    yard.answers = false;
    yard.run(50, |_| 500e3);
    assert_eq!(news(&yard), [PlanNews::Followed, PlanNews::Dropped(PlanEnd::Old)]);
    let question = yard.control.question().expect("due");
    let older = Arrived { question: question.number - 1, ..question.solve() };
    for (plan, before) in [(older, 0), (question.solve(), 3)] {
        yard.events.clear();
        yard.run(before, |_| 500e3);
        yard.arrives(plan);
        yard.run(1, |_| 500e3);
        assert_eq!(news(&yard), [PlanNews::Late], "after {before} min");
    }
    yard.events.clear();
    yard.answers = true;
    yard.run(20, |_| 500e3);
    assert_eq!(news(&yard), [PlanNews::Followed]);
}

#[test]
fn doubt_ends_a_plan_and_another_is_asked_for_when_it_is_over() {
    let mut yard = Yard::planned(1, HOURS);
    yard.run(5, |_| 500e3);
    yard.tick.clock_trusted = false;
    yard.run(1, |_| 500e3);
    yard.tick.clock_trusted = true;
    yard.run(1, |_| 500e3);
    yard.broken = Some((yard.point("bess-1/charge"), Sample::bad(Why::Timeout, Mono(0))));
    yard.run(2, |_| 500e3);
    yard.broken = None;
    yard.run(1, |_| 500e3);
    yard.batteries[0].stored -= 160e3; // a fifth of it is gone
    yard.run(1, |_| 500e3);
    yard.boot();
    yard.run(1, |_| 500e3);
    let ends = [PlanEnd::ClockDoubted, PlanEnd::NoBattery, PlanEnd::Drifted, PlanEnd::Restarted];
    let told: Vec<_> = ends.iter().flat_map(|end| [PlanNews::Followed, PlanNews::Dropped(*end)]).collect();
    assert_eq!(news(&yard), [told.as_slice(), [PlanNews::Followed].as_slice()].concat());
}

#[test]
fn a_snapshot_follows_the_plan_as_the_run_would_have() {
    let mut yard = Yard::planned(1, HOURS);
    yard.run(125, |_| 500e3);
    let mut again = yard.restored();
    (yard.answers, again.answers) = (false, false);
    yard.run(10, |_| 500e3);
    again.run(10, |_| 500e3);
    assert_eq!(yard.orders.last(), again.orders.last());
    assert!(yard.orders.last().is_some_and(|order| order.abs() > 0.0), "it does something");
}

#[test]
fn what_a_single_plan_raises_is_held_for_a_quarter_of_an_hour_and_what_it_lowers_at_once() {
    let mut yard = Yard::planned(1, HOURS);
    yard.run(14, |_| 500e3);
    yard.answers = false;
    let mut seen = Vec::new();
    // One plan in each of the next quarters of an hour, and two in the second.
    for (watts, wait) in [(640e3, 90), (690e3, 899), (650e3, 9), (660e3, 890), (670e3, 899), (600e3, 899)] {
        yard.run_seconds(wait, |_| 500e3);
        let question = yard.control.question().expect("due");
        yard.arrives(Arrived { targets: vec![Some(watts)], ..question.solve() });
        yard.run_seconds(1, |_| 500e3);
        let ahead = yard.control.state.ahead.as_ref().expect("planned");
        seen.push(ahead.now(yard.tick.wall).expect("followed").targets[0].expect("a target"));
    }
    assert!(seen[0] < 640e3, "the first plan's is still the least: {seen:?}");
    assert_eq!(seen[1..], [640e3, 640e3, 650e3, 660e3, 600e3]);
}

#[test]
fn where_a_plan_holds_a_target_batteries_give_what_flows_above_it_and_not_what_was_expected_to() {
    for (holds, load, gives) in [
        (true, 640e3, 0.0..1e3),    // 10 kW below the target
        (true, 690e3, 35e3..50e3),  // above it
        (false, 640e3, 59e3..61e3), // for the money's sake
    ] {
        let mut yard = Yard::planned(1, HOURS);
        yard.answers = false;
        yard.run(16, |_| 500e3);
        let question = yard.control.question().expect("due").solve();
        let slot = Planned { gives: 60e3, site: 650e3, level: question.level, holds };
        let slots = question.slots.iter().map(|_| slot).collect();
        yard.arrives(Arrived { slots, targets: vec![Some(650e3)], ..question });
        yard.run(14, |_| load);
        let order = mean(&yard.orders[20 * 60..]);
        assert!(gives.contains(&order), "{holds} {load}: {order}");
    }
}

#[test]
fn a_plan_holds_where_the_site_draws_what_it_may_and_nowhere_else() {
    let mut yard = Yard::planned(1, HOURS);
    yard.run(61, |_| 500e3);
    let mut question = yard.control.question().expect("due");
    // An hour that is 60 kW above the target of the file, and a dear one (02:00) that is below it.
    question.problem.slots[8..12].iter_mut().for_each(|slot| slot.base = 760.0);
    question.problem.slots[8..12].iter_mut().for_each(|slot| (slot.base_high, slot.limit) = (760.0, 700.0));
    let plan = question.solve();
    let of = |n: usize| (plan.slots[n].gives > 1e3, plan.slots[n].holds);
    assert!((8..12).all(|n| of(n) == (true, true)), "{:?}", &plan.slots[8..12]);
    assert!((4..7).all(|n| of(n) == (true, false)), "{:?}", &plan.slots[4..7]);
}
