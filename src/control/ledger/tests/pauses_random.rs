//! Random jobs and plans that say anything: no pause costs work or a deadline, and no feed is promised more than it carries.

use std::collections::BTreeMap;

use plant::plan::{Arrived, Pause, Start};
use plant::time::Span;
use proptest::prelude::*;

use super::*;
use crate::control::ledger::message::{Accept, Flex, Times, Wish};
use crate::control::ledger::notices::Cause;
use crate::control::term::later;

/// A scan (s), and how many are played.
const SCAN: u64 = 30;
const SECONDS: f64 = 30.0;
const SCANS: u64 = 900;
const LIMIT: f64 = 100e3;

/// A job: after so many scans, of so many kW and minutes, with so many minutes to spare; saves every so many minutes, shortest run (minutes).
type Job = (u64, u32, u64, u64, (u64, u64));

fn jobs() -> impl Strategy<Value = Vec<Job>> {
    let saves = prop_oneof![Just(0_u64), 3..40_u64];
    let one = (0..300_u64, 10..60_u32, 20..150_u64, 0..200_u64, (saves, prop_oneof![Just(0_u64), 5..60_u64]));
    proptest::collection::vec(one, 1..6)
}

/// Others, who begin at a time of their own: after so many scans, of so many kW, so many minutes later, for so many minutes.
fn others() -> impl Strategy<Value = Vec<(u64, u32, u64, u64)>> {
    proptest::collection::vec((0..600_u64, 5..70_u32, 0..120_u64, 5..120_u64), 0..8)
}

fn minutes(n: u64) -> Span {
    Span::from_secs(60 * n)
}

fn asked(rig: &Rig, job: &Job) -> Wish {
    let (_, kw, long, spare, (saves, runs)) = *job;
    let deadline = Some(later(rig.tick.wall, minutes(long + spare + 3)));
    let times = Times { deadline, duration: Some(minutes(long)), plan: true, ..Times::default() };
    let flex = Flex { checkpoint: minutes(saves), min_run: minutes(runs), ..Flex::default() };
    let accept = Accept { wait: minutes(600), ..Accept::default() };
    let ttl = Some(minutes(60));
    Wish { class: Class::Interruptible, flex, times, accept, ttl, ..wish(rig.feed("pdu-a1"), 1e3 * f64::from(kw)) }
}

/// A plan that names most jobs for some time.
fn any_plan(rig: &Rig, seed: u64) -> Arrived {
    let now = rig.tick.wall;
    let luck = |id: LeaseId, salt: u64| seed.wrapping_mul(id.number.wrapping_add(salt)).rotate_left(23) % 90;
    let start = |id: LeaseId| Start { epoch: id.epoch, number: id.number, at: later(now, minutes(luck(id, 7))) };
    let pause = |id: LeaseId| {
        let from = later(now, minutes(luck(id, 11) / 3));
        Pause { epoch: id.epoch, number: id.number, from, until: later(from, minutes(luck(id, 13))) }
    };
    let named = |id: &LeaseId| !luck(*id, 17).is_multiple_of(5);
    let ids = || rig.ledger.leases().chain(rig.ledger.waits()).map(|of| of.id).filter(named);
    let (mut starts, mut pauses): (Vec<Start>, Vec<Pause>) = (ids().map(start).collect(), ids().map(pause).collect());
    starts.sort_unstable_by_key(|of| (of.epoch, of.number));
    pauses.sort_unstable_by_key(|of| (of.epoch, of.number));
    Arrived { from: now, at: now, starts, pauses, ..Arrived::default() }
}

/// What a job has drawn (Ws), how long it ran without a pause (s), whether others lowered it, and whether it was late already while it waited.
#[derive(Clone, Copy, Debug, Default)]
struct Lived {
    drawn: f64,
    runs: f64,
    lowered: bool,
    waited: Option<bool>,
}

