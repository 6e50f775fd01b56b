//! A stretch of one calendar, by what the clock shows at both ends.

use toml::de::DeValue;

use super::when::minute;
use super::{DAY_MS, Local};
use crate::read::{Refusal, Value};

/// All that the clock shows from one time up to another: "2026-05-02 10:00..2026-05-02 18:00".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// From this time on.
    pub from: Local,
    /// Up to this time.
    pub to: Local,
}

impl Stretch {
    /// True when the clock shows a time of it.
    #[must_use]
    pub fn holds(&self, local: Local) -> bool {
        (self.from..self.to).contains(&local)
    }

    /// Reads it; nothing where it is none, or ends before it begins.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once("..")?;
        let stretch = Self { from: time(from)?, to: time(to)? };
        (stretch.from < stretch.to).then_some(stretch)
    }
}

/// "2026-05-02 10:00", or with a T between.
fn time(text: &str) -> Option<Local> {
    let (date, clock) = text.split_once([' ', 'T']).filter(|(date, _)| date.len() == 10)?;
    let ms = minute(clock).filter(|ms| *ms < DAY_MS)?;
    Some(Local { date: date.parse().ok()?, ms })
}

impl Value for Stretch {
    const WANTED: &'static str = "two times of the clock such as \"2026-05-02 10:00..2026-05-02 18:00\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        value.as_str().and_then(Self::parse).ok_or_else(|| Refusal {
            wanted: Self::WANTED.to_owned(),
            help: "write day and time of the first and the last, the last one later; midnight is 00:00 of the next day"
                .to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_has_two_times_of_which_the_last_is_later() {
        let read = Stretch::parse("2026-05-02 10:00..2026-05-03T00:00").expect("a stretch");
        let at = |date: &str, ms| Local { date: date.parse().expect("a day"), ms };
        assert_eq!((read.from, read.to), (at("2026-05-02", 36_000_000), at("2026-05-03", 0)));
        for (local, inside) in [
            (at("2026-05-02", 35_999_999), false),
            (at("2026-05-02", 36_000_000), true),
            (at("2026-05-02", 86_399_999), true),
            (at("2026-05-03", 0), false),
        ] {
            assert_eq!(read.holds(local), inside, "{local:?}");
        }
        for wrong in [
            "",
            "2026-05-02 10:00",
            "2026-05-02 10:00..2026-05-02 10:00",
            "2026-05-02 10:00..2026-05-01 10:00",
            "2026-05-02..2026-05-03",
            "2026-02-30 10:00..2026-05-03 10:00",
            "2026-05-02 24:00..2026-05-03 10:00",
            "2026-05-02 9:00..2026-05-03 10:00",
            "2026-05-02 10:00+02:00..2026-05-03 10:00",
        ] {
            assert_eq!(Stretch::parse(wrong), None, "{wrong}");
        }
    }
}
