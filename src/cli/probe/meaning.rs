//! What words may mean: every type in every byte order, decoded by the codec that control uses.

use plant::device::codec::decode;
use plant::device::{Access, ByteOrder, Register, RegisterTable, RegisterType};
use plant::time::Span;
use plant::units::Unit;
use serde::Serialize;

/// One way to read words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Meaning {
    /// The first word's address.
    pub address: u16,
    /// The type, as device maps write it.
    #[serde(rename = "type")]
    pub ty: &'static str,
    /// The byte order, as device maps write it.
    pub order: &'static str,
    /// The number as text; `nan` and `inf` included.
    pub value: String,
    /// True for a number that a plant may have: 0, or 0.001 to 10 million.
    pub plausible: bool,
}

const ORDERS: [(ByteOrder, &str); 4] =
    [(ByteOrder::Abcd, "ABCD"), (ByteOrder::Cdab, "CDAB"), (ByteOrder::Badc, "BADC"), (ByteOrder::Dcba, "DCBA")];

const TYPES: [(RegisterType, &str); 8] = [
    (RegisterType::Int16, "int16"),
    (RegisterType::Uint16, "uint16"),
    (RegisterType::Int32, "int32"),
    (RegisterType::Uint32, "uint32"),
    (RegisterType::Float32, "float32"),
    (RegisterType::Int64, "int64"),
    (RegisterType::Uint64, "uint64"),
    (RegisterType::Float64, "float64"),
];

/// Every meaning of every word, pair and four of words, from the first address on.
pub fn all(first: u16, words: &[u16]) -> Vec<Meaning> {
    let mut rows = Vec::new();
    for (ty, name) in TYPES {
        let width = usize::from(ty.words());
        for (n, window) in words.windows(width).enumerate().step_by(width) {
            // A device cannot answer beyond the last address, so this never saturates.
            let address = first.saturating_add(u16::try_from(n).unwrap_or(u16::MAX));
            // One word has two bytes and so two orders only: ABCD and BADC.
            let orders = ORDERS.iter().filter(|(o, _)| width > 1 || matches!(o, ByteOrder::Abcd | ByteOrder::Badc));
            rows.extend(orders.map(|(order, word)| meaning(address, (ty, name), (*order, word), window)));
        }
    }
    rows
}

fn meaning(
    address: u16,
    (ty, name): (RegisterType, &'static str),
    (byte_order, order): (ByteOrder, &'static str),
    words: &[u16],
) -> Meaning {
    let decoded = decode(&register(ty, byte_order), words);
    let (value, plausible) = match decoded {
        Ok(x) => (x.to_string(), x == 0.0 || (1e-3..=1e7).contains(&x.abs())),
        Err(_) => ("no number".to_owned(), false),
    };
    Meaning { address, ty: name, order, value, plausible }
}

fn register(ty: RegisterType, byte_order: ByteOrder) -> Register {
    Register {
        point: String::new(),
        table: RegisterTable::Holding,
        address: 0,
        ty,
        byte_order,
        scale: 1.0,
        offset: 0.0,
        unit: Unit::One,
        invalid: Vec::new(),
        min: f64::NEG_INFINITY,
        max: f64::INFINITY,
        poll: Span::ZERO,
        access: Access::Ro,
        write: None,
        place: (1, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[Meaning], address: u16, ty: &str, order: &str) -> Meaning {
        rows.iter().find(|r| (r.address, r.ty, r.order) == (address, ty, order)).expect("the row is there").clone()
    }

    #[test]
    fn a_float_stands_out_in_its_own_order() {
        // 24.125 is 0x41C10000, here with the low word first.
        let rows = all(7, &[0x0000, 0x41C1]);
        assert_eq!(of(&rows, 7, "float32", "CDAB").value, "24.125");
        assert!(of(&rows, 7, "float32", "CDAB").plausible);
        for order in ["ABCD", "BADC"] {
            assert!(!of(&rows, 7, "float32", order).plausible, "{order}");
        }
        assert_eq!(of(&rows, 7, "float32", "DCBA").value, "-12.0625");
        assert_eq!(of(&rows, 8, "int16", "ABCD").value, "16833");
        assert_eq!(of(&rows, 8, "int16", "BADC").value, "-16063");
    }

    #[test]
    fn four_words_are_read_as_one_number_too_and_nan_is_no_number() {
        let rows = all(0, &[0, 0, 0, 5]);
        assert_eq!(of(&rows, 0, "uint64", "ABCD").value, "5");
        assert_eq!(of(&rows, 2, "uint32", "ABCD").value, "5");
        let rows = all(65_534, &[0x7FC0, 0]);
        assert_eq!(of(&rows, 65_534, "float32", "ABCD").value, "no number");
        assert!(all(0, &[]).is_empty());
    }
}
