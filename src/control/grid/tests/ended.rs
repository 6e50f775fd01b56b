//! What ends while nobody is there.

use super::*;

#[test]
fn a_breach_of_a_target_that_ended_while_nobody_was_here_is_over_with_the_first_scan() {
    for trusted in [true, false] {
        let mut field = Field::new();
        field.floor = 700e3;
        field.run(1000);
        field.say("a", kw(600.0, 1000, 1400)).expect("taken");
        field.run(200);
        assert_eq!(field.view().breach.expect("a breach").stage, Stage::Escalated);
        field.told();
        field.restart();
        (field.tick.clock_trusted, field.tick.wall) = (trusted, Wall(BEGIN + 9_000_000));
        field.run(1);
        let (breach, over) = (field.view().breach.expect("known"), field.told());
        if trusted {
            assert_eq!((breach.stage, breach.resolved_ms), (Stage::Kept, Some(BEGIN + 9_001_000)));
            assert_eq!(over, ["target_ramp_up", "target_breach_resolved"], "told, and it does not linger");
            assert!(field.grid.view(&field.hall, |_| None).targets.is_empty());
        } else {
            assert_eq!(
                (breach.stage, over),
                (Stage::Escalated, vec!["target_clock_doubted"]),
                "nobody knows that it is over"
            );
            field.run(200);
            assert_eq!(field.view().breach.expect("known").stage, Stage::Kept, "with all that was left of it");
            assert!(field.told().contains(&"target_breach_resolved"));
        }
    }
}
