//! `[sequence.cdu]`: CDUs that control runs, and the numbers they run by.

use super::{MINUTE, SECOND};
use crate::hall::load::{Draft, tuning};
use crate::hall::machinery::{Cdu, InRow};
use crate::hall::sequence::cdu::{CapTuning, CduPump, CduTuning, DewPointTuning, DrivenCdu, FoulingTuning};
use crate::hall::sequence::pumps::PumpTuning;
use crate::read::Section;
use crate::time::Span;
use crate::units::{Celsius, Pascals, Percent, Watts};

/// The numbers of `[sequence.cdu]`.
pub(super) fn tuning(section: &Section<'_>) -> Option<CduTuning> {
    let old = CduTuning::USUAL;
    for (key, what) in [
        ("supply", "the coolest coolant to the racks, in °C"),
        ("dp", "the pressure across the racks' manifold, in Pa"),
        ("rated", "the heat that one CDU carries, in W"),
    ] {
        if !section.has(key) {
            section.missing(key, format!("write `{key} = …`: {what}"));
        }
    }
    let supply = section.within("supply", (10.0, 60.0));
    let dp = section.within("dp", (1e3, 1e6));
    let rated = section.within("rated", (1e3, 1e8)).map(Watts);
    let least_valve = Percent(section.number("least-valve", old.least_valve.0, (0.0, 50.0)));
    let least_speed = Percent(section.number("least-speed", old.least_speed.0, (10.0, 80.0)));
    let valve = section.section("valve").map_or(old.valve, |s| tuning::given(&s, old.valve));
    let pump = section.section("pump").map_or(old.pump, |s| tuning::given(&s, old.pump));
    let pumps = section.section("pumps").map_or(old.pumps, |s| pumps(&s));
    let dew_point = section.section("dew-point").map_or(old.dew_point, |s| dew_point(&s));
    let caps = section.section("caps").map_or(old.caps, |s| caps(&s));
    let fouling = section.section("fouling").map_or(old.fouling, |s| fouling(&s));
    let leak_after = section.span("leak-after", old.leak_after, (Span::ZERO, MINUTE));
    section.done();
    if let Some(dp) = dp {
        let parts = [
            ("caps", "least-dp", caps.least_dp, "write the pressure below which plates run short of coolant"),
            ("caps", "nominal-dp", caps.nominal_dp, "else no pressure at all would end a cap"),
            ("pumps", "starved", pumps.starved, "else no pressure is too low for one pump"),
        ];
        for (part, key, Pascals(pa), help) in parts.into_iter().filter(|part| part.2.0 >= dp) {
            section.fault(part, format!("`{part}.{key}` is {pa} Pa and must be below `dp`, which is {dp} Pa"), help);
        }
    }
    if let Some(supply) = supply.filter(|supply| dew_point.warmest.0 < *supply) {
        let warmest = dew_point.warmest.0;
        let message =
            format!("`dew-point.warmest` is {warmest} °C and must not be below `supply`, which is {supply} °C");
        section.fault("dew-point", message, "no dew point makes the setpoint warmer than `warmest`");
    }
    Some(CduTuning {
        valve: crate::hall::LoopTuning { setpoint: supply?, ..valve },
        pump: crate::hall::LoopTuning { setpoint: dp?, ..pump },
        least_valve,
        least_speed,
        pumps,
        dew_point,
        caps,
        fouling: FoulingTuning { rated: rated?, ..fouling },
        leak_after,
    })
}

/// The pumps of a CDU.
fn pumps(section: &Section<'_>) -> PumpTuning {
    let read = super::pumps::pumps(section, PumpTuning::USUAL, 2);
    section.done();
    read
}

fn dew_point(section: &Section<'_>) -> DewPointTuning {
    let old = DewPointTuning::USUAL;
    let read = DewPointTuning {
        margin: section.number("margin", old.margin, (1.0, 10.0)),
        ramp: section.number("ramp", old.ramp, (0.1, 10.0)),
        trip: section.number("trip", old.trip, (0.0, 5.0)),
        trip_after: section.span("trip-after", old.trip_after, (SECOND, MINUTE.times(10))),
        blind: Celsius(section.number("blind", old.blind.0, (10.0, 40.0))),
        warmest: Celsius(section.number("warmest", old.warmest.0, (20.0, 60.0))),
    };
    section.done();
    if read.trip >= read.margin {
        let message = format!("`trip` is {} and must be below `margin`, which is {}", read.trip, read.margin);
        section.fault("trip", message, "the setpoint keeps the margin; the trip is for when that does not do");
    }
    read
}

fn caps(section: &Section<'_>) -> CapTuning {
    let old = CapTuning::USUAL;
    let read = CapTuning {
        least_dp: Pascals(section.number("least-dp", old.least_dp.0, (0.0, 1e6))),
        after: section.span("after", old.after, (Span::ZERO, MINUTE)),
        cure_within: section.span("cure-within", old.cure_within, (Span::ZERO, MINUTE.times(5))),
        nominal_dp: Pascals(section.number("nominal-dp", old.nominal_dp.0, (1e3, 1e5))),
        nominal_supply: section.number("nominal-supply", old.nominal_supply, (0.5, 20.0)),
    };
    section.done();
    read
}

fn fouling(section: &Section<'_>) -> FoulingTuning {
    let old = FoulingTuning::USUAL;
    let read = FoulingTuning {
        rated: old.rated,
        open: Percent(section.number("open", old.open.0, (20.0, 100.0))),
        load: section.number("load", old.load, (0.1, 1.0)),
    };
    section.done();
    read
}

