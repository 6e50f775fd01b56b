//! What a series is called, and which of its values are worth keeping.

use plant::convert;
use plant::hall::Hall;
use plant::reading::Reading;
use plant::time::{Mono, Span, Tick};
use plant::units::Unit;

/// One series of values.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The site.
    pub site: String,
    /// Whose value it is; empty for the hall's own.
    pub equip: String,
    /// The point's name within its equipment, or the name of a figure such as `pue-15m`.
    pub point: String,
    /// The canonical unit.
    pub unit: Unit,
}

/// One value of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// The series, by its place in the list.
    pub series: u32,
    /// When: at the source for a fresh reading, at the scan otherwise (ms since 1970).
    pub ts: i64,
    /// The value in the series' canonical unit; NaN when there is none.
    pub value: f64,
    /// 192 fresh, 500 stale, 0 lost.
    pub quality: u16,
}

impl Series {
    /// A hall's points, in the order of the process image.
    #[must_use]
    pub fn of_hall(hall: &Hall) -> Vec<Self> {
        let series = |def: &plant::point::PointDef| Self {
            site: hall.site.clone(),
            equip: hall.equips.get(def.equip).map_or_else(String::new, |e| e.name.clone()),
            point: def.short_name().to_owned(),
            unit: def.unit,
        };
        hall.points.rows().iter().map(series).collect()
    }

    /// The whole name: `crah-1/supply-air-temp`, or the point's alone.
    #[must_use]
    pub fn name(&self) -> String {
        if self.equip.is_empty() { self.point.clone() } else { format!("{}/{}", self.equip, self.point) }
    }

    /// The quantity, which names the measurement.
    #[must_use]
    pub const fn quantity(&self) -> &'static str {
        match self.unit {
            Unit::Cel | Unit::Fahrenheit => "temperature",
            Unit::Kelvin => "temperature_difference",
            Unit::Watt | Unit::Kilowatt | Unit::Megawatt => "power",
            Unit::WattHour | Unit::KilowattHour | Unit::MegawattHour => "energy",
            Unit::LiterPerSecond | Unit::LiterPerMinute | Unit::CubicMeterPerHour => "flow",
            Unit::Pascal | Unit::Kilopascal | Unit::Bar => "pressure",
            Unit::Percent => "duty",
            Unit::PercentRh => "humidity",
            Unit::One => "ratio",
            Unit::PerMinute => "speed",
            Unit::Second => "duration",
            Unit::Ampere => "current",
            Unit::Volt => "voltage",
            Unit::Hertz => "frequency",
        }
    }

    /// A change up to this is no change (in the canonical unit).
    #[must_use]
    pub const fn resolution(&self) -> f64 {
        match self.unit {
            Unit::Cel | Unit::Fahrenheit | Unit::Kelvin => 0.01,
            Unit::Watt | Unit::WattHour => 1.0,
            Unit::Pascal => 0.5,
            Unit::Percent | Unit::PercentRh => 0.05,
            Unit::LiterPerSecond | Unit::Volt | Unit::Ampere | Unit::Hertz => 0.01,
            Unit::Kilowatt
            | Unit::Megawatt
            | Unit::KilowattHour
            | Unit::MegawattHour
            | Unit::LiterPerMinute
            | Unit::CubicMeterPerHour
            | Unit::Kilopascal
            | Unit::Bar
            | Unit::One
            | Unit::PerMinute
            | Unit::Second => 0.0,
        }
    }
}

impl Row {
    /// A reading as a row: stamped at its source while it is fresh, at the scan when it is doubted.
    #[must_use]
    pub fn of_reading(series: u32, reading: Reading<f64>, at: Mono, tick: Tick) -> Self {
        let now = tick.wall.0;
        let source = now.saturating_sub(i64::try_from(tick.mono.since(at).millis()).unwrap_or(i64::MAX));
        let (ts, value, quality) = match reading {
            Reading::Fresh(value) => (source, value, 192),
            Reading::Stale { last, .. } => (now, last, 500),
            Reading::Lost { .. } => (now, f64::NAN, 0),
        };
        Self { series, ts, value, quality }
    }
}

