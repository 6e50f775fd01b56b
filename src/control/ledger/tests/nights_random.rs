//! Whatever waits for a window, over a night in which the clock changes, with a clock that is doubted now and then and starts of the controller: nothing begins outside its window, before its time or by a
//! clock that may be wrong, and nothing is lost.

use proptest::prelude::*;

use plant::plan::{Arrived, Start};
use plant::time::{Mono, Span, Wall};

use super::nights::{at, to, tonight};
use super::*;
use crate::control::ledger::message::{Accept, LeaseId, Times, Wish};
use crate::control::lend::opening;
use crate::control::term::{earlier, later};

/// Two days around the change of the clock in spring, and in autumn.
const BEGINS: [&str; 2] = ["2027-03-27T12:00:00Z", "2027-10-30T12:00:00Z"];
/// Between scans (s).
const SCAN: u64 = 300;
/// So many scans are played: two days and two hours.
const SCANS: u64 = 600;

/// A job: after so many scans, of so many minutes; its window (early, fit); not before and deadline in minutes from then.
type Job = (u64, u64, Option<(bool, bool)>, Option<u64>, Option<u64>);

fn jobs() -> impl Strategy<Value = Vec<Job>> {
    let minutes = |most: u64| proptest::option::weighted(0.4, 0..most);
    let window = proptest::option::weighted(0.8, (any::<bool>(), any::<bool>()));
    let one = (0..300_u64, 1..600_u64, window, minutes(1500), minutes(2500));
    proptest::collection::vec(one, 1..16)
}

fn asked(rig: &Rig, job: &Job) -> Wish {
    let now = rig.tick.wall;
    let then = |minutes: u64| Wall(now.0 + i64::try_from(minutes).expect("few") * 60_000);
    let times = Times {
        not_before: job.3.map(then),
        deadline: job.4.map(|of| then(of + job.3.unwrap_or(0) + 1)),
        duration: Some(Span::from_secs(job.1 * 60)),
        // Some let a plan choose.
        plan: job.1.is_multiple_of(3) && (job.2.is_some() || job.4.is_some()),
    };
    let accept = Accept { wait: Span::from_secs(4 * 86_400), ..Accept::default() };
    let of = Wish { times, accept, ..wish(rig.feed("pdu-a1"), 1e3) };
    job.2.map_or_else(|| of.clone(), |window| tonight(of.clone(), window))
}

/// What began in the last scan or answer keeps what was asked for.
fn keeps(rig: &Rig, lease: &Lease, job: &Wish) {
    let (start, end) = (lease.steps[0].start, lease.end.expect("an end"));
    let dated = job.is_dated();
    assert!(!dated || rig.tick.clock_trusted, "{job:?} began by a clock that may be wrong");
    assert!(job.times.not_before.is_none_or(|at| start >= at), "{job:?} began too soon: {start:?}");
    assert!(job.times.deadline.is_none_or(|at| end <= at), "{job:?} ends too late: {end:?}");
    if let Some(inside) = job.inside.as_ref().filter(|of| !of.early) {
        let open = opening(&rig.hall, &inside.window, start).expect("opens");
        assert!(open.from == start && (!inside.fit || end <= open.to), "{job:?} at {start:?} in {open:?}");
    }
}

/// A plan that names most of those that wait, each for some time within ten hours.
fn any_plan(rig: &Rig, seed: u64) -> Arrived {
    let now = rig.tick.wall;
    let start = |id: LeaseId| {
        let luck = seed.wrapping_mul(id.number.wrapping_add(7)).rotate_left(21) % 640;
        let at = Wall(now.0 + 60_000 * (i64::try_from(luck).expect("small") - 10));
        (!luck.is_multiple_of(5)).then_some(Start { epoch: id.epoch, number: id.number, at })
    };
    let mut starts: Vec<Start> = rig.ledger.waits().filter_map(|of| start(of.id)).collect();
    starts.sort_unstable_by_key(|of| (of.epoch, of.number));
    Arrived { from: now, at: now, starts, ..Arrived::default() }
}

