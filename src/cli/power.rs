//! `wattloop power`: what carries the hall's power. On the status page it is a line, and one for each feed that needs somebody.

mod ahead;
pub mod battery;
mod forecast;
mod grid;
mod peaks;
mod plan;
mod record;
mod savings;
mod sweet_spot;

use std::fmt::Write;

use clap::{Args, Subcommand};
use plant::hall::Hall;
use plant::units::Watts;
use serde::Serialize;
use wattloop::control::report::FeedView;
use wattloop::control::request::Reply;
use wattloop::service::api::{Budget, Withdraw};
use wattloop::service::config::load;

use super::client::SocketArgs;
use super::figure::{fixed, length};
use super::set::{HeldArgs, print_reply};
use super::{ConfigArgs, Out, Stop};

/// A cord is named once it carries so much of what its breaker may (1).
const FULL: f64 = 0.8;

/// What carries the hall's power.
#[derive(Debug, Subcommand)]
pub enum PowerCommand {
    /// Every feed with its limit, load, loss, headroom and used time; and which of them binds
    Tree(TreeArgs),
    /// Let a feed carry less than its limit for a while: GPUs' caps keep it
    Budget(BudgetArgs),
    /// Take a budget away before its time is over
    Lift(LiftArgs),
    /// The billed peaks: what is paid, what is kept, and what every open window still allows
    Peaks(peaks::PeaksArgs),
    /// What control has saved, by billing period
    Savings(savings::SavingsArgs),
    /// What the site is expected to draw, and how wrong that was so far
    Forecast(forecast::ForecastArgs),
    /// The plan of the day ahead that batteries follow
    Ahead(ahead::AheadArgs),
    /// What batteries give, take and hold
    Battery(battery::BatteryArgs),
    /// Let a battery prove what it holds
    Prove(battery::ProveArgs),
    /// What a grid asks for: targets, ramps, and whether they are kept
    Grid(grid::GridArgs),
    /// Set or lift a load target in the grid's place
    Target(grid::TargetArgs),
    /// Whether more racks fit into a row, and what caps would have cost with them
    Plan(plan::PlanArgs),
    /// The cap at which a budget of the site does most work, from recorded load
    SweetSpot(sweet_spot::SweetSpotArgs),
}

/// Every feed of the power tree.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop power tree                       of the running hall, as it is now
  wattloop power tree --json | jq '.[] | select(.binds)'
  wattloop power tree --config site.toml    of the files: what is proved before anything runs

A `*` marks the feed with the least headroom on a way from the grid to the racks. With `--config` or `--hall` no service is asked.")]
pub struct TreeArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// A budget of a feed.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  wattloop power budget utility 850 --id dr-event-7 --for 2h --reason 'the grid asks'

