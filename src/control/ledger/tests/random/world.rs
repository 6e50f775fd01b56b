//! A ledger that is written to a disk: snapshots, what was done since, and kills that lose what no answer has waited for.

use plant::id::FeedId;
use plant::time::{Mono, Span, Tick, Wall};
use plant::units::Watts;

use super::super::rig::Rig;
use super::Bounds;
use super::known::Known;
use crate::control::ledger::lease::Lease;
use crate::control::ledger::message::{Message, Op};
use crate::control::ledger::reply::Answered;
use crate::control::ledger::{Ledger, Milli, Rules, Tenant, tail};

/// What was done since the last snapshot, in order.
#[derive(Clone)]
enum Done {
    Heard(Message, Tick),
    Passed(Tick),
    /// With a clock that may be wrong, after a break that nobody knows the length of, or not.
    Started(Tick, bool),
    Flows(usize, Option<f64>),
    Limit(usize, Option<f64>),
}

/// All of it.
pub struct World {
    pub rig: Rig,
    pub known: Known,
    /// What was said.
    pub said: Vec<Message>,
    /// The ledger as it was written, with what was around it.
    snapshot: (Vec<u8>, Vec<Option<f64>>, Vec<Option<f64>>),
    done: Vec<Done>,
    /// So much of it is on disk for sure: what was done before the last answer. What was known then, and the ledger.
    sure: (usize, Known, Ledger),
    /// The ledger as it was read from the disk by the last start.
    read: Option<Ledger>,
}

impl World {
    pub fn new(of: Bounds) -> Self {
        let tenants = vec![Tenant::plain("slurm"), Tenant::plain("kueue")];
        let mut rules = Rules { tenants, margin: of.margin, cooling: of.cooling, ..Rules::default() };
        let pdu = Rig::of(rules.clone()).feed("pdu-a1");
        (rules.tenants[0].share, rules.tenants[0].floors) = (of.first.0, vec![(pdu, Watts(of.first.1))]);
        rules.tenants[1].most = of.second.map(Watts);
        let rig = Rig::of(rules);
        let sure = (0, Known::default(), rig.ledger.clone());
        let (said, done, snapshot) = (Vec::new(), Vec::new(), Default::default());
        let mut world = Self { rig, known: Known::default(), said, snapshot, done, sure, read: None };
        world.write();
        world
    }

    /// A snapshot, and all before it, is on disk.
    pub fn write(&mut self) {
        let bytes = postcard::to_stdvec(&self.rig.ledger).expect("writes");
        self.snapshot = (bytes, self.rig.loads.clone(), self.rig.limits.clone());
        self.done.clear();
        self.commit();
    }

    fn commit(&mut self) {
        self.sure = (self.done.len(), self.known.clone(), self.rig.ledger.clone());
    }

    /// Says something, and hears the answer once it is on disk.
    pub fn say(&mut self, message: &Message) {
        let answered = self.hear(message);
        self.room(message, &answered);
        let now = self.rig.tick.wall;
        self.known.hears(&self.rig, (message, now, false), &answered);
        self.commit();
    }

    fn hear(&mut self, message: &Message) -> Answered {
        self.done.push(Done::Heard(message.clone(), self.rig.tick));
        self.rig.hear(message)
    }

    /// Where something was lent there is room for it, beside all that flows and is nobody's, and the margin.
    fn room(&self, message: &Message, answered: &Answered) {
        let (rig, tail) = (&self.rig, tail(&self.rig.ground.rules));
        let lent = |id| rig.ledger.leases().find(|of| of.id == id && of.request == message.request && of.seq == 1);
        let new = answered.items.iter().filter_map(|item| item.outcome.lease).filter_map(lent);
        // What was asked before is no new promise.
        let again = self.said.iter().any(|of| of.request == message.request);
        for lease in new.filter(|_| matches!(message.op, Op::Acquire(_)) && !again) {
            let charges = |at: &Wall| lease.charged(*at, rig.ledger.now(), tail) > 0.0;
            for at in instants(rig).into_iter().filter(charges) {
                for (feed, _) in &lease.weights {
                    let all = rig.ledger.reserved(*feed, at, tail).and(rig.ledger.unleased(*feed));
                    let usable = rig.ground.usable(rig.limit_of(*feed));
                    assert!(all <= usable, "{} at {at:?}: {all:?} of {usable:?}", lease.id);
                    self.his_own((lease, *feed), at, tail);
                }
            }
        }
    }

