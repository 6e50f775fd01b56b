//! Replay: the recorded run once more, every decision compared with the one that was taken.
//!
//! Each boot is rebuilt from what its header embeds and begins at its first snapshot. A gap or damage ends what can be
//! compared; the next snapshot begins it again. At every later snapshot the whole state is compared too.

use std::path::Path;

use plant::id::PointId;
use plant::image::{Inputs, Outputs};
use plant::reading::Sample;
use plant::time::Tick;
use serde::Serialize;

use super::journal::{
    Answer, Boot, DecisionHash, Entry, Header, Images, JournalError, Reader, Record, Recovered, Scan, Snapshot, Tail,
    decision_hash, hash_of,
};
use crate::control::request::Request;
use crate::control::{Controller, Site, State};
use crate::service::layout::layout;

/// What replay found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReplayReport {
    /// Starts of the service in the record.
    pub boots: u64,
    /// Scans compared.
    pub scans: u64,
    /// Answers compared.
    pub answers: u64,
    /// Scans and answers that came out identical to the bit.
    pub identical: u64,
    /// States compared at snapshots.
    pub states: u64,
    /// States that came out identical to the bit.
    pub identical_states: u64,
    /// Interruptions told in the record.
    pub gaps: u64,
    /// Records lost in them.
    pub lost: u64,
    /// Damage found, as sentences.
    pub damage: Vec<String>,
    /// Where the runs first part.
    pub first_difference: Option<Difference>,
}

/// Where two runs part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The boot.
    pub boot: u32,
    /// The scan within it.
    pub scan: u64,
    /// Its wall time (ms since 1970).
    pub wall_ms: i64,
    /// What is not as it was: `crah-1/fan-speed was 46, is 46.5`.
    pub what: String,
}

impl ReplayReport {
    /// True when all that could be compared is identical, and all of the record could be.
    #[must_use]
    pub const fn faithful(&self) -> bool {
        self.first_difference.is_none() && self.damage.is_empty() && self.scans > 0
    }
}

/// Why a journal cannot be replayed.
#[derive(Debug)]
pub enum ReplayError {
    /// The journal cannot be read.
    Journal(JournalError),
    /// A boot's header is damaged, or its hall cannot be built again.
    Rebuild(u32, String),
}

impl std::fmt::Display for ReplayError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Journal(e) => write!(f, "{e}"),
            Self::Rebuild(boot, why) => write!(f, "boot {boot} cannot be built again: {why}"),
        }
    }
}

impl std::error::Error for ReplayError {}

impl From<JournalError> for ReplayError {
    fn from(e: JournalError) -> Self {
        Self::Journal(e)
    }
}

/// What can be run again: the controller, and in tests something smaller.
pub trait Machine {
    /// Goes on from a recorded state.
    ///
    /// # Errors
    /// When the state is not of this machine.
    fn restore(&mut self, state: &[u8]) -> Result<(), String>;
    /// One scan.
    fn step(&mut self, inputs: &Inputs, tick: Tick) -> &Outputs;
    /// One answer, as the hash of the reply.
    ///
    /// # Errors
    /// When the request is not one of this machine's.
    fn answer(&mut self, request: &[u8], tick: Tick) -> Result<DecisionHash, String>;
    /// The state, in postcard.
    fn state(&self) -> Vec<u8>;
    /// A point's name.
    fn name(&self, point: PointId) -> String;
}

/// Replays a journal through the controller. `rebuild` makes a site of a header.
///
/// # Errors
/// When the journal cannot be read or a site cannot be built again.
pub fn replay<S: Into<Site>>(
    path: &Path,
    rebuild: impl Fn(&Header) -> Result<S, String>,
) -> Result<ReplayReport, ReplayError> {
    replay_with(path, |header| Ok(Running::at(rebuild(header)?.into())))
}

/// Replays a journal through any machine. `build` makes one of a header.
///
/// # Errors
/// When the journal cannot be read or a machine cannot be built.
pub fn replay_with<M: Machine>(
    path: &Path,
    mut build: impl FnMut(&Header) -> Result<M, String>,
) -> Result<ReplayReport, ReplayError> {
    let reader = Reader::open(path)?;
    let mut report = ReplayReport::default();
    for Boot { number, header } in reader.boots()? {
        let header = header.ok_or_else(|| ReplayError::Rebuild(number, "its header is damaged".to_owned()))?;
        let mut machine = build(&header).map_err(|why| ReplayError::Rebuild(number, why))?;
        report.boots = report.boots.saturating_add(1);
        let inputs = Inputs::unread(0);
        let mut run =
            Run { machine: &mut machine, boot: number, images: None, inputs, last: None, report: &mut report };
        reader.visit(number, |entry| run.take(entry))?;
    }
    Ok(report)
}

