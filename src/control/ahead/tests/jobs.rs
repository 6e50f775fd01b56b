//! Jobs that wait for a plan, through whole scans of a controller; the planner beside it answers a few seconds later.

use plant::time::{Span, Wall};

use crate::control::battery::tests::yard::{TARGET, Yard};
use crate::control::ledger::message::{LeaseId, Message, Named, Op, Said, Times, Wish};
use crate::control::ledger::reply::{Code, Outcome, Why};
use crate::control::ledger::tree::Place;
use crate::control::request::{Ask, Reply};
use crate::control::savings::view::MonthView;
use crate::planner::Planner;

/// Dear from 00:00 to 02:00, cheap from 02:00 to 04:00.
pub(super) const HOURS: &str = r#"
[[energy]]
name = "all"
[[energy.period]]
name = "dear"
hours = ["00:00-02:00"]
price = 0.5
[[energy.period]]
name = "cheap"
hours = ["02:00-04:00"]
price = 0.05
[[energy.period]]
name = "else"
price = 0.2
"#;

/// An instant of the day on which yards begin (minutes after midnight).
pub(super) fn minute(n: i64) -> Wall {
    Wall(1_784_073_600_000 + 60_000 * n)
}

/// Flexible jobs at machines (W, minutes), to be done by an instant.
pub(super) fn wish(yard: &Yard, (watts, long): (f64, u64), by: Wall) -> Wish {
    let feed = yard.hall.power.feed("utility").expect("a feed");
    let times = Times { deadline: Some(by), duration: Some(Span::from_secs(60 * long)), plan: true, not_before: None };
    Wish { times, job: "train".to_owned(), ..Wish::firm(Place::Feed(feed), watts) }
}

fn say(yard: &mut Yard, op: Op) -> Outcome {
    // A number that nobody had before.
    yard.tick.seq += 1;
    let request = format!("r{}", yard.tick.seq);
    let message = Message { client: "slurm".to_owned(), request, body: u128::from(yard.tick.seq), op };
    match yard.ask(Ask::Ledger(Said::Request(message))) {
        Reply::Lease(answered) => answered.items[0].outcome,
        other @ (Reply::Accepted { .. } | Reply::Refused(_)) => panic!("{other:?}"),
    }
}

pub(super) fn acquire(yard: &mut Yard, wish: &Wish) -> Outcome {
    say(yard, Op::Acquire(vec![wish.clone()]))
}

fn started(yard: &Yard) -> Vec<i64> {
    let leases = yard.control.leases(0).expect("may be asked").leases;
    leases.iter().filter_map(|of| of.end_ms.map(|end| end - 3_600_000)).collect()
}

/// Minute by minute, with leases renewed every half an hour: jobs that have begun draw what they may.
pub(super) fn live(yard: &mut Yard, minutes: u64, base: f64) {
    for minute in 0..minutes {
        let leases = yard.control.leases(0).expect("may be asked").leases;
        let jobs: f64 = leases.iter().map(|of| of.may_w).sum();
        yard.run(1, |_| base + jobs);
        if minute.is_multiple_of(20) {
            for of in leases {
                let lease = LeaseId::parse(&of.lease_id).expect("a name");
                say(yard, Op::Renew { of: Named { lease, epoch: None }, ttl: None });
            }
        }
    }
}

#[test]
fn a_job_begins_when_energy_is_cheapest_without_any_battery() {
    let mut yard = Yard::lending(0, HOURS);
    yard.run(20, |_| 400e3);
    assert_eq!(yard.control.question(), None, "there is nothing to plan");
    let of = wish(&yard, (50e3, 60), minute(360));
    let asked = acquire(&mut yard, &of);
    assert_eq!((asked.code, asked.why), (Code::Queued, Why::Plan));
    live(&mut yard, 1, 400e3);
    let seen = yard.control.leases(0).expect("may be asked").waiting.remove(0);
    assert_eq!((seen.waits_for, seen.start_ms), (Some(Why::Plan), Some(minute(120).0)));
    live(&mut yard, 98, 400e3);
    assert!(started(&yard).is_empty());
    live(&mut yard, 3, 400e3);
    let [start] = started(&yard)[..] else { panic!("it has not begun") };
    assert!((minute(120).0..minute(120).0 + 5_000).contains(&start), "{start}");
    assert_eq!(
        yard.control.leases(0).expect("may be asked").answers.last().map(|of| of.items[0].outcome.code),
        Some(Code::Granted)
    );
}

#[test]
fn jobs_that_do_not_fit_beside_each_other_take_turns_in_the_cheap_hours() {
    let mut yard = Yard::lending(0, HOURS);
    let base = TARGET - 75e3;
    yard.run(20, |_| base);
    // One fits below the target, two do not.
    let of = wish(&yard, (50e3, 60), minute(360));
    for _ in 0..2 {
        assert_eq!(acquire(&mut yard, &of).code, Code::Queued);
        yard.run(1, |_| base);
    }
    live(&mut yard, 300, base);
    let quarters = yard.quarters();
    let worst = quarters.iter().copied().fold(0.0, f64::max);
    assert!(worst <= TARGET, "{worst} {:?}", quarters);
    assert!(quarters.iter().filter(|of| **of > base + 45e3).count() >= 6, "one after the other: {quarters:?}");
}

