//! What energy costs: a tariff of the program by its word, or a site's own prices from a table.

use jiff::Timestamp;
use plant::convert;
use plant::fault::Faults;
use plant::read::Source;
use plant::time::Wall;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// Hours of a day.
const HOURS: usize = 24;

/// Tariffs that come with the program (per kWh), each hour of the UTC day. They show shapes that are common, not what anybody pays.
pub const TARIFFS: &[(&str, [f64; HOURS])] = &[
    ("flat", [0.20; HOURS]),
    (
        "day-night",
        [
            0.16, 0.16, 0.16, 0.16, 0.16, 0.16, 0.24, 0.24, 0.24, 0.24, 0.24, 0.24, //
            0.24, 0.24, 0.24, 0.24, 0.24, 0.24, 0.24, 0.24, 0.24, 0.24, 0.16, 0.16,
        ],
    ),
    (
        "evening-peak",
        [
            0.14, 0.14, 0.14, 0.14, 0.14, 0.14, 0.20, 0.20, 0.20, 0.20, 0.20, 0.20, //
            0.20, 0.20, 0.20, 0.20, 0.20, 0.42, 0.42, 0.42, 0.42, 0.20, 0.14, 0.14,
        ],
    ),
];

/// What energy costs, over time (per kWh, in the site's currency; a price may be below nothing).
#[derive(Clone, Debug, PartialEq)]
pub enum Prices {
    /// Each hour of the UTC day, every day alike.
    Hours([f64; HOURS]),
    /// From a time on (ms since 1970), rising; the first also before it.
    Table(Vec<(i64, f64)>),
}

impl Prices {
    /// A tariff of the program by its word.
    #[must_use]
    pub fn tariff(word: &str) -> Option<Self> {
        TARIFFS.iter().find(|(known, _)| *known == word).map(|(_, day)| Self::Hours(*day))
    }

    /// Reads a table: a first line `time,price`, then lines such as `2026-07-15T12:00Z,0.21`. A price holds until the next.
    ///
    /// # Errors
    /// Every line that is none, each with its number.
    pub fn read(file: &str, text: &str) -> Result<Self, Faults> {
        let source = Source::new(file, text);
        let mut rows: Vec<(i64, f64)> = Vec::new();
        let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let head = lines.next().map(|(_, line)| line.trim());
        if head != Some("time,price") {
            source.fault_at((1, 1), "a table of prices begins with `time,price`", "write it as the first line");
        }
        for (number, line) in lines {
            let cells = line.split_once(',');
            let at = cells.and_then(|(at, _)| at.trim().parse::<Timestamp>().ok()).map(Timestamp::as_millisecond);
            let price = cells.and_then(|(_, price)| price.trim().parse::<f64>().ok()).filter(|p| p.is_finite());
            match (at, price) {
                (Some(at), Some(price)) if rows.last().is_none_or(|last| at > last.0) => rows.push((at, price)),
                (Some(_), Some(_)) => source.fault_at((number, 1), "time does not go on", "sort the lines by time"),
                (_, _) => {
                    let help = "write a time with its zone and a number: `2026-07-15T12:00Z,0.21`";
                    source.fault_at((number, 1), format!("`{line}` is no price"), help);
                }
            }
        }
        if rows.is_empty() {
            source.fault_at((1, 1), "there is no price", "write one line at least");
        }
        source.finish(Some(Self::Table(rows)))
    }

    /// The price at a time (per kWh).
    #[must_use]
    pub fn at(&self, wall: Wall) -> f64 {
        match self {
            Self::Hours(day) => {
                let hour = convert::usize_from_u64(convert::bits_from_i64(wall.0.rem_euclid(DAY_MS) / 3_600_000));
                day.get(hour).copied().unwrap_or(0.0)
            }
            Self::Table(rows) => {
                let past = rows.partition_point(|(from, _)| *from <= wall.0);
                rows.get(past.saturating_sub(1)).map_or(0.0, |(_, price)| *price)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Wall {
        Wall(text.parse::<Timestamp>().expect("a time").as_millisecond())
    }

    #[test]
    fn a_tariff_has_its_price_each_hour() {
        let evening = Prices::tariff("evening-peak").expect("shipped");
        for (time, price) in [("05:59", 0.14), ("06:00", 0.20), ("17:00", 0.42), ("20:59", 0.42), ("21:00", 0.20)] {
            assert_eq!(evening.at(at(&format!("2026-07-15T{time}Z"))), price, "{time}");
        }
        assert_eq!(Prices::tariff("flat").map(|p| p.at(Wall(0))), Some(0.2));
        assert!(Prices::tariff("free").is_none());
    }

    #[test]
    fn a_price_holds_until_the_next() {
        let text = "time,price\n# a site's own\n2026-07-15T12:00Z,0.21\n2026-07-15T15:00+02:00,-0.05\n";
        let table = Prices::read("prices.csv", text).expect("it reads");
        for (time, price) in [("11:00", 0.21), ("12:30", 0.21), ("13:00", -0.05), ("20:00", -0.05)] {
            assert_eq!(table.at(at(&format!("2026-07-15T{time}Z"))), price, "{time}");
        }
    }

    #[test]
    fn every_bad_line_is_told_at_once() {
        let text = "time;price\n2026-07-15T12:00Z,cheap\n2026-07-15T12:00Z,1\n2026-07-15T11:00Z,1\n";
        let faults = Prices::read("prices.csv", text).expect_err("faults").to_string();
        for said in ["prices.csv:1:1:", "prices.csv:2:1: `2026-07-15T12:00Z,cheap` is no price", "prices.csv:4:1: time"]
        {
            assert!(faults.contains(said), "{said} is not in {faults}");
        }
    }
}
