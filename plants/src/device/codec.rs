//! Registers to numbers and back. Nothing here allocates.
//!
//! ```text
//! words on the wire ── order ──▶ raw bits ── invalid? ──▶ number ── · scale + offset ──▶ value in the register's unit
//! ```

use std::fmt;
use std::ops::Deref;

use super::{ByteOrder, Register, RegisterType};
use crate::convert;
use crate::reading::Why;

/// One to four words as they go over the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words {
    words: [u16; 4],
    len: usize,
}

impl Deref for Words {
    type Target = [u16];

    fn deref(&self) -> &[u16] {
        self.words.get(..self.len).unwrap_or(&self.words)
    }
}

/// Why a value cannot be put into a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodeFault {
    /// Not a finite number.
    NotANumber,
    /// Too large or too small for the type after scaling, or no bit.
    OutsideType,
    /// The bits would mean "no value".
    InvalidCode,
}

impl fmt::Display for EncodeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotANumber => "not a finite number",
            Self::OutsideType => "does not fit the register's type",
            Self::InvalidCode => "would read as the code for no value",
        })
    }
}

impl std::error::Error for EncodeFault {}

/// How many words a register spans, 1 to 4. A coil or discrete input counts as 1 bit.
#[must_use]
pub const fn word_count(register: &Register) -> u16 {
    register.ty.words()
}

impl RegisterType {
    /// How many words (or bits, for [`RegisterType::Bool`]) a value spans, 1 to 4.
    #[must_use]
    #[inline]
    pub const fn words(self) -> u16 {
        match self {
            Self::Bool | Self::Bit(_) | Self::Int16 | Self::Uint16 => 1,
            Self::Int32 | Self::Uint32 | Self::Float32 => 2,
            Self::Int64 | Self::Uint64 | Self::Float64 => 4,
        }
    }
}

/// What decoding needs of a register, and nothing else: small, for whoever decodes many in a row. `I` holds the codes for
/// "no value".
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decoder<I> {
    ty: RegisterType,
    order: ByteOrder,
    scale: f64,
    offset: f64,
    min: f64,
    max: f64,
    /// One unsigned word in the usual order that is always a value: what most registers are.
    plain: bool,
    invalid: I,
}

impl<'a> Decoder<&'a [u64]> {
    /// The decoder of a register.
    #[must_use]
    pub fn of(register: &'a Register) -> Self {
        let &Register { ty, byte_order: order, scale, offset, min, max, .. } = register;
        let plain = ty == RegisterType::Uint16 && order == ByteOrder::Abcd && register.invalid.is_empty();
        Self { ty, order, scale, offset, min, max, plain, invalid: &register.invalid }
    }

    /// The same without the register.
    #[must_use]
    pub fn owned(self) -> Decoder<Codes> {
        let Self { ty, order, scale, offset, min, max, plain, invalid } = self;
        let invalid = match *invalid {
            [] => Codes::None,
            [code] => Codes::One(code),
            _ => Codes::More(invalid.into()),
        };
        Decoder { ty, order, scale, offset, min, max, plain, invalid }
    }
}

/// The codes for "no value" of one register. Most products have none or one, which is kept at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Codes {
    /// Every code is a value.
    None,
    /// One is not.
    One(u64),
    /// Several are not.
    More(Box<[u64]>),
}

impl AsRef<[u64]> for Codes {
    #[inline]
    fn as_ref(&self) -> &[u64] {
        match self {
            Self::None => &[],
            Self::One(code) => std::slice::from_ref(code),
            Self::More(codes) => codes,
        }
    }
}

impl<I: AsRef<[u64]>> Decoder<I> {
    /// The value of the register in its unit.
    ///
    /// # Errors
    /// As for [`decode`].
    #[inline]
    pub fn decode(&self, words: &[u16]) -> Result<f64, Why> {
        if let ([word], true) = (words, self.plain) {
            return self.scaled(f64::from(*word));
        }
        if words.len() != usize::from(self.ty.words()) {
            return Err(Why::NotANumber);
        }
        let raw = join(self.order, words);
        if self.invalid.as_ref().contains(&raw) {
            return Err(Why::InvalidCode);
        }
        self.scaled(self.ty.number(raw))
    }

    /// The value of a coil or discrete input in its unit.
    ///
    /// # Errors
    /// As for [`decode_bit`].
    #[inline]
    pub fn decode_bit(&self, bit: bool) -> Result<f64, Why> {
        self.scaled(f64::from(u8::from(bit)))
    }

    #[inline]
    fn scaled(&self, number: f64) -> Result<f64, Why> {
        let value = number * self.scale + self.offset;
        if !value.is_finite() {
            Err(Why::NotANumber)
        } else if value < self.min || value > self.max {
            Err(Why::Range)
        } else {
            Ok(value)
        }
    }
}

impl RegisterType {
    /// The number that raw bits mean, before scaling.
    #[inline]
    fn number(self, raw: u64) -> f64 {
        match self {
            Self::Bool => convert::f64_from_u64(raw.min(1)),
            Self::Bit(n) => convert::f64_from_u64(raw.checked_shr(u32::from(n)).unwrap_or(0) & 1),
            Self::Uint16 | Self::Uint32 | Self::Uint64 => convert::f64_from_u64(raw),
            Self::Int16 => convert::f64_from_i64(convert::i64_from_bits(raw << 48) >> 48),
            Self::Int32 => convert::f64_from_i64(convert::i64_from_bits(raw << 32) >> 32),
            Self::Int64 => convert::f64_from_i64(convert::i64_from_bits(raw)),
            Self::Float32 => f64::from(f32::from_bits(u32::try_from(raw).unwrap_or(0))),
            Self::Float64 => f64::from_bits(raw),
        }
    }
}

