//! A station by itself: a customer who comes and goes, and a valve that follows.

use plant::event::Step as Told;
use plant::time::{Mono, Tick};
use proptest::prelude::*;

use plant::hall::sequence::RunMode;

use super::*;

const SECOND: Span = Span::from_secs(1);
const OF: HeatTuning = HeatTuning::USUAL;

/// A station with its valve and its customer.
struct Bench {
    station: Station,
    open: bool,
    /// What the valve does whatever it is told.
    stuck: Option<bool>,
    starts: u32,
    events: Vec<plant::event::Event>,
    time: u64,
}

/// What the world around it does.
#[derive(Clone, Copy, Debug)]
struct World {
    demand: Sight,
    /// The customer takes what is offered.
    takes: bool,
    back: Option<f64>,
    blind: bool,
}

const CALLS: World = World { demand: Sight::Known(true), takes: true, back: Some(36.0), blind: false };

impl Bench {
    /// Taken over from a panel that handed heat over.
    fn new() -> Self {
        let station = Station::new();
        let mut bench = Self { station, open: true, stuck: None, starts: 0, events: Vec::new(), time: 0 };
        bench.pass(CALLS, 60);
        assert!(!bench.station.is_on_panel() && bench.open, "{:?}", bench.station);
        bench
    }

    fn pass(&mut self, world: World, seconds: u64) {
        for _ in 0..seconds {
            self.time += 1;
            let taken = if self.open && world.takes && world.demand == Sight::Known(true) { 200e3 } else { 0.0 };
            let view = View {
                valve: Seen { running: Sight::Known(self.open), fault: Sight::Known(false), held: None },
                demand: world.demand,
                exported: (!world.blind).then_some(taken),
                back: world.back,
                blind: world.blind,
            };
            let tick = Tick { mono: Mono(self.time * SECOND.nanos()), ..Tick::default() };
            let mut news = News::new(tick, &mut self.events);
            self.station.step(About::Hall, (&OF, &view), SECOND, &mut news);
            if !self.station.is_on_panel() {
                let told = self.stuck.unwrap_or(self.station.machine().run_mode() == RunMode::On);
                self.starts += u32::from(told && !self.open);
                self.open = told;
            }
        }
    }

    fn told(&self, what: What) -> usize {
        self.events.iter().filter(|event| event.what == what).count()
    }
}

#[test]
fn it_is_taken_over_as_it_was_and_stays_open_while_heat_is_taken() {
    let mut bench = Bench::new();
    bench.pass(CALLS, 86_400);
    assert!(bench.open && bench.starts == 0 && bench.station.trouble().is_none());
}

#[test]
fn a_customer_who_takes_nothing_is_gone_told_once_and_tried_again_later_and_later() {
    let mut bench = Bench::new();
    bench.pass(CALLS, 600);
    bench.pass(World { takes: false, ..CALLS }, 240);
    assert!(!bench.open && bench.station.trouble() == Some(Trouble::NotTaken));
    bench.pass(World { takes: false, ..CALLS }, 86_400 - 240);
    assert!((3..=8).contains(&bench.starts), "{}", bench.starts);
    assert_eq!(bench.told(What::Trouble(Trouble::NotTaken)), 1);
    bench.pass(CALLS, 6 * 3600);
    assert!(bench.open && bench.station.trouble().is_none(), "back, and believed");
}

#[test]
fn one_who_calls_for_nothing_or_a_cold_return_closes_it_after_a_while_and_is_no_trouble() {
    for world in [World { demand: Sight::Known(false), ..CALLS }, World { back: Some(20.0), ..CALLS }] {
        let mut bench = Bench::new();
        bench.pass(CALLS, 600);
        bench.pass(World { takes: true, ..world }, 170);
        assert!(bench.open, "not at once");
        bench.pass(world, 200);
        assert!(!bench.open);
        assert_eq!(bench.told(What::Trouble(Trouble::DidNotStop)), 0);
        bench.pass(CALLS, 1800);
        assert!(bench.open && bench.station.trouble().is_none());
    }
}

#[test]
fn a_lost_reading_closes_it_and_a_doubted_one_does_nothing() {
    let mut bench = Bench::new();
    bench.pass(CALLS, 600);
    bench.pass(World { demand: Sight::Doubted, back: None, ..CALLS }, 170);
    assert!(bench.open);
    bench.pass(World { blind: true, ..CALLS }, 5);
    assert!(!bench.open);
}

#[test]
fn a_valve_that_does_not_open_or_close_is_told_and_follows_later() {
    let mut bench = Bench::new();
    bench.pass(CALLS, 600);
    bench.stuck = Some(true);
    bench.pass(World { demand: Sight::Known(false), ..CALLS }, 1200);
    assert_eq!(bench.station.trouble(), Some(Trouble::DidNotStop));
    bench.stuck = None;
    bench.pass(World { demand: Sight::Known(false), ..CALLS }, 60);
    assert!(!bench.open && bench.station.trouble().is_none() && bench.told(What::Step(Told::Standing)) == 1);
    bench.stuck = Some(false);
    bench.pass(CALLS, 2400);
    assert_eq!(bench.station.trouble(), Some(Trouble::DidNotStart));
    bench.stuck = None;
    bench.pass(CALLS, 3600);
    assert!(bench.open && bench.station.trouble().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    /// Whatever the customer does, the valve opens no oftener than its times allow.
    #[test]
    fn it_does_not_chatter(days in prop::collection::vec((any::<bool>(), any::<bool>(), 20.0..40.0_f64, 1_u64..900), 1..40)) {
        let mut bench = Bench::new();
        for (calls, takes, back, seconds) in days {
            bench.pass(World { demand: Sight::Known(calls), takes, back: Some(back), blind: false }, seconds);
        }
        let most = bench.time / (OF.machine.least_off.nanos() / SECOND.nanos()) + 1;
        prop_assert!(u64::from(bench.starts) <= most, "{} in {} s", bench.starts, bench.time);
    }
}