/// Decides which values are kept: each change of quality; a change of value beyond the resolution, at most once every
/// `every`; and one value every `heartbeat` in any case. A reader holds a value until the next.
#[derive(Clone, Debug)]
pub struct Sampler {
    every_ms: i64,
    heartbeat_ms: i64,
    resolutions: Vec<f64>,
    last: Vec<Option<Row>>,
}

impl Sampler {
    /// A sampler that has seen nothing.
    #[must_use]
    pub fn new(series: &[Series], every: Span, heartbeat: Span) -> Self {
        let ms = |span: Span| convert::i64_from_bits(span.millis()).max(0);
        Self {
            every_ms: ms(every),
            heartbeat_ms: ms(heartbeat),
            resolutions: series.iter().map(Series::resolution).collect(),
            last: vec![None; series.len()],
        }
    }

    /// True when this value is to be kept; remembers it then. False for a series that does not exist.
    pub fn keep(&mut self, row: Row) -> bool {
        let n = convert::usize_from_u32(row.series);
        let (Some(last), Some(resolution)) = (self.last.get_mut(n), self.resolutions.get(n)) else { return false };
        let keep = last.is_none_or(|last| {
            let elapsed = row.ts.saturating_sub(last.ts);
            let same = row.value.to_bits() == last.value.to_bits() || (row.value - last.value).abs() <= *resolution;
            // A wall clock that was set back begins anew.
            row.quality != last.quality
                || elapsed < 0
                || elapsed >= self.heartbeat_ms
                || (elapsed >= self.every_ms && !same)
        });
        if keep {
            *last = Some(row);
        }
        keep
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampler() -> Sampler {
        let series = Series { site: "s".into(), equip: "e".into(), point: "p".into(), unit: Unit::Cel };
        Sampler::new(&[series], Span::from_secs(1), Span::from_secs(60))
    }

    fn row(ts: i64, value: f64, quality: u16) -> Row {
        Row { series: 0, ts, value, quality }
    }

    #[test]
    fn a_quiet_value_is_kept_once_a_minute_and_a_change_at_once() {
        let mut sampler = sampler();
        let kept: Vec<i64> = (0..200).map(|s| s * 1000).filter(|ts| sampler.keep(row(*ts, 24.1, 192))).collect();
        assert_eq!(kept, [0, 60_000, 120_000, 180_000]);
        assert!(!sampler.keep(row(200_000, 24.105, 192)), "within the resolution");
        assert!(sampler.keep(row(201_000, 24.2, 192)));
        assert!(!sampler.keep(row(201_500, 25.0, 192)), "not twice a second");
        assert!(sampler.keep(row(201_600, 25.0, 500)), "doubt is always told");
    }

    #[test]
    fn a_lost_value_is_kept_like_any_other_and_a_clock_set_back_begins_anew() {
        let mut sampler = sampler();
        assert!(sampler.keep(row(100_000, 24.1, 192)));
        assert!(sampler.keep(row(101_000, f64::NAN, 0)));
        assert!(!sampler.keep(row(102_000, f64::NAN, 0)));
        assert!(sampler.keep(row(50_000, 24.1, 192)));
        assert!(!sampler.keep(Row { series: 1, ..row(0, 0.0, 192) }), "no such series");
    }

    #[test]
    fn a_fresh_reading_has_the_time_of_its_source() {
        let tick = Tick { mono: Mono(10_000_000_000), wall: plant::time::Wall(1_000_000), ..Tick::default() };
        let at = Mono(9_400_000_000);
        assert_eq!(Row::of_reading(0, Reading::Fresh(1.0), at, tick).ts, 999_400);
        let lost = Row::of_reading(0, Reading::Lost { why: plant::reading::Why::Comm }, at, tick);
        assert!(lost.ts == 1_000_000 && lost.value.is_nan() && lost.quality == 0);
    }
}
