//! Leases for people and programs who ask.

use std::collections::BTreeSet;

use plant::time::Wall;
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::Ledger;
pub use super::exceeded::{PlaceView, ShareView};
use super::lease::{GRACE, Lease, Life};
use super::message::{Class, Flex, OnExpiry};
use super::notices::{Notice, Tidings};
use super::recover::Recovery;
use super::reply::{Answered, Why};
use super::tree::Place;
use super::waiting::Waiting;
use crate::control::term::later;

/// A lease as its client is told. Instants are milliseconds since 1970, UTC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeaseView {
    /// Its name.
    pub lease_id: String,
    /// Whose.
    pub client: String,
    /// The request that asked for it.
    pub request: String,
    /// Its job.
    pub job: String,
    /// `waiting`, `held`, `grace`, `leaving`, `floored`, `kept`.
    pub state: String,
    /// The generation of the controller.
    pub epoch: u64,
    /// Counts its changes.
    pub seq: u64,
    /// Its steps: from when on (ms), and what it may draw (W).
    pub schedule: Vec<(i64, f64)>,
    /// When it is over (ms); nothing for one that is given back.
    pub end_ms: Option<i64>,
    /// What it is not brought below but in an emergency (W).
    pub floor_w: f64,
    /// How long it lives without a renewal (s).
    pub ttl_s: f64,
    /// Until when (ms), for information: the controller counts by a clock of its own.
    pub expires_ms: i64,
    /// Renew it after so long (s).
    pub renew_after_s: f64,
    /// How long it may still be renewed when it is over (s).
    pub grace_s: f64,
    /// The notice that it is promised (s).
    pub notice_s: f64,
    /// What its client does when it is over.
    pub on_expiry: OnExpiry,
    /// Lower is more important.
    pub priority: i32,
    /// What it may draw now (W).
    pub may_w: f64,
    /// What it wants, while it waits (W).
    pub wants_w: Option<f64>,
    /// What it waits for; nothing for one that does not.
    pub waits_for: Option<Why>,
    /// The window that it names, while it waits.
    pub window: Option<String>,
    /// For how long it has waited (s).
    pub waited_s: Option<f64>,
    /// When it may begin (ms), where that is known and not yet.
    pub start_ms: Option<i64>,
    /// By when its job shall be done (ms), where it says that and how long it lasts.
    pub deadline_ms: Option<i64>,
    /// When its job is done where it has all that it wants from now on (ms).
    pub done_ms: Option<i64>,
    /// Its job will not be done by its deadline, as far as is known.
    pub late: bool,
    /// Its client has said that it cannot do what it was told.
    #[serde(default)]
    pub cannot: bool,
    /// Its client had not answered that it is lowered when that was to be enforced, and is not waited for.
    #[serde(default)]
    pub unanswered: bool,
    /// What the broker keeps of it besides; for nobody else.
    #[serde(skip)]
    pub rest: Option<Rest>,
}

/// What the broker must keep of a lease besides what its client is told, so that it can be taken up again where our own store is lost.
#[derive(Clone, Debug, PartialEq)]
pub struct Rest {
    /// Where, and what share of its power is drawn there (1).
    pub places: Vec<(Place, f64)>,
    /// What may be done to it.
    pub class: Class,
    /// How it bends.
    pub flex: Flex,
    /// What is kept for each of its watts (1, from 1).
    pub kept: f64,
}

/// A lost store is taken up again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecoveringView {
    /// For how long leases that the broker had kept may still be renewed (s); nothing while nobody has looked what it keeps.
    pub left_s: Option<f64>,
    /// How many leases nobody has renewed yet.
    pub unrenewed: usize,
}

/// The ledger, with the notices since a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LedgerView {
    /// The generation of the controller.
    pub epoch: u64,
    /// What time it is, or is reckoned to be (ms).
    pub at_ms: i64,
    /// Every lease that a client knows by its name.
    pub leases: Vec<LeaseView>,
    /// Requests that wait.
    pub waiting: Vec<LeaseView>,
    /// Notices, each with whose it is and the request that made its lease.
    pub notices: Vec<(String, String, Notice)>,
    /// Racks in which leases are charged, and feeds that a client has alone, or where still too much is drawn.
    pub places: Vec<PlaceView>,
    /// What requests that waited were answered, of those that have been since the number.
    pub answers: Vec<Answered>,
    /// The number of the last notice.
    pub last: u64,
    /// What was known of leases is lost, and taken up again from what the broker has kept; nothing where it is not.
    pub recovering: Option<RecoveringView>,
}

