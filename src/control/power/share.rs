//! Who gets how much: all limits at once, the least caps first, then floors, wishes by priority, what each had, and headroom.

use plant::convert;
use plant::gpu::Milliwatts;
use plant::hall::capping::{Capping, Sharing, Tenant};
use plant::hall::useful::Useful;
use plant::units::Watts;

use super::calibration;
use super::fill::{Fill, HEAVIEST, Stop, Tree};
use super::{Gpu, Held, Now};

/// Into how many steps a curve is cut.
const CUTS: u32 = 24;

/// A step of a tenant's curve: up to which cap (of 1 over his GPUs' highest), and what a watt does there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    priority: u8,
    tenant: usize,
    up_to: f64,
    does: f64,
}

impl Cut {
    /// A watt does the same here and there: neither comes first.
    fn is_like(&self, other: &Self) -> bool {
        (self.priority, self.does.to_bits()) == (other.priority, other.does.to_bits())
    }
}

/// Every step of every tenant's curve for GPUs of `rated` (W), by priority, the most useful first; of none where watts are shared otherwise.
#[must_use]
pub fn cuts(rules: &Capping, rated: Watts) -> Vec<Cut> {
    if rules.share != Sharing::Useful || rated.0 <= 0.0 {
        return Vec::new();
    }
    let of = |(tenant, who): (usize, &Tenant)| {
        let curve = who.curve.unwrap_or_else(|| Useful::usual(rated));
        let (weight, priority) = (who.weight, who.priority);
        (1..=CUTS).map(move |cut| {
            let at = |cut: u32| rated * (f64::from(cut) / f64::from(CUTS));
            let does = weight * (curve.work(at(cut)) - curve.work(at(cut - 1)));
            Cut { priority, tenant, up_to: f64::from(cut) / f64::from(CUTS), does }
        })
    };
    let mut cuts: Vec<Cut> = rules.tenants.iter().enumerate().flat_map(of).collect();
    let order = |a: &Cut, b: &Cut| a.priority.cmp(&b.priority).then(b.does.total_cmp(&a.does));
    cuts.sort_by(|a, b| order(a, b).then(a.up_to.total_cmp(&b.up_to)).then(a.tenant.cmp(&b.tenant)));
    cuts
}

/// What sharing reads of a scan.
pub struct Ground<'a> {
    /// Which GPUs hang below which limits.
    pub tree: &'a Tree,
    /// Room below each limit (mW).
    pub room: &'a [Milliwatts],
    /// Every step of every curve, by priority, the most useful first.
    pub cuts: &'a [Cut],
    /// Up to where each tenant's floor lets his GPUs rise (mW).
    pub floors: &'a [Milliwatts],
}

/// Up to where each tenant's floor lets his GPUs rise (mW): to one level for all of them at which what they wish, or have at the least, comes
/// to the floor, and no more. What one of them does not wish the others may have; one in doubt has its part already.
pub(super) fn floors(rules: &Capping, tree: &Tree, now: &[Now], to: &mut [Milliwatts]) {
    for (of, to) in rules.tenants.iter().zip(to) {
        *to = Milliwatts(0);
        if of.floor.0 == 0 {
            continue;
        }
        let his = || of.nodes.iter().flat_map(|node| now.get(tree.of(*node)).into_iter().flatten());
        let ours = || his().filter(|now| now.ours);
        let (all, heard) = (u128::from(count(his())), u128::from(count(ours())));
        let part = (u128::from(of.floor.0) * heard).checked_div(all).unwrap_or_default();
        let comes_to =
            |level: u64| -> u128 { ours().map(|now| u128::from(now.least.0.max(level.min(now.wish.0)))).sum() };
        let (mut low, mut high) = (0, ours().map(|now| now.wish.0).max().unwrap_or_default());
        while low < high {
            let level = low + (high - low).div_ceil(2);
            (low, high) = if comes_to(level) <= part { (level, high) } else { (low, level - 1) };
        }
        *to = Milliwatts(low);
    }
}

fn count<'a>(gpus: impl Iterator<Item = &'a Now>) -> u64 {
    convert::u64_from_usize(gpus.count())
}

/// Gives out all there is; each GPU's aim and what holds it are left in its row.
pub(super) fn share(rules: &Capping, ground: &Ground<'_>, fill: &mut Fill, now: &mut [Now], gpus: &mut [Gpu]) {
    let tree = ground.tree;
    let at = |gpu: usize| now.get(gpu).copied().unwrap_or_default();
    fill.begin(tree, |gpu| at(gpu).floor(), |limit| ground.room.get(limit).copied().unwrap_or_default());
    let tenant = |gpu: usize| rules.tenants.get(at(gpu).tenant).filter(|_| at(gpu).ours);
    if rules.tenants.iter().any(|of| of.floor.0 > 0) {
        let floor = |gpu: usize| ground.floors.get(at(gpu).tenant).copied().filter(|_| at(gpu).ours);
        fill.rise(tree, |gpu| Some((floor(gpu)?.min(at(gpu).wish), 1)));
    }
    for priority in 0..=9 {
        let first = |gpu: usize| tenant(gpu).filter(|of| of.priority == priority);
        if !rules.tenants.iter().any(|of| of.priority == priority) {
            continue;
        }
        let cuts = ground.cuts.chunk_by(Cut::is_like);
        for alike in cuts.filter(|alike| alike.first().is_some_and(|cut| cut.priority == priority && cut.does > 0.0)) {
            fill.rise(tree, |gpu| {
                let now = at(gpu);
                let up_to = |of: &Cut| (of.tenant == now.tenant).then_some(of.up_to);
                let up_to = alike.iter().filter_map(up_to).max_by(f64::total_cmp).filter(|_| now.ours)?;
                let up_to = convert::u64_from_f64_rounded(convert::f64_from_u64(now.most.0) * up_to);
                Some((now.wish.min(Milliwatts(up_to)), 1))
            });
        }
        fill.rise(tree, |gpu| Some((at(gpu).wish, weight(first(gpu)?, rules.share, &at(gpu)))));
    }
    for (place, gpu) in gpus.iter_mut().enumerate() {
        if at(place).ours {
            gpu.held = match fill.stop(place) {
                Stop::Limit(limit) if fill.level(place) < at(place).wish => Held::Limit(limit),
                Stop::Limit(_) | Stop::Bound => Held::Wish,
            };
        }
    }
    let had = |gpu: usize| {
        let granted = gpus.get(gpu).and_then(|gpu| gpu.granted).filter(|_| at(gpu).ours)?;
        Some(calibration::at_meter(granted, at(gpu).gain))
    };
    fill.rise(tree, |gpu| Some((had(gpu)?.min(at(gpu).most), 1 + had(gpu)?.0 / 8)));
    fill.rise(tree, |gpu| at(gpu).ours.then(|| (at(gpu).most, 1 + at(gpu).most.0 / 8)));
    for (place, now) in now.iter_mut().enumerate() {
        if now.ours {
            now.aim = fill.level(place);
        }
    }
}

/// How fast a GPU rises beside others of its priority.
fn weight(of: &Tenant, share: Sharing, now: &Now) -> u64 {
    let base = match share {
        Sharing::Fair | Sharing::Useful => 1000.0,
        Sharing::Proportional => convert::f64_from_u64(now.most.less(now.least).0) / 100.0,
    };
    convert::u64_from_f64_rounded(base * of.weight).clamp(1, HEAVIEST)
}

#[cfg(test)]
mod tests;
