//! Whose machines caps hold back is told whether that is for heat.

use super::*;

/// The first rack of a row, by its place in the power tree.
fn rack(stand: &Stand, row: &str) -> usize {
    let here = |name: &str| name.starts_with(&format!("rack-{row}"));
    stand.rig.hall.power.nodes.iter().find(|node| here(&node.name)).expect("a node").rack
}

/// What was told of leases: by whose request, what, why, and whether at once.
fn told(stand: &Stand) -> Vec<(String, Tidings, Cause, bool)> {
    let seen = stand.rig.control.leases(0).expect("may be asked");
    seen.notices.iter().map(|(_, request, of)| (request.clone(), of.tidings, of.cause, of.emergency)).collect()
}

#[test]
fn who_is_held_back_where_it_is_too_warm_is_told_so_and_elsewhere_what_holds_him() {
    let mut stand = Stand::new();
    let racks = ["a", "b"].map(|row| rack(&stand, row));
    racks.iter().for_each(|rack| stand.works(*rack, false));
    stand.pass(120, 0.75 * TARGET);
    // A firm job in each row: more than its 20 GPUs draw beyond their rest.
    for rack in racks {
        let of = Wish::firm(Place::Rack(rack), 11e3);
        assert_eq!(stand.say(Op::Acquire(vec![of])).code, Code::Granted);
        stand.works(rack, true);
    }
    stand.pass(60, 0.75 * TARGET);
    assert_eq!(told(&stand), []);
    // The air of the first row is as warm as it may be at the most.
    stand.rig.inlets(0, 33.0);
    stand.pass(45, 0.75 * TARGET);
    let hot = ("r1".to_owned(), Tidings::Reduce, Cause::Thermal, true);
    assert_eq!(told(&stand), std::slice::from_ref(&hot));
    // The other is held back by a person meanwhile.
    let feed = stand.rig.hall.power.feed("ups-a").expect("a UPS");
    let (id, reason, hold) = ("b".to_owned(), "a test".to_owned(), Some(Span::from_secs(600)));
    let reply = stand.rig.ask(Ask::Budget { id, feed, watts: 440e3, hold, reason });
    assert!(matches!(reply, Reply::Accepted { .. }), "{reply:?}");
    stand.pass(30, 0.75 * TARGET);
    let held = ("r2".to_owned(), Tidings::Reduce, Cause::Operator, true);
    assert_eq!(told(&stand), [hot, held]);
}
