//! `wattloop windows show`: from when to when windows are open, by the files alone.

use std::fmt::Write;
use std::fs;

use clap::Args;
use jiff::civil::Date;
use plant::civil::Zone;
use plant::convert::f64_from_i64;
use plant::hall::Hall;
use plant::hall::window::{Opening, Window};
use plant::time::Wall;
use serde::Serialize;
use wattloop::control::grid::view::instant;
use wattloop::service::config::load;

use crate::cli::figure::fixed;
use crate::cli::{ConfigArgs, Out, Stop};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// So far before and after the days that are shown an opening is followed (ms).
const AROUND: i64 = 40 * DAY;

/// From when to when each window is open.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop windows show --on 2026-10-24 --days 2 hall.toml
  wattloop windows show --on 2026-12-24 --days 14 --config site.toml
  wattloop windows show --on 2026-03-28 --zone UTC hall.toml --json

Every opening that touches these days is shown whole: its ends by the clock of the window and in UTC, how long it is in truth, and what the
clock does on those days. Exit code 0, 78 for a file with faults.")]
pub struct ShowArgs {
    /// A hall's file, or a shipped one's name; the configuration's hall where none is named
    pub file: Option<String>,
    /// The first day (YYYY-MM-DD)
    #[arg(long, value_name = "DATE")]
    pub on: Date,
    /// How many days, 1 to 400
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=400))]
    pub days: u16,
    /// Show days and times of this zone instead of each window's own: `UTC`, `Asia/Tokyo` or `+01:00`
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// What there is to show of a window.
#[derive(Debug, Serialize)]
struct Shown {
    name: String,
    /// Whose clock it goes by.
    zone: String,
    openings: Vec<Line>,
    /// Where it has none: when it opens next.
    next: Option<String>,
    /// When clocks are set, as sentences.
    changes: Vec<String>,
}

/// An opening.
#[derive(Debug, Serialize)]
struct Line {
    /// Nothing where it began, or ends, further away than is looked.
    from: Option<String>,
    to: Option<String>,
    from_utc: Option<String>,
    to_utc: Option<String>,
    hours: Option<f64>,
    /// How its length differs from what the clock shows; empty where it does not.
    remark: String,
}

/// Shows.
pub fn run(args: &ShowArgs, out: &Out) -> Result<(), Stop> {
    let hall = hall(args)?;
    let wanted = |name: &str| Zone::named(name).ok_or_else(|| no_zone(name));
    let zone = args.zone.as_deref().map(wanted).transpose()?;
    if hall.windows.is_empty() {
        let help = "write `[[window]]` in the hall's file: docs/windows.md";
        return Err(Stop::new(1, "unknown", format!("the hall `{}` has no windows", hall.name), help));
    }
    let mut all = Vec::new();
    for window in hall.windows.rows() {
        let clock = zone.as_ref().unwrap_or(&window.zone);
        all.push(shown(window, clock, days(clock, args)?));
    }
    if out.json() { out.value(&all) } else { out.text(page(&all)) }
}

fn hall(args: &ShowArgs) -> Result<Hall, Stop> {
    let Some(file) = &args.file else {
        let loaded = load(&args.config.sources()).map_err(|faults| Stop::faults(&faults))?;
        return Ok(Hall::clone(&loaded.hall));
    };
    let read = || {
        let help = "name a hall's file or a shipped hall, or a configuration by --config";
        fs::read_to_string(file)
            .map_err(|e| Stop::new(78, "config_invalid", format!("{file}: cannot be read: {e}"), help))
    };
    let text = match plant::shipped::HALLS.iter().find(|(name, _)| name == file) {
        Some((_, text)) => (*text).to_owned(),
        None => read()?,
    };
    Hall::load(file, &text).map_err(|faults| Stop::faults(&faults))
}

fn no_zone(name: &str) -> Stop {
    Stop::usage(format!("`{name}` is no time zone"), "write an IANA name such as `Europe/Berlin`, `UTC`, or `+01:00`")
}

/// From the first day's begin up to the last one's end.
fn days(clock: &Zone, args: &ShowArgs) -> Result<(Wall, Wall), Stop> {
    let last = args.on.checked_add(jiff::Span::new().days(i64::from(args.days))).ok();
    let ends = clock.begin(args.on).zip(last.and_then(|last| clock.begin(last)));
    ends.ok_or_else(|| Stop::usage(format!("no calendar goes as far as {}", args.on), ""))
}