    /// Who is lent something has no more of a feed than he may, nor in all, and what is kept for others stays theirs.
    fn his_own(&self, (lease, feed): (&Lease, FeedId), at: Wall, tail: Span) {
        let (rig, now) = (&self.rig, self.rig.ledger.now());
        let of = |client: &str, feed: Option<FeedId>| {
            let all = rig.ledger.leases().filter(|of| of.client == client);
            let weight = |of: &Lease| feed.map_or(Some(1.0), |feed| of.weight(feed));
            all.filter_map(|of| Some(Milli::of(of.charged(at, now, tail), weight(of)?))).fold(Milli::ZERO, Milli::and)
        };
        let (whose, tenant) = rig.ground.tenant(&lease.client).expect("a tenant");
        let share = Milli::limit(Watts(rig.limit_of(feed).watts().0 * tenant.share));
        assert!(of(&lease.client, Some(feed)) <= share, "{} has more than his share", lease.client);
        assert!(tenant.most.is_none_or(|most| of(&lease.client, None) <= Milli::limit(most)), "{}", lease.client);
        let names = rig.ground.rules.tenants.iter().map(|tenant| tenant.name.as_str()).enumerate();
        let kept =
            names.filter(|(n, _)| *n != whose).map(|(n, name)| of(name, Some(feed)).max(rig.ground.floor(n, feed)));
        let all = kept.fold(of(&lease.client, Some(feed)), Milli::and).and(rig.ledger.unleased(feed));
        let usable = rig.ground.usable(rig.limit_of(feed));
        assert!(all <= usable, "{} at {at:?}: {all:?} of {usable:?} with what is kept", lease.id);
    }

