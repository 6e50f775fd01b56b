//! What a reply to a request must look like, to the byte. Pure.

/// The longest frame on either wire: 7 bytes of header and 253 of PDU.
pub const MAX_FRAME: usize = 260;
/// The header of a TCP frame: transaction, protocol, length, unit.
pub const TCP_HEADER: usize = 7;

/// The functions that change nothing: read coils, discrete inputs, holding and input registers.
#[must_use]
pub const fn only_reads(function: u8) -> bool {
    matches!(function, 1..=4)
}

/// The one reply, exceptions aside, that answers a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expect {
    /// The unit that was asked.
    pub unit: u8,
    /// The function that was asked.
    pub function: u8,
    shape: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// A byte count, then so many bytes.
    Bytes(u8),
    /// The first four bytes after the function, again.
    Echo([u8; 4]),
}

impl Expect {
    /// What answers the request `pdu` to `unit`; nothing for functions this adapter never uses and for malformed ones.
    #[must_use]
    pub fn of(unit: u8, pdu: &[u8]) -> Option<Self> {
        let (function, rest) = pdu.split_first()?;
        let head: [u8; 4] = rest.get(..4)?.try_into().ok()?;
        let [_, _, high, low] = head;
        let quantity = u16::from_be_bytes([high, low]);
        let shape = match function {
            1 | 2 => Shape::Bytes(u8::try_from(quantity.div_ceil(8)).ok()?),
            3 | 4 => Shape::Bytes(u8::try_from(quantity.checked_mul(2)?).ok()?),
            5 | 6 | 15 | 16 => Shape::Echo(head),
            _ => return None,
        };
        Some(Self { unit, function: *function, shape })
    }

    /// True for the reply of this request, or for an exception to it.
    #[must_use]
    pub fn accepts(&self, unit: u8, pdu: &[u8]) -> bool {
        let Some((function, body)) = pdu.split_first() else { return false };
        if unit != self.unit {
            return false;
        }
        if *function == self.function | 0x80 {
            return body.len() == 1;
        }
        *function == self.function
            && match self.shape {
                Shape::Bytes(n) => body.first() == Some(&n) && body.len() == usize::from(n).saturating_add(1),
                Shape::Echo(head) => body == head,
            }
    }

    /// How long the PDU is that starts with `function`; nothing when it cannot be the answer.
    #[must_use]
    pub fn pdu_len(&self, function: u8) -> Option<usize> {
        if function == self.function | 0x80 {
            Some(2)
        } else if function == self.function {
            Some(match self.shape {
                Shape::Bytes(n) => usize::from(n).saturating_add(2),
                Shape::Echo(_) => 5,
            })
        } else {
            None
        }
    }
}

/// The check sum of a serial frame (polynomial 0xA001, start 0xFFFF), low byte first as it is sent.
/// Source: Modbus over Serial Line V1.02, section 6.2.2.
#[must_use]
pub fn crc(bytes: &[u8]) -> [u8; 2] {
    let mut sum = 0xFFFF_u16;
    for byte in bytes {
        sum ^= u16::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ 0xA001 } else { sum >> 1 };
        }
    }
    sum.to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_check_sum_is_the_one_of_the_specification() {
        assert_eq!(crc(&[0x02, 0x07]), [0x41, 0x12], "the example of the specification's appendix B");
        assert_eq!(crc(b"123456789"), [0x37, 0x4B], "the check value of CRC-16/MODBUS, 0x4B37");
    }

    #[test]
    fn a_reply_must_have_the_asked_length() {
        let expect = Expect::of(7, &[3, 0, 10, 0, 2]).expect("a read");
        assert!(expect.accepts(7, &[3, 4, 0, 1, 0, 2]));
        assert!(expect.accepts(7, &[0x83, 2]), "an exception");
        for wrong in
            [&[3, 4, 0, 1, 0][..], &[3, 2, 0, 1], &[3, 6, 0, 1, 0, 2, 0, 3], &[4, 4, 0, 1, 0, 2], &[0x84, 2], &[]]
        {
            assert!(!expect.accepts(7, wrong), "{wrong:?}");
        }
        assert!(!expect.accepts(8, &[3, 4, 0, 1, 0, 2]), "another unit");
        assert_eq!(expect.pdu_len(3), Some(6));
        assert_eq!(expect.pdu_len(4), None);
    }

    #[test]
    fn a_write_is_answered_by_its_echo_only() {
        let expect = Expect::of(1, &[6, 0, 3, 1, 0xCC]).expect("a write");
        assert!(expect.accepts(1, &[6, 0, 3, 1, 0xCC]));
        assert!(!expect.accepts(1, &[6, 0, 4, 1, 0xCC]));
        assert_eq!(Expect::of(1, &[23, 0, 0, 0, 1]), None, "never used");
        assert_eq!(Expect::of(1, &[3, 0, 0, 0xFF, 0xFF]), None, "no reply can be so long");
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_odd(unit: u8, pdu: Vec<u8>, other: Vec<u8>) {
            if let Some(e) = Expect::of(unit, &pdu) {
                let ok = e.accepts(unit, &other);
                prop_assert!(!ok || e.pdu_len(other[0]) == Some(other.len()));
            }
        }
    }
}
