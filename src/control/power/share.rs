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
    tenant: usize,
    up_to: f64,
    does: f64,
}

/// Every step of every tenant's curve for GPUs of `rated` (W), the most useful first; of none where watts are shared otherwise.
#[must_use]
pub fn cuts(rules: &Capping, rated: Watts) -> Vec<Cut> {
    if rules.share != Sharing::Useful || rated.0 <= 0.0 {
        return Vec::new();
    }
    let of = |(tenant, who): (usize, &Tenant)| {
        let curve = who.curve.unwrap_or_else(|| Useful::usual(rated));
        let weight = who.weight;
        (1..=CUTS).map(move |cut| {
            let at = |cut: u32| rated * (f64::from(cut) / f64::from(CUTS));
            let does = weight * (curve.work(at(cut)) - curve.work(at(cut - 1)));
            Cut { tenant, up_to: f64::from(cut) / f64::from(CUTS), does }
        })
    };
    let mut cuts: Vec<Cut> = rules.tenants.iter().enumerate().flat_map(of).collect();
    cuts.sort_by(|a, b| b.does.total_cmp(&a.does).then(a.up_to.total_cmp(&b.up_to)).then(a.tenant.cmp(&b.tenant)));
    cuts
}

/// What sharing reads of a scan.
pub struct Ground<'a> {
    /// Which GPUs hang below which limits.
    pub tree: &'a Tree,
    /// Room below each limit (mW).
    pub room: &'a [Milliwatts],
    /// Every step of every curve, the most useful first.
    pub cuts: &'a [Cut],
}

/// Gives out all there is; each GPU's aim and what holds it are left in its row.
pub(super) fn share(rules: &Capping, ground: &Ground<'_>, fill: &mut Fill, now: &mut [Now], gpus: &mut [Gpu]) {
    let tree = ground.tree;
    let at = |gpu: usize| now.get(gpu).copied().unwrap_or_default();
    fill.begin(tree, |gpu| at(gpu).floor(), |limit| ground.room.get(limit).copied().unwrap_or_default());
    let tenant = |gpu: usize| rules.tenants.get(at(gpu).tenant).filter(|_| at(gpu).ours);
    let members = |of: &Tenant| -> usize { of.nodes.iter().map(|node| tree.of(*node).len()).sum() };
    fill.rise(tree, |gpu| {
        let of = tenant(gpu).filter(|of| of.floor.0 > 0)?;
        let each = of.floor.0.checked_div(convert::u64_from_usize(members(of))).unwrap_or_default();
        Some((Milliwatts(each).min(at(gpu).wish), 1))
    });
    for priority in 0..=9 {
        let first = |gpu: usize| tenant(gpu).filter(|of| of.priority == priority);
        if !rules.tenants.iter().any(|of| of.priority == priority) {
            continue;
        }
        for cut in
            ground.cuts.iter().filter(|cut| rules.tenants.get(cut.tenant).is_some_and(|of| of.priority == priority))
        {
            fill.rise(tree, |gpu| {
                let now = at(gpu);
                let up_to = convert::u64_from_f64_rounded(convert::f64_from_u64(now.most.0) * cut.up_to);
                (now.ours && now.tenant == cut.tenant).then(|| (now.wish.min(Milliwatts(up_to)), 1))
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
