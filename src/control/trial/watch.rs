//! What a trial looks at, and what ends it.

use plant::command::Level;
use plant::event::TrialEnd;
use plant::id::PointId;
use plant::reading::{Reading, Why};
use plant::time::Span;
use plant::units::Quantity;
use serde::{Deserialize, Serialize};

use super::How;
use crate::control::cooling::{Circuit, Cooling};
use crate::control::scene::Scene;
use crate::control::tuning::Record;

/// A row whose power changes by so much of what it is rated disturbs a trial (1).
const DISTURBS: f64 = 0.1;

/// What is seen in one scan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct See {
    /// The pv, in its own unit.
    pub pv: f64,
    /// What the output was told (%).
    pub told: f64,
}

/// How things stood at the begin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ground {
    /// The pv at rest, in its own unit.
    pub level: f64,
    /// How far it strayed from that by itself.
    pub noise: f64,
    /// Where the pv goes when the output rises: 1 or -1.
    direction: f64,
    /// What led.
    lead: Option<PointId>,
    /// What all rows drew, of what they are rated, summed up (1).
    load: f64,
}

/// True where somebody stronger has an output of the loop, or bends it.
pub fn is_taken(circuit: &Circuit, scene: &Scene<'_>) -> bool {
    let stronger = |level: Level| level < Level::Commissioning;
    let rows = circuit.drives.iter().filter_map(|drive| scene.held.get(drive.output));
    rows.into_iter().any(|row| stronger(row.entry) || (stronger(row.level)))
}

/// True where some rack's air is above the recommended range, as far as that is known.
pub fn is_warm(scene: &Scene<'_>) -> bool {
    let most = scene.hall.limits.inlet_recommended.get();
    let racks = scene.hall.rows.rows().iter().flat_map(|row| &row.racks);
    racks.filter_map(|rack| scene.image.read(rack.inlet).usable()).any(|inlet| inlet.get() > most)
}

/// The loop's pv where each of its inputs is fresh.
pub fn pv(circuit: &Circuit, scene: &Scene<'_>, cooling: &Cooling) -> Option<f64> {
    let sure = |point: &PointId| match scene.image.number(*point) {
        Reading::Fresh(_) | Reading::Lost { why: Why::Config } => true,
        Reading::Stale { .. } | Reading::Lost { .. } => false,
    };
    let lead = cooling.of(circuit.id)?.lead?;
    let all = circuit.inputs.iter().all(sure) && sure(&lead);
    cooling.of(circuit.id)?.pv.filter(|_| all)
}

/// True where the loop moves its outputs: no sequence has it stand, and every machine listens.
pub fn is_led(circuit: &Circuit, scene: &Scene<'_>, cooling: &Cooling) -> bool {
    let stands = cooling.of(circuit.id).is_none_or(|row| row.stands || !row.started);
    !stands && !circuit.drives.is_empty() && circuit.drives.iter().all(|drive| circuit.moves(drive, scene.held))
}

impl Ground {
    /// As it is now.
    pub fn of(circuit: &Circuit, scene: &Scene<'_>, cooling: &Cooling) -> Self {
        let direction = circuit.service.action().sign();
        let lead = cooling.of(circuit.id).and_then(|row| row.lead);
        Self { level: 0.0, noise: 0.0, direction, lead, load: load(scene) }
    }

    /// What is seen, or what ends the trial.
    pub fn see(
        &self,
        circuit: &Circuit,
        (scene, cooling, paused): (&Scene<'_>, &Cooling, bool),
        (how, gone): (&How, Span),
    ) -> Result<See, TrialEnd> {
        let pv = pv(circuit, scene, cooling);
        let told = circuit.drives.iter().filter_map(|drive| scene.told(drive.output)).reduce(f64::max);
        let lead = cooling.of(circuit.id).and_then(|row| row.lead);
        // The worst of a row may change; what a sequence names may not.
        let of_loop = |point: Option<PointId>| point.is_some_and(|point| circuit.inputs.contains(&point));
        let same = lead == self.lead || (of_loop(lead) && of_loop(self.lead));
        match (pv, told) {
            _ if is_taken(circuit, scene) => Err(TrialEnd::Taken),
            _ if !is_led(circuit, scene, cooling) => Err(TrialEnd::NotLed),
            _ if paused => Err(TrialEnd::Paused),
            _ if is_warm(scene) => Err(TrialEnd::InletWarm),
            (Some(pv), _) if !(how.limits.0..=how.limits.1).contains(&pv) => Err(TrialEnd::PvOutside),
            _ if !same || (load(scene) - self.load).abs() > DISTURBS => Err(TrialEnd::Disturbed),
            _ if gone >= how.longest => Err(TrialEnd::TooLong),
            (Some(pv), Some(told)) => Ok(See { pv, told }),
            (None, _) | (_, None) => Err(TrialEnd::InputLost),
        }
    }

    /// Looks whether the pv has rested over the last so many seconds, and remembers where. False while it drifts by more than
    /// `most`, in its own unit.
    pub fn settle(&mut self, record: &Record, seconds: f64, most: f64) -> bool {
        let half = 0.5 * seconds;
        let halves = (record.mean(half, half), record.mean(half, 0.0));
        let (Some(before), Some(now)) = halves else { return false };
        let (low, high) = record.spread(seconds);
        (self.level, self.noise) = (0.5 * (before + now), 0.5 * (high - low));
        (now - before).abs() <= most.max(0.5 * self.noise)
    }

    /// How far the pv has gone from its rest to where an output that is moved by `size` drives it, in its own unit.
    pub fn toward(&self, pv: f64, size: f64) -> f64 {
        (pv - self.level) * self.direction * size.signum()
    }
}

/// What all rows draw, of what they are rated, summed up: the trial minds a change of any.
fn load(scene: &Scene<'_>) -> f64 {
    scene.hall.rows.ids().map(|row| scene.forecast.moved(Span::ZERO, |of| of == row)).sum()
}
