//! Jobs that let a plan choose, in a hall that is metered everywhere: what its feeds carry.

use plant::time::{Span, Wall};

use super::envelope::ask;
use super::leases::{lending_in, wish};
use super::rig::Rig;
use crate::control::ledger::message::{Times, Wish};
use crate::control::ledger::reply::Code;
use crate::control::ledger::tree::Place;
use crate::control::tariff::Tariff;

const PEAKS: &str = "[peaks]\nmeter = \"utility\"\nfeed = \"utility\"\nplan = true\n";
const TARIFF: &str =
    "name = \"t\"\nsummary = \"Flat.\"\ncurrency = \"EUR\"\nzone = \"UTC\"\n[[energy]]\nname = \"all\"\nprice = 0.1\n";

/// A rack's job for an hour, of so much (W).
fn in_a_rack(rig: &Rig, watts: f64) -> Wish {
    let times = Times { duration: Some(Span::from_secs(3600)), ..Times::default() };
    Wish { places: vec![(Place::Rack(0), 1.0)], times, ..wish(rig, watts) }
}

#[test]
fn what_a_plan_may_give_machines_below_a_feed_is_lent_and_not_a_watt_more() {
    let tariff = Tariff::load("t.toml", TARIFF).unwrap_or_else(|faults| panic!("{faults}"));
    let mut rig = lending_in(PEAKS, Some(tariff));
    let later = Wall(rig.tick.wall.0 + 12 * 3_600_000);
    let of = in_a_rack(&rig, 20e3);
    let flexible = Wish { times: Times { deadline: Some(later), plan: true, ..of.times }, ..of };
    assert_eq!(ask(&mut rig, "flexible", flexible), Code::Queued);
    let question = rig.control.question().expect("a job waits");
    let problem = question.problem;
    let job = &problem.jobs[0];
    let way: Vec<&crate::planner::Domain> =
        std::iter::successors(job.domain, |at| problem.domains[*at].parent).map(|at| &problem.domains[at]).collect();
    let names: Vec<&str> = way.iter().map(|of| of.name.as_str()).collect();
    assert_eq!(names[1..], ["ups-a", "tr-1"], "a PDU first, and not the billed feed: {names:?}");
    assert!(names[0].starts_with("pdu-"), "{names:?}");
    // The least of the way is what a rack is lent now, as long as the site's limit is no less.
    let free = way.iter().map(|of| of.cap(0)).fold(f64::INFINITY, f64::min) * 1e3;
    assert!(free > 1e3, "{free}");
    let (more, all) = (in_a_rack(&rig, free + 10.0), in_a_rack(&rig, free - 0.01));
    assert_eq!(ask(&mut rig, "more", more), Code::Retry, "{free}");
    assert_eq!(ask(&mut rig, "all", all), Code::Granted, "{free}");
    let again = rig.control.question().expect("a job waits").problem;
    let left = again.domains.iter().map(|of| of.cap(0)).fold(f64::INFINITY, f64::min);
    assert!(left < 1.0, "it is charged: {left} kW");
    assert!(crate::planner::plan(&again, crate::planner::Planner::Programme).is_ok(), "a problem without faults");
}
