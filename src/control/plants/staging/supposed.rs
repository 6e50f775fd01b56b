//! Chillers that somebody else runs: how many ours would, by the same load and warmth.

use plant::convert::u64_from_usize;
use plant::time::Span;

use super::{Scene, Stages, Water};
use crate::control::sequence::Sequence;
use crate::control::sequence::change::Change;
use crate::control::sequence::machine::Life;

impl Stages {
    /// One scan beside somebody else, after [`Stages::look_on`]: as many as run are the stage that is counted from, and a change of theirs
    /// begins it anew. What is wished stands while its cause does.
    pub fn suppose(&mut self, scene: &Scene<'_>, water: &Water) {
        let n = self.present();
        for (told, machine) in self.told.rows_mut().iter_mut().zip(self.machines.rows()) {
            *told = machine.life() == Life::On;
        }
        if self.target != n {
            (self.target, self.since_change) = (n, Span::ZERO);
            (self.above, self.below, self.warm, self.far, self.lost, self.starved) = <_>::default();
        }
        self.change = Sequence::at(Change::Steady);
        self.count(scene, water);
        let spare = u64::from(n) < u64_from_usize(self.machines.len());
        self.supposed = match self.wish(scene.rules, water) {
            Some(wish) if wish.up => n.saturating_add(u8::from(spare)),
            Some(_) => n.saturating_sub(1),
            None => n,
        };
    }

    /// How many run, and how many ours would.
    #[must_use]
    pub const fn supposed(&self) -> (u8, u8) {
        (self.target, self.supposed)
    }
}
