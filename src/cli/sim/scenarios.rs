//! `wattloop sim run FILE…`: scenarios and their verdicts.

use std::fmt;
use std::sync::Arc;

use plant::time::Span;
use serde::Serialize;
use sim::kpi::Kpis;
use sim::scenario::verdict::instant;
use sim::scenario::{Baseline, Pilot, Report, Scenario, Verdict};
use wattloop::service::clock::Clock;

use super::drive::{Drive, Ridden};
use super::leave::{self, Files, Left};
use super::pages::{self, Page};
use super::{RunArgs, crowd};
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
    pub kpis: Kpis,
    /// The same figures of the baselines that were asked for.
    pub baselines: Vec<(Baseline, Kpis)>,
}

/// What a person wants of every run besides its verdicts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish<'a> {
    /// Another run of the same scenario.
    baseline: Option<Baseline>,
    files: Files<'a>,
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
    let wish = Wish { baseline: args.baseline.map(|b| b.of()), files: Files::of(args, jobs.len()) };
    let played = crowd::all(jobs.len(), name, |n| jobs.get(n).map(|(page, seed)| play(page, *seed, &wish)))?;
    let played = played.into_iter().flatten().collect::<Result<Vec<Played>, Stop>>()?;
    if let Some(path) = &args.junit {
        leave::write(path, &leave::junit(&played))?;
    }
    if out.json() {
        out.value(&played.iter().map(line).collect::<Vec<_>>())?;
    } else {
        for one in &played {
            out.text(one)?;
        }
        if let [one] = played.as_slice() {
            out.text(Figures(&one.kpis, one.baselines.first()))?;
        }
    }
    end(&played, out)
}

/// One run, and the baselines that its asserts or the person ask for. Its files are written before it is told.
pub fn play(page: &Page, seed: u64, wish: &Wish<'_>) -> Result<Played, Stop> {
    let clock = Clock::machine();
    let begun = clock.mono();
    let ridden = ride(page, (seed, page.scenario.controller), wish.files.wanted());
    let mut others = page.scenario.baselines();
    others.extend(wish.baseline.filter(|asked| !others.contains(asked)));
    let baselines: Vec<(Baseline, Kpis)> = others.into_iter().map(|which| (which, other(page, seed, which))).collect();
    let Ridden { kpis, trace, recording, run, .. } = ridden;
    let theirs = |which: Baseline, name: &str| baselines.iter().find(|(known, _)| *known == which)?.1.value(name);
    let (report, _) = run.finish(&|name| kpis.value(name), &theirs);
    let left = Left {
        page,
        seed,
        trace: &trace,
        broken: report.broken.as_deref(),
        verdicts: &report.verdicts,
        kpis: &kpis,
        baseline: baselines.first(),
    };
    wish.files.write(&left, recording.as_ref())?;
    let seconds = clock.mono().since(begun).seconds();
    let length = page.scenario.length;
    Ok(Played { file: page.file.clone(), report, trace, length, seconds, kpis, baselines })
}

/// The figures of another run of the same scenario.
fn other(page: &Page, seed: u64, which: Baseline) -> Kpis {
    match which {
        Baseline::Fixed => ride(page, (seed, Pilot::Fixed), false).kpis,
        Baseline::Wattloop => ride(page, (seed, Pilot::Wattloop), false).kpis,
        Baseline::NoEvents => {
            let calm = Scenario { events: Vec::new(), asserts: Vec::new(), ..Scenario::clone(&page.scenario) };
            let made_of = format!("{} without its events", page.made_of);
            let page = Page {
                file: page.file.clone(),
                scenario: Arc::new(calm),
                world: page.world.clone(),
                made_of,
                golden: None,
            };
            ride(&page, (seed, page.scenario.controller), false).kpis
        }
    }
}

fn ride(page: &Page, (seed, pilot): (u64, Pilot), record: bool) -> Ridden {
    let mut drive = Drive::new(page, seed, pilot);
    if let Some(golden) = &page.golden {
        drive.run_mut().hold_against(golden);
    }
    if record {
        drive.record();
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
    let help = format!("`{}` shows it", again(&one.file, one.report.seed, verdict));
    Err(Stop::new(1, "assert_failed", say, help))
}

/// The command that shows a verdict again.
pub fn again(file: &str, seed: u64, verdict: &Verdict) -> String {
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
    kpi: std::collections::BTreeMap<&'p str, f64>,
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
        kpi: one.kpis.iter().filter_map(|kpi| Some((kpi.name.as_str(), kpi.value?))).collect(),
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
        writeln!(f, "  {}", summary(&self.kpis))?;
        for (which, base) in &self.baselines {
            if let Some(say) = self.kpis.against(base) {
                writeln!(f, "  against `{}`: {say}", which.word())?;
            }
        }
        Ok(())
    }
}

/// A run in a line: never a PUE without the energy.
fn summary(kpis: &Kpis) -> String {
    const TOLD: [&str; 4] = ["pue", "peak-15min-kw", "worst-inlet-cel", "case-margin-k"];
    let told = TOLD.iter().filter_map(|name| kpis.iter().find(|kpi| kpi.name == *name && kpi.value.is_some()));
    told.map(|kpi| format!("{}: {}", kpi.title, kpis.say(kpi))).collect::<Vec<_>>().join(", ")
}

/// Every figure of a run by its name for asserts, and that of its baseline; those of single devices are left to `--json`.
pub struct Figures<'k>(pub &'k Kpis, pub Option<&'k (Baseline, Kpis)>);

impl fmt::Display for Figures<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for kpi in self.0.iter().filter(|kpi| kpi.value.is_some() && !kpi.name.contains('.')) {
            write!(f, "  {:<24} {:<40} {}", kpi.name, kpi.title, self.0.say(kpi))?;
            let theirs = self.1.and_then(|(which, base)| {
                let theirs = base.iter().find(|k| k.name == kpi.name)?;
                Some(format!(" ({}: {})", which.word(), base.say(theirs)))
            });
            writeln!(f, "{}", theirs.unwrap_or_default())?;
        }
        Ok(())
    }
}