impl Draft {
    /// The CDUs that control runs; faults where there is none, or nobody sees the room's dew point.
    pub(in crate::hall::load) fn driven_cdus(&mut self, file: &Section<'_>) -> Vec<DrivenCdu> {
        let Some(all) = file.section("sequence").filter(|all| all.has("cdu")) else { return Vec::new() };
        if self.machinery.cdus.is_empty() && !file.has("cdu") {
            let help = "add `[[cdu]]`, or take this section away";
            all.clash("cdu", "the hall has no `[[cdu]]` to run", help);
        }
        if self.machinery.room.is_empty() && !file.has("room-sensor") {
            let message = "CDUs keep their coolant above the room's dew point, and nobody measures it";
            all.clash("cdu", message, "add `[[room-sensor]]` with a `name`, two of them better than one");
        }
        self.machinery.cdus.clone().into_iter().filter_map(|cdu| self.driven_cdu(cdu)).collect()
    }

    fn driven_cdu(&mut self, InRow { row, of }: InRow<Cdu>) -> Option<DrivenCdu> {
        let name = self.equips.get(of.equip)?.name.clone();
        let valve_loop = self.loops.push(format!("{name}/valve"));
        let pump_loop = self.loops.push(format!("{name}/pumps"));
        let equip = of.equip;
        let pump = |speed, feedback, fault| {
            Some(CduPump {
                speed: self.typed(equip, speed)?,
                feedback: self.typed(equip, feedback)?,
                fault: self.typed(equip, fault)?,
            })
        };
        Some(DrivenCdu {
            row,
            of,
            run_mode: self.typed(equip, "run-mode")?,
            valve: self.typed(equip, "valve")?,
            pumps: [
                pump("pump-1-speed", "pump-1-speed-feedback", "pump-1-fault")?,
                pump("pump-2-speed", "pump-2-speed-feedback", "pump-2-fault")?,
            ],
            valve_loop,
            pump_loop,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::hall::Hall;
    use crate::read::corpus::{Broken, each_is_told};
    use crate::time::Span;

    fn liquid() -> &'static str {
        crate::shipped::HALLS.iter().find(|(name, _)| *name == "liquid").expect("shipped").1
    }

    #[test]
    fn a_cdu_has_its_orders_and_its_loops() {
        let hall = Hall::load("liquid", liquid()).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(hall.cdus.len(), 4);
        let write = |name: &str| hall.points[hall.point(name).expect("a point")].write.expect("written");
        assert_eq!((write("cdu-2/run-mode").failsafe, write("cdu-2/pump-2-speed").min), (0.0, 0.0));
        assert_eq!(hall.loops[hall.cdus[1].pump_loop], "cdu-2/pumps");
        let tuning = hall.strategies.cdu;
        assert_eq!((tuning.valve.setpoint, tuning.pump.setpoint), (32.0, 60e3));
        assert_eq!(tuning.pumps.proof, Span::from_secs(5));
    }

    #[test]
    fn every_broken_number_is_told_at_its_place() {
        let broken = |from, to, message, help| Broken { from, to, message, help, at: "" };
        let corpus = [
            broken("supply = 32.0 ", "supply = §5.0 ", "must be from 10 to 60", "from 10 to 60"),
            broken("rated = 650e3 ", "rated = §1.0 ", "must be from 1000 to", ""),
            broken("rated = 650e3 ", "rated = 650e3\nleak-after = §\"2min\" ", "must be from 0ms to 60s", ""),
            broken("running = 1 ", "running = §3 ", "must be from 1 to 2", ""),
        ];
        each_is_told(liquid(), &corpus, |text| Hall::load("liquid", text));
    }

    #[test]
    fn cdus_that_cannot_be_run_are_told() {
        let told = |text: &str, wanted: &str| {
            let faults = Hall::load("liquid", text).expect_err("refused").0;
            assert!(faults.iter().any(|fault| fault.message.contains(wanted)), "{wanted}: {faults:#?}");
        };
        let blind = liquid().replace("[[room-sensor]]\nname = \"room-1\"\n", "");
        told(&blind.replace("[[room-sensor]]\nname = \"room-2\"\n", ""), "nobody measures it");
        let tight = "dp = 60e3\ndew-point = { margin = 1.0, trip = 2.0 }";
        told(&liquid().replacen("dp = 60e3 ", tight, 1), "`trip` is 2 and must be below `margin`, which is 1");
        told(&liquid().replacen("dp = 60e3 ", "dp = 15e3 ", 1), "must be below `dp`, which is 15000 Pa");
        let with = |more: &str| liquid().replacen("dp = 60e3 ", &format!("dp = 60e3\n{more} "), 1);
        told(&with("caps = { nominal-dp = 60e3 }"), "`caps.nominal-dp` is 60000 Pa and must be below `dp`");
        let starved = liquid().replacen("running = 1 ", "running = 1\nstarved = 70e3 ", 1);
        told(&starved, "`pumps.starved` is 70000 Pa and must be below `dp`");
        told(&with("dew-point = { warmest = 30.0 }"), "must not be below `supply`, which is 32 °C");
        let latch = "latch = true\nconsequence = \"Water runs";
        assert!(liquid().contains(latch));
        told(&liquid().replace(latch, "consequence = \"Water runs"), "leaked stays shut off until a person");
        told(&with("least-speed = 9.0"), "must be from 10 to 80");
    }
}
