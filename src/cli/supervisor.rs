//! `wattloop supervisor`: which setpoints are moved so that the facility draws least, and what that saves.

use std::fmt::Write;

use clap::Args;
use wattloop::control::report::{LeverView, Status, SupervisorView};
use wattloop::control::request::Reply;
use wattloop::service::api::Supervise;

use super::client::SocketArgs;
use super::figure::{fixed, length};
use super::set::print_reply;
use super::{Out, Stop};

/// Setpoints that are moved so that the facility draws least.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop supervisor                                  where setpoints are, what that saves, and what was tried
  wattloop supervisor --off --reason 'audit'           all go back to where the hall's file has them
  wattloop supervisor --on --reason 'audit is over'

It stays off over restarts, until somebody switches it on.")]
pub struct SupervisorArgs {
    /// Move setpoints
    #[arg(long, requires = "reason", conflicts_with = "off")]
    pub on: bool,
    /// Leave them where the hall's file has them
    #[arg(long, requires = "reason")]
    pub off: bool,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Asks the service.
pub fn run(args: &SupervisorArgs, out: &Out) -> Result<(), Stop> {
    if args.on || args.off {
        let body = Supervise { on: args.on, reason: args.reason.clone().unwrap_or_default() };
        let help = "the hall's file has no `[supervisor]`: there is nothing to switch";
        let reply: Reply =
            args.socket.post("/v1/supervisor", &body).map_err(|stop| stop.helped("nothing_there", help))?;
        return print_reply("supervisor", &reply, out);
    }
    let status: Status = args.socket.get("/v1/status")?;
    match (status.supervisor, out.json()) {
        (view, true) => out.value(&view),
        (Some(view), false) => out.text(page(&view)),
        (None, false) => out.line(
            "the hall's file has no `[supervisor]`: every setpoint stays where the file, or its own reset, has it",
        ),
    }
}

fn page(view: &SupervisorView) -> String {
    let mut page = String::new();
    // Writing into a text cannot fail; half a page would still be better than none.
    write_page(&mut page, view).unwrap_or_default();
    page
}

fn write_page(page: &mut String, view: &SupervisorView) -> std::fmt::Result {
    writeln!(page, "setpoints are {}", view.because)?;
    writeln!(
        page,
        "{:<16}  {:<8}  {:<14}  {:<10}  one step more       one step less",
        "lever", "offset", "reach", "saves"
    )?;
    for lever in &view.levers {
        let signed = |x: f64| format!("{}{} {}", if x > 0.0 { "+" } else { "" }, fixed(x, 1), lever.unit);
        let reach = format!("{} to {}", fixed(lever.reach.0, 1), signed(lever.reach.1));
        let saves = format!("{} kW", fixed(lever.expected_w / 1e3, 2));
        let [more, less] = tries(lever);
        writeln!(
            page,
            "{:<16}  {:<8}  {reach:<14}  {saves:<10}  {more:<18}  {less}",
            lever.lever.word(),
            signed(lever.offset)
        )?;
    }
    writeln!(page, "expected to save {} kW where they belong", fixed(view.expected_w / 1e3, 2))?;
    writeln!(
        page,
        "tried {} times and judged, {} times not: machines or load were others",
        view.judged, view.discarded
    )?;
    match &view.proof {
        Some(proof) => writeln!(
            page,
            "measured {} ago, with all at home for a while: {} ± {} kW; expected then: {} kW",
            length(proof.ago_s),
            fixed(proof.saved_w / 1e3, 2),
            fixed(proof.error_w / 1e3, 2),
            fixed(proof.expected_w / 1e3, 2)
        ),
        None => writeln!(page, "not measured together yet"),
    }
}

/// What tries of a step either way have shown.
fn tries(lever: &LeverView) -> [String; 2] {
    lever.tries.map(|tries| match (tries.count, tries.rests_s > 0.0) {
        (0, true) => format!("rests {}", length(tries.rests_s)),
        (0, false) => "-".to_owned(),
        (count, _) => format!("{} kW in {count}", fixed(tries.saved_w / 1e3, 2)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use plant::hall::supervisor::Lever;
    use wattloop::control::report::{ProofView, TriesView};

    #[test]
    fn the_page_says_what_is_expected_and_what_was_measured() {
        let view = SupervisorView {
            because: "trying one step".into(),
            levers: vec![LeverView {
                lever: Lever::Inlets,
                offset: 0.5,
                place: 0.5,
                reach: (0.0, 1.5),
                unit: "K".into(),
                expected_w: 2140.0,
                tries: [
                    TriesView { count: 2, saved_w: 310.0, rests_s: 0.0 },
                    TriesView { count: 0, saved_w: 0.0, rests_s: 7200.0 },
                ],
            }],
            expected_w: 2140.0,
            judged: 7,
            discarded: 3,
            proof: Some(ProofView { saved_w: 1900.0, error_w: 400.0, expected_w: 2140.0, ago_s: 7200.0 }),
        };
        let page = page(&view);
        for part in [
            "trying one step",
            "inlets",
            "+0.5 K",
            "0.0 to +1.5 K",
            "2.14 kW",
            "0.31 kW in 2",
            "rests 2 h",
            "1.90 ± 0.40 kW",
            "tried 7 times and judged, 3 times not",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }
}
