//! Setpoints by themselves: what is done with what is seen.

use plant::event::Event;
use plant::time::Tick;
use plant::units::Kelvins;
use proptest::prelude::*;

use super::*;
use crate::control::commands::Commands;
use crate::control::cooling;

const SECOND: Span = Span::from_secs(1);
const FREE: Bounds = Bounds { low: -1.0, high: 2.0, margin: Margin::Some };

/// Two rows and their chilled water, which may rise by 2 K and fall by 1 K, 12 K an hour.
fn plan() -> Plan {
    let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let hall = Hall::load("air", text).expect("loads");
    let circuits = cooling::circuits(&hall, &Commands::of(&hall));
    let units = units::all(&hall, &circuits);
    assert_eq!(units.len(), 3);
    let rules = Rules { most: Kelvins(2.0), pre_cool: Kelvins(1.0), rate: 12.0, acts: true };
    let feed = hall.power.feed("utility").expect("there");
    Plan { rules, release: Span::from_secs(300), feed, units }
}

/// What cooling does, beside what it has told.
struct Play {
    plan: Plan,
    ride: Ride,
    events: Vec<Event>,
}

impl Play {
    fn new() -> Self {
        let plan = plan();
        Self { ride: Ride::new(Some(&plan)), plan, events: Vec::new() }
    }

    /// So many seconds of a need, each unit within these bounds.
    fn pass(&mut self, (doubt, need): (Option<RideEnd>, Need), of: Bounds, seconds: u64) -> Vec<f64> {
        for _ in 0..seconds {
            let mut news = News::new(Tick::default(), &mut self.events);
            self.ride.step(&self.plan, &Sight { doubt, need }, |_| of, (SECOND, &mut news));
        }
        self.ride.offsets().to_vec()
    }

    /// Of one that has ridden up to the most.
    fn up() -> Self {
        let mut play = Self::new();
        play.pass((None, Need::None), FREE, 600);
        assert_eq!(play.pass((None, Need::More), FREE, 600), [2.0; 3]);
        play
    }

    fn told(&self) -> Vec<PeakNews> {
        let peak = |event: &Event| if let What::Peak(of) = event.what { Some(of) } else { None };
        self.events.iter().filter_map(peak).collect()
    }
}

#[test]
fn it_rises_on_a_ramp_once_nothing_has_been_in_doubt_for_ten_minutes() {
    let mut play = Play::new();
    assert_eq!(play.pass((None, Need::More), FREE, 599), [0.0; 3], "just begun");
    let at = play.pass((None, Need::More), FREE, 301);
    assert!(at.iter().all(|at| (at - 12.0 * 301.0 / 3600.0).abs() < 1e-9), "{at:?}");
    assert_eq!(play.pass((None, Need::More), FREE, 3600), [2.0; 3]);
    assert_eq!(play.told(), [PeakNews::Rides(true)]);
}

#[test]
fn in_doubt_it_is_home_at_once_and_says_why() {
    for why in [RideEnd::Inlet, RideEnd::Alarm, RideEnd::Meter, RideEnd::Gpus] {
        let mut play = Play::up();
        assert_eq!(play.pass((Some(why), Need::More), FREE, 1), [0.0; 3]);
        assert_eq!(play.told()[1..], [PeakNews::RideEnded(why), PeakNews::Rides(false)]);
        assert_eq!(play.pass((None, Need::More), FREE, 599), [0.0; 3], "and stays there for ten minutes");
        assert!(play.pass((None, Need::More), FREE, 2).iter().all(|at| *at > 0.0));
    }
}

#[test]
fn with_little_left_it_goes_no_further_and_with_nothing_left_home() {
    let mut play = Play::new();
    play.pass((None, Need::None), FREE, 600);
    let at = play.pass((None, Need::More), FREE, 300);
    let little = Bounds { margin: Margin::Little, ..FREE };
    assert_eq!(play.pass((None, Need::More), little, 300), at);
    let none = Bounds { margin: Margin::None, ..FREE };
    assert!(play.pass((None, Need::More), none, 60).iter().zip(&at).all(|(now, at)| now < at));
    assert_eq!(play.pass((None, Need::More), none, 300), [0.0; 3]);
}

#[test]
fn a_limit_that_comes_nearer_takes_it_along_at_once() {
    let mut play = Play::up();
    assert_eq!(play.pass((None, Need::More), Bounds { high: 0.5, ..FREE }, 1), [0.5; 3]);
}

