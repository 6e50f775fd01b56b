//! Whatever comes in, what goes out can be written.

use plant::command::Level;
use plant::id::PointId;
use plant::reading::{Sample, Why};
use plant::time::{Mono, Span};
use proptest::prelude::*;

use super::rig::{Rig, shipped};

/// A sample that the field should never send, or may.
fn sample() -> impl Strategy<Value = (Result<f64, Why>, i64)> {
    let value = prop_oneof![
        5 => (-50.0..150.0).prop_map(Ok),
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::MIN), Just(-0.0), Just(1e300)].prop_map(Ok),
        2 => prop_oneof![Just(Why::Comm), Just(Why::Stuck), Just(Why::Exception(2)), Just(Why::Config)].prop_map(Err),
    ];
    // Up to a minute old, or up to five seconds in the future.
    (value, -60_000i64..5_000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn outputs_stay_finite_inside_their_range_and_no_faster_than_allowed(
        storm in prop::collection::vec(prop::collection::vec((any::<prop::sample::Index>(), sample()), 0..12), 1..40),
        holds in prop::collection::vec((any::<prop::sample::Index>(), 0.0..100.0f64), 0..4),
        periods in prop::collection::vec(1u64..4000, 40),
    ) {
        let mut rig = Rig::new(shipped("air"));
        rig.steps(3);
        let outputs: Vec<PointId> = rig.control.outputs.commands.iter().map(|c| c.point).collect();
        for (which, value) in holds {
            let name = rig.hall.points[*which.get(&outputs)].name.clone();
            rig.hold(&name, value, None);
        }
        for (samples, period) in storm.into_iter().zip(periods) {
            rig.tick.dt = Span::from_millis(period);
            rig.sample();
            rig.pass();
            for (which, (value, ms)) in samples {
                let at = i128::from(rig.tick.mono.0) + i128::from(ms) * 1_000_000;
                let at = Mono(u64::try_from(at.max(0)).expect("in range"));
                let row = which.index(rig.inputs.samples.len());
                rig.inputs.samples.rows_mut()[row] = Sample { value, at };
            }
            let before = rig.control.outputs.commands.clone();
            rig.control.step(&rig.inputs, rig.tick);
            for (before, now) in before.iter().zip(&rig.control.outputs.commands) {
                let range = rig.hall.points[now.point].write.expect("writable");
                prop_assert!(now.value.is_finite());
                prop_assert!(range.min <= now.value && now.value <= range.max, "{} {:?}", now.value, now.level);
                let moved = now.value - before.value;
                let seconds = rig.tick.dt.seconds();
                let slow = -range.fall_per_s * seconds - 1e-9 <= moved && moved <= range.rise_per_s * seconds + 1e-9;
                let safer = (now.value - range.failsafe).abs() <= (before.value - range.failsafe).abs();
                let floor_or_trip = rig.control.commands.output(now.point)
                    .and_then(|o| rig.control.commands.slot(o))
                    .is_some_and(|slot| slot.limits().next().is_some() || now.level <= Level::CriticalEquipment);
                prop_assert!(slow || (safer && floor_or_trip), "{before:?} to {now:?} in {seconds} s");
            }
        }
        // And when the storm is over, the hall is under control again.
        rig.tick.dt = Span::from_secs(1);
        rig.steps(120);
        for command in &rig.control.outputs.commands {
            prop_assert!(matches!(command.level, Level::Control | Level::Operator | Level::MinimumOnOff), "{command:?}");
        }
    }
}
