//! A run as a watch sees it.

use sim::World;
use sim::day::Book;

use super::Drive;
use crate::cli::sim::storm::{Look, Watch};

impl Drive {
    /// Time after the begin (s).
    pub fn time(&self) -> f64 {
        self.run.time()
    }

    /// The world as it is now.
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// Writes the step that was just made into the book of a day.
    pub fn note(&self, book: &mut Book) {
        let (time, dt) = (self.run.time(), self.run.scenario().dt);
        if time > 0.0 {
            book.write((time, dt), &self.world, &self.outputs, &self.told);
        }
    }

    /// Lets a watch look at the scan that was just made, `restores` after a loss of power; while nobody commands it forgets what it knew.
    pub fn show(&self, watch: &mut Watch, restores: bool) {
        let (time, now) = (self.run.time(), self.run.tick().mono);
        if self.silent || time < 0.0 {
            return watch.forget(time);
        }
        let (controller, inputs, outputs) = (&self.controller, &self.inputs, &self.outputs);
        watch.look(&Look { controller, inputs, outputs, now, time, restores });
    }
}
