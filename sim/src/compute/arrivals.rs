//! Which jobs come, and when: from a trace, or from a seed.
//!
//! **Equation** arrivals are a Poisson process whose rate follows the time of day, `λ·(1 + s·cos(2π(h − h_peak)/24))`, by thinning; lengths
//! are log-normal, sizes and kinds in shares. Every draw is a function of (seed, number of the draw). **Source** Lewis and
//! Shedler 1979 for the thinning. **Parameters** swing 0.3 to 0.7, median length minutes to hours, deviation of its logarithm
//! 1 to 1.5. **Box** lengths are held from a minute to thirty days. **Time constant** none.

use std::f64::consts::PI;

use plant::fault::{Fault, Faults};
use plant::read::Section;

use super::job::Kind;
use crate::noise;
use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, SHARE, need, number};

/// The columns of a trace.
const COLUMNS: [&str; 4] = ["submit_s", "nodes", "length_s", "kind"];
/// Draws of one candidate.
const DRAWS: u64 = 6;
/// Lengths are held within these (s).
const LENGTHS: (f64, f64) = (60.0, 30.0 * 86_400.0);
/// Candidates that one call looks at; what is left comes with the next.
const CANDIDATES: u32 = 1000;

/// A job that comes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival {
    /// When (s from the start).
    pub submit: f64,
    /// How many nodes it wants (1, ≥ 1).
    pub nodes: usize,
    /// How long it takes where nothing holds it back (s, > 0).
    pub length: f64,
    /// Its kind.
    pub kind: Kind,
}

/// Reads a trace in CSV: `submit_s,nodes,length_s,kind`, in the order of submission, for a hall of `nodes` nodes. Lines that
/// are empty or start with `#` count as comments.
///
/// # Errors
/// Every fault of the trace, each with its line.
pub fn trace(file: &str, text: &str, nodes: usize) -> Result<Vec<Arrival>, Faults> {
    let mut faults = Vec::new();
    let mut arrivals: Vec<Arrival> = Vec::new();
    let mut lines = text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty() && !l.trim_start().starts_with('#'));
    let mut fault = |line: usize, column: usize, message: String, help: &str| {
        faults.push(Fault { file: file.to_owned(), line: line + 1, column, message, help: help.to_owned() });
    };
    match lines.next() {
        Some((_, head)) if head.split(',').map(str::trim).eq(COLUMNS) => {}
        Some((line, _)) => {
            fault(line, 1, "this is no head of a trace of jobs".to_owned(), "write `submit_s,nodes,length_s,kind`")
        }
        None => {
            fault(0, 1, "this trace is empty".to_owned(), "write `submit_s,nodes,length_s,kind`, then a job a line")
        }
    }
    for (line, row) in lines {
        let cells = Cells::of(row);
        if cells.count != COLUMNS.len() {
            fault(
                line,
                1,
                format!("a job has {} cells, not {}", COLUMNS.len(), cells.count),
                "write submit_s,nodes,length_s,kind",
            );
            continue;
        }
        let mut note = |n: usize, message: String, help: &str| fault(line, cells.column(n), message, help);
        let submit = cells.number(0, (0.0, 1e9), &mut note);
        let wanted = cells.number(1, (1.0, plant::convert::f64_from_usize(nodes)), &mut note);
        let length = cells.number(2, (1.0, 1e8), &mut note);
        let kind = Kind::parse(cells.text(3));
        if let Err(help) = &kind {
            note(3, format!("no kind of job is called `{}`", cells.text(3)), help);
        }
        let (Some(submit), Some(wanted), Some(length), Ok(kind)) = (submit, wanted, length, kind) else { continue };
        if wanted.fract() != 0.0 {
            note(1, format!("a job cannot have {wanted} nodes"), "write a whole number");
        }
        if arrivals.last().is_some_and(|before| before.submit > submit) {
            note(
                0,
                format!("this job is submitted at {submit} s, before the one above"),
                "sort the trace by `submit_s`",
            );
        }
        let whole = plant::convert::usize_from_u64(plant::convert::u64_from_f64_rounded(wanted));
        arrivals.push(Arrival { submit, nodes: whole, length, kind });
    }
    if faults.is_empty() { Ok(arrivals) } else { Err(Faults(faults)) }
}

/// The cells of a line.
struct Cells<'t> {
    row: &'t str,
    count: usize,
}

impl<'t> Cells<'t> {
    fn of(row: &'t str) -> Self {
        Self { row, count: row.split(',').count() }
    }

    fn text(&self, n: usize) -> &'t str {
        self.row.split(',').nth(n).unwrap_or_default().trim()
    }

    /// Where a cell starts, in characters from 1.
    fn column(&self, n: usize) -> usize {
        self.row.split(',').take(n).map(|cell| cell.chars().count() + 1).sum::<usize>() + 1
    }

    fn number(&self, n: usize, (low, high): (f64, f64), note: &mut impl FnMut(usize, String, &str)) -> Option<f64> {
        let (text, name) = (self.text(n), COLUMNS.get(n).copied().unwrap_or_default());
        let help = format!("write a number from {low} to {high}");
        let Ok(number) = text.parse::<f64>() else {
            note(n, format!("`{name}` is `{text}`, which is no number"), &help);
            return None;
        };
        if (low..=high).contains(&number) {
            return Some(number);
        }
        note(n, format!("`{name}` is {number} and must be from {low} to {high}"), &help);
        None
    }
}

