//! Breakers of the power tree that trip, and the racks behind them.

use super::stand::{Stand, quiet, shipped};
use plant::breaker::{FAST, Memory, SLOW};
use plant::hall::Hall;
use plant::time::Span;
use sim::electrics::trips::Trips;

/// The hall `air` at its nameplate all day, whose first row hangs on a PDU of `a1` amperes and one of `a2`.
fn loaded((a1, a2): (f64, f64), seed: u64) -> Stand {
    let text = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped").1;
    let text = text
        .replacen("rated-a = 630.0", &format!("rated-a = {a1:.1}"), 1)
        .replacen("rated-a = 630.0", &format!("rated-a = {a2:.1}"), 1)
        .replacen("takes-over = 1.0 ", "takes-over = 0.5 ", 1)
        .replacen("takes-over = 1.0\n", "takes-over = 0.5\n", 1);
    let hall = Hall::load("air", &text).unwrap_or_else(|faults| panic!("{faults}"));
    let mut stand = Stand::new(hall, &quiet(shipped("air").1));
    stand.world = stand.world.on_panels().with_seed(seed);
    let load = &mut stand.world.change_physics().load;
    (load.mean, load.diurnal, load.step) = (1.0, 0.0, 0.0);
    stand
}

fn names(trips: &Trips) -> Vec<&str> {
    trips.opened().iter().map(|opened| &*opened.name).collect()
}

#[test]
fn a_pdu_that_carries_too_much_trips_between_its_edges_and_takes_its_neighbour_along() {
    let mut instants = Vec::new();
    for seed in 1..=6 {
        let mut stand = loaded((250.0, 400.0), seed);
        stand.run(1);
        let id = stand.hall.power.feed("pdu-a1").expect("a feed");
        let breaker = stand.hall.power.feeds[id].breaker.clone().expect("a breaker");
        let over = stand.world.breakers().load(id) / breaker.rated().0;
        assert!((1.4..1.5).contains(&over), "{over}");
        let edge = |at| Memory::settled(1.0).time_to_trip(&breaker.curve(at), over).expect("trips");
        let (fast, slow) = (edge(FAST), edge(SLOW));
        while stand.world.breakers().opened().is_empty() && stand.world.elapsed() < Span::from_secs(1200) {
            stand.step();
        }
        let first = stand.world.breakers().opened().first().expect("tripped").clone();
        let at = first.at.seconds();
        assert_eq!(&*first.name, "pdu-a1");
        assert!(at >= fast - 1.0 && at <= slow + 1.0, "{at} s, edges {fast} and {slow} s");
        instants.push(at);
        // Both cords are there until then; now the other one carries all, and nobody is dark before it has tripped, too.
        stand.step();
        let other = stand.hall.power.feed("pdu-a2").expect("a feed");
        let load = stand.world.breakers().load(other);
        assert!((500e3..510e3).contains(&load), "{load}");
        assert!(stand.world.rows()[0].it_power() > 490e3);
        let lost = stand.world.lost_work();
        while stand.world.breakers().opened().len() < 2 && stand.world.elapsed() < Span::from_secs(3600) {
            stand.step();
        }
        stand.run(60);
        assert_eq!(names(stand.world.breakers()), ["pdu-a1", "pdu-a2"]);
        let [a, b] = [0, 1].map(|row| stand.world.rows()[row].it_power());
        assert!(a == 0.0 && b > 490e3, "{a} {b}");
        assert!(
            (stand.world.lost_work() - lost - 59.0 * 500e3).abs() < 2.0 * 500e3,
            "{}",
            stand.world.lost_work() - lost
        );
        assert!(stand.world.ledger_residual() < 1e-9, "{}", stand.world.ledger_residual());
    }
    let (least, most) =
        (instants.iter().copied().fold(f64::INFINITY, f64::min), instants.iter().copied().fold(0.0, f64::max));
    println!("tripped after {instants:?} s");
    assert!(most > 2.0 * least, "each seed has a breaker of its own: {instants:?}");
}

