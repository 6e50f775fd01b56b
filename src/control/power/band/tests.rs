//! The bands of a feed of 100 kW, scan by scan.

use proptest::prelude::*;

use super::*;

const SECOND: Span = Span::from_secs(1);
const LIMIT: f64 = 100e3;

/// A band, and what GPUs below have in it.
struct Feed {
    band: Band,
    rules: Capping,
    granted: f64,
    chance: f64,
}

impl Feed {
    fn new() -> Self {
        Self { band: Band::default(), rules: Capping::USUAL, granted: 60e3, chance: 0.0 }
    }

    /// A second in which so much is carried (kW): the zone, and the room for GPUs (kW), of which the least is 20 and all else takes 30.
    fn second(&mut self, load: f64) -> (Zone, f64) {
        self.with(load, 0.0, f64::INFINITY)
    }

    fn with(&mut self, load: f64, used: f64, most: f64) -> (Zone, f64) {
        let near =
            Near { limit: Watts(LIMIT), load: Watts(load * 1e3), most: Watts(most * 1e3), used, chance: self.chance };
        self.band.step(&near, &self.rules, SECOND);
        let room = self.band.room((Watts(LIMIT), Watts(30e3)), (Watts(self.granted), Watts(20e3)), &self.rules, SECOND);
        (self.band.zone(), room.0 / 1e3)
    }

    /// Seconds at a load until caps may rise again after a shedding.
    fn pause(&mut self, load: f64) -> usize {
        (1..2000).find(|_| self.second(load).0 == Zone::Rising).expect("it rises one day")
    }
}

#[test]
fn the_bands_are_where_they_are_said_to_be() {
    for (load, zone) in [
        (89.0, Zone::Free),
        (96.9, Zone::Free),
        (97.1, Zone::Near),
        (98.9, Zone::Near),
        (99.1, Zone::Urgent),
        (140.0, Zone::Urgent),
        (f64::NAN, Zone::Urgent),
    ] {
        let mut feed = Feed::new();
        assert_eq!(feed.second(load).0, zone, "{load} kW of 100");
    }
}

#[test]
fn each_band_leaves_what_it_should() {
    let mut feed = Feed::new();
    assert_eq!(feed.second(80.0).1, 66.0, "all but the reserve of 4 % and the 30 kW of others");
    assert_eq!(feed.second(99.5), (Zone::Urgent, 65.0), "0.95 at once");
    let mut feed = Feed::new();
    feed.granted = 68e3;
    assert_eq!(feed.second(98.0), (Zone::Near, 65.0), "never below what is aimed at");
    feed.granted = 100e3;
    let mut before = feed.granted;
    feed.rules.reserve = 0.0;
    for _ in 0..3 {
        let (zone, room) = feed.second(98.0);
        let softly = 20e3 + (before - 20e3) * 0.75;
        assert_eq!((zone, room * 1e3), (Zone::Near, softly.clamp(65e3, 70e3)), "of what is above the least, 0.75");
        (before, feed.granted) = (room * 1e3, room * 1e3);
    }
}

/// A load that climbs 4 kW/s is seen 4 s ahead: caps come down while it is still calm. One that cannot climb on is left alone.
#[test]
fn a_rise_is_met_before_it_arrives() {
    let climb = |most: f64| {
        let mut feed = Feed::new();
        (0..10).for_each(|_| assert_eq!(feed.second(60.0).0, Zone::Free));
        let load = |n: u32| 60.0 + 4.0 * f64::from(n);
        (1..9).map(load).find(|load| feed.with(*load, 0.0, most).0 != Zone::Free)
    };
    assert!(climb(200.0).is_some_and(|load| (76.0..=88.0).contains(&load)), "{:?}", climb(200.0));
    assert_eq!(climb(95.0), None, "its caps let it come to no more than 95 kW");
    let mut feed = Feed::new();
    feed.second(90.0);
    assert_eq!(feed.second(60.0).0, Zone::Free, "what falls is not looked ahead at");
}

