//! The points of each kind as this hall judges and limits them: the built-in rules with the file's changes.

use crate::hall::kind::{Kind, PointSpec};
use crate::point::{Judgement, WriteRange};
use crate::read::{Section, did_you_mean};
use crate::time::Span;

/// Every kind's points, after the changes of `[judgement.…]` and `[write.…]`.
pub(super) struct Specs(Vec<(Kind, Vec<PointSpec>)>);

impl Specs {
    /// Reads the changes.
    pub(super) fn read(file: &Section<'_>) -> Self {
        let mut specs = Self(Kind::ALL.into_iter().map(|k| (k, k.points().to_vec())).collect());
        if let Some(all) = file.section("judgement") {
            specs.each(&all, |spec, section| judgement(&mut spec.judgement, section));
        }
        if let Some(all) = file.section("write") {
            specs.each(&all, |spec, section| match &mut spec.write {
                Some(range) => write_range(range, section),
                None => {
                    let message = format!("`{}` is measured, nobody writes it", spec.name);
                    section.source().fault(section.at(), message, "take this section away");
                }
            });
        }
        specs
    }

    /// The points of a kind.
    pub(super) fn of(&self, kind: Kind) -> Vec<PointSpec> {
        self.0.iter().find(|(k, _)| *k == kind).map_or_else(Vec::new, |(_, p)| p.clone())
    }

    /// Walks `[<all>.<kind>.<point>]` and changes each point that is named.
    fn each(&mut self, all: &Section<'_>, mut change: impl FnMut(&mut PointSpec, &Section<'_>)) {
        for (word, of_kind) in all.children() {
            let Some((kind, specs)) = self.0.iter_mut().find(|(k, _)| k.word() == word) else {
                let help = did_you_mean(word, Kind::ALL.iter().map(|k| k.word()));
                all.source().fault(of_kind.at(), format!("there is no kind of equipment `{word}`"), help);
                continue;
            };
            for (point, section) in of_kind.children() {
                match specs.iter_mut().find(|s| s.name == point) {
                    Some(spec) => change(spec, &section),
                    None => {
                        let help = did_you_mean(point, kind.points().iter().map(|s| s.name));
                        let message = format!("a {} has no point `{point}`", kind.word());
                        all.source().fault(section.at(), message, help);
                    }
                }
            }
        }
    }
}

fn judgement(judgement: &mut Judgement, section: &Section<'_>) {
    let any = (f64::NEG_INFINITY, f64::INFINITY);
    judgement.min = section.number("min", judgement.min, any);
    judgement.max = section.number("max", judgement.max, any);
    judgement.max_rate = section.number("max-rate", judgement.max_rate, (1e-9, f64::INFINITY));
    judgement.slew = section.number("slew", judgement.slew, (0.0, f64::INFINITY));
    judgement.stale_after = section.or("stale-after", judgement.stale_after);
    judgement.lost_after = section.or("lost-after", judgement.lost_after);
    judgement.stuck_after = section.or("stuck-after", judgement.stuck_after);
    section.done();
    if judgement.min >= judgement.max {
        let message = format!("`min` is {} and must be below `max`, which is {}", judgement.min, judgement.max);
        section.fault("min", message, "swap them or widen the range");
    }
    if judgement.stale_after == Span::ZERO {
        section.fault("stale-after", "`stale-after` is zero: every reading would be stale", "write at least two scans");
    }
    if judgement.lost_after <= judgement.stale_after {
        let (lost, stale) = (judgement.lost_after, judgement.stale_after);
        let key = if section.has("lost-after") { "lost-after" } else { "stale-after" };
        let message = format!("`lost-after` is {lost} and must be longer than `stale-after`, which is {stale}");
        section.fault(key, message, "a reading is doubted first and lost later");
    }
}

fn write_range(range: &mut WriteRange, section: &Section<'_>) {
    let any = (f64::NEG_INFINITY, f64::INFINITY);
    range.min = section.number("min", range.min, any);
    range.max = section.number("max", range.max, any);
    range.failsafe = section.number("failsafe", range.failsafe, any);
    range.relinquish_default = section.number("relinquish-default", range.relinquish_default, any);
    range.rise_per_s = section.number("rise-per-s", range.rise_per_s, (1e-9, f64::INFINITY));
    range.fall_per_s = section.number("fall-per-s", range.fall_per_s, (1e-9, f64::INFINITY));
    section.done();
    let (low, high) = (range.min, range.max);
    if low >= high {
        let message = format!("`min` is {low} and must be below `max`, which is {high}");
        section.fault("min", message, "swap them or widen the range");
        return;
    }
    for (key, value) in [("failsafe", range.failsafe), ("relinquish-default", range.relinquish_default)] {
        if value < low || value > high {
            let message = format!("`{key}` is {value}, outside the write range {low} to {high}");
            section.fault(key, message, "a value that may not be written cannot be the safe one");
        }
    }
}
