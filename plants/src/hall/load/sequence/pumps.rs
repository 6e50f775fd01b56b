//! `[sequence.….pumps]`: pumps side by side, of a CDU or on the header of a water, and the numbers they run by.

use super::{DAY, HOUR, MINUTE, SECOND};
use crate::hall::Kind;
use crate::hall::load::Draft;
use crate::hall::machinery::Circuit;
use crate::hall::sequence::pumps::{Header, HeaderPump, HeaderTuning, MOST, PumpTuning};
use crate::id::{HeaderId, Table};
use crate::read::Section;
use crate::time::Span;
use crate::units::{LitersPerSecond, Pascals, Percent};

/// What every crew of pumps has, of which at most so many run as a rule.
pub(super) fn pumps(section: &Section<'_>, old: PumpTuning, most: i64) -> PumpTuning {
    let running = section.whole("running", (1, most)).and_then(|n| u8::try_from(n).ok()).unwrap_or(old.running);
    PumpTuning {
        running,
        proof: section.span("proof", old.proof, (SECOND, MINUTE)),
        least_flow: LitersPerSecond(section.number("least-flow", old.least_flow.0, (0.0, 1e3))),
        start_within: section.span("start-within", old.start_within, (SECOND.times(2), MINUTE.times(5))),
        stop_within: section.span("stop-within", old.stop_within, (SECOND.times(5), MINUTE.times(10))),
        retry_after: section.span("retry-after", old.retry_after, (MINUTE, HOUR.times(12))),
        stagger: section.span("stagger", old.stagger, (Span::ZERO, MINUTE.times(5))),
        prove: section.span("prove", old.prove, (SECOND.times(10), HOUR)),
        starved: Pascals(section.number("starved", old.starved.0, (1e3, 1e5))),
        starved_for: section.span("starved-for", old.starved_for, (SECOND, MINUTE.times(10))),
        slow: Percent(section.number("slow", old.slow.0, (10.0, 90.0))),
        slow_for: section.span("slow-for", old.slow_for, (MINUTE, DAY)),
        rotate_every: section.span("rotate-every", old.rotate_every, (HOUR, DAY.times(400))),
        rotate_gap: section.span("rotate-gap", old.rotate_gap, (Span::ZERO, DAY.times(400))),
    }
}

/// The numbers of `[sequence.chilled-water.pumps]` or `[sequence.facility-water.pumps]`.
pub(super) fn header(section: &Section<'_>, circuit: Circuit) -> Option<HeaderTuning> {
    // Of the chilled water control holds the pressure itself.
    let dp = match circuit {
        Circuit::ChilledWater => None,
        Circuit::FacilityWater => skid(section),
    };
    tuning(section, HeaderTuning { dp, ..HeaderTuning::PUBLISHED })
}

/// The numbers of `[sequence.….condenser-pumps]`.
pub(super) fn condenser_header(section: &Section<'_>) -> Option<HeaderTuning> {
    if !section.has("design-flow") {
        section.missing("design-flow", "write `design-flow = …`: what the pumps move together, in l/s");
    }
    let design_flow = section.within("design-flow", (0.1, 1e4)).map(LitersPerSecond);
    tuning(section, HeaderTuning { design_flow, dp: skid(section), ..HeaderTuning::PUBLISHED })
}

/// The pressure that the skid holds (Pa).
fn skid(section: &Section<'_>) -> Option<Pascals> {
    if !section.has("dp") {
        section.missing("dp", "write `dp = …`: the pressure that the pumps' skid holds, in Pa");
    }
    section.within("dp", (1e3, 1e6)).map(Pascals)
}

/// What every header has.
fn tuning(section: &Section<'_>, old: HeaderTuning) -> Option<HeaderTuning> {
    let most = i64::try_from(MOST).unwrap_or(i64::MAX);
    if !section.has("running") {
        section.missing("running", "write `running = …`: how many pumps move the design flow; the others stand by");
    }
    let read = HeaderTuning {
        pumps: pumps(section, old.pumps, most),
        patience: section.span("patience", old.patience, (MINUTE, HOUR.times(2))),
        margin: section.number("margin", old.margin, (0.0, 0.3)),
        ..old
    };
    section.done();
    if let Some(Pascals(pa)) = old.dp.filter(|dp| read.pumps.starved.0 >= dp.0) {
        let message = format!("`starved` is {} Pa and must be below `dp`, which is {pa} Pa", read.pumps.starved.0);
        section.fault("starved", message, "else no pressure is too low for those that run");
    }
    section.has("running").then_some(read)
}

