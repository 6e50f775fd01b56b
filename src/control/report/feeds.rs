//! The power tree, for people.

use plant::event::FeedTrouble;
use plant::hall::power::flows::{Flow, Known};
use plant::hall::power::{Feed, Power};
use plant::id::{FeedId, Id};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use crate::control::{Plan, State};

/// A feed, what flows through it and what it may carry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FeedView {
    /// Its name: `pdu-a1`.
    pub name: String,
    /// `utility`, `transformer`, `panel`, `ups`, `pdu`.
    pub kind: String,
    /// What it hangs on; nothing for the root.
    pub parent: Option<String>,
    /// What it may carry for good (kW).
    pub limit_kw: f64,
    /// What enters it (kW); 8 % more than is known where no meter sees it.
    pub load_kw: f64,
    /// What of that it loses (kW).
    pub loss_kw: f64,
    /// The limit less the load, on the worst phase (kW); negative is bad.
    pub headroom_kw: f64,
    /// What leaves it and nothing below it explains (kW); nothing unless its meter is fresh.
    pub unattributed_kw: Option<f64>,
    /// `metered`, `doubted`, `stale`, `reckoned`.
    pub known: String,
    /// Whether it has a meter at all.
    pub meter: bool,
    /// Each phase (kW), where each has a meter; nothing for one that is not known.
    #[serde(default)]
    pub phases_kw: Vec<Option<f64>>,
    /// The worst phase over the mean (1, 1 to 3).
    pub uneven: f64,
    /// The share that is used up of the time for which it may carry too much (%); nothing where the file names no breaker.
    pub used_percent: Option<f64>,
    /// How long it may go on like this (s); nothing where it may for good.
    pub time_left_s: Option<f64>,
    /// The cord on it with the least room under its own breaker; nothing where the file names none.
    #[serde(default)]
    pub cord: Option<CordView>,
    /// What befalls it: `above`, `time_short`, `reckoned`, `uneven`.
    pub troubles: Vec<String>,
    /// True where it has the least headroom on some way from the grid to the racks.
    pub binds: bool,
    /// Its load with every GPU at its fail-safe and all else at its most (kW): proved to fit when the hall was loaded.
    pub fail_safe_kw: f64,
    /// Its load with everything at its most (kW); above its limit where it is oversubscribed.
    pub most_kw: f64,
}

/// A rack's cord on a feed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CordView {
    /// The rack.
    pub rack: String,
    /// What goes through its breaker (kW).
    pub load_kw: f64,
    /// What its breaker may carry for good (kW).
    pub limit_kw: f64,
}

/// Every feed, each after the one that it hangs on, children in the order of the file.
#[must_use]
pub fn feeds(plan: &Plan, state: &State) -> Vec<FeedView> {
    let power = &plan.hall.power;
    let binding = binding(power, |id| state.feeds.flow(id).map_or(f64::INFINITY, |flow| flow.headroom.0));
    let view = |id: FeedId| {
        let (feed, flow) = (power.feeds.get(id)?, state.feeds.flow(id)?);
        Some(view(plan, state, (id, feed, flow), binding.contains(&id)))
    };
    power.down().into_iter().filter_map(view).collect()
}

fn view(plan: &Plan, state: &State, (id, feed, flow): (FeedId, &Feed, &Flow), binds: bool) -> FeedView {
    let (power, image) = (&plan.hall.power, state.quality.image());
    let kilowatts = |watts: Watts| watts.0 / 1e3;
    let powers = feed.meter.as_ref().map_or(&[][..], |meter| meter.powers.as_slice());
    let phases = if powers.len() > 1 { powers } else { &[] };
    let guarded = plan.allowed.feed(id).is_some();
    let known = match flow.known {
        Known::Metered => "metered",
        Known::Doubted => "doubted",
        Known::Stale => "stale",
        Known::Reckoned => "reckoned",
    };
    FeedView {
        name: feed.name.clone(),
        kind: feed.kind.word().to_owned(),
        parent: feed.parent.and_then(|parent| power.feeds.get(parent)).map(|parent| parent.name.clone()),
        limit_kw: kilowatts(feed.limit()),
        load_kw: kilowatts(flow.load),
        loss_kw: kilowatts(flow.loss),
        headroom_kw: kilowatts(flow.headroom),
        unattributed_kw: flow.unattributed.map(kilowatts),
        known: known.to_owned(),
        meter: feed.meter.is_some(),
        phases_kw: phases.iter().map(|phase| image.read(*phase).usable().map(kilowatts)).collect(),
        uneven: flow.uneven,
        used_percent: guarded.then(|| 100.0 * state.feeds.used(id)),
        time_left_s: state.feeds.time_left(power, &plan.allowed, id),
        cord: state.feeds.tightest_cord(power, id).map(|cord| CordView {
            rack: plan.hall.fed_rack(cord.rack).to_owned(),
            load_kw: kilowatts(cord.load),
            limit_kw: kilowatts(cord.limit),
        }),
        troubles: FeedTrouble::ALL
            .into_iter()
            .filter(|trouble| state.feeds.has(id, *trouble))
            .map(|trouble| trouble.word().to_owned())
            .collect(),
        binds,
        fail_safe_kw: kilowatts(feed.fail_safe),
        most_kw: kilowatts(feed.most),
    }
}

/// On each way from the grid to a feed that feeds no other, the one with the least headroom; of two alike the one nearer to the grid.
fn binding(power: &Power, headroom: impl Fn(FeedId) -> f64) -> Vec<FeedId> {
    let mut found = Vec::new();
    let feeds_none = |id: FeedId| power.feeds.rows().iter().all(|feed| feed.parent.map(Id::index) != Some(id.index()));
    for leaf in power.feeds.ids().filter(|id| feeds_none(*id)) {
        let (mut at, mut tightest) = (Some(leaf), leaf);
        while let Some(here) = at {
            if headroom(here) <= headroom(tightest) {
                tightest = here;
            }
            at = power.feeds.get(here).and_then(|feed| feed.parent);
        }
        if !found.contains(&tightest) {
            found.push(tightest);
        }
    }
    found
}
