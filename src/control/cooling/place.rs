//! Where a loop's process is, as far as its gains depend on that.

use plant::hall::schedule::By;
use plant::units::LitersPerSecond;

use super::{Circuit, Cooling, Loop, Scene};

impl Cooling {
    /// Looks where a loop's process is. While that is not known, it is where it was.
    pub(super) fn locate(&mut self, circuit: &Circuit, scene: &Scene<'_>) {
        let Some(schedule) = self.tuning(circuit.service).schedule else { return };
        let Some(row) = self.loops.get_mut(circuit.id) else { return };
        let now = match schedule.by {
            By::Load => scene.forecast.share(circuit.row),
            By::Flow => scene.flow.and_then(|flow| scene.image.read(flow).fresh()).map(|LitersPerSecond(flow)| flow),
            By::Output => Some(row.terms().output).filter(|_| row.started),
        };
        row.place = now.filter(|at| at.is_finite()).or(row.place);
    }
}

impl Loop {
    /// What its schedule went by last; nothing where it has none, or knows nothing of it yet.
    #[must_use]
    pub const fn place(&self) -> Option<f64> {
        self.place
    }
}
