//! How numbers and sections of a physics file are read: missing ones and ones out of range are faults, and reading goes on.

use plant::read::Section;

/// Shares and efficiencies.
pub const SHARE: (f64, f64) = (0.0, 1.0);
/// What must not be zero.
pub const POSITIVE: (f64, f64) = (1e-12, 1e15);
/// Zero or more.
pub const AT_LEAST_ZERO: (f64, f64) = (0.0, 1e15);

/// Any number.
pub const ANY: (f64, f64) = (-1e15, 1e15);

/// A section that must be there.
pub fn need<T>(all: &Section<'_>, key: &'static str, read: impl Fn(&Section<'_>) -> T) -> Option<T> {
    let section = all.need_section(key)?;
    let value = read(&section);
    section.done();
    Some(value)
}

/// A section that may be there.
pub fn maybe<T>(all: &Section<'_>, key: &'static str, read: impl Fn(&Section<'_>) -> T) -> Option<T> {
    if all.has(key) { need(all, key, read) } else { None }
}

/// A number in a range. A fault gives the range's lower end, which nobody sees because loading fails.
pub fn number(of: &Section<'_>, key: &'static str, range: (f64, f64)) -> f64 {
    if !of.has(key) {
        of.missing(key, format!("write `{key} = …`, a number"));
    }
    of.within(key, range).unwrap_or(range.0)
}

/// A number, zero where it is not given.
pub fn number_or_zero(of: &Section<'_>, key: &'static str, range: (f64, f64)) -> f64 {
    of.within(key, range).unwrap_or(0.0)
}