It ends by itself: after 2 h unless --for says otherwise, after 24 h at the latest. Several may hold at once; the least counts. Only GPUs that
are capped give way: least caps stay, and so does all else that the feed carries. `wattloop status` shows what holds.")]
pub struct BudgetArgs {
    /// The feed: as `wattloop power tree` names it
    pub feed: String,
    /// What it may carry (kW)
    pub kilowatts: f64,
    /// Its name: another of the same name takes its place
    #[arg(long, value_name = "NAME")]
    pub id: String,
    #[command(flatten)]
    pub held: HeldArgs,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// The end of a budget.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  wattloop power lift dr-event-7")]
pub struct LiftArgs {
    /// Its name
    pub id: String,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// A feed as its hall's file has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Proved {
    name: String,
    kind: String,
    parent: Option<String>,
    /// What it may carry for good (kW).
    limit_kw: f64,
    /// Its load with every GPU at its fail-safe and all else at its most (kW).
    fail_safe_kw: f64,
    /// Its load with everything at its most (kW).
    most_kw: f64,
}

/// Prints.
pub fn run(command: &PowerCommand, out: &Out) -> Result<(), Stop> {
    let args = match command {
        PowerCommand::Tree(args) => args,
        PowerCommand::Budget(args) => return budget(args, out),
        PowerCommand::Lift(args) => {
            let reply: Reply = args.socket.post("/v1/budgets/lift", &Withdraw { id: args.id.clone() })?;
            return print_reply(&args.id, &reply, out);
        }
        PowerCommand::Peaks(args) => return peaks::run(args, out),
        PowerCommand::Savings(args) => return savings::run(args, out),
        PowerCommand::Forecast(args) => return forecast::run(args, out),
        PowerCommand::Ahead(args) => return ahead::run(args, out),
        PowerCommand::Battery(args) => return battery::run(args, out),
        PowerCommand::Prove(args) => return battery::prove(args, out),
        PowerCommand::Grid(args) => return grid::look(args, out),
        PowerCommand::Target(args) => return grid::target(args, out),
        PowerCommand::Plan(args) => return plan::run(args, out),
        PowerCommand::SweetSpot(args) => return sweet_spot::run(args, out),
    };
    if args.config.config.is_some() || args.config.hall.is_some() || !args.config.set.is_empty() {
        let loaded = load(&args.config.sources()).map_err(|faults| Stop::faults(&faults))?;
        let feeds = proved(&loaded.hall);
        some(feeds.is_empty(), &loaded.hall.name)?;
        return if out.json() { out.value(&feeds) } else { out.text(proof(&feeds)) };
    }
    let feeds: Vec<FeedView> = args.socket.get("/v1/feeds")?;
    some(feeds.is_empty(), "that runs")?;
    if out.json() { out.value(&feeds) } else { out.text(tree(&feeds)) }
}

fn budget(args: &BudgetArgs, out: &Out) -> Result<(), Stop> {
    let body = Budget {
        id: args.id.clone(),
        feed: args.feed.clone(),
        watts: args.kilowatts * 1e3,
        hold: args.held.hold.clone(),
        reason: args.held.reason.clone(),
    };
    let reply: Reply = args.socket.post("/v1/budgets", &body)?;
    print_reply(&args.feed, &reply, out)
}

fn some(none: bool, hall: &str) -> Result<(), Stop> {
    if !none {
        return Ok(());
    }
    let help = "write `[[feed]]` sections into the hall's file: docs/halls.md, \"Power tree\"";
    Err(Stop::new(1, "no_feeds", format!("the hall {hall} does not say what carries its power"), help))
}

fn no_nodes(hall: &str) -> Stop {
    let help = "write `[[node]]` sections into the hall's file: docs/halls.md, \"Power tree\"";
    Stop::new(1, "no_nodes", format!("the hall {hall} does not say what GPUs stand in its racks"), help)
}

fn proved(hall: &Hall) -> Vec<Proved> {
    let kilowatts = |watts: Watts| watts.0 / 1e3;
    let feeds = hall.power.down().into_iter().filter_map(|id| hall.power.feeds.get(id));
    let view = |feed: &plant::hall::power::Feed| Proved {
        name: feed.name.clone(),
        kind: feed.kind.word().to_owned(),
        parent: feed.parent.and_then(|parent| hall.power.feeds.get(parent)).map(|parent| parent.name.clone()),
        limit_kw: kilowatts(feed.limit()),
        fail_safe_kw: kilowatts(feed.fail_safe),
        most_kw: kilowatts(feed.most),
    };
    feeds.map(view).collect()
}

/// How deep each feed hangs, by what it hangs on; each stands after that.
fn depths<'f>(feeds: impl Iterator<Item = (&'f str, Option<&'f str>)>) -> Vec<usize> {
    let mut found: Vec<(&str, usize)> = Vec::new();
    for (name, parent) in feeds {
        let above = found.iter().find(|(other, _)| Some(*other) == parent);
        found.push((name, above.map_or(0, |(_, depth)| depth.saturating_add(1))));
    }
    found.into_iter().map(|(_, depth)| depth).collect()
}

/// A name set in by its depth.
fn set_in(name: &str, depth: usize) -> String {
    format!("{:indent$}{name}", "", indent = 2_usize.saturating_mul(depth))
}

/// The proof: each feed's load at fail-safe, its limit, and what it would draw at its most.
fn proof(feeds: &[Proved]) -> String {
    let depths = depths(feeds.iter().map(|feed| (feed.name.as_str(), feed.parent.as_deref())));
    let mut page =
        format!("{:<20} {:<12} {:>10} {:>13} {:>10}\n", "feed", "kind", "limit kW", "fail-safe kW", "most kW");
    for (feed, depth) in feeds.iter().zip(depths) {
        let over = if feed.most_kw > feed.limit_kw { "  oversubscribed: caps keep it" } else { "" };
        let (limit, safe, most) = (fixed(feed.limit_kw, 1), fixed(feed.fail_safe_kw, 1), fixed(feed.most_kw, 1));
        let name = set_in(&feed.name, depth);
        page += &format!("{name:<20} {:<12} {limit:>10} {safe:>13} {most:>10}{over}\n", feed.kind);
    }
    page
}

