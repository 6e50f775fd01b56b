//! Numbers as people read them. Programs get the canonical unit's number and its UCUM code in JSON.

use plant::units::Unit;

/// "14:45" of "2026-07-15T14:45:00+02:00".
pub fn clock(stamp: &str) -> &str {
    stamp.get(11..16).unwrap_or("?")
}

/// A value with its unit, such as `24.1 °C`, `21.28 kW` or `12.5 h`. `name` is the point's; `code` its unit's UCUM code.
pub fn figure(name: &str, value: f64, code: &str) -> String {
    let (number, unit) = parts(name, value, code);
    if unit.is_empty() { number } else { format!("{number} {unit}") }
}

/// The same as number and unit, for columns. One kind of value has one unit whatever its size, so that a column compares.
pub fn parts(name: &str, value: f64, code: &str) -> (String, &'static str) {
    let Some(unit) = Unit::parse(code) else { return (fixed(value, 2), "") };
    match unit {
        Unit::Watt => (fixed(value / 1e3, 2), "kW"),
        Unit::WattHour => (fixed(value / 1e3, 1), "kWh"),
        Unit::Pascal if value.abs() >= 1e3 => (fixed(value / 1e3, 1), "kPa"),
        Unit::Second if name.ends_with("-hours") => (fixed(value / 3600.0, 1), "h"),
        Unit::One if value.fract() == 0.0 => (fixed(value, 0), ""),
        Unit::LiterPerSecond | Unit::One => (fixed(value, 2), unit.pretty()),
        Unit::PerMinute => (fixed(value, 0), unit.pretty()),
        Unit::Cel
        | Unit::Fahrenheit
        | Unit::Kelvin
        | Unit::Kilowatt
        | Unit::Megawatt
        | Unit::KilowattHour
        | Unit::MegawattHour
        | Unit::LiterPerMinute
        | Unit::CubicMeterPerHour
        | Unit::Pascal
        | Unit::Kilopascal
        | Unit::Bar
        | Unit::Percent
        | Unit::PercentRh
        | Unit::Second
        | Unit::Ampere
        | Unit::Volt
        | Unit::Hertz => (fixed(value, 1), unit.pretty()),
    }
}

/// The UCUM code of a difference.
pub fn difference(code: &str) -> &str {
    Unit::parse(code).map_or(code, |unit| unit.difference().code())
}

/// A number with so many digits; never `-0.0`.
pub fn fixed(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| c == '0' || c == '.') => rest.to_owned(),
        Some(_) | None => text,
    }
}

/// A length of time (s) as a person says it: `12 s`, `3 min`, `2 h 13 min`, `4 d 7 h`.
pub fn length(seconds: f64) -> String {
    let exact = plant::convert::u64_from_f64_rounded(seconds.max(0.0));
    // From ten minutes on only whole minutes are said: the nearest.
    let s = if exact < 600 { exact } else { exact.saturating_add(30) / 60 * 60 };
    let (minutes, hours, days) = (s / 60, s / 3600, s / 86_400);
    match s {
        0..60 => format!("{s} s"),
        60..600 if !s.is_multiple_of(60) => format!("{minutes} min {} s", s % 60),
        60..3600 => format!("{minutes} min"),
        3600..86_400 => format!("{hours} h {} min", minutes % 60),
        86_400.. => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_units_that_people_use() {
        for (name, value, code, shown) in [
            ("rack-a01/inlet-air-temp", 24.06, "Cel", "24.1 °C"),
            ("rack-a01/power", 21_280.0, "W", "21.28 kW"),
            ("crah-1/fan-electrical-power", 940.0, "W", "0.94 kW"),
            ("utility/energy", 1_234_560.0, "W.h", "1234.6 kWh"),
            ("chw/differential-pressure", 61_000.0, "Pa", "61.0 kPa"),
            ("crah-1/fan-hours", 45_000.0, "s", "12.5 h"),
            ("crah-1/start-delay", 30.0, "s", "30.0 s"),
            ("crah-1/water-leak", 1.0, "1", "1"),
            ("utility/power-factor", 0.98, "1", "0.98"),
            ("crah-1/return-air-humidity", 45.0, "%{RH}", "45.0 %RH"),
            ("crah-1/valve", -0.01, "%", "0.0 %"),
            ("x/y", 1.0, "furlong", "1.00"),
        ] {
            assert_eq!(figure(name, value, code), shown);
        }
    }

    #[test]
    fn lengths_of_time_are_said_in_two_units_at_most() {
        for (seconds, said) in [
            (-1.0, "0 s"),
            (12.4, "12 s"),
            (90.0, "1 min 30 s"),
            (120.0, "2 min"),
            (1799.0, "30 min"),
            (7198.2, "2 h 0 min"),
            (7980.0, "2 h 13 min"),
            (370_000.0, "4 d 6 h"),
        ] {
            assert_eq!(length(seconds), said);
        }
    }
}
