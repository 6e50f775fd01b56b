//! The lines of an EPW file: its eight heads, its records, and what is wrong with them.

use plant::convert;
use plant::read::Source;

use super::{Epw, Hour, Place, calendar};
use crate::psychrometrics::{pressure_at, saturation};

/// The eight heads, in order.
const HEADS: [&str; 8] = [
    "LOCATION",
    "DESIGN CONDITIONS",
    "TYPICAL/EXTREME PERIODS",
    "GROUND TEMPERATURES",
    "HOLIDAYS/DAYLIGHT SAVINGS",
    "COMMENTS 1",
    "COMMENTS 2",
    "DATA PERIODS",
];
/// Missing values are bridged over so many hours at the most.
const LONGEST_GAP: usize = 24;

/// One column that is read: its place, its name, its range, and from where on a value means "missing".
struct Column {
    place: usize,
    name: &'static str,
    range: (f64, f64),
    missing: f64,
}

const DRY_BULB: Column = Column { place: 6, name: "dry bulb", range: (-70.0, 70.0), missing: 99.9 };
const DEW_POINT: Column = Column { place: 7, name: "dew point", range: (-90.0, 70.0), missing: 99.9 };
const HUMIDITY: Column = Column { place: 8, name: "relative humidity", range: (0.0, 110.0), missing: 999.0 };
const PRESSURE: Column = Column { place: 9, name: "pressure", range: (31_000.0, 120_000.0), missing: 999_999.0 };
const DIRECT: Column = Column { place: 14, name: "direct radiation", range: (0.0, 2000.0), missing: 9999.0 };
const DIFFUSE: Column = Column { place: 15, name: "diffuse radiation", range: (0.0, 2000.0), missing: 9999.0 };
const WIND: Column = Column { place: 21, name: "wind", range: (0.0, 100.0), missing: 999.0 };

/// One record's fields with the line they stand in.
struct Line<'t> {
    number: usize,
    text: &'t str,
}

/// What the records say, column by column.
#[derive(Default)]
struct Columns {
    dry_bulb: Vec<Option<f64>>,
    dew_point: Vec<Option<f64>>,
    humidity: Vec<Option<f64>>,
    pressure: Vec<Option<f64>>,
    direct: Vec<Option<f64>>,
    diffuse: Vec<Option<f64>>,
    wind: Vec<Option<f64>>,
    /// The line of each record.
    lines: Vec<usize>,
}

/// The year of a file, with its faults noted at `source`.
pub fn read(source: &Source<'_>, text: &str) -> Option<Epw> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines().enumerate().map(|(n, text)| Line { number: n.saturating_add(1), text });
    let first = lines.next().unwrap_or(Line { number: 1, text: "" });
    if !first.text.starts_with("LOCATION,") {
        let help = "give a file that begins with `LOCATION,…` and has eight such lines before its records";
        source.fault_at((1, 1), "this is no EPW file: its first line is no LOCATION", help);
        return None;
    }
    let place = location(source, &first);
    for head in HEADS.iter().skip(1) {
        let line = lines.next().unwrap_or(Line { number: first.number, text: "" });
        if !line.text.to_ascii_uppercase().starts_with(head) {
            source.fault_at(
                (line.number, 1),
                format!("line `{head}` is missing here"),
                "write the eight heads in order",
            );
            return None;
        }
        if *head == "DATA PERIODS" {
            periods(source, &line);
        }
    }
    let records: Vec<Line<'_>> = lines.filter(|l| !l.text.trim().is_empty()).collect();
    let leap = records.iter().any(|l| field(l.text, 1).1.trim() == "2" && field(l.text, 2).1.trim() == "29");
    dates(source, &records, leap);
    let mut columns = Columns::default();
    for line in &records {
        columns.take(source, line);
    }
    let hours = columns.hours(source, &place);
    Some(Epw { place, hours, leap })
}

