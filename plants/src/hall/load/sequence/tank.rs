//! `[sequence.tank]` and `[sequence.two-phase-tank]`: immersion tanks that control runs, and the numbers they run by.

use super::{DAY, HOUR, MINUTE, SECOND};
use crate::hall::LoopTuning;
use crate::hall::kind::PointSpec;
use crate::hall::load::{Draft, tuning};
use crate::hall::machinery::{Rated, Tank, TwoPhaseTank};
use crate::hall::sequence::tank::{
    AirTuning, CirculationTuning, ColdTuning, DrivenPurge, DrivenTank, DrivenTwoPhase, HotTuning, LeakTuning,
    LevelTuning, PressureTuning, PurgeTuning, TankTuning, TwoPhaseTuning,
};
use crate::read::Section;
use crate::time::Span;
use crate::units::{Celsius, LitersPerSecond, Pascals, Percent};

/// The numbers of `[sequence.tank]`.
pub(super) fn tank(section: &Section<'_>) -> Option<TankTuning> {
    let old = TankTuning::USUAL;
    if !section.has("setpoint") {
        section.missing("setpoint", "write `setpoint = …`: the fluid that leaves the machines, in °C");
    }
    let setpoint = section.within("setpoint", (25.0, 60.0));
    let least_valve = Percent(section.number("least-valve", old.least_valve.0, (0.0, 50.0)));
    let valve = section.section("valve").map_or(old.valve, |s| tuning::given(&s, old.valve));
    let pump = section.section("pump").map_or(old.pump, |s| circulation(&s, old.pump));
    let cold = section.section("cold").map_or(old.cold, |s| cold(&s, old.cold));
    let level = section.section("level").map_or(old.level, |s| level(&s, old.level));
    let hot = section.section("hot").map_or(old.hot, |s| hot(&s, old.hot));
    let leak = section.section("leak").map_or(old.leak, |s| leak(&s, old.leak));
    section.done();
    if pump.dry >= level.low_low {
        let message = format!("`dry` is {} and must be below `level.low-low`, {}", pump.dry, level.low_low);
        section.fault("pump", message, "the machines are off before their pump stands: write a lower one");
    }
    if let Some(setpoint) = setpoint {
        let warmest = cold.below.0 + cold.clear;
        if warmest >= setpoint {
            let message = format!("`cold` ends at {warmest} °C and must end below `setpoint`, which is {setpoint} °C");
            section.fault("cold", message, "else its fluid would never be warm");
        }
        if setpoint + hot.nominal >= hot.cooling.0 {
            let cooling = hot.cooling.0;
            let message = format!("`hot.cooling` is {cooling} °C and must be more than `hot.nominal` above `setpoint`");
            section.fault("hot", message, "else what begins there would end at once: write a higher one");
        }
    }
    Some(TankTuning { valve: LoopTuning { setpoint: setpoint?, ..valve }, least_valve, pump, cold, level, hot, leak })
}

