//! The one place where numbers change their type. Every function is total and says what it does at the edges.
#![expect(clippy::as_conversions, reason = "this module exists to hold the casts")]

/// An unsigned count as a float. Exact up to 2^53.
#[must_use]
pub const fn f64_from_u64(n: u64) -> f64 {
    n as f64
}

/// A signed count as a float. Exact up to ±2^53.
#[must_use]
pub const fn f64_from_i64(n: i64) -> f64 {
    n as f64
}

/// A length or index as a float. Exact up to 2^53.
#[must_use]
pub const fn f64_from_usize(n: usize) -> f64 {
    n as f64
}

/// A float rounded half away from zero to an `i64`; saturates at the type's ends, NaN becomes 0.
#[must_use]
pub fn i64_from_f64_rounded(x: f64) -> i64 {
    x.round() as i64
}

/// A float rounded half away from zero to a `u64`; saturates at the type's ends, NaN becomes 0.
#[must_use]
pub fn u64_from_f64_rounded(x: f64) -> u64 {
    x.round() as u64
}

/// The whole number at or below a float from 0 up; saturates at the type's ends, NaN becomes 0.
#[must_use]
pub const fn u32_from_f64_below(x: f64) -> u32 {
    x as u32
}

/// The nearest single-precision value; out of range becomes an infinity.
#[must_use]
pub const fn f32_from_f64(x: f64) -> f32 {
    x as f32
}

/// A `u32` as an index of this machine.
#[must_use]
pub const fn usize_from_u32(n: u32) -> usize {
    n as usize
}

/// An index as a `u32`; saturates at `u32::MAX`, far beyond any table of this project.
#[must_use]
pub const fn u32_from_usize(n: usize) -> u32 {
    if n > u32::MAX as usize { u32::MAX } else { n as u32 }
}

/// A `usize` as a `u64`. Exact.
#[must_use]
pub const fn u64_from_usize(n: usize) -> u64 {
    n as u64
}

/// A `u64` as an index; saturates where the machine's index type is smaller.
#[must_use]
pub const fn usize_from_u64(n: u64) -> usize {
    if n > usize::MAX as u64 { usize::MAX } else { n as usize }
}

/// The same bits read as two's complement.
#[must_use]
pub const fn i64_from_bits(bits: u64) -> i64 {
    bits as i64
}

/// The two's complement bits of a signed number.
#[must_use]
pub const fn bits_from_i64(n: i64) -> u64 {
    n as u64
}

/// The low sixteen bits.
#[must_use]
pub const fn low_word(bits: u64) -> u16 {
    bits as u16
}

/// Nanoseconds of a standard duration; saturates after 584 years.
#[must_use]
pub const fn nanos_u64(d: std::time::Duration) -> u64 {
    let n = d.as_nanos();
    if n > u64::MAX as u128 { u64::MAX } else { n as u64 }
}
