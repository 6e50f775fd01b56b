//! `wattloop power grid` and `wattloop power target`: what a grid asks for, and what people ask for in its place.

use clap::Args;
use wattloop::control::grid::Stage;
use wattloop::control::grid::view::{GridView, HeldView, TargetView, instant};
use wattloop::control::request::Reply;
use wattloop::service::api::{LiftTarget, SetTarget};

use crate::cli::client::SocketArgs;
use crate::cli::figure::fixed;
use crate::cli::set::{HeldArgs, print_reply};
use crate::cli::{Out, Stop};

/// Load targets.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop power grid
  wattloop power grid --json | jq '.feeds[] | {feed, target_w, load_w, compliant}'

Times are UTC. Of several targets of one feed the lowest holds; of one source what it said last.")]
pub struct GridArgs {
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// A load target of a person.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop power target --watts 465e3 --feed utility --for 3h --reason 'the utility phoned'
  wattloop power target --lift --feed utility --reason 'they phoned again'

Loads come down to it and up again by the ramps of the hall's file. It ends by itself: after 2 h unless --for says otherwise, after 24 h at
the latest. Another takes its place; --lift takes back what people have set, and leaves what the grid asks for. `wattloop power grid` shows all.")]
pub struct TargetArgs {
    /// What the feed may carry (W)
    #[arg(long, required_unless_present = "lift")]
    pub watts: Option<f64>,
    /// Take back what people have set
    #[arg(long, conflicts_with_all = ["watts", "best_effort", "hold"])]
    pub lift: bool,
    /// The feed: as `wattloop power tree` names it; all that take targets where none is named
    #[arg(long)]
    pub feed: Option<String>,
    /// Do only what disturbs no work, and escalate nothing
    #[arg(long)]
    pub best_effort: bool,
    #[command(flatten)]
    pub held: HeldArgs,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Prints what there is.
pub fn look(args: &GridArgs, out: &Out) -> Result<(), Stop> {
    let view: GridView = args.socket.get("/v1/grid")?;
    if out.json() { out.value(&view) } else { out.text(page(&view)) }
}

/// Sets or lifts.
pub fn target(args: &TargetArgs, out: &Out) -> Result<(), Stop> {
    let (feed, reason) = (args.feed.clone(), args.held.reason.clone());
    let reply: Reply = match args.watts {
        Some(watts) => {
            let (hold, best_effort) = (args.held.hold.clone(), args.best_effort);
            args.socket.post("/v1/grid/target", &SetTarget { feed, watts, hold, best_effort, reason })?
        }
        None => args.socket.post("/v1/grid/lift", &LiftTarget { feed, reason })?,
    };
    print_reply(args.feed.as_deref().unwrap_or("all feeds"), &reply, out)
}

fn kilowatts(watts: f64) -> String {
    fixed(watts / 1e3, 1)
}

fn page(view: &GridView) -> String {
    let known = |watts: Option<f64>| watts.map_or_else(|| "-".to_owned(), kilowatts);
    let mut page = String::new();
    if !view.clock_trusted {
        page += "CLOCK          not trusted: time is reckoned on from when it was\n";
    }
    let refused: Vec<_> =
        view.refused.iter().map(|(why, count)| format!("{} {count}", why.replace('_', " "))).collect();
    let refused = if refused.is_empty() { String::new() } else { format!(", refused: {}", refused.join(", ")) };
    page += &format!("statements     {} taken{refused}\n\n", view.taken);
    page += &format!(
        "{:<20} {:<6} {:>9} {:>10} {:>9} {:>9}  {}\n",
        "feed", "phase", "target kW", "allowed kW", "load kW", "usual kW", "state"
    );
    for of in &view.feeds {
        page += &format!(
            "{:<20} {:<6} {:>9} {:>10} {:>9} {:>9}  {}\n",
            of.feed,
            of.phase,
            known(of.target_w),
            known(of.allowed_w),
            kilowatts(of.load_w),
            known(of.usual_w),
            state(of)
        );
    }
    if view.targets.is_empty() {
        return page + "\nno targets\n";
    }
    page += &format!("\n{:<20} {:>9}  {:<20} {:<20} {}\n", "target of", "kW", "from", "to", "who, by which id");
    for of in &view.targets {
        let end = of.end_ms.map_or_else(|| "until said otherwise".to_owned(), instant);
        page += &format!(
            "{:<20} {:>9}  {:<20} {:<20} {}\n",
            of.feed,
            kilowatts(of.watts),
            instant(of.start_ms),
            end,
            who(of)
        );
    }
    page
}

fn state(of: &HeldView) -> String {
    let breach =
        of.breach.as_ref().map(|breach| (breach.stage, if breach.critical { ", by more than a fifth" } else { "" }));
    let said = match breach {
        Some((Stage::Active, how)) => format!("ABOVE its target{how}"),
        Some((Stage::Escalated, how)) => format!("ABOVE its target{how}: infrastructure is asked to act"),
        Some((Stage::Kept, _)) | None if of.compliant => "kept".to_owned(),
        Some((Stage::Kept, _)) | None => "not there yet".to_owned(),
    };
    if of.metered { said } else { format!("{said}; its meter is NOT READ") }
}

fn who(of: &TargetView) -> String {
    let effort = if of.best_effort { ", best effort" } else { "" };
    let begun = if of.begun { "" } else { ", to come" };
    let reason = if of.reason.is_empty() { String::new() } else { format!(": {}", of.reason) };
    format!("{} `{}`{effort}{begun}{reason}", of.source, of.id)
}

/// The line of the status page.
pub fn line(view: &GridView) -> String {
    let held: Vec<_> = view.feeds.iter().filter(|of| of.allowed_w.is_some()).collect();
    if held.is_empty() {
        return match view.targets.len() {
            0 => "no load targets".to_owned(),
            count => format!("{count} load targets to come: `wattloop power grid`"),
        };
    }
    let one = |of: &&HeldView| {
        let target =
            of.target_w.map_or_else(|| "up again after a target".to_owned(), |w| format!("target {} kW", kilowatts(w)));
        format!("{} {target}, carries {} kW, {}", of.feed, kilowatts(of.load_w), state(of))
    };
    held.iter().map(one).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattloop::control::grid::Kind;
    use wattloop::control::grid::view::BreachView;

    #[test]
    fn the_page_says_what_is_asked_and_whether_it_is_kept() {
        let breach = BreachView { stage: Stage::Active, number: 1, critical: false, detected_ms: 1, resolved_ms: None };
        let held = HeldView {
            feed: "utility".to_owned(),
            phase: "held".to_owned(),
            allowed_w: Some(460.4e3),
            target_w: Some(465e3),
            target: Some(2),
            load_w: 470e3,
            metered: true,
            usual_w: Some(620e3),
            minimum_w: None,
            maximum_w: 1.2e6,
            compliant: false,
            in_flight: true,
            since_ms: None,
            turns: Vec::new(),
            turned: 1,
            breach: Some(breach),
        };
        let target = TargetView {
            number: 2,
            kind: Kind::Dsx,
            source: "acme-energy".to_owned(),
            id: "ee77".to_owned(),
            reason: String::new(),
            priority: 100,
            feed: "utility".to_owned(),
            watts: 465e3,
            start_ms: 1_784_073_600_000,
            end_ms: None,
            begun: true,
            best_effort: true,
        };
        let mut view = GridView {
            at_ms: Some(0),
            clock_trusted: false,
            feeds: vec![held],
            targets: vec![target],
            taken: 1,
            refused: vec![("bad_signature".to_owned(), 3)],
        };
        let said = page(&view);
        for line in [
            "CLOCK          not trusted",
            "statements     1 taken, refused: bad signature 3",
            "utility              held       465.0      460.4     470.0     620.0  ABOVE its target\n",
            "utility                  465.0  2026-07-15T00:00:00Z until said otherwise acme-energy `ee77`, best effort\n",
        ] {
            assert!(said.contains(line), "{line}: {said}");
        }
        assert_eq!(line(&view), "utility target 465.0 kW, carries 470.0 kW, ABOVE its target");
        view.feeds[0].allowed_w = None;
        assert_eq!(line(&view), "1 load targets to come: `wattloop power grid`");
    }
}
