//! One job of a simulated scheduler.

use std::sync::Arc;

use plant::convert;
use plant::time::{Span, Tick, Wall};
use sim::World;
use sim::compute::arrivals::Arrival;
use sim::compute::job::Kind;
use sim::scenario::batch::{Batch, Bends};
use wattloop::control::ledger::message::{Accept, Class, Flex, LeaseId, Named, OnExpiry, Op, Power, Times, Wish};
use wattloop::control::ledger::notices::{Cause, Tidings};
use wattloop::control::ledger::reply::{Answered, Code};
use wattloop::control::ledger::tree::Place;
use wattloop::control::ledger::view::LedgerView;

/// How long its leases live, and how often it renews them.
const TTL: Span = Span::from_secs(300);
const RENEWS: f64 = 100.0;

/// What became of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its deadline is to come.
    Running,
    /// Done by its deadline.
    Kept,
    /// Not done by then, and told before.
    Told,
    /// Not done by then, and not told.
    Silent,
}

/// How often jobs were told that they draw less.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cuts {
    /// Lowered or paused by who needed their power.
    pub lowered: u64,
    /// Paused by a plan.
    pub paused: u64,
}

/// A job.
pub struct Job {
    of: Arc<Batch>,
    racks: Vec<usize>,
    nodes: Vec<usize>,
    /// What it wants (W).
    watts: f64,
    begin: Wall,
    by: Wall,
    lease: Option<LeaseId>,
    /// By what the world knows it while it runs.
    slot: Option<usize>,
    /// What is left of its work (s).
    left: f64,
    /// For how long it still asks (s).
    asks: f64,
    /// That it will not be done in time was told.
    told: bool,
    /// From when on it was lowered last: that may be told again.
    cut: Option<Wall>,
    renews: f64,
    outcome: Outcome,
}

impl Job {
    /// Before it comes, on these racks and nodes, with so much (W).
    pub fn new(of: Arc<Batch>, (racks, nodes): (Vec<usize>, Vec<usize>), watts: f64, start: Wall) -> Self {
        let at = |span: Span| Wall(start.0.saturating_add(i64::try_from(span.millis()).unwrap_or(i64::MAX)));
        Self {
            begin: at(of.at),
            by: at(of.deadline),
            left: of.work.seconds(),
            asks: of.asks.seconds(),
            of,
            racks,
            nodes,
            watts,
            lease: None,
            slot: None,
            told: false,
            cut: None,
            renews: 0.0,
            outcome: Outcome::Running,
        }
    }

    /// The nodes that are its own.
    pub fn nodes(&self) -> &[usize] {
        &self.nodes
    }

    /// This has become of it.
    pub fn is(&self, outcome: Outcome) -> bool {
        self.outcome == outcome
    }

    /// Hears what it was told, and counts how often it was lowered.
    pub fn hear(&mut self, view: &LedgerView, cuts: &mut Cuts) {
        // What is told after its deadline is told too late.
        let Some(lease) = self.lease.filter(|_| view.at_ms < self.by.0) else { return };
        for (_, _, notice) in view.notices.iter().filter(|(_, _, of)| of.lease == lease) {
            match notice.tidings {
                Tidings::Late => self.told = true,
                Tidings::InTime => self.told = false,
                // What caps hold already lowers no lease.
                Tidings::Reduce | Tidings::Pause if notice.hard == notice.effective => {}
                Tidings::Reduce | Tidings::Pause if self.cut.replace(notice.effective) == Some(notice.effective) => {}
                Tidings::Pause if notice.cause == Cause::Tariff => cuts.paused += 1,
                Tidings::Reduce | Tidings::Pause => cuts.lowered += 1,
                Tidings::Stop | Tidings::Restore | Tidings::Answered | Tidings::Released => {}
            }
        }
        let outcomes = || view.answers.iter().flat_map(|of| &of.items).map(|item| item.outcome);
        if outcomes().any(|of| of.lease == Some(lease) && matches!(of.code, Code::Denied | Code::Expired)) {
            (self.told, self.lease) = (true, None);
        }
    }

