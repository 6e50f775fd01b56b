//! What changed between two images, bit for bit, and back.

use plant::convert;
use plant::image::Outputs;
use plant::reading::{Sample, Why};
use plant::time::Mono;
use serde::{Deserialize, Serialize};

/// One sample that is not what it was.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Unchanged rows since the change before.
    skip: u32,
    /// Its stamp minus the stamp of the change before, in nanoseconds; the first counts from the scan's `mono`. Wraps.
    at: i64,
    /// What became of the value.
    value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Value {
    /// Only the stamp moved.
    Same,
    Good(f64),
    Bad(Why),
}

/// One output whose value is not what it was.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    /// Unchanged outputs since the change before.
    skip: u32,
    /// The value, in the point's canonical unit.
    value: f64,
}

/// A record that speaks of rows its image does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Fills `changes` with what turns `before` into `now`, and makes `before` equal to `now`.
pub fn diff(before: &mut Vec<Sample>, now: &[Sample], mono: Mono, changes: &mut Vec<Change>) {
    changes.clear();
    before.resize(now.len(), Sample::NEVER);
    let (mut skip, mut at) = (0_u32, mono);
    for (old, new) in before.iter_mut().zip(now) {
        if old.same_bits(new) {
            skip = skip.saturating_add(1);
            continue;
        }
        let moved = convert::i64_from_bits(new.at.0.wrapping_sub(at.0));
        changes.push(Change { skip, at: moved, value: value_change(old, new) });
        (skip, at, *old) = (0, new.at, *new);
    }
}

/// Makes `image` what it was after the scan whose changes these are.
///
/// # Errors
/// When a change lies outside the `points` rows of the image.
pub fn apply(image: &mut Vec<Sample>, points: u32, mono: Mono, changes: &[Change]) -> Result<(), Malformed> {
    image.resize(convert::usize_from_u32(points), Sample::NEVER);
    let mut rows = image.iter_mut();
    let mut at = mono;
    for change in changes {
        let row = rows.nth(convert::usize_from_u32(change.skip)).ok_or(Malformed)?;
        at = Mono(at.0.wrapping_add(convert::bits_from_i64(change.at)));
        row.at = at;
        match change.value {
            Value::Same => {}
            Value::Good(value) => row.value = Ok(value),
            Value::Bad(why) => row.value = Err(why),
        }
    }
    Ok(())
}

/// Fills `decided` with the outputs whose bits differ from `before`, and makes `before` equal to `now`.
pub fn diff_outputs(before: &mut Vec<f64>, now: &Outputs, decided: &mut Vec<Decided>) {
    decided.clear();
    // No output has ever been NaN with this payload, so a new row is always written.
    before.resize(now.commands.len(), f64::from_bits(u64::MAX));
    let mut skip = 0_u32;
    for (old, new) in before.iter_mut().zip(&now.commands) {
        if old.to_bits() == new.value.to_bits() {
            skip = skip.saturating_add(1);
            continue;
        }
        decided.push(Decided { skip, value: new.value });
        (skip, *old) = (0, new.value);
    }
}

/// Makes `image` the output values after the scan whose changes these are.
///
/// # Errors
/// When a change lies outside the `outputs` rows of the image.
pub fn apply_outputs(image: &mut Vec<f64>, outputs: u32, decided: &[Decided]) -> Result<(), Malformed> {
    image.resize(convert::usize_from_u32(outputs), f64::from_bits(u64::MAX));
    let mut rows = image.iter_mut();
    for change in decided {
        *rows.nth(convert::usize_from_u32(change.skip)).ok_or(Malformed)? = change.value;
    }
    Ok(())
}

fn value_change(old: &Sample, new: &Sample) -> Value {
    match (old.value, new.value) {
        (Ok(a), Ok(b)) if a.to_bits() == b.to_bits() => Value::Same,
        (Err(a), Err(b)) if a == b => Value::Same,
        (_, Ok(value)) => Value::Good(value),
        (_, Err(why)) => Value::Bad(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = Result<f64, Why>> {
        prop_oneof![
            any::<u64>().prop_map(|bits| Ok(f64::from_bits(bits))),
            Just(Ok(-0.0)),
            Just(Ok(0.0)),
            Just(Ok(f64::from_bits(0x7FF8_0000_0000_BEEF))),
            Just(Ok(f64::from_bits(0xFFF0_0000_0000_0001))),
            Just(Err(Why::Comm)),
            any::<u8>().prop_map(|c| Err(Why::Exception(c))),
        ]
    }

    fn image(points: usize) -> impl Strategy<Value = Vec<Sample>> {
        let sample =
            (value(), prop_oneof![any::<u64>(), 0..3_u64]).prop_map(|(value, at)| Sample { value, at: Mono(at) });
        proptest::collection::vec(sample, points)
    }

    fn same(a: &[Sample], b: &[Sample]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.same_bits(y))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn images_come_back_to_the_bit(images in proptest::collection::vec((image(9), any::<u64>()), 1..6),
                                       keep in proptest::collection::vec(any::<bool>(), 9)) {
            let (mut recorder, mut reader, mut changes) = (Vec::new(), Vec::new(), Vec::new());
            let mut before: Option<Vec<Sample>> = None;
            for (mut now, mono) in images {
                if let Some(before) = &before {
                    for (row, _) in keep.iter().enumerate().filter(|(_, keep)| **keep) {
                        now[row] = before[row];
                    }
                }
                diff(&mut recorder, &now, Mono(mono), &mut changes);
                let bytes = postcard::to_stdvec(&changes).expect("serialises");
                let changes: Vec<Change> = postcard::from_bytes(&bytes).expect("deserialises");
                apply(&mut reader, 9, Mono(mono), &changes).expect("fits");
                prop_assert!(same(&reader, &now) && same(&recorder, &now));
                before = Some(now);
            }
        }
    }

    #[test]
    fn an_unchanged_image_costs_nothing_and_a_new_stamp_no_value() {
        let at = |ns| Sample::good(24.1, Mono(ns));
        let (mut before, mut changes) = (Vec::new(), Vec::new());
        diff(&mut before, &[at(5); 100], Mono(5), &mut changes);
        assert_eq!(changes.len(), 100);
        diff(&mut before, &[at(5); 100], Mono(9), &mut changes);
        assert_eq!(changes.len(), 0);
        diff(&mut before, &[at(1_000_000_005); 100], Mono(1_000_000_005), &mut changes);
        assert_eq!(postcard::to_stdvec(&changes).expect("serialises").len(), 301, "three bytes a row");
    }

    #[test]
    fn a_change_outside_the_image_is_told() {
        let change = Change { skip: 3, at: 0, value: Value::Same };
        assert_eq!(apply(&mut Vec::new(), 3, Mono(0), &[change]), Err(Malformed));
        assert_eq!(apply_outputs(&mut Vec::new(), 1, &[Decided { skip: 1, value: 0.0 }]), Err(Malformed));
    }
}
