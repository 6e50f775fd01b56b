//! The economiser's gate.

use plant::event::{ShutOut, What};
use plant::hall::sequence::{AirTuning, DxTuning};
use plant::time::Span;
use proptest::prelude::*;

use super::economiser::{Economiser, Gate, Seen};
use super::outdoors::Air;
use crate::control::sequence::{Bound, Step};

const SECOND: Span = Span::from_secs(1);
const RULES: DxTuning = DxTuning::USUAL;
const COOL: Air = Air::Known { dry_bulb: 12.0, dew_point: 5.0 };
const GOOD: Seen = Seen { smoke: None, air: COOL, back: Some(34.0), coldest: Some(20.0), carried: false, damper: 60.0 };

fn air(dry_bulb: f64, dew_point: f64) -> Seen {
    Seen { air: Air::Known { dry_bulb, dew_point }, ..GOOD }
}

fn pass(economiser: &mut Economiser, seen: &Seen, seconds: u64) -> Vec<What> {
    (0..seconds).flat_map(|_| economiser.step(&RULES, seen, SECOND)).flatten().collect()
}

/// One that lets air in, for long.
fn open() -> Economiser {
    let mut economiser = Economiser::new();
    economiser.adopt(60.0);
    pass(&mut economiser, &GOOD, 3600);
    assert_eq!((economiser.gate(), economiser.most().0), (Gate::Open, 100.0));
    economiser
}

#[test]
fn every_step_rests_or_is_bound_with_a_way_out() {
    for gate in [Gate::Shut, Gate::Open, Gate::Closing] {
        match gate.bound(&RULES) {
            Bound::Rest => assert_ne!(gate, Gate::Closing),
            Bound::Within { time, abort, .. } => assert!(abort == Gate::Shut && time < Span::from_secs(3600)),
        }
    }
}

#[test]
fn each_limit_shuts_it_out_and_its_hysteresis_lets_it_in_again() {
    for (against, near, why) in [
        (air(18.0, 15.1), air(18.0, 14.5), ShutOut::Humid),
        (air(5.0, -9.1), air(5.0, -8.5), ShutOut::Dry),
        (air(-20.1, -25.0), air(-19.5, -8.5), ShutOut::Dry),
        (air(34.1, 5.0), air(33.5, 5.0), ShutOut::Warm),
        (Seen { air: Air::Lost, ..GOOD }, air(18.0, 14.5), ShutOut::Unknown),
    ] {
        let mut economiser = open();
        assert_eq!(pass(&mut economiser, &against, 1), [What::ShutOut(why)], "{against:?}");
        assert_eq!(economiser.gate(), Gate::Closing);
        pass(&mut economiser, &near, 3600);
        assert_eq!((economiser.gate(), economiser.most().0), (Gate::Shut, 0.0), "{near:?} is too near to let it in");
        assert_eq!(pass(&mut economiser, &GOOD, 1), [What::LetIn]);
    }
}

#[test]
fn smoke_and_freezing_air_shut_it_at_once() {
    let mut economiser = open();
    let smoke = Seen { smoke: Some(ShutOut::Smoke), ..GOOD };
    assert_eq!(pass(&mut economiser, &smoke, 1), [What::ShutOut(ShutOut::Smoke)]);
    assert_eq!((economiser.gate(), economiser.most()), (Gate::Shut, (0.0, ShutOut::Smoke)));
    assert_eq!(pass(&mut economiser, &GOOD, 598), [], "it stays shut for its least time");
    assert_eq!(pass(&mut economiser, &GOOD, 3), [What::LetIn]);

    let mut economiser = open();
    let cold = Seen { coldest: Some(3.0), ..GOOD };
    assert_eq!(pass(&mut economiser, &cold, 299), []);
    let unseen = Seen { coldest: None, ..GOOD };
    assert_eq!(pass(&mut economiser, &unseen, 3600), [], "what is not known does not count");
    assert_eq!(pass(&mut economiser, &cold, 1), [What::ShutOut(ShutOut::Freeze)]);
    assert_eq!(pass(&mut economiser, &GOOD, 3599), []);
    assert_eq!(pass(&mut economiser, &GOOD, 2), [What::LetIn]);
}

#[test]
fn by_and_by_it_waits_for_compressors_but_not_for_ever() {
    let humid = Seen { ..air(18.0, 16.0) };
    let mut economiser = open();
    pass(&mut economiser, &humid, 170);
    assert_eq!(economiser.most().0, 60.0, "nothing carries what the dampers would leave");
    pass(&mut economiser, &Seen { carried: true, ..humid }, 90);
    let left = 60.0 - 100.0 * 90.0 / RULES.economiser.close_over.seconds();
    assert!((economiser.most().0 - left).abs() < 1.0, "{:?}", economiser.most());
    let mut economiser = open();
    let told = pass(&mut economiser, &humid, 600);
    assert_eq!((economiser.gate(), told), (Gate::Shut, vec![What::ShutOut(ShutOut::Humid)]));
}

#[test]
fn what_is_doubted_decides_nothing() {
    let doubted = Seen { air: Air::Doubted, ..GOOD };
    let mut economiser = open();
    assert_eq!(pass(&mut economiser, &doubted, 3600), []);
    let mut shut = Economiser::new();
    assert_eq!(pass(&mut shut, &doubted, 3600), []);
    assert_eq!(shut.gate(), Gate::Shut);
}

proptest! {
    #[test]
    fn whatever_is_seen_smoke_leaves_nothing_open_and_no_closing_hangs(
        moments in prop::collection::vec((-30.0..45.0f64, -30.0..25.0f64, 0u8..8, any::<bool>(), 1u64..900), 1..30),
    ) {
        let mut economiser = Economiser::new();
        let (mut closing, longest) = (0u64, RULES.economiser.close_over.seconds() + 180.0);
        for (dry_bulb, dew_point, odd, carried, seconds) in moments {
            let known = air(dry_bulb, dew_point);
            let seen = match odd {
                0 => Seen { smoke: Some(ShutOut::Smoke), carried, ..known },
                1 => Seen { air: Air::Lost, carried, ..known },
                2 => Seen { air: Air::Doubted, carried, ..known },
                3 => Seen { back: None, carried, ..known },
                _ => Seen { carried, ..known },
            };
            for _ in 0..seconds {
                economiser.step(&RULES, &seen, SECOND);
                closing = if economiser.gate() == Gate::Closing { closing + 1 } else { 0 };
                prop_assert!(plant::convert::f64_from_u64(closing) <= longest + 1.0);
                prop_assert!(seen.smoke.is_none() || economiser.most().0 == 0.0);
                prop_assert!((0.0..=100.0).contains(&economiser.most().0));
            }
        }
    }
}

#[test]
fn the_usual_numbers_are_in_order() {
    let of = AirTuning::USUAL;
    assert!(
        of.dew_point_min < of.dew_point_max && of.low_limit < of.high_limit && RULES.staging.down < RULES.staging.up
    );
}
