//! Targets that go lower while loads are too high, and what is learnt where no meter says what flows.

use super::*;

/// So many kW from now on.
fn most(kw: f64) -> Wanted {
    Wanted { most: Some(1e3 * kw), ..none() }
}

/// A load of 700 kW that nobody can lower, and a target of 600 kW that should be reached by now.
fn too_high() -> Field {
    let mut field = Field::new();
    field.floor = 700e3;
    field.run(10);
    field.say("a", most(600.0)).expect("taken");
    field.run(40);
    field.told();
    field
}

#[test]
fn a_target_that_goes_lower_again_and_again_ends_no_breach_and_puts_none_off() {
    let mut field = too_high();
    let mut told = Vec::new();
    for lower in [595.0, 590.0, 585.0, 580.0] {
        field.say("a", most(lower)).expect("taken");
        field.run(29);
        told.extend(field.told().into_iter().filter(|word| word.contains("breach")));
    }
    assert_eq!(told, ["target_breach", "target_breach_escalated"]);
    assert_eq!(field.view().breach.expect("one").number, 1);
    field.floor = 300e3;
    field.run(45);
    let over: Vec<_> = field.told().into_iter().filter(|word| word.contains("breach")).collect();
    assert_eq!((over, field.view().breach.expect("over").stage), (vec!["target_breach_resolved"], Stage::Kept));
}

#[test]
fn a_target_that_goes_lower_on_the_way_slows_no_ramp_down() {
    let mut field = Field::new();
    field.run(10);
    field.say("a", most(600.0)).expect("taken");
    for lower in [595.0, 590.0, 585.0] {
        field.run(8);
        field.say("a", most(lower)).expect("taken");
    }
    field.run(8);
    let allowed = field.allowed().expect("held");
    assert!(allowed <= 600e3, "the first one should be reached by now: {allowed}");
}

#[test]
fn a_breach_is_over_where_its_target_is_taken_back_or_raised_on_the_way_to_a_lower_one() {
    for (then, after) in [(none(), 1), (most(750.0), 10)] {
        let mut field = too_high();
        field.run(31);
        field.say("a", most(500.0)).expect("taken");
        field.run(5);
        assert_eq!((field.view().phase.as_str(), field.view().breach.expect("one").stage), ("down", Stage::Active));
        field.say("a", then).expect("taken");
        field.run(after - 1);
        assert_eq!(field.view().breach.expect("one").stage, Stage::Active);
        field.run(1);
        assert_eq!(field.view().breach.expect("over").stage, Stage::Kept);
    }
}

#[test]
fn who_keeps_the_target_before_is_in_no_breach_until_the_lower_one_should_be_reached() {
    let mut field = too_high();
    field.run(31);
    field.say("a", most(300.0)).expect("taken");
    field.floor = 550e3;
    field.run(11);
    assert_eq!(field.view().phase, "down");
    assert_eq!(field.view().breach.expect("over").stage, Stage::Kept, "the load is where the ramp has come to");
    field.run(18 + 30);
    assert_eq!(field.view().breach.expect("the last one").number, 1);
    field.run(5);
    let again = field.view().breach.expect("another");
    assert_eq!((again.number, again.stage), (2, Stage::Active));
}

#[test]
fn what_no_meter_says_is_not_taken_for_what_flows_without_a_target() {
    let mut field = Field::new();
    field.run(1000);
    (field.natural, field.metered) = (1500e3, false); // what is not read counts at its most
    field.run(2000);
    (field.natural, field.metered) = (1200e3, true);
    field.say("a", most(500.0)).expect("taken");
    field.run(100);
    let usual = field.view().usual_w.expect("it was metered once");
    assert!((usual - 800e3).abs() < 1e3, "{usual}");
    field.say("a", none()).expect("taken back");
    let mut risen: f64 = 0.0;
    for _ in 0..300 {
        field.run(1);
        risen = risen.max(field.load());
    }
    assert!(risen < 801e3, "no more than flowed when it was seen: {risen}");
}

#[test]
fn where_no_meter_ever_said_what_flows_loads_stay_at_their_target_for_a_while() {
    let mut field = Field::new();
    field.metered = false;
    field.run(1000);
    field.say("a", most(500.0)).expect("taken");
    field.run(100);
    assert_eq!(field.view().usual_w, None);
    field.say("a", none()).expect("taken back");
    field.run(200);
    assert_eq!((field.allowed(), field.view().phase.as_str()), (Some(495e3), "after"));
    field.run(120);
    assert_eq!(field.allowed(), None);
}
