//! The half that works: reads, takes grants, writes caps, says how it is. One thread decides; wires hand it what they hear.
//!
//! ```text
//!   socket, broker ── Ask ──▶ this thread ── Asked ──▶ one thread a GPU ──▶ NVML
//!                    ◀─ answer ─┘  │ └── every report ──▶ who listens
//!                                  └── a byte a round ──▶ who watches us
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use plant::gpu::Uuid;
use plant::lease::{Grant, Grants, NodeReport, Taken};
use plant::time::{Mono, Span, Wall};
use tokio::sync::{oneshot, watch};

use super::config::Config;
use super::failsafe::{self, Outcome};
use super::hold::News;
use super::memory::Keep;
use super::node::{Node, Write};
use crate::adapters::Stamp;
use crate::adapters::nvml::{Asked, Gpus, Wish};

/// What a wire asks for.
#[derive(Debug)]
pub enum Ask {
    /// Caps.
    Grants(Grants, oneshot::Sender<Vec<(Uuid, Taken)>>),
    /// How the node is.
    Report(oneshot::Sender<NodeReport>),
    /// People take the node back (true), or give it to its controller again; the answer comes when that is on disk.
    Release(bool, oneshot::Sender<Result<(), String>>),
}

/// How often it decides when nothing comes in.
const ROUND: Span = Span::from_millis(50);

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    Cap(Write),
    Clock(Uuid, Option<u32>),
    Persist(Uuid),
}

impl Task {
    const fn uuid(self) -> Uuid {
        match self {
            Self::Cap(Write { uuid, .. }) | Self::Clock(uuid, _) | Self::Persist(uuid) => uuid,
        }
    }

    fn wish(self) -> Wish {
        match self {
            Self::Cap(write) => Wish::Limit(write.limit),
            // From the lowest clock there is: only the highest is meant.
            Self::Clock(_, highest) => Wish::Clocks(highest.map(|mhz| (0, mhz))),
            Self::Persist(_) => Wish::Persistence(true),
        }
    }
}

/// How often a driver is asked to stay loaded that does not.
const PERSIST_EVERY: Span = Span::from_secs(10);

/// How many reports are remembered, for grants that answer them: a minute's at the usual pace.
const REMEMBERED: usize = 128;

/// The thread that decides.
pub struct Worker {
    config: Config,
    gpus: Gpus,
    node: Node,
    keep: Keep,
    /// Why the last save failed, so that it is said once.
    unsaved: Option<String>,
    pending: Vec<(Task, Asked, Mono)>,
    /// What was said of each GPU that does not take what is written, so that it is said once.
    refused: BTreeMap<Uuid, String>,
    stamp: Stamp,
    reports: watch::Sender<Arc<NodeReport>>,
    sequence: u64,
    reported: Option<Mono>,
    /// When drivers were last asked to stay loaded.
    persisted: Option<Mono>,
    /// When the last reports were said.
    said: VecDeque<(u64, Mono)>,
}

impl Worker {
    /// Starts to read; nothing is written before the first round. `wall` is where reports begin to count.
    ///
    /// # Errors
    /// The memory cannot be opened, or there is no thread left.
    pub fn start(config: Config, stamp: Stamp, wall: Wall) -> io::Result<Self> {
        let (keep, memory) = Keep::open(&config.state_file)?;
        let gpus = Gpus::open(config.nvml.clone(), Arc::clone(&stamp))?;
        let node = Node::remembered(config.bounds, &memory);
        let nothing = NodeReport { node: config.node.clone(), seq: 0, driver: None, why: None, gpus: Vec::new() };
        let reports = watch::channel(Arc::new(nothing)).0;
        Ok(Self {
            config,
            gpus,
            node,
            keep,
            unsaved: None,
            pending: Vec::new(),
            refused: BTreeMap::new(),
            stamp,
            reports,
            sequence: u64::try_from(wall.0).unwrap_or(0),
            reported: None,
            persisted: None,
            said: VecDeque::with_capacity(REMEMBERED),
        })
    }

