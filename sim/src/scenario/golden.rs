//! Golden traces: the course that was looked at once and found good, with a tube around it in time and in value, so that
//! a step two seconds later is the same course and a step two kelvins higher is not.

use plant::convert;

use super::expression::{Scene, Signal};
use super::verdict::{Unit, Verdict};
use super::{Assert, Rule, Scenario, Tolerance};

/// How many rows a golden trace has: enough for the shape, few enough to be read in a review.
pub const ROWS: u32 = 101;

/// A golden trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Golden {
    /// The signals' texts, in order.
    pub names: Vec<String>,
    /// Time (s after the begin) and the value of every signal.
    pub rows: Vec<(f64, Vec<f64>)>,
}

impl Golden {
    /// Reads what [`Golden::text`] wrote.
    ///
    /// # Errors
    /// A sentence with the line that is no row of the trace.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
        let (head, _) = lines.next().ok_or_else(|| "the golden trace is empty".to_owned())?;
        let names: Vec<String> = head.split(';').skip(1).map(|name| name.trim().to_owned()).collect();
        let mut rows = Vec::new();
        for (line, number) in lines {
            let cells: Option<Vec<f64>> = line.split(';').map(|cell| cell.trim().parse().ok()).collect();
            let row = cells.as_deref().and_then(|cells| cells.split_first());
            match row.filter(|(_, values)| values.len() == names.len()) {
                Some((time, values)) => rows.push((*time, values.to_vec())),
                None => return Err(format!("line {number} is no row of {} numbers", names.len().saturating_add(1))),
            }
        }
        Ok(Self { names, rows })
    }

    /// As a file: a line of names, then a line a row, with semicolons between.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::from("time_s");
        for name in &self.names {
            text.push(';');
            text.push_str(name);
        }
        text.push('\n');
        for (time, values) in &self.rows {
            text.push_str(&time.to_string());
            for value in values {
                text.push_str(&format!(";{value:.6}"));
            }
            text.push('\n');
        }
        text
    }
}

/// Writes a golden trace while a run goes on.
#[derive(Clone, Debug)]
pub struct Recorder {
    signals: Vec<Signal>,
    every: f64,
    golden: Golden,
}

impl Recorder {
    /// For the golden assert of a scenario; nothing where it has none.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Option<Self> {
        let Rule::Golden { signals, .. } = &scenario.golden()?.rule else { return None };
        let golden = Golden { names: signals.iter().map(|s| s.text.clone()).collect(), rows: Vec::new() };
        let every = scenario.length.seconds() / f64::from(ROWS - 1);
        Some(Self { signals: signals.clone(), every, golden })
    }

    /// Takes a row when its time has come.
    pub fn take(&mut self, time: f64, scene: &impl Scene) {
        let due = convert::f64_from_usize(self.golden.rows.len()) * self.every;
        if time >= due - 1e-9 {
            self.golden.rows.push((time, self.signals.iter().map(|s| s.number.value(scene)).collect()));
        }
    }

    /// The trace.
    #[must_use]
    pub fn finish(self) -> Golden {
        self.golden
    }
}

/// A golden trace beside a run.
#[derive(Clone, Debug)]
pub(super) struct Tube {
    names: Vec<String>,
    rows: Vec<Row>,
    /// Half its width in time (s).
    time: f64,
    /// Half its height, for each signal.
    height: Vec<f64>,
    signals: usize,
    /// What each signal was at the step before.
    before: Vec<f64>,
}

#[derive(Clone, Debug)]
struct Row {
    time: f64,
    golden: Vec<f64>,
    /// How near the run came, for each signal.
    nearest: Vec<f64>,
}

impl Tube {
    pub(super) fn new(golden: &Golden, signals: usize, time: f64, value: Tolerance) -> Self {
        let range = |n: usize| {
            let values = || golden.rows.iter().filter_map(move |(_, row)| row.get(n)).copied();
            values().fold(f64::NEG_INFINITY, f64::max) - values().fold(f64::INFINITY, f64::min)
        };
        let height = |n: usize| match value {
            Tolerance::Absolute(height) => height,
            Tolerance::OfRange(share) => share * range(n),
        };
        let row = |(time, values): &(f64, Vec<f64>)| Row {
            time: *time,
            golden: values.clone(),
            nearest: vec![f64::INFINITY; values.len()],
        };
        Self {
            names: golden.names.clone(),
            rows: golden.rows.iter().map(row).collect(),
            time,
            height: (0..signals).map(height).collect(),
            signals,
            before: vec![f64::NAN; signals],
        }
    }

    /// Takes in a signal's value.
    pub(super) fn take(&mut self, signal: usize, time: f64, value: f64) {
        let before = self.before.get(signal).copied().unwrap_or(f64::NAN);
        for row in self.rows.iter_mut().filter(|row| (row.time - time).abs() <= self.time + 1e-9) {
            let (Some(golden), Some(nearest)) = (row.golden.get(signal), row.nearest.get_mut(signal)) else { continue };
            // Between two steps the run passes through everything between their values.
            let crossed = (before - golden) * (value - golden) <= 0.0;
            let away = if crossed { 0.0 } else { (value - golden).abs() };
            *nearest = nearest.min(away);
        }
        if let Some(before) = self.before.get_mut(signal) {
            *before = value;
        }
    }

    pub(super) fn verdict(&self, assert: &Assert, signals: &[Signal]) -> Verdict {
        let same = self.names.len() == self.signals && self.names.iter().zip(signals).all(|(a, b)| *a == b.text);
        if !same || self.rows.is_empty() {
            return Verdict::unseen(
                assert,
                "the golden trace is of other signals: look at the run, then `wattloop sim bless FILE`",
            );
        }
        let mut worst: Option<(f64, f64, usize)> = None;
        for row in &self.rows {
            for (n, (nearest, height)) in row.nearest.iter().zip(&self.height).enumerate() {
                let margin = height - nearest;
                if worst.is_none_or(|(w, _, _)| margin < w) {
                    worst = Some((margin, row.time, n));
                }
            }
        }
        let Some((margin, time, n)) = worst else { return Verdict::unseen(assert, "the golden trace has no signal") };
        let signal = signals.get(n);
        let unit = Unit::difference(signal.and_then(|s| s.unit));
        Verdict::of(assert, margin >= 0.0, Some((margin, time)), unit).saying(signal.map_or("", |s| s.text.as_str()))
    }
}
