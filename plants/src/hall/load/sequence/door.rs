//! `[sequence.rear-door]`: rear doors that control runs, and the numbers they run by.

use super::{HOUR, MINUTE, SECOND};
use crate::hall::LoopTuning;
use crate::hall::load::Draft;
use crate::hall::load::tuning::given;
use crate::hall::machinery::{OnRack, RearDoor};
use crate::hall::sequence::FanTuning;
use crate::hall::sequence::cdu::DewPointTuning;
use crate::hall::sequence::door::{DoorTuning, DrivenDoor};
use crate::read::Section;
use crate::time::Span;
use crate::units::Celsius;

/// The numbers of `[sequence.rear-door]`.
pub(super) fn tuning(section: &Section<'_>) -> Option<DoorTuning> {
    let old = DoorTuning::USUAL;
    if !section.has("setpoint") {
        section.missing("setpoint", "write `setpoint = …`: the air that leaves the doors, in °C");
    }
    let setpoint = section.within("setpoint", (10.0, 35.0));
    let valve = section.section("valve").map_or(old.valve.speed, |s| given(&s, old.valve.speed));
    let rests = FanTuning {
        speed: valve,
        least_speed: section.number("least-valve", old.valve.least_speed, (1.0, 50.0)),
        deadband: section.number("deadband", old.valve.deadband, (0.1, 5.0)),
        off_after: section.span("off-after", old.valve.off_after, (SECOND.times(30), HOUR)),
        least_off: section.span("least-off", old.valve.least_off, (Span::ZERO, HOUR)),
        start_within: section.span("start-within", old.valve.start_within, (SECOND.times(5), MINUTE.times(10))),
        stop_within: section.span("stop-within", old.valve.stop_within, (SECOND.times(5), MINUTE.times(30))),
    };
    let read = DoorTuning {
        valve: rests,
        stuck: section.number("stuck", old.stuck, (2.0, 50.0)),
        stuck_after: section.span("stuck-after", old.stuck_after, (SECOND.times(30), HOUR)),
        warm: section.number("warm", old.warm, (1.0, 20.0)),
        warm_for: section.span("warm-for", old.warm_for, (MINUTE, HOUR.times(2))),
        leak_after: section.span("leak-after", old.leak_after, (Span::ZERO, MINUTE)),
        dew_point: section.section("dew-point").map_or(old.dew_point, |s| dew_point(&s)),
    };
    section.done();
    Some(DoorTuning { valve: FanTuning { speed: LoopTuning { setpoint: setpoint?, ..valve }, ..rests }, ..read })
}

fn dew_point(section: &Section<'_>) -> DewPointTuning {
    let old = DoorTuning::USUAL.dew_point;
    let read = DewPointTuning {
        margin: section.number("margin", old.margin, (1.0, 10.0)),
        trip: section.number("trip", old.trip, (0.0, 5.0)),
        trip_after: section.span("trip-after", old.trip_after, (SECOND, MINUTE.times(10))),
        blind: Celsius(section.number("blind", old.blind.0, (10.0, 40.0))),
        ..old
    };
    section.done();
    if read.trip >= read.margin {
        let message = format!("`trip` is {} and must be below `margin`, which is {}", read.trip, read.margin);
        section.fault("trip", message, "the valve opens again once the margin is kept: leave a kelvin between the two");
    }
    read
}

impl Draft {
    /// The rear doors that control runs; faults where there is none, or nobody sees the room's dew point.
    pub(in crate::hall::load) fn driven_doors(&mut self, file: &Section<'_>) -> Vec<DrivenDoor> {
        let Some(all) = file.section("sequence").filter(|all| all.has("rear-door")) else { return Vec::new() };
        if self.machinery.doors.is_empty() {
            let help = "write `rear-doors = true` in a `[[row]]`, or take this section away";
            all.clash("rear-door", "no row of the hall has rear doors to run", help);
        }
        if self.machinery.room.is_empty() && !file.has("room-sensor") {
            let message = "rear doors take no water colder than the room's dew point, and nobody measures it";
            all.clash("rear-door", message, "add `[[room-sensor]]` with a `name`, two of them better than one");
        }
        self.machinery.doors.clone().into_iter().filter_map(|door| self.driven_door(door)).collect()
    }

