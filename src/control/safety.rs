//! Safety: what holds in every mode, overrides included. It never asks who leads.
//!
//! ```text
//! level 4  an inlet at its maximum      the row's fans, its coils' valves and the pump go to their maximum, until every
//!                                       inlet is recommended again; its DX units too, where their air is too warm; pumps of
//!                                       their water, and chillers, that somebody holds off run
//! level 5  inputs never heard           the fail-safe, until each was heard or is given up as lost
//! level 5  inputs lost                  a limit that closes on the fail-safe: with half of a row's inlets it has closed
//! ```
//!
//! A stale inlet counts with its aged value here too, so that a sensor that falls silent calls for more and more cooling until
//! it speaks again or is given up as lost.

use plant::command::{Level, Reason};
use plant::convert::f64_from_usize;
use plant::hall::Limits;
use plant::id::{LoopId, PointId, Table};
use plant::point::{PointTable, WriteRange};
use plant::reading::{Reading, Why};
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::commands::{Commands, Limit};
use super::cooling::{Circuit, Service};
use super::quality::Image;

/// The share of a loop's inputs that must be lost to close the limit on the fail-safe.
const BLIND: f64 = 0.5;

/// What safety remembers: which loops' equipment thermal protection has taken.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Safety {
    tripped: Table<LoopId, Option<PointId>>,
}

impl Safety {
    /// Nothing tripped.
    #[must_use]
    pub fn new(loops: usize) -> Self {
        Self { tripped: Table::filled(loops, None) }
    }

    /// Asks and limits for every circuit. `running` is how long this boot has run.
    pub fn step(&mut self, scene: &Scene<'_>, circuits: &[Circuit], commands: &mut Commands) {
        for circuit in circuits.iter().filter(|circuit| circuit.service == Service::Fans) {
            self.watch(scene, circuit);
        }
        for circuit in circuits {
            if !scene.is_cold_enough(circuit) {
                self.protect(circuit, commands);
            }
            if scene.unheard(circuit) {
                for drive in &circuit.drives {
                    let safe = drive.range.failsafe;
                    commands.propose(drive.output, Level::CriticalEquipment, safe, Reason::SafeOutputs);
                }
            } else {
                floor(scene.image, circuit, commands);
            }
        }
    }

    /// The inlet for which thermal protection has taken some row.
    #[must_use]
    pub fn tripped(&self) -> Option<PointId> {
        self.tripped.rows().iter().find_map(|point| *point)
    }

    /// Watches a row's inlets: tripped from the maximum until the recommended range is reached again, so that it cannot
    /// chatter.
    fn watch(&mut self, scene: &Scene<'_>, circuit: &Circuit) {
        let Some(tripped) = self.tripped.get_mut(circuit.id) else { return };
        if let Some((point, worst)) = circuit.worst(scene.image) {
            if worst >= scene.limits.inlet_max.0 {
                *tripped = Some(point);
            } else if worst <= scene.limits.inlet_recommended.0 {
                *tripped = None;
            }
        }
    }

    /// Thermal protection: all that cools a tripped row, for fans alone would only blow its hot air around.
    fn protect(&self, circuit: &Circuit, commands: &mut Commands) {
        let Some(point) = circuit.cools.iter().find_map(|row| self.tripped.get(*row).copied().flatten()) else {
            return;
        };
        for drive in &circuit.drives {
            commands.propose(drive.output, Level::ThermalProtection, drive.range.max, Reason::OverTemperature(point));
        }
    }
}

/// What safety looks at.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The process image.
    pub image: Image<'a>,
    /// Every point, for how long it may stay silent.
    pub points: &'a PointTable,
    /// What must not be exceeded.
    pub limits: Limits,
    /// How long this boot has run.
    pub running: Span,
}

impl Scene<'_> {
    /// True where the air of DX units is seen to be recommended itself: the row needs more of it, which is the fans', and none that is
    /// colder still, for nothing but their loop keeps them from freezing it.
    fn is_cold_enough(&self, circuit: &Circuit) -> bool {
        let is_dx = [Service::Damper, Service::Compressor].contains(&circuit.service);
        let supply = circuit.measured(self.image).filter(|_| is_dx);
        supply.is_some_and(|(_, celsius)| celsius < self.limits.inlet_recommended.0)
    }

    /// True while some input has not been heard in this boot and may still come.
    fn unheard(&self, circuit: &Circuit) -> bool {
        circuit.inputs.iter().any(|point| {
            self.image.number(*point) == Reading::Lost { why: Why::NeverRead }
                && self.points.get(*point).is_some_and(|def| self.running <= def.judgement.lost_after)
        })
    }
}

/// The limit of a circuit that lost inputs.
fn floor(image: Image<'_>, circuit: &Circuit, commands: &mut Commands) {
    let (sourced, lost, first) = circuit.lost(image);
    let blind = sourced == 0 || f64_from_usize(lost) >= BLIND * f64_from_usize(sourced);
    let share = if blind { 1.0 } else { f64_from_usize(lost) / (BLIND * f64_from_usize(sourced)) };
    if share == 0.0 {
        return;
    }
    let reason = match first {
        Some((point, why)) if lost < sourced || sourced == 1 => Reason::InputLost(point, why),
        Some(_) | None => Reason::AllInputsLost,
    };
    for drive in &circuit.drives {
        commands.limit(drive.output, Level::CriticalEquipment, toward_safe(&drive.range, share, reason));
    }
}

/// A floor that rises from the lowest value to the fail-safe as the share goes from 0 to 1; a ceiling that falls to it where
/// the lowest value is the safe one.
fn toward_safe(range: &WriteRange, share: f64, reason: Reason) -> Limit {
    if range.failsafe > range.min {
        let min = if share >= 1.0 { range.failsafe } else { range.min + share * (range.failsafe - range.min) };
        Limit { min, max: range.max, reason }
    } else {
        let max = if share >= 1.0 { range.failsafe } else { range.max - share * (range.max - range.failsafe) };
        Limit { min: range.min, max, reason }
    }
}
