//! Which hours a rule names: days of the year, of the week, holidays, times of day.

use crate::read::{Refusal, Value};
use jiff::civil::{Date, Weekday};
use toml::de::DeValue;

use super::holiday::{Holiday, month_day};
use super::{DAY_MS, Local};

/// Days of the year, from the first to the last, both included, month and day from 1: "06-01..09-30". Where the last is before the
/// first they cross the new year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Months {
    /// The first day.
    pub first: (i8, i8),
    /// The last day.
    pub last: (i8, i8),
}

impl Months {
    /// True when the day is one of them.
    #[must_use]
    pub fn holds(self, date: Date) -> bool {
        let day = (date.month(), date.day());
        if self.first <= self.last {
            (self.first..=self.last).contains(&day)
        } else {
            day >= self.first || day <= self.last
        }
    }
}

impl Value for Months {
    const WANTED: &'static str = "days of the year such as \"06-01..09-30\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let side = |text: &str| text.split_once('-').and_then(|(month, day)| month_day(month, day));
        let pair = value.as_str().and_then(|text| text.split_once(".."));
        let months = pair.and_then(|(first, last)| Some(Self { first: side(first)?, last: side(last)? }));
        months.ok_or_else(|| refusal(Self::WANTED, "write month and day of the first and the last day"))
    }
}

/// Times of day, from the first up to the last: "07:00-22:00". Where the last is before the first they cross midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Where they begin (ms of the day).
    pub from: i64,
    /// Where they end (ms of the day, up to 24 h).
    pub to: i64,
}

impl Value for Hours {
    const WANTED: &'static str = "times of day such as \"07:00-22:00\" or \"22:00-06:00\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let pair = value.as_str().and_then(|text| text.split_once('-'));
        let hours = pair.and_then(|(from, to)| Some(Self { from: minute(from)?, to: minute(to)? }));
        let hours = hours.filter(|hours| hours.from != hours.to && hours.from < DAY_MS);
        hours.ok_or_else(|| refusal(Self::WANTED, "leave the key out for the whole day; midnight as an end is 24:00"))
    }
}

/// A time of day such as "07:30", up to "24:00" (ms).
pub(super) fn minute(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let two = |text: &str| (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse::<i64>());
    let (hour, minute) = (two(hour)?.ok()?, two(minute)?.ok()?);
    (minute < 60 && hour * 60 + minute <= 24 * 60).then_some((hour * 60 + minute) * 60_000)
}

/// A word for days: "mon" to "sun", "weekday", "weekend", "holiday".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day(u8);

impl Value for Day {
    const WANTED: &'static str = "days out of mon, tue, wed, thu, fri, sat, sun, weekday, weekend, holiday";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let bits = match value.as_str() {
            Some("weekday") => Some(0b0001_1111),
            Some("weekend") => Some(0b0110_0000),
            Some("holiday") => Some(HOLIDAY),
            Some(text) => weekday(text).map(bit),
            None => None,
        };
        bits.map(Self).ok_or_else(|| refusal(Self::WANTED, "write three small letters, or one of the words"))
    }
}

const HOLIDAY: u8 = 0b1000_0000;

/// Days of the week, and holidays. A holiday is a day of its own: it is no Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days(u8);

impl Days {
    /// Every day, holidays too.
    pub const ALL: Self = Self(0xff);

    /// All that are named; every day where none is.
    #[must_use]
    pub fn of(days: &[Day]) -> Self {
        if days.is_empty() { Self::ALL } else { Self(days.iter().fold(0, |all, day| all | day.0)) }
    }

    fn holds(self, date: Date, holidays: &[Holiday]) -> bool {
        let holiday = holidays.iter().any(|holiday| holiday.is(date));
        self.0 & if holiday { HOLIDAY } else { bit(date.weekday()) } != 0
    }
}

fn bit(day: Weekday) -> u8 {
    match day {
        Weekday::Monday => 1,
        Weekday::Tuesday => 1 << 1,
        Weekday::Wednesday => 1 << 2,
        Weekday::Thursday => 1 << 3,
        Weekday::Friday => 1 << 4,
        Weekday::Saturday => 1 << 5,
        Weekday::Sunday => 1 << 6,
    }
}

/// A weekday by its three letters.
pub(super) fn weekday(text: &str) -> Option<Weekday> {
    let found = [
        ("mon", Weekday::Monday),
        ("tue", Weekday::Tuesday),
        ("wed", Weekday::Wednesday),
        ("thu", Weekday::Thursday),
        ("fri", Weekday::Friday),
        ("sat", Weekday::Saturday),
        ("sun", Weekday::Sunday),
    ];
    found.into_iter().find(|(word, _)| *word == text).map(|(_, day)| day)
}

/// The months by their three letters, in order.
pub const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A month from 1 by its three letters.
pub(super) fn month(text: &str) -> Option<i8> {
    MONTHS.iter().position(|word| *word == text).and_then(|n| i8::try_from(n + 1).ok())
}

/// The hours that a rule names. All three must fit; an empty list fits always.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// Days of the year; empty for the whole year.
    pub months: Vec<Months>,
    /// Days of the week, and holidays.
    pub days: Days,
    /// Times of day; empty for the whole day.
    pub hours: Vec<Hours>,
}

impl When {
    /// Every instant.
    pub const ALWAYS: Self = Self { months: Vec::new(), days: Days::ALL, hours: Vec::new() };

    /// True when the clock shows an instant that the rule names.
    #[must_use]
    pub fn covers(&self, local: Local, holidays: &[Holiday]) -> bool {
        self.covers_but(local, holidays, |_| false)
    }

    /// The same, where nothing begins on some days.
    #[must_use]
    pub fn covers_but(&self, local: Local, holidays: &[Holiday], none: impl Fn(Date) -> bool) -> bool {
        let fits = |date| self.fits(date, holidays) && !none(date);
        let today = || fits(local.date);
        let yesterday = || local.date.yesterday().is_ok_and(fits);
        self.hours.is_empty() && today()
            || self.hours.iter().any(|hours| {
                if hours.from < hours.to {
                    (hours.from..hours.to).contains(&local.ms) && today()
                } else {
                    local.ms >= hours.from && today() || local.ms < hours.to && yesterday()
                }
            })
    }

    /// The times of day at which its answer may change (ms), besides midnight.
    pub fn stops(&self) -> impl Iterator<Item = i64> + '_ {
        self.hours.iter().flat_map(|hours| [hours.from, hours.to])
    }

    fn fits(&self, date: Date, holidays: &[Holiday]) -> bool {
        (self.months.is_empty() || self.months.iter().any(|months| months.holds(date)))
            && self.days.holds(date, holidays)
    }
}

fn refusal(wanted: &str, help: &str) -> Refusal {
    Refusal { wanted: wanted.to_owned(), help: help.to_owned() }
}
