//! Line protocol: one value as one line that no name, however odd, can break.

use std::fmt::Write;

use super::series::{Row, Series};

/// Tag values longer than this are cut (characters).
const MAX_TAG: usize = 256;

/// The part of a series' lines that never changes: measurement and tags.
#[must_use]
pub fn head(series: &Series) -> String {
    let mut head = series.quantity().to_owned();
    for (key, value) in [("site", &series.site), ("equip", &series.equip), ("point", &series.point)] {
        let value = tag(value);
        // An empty tag is no tag: the line would be refused.
        if !value.is_empty() {
            head.push(',');
            head.push_str(key);
            head.push('=');
            head.push_str(&value);
        }
    }
    head
}

/// Appends a row as a line with its time in milliseconds. A value that is not finite is left out; its quality stays.
pub fn line(head: &str, row: &Row, out: &mut String) {
    out.push_str(head);
    out.push(' ');
    // Writing to a string cannot fail.
    if row.value.is_finite() {
        write!(out, "value={},", row.value).ok();
    }
    writeln!(out, "quality={}i {}", row.quality, row.ts).ok();
}

/// A tag's value, made safe: control characters become spaces, backslashes slashes (the protocol cannot escape them
/// everywhere); commas, equals signs and spaces are escaped.
#[must_use]
pub fn tag(value: &str) -> String {
    let mut safe = String::with_capacity(value.len());
    for c in value.trim().chars().take(MAX_TAG) {
        match c {
            ',' | '=' | ' ' => {
                safe.push('\\');
                safe.push(c);
            }
            '\\' => safe.push('/'),
            c if c.is_control() => safe.push_str("\\ "),
            c => safe.push(c),
        }
    }
    safe
}