    /// Who wants every report.
    #[must_use]
    pub fn reports(&self) -> watch::Receiver<Arc<NodeReport>> {
        self.reports.subscribe()
    }

    /// Works until nobody can ask any more, or whoever watches is gone.
    pub fn run(&mut self, asks: &Receiver<Ask>, mut pulse: impl io::Write) {
        loop {
            self.round();
            // A round that is done is the only thing that beats.
            if pulse.write_all(b".").and_then(|()| pulse.flush()).is_err() {
                tracing::error!("nobody watches over this agent any more: it ends");
                return;
            }
            match asks.recv_timeout(ROUND.duration()) {
                Ok(ask) => self.answer(ask),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// The last thing it does: the fail-safe, but where people hold the node.
    #[must_use]
    pub fn fall(&self, within: Duration) -> Outcome {
        if self.node.memory().released {
            return Outcome::default();
        }
        failsafe::write(&self.gpus, &self.config, within)
    }

    fn now(&self) -> Mono {
        (self.stamp)()
    }

    fn answer(&mut self, ask: Ask) {
        let now = self.now();
        match ask {
            Ask::Grants(asked, to) => {
                let from = asked.after.map_or(Some(now), |report| self.said(report));
                let mut taken = |g: &Grant| from.map_or(Taken::Late, |from| self.node.grant(g, (from, now)));
                let taken = asked.grants.iter().map(|g| (g.uuid, taken(g))).collect();
                self.reported = None;
                // Written before it is answered where it can be: an answer then says what holds.
                self.round();
                let _ = to.send(taken);
            }
            Ask::Report(to) => {
                let _ = to.send(self.report(now, false));
            }
            Ask::Release(true, to) => {
                self.node.release();
                let _ = to.send(self.save());
            }
            Ask::Release(false, to) => {
                self.node.take(now);
                let _ = to.send(self.save());
            }
        }
    }

    /// Reads, decides, writes, tells.
    fn round(&mut self) {
        self.collect();
        let now = self.now();
        let mut loose = Vec::new();
        for (uuid, _) in self.gpus.cards() {
            if let Some(sample) = self.gpus.sample(uuid) {
                self.node.see(uuid, sample, now);
                if sample.persistent == Some(false) && self.config.persistent {
                    loose.push(Task::Persist(uuid));
                }
            }
        }
        let caps = self.node.due(now).into_iter().map(Task::Cap);
        let clocks = self.node.clocks_due(now).into_iter().map(|(uuid, clock)| Task::Clock(uuid, clock));
        if self.persisted.is_some_and(|at| now.since(at) < PERSIST_EVERY) {
            loose.clear();
        } else if !loose.is_empty() {
            self.persisted = Some(now);
        }
        let all = loose.into_iter().chain(caps).chain(clocks);
        let due: Vec<_> = all.filter(|task| !self.is_pending(*task)).collect();
        if !due.is_empty() {
            // What was before us is on disk before it is changed. A disk that fails stops no fall; it is said.
            let _ = self.save();
        }
        for task in due {
            if let Ok(asked) = self.gpus.ask(task.uuid(), task.wish()) {
                self.tried(task, now);
                self.pending.push((task, asked, now));
            }
        }
        // What was written is ours from now on, over a restart too.
        let _ = self.save();
        self.tell();
        if self.reported.is_none_or(|at| now.since(at) >= self.config.report_every) {
            self.reported = Some(now);
            let report = Arc::new(self.report(now, true));
            self.reports.send_replace(report);
        }
    }

    /// When a report was said.
    fn said(&self, report: u64) -> Option<Mono> {
        self.said.iter().find(|(number, _)| *number == report).map(|(_, at)| *at)
    }

    fn is_pending(&self, task: Task) -> bool {
        let kind = std::mem::discriminant::<Task>;
        let same = |of: &Task| of.uuid() == task.uuid() && kind(of) == kind(&task);
        self.pending.iter().any(|(of, _, _)| same(of))
    }

    /// It was written, and nobody knows yet what came of it.
    fn tried(&mut self, task: Task, now: Mono) {
        match task {
            Task::Cap(write) => self.node.failed(&write, now),
            Task::Clock(uuid, clock) => self.node.clocked((uuid, clock), false, now),
            Task::Persist(_) => {}
        }
    }

    /// What became of what was asked.
    fn collect(&mut self) {
        let now = self.now();
        let deadline = self.config.nvml.deadline;
        for (task, asked, since) in std::mem::take(&mut self.pending) {
            let answer = asked.answer().or_else(|| (now.since(since) > deadline).then(|| asked.give_up()));
            match (answer, task) {
                (None, _) => self.pending.push((task, asked, since)),
                (Some(Ok(applied)), Task::Cap(write)) => {
                    self.refused.remove(&write.uuid);
                    tracing::debug!(gpu = %write.uuid, cap = %write.limit, "a cap is written");
                    self.node.wrote(&write, &applied.limits, applied.at);
                }
                (Some(Ok(applied)), Task::Clock(uuid, clock)) => self.node.clocked((uuid, clock), true, applied.at),
                (Some(Ok(_)), Task::Persist(gpu)) => tracing::info!(%gpu, "its driver stays loaded now"),
                (Some(Err(error)), _) => {
                    let why = error.to_string();
                    if self.refused.get(&task.uuid()) != Some(&why) {
                        tracing::warn!(gpu = %task.uuid(), ?task, why, "it is not written");
                        self.refused.insert(task.uuid(), why);
                    }
                    self.tried(task, now);
                }
            }
        }
    }

    fn save(&mut self) -> Result<(), String> {
        let saved = self.keep.save(&self.node.memory()).map_err(|e| e.to_string());
        match (&saved, &self.unsaved) {
            (Err(why), None) => {
                tracing::error!(
                    why,
                    "what limits were before us cannot be saved: after a restart they may not be restored"
                );
            }
            (Ok(()), Some(_)) => tracing::info!("what limits were before us is saved again"),
            (Ok(()), None) | (Err(_), Some(_)) => {}
        }
        self.unsaved = saved.as_ref().err().cloned();
        saved
    }

    fn tell(&mut self) {
        for (gpu, news) in self.node.news() {
            match news {
                News::Expired => {
                    tracing::warn!(%gpu, "its lease is over: it goes to the lower of its cap and the fail-safe")
                }
                News::Lowered { to, from } => tracing::warn!(
                    %gpu, %to, %from,
                    "somebody else has lowered its limit; it is not raised until he raises it above ours (`nvidia-smi -pl`)"
                ),
                News::Raised { to, from } => {
                    tracing::error!(%gpu, %to, %from, "somebody else has raised its limit; ours is set again");
                }
                News::GivenBack => tracing::info!(%gpu, "whoever had lowered its limit has raised it again"),
                News::DriverAnew => tracing::warn!(%gpu, "the driver has started anew; its limit is set again"),
                News::Contended { enforced, wanted } => {
                    tracing::error!(%gpu, %enforced, %wanted, "a cap was written and is not enforced");
                }
                News::Kept => tracing::info!(%gpu, "its cap is enforced again"),
            }
        }
    }

    /// What the node says; with `afresh` means and peaks begin anew.
    fn report(&mut self, now: Mono, afresh: bool) -> NodeReport {
        self.sequence = self.sequence.saturating_add(1);
        if self.said.len() == REMEMBERED {
            self.said.pop_front();
        }
        self.said.push_back((self.sequence, now));
        let driver = self.gpus.driver();
        NodeReport {
            node: self.config.node.clone(),
            seq: self.sequence,
            driver: driver.version,
            why: driver.why,
            gpus: self.node.report(now, afresh),
        }
    }
}
