//! What holds a GPU's cap, for people who ask.

use plant::event::Rung;
use plant::hall::Hall;
use plant::id::FeedId;
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::limits::{Limit, Place};
use super::{Capper, Caps};
use crate::control::asks::Ask;
use crate::control::budgets::Budgets;
use crate::control::grid::Grid;
use crate::control::ledger::Ledger;
use crate::control::ledger::watch::Case;
use crate::control::report::GpuView;
use crate::control::sentence;

/// What holds a GPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Held {
    /// Its node is silent, or the GPU cannot be read, or people hold it: it counts at its most and is granted nothing.
    #[default]
    Doubt,
    /// Nothing: it may draw all that it wishes.
    Wish,
    /// This limit is used up, by its place among all.
    Limit(usize),
    /// It shall have more, and comes up step by step.
    Rising,
}

impl Held {
    /// It has less than it shall have only because caps rise step by step.
    pub fn rises(&mut self) {
        if *self == Self::Wish {
            *self = Self::Rising;
        }
    }
}

/// What makes limits lower than they are for good.
#[derive(Clone, Copy)]
pub struct Lower<'a> {
    /// What feeds may carry for a while.
    pub budgets: &'a Budgets,
    /// What leases let feeds carry where they are not kept.
    pub leases: &'a Ledger,
    /// What a feed may carry so that its billed windows are kept, and the demand whose windows they are.
    pub windows: Option<(FeedId, Watts, &'a str)>,
    /// What feeds may carry for load targets.
    pub grid: &'a Grid,
    /// What batteries below a feed can still give (W): so much more is left to machines.
    pub given: &'a dyn Fn(FeedId) -> Watts,
    /// What a feed may carry where leases are not kept (W), as caps count what it carries.
    pub lent: &'a dyn Fn(FeedId) -> Option<Watts>,
    /// What the cooling side asks of a rack's machines, by the rack's place in the tree.
    pub asked: &'a dyn Fn(usize) -> Option<Ask>,
}

impl Lower<'_> {
    /// What a limit is now (W), and because of what.
    fn at(&self, limit: &Limit) -> (Watts, String) {
        let mut found = (limit.most, String::new());
        let feed = match limit.place {
            Place::Feed(feed) => feed,
            Place::Cord(..) => return found,
            Place::Rack(rack) => return self.leases.held_to(rack).map_or(found, exceeded),
        };
        let given = (self.given)(feed);
        let mut lower = |most: Watts, why: &dyn Fn() -> String| {
            if most < found.0 {
                found = (most, why());
            }
        };
        if let Some(budget) = self.budgets.of(feed) {
            lower(budget.most + given, &|| format!(", its budget `{}` ({})", budget.id, budget.reason));
        }
        if let Some(allowed) = (self.lent)(feed) {
            lower(allowed, &|| ", a lease that is over or exceeded".to_owned());
        }
        if let Some((most, why)) = self.leases.feed_held_to(feed).map(exceeded) {
            lower(most, &|| why.clone());
        }
        if let Some((_, allowed, demand)) = self.windows.filter(|(at, ..)| *at == feed) {
            lower(allowed + given, &|| format!(", what the billed windows of `{demand}` still allow"));
        }
        if let Some((allowed, why)) = self.grid.why(feed) {
            lower(allowed + given, &|| format!(", {why}"));
        }
        found
    }
}

impl Caps {
    /// Every GPU that some node has named, with what holds it.
    #[must_use]
    pub fn views(&self, hall: &Hall, capper: &Capper, lower: &Lower<'_>) -> Vec<GpuView> {
        let Some(rules) = &hall.power.capping else { return Vec::new() };
        let nodes = hall.power.nodes.iter().flat_map(|node| node.places().map(move |place| (node, place)));
        let view = |(node, place): (&plant::hall::power::Node, usize)| {
            let (gpu, now) = (self.gpus.get(place)?, capper.now.get(place)?);
            let tenant = rules.tenants.get(now.tenant)?;
            let (held, by, sentence) = self.sentence(hall, (capper, lower), (node.rack, place))?;
            Some(GpuView {
                uuid: gpu.uuid?,
                node: node.name.clone(),
                rack: hall.fed_rack(node.rack).to_owned(),
                tenant: tenant.name.clone(),
                priority: tenant.priority,
                draws_w: now.draws.map(|drawn| now.by_board(drawn).watts().0),
                reads: self.calibration.reads(place),
                wishes_w: now.by_board(now.wish).watts().0,
                granted_w: gpu.granted.map(|granted| granted.watts().0),
                counts_w: now.by_board(now.force).watts().0,
                held: held.to_owned(),
                by,
                sentence,
            })
        };
        nodes.filter_map(view).collect()
    }

