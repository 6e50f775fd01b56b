//! `wattloop windows`: when what can wait may run.

mod show;

use std::time::Duration;

use clap::{Args, Subcommand};
use plant::read::closest;
use plant::time::Span;
use serde_json::json;
use wattloop::control::windows::view::{WindowView, WindowsView};

use super::client::SocketArgs;
use super::{Out, Stop};

/// How often somebody who waits asks again.
const AGAIN: Duration = Duration::from_secs(5);

/// When what can wait may run.
#[derive(Debug, Subcommand)]
pub enum WindowsCommand {
    /// From when to when each window of a file is open on some days
    Show(show::ShowArgs),
    /// Which windows are open now, as the running service knows it
    List(ListArgs),
    /// Wait until a window is open, for a script
    Wait(WaitArgs),
}

/// Which windows are open now.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop windows list
  wattloop windows list --json | jq '.windows[] | select(.open) | .name'

While the wall clock is not trusted none is open.")]
pub struct ListArgs {
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Wait until a window is open.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop windows wait night               as long as it takes
  wattloop windows wait night --for 0s      exits 75 where it is shut now

Exit code 0 once it is open, 75 where it is not within --for, 69 where the service cannot be reached: then nobody knows, so hold the job.
That a window is open is no grant of power: ask for that, too.")]
pub struct WaitArgs {
    /// The window
    pub name: String,
    /// Give up after this time
    #[arg(long = "for", value_name = "TIME", value_parser = super::span)]
    pub patience: Option<Span>,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Runs one of them.
pub fn run(command: &WindowsCommand, out: &Out) -> Result<(), Stop> {
    match command {
        WindowsCommand::Show(args) => show::run(args, out),
        WindowsCommand::List(args) => list(args, out),
        WindowsCommand::Wait(args) => wait(args, out),
    }
}

fn list(args: &ListArgs, out: &Out) -> Result<(), Stop> {
    let view: WindowsView = args.socket.get("/v1/windows")?;
    if out.json() { out.value(&view) } else { out.text(page(&view)) }
}

fn wait(args: &WaitArgs, out: &Out) -> Result<(), Stop> {
    let mut left = args.patience.map(Span::duration);
    loop {
        let view: WindowsView = args.socket.get("/v1/windows")?;
        let Some(window) = view.windows.iter().find(|of| of.name == args.name) else {
            let near = closest(&args.name, view.windows.iter().map(|of| of.name.as_str()));
            let help = near
                .map_or_else(|| "`wattloop windows list` names them".to_owned(), |n| format!("did you mean `{n}`?"));
            return Err(Stop::new(1, "unknown", format!("the hall has no window `{}`", args.name), help));
        };
        if window.open {
            let said = json!({"window": window.name, "open": true, "until": window.until});
            return if out.json() { out.value(&said) } else { out.line(line(window, view.clock_trusted)) };
        }
        let rest = left.map_or(AGAIN, |left| left.min(AGAIN));
        if rest.is_zero() {
            return Err(Stop::new(
                75,
                "shut",
                line(window, view.clock_trusted),
                "try again then, or wait with `--for`",
            ));
        }
        std::thread::sleep(rest);
        left = left.map(|left| left.saturating_sub(rest));
    }
}

fn page(view: &WindowsView) -> String {
    let doubt = "the wall clock is NOT TRUSTED: no window is open until it is\n";
    let lines = view.windows.iter().map(|of| line(of, view.clock_trusted) + "\n").collect::<String>();
    if view.clock_trusted { lines } else { doubt.to_owned() + &lines }
}

/// A window in a line.
fn line(of: &WindowView, trusted: bool) -> String {
    let at = |stamp: &Option<String>| stamp.as_deref().map(short);
    let next = at(&of.next).map_or_else(|| "never within 400 days".to_owned(), |at| format!("next {at}"));
    let since = at(&of.since).map_or_else(String::new, |at| format!(" since {at}"));
    match (of.open, trusted, at(&of.until)) {
        (true, _, Some(until)) => format!("{}: open{since} until {until}; {next}", of.name),
        (true, _, None) => format!("{}: open{since}, for more than 400 days", of.name),
        (false, true, _) => format!("{}: shut{since}; {next}", of.name),
        (false, false, _) => format!("{}: shut, because the wall clock is not trusted", of.name),
    }
}

/// "2026-01-13T00:15:00+01:00" as people read it: "2026-01-13 00:15 +01:00".
fn short(stamp: &str) -> String {
    match (stamp.get(..10), stamp.get(11..16), stamp.get(19..)) {
        (Some(day), Some(clock), Some(offset)) => format!("{day} {clock} {offset}"),
        _ => stamp.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_says_which_is_open_and_when_the_others_open() {
        let some = |text: &str| Some(text.to_owned());
        let night = WindowView {
            name: "night".to_owned(),
            open: true,
            since: some("2026-10-24T22:00:00+02:00"),
            until: some("2026-10-25T06:00:00+01:00"),
            next: some("2026-10-26T22:00:00+01:00"),
        };
        let never =
            WindowView { name: "fair".to_owned(), since: some("2026-10-01T00:00:00Z"), ..WindowView::default() };
        let mut view = WindowsView { clock_trusted: true, windows: vec![night, never] };
        assert_eq!(
            page(&view),
            "night: open since 2026-10-24 22:00 +02:00 until 2026-10-25 06:00 +01:00; next 2026-10-26 22:00 +01:00\n\
             fair: shut since 2026-10-01 00:00 Z; never within 400 days\n"
        );
        view.windows[0].until = None;
        assert!(page(&view).contains("night: open since 2026-10-24 22:00 +02:00, for more than 400 days\n"));
        view = WindowsView {
            clock_trusted: false,
            windows: vec![WindowView { name: "night".to_owned(), ..WindowView::default() }],
        };
        let said = page(&view);
        assert!(said.starts_with("the wall clock is NOT TRUSTED"), "{said}");
        assert!(said.ends_with("night: shut, because the wall clock is not trusted\n"), "{said}");
    }
}
