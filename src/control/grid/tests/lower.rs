//! What is learnt where no meter says what flows.

use super::*;

/// So many kW from now on.
fn most(kw: f64) -> Wanted {
    Wanted { most: Some(1e3 * kw), ..none() }
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