/// The value of a register in its unit.
///
/// # Errors
/// [`Why::InvalidCode`] for a code of the product, [`Why::NotANumber`] for a number that is not finite or a reply of the
/// wrong length, [`Why::Range`] outside the register's `min` and `max`.
pub fn decode(register: &Register, words: &[u16]) -> Result<f64, Why> {
    Decoder::of(register).decode(words)
}

/// The value of a coil or discrete input in its unit.
///
/// # Errors
/// [`Why::Range`] outside the register's `min` and `max`.
pub fn decode_bit(register: &Register, bit: bool) -> Result<f64, Why> {
    Decoder::of(register).decode_bit(bit)
}

/// The words that hold a value given in the register's unit, rounded to the nearest step. One bit of a word comes as a
/// word with the other bits clear.
///
/// # Errors
/// What keeps the value out of the register.
pub fn encode(register: &Register, value: f64) -> Result<Words, EncodeFault> {
    let number = raw_number(register, value)?;
    let raw = match register.ty {
        RegisterType::Bool => u64::from(encode_bit(register, value)?),
        RegisterType::Bit(n) => u64::from(encode_bit(register, value)?).checked_shl(u32::from(n)).unwrap_or(0),
        RegisterType::Uint16 => unsigned(number, u64::from(u16::MAX))?,
        RegisterType::Uint32 => unsigned(number, u64::from(u32::MAX))?,
        RegisterType::Uint64 => unsigned(number, u64::MAX)?,
        RegisterType::Int16 => signed(number, i64::from(i16::MIN), i64::from(i16::MAX))? & 0xFFFF,
        RegisterType::Int32 => signed(number, i64::from(i32::MIN), i64::from(i32::MAX))? & 0xFFFF_FFFF,
        RegisterType::Int64 => signed(number, i64::MIN, i64::MAX)?,
        RegisterType::Float32 => {
            let single = convert::f32_from_f64(number);
            if !single.is_finite() {
                return Err(EncodeFault::OutsideType);
            }
            u64::from(single.to_bits())
        }
        RegisterType::Float64 => number.to_bits(),
    };
    if register.invalid.contains(&raw) {
        return Err(EncodeFault::InvalidCode);
    }
    Ok(split(register.byte_order, raw, register.ty.words()))
}

/// The bit that stands for a value given in the register's unit: the nearer of the two.
///
/// # Errors
/// What keeps the value out of a bit.
pub fn encode_bit(register: &Register, value: f64) -> Result<bool, EncodeFault> {
    let number = raw_number(register, value)?;
    if !(-0.5..=1.5).contains(&number) {
        return Err(EncodeFault::OutsideType);
    }
    Ok(number >= 0.5)
}

/// The raw bits of words as they came over the wire, up to four.
#[must_use]
#[inline]
pub fn join(order: ByteOrder, words: &[u16]) -> u64 {
    let (reversed, swapped) = order.moves();
    let own = |word: u16| u64::from(if swapped { word.swap_bytes() } else { word });
    if let [word] = words {
        return own(*word);
    }
    let push = |raw: u64, word: &u16| (raw << 16) | own(*word);
    if reversed { words.iter().rev().fold(0, push) } else { words.iter().fold(0, push) }
}

/// Raw bits as words for the wire: the way back of [`join`].
#[must_use]
pub fn split(order: ByteOrder, raw: u64, words: u16) -> Words {
    let (reversed, swapped) = order.moves();
    let mut out = Words { words: [0; 4], len: usize::from(words.min(4)) };
    let mut rest = raw;
    let mut place = |word: &mut u16| {
        let low = convert::low_word(rest);
        *word = if swapped { low.swap_bytes() } else { low };
        rest >>= 16;
    };
    let filled = out.words.iter_mut().take(out.len);
    if reversed {
        filled.for_each(&mut place)
    } else {
        filled.rev().for_each(&mut place)
    }
    out
}

impl ByteOrder {
    /// Whether the least significant word comes first, and whether the bytes of a word are swapped.
    #[inline]
    const fn moves(self) -> (bool, bool) {
        match self {
            Self::Abcd => (false, false),
            Self::Cdab => (true, false),
            Self::Badc => (false, true),
            Self::Dcba => (true, true),
        }
    }
}

fn raw_number(register: &Register, value: f64) -> Result<f64, EncodeFault> {
    let number = (value - register.offset) / register.scale;
    if number.is_finite() { Ok(number) } else { Err(EncodeFault::NotANumber) }
}

/// Two to the 63rd and 64th, where the casts begin to saturate.
const TWO_63: f64 = 9_223_372_036_854_775_808.0;
const TWO_64: f64 = 18_446_744_073_709_551_616.0;

fn unsigned(number: f64, max: u64) -> Result<u64, EncodeFault> {
    let raw = convert::u64_from_f64_rounded(number);
    if number <= -0.5 || number >= TWO_64 || raw > max { Err(EncodeFault::OutsideType) } else { Ok(raw) }
}

fn signed(number: f64, min: i64, max: i64) -> Result<u64, EncodeFault> {
    let raw = convert::i64_from_f64_rounded(number);
    if !(-TWO_63..TWO_63).contains(&number) || raw < min || raw > max {
        Err(EncodeFault::OutsideType)
    } else {
        Ok(convert::bits_from_i64(raw))
    }
}

#[cfg(test)]
#[path = "codec/tests.rs"]
mod tests;
