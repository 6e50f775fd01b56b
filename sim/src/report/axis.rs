//! Where a time and a value stand on the sheet, and which of them get a label.

use plant::convert;
use plant::time::Wall;

use crate::calendar::{Civil, civil};

/// The sheet's width.
pub const SHEET: f64 = 1200.0;
/// Where plots begin: values' labels stand left of it.
pub const LEFT: f64 = 58.0;
/// Where plots end: series' names stand right of it.
pub const RIGHT: f64 = 1030.0;

/// Steps between labels of time that people find natural (s).
const STEPS: [i64; 21] = [
    1, 5, 10, 30, 60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600,
    2_592_000, 5_184_000, 15_552_000,
];
/// The most labels of time.
const LABELS: f64 = 13.0;

/// The shared axis of time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// When the run began.
    pub start: Wall,
    /// How long it was (s, > 0).
    pub seconds: f64,
}

impl Clock {
    /// Where a time since the beginning (s) stands.
    pub fn x(&self, seconds: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * (seconds / self.seconds).clamp(0.0, 1.0)
    }

    /// The time of day, or the date for a run of many days.
    pub fn say(&self, seconds: f64) -> String {
        let at = civil(self.wall(seconds));
        let Civil { month, day, hour, minute, second, .. } = at;
        if self.seconds > 172_800.0 {
            format!("{month:02}-{day:02} {hour:02}:{minute:02}")
        } else if self.seconds < 7200.0 {
            format!("{hour:02}:{minute:02}:{second:02}")
        } else {
            format!("{hour:02}:{minute:02}")
        }
    }

    /// The wall time of a time since the beginning (s).
    pub fn wall(&self, seconds: f64) -> Wall {
        Wall(self.start.0.saturating_add(convert::i64_from_f64_rounded(seconds * 1e3)))
    }

    /// Times since the beginning (s) that get a label, with it.
    pub fn labels(&self) -> Vec<(f64, String)> {
        let natural = STEPS.iter().find(|step| self.seconds / convert::f64_from_i64(**step) <= LABELS);
        let step = natural.or(STEPS.last()).copied().unwrap_or(86_400);
        let millis = step.saturating_mul(1000);
        let first = millis - self.start.0.rem_euclid(millis);
        let mut since = if first == millis { 0 } else { first };
        let mut labels = Vec::new();
        while convert::f64_from_i64(since) / 1e3 <= self.seconds {
            let at = civil(Wall(self.start.0.saturating_add(since)));
            let Civil { month, day, hour, minute, second, .. } = at;
            let label = if step >= 86_400 || (hour, minute, second) == (0, 0, 0) {
                format!("{month:02}-{day:02}")
            } else if step < 60 {
                format!("{hour:02}:{minute:02}:{second:02}")
            } else {
                format!("{hour:02}:{minute:02}")
            };
            labels.push((convert::f64_from_i64(since) / 1e3, label));
            since = since.saturating_add(millis);
        }
        labels
    }
}

/// An axis of values.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// The value at the bottom.
    pub low: f64,
    /// The value at the top.
    pub high: f64,
    /// Between labels.
    step: f64,
    /// Where the top is.
    pub top: f64,
    /// From top to bottom.
    pub height: f64,
}

impl Scale {
    /// The scale that holds all these values and ends at round ones.
    pub fn holding(values: impl Iterator<Item = f64>, top: f64, height: f64) -> Self {
        let ends = values.filter(|v| v.is_finite()).fold(None, |ends: Option<(f64, f64)>, v| match ends {
            None => Some((v, v)),
            Some((low, high)) => Some((low.min(v), high.max(v))),
        });
        let (low, high) = ends.unwrap_or((0.0, 1.0));
        let room = if high - low > 1e-9 * high.abs().max(1.0) { high - low } else { high.abs().max(1.0) * 0.1 };
        let step = round_step(room / (height / 36.0).max(2.0));
        let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
        let high = if high > low { high } else { low + step };
        Self { low, high, step, top, height }
    }

    /// Where a value stands; beyond the ends it stands at the end.
    pub fn y(&self, value: f64) -> f64 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        self.top + self.height * (1.0 - share)
    }

    /// The values that get a label, with it.
    pub fn labels(&self) -> Vec<(f64, String)> {
        let decimals = convert::u64_from_f64_rounded((-libm::log10(self.step) - 1e-9).ceil().clamp(0.0, 6.0));
        let count = convert::u64_from_f64_rounded((self.high - self.low) / self.step).min(50);
        (0..=count)
            .map(|n| {
                let value = self.low + self.step * convert::f64_from_u64(n);
                (value, grouped(value, convert::usize_from_u64(decimals)))
            })
            .collect()
    }
}

/// The next step of 1, 2 or 5 times a power of ten.
fn round_step(wanted: f64) -> f64 {
    let power = libm::pow(10.0, libm::log10(wanted.max(1e-9)).floor());
    let rest = wanted / power;
    power
        * if rest <= 1.0 + 1e-9 {
            1.0
        } else if rest <= 2.0 {
            2.0
        } else if rest <= 5.0 {
            5.0
        } else {
            10.0
        }
}

/// A number with thin spaces between its thousands.
pub fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("\u{2212}", rest));
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let sign = if digits.contains(|c: char| ('1'..='9').contains(&c)) { sign } else { "" };
    let mut out = String::from(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && whole.len() > 4 && (whole.len() - place).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(grouped(31_200.04, 1), "31\u{202f}200.0");
        assert_eq!(grouped(-1_234_567.0, 0), "\u{2212}1\u{202f}234\u{202f}567");
        assert_eq!(grouped(1234.5, 1), "1234.5");
        assert_eq!(grouped(-0.01, 1), "0.0");
    }

    #[test]
    fn a_day_has_labels_at_round_hours() {
        let clock = Clock { start: Wall(1_781_474_400_000), seconds: 86_400.0 };
        let labels: Vec<String> = clock.labels().into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels.join(" "), "22:00 06-15 02:00 04:00 06:00 08:00 10:00 12:00 14:00 16:00 18:00 20:00 22:00");
    }

    proptest! {
        #[test]
        fn a_scale_holds_its_values_and_labels_its_ends(values in prop::collection::vec(-1e6..1e6f64, 1..20)) {
            let scale = Scale::holding(values.iter().copied(), 10.0, 180.0);
            prop_assert!(values.iter().all(|v| scale.low <= *v && *v <= scale.high), "{scale:?}");
            let labels = scale.labels();
            prop_assert!((2..=14).contains(&labels.len()), "{labels:?}");
            prop_assert!((scale.y(scale.low) - 190.0).abs() < 1e-9 && (scale.y(scale.high) - 10.0).abs() < 1e-9);
        }

        #[test]
        fn labels_of_time_are_few_and_within(seconds in 30.0..4e7f64, start in 0i64..2_000_000_000_000) {
            let clock = Clock { start: Wall(start), seconds };
            let labels = clock.labels();
            prop_assert!(labels.len() <= 14, "{labels:?}");
            prop_assert!(labels.iter().all(|(at, _)| (0.0..=seconds).contains(at)));
        }
    }
}
