//! `ride`, `pre-cool`, `ride-rate` and `ride-mode` of `[peaks]`: how far cooling's setpoints are moved for peaks.

use crate::hall::load::Draft;
use crate::hall::peaks::Ride;
use crate::hall::power::Power;
use crate::hall::{Kind, Limits, Strategies};
use crate::read::Section;
use crate::units::Kelvins;

/// Setpoints are moved no further, either way (K).
const FAR: f64 = 5.0;

/// The four keys; what a file without them means.
pub(super) fn read(of: &Section<'_>) -> Ride {
    let words = [("act", true), ("monitor", false)];
    Ride {
        most: Kelvins(of.number("ride", Ride::OFF.most.0, (0.0, FAR))),
        pre_cool: Kelvins(of.number("pre-cool", Ride::OFF.pre_cool.0, (0.0, FAR))),
        rate: of.number("ride-rate", Ride::OFF.rate, (1.0, 20.0)),
        acts: of.word("ride-mode", &words).unwrap_or(Ride::OFF.acts),
    }
}

/// What it needs of the rest of the file: something to move, and room to move it.
pub(in crate::hall::load) fn check(
    file: &Section<'_>,
    (limits, strategies): (&Limits, &Strategies),
    (power, draft): (&Power, &Draft),
) {
    let Some(ride) = power.peaks.as_ref().map(|peaks| &peaks.ride).filter(|ride| ride.is_on()) else { return };
    let Some(section) = file.section("peaks").filter(|_| !file.is_faulty()) else { return };
    let cdus = draft.run.contains(&Kind::Cdu) && !draft.machinery.cdus.is_empty() && limits.envelope.coolant.is_some();
    let moves = cdus || !draft.coils.is_empty() || draft.rows.iter().any(|row| !row.fans.is_empty());
    let key = if ride.most > Kelvins(0.0) { "ride" } else { "pre-cool" };
    if !moves {
        let message = format!("the hall has no setpoint that `{key}` moves");
        section.fault(
            key,
            message,
            "it moves those of rows' fans, and of chilled water and of CDUs that control runs: leave it out",
        );
        return;
    }
    let (most, inlets) = (limits.inlet_recommended.0 - Ride::ROOM.0, strategies.fans.setpoint);
    let told = [
        ("ride", ride.most.0, (most - inlets).max(0.0), "the recommended range, less half a kelvin,"),
        (
            "pre-cool",
            ride.pre_cool.0,
            (inlets - Ride::COLDEST.0).max(0.0),
            "the recommended range, which begins at 18 °C,",
        ),
    ];
    for (key, by, room, whose) in told {
        if by > room {
            let message = format!("`{key}` is {by}, and {whose} leaves {room:.1} K beside the fans' setpoint");
            section.fault(key, message, "write a smaller one");
        }
    }
    let bears = limits.envelope.rate();
    if ride.rate > bears {
        let message = format!("setpoints may move by {} K/h, and machines may be put through {bears}", ride.rate);
        section.fault("ride-rate", message, format!("write {bears} or less"));
    }
}

#[cfg(test)]
mod tests {
    use crate::hall::Hall;
    use crate::hall::peaks::Ride;
    use crate::read::corpus::{Broken, each_is_told};
    use crate::units::Kelvins;

    fn file(hall: &str, keys: &str) -> String {
        let (_, text) = crate::shipped::HALLS.iter().find(|(name, _)| *name == hall).expect("shipped");
        format!("{text}\n[peaks]\nmeter = \"utility\"\nfeed = \"utility\"\n{keys}\n")
    }

    fn ride(hall: &Hall) -> Ride {
        hall.power.peaks.as_ref().expect("kept").ride
    }

    #[test]
    fn nothing_is_moved_where_a_file_does_not_say_so() {
        let hall = Hall::load("air", &file("air", "")).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(ride(&hall), Ride::OFF);
        assert!(!Ride::OFF.is_on());
    }

    #[test]
    fn a_file_says_how_far_how_fast_and_whether_at_all() {
        let text = file("air", "ride = 2.0\npre-cool = 1.0\nride-rate = 6.0\nride-mode = \"monitor\"");
        let hall = Hall::load("air", &text).unwrap_or_else(|faults| panic!("{faults}"));
        let wanted = Ride { most: Kelvins(2.0), pre_cool: Kelvins(1.0), rate: 6.0, acts: false };
        assert_eq!(ride(&hall), wanted);
    }

    #[test]
    fn what_is_out_of_range_or_has_no_room_is_told_at_its_place() {
        let broken = |to, message, help| Broken { from: "meter = \"utility\"\nfeed", to, message, help, at: "" };
        let corpus = [
            broken("ride = §6.0\nmeter = \"utility\"\nfeed", "`ride` is 6 and must be from 0 to 5", "write a number"),
            broken("pre-cool = §-1.0\nmeter = \"utility\"\nfeed", "must be from 0 to 5", "write a number"),
            broken("ride-rate = §0.5\nmeter = \"utility\"\nfeed", "must be from 1 to 20", "write a number"),
            broken("ride-mode = §\"on\"\nmeter = \"utility\"\nfeed", "does not know the word `on`", ""),
            broken("ride = §3.0\nmeter = \"utility\"\nfeed", "leaves 2.5 K beside the fans' setpoint", "smaller"),
        ];
        each_is_told(&file("air", ""), &corpus, |text| Hall::load("air", text));
    }

    #[test]
    fn a_hall_whose_machines_bear_less_or_that_has_nothing_to_move_is_told() {
        let told = |text: &str, wanted: &str| {
            let faults = Hall::load("t", text).expect_err("refused").0;
            assert!(faults.iter().any(|fault| fault.message.contains(wanted)), "{wanted}: {faults:#?}");
        };
        let cold = file("air", "pre-cool = 4.0").replacen("setpoint = 24.0", "setpoint = 21.0", 1);
        told(&cold, "leaves 3.0 K beside the fans' setpoint");
        let (air, tape) = ("air = \"A1\"                   # ASHRAE TC 9.9", "air = \"A1\"\ntape = true");
        let slow = file("air", "ride = 1.0").replacen(air, tape, 1);
        let (from, to) = ("[sequence.supply-air]\n", "[sequence.supply-air]\nevery = \"30min\"\n");
        told(&slow.replacen(from, to, 1), "setpoints may move by 12 K/h, and machines may be put through 5");
    }
}
