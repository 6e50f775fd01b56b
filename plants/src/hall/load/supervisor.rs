//! `[supervisor]`: which setpoints may be moved, and how far.

use crate::hall::supervisor::{LEVERS, Lever, Reach, SupervisorTuning};
use crate::hall::{Limits, Strategies};
use crate::read::Section;
use crate::time::Span;
use crate::units::Watts;

const MINUTE: Span = Span::from_secs(60);
const HOUR: Span = Span::from_secs(3600);
/// A lever's offset, either way.
const FAR: f64 = 20.0;
/// Inlets stay so far below the recommended end (K).
const ROOM: f64 = 0.5;
/// Coolant is at least so much warmer than the facility water that cools it (K).
const APPROACH: f64 = 1.0;
/// The least lift that a chiller works with (K).
const LIFT: f64 = 3.0;

/// The numbers of `[supervisor]`; nothing without it.
pub(super) fn tuning(file: &Section<'_>) -> Option<SupervisorTuning> {
    let section = file.section("supervisor")?;
    let old = SupervisorTuning::USUAL;
    let mut levers = [None; LEVERS];
    for (slot, lever) in levers.iter_mut().zip(Lever::ALL) {
        *slot = section.section(lever.word()).map(|s| reach(&s, lever));
    }
    let read = SupervisorTuning {
        levers,
        settle: section.span("settle", old.settle, (MINUTE.times(5), HOUR.times(2))),
        measure: section.span("measure", old.measure, (MINUTE.times(5), HOUR.times(2))),
        delay: section.span("delay", old.delay, (MINUTE.times(5), HOUR.times(24))),
        worth: Watts(section.number("worth", old.worth.0, (0.0, 1e6))),
        rate: section.number("rate", old.rate, (0.5, 20.0)),
        proof_every: section.span("proof-every", old.proof_every, (HOUR.times(6), HOUR.times(720))),
    };
    section.done();
    Some(read)
}

fn reach(section: &Section<'_>, lever: Lever) -> Reach {
    let usual = if lever == Lever::SupplyAir { 4.0 } else { 0.5 };
    let read = Reach {
        least: section.number("least", 0.0, (-FAR, 0.0)),
        most: section.number("most", 0.0, (0.0, FAR)),
        step: section.number("step", usual, (0.1, 10.0)),
    };
    section.done();
    if read.most - read.least < read.step {
        let message = format!("from {} to {} there is no room for a step of {}", read.least, read.most, read.step);
        section.fault("step", message, "write `most = …`, or `least = …` below 0, or a smaller `step`");
    }
    read
}

/// What the supervisor needs of the rest of the file: something to move, and room to move it within its envelope.
pub(super) fn check(file: &Section<'_>, limits: &Limits, strategies: &Strategies) {
    let (Some(of), Some(section)) = (&strategies.supervisor, file.section("supervisor")) else { return };
    if file.is_faulty() {
        return;
    }
    if of.rate > limits.envelope.rate() {
        let message = format!(
            "setpoints may move by {} K/h, and machines may be put through {}",
            of.rate,
            limits.envelope.rate()
        );
        section.fault("rate", message, "move them more slowly");
    }
    for lever in Lever::ALL {
        let (Some(reach), Some(at)) = (of.reach(lever), section.section(lever.word())) else { continue };
        if !file_has(file, lever, strategies) {
            let message = format!("the hall has no setpoint that `{}` moves", lever.word());
            section.fault(lever.word(), message, format!("{}, or take the section away", needs(lever)));
            continue;
        }
        if lever.warms() && strategies.maps.racks.is_none() {
            let message =
                format!("`{}` makes machines warmer, and the hall does not say what they draw for it", lever.word());
            section.fault(lever.word(), message, "write `[map.racks]`, so that it counts");
        }
        if let Some((low, high, whose)) = room(lever, limits, strategies) {
            let told = [("least", reach.least, reach.least < low), ("most", reach.most, reach.most > high)];
            for (key, by, _) in told.into_iter().filter(|(_, _, beyond)| *beyond) {
                let message = format!("`{key}` is {by}, and {whose} leaves {low:.1} to {high:.1} {}", lever.unit());
                at.fault(key, message, "write a smaller one");
            }
        }
    }
}

