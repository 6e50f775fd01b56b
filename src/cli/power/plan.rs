//! `wattloop power plan`: whether more racks fit, and what caps would have cost with them, from recorded load.

mod costs;
mod page;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use clap::Args;
use plant::hall::power::{Feed, Power};
use plant::hall::{Hall, Row};
use plant::id::{FeedId, Id};
use plant::read::did_you_mean;
use plant::units::Watts;
use serde::Serialize;
use wattloop::service::config::load;

use super::some;
use crate::cli::{ConfigArgs, Out, Stop};
use costs::Costs;

/// No more racks than this are looked at.
const MOST: usize = 1000;
/// More racks in a row.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop power plan --config site.toml --add-rack row-a               may one more stand there?
  wattloop power plan --config site.toml --add-rack row-a --racks 6 --journal journal.db --json

Nothing is changed and no service is asked. A new rack is like those of its row: their nodes and cords, first those that draw most at their
fail-safe. What caps would have cost comes from the journal, by default that of `state_dir`; without one it is only told whether they fit.
Exit code 0 when they fit, 1 when a breaker would have to bear too much.")]
pub struct PlanArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// The row in which they would stand
    #[arg(long, value_name = "ROW")]
    pub add_rack: String,
    /// How many (1 to 1000)
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub racks: u16,
    /// The recorded load [default: journal.db in the configuration's state_dir]
    #[arg(long, value_name = "PATH")]
    pub journal: Option<PathBuf>,
}

/// What is told of a plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Plan {
    /// The row.
    row: String,
    /// How many racks more.
    racks: usize,
    /// The rack that each of them is like; each name once.
    like: Vec<String>,
    /// True when they fit.
    fits: bool,
    /// How many would fit (0 to 1000).
    most_racks: usize,
    /// Every feed above them, as a tree is drawn.
    feeds: Vec<Bears>,
    /// The breaker of the new racks' cords on each feed that has such breakers.
    cords: Vec<Bears>,
    /// What caps would have cost; nothing where nothing is recorded.
    costs: Option<Costs>,
    /// Why there are no costs.
    nothing: Option<String>,
}

/// What a breaker must bear with every GPU at its fail-safe and all else at its most, the other cord of each rack gone where that is worse.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Bears {
    /// The feed.
    feed: String,
    /// What it may carry for good (kW).
    limit_kw: f64,
    /// What it must bear now (kW).
    now_kw: f64,
    /// What it would have to bear (kW).
    then_kw: f64,
    /// By how much that is too much (kW, ≥ 0).
    over_kw: f64,
}

/// More racks in a row of a hall.
struct Added<'h> {
    hall: &'h Hall,
    /// The row.
    name: &'h str,
    /// Places of its racks.
    row: Vec<usize>,
    /// The tree with the new racks.
    power: Power,
    /// How many there are.
    racks: usize,
}

impl Bears {
    fn of(feed: &str, limit: Watts, (now, then): (Watts, Watts)) -> Self {
        let kilowatts = |watts: Watts| watts.0 / 1e3;
        Self {
            feed: feed.to_owned(),
            limit_kw: kilowatts(limit),
            now_kw: kilowatts(now),
            then_kw: kilowatts(then),
            over_kw: kilowatts((then - limit).max(Watts(0.0))),
        }
    }
}

impl<'h> Added<'h> {
    fn new(hall: &'h Hall, row: &'h Row, racks: usize) -> Self {
        let (name, mut places) = (row.name.as_str(), placed(hall, row));
        let needs = |place: &usize| hall.power.racks.get(*place).map_or(0.0, |rack| rack.fail_safe.0);
        places.sort_by(|a, b| needs(b).total_cmp(&needs(a)));
        let power = hall.power.with_racks(&places.iter().copied().cycle().take(racks).collect::<Vec<_>>());
        Self { hall, name, row: places, power, racks }
    }

    /// True for a rack that is new.
    fn is_new(&self, place: usize) -> bool {
        place >= self.hall.power.racks.len()
    }

    /// Every feed above the new racks.
    fn above(&self) -> Vec<FeedId> {
        let brought = self.power.brought(|place| Watts(if self.is_new(place) { 1.0 } else { 0.0 }));
        self.power.down().into_iter().filter(|id| brought.get(*id).is_some_and(|watts| watts.0 > 0.0)).collect()
    }