fn location(source: &Source<'_>, line: &Line<'_>) -> Place {
    let number = |place: usize, name: &'static str, range: (f64, f64)| {
        value(source, line, &Column { place, name, range, missing: f64::INFINITY }).unwrap_or(0.0)
    };
    Place {
        name: field(line.text, 1).1.trim().to_owned(),
        latitude: number(6, "latitude", (-90.0, 90.0)),
        longitude: number(7, "longitude", (-180.0, 180.0)),
        zone: number(8, "time zone", (-12.0, 14.0)),
        elevation: number(9, "elevation", (-1000.0, 10_000.0)),
    }
}

fn periods(source: &Source<'_>, line: &Line<'_>) {
    for (place, what) in [(1, "periods"), (2, "records an hour")] {
        let (column, text) = field(line.text, place);
        if text.trim() != "1" {
            let message = format!("this file has `{}` {what}, and only 1 can be read", text.trim());
            source.fault_at((line.number, column), message, "take the hourly file of one whole year");
        }
    }
}

/// Every record must be the hour after the one before it, from 1 January on, and the last the end of the year.
fn dates(source: &Source<'_>, records: &[Line<'_>], leap: bool) {
    let days: usize = if leap { 366 } else { 365 };
    let mut expected = 0;
    for line in records {
        let whole = |place| field(line.text, place).1.trim().parse::<usize>().ok();
        let (month, day, hour) = (whole(1), whole(2), whole(3));
        let at = match (month, day, hour) {
            (Some(month), Some(day), Some(hour @ 1..=24)) => calendar::day_of(month, day, leap)
                .and_then(|of_year| of_year.checked_mul(24)?.checked_add(hour)?.checked_sub(1)),
            (_, _, _) => None,
        };
        let place = (line.number, field(line.text, 1).0);
        match at {
            None => {
                let message = "month, day and hour of this record are no time of a year";
                source.fault_at(place, message, "write month 1 to 12, day, and hour 1 to 24");
            }
            Some(at) if at != expected => {
                let message = format!("this is hour {} of the year, and hour {} belongs here", at + 1, expected + 1);
                source.fault_at(place, message, "put the records in order, one for every hour");
            }
            Some(_) => {}
        }
        expected = at.unwrap_or(expected).saturating_add(1);
    }
    if records.len() != days.saturating_mul(24) {
        let message = format!("a year of {days} days has {} records, and this file has {}", days * 24, records.len());
        let last = records.last().map_or(HEADS.len(), |l| l.number);
        source.fault_at((last, 1), message, "take a file of one whole year, 8760 or 8784 hours");
    }
}

impl Columns {
    fn take(&mut self, source: &Source<'_>, line: &Line<'_>) {
        self.lines.push(line.number);
        let fields = line.text.split(',').count();
        if fields <= WIND.place {
            let end = line.text.chars().count().saturating_add(1);
            let message = format!("this record has {fields} fields, and {} are needed", WIND.place + 1);
            source.fault_at((line.number, end), message, "give the whole record");
            return;
        }
        for (into, column) in [
            (&mut self.dry_bulb, &DRY_BULB),
            (&mut self.dew_point, &DEW_POINT),
            (&mut self.humidity, &HUMIDITY),
            (&mut self.pressure, &PRESSURE),
            (&mut self.direct, &DIRECT),
            (&mut self.diffuse, &DIFFUSE),
            (&mut self.wind, &WIND),
        ] {
            into.push(value(source, line, column));
        }
    }