#[test]
fn it_comes_home_one_after_the_other_and_only_while_the_next_window_has_room() {
    let mut play = Play::up();
    assert_eq!(play.pass((None, Need::None), FREE, 299), [2.0; 3], "not before `release-after`");
    assert_eq!(play.pass((None, Need::Near), FREE, 3600), [2.0; 3], "nor while the next window has no room");
    play.pass((None, Need::None), FREE, 299);
    let half = play.pass((None, Need::None), FREE, 300);
    assert!(half[0] < 1.1 && half[1..] == [2.0; 2], "{half:?}");
    assert_eq!(play.pass((None, Need::Near), FREE, 600), half, "it waits on its way");
    let mut before = half;
    while play.ride.is_away() {
        let now = play.pass((None, Need::None), FREE, 1);
        let moved = before.iter().zip(&now).filter(|(before, now)| before != now).count();
        assert!(moved <= 1, "{before:?} to {now:?}");
        before = now;
    }
    assert_eq!(play.told(), [PeakNews::Rides(true), PeakNews::Rides(false)]);
    assert_eq!(play.ride.does(), Does::Returns);
}

#[test]
fn before_a_peak_it_falls_and_rides_from_there() {
    let mut play = Play::new();
    play.pass((None, Need::None), FREE, 600);
    assert_eq!(play.pass((None, Need::Ahead), FREE, 600), [-1.0; 3]);
    let at = play.pass((None, Need::More), FREE, 300);
    assert!(at.iter().all(|at| at.abs() < 1e-9), "{at:?}");
    assert_eq!(play.pass((None, Need::More), FREE, 600), [2.0; 3]);
    let told = [PeakNews::PreCools(true), PeakNews::Rides(true), PeakNews::PreCools(false)];
    assert_eq!(play.told(), told);
    assert_eq!(play.ride.farthest, (-1.0, 2.0));
    play.pass((Some(RideEnd::Inlet), Need::None), FREE, 1);
    play.ride.restart();
    assert_eq!(play.ride.farthest, (-1.0, 2.0), "what was, was");
}

#[test]
fn what_was_cooled_ahead_goes_home_on_the_ramp_where_no_peak_comes_or_something_is_in_doubt() {
    for sight in [(None, Need::None), (None, Need::Near), (Some(RideEnd::Inlet), Need::Ahead)] {
        let mut play = Play::new();
        play.pass((None, Need::None), FREE, 600);
        play.pass((None, Need::Ahead), FREE, 600);
        let at = play.pass(sight, FREE, 60);
        assert!(at.iter().all(|at| (at + 0.8).abs() < 1e-9), "{at:?}");
        assert_eq!(play.pass(sight, FREE, 600), [0.0; 3]);
    }
}

#[test]
fn a_new_boot_begins_at_home_and_remembers_how_often_it_rode() {
    let mut play = Play::up();
    play.ride.restart();
    assert!(!play.ride.is_away() && play.ride.ridden.0 == 1);
    assert_eq!(play.pass((None, Need::More), FREE, 599), [0.0; 3]);
}

fn sights() -> impl Strategy<Value = (Sight, Bounds)> {
    let doubt = prop::option::weighted(0.1, prop::sample::select(vec![RideEnd::Inlet, RideEnd::Alarm]));
    let need = prop::sample::select(vec![Need::None, Need::Ahead, Need::Near, Need::More, Need::More]);
    let margin = prop::sample::select(vec![Margin::Some, Margin::Some, Margin::Little, Margin::None]);
    let reach = (prop::sample::select(vec![-1.0, -0.3, 0.0]), prop::sample::select(vec![2.0, 2.0, 0.7, 0.0]));
    (doubt, need, margin, reach)
        .prop_map(|(doubt, need, margin, (low, high))| (Sight { doubt, need }, Bounds { low, high, margin }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever is seen: between what may fall and what may rise, within what each unit has, upward no faster than the ramp, downward neither but for a
    /// doubt or a limit that comes nearer; and in doubt nothing is above home.
    #[test]
    fn setpoints_never_leave_their_bounds_nor_their_pace(days in prop::collection::vec((sights(), 1_u64..900), 1..24)) {
        let mut play = Play::new();
        let step = 12.0 / 3600.0 + 1e-9;
        for ((sight, bounds), seconds) in days {
            for _ in 0..seconds {
                let before = play.ride.offsets().to_vec();
                let now = play.pass((sight.doubt, sight.need), bounds, 1);
                for (before, now) in before.into_iter().zip(now) {
                    prop_assert!((bounds.low.max(-1.0)..=bounds.high.min(2.0)).contains(&now));
                    prop_assert!(now - before <= step || now <= bounds.low + 1e-12, "{before} to {now}");
                    prop_assert!(before - now <= step || sight.doubt.is_some() || now >= bounds.high - 1e-12);
                    prop_assert!(sight.doubt.is_none() || now <= 0.0);
                    prop_assert!(now <= before.max(0.0) || sight.need == Need::More);
                }
            }
        }
    }
}