    fn driven_door(&mut self, OnRack { row, of, .. }: OnRack<RearDoor>) -> Option<DrivenDoor> {
        let name = self.equips.get(of.equip)?.name.clone();
        Some(DrivenDoor {
            row,
            of,
            run_mode: self.typed(of.equip, "run-mode")?,
            valve: self.typed(of.equip, "valve")?,
            valve_loop: self.loops.push(format!("{name}/valve")),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::hall::Hall;
    use crate::read::corpus::{Broken, each_is_told};

    fn doors() -> &'static str {
        crate::shipped::HALLS.iter().find(|(name, _)| *name == "rear-door").expect("shipped").1
    }

    #[test]
    fn each_rack_has_a_door_with_its_orders_and_its_loop() {
        let hall = Hall::load("rear-door", doors()).unwrap_or_else(|faults| panic!("{faults}"));
        let racks: usize = hall.rows.rows().iter().map(|row| row.racks.len()).sum();
        assert_eq!((hall.doors.len(), hall.machinery.doors.len()), (racks, racks));
        let write = |name: &str| hall.points[hall.point(name).expect("a point")].write.expect("written");
        assert_eq!((write("door-a01/run-mode").failsafe, write("door-a01/valve").failsafe), (0.0, 100.0));
        assert_eq!(hall.loops[hall.doors[1].valve_loop], "door-a02/valve");
        assert_eq!(hall.strategies.doors.valve.speed.setpoint, 24.0);
        assert!(hall.point("crah-1/run-mode").is_none());
    }

    #[test]
    fn every_broken_number_is_told_at_its_place() {
        let broken = |from, to, message, help| Broken { from, to, message, help, at: "" };
        let corpus = [
            broken("setpoint = 24.0 ", "setpoint = §50.0 ", "must be from 10 to 35", "from 10 to 35"),
            broken("least-valve = 5.0 ", "least-valve = §0.0 ", "must be from 1 to 50", ""),
            broken("least-valve = 5.0 ", "stuck-after = §\"1s\" ", "must be from 30s to", "such as"),
            broken("least-valve = 5.0 ", "§leaks = 1 ", "knows no key `leaks`", "known here"),
            broken("least-valve = 5.0 ", "dew-point = { §ramp = 1.0 } ", "knows no key `ramp`", "known here"),
        ];
        each_is_told(doors(), &corpus, |text| Hall::load("rear-door", text));
    }

    #[test]
    fn doors_that_cannot_be_run_are_told() {
        let told = |text: &str, wanted: &str| {
            let faults = Hall::load("rear-door", text).expect_err("refused").0;
            assert!(faults.iter().any(|fault| fault.message.contains(wanted)), "{wanted}: {faults:#?}");
        };
        told(&doors().replace("rear-doors = true", ""), "no row of the hall has rear doors");
        let blind = doors().replace("[[room-sensor]]\nname = \"room-1\"\n", "");
        told(&blind.replace("[[room-sensor]]\nname = \"room-2\"\n", ""), "nobody measures it");
        let tight = "least-valve = 5.0\ndew-point = { margin = 1.0, trip = 2.0 }";
        told(&doors().replacen("least-valve = 5.0 ", tight, 1), "`trip` is 2 and must be below `margin`, which is 1");
        told(&doors().replace("condition = \"door-leak\"", "condition = \"plant-short\""), "stays shut until a person");
        let unlatched = doors().replace(
            "priority = \"critical\"\nlatch = true\nconsequence = \"Water",
            "priority = \"critical\"\nconsequence = \"Water",
        );
        told(&unlatched, "stays shut until a person");
    }
}
