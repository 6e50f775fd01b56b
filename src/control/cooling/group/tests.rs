//! A row of the shipped hall that loses fans.

use plant::id::Id;
use proptest::prelude::*;

use super::*;

fn group(failed: &[bool]) -> Group {
    let fan = EquipId::from_index(0);
    Group(failed.iter().map(|failed| Member { failed: *failed, ..Member::turning(fan) }).collect())
}

#[test]
fn the_others_blow_what_a_failed_one_does_not() {
    assert_eq!(group(&[false, false, false]).share(), 1.0);
    assert_eq!(group(&[true, false, false]).share(), 1.5);
    assert_eq!(group(&[true, false, true]).share(), 3.0);
    assert_eq!(group(&[true, true, true]).share(), 3.0, "the last one may turn unseen, and is not told to slow down");
    assert_eq!(Group::default().share(), 1.0, "a valve has no others");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// While one turns, what all of them blow together is what the loop asks for.
    #[test]
    fn the_air_stays_the_same(failed in prop::collection::vec(any::<bool>(), 1..20)) {
        let turning = failed.iter().filter(|failed| !**failed).count();
        prop_assume!(turning > 0);
        let blown = group(&failed).share() * plant::convert::f64_from_usize(turning);
        prop_assert!((blown - plant::convert::f64_from_usize(failed.len())).abs() < 1e-9);
    }
}