/// The numbers of `[sequence.two-phase-tank]`.
pub(super) fn two_phase(section: &Section<'_>) -> Option<TwoPhaseTuning> {
    let old = TwoPhaseTuning::USUAL;
    if !section.has("relief") {
        let help = "write `relief = …`: the pressure above the air's at which what relieves the tank opens, in Pa";
        section.missing("relief", help);
    }
    let relief = section.within("relief", (100.0, 1e5)).map(Pascals);
    let setpoint = section.number("setpoint", old.valve.setpoint, (-2e3, 2e3));
    let least_valve = Percent(section.number("least-valve", old.least_valve.0, (0.0, 50.0)));
    let feed_forward = section.number("feed-forward", old.feed_forward, (0.0, 0.01));
    let valve = section.section("valve").map_or(old.valve, |s| tuning::given(&s, old.valve));
    let cold = section.section("cold").map_or(old.cold, |s| cold(&s, old.cold));
    let level = section.section("level").map_or(old.level, |s| level(&s, old.level));
    let pressure = section.section("pressure").map_or(old.pressure, |s| pressure(&s, old.pressure));
    let air = section.section("air").map(|s| air(&s));
    let purge = section.section("purge").map(|s| purge(&s));
    let leak = section.section("leak").map_or(old.leak, |s| leak(&s, old.leak));
    section.done();
    if air.is_none() && purge.is_some() {
        let help = "add `[sequence.two-phase-tank.air]`, or take this section away";
        section.fault("purge", "nobody tells a purge when there is air", help);
    }
    if let Some(Pascals(relief)) = relief {
        let (cap, off) = (pressure.cap.0, relief - pressure.margin.0);
        if cap >= off {
            let message = format!("`pressure.cap` is {cap} Pa and must be below `relief` less its margin, {off} Pa");
            section.fault("pressure", message, "the machines draw less before they are off: write a lower one");
        }
        if setpoint + pressure.nominal.0 >= cap {
            let message = format!("`pressure.cap` is {cap} Pa and must be more than `nominal` above the setpoint");
            section.fault("pressure", message, "else what begins there would end at once: write a higher one");
        }
    }
    Some(TwoPhaseTuning {
        valve: LoopTuning { setpoint, ..valve },
        feed_forward,
        least_valve,
        cold,
        level,
        pressure: PressureTuning { relief: relief?, ..pressure },
        air: air.flatten(),
        purge,
        leak,
    })
}

fn air(section: &Section<'_>) -> Option<AirTuning> {
    let old = AirTuning::USUAL;
    for (key, what) in [
        ("boils", "where the liquid boils in the open, in °C: its data sheet says so"),
        ("pressure-at-25", "its vapour's pressure at 25 °C, in Pa: its data sheet says so"),
    ] {
        if !section.has(key) {
            section.missing(key, format!("write `{key} = …`: {what}"));
        }
    }
    let boils = section.within("boils", (30.0, 90.0)).map(Celsius);
    let at_25 = section.within("pressure-at-25", (1e3, 1e5)).map(Pascals);
    let found = Pascals(section.number("found", old.found.0, (100.0, 1e4)));
    let gone = Pascals(section.number("gone", old.gone.0, (50.0, 1e4)));
    let after = section.span("after", old.after, (SECOND.times(10), HOUR));
    let late = section.span("late", old.late, (SECOND, MINUTE.times(5)));
    section.done();
    if gone >= found {
        let message = format!("`gone` is {gone} and must be below `found`, which is {found}");
        section.fault("gone", message, "between the two nothing changes: leave some hundred pascals");
    }
    Some(AirTuning { boils: boils?, at_25: at_25?, found, gone, after, late })
}

fn purge(section: &Section<'_>) -> PurgeTuning {
    let old = PurgeTuning::USUAL;
    let brief = (SECOND.times(5), MINUTE.times(5));
    let read = PurgeTuning {
        least: Pascals(section.number("least", old.least.0, (-2e3, 2e3))),
        start_within: section.span("start-within", old.start_within, brief),
        stop_within: section.span("stop-within", old.stop_within, brief),
        within: section.span("within", old.within, (MINUTE.times(5), HOUR.times(12))),
        retry_after: section.span("retry-after", old.retry_after, (MINUTE, DAY)),
    };
    section.done();
    read
}

fn circulation(section: &Section<'_>, old: CirculationTuning) -> CirculationTuning {
    let read = CirculationTuning {
        speed: Percent(section.number("speed", old.speed.0, (20.0, 100.0))),
        cold_speed: Percent(section.number("cold-speed", old.cold_speed.0, (20.0, 100.0))),
        help_above: section.number("help-above", old.help_above, (0.5, 20.0)),
        help: section.number("help", old.help, (0.0, 100.0)),
        proof: section.span("proof", old.proof, (SECOND, MINUTE)),
        start_within: section.span("start-within", old.start_within, (SECOND.times(5), MINUTE.times(5))),
        stop_within: section.span("stop-within", old.stop_within, (SECOND.times(5), MINUTE.times(10))),
        retry_after: section.span("retry-after", old.retry_after, (SECOND.times(30), HOUR)),
        dry: Percent(section.number("dry", old.dry.0, (0.0, 100.0))),
    };
    section.done();
    if read.cold_speed < read.speed {
        let message = format!("`cold-speed` is {} and must not be below `speed`, {}", read.cold_speed, read.speed);
        section.fault("cold-speed", message, "thick fluid flows less: write a larger one");
    }
    read
}

