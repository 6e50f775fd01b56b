//! What caps let machines of a rack draw, beside what they would.

use plant::convert;
use plant::gpu::Milliwatts;
use plant::hall::power::Power;
use plant::units::Watts;

use super::limits::Place;
use super::why::Held;
use super::{Capper, Caps, Gpu, Now, fill};

impl Now {
    /// Up to where it may draw (mW), and whether a limit, or what cooling asks, holds it below what it would. One that draws all that it wishes may draw all.
    fn lets(&self, held: Held) -> (Milliwatts, bool) {
        match held {
            Held::Limit(_) | Held::Rising => (self.force, self.force < self.rated),
            Held::Wish if self.ours && self.most < self.rated && self.wish >= self.most => (self.most, true),
            Held::Wish | Held::Doubt => (self.rated, false),
        }
    }
}

impl Caps {
    /// One scan, after all was shared and granted: what each rack may draw by its caps, with what is no GPU in it.
    pub(super) fn let_draw(&mut self, capper: &Capper) {
        self.lets.fill(None);
        for (n, (limit, bounds)) in capper.limits.all.iter().zip(&self.limits).enumerate() {
            let (Place::Rack(rack), Some(other)) = (limit.place, bounds.other()) else { continue };
            let (mut sum, mut lowered) = (other, false);
            for node in capper.racks.get(rack).into_iter().flatten() {
                let places = capper.limits.tree.of(*node);
                let share =
                    capper.limits.tree.above(*node).find(|(above, _)| *above == n).map_or(0, |(_, share)| share);
                let carries = convert::f64_from_u64(share) / convert::f64_from_u64(fill::WHOLE);
                let gpus = self.gpus.get(places.clone()).into_iter().flatten();
                for (now, gpu) in capper.now.get(places).into_iter().flatten().zip(gpus) {
                    let (most, held) = now.lets(gpu.held);
                    sum += most.watts() * carries;
                    lowered |= held;
                }
            }
            if let Some(lets) = self.lets.get_mut(rack).filter(|_| lowered) {
                *lets = Some(sum);
            }
        }
    }

    /// True where some GPU of a rack, by the rack's place in the tree, is granted what it draws.
    #[must_use]
    pub fn grants_in(&self, power: &Power, rack: usize) -> bool {
        let granted = |gpu: &Gpu| gpu.granted.is_some() && gpu.held != Held::Doubt;
        let nodes = power.nodes.iter().filter(|node| node.rack == rack);
        nodes.flat_map(|node| self.gpus.get(node.places()).into_iter().flatten()).any(granted)
    }

    /// What the machines of a rack may draw by its caps (W), by its place in the tree, as of the last scan. Nothing where no cap holds any of them back, or nobody
    /// knows what else draws there.
    #[must_use]
    pub fn lets(&self, rack: usize) -> Option<Watts> {
        self.lets.get(rack).copied().flatten()
    }
}