/// What comes in the mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Mix {
    /// Jobs in a day (1/day, > 0).
    pub per_day: f64,
    /// How the rate swings over the day (1, 0 to 1).
    pub swing: f64,
    /// When it is highest (hour of the day, 0 to 24).
    pub peak_hour: f64,
    /// The median length (s, > 0) and the deviation of its logarithm (1, ≥ 0).
    pub length: (f64, f64),
    /// Sizes in nodes, and how often they come (1, any sum).
    pub sizes: Vec<(usize, f64)>,
    /// Kinds, and how often they come (1, any sum).
    pub kinds: [(Kind, f64); 4],
}

/// Jobs from a seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Generator {
    mix: Mix,
    seed: u64,
    /// Hour of the day at the start.
    hour: f64,
    candidate: u64,
    at: f64,
}

impl Mix {
    /// Reads a mix; faults are noted and reading goes on.
    pub(crate) fn read(of: &Section<'_>, nodes: usize) -> Self {
        let mut sizes = Vec::new();
        for size in of.sections("size") {
            let wanted = size.need::<i64>("nodes").unwrap_or(1);
            let whole = usize::try_from(wanted).ok().filter(|n| (1..=nodes).contains(n));
            if whole.is_none() {
                size.fault(
                    "nodes",
                    format!("a job of {wanted} nodes never fits a hall of {nodes}"),
                    "write a number that fits",
                );
            }
            sizes.push((whole.unwrap_or(1), number(&size, "share", AT_LEAST_ZERO)));
            size.done();
        }
        let shares = |of: &Section<'_>| {
            [
                (Kind::Training, number(of, "training", AT_LEAST_ZERO)),
                (Kind::Serving, number(of, "serving", AT_LEAST_ZERO)),
                (Kind::Prefill, number(of, "prefill", AT_LEAST_ZERO)),
                (Kind::Decode, number(of, "decode", AT_LEAST_ZERO)),
            ]
        };
        let kinds = need(of, "kinds", shares).unwrap_or([(Kind::Training, 1.0); 4]);
        if sizes.iter().map(|s| s.1).sum::<f64>() <= 0.0 {
            of.fault("size", "no size of job has a share", "add `[[size]]` with `nodes` and `share`");
        }
        if kinds.iter().map(|k| k.1).sum::<f64>() <= 0.0 {
            of.fault("kinds", "no kind of job has a share", "give one of them a share above 0");
        }
        Self {
            per_day: number(of, "per-day", POSITIVE),
            swing: number(of, "swing", SHARE),
            peak_hour: number(of, "peak-hour", (0.0, 24.0)),
            length: (number(of, "median-s", POSITIVE), number(of, "log-deviation", (0.0, 5.0))),
            sizes,
            kinds,
        }
    }
}

impl Generator {
    /// From the start of a run, at an hour of the day (0 to 24).
    #[must_use]
    pub const fn new(mix: Mix, seed: u64, hour: f64) -> Self {
        Self { mix, seed, hour, candidate: 0, at: 0.0 }
    }

    /// The next job that comes before `until` (s from the start), if one does.
    pub fn next_before(&mut self, until: f64) -> Option<Arrival> {
        let channel = noise::channel("arrivals");
        let highest = self.mix.per_day * (1.0 + self.mix.swing) / 86_400.0;
        for _ in 0..CANDIDATES {
            let first = self.candidate.wrapping_mul(DRAWS);
            let draw = |n: u64| noise::uniform(self.seed, channel, first.wrapping_add(n));
            let at = self.at - libm::log(1.0 - draw(0)) / highest;
            if at.is_nan() || at >= until {
                return None;
            }
            (self.at, self.candidate) = (at, self.candidate.wrapping_add(1));
            let wave = libm::cos(2.0 * PI * (self.hour + at / 3600.0 - self.mix.peak_hour) / 24.0);
            if draw(1) * (1.0 + self.mix.swing) > 1.0 + self.mix.swing * wave {
                continue;
            }
            let (median, deviation) = self.mix.length;
            let length = median * libm::exp(deviation * noise::gaussian(self.seed, channel, first.wrapping_add(2)));
            return Some(Arrival {
                submit: at,
                nodes: pick(&self.mix.sizes, draw(3)).unwrap_or(1),
                length: length.clamp(LENGTHS.0, LENGTHS.1),
                kind: pick(&self.mix.kinds, draw(4)).unwrap_or(Kind::Training),
            });
        }
        None
    }
}

/// The one at a share (1, 0 to 1) of all shares.
fn pick<T: Copy>(of: &[(T, f64)], at: f64) -> Option<T> {
    let mut left = at * of.iter().map(|(_, share)| share).sum::<f64>();
    for (one, share) in of {
        left -= share;
        if left < 0.0 {
            return Some(*one);
        }
    }
    of.last().map(|(one, _)| *one)
}
