//! Agents against the world's GPUs and breakers.

use sim::scenario::Pilot;

use crate::cli::sim::drive::Drive;
use crate::cli::sim::pages;

/// A page's run with this pilot: breakers that tripped, the fullest feed (%), seconds above the fail-safe without a lease, and its trace.
fn ride(name: &str, pilot: Pilot) -> (usize, Option<f64>, Option<f64>, String) {
    let pages = pages::open(&[name.to_owned()]).unwrap_or_else(|_| panic!("{name}"));
    let page = pages.first().expect("one page");
    let mut drive = Drive::new(page, page.scenario.seed, pilot);
    while drive.goes_on() {
        drive.pass();
    }
    let trips = drive.world().breakers().opened().len();
    let ridden = drive.end();
    assert_eq!(ridden.run.broken(), None, "{name}");
    (trips, ridden.kpis.value("gpus-feed-peak"), ridden.kpis.value("gpus-unheld-s"), ridden.trace)
}

/// What the pages show is control's doing: the same day without it opens the feeder.
#[test]
fn without_caps_the_feeder_trips() {
    let (trips, peak, _, _) = ride("air-power-all-training", Pilot::Fixed);
    assert!(trips > 0 && peak.is_none(), "{trips} {peak:?}");
}

#[test]
fn a_controller_that_dies_leaves_nobody_above_the_fail_safe() {
    let first = ride("air-power-controller-killed", Pilot::Wattloop);
    assert_eq!((first.0, first.2), (0, Some(0.0)), "{first:?}");
    assert!(first.1.is_some_and(|peak| (90.0..100.0).contains(&peak)), "it was near the limit: {first:?}");
    assert_eq!(first, ride("air-power-controller-killed", Pilot::Wattloop), "and it is the same run again");
}
