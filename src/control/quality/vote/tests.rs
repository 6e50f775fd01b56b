//! Every way in which two or three sensors can agree, or not.

use plant::event::{Disagreement, Event};
use plant::id::Id;
use plant::time::Tick;
use proptest::prelude::*;

use super::*;

const SECOND: Span = Span::from_secs(1);
const GONE: Reading<f64> = Reading::Lost { why: Why::Comm };

fn rules() -> Redundant {
    let sensors = [0, 1, 2].map(|n| Some(PointId::from_index(n)));
    Redundant { sensors, deviation: 1.0, after: Span::from_secs(30), again: Span::from_secs(300) }
}

/// A vote on temperatures, and what it has told.
struct Bench {
    vote: Vote,
    events: Vec<Event>,
}

impl Bench {
    fn new() -> Self {
        Self { vote: Vote::NEW, events: Vec::new() }
    }

    /// So many seconds with these readings: what they agree on at the end.
    fn run(&mut self, readings: [Reading<f64>; 3], seconds: usize) -> Reading<f64> {
        self.events.clear();
        let mut agreed = GONE;
        for _ in 0..seconds {
            let news = &mut News::new(Tick::default(), &mut self.events);
            agreed = self.vote.step((&rules(), Danger::Up), readings, SECOND, news);
        }
        agreed
    }

    fn fresh(&mut self, values: [f64; 3], seconds: usize) -> Reading<f64> {
        self.run(values.map(Reading::Fresh), seconds)
    }

    fn told(&self) -> Vec<What> {
        self.events.iter().map(|event| event.what).collect()
    }

    fn outvoted(&self) -> Option<usize> {
        self.vote.outvoted(&rules()).map(PointId::index)
    }
}

#[test]
fn the_middle_of_three_counts_whatever_one_of_them_says() {
    for lie in [-50.0, 14.3, 900.0] {
        for (n, wanted) in [(0, 14.1), (1, 14.1), (2, 14.1)] {
            let mut values = [14.0, 14.1, 14.2];
            values[n] = lie;
            let Reading::Fresh(agreed) = Bench::new().fresh(values, 1) else { panic!("known") };
            assert!((agreed - wanted).abs() <= 0.1, "{values:?}: {agreed}");
        }
    }
}

#[test]
fn one_that_departs_is_told_and_does_not_count_until_it_agrees_again() {
    let mut bench = Bench::new();
    bench.fresh([14.0, 14.1, 17.0], 29);
    assert_eq!((bench.told(), bench.outvoted()), (vec![], None), "not for a moment");
    assert_eq!(bench.fresh([14.0, 14.1, 17.0], 2), Reading::Fresh(14.1));
    assert_eq!((bench.told(), bench.outvoted()), (vec![What::Sensors(Disagreement::Deviates, true)], Some(2)));
    assert_eq!(bench.fresh([14.0, 14.3, 14.2], 299), Reading::Fresh(14.3), "it does not count");
    assert_eq!(bench.told(), []);
    bench.fresh([14.0, 14.3, 17.0], 1);
    bench.fresh([14.0, 14.3, 14.2], 299);
    assert_eq!(bench.outvoted(), Some(2), "without a break");
    bench.fresh([14.0, 14.3, 14.2], 2);
    assert_eq!((bench.told(), bench.outvoted()), (vec![What::Sensors(Disagreement::Deviates, false)], None));
    assert_eq!(bench.fresh([14.0, 14.3, 14.2], 1), Reading::Fresh(14.2));
}