    pub fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.rig.pass(1);
            self.done.push(Done::Passed(self.rig.tick));
            self.known.look(&self.rig);
        }
    }

    pub fn flows(&mut self, name: &str, watts: Option<f64>) {
        self.rig.load(name, watts);
        let feed = self.rig.feed(name);
        self.done.push(Done::Flows(plant::id::Id::index(feed), watts));
    }

    pub fn limit(&mut self, name: &str, watts: Option<f64>) {
        self.rig.limit(name, watts);
        let feed = self.rig.feed(name);
        self.done.push(Done::Limit(plant::id::Id::index(feed), watts));
    }

    /// Stopped, with all of it on disk, and started in a new boot, after so long or nobody knows.
    pub fn restart(&mut self, gone: Option<u64>) {
        self.commit();
        let doubted = gone.is_none() || !self.rig.tick.clock_trusted;
        self.rig.restart(gone);
        if doubted {
            self.known.doubts(&self.rig);
        }
        self.known.look(&self.rig);
        self.write();
    }

    /// Killed: up to so much of what was done since the last answer is lost. Started after so long, in the same boot or another one.
    pub fn kill(&mut self, lost: usize, (gone, boot): (u64, bool)) {
        self.fall(lost);
        self.start(gone, boot);
        self.known.look(&self.rig);
    }

    /// Killed while somebody waits for his answer: what he asked is on disk, or not. He asks again.
    pub fn kill_asking(&mut self, message: &Message, written: bool, (gone, boot): (u64, bool)) {
        let said = self.rig.tick.wall;
        self.hear(message);
        if written {
            self.sure.0 = self.done.len();
        }
        self.fall(if written { 0 } else { usize::MAX });
        let doubted = self.start(gone, boot);
        let answered = self.hear(message);
        self.known.hears(&self.rig, (message, said, doubted), &answered);
        self.said.push(message.clone());
        self.commit();
    }

    /// What was done is done again from the snapshot on, but for so much of the end.
    fn fall(&mut self, lost: usize) {
        let (tick, loads, limits) = (self.rig.tick, self.rig.loads.clone(), self.rig.limits.clone());
        let before = self.rig.ledger.clone();
        let (at, known, _) = self.sure.clone();
        let lost = lost.min(self.done.len() - at);
        self.done.truncate(self.done.len() - lost);
        self.rig.ledger = postcard::from_bytes(&self.snapshot.0).expect("reads");
        (self.rig.loads, self.rig.limits) = (self.snapshot.1.clone(), self.snapshot.2.clone());
        let asking = self.known.clone();
        self.known = known;
        for (n, done) in self.done.clone().into_iter().enumerate() {
            self.again(&done);
            // What flows says nothing of when.
            if n >= at && !matches!(done, Done::Flows(..) | Done::Limit(..)) {
                if matches!(done, Done::Started(_, true)) {
                    self.known.doubts(&self.rig);
                }
                self.known.look(&self.rig);
            }
        }
        if lost == 0 {
            if self.rig.ledger != before {
                let (a, b) = (format!("{before:#?}"), format!("{:#?}", self.rig.ledger));
                let differs = a.lines().zip(b.lines()).filter(|(a, b)| a != b).take(8).collect::<Vec<_>>();
                panic!("what is done again comes to another ledger: {differs:?}");
            }
            self.known = asking;
        }
        self.read = Some(self.rig.ledger.clone());
        (self.rig.tick, self.rig.loads, self.rig.limits) = (tick, loads, limits);
    }

    fn again(&mut self, done: &Done) {
        match done {
            Done::Heard(message, tick) => {
                self.rig.tick = *tick;
                self.rig.hear(message);
            }
            Done::Passed(tick) | Done::Started(tick, _) => {
                self.rig.tick = *tick;
                if matches!(done, Done::Started(..)) {
                    self.rig.ledger.restart(*tick);
                }
                self.rig.with(|ledger, around, scratch, news| ledger.step(around, (scratch, news)));
            }
            Done::Flows(feed, watts) => self.rig.loads[*feed] = *watts,
            Done::Limit(feed, watts) => self.rig.limits[*feed] = *watts,
        }
    }

    /// Starts again. True where nobody knows how long it was away.
    fn start(&mut self, gone: u64, boot: bool) -> bool {
        // What flows and what feeds may carry is not lost with what is forgotten.
        let (loads, limits) = (self.rig.loads.iter().copied().enumerate(), self.rig.limits.iter().copied().enumerate());
        self.done.extend(loads.map(|(feed, watts)| Done::Flows(feed, watts)));
        self.done.extend(limits.map(|(feed, watts)| Done::Limit(feed, watts)));
        let tick = &mut self.rig.tick;
        tick.wall = Wall(tick.wall.0 + 1000 * i64::try_from(gone).expect("small"));
        tick.mono = if boot { Mono(5_000_000_000) } else { Mono(tick.mono.0 + 1_000_000_000 * gone) };
        tick.boot += u32::from(boot);
        // A start that was lost may have been in another boot.
        let doubted = self.rig.ledger.last_tick().boot != tick.boot && !tick.clock_trusted;
        let done = Done::Started(*tick, doubted);
        self.again(&done);
        self.done.push(done);
        if doubted {
            self.known.doubts(&self.rig);
        }
        doubted
    }

    /// No feed is charged for more than it may carry, at no instant to come, but for what was charged already when it might carry more.
    pub fn never_too_much(&mut self, before: &Ledger) {
        // Whose time was over in a start that was lost lives until the next one.
        let read = self.read.take();
        let before = [Some(before), Some(&self.sure.2), read.as_ref()];
        let (rig, tail) = (&self.rig, tail(&self.rig.ground.rules));
        for (feed, of) in rig.hall.power.feeds.iter() {
            let usable = rig.ground.usable(rig.limit_of(feed));
            for at in instants(rig) {
                let had = |ledger: &Ledger| ledger.reserved(feed, at, tail);
                let most = before.iter().flatten().map(|ledger| had(ledger)).fold(usable, Milli::max);
                let reserved = rig.ledger.reserved(feed, at, tail);
                assert!(reserved <= most, "{} at {at:?}: {reserved:?} of {usable:?}", of.name);
            }
        }
    }

    /// Where a feed may carry less than is lent, whoever may be lowered is lowered, a minute later at the latest.
    pub fn comes_down(&mut self) {
        self.pass(64);
        let (ledger, now) = (&self.rig.ledger, self.rig.ledger.now());
        for (feed, of) in self.rig.hall.power.feeds.iter() {
            let to = |of: &Lease| of.at(now).min(of.cut.map_or(f64::INFINITY, |cut| cut.watts));
            let here = || ledger.leases().filter_map(|of| Some((of, of.weight(feed)?)));
            let lent =
                here().map(|(of, weight)| Milli::of(if super::holds(of) { to(of) } else { of.may(now) }, weight));
            let all = lent.fold(Milli::ZERO, Milli::and).and(ledger.unleased(feed));
            if all > self.rig.limit_of(feed) {
                let stays = here().filter(|(of, _)| super::bends(of, now)).map(|(of, _)| of.id);
                assert_eq!(stays.collect::<Vec<_>>(), [], "{} carries {all:?}", of.name);
            }
        }
    }
}

/// Now, and every instant to come at which what is charged may change.
fn instants(rig: &Rig) -> Vec<Wall> {
    let (now, tail) = (rig.ledger.now(), tail(&rig.ground.rules));
    let turns = rig.ledger.leases().flat_map(|of| of.turns(now, tail)).filter(|at| *at > now);
    let mut instants: Vec<Wall> = turns.chain([now]).collect();
    instants.sort_unstable();
    instants.dedup();
    instants
}
