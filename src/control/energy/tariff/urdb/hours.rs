//! Schedules of twelve months by twenty-four hours as seasons, days and times of day.

use std::collections::BTreeMap;

use serde_json::Value;

use plant::civil::MONTHS;

/// The last day of each month; of February in a leap year.
const LAST: [u8; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const ALL_DAY: u32 = 0x00ff_ffff;

/// The period of each hour of each month, on weekdays and on weekends.
pub(super) struct Grid {
    weekday: Vec<Vec<usize>>,
    weekend: Vec<Vec<usize>>,
}

/// On which days hours hold.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Days {
    All,
    Weekday,
    Weekend,
}

impl Grid {
    /// Reads both schedules; nothing where one has another shape.
    pub(super) fn read(weekday: &Value, weekend: &Value) -> Option<Self> {
        Some(Self { weekday: schedule(weekday)?, weekend: schedule(weekend)? })
    }

    /// Period 1 in these months, period 0 else.
    pub(super) fn months(months: impl Iterator<Item = bool>) -> Self {
        let rows: Vec<Vec<usize>> = months.map(|month| vec![usize::from(month); 24]).collect();
        Self { weekday: rows.clone(), weekend: rows }
    }

    /// The highest period.
    pub(super) fn most(&self) -> Option<usize> {
        self.weekday.iter().chain(&self.weekend).flatten().copied().max()
    }

    /// The lines of a charge that say when a period holds; nothing where it never does.
    pub(super) fn when(&self, period: usize, seasons: &mut Seasons) -> Option<String> {
        let mut found: BTreeMap<(Days, u32), u16> = BTreeMap::new();
        for (month, (weekday, weekend)) in self.weekday.iter().zip(&self.weekend).enumerate() {
            let (weekday, weekend) = (mask(weekday, period), mask(weekend, period));
            let parts = if weekday == weekend {
                vec![(Days::All, weekday)]
            } else {
                vec![(Days::Weekday, weekday), (Days::Weekend, weekend)]
            };
            for part in parts.into_iter().filter(|(_, hours)| *hours != 0) {
                *found.entry(part).or_default() |= 1 << month;
            }
        }
        let rows: Vec<Vec<String>> =
            found.into_iter().map(|(part, months)| keys(part, seasons.named(months))).collect();
        match rows.as_slice() {
            [] => None,
            [one] => Some(one.iter().map(|key| format!("{key}\n")).collect()),
            many => {
                let rows: Vec<String> = many.iter().map(|row| format!("    {{ {} }},\n", row.join(", "))).collect();
                Some(format!("when = [\n{}]\n", rows.concat()))
            }
        }
    }
}

fn keys((days, hours): (Days, u32), season: Option<String>) -> Vec<String> {
    let mut keys: Vec<String> = season.map(|name| format!("seasons = [\"{name}\"]")).into_iter().collect();
    match days {
        Days::All => {}
        Days::Weekday => keys.push("days = [\"weekday\"]".to_owned()),
        Days::Weekend => keys.push("days = [\"weekend\"]".to_owned()),
    }
    if hours != ALL_DAY {
        let ranges: Vec<String> = runs(24, |hour| hours >> hour & 1 == 1)
            .iter()
            .map(|(a, b)| format!("\"{a:02}:00-{:02}:00\"", b + 1))
            .collect();
        keys.push(format!("hours = [{}]", ranges.join(", ")));
    }
    keys
}

fn schedule(value: &Value) -> Option<Vec<Vec<usize>>> {
    let rows = value.as_array().filter(|rows| rows.len() == 12)?;
    let row = |row: &Value| -> Option<Vec<usize>> {
        let hours = row.as_array().filter(|hours| hours.len() == 24)?;
        hours.iter().map(|hour| usize::try_from(hour.as_u64()?).ok()).collect()
    };
    rows.iter().map(row).collect()
}

fn mask(hours: &[usize], period: usize) -> u32 {
    hours.iter().enumerate().filter(|(_, of)| **of == period).fold(0, |mask, (hour, _)| mask | 1 << hour)
}

/// First and last of each run of places that fit.
fn runs(count: usize, fits: impl Fn(usize) -> bool) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for n in (0..count).filter(|n| fits(*n)) {
        match found.last_mut() {
            Some(last) if last.1 + 1 == n => last.1 = n,
            Some(_) | None => found.push((n, n)),
        }
    }
    found
}

/// Sets of months that charges name.
#[derive(Default)]
pub(super) struct Seasons(Vec<u16>);

impl Seasons {
    /// The name of a set of months; nothing for the whole year.
    fn named(&mut self, months: u16) -> Option<String> {
        if months == 0x0fff {
            return None;
        }
        if !self.0.contains(&months) {
            self.0.push(months);
        }
        Some(name(months))
    }

    /// A section for each.
    pub(super) fn text(&self) -> String {
        let section = |months: &u16| {
            let day = |(first, last): &(usize, usize)| {
                let end = LAST.get(*last).copied().unwrap_or(31);
                format!("\"{:02}-01..{:02}-{end:02}\"", first + 1, last + 1)
            };
            let days = runs(12, |month| months >> month & 1 == 1).iter().map(day).collect::<Vec<_>>().join(", ");
            format!("\n[[season]]\nname = \"{}\"\ndays = [{days}]\n", name(*months))
        };
        self.0.iter().map(section).collect()
    }
}

/// "jun-to-sep", or "jan-to-mar-and-dec".
fn name(months: u16) -> String {
    let word = |month: usize| MONTHS.get(month).copied().unwrap_or_default();
    let runs = runs(12, |month| months >> month & 1 == 1);
    let parts =
        runs.iter().map(|(a, b)| if a == b { word(*a).to_owned() } else { format!("{}-to-{}", word(*a), word(*b)) });
    parts.collect::<Vec<_>>().join("-and-")
}
