//! `wattloop sim bless`, `explain`, `diff` and `faults`: to look at runs and at what can happen in them.

use std::fs;

use clap::Args;
use sim::scenario::golden::Recorder;
use sim::scenario::spark;
use sim::scenario::verdict::{figure, instant};
use sim::scenario::{Lens, breakable};

use super::drive::Drive;
use super::pages::{self, Page};
use super::scenarios::{Wish, play};
use crate::cli::{Out, Stop};

/// How wide a curve is drawn.
const WIDTH: usize = 60;

/// Keep a run as golden.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  wattloop sim bless sim/scenarios/air-day.toml      writes sim/scenarios/golden/air-day.csv

Look at the run first: from now on it is what is right.")]
pub struct BlessArgs {
    /// The scenario, which has a golden assert
    pub file: String,
}

/// Show one assert's worst minutes.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  wattloop sim explain air-fan-failed inlets-recommended")]
pub struct ExplainArgs {
    /// The scenario: its file, or a shipped one's name
    pub file: String,
    /// The assert's name
    pub assert: String,
    /// Another seed than the scenario's
    #[arg(long)]
    pub seed: Option<u64>,
}

/// Compare two traces.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  wattloop sim diff before.csv after.csv --tolerance 0.1

Exit code 0 when no column differs by more than the tolerance, 1 when one does, 65 when they cannot be compared.")]
pub struct DiffArgs {
    /// A trace: a line of names, then lines of numbers, the time first
    pub a: std::path::PathBuf,
    /// Another one with the same names
    pub b: std::path::PathBuf,
    /// How much a value may differ
    #[arg(long, default_value_t = 0.0)]
    pub tolerance: f64,
}

/// List what can break in a hall.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  wattloop sim faults bench")]
pub struct FaultsArgs {
    /// The hall: a shipped one's name, or a file
    pub hall: String,
}

/// Lists what can break.
pub fn faults(args: &FaultsArgs, out: &Out) -> Result<(), Stop> {
    let hall = pages::hall(&args.hall, None).map_err(|faults| Stop::faults(&faults))?;
    let (hall, _) = hall.map_err(|help| Stop::usage(format!("there is no hall `{}`", args.hall), help))?;
    let all = breakable::all(&hall);
    if out.json() {
        let line = |b: &breakable::Breakable| serde_json::json!({"target": b.target, "how": b.how, "value": b.value});
        return out.value(&all.iter().map(line).collect::<Vec<_>>());
    }
    let mut targets: Vec<(&str, Vec<String>)> = Vec::new();
    for one in &all {
        let how = one.value.map_or_else(|| one.how.to_owned(), |value| format!("{} {value}", one.how));
        match targets.last_mut().filter(|(target, _)| *target == one.target) {
            Some((_, ways)) => ways.push(how),
            None => targets.push((&one.target, vec![how])),
        }
    }
    for (target, ways) in targets {
        out.line(format_args!("{target:<32} {}", ways.join(", ")))?;
    }
    Ok(())
}

/// Writes a golden trace.
pub fn bless(args: &BlessArgs, out: &Out) -> Result<(), Stop> {
    let page = one(&args.file)?;
    let scenario = &page.scenario;
    let Some(mut recorder) = Recorder::new(scenario) else {
        let help = "add an assert with `golden = [\"…\"]` first";
        return Err(Stop::usage(format!("{} has no golden assert", args.file), help));
    };
    let drive = Drive::new(&page, scenario.seed, scenario.controller);
    let ridden = drive.ride(|run, seen| {
        if run.time() >= 0.0 {
            recorder.take(run.time(), seen);
        }
    });
    if let Some(why) = ridden.run.broken() {
        return Err(Stop::new(70, "simulator_failed", why, ""));
    }
    let path = pages::golden_path(&args.file);
    let place = path.display().to_string();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|e| Stop::io(&place, &e))?;
    }
    fs::write(&path, recorder.finish().text()).map_err(|e| Stop::io(&place, &e))?;
    if out.json() {
        out.value(&serde_json::json!({"golden": place}))
    } else {
        out.line(format_args!("{place} written"))
    }
}

/// Shows the worst minutes of an assert.
pub fn explain(args: &ExplainArgs, out: &Out) -> Result<(), Stop> {
    let page = one(&args.file)?;
    let seed = args.seed.unwrap_or(page.scenario.seed);
    let names = || page.scenario.asserts.iter().map(|a| a.name.as_str());
    let Some(place) = names().position(|name| name == args.assert) else {
        let help = plant::read::did_you_mean(&args.assert, names());
        return Err(Stop::usage(format!("{} has no assert `{}`", args.file, args.assert), help));
    };
    let played = play(&page, seed, &Wish::default())?;
    let Some(verdict) = played.report.verdicts.get(place) else { return Ok(()) };
    let lens = verdict.at.and_then(|at| lens(&page, seed, place, at));
    if out.json() {
        return out.value(&serde_json::json!({
            "assert": verdict.name, "wanted": verdict.wanted, "held": verdict.held, "margin": verdict.margin,
            "unit": verdict.unit.word(), "at_seconds": verdict.at, "note": verdict.note,
            "samples": lens.map(|l| l.samples).unwrap_or_default(),
        }));
    }
    out.line(verdict)?;
    out.line(format_args!("wanted: {}", verdict.wanted))?;
    let Some(lens) = lens.filter(|l| !l.samples.is_empty()) else { return Ok(()) };
    let values: Vec<f64> = lens.samples.iter().map(|(_, value)| *value).collect();
    let known = || values.iter().copied().filter(|v| v.is_finite());
    let (from, to) = (lens.samples.first().map_or(0.0, |s| s.0), lens.samples.last().map_or(0.0, |s| s.0));
    out.line(format_args!("{}  from {} to {}", spark::line(&values, WIDTH), instant(from), instant(to)))?;
    let (low, high) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    out.line(format_args!("what the assert saw: {} to {} {}", figure(low), figure(high), verdict.unit.word()))
}