    /// The hours, with what is missing bridged; faults where that cannot be.
    fn hours(mut self, source: &Source<'_>, place: &Place) -> Vec<Hour> {
        for (dew_point, (dry_bulb, humidity)) in self.dew_point.iter_mut().zip(self.dry_bulb.iter().zip(&self.humidity))
        {
            if let (None, Some(dry_bulb), Some(humidity)) = (*dew_point, dry_bulb, humidity) {
                let vapour = saturation::vapour_pressure(*dry_bulb) * (humidity / 100.0).max(1e-4);
                *dew_point = Some(saturation::dew_point(vapour));
            }
        }
        let standard = pressure_at(place.elevation);
        for pressure in &mut self.pressure {
            pressure.get_or_insert(standard);
        }
        for unsaid in [&mut self.wind, &mut self.direct, &mut self.diffuse] {
            if unsaid.iter().all(Option::is_none) {
                unsaid.fill(Some(0.0));
            }
        }
        let whole = |column: &Column, values: &[Option<f64>]| bridged(source, column, values, &self.lines);
        let (dry_bulb, dew_point) = (whole(&DRY_BULB, &self.dry_bulb), whole(&DEW_POINT, &self.dew_point));
        let (direct, diffuse) = (whole(&DIRECT, &self.direct), whole(&DIFFUSE, &self.diffuse));
        let (wind, pressure) = (whole(&WIND, &self.wind), whole(&PRESSURE, &self.pressure));
        let at = |values: &[f64], n: usize| values.get(n).copied().unwrap_or(0.0);
        (0..dry_bulb.len())
            .map(|n| Hour {
                dry_bulb: at(&dry_bulb, n),
                dew_point: at(&dew_point, n).min(at(&dry_bulb, n)),
                pressure: at(&pressure, n),
                wind: at(&wind, n),
                direct: at(&direct, n),
                diffuse: at(&diffuse, n),
            })
            .collect()
    }
}

/// Gaps filled in a straight line, over the year's end where they reach it; a fault for one that is too long.
fn bridged(source: &Source<'_>, column: &Column, values: &[Option<f64>], lines: &[usize]) -> Vec<f64> {
    let count = values.len();
    let at = |n: usize| values.get(n.checked_rem(count).unwrap_or(0)).copied().flatten();
    let mut filled = vec![0.0; count];
    let mut told = 0;
    for (n, into) in filled.iter_mut().enumerate() {
        if let Some(value) = at(n) {
            *into = value;
            continue;
        }
        let back = (1..=count).find(|k| at(n.saturating_add(count).saturating_sub(*k)).is_some());
        let ahead = (1..=count).find(|k| at(n.saturating_add(*k)).is_some());
        let (Some(back), Some(ahead)) = (back, ahead) else {
            let place = (lines.first().copied().unwrap_or(1), 1);
            source.fault_at(place, format!("no record has a {}", column.name), "take a file that has it");
            break;
        };
        let gap = back.saturating_add(ahead).saturating_sub(1);
        if gap > LONGEST_GAP && n >= told {
            let place = (lines.get(n).copied().unwrap_or(1), 1);
            let message =
                format!("the {} is missing for {gap} hours from here, {LONGEST_GAP} at most are bridged", column.name);
            source.fault_at(place, message, "fill the gap in the file");
            told = n.saturating_add(ahead);
        }
        let (a, b) = (at(n.saturating_add(count).saturating_sub(back)), at(n.saturating_add(ahead)));
        let (a, b) = (a.unwrap_or(0.0), b.unwrap_or(0.0));
        let share = convert::f64_from_usize(back) / convert::f64_from_usize(back.saturating_add(ahead));
        *into = a + share * (b - a);
    }
    filled
}

/// A field's number; nothing where it is missing or at fault.
fn value(source: &Source<'_>, line: &Line<'_>, column: &Column) -> Option<f64> {
    let (at, text) = field(line.text, column.place);
    let text = text.trim();
    let (low, high) = column.range;
    match text.parse::<f64>() {
        Ok(value) if (low..=high).contains(&value) && value < column.missing => Some(value),
        // A blank field and the dictionary's code say the same.
        Ok(value) if value >= column.missing => None,
        Err(_) if text.is_empty() && column.missing.is_finite() => None,
        Ok(_) | Err(_) => {
            let message = format!("the {} is `{text}` and must be a number from {low} to {high}", column.name);
            let help = if column.missing.is_finite() {
                format!("write {} where it is missing", column.missing)
            } else {
                "write the number".to_owned()
            };
            source.fault_at((line.number, at), message, help);
            None
        }
    }
}

/// The field in this place (from 0) and the column, from 1, where it starts.
fn field(line: &str, place: usize) -> (usize, &str) {
    let mut start = 1usize;
    for (n, text) in line.split(',').enumerate() {
        if n == place {
            return (start, text);
        }
        start = start.saturating_add(text.chars().count()).saturating_add(1);
    }
    (start, "")
}
