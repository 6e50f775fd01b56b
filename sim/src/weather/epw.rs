//! A year of weather from an EnergyPlus weather file.
//!
//! **Equation** an hour's dry bulb, dew point, pressure and wind stand at the hour's end, as their record says; between hours
//! they follow a cubic that never leaves the two hours' values. Radiation is the hour's mean and stands for the whole hour, so
//! that no energy is lost. The year repeats for ever by its calendar: 29 February repeats the 28th where the file has none, and
//! is left out where the calendar has none. **Source** the format: EnergyPlus Auxiliary Programs, "EnergyPlus Weather File
//! (EPW) Data Dictionary"; the cubic: Fritsch and Butland 1984. **Box** what the dictionary allows. **Outside it** a fault with its place.
//! **Missing values** are bridged in a straight line over a day at the most; a missing dew point is worked out of the relative
//! humidity, a missing pressure of the elevation.

mod calendar;
mod records;

use plant::convert;
use plant::fault::Faults;
use plant::read::Source;
use plant::time::Wall;

use super::Outdoor;

/// Milliseconds of an hour.
const HOUR_MS: i64 = 3_600_000;

/// A year of a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Epw {
    /// Where.
    pub place: Place,
    /// Every hour from 1 January on.
    hours: Vec<Hour>,
    /// True when the file has a 29 February.
    leap: bool,
}

/// Where a file's weather was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// Its name in the file.
    pub name: String,
    /// Latitude (°, -90 to 90, north is positive).
    pub latitude: f64,
    /// Longitude (°, -180 to 180, east is positive).
    pub longitude: f64,
    /// Standard time ahead of UTC (h, -12 to 14).
    pub zone: f64,
    /// Height above the sea (m, -1000 to 10,000).
    pub elevation: f64,
}

/// One record.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Hour {
    dry_bulb: f64,
    dew_point: f64,
    pressure: f64,
    wind: f64,
    direct: f64,
    diffuse: f64,
}

impl Epw {
    /// Reads the text of `file`.
    ///
    /// # Errors
    /// Every fault of the file, each with its line and column.
    pub fn read(file: &str, text: &str) -> Result<Self, Faults> {
        let source = Source::new(file, text);
        let read = records::read(&source, text);
        source.finish(read)
    }

    /// Hours in the file (8760 or 8784).
    #[must_use]
    pub const fn hours(&self) -> usize {
        self.hours.len()
    }

    /// The mean dry bulb (°C).
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.hours.iter().map(|h| h.dry_bulb).sum::<f64>() / convert::f64_from_usize(self.hours.len()).max(1.0)
    }

    /// The air at a time of any year.
    #[must_use]
    pub fn outdoor(&self, wall: Wall) -> Outdoor {
        let zone = convert::i64_from_f64_rounded(self.place.zone * 3.6e6);
        let local = wall.0.saturating_add(zone);
        let (number, into) = (local.div_euclid(HOUR_MS), local.rem_euclid(HOUR_MS));
        let share = convert::f64_from_i64(into) / 3.6e6;
        let around = [number.saturating_sub(1), number, number.saturating_add(1), number.saturating_add(2)];
        let around = around.map(|n| self.ending(n));
        let between = |what: fn(&Hour) -> f64| cubic(around.map(|h| what(&h)), share);
        let air = Outdoor::of(between(|h| h.dry_bulb), between(|h| h.dew_point), between(|h| h.pressure));
        // The record whose hour we are in is the one that ends next.
        let now = self.ending(number.saturating_add(1));
        Outdoor { wind: between(|h| h.wind), direct: now.direct, diffuse: now.diffuse, ..air }
    }

    /// The record that ends with this hour, counted in local time from 1970.
    fn ending(&self, number: i64) -> Hour {
        let begun = number.saturating_sub(1);
        let day = calendar::day_of_year(begun.div_euclid(24), self.leap);
        let hour = convert::u64_from_usize(day).saturating_mul(24).saturating_add(begun.rem_euclid(24).unsigned_abs());
        self.hours.get(convert::usize_from_u64(hour)).copied().unwrap_or_default()
    }
}

/// Between the second and the third of four values that follow each other.
fn cubic([before, from, to, after]: [f64; 4], share: f64) -> f64 {
    let (rise, tangent) = (to - from, |a: f64, b: f64| if a * b > 0.0 { 2.0 * a * b / (a + b) } else { 0.0 });
    let (start, end) = (tangent(from - before, rise), tangent(rise, after - to));
    let rest = 1.0 - share;
    let value = from * (1.0 + 2.0 * share) * rest * rest
        + to * share * share * (3.0 - 2.0 * share)
        + start * share * rest * rest
        - end * share * share * rest;
    value.clamp(from.min(to), from.max(to))
}

#[cfg(test)]
mod tests;