#[test]
fn a_breaker_that_has_used_half_its_time_takes_everything_down() {
    let mut feed = Feed::new();
    assert_eq!(feed.with(80.0, 0.49, 200.0).0, Zone::Free);
    assert_eq!(feed.with(80.0, 0.5, 200.0), (Zone::Short, 20.0), "to the least, however low the load is");
    assert!(feed.band.is_short() && feed.band.lowers() == Some(true));
    assert_eq!(feed.with(80.0, 0.49, 200.0).0, Zone::Held, "and nothing rises at once");
}

/// The pause doubles where a shedding follows the last one within ten minutes, up to six times; after a quiet time it is the first again.
#[test]
fn a_pause_that_was_too_short_doubles() {
    let mut feed = Feed::new();
    let shed = |feed: &mut Feed| {
        feed.band.zone = Zone::Free; // all was given back
        assert_eq!(feed.second(99.5).0, Zone::Urgent);
        (0..20).for_each(|_| assert_ne!(feed.second(50.0).0, Zone::Free));
        20 + feed.pause(50.0)
    };
    let first = {
        (0..700).for_each(|_| _ = feed.second(50.0));
        shed(&mut feed)
    };
    let pauses: Vec<usize> = (0..4).map(|_| shed(&mut feed)).collect();
    assert_eq!((first, pauses.as_slice()), (30, [60, 120, 180, 180].as_slice()), "s");
    feed.band.zone = Zone::Free;
    (0..700).for_each(|_| _ = feed.second(50.0));
    assert_eq!(shed(&mut feed), 30);
}

#[test]
fn it_is_calm_only_while_it_is_calm() {
    let mut feed = Feed::new();
    feed.second(99.5);
    let mut at = |load: f64| feed.with(load, 0.0, load).0; // caps let it come to no more
    (0..29).for_each(|_| assert_eq!(at(70.0), Zone::Held));
    assert_eq!(at(91.0), Zone::Held, "not below 0.90");
    (0..29).for_each(|_| assert_eq!(at(70.0), Zone::Held, "the pause begins anew"));
    assert_eq!(at(70.0), Zone::Rising);
    assert_eq!(at(94.0), Zone::Rising, "what rises goes on to 0.95");
    assert_eq!(at(95.1), Zone::Held);
}

/// What is given back comes in steps of a twentieth, 1 to 10 s apart by chance, so that no two feeds rise together.
#[test]
fn what_comes_back_comes_in_steps_by_chance() {
    let apart = |chance: f64| {
        let mut feed = Feed { chance, granted: 30e3, ..Feed::new() };
        feed.second(99.5);
        feed.pause(50.0);
        let steps: Vec<bool> = (0..60).map(|_| feed.second(50.0).1 > 30.0).collect();
        let room = (0..20).map(|_| feed.second(50.0).1).fold(0.0, f64::max);
        assert_eq!(room, 35.0, "a twentieth of the limit above what there is");
        let at: Vec<usize> = steps.iter().enumerate().filter(|(_, step)| **step).map(|(n, _)| n).collect();
        at.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>()
    };
    for (chance, seconds) in [(0.0, 1), (0.5, 6), (1.0, 10)] {
        assert!(apart(chance).iter().all(|gap| *gap == seconds), "{chance}: {:?}", apart(chance));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever a load does: room is never above what the reserve leaves, at or above the limit it is at most what is aimed at, and no
    /// shedding is followed by a rise within the pause.
    #[test]
    fn room_is_bounded_and_nothing_rises_too_soon(loads in prop::collection::vec((0.0_f64..130.0, 0.0_f64..1.0), 1..200)) {
        let mut feed = Feed::new();
        let mut since = usize::MAX;
        for (load, chance) in loads {
            feed.chance = chance;
            let (zone, room) = feed.second(load);
            prop_assert!((0.0..=66.0).contains(&room), "{room}");
            prop_assert!(load < 99.0 || room <= 65.0, "{load} {room}");
            since = if feed.band.lowers() == Some(true) { 0 } else { since.saturating_add(1) };
            prop_assert!(zone != Zone::Rising || since >= 30, "{since} s after a shedding");
            feed.granted = room * 1e3;
        }
    }
}