fn cold(section: &Section<'_>, old: ColdTuning) -> ColdTuning {
    let read = ColdTuning {
        below: Celsius(section.number("below", old.below.0, (-10.0, 70.0))),
        clear: section.number("clear", old.clear, (0.5, 20.0)),
        within: section.span("within", old.within, (MINUTE.times(5), DAY.times(2))),
        capacity: section.number("capacity", old.capacity, (1e4, 1e8)),
    };
    section.done();
    read
}

fn level(section: &Section<'_>, old: LevelTuning) -> LevelTuning {
    let read = LevelTuning {
        low: Percent(section.number("low", old.low.0, (1.0, 100.0))),
        low_low: Percent(section.number("low-low", old.low_low.0, (1.0, 100.0))),
        after: section.span("after", old.after, (SECOND, MINUTE.times(10))),
        clear: section.number("clear", old.clear, (0.5, 20.0)),
    };
    section.done();
    if read.low_low >= read.low {
        let message = format!("`low-low` is {} and must be below `low`, which is {}", read.low_low, read.low);
        section.fault("low-low", message, "somebody is told before the machines should be off: leave some room");
    }
    read
}

fn leak(section: &Section<'_>, old: LeakTuning) -> LeakTuning {
    let read = LeakTuning {
        after: section.span("after", old.after, (Span::ZERO, MINUTE)),
        sinks: section.number("sinks", old.sinks, (0.2, 5.0)),
    };
    section.done();
    read
}

fn hot(section: &Section<'_>, old: HotTuning) -> HotTuning {
    let read = HotTuning {
        cooling: Celsius(section.number("cooling", old.cooling.0, (30.0, 100.0))),
        cap: Celsius(section.number("cap", old.cap.0, (30.0, 110.0))),
        off: Celsius(section.number("off", old.off.0, (30.0, 120.0))),
        after: section.span("after", old.after, (SECOND, MINUTE.times(10))),
        nominal: section.number("nominal", old.nominal, (0.5, 20.0)),
    };
    section.done();
    if read.cooling >= read.cap || read.cap >= read.off {
        let message = format!("`cooling`, `cap` and `off` are {}, {} and {}", read.cooling, read.cap, read.off);
        section.fault("cap", message, "write them rising: first more cooling, then less power, then none");
    }
    read
}

fn pressure(section: &Section<'_>, old: PressureTuning) -> PressureTuning {
    let read = PressureTuning {
        relief: old.relief,
        margin: Pascals(section.number("margin", old.margin.0, (10.0, 1e4))),
        cap: Pascals(section.number("cap", old.cap.0, (100.0, 1e5))),
        after: section.span("after", old.after, (SECOND, MINUTE)),
        nominal: Pascals(section.number("nominal", old.nominal.0, (50.0, 1e4))),
        nominal_for: section.span("nominal-for", old.nominal_for, (SECOND, MINUTE.times(10))),
        shut: Percent(section.number("shut", old.shut.0, (0.0, 50.0))),
        least_flow: LitersPerSecond(section.number("least-flow", old.least_flow.0, (0.0, 1e3))),
    };
    section.done();
    read
}

