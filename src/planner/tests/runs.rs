//! How jobs run and stop, in problems that are small enough to be worked out by hand.

use super::super::Why;
use super::{flat, job, near, planned, slots};

#[test]
fn runs_are_no_shorter_than_they_may_be_and_whole_jobs_stay_whole() {
    // Cheap: 1, 3, 4, 6. In runs of two slots only 3-4 is wholly cheap; then 0-1, 1-2, 5-6 and 6-7 cost the same.
    let mut problem = flat(8);
    [1, 3, 4, 6].into_iter().for_each(|n| problem.slots[n].price = 0.05);
    problem.jobs = vec![job("a", 100.0, 4, 0..8)];
    problem.jobs[0].min_run = 2;
    let plan = planned(&problem);
    near(plan.jobs[0].energy, 25.0 * (0.05 * 3.0 + 0.10));
    assert!(plan.jobs[0].runs.iter().all(|run| run.len() >= 2), "{:?}", plan.jobs[0].runs);
    problem.jobs[0].interruptible = false;
    let plan = planned(&problem);
    assert_eq!(
        slots(&plan, 0),
        [1, 2, 3, 4],
        "1 to 4 and 3 to 6 have three cheap slots each, and the first is earlier"
    );
}

#[test]
fn a_job_stops_only_where_it_has_saved_what_it_did() {
    // Cheap: 1 to 3 and 6. Without checkpoints it runs there; with one every two slots 2-3 is cheap, and 5-6 or 6-7 half so.
    let mut problem = flat(8);
    [1, 2, 3, 6].into_iter().for_each(|n| problem.slots[n].price = 0.05);
    problem.jobs = vec![job("a", 100.0, 4, 0..8)];
    assert_eq!(slots(&planned(&problem), 0), [1, 2, 3, 6]);
    problem.jobs[0].checkpoint = 2;
    let plan = planned(&problem);
    near(plan.jobs[0].energy, 25.0 * (0.05 * 3.0 + 0.10));
    assert!(plan.jobs[0].runs.iter().all(|run| run.len().is_multiple_of(2)), "{:?}", plan.jobs[0].runs);
    // What is left at the end needs no checkpoint.
    (problem.jobs[0].checkpoint, problem.jobs[0].slots) = (3, 4);
    assert_eq!(slots(&planned(&problem), 0), [1, 2, 3, 6]);
    // It has run for one slot and saves after three: two more before it stops.
    (problem.jobs[0].running, problem.jobs[0].slots) = (1, 3);
    problem.slots[6].price = 0.01;
    assert_eq!(slots(&planned(&problem), 0), [0, 1, 6]);
}

#[test]
fn what_runs_and_is_cut_off_before_it_may_stop_ends_where_it_has_saved() {
    // It has run for two slots, saves after three and must be told two slots before: after six, and its deadline is after five.
    let mut problem = flat(8);
    problem.jobs = vec![job("a", 100.0, 4, 0..3)];
    (problem.jobs[0].running, problem.jobs[0].notice, problem.jobs[0].checkpoint) = (2, 2, 3);
    assert_eq!(slots(&planned(&problem), 0), [0], "the other two would be lost");
    // Where it may go on later it does, and not at once.
    problem.jobs[0].deadline = 8;
    problem.slots[2].limit = 50.0;
    assert_eq!(slots(&planned(&problem), 0), [0, 3, 4, 5]);
}

#[test]
fn what_runs_goes_on_until_it_could_be_told() {
    let mut problem = flat(8);
    problem.slots[2..].iter_mut().for_each(|slot| slot.price = 0.01);
    problem.jobs = vec![job("a", 100.0, 4, 0..8)];
    (problem.jobs[0].running, problem.jobs[0].min_run) = (9, 2);
    assert_eq!(slots(&planned(&problem), 0), [2, 3, 4, 5]);
    problem.jobs[0].notice = 1;
    assert_eq!(slots(&planned(&problem), 0), [0, 2, 3, 4]);
    // And to where it has saved what it did: after ten slots, and after twelve.
    problem.jobs[0].checkpoint = 2;
    assert_eq!(slots(&planned(&problem), 0), [0, 2, 3, 4]);
    problem.jobs[0].notice = 2;
    assert_eq!(slots(&planned(&problem), 0), [0, 1, 2, 3]);
}

#[test]
fn what_runs_and_may_not_stop_goes_on() {
    let mut problem = flat(8);
    problem.slots[4..].iter_mut().for_each(|slot| slot.price = 0.01);
    problem.jobs = vec![job("whole", 100.0, 3, 0..8), job("soon", 100.0, 4, 0..8), job("may", 100.0, 4, 0..8)];
    problem.jobs.iter_mut().for_each(|job| (job.running, job.min_run) = (1, 3));
    problem.jobs[0].interruptible = false;
    problem.jobs[2].running = 3;
    let plan = planned(&problem);
    assert_eq!(slots(&plan, 0), [0, 1, 2]);
    // It has run for one of three slots: two more, and then the rest needs a run of three, which only fits whole.
    assert_eq!(plan.jobs[1].runs.first().map(|run| run.start), Some(0));
    assert_eq!(slots(&plan, 2), [4, 5, 6, 7]);
    assert_eq!(plan.jobs[0].why, Why::Committed);
}