fn shown(window: &Window, clock: &Zone, (from, to): (Wall, Wall)) -> Shown {
    let ends = (Wall(from.0.saturating_sub(AROUND)), Wall(to.0.saturating_add(AROUND)));
    let openings: Vec<Opening> = window.spans(ends.0, ends.1).filter(|of| of.from < to && of.to > from).collect();
    let next = window.open_from(to).filter(|_| openings.is_empty());
    let mut changes = Vec::new();
    let mut at = Wall(from.0.saturating_sub(1));
    while let Some((change, by)) = window.zone.set_after(at, to) {
        let (utc, turn) = (instant(change.0), if by < 0 { "back" } else { "forward" });
        changes.push(format!("at {utc} the clock goes {turn} by {}, to {}", amount(by), day(&window.zone, change)));
        at = change;
    }
    Shown {
        name: window.name.clone(),
        zone: window.zone.name(),
        openings: openings.into_iter().map(|of| line((&window.zone, clock), of, ends)).collect(),
        next: next.map(|at| day(clock, at)),
        changes,
    }
}

fn line((zone, clock): (&Zone, &Zone), of: Opening, ends: (Wall, Wall)) -> Line {
    let (from, to) = ((of.from > ends.0).then_some(of.from), (of.to < ends.1).then_some(of.to));
    let whole = from.zip(to);
    let mut set = 0;
    let mut at = of.from;
    while let Some((change, by)) = zone.set_after(at, of.to).filter(|_| whole.is_some()) {
        (at, set) = (change, set + by);
    }
    Line {
        from: from.map(|at| day(clock, at)),
        to: to.map(|at| day(clock, at)),
        from_utc: from.map(|at| instant(at.0)),
        to_utc: to.map(|at| instant(at.0)),
        hours: whole.map(|(from, to)| f64_from_i64(to.0 - from.0) / 3.6e6),
        remark: match set {
            0 => String::new(),
            1.. => format!("{} shorter: clocks go forward", amount(set)),
            _ => format!("{} longer: clocks go back", amount(set)),
        },
    }
}

/// "Sat 2026-10-24 22:00 +02:00".
fn day(clock: &Zone, at: Wall) -> String {
    format!("{} {}", clock.local(at).date.strftime("%a"), clock.show(at))
}

/// By how much a clock is set.
fn amount(ms: i64) -> String {
    match ms.abs() {
        HOUR => "one hour".to_owned(),
        DAY => "one day".to_owned(),
        1_800_000 => "half an hour".to_owned(),
        ms if ms % HOUR == 0 => format!("{} hours", ms / HOUR),
        ms => format!("{} minutes", ms / 60_000),
    }
}

fn page(all: &[Shown]) -> String {
    let mut page = String::new();
    // Writing into a text cannot fail; half a page would still be better than none.
    write_page(&mut page, all).unwrap_or_default();
    page
}

fn write_page(page: &mut String, all: &[Shown]) -> std::fmt::Result {
    for of in all {
        writeln!(page, "{}, by the clock of {}", of.name, of.zone)?;
        for line in &of.openings {
            let end = |at: &Option<String>| at.clone().unwrap_or_else(|| "further than 40 days".to_owned());
            let hours = line.hours.map_or_else(|| "-".to_owned(), |hours| fixed(hours, 2));
            let hours = hours.strip_suffix(".00").unwrap_or(&hours);
            let minutes = |at: &str| at.strip_suffix(":00Z").map_or_else(|| at.to_owned(), |at| format!("{at}Z"));
            let utc = |at: &Option<String>| at.as_deref().map_or_else(|| "-".to_owned(), minutes);
            let (utc_from, utc_to) = (utc(&line.from_utc), utc(&line.to_utc));
            let row = format!(
                "  {:<27} to {:<27}  {utc_from} to {utc_to}  {hours:>5} h  {}",
                end(&line.from),
                end(&line.to),
                line.remark
            );
            writeln!(page, "{}", row.trim_end())?;
        }
        match &of.next {
            Some(next) => writeln!(page, "  shut on these days; it opens on {next}")?,
            None if of.openings.is_empty() => writeln!(page, "  shut on these days, and within 400 more")?,
            None => {}
        }
        for change in &of.changes {
            writeln!(page, "  {change}")?;
        }
    }
    Ok(())
}