/// The tree as it is now.
fn tree(feeds: &[FeedView]) -> String {
    let depths = depths(feeds.iter().map(|feed| (feed.name.as_str(), feed.parent.as_deref())));
    let mut page = format!(
        "  {:<20} {:<12} {:>9} {:>9} {:<9} {:>8} {:>12} {:>15} {:>7}\n",
        "feed", "kind", "limit kW", "load kW", "known", "loss kW", "headroom kW", "unattributed kW", "used %"
    );
    for (feed, depth) in feeds.iter().zip(depths) {
        let known = |x: Option<f64>, digits| x.map_or_else(|| "-".to_owned(), |x| fixed(x, digits));
        page += &format!(
            "{} {:<20} {:<12} {:>9} {:>9} {:<9} {:>8} {:>12} {:>15} {:>7}",
            if feed.binds { "*" } else { " " },
            set_in(&feed.name, depth),
            feed.kind,
            fixed(feed.limit_kw, 1),
            fixed(feed.load_kw, 1),
            feed.known,
            fixed(feed.loss_kw, 1),
            fixed(feed.headroom_kw, 1),
            known(feed.unattributed_kw, 1),
            known(feed.used_percent, 0),
        );
        if !feed.phases_kw.is_empty() {
            let phases: Vec<_> = feed.phases_kw.iter().map(|kw| known(*kw, 1)).collect();
            page += &format!("  phases {} kW", phases.join(", "));
        }
        if let Some(cord) = feed.cord.as_ref().filter(|cord| cord.load_kw > FULL * cord.limit_kw) {
            let (load, limit) = (fixed(cord.load_kw, 1), fixed(cord.limit_kw, 1));
            page += &format!("  cord of {} {load} of {limit} kW", cord.rack);
        }
        let said = troubles(feed);
        page += &if said.is_empty() { "\n".to_owned() } else { format!("  {said}\n") };
    }
    page += "* the least headroom on a way from the grid to the racks\n";
    page
}

pub use grid::line as grid_line;

/// The lines of the status page: the least headroom, then every feed that something befalls.
pub fn feeders(page: &mut String, all: &[FeedView]) -> std::fmt::Result {
    let Some(least) = all.iter().reduce(|a, b| if b.headroom_kw < a.headroom_kw { b } else { a }) else {
        return Ok(());
    };
    let reckoned = all.iter().filter(|feed| feed.known != "metered").count();
    let doubt = if reckoned > 0 { format!(", {reckoned} of {} not metered", all.len()) } else { String::new() };
    let (headroom, limit) = (fixed(least.headroom_kw, 1), fixed(least.limit_kw, 1));
    writeln!(page, "feeders        least headroom {headroom} kW of {limit} kW at {}{doubt}", least.name)?;
    for feed in all.iter().filter(|feed| !feed.troubles.is_empty()) {
        writeln!(page, "FEEDER         {} carries {} kW: {}", feed.name, fixed(feed.load_kw, 1), troubles(feed))?;
    }
    Ok(())
}

/// What befalls a feed, in words.
fn troubles(feed: &FeedView) -> String {
    let said = |trouble: &String| match trouble.as_str() {
        "above" if feed.headroom_kw < 0.0 => format!("{} kW ABOVE its limit", fixed(-feed.headroom_kw, 1)),
        "above" => "was above its limit a moment ago".to_owned(),
        "time_short" => {
            let left = feed.time_left_s.map_or_else(String::new, |s| format!(", {} left at this load", length(s)));
            format!("{} % of its time used{left}", fixed(feed.used_percent.unwrap_or(0.0), 0))
        }
        "reckoned" if feed.known == "doubted" => "its meter says less than what is below it".to_owned(),
        "reckoned" => "its meter is not read".to_owned(),
        "uneven" => format!("a phase {} % above the mean", fixed(100.0 * (feed.uneven - 1.0), 0)),
        other => other.to_owned(),
    };
    feed.troubles.iter().map(said).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests;
