//! The plan that is followed, for people who ask.

use plant::civil::Zone;
use plant::time::Tick;
use serde::{Deserialize, Serialize};

use super::follow::Follow;
use crate::control::outlook::{begin, quarter};

/// The plan that batteries follow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AheadView {
    /// The last question that was due; 0 before the first.
    pub asked: u64,
    /// The question that the plan answers; nothing where none is followed.
    pub followed: Option<u64>,
    /// When its first slot began, in the tariff's zone.
    pub from: Option<String>,
    /// Why the last one is followed no more: `old`, `clock_doubted`, `no_battery`, `drifted`, `restarted`.
    pub ended: Option<String>,
    /// How many plans were followed since the record began,
    pub plans: u64,
    /// and how many were not, because they came late.
    pub late: u64,
    /// What windows shall not exceed, of each of the tariff's demands in their order (W).
    pub targets_w: Vec<Option<f64>>,
    /// The slots from the one that runs on.
    pub slots: Vec<AheadSlot>,
}

/// A quarter of an hour of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AheadSlot {
    /// When it begins, in the tariff's zone.
    pub from: String,
    /// What batteries give together (W); negative where they take.
    pub gives_w: f64,
    /// What they hold at its end (Wh).
    pub level_wh: f64,
    /// What the site is expected to draw (W).
    pub site_w: f64,
}

impl Follow {
    /// All of it, for people.
    #[must_use]
    pub fn view(&self, zone: &Zone, now: Tick) -> AheadView {
        let plan = self.plan();
        let slots = plan.map(|(_, from, slots)| {
            let first = quarter(from);
            let each = (0_i64..).zip(slots).filter(|(n, _)| first.saturating_add(*n) >= quarter(now.wall));
            let slot = |(n, slot): (i64, &plant::plan::Planned)| AheadSlot {
                from: zone.stamp(begin(first.saturating_add(n))),
                gives_w: slot.gives,
                level_wh: slot.level,
                site_w: slot.site,
            };
            each.map(slot).collect()
        });
        let (plans, late) = self.counts();
        AheadView {
            asked: self.due(),
            followed: plan.map(|(question, ..)| question),
            from: plan.map(|(_, from, _)| zone.stamp(from)),
            ended: self.end().filter(|_| plan.is_none()).map(|end| end.word().to_owned()),
            plans,
            late,
            targets_w: self.now(now.wall).map_or_else(Vec::new, |now| now.targets.to_vec()),
            slots: slots.unwrap_or_default(),
        }
    }
}
