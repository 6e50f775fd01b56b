//! What may be lost, and is said or heard again.

use super::*;

fn around(hall: &Hall) -> Around<'_> {
    Around { hall, gpus: &[], actions: &[], agent: "hall-a" }
}

/// A breach as it stands: its number, and since when (s).
fn stands(held: &HeldView, stage: Stage, (number, since): (u64, i64)) -> HeldView {
    let resolved_ms = (stage == Stage::Kept).then_some(NOW + 1000 * since + 5000);
    let breach = BreachView { stage, number, critical: false, detected_ms: NOW + 1000 * since, resolved_ms };
    HeldView { breach: Some(breach), ..held.clone() }
}

#[test]
fn what_was_said_of_a_breach_may_be_lost_with_a_connection_and_is_said_again_on_the_next_its_end_too() {
    let (hall, (view, held)) = (hall(), held());
    let mut alerts = Alerts::default();
    let say =
        |alerts: &mut Alerts, held: &HeldView| alerts.say(&around(&hall), (&view, held), "main-a").map(|of| of.data);
    let mut breach = None;
    for stage in [Stage::Active, Stage::Escalated, Stage::Kept] {
        let held = stands(&held, stage, (3, 0));
        let first = say(&mut alerts, &held).expect("told");
        assert_eq!(say(&mut alerts, &held), None, "once");
        alerts.again();
        assert!(alerts.is_due(&held), "{stage:?}");
        let second = say(&mut alerts, &held).expect("told again");
        assert_eq!(first, second);
        assert_eq!(say(&mut alerts, &held), None, "once");
        let name = breach.get_or_insert_with(|| first["breach"]["breach_id"].clone()).clone();
        assert_eq!(second["breach"]["breach_id"], name);
    }
    // Its target is gone, and its name is known.
    let gone = HeldView { target: None, target_w: None, ..stands(&held, Stage::Kept, (3, 0)) };
    alerts.again();
    let over = say(&mut alerts, &gone).expect("told again");
    assert_eq!((&over["status"], &over["target"]["correlation_id"]), (&json!("resolved"), &json!(view.targets[0].id)));
}

#[test]
fn a_breach_whose_end_nobody_has_heard_is_said_to_be_over_before_the_next_one_begins() {
    let (hall, (view, held)) = (hall(), held());
    for lost in [false, true] {
        let mut alerts = Alerts::default();
        let say = |alerts: &mut Alerts, held: &HeldView| {
            let data = alerts.say(&around(&hall), (&view, held), "main-a")?.data;
            Some((data["status"].clone(), data["breach"]["breach_id"].clone()))
        };
        let (_, third) = say(&mut alerts, &stands(&held, Stage::Active, (3, 0))).expect("told");
        if lost {
            say(&mut alerts, &stands(&held, Stage::Kept, (3, 0))).expect("told, and lost");
            alerts.again();
        }
        let next = stands(&held, Stage::Active, (4, 60));
        assert_eq!(say(&mut alerts, &next), Some((json!("resolved"), third.clone())));
        let (status, fourth) = say(&mut alerts, &next).expect("told");
        assert_eq!(status, "active");
        assert_ne!(fourth, third);
        assert_eq!(say(&mut alerts, &next), None);
    }
}
