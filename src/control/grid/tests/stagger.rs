//! Feeds do not rise together when their target is over.

use super::*;

/// How many scans after a target of both feeds is over each of them may carry more, where that is after so many seconds.
fn rises(after: u64) -> [u64; 2] {
    let mut field = Field::new();
    field.run(100);
    field.say("a", Wanted { most: Some(500e3), ..none() }).expect("taken");
    field.run(60 + after);
    let allowed =
        |field: &Field| ["utility", "ups-a"].map(|name| field.grid.allowed(field.feed(name)).expect("held").allowed);
    let held = allowed(&field);
    field.say("a", none()).expect("taken back");
    let mut rises = [0; 2];
    for scan in 1..=40 {
        field.run(1);
        for (rises, (now, held)) in rises.iter_mut().zip(allowed(&field).into_iter().zip(held)) {
            if *rises == 0 && now > held {
                *rises = scan;
            }
        }
    }
    rises
}

#[test]
fn feeds_begin_to_rise_by_chance_within_a_tenth_of_their_ramp_and_the_same_again_in_a_replay() {
    let all: Vec<[u64; 2]> = (0..40).map(rises).collect();
    // The ramp is 100 s long. A scan turns it and a scan raises it beside the rest.
    let each = || all.iter().flatten().copied();
    assert!(each().all(|scans| (2..=12).contains(&scans)), "{all:?}");
    for scans in 3..=10 {
        assert!(each().any(|of| of == scans), "never after {scans} scans: {all:?}");
    }
    let apart = all.iter().filter(|[a, b]| a != b).count();
    assert!(apart >= 30, "together all but {apart} times: {all:?}");
    assert_eq!(all, (0..40).map(rises).collect::<Vec<_>>());
}
