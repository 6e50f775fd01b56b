//! Less than a limit for a while.

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
    let views = field.caps.views(&field.hall, &field.capper, &field.budgets);
    assert!(views.iter().any(|view| view.sentence.contains("`dr-7` (the grid asks)")), "{:?}", views[0]);
    field.budgets.lift("dr-7", &mut News::new(tick, &mut Vec::new()));
    (0..300).for_each(|_| field.second());
    assert!(field.ups().0 > 0.95 * before, "{:?}", field.ups());
}
