//! Days of the civil calendar, as far as a year that repeats needs them.

use plant::convert;

/// The first day of each month in a year without and with 29 February.
const FIRST: [usize; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
/// 29 February in a year that has it, counted from 1 January.
const LEAP_DAY: usize = 59;

/// The day of a file's year (from 0), for a day counted from 1 January 1970. The file has a 29 February or not; the
/// calendar has one every fourth year.
pub fn day_of_year(since_1970: i64, file_leaps: bool) -> usize {
    let (year, of_year) = civil(since_1970);
    match (leaps(year), file_leaps) {
        (true, true) | (false, false) => of_year,
        (true, false) if of_year >= LEAP_DAY => of_year.saturating_sub(1),
        (false, true) if of_year >= LEAP_DAY => of_year.saturating_add(1),
        (true, false) | (false, true) => of_year,
    }
}

/// The day of a file's year (from 0) from month and day (from 1); nothing for a day that is none.
pub fn day_of(month: usize, day: usize, file_leaps: bool) -> Option<usize> {
    let first = *FIRST.get(month.checked_sub(1)?)?;
    let next = FIRST.get(month).copied().unwrap_or(365);
    let longer = usize::from(file_leaps && month == 2);
    let shift = usize::from(file_leaps && month > 2);
    if day == 0 || day > next.saturating_sub(first).saturating_add(longer) {
        return None;
    }
    first.checked_add(day)?.checked_add(shift)?.checked_sub(1)
}

fn leaps(year: i64) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

/// Year, and day of it from 0, of a day counted from 1 January 1970: whole 400-year rounds first, then year by year guessed
/// and put right.
fn civil(since_1970: i64) -> (i64, usize) {
    let since_2000 = since_1970.saturating_sub(10_957);
    let (rounds, rest) = (since_2000.div_euclid(146_097), since_2000.rem_euclid(146_097));
    let begin = |year: i64| 365 * year + (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
    let guess = rest / 365;
    let year = if begin(guess) > rest { guess.saturating_sub(1) } else { guess };
    let of_year = rest.saturating_sub(begin(year)).unsigned_abs();
    (rounds.saturating_mul(400).saturating_add(year).saturating_add(2000), convert::usize_from_u64(of_year))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        // Each row: days since 1970, year, day of the year from 0, as a wall calendar has them.
        for (since, year, day) in [
            (0, 1970, 0),
            (-1, 1969, 364),
            (10_957, 2000, 0),
            (11_016, 2000, 59),
            (11_322, 2000, 365),
            (11_323, 2001, 0),
            (20_089, 2025, 0),
            (-25_567, 1900, 0),
            (47_482, 2100, 0),
            (47_846, 2100, 364),
            (47_847, 2101, 0),
        ] {
            assert_eq!(civil(since), (year, day), "{since}");
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut before = civil(-80_000);
        for since in -79_999..80_000 {
            let now = civil(since);
            let last = if leaps(before.0) { 365 } else { 364 };
            let expected = if before.1 == last { (before.0 + 1, 0) } else { (before.0, before.1 + 1) };
            assert_eq!(now, expected, "{since}");
            before = now;
        }
    }

    #[test]
    fn the_29_february_repeats_or_is_left_out() {
        let (leap, plain) = (11_016, 11_016 + 366);
        assert_eq!(day_of_year(leap, false), 58, "29 February 2000 is the 28th again");
        assert_eq!(day_of_year(leap + 1, false), 59);
        assert_eq!(day_of_year(leap, true), 59);
        assert_eq!(day_of_year(plain - 1, true), 58);
        assert_eq!(day_of_year(plain, true), 60, "1 March 2001 follows 28 February");
        assert_eq!((day_of(2, 29, false), day_of(2, 29, true)), (None, Some(59)));
        assert_eq!((day_of(12, 31, false), day_of(12, 31, true)), (Some(364), Some(365)));
        assert_eq!((day_of(4, 31, false), day_of(13, 1, true), day_of(1, 0, true)), (None, None, None));
    }
}
