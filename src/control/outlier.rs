//! One of several sensors in air of one kind that says what it cannot: colder by far than every other, and nothing makes it so.
//!
//! The units of a row mix the same outdoor air with the same return in the same way. A compressor that runs makes one colder than the others; where
//! none does, only a liar is. To believe it would close dampers and stop compressors for air that is warm.

/// So much colder than every other is more than return and noise explain (K).
const FAR: f64 = 8.0;
/// A compressor above this cools (%).
const COOLS: f64 = 0.5;
/// Two say different things; three show who is alone.
const FEWEST: usize = 3;

/// What one of them says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Said {
    /// Its temperature (°C).
    pub value: f64,
    /// Something makes it colder than the others, or nobody knows.
    pub explained: bool,
}

/// True where a compressor cools (%), or nobody knows.
#[must_use]
pub fn cools(compressor: Option<f64>) -> bool {
    compressor.is_none_or(|duty| duty > COOLS)
}

/// The place of the one that is colder than it can be; nothing where none is, or nobody can tell.
#[must_use]
pub fn colder_than_it_can_be(all: impl Iterator<Item = Said>) -> Option<usize> {
    let (mut coldest, mut next, mut count) = (None::<(usize, Said)>, f64::INFINITY, 0_usize);
    for (place, said) in all.enumerate() {
        count = count.saturating_add(1);
        match coldest {
            Some((_, before)) if before.value <= said.value => next = next.min(said.value),
            Some((_, before)) => (coldest, next) = (Some((place, said)), next.min(before.value)),
            None => coldest = Some((place, said)),
        }
    }
    let alone = |(_, said): &(usize, Said)| count >= FEWEST && !said.explained && next - said.value >= FAR;
    coldest.filter(alone).map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(values: &[f64]) -> impl Iterator<Item = Said> + '_ {
        values.iter().map(|value| Said { value: *value, explained: false })
    }

    #[test]
    fn one_that_reads_zero_among_others_lies_and_a_compressor_explains_it() {
        assert_eq!(colder_than_it_can_be(all(&[20.0, 0.0, 21.0, 19.5])), Some(1));
        let cooled = [20.0, 0.0, 21.0].map(|value| Said { value, explained: value < 1.0 });
        assert_eq!(colder_than_it_can_be(cooled.into_iter()), None);
        assert_eq!(colder_than_it_can_be(all(&[20.0, 0.0])), None, "of two nobody knows who");
        assert_eq!(colder_than_it_can_be(all(&[20.0, 0.0, 1.0])), None, "it is not alone");
        assert_eq!(colder_than_it_can_be(all(&[20.0, 13.0, 21.0])), None, "it may be");
        assert_eq!(colder_than_it_can_be(all(&[])), None);
        assert!(cools(None) && cools(Some(30.0)) && !cools(Some(0.2)));
    }

    proptest! {
        /// Who lies is the coldest, alone, and the same in any order.
        #[test]
        fn a_liar_is_the_coldest_and_the_same_in_any_order(values in prop::collection::vec(-5.0..40.0f64, 0..8)) {
            let found = colder_than_it_can_be(all(&values)).map(|place| values[place]);
            let turned: Vec<f64> = values.iter().rev().copied().collect();
            prop_assert_eq!(found, colder_than_it_can_be(all(&turned)).map(|place| turned[place]));
            if let Some(liar) = found {
                prop_assert_eq!(values.iter().filter(|value| **value < liar + FAR).count(), 1);
            }
        }
    }
}
