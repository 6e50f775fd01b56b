//! History as CSV, for people and their spreadsheets.

use std::io::{self, Write};

use super::HistoryError;
use super::store::Archive;

/// Which values to export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Series by name; every series when empty.
    pub names: Vec<String>,
    /// From when (ms since 1970), included.
    pub from: i64,
    /// To when (ms since 1970), included.
    pub to: i64,
}

/// Writes `time,point,value,unit,quality`, one line a value, series by series. Returns how many values.
///
/// # Errors
/// When the store cannot be read or the output not written.
pub fn export(archive: &Archive, selection: &Selection, out: &mut impl Write) -> Result<u64, HistoryError> {
    write!(out, "time,point,value,unit,quality\r\n")?;
    let mut count = 0_u64;
    for (name, unit) in archive.names()? {
        if !selection.names.is_empty() && !selection.names.contains(&name) {
            continue;
        }
        for (ts, value, quality) in archive.series(&name, selection.from, selection.to)? {
            write!(out, "{},{},", time(ts), cell(&name))?;
            if value.is_finite() {
                write!(out, "{value}")?;
            }
            write!(out, ",{},{}\r\n", cell(&unit), quality_word(quality))?;
            count = count.saturating_add(1);
        }
    }
    Ok(count)
}

impl From<io::Error> for HistoryError {
    fn from(e: io::Error) -> Self {
        Self::Io(e)
    }
}

/// A text as one cell. What a spreadsheet would take for a formula gets an apostrophe before it.
#[must_use]
pub fn cell(text: &str) -> String {
    let formula = text.trim_start().starts_with(['=', '+', '-', '@']) || text.starts_with(['\t', '\r', '\n']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

fn time(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |t| t.to_string())
}

fn quality_word(code: u16) -> String {
    match code {
        192 => "good".to_owned(),
        500 => "stale".to_owned(),
        0 => "bad".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (text, cell_text) in [
            ("crah-1/fan-speed", "crah-1/fan-speed"),
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("  =1", "'  =1"),
            ("\t=1", "'\t=1"),
            ("a,b", "\"a,b\""),
            ("=\"x\"", "\"'=\"\"x\"\"\""),
            ("%{RH}", "%{RH}"),
        ] {
            assert_eq!(cell(text), cell_text);
        }
    }
}