impl Draft {
    /// The tanks that control runs, of one phase and of two; faults where there is none.
    pub(in crate::hall::load) fn driven_tanks(&mut self, file: &Section<'_>) -> (Vec<DrivenTank>, Vec<DrivenTwoPhase>) {
        let Some(all) = file.section("sequence") else { return (Vec::new(), Vec::new()) };
        for key in ["tank", "two-phase-tank"] {
            if all.has(key) && !file.has(key) {
                let message = format!("the hall has no `[[{key}]]` to run");
                all.clash(key, message, format!("add `[[{key}]]`, or take this section away"));
            }
        }
        let one = if all.has("tank") { self.machinery.tanks.clone() } else { Vec::new() };
        let two = if all.has("two-phase-tank") { self.machinery.two_phase_tanks.clone() } else { Vec::new() };
        let one = one.into_iter().filter_map(|of| self.driven_tank(of)).collect();
        (one, two.into_iter().filter_map(|of| self.driven_two_phase(of)).collect())
    }

    fn driven_tank(&mut self, Rated { of, .. }: Rated<Tank>) -> Option<DrivenTank> {
        let name = self.equips.get(of.equip)?.name.clone();
        Some(DrivenTank {
            of,
            run_mode: self.typed(of.equip, "run-mode")?,
            valve: self.typed(of.equip, "valve")?,
            pump: self.typed(of.equip, "pump-speed")?,
            fault: self.typed(of.equip, "pump-fault")?,
            valve_loop: self.loops.push(format!("{name}/valve")),
        })
    }

    fn driven_two_phase(&mut self, Rated { of, .. }: Rated<TwoPhaseTank>) -> Option<DrivenTwoPhase> {
        let name = self.equips.get(of.equip)?.name.clone();
        Some(DrivenTwoPhase {
            of,
            run_mode: self.typed(of.equip, "run-mode")?,
            valve: self.typed(of.equip, "valve")?,
            valve_loop: self.loops.push(format!("{name}/valve")),
            barometer: self.typed(of.equip, "air-pressure"),
            purge: self.driven_purge(of),
        })
    }

    fn driven_purge(&self, of: TwoPhaseTank) -> Option<DrivenPurge> {
        Some(DrivenPurge {
            order: self.typed(of.equip, "purge")?,
            running: self.typed(of.equip, "purge-running")?,
            vent: self.typed(of.equip, "vent-open")?,
        })
    }
}

/// What a two-phase tank has of what only some have: what tells the air in it, and a purge.
pub(in crate::hall::load) fn fittings(file: &Section<'_>) -> Fittings {
    let tank = file.section("sequence").and_then(|all| all.section("two-phase-tank"));
    let has = |key| tank.as_ref().is_some_and(|tank| tank.has(key));
    Fittings { air: has("air"), purge: has("purge") }
}

/// What two-phase tanks of a hall have of what only some have.
#[derive(Clone, Copy, Debug)]
pub(in crate::hall::load) struct Fittings {
    air: bool,
    purge: bool,
}