    /// What it asks for now.
    pub fn due(&mut self, tick: Tick) -> Option<Op> {
        let now = tick.wall;
        if self.outcome != Outcome::Running || now < self.begin || now >= self.by {
            return None;
        }
        self.renews -= tick.dt.seconds();
        let Some(lease) = self.lease else {
            // Who was refused asks no more: it is known that it will not be done.
            return (!self.told).then(|| Op::Acquire(vec![self.wish()]));
        };
        (self.renews <= 0.0).then(|| {
            self.renews = RENEWS;
            Op::Renew { of: Named { lease, epoch: None }, ttl: None }
        })
    }

    fn wish(&self) -> Wish {
        let share = 1.0 / convert::f64_from_usize(self.racks.len().max(1));
        let long = Span::from_seconds(self.asks.max(self.left).max(1.0));
        Wish {
            places: self.racks.iter().map(|rack| (Place::Rack(*rack), share)).collect(),
            power: Power { least: self.watts, wanted: self.watts, peak: None },
            class: match self.of.bends {
                Bends::Firm => Class::Firm,
                Bends::Curtailable => Class::Curtailable,
                Bends::Interruptible => Class::Interruptible,
            },
            flex: Flex {
                floor: (self.watts * self.of.floor).floor(),
                checkpoint: self.of.checkpoint,
                ..Flex::default()
            },
            times: Times { deadline: Some(self.by), duration: Some(long), plan: self.of.plan, ..Times::default() },
            inside: None,
            priority: self.of.priority,
            accept: Accept { wait: Span::from_secs(24 * 3600), ..Accept::default() },
            ttl: Some(TTL),
            on_expiry: OnExpiry::Pause,
            job: self.of.name.clone(),
        }
    }

    /// What it was answered.
    pub fn answered(&mut self, answered: Option<&Answered>) {
        let Some(outcome) = answered.and_then(|of| of.items.first()).map(|item| item.outcome) else { return };
        match outcome.code {
            Code::Granted | Code::GrantedPartial | Code::Queued | Code::Degraded => {
                if self.lease.is_none() {
                    (self.lease, self.renews) = (outcome.lease, RENEWS);
                }
            }
            // It asks again with the next scan.
            Code::Retry | Code::Conflict => {}
            Code::Denied | Code::Expired | Code::UnknownLease | Code::Invalid => self.told |= self.lease.is_none(),
        }
    }

    /// Its nodes work with what it may draw; what is left where it is done, or its lease is over.
    pub fn work(&mut self, view: &LedgerView, world: &mut World, (tick, dt): (Tick, Span)) -> Option<Op> {
        let name = self.lease.map(|lease| lease.to_string());
        let lives = |of: &&wattloop::control::ledger::view::LeaseView| Some(&of.lease_id) == name.as_ref();
        let may = view.leases.iter().find(lives).map(|of| of.may_w);
        let waits = view.waiting.iter().any(|of| lives(&of));
        let cluster = world.fleet_mut()?.cluster_mut();
        if let Some(slot) = self.slot {
            self.left = cluster.left_of(slot).unwrap_or(0.0);
            self.asks -= dt.seconds() * (may.unwrap_or(0.0) / self.watts).min(1.0);
        }
        let ended = self.slot.is_some() && self.left <= 0.0;
        let late = tick.wall > self.by;
        if self.outcome == Outcome::Running && (ended || late) {
            self.outcome = match (ended && !late, self.told) {
                (true, _) => Outcome::Kept,
                (false, true) => Outcome::Told,
                (false, false) => Outcome::Silent,
            };
        }
        if ended || late {
            self.slot.take().into_iter().for_each(|slot| cluster.end_led(slot, &self.nodes));
            let lease = self.lease.take()?;
            return Some(Op::Release { of: Named { lease, epoch: None } });
        }
        let Some(may) = may else {
            if !waits {
                self.pause(cluster);
                self.lease = None;
            }
            return None;
        };
        let length = self.left;
        let begin =
            || cluster.begin_led(Arrival { submit: 0.0, nodes: self.nodes.len(), length, kind: Kind::Training });
        self.slot = self.slot.or_else(begin);
        let count = convert::f64_from_usize(self.nodes.len());
        let working = convert::usize_from_u64(convert::u64_from_f64_rounded((count * may / self.watts + 1e-9).floor()));
        self.slot.into_iter().for_each(|slot| cluster.lead(slot, &self.nodes, working));
        None
    }

    /// None of its nodes works.
    fn pause(&self, cluster: &mut sim::compute::cluster::Cluster) {
        self.slot.into_iter().for_each(|slot| cluster.lead(slot, &self.nodes, 0));
    }
}
