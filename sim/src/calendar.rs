//! Wall time as people write it, always UTC: a simulated run reads the same wherever it is looked at.

use plant::time::Wall;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// A wall time taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// The year.
    pub year: i64,
    /// The month, 1 to 12.
    pub month: i64,
    /// The day of the month, 1 to 31.
    pub day: i64,
    /// 0 to 23.
    pub hour: i64,
    /// 0 to 59.
    pub minute: i64,
    /// 0 to 59.
    pub second: i64,
    /// 0 to 999.
    pub milli: i64,
}

/// Takes a wall time apart (UTC, Gregorian also before 1582).
#[must_use]
pub const fn civil(wall: Wall) -> Civil {
    let (days, rest) = (wall.0.div_euclid(DAY), wall.0.rem_euclid(DAY));
    // Years that begin in March put the leap day at their end; eras of 400 years are all alike.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let late = if month <= 2 { 1 } else { 0 };
    Civil {
        year: era * 400 + year_of_era + late,
        month,
        day: of_year - (153 * from_march + 2) / 5 + 1,
        hour: rest / 3_600_000,
        minute: rest / 60_000 % 60,
        second: rest / 1000 % 60,
        milli: rest % 1000,
    }
}

/// ISO 8601: `2026-06-14T22:00:00Z`, with milliseconds where there are any.
#[must_use]
pub fn iso(wall: Wall) -> String {
    let Civil { year, month, day, hour, minute, second, milli } = civil(wall);
    let whole = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if milli == 0 { whole + "Z" } else { format!("{whole}.{milli:03}Z") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_instants() {
        for (millis, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (1_781_474_400_000, "2026-06-14T22:00:00Z"),
            (4_107_542_400_001, "2100-03-01T00:00:00.001Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(iso(Wall(millis)), expected);
        }
    }

    proptest! {
        #[test]
        fn days_follow_each_other(day in -200_000i64..200_000) {
            let (a, b) = (civil(Wall(day * DAY)), civil(Wall((day + 1) * DAY)));
            let leap = (a.year % 4 == 0 && a.year % 100 != 0) || a.year % 400 == 0;
            let length = match a.month { 2 => 28 + i64::from(leap), 4 | 6 | 9 | 11 => 30, _ => 31 };
            let next = match (a.day == length, a.month) {
                (true, 12) => (a.year + 1, 1, 1),
                (true, month) => (a.year, month + 1, 1),
                (false, month) => (a.year, month, a.day + 1),
            };
            prop_assert_eq!((b.year, b.month, b.day), next);
        }
    }
}
