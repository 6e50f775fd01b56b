//! The half that works: reads, takes grants, writes caps, says how it is. One thread decides; wires hand it what they hear.
//!
//! ```text
//!   socket, broker ── Ask ──▶ this thread ── Asked ──▶ one thread a GPU ──▶ NVML
//!                    ◀─ answer ─┘ │││ └── every report ──▶ who listens
//!                                 ││└── a byte a round ──▶ who watches us
//!                                 │└── the memory ──▶ one thread ──▶ the disk
//! ```
//!
//! What rises waits until it is on disk what it was before; what falls waits for a moment only, for a disk that hangs must not keep a GPU up.

mod tell;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use plant::gpu::Uuid;
use plant::lease::{Grant, Grants, NodeReport, Taken};
use plant::time::{Mono, Span, Wall};
use tell::tell;
use tokio::sync::{oneshot, watch};

use super::config::Config;
use super::failsafe::{self, Outcome, Plan};
use super::memory::{Keep, Saved, Saver};
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

/// How long what falls waits for the disk (s), and what is left when this process ends.
const WAITS: (Duration, Duration) = (Duration::from_millis(250), Duration::from_millis(500));

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

    /// More may be drawn afterwards.
    const fn rises(self) -> bool {
        match self {
            Self::Cap(write) => !write.lowers,
            Self::Clock(_, clock) => clock.is_none(),
            Self::Persist(_) => false,
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
    saver: Saver,
    /// How far the disk is, so that it is said once.
    saved: Saved,
    /// Who waits until something is on disk.
    owed: Vec<(u64, oneshot::Sender<Result<(), String>>)>,
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
        let (mut keep, memory) = Keep::open(&config.state_file)?;
        let saver = Saver::start(move |memory| keep.save(memory))?;
        let gpus = Gpus::open(config.nvml.clone(), Arc::clone(&stamp))?;
        let node = Node::remembered(config.bounds, &memory);
        let nothing = NodeReport { node: config.node.clone(), seq: 0, driver: None, why: None, gpus: Vec::new() };
        let reports = watch::channel(Arc::new(nothing)).0;
        Ok(Self {
            config,
            gpus,
            node,
            saver,
            saved: Saved::All,
            owed: Vec::new(),
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
    pub fn fall(&mut self, within: Duration) -> Outcome {
        let memory = self.node.memory(&[]);
        let mut outcome = Outcome::default();
        if !memory.released {
            outcome = failsafe::write(&self.gpus, &Plan::of(&self.config, Some(&memory)), within);
        }
        let number = self.saver.hand(memory);
        drop(self.saver.settled(number, WAITS.1));
        outcome
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
            Ask::Release(released, to) => {
                if released {
                    self.node.release();
                } else {
                    self.node.take(now);
                }
                let number = self.save(&[], Duration::ZERO);
                self.owed.push((number, to));
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
        self.write(due, now);
        self.pay();
        tell(&mut self.node);
        if self.reported.is_none_or(|at| now.since(at) >= self.config.report_every) {
            self.reported = Some(now);
            let report = Arc::new(self.report(now, true));
            self.reports.send_replace(report);
        }
    }

    /// Writes what is due, once the disk knows what was before it. A disk that fails stops nothing; one that hangs stops what rises.
    fn write(&mut self, due: Vec<Task>, now: Mono) {
        let caps = |task: &Task| match task {
            Task::Cap(write) => Some(*write),
            Task::Clock(..) | Task::Persist(_) => None,
        };
        let next: Vec<Write> = due.iter().filter_map(caps).collect();
        // One that was late already is not waited for again.
        let waits = if due.is_empty() || self.saved == Saved::Late { Duration::ZERO } else { WAITS.0 };
        self.save(&next, waits);
        for task in due {
            if task.rises() && self.saved == Saved::Late {
                continue;
            }
            if let Ok(asked) = self.gpus.ask(task.uuid(), task.wish()) {
                match task {
                    Task::Cap(write) => self.node.asked(&write, now),
                    Task::Clock(..) | Task::Persist(_) => self.tried(task, now),
                }
                self.pending.push((task, asked, now));
            }
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

    /// It was tried, and nobody knows that it is done.
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

    /// Hands over to the disk what must be remembered, and waits for so long; its number.
    fn save(&mut self, next: &[Write], within: Duration) -> u64 {
        let number = self.saver.hand(self.node.memory(next));
        // Before anything is waited for a disk is taken to be as it was.
        let saved = match self.saver.settled(number, within) {
            Saved::Late if within.is_zero() => self.saved.clone(),
            saved @ (Saved::All | Saved::Late | Saved::Failed(_)) => saved,
        };
        match (&saved, &self.saved) {
            (Saved::Failed(why), Saved::All | Saved::Late) => {
                tracing::error!(
                    why,
                    "what limits were before us cannot be saved: after a restart they may not be restored"
                );
            }
            (Saved::Late, Saved::All | Saved::Failed(_)) => {
                tracing::error!(
                    "the disk does not take what limits were before us: what falls does, and nothing rises"
                );
            }
            (Saved::All, Saved::Failed(_) | Saved::Late) => {
                tracing::info!("what limits were before us is saved again");
            }
            (Saved::All, Saved::All) | (Saved::Late, Saved::Late) | (Saved::Failed(_), Saved::Failed(_)) => {}
        }
        self.saved = saved;
        number
    }

    /// Answers those whose word is on disk, or will not be.
    fn pay(&mut self) {
        let saver = &self.saver;
        let (late, done) = std::mem::take(&mut self.owed)
            .into_iter()
            .map(|(number, to)| (saver.settled(number, Duration::ZERO), number, to))
            .partition::<Vec<_>, _>(|(saved, ..)| *saved == Saved::Late);
        self.owed = late.into_iter().map(|(_, number, to)| (number, to)).collect();
        for (saved, _, to) in done {
            let _ = to.send(match saved {
                Saved::Failed(why) => Err(why),
                Saved::All | Saved::Late => Ok(()),
            });
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
