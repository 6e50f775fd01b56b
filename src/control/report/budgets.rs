//! Budgets of feeds and leases of schedulers, for people.

use plant::hall::Hall;
use serde::{Deserialize, Serialize};

use crate::control::budgets::Budget;
use crate::control::{Plan, State};

/// What a feed may carry for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BudgetView {
    /// Its name.
    pub id: String,
    /// The feed.
    pub feed: String,
    /// What it may carry (kW).
    pub kw: f64,
    /// Who asked.
    pub who: String,
    /// Why.
    pub reason: String,
    /// For how much longer (s).
    pub remaining_s: f64,
}

/// Every budget in force.
pub(super) fn views(hall: &Hall, state: &State) -> Vec<BudgetView> {
    let tick = state.clock.last();
    let view = |of: &Budget| BudgetView {
        id: of.id.clone(),
        feed: hall.power.feeds.get(of.feed).map_or_else(String::new, |feed| feed.name.clone()),
        kw: of.most.0 / 1e3,
        who: of.who.clone(),
        reason: of.reason.clone(),
        remaining_s: of.remaining(tick).seconds(),
    };
    state.budgets.iter().map(view).collect()
}

/// What schedulers have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeasesView {
    /// How many leases.
    pub held: usize,
    /// How many requests wait.
    pub waiting: usize,
    /// What all leases may draw now (kW).
    pub kw: f64,
    /// How many racks draw more than leases let them, and were told.
    pub exceeded: usize,
    /// How many of them are breaches.
    pub breaches: usize,
    /// What they draw too much (kW).
    pub excess_kw: f64,
    /// How many jobs will not be done by their deadlines, as far as is known.
    #[serde(default)]
    pub late: usize,
    /// How many clients' clocks differ from ours by more than a tenth of a time to live.
    #[serde(default)]
    pub skewed: usize,
}

/// What schedulers have; nothing where nobody may ask.
pub(super) fn leases(plan: &Plan, state: &State) -> Option<LeasesView> {
    plan.leases.as_ref()?;
    let (held, waiting, watts) = state.ledger.brief();
    let (exceeded, breaches, excess) = state.ledger.watch().brief();
    Some(LeasesView {
        held,
        waiting,
        kw: watts.0 / 1e3,
        exceeded,
        breaches,
        excess_kw: excess.0 / 1e3,
        late: state.ledger.late(),
        skewed: state.ledger.skewed(),
    })
}
