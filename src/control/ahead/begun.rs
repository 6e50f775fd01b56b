//! Jobs that have begun and may pause, as the planner sees them, in whole quarters of an hour.
//!
//! What is left of one that runs counts from the beginning of the quarter that runs, in which it goes on in any case; what is left of one that is paused from when it goes on. Both are rounded up, but for a minute, which is kept free
//! before they must be over.

use plant::convert::{i64_from_bits, u64_from_usize, usize_from_u64};
use plant::time::{Span, Wall};

use super::SLOTS;
use crate::control::ledger::lease::Lease;
use crate::control::ledger::pauses::{AHEAD, Begun};
use crate::control::ledger::planned::SPARE;
use crate::control::outlook::{QUARTER_MS, begin};
use crate::control::term::{earlier, later};
use crate::planner::{Job, LEAST, MOST, MOST_SLOTS};

/// Who does not say how long a run must be runs for so long between pauses.
const USUAL: Span = Span::from_secs(3600);

/// Whole quarters that so much takes.
fn quarters(long: Span) -> u64 {
    long.millis().div_ceil(QUARTER_MS.unsigned_abs())
}

/// How long a run of it must be.
fn run(lease: &Lease) -> Span {
    if lease.flex.min_run == Span::ZERO { USUAL } else { lease.flex.min_run }
}

/// How a job may run and stop, by what its lease says; it may run from the first slot to the last. Nothing of one of no power or of more than can be reckoned with: what a client says of one job
/// must not leave all others without a plan.
#[must_use]
pub fn shape(lease: &Lease, (kw, slots): (f64, usize), interruptible: bool) -> Option<Job> {
    let job = Job {
        name: lease.id.to_string(),
        domain: None,
        kw,
        release: 0,
        deadline: usize_from_u64(SLOTS.unsigned_abs()),
        slots,
        min_run: usize_from_u64(quarters(run(lease))).clamp(1, slots.max(1)),
        checkpoint: every(lease).min(MOST_SLOTS),
        interruptible,
        running: 0,
        notice: 0,
        priority: u32::try_from(lease.priority.max(0)).unwrap_or(u32::MAX),
        lost: 0.0,
    };
    (LEAST..=MOST).contains(&kw).then_some(job)
}

/// After how many quarters of a run it saves what it did (1 or more).
fn every(lease: &Lease) -> usize {
    usize_from_u64(quarters(lease.flex.checkpoint).max(1))
}

/// One that has begun, in quarters from the first on; nothing where there is nothing to choose.
#[must_use]
pub fn job(lease: &Lease, of: &Begun, (first, now): (i64, Wall)) -> Option<Job> {
    let origin = begin(first);
    let ahead = |at: Wall| at.0.saturating_sub(origin.0).clamp(0, SLOTS.saturating_mul(QUARTER_MS)).unsigned_abs();
    let up = |at: Wall| ahead(at).div_ceil(QUARTER_MS.unsigned_abs());
    let late = Wall(of.by.0.saturating_sub(i64_from_bits(SPARE.millis())));
    let deadline = usize_from_u64(ahead(late) / QUARTER_MS.unsigned_abs());
    let gone = if of.since.is_some() { now.since(origin).millis() } else { 0 };
    let left = of.left.millis().saturating_add(gone).saturating_sub(SPARE.millis());
    let slots = usize_from_u64(quarters(Span::from_millis(left)));
    let shape = shape(lease, (of.watts / 1e3, slots), of.again)?;
    let job = match of.since {
        Some(since) => {
            let ran = origin.0.saturating_sub(since.0).div_euclid(QUARTER_MS);
            // A scan that was a little late moves nothing by a quarter.
            let long = earlier(later(since, run(lease)), SPARE);
            let must = up(long.max(later(later(now, lease.notice), AHEAD))).max(1);
            Job { deadline, running: runs(ran, every(lease)), notice: usize_from_u64(must), ..shape }
        }
        None => {
            let release = if of.from <= now { 0 } else { usize_from_u64(up(of.from)) };
            Job { deadline, release, ..shape }
        }
    };
    (slots > 0 && job.release.saturating_add(slots) <= deadline).then_some(job)
}

/// For how long one counts as running (quarters, 1 or more) that began so many before the first: it saves what it did where it does, also if it began after the first.
fn runs(ran: i64, checkpoint: usize) -> usize {
    let every = i64_from_bits(u64_from_usize(checkpoint.max(1)));
    let counts = if ran > 0 { ran } else { every.saturating_sub(ran.saturating_neg().rem_euclid(every)) };
    let counts = usize_from_u64(counts.unsigned_abs());
    // One that saves more seldom than a problem may say: it saves next when it does.
    let next = checkpoint.saturating_sub(counts % checkpoint.max(1));
    if checkpoint <= MOST_SLOTS { counts } else { MOST_SLOTS.saturating_sub(next).max(1) }
}

#[cfg(test)]
mod tests {
    use super::runs;

    #[test]
    fn who_began_in_the_quarter_that_runs_saves_where_it_does_all_the_same() {
        // Began, saves every, counts as: what it ran is whole multiples of what it saves by off the truth, and it runs.
        for (ran, every, counts) in [(5, 1, 5), (5, 4, 5), (0, 1, 1), (0, 4, 4), (-1, 1, 1), (-1, 4, 3), (-3, 2, 1)] {
            assert_eq!(runs(ran, every), counts, "{ran} {every}");
        }
        // Every week, and a week has 672 quarters: after 650 it saves in 22, which is 362 of 384; just begun, or just saved, not within any plan.
        for (ran, counts) in [(650, 362), (1322, 362), (0, 1), (1, 1), (672, 1)] {
            assert_eq!(runs(ran, 672), counts, "{ran}");
        }
    }
}