/// What the run before left.
pub struct Left {
    /// The controller: the newest whole snapshot, then every scan and answer after it once more.
    pub controller: Controller,
    /// The samples of the last scan, in the order of that run's points; nothing when the record does not tell.
    pub samples: Option<Vec<Sample>>,
    /// The last scan.
    pub last: Option<Tick>,
    /// The site it ran at; nothing when there is no record of one.
    pub site: Option<Site>,
    /// What was not as it should be, as sentences.
    pub incidents: Vec<String>,
}

/// The controller as the run before left it. `rebuild` makes the site of that run; where `site` is another, the state is
/// carried over as far as it fits.
#[must_use]
pub fn resume<S: Into<Site>>(
    site: &Site,
    recovered: &Recovered,
    rebuild: impl Fn(&Header) -> Result<S, String>,
) -> Left {
    let anew = |incidents| {
        let controller = Controller::new(site.clone());
        Left { controller, samples: None, last: None, site: None, incidents }
    };
    let Some(snapshot) = &recovered.snapshot else { return anew(Vec::new()) };
    let Some(header) = &recovered.header else {
        return anew(vec!["what the recorded run ran with is damaged: the controller starts anew".to_owned()]);
    };
    let before = match rebuild(header) {
        Ok(before) => before.into(),
        Err(why) => return anew(vec![format!("the recorded hall cannot be built, a new start: {why}")]),
    };
    if !header.layout.is_empty() && header.layout != layout(&before) {
        let (theirs, ours) = (&header.program, env!("CARGO_PKG_VERSION"));
        let gone = "what it remembered of overrides, alarms and counts is gone, and the controller starts anew";
        return anew(vec![format!(
            "the recorded state is one of wattloop {theirs}, which {ours} does not read: {gone}"
        )]);
    }
    let mut machine = Running::at(before.clone());
    let (images, last, incidents) = resume_with(&mut machine, snapshot, &recovered.tail);
    let state = machine.controller.state().clone();
    let controller = Controller::restore(site.clone(), state);
    Left { controller, samples: images.map(|images| images.samples), last, site: Some(before), incidents }
}

/// Brings a machine from a snapshot to the end of the record. Returns the images and the tick there, and what was not as
/// recorded, as sentences.
pub fn resume_with(
    machine: &mut impl Machine,
    snapshot: &Snapshot,
    tail: &Tail,
) -> (Option<Images>, Option<Tick>, Vec<String>) {
    let mut report = ReplayReport::default();
    let inputs = Inputs::unread(0);
    let mut run = Run { machine, boot: snapshot.tick.boot, images: None, inputs, last: None, report: &mut report };
    run.snapshot(snapshot);
    tail.records().for_each(|record| run.take(Entry::Record(Box::new(record))));
    let (images, last) = (run.images, run.last);
    let mut incidents = report.damage;
    if let Some(Difference { scan, what, .. }) = report.first_difference {
        incidents.push(format!("this program decides otherwise than the recorded run from scan {scan} on: {what}"));
    }
    (images, last, incidents)
}

struct Running {
    controller: Controller,
    site: Site,
}

impl Running {
    fn at(site: Site) -> Self {
        Self { controller: Controller::new(site.clone()), site }
    }
}

impl Machine for Running {
    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let (state, rest): (State, _) = postcard::take_from_bytes(state).map_err(|e| e.to_string())?;
        if !rest.is_empty() {
            return Err(format!("it has {} bytes more than this program remembers", rest.len()));
        }
        self.controller = Controller::restore(self.site.clone(), state);
        Ok(())
    }

    fn step(&mut self, inputs: &Inputs, tick: Tick) -> &Outputs {
        self.controller.step(inputs, tick)
    }

    fn answer(&mut self, request: &[u8], tick: Tick) -> Result<DecisionHash, String> {
        let request: Request = postcard::from_bytes(request).map_err(|e| e.to_string())?;
        Ok(hash_of(&self.controller.answer(&request, tick)))
    }

    fn state(&self) -> Vec<u8> {
        postcard::to_stdvec(self.controller.state()).unwrap_or_default()
    }

    fn name(&self, point: PointId) -> String {
        self.site.hall.points.get(point).map_or_else(|| "?".to_owned(), |def| def.name.clone())
    }
}

/// One boot, replayed.
struct Run<'r, M> {
    machine: &'r mut M,
    boot: u32,
    /// Nothing while what follows cannot be told: before a snapshot, after a gap.
    images: Option<Images>,
    inputs: Inputs,
    /// The last scan or snapshot.
    last: Option<Tick>,
    report: &'r mut ReplayReport,
}