/// Plays jobs against scans, with some of which the clock is doubted from then on or trusted again, and starts; and plans that say anything.
fn plays(
    begin: &str,
    jobs: &[Job],
    (doubts, starts): (&[u64], &[u64]),
    plans: &[(u64, u64)],
) -> Vec<(Wish, Outcome, Option<Wall>)> {
    let mut rig = Rig::new();
    rig.plans = true;
    to(&mut rig, at(begin));
    let mut all: Vec<(Wish, Outcome, Option<Wall>)> = Vec::new();
    for scan in 0..SCANS {
        if doubts.contains(&scan) {
            rig.tick.clock_trusted = !rig.tick.clock_trusted;
        }
        if starts.contains(&scan) {
            let trusted = rig.tick.clock_trusted;
            rig.restart(trusted.then_some(SCAN));
        } else {
            rig.tick.mono = Mono(rig.tick.mono.0 + (SCAN - 1) * 1_000_000_000);
            rig.tick.wall = Wall(rig.tick.wall.0 + 1000 * i64::try_from(SCAN - 1).expect("small"));
            rig.pass(1);
        }
        for (_, seed) in plans.iter().filter(|(of, _)| *of == scan) {
            let plan = any_plan(&rig, *seed);
            rig.ledger.follow(&plan);
        }
        for job in jobs.iter().filter(|job| job.0 == scan) {
            let of = asked(&rig, job);
            let outcome = rig.acquire("slurm", of.clone()).outcome;
            all.push((of, outcome, None));
        }
        let known = |id: LeaseId| rig.ledger.leases().find(|of| of.id == id);
        for (job, outcome, began) in all.iter_mut().filter(|(.., began)| began.is_none()) {
            let Some(id) = outcome.lease else { continue };
            if let Some(lease) = known(id) {
                keeps(&rig, lease, job);
                *began = Some(lease.steps[0].start);
            } else {
                let waits = rig.ledger.waits().any(|of| of.id == id);
                let (_, request) = rig.ledger.whose(id).expect("it is known");
                let code = rig.ledger.again("slurm", request).expect("an answer").items[0].outcome.code;
                assert!(waits || matches!(code, Code::Denied | Code::Expired), "{job:?} is lost: {code:?}");
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn nothing_begins_outside_its_window_before_its_time_or_by_a_doubted_clock_and_nothing_is_lost(
        jobs in jobs(), spring in 0..2_usize,
        doubts in proptest::collection::vec(0..SCANS, 0..5), starts in proptest::collection::vec(1..SCANS, 0..4),
        plans in proptest::collection::vec((0..SCANS, any::<u64>()), 0..24),
    ) {
        let played = plays(BEGINS[spring], &jobs, (&doubts, &starts), &plans);
        prop_assert_eq!(&played, &plays(BEGINS[spring], &jobs, (&doubts, &starts), &plans), "the same again");
    }

    #[test]
    fn in_an_empty_hall_every_deadline_that_can_be_kept_is(jobs in jobs(), spring in 0..2_usize) {
        for (job, outcome, began) in plays(BEGINS[spring], &jobs, (&[], &[]), &[]) {
            if outcome.code == Code::Queued && job.times.deadline.is_some() {
                // Some scans pass until each that waits has been looked at.
                let (slack, due) = (Span::from_secs(5 * SCAN), outcome.earliest.expect("known"));
                let hall = Rig::new().hall;
                // A window that is open for less than that may go by between two scans.
                let shuts = job.inside.as_ref().filter(|of| !of.early).and_then(|of| {
                    let shuts = opening(&hall, &of.window, due)?.to;
                    let long = job.times.duration.filter(|_| of.fit).unwrap_or_default();
                    Some(earlier(shuts, long))
                });
                let last = job.times.latest().into_iter().chain(shuts).min();
                let over = later(at(BEGINS[spring]), Span::from_secs(SCANS * SCAN));
                let late = later(due, slack) > last.map_or(over, |last| last.min(over));
                prop_assert!(began.is_some() || late, "{:?} {:?}", job, outcome);
            }
        }
    }
}
