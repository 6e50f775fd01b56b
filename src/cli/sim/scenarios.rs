//! `wattloop sim run FILE…`: scenarios and their verdicts.

use std::fmt;
use std::fs;

use plant::time::Span;
use serde::Serialize;
use sim::scenario::verdict::{figure, instant};
use sim::scenario::{Pilot, Report, Verdict};
use wattloop::service::clock::Clock;

use super::drive::{Drive, Ridden};
use super::outcome::Outcome;
use super::pages::{self, Page};
use super::{RunArgs, crowd, junit};
use crate::cli::{Out, Stop};

/// One run of one scenario.
pub struct Played {
    /// The file as the person named it.
    pub file: String,
    /// The verdicts.
    pub report: Report,
    /// The trace's hash.
    pub trace: String,
    /// How long the scenario is.
    pub length: Span,
    /// How long the run took (s).
    pub seconds: f64,
    /// Its figures.
    pub outcome: Outcome,
    /// The same figures of the baseline that was asked for.
    pub baseline: Option<Outcome>,
}

/// Runs scenarios with the seeds that were asked for.
pub fn run(args: &RunArgs, out: &Out) -> Result<(), Stop> {
    let pages = pages::open(&args.what)?;
    let seeds = |page: &Page| -> Vec<u64> {
        let first = args.seed.unwrap_or(page.scenario.seed);
        (0..args.seeds.unwrap_or(1)).map(|n| first.saturating_add(u64::from(n))).collect()
    };
    let jobs: Vec<(&Page, u64)> = pages.iter().flat_map(|p| seeds(p).into_iter().map(move |seed| (p, seed))).collect();
    let name = |n: usize| jobs.get(n).map_or_else(String::new, |(p, seed)| format!("{} seed {seed}", p.file));
    let asked = args.baseline.map(|b| b.pilot());
    let played = crowd::all(jobs.len(), name, |n| jobs.get(n).map(|(page, seed)| play(page, *seed, asked)))?;
    let played: Vec<Played> = played.into_iter().flatten().collect();
    if let Some(path) = &args.junit {
        fs::write(path, junit::text(&played)).map_err(|e| Stop::io(&path.display().to_string(), &e))?;
    }
    if out.json() {
        out.value(&played.iter().map(line).collect::<Vec<_>>())?;
    } else {
        for one in &played {
            out.text(one)?;
        }
    }
    end(&played, out)
}

/// One run, and the baselines that its asserts or the person ask for.
pub fn play(page: &Page, seed: u64, asked: Option<Pilot>) -> Played {
    let clock = Clock::machine();
    let begun = clock.mono();
    let ridden = ride(page, seed, page.scenario.controller);
    let fixed = page.scenario.baselines().contains(&Pilot::Fixed) || asked.is_some();
    let baseline = fixed.then(|| ride(page, seed, Pilot::Fixed).outcome);
    let outcome = ridden.outcome;
    let kpi = |name: &str| outcome.kpi(name);
    let other = |pilot: Pilot, name: &str| match pilot {
        Pilot::Fixed => baseline.as_ref().and_then(|b| b.kpi(name)),
        Pilot::Wattloop => outcome.kpi(name),
    };
    let (report, _) = ridden.run.finish(&kpi, &other);
    let seconds = clock.mono().since(begun).seconds();
    let length = page.scenario.length;
    Played { file: page.file.clone(), report, trace: ridden.trace, length, seconds, outcome, baseline }
}

fn ride(page: &Page, seed: u64, pilot: Pilot) -> Ridden {
    let mut drive = Drive::new(&page.scenario, page.world.clone(), seed, pilot);
    if let Some(golden) = &page.golden {
        drive.run_mut().hold_against(golden);
    }
    drive.ride(|_, _| ())
}

/// How it ends: 70 before 1 before 0.
fn end(played: &[Played], out: &Out) -> Result<(), Stop> {
    if let Some(one) = played.iter().find(|p| p.report.broken.is_some()) {
        let why = one.report.broken.clone().unwrap_or_default();
        let help = format!("`wattloop sim run {} --seed {}` shows it again", one.file, one.report.seed);
        return Err(Stop::new(70, "simulator_failed", format!("{}: {why}", one.file), help));
    }
    let all = || played.iter().flat_map(|p| p.report.verdicts.iter().map(move |v| (p, v)));
    let failed: Vec<_> = all().filter(|(_, v)| !v.held).collect();
    let runs = played.len();
    let Some((one, verdict)) = failed.first() else {
        return if out.json() { Ok(()) } else { out.line(format_args!("{runs} runs, {} asserts hold", all().count())) };
    };
    let say = format!("{} of {} asserts failed in {runs} runs", failed.len(), all().count());
    let help = format!("`{}` shows it", again(one, verdict));
    Err(Stop::new(1, "assert_failed", say, help))
}

/// The command that shows a verdict again.
pub fn again(one: &Played, verdict: &Verdict) -> String {
    let (file, seed) = (&one.file, one.report.seed);
    if verdict.rule == "errors" {
        return format!("wattloop sim run {file} --seed {seed}");
    }
    format!("wattloop sim explain {file} {} --seed {seed}", verdict.name)
}

#[derive(Serialize)]
struct Line<'p> {
    file: &'p str,
    scenario: &'p str,
    seed: u64,
    passed: bool,
    trace: &'p str,
    asserts: Vec<AssertLine<'p>>,
    kpi: std::collections::BTreeMap<&'static str, f64>,
}

#[derive(Serialize)]
struct AssertLine<'p> {
    name: &'p str,
    rule: &'p str,
    held: bool,
    margin: Option<f64>,
    unit: &'p str,
    at_seconds: Option<f64>,
    note: &'p str,
}

fn line(one: &Played) -> Line<'_> {
    Line {
        file: &one.file,
        scenario: &one.report.scenario,
        seed: one.report.seed,
        passed: one.report.passed(),
        trace: &one.trace,
        asserts: one.report.verdicts.iter().map(AssertLine::of).collect(),
        kpi: Outcome::NAMES.iter().filter_map(|name| Some((*name, one.outcome.kpi(name)?))).collect(),
    }
}

impl<'p> AssertLine<'p> {
    fn of(verdict: &'p Verdict) -> Self {
        Self {
            name: &verdict.name,
            rule: verdict.rule,
            held: verdict.held,
            margin: verdict.margin.filter(|m| m.is_finite()),
            unit: verdict.unit.word(),
            at_seconds: verdict.at,
            note: &verdict.note,
        }
    }
}

impl fmt::Display for Played {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (report, length) = (&self.report, instant(self.length.seconds()));
        let word = if report.passed() { "PASS" } else { "FAIL" };
        writeln!(
            f,
            "{word} {} with seed {}: {length} in {:.1} s, trace {}",
            report.scenario, report.seed, self.seconds, self.trace
        )?;
        if let Some(why) = &report.broken {
            writeln!(f, "  the simulator failed: {why}")?;
        }
        for verdict in &report.verdicts {
            writeln!(f, "  {verdict}")?;
        }
        if let Some(baseline) = &self.baseline {
            for name in Outcome::NAMES {
                let (Some(ours), Some(theirs)) = (self.outcome.kpi(name), baseline.kpi(name)) else { continue };
                writeln!(f, "  {name:<16} {} (fixed: {})", figure(ours), figure(theirs))?;
            }
        }
        Ok(())
    }
}
