//! What is drawn after a lease is brought down by caps, and by as much.

use super::*;

#[test]
fn what_is_drawn_after_a_lease_no_battery_gives_and_caps_bring_it_down() {
    what_is_drawn_after_a_lease(85.0, 0.0);
    // Nor does one that is charged meanwhile move what feeds may carry.
    what_is_drawn_after_a_lease(60.0, 25e3);
}

/// The same where the battery has so much (%) and takes so much (W).
fn what_is_drawn_after_a_lease(charge: f64, takes: f64) {
    let mut stand = Stand::new();
    stand.rig.read("bess/charge", charge);
    stand.pass(1200, 0.7 * TARGET);
    let feed = stand.rig.hall.power.feed("utility").expect("a feed");
    assert!((stand.gives() + takes).abs() < 1.0, "{} W", stand.gives());
    let of = Wish { ttl: Some(Span::from_secs(30)), on_expiry: OnExpiry::Stop, ..Wish::firm(Place::Feed(feed), 60e3) };
    let lent = stand.say(Op::Acquire(vec![of]));
    assert_eq!(lent.code, Code::Granted, "{lent:?}");
    stand.pass(80, 0.7 * TARGET + 60e3);
    assert!(stand.row("b") > 399.0 && (stand.gives() + takes).abs() < 1.0, "it is in its grace");
    // Nobody has renewed it, and it is still drawn.
    let mut least = f64::INFINITY;
    for _ in 0..45 {
        stand.second(0.7 * TARGET + 60e3);
        least = least.min(stand.grid + stand.gives());
    }
    assert!(stand.row("b") < 390.0 && stand.gives() < 1.0, "{} W, and {} W", stand.row("b"), stand.gives());
    assert!(least > 0.93 * 0.7 * TARGET, "what it fell by was taken from others once more: {least} W");
}
