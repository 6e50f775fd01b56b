//! What caps would have cost with more racks, scan by scan of a journal.

use std::path::Path;
use std::sync::Arc;

use plant::hall::Hall;
use plant::hall::capping::Capping;
use plant::id::{FeedId, Table};
use plant::units::Watts;
use serde::Serialize;
use wattloop::control::feeds::recorded::Recorded;
use wattloop::service::config::{Texts, rebuild};
use wattloop::service::journal::{Boot, Entry, Images, Reader, Record, Scan};

use super::{Added, placed};
use crate::cli::Stop;

/// A joule in a kilowatt-hour.
const JOULES: f64 = 3.6e6;

/// What caps would have cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Costs {
    /// For how long load was recorded (s).
    pub recorded_s: f64,
    /// Starts of the service in the record that are left out: of a hall without this row or these feeds, or not to be built again.
    pub starts_left_out: u64,
    /// Interruptions and damage in the record.
    pub interruptions: u64,
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

/// One start of the service.
struct Start<'l> {
    hall: Arc<Hall>,
    /// The row's racks, and each line's feed, in that hall.
    row: Vec<usize>,
    feeds: Vec<FeedId>,
    lines: &'l mut [Line],
    recorded: Recorded,
    /// Nothing while what follows cannot be told: before a snapshot, after an interruption.
    images: Option<Images>,
    seconds: f64,
    interruptions: u64,
}

impl<'l> Start<'l> {
    /// Nothing where that hall has not the row or one of the feeds.
    fn new(hall: Arc<Hall>, row: &str, lines: &'l mut [Line]) -> Option<Self> {
        let places = placed(&hall, hall.rows.rows().iter().find(|of| of.name == row)?);
        let feeds = lines.iter().map(|line| hall.power.feed(&line.name)).collect::<Option<Vec<_>>>()?;
        let recorded = Recorded::new(&hall);
        Some(Self { hall, row: places, feeds, lines, recorded, images: None, seconds: 0.0, interruptions: 0 })
    }

    fn take(&mut self, entry: Entry) {
        let broken = match entry {
            Entry::Damage(_) => true,
            Entry::Record(record) => match *record {
                Record::Snapshot(snapshot) => {
                    self.images = snapshot.images().ok();
                    self.images.is_none()
                }
                Record::Scan(scan) => self.scan(&scan),
                Record::Answer(_) => false,
                Record::Gap(_) => true,
            },
        };
        if broken {
            self.images = None;
            self.interruptions = self.interruptions.saturating_add(1);
        }
    }

    /// True where a scan does not fit what was before it.
    fn scan(&mut self, scan: &Scan) -> bool {
        let Some(images) = &mut self.images else { return false };
        if scan.apply(images).is_err() {
            return true;
        }
        self.recorded.step(&self.hall, &images.samples, scan.tick);
        let dt = scan.tick.dt.seconds();
        self.seconds += dt;
        let Some(mean) = self.recorded.mean(&self.hall.power, &self.row) else { return false };
        for (line, feed) in self.lines.iter_mut().zip(&self.feeds) {
            if let Some(carried) = self.recorded.carried(*feed) {
                line.add(carried.load + mean * (line.new * carried.each), dt);
            }
        }
        false
    }
}

/// What caps would have cost, or why nothing can be told of that. `named` is true for a journal that somebody has named: it must be there.
pub(super) fn read(added: &Added<'_>, path: &Path, named: bool) -> Result<Result<Costs, String>, Stop> {
    let bad =
        |e: String| Stop::new(65, "bad_journal", format!("{}: {e}", path.display()), "name another with --journal");
    if !named && !path.try_exists().map_err(|e| Stop::io(&path.display().to_string(), &e))? {
        return Ok(Err(format!("{} is not there: no load is recorded", path.display())));
    }
    let reader = Reader::open(path).map_err(|e| bad(e.to_string()))?;
    let (mut lines, mut costs) = (Line::all(added), Costs::default());
    let mut built: Option<(Texts, Arc<Hall>)> = None;
    for Boot { number, header } in reader.boots().map_err(|e| bad(e.to_string()))? {
        let texts = header.map(|header| Texts { hall: header.hall, maps: header.maps, config: header.config });
        if texts.is_none() || built.as_ref().map(|(of, _)| of) != texts.as_ref() {
            built = texts.and_then(|texts| rebuild(&texts).ok().map(|hall| (texts, hall)));
        }
        let hall = built.as_ref().map(|(_, hall)| Arc::clone(hall));
        let Some(mut start) = hall.and_then(|hall| Start::new(hall, added.name, &mut lines)) else {
            costs.starts_left_out = costs.starts_left_out.saturating_add(1);
            continue;
        };
        reader.visit(number, |entry| start.take(entry)).map_err(|e| bad(e.to_string()))?;
        costs.recorded_s += start.seconds;
        costs.interruptions = costs.interruptions.saturating_add(start.interruptions);
    }
    if costs.recorded_s <= 0.0 {
        let left = costs.starts_left_out;
        let out = if left > 0 { format!("; starts of another hall, or damaged: {left}") } else { String::new() };
        return Ok(Err(format!("{} holds no scan of this hall{out}", path.display())));
    }
    costs.feeds = lines.iter().map(Line::cost).collect();
    Ok(Ok(costs))
}
