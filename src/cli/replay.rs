//! `wattloop replay`: decide a recorded run again.

use std::path::PathBuf;

use clap::Args;
use wattloop::service::config::{Texts, rebuild};
use wattloop::service::replay::{ReplayReport, replay};

use super::{Out, Stop};

/// Decide a recorded run again and compare every decision.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop replay /var/lib/wattloop/journal.db
  wattloop replay journal.db --json

The journal holds the hall, the device maps and the configuration it was made with, so any machine will do.
Exit code 0 when every decision is identical to the bit, 1 when one is not, 65 when the journal cannot be read.")]
pub struct ReplayArgs {
    /// The journal's file
    pub journal: PathBuf,
}

/// Replays.
pub fn run(args: &ReplayArgs, out: &Out) -> Result<(), Stop> {
    std::fs::metadata(&args.journal).map_err(|e| {
        let mut stop = Stop::io(&args.journal.display().to_string(), &e);
        // A file that is not there is no address that does not answer.
        stop.exit = if stop.exit == 69 { 65 } else { stop.exit };
        stop
    })?;
    let report = replay(&args.journal, |header| rebuild(&Texts::recorded(header)).map_err(|faults| faults.to_string()))
        .map_err(|e| Stop::new(65, "bad_journal", format!("{}: {e}", args.journal.display()), ""))?;
    if out.json() {
        out.value(&report)?;
    } else {
        out.text(page(&report))?;
    }
    if report.faithful() {
        return Ok(());
    }
    if report.scans == 0 {
        return Err(Stop::new(65, "bad_journal", "there is no scan to compare", "the record holds no snapshot yet"));
    }
    let exit = if report.first_difference.is_none() { 65 } else { 1 };
    Err(Stop::new(exit, "not_identical", if out.json() { "" } else { "the runs are not identical" }, ""))
}

fn page(r: &ReplayReport) -> String {
    let compared = r.scans.saturating_add(r.answers);
    let mut page = format!(
        "{} of {compared} decisions identical ({} scans, {} answers, {} starts)\n",
        r.identical, r.scans, r.answers, r.boots
    );
    page.push_str(&format!("{} of {} states identical\n", r.identical_states, r.states));
    if r.gaps > 0 {
        page.push_str(&format!("{} interruptions with {} records lost\n", r.gaps, r.lost));
    }
    for damage in &r.damage {
        page.push_str(&format!("damage: {damage}\n"));
    }
    if let Some(d) = &r.first_difference {
        page.push_str(&format!("first difference at scan {} of start {}: {}\n", d.scan, d.boot, d.what));
    }
    page
}