/// True where there is something to move.
fn file_has(file: &Section<'_>, lever: Lever, of: &Strategies) -> bool {
    let sequence = file.section("sequence");
    let sequenced = |key| sequence.as_ref().is_some_and(|s| s.has(key));
    match lever {
        Lever::Inlets => file.has("row"),
        Lever::SupplyAir => of.supply_air.is_some(),
        Lever::ChilledWater => of.chilled_water.reset.is_some(),
        Lever::CondenserWater => of.chilled_water.tower.is_some() || of.facility_water.tower.is_some(),
        Lever::Coolant => sequenced("cdu"),
        Lever::FacilityWater => sequenced("facility-water") || sequenced("dry-cooler"),
    }
}

const fn needs(lever: Lever) -> &'static str {
    match lever {
        Lever::Inlets => "rows have fans that hold their inlets",
        Lever::SupplyAir => "it needs `[sequence.supply-air]`",
        Lever::ChilledWater => "it needs `[sequence.chilled-water.reset]`",
        Lever::CondenserWater => "it needs a `tower` under `[sequence.chilled-water]` or `[sequence.facility-water]`",
        Lever::Coolant => "it needs `[sequence.cdu]`",
        Lever::FacilityWater => "it needs `[sequence.facility-water]` or `[sequence.dry-cooler]`",
    }
}

