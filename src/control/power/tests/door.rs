//! What comes through the door of the limits besides limits, and what is given back afterwards.

use plant::event::CapReason;

use super::*;
use crate::control::budgets::Asked;

#[test]
fn a_budget_comes_through_the_door_of_the_limits_and_says_who_asked() {
    let mut field = Field::new("[capping]");
    (0..120).for_each(|_| field.second());
    let (before, _) = field.ups();
    let feed = field.hall.power.feed("ups-a").expect("a UPS");
    let asked = Asked { id: "dr-7", feed, watts: 560e3, hold: Some(Span::from_secs(3600)), reason: "the grid asks" };
    let tick = field.tick;
    field
        .budgets
        .set(&field.hall.clone(), &asked, "grid", (tick, &mut News::new(tick, &mut Vec::new())))
        .expect("taken");
    (0..10).for_each(|_| field.second());
    let (load, _) = field.ups();
    assert!(before > 600e3 && load <= 560e3, "{before} W, then {load} W");
    let views = field.views();
    assert!(views.iter().any(|view| view.sentence.contains("`dr-7` (the grid asks)")), "{:?}", views[0]);
    field.budgets.lift("dr-7", &mut News::new(tick, &mut Vec::new()));
    (0..300).for_each(|_| field.second());
    assert!(field.ups().0 > 0.95 * before, "{:?}", field.ups());
}

/// A window is kept in the mean: caps come to what it allows, and no distance is kept as from a breaker. What GPUs leave of their
/// caps others may have, as long as later moments can make it good.
#[test]
fn what_billed_windows_allow_comes_through_the_same_door() {
    let mut field = Field::new("[capping]");
    (0..120).for_each(|_| field.second());
    let (before, _) = field.ups();
    let feed = field.hall.power.feed("ups-a").expect("a UPS");
    field.windows = Some(Mean { feed, allowed: Watts(560e3), loose: 1.0 });
    (0..30).for_each(|_| field.second());
    let mean = (0..60)
        .map(|_| {
            field.second();
            field.ups().0
        })
        .sum::<f64>()
        / 60.0;
    assert!(before > 600e3 && (552e3..=564e3).contains(&mean), "{before} W, then {mean} W");
    let views = field.views();
    let said = "below 560.0 kW, what the billed windows of `peak` still allow";
    assert!(views.iter().any(|view| view.sentence.contains(said)), "{:?}", views[0]);
    let least = field.caps.least(&field.capper, feed).expect("known");
    assert!(least < Watts(mean) && least > Watts(100e3), "{least:?}");
    field.windows = None;
    (0..300).for_each(|_| field.second());
    assert!(field.ups().0 > 0.95 * before, "{:?}", field.ups());
}

/// What a budget took is given back, all of it, although the feed is above 0.90 of its limit long before.
#[test]
fn what_was_shed_comes_back_to_the_last_watt_that_the_reserve_leaves() {
    let mut field = Field::new("[capping]");
    (0..120).for_each(|_| field.second());
    let (before, limit) = field.ups();
    field.besides = 60e3;
    (0..60).for_each(|_| field.second());
    field.besides = 0.0;
    (0..600).for_each(|_| field.second());
    assert!(field.ups().0 > 0.94 * limit && field.ups().0 > 0.98 * before, "{before} W, then {:?}", field.ups());
}

#[test]
fn cores_are_slow_below_a_feed_whose_breakers_time_is_short() {
    let mut field = Field::new("[capping]\nslow-clock = 990");
    (0..60).for_each(|_| field.second());
    assert!(field.out.caps.iter().all(|cap| cap.uuid.is_some() && cap.clock_mhz.is_none()));
    field.used = 0.6;
    field.second();
    assert!(field.out.caps.iter().all(|cap| cap.clock_mhz == Some(990)), "{:?}", field.out.caps[0]);
    assert!(
        field.out.caps.iter().all(|cap| cap.cap == Milliwatts(200_000)),
        "all to its least: {:?}",
        field.out.caps[0]
    );
    field.used = 0.0;
    field.second();
    assert!(field.out.caps.iter().all(|cap| cap.clock_mhz.is_none()));
}

#[test]
fn a_thermal_request_comes_through_the_same_door() {
    let field = Field::new("\n[capping]\n");
    let board = Board { least: Milliwatts(200_000), rated: Milliwatts(700_000), asked: Milliwatts(300_000) };
    let seen = GpuSeen { uuid: Some(Uuid::from_bits(1)), condition: Condition::Well, ..field.inputs.gpus[0] };
    let now = Gpu::default().now(&seen, (true, true), board, SECOND);
    assert_eq!((now.most, now.wish), (Milliwatts(300_000), Milliwatts(300_000)));
}

/// Who asks why hears who wants it: what cools its rack, with its reason, or somebody else who has set a limit of his own.
#[test]
fn who_asks_hears_whether_cooling_or_somebody_else_holds_a_gpu() {
    let mut field = Field::new("[capping]");
    field.natural.fill(650_000);
    (0..60).for_each(|_| field.second());
    field.asked = Some(Ask { rung: Rung::Cap, reason: CapReason::InletHot, since: SECOND });
    (0..5).for_each(|_| field.second());
    let said = |field: &Field| field.views()[0].sentence.clone();
    let hot = "it is to draw 300 W at the most: what cools its rack asks its machines to draw less, for the air at its racks is too warm";
    assert!(said(&field).contains(hot), "{}", said(&field));
    field.asked = Some(Ask { rung: Rung::Off, reason: CapReason::Unseen, since: SECOND });
    field.second();
    let off = "200 W at the most: what cools its rack asks for its machines to be off, for nobody sees any more";
    assert!(said(&field).contains(off), "{}", said(&field));
    field.asked = None;
    (0..60).for_each(|_| field.second());
    field.foreign = Some(0);
    (0..5).for_each(|_| field.second());
    let foreign = "somebody else has set that limit on it, and it is not raised over him";
    assert!(said(&field).contains(foreign), "{}", said(&field));
}

/// While a feed is held what one GPU gives up another may have: nothing rises in all, and nothing seeps away.
#[test]
fn what_is_held_goes_to_who_comes_first_and_does_not_seep_away() {
    let mut field = Field::new(TENANTS);
    let half = field.natural.len() / 2;
    field.natural[..half].fill(120_000);
    (0..300).for_each(|_| field.second());
    field.besides = 150e3;
    (0..6).for_each(|_| field.second());
    field.besides = 0.0;
    (0..4).for_each(|_| field.second());
    let all = |field: &Field| field.out.caps.iter().map(|cap| cap.cap.0).sum::<u64>();
    let first = |field: &Field| field.out.caps[..half].iter().map(|cap| cap.cap.0).sum::<u64>();
    let (begun, had) = (all(&field), first(&field));
    field.natural[..half].fill(650_000);
    (0..24).for_each(|_| field.second());
    assert!(all(&field) * 100 >= begun * 97, "{begun} mW came to {}", all(&field));
    assert!(first(&field) > had + had / 5, "{had} mW came to {}", first(&field));
}