impl Draft {
    /// The pumps on headers that control runs; a fault where there are too few.
    pub(in crate::hall::load) fn headers(&self, file: &Section<'_>) -> Table<HeaderId, Header> {
        let Some(all) = file.section("sequence") else { return Table::new() };
        let with = |of: &super::Sequenced| {
            let (circuit, pumps) = (of.circuit, of.pumps);
            [(pumps.0, false), (pumps.1, true)].map(|(runs, condensing)| runs.then_some((circuit, condensing)))
        };
        let with = self.sequenced.iter().flat_map(with).flatten();
        with.filter_map(|water| self.header(&all, water)).collect()
    }

    fn header(&self, all: &Section<'_>, (circuit, condensing): (Circuit, bool)) -> Option<Header> {
        let (key, kind, machines) = if condensing {
            ("condenser-pumps", Kind::CondenserPump, &self.machinery.condenser_pumps)
        } else {
            ("pumps", Kind::Pump, &self.machinery.pumps)
        };
        let section = all.section(circuit.word())?.section(key)?;
        let pump =
            |of: crate::hall::machinery::Pump| Some(HeaderPump { of, run_mode: self.typed(of.equip, "run-mode")? });
        let on = machines.iter().filter(|pump| pump.circuit == circuit);
        let pumps: Vec<HeaderPump> = on.filter_map(|on| pump(on.of)).collect();
        let wanted = section.maybe::<i64>("running").and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
        let (kind, water) = (kind.word(), circuit.word());
        // What is outside its range has been told already.
        if pumps.len() < wanted && wanted <= MOST {
            let message = format!("`running` is {wanted}, and {} pumps are on `{water}` (`[[{kind}]]`)", pumps.len());
            section.clash("running", message, format!("add `[[{kind}]]` with a `name` and `circuit = \"{water}\"`"));
        }
        if pumps.len() > MOST {
            section.clash("running", format!("more than {MOST} pumps are on `{water}`"), "take some away");
        }
        let mut condensers = self.machinery.condenser_water.iter().filter(|water| water.circuit == circuit);
        let (equip, flow, dp, speed, told) = match circuit {
            _ if condensing => {
                let Some(on) = condensers.next() else {
                    let help = format!("add `[[condenser-water]]` with a `name` and `circuit = \"{water}\"`");
                    section.clash("running", format!("`{water}` has no condenser water to pump"), help);
                    return None;
                };
                (on.of.equip, on.of.flow, on.of.dp, on.of.pump, None)
            }
            Circuit::ChilledWater => {
                let water = self.chilled_water?;
                (water.equip, water.flow, water.dp, water.pump_feedback, Some((water.pump, water.pump_loop)))
            }
            Circuit::FacilityWater => {
                let water = self.machinery.facility_water?;
                (water.equip, water.flow, water.dp, water.pump, None)
            }
        };
        let name = format!("{}/pumps", self.equips.get(equip)?.name);
        Some(Header { name, circuit, condensing, equip, pumps, flow, dp, speed, told })
    }
}

#[cfg(test)]
mod tests {
    use crate::hall::Hall;
    use crate::hall::machinery::Circuit;
    use crate::read::corpus::{Broken, each_is_told};
    use crate::time::Span;

