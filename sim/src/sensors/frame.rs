//! A reading as words of a register, and what comes out of words that are wrong.
//!
//! Some faults happen on the wire: bytes swapped, a frame of zeros, the codes with which devices say that they have no value.
//! In process there is no wire; what such a fault reads is the number that would be decoded from the wrong words, by the
//! same codec as the field's. Without a device map the register is taken to be the usual one: a signed word that counts
//! the channel's steps, tenths where it has none; two words where one is too narrow for the reading.

use plant::device::codec;
use plant::device::{Access, ByteOrder, Register, RegisterTable, RegisterType};
use plant::reading::Why;
use plant::time::Span;
use plant::units::Unit;

/// What is wrong with the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// The bytes of every word are swapped.
    Swapped,
    /// All words are zero.
    Zero,
    /// All words are 0xFFFF.
    Ones,
    /// The first word is 0x8000, the others zero.
    Sign,
    /// The largest number that the register holds.
    Largest,
}

/// What a register that ought to hold `value` reads with wrong words.
///
/// # Errors
/// What the field's codec says to these words: an invalid code of the product, a range, no number.
pub(super) fn read(register: Option<&Register>, value: f64, step: f64, wrong: Wrong) -> Result<f64, Why> {
    match register {
        Some(register) => decode(register, value, wrong),
        None => decode(&usual(value, step), value, wrong),
    }
}

fn decode(register: &Register, value: f64, wrong: Wrong) -> Result<f64, Why> {
    let len = codec::word_count(register);
    let held = value.max(register.min).min(register.max);
    let raw = match wrong {
        Wrong::Swapped => {
            let words = codec::encode(register, held).map_err(|_| Why::NotANumber)?;
            let mut swapped = [0u16; 4];
            for (into, word) in swapped.iter_mut().zip(words.iter()) {
                *into = word.swap_bytes();
            }
            return codec::decode(register, swapped.get(..usize::from(len)).unwrap_or(&swapped));
        }
        Wrong::Zero => 0,
        Wrong::Ones => u64::MAX,
        Wrong::Sign => 0x8000_0000_0000_0000,
        Wrong::Largest => match register.ty {
            RegisterType::Int16 | RegisterType::Int32 | RegisterType::Int64 => 0x7FFF_FFFF_FFFF_FFFF,
            RegisterType::Bool
            | RegisterType::Bit(_)
            | RegisterType::Uint16
            | RegisterType::Uint32
            | RegisterType::Uint64 => u64::MAX,
            RegisterType::Float32 => u64::from(f32::MAX.to_bits()) << 32,
            RegisterType::Float64 => f64::MAX.to_bits(),
        },
    };
    // The pattern stands at the top of 64 bits; a shorter register has only its upper words.
    let shorter = 64u32.saturating_sub(u32::from(len).saturating_mul(16));
    codec::decode(register, &codec::split(register.byte_order, raw >> shorter, len))
}

fn usual(value: f64, step: f64) -> Register {
    let scale = if step > 0.0 { step } else { 0.1 };
    let narrow = (value / scale).abs() < 32_767.0;
    Register {
        point: String::new(),
        table: RegisterTable::Input,
        address: 0,
        ty: if narrow { RegisterType::Int16 } else { RegisterType::Int32 },
        byte_order: ByteOrder::Abcd,
        scale,
        offset: 0.0,
        unit: Unit::One,
        invalid: Vec::new(),
        min: f64::NEG_INFINITY,
        max: f64::INFINITY,
        poll: Span::ZERO,
        access: Access::Ro,
        write: None,
        place: (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_register_reads_what_a_word_says() {
        let read = |value, wrong| read(None, value, 0.1, wrong);
        // 24.1 is 241 tenths, 0x00F1; swapped it is 0xF100, −3840 tenths.
        assert_eq!(read(24.1, Wrong::Swapped), Ok(-384.0));
        assert_eq!(read(24.1, Wrong::Zero), Ok(0.0));
        assert_eq!(read(24.1, Wrong::Ones), Ok(-0.1));
        assert_eq!(read(24.1, Wrong::Sign), Ok(-3276.8));
        assert_eq!(read(24.1, Wrong::Largest).map(|v| (v * 10.0).round()), Ok(32_767.0));
        // 5 MW in tenths need two words: 50,000,000 is 0x02FAF080, swapped 0xFA0280F0.
        assert_eq!(read(5e6, Wrong::Swapped).map(|v| (v * 10.0).round()), Ok(-100_499_216.0));
    }

    #[test]
    fn a_products_register_answers_by_its_map() {
        let map = Register { invalid: vec![0x8000], max: 100.0, min: -40.0, ..usual(24.1, 0.1) };
        let by_map = |wrong| read(Some(&map), 24.1, 0.0, wrong);
        assert_eq!(by_map(Wrong::Sign), Err(Why::InvalidCode));
        assert_eq!(by_map(Wrong::Swapped), Err(Why::Range));
        assert_eq!(by_map(Wrong::Ones), Ok(-0.1));
        let float = Register { ty: RegisterType::Float32, scale: 1.0, ..usual(0.0, 1.0) };
        assert_eq!(read(Some(&float), 24.1, 0.0, Wrong::Ones), Err(Why::NotANumber));
        assert_eq!(read(Some(&float), 24.1, 0.0, Wrong::Zero), Ok(0.0));
        assert_eq!(read(Some(&float), 24.1, 0.0, Wrong::Largest), Ok(f64::from(f32::MAX)));
    }
}