    /// What holds a GPU: in a word, which feed, and a sentence.
    fn sentence(
        &self,
        hall: &Hall,
        (capper, lower): (&Capper, &Lower<'_>),
        (rack, place): (usize, usize),
    ) -> Option<(&'static str, Option<String>, String)> {
        let (gpu, now) = (self.gpus.get(place)?, capper.now.get(place)?);
        let (wishes, counts) = (now.by_board(now.wish).watts().0, now.by_board(now.force).watts().0);
        let has = gpu.granted.unwrap_or_default().watts().0;
        let asked = now.ours && now.most < now.rated;
        Some(match gpu.held {
            Held::Doubt => {
                let why = "its node is silent, it cannot be read, or people hold it";
                ("doubt", None, format!("nothing is granted: {why}; it counts at {counts:.0} W until that is over"))
            }
            Held::Limit(limit) => {
                let limit = capper.limits.all.get(limit)?;
                let named = |feed: FeedId| hall.power.feeds.get(feed).map_or("?", |feed| feed.name.as_str());
                let (name, at) = match limit.place {
                    Place::Feed(feed) => (named(feed), String::new()),
                    Place::Rack(rack) => (hall.fed_rack(rack), String::new()),
                    Place::Cord(feed, _) => {
                        let rack = limit.place.cord(&hall.power)?.rack;
                        (named(feed), format!("the cord of `{}` on ", hall.fed_rack(rack)))
                    }
                };
                let (most, by) = lower.at(limit);
                let most = most.0 / 1000.0;
                let sentence = format!(
                    "{at}`{name}` holds it: it wishes {wishes:.0} W and has {has:.0} W of what is left there for its priority below {most:.1} kW{by}"
                );
                ("limit", Some(name.to_owned()), sentence)
            }
            Held::Rising => {
                let aim = now.by_board(now.aim).watts().0;
                (
                    "rising",
                    None,
                    format!("it has {has:.0} W and comes up to {aim:.0} W step by step, as others are seen to fall"),
                )
            }
            Held::Wish if asked => {
                let most = now.by_board(now.most).watts().0;
                let by = asker(now.foreign, (lower.asked)(rack));
                ("asked", None, format!("no limit holds it, but it is to draw {most:.0} W at the most: {by}"))
            }
            Held::Wish => {
                ("nothing", None, format!("nothing holds it: it wishes {wishes:.0} W and may draw {has:.0} W"))
            }
        })
    }
}

/// What a rack, or a feed, is held to that drew more than leases let it, and because of which.
fn exceeded((most, case): (Watts, &Case)) -> (Watts, String) {
    (most, format!(", what leases there come to and what is nobody's: lease {} was exceeded", case.lease))
}

/// Who wants a GPU to draw less than it could, for people.
fn asker(foreign: bool, asked: Option<Ask>) -> String {
    let cooling = |Ask { rung, reason, .. }| {
        let wants = match rung {
            Rung::Cap => "asks its machines to draw less",
            Rung::Drain => "asks jobs to leave its machines",
            Rung::Off => "asks for its machines to be off",
        };
        format!("what cools its rack {wants}, for {}", sentence::need(reason))
    };
    match (foreign, asked) {
        (true, None) => "somebody else has set that limit on it, and it is not raised over him".to_owned(),
        (true, Some(ask)) => format!("somebody else has set a limit on it, and {}", cooling(ask)),
        (false, Some(ask)) => cooling(ask),
        (false, None) => "what cooled its rack too little does again, and it comes back with the next scan".to_owned(),
    }
}