impl<M: Machine> Run<'_, M> {
    fn take(&mut self, entry: Entry) {
        match entry {
            Entry::Damage(why) => self.lose_track(why),
            Entry::Record(record) => match *record {
                Record::Snapshot(snapshot) => self.snapshot(&snapshot),
                Record::Scan(scan) => self.scan(scan),
                Record::Answer(answer) => self.answer(&answer),
                Record::Gap(gap) => {
                    self.report.gaps = self.report.gaps.saturating_add(1);
                    self.report.lost = self.report.lost.saturating_add(gap.lost);
                    self.images = None;
                }
            },
        }
    }

    fn snapshot(&mut self, snapshot: &Snapshot) {
        if self.images.is_some() {
            let same = self.machine.state() == snapshot.state;
            self.report.states = self.report.states.saturating_add(1);
            self.report.identical_states = self.report.identical_states.saturating_add(u64::from(same));
            if same {
                return;
            }
            self.differs(snapshot.tick, || "the controller's state in the snapshot".to_owned());
        }
        match (snapshot.images(), self.machine.restore(&snapshot.state)) {
            (Ok(images), Ok(())) => (self.images, self.last) = (Some(images), Some(snapshot.tick)),
            (Err(_), _) => self.lose_track(format!("the image of the snapshot at scan {}", snapshot.tick.seq)),
            (_, Err(why)) => self.lose_track(format!("the state of the snapshot at scan {}: {why}", snapshot.tick.seq)),
        }
    }

    fn scan(&mut self, scan: Scan) {
        let Some(images) = &mut self.images else { return };
        if scan.apply(images).is_err() {
            self.lose_track(format!("scan {} does not fit its image", scan.tick.seq));
            return;
        }
        self.inputs.samples = images.samples.iter().copied().collect();
        self.inputs.nodes.clone_from(&images.nodes);
        self.inputs.gpus.clone_from(&images.gpus);
        self.inputs.reports = scan.reports;
        self.inputs.reload = scan.reload;
        self.inputs.plan = scan.plan;
        self.last = Some(scan.tick);
        let outputs = self.machine.step(&self.inputs, scan.tick);
        let same = decision_hash(outputs) == scan.hash;
        let part = if same { None } else { Some(parting(outputs, &images.outputs)) };
        self.report.scans = self.report.scans.saturating_add(1);
        self.report.identical = self.report.identical.saturating_add(u64::from(same));
        if let Some(part) = part {
            let what = part.describe(self.machine);
            self.differs(scan.tick, || what);
        }
    }

    fn answer(&mut self, answer: &Answer) {
        if self.images.is_none() {
            return;
        }
        let reply = self.machine.answer(&answer.request, answer.tick);
        let same = reply == Ok(answer.reply);
        self.report.answers = self.report.answers.saturating_add(1);
        self.report.identical = self.report.identical.saturating_add(u64::from(same));
        if !same {
            self.differs(answer.tick, || reply.err().unwrap_or_else(|| "the reply to a request".to_owned()));
        }
    }

    fn lose_track(&mut self, why: String) {
        self.images = None;
        self.report.damage.push(format!("boot {}: {why}", self.boot));
    }

    fn differs(&mut self, tick: Tick, what: impl FnOnce() -> String) {
        if self.report.first_difference.is_none() {
            let (boot, scan, wall_ms) = (self.boot, tick.seq, tick.wall.0);
            self.report.first_difference = Some(Difference { boot, scan, wall_ms, what: what() });
        }
    }
}

/// What of a scan's decision is not as recorded.
enum Parting {
    /// An output's value.
    Value { point: PointId, was: Option<f64>, is: f64 },
    /// There are fewer outputs than were recorded.
    Fewer,
    /// Every value is the same: a level, a reason or an event is not.
    Reason,
}

impl Parting {
    fn describe(&self, machine: &impl Machine) -> String {
        match self {
            Self::Value { point, was: Some(was), is } => format!("{} was {was}, is {is}", machine.name(*point)),
            Self::Value { point, was: None, is } => format!("{} was no output, is {is}", machine.name(*point)),
            Self::Fewer => "there are fewer outputs than there were".to_owned(),
            Self::Reason => "a level, a reason or an event; every output's value is the same".to_owned(),
        }
    }
}

fn parting(outputs: &Outputs, recorded: &[f64]) -> Parting {
    for (n, command) in outputs.commands.iter().enumerate() {
        let was = recorded.get(n).copied();
        if was.is_none_or(|was| was.to_bits() != command.value.to_bits()) {
            return Parting::Value { point: command.point, was, is: command.value };
        }
    }
    if outputs.commands.len() < recorded.len() { Parting::Fewer } else { Parting::Reason }
}
