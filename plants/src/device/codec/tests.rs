use proptest::prelude::*;

use super::*;
use crate::device::{Access, RegisterTable};
use crate::time::Span;
use crate::units::Unit;

const ORDERS: [ByteOrder; 4] = [ByteOrder::Abcd, ByteOrder::Cdab, ByteOrder::Badc, ByteOrder::Dcba];

const TYPES: [RegisterType; 8] = [
    RegisterType::Int16,
    RegisterType::Uint16,
    RegisterType::Int32,
    RegisterType::Uint32,
    RegisterType::Int64,
    RegisterType::Uint64,
    RegisterType::Float32,
    RegisterType::Float64,
];

fn register(ty: RegisterType, byte_order: ByteOrder) -> Register {
    Register {
        point: "power".to_owned(),
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

/// Words as a meter's manual prints them, in the order ABCD, CDAB, BADC, DCBA.
#[test]
fn byte_orders_agree_with_the_tables_in_manuals() {
    let table: [(RegisterType, f64, [&[u16]; 4]); 6] = [
        (RegisterType::Float32, 1.0, [&[0x3F80, 0], &[0, 0x3F80], &[0x803F, 0], &[0, 0x803F]]),
        (
            RegisterType::Float32,
            -123.456_001_281_738_28,
            [&[0xC2F6, 0xE979], &[0xE979, 0xC2F6], &[0xF6C2, 0x79E9], &[0x79E9, 0xF6C2]],
        ),
        (
            RegisterType::Uint32,
            305_419_896.0,
            [&[0x1234, 0x5678], &[0x5678, 0x1234], &[0x3412, 0x7856], &[0x7856, 0x3412]],
        ),
        (RegisterType::Int32, -2.0, [&[0xFFFF, 0xFFFE], &[0xFFFE, 0xFFFF], &[0xFFFF, 0xFEFF], &[0xFEFF, 0xFFFF]]),
        (
            RegisterType::Uint64,
            1_108_152_157_446.0,
            [
                &[0x0000, 0x0102, 0x0304, 0x0506],
                &[0x0506, 0x0304, 0x0102, 0x0000],
                &[0x0000, 0x0201, 0x0403, 0x0605],
                &[0x0605, 0x0403, 0x0201, 0x0000],
            ],
        ),
        (RegisterType::Uint16, 258.0, [&[0x0102], &[0x0102], &[0x0201], &[0x0201]]),
    ];
    for (ty, value, wires) in table {
        for (order, wire) in ORDERS.into_iter().zip(wires) {
            let register = register(ty, order);
            assert_eq!(decode(&register, wire), Ok(value), "{ty:?} {order:?}");
            assert_eq!(&*encode(&register, value).expect("fits"), wire, "{ty:?} {order:?}");
        }
    }
}

#[test]
fn a_scaled_word_is_the_value_in_its_unit() {
    let mut r = register(RegisterType::Int16, ByteOrder::Abcd);
    (r.scale, r.offset) = (0.1, 0.0);
    assert_eq!(decode(&r, &[0x00F1]), Ok(24.1));
    assert_eq!(decode(&r, &[0xFF9C]), Ok(-10.0));
    (r.scale, r.offset) = (0.5, -40.0);
    assert_eq!(decode(&r, &[100]), Ok(10.0), "value = raw · scale + offset");
    assert_eq!(&*encode(&r, 10.2).expect("fits"), [100], "to the nearest step");
}

#[test]
fn what_is_no_value_says_why() {
    let mut r = register(RegisterType::Int16, ByteOrder::Abcd);
    r.invalid = vec![0x8000, 0x7FFF];
    (r.scale, r.min, r.max) = (0.1, -10.0, 80.0);
    assert_eq!(decode(&r, &[0x8000]), Err(Why::InvalidCode));
    assert_eq!(decode(&r, &[0x7FFF]), Err(Why::InvalidCode));
    assert_eq!(decode(&r, &[801]), Err(Why::Range));
    assert_eq!(decode(&r, &[800]), Ok(80.0));
    assert_eq!(decode(&r, &[]), Err(Why::NotANumber));
    assert_eq!(decode(&r, &[1, 2]), Err(Why::NotANumber));
    assert_eq!(encode(&r, -3276.8), Err(EncodeFault::InvalidCode));
    let f = register(RegisterType::Float32, ByteOrder::Abcd);
    for words in [[0x7FC0, 0], [0x7F80, 0], [0xFF80, 0]] {
        assert_eq!(decode(&f, &words), Err(Why::NotANumber), "{words:x?}");
    }
}

#[test]
fn the_invalid_code_is_compared_after_the_bytes_are_in_order() {
    let mut r = register(RegisterType::Uint32, ByteOrder::Cdab);
    r.invalid = vec![0xFFFF_0000];
    assert_eq!(decode(&r, &[0x0000, 0xFFFF]), Err(Why::InvalidCode));
    assert_eq!(decode(&r, &[0xFFFF, 0x0000]), Ok(65535.0));
}

#[test]
fn values_outside_the_type_are_refused_and_not_wrapped() {
    for (ty, low, high) in [
        (RegisterType::Int16, -32768.0, 32767.0),
        (RegisterType::Uint16, 0.0, 65535.0),
        (RegisterType::Int32, -2_147_483_648.0, 2_147_483_647.0),
        (RegisterType::Uint32, 0.0, 4_294_967_295.0),
    ] {
        let r = register(ty, ByteOrder::Abcd);
        for fits in [low, high] {
            assert_eq!(decode(&r, &encode(&r, fits).expect("fits")), Ok(fits), "{ty:?}");
        }
        for beyond in [low - 1.0, high + 1.0, -1e300, 1e300] {
            assert_eq!(encode(&r, beyond), Err(EncodeFault::OutsideType), "{ty:?} {beyond}");
        }
    }
    for ty in TYPES {
        for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(encode(&register(ty, ByteOrder::Abcd), odd), Err(EncodeFault::NotANumber), "{ty:?}");
        }
    }
    assert_eq!(encode(&register(RegisterType::Uint64, ByteOrder::Abcd), TWO_64), Err(EncodeFault::OutsideType));
    assert_eq!(encode(&register(RegisterType::Int64, ByteOrder::Abcd), TWO_63), Err(EncodeFault::OutsideType));
    assert_eq!(encode(&register(RegisterType::Float32, ByteOrder::Abcd), 1e39), Err(EncodeFault::OutsideType));
}

#[test]
fn bits_stand_alone_and_in_words() {
    let coil = register(RegisterType::Bool, ByteOrder::Abcd);
    assert_eq!((decode_bit(&coil, true), decode_bit(&coil, false)), (Ok(1.0), Ok(0.0)));
    assert_eq!(
        (encode_bit(&coil, 1.0), encode_bit(&coil, 0.2), encode_bit(&coil, 2.0)),
        (Ok(true), Ok(false), Err(EncodeFault::OutsideType))
    );
    for n in 0..16 {
        let bit = register(RegisterType::Bit(n), ByteOrder::Abcd);
        assert_eq!(decode(&bit, &[1 << n]), Ok(1.0));
        assert_eq!(decode(&bit, &[!(1 << n)]), Ok(0.0));
        assert_eq!(&*encode(&bit, 1.0).expect("a bit"), [1 << n]);
    }
}

fn a_type() -> impl Strategy<Value = RegisterType> {
    prop::sample::select(TYPES.to_vec())
}

fn an_order() -> impl Strategy<Value = ByteOrder> {
    prop::sample::select(ORDERS.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Every bit pattern survives the trip, whatever it means.
    #[test]
    fn raw_bits_survive_split_and_join(raw: u64, order in an_order(), ty in a_type()) {
        let bits = u32::from(ty.words()) * 16;
        let raw = raw & (u64::MAX >> (64 - bits));
        prop_assert_eq!(join(order, &split(order, raw, ty.words())), raw);
    }

    /// Integers that a float holds exactly come back as the same words; so do all finite floats.
    #[test]
    fn words_survive_decode_and_encode(raw: u64, ty in a_type(), order in an_order()) {
        let mut raw = raw & (u64::MAX >> (64 - u32::from(ty.words()) * 16));
        if ty == RegisterType::Uint64 || ty == RegisterType::Int64 {
            raw >>= 11;
        }
        let register = register(ty, order);
        let words = split(order, raw, ty.words());
        if let Ok(value) = decode(&register, &words) {
            prop_assert_eq!(encode(&register, value), Ok(words));
        } else {
            prop_assert!(ty == RegisterType::Float32 || ty == RegisterType::Float64);
        }
    }

    /// Negative 64-bit numbers within 53 bits are exact, too.
    #[test]
    fn negative_numbers_survive(n in -(1_i64 << 53)..0, order in an_order()) {
        let register = register(RegisterType::Int64, order);
        let value = convert::f64_from_i64(n);
        prop_assert_eq!(encode(&register, value).map(|w| decode(&register, &w)), Ok(Ok(value)));
    }

    /// A scaled value comes back within half a step, and no input panics.
    #[test]
    fn a_value_is_held_to_half_a_step(value: f64, ty in a_type(), order in an_order(), k in 1_u16..1000) {
        let mut register = register(ty, order);
        register.scale = f64::from(k) / 100.0;
        register.offset = -40.0;
        if let Ok(words) = encode(&register, value) {
            let back = decode(&register, &words).expect("what we wrote reads back");
            let slack = (register.scale / 2.0).max(value.abs() * 1e-6) * 1.000_001;
            prop_assert!((back - value).abs() <= slack, "{value} {back}");
        }
    }

    /// Whatever words a device sends, a value or a reason comes out.
    #[test]
    fn any_reply_gives_a_finite_value_or_a_reason(words in prop::collection::vec(any::<u16>(), 0..6), ty in a_type()) {
        if let Ok(value) = decode(&register(ty, ByteOrder::Abcd), &words) {
            prop_assert!(value.is_finite());
        }
    }
}
