//! What hangs below a limit: GPUs with a place in the hall, and boards without one.

use plant::convert;
use plant::hall::power::Power;
use plant::lease::seen::NodeSeen;
use plant::time::Span;
use plant::units::Watts;

use super::{Capper, Silence, fill};

/// What GPUs come to at a limit (W).
#[derive(Clone, Copy, Debug)]
pub struct Carried {
    /// What those draw of which that is known.
    pub drawn: Watts,
    /// What all may draw now at the most.
    pub granted: Watts,
    /// What all have at the least.
    pub floor: Watts,
    /// What boards beyond those of the hall's file could draw besides: nobody can lower them.
    pub hidden: Watts,
    /// All their nodes have spoken since the scan before.
    pub whole: bool,
}

impl Capper {
    /// What each limit carries of what GPUs draw, may draw and have at the least, and whether all below it have just spoken.
    pub(super) fn carry(&mut self, power: &Power, (nodes, seen): (&[Silence], &[NodeSeen]), dt: Span) {
        let Self { limits, carried: [drawn, granted, floor, hidden], whole, now, .. } = self;
        let at = |gpu: usize| now.get(gpu).copied().unwrap_or_default();
        [&mut *drawn, granted, floor, hidden].into_iter().for_each(|row| row.fill(0));
        limits.tree.carry(|gpu| at(gpu).draws.unwrap_or_default(), drawn);
        limits.tree.carry(|gpu| at(gpu).force, granted);
        limits.tree.carry(|gpu| at(gpu).floor(), floor);
        whole.fill(true);
        for (node, ((silence, seen), of)) in nodes.iter().zip(seen).zip(&power.nodes).enumerate() {
            let spare = seen.beyond.spare(of.rated, silence.heard);
            for (limit, share) in limits.tree.above(node) {
                if silence.heard && silence.since >= dt {
                    whole.get_mut(limit).into_iter().for_each(|of| *of = false);
                }
                let more = spare.0.saturating_mul(share);
                hidden.get_mut(limit).into_iter().for_each(|of| *of = of.saturating_add(more));
            }
        }
    }

    /// What GPUs come to at a limit.
    pub(super) fn at(&self, limit: usize) -> Carried {
        let [drawn, granted, floor, hidden] = self.carried.each_ref().map(|row| {
            let of = convert::f64_from_u64(row.get(limit).copied().unwrap_or_default());
            Watts(of / (1000.0 * convert::f64_from_u64(fill::WHOLE)))
        });
        Carried { drawn, granted, floor, hidden, whole: self.whole.get(limit) == Some(&true) }
    }
}
