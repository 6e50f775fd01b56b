//! Civil time: what the clock on the wall says at an instant, and which hours a rule names.
//!
//! An instant is a [`Wall`]; its [`Local`] is the date and the time of day in a [`Zone`]. A [`When`] names days of the year, days
//! of the week, holidays and times of day. A range of hours that crosses midnight belongs to the day on which it begins: Friday
//! 22:00-06:00 ends on Saturday morning. On the day on which clocks go forward an hour is not there, on the day on which they go
//! back one is there twice; both follow from asking what the clock says, and no instant is ever counted twice.
//!
//! Nothing here allocates but reading from a file.

mod holiday;
mod stretch;
mod when;

#[cfg(test)]
pub(crate) mod tests;

use crate::time::Wall;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};

pub use holiday::Holiday;
pub use stretch::Stretch;
pub use when::{Day, Days, Hours, MONTHS, Months, When};

/// Milliseconds of a civil day.
pub const DAY_MS: i64 = 86_400_000;

/// What the clock says. The day counts first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Local {
    /// The day.
    pub date: Date,
    /// Time of day (ms, 0 to 86 399 999).
    pub ms: i64,
}

/// A time zone: an IANA name out of the bundled database, or a fixed offset.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone(TimeZone);

impl Zone {
    /// "Europe/Berlin", "UTC" or "+01:00"; nothing where the database has no such zone.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        match text.as_bytes() {
            [sign @ (b'+' | b'-'), a, b, b':', c, d] => {
                let digit = |byte: &u8| byte.is_ascii_digit().then(|| i32::from(*byte - b'0'));
                let (hours, minutes) = (digit(a)? * 10 + digit(b)?, digit(c)? * 10 + digit(d)?);
                let seconds = (hours <= 14 && minutes < 60).then_some(hours * 3600 + minutes * 60)?;
                let offset = Offset::from_seconds(if *sign == b'-' { -seconds } else { seconds }).ok()?;
                Some(Self(TimeZone::fixed(offset)))
            }
            _ => TimeZoneDatabase::bundled().get(text).ok().map(Self),
        }
    }

    /// Its name: "Europe/Berlin", "+01:00".
    #[must_use]
    pub fn name(&self) -> String {
        let offset = || self.0.to_fixed_offset().map(clock_ahead).unwrap_or_default();
        self.0.iana_name().map_or_else(offset, str::to_owned)
    }

    /// What the clock says at an instant.
    #[must_use]
    pub fn local(&self, at: Wall) -> Local {
        let date = self.offset(at).to_datetime(stamp(at)).date();
        Local { date, ms: at.0.saturating_add(self.shift(at)).rem_euclid(DAY_MS) }
    }

    /// The first instant of a day; nothing outside the years -9999 to 9999.
    #[must_use]
    pub fn begin(&self, date: Date) -> Option<Wall> {
        let begin = date.to_zoned_datetime(self.0.clone()).ok()?.start_of_day().ok()?;
        Some(Wall(begin.timestamp().as_millisecond()))
    }

    /// The next instant at which the clock shows one of these times of day, midnight included, or at which it is set. The times are
    /// in ms, ascending.
    #[must_use]
    pub fn until(&self, at: Wall, stops: &[i64]) -> Wall {
        let ms = self.local(at).ms;
        let stop = stops.iter().copied().find(|stop| *stop > ms && *stop < DAY_MS).unwrap_or(DAY_MS);
        self.not_past_a_change(at, Wall(at.0.saturating_add(stop - ms)))
    }

    /// The next instant at which the clock shows a multiple of this length, counted from midnight, or at which it is set by
    /// something else than a multiple.
    #[must_use]
    pub fn aligned(&self, at: Wall, length_ms: i64) -> Wall {
        let length = length_ms.max(1);
        let wanted = Wall(at.0.saturating_add(length - self.local(at).ms.rem_euclid(length)));
        // A clock that is set by whole lengths moves no window, not even the one within which it is set.
        if self.is_aligned(wanted, length) { wanted } else { self.not_past_a_change(at, wanted) }
    }

    /// The window of this length in which an instant lies: from one instant of which [`Zone::aligned`] speaks to the next.
    #[must_use]
    pub fn window(&self, at: Wall, length_ms: i64) -> (Wall, Wall) {
        let length = length_ms.max(1);
        let begin = Wall(at.0.saturating_sub(self.local(at).ms.rem_euclid(length)));
        let set = || self.0.following(stamp(begin)).next().map(|change| Wall(change.timestamp().as_millisecond()));
        let set = if self.is_aligned(begin, length) { None } else { set().filter(|set| *set <= at) };
        (set.unwrap_or(begin), self.aligned(at, length))
    }

    /// True at the instants of which [`Zone::aligned`] speaks.
    #[must_use]
    pub fn is_aligned(&self, at: Wall, length_ms: i64) -> bool {
        self.local(at).ms.rem_euclid(length_ms.max(1)) == 0
    }

    /// The next instant after this one at which the clock is set, before an end, and by how much it is set (ms, negative where it goes
    /// back). Nothing where it is not.
    #[must_use]
    pub fn set_after(&self, at: Wall, end: Wall) -> Option<(Wall, i64)> {
        let changes = self.0.following(stamp(at)).map(|change| Wall(change.timestamp().as_millisecond()));
        let within = changes.skip_while(|change| *change <= at).take_while(|change| *change < end);
        // A change of a name alone sets no clock.
        let by = |change: Wall| self.shift(change).saturating_sub(self.shift(Wall(change.0.saturating_sub(1))));
        within.map(|change| (change, by(change))).find(|(_, by)| *by != 0)
    }

    /// An instant as the clock shows it, with its offset: "2026-10-25 02:15 +01:00".
    #[must_use]
    pub fn show(&self, at: Wall) -> String {
        let offset = self.offset(at);
        let at = offset.to_datetime(stamp(at));
        let clock = if at.second() == 0 {
            format!("{:02}:{:02}", at.hour(), at.minute())
        } else {
            format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
        };
        format!("{} {clock} {}", at.date(), clock_ahead(offset))
    }

    /// An instant as data has it, to the second, with the offset of the zone: "2026-10-25T02:15:00+01:00".
    #[must_use]
    pub fn stamp(&self, at: Wall) -> String {
        let offset = self.offset(at);
        let at = offset.to_datetime(stamp(at));
        let (hour, minute, second) = (at.hour(), at.minute(), at.second());
        format!("{}T{hour:02}:{minute:02}:{second:02}{}", at.date(), clock_ahead(offset))
    }

    fn offset(&self, at: Wall) -> Offset {
        self.0.to_offset(stamp(at))
    }

    /// By how much the clock is ahead of UTC (ms).
    fn shift(&self, at: Wall) -> i64 {
        i64::from(self.offset(at).seconds()) * 1000
    }

    /// The earlier of an instant and the change of the clock before it.
    fn not_past_a_change(&self, at: Wall, wanted: Wall) -> Wall {
        if self.offset(at) == self.offset(Wall(wanted.0 - 1)) {
            return wanted;
        }
        let change = self.0.following(stamp(at)).next().map(|change| Wall(change.timestamp().as_millisecond()));
        change.filter(|change| *change > at && *change < wanted).unwrap_or(wanted)
    }
}

/// By how much a clock is ahead of UTC: "+01:00".
fn clock_ahead(offset: Offset) -> String {
    let (sign, seconds) = (if offset.seconds() < 0 { '-' } else { '+' }, offset.seconds().abs());
    format!("{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60)
}

/// The same instant for the database; the beginning of 1970 where it is out of range.
fn stamp(at: Wall) -> Timestamp {
    Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH)
}
