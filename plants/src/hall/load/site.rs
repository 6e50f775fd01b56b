//! What holds for the hall as a whole: its time zone, its limits, when a PUE means something.

use crate::civil::Zone;
use crate::hall::envelope::{AirClass, CoolantClass, Envelope, WaterClass};
use crate::hall::{Limits, PueRules, Trips};
use crate::read::Section;
use crate::time::Span;
use crate::units::Celsius;

/// An IANA name that the time-zone database knows.
pub(super) fn time_zone(file: &Section<'_>) -> Option<String> {
    let tz = file.need_text("tz")?;
    let fits = (tz.contains('/') || tz == "UTC") && Zone::named(&tz).is_some();
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
    let trips = limits.section("trips");
    let envelope = limits.section("envelope").map(|section| (envelope(&section), section));
    let patience = (Span::from_secs(60), Span::from_secs(12 * 3600));
    let no_response_after = limits.span("no-response-after", Limits::NO_RESPONSE_AFTER, patience);
    limits.done();
    let (recommended, max) = (recommended??, max??);
    if recommended >= max {
        let message = format!("`inlet-max` is {max} and must be above `inlet-recommended`, which is {recommended}");
        limits.fault("inlet-max", message, "the allowable range reaches further than the recommended one");
        return None;
    }
    let envelope = envelope.map_or(Envelope::A1, |(envelope, section)| {
        within(&section, envelope.air, (Celsius(recommended), Celsius(max)));
        envelope
    });
    let usual = Trips::above(Celsius(max));
    let trips = trips.map_or(usual, |section| self::trips(&section, usual));
    Some(Limits {
        inlet_recommended: Celsius(recommended),
        inlet_max: Celsius(max),
        trips,
        envelope,
        no_response_after,
    })
}

/// Reads `[limits.envelope]`.
fn envelope(section: &Section<'_>) -> Envelope {
    let read = Envelope {
        air: section.need_word("air", &AirClass::WORDS).unwrap_or(Envelope::A1.air),
        tape: section.or("tape", false),
        facility_water: section.word("facility-water", &WaterClass::WORDS),
        coolant: section.word("coolant", &CoolantClass::WORDS),
    };
    section.done();
    read
}

/// The limits of a hall are no wider than what its class bears.
fn within(section: &Section<'_>, air: AirClass, (recommended, max): (Celsius, Celsius)) {
    let both = [("inlet-recommended", recommended, air.recommended()), ("inlet-max", max, air.allowable())];
    if let Some((key, is, most)) = both.into_iter().find(|(_, is, most)| is > most) {
        let message = format!("`{key}` is {is}, and machines of this class bear {most}");
        section.fault("air", message, "write the class of the weakest machines, and limits within it");
    }
}

/// Reads `[limits.trips]`: what it does not say is as usual.
fn trips(section: &Section<'_>, usual: Trips) -> Trips {
    let celsius = |key, usual: Celsius| Celsius(section.number(key, usual.0, (10.0, 80.0)));
    let read = Trips {
        cap: celsius("cap", usual.cap),
        drain: celsius("drain", usual.drain),
        off: celsius("off", usual.off),
        after: section.span("after", usual.after, (Span::from_secs(1), Span::from_secs(300))),
        blind_after: section.span("blind-after", usual.blind_after, (Span::from_secs(10), Span::from_secs(1800))),
    };
    section.done();
    if read.cap < usual.cap {
        let message = format!("`cap` is {} and must not be below `inlet-max`, which is {}", read.cap, usual.cap);
        section.fault("cap", message, "more cooling comes first: write a warmer one");
    }
    for (key, upper, below, lower) in [("drain", read.drain, "cap", read.cap), ("off", read.off, "drain", read.drain)] {
        if upper <= lower {
            let message = format!("`{key}` is {upper} and must be above `{below}`, which is {lower}");
            section.fault(key, message, "each rung asks for more than the one before: leave some kelvins");
        }
    }
    read
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

#[cfg(test)]
mod tests {
    use crate::hall::{Hall, Trips};
    use crate::read::corpus::{Broken, each_is_told};
    use crate::time::Span;
    use crate::units::Celsius;

    fn air() -> &'static str {
        crate::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped").1
    }

    #[test]
    fn a_hall_says_when_a_row_asks_for_less_power() {
        let load = |text: &str| Hall::load("air", text).unwrap_or_else(|faults| panic!("{faults}")).limits;
        let usual = load(air()).trips;
        assert_eq!((usual, usual.cap, usual.off), (Trips::above(Celsius(32.0)), Celsius(32.0), Celsius(40.0)));
        let text =
            air().replacen("inlet-max = 32.0\n", "inlet-max = 32.0\ntrips = { off = 44.0, after = \"3s\" }\n", 1);
        assert_eq!(load(&text).trips, Trips { off: Celsius(44.0), after: Span::from_secs(3), ..usual });
    }

    #[test]
    fn every_broken_rung_is_told_at_its_place() {
        let broken = |to, message, help| Broken { from: "inlet-max = 32.0\n", to, message, help, at: "" };
        let corpus = [
            broken(
                "inlet-max = 32.0\ntrips = { cap = §31.0 }\n",
                "must not be below `inlet-max`",
                "cooling comes first",
            ),
            broken("inlet-max = 32.0\ntrips = { drain = §32.0 }\n", "must be above `cap`, which is 32", "some kelvins"),
            broken("inlet-max = 32.0\ntrips = { off = §35.0 }\n", "must be above `drain`, which is 35", "some kelvins"),
            broken("inlet-max = 32.0\ntrips = { after = §\"0s\" }\n", "must be from 1s to 5min", "such as"),
            broken("inlet-max = 32.0\ntrips = { §less = 1.0 }\n", "knows no key `less`", "known here: cap"),
        ];
        each_is_told(air(), &corpus, |text| Hall::load("air", text));
    }
}
