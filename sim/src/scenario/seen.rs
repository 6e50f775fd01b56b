//! What expressions look at in a run: the world, its sensors and what was decided.

use plant::id::PointId;
use plant::image::{Inputs, Outputs};

use super::expression::{Figure, Scene};
use crate::world::World;

/// What one step came to, as expressions look at it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'r> {
    /// The world after the step.
    pub world: &'r World,
    /// What its sensors told.
    pub inputs: &'r Inputs,
    /// What was decided last.
    pub outputs: &'r Outputs,
}

impl Scene for Seen<'_> {
    fn truth(&self, point: PointId) -> f64 {
        self.world.truth(point).unwrap_or(f64::NAN)
    }

    fn reading(&self, point: PointId) -> f64 {
        self.inputs.samples.get(point).and_then(|s| s.value.ok()).unwrap_or(f64::NAN)
    }

    fn command(&self, point: PointId) -> f64 {
        self.outputs.commands.iter().find(|c| c.point == point).map_or(f64::NAN, |c| c.value)
    }

    fn figure(&self, figure: Figure) -> f64 {
        let chain = self.world.chain();
        match figure {
            Figure::FacilityPower => chain.facility(),
            Figure::ItPower => chain.it,
            Figure::CoolingPower => chain.cooling,
            Figure::HottestInlet => self.world.hottest_inlet().unwrap_or(f64::NAN),
            Figure::LedgerResidual => self.world.ledger_residual(),
            Figure::Time => self.world.elapsed().seconds(),
        }
    }
}

/// A scene whose time counts from the end of the warm-up.
pub(super) struct Clocked<'s, S> {
    pub(super) scene: &'s S,
    pub(super) time: f64,
}

impl<S: Scene> Scene for Clocked<'_, S> {
    fn truth(&self, point: PointId) -> f64 {
        self.scene.truth(point)
    }

    fn reading(&self, point: PointId) -> f64 {
        self.scene.reading(point)
    }

    fn command(&self, point: PointId) -> f64 {
        self.scene.command(point)
    }

    fn figure(&self, figure: Figure) -> f64 {
        if figure == Figure::Time { self.time } else { self.scene.figure(figure) }
    }
}
