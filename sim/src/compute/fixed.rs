//! Jobs of a fixed mix, for days that are held against each other: of every five nodes two train, two decode and one idles.
//!
//! **Equation** none. **Source** the mix was fixed before any of these days was run. **Parameters** a surge: all nodes that do not train begin
//! to, five after five, and go back to what they did. **Box** five nodes and more. **Outside it** what is over of whole fives idles.
//! **Time constant** none.

use plant::convert;

use super::arrivals::Arrival;
use super::job::Kind;

/// Nodes that are alike with each other.
const FIVE: usize = 5;
/// Longer than any day (s).
const EVER: f64 = 1e8;
/// Who has nothing to do works for less than a step (s).
const NOTHING: f64 = 1e-3;

/// Everything trains for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surge {
    /// From when on (s from the start).
    pub at: f64,
    /// From the first nodes to the last (s, ≥ 0).
    pub within: f64,
    /// How much of it there is for each node (s of an uncapped run, > 0).
    pub lasts: f64,
}

/// The mix in `racks` racks of `per_rack` nodes, with or without a surge.
#[must_use]
pub fn mixed((racks, per_rack): (usize, usize), surge: Option<Surge>) -> Vec<Arrival> {
    let fives = racks.saturating_mul(per_rack) / FIVE;
    let job = |submit, nodes, length, kind| Arrival { submit, nodes, length, kind };
    let mut jobs = Vec::new();
    for five in 0..fives {
        let share = convert::f64_from_usize(five) / convert::f64_from_usize(fives.max(1));
        let until = surge.map_or(EVER, |surge| surge.at + surge.within * share);
        jobs.push(job(0.0, 2, EVER, Kind::Training));
        jobs.extend([job(0.0, 1, until, Kind::Decode); 2]);
        jobs.push(job(0.0, 1, NOTHING, Kind::Decode));
        let Some(surge) = surge else { continue };
        jobs.extend([job(until, 1, surge.lasts, Kind::Training); 3]);
        jobs.extend([job(surge.at + surge.within + surge.lasts, 1, EVER, Kind::Decode); 2]);
    }
    jobs.sort_by(|a, b| a.submit.total_cmp(&b.submit));
    jobs
}

/// Every node trains, two by two.
#[must_use]
pub fn training((racks, per_rack): (usize, usize)) -> Vec<Arrival> {
    let nodes = racks.saturating_mul(per_rack);
    let job =
        |n: usize| Arrival { submit: 0.0, nodes: 2.min(nodes.saturating_sub(n)), length: EVER, kind: Kind::Training };
    (0..nodes).step_by(2).map(job).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_five_nodes_two_train_two_decode_and_one_idles() {
        let jobs = mixed((40, 5), None);
        let nodes = |kind: Kind, long: bool| {
            let of = jobs.iter().filter(|job| job.kind == kind && (job.length > 1.0) == long);
            of.map(|job| job.nodes).sum::<usize>()
        };
        assert_eq!((nodes(Kind::Training, true), nodes(Kind::Decode, true), nodes(Kind::Decode, false)), (80, 80, 40));
        assert_eq!(mixed((40, 1), None).len(), 32, "eight fives");
        assert_eq!(training((40, 5)).iter().map(|job| job.nodes).sum::<usize>(), 200);
        assert_eq!(training((1, 5)).iter().map(|job| job.nodes).collect::<Vec<_>>(), [2, 2, 1]);
    }

    #[test]
    fn a_surge_takes_all_that_did_not_train_and_gives_it_back() {
        let surge = Surge { at: 600.0, within: 20.0, lasts: 300.0 };
        let jobs = mixed((10, 5), Some(surge));
        assert!(jobs.is_sorted_by(|a, b| a.submit <= b.submit));
        let from = |low: f64, high: f64| jobs.iter().filter(move |job| (low..high).contains(&job.submit));
        assert_eq!(from(600.0, 620.0).filter(|job| job.kind == Kind::Training).count(), 30);
        assert_eq!(from(620.0, 1e9).filter(|job| job.kind == Kind::Decode && job.length > 1e6).count(), 20);
        let ends: Vec<f64> =
            from(0.0, 1.0).filter(|job| job.length > 1.0 && job.length < 1e6).map(|job| job.length).collect();
        assert!(ends.len() == 20 && ends.iter().all(|end| (600.0..620.0).contains(end)), "{ends:?}");
    }
}