#[test]
fn of_two_the_dangerous_one_counts_and_where_they_are_apart_it_is_told() {
    let two = |a, b| [Reading::Fresh(a), GONE, Reading::Fresh(b)];
    let mut bench = Bench::new();
    assert_eq!(bench.run(two(14.0, 14.4), 600), Reading::Fresh(14.4));
    assert_eq!(bench.told(), []);
    assert_eq!(bench.run(two(14.0, 19.0), 29), Reading::Fresh(19.0));
    assert_eq!(bench.told(), []);
    assert_eq!(bench.run(two(14.0, 19.0), 600), Reading::Fresh(19.0));
    assert_eq!(
        (bench.told(), bench.outvoted()),
        (vec![What::Sensors(Disagreement::Apart, true)], None),
        "nobody is outvoted"
    );
    assert!(bench.vote.is_weak());
    bench.run(two(14.0, 14.4), 301);
    assert_eq!(bench.told(), [What::Sensors(Disagreement::Apart, false)]);
    assert!(!bench.vote.is_weak());
    let mut low = Vote::NEW;
    let mut events = Vec::new();
    let news = &mut News::new(Tick::default(), &mut events);
    assert_eq!(low.step((&rules(), Danger::Down), two(14.0, 14.4), SECOND, news), Reading::Fresh(14.0));
}

#[test]
fn one_that_is_left_counts_and_is_told() {
    let mut bench = Bench::new();
    assert_eq!(bench.run([GONE, Reading::Fresh(14.0), GONE], 31), Reading::Fresh(14.0));
    assert_eq!(bench.told(), [What::Sensors(Disagreement::Alone, true)]);
    bench.fresh([14.0, 14.0, 14.1], 301);
    assert_eq!(bench.told(), [What::Sensors(Disagreement::Alone, false)]);
    let nowhere = Reading::Lost { why: Why::Config };
    assert_eq!(Bench::new().run([Reading::Fresh(14.0), nowhere, nowhere], 3600), Reading::Fresh(14.0));
    let mut bench = Bench::new();
    bench.run([Reading::Fresh(14.0), nowhere, nowhere], 3600);
    assert_eq!(bench.told(), [], "a sensor that was never bound is not missed");
}

#[test]
fn none_is_lost_and_the_doubted_count_before_that() {
    let mut bench = Bench::new();
    let stale = |last| Reading::Stale { last, age: SECOND, why: Why::Timeout };
    assert_eq!(bench.run([GONE, GONE, GONE], 1), GONE);
    assert_eq!(bench.run([stale(14.0), GONE, stale(16.0)], 1), stale(16.0));
    assert_eq!(bench.run([stale(20.0), Reading::Fresh(14.0), stale(16.0)], 1), Reading::Fresh(14.0));
    bench.fresh([14.0, 14.1, 30.0], 31);
    assert_eq!(bench.outvoted(), Some(2));
    assert_eq!(bench.run([GONE, GONE, Reading::Fresh(30.0)], 60), GONE, "nobody believes it now");
}

#[test]
fn of_two_that_depart_at_once_the_farther_one_is_outvoted_and_two_that_are_apart_outvote_nobody() {
    let mut bench = Bench::new();
    assert_eq!(bench.fresh([10.0, 14.0, 20.0], 31), Reading::Fresh(14.0));
    assert_eq!(bench.outvoted(), Some(2));
    assert_eq!(
        bench.fresh([10.0, 14.0, 20.0], 3600),
        Reading::Fresh(14.0),
        "the dangerous one of the two that are apart"
    );
    assert_eq!((bench.outvoted(), bench.told()), (Some(2), vec![What::Sensors(Disagreement::Apart, true)]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// While two sensors tell the truth no third one moves what control reads by more than they may be apart, at any time.
    #[test]
    fn one_liar_of_three_moves_nothing(
        which in 0_usize..3,
        lies in prop::collection::vec((prop::option::of(-20.0..60.0f64), 1_usize..400), 1..12),
    ) {
        let mut bench = Bench::new();
        for (lie, seconds) in lies {
            let mut readings = [Reading::Fresh(14.0), Reading::Fresh(14.2), Reading::Fresh(14.2)];
            readings[which] = lie.map_or(GONE, Reading::Fresh);
            for _ in 0..seconds {
                let agreed = bench.run(readings, 1).fresh();
                prop_assert!(agreed.is_some_and(|agreed| (13.99..=14.21).contains(&agreed)), "{agreed:?} by {lie:?}");
                prop_assert!(bench.outvoted().is_none_or(|outvoted| outvoted == which));
                prop_assert!(!bench.told().contains(&What::Sensors(Disagreement::Apart, true)));
            }
        }
    }
}