/// What holds after every scan.
fn holds(rig: &Rig, jobs: &BTreeMap<LeaseId, (Job, Wish)>, lived: &mut BTreeMap<LeaseId, Lived>) {
    let (now, tail, feed) = (rig.ledger.now(), tail(&rig.ground.rules), rig.feed("pdu-a1"));
    for at in rig.ledger.leases().flat_map(|of| of.turns(now, tail)).filter(|at| *at >= now) {
        let reserved = rig.ledger.reserved(feed, at, tail).watts().0;
        assert!(reserved <= LIMIT + 1.0, "{reserved} W are reserved at {at:?}");
    }
    for lease in rig.ledger.leases() {
        let Some((job, wish)) = jobs.get(&lease.id) else { continue };
        let of = lived.entry(lease.id).or_default();
        of.lowered |= lease.cut.is_some();
        let may = lease.may(now);
        if may > 0.0 {
            of.runs += SECONDS;
        } else if lease.is_live() && !of.lowered && of.runs > 0.0 {
            // A scan is not seen.
            let least = minutes(job.4.1).seconds() - 2.0 * SECONDS;
            assert!(of.runs >= least, "{job:?} ran for {} s", of.runs);
            let every = minutes(job.4.0).seconds();
            let over = if every > 0.0 { of.runs % every } else { 0.0 };
            assert!(over <= 2.0 * SECONDS || every - over <= 2.0 * SECONDS, "{job:?} lost {over} s");
            of.runs = 0.0;
        }
        of.drawn += may * SECONDS;
        assert!(lease.end.is_some_and(|end| Some(end) <= wish.times.deadline), "{job:?}");
        let late = lease.due.is_some_and(|due| due.late);
        let waited = *of.waited.get_or_insert(late);
        of.waited = Some(waited && late);
        assert!(of.lowered || waited || !late, "{job:?} is late by a plan");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_pause_of_a_plan_costs_work_or_a_deadline_or_promises_more_than_there_is(
        jobs in jobs(), others in others(), starts in proptest::collection::vec(1..SCANS, 0..3),
        plans in proptest::collection::vec((0..SCANS, any::<u64>()), 0..40),
    ) {
        let mut rig = Rig::new();
        rig.plans = true;
        rig.limit("pdu-a1", Some(LIMIT));
        let (mut known, mut lived) = (BTreeMap::new(), BTreeMap::new());
        for scan in 0..SCANS {
            if starts.contains(&scan) { rig.restart(Some(SCAN)) } else { rig.leap(SCAN) }
            holds(&rig, &known, &mut lived);
            for (_, seed) in plans.iter().filter(|(of, _)| *of == scan) {
                let plan = any_plan(&rig, *seed);
                rig.ledger.follow(&plan);
            }
            for job in jobs.iter().filter(|job| job.0 == scan) {
                let of = asked(&rig, job);
                let lease = rig.acquire("slurm", of.clone()).outcome.lease;
                known.extend(lease.map(|lease| (lease, (*job, of))));
            }
            for (_, kw, later_by, long) in others.iter().filter(|of| of.0 == scan) {
                let mut of = now_for(60 * long, wish(rig.feed("pdu-a1"), 1e3 * f64::from(*kw)));
                of.times.not_before = Some(later(rig.tick.wall, minutes(*later_by)));
                rig.acquire("kueue", of);
            }
            if scan.is_multiple_of(20) {
                let live: Vec<(String, LeaseId)> =
                    rig.ledger.leases().filter(|of| of.is_live()).map(|of| (of.client.clone(), of.id)).collect();
                live.into_iter().for_each(|(client, lease)| { rig.renew(&client, lease); });
            }
        }
        let here = |id: &LeaseId| rig.ledger.leases().chain(rig.ledger.waits()).any(|of| of.id == *id && of.is_live());
        for (id, of) in lived.iter().filter(|(id, of)| !of.lowered && !here(id)) {
            let (job, wish) = &known[id];
            let work = wish.power.wanted * minutes(job.2).seconds();
            // A scan at each begin and end is not seen.
            let pauses = rig.notices().iter().filter(|told| told.lease == *id && told.cause == Cause::Tariff).count();
            let unseen = wish.power.wanted * SECONDS * (2.0 + 2.0 * plant::convert::f64_from_usize(pauses));
            prop_assert!((of.drawn - work).abs() <= unseen, "{job:?}: {} of {work} Ws", of.drawn);
        }
    }
}
