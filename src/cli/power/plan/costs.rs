//! What caps would have cost with more racks, scan by scan of a journal.

use std::path::Path;
use std::sync::Arc;

use plant::hall::Hall;
use plant::hall::capping::Capping;
use plant::id::{FeedId, Table};
use plant::time::Tick;
use plant::units::Watts;
use serde::Serialize;
use wattloop::control::feeds::recorded::Recorded;
use wattloop::service::journal::Images;

use super::{Added, placed};
use crate::cli::Stop;
use crate::cli::power::record::{Visitor, Walked, walk};

/// A joule in a kilowatt-hour.
const JOULES: f64 = 3.6e6;

/// What caps would have cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Costs {
    /// What was looked at; left out are starts of a hall without this row or these feeds.
    #[serde(flatten)]
    pub walked: Walked,
    /// Every feed above the new racks.
    pub feeds: Vec<Cost>,
}

/// What caps would have cost at one feed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Cost {
    /// The feed.
    pub feed: String,
    /// What caps keep it to: its limit less the reserve (kW).
    pub line_kw: f64,
    /// For how long its load was known (s).
    pub known_s: f64,
    /// The highest load with the new racks (kW); nothing where it was never known.
    pub worst_kw: Option<f64>,
    /// By how much that is above the line (kW, ≥ 0).
    pub over_kw: f64,
    /// For how long it would have been above the line (s).
    pub above_s: f64,
    /// The same of the time for which its load was known (%).
    pub above_percent: f64,
    /// What the GPUs below would have had to draw less, on average while it was above (kW).
    pub mean_cut_kw: f64,
    /// The same as energy (kWh).
    pub cut_kwh: f64,
    /// The same of what these GPUs draw at their most in that time (%).
    pub cut_percent: f64,
    /// For how long least caps would not have been low enough (s).
    pub beyond_caps_s: f64,
}

/// What a scan is held against at one feed.
struct Line {
    name: String,
    line: Watts,
    /// What enters it for each watt that a rack of the row draws on average (1).
    new: f64,
    /// What enters it for all GPUs below it at their most (W).
    gpus: Watts,
    /// The same of what they give at their least caps (W).
    give: Watts,
    /// What these GPUs draw at their most (W).
    rated: Watts,
    tally: Tally,
}

/// What has come together at one feed.
#[derive(Clone, Copy, Default)]
struct Tally {
    known_s: f64,
    above_s: f64,
    beyond_s: f64,
    /// The highest load (W).
    worst: Option<Watts>,
    /// What GPUs would have drawn less (J).
    cut: f64,
}

impl Line {
    /// Every feed above the new racks.
    fn all(added: &Added<'_>) -> Vec<Self> {
        let power = &added.power;
        let reserve = added.hall.power.capping.as_ref().map_or(Capping::USUAL.reserve, |capping| capping.reserve);
        let drawn = |cap: fn(&plant::hall::power::Node) -> Watts| {
            let mut racks = vec![Watts(0.0); power.racks.len()];
            for node in &power.nodes {
                if let Some(rack) = racks.get_mut(node.rack) {
                    *rack += cap(node) * f64::from(node.gpus) / node.supplies;
                }
            }
            power.brought(|place| racks.get(place).copied().unwrap_or_default())
        };
        let new = power.brought(|place| Watts(if added.is_new(place) { 1.0 } else { 0.0 }));
        let (gpus, give) = (drawn(|node| node.rated), drawn(|node| node.rated - node.least_cap));
        let at = |of: &Table<FeedId, Watts>, id| of.get(id).copied().unwrap_or_default();
        let line = |id: FeedId| {
            let feed = power.feeds.get(id)?;
            Some(Self {
                name: feed.name.clone(),
                line: feed.limit() * (1.0 - reserve),
                new: at(&new, id).0,
                gpus: at(&gpus, id),
                give: at(&give, id),
                rated: power.rated_below(id),
                tally: Tally::default(),
            })
        };
        added.above().into_iter().filter_map(line).collect()
    }

    /// A scan of `dt` seconds with so much load.
    fn add(&mut self, load: Watts, dt: f64) {
        let tally = &mut self.tally;
        tally.known_s += dt;
        tally.worst = Some(tally.worst.map_or(load, |worst| worst.max(load)));
        let over = load - self.line;
        if over.0 <= 0.0 {
            return;
        }
        tally.above_s += dt;
        if over > self.give {
            tally.beyond_s += dt;
        }
        // All GPUs below give the same share of their most.
        if self.gpus.0 > 0.0 {
            tally.cut += over / self.gpus * self.rated.0 * dt;
        }
    }

    fn cost(&self) -> Cost {
        let share = |part: f64, of: f64| if of > 0.0 { part / of } else { 0.0 };
        let Tally { known_s, above_s, beyond_s, worst, cut } = self.tally;
        Cost {
            feed: self.name.clone(),
            line_kw: self.line.0 / 1e3,
            known_s,
            worst_kw: worst.map(|worst| worst.0 / 1e3),
            over_kw: worst.map_or(0.0, |worst| (worst - self.line).0.max(0.0) / 1e3),
            above_s,
            above_percent: 100.0 * share(above_s, known_s),
            mean_cut_kw: share(cut, above_s) / 1e3,
            cut_kwh: cut / JOULES,
            cut_percent: 100.0 * share(cut, self.rated.0 * above_s),
            beyond_caps_s: beyond_s,
        }
    }
}

/// What caps would have cost, gathered start by start.
struct Gathered<'a, 'h> {
    added: &'a Added<'h>,
    lines: Vec<Line>,
    start: Option<Start>,
}

/// One start of the service.
struct Start {
    hall: Arc<Hall>,
    /// The row's racks, and each line's feed, in that hall.
    row: Vec<usize>,
    feeds: Vec<FeedId>,
    recorded: Recorded,
}

impl Visitor for Gathered<'_, '_> {
    fn begin(&mut self, hall: &Arc<Hall>) -> bool {
        // Left out where that hall has not the row or one of the feeds.
        let row = hall.rows.rows().iter().find(|of| of.name == self.added.name);
        let feeds = self.lines.iter().map(|line| hall.power.feed(&line.name)).collect::<Option<Vec<_>>>();
        self.start = row.zip(feeds).map(|(row, feeds)| Start {
            row: placed(hall, row),
            feeds,
            recorded: Recorded::new(hall),
            hall: Arc::clone(hall),
        });
        self.start.is_some()
    }

    fn scan(&mut self, images: &Images, tick: Tick) {
        let Some(Start { hall, row, feeds, recorded }) = &mut self.start else { return };
        recorded.step(hall, &images.samples, tick);
        let Some(mean) = recorded.mean(&hall.power, row) else { return };
        for (line, feed) in self.lines.iter_mut().zip(feeds) {
            if let Some(carried) = recorded.carried(*feed) {
                line.add(carried.load + mean * (line.new * carried.each), tick.dt.seconds());
            }
        }
    }
}

/// What caps would have cost, or why nothing can be told of that. `named` is true for a journal that somebody has named: it must be there.
pub(super) fn read(added: &Added<'_>, path: &Path, named: bool) -> Result<Result<Costs, String>, Stop> {
    let mut gathered = Gathered { added, lines: Line::all(added), start: None };
    let walked = walk(&mut gathered, path, named)?;
    Ok(walked.map(|walked| Costs { walked, feeds: gathered.lines.iter().map(Line::cost).collect() }))
}