    fn shipped(name: &str) -> &'static str {
        crate::shipped::HALLS.iter().find(|(known, _)| *known == name).expect("shipped").1
    }

    #[test]
    fn a_header_has_its_pumps_and_their_orders() {
        let hall = Hall::load("air", shipped("air")).unwrap_or_else(|faults| panic!("{faults}"));
        let header = &hall.headers.rows()[0];
        assert_eq!((header.circuit, header.pumps.len()), (Circuit::ChilledWater, 3));
        assert!(header.told.is_some(), "control holds its pressure");
        let write = hall.points[header.pumps[0].run_mode.id()].write.expect("written");
        assert_eq!((write.failsafe, write.max), (0.0, 2.0));
        let tuning = hall.strategies.chilled_water.pumps.expect("said");
        assert_eq!((tuning.pumps.running, tuning.patience, tuning.dp), (2, Span::from_secs(600), None));
        let hall = Hall::load("liquid", shipped("liquid")).unwrap_or_else(|faults| panic!("{faults}"));
        let header = &hall.headers.rows()[0];
        assert_eq!((hall.headers.len(), header.circuit, header.told), (1, Circuit::FacilityWater, None));
        assert_eq!(hall.strategies.facility_water.pumps.and_then(|pumps| pumps.dp).map(|dp| dp.0), Some(100e3));
    }

    #[test]
    fn pumps_are_commanded_only_where_control_runs_them() {
        let (head, tail) = (shipped("air").find("[sequence.chilled-water.pumps]").expect("there"), "\n\n");
        let end = head + shipped("air")[head..].find(tail).expect("a gap");
        let text = shipped("air").replace(&shipped("air")[head..end], "");
        let hall = Hall::load("air", &text).unwrap_or_else(|faults| panic!("{faults}"));
        assert!(hall.headers.is_empty() && hall.point("chwp-1/run-mode").is_none());
        assert!(hall.point("chwp-1/running").is_some(), "seen all the same");
    }

    #[test]
    fn condenser_water_has_pumps_of_its_own_that_speak_the_maps_of_any_pump() {
        let hall = Hall::load("hybrid", shipped("hybrid")).unwrap_or_else(|faults| panic!("{faults}"));
        let header = &hall.headers.rows()[0];
        assert_eq!((header.name.as_str(), header.pumps.len(), header.told), ("cw/pumps", 3, None));
        assert!(header.condensing && header.circuit == Circuit::ChilledWater);
        let tuning = hall.strategies.chilled_water.condenser_pumps.expect("said");
        assert_eq!((tuning.pumps.running, tuning.dp.map(|dp| dp.0)), (2, Some(60e3)));
        assert_eq!(crate::hall::Kind::CondenserPump.product(), crate::hall::Kind::Pump);
        let told = |from: &str, to: &str, wanted: &str| {
            let faults = Hall::load("hybrid", &shipped("hybrid").replace(from, to)).expect_err("refused").0;
            assert!(faults.iter().any(|fault| fault.message.contains(wanted)), "{wanted}: {faults:#?}");
        };
        told(
            "running = 2                  # of three",
            "running = 4 #",
            "3 pumps are on `chilled-water` (`[[condenser-pump]]`)",
        );
        told("design-flow = 64.0 ", "# ", "no `design-flow`");
        told(
            "dp = 60e3                    # Pa, across the cond",
            "dp = 5e3 # ",
            "must be below `dp`, which is 5000 Pa",
        );
        told("[[condenser-water]]\nname = \"cw\"\ncircuit = \"chilled-water\"", "", "has no condenser water to pump");
    }

    #[test]
    fn every_broken_number_is_told_at_its_place() {
        let broken = |from, to, message, help| Broken { from, to, message, help, at: "" };
        let corpus = [
            broken(
                "running = 2 ",
                "running = §4 ",
                "`running` is 4, and 3 pumps are on `chilled-water` (`[[pump]]`)",
                "[[pump]]",
            ),
            broken("running = 2 ", "running = §17 ", "must be from 1 to 16", ""),
            broken("running = 2 ", "running = 2\nmargin = §0.5 ", "must be from 0 to 0.3", ""),
            broken("running = 2 ", "running = 2\npatience = §\"5s\" ", "must be from 60s to", "such as"),
            broken("running = 2 ", "running = 2\n§dp = 80e3 ", "knows no key `dp`", ""),
            broken(
                "name = \"chwp-3\"\ncircuit = \"chilled-water\"",
                "name = \"chwp-3\"\ncircuit = §\"facility-water\"",
                "no `[facility-water]` for this pump",
                "name the other circuit",
            ),
        ];
        each_is_told(shipped("air"), &corpus, |text| Hall::load("air", text));
        let told = |text: &str, wanted: &str| {
            let faults = Hall::load("liquid", text).expect_err("refused").0;
            assert!(faults.iter().any(|fault| fault.message.contains(wanted)), "{wanted}: {faults:#?}");
        };
        told(&shipped("liquid").replace("dp = 100e3 ", "dp = 8e3 "), "must be below `dp`, which is 8000 Pa");
    }
}