impl Fittings {
    /// True for a point that such a tank of this hall has.
    pub(in crate::hall::load) fn have(self, spec: &PointSpec) -> bool {
        match spec.name {
            "air-pressure" => self.air,
            "purge" | "purge-running" | "vent-open" => self.purge,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::hall::Hall;
    use crate::read::corpus::{Broken, each_is_told};

    fn shipped(name: &str) -> &'static str {
        crate::shipped::HALLS.iter().find(|(known, _)| *known == name).expect("shipped").1
    }

    #[test]
    fn tanks_have_their_orders_and_their_loops() {
        let hall = Hall::load("immersion", shipped("immersion")).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!((hall.tanks.len(), hall.two_phase_tanks.len()), (12, 0));
        let write = |hall: &Hall, name: &str| hall.points[hall.point(name).expect("a point")].write.expect("written");
        assert_eq!(write(&hall, "tank-2/run-mode").failsafe, 0.0);
        assert_eq!((write(&hall, "tank-2/pump-speed").min, write(&hall, "tank-2/valve").failsafe), (0.0, 100.0));
        assert_eq!(hall.loops[hall.tanks[1].valve_loop], "tank-2/valve");
        assert_eq!(hall.strategies.tank.valve.setpoint, 45.0);
        let name = "immersion-two-phase";
        let hall = Hall::load(name, shipped(name)).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!((hall.tanks.len(), hall.two_phase_tanks.len()), (0, 8));
        assert_eq!(write(&hall, "tank-8/valve").failsafe, 100.0, "a condenser gets its water when nobody knows");
        assert!(hall.point("tank-8/pump-speed").is_none());
        assert_eq!(hall.strategies.two_phase.pressure.relief.0, 2000.0);
    }

    #[test]
    fn every_broken_number_of_a_tank_is_told_at_its_place() {
        let broken = |from, to, message, help| Broken { from, to, message, help, at: "" };
        let corpus = [
            broken("setpoint = 45.0 ", "setpoint = §85.0 ", "must be from 25 to 60", ""),
            broken("setpoint = 45.0 ", "setpoint = 45.0\npump = { speed = §5.0 } ", "must be from 20 to 100", ""),
            broken("setpoint = 45.0 ", "setpoint = 45.0\npump = { cold-speed = §30.0 } ", "must not be below", ""),
            broken(
                "setpoint = 45.0 ",
                "setpoint = 45.0\npump = §{ dry = 90.0 } ",
                "must be below `level.low-low`",
                "off before",
            ),
            broken("setpoint = 45.0 ", "setpoint = 45.0\nlevel = { low-low = §95.0 } ", "must be below `low`", "room"),
            broken("setpoint = 45.0 ", "setpoint = 45.0\nhot = { cap = §51.0 } ", "are 52.0 °C, 51.0 °C and", "rising"),
            broken("setpoint = 45.0 ", "setpoint = 45.0\nleak = { sinks = §0.1 } ", "must be from 0.2 to 5", ""),
            broken("setpoint = 45.0 ", "setpoint = 45.0\ncold = { capacity = §1.0 } ", "must be from 10000 to", ""),
        ];
        each_is_told(shipped("immersion"), &corpus, |text| Hall::load("immersion", text));
        let corpus = [
            broken("relief = 2000.0 ", "relief = §1.0 ", "must be from 100 to", ""),
            broken("setpoint = 500.0 ", "setpoint = §9e3 ", "must be from -2000 to 2000", ""),
        ];
        let name = "immersion-two-phase";
        each_is_told(shipped(name), &corpus, |text| Hall::load(name, text));
    }

    #[test]
    fn tanks_that_cannot_be_run_are_told() {
        let told = |name: &str, text: &str, wanted: &str| {
            let faults = Hall::load(name, text).expect_err("refused").0;
            assert!(faults.iter().any(|fault| fault.message.contains(wanted)), "{wanted}: {faults:#?}");
        };
        let one = |to: &str| shipped("immersion").replacen("setpoint = 45.0 ", to, 1);
        told("immersion", &one("setpoint = 45.0\ncold = { below = 44.0 } "), "`cold` ends at 46 °C and must end below");
        told("immersion", &one("setpoint = 50.0\n"), "more than `hot.nominal` above `setpoint`");
        let two = |to: &str| shipped("immersion-two-phase").replacen("relief = 2000.0 ", to, 1);
        told("immersion-two-phase", &two("relief = 1500.0\n"), "must be below `relief` less its margin, 1000 Pa");
        let tight = "relief = 2000.0\npressure = { nominal = 700.0 } ";
        told("immersion-two-phase", &two(tight), "more than `nominal` above the setpoint");
        let mute = shipped("immersion-two-phase").replace("condition = \"leak\"", "condition = \"plant-on-panels\"");
        told("immersion-two-phase", &mute, "leaked stays shut off until a person resets its alarm");
        let other = one("setpoint = 45.0\n\n[sequence.two-phase-tank]\nrelief = 2000.0\n");
        told("immersion", &other, "the hall has no `[[two-phase-tank]]` to run");
    }
}
