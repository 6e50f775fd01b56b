//! A recording as CSV: one row a bucket, one column a signal, or three where a bucket sums up several steps.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula. Such a text gets an apostrophe in front, and so
//! does one that begins with an apostrophe: whoever reads the file takes one away and has the text again.

use std::fmt::Write as _;

use plant::convert;
use plant::time::Wall;

use super::{Mark, MarkKind, Recording, Stretch};
use crate::calendar::iso;
use plant::event::Severity;

impl Recording {
    /// The recording as CSV (UTF-8, comma, line feed). `time` is a row's end in UTC, `seconds` the same since the beginning; what
    /// is missing is an empty cell; the last column tells what happened in the row's time.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut text = String::from("time,seconds");
        for signal in &self.signals {
            for statistic in self.statistics() {
                text.push(',');
                cell(&mut text, &format!("{} [{}]{statistic}", signal.name, signal.unit));
            }
        }
        text.push_str(",events\n");
        let mut marks: Vec<&Mark> = self.marks.iter().collect();
        marks.sort_by_key(|mark| mark.at);
        let mut marks = marks.into_iter().peekable();
        let last = self.len().saturating_sub(1);
        for (row, buckets) in self.rows.chunks(self.signals.len().max(1)).enumerate() {
            let end = self.end_of(row);
            let wall = self.start.0.saturating_add(convert::i64_from_f64_rounded(end * 1e3));
            text.push_str(&iso(Wall(wall)));
            text.push(',');
            number(&mut text, end);
            for stretch in buckets.iter().map(super::Bucket::stretch) {
                self.stretch(&mut text, stretch);
            }
            text.push(',');
            let mut told = String::new();
            while let Some(mark) = marks.next_if(|mark| row == last || mark.at.seconds() < end) {
                if !told.is_empty() {
                    told.push_str("; ");
                }
                let _ = write!(told, "{}: {}", mark.kind.word(), mark.text.replace(char::is_control, " "));
            }
            cell(&mut text, &told);
            text.push('\n');
        }
        text
    }

    const fn statistics(&self) -> &'static [&'static str] {
        if self.summary { &["", " min", " max"] } else { &[""] }
    }

    fn stretch(&self, text: &mut String, stretch: Option<Stretch>) {
        text.push(',');
        match stretch {
            Some(Stretch { low, mean, high }) => {
                number(text, mean);
                if self.summary {
                    text.push(',');
                    number(text, low);
                    text.push(',');
                    number(text, high);
                }
            }
            None if self.summary => text.push_str(",,"),
            None => {}
        }
    }
}

impl MarkKind {
    /// What a person calls it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Scenario => "scenario",
            Self::Event(Severity::Info) => "info",
            Self::Event(Severity::Warning) => "warning",
            Self::Event(Severity::Error) => "error",
            Self::Failed => "failed",
        }
    }
}

/// Appends a text as one cell that no spreadsheet calculates.
fn cell(into: &mut String, text: &str) {
    let guard = if text.starts_with(['=', '+', '-', '@', '\'', '\t', '＝', '＋', '－', '＠']) { "'" } else { "" };
    if text.contains([',', '"', '\n', '\r', ';']) {
        let _ = write!(into, "\"{guard}{}\"", text.replace('"', "\"\""));
    } else {
        into.push_str(guard);
        into.push_str(text);
    }
}

/// The cells of a line, as [`cell`] wrote them.
pub fn cells(line: &str) -> Vec<String> {
    let mut cells = Vec::new();
    let (mut text, mut quoted) = (String::new(), false);
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if quoted && rest.peek() == Some(&'"') => {
                rest.next();
                text.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut text)),
            c => text.push(c),
        }
    }
    cells.push(text);
    cells.into_iter().map(|text| text.strip_prefix('\'').map(str::to_owned).unwrap_or(text)).collect()
}

/// Appends a number with nine significant digits and no more zeros than it takes.
pub fn number(into: &mut String, value: f64) {
    let magnitude = if value == 0.0 { 0.0 } else { libm::log10(value.abs()).floor() };
    let decimals = convert::usize_from_u64(convert::u64_from_f64_rounded((8.0 - magnitude).clamp(0.0, 15.0)));
    let text = format!("{value:.decimals$}");
    let short = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    into.push_str(if short == "-0" { "0" } else { short });
}
