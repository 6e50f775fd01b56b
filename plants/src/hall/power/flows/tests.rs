use proptest::prelude::*;

use super::*;
use crate::hall::Hall;
use crate::hall::power::{Cord, FedRack, FeedKind, Loss};
use crate::id::{EquipId, Id, PointId};
use crate::reading::Why;
use crate::time::Span;

const LOST: Reading<Watts> = Reading::Lost { why: Why::Comm };

fn point(n: usize) -> Point<Watts> {
    Point::new(PointId::from_index(n))
}

fn stale(watts: f64) -> Reading<Watts> {
    Reading::Stale { last: Watts(watts), age: Span::from_secs(20), why: Why::Timeout }
}

fn air() -> Hall {
    let text = crate::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped").1;
    Hall::load("air", text).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Readings of the hall `air`: each rack draws `rack`, and meters say what is named.
fn read<'r>(
    hall: &'r Hall,
    rack: Reading<Watts>,
    meters: &'r [(&str, Reading<Watts>)],
) -> impl Fn(Point<Watts>) -> Reading<Watts> {
    move |point| {
        let name = hall.points[point.id()].name.as_str();
        let meter = meters.iter().find(|(meter, _)| name.strip_suffix("/power") == Some(meter));
        meter.map_or_else(|| if name.starts_with("rack-") { rack } else { LOST }, |(_, reading)| *reading)
    }
}

#[test]
fn a_hall_is_reckoned_from_its_racks_to_the_grid() {
    let hall = air();
    let (power, mut flows) = (&hall.power, Flows::new(&hall.power));
    let fresh = |watts| Reading::Fresh(Watts(watts));
    let meters = [("pdu-a1", fresh(205e3)), ("mechanical", fresh(150e3)), ("ups", fresh(800e3))];
    flows.step(power, read(&hall, fresh(20e3), &meters));
    let of = |flows: &Flows, name: &str| *flows.of(power.feed(name).expect("a feed")).expect("a flow");
    // A PDU's meter is behind its losses: 5 kW more than half of its racks, and 400 kW at 95 %.
    let a1 = of(&flows, "pdu-a1");
    let loss = 550.0 + 0.008 * 205e3;
    assert_eq!((a1.below, a1.unattributed, a1.known), (Watts(200e3), Some(Watts(5e3)), Known::Metered));
    assert!((a1.loss.0 - loss).abs() < 1e-6 && (a1.headroom.0 - (380e3 - 205e3 - loss)).abs() < 1e-6, "{a1:?}");
    // Its neighbour's meter is lost: its racks, its losses, and 8 %.
    let a2 = of(&flows, "pdu-a2");
    let enters = 200e3 + 550.0 + 1600.0;
    let told = 1.08 * 200e3 * 1.008 + 550.0;
    assert_eq!((a2.unattributed, a2.known), (None, Known::Reckoned));
    assert!((a2.load.0 - told).abs() < 1e-6, "{a2:?}");
    // Where the UPS's meter is lost, too, the 8 % are not taken twice; what it did not attribute stays.
    let ups = of(&flows, "ups-a");
    let below = 205e3 + loss + 3.0 * enters;
    assert!((ups.unattributed.expect("fresh").0 - (800e3 - below)).abs() < 1e-6, "{ups:?}");
    flows.step(power, read(&hall, fresh(20e3), &meters[..2]));
    let lost = of(&flows, "ups-a");
    assert!((lost.load.0 - 1.08 * (below.max(800e3)) / 0.975).abs() < 1.0, "{lost:?}");
    // All readings lost: every rack at its nameplate, every panel at its most.
    flows.step(power, read(&hall, LOST, &[]));
    let b1 = of(&flows, "pdu-b1");
    assert!((b1.load.0 - (1.08 * 250e3 * 1.008 + 550.0)).abs() < 1e-6, "{b1:?}");
    assert!((of(&flows, "ups-m").load.0 - 90e3 / 0.95).abs() < 1e-6);
    assert!(of(&flows, "utility").headroom < Watts(600e3));
}

