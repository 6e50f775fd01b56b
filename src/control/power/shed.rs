//! What GPUs would draw more if nobody lowered them for money: for billed windows, budgets, a grid's targets, or leases that are over.
//!
//! A GPU that its cap holds back would draw what it drew just before: the mean of its last minute without such a cap. What cords, breakers and cooling hold back is none of
//! it. A GPU that is not read, and one whose load came while its cap was low already, count as held back by nothing: nobody knows what they would draw.

use plant::convert;
use plant::gpu::Milliwatts;
use plant::id::FeedId;
use plant::lease::seen::GpuSeen;
use plant::time::Span;
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::limits::Place;
use super::why::Held;
use super::wish::is_held;
use super::{Capper, Caps, Now};

/// Over so long a mean is taken (s).
const MEAN: f64 = 60.0;

/// What is remembered of a GPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Free {
    /// What it drew of late without such a cap (mW at its rack's meter).
    drew: Milliwatts,
    /// Such a cap holds it back.
    lowered: bool,
}

/// What caps hold back for money below a feed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shed {
    /// What more would go through the feed (W).
    pub watts: Watts,
    /// How many GPUs' work that is.
    pub lost: f64,
    /// Of how many GPUs nobody knows.
    pub unsure: f64,
}

/// What a GPU would draw more (mW), and what share of its work that is; nothing where nobody knows.
type Lacks = Option<(Milliwatts, f64)>;

impl Shed {
    /// As much of it as the feed would have carried (W): its own limit holds without us.
    #[must_use]
    pub fn within(self, room: Watts) -> Self {
        let share = if self.watts.0 > 0.0 { (room.0 / self.watts.0).clamp(0.0, 1.0) } else { 0.0 };
        Self { watts: self.watts * share, lost: self.lost * share, ..self }
    }
}

impl Free {
    /// One scan. `bends`: a limit that is low for money holds it, or held it and it is still on its way up.
    fn step(&mut self, now: &Now, seen: &GpuSeen, bends: bool, dt: Span) -> Lacks {
        let Some(draws) = now.draws.filter(|_| now.ours) else {
            self.lowered = false;
            return None;
        };
        self.lowered = bends && is_held(seen);
        if !self.lowered {
            let share = if self.drew == Milliwatts(0) { 1.0 } else { (dt.seconds() / MEAN).min(1.0) };
            let (was, is) = (convert::f64_from_u64(self.drew.0), convert::f64_from_u64(draws.0));
            self.drew = Milliwatts(convert::u64_from_f64_rounded(was + (is - was) * share));
            return Some((Milliwatts(0), 0.0));
        }
        let lacks = self.drew.min(now.most).less(draws);
        if lacks == Milliwatts(0) {
            return None;
        }
        Some((lacks, convert::f64_from_u64(lacks.0) / convert::f64_from_u64(self.drew.0)))
    }
}

impl Caps {
    /// One scan, after all was shared: what each GPU lacks.
    pub(super) fn miss(&mut self, seen: &[GpuSeen], capper: &mut Capper, dt: Span) {
        let Capper { bends, lacks, now, .. } = capper;
        for (((gpu, seen), now), lacks) in self.gpus.iter_mut().zip(seen).zip(&*now).zip(lacks) {
            let bends = match gpu.held {
                Held::Limit(limit) => bends.get(limit) == Some(&true),
                Held::Rising => gpu.free.lowered,
                Held::Doubt | Held::Wish => false,
            };
            *lacks = gpu.free.step(now, seen, bends, dt);
        }
    }

    /// What caps hold back for money in a rack, by its place in the tree (W at its meter), as of the last scan.
    #[must_use]
    pub fn held_in(capper: &Capper, rack: usize) -> Watts {
        let nodes = capper.racks.get(rack).into_iter().flatten();
        let lacks = nodes.flat_map(|node| capper.lacks.get(capper.limits.tree.of(*node)).into_iter().flatten());
        lacks.flatten().map(|(lacks, _)| lacks.watts()).sum()
    }

    /// What caps hold back for money below a feed, as of the last scan.
    #[must_use]
    pub fn shed(&self, capper: &Capper, feed: FeedId) -> Shed {
        let Some(place) = capper.limits.all.iter().position(|limit| limit.place == Place::Feed(feed)) else {
            return Shed::default();
        };
        let mut shed = Shed::default();
        for node in 0..self.nodes.len() {
            let above = capper.limits.tree.above(node).find(|(limit, _)| *limit == place);
            let Some((_, share)) = above else { continue };
            let carries = convert::f64_from_u64(share) / convert::f64_from_u64(super::fill::WHOLE);
            for lacks in capper.lacks.get(capper.limits.tree.of(node)).into_iter().flatten() {
                match lacks {
                    Some((lacks, work)) => {
                        shed.watts += lacks.watts() * carries;
                        shed.lost += work;
                    }
                    None => shed.unsure += 1.0,
                }
            }
        }
        shed
    }
}
