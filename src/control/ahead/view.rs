//! The plan that is followed, for people who ask.

use std::collections::BTreeMap;

use plant::civil::Zone;
use plant::plan::{JobTold, Planned, SlotTold, Told, Why};
use plant::time::{Tick, Wall};
use serde::{Deserialize, Serialize};

use super::follow::Follow;
use crate::control::ledger::Ledger;
use crate::control::ledger::lease::Lease;
use crate::control::outlook::{begin, quarter};
use crate::control::tariff::Tariff;
use crate::planner::Names;

/// The plan that batteries and jobs follow.
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
    /// In what money it reckons.
    pub currency: String,
    /// The jobs that it plans and that still wait or run, by their leases' names.
    pub jobs: Vec<AheadJob>,
    /// The slots from the one that runs on.
    pub slots: Vec<AheadSlot>,
}

/// A job of it, and why it runs when it does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AheadJob {
    /// The name of its lease.
    pub lease_id: String,
    /// Whose.
    pub client: String,
    /// The request that asked for it.
    pub request: String,
    /// What it is called.
    pub job: String,
    /// It has begun, though it may pause now.
    pub begun: bool,
    /// When it runs from now on: from, to, in the tariff's zone.
    pub runs: Vec<(String, String)>,
    /// Why then.
    pub why: AheadWhy,
    /// What keeps it out of a quarter of an hour that would be cheaper; nothing where none is.
    pub held_by: Option<String>,
    /// What it does not get by its deadline; nothing where it gets all.
    pub short: Option<AheadShort>,
    /// All of that in sentences.
    pub said: Vec<String>,
}

/// A reason.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AheadWhy {
    /// `committed`, `no-choice`, `at-once`, `held`, `room`, `cheaper`, `dearer`, `even` or `not`.
    pub reason: String,
    /// Of `room`: what was in its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// Of `cheaper` and `dearer`: by so much its energy is, with its CO₂ (currency),
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy: Option<f64>,
    /// and so much peaks are (currency).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak: Option<f64>,
}

/// What a job does not get.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AheadShort {
    /// How much (Wh at machines).
    pub wh: f64,
    /// What stands in its way most often.
    pub limit: String,
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
    /// What one more kW would cost in it, everybody else being where they are (currency).
    pub one_more: f64,
    /// Limits that leave no room for that, and demands whose peak it would raise.
    pub reached: Vec<String>,
}

impl Follow {
    /// All of it, for people.
    #[must_use]
    pub fn view(&self, tariff: &Tariff, ledger: &Ledger, now: Tick) -> AheadView {
        let (plan, zone, told) = (self.plan(), &tariff.zone, self.told());
        let (names, none) = (Names::told(told, &tariff.currency), SlotTold::default());
        let slots = plan.map(|(_, from, slots)| {
            let first = quarter(from);
            let each = (0_i64..).zip(slots.iter().zip(told.slots.iter().chain(core::iter::repeat(&none))));
            let slot = |(n, (slot, told)): (i64, (&Planned, &SlotTold))| AheadSlot {
                from: zone.stamp(begin(first.saturating_add(n))),
                gives_w: slot.gives,
                level_wh: slot.level,
                site_w: slot.site,
                one_more: told.one_more,
                reached: told.reached.iter().map(|limit| names.bound(told.site).limit(*limit)).collect(),
            };
            each.filter(|(n, _)| first.saturating_add(*n) >= quarter(now.wall)).map(slot).collect()
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
            currency: tariff.currency.clone(),
            jobs: plan.map_or_else(Vec::new, |_| jobs((told, &names), zone, ledger, now.wall)),
            slots: slots.unwrap_or_default(),
        }
    }
}

/// Those that still wait or run: of others a plan has nothing to say any more.
fn jobs((told, names): (&Told, &Names<'_>), zone: &Zone, ledger: &Ledger, now: Wall) -> Vec<AheadJob> {
    let begun = ledger.leases().filter(|of| of.is_live()).map(|of| (of, true));
    let all: BTreeMap<_, (&Lease, bool)> = begun
        .chain(ledger.waits().map(|of| (of, false)))
        .map(|(lease, begun)| ((lease.id.epoch, lease.id.number), (lease, begun)))
        .collect();
    let one = |of: &JobTold| {
        let (lease, begun) = *all.get(&(of.epoch, of.number))?;
        let runs = of.runs.iter().filter(|(_, to)| *to > now);
        let names = names.bound(of.site);
        Some(AheadJob {
            lease_id: lease.id.to_string(),
            client: lease.client.clone(),
            request: lease.request.clone(),
            job: lease.job.clone(),
            begun,
            runs: runs.map(|(from, to)| (zone.stamp(*from), zone.stamp(*to))).collect(),
            why: why(of.why, &names),
            held_by: of.held_by.map(|limit| names.limit(limit)),
            short: of.short.map(|short| AheadShort { wh: short.kwh * 1e3, limit: names.limit(short.limit) }),
            said: names.said(of.why, of.held_by, of.short),
        })
    };
    told.jobs.iter().filter_map(one).collect()
}

fn why(of: Why, names: &Names<'_>) -> AheadWhy {
    let plain = AheadWhy { reason: of.word().to_owned(), ..AheadWhy::default() };
    match of {
        Why::Room { limit } => AheadWhy { limit: Some(names.limit(limit)), ..plain },
        Why::Cheaper { energy, peak } | Why::Dearer { energy, peak } => {
            AheadWhy { energy: Some(energy), peak: Some(peak), ..plain }
        }
        Why::Committed | Why::NoChoice | Why::AtOnce | Why::Held | Why::Even | Why::Not => plain,
    }
}
