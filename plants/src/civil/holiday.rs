//! Holidays: a date, or a rule for every year.

use crate::read::{Refusal, Value};
use jiff::civil::{Date, Weekday};
use toml::de::DeValue;

use super::when::{month, weekday};

/// A holiday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holiday {
    /// One day of one year: "2026-07-03".
    On(Date),
    /// The same day of every year, month and day from 1: "07-04".
    Yearly(i8, i8),
    /// The n-th weekday of a month, from 1; -1 is the last: "thu-4-nov", "mon-last-may".
    Nth(i8, Weekday, i8),
    /// Days after Easter Sunday of the Gregorian calendar, -60 to 60: "easter-2", "easter+1".
    Easter(i16),
}

impl Holiday {
    /// True when the day is this holiday.
    #[must_use]
    pub fn is(self, date: Date) -> bool {
        match self {
            Self::On(day) => day == date,
            Self::Yearly(month, day) => (date.month(), date.day()) == (month, day),
            Self::Nth(month, weekday, nth) => {
                date.month() == month && date.nth_weekday_of_month(nth, weekday).is_ok_and(|day| day == date)
            }
            Self::Easter(after) => {
                easter(date.year()).is_some_and(|easter| easter.day_of_year() + after == date.day_of_year())
            }
        }
    }

    /// Reads it as a tariff's file writes it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(after) = text.strip_prefix("easter") {
            let after: i16 = if after.is_empty() { 0 } else { after.parse().ok()? };
            return (-60..=60).contains(&after).then_some(Self::Easter(after));
        }
        let parts: Vec<&str> = text.split('-').collect();
        match parts.as_slice() {
            [day, nth, of] if day.len() == 3 => {
                let nth = if *nth == "last" { -1 } else { nth.parse().ok().filter(|n| (1..=5).contains(n))? };
                Some(Self::Nth(month(of)?, weekday(day)?, nth))
            }
            [_, _, _] => text.parse().ok().map(Self::On),
            [month, day] => month_day(month, day).map(|(month, day)| Self::Yearly(month, day)),
            _ => None,
        }
    }
}

impl Value for Holiday {
    const WANTED: &'static str =
        "holidays such as \"2026-07-03\", \"07-04\", \"thu-4-nov\", \"mon-last-may\" or \"easter+1\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let text = value.as_str().and_then(Self::parse);
        text.ok_or_else(|| Refusal {
            wanted: Self::WANTED.to_owned(),
            help: "write each as a text in quotes".to_owned(),
        })
    }
}

/// Month and day of any leap year.
pub(super) fn month_day(month: &str, day: &str) -> Option<(i8, i8)> {
    let two = |text: &str| (text.len() == 2).then(|| text.parse::<i8>().ok())?;
    let (month, day) = (two(month)?, two(day)?);
    Date::new(2024, month, day).ok().map(|_| (month, day))
}

/// Easter Sunday of the Gregorian calendar (J.-M. Oudin, 1940).
fn easter(year: i16) -> Option<Date> {
    let year = i32::from(year);
    let (century, golden) = (year / 100, year % 19);
    let moon = (century - century / 4 - (century - (century - 17) / 25) / 3 + 19 * golden + 15) % 30;
    let full = moon - moon / 28 * (1 - 29 / (moon + 1) * ((21 - golden) / 11));
    let weekday = (year + year / 4 + full + 2 - century + century / 4) % 7;
    let sunday = full - weekday;
    let month = 3 + (sunday + 40) / 44;
    let day = sunday + 28 - 31 * (month / 4);
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}