/// A UPS's meter that stands still, or reads zeros, while what is below it rises is not believed; what is below counts, to the last loss.
#[test]
fn a_meter_that_says_less_than_what_is_below_it_is_not_believed() {
    let hall = air();
    let (power, mut flows) = (&hall.power, Flows::new(&hall.power));
    let fresh = |watts| Reading::Fresh(Watts(watts));
    let pdus = |each: f64| ["pdu-a1", "pdu-a2", "pdu-b1", "pdu-b2"].map(|name| (name, fresh(each)));
    let step = |flows: &mut Flows, rack: f64, ups: f64, more: &[(&'static str, Reading<Watts>)]| {
        let meters: Vec<_> = pdus(10.0 * rack).into_iter().chain([("ups", fresh(ups))]).collect();
        let meters: Vec<_> = more.iter().copied().chain(meters).collect();
        flows.step(power, read(&hall, fresh(rack), &meters));
        *flows.of(power.feed("ups-a").expect("a UPS")).expect("a flow")
    };
    let calm = step(&mut flows, 10e3, 408e3, &[]);
    assert_eq!(calm.known, Known::Metered);
    let below = 4.0 * (200e3 * 1.008 + 550.0);
    for stands in [408e3, 0.0] {
        let ups = step(&mut flows, 20e3, stands, &[]);
        assert_eq!((ups.known, ups.unattributed), (Known::Doubted, None), "{stands}");
        assert!((ups.load.0 - below / 0.975).abs() < 1.0 && ups.headroom < calm.headroom, "{ups:?}");
    }
    // Where all meters of feeds stand still those of racks tell, and one of them that is then lost makes nobody trusted again.
    let all = pdus(100e3);
    let ups = step(&mut flows, 20e3, 408e3, &all);
    assert!(ups.known == Known::Doubted && ups.load.0 > 790e3, "{ups:?}");
    let meters: Vec<_> = all.into_iter().chain([("ups", fresh(408e3))]).collect();
    flows.step(power, |point| {
        let lost = hall.points[point.id()].name.as_str() == "rack-a01/power";
        if lost { LOST } else { read(&hall, fresh(20e3), &meters)(point) }
    });
    let again = *flows.of(power.feed("ups-a").expect("a UPS")).expect("a flow");
    assert!(again.headroom <= ups.headroom, "{again:?}");
    // It is believed as soon as it agrees; 3 % less are how meters differ.
    assert_eq!(step(&mut flows, 20e3, 0.97 * below, &[]).known, Known::Metered);
}

/// What a file says that something takes at its most is no reading: a panel's meter that reads less than that is believed.
#[test]
fn a_most_is_held_against_nobody() {
    let hall = air();
    let (power, mut flows) = (&hall.power, Flows::new(&hall.power));
    flows.step(power, read(&hall, Reading::Fresh(Watts(20e3)), &[("mechanical", Reading::Fresh(Watts(30e3)))]));
    let flow = *flows.of(power.feed("mechanical").expect("a panel")).expect("a flow");
    assert_eq!(
        (flow.known, flow.load),
        (Known::Metered, Watts(30e3)),
        "`ups-m` below it may take 95 kW, and nobody reads it"
    );
}

/// A unit that is open carries nothing, and its twin carries all: neither is doubted, nor what both hang on.
#[test]
fn an_open_unit_is_no_meter_that_lies() {
    let hall = air();
    let (power, mut flows) = (&hall.power, Flows::new(&hall.power));
    let fresh = |watts| Reading::Fresh(Watts(watts));
    let meters = [
        ("pdu-a1", fresh(0.0)),
        ("pdu-a2", fresh(400e3)),
        ("pdu-b1", fresh(160e3)),
        ("pdu-b2", fresh(240e3)),
        ("ups", fresh(810e3)),
    ];
    flows.step(power, read(&hall, fresh(20e3), &meters));
    for name in ["pdu-a1", "pdu-a2", "pdu-b1", "pdu-b2", "ups-a"] {
        let flow = flows.of(power.feed(name).expect("a feed")).expect("a flow");
        assert_eq!(flow.known, Known::Metered, "{name}");
    }
    let a1 = power.feed("pdu-a1").expect("a feed");
    assert!(flows.is_dead(a1) && flows.of(a1).expect("a flow").load < Watts(1e3));
}

#[test]
fn a_phase_that_carries_more_leaves_less_headroom() {
    let mut power = tree(&[Sketch { phases: 3, ..Sketch::default() }], 0);
    power.feeds.rows_mut()[0].rated = Watts(300e3);
    let mut flows = Flows::new(&power);
    let phases = |each: [f64; 3]| move |point: Point<Watts>| Reading::Fresh(Watts(each[point.id().index()]));
    flows.step(&power, phases([80e3, 80e3, 80e3]));
    let even = *flows.of(power.up[0]).expect("a flow");
    flows.step(&power, phases([100e3, 80e3, 60e3]));
    let uneven = *flows.of(power.up[0]).expect("a flow");
    assert_eq!(even.load, uneven.load);
    assert!((even.headroom.0 - 60e3).abs() < 1e-6 && uneven.headroom.0.abs() < 1e-6, "{even:?} {uneven:?}");
    // One phase lost: nobody knows how uneven it is now, and it stays as it was.
    flows.step(&power, |point| if point.id().index() == 1 { LOST } else { Reading::Fresh(Watts(50e3)) });
    let lost = *flows.of(power.up[0]).expect("a flow");
    assert!(lost.headroom < uneven.headroom && lost.known == Known::Reckoned, "{lost:?}");
}

/// A feed as the tests draw it.
#[derive(Clone, Copy, Debug)]
struct Sketch {
    parent: usize,
    phases: usize,
    leaving: bool,
    fixed: f64,
    share: f64,
    other: f64,
    cords: usize,
}

impl Default for Sketch {
    fn default() -> Self {
        Self { parent: 0, phases: 1, leaving: true, fixed: 0.0, share: 0.0, other: 0.0, cords: 0 }
    }
}

/// Points a feed may have.
const PHASES: usize = 3;
const RACKS: usize = 6;

/// The first feed is the root, each other hangs on one before it; `turn` turns the order of the file. A rack's point stands behind those of
/// all feeds.
fn tree(sketches: &[Sketch], turn: usize) -> Power {
    let many = sketches.len();
    let place = |n: usize| (n + turn) % many;
    let mut feeds = vec![None; many];
    for (n, of) in sketches.iter().enumerate() {
        let powers: Vec<_> = (0..of.phases).map(|phase| point(n * PHASES + phase)).collect();
        let cords = (0..of.cords.min(RACKS)).map(|k| Cord { rack: (n + k) % RACKS, share: 0.5, takes_over: 0.5 });
        feeds[place(n)] = Some(Feed {
            name: format!("feed-{n}"),
            kind: FeedKind::Panel,
            parent: (n > 0).then(|| FeedId::from_index(place(of.parent % n.max(1)))),
            rated: Watts(500e3),
            margin: 1.0,
            breaker: None,
            loss: Loss { fixed: Watts(of.fixed), share: of.share },
            meter: (of.phases > 0).then_some(Metered { powers, leaving: of.leaving }),
            other_peak: Watts(of.other),
            cords: cords.collect(),
            branch: None,
            fail_safe: Watts(0.0),
            most: Watts(0.0),
            wholly: false,
        });
    }
    let feeds: Table<FeedId, Feed> = feeds.into_iter().map(|feed| feed.expect("placed")).collect();
    let rack = |k: usize| FedRack {
        equip: EquipId::from_index(k),
        power: point(many * PHASES + k),
        rated: Watts(20e3),
        fail_safe: Watts(10e3),
        most: Watts(20e3),
    };
    let mut power = Power {
        storage: Vec::new(),
        up: Power::order(&feeds),
        feeds,
        racks: (0..RACKS).map(rack).collect(),
        nodes: Vec::new(),
        capping: None,
        peaks: None,
        grid: None,
    };
    power.prove();
    power
}

fn sketches() -> impl Strategy<Value = Vec<Sketch>> {
    let phases = prop::sample::select(vec![0usize, 1, 1, 1, 3]);
    let of =
        (0..9usize, phases, any::<bool>(), 0.0..2e3f64, 0.0..0.1f64, prop_oneof![Just(0.0), 0.0..50e3f64], 0..4usize);
    let of = of.prop_map(|(parent, phases, leaving, fixed, share, other, cords)| Sketch {
        parent,
        phases,
        leaving,
        fixed,
        share,
        other,
        cords,
    });
    prop::collection::vec(of, 1..9)
}

/// Readings of every point that a tree may have: most fresh, also of what cannot be.
fn readings() -> impl Strategy<Value = Vec<Reading<Watts>>> {
    let one = prop_oneof![
        6 => (0.0..200e3f64).prop_map(|watts| Reading::Fresh(Watts(watts))),
        1 => (0.0..200e3f64).prop_map(stale),
        1 => Just(LOST),
        1 => prop::sample::select(vec![-500.0, f64::NAN, f64::INFINITY]).prop_map(|watts| Reading::Fresh(Watts(watts))),
    ];
    prop::collection::vec(one, 9 * PHASES + RACKS)
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs() + b.abs())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A meter's reading is what is below its feed, what the feed loses where it is measured before that, and what nothing explains.
    #[test]
    fn what_is_attributed_and_what_is_not_is_the_meter(of in sketches(), days in prop::collection::vec(readings(), 1..4)) {
        let power = tree(&of, 0);
        let mut flows = Flows::new(&power);
        for readings in days {
            flows.step(&power, |point| readings[point.id().index()]);
            for (id, feed) in power.feeds.iter() {
                let flow = flows.of(id).expect("a flow");
                prop_assert!(flow.load.is_finite() && flow.headroom.is_finite());
                let Some(meter) = feed.meter.as_ref().filter(|_| flow.known == Known::Metered) else {
                    prop_assert_eq!(flow.unattributed, None);
                    continue;
                };
                let said: f64 = meter.powers.iter().map(|p| readings[p.id().index()].fresh().expect("fresh").0).sum();
                let loss = if meter.leaving { 0.0 } else { flow.loss.0 };
                let parts = flow.below.0 + flow.unattributed.expect("metered").0 + loss;
                prop_assert!(close(said, parts), "{said} {parts}");
                prop_assert!(close(flow.headroom.0, feed.limit().0 - flow.load.0) || meter.powers.len() == 3);
            }
        }
    }

    /// Whatever was read before, and whichever readings are then lost or grow old: no feed has more headroom for it.
    #[test]
    fn a_reading_that_is_lost_never_makes_headroom(of in sketches(), days in prop::collection::vec(readings(), 1..4),
                                                   fate in prop::collection::vec(0..3u8, 9 * PHASES + RACKS)) {
        let power = tree(&of, 0);
        let mut flows = Flows::new(&power);
        for readings in &days {
            flows.step(&power, |point| readings[point.id().index()]);
        }
        let before = flows.clone();
        let last = days.last().expect("one");
        let worse = |point: Point<Watts>| match (fate[point.id().index()], sane(last[point.id().index()])) {
            (1, Reading::Fresh(watts)) => stale(watts.0 + 100.0),
            (2, _) => LOST,
            (_, same) => same,
        };
        flows.step(&power, worse);
        for id in power.feeds.ids() {
            let (was, is) = (before.of(id).expect("a flow").headroom.0, flows.of(id).expect("a flow").headroom.0);
            prop_assert!(is <= was + 1e-9 * (1.0 + was.abs() + is.abs()), "{}: {was} became {is}", power.feeds[id].name);
        }
        // And it does not creep: the same readings again, the same flows.
        let once = flows.clone();
        flows.step(&power, worse);
        prop_assert_eq!(once, flows);
    }

    /// The order of the file is no matter.
    #[test]
    fn feeds_may_stand_in_any_order(of in sketches(), turn in 0..9usize, readings in readings()) {
        let (here, there) = (tree(&of, 0), tree(&of, turn));
        let (mut a, mut b) = (Flows::new(&here), Flows::new(&there));
        a.step(&here, |point| readings[point.id().index()]);
        b.step(&there, |point| readings[point.id().index()]);
        for (id, feed) in here.feeds.iter() {
            let other = there.feed(&feed.name).expect("the same feeds");
            let (a, b) = (a.of(id).expect("a flow"), b.of(other).expect("a flow"));
            prop_assert!(close(a.load.0, b.load.0) && close(a.headroom.0, b.headroom.0), "{a:?} {b:?}");
        }
    }

    /// With nothing read at all every feed carries its most, as the proof of the file reckons it.
    #[test]
    fn what_was_never_read_counts_at_its_most(of in sketches()) {
        let power = tree(&of, 0);
        let mut flows = Flows::new(&power);
        flows.step(&power, |_| LOST);
        let most = power.worst(|rack| rack.most);
        let many = |rack: usize| power.feeds.rows().iter().flat_map(|feed| &feed.cords).filter(|cord| cord.rack == rack).count();
        prop_assume!((0..RACKS).all(|rack| many(rack) <= 2));
        for (id, most) in most.iter() {
            let load = flows.of(id).expect("a flow").load.0;
            prop_assert!(load >= most.0 - 1e-6 && load <= most.0 * (1.0 + UNMETERED) + 1e-6, "{load} {most}");
        }
    }
}
