//! `[sequence.supply-air]`: how the supply air of rows of CRAHs is reset.

use super::{HOUR, MINUTE};
use crate::hall::sequence::air::SupplyAirTuning;
use crate::hall::{AlarmDef, Condition, Limits, Strategies};
use crate::id::{AlarmId, Table};
use crate::read::Section;
use crate::time::Span;
use crate::units::{Celsius, Kelvins, Percent};

/// What machines may be put through in a quarter of an hour and in an hour (K): ASHRAE TC 9.9, for other than tape.
const SWINGS: [(Span, f64); 2] = [(MINUTE.times(15), 5.0), (HOUR, 20.0)];

/// The numbers of `[sequence.supply-air]`.
pub(super) fn tuning(section: &Section<'_>) -> SupplyAirTuning {
    let old = SupplyAirTuning::USUAL;
    let read = SupplyAirTuning {
        coldest: Celsius(section.number("coldest", old.coldest.0, (10.0, 30.0))),
        warmest: Celsius(section.number("warmest", old.warmest.0, (10.0, 30.0))),
        delay: section.span("delay", old.delay, (Span::ZERO, HOUR.times(2))),
        every: section.span("every", old.every, (MINUTE, HOUR)),
        ignore: section.number("ignore", old.ignore, (0.0, 100.0)),
        trim: Kelvins(section.number("trim", old.trim.0, (0.01, 1.0))),
        respond: Kelvins(section.number("respond", old.respond.0, (0.01, 2.0))),
        most: Kelvins(section.number("most", old.most.0, (0.01, 2.0))),
        warm: Kelvins(section.number("warm", old.warm.0, (0.0, 5.0))),
        fast: Percent(section.number("fast", old.fast.0, (20.0, 100.0))),
        fast_free: Percent(section.number("fast-free", old.fast_free.0, (20.0, 100.0))),
        band: Percent(section.number("band", old.band.0, (2.0, 50.0))),
    };
    section.done();
    if read.warmest <= read.coldest {
        let message = format!("`warmest` is {} and must be above `coldest`, which is {}", read.warmest, read.coldest);
        section.fault("warmest", message, "between the two the setpoint is reset: leave some kelvins");
    }
    if read.fast_free > read.fast {
        let message = format!("`fast-free` is {} and must not be above `fast`, which is {}", read.fast_free, read.fast);
        section.fault(
            "fast-free",
            message,
            "where water is cooled for nothing fans may be slower: write a smaller one",
        );
    }
    for (within, most) in SWINGS {
        let travel = read.travel(within);
        if travel > most {
            let message =
                format!("the air may move by {travel:.1} K in {within}, and machines may be put through {most} K");
            section.fault("most", message, "make the steps smaller, or `every` longer");
            break;
        }
    }
    read
}

/// What the reset needs of the rest of the file.
pub(in crate::hall::load) fn check(
    file: &Section<'_>,
    (limits, strategies): (&Limits, &Strategies),
    (coils, alarms): (bool, &Table<AlarmId, AlarmDef>),
) {
    let (Some(of), Some(all)) = (&strategies.supply_air, file.section("sequence")) else { return };
    if !coils {
        let help = "add `[[crah]]`, or take this section away";
        all.clash("supply-air", "the hall has no coil whose supply air could be reset", help);
        return;
    }
    let (recommended, start) = (limits.inlet_recommended, Celsius(strategies.valves.setpoint));
    if of.warmest >= recommended {
        let message =
            format!("`warmest` is {} and must be below `inlet-recommended`, which is {recommended}", of.warmest);
        all.clash("supply-air", message, "air is warmer at a rack than where it is blown: leave three kelvins");
    }
    if start < of.coldest || start > of.warmest {
        let message = format!("the valves' setpoint is {start}, outside {} to {}", of.coldest, of.warmest);
        all.clash("supply-air", message, "it is where the reset begins: bring it inside");
    }
    let soon = |def: &&AlarmDef| def.condition == Condition::SupplyAirAbove && def.limit <= of.warmest.0;
    if let Some(alarm) = alarms.rows().iter().find(soon) {
        let message =
            format!("`warmest` is {}, and the alarm `{}` is raised above {}", of.warmest, alarm.name, alarm.limit);
        all.clash("supply-air", message, "raise the alarm's limit, or write a colder `warmest`");
    }
}

#[cfg(test)]
mod tests {
    use crate::hall::Hall;
    use crate::read::corpus::{Broken, each_is_told};
    use crate::units::Celsius;

    fn shipped(name: &str) -> &'static str {
        crate::shipped::HALLS.iter().find(|(n, _)| *n == name).expect("shipped").1
    }

    #[test]
    fn a_hall_says_how_far_its_supply_air_may_go() {
        let hall = Hall::load("air", shipped("air")).unwrap_or_else(|faults| panic!("{faults}"));
        let of = hall.strategies.supply_air.expect("reset");
        assert!(of.coldest < Celsius(hall.strategies.valves.setpoint) && of.warmest < hall.limits.inlet_recommended);
        let dx = Hall::load("air-dx", shipped("air-dx")).unwrap_or_else(|faults| panic!("{faults}"));
        assert!(dx.strategies.supply_air.is_none(), "no coils");
    }

    #[test]
    fn every_broken_number_is_told_at_its_place() {
        let broken = |to, message, help| Broken { from: "[sequence.supply-air]", to, message, help, at: "" };
        let corpus = [
            broken("[sequence.supply-air]\ntrim = §0.0", "must be from 0.01 to 1", ""),
            broken("[sequence.supply-air]\nevery = §\"5s\"", "must be from 60s to 60min", "such as"),
            broken("[sequence.supply-air]\n§warmer = 1.0", "knows no key `warmer`", ""),
            broken("[sequence.supply-air]\nfast = 40.0\nfast-free = §41.0", "must not be above `fast`", "smaller one"),
            broken("[sequence.supply-air]\nevery = \"1min\"\nmost = §2.0", "may move by 32.0 K in 15min", "smaller"),
        ];
        each_is_told(shipped("air"), &corpus, |text| Hall::load("air", text));
    }

    #[test]
    fn what_does_not_fit_the_rest_of_the_hall_is_told() {
        let told = |name: &str, from: &str, to: &str, wanted: &str| {
            let text = shipped(name).replacen(from, to, 1);
            let faults = Hall::load(name, &text).expect_err("refused").0;
            assert!(faults.iter().any(|fault| fault.message.contains(wanted)), "{wanted}: {faults:#?}");
        };
        told("air", "warmest = 23.0 ", "coldest = 21.0\nwarmest = 23.0 ", "outside 21.0 °C to 23.0 °C");
        told("air", "warmest = 23.0 ", "warmest = 28.0 ", "must be below `inlet-recommended`");
        told("air", "warmest = 23.0 ", "warmest = 24.0 ", "the alarm `supply-air-high` is raised above 24");
        told("air-dx", "[sequence.dx]", "[sequence.supply-air]\n\n[sequence.dx]", "the hall has no coil");
    }
}