    fn feeds(&self) -> Vec<Bears> {
        let bears = |id: FeedId| {
            let (now, then) = (self.hall.power.feeds.get(id)?, self.power.feeds.get(id)?);
            Some(Bears::of(&now.name, now.limit(), (now.fail_safe, then.fail_safe)))
        };
        self.above().into_iter().filter_map(bears).collect()
    }

    fn cords(&self) -> Vec<Bears> {
        let worst = |feed: &Feed, new: bool| {
            let of = |cord: &plant::hall::power::Cord| {
                self.power.racks.get(cord.rack).map_or(Watts(0.0), |rack| rack.fail_safe * cord.takes_over)
            };
            feed.cords.iter().filter(|cord| self.is_new(cord.rack) == new).map(of).reduce(Watts::max)
        };
        let bears = |id: FeedId| {
            let feed = self.power.feeds.get(id)?;
            let (branch, then) = (feed.branch.as_ref()?, worst(feed, true)?);
            Some(Bears::of(&feed.name, branch.limit(), (worst(feed, false).unwrap_or_default(), then)))
        };
        self.above().into_iter().filter_map(bears).collect()
    }

    fn fits(&self) -> bool {
        self.feeds().iter().chain(&self.cords()).all(|bears| bears.over_kw <= 0.0)
    }
}

/// Prints.
pub fn run(args: &PlanArgs, out: &Out) -> Result<(), Stop> {
    let loaded = load(&args.config.sources()).map_err(|faults| Stop::faults(&faults))?;
    let hall = &*loaded.hall;
    let added = Added::new(hall, wanted(hall, &args.add_rack)?, usize::from(args.racks));
    let mut plan = plan(&added);
    let usual = loaded.config.state_dir.join("journal.db");
    match costs::read(&added, args.journal.as_deref().unwrap_or(&usual), args.journal.is_some())? {
        Ok(costs) => plan.costs = Some(costs),
        Err(why) => plan.nothing = Some(why),
    }
    if out.json() {
        out.value(&plan)?
    } else {
        out.text(page::page(&plan))?
    }
    if plan.fits {
        return Ok(());
    }
    Err(Stop::new(1, "does_not_fit", if out.json() { "they do not fit" } else { "" }, ""))
}

/// The row, of a hall that says what carries it.
fn wanted<'h>(hall: &'h Hall, name: &str) -> Result<&'h Row, Stop> {
    some(hall.power.feeds.is_empty(), &hall.name)?;
    if hall.power.nodes.is_empty() {
        return Err(super::no_nodes(&hall.name));
    }
    let found = hall.rows.rows().iter().find(|row| row.name == name);
    found.filter(|row| !row.racks.is_empty()).ok_or_else(|| {
        let rows = hall.rows.rows().iter().filter(|row| !row.racks.is_empty()).map(|row| row.name.as_str());
        let message = format!("the hall {} has no row of racks `{name}`", hall.name);
        Stop::new(1, "unknown_row", message, did_you_mean(name, rows))
    })
}

/// Places of a row's racks in its hall's tree.
fn placed(hall: &Hall, row: &Row) -> Vec<usize> {
    let place =
        |rack: &plant::hall::Rack| hall.power.racks.iter().position(|of| of.equip.index() == rack.equip.index());
    row.racks.iter().filter_map(place).collect()
}

/// What is proved, before any load is looked at.
fn plan(added: &Added<'_>) -> Plan {
    let name = |place: &usize| added.hall.fed_rack(*place).to_owned();
    Plan {
        row: added.name.to_owned(),
        racks: added.racks,
        like: added.row.iter().take(added.racks).map(name).collect(),
        fits: added.fits(),
        most_racks: most(added),
        feeds: added.feeds(),
        cords: added.cords(),
        costs: None,
        nothing: None,
    }
}

/// How many racks would fit, up to [`MOST`]. More of them never need less.
fn most(added: &Added<'_>) -> usize {
    let fits = |racks: usize| {
        let power = added.hall.power.with_racks(&added.row.iter().copied().cycle().take(racks).collect::<Vec<_>>());
        Added { power, racks, row: Vec::new(), ..*added }.fits()
    };
    let (mut does, mut does_not) = (0_usize, MOST.saturating_add(1));
    while does_not.saturating_sub(does) > 1 {
        let middle = does.saturating_add(does_not) / 2;
        *(if fits(middle) { &mut does } else { &mut does_not }) = middle;
    }
    does
}
