//! What holds for the hall as a whole: its time zone, its limits, when a PUE means something.

use crate::hall::{Limits, PueRules};
use crate::read::Section;
use crate::units::Celsius;

/// An IANA name by its shape; whether the zone exists is known where the time-zone database is.
pub(super) fn time_zone(file: &Section<'_>) -> Option<String> {
    let tz = file.need_text("tz")?;
    let fits =
        tz.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+-".contains(&b)) && (tz.contains('/') || tz == "UTC");
    if !fits {
        file.fault("tz", format!("`{tz}` is no time zone"), "write an IANA name such as \"Europe/Berlin\" or \"UTC\"");
    }
    fits.then_some(tz)
}

/// Reads `[limits]`.
pub(super) fn limits(file: &Section<'_>) -> Option<Limits> {
    let limits = file.need_section("limits")?;
    let recommended = limits.has("inlet-recommended").then(|| limits.within("inlet-recommended", (10.0, 50.0)));
    let max = limits.has("inlet-max").then(|| limits.within("inlet-max", (10.0, 50.0)));
    for (key, there) in [("inlet-recommended", recommended.is_some()), ("inlet-max", max.is_some())] {
        if !there {
            limits.missing(key, format!("write `{key} = …`, a temperature in °C"));
        }
    }
    limits.done();
    let (recommended, max) = (recommended??, max??);
    if recommended >= max {
        let message = format!("`inlet-max` is {max} and must be above `inlet-recommended`, which is {recommended}");
        limits.fault("inlet-max", message, "the allowable range reaches further than the recommended one");
        return None;
    }
    Some(Limits { inlet_recommended: Celsius(recommended), inlet_max: Celsius(max) })
}

/// The defaults where the file says nothing.
pub(super) fn pue(file: &Section<'_>) -> Option<PueRules> {
    let otherwise = PueRules::default();
    let Some(section) = file.section("pue") else { return Some(otherwise) };
    let low_load =
        if section.has("low-load") { section.within("low-load", (0.0, 1.0)) } else { Some(otherwise.low_load) };
    section.done();
    Some(PueRules { low_load: low_load? })
}