#[test]
fn a_person_resets_what_tripped_and_its_heat_stays() {
    let mut stand = loaded((250.0, 630.0), 3);
    let feeds = ["pdu-a1", "pdu-a2"].map(|name| stand.hall.power.feed(name).expect("a feed"));
    while stand.world.breakers().opened().is_empty() && stand.world.elapsed() < Span::from_secs(1200) {
        stand.step();
    }
    let first = stand.world.elapsed().seconds();
    stand.run(2);
    let meters = |stand: &Stand| ["pdu-a1/power", "pdu-a2/power", "pdu-b1/power"].map(|name| stand.truth(name));
    let [open, other, apart] = meters(&stand);
    assert!(open == 0.0 && (other - 500e3).abs() < 1.0 && (apart - 250e3).abs() < 1.0, "{open} {other} {apart}");
    let fault = sim::Fault::parse(&stand.hall, "pdu-a1 breaker-open").expect("a fault");
    stand.world.clear(fault);
    stand.run(2);
    let [closed, other, _] = meters(&stand);
    assert!((closed - 250e3).abs() < 1.0 && (other - 250e3).abs() < 1.0, "{closed} {other}");
    let [a, b] = feeds.map(|feed| stand.world.breakers().load(feed));
    assert!((a - b).abs() < 1.0, "{a} {b}");
    // The same load on a breaker that is warm still: it goes sooner than it went from its nameplate.
    while stand.world.breakers().opened().len() < 2 && stand.world.elapsed() < Span::from_secs(3600) {
        stand.step();
    }
    let again = stand.world.elapsed().seconds() - first;
    assert_eq!(names(stand.world.breakers()), ["pdu-a1", "pdu-a1"]);
    assert!(again < 0.5 * first, "{first} s, then {again} s");
    // Opened by hand it is no trip; what has no racks on it, or no breaker, is no feeder that can be opened.
    stand.world.inject(fault);
    stand.step();
    assert_eq!(stand.world.breakers().opened().len(), 2);
    for name in ["ups-m", "mechanical", "crah-1", "rack-a01"] {
        assert!(sim::Fault::parse(&stand.hall, &format!("{name} breaker-open")).is_err(), "{name}");
    }
    assert!(stand.world.ledger_residual() < 1e-9, "{}", stand.world.ledger_residual());
}

#[test]
fn the_same_seed_trips_at_the_same_instant() {
    let instant = |seed| {
        let mut stand = loaded((250.0, 630.0), seed);
        stand.run(700);
        stand.world.breakers().opened().to_vec()
    };
    assert_eq!(instant(3), instant(3));
    assert_ne!(instant(3), instant(4));
}

#[test]
fn a_hall_as_it_is_shipped_trips_nothing_at_its_nameplate() {
    let mut stand = loaded((630.0, 630.0), 1);
    stand.run(3 * 3600);
    assert_eq!(names(stand.world.breakers()), Vec::<&str>::new());
    assert!(stand.world.ledger_residual() < 1e-9);
    // What the tree carries is what the electrics reckon, within what their losses differ by.
    let id = stand.hall.power.feed("utility").expect("a feed");
    let (tree, chain) = (stand.world.breakers().load(id), stand.world.chain().utility);
    println!("{tree} {chain}");
    assert!((tree / chain - 1.0).abs() < 0.02, "{tree} by the tree, {chain} by the chain");
}

/// What the hall's file says of its nodes is no less than what a simulated one draws.
#[test]
fn the_halls_nodes_are_those_that_are_simulated() {
    let (hall, _) = shipped("air");
    let text = include_str!("../../nodes/h100-quad.toml");
    let spec = sim::compute::fleet::Spec::load("h100-quad", text, (5, 40)).unwrap_or_else(|faults| panic!("{faults}"));
    let node = &hall.power.nodes[0];
    let (said, most) = (node.draws(node.rated).0, spec.node_peak());
    assert!(said >= most && said < 1.01 * most, "{said} W said, {most} W at the most");
    assert!(hall.power.racks[0].rated.0 >= 5.0 * most);
}