/// From which offset to which the envelope and the other setpoints leave room, and whose limit that is.
fn room(lever: Lever, limits: &Limits, of: &Strategies) -> Option<(f64, f64, &'static str)> {
    let (water, coolant) = (of.facility_water.setpoint.0, of.cdu.valve.setpoint);
    match lever {
        Lever::Inlets => {
            let most = limits.inlet_recommended.0 - ROOM - of.fans.setpoint;
            Some((-FAR, most, "the recommended range, less half a kelvin,"))
        }
        Lever::SupplyAir => {
            let air = of.supply_air?;
            Some((20.0 - air.fast_free.0, 100.0 - air.fast.0, "the range of fans"))
        }
        Lever::ChilledWater => {
            Some((of.chilled_water.setpoint.0 - of.chilled_water.reset?.warmest.0, FAR, "the reset's coldest water"))
        }
        Lever::CondenserWater => {
            let towers = [of.chilled_water.tower, of.facility_water.tower].into_iter().flatten();
            Some((
                LIFT - towers.map(|t| t.least_lift).fold(f64::INFINITY, f64::min),
                FAR,
                "the least lift of a chiller",
            ))
        }
        Lever::Coolant => {
            let most = limits.envelope.coolant.map_or(0.0, |class| class.warmest().0 - coolant);
            Some((-FAR, most, "the class in `[limits.envelope] coolant`"))
        }
        Lever::FacilityWater => {
            let class = limits.envelope.facility_water.map_or(0.0, |class| class.warmest().0 - water);
            let cooler = if coolant > water { coolant - APPROACH - water } else { class };
            Some((
                -FAR,
                class.min(cooler),
                "the class in `[limits.envelope] facility-water`, or the coolant's setpoint,",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hall::Hall;
    use crate::hall::envelope::{AirClass, CoolantClass};
    use crate::read::corpus::{Broken, each_is_told};

    fn shipped(hall: &str) -> &'static str {
        crate::shipped::HALLS.iter().find(|(name, _)| *name == hall).expect("shipped").1
    }

    #[test]
    fn a_hall_says_which_setpoints_may_be_moved_and_within_which_envelope() {
        let hall = Hall::load("hybrid", shipped("hybrid")).unwrap_or_else(|faults| panic!("{faults}"));
        let of = hall.strategies.supervisor.expect("supervised");
        assert!(of.reach(Lever::Inlets).is_some_and(|reach| reach.most > 0.0));
        assert_eq!(of.reach(Lever::FacilityWater), None);
        let envelope = hall.limits.envelope;
        assert_eq!((envelope.air, envelope.coolant), (AirClass::A1, Some(CoolantClass::S40)));
        let bench = Hall::load("bench", shipped("bench")).unwrap_or_else(|faults| panic!("{faults}"));
        assert!(bench.strategies.supervisor.is_none());
    }

    #[test]
    fn each_lever_moves_its_own_setpoint_and_nothing_else() {
        let hall = Hall::load("liquid", shipped("liquid")).unwrap_or_else(|faults| panic!("{faults}"));
        let filed = hall.strategies;
        assert_eq!(filed.moved(&[0.0; LEVERS]), filed);
        let mut seen = Vec::new();
        for at in 0..LEVERS {
            let mut offsets = [0.0; LEVERS];
            offsets[at] = 1.0;
            let moved = filed.moved(&offsets);
            offsets[at] = -1.0;
            assert_ne!((moved != filed, moved), (true, filed.moved(&offsets)), "{at}");
            assert!(!seen.contains(&moved) || moved == filed, "{at}");
            seen.push(moved);
        }
        assert!((filed.moved(&[1.5, 0.0, 0.0, 0.0, 0.0, 0.0]).fans.setpoint - filed.fans.setpoint - 1.5).abs() < 1e-12);
    }

    #[test]
    fn what_the_envelope_or_another_setpoint_does_not_bear_is_told_at_its_place() {
        let broken = |from, to, message, help| Broken { from, to, message, help, at: "" };
        let corpus = [
            broken(
                "[supervisor.inlets]          # K, on the fans' setpoint\nmost = 1.5",
                "[supervisor.inlets]\nmost = §3.0",
                "leaves -20.0 to 2.5 K",
                "smaller",
            ),
            broken("[supervisor]\n", "[supervisor]\nrate = §30.0\n", "must be from 0.5 to 20", ""),
            broken("[supervisor]\n", "[supervisor]\nsettle = §\"1min\"\n", "must be from 5min", "such as"),
            broken("air = \"A1\" ", "air = §\"H1\" ", "bear 22", "weakest"),
            broken("air = \"A1\" ", "air = §\"A9\" ", "does not know the word", ""),
            broken("coolant = \"S40\"", "", "leaves -20.0 to 0.0 K", "smaller"),
            broken(
                "[supervisor.coolant]         # K\nmost = 4.0",
                "[supervisor.coolant]\nmost = §9.0",
                "leaves -20.0 to 8.0 K",
                "smaller",
            ),
            broken(
                "least = -4.0\nstep = 1.0",
                "least = §-6.0\nstep = 1.0",
                "the reset's coldest water leaves -5.0",
                "",
            ),
        ];
        let corpus: Vec<Broken> = corpus
            .into_iter()
            .map(|b| if b.to.is_empty() { Broken { at: "4.0\nstep = 1.0\n\n# Every alarm", ..b } } else { b })
            .collect();
        each_is_told(shipped("hybrid"), &corpus, |text| Hall::load("hybrid", text));
    }

    #[test]
    fn a_lever_without_anything_to_move_is_told() {
        let broken = |from, to, message, help| Broken { from, to, message, help, at: "" };
        let corpus = [
            broken(
                "[supervisor]\n",
                "[supervisor]\n§[supervisor.coolant]\nmost = 1.0\n\n",
                "no setpoint that `coolant` moves",
                "[sequence.cdu]",
            ),
            broken(
                "[supervisor.inlets]          # K, on the fans' setpoint\nmost = 1.5",
                "[supervisor.inlets]\nstep = §0.5",
                "no room for a step of 0.5",
                "most",
            ),
            broken(
                "[map.racks]\nfan-share = 0.04             # of their power\nabove = 27.0                 # °C\nper-kelvin = 0.05            # of their fans' speed\nleakage = 0.0002             # of their power, for each kelvin",
                "",
                "does not say what they draw",
                "[map.racks]",
            ),
        ];
        let corpus: Vec<Broken> = corpus
            .into_iter()
            .map(|b| if b.to.is_empty() { Broken { at: "[supervisor.inlets]", ..b } } else { b })
            .collect();
        each_is_told(shipped("air"), &corpus, |text| Hall::load("air", text));
    }
}
