//! `tower` and `head` of a plant's section: what cools the condensers' water, and what keeps it warm enough.

use super::fans::fans;
use crate::hall::load::Draft;
use crate::hall::load::tuning::given;
use crate::hall::machinery::Circuit;
use crate::hall::sequence::{HeadTuning, Rejecting, TowerTuning};
use crate::read::Section;
use crate::units::{Celsius, LitersPerSecond};

/// Reads `tower`.
pub(super) fn tower(section: &Section<'_>) -> TowerTuning {
    let old = TowerTuning::PUBLISHED;
    for (key, what) in [("cells", "how many cells there are"), ("cell-flow", "the water through one cell, in l/s")] {
        if !section.has(key) {
            section.missing(key, format!("write `{key} = …`: {what}"));
        }
    }
    let read = TowerTuning {
        cells: section.number("cells", old.cells, (1.0, 32.0)).floor(),
        cell_flow: LitersPerSecond(section.number("cell-flow", old.cell_flow.0, (0.1, 1e3))),
        least_flow: section.number("least-flow", old.least_flow, (0.2, 1.0)),
        least_lift: section.number("least-lift", old.least_lift, (2.0, 40.0)),
        most_lift: section.number("most-lift", old.most_lift, (2.0, 40.0)),
        coldest: Celsius(section.number("coldest", old.coldest.0, (2.0, 30.0))),
        fans: fans(section, old.fans),
    };
    section.done();
    if read.most_lift < read.least_lift {
        let message =
            format!("`most-lift` is {} and must not be below `least-lift`, {}", read.most_lift, read.least_lift);
        section.fault("most-lift", message, "the more load, the warmer the water may come back: write a larger one");
    }
    read
}

/// Reads `head`.
pub(super) fn head(section: &Section<'_>) -> HeadTuning {
    let old = HeadTuning::PUBLISHED;
    let read = HeadTuning {
        least_lift: section.number("least-lift", old.least_lift, (2.0, 30.0)),
        least_valve: section.number("least-valve", old.least_valve, (5.0, 90.0)),
        valve: section.section("valve").map_or(old.valve, |s| given(&s, old.valve)),
    };
    section.done();
    read
}

impl Draft {
    /// The tower that control runs; a fault where there is none to run.
    pub(super) fn rejecting(&mut self, all: &Section<'_>, circuit: Circuit) -> Option<Rejecting> {
        let section = all.section(circuit.word())?;
        section.section("tower")?;
        let of = self.machinery.towers.iter().find(|t| t.circuit == circuit).map(|t| t.of);
        let water = self.machinery.condenser_water.iter().find(|w| w.circuit == circuit).map(|w| w.of);
        let (Some(of), Some(water)) = (of, water) else {
            let message = format!("`{}` has no tower with condenser water to run", circuit.word());
            section.clash("tower", message, "add `[[tower]]` and `[[condenser-water]]`, or take this section away");
            return None;
        };
        let name = self.equips.get(of.equip)?.name.clone();
        Some(Rejecting {
            of,
            water,
            run_mode: self.typed(of.equip, "run-mode")?,
            fan: self.typed(of.equip, "fan-speed")?,
            cells: self.typed(of.equip, "cells")?,
            fan_loop: self.loops.push(format!("{name}/fans")),
        })
    }
}