/// The same run again with a lens on it: the same seed is the same run.
fn lens(page: &Page, seed: u64, assert: usize, at: f64) -> Option<Lens> {
    let mut drive = Drive::new(page, seed, page.scenario.controller);
    drive.run_mut().look_at(assert, at);
    drive.ride(|_, _| ()).run.finish(&|_| None, &|_, _| None).1
}

/// Compares two traces.
pub fn diff(args: &DiffArgs, out: &Out) -> Result<(), Stop> {
    let (a, b) = (Trace::read(&args.a)?, Trace::read(&args.b)?);
    if a.names != b.names || a.rows.len() != b.rows.len() {
        let say = format!(
            "{} has {} columns and {} rows, {} has {} and {}",
            args.a.display(),
            a.names.len(),
            a.rows.len(),
            args.b.display(),
            b.names.len(),
            b.rows.len()
        );
        return Err(Stop::new(65, "not_comparable", say, "record the same signals over the same time"));
    }
    let mut differ = Vec::new();
    for (n, name) in a.names.iter().enumerate() {
        let (mut worst, mut at) = (0.0f64, 0usize);
        for (line, (left, right)) in a.rows.iter().zip(&b.rows).enumerate() {
            let away = apart(left.get(n).copied(), right.get(n).copied());
            if away > worst {
                (worst, at) = (away, line);
            }
        }
        if worst > args.tolerance {
            let time = a.rows.get(at).and_then(|row| row.first()).copied().unwrap_or_default();
            differ.push((name.as_str(), worst, time));
        }
    }
    if out.json() {
        let line = |(name, worst, at): &(&str, f64, f64)| serde_json::json!({"column": name, "most": worst, "at": at});
        out.value(&differ.iter().map(line).collect::<Vec<_>>())?;
    } else {
        for (name, worst, at) in &differ {
            out.line(format_args!("{name:<40} differs by up to {} at {at}", figure(*worst)))?;
        }
    }
    match differ.len() {
        0 if out.json() => Ok(()),
        0 => out.line(format_args!("{} columns and {} rows are the same", a.names.len(), a.rows.len())),
        many => Err(Stop::failed(format!("{many} of {} columns differ", a.names.len()))),
    }
}

/// How far apart two cells are; a number and none are as far apart as can be.
fn apart(a: Option<f64>, b: Option<f64>) -> f64 {
    match (a.filter(|v| !v.is_nan()), b.filter(|v| !v.is_nan())) {
        (Some(a), Some(b)) => (a - b).abs(),
        (None, None) => 0.0,
        (Some(_), None) | (None, Some(_)) => f64::INFINITY,
    }
}

/// A table of numbers with commas or semicolons between, or a recording.
struct Trace {
    names: Vec<String>,
    rows: Vec<Vec<f64>>,
}

impl Trace {
    fn read(path: &std::path::Path) -> Result<Self, Stop> {
        let place = path.display();
        let text =
            fs::read_to_string(path).map_err(|e| Stop::new(65, "not_comparable", format!("{place}: {e}"), ""))?;
        if text.starts_with("time,seconds,") {
            return Self::of(&text).map_err(|e| Stop::new(65, "not_comparable", format!("{place}: {e}"), ""));
        }
        let mut lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
        let head = lines.next().unwrap_or_default();
        let between = if head.contains(';') { ';' } else { ',' };
        let names: Vec<String> = head.split(between).map(|name| name.trim().to_owned()).collect();
        // What is no number, an empty cell or a word, is no value.
        let row = |line: &str| line.split(between).map(|cell| cell.trim().parse().unwrap_or(f64::NAN)).collect();
        Ok(Self { names, rows: lines.map(row).collect() })
    }

    /// What `sim run --trace` wrote; what happened is left out.
    fn of(recording: &str) -> Result<Self, String> {
        let trace = sim::record::Trace::read(recording)?;
        let columns = || trace.columns.iter();
        let names = std::iter::once("seconds".to_owned()).chain(columns().map(sim::record::Column::title)).collect();
        let cell = |column: &sim::record::Column, n: usize| column.values.get(n).copied().flatten().unwrap_or(f64::NAN);
        let row = |(n, at): (usize, &f64)| std::iter::once(*at).chain(columns().map(|c| cell(c, n))).collect();
        Ok(Self { names, rows: trace.seconds.iter().enumerate().map(row).collect() })
    }
}

fn one(file: &str) -> Result<Page, Stop> {
    let mut pages = pages::open(&[file.to_owned()])?;
    pages.pop().ok_or_else(|| Stop::usage("there is no scenario", "name a file"))
}
