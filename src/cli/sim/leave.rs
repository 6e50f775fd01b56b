//! What runs leave in files: a page to look at, a trace, and verdicts for a build server.

use std::fs;
use std::path::{Path, PathBuf};

use plant::time::Span;
use sim::junit::{Case, Outcome};
use sim::kpi::{Bands, Kpis};
use sim::record::Recording;
use sim::report::{self, Report};
use sim::scenario::verdict::{figure, instant};
use sim::scenario::{Baseline, Verdict};

use super::RunArgs;
use super::pages::Page;
use super::scenarios::{Played, again};
use crate::cli::Stop;

/// The files that a person asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Files<'a> {
    report: Option<&'a Path>,
    trace: Option<&'a Path>,
    /// More than one run: each puts its name and seed into the file's.
    many: bool,
}

/// A run, for its files.
pub struct Left<'a> {
    /// What ran.
    pub page: &'a Page,
    /// With which seed.
    pub seed: u64,
    /// The hash of its trace.
    pub trace: &'a str,
    /// Why the simulator failed, if it did.
    pub broken: Option<&'a str>,
    /// Its verdicts.
    pub verdicts: &'a [Verdict],
    /// Its figures.
    pub kpis: &'a Kpis,
    /// Those of another run of the same scenario, where there was one.
    pub baseline: Option<&'a (Baseline, Kpis)>,
}

impl<'a> Files<'a> {
    /// What the arguments ask for, of so many runs.
    pub fn of(args: &'a RunArgs, runs: usize) -> Self {
        Self { report: args.report.as_deref(), trace: args.trace.as_deref(), many: runs > 1 }
    }

    /// True where a run has to be recorded.
    pub const fn wanted(&self) -> bool {
        self.report.is_some() || self.trace.is_some()
    }

    /// Writes them.
    pub fn write(&self, left: &Left<'_>, recording: Option<&Recording>) -> Result<(), Stop> {
        let Some(recording) = recording else { return Ok(()) };
        if let Some(path) = self.report {
            self.put(path, left, &html(left, recording))?;
        }
        if let Some(path) = self.trace {
            self.put(path, left, &recording.csv())?;
        }
        Ok(())
    }

    fn put(&self, path: &Path, left: &Left<'_>, text: &str) -> Result<(), Stop> {
        let path = if self.many { own(path, &left.page.scenario.name, left.seed) } else { path.to_path_buf() };
        write(&path, text)
    }
}

/// Writes a file that a person asked for.
pub fn write(path: &Path, text: &str) -> Result<(), Stop> {
    let refused =
        |e| Stop::new(73, "cannot_create", format!("{}: {e}", path.display()), "name a file in a folder that is there");
    fs::write(path, text).map_err(refused)
}

/// `day.html` becomes `day-air-hot-day-3.html`.
fn own(path: &Path, name: &str, seed: u64) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let mut file = format!("{stem}-{name}-{seed}");
    if let Some(extension) = path.extension() {
        file.push('.');
        file.push_str(&extension.to_string_lossy());
    }
    path.with_file_name(file)
}

fn html(left: &Left<'_>, recording: &Recording) -> String {
    let Left { page, seed, trace, broken, verdicts, kpis, baseline } = left;
    let asserts: Vec<report::Assert> = verdicts.iter().map(|verdict| told(&page.file, *seed, verdict)).collect();
    let report = Report {
        title: &page.scenario.name,
        hall: &page.scenario.hall.name,
        seed: *seed,
        trace,
        program: env!("CARGO_PKG_VERSION"),
        again: &format!("wattloop sim run {} --seed {seed}", page.file),
        broken: *broken,
        asserts: &asserts,
        kpis,
        baseline: baseline.map(|(which, kpis)| (which.word(), kpis)),
        bands: Bands::of(&page.scenario.hall),
        recording,
    };
    report.html()
}

fn told(file: &str, seed: u64, verdict: &Verdict) -> report::Assert {
    let margin = verdict.margin.filter(|m| m.is_finite());
    let margin = margin.map(|m| format!("{}{} {}", if m > 0.0 { "+" } else { "" }, figure(m), verdict.unit.word()));
    let mut story = verdict.note.clone();
    if !verdict.held {
        if !story.is_empty() {
            story.push_str("; ");
        }
        story.push_str(&again(file, seed, verdict));
    }
    report::Assert {
        name: format!("{}: {}", verdict.name, verdict.wanted),
        held: verdict.held,
        margin: margin.map_or_else(String::new, |m| m.trim_end().to_owned()),
        at: verdict.at.map(Span::from_seconds),
        story,
    }
}

/// The verdicts of all runs, for a build server: a case an assert, a suite a run.
pub fn junit(played: &[Played]) -> String {
    let mut all = Vec::new();
    for run in played {
        let report = &run.report;
        let suite = format!("{} seed {}", report.scenario, report.seed);
        let cases = report.verdicts.len().saturating_add(usize::from(report.broken.is_some()));
        let seconds = run.seconds / plant::convert::f64_from_usize(cases).max(1.0);
        let mut add = |name: String, outcome: Outcome| {
            all.push(Case { suite: suite.clone(), name, seconds, outcome });
        };
        for verdict in &report.verdicts {
            let name = format!("{}: {}", verdict.name, verdict.wanted);
            let outcome = if verdict.held {
                Outcome::Passed(format!("{verdict}"))
            } else {
                let at = verdict.at.map_or_else(String::new, |at| format!("\nworst instant: {}", instant(at)));
                let again = again(&run.file, report.seed, verdict);
                Outcome::Failed(format!(
                    "{verdict}\nwanted: {}{at}\nagain: {again}\ntrace: {}\n{}",
                    verdict.wanted, run.trace, run.kpis
                ))
            };
            add(name, outcome);
        }
        if let Some(why) = &report.broken {
            add("the simulator is sound".to_owned(), Outcome::Broken(format!("{why}\ntrace: {}", run.trace)));
        }
    }
    sim::junit::text(&all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_many_runs_has_a_file_of_its_own() {
        assert_eq!(own(Path::new("out/day.html"), "air-hot-day", 3), Path::new("out/day-air-hot-day-3.html"));
        assert_eq!(own(Path::new("day"), "a", 1), Path::new("day-a-1"));
    }
}
