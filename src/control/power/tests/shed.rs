//! What is held back for money, against what GPUs would draw.

use plant::event::CapReason;

use super::*;

/// A field that has found its rest with so much for each GPU (mW), below its feed's limit.
fn rested(each: u64) -> (Field, FeedId) {
    let mut field = Field::new("\n[capping]\n");
    field.natural.fill(each);
    (0..500).for_each(|_| field.second());
    let ups = field.hall.power.feed("ups-a").expect("a UPS");
    assert_eq!(field.caps.shed(&field.capper, ups), Shed::default(), "nothing is lowered");
    (field, ups)
}

/// What windows leave to the feed (W).
fn windows(field: &mut Field, feed: FeedId, allowed: f64) {
    field.windows = Some(Mean { feed, allowed: Watts(allowed), loose: 0.0 });
}

/// What GPUs would draw more there (W), by what they want.
fn lacks(field: &Field, feed: FeedId) -> f64 {
    let wanted = field.loads(|gpu| field.natural[gpu])[feed.index()];
    wanted - field.loads(|gpu| field.draws(gpu))[feed.index()]
}

#[test]
fn what_windows_hold_back_is_what_gpus_drew_just_before_and_nothing_once_they_are_let_go() {
    let (mut field, ups) = rested(350_000);
    let (load, _) = field.ups();
    windows(&mut field, ups, 0.85 * load);
    (0..120).for_each(|_| field.second());
    let (shed, wanted) = (field.caps.shed(&field.capper, ups), lacks(&field, ups));
    assert!(wanted > 0.1 * load, "it is held: {wanted} of {load}");
    assert!((shed.watts.0 - wanted).abs() < 0.005 * wanted, "{shed:?}, and by hand {wanted}");
    let work: f64 = (0..800).map(|gpu| 1.0 - convert::f64_from_u64(field.draws(gpu)) / 350e3).sum();
    assert!((shed.lost - work).abs() < 0.005 * work && shed.unsure == 0.0, "{shed:?}, and by hand {work}");
    field.windows = None;
    (0..5).for_each(|_| field.second());
    let (rising, wanted) = (field.caps.shed(&field.capper, ups).watts.0, lacks(&field, ups));
    assert!((rising - wanted).abs() < 0.01 * wanted + 1.0, "on their way up: {rising}, and by hand {wanted}");
    (0..180).for_each(|_| field.second());
    assert_eq!(field.caps.shed(&field.capper, ups), Shed::default());
}

#[test]
fn what_a_breaker_or_cooling_holds_back_is_no_saving() {
    let (mut field, ups) = rested(350_000);
    field.natural.fill(650_000);
    (0..60).for_each(|_| field.second());
    assert!(lacks(&field, ups) > 100e3, "the feed's own limit holds");
    assert_eq!(field.caps.shed(&field.capper, ups), Shed::default());
    let (mut field, ups) = rested(350_000);
    field.asked = Some(Ask { rung: Rung::Drain, reason: CapReason::InletHot, since: SECOND });
    (0..60).for_each(|_| field.second());
    assert!(lacks(&field, ups) > 50e3, "cooling asks for less");
    assert_eq!(field.caps.shed(&field.capper, ups), Shed::default());
}

#[test]
fn work_that_ends_or_begins_while_caps_are_low_is_no_saving_and_nobody_knows_of_the_latter() {
    let (mut field, ups) = rested(350_000);
    field.natural[..400].fill(120_000);
    (0..300).for_each(|_| field.second());
    let (load, _) = field.ups();
    windows(&mut field, ups, 0.8 * load);
    (0..60).for_each(|_| field.second());
    let held = field.caps.shed(&field.capper, ups).watts.0;
    assert!((held - lacks(&field, ups)).abs() < 0.01 * held, "{held}");
    // Who was at rest begins, who worked ends.
    field.natural[..400].fill(650_000);
    field.natural[400..].fill(110_000);
    (0..60).for_each(|_| field.second());
    let shed = field.caps.shed(&field.capper, ups);
    assert!(lacks(&field, ups) > 20e3, "{}", lacks(&field, ups));
    assert!(shed.watts.0 == 0.0 && shed.lost == 0.0 && shed.unsure == 400.0, "{shed:?}");
    field.cut.fill(true);
    (0..30).for_each(|_| field.second());
    assert_eq!(field.caps.shed(&field.capper, ups), Shed { unsure: 800.0, ..Shed::default() }, "nobody is read");
}

#[test]
fn no_more_is_held_back_than_the_feed_would_have_carried() {
    let shed = Shed { watts: Watts(100.0), lost: 2.0, unsure: 1.0 };
    assert_eq!(shed.within(Watts(400.0)), shed);
    assert_eq!(shed.within(Watts(25.0)), Shed { watts: Watts(25.0), lost: 0.5, unsure: 1.0 });
    assert_eq!(shed.within(Watts(-5.0)), Shed { watts: Watts(0.0), lost: 0.0, unsure: 1.0 });
    assert_eq!(Shed::default().within(Watts(5.0)), Shed::default());
}
