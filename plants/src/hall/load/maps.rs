//! `[map.…]`: component maps.

use crate::hall::maps::{Compressors, Drive, Machines, Maps};
use crate::read::Section;
use crate::units::{Celsius, Watts};

/// What turns has a map of this kind, with the acting direction of its loop: +1 where more output makes the pv more.
const DRIVES: [(&str, f64); 4] = [("fans", -1.0), ("pump", 1.0), ("tower", -1.0), ("dry", -1.0)];
/// The steepest answer of a loop (unit of the pv per %).
const STEEPEST: f64 = 1e6;

/// The maps of the file; none without `[map]`.
pub(super) fn maps(file: &Section<'_>) -> Maps {
    let Some(section) = file.section("map") else { return Maps::NONE };
    let [fans, pump, tower, dry] = DRIVES.map(|(key, sign)| section.section(key).and_then(|s| drive(&s, sign)));
    let racks = section.section("racks").map(|s| machines(&s));
    let chillers = section.section("chillers").map(|s| compressors(&s));
    section.done();
    Maps { fans, pump, tower, dry, chillers, racks }
}

fn drive(section: &Section<'_>, sign: f64) -> Option<Drive> {
    if !section.has("rated") {
        section.missing("rated", "write `rated = …`: what one draws at 100 % (W)");
    }
    let rated = section.number("rated", 1.0, (1.0, 1e6));
    let exponent = section.number("exponent", 3.0, (1.0, 4.0));
    let gain = section.has("gain").then(|| section.within("gain", (-STEEPEST, STEEPEST))).flatten();
    section.done();
    if gain.is_some_and(|gain| gain * sign <= 0.0) {
        let way =
            if sign < 0.0 { "negative: more output makes it colder" } else { "positive: more output makes it more" };
        section.fault(
            "gain",
            "`gain` has the wrong sign",
            format!("it must be {way}; `wattloop tune` says what was seen"),
        );
        return None;
    }
    Some(Drive { rated: Watts(rated), exponent, gain })
}

fn compressors(section: &Section<'_>) -> Compressors {
    let per_kelvin = section.number("per-kelvin", 0.025, (0.0, 0.1));
    section.done();
    Compressors { per_kelvin }
}

fn machines(section: &Section<'_>) -> Machines {
    let read = Machines {
        fan_share: section.number("fan-share", 0.04, (0.0, 0.4)),
        above: Celsius(section.number("above", 27.0, (10.0, 45.0))),
        per_kelvin: section.number("per-kelvin", 0.05, (0.0, 0.5)),
        leakage: section.number("leakage", 0.0, (0.0, 0.02)),
    };
    section.done();
    read
}

#[cfg(test)]
mod tests {
    use crate::hall::Hall;
    use crate::hall::maps::Maps;
    use crate::read::corpus::{Broken, each_is_told};

    fn shipped(hall: &str) -> &'static str {
        crate::shipped::HALLS.iter().find(|(name, _)| *name == hall).expect("shipped").1
    }

    #[test]
    fn a_hall_gives_the_maps_of_what_it_has() {
        let hall = Hall::load("air", shipped("air")).unwrap_or_else(|faults| panic!("{faults}"));
        let maps = hall.strategies.maps;
        assert!(maps.fans.is_some_and(|fans| fans.rated.0 > 1e3 && fans.gain.is_some_and(|gain| gain < 0.0)));
        assert!(maps.pump.is_some_and(|pump| pump.gain.is_some_and(|gain| gain > 0.0)));
        assert!(maps.tower.is_some() && maps.dry.is_none() && maps.racks.is_some());
        assert!(maps.chillers.is_some_and(|chillers| chillers.per_kelvin > 0.0));
        let bench = Hall::load("bench", shipped("bench")).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(bench.strategies.maps, Maps::NONE);
    }

    #[test]
    fn every_broken_map_is_told_at_its_place() {
        let broken = |from, to, message, help| Broken { from, to, message, help, at: "" };
        let corpus = [
            broken("rated = 11.3e3               # W\n", "rated = §0.0\n", "must be from 1 to 1000000", ""),
            Broken { at: "[map.pump]", ..broken("rated = 4.8e3 ", "# ", "has no `rated`", "at 100 %") },
            broken("gain = -0.0437", "gain = §0.0437", "wrong sign", "negative"),
            broken("leakage = 0.0002", "leakage = §0.5", "must be from 0 to 0.02", ""),
            broken("[map.tower]", "[map.§turret]", "knows no key `turret`", "tower"),
        ];
        each_is_told(shipped("air"), &corpus, |text| Hall::load("air", text));
    }
}
