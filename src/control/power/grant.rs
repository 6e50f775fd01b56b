//! What is granted: falls at once, and rises as far as all that may still be in force leaves room.

use plant::convert;
use plant::gpu::Milliwatts;
use plant::hall::capping::Capping;
use plant::lease::seen::Cap;

use super::bounds::Bounds;
use super::limits::Limits;
use super::{Capper, Caps, Scene};

impl Caps {
    /// What is granted now: falls at once, and rises where what may be in force leaves room.
    pub(super) fn grant<L, A, M>(
        &mut self,
        scene: &Scene<'_, L, A, M>,
        rules: &Capping,
        capper: &mut Capper,
        caps: &mut [Cap],
    ) {
        let Capper { limits, fill, room, now, .. } = capper;
        let at = |gpu: usize| now.get(gpu).copied().unwrap_or_default();
        fill.begin(&limits.tree, |gpu| at(gpu).force, |limit| room.get(limit).copied().unwrap_or_default());
        let slow = |gpu: usize| {
            let now = at(gpu);
            let rise = convert::f64_from_u64(now.most.0) * rules.rise * scene.now.dt.seconds();
            Milliwatts(now.force.0.saturating_add(convert::u64_from_f64_rounded(rise).max(1)))
        };
        fill.rise(&limits.tree, |gpu| {
            let now = at(gpu);
            (now.ours && now.aim > now.force).then(|| (now.aim.min(slow(gpu)), 1 + now.aim.less(now.force).0 / 8))
        });
        for (place, (gpu, cap)) in self.gpus.iter_mut().zip(caps).enumerate() {
            let now = at(place);
            let order = (now.epoch, scene.now.seq.saturating_add(1));
            let uuid = scene.inputs.gpus.get(place).and_then(|seen| seen.uuid).filter(|_| now.ours);
            let Some(uuid) = uuid else {
                *cap = Cap::default();
                continue;
            };
            let risen = fill.level(place);
            let counted = if now.aim <= now.force { now.aim } else { risen };
            let (least, most) = (now.by_board(now.least), now.by_board(now.most));
            let mut granted = now.by_board(counted);
            let mut rises = counted < now.aim && now.aim > now.force;
            if let Some(before) = gpu.granted.filter(|before| granted > *before && *before >= least) {
                let small = Milliwatts((before.0 / 100).max(5000));
                if granted.less(before) < small && granted < most {
                    (granted, rises) = (before, false); // not worth a write
                }
            }
            if rises {
                gpu.held.rises();
            }
            gpu.force.grant(granted, order);
            gpu.granted = Some(granted);
            *cap = Cap { uuid: Some(uuid), cap: granted, clock_mhz: None, order };
        }
    }

    /// Cores are slow below a limit whose breaker's time is short: there a cap alone may not be enough.
    pub(super) fn slow(&self, rules: &Capping, limits: &Limits, caps: &mut [Cap]) {
        let Some(clock) = rules.slow_clock else { return };
        let short = |limit: usize| self.limits.get(limit).is_some_and(Bounds::is_short);
        for node in (0..self.nodes.len()).filter(|node| limits.tree.above(*node).any(|(limit, _)| short(limit))) {
            let below = caps.get_mut(limits.tree.of(node)).into_iter().flatten();
            below.filter(|cap| cap.uuid.is_some()).for_each(|cap| cap.clock_mhz = Some(clock));
        }
    }
}
