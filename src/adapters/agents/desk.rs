//! Where agents' reports lie until a scan takes them, and a scan's caps until they are sent.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plant::hall::Hall;
use plant::image::{Inputs, Outputs};
use plant::lease::NodeReport;
use plant::lease::seen::Cap;
use plant::time::Mono;
use tokio::sync::watch;

use crate::adapters::Stamp;

/// What the scan and the line share. The lock is held for work in memory only.
pub struct Desk {
    hall: Arc<Hall>,
    stamp: Stamp,
    nodes: HashMap<String, usize>,
    state: Mutex<State>,
    news: watch::Sender<u64>,
    pub(super) counters: Counters,
}

#[derive(Default)]
struct State {
    heard: Vec<Option<Heard>>,
    caps: Vec<Cap>,
    /// Nodes that are not what the hall's file says, by what their agents say of themselves, or of their boards.
    differ: BTreeMap<(usize, By), String>,
    /// Nodes whose agents are asked at their sockets: the broker's word of them does not count.
    here: Vec<bool>,
}

/// What tells that a node is not what the hall's file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum By {
    /// What its agent says of itself.
    State,
    /// What it reports of its boards.
    Report,
}

/// A node's newest report.
#[derive(Clone)]
pub(super) struct Heard {
    pub report: Arc<NodeReport>,
    pub at: Mono,
    /// No scan has taken it yet.
    new: bool,
}

/// Counts as the tasks keep them.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub connected: AtomicBool,
    pub reports: AtomicU64,
    pub stale: AtomicU64,
    pub unknown: AtomicU64,
    pub malformed: AtomicU64,
    pub grants: AtomicU64,
    pub unsent: AtomicU64,
}

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The broker has accepted us and the connection stands, or an agent on this machine answers.
    pub connected: bool,
    /// Reports that were taken.
    pub reports: u64,
    /// Reports that the broker had kept: nobody knows their age, and they were dropped.
    pub stale: u64,
    /// Messages of nodes that the hall's file does not name.
    pub unknown: u64,
    /// Messages that are no report, or another node's.
    pub malformed: u64,
    /// Messages with grants that were given to the broker.
    pub grants: u64,
    /// And that were not, because the line was full or gone.
    pub unsent: u64,
}

impl Desk {
    /// A desk on which nothing lies.
    #[must_use]
    pub fn new(hall: &Arc<Hall>, stamp: Stamp) -> Arc<Self> {
        let nodes = hall.power.nodes.iter().enumerate().map(|(n, node)| (node.name.clone(), n)).collect();
        let state = State {
            heard: vec![None; hall.power.nodes.len()],
            caps: Vec::with_capacity(hall.power.gpus()),
            differ: BTreeMap::new(),
            here: vec![false; hall.power.nodes.len()],
        };
        Arc::new(Self {
            hall: Arc::clone(hall),
            stamp,
            nodes,
            state: Mutex::new(state),
            news: watch::Sender::new(0),
            counters: Counters::default(),
        })
    }

    /// Puts what nodes have said since the last scan into its image. Allocates nothing.
    pub fn freeze(&self, inputs: &mut Inputs) {
        let mut state = self.lock();
        for (node, heard) in state.heard.iter_mut().enumerate() {
            if let Some(heard) = heard.as_mut().filter(|heard| heard.new) {
                heard.new = false;
                inputs.hear(&self.hall, node, &heard.report, heard.at);
            }
        }
    }

    /// Takes the caps of a scan. Allocates nothing; [`Desk::ring`] sends them.
    pub fn put(&self, outputs: &Outputs) {
        let caps = &mut self.lock().caps;
        caps.clear();
        caps.extend_from_slice(&outputs.caps);
    }

    /// Says that there are caps to be sent. Never waits.
    pub fn ring(&self) {
        self.news.send_modify(|scan| *scan = scan.wrapping_add(1));
    }

    /// Counts since the start.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let of = |counter: &AtomicU64| counter.load(Ordering::Acquire);
        let c = &self.counters;
        Counts {
            connected: c.connected.load(Ordering::Relaxed) || self.lock().here.contains(&true),
            reports: of(&c.reports),
            stale: of(&c.stale),
            unknown: of(&c.unknown),
            malformed: of(&c.malformed),
            grants: of(&c.grants),
            unsent: of(&c.unsent),
        }
    }

    pub(super) fn hall(&self) -> &Hall {
        &self.hall
    }

    pub(super) fn now(&self) -> Mono {
        (self.stamp)()
    }

    /// The place of a node that the hall's file names.
    pub(super) fn node(&self, name: &str) -> Option<usize> {
        self.nodes.get(name).copied()
    }

    /// A node has spoken. Whether that is newer than what it said before is for the scan's image to say.
    pub(super) fn hear(&self, node: usize, report: NodeReport) {
        let at = self.now();
        if let Some(place) = self.lock().heard.get_mut(node) {
            *place = Some(Heard { report: Arc::new(report), at, new: true });
        }
    }

    /// Tells when a scan has put caps here.
    pub(super) fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// The caps of the newest scan.
    pub(super) fn caps(&self, into: &mut Outputs) {
        into.caps.clone_from(&self.lock().caps);
    }

    /// A node's agent is asked at its socket from now on (true), or not any more.
    pub(super) fn ask_here(&self, node: usize, here: bool) {
        self.lock().here.get_mut(node).into_iter().for_each(|of| *of = here);
    }

    /// True where a node's agent is asked at its socket.
    pub(super) fn is_here(&self, node: usize) -> bool {
        self.lock().here.get(node) == Some(&true)
    }

    /// How a node differs from what the hall's file says, if it does. True where that was not known, and whether the first does (true) or none does
    /// any more.
    pub(super) fn differs(&self, what: (usize, By), say: Option<&str>) -> (bool, Option<bool>) {
        let differ = &mut self.lock().differ;
        let before = differ.is_empty();
        let known = differ.get(&what).map(String::as_str) == say;
        match say {
            Some(say) if !known => drop(differ.insert(what, say.to_owned())),
            Some(_) => {}
            None => drop(differ.remove(&what)),
        }
        (!known, (differ.is_empty() != before).then_some(before))
    }

    /// What a node said last.
    pub(super) fn heard(&self, node: usize) -> Option<Heard> {
        self.lock().heard.get(node).cloned().flatten()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("nodes", &self.nodes.len()).finish_non_exhaustive()
    }
}
