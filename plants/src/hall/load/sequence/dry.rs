//! `[sequence.dry-cooler]`: dry coolers that control runs, and the numbers they run by.

use super::fans::fans;
use super::{HOUR, SECOND};
use crate::hall::LoopTuning;
use crate::hall::load::Draft;
use crate::hall::machinery::{DryCooler, On};
use crate::hall::sequence::FanTuning;
use crate::hall::sequence::dry::{DrivenDry, DryTuning, PadTuning};
use crate::read::Section;
use crate::time::Span;
use crate::units::Celsius;

/// The numbers of `[sequence.dry-cooler]`.
pub(super) fn tuning(section: &Section<'_>) -> Option<DryTuning> {
    let old = DryTuning::USUAL;
    if !section.has("setpoint") {
        section.missing("setpoint", "write `setpoint = …`: the water that leaves the coolers, in °C");
    }
    let setpoint = section.within("setpoint", (5.0, 60.0));
    let fans = fans(section, old.fans);
    let pads = section.section("pads").map_or(old.pads, |s| pads(&s));
    section.done();
    Some(DryTuning { fans: FanTuning { speed: LoopTuning { setpoint: setpoint?, ..fans.speed }, ..fans }, pads })
}

fn pads(section: &Section<'_>) -> PadTuning {
    let old = DryTuning::USUAL.pads;
    let read = PadTuning {
        above: section.number("above", old.above, (50.0, 100.0)),
        above_for: section.span("above-for", old.above_for, (SECOND.times(30), HOUR)),
        below: section.number("below", old.below, (10.0, 95.0)),
        below_for: section.span("below-for", old.below_for, (SECOND.times(30), HOUR.times(2))),
        least_wet: section.span("least-wet", old.least_wet, (Span::ZERO, HOUR.times(12))),
        coldest: Celsius(section.number("coldest", old.coldest.0, (0.0, 20.0))),
    };
    section.done();
    if read.below >= read.above {
        let message = format!("`below` is {} and must be below `above`, which is {}", read.below, read.above);
        section.fault("below", message, "wet pads let the fans slow down: leave them room");
    }
    read
}

impl Draft {
    /// The dry coolers that control runs; a fault where there is none.
    pub(in crate::hall::load) fn driven_dry(&mut self, file: &Section<'_>) -> Vec<DrivenDry> {
        let Some(all) = file.section("sequence").filter(|all| all.has("dry-cooler")) else { return Vec::new() };
        let coolers = self.machinery.dry_coolers.clone();
        if coolers.is_empty() {
            all.clash(
                "dry-cooler",
                "the hall has no dry cooler to run",
                "add `[[dry-cooler]]`, or take this section away",
            );
        }
        coolers.into_iter().filter_map(|of| self.dry_cooler(of)).collect()
    }

    fn dry_cooler(&mut self, On { circuit, of }: On<DryCooler>) -> Option<DrivenDry> {
        let name = self.equips.get(of.equip)?.name.clone();
        Some(DrivenDry {
            circuit,
            of,
            run_mode: self.typed(of.equip, "run-mode")?,
            fan: self.typed(of.equip, "fan-speed")?,
            wet: self.typed(of.equip, "wet")?,
            fan_loop: self.loops.push(format!("{name}/fans")),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::hall::Hall;
    use crate::read::corpus::{Broken, each_is_told};

    fn immersion() -> &'static str {
        crate::shipped::HALLS.iter().find(|(name, _)| *name == "immersion").expect("shipped").1
    }

    #[test]
    fn a_dry_cooler_has_its_orders_and_only_where_control_runs_it() {
        let hall = Hall::load("immersion", immersion()).unwrap_or_else(|faults| panic!("{faults}"));
        let of = hall.dry[0];
        let write = |point: crate::id::PointId| hall.points[point].write.expect("written");
        assert_eq!(
            (write(of.run_mode.id()).failsafe, write(of.fan.id()).failsafe, write(of.wet.id()).max),
            (0.0, 100.0, 1.0)
        );
        assert_eq!(hall.strategies.dry.fans.speed.setpoint, 30.0);
        let (_, liquid) = crate::shipped::HALLS.iter().find(|(name, _)| *name == "liquid").expect("shipped");
        let own = Hall::load("liquid", liquid).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!((own.dry.len(), own.strategies.dry.fans.speed.setpoint), (1, 28.0));
        let (start, end) = (liquid.find("[sequence.dry-cooler]"), liquid.find("[sequence.cdu]"));
        let without = liquid.replacen(&liquid[start.expect("there")..end.expect("there")], "", 1);
        let panels = Hall::load("liquid", &without).unwrap_or_else(|faults| panic!("{faults}"));
        assert!(
            panels.dry.is_empty() && panels.point("dc-1/run-mode").is_none(),
            "on a plant's water, but its panel's"
        );
    }

    #[test]
    fn every_broken_number_is_told_at_its_place() {
        let broken = |from, to, message, help| Broken { from, to, message, help, at: "" };
        let corpus = [
            broken("setpoint = 30.0 ", "setpoint = §90.0 ", "must be from 5 to 60", ""),
            broken("setpoint = 30.0 ", "setpoint = 30.0\noff-after = §\"5s\" ", "must be from 30s to", "such as"),
            broken("setpoint = 30.0 ", "setpoint = 30.0\nfans = { gain = §0.0 } ", "must be from", ""),
            broken(
                "setpoint = 30.0 ",
                "setpoint = 30.0\npads = { above = 80.0, below = §85.0 } ",
                "must be below `above`",
                "leave them room",
            ),
        ];
        each_is_told(immersion(), &corpus, |text| Hall::load("immersion", text));
    }
}
