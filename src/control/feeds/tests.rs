//! What is told begins and ends in turn.

use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// What is told alternates, whatever holds; and it is never told sooner than its time.
    #[test]
    fn what_is_told_begins_and_ends_in_turn(days in prop::collection::vec(prop::option::of(any::<bool>()), 1..200),
                                            on in 0..20u64, off in 0..20u64) {
        let (mut told, mut last, mut since) = (Told::default(), false, 0u64);
        for (n, holds) in (0u64..).zip(days) {
            if let Some(now) = told.step(holds, (Span::from_secs(on), Span::from_secs(off)), Span::from_secs(1)) {
                prop_assert_eq!((now, Some(now)), (!last, holds));
                // So many scans, each a second long, have said so since.
                let needed = if now { on } else { off }.max(1);
                prop_assert!(n + 1 - since >= needed, "{} after {}", n, since);
                (last, since) = (now, n + 1);
            }
        }
    }
}
