//! `[sequence.dry-cooler]`: dry coolers that control runs, and the numbers they run by.

use super::Draft;
use super::sequence::span;
use super::tuning;
use crate::hall::LoopTuning;
use crate::hall::dry::{DrivenDry, DryTuning, PadTuning};
use crate::hall::machinery::{DryCooler, On};
use crate::read::Section;
use crate::time::Span;
use crate::units::Celsius;

const SECOND: Span = Span::from_secs(1);
const MINUTE: Span = Span::from_secs(60);
const HOUR: Span = Span::from_secs(3600);

/// True where control runs the dry coolers.
pub(super) fn runs(file: &Section<'_>) -> bool {
    file.section("sequence").is_some_and(|all| all.has("dry-cooler"))
}

/// The numbers of `[sequence.dry-cooler]`.
pub(super) fn tuning(section: &Section<'_>) -> Option<DryTuning> {
    let old = DryTuning::USUAL;
    if !section.has("setpoint") {
        section.missing("setpoint", "write `setpoint = …`: the water that leaves the coolers, in °C");
    }
    let setpoint = section.within("setpoint", (5.0, 60.0));
    let number = |key, old, range| section.within(key, range).unwrap_or(old);
    let fans = section.section("fans").map_or(old.fans, |s| tuning::given(&s, old.fans));
    let read = DryTuning {
        fans,
        least_speed: number("least-speed", old.least_speed, (5.0, 60.0)),
        deadband: number("deadband", old.deadband, (0.1, 5.0)),
        off_after: span(section, "off-after", old.off_after, (SECOND.times(30), HOUR)),
        least_off: span(section, "least-off", old.least_off, (Span::ZERO, HOUR)),
        start_within: span(section, "start-within", old.start_within, (SECOND.times(5), MINUTE.times(10))),
        stop_within: span(section, "stop-within", old.stop_within, (SECOND.times(5), MINUTE.times(30))),
        pads: section.section("pads").map_or(old.pads, |s| pads(&s)),
    };
    section.done();
    Some(DryTuning { fans: LoopTuning { setpoint: setpoint?, ..fans }, ..read })
}

fn pads(section: &Section<'_>) -> PadTuning {
    let old = DryTuning::USUAL.pads;
    let number = |key, old, range| section.within(key, range).unwrap_or(old);
    let read = PadTuning {
        above: number("above", old.above, (50.0, 100.0)),
        above_for: span(section, "above-for", old.above_for, (SECOND.times(30), HOUR)),
        below: number("below", old.below, (10.0, 95.0)),
        below_for: span(section, "below-for", old.below_for, (SECOND.times(30), HOUR.times(2))),
        least_wet: span(section, "least-wet", old.least_wet, (Span::ZERO, HOUR.times(12))),
        coldest: Celsius(number("coldest", old.coldest.0, (0.0, 20.0))),
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
    pub(super) fn driven_dry(&mut self, file: &Section<'_>) -> Vec<DrivenDry> {
        let Some(all) = file.section("sequence").filter(|all| all.has("dry-cooler")) else { return Vec::new() };
        let coolers = self.machinery.dry_coolers.clone();
        if coolers.is_empty() {
            all.clash(
                "dry-cooler",
                "the hall has no dry cooler to run",
                "add `[[dry-cooler]]`, or take this section away",
            );
        }
        coolers.into_iter().filter_map(|of| self.driven_one(of)).collect()
    }

    fn driven_one(&mut self, On { circuit, of }: On<DryCooler>) -> Option<DrivenDry> {
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
