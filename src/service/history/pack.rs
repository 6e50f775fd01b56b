//! Many values of one series in few bytes: about eleven a value.

use plant::convert;

/// One value: milliseconds since 1970, the value, its quality.
pub type Sampled = (i64, f64, u16);

/// Packs values of one series. The order is kept, times may go back.
#[must_use]
pub fn pack(values: &[Sampled]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(values.len().saturating_mul(11));
    let mut before = 0_i64;
    for (ts, value, quality) in values {
        varint(zigzag(ts.wrapping_sub(before)), &mut bytes);
        // The three codes in one byte each, and any other in full.
        match quality {
            192 => bytes.push(0),
            500 => bytes.push(1),
            0 => bytes.push(2),
            other => {
                bytes.push(3);
                bytes.extend_from_slice(&other.to_le_bytes());
            }
        }
        bytes.extend_from_slice(&value.to_bits().to_le_bytes());
        before = *ts;
    }
    bytes
}

/// Unpacks what [`pack`] packed; nothing when the bytes are no such thing.
#[must_use]
pub fn unpack(mut bytes: &[u8]) -> Option<Vec<Sampled>> {
    let mut values = Vec::with_capacity(bytes.len() / 10);
    let mut before = 0_i64;
    while !bytes.is_empty() {
        let ts = before.wrapping_add(unzigzag(take_varint(&mut bytes)?));
        let quality = match take::<1>(&mut bytes)? {
            [0] => 192,
            [1] => 500,
            [2] => 0,
            [3] => u16::from_le_bytes(take(&mut bytes)?),
            _ => return None,
        };
        values.push((ts, f64::from_bits(u64::from_le_bytes(take(&mut bytes)?)), quality));
        before = ts;
    }
    Some(values)
}

const fn zigzag(n: i64) -> u64 {
    convert::bits_from_i64((n << 1) ^ (n >> 63))
}

const fn unzigzag(n: u64) -> i64 {
    convert::i64_from_bits(n >> 1) ^ (0_i64.wrapping_sub(convert::i64_from_bits(n & 1)))
}

fn varint(mut n: u64, bytes: &mut Vec<u8>) {
    while n >= 0x80 {
        let [low, ..] = n.to_le_bytes();
        bytes.push(low | 0x80);
        n >>= 7;
    }
    let [low, ..] = n.to_le_bytes();
    bytes.push(low);
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut n = 0_u64;
    for shift in (0..64).step_by(7) {
        let [byte] = take::<1>(bytes)?;
        n |= u64::from(byte & 0x7F).checked_shl(shift)?;
        if byte < 0x80 {
            return Some(n);
        }
    }
    None
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_goes_in_comes_out(values in proptest::collection::vec((any::<i64>(), any::<u64>(), any::<u16>()), 0..50)) {
            let values: Vec<Sampled> = values.into_iter().map(|(t, v, q)| (t, f64::from_bits(v), q)).collect();
            let back = unpack(&pack(&values)).expect("unpacks");
            prop_assert_eq!(back.len(), values.len());
            for (a, b) in back.iter().zip(&values) {
                prop_assert_eq!((a.0, a.1.to_bits(), a.2), (b.0, b.1.to_bits(), b.2));
            }
        }

        #[test]
        fn no_bytes_make_it_stumble(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            if let Some(values) = unpack(&bytes) {
                prop_assert!(values.len() <= bytes.len() / 10 + 1);
            }
        }
    }

    #[test]
    fn a_minute_of_seconds_costs_eleven_bytes_a_value() {
        let values: Vec<Sampled> = (0..60).map(|s| (1_700_000_000_000 + s * 1000, 24.1, 192)).collect();
        assert!(pack(&values).len() <= 60 * 11 + 8, "{}", pack(&values).len());
    }
}
