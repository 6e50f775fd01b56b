//! A device that hears nothing for a while: what does it do by itself?

use plant::event::CheckEnd;
use plant::id::{EquipId, PointId};
use plant::time::{Mono, Span};
use serde::{Deserialize, Serialize};

use super::Around;
use crate::control::clock::sum;
use crate::control::trial::is_warm;

/// How long it is looked for what the device has done.
const LOOK: Span = Span::from_secs(30);

/// A device that is not talked to, and what was seen after that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    /// Whose device.
    pub equip: EquipId,
    /// For how long.
    pub long: Span,
    /// Its outputs.
    pub outputs: Vec<Silent>,
    /// Since when it is read again, and for how long that has been so.
    pub(super) looks: Option<(Mono, Span)>,
}

/// An output of a silent device.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Silent {
    /// Which output.
    pub point: PointId,
    /// Who reports where its actuator is, if anybody does.
    pub feedback: Option<PointId>,
    /// What it was told before, in the point's canonical unit.
    pub told: f64,
    /// What its register held after the silence, before anything was written.
    pub held: Option<f64>,
    /// What its actuator reported then.
    pub reported: Option<f64>,
}

impl Silence {
    /// True once the device is read again, and not yet written.
    #[must_use]
    pub const fn looks(&self) -> bool {
        self.looks.is_some()
    }

    /// One scan. How it ended, if it is over.
    pub(super) fn step(&mut self, (around, gone): (Around<'_>, Span)) -> Option<CheckEnd> {
        let Around { scene, inputs, now, paused } = around;
        let Some((since, waited)) = &mut self.looks else {
            if paused || is_warm(scene) {
                return Some(if paused { CheckEnd::Paused } else { CheckEnd::InletWarm });
            }
            self.looks = (gone >= self.long).then_some((now, Span::ZERO));
            return None;
        };
        let first = |point: PointId| inputs.samples.get(point).filter(|s| s.at > *since).and_then(|s| s.value.ok());
        for output in &mut self.outputs {
            output.held = output.held.or_else(|| first(output.point));
            output.reported = output.reported.or_else(|| output.feedback.and_then(first));
        }
        let seen = |o: &Silent| o.held.is_some() && (o.feedback.is_none() || o.reported.is_some());
        if self.outputs.iter().all(seen) {
            return Some(CheckEnd::Done);
        }
        *waited = sum(*waited, scene.dt);
        let any = self.outputs.iter().any(|output| output.held.is_some() || output.reported.is_some());
        (*waited >= LOOK).then_some(if any { CheckEnd::Done } else { CheckEnd::NotRead })
    }
}
