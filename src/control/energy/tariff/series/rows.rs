//! The lines of a series, and the most frequent distance between them.

use std::collections::BTreeMap;

use plant::fault::{Fault, Faults};
use plant::time::Wall;

use crate::control::energy::tariff::decimal::{Decimal, Energy};

/// More faults than this say nothing new.
const MOST_FAULTS: usize = 20;

/// One row: where it begins, where it ends if it says so, and its energy or what the register showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub from: Wall,
    pub to: Wall,
    pub energy: Energy,
}

/// What a series is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Energy or mean power of intervals.
    Intervals,
    /// A cumulative register.
    Register,
}

/// Everything that was read, by time.
pub(super) struct Rows {
    pub kind: Kind,
    pub rows: Vec<Row>,
    /// How many stood before an earlier one.
    pub disorder: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Wh,
    Kwh,
    Kw,
    RegisterWh,
    RegisterKwh,
}

const COLUMNS: [(&str, Column); 5] = [
    ("energy_wh", Column::Wh),
    ("energy_kwh", Column::Kwh),
    ("kw", Column::Kw),
    ("register_wh", Column::RegisterWh),
    ("register_kwh", Column::RegisterKwh),
];

/// What a line says, before it is known how long rows are.
struct Said {
    from: Wall,
    to: Option<Wall>,
    value: Decimal,
}

impl Rows {
    pub(super) fn read(file: &str, text: &str) -> Result<Self, Faults> {
        let mut faults = Vec::new();
        let mut note = |line: usize, message: String, help: &str| {
            if faults.len() < MOST_FAULTS {
                faults.push(Fault { file: file.to_owned(), line, column: 1, message, help: help.to_owned() });
            }
        };
        let mut lines = text.trim_start_matches('\u{feff}').lines().enumerate();
        let header = lines.next().map_or("", |(_, line)| line.trim());
        let Some((ends, column)) = heading(header) else {
            let names = COLUMNS.map(|(name, _)| name).join(", ");
            let help = format!("write `time,VALUE` or `start,end,VALUE`, with one of {names}");
            note(1, format!("the first line `{header}` does not say what the columns are"), &help);
            return Err(Faults(faults));
        };
        let mut said = Vec::new();
        for (n, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
            match row(line, ends) {
                Ok(row) => said.push(row),
                Err((message, help)) => note(n + 1, message, help),
            }
        }
        let disorder = said.windows(2).filter(|pair| matches!(pair, [a, b] if b.from < a.from)).count();
        let step = step(&said);
        let register = matches!(column, Column::RegisterWh | Column::RegisterKwh);
        if step.is_none() && !ends || said.is_empty() {
            note(1, "this series is too short to say anything".to_owned(), "give it two rows or more, or `start,end`");
        }
        if !faults.is_empty() {
            return Err(Faults(faults));
        }
        let step = step.unwrap_or(0);
        let mut rows: Vec<Row> = said.iter().map(|said| said.row(column, step)).collect();
        rows.sort_unstable();
        Ok(Self { kind: if register { Kind::Register } else { Kind::Intervals }, rows, disorder })
    }
}

impl Said {
    fn row(&self, column: Column, step: i64) -> Row {
        let to = self.to.unwrap_or(Wall(self.from.0.saturating_add(step)));
        let energy = match column {
            Column::Wh | Column::RegisterWh => Energy::wh(self.value),
            Column::Kwh | Column::RegisterKwh => Energy::kw(self.value, 3_600_000),
            Column::Kw => Energy::kw(self.value, to.0 - self.from.0),
        };
        Row { from: self.from, to, energy }
    }
}

/// True for rows with an end, and what the value is.
fn heading(header: &str) -> Option<(bool, Column)> {
    let names: Vec<String> = header.split(',').map(|name| name.trim().to_ascii_lowercase()).collect();
    let column = |name: &String| COLUMNS.into_iter().find(|(known, _)| known == name).map(|(_, column)| column);
    match names.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["time", _] => Some((false, column(names.get(1)?)?)),
        ["start", "end", _] => {
            let column = column(names.get(2)?)?;
            (!matches!(column, Column::RegisterWh | Column::RegisterKwh)).then_some((true, column))
        }
        _ => None,
    }
}

fn row(line: &str, ends: bool) -> Result<Said, (String, &'static str)> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let (from, to, value) = match (fields.as_slice(), ends) {
        ([from, value], false) => (*from, None, *value),
        ([from, to, value], true) => (*from, Some(*to), *value),
        _ => {
            return Err((
                format!("`{line}` has not as many fields as the first line"),
                "give every row all its fields",
            ));
        }
    };
    let from = instant(from)?;
    let to = to.map(instant).transpose()?;
    if to.is_some_and(|to| to <= from) {
        return Err((format!("`{line}` ends before it begins"), "swap the two times"));
    }
    let value = Decimal::parse(value)
        .ok_or_else(|| (format!("`{value}` is no number of at most nine places"), "leave rows without a value out"))?;
    Ok(Said { from, to, value })
}

fn instant(text: &str) -> Result<Wall, (String, &'static str)> {
    let help = "write such as 2026-10-25T02:15:00+02:00, or with Z for UTC: without an offset an hour of the year is there twice";
    let at = text.parse::<jiff::Timestamp>().map_err(|_| (format!("`{text}` is no time with an offset"), help))?;
    Ok(Wall(at.as_millisecond()))
}

/// The most frequent distance from one row to the next (ms); of two the shorter. Nothing for less than two times.
fn step(said: &[Said]) -> Option<i64> {
    let mut times: Vec<i64> = said.iter().map(|said| said.from.0).collect();
    times.sort_unstable();
    times.dedup();
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    for pair in times.windows(2) {
        if let [a, b] = pair {
            *counts.entry(b - a).or_default() += 1;
        }
    }
    counts.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0))).map(|(step, _)| step)
}