impl Ledger {
    /// A lease as its client is told.
    #[must_use]
    pub fn view(&self, of: &Lease, waits: Option<&Waiting>) -> LeaseView {
        let now = self.now();
        let it_waits = waits.is_some();
        let state = match of.life {
            Life::Held if it_waits => "waiting",
            Life::Held => "held",
            Life::Grace { .. } => "grace",
            Life::Leaving { .. } => "leaving",
            Life::Floored { .. } => "floored",
            Life::Kept { .. } => "kept",
        };
        LeaseView {
            lease_id: of.id.to_string(),
            client: of.client.clone(),
            request: of.request.clone(),
            job: of.job.clone(),
            state: state.to_owned(),
            epoch: self.epoch(),
            seq: of.seq,
            schedule: if it_waits { Vec::new() } else { schedule(of, now) },
            end_ms: of.end.map(|end| end.0),
            floor_w: of.floor,
            ttl_s: of.ttl.seconds(),
            expires_ms: later(now, of.term.remaining(self.last_tick())).0,
            renew_after_s: of.ttl.seconds() / 3.0,
            grace_s: GRACE.seconds(),
            notice_s: of.notice.seconds(),
            on_expiry: of.on_expiry,
            priority: of.priority,
            may_w: if it_waits { 0.0 } else { of.may(now) },
            wants_w: waits.map(|of| of.power.wanted),
            waits_for: waits.map(|of| of.why),
            window: waits.and_then(|of| of.inside.as_ref()).map(|of| of.window.clone()),
            waited_s: waits.map(|of| of.waited(self.lived()).seconds()),
            start_ms: waits.and_then(|of| of.planned).map(|at| at.0),
            deadline_ms: of.due.map(|due| due.by.0),
            done_ms: of.due.and_then(|due| due.done()).map(|at| at.0),
            late: of.due.is_some_and(|due| due.late),
            cannot: self.refuses(of.id),
            unanswered: of.is_silent(),
            rest: Some(Rest { places: of.places.clone(), class: of.class, flex: of.flex, kept: of.kept }),
        }
    }

    /// How many leases clients have, how many requests wait, and what all leases may draw now.
    #[must_use]
    pub fn brief(&self) -> (usize, usize, Watts) {
        let now = self.now();
        let live = || self.leases().filter(|of| of.is_live());
        (live().count(), self.waits().count(), live().map(|of| Watts(of.may(now))).sum())
    }

    /// How many jobs will not be done by their deadlines, as far as is known, those that wait among them.
    #[must_use]
    pub fn late(&self) -> usize {
        self.leases()
            .filter(|of| of.is_live())
            .chain(self.waits())
            .filter(|of| of.due.is_some_and(|due| due.late))
            .count()
    }

    fn recovering(&self) -> Option<RecoveringView> {
        let left_s = match self.recovery() {
            Recovery::Read => return None,
            Recovery::Unread { .. } => None,
            Recovery::Waits { left, .. } => Some(left.seconds()),
        };
        Some(RecoveringView { left_s, unrenewed: self.unrenewed() })
    }

    /// All of it, with the notices since a number; racks and feeds by what they are called.
    #[must_use]
    pub fn show<'n>(&self, since: u64, name: impl Fn(Place) -> &'n str) -> LedgerView {
        let told = |of: &Notice| {
            let (client, request) = self.whose(of.lease)?;
            Some((client.to_owned(), request.to_owned(), *of))
        };
        // Each answer once, however many of its items have one by now.
        let waited = self.notices().since(since).filter(|of| of.tidings == Tidings::Answered);
        let waited = waited.filter_map(|of| self.whose(of.lease));
        let mut once = BTreeSet::new();
        let waited = waited.filter(|of| once.insert(*of));
        LedgerView {
            epoch: self.epoch(),
            at_ms: self.now().0,
            leases: self.leases().filter(|of| of.is_live()).map(|of| self.view(of, None)).collect(),
            waiting: self.waiting().map(|of| self.view(&of.lease, Some(of))).collect(),
            notices: self.notices().since(since).filter_map(told).collect(),
            places: self.places(name),
            answers: waited.filter_map(|(client, request)| self.again(client, request)).collect(),
            last: self.notices().last(),
            recovering: self.recovering(),
        }
    }
}

/// What is left of its steps, as they are after what it has been brought down to.
fn schedule(of: &Lease, now: Wall) -> Vec<(i64, f64)> {
    let begun = of.steps.iter().rev().find(|step| step.start <= now).map(|step| step.start);
    let begun = match of.life {
        Life::Held | Life::Grace { .. } | Life::Kept { .. } => begun,
        Life::Leaving { .. } | Life::Floored { .. } => Some(now),
    };
    let cut = of.cut.map(|cut| cut.from);
    let ahead = of.steps.iter().map(|step| step.start).filter(|start| *start > now);
    let mut turns: Vec<Wall> = begun.into_iter().chain(ahead).chain(cut).chain(of.end).collect();
    turns.sort_unstable();
    turns.dedup();
    let since = begun.unwrap_or(now);
    let mut all: Vec<(i64, f64)> = turns.into_iter().filter(|at| *at >= since).map(|at| (at.0, of.may(at))).collect();
    all.dedup_by_key(|(_, watts)| watts.to_bits());
    all
}
