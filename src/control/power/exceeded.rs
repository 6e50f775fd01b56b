//! Racks that draw more than leases let them: their GPUs are capped to what those, and what is nobody's there, come to.

use plant::units::Watts;

use super::Scene;
use super::bounds::Bounds;
use super::carried::Carried;
use super::limits::Limit;

impl Bounds {
    /// The room for a rack's GPUs (W): all of it unless leases there are exceeded. What is no GPU there counts as its meter last said: who is not seen is not capped by a guess.
    pub fn in_a_rack<L, A, M: Fn(usize) -> Option<Watts>>(
        &mut self,
        limit: &Limit,
        (scene, rack): (&Scene<'_, L, A, M>, usize),
        of: &Carried,
    ) -> Watts {
        if let Some(load) = (scene.meter)(rack) {
            self.follow(load, of, scene.now.dt);
        }
        let Some((allowed, _)) = scene.leases.held_to(rack) else { return limit.most };
        (allowed - self.other().unwrap_or_default()).max(Watts(0.0))
    }
}