#[test]
fn what_leases_may_draw_is_expected_of_them_to_their_end() {
    let mut yard = Yard::lending(0, HOURS);
    yard.run(20, |_| 400e3);
    let held = Wish {
        times: Times { plan: false, ..wish(&yard, (100e3, 120), minute(900)).times },
        ..wish(&yard, (100e3, 120), minute(900))
    };
    assert_eq!(acquire(&mut yard, &held).code, Code::Granted);
    let of = wish(&yard, (50e3, 60), minute(360));
    acquire(&mut yard, &of);
    yard.run(10, |_| 400e3);
    let question = yard.control.question().expect("a job waits");
    let (problem, slot) = (&question.problem, |n: usize| question.problem.slots[n]);
    assert_eq!((problem.battery, problem.jobs.len(), question.jobs.len()), (None, 1, 1));
    // It draws nothing yet, and all of it may come with its losses.
    assert!((slot(2).base - 505.9).abs() < 1.0 && (slot(2).base_high - 505.9).abs() < 1.0, "{:?}", slot(2));
    assert!((slot(2).cooling - 1.059).abs() < 1e-3, "{:?}", slot(2));
    // It is over at 02:20, and charged for two minutes more.
    assert!((slot(7).base - 505.9).abs() < 1.0 && (slot(8).base - 400.0).abs() < 1.0, "{:?} {:?}", slot(7), slot(8));
    let job = &problem.jobs[0];
    // By 06:00, a minute kept free: the last of 22 quarters from 00:30 is not whole.
    assert_eq!((job.slots, job.release, job.deadline, job.kw, job.domain), (4, 0, 21, 50.0, None));
    yard.run(20, |_| 505e3);
    let slots = yard.control.question().expect("a job waits").problem.slots;
    assert!((slots[2].base - 505.9).abs() < 2.0, "it draws what it may: {:?}", slots[2]);
    let made = crate::planner::plan(problem, Planner::Programme).unwrap_or_else(|faults| panic!("{faults:?}"));
    let [run] = made.jobs[0].runs.as_slice() else { panic!("{:?}", made.jobs[0]) };
    assert_eq!(*run, 8..12, "in cheap hours, when the other is over: both would be a new peak");
}

#[test]
fn who_asks_again_and_again_keeps_no_plan_from_being_followed() {
    let mut yard = Yard::lending(0, HOURS);
    yard.run(20, |_| 400e3);
    let of = wish(&yard, (1e3, 60), minute(360));
    for _ in 0..180 {
        assert_eq!(acquire(&mut yard, &of).code, Code::Queued);
        yard.run_seconds(1, |_| 400e3);
    }
    let view = yard.control.ahead().expect("planned");
    assert!((3..=5).contains(&view.plans), "{view:?}");
    let seen = yard.control.leases(0).expect("may be asked");
    assert!(seen.leases.is_empty(), "none began in dear hours");
    let cheap = |of: &&crate::control::ledger::view::LeaseView| {
        of.start_ms.is_some_and(|at| (minute(120).0..=minute(180).0).contains(&at))
    };
    assert!(seen.waiting.iter().filter(cheap).count() >= 100);
}

/// What was saved in the month that runs.
pub(super) fn month(yard: &Yard) -> MonthView {
    yard.control.savings().and_then(|view| view.months.into_iter().next()).expect("begun")
}

#[test]
fn what_a_deferred_job_draws_later_it_would_have_drawn_when_it_was_asked_for() {
    let mut yard = Yard::lending(0, HOURS);
    // More flows while it would have run than while it does.
    let base = |minute: u64| if minute < 90 { 600e3 } else { 400e3 };
    yard.run(20, |_| base(0));
    let of = wish(&yard, (50e3, 60), minute(360));
    acquire(&mut yard, &of);
    for minute in 20..60 {
        live(&mut yard, 1, base(minute));
    }
    let half = month(&yard);
    let moved = half.energy_wh.no_control - half.energy_wh.metered;
    // 40 minutes of 50 kW, and what is lost on the way.
    assert!((moved - 1.059 * 50e3 * 40.0 / 60.0).abs() < 200.0, "{moved} Wh would have flowed by now");
    for minute in 60..200 {
        live(&mut yard, 1, base(minute));
    }
    let of = month(&yard);
    let (energy, cost) = (of.energy_wh, of.cost.expect("priced"));
    assert!(energy.saved.abs() < 20.0, "over its life it draws the same: {energy:?}");
    assert!((cost.saved - 1.059 * 50.0 * (0.5 - 0.05)).abs() < 0.5, "{cost:?}");
    assert!((of.deferred_wh - 50e3).abs() < 100.0, "all of its hour was later: {of:?}");
    // GPUs of this hall are rated 700 W each.
    assert!(of.deferred_gpu_h.is_some_and(|hours| (hours - 50e3 / 700.0).abs() < 0.2), "{of:?}");
    let peak = of.demands[0].peak_w.expect("known");
    assert!((peak.metered - 600e3).abs() < 100.0 && (peak.no_control - 653e3).abs() < 200.0, "{peak:?}");
    assert_eq!(peak.no_batteries, peak.metered);
}

#[test]
fn a_job_that_is_taken_back_has_saved_nothing() {
    let mut yard = Yard::lending(0, HOURS);
    yard.run(20, |_| 400e3);
    let short = wish(&yard, (50e3, 60), minute(360));
    let asked = acquire(&mut yard, &short);
    live(&mut yard, 30, 400e3);
    assert!(month(&yard).energy_wh.saved > 25e3, "{:?}", month(&yard).energy_wh);
    let lease = asked.lease.expect("it waits");
    say(&mut yard, Op::Release { of: Named { lease, epoch: None } });
    live(&mut yard, 10, 400e3);
    let of = month(&yard);
    assert!(of.energy_wh.saved.abs() < 1.0 && of.cost.is_some_and(|cost| cost.saved.abs() < 0.01), "{of:?}");
}
