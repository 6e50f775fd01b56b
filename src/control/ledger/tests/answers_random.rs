//! Whatever is asked by whomever, and however often it comes again: answered alike for a day, over starts and kills, and nobody fills another's share.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::control::ledger::answers::share;
use crate::control::ledger::kept::DAY;
use crate::control::ledger::message::{Accept, LeaseId, Message, Named, Power, Wish};
use crate::control::ledger::reply::Outcome;

const CLIENTS: [&str; 3] = ["slurm", "kueue", "c2"];
/// So many tenants that each has a share of ten answers.
const CROWD: usize = 5000;

#[derive(Clone, Copy, Debug)]
enum What {
    Acquire { watts: u32, items: usize, waits: bool },
    Amend(u32),
    Release,
    Renew,
    Query,
    DryRun(u32),
}

#[derive(Clone, Debug)]
enum Act {
    /// A client asks; of a lease, for one of those that he knows, or for one that never was.
    Ask(usize, What, usize),
    /// What was said before comes once more.
    Again(usize),
    /// Another body of the same name.
    Other(usize),
    Pass(u64),
    Hours(u64),
    /// What flows at the feed (W).
    Load(u32),
    Restart(Option<u64>),
    /// Killed: from the last snapshot on it is all done again.
    Kill,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let acquire = (0..400_000_u32, 1..4_usize, any::<bool>());
    let what = prop_oneof![
        5 => acquire.prop_map(|(watts, items, waits)| What::Acquire { watts, items, waits }),
        1 => (0..400_000_u32).prop_map(What::Amend),
        3 => Just(What::Release),
        3 => Just(What::Renew),
        2 => Just(What::Query),
        1 => (0..400_000_u32).prop_map(What::DryRun),
    ];
    let one = prop_oneof![
        8 => (0..3_usize, what, 0..12_usize).prop_map(|(client, what, n)| Act::Ask(client, what, n)),
        5 => any::<usize>().prop_map(Act::Again),
        1 => any::<usize>().prop_map(Act::Other),
        2 => (1..200_u64).prop_map(Act::Pass),
        1 => (1..9_u64).prop_map(Act::Hours),
        2 => (0..300_000_u32).prop_map(Act::Load),
        1 => proptest::option::of(0..400_u64).prop_map(Act::Restart),
        1 => Just(Act::Kill),
    ];
    proptest::collection::vec(one, 1..120)
}

/// What was done since the last snapshot.
#[derive(Clone)]
enum Done {
    Heard(Message, Tick),
    Passed(Tick),
    Flows(f64),
}

/// What was answered first, and when.
struct First {
    message: Message,
    outcomes: Vec<Outcome>,
    at: Span,
}

struct World {
    rig: Rig,
    said: Vec<First>,
    leases: BTreeMap<usize, Vec<LeaseId>>,
    snapshot: (Vec<u8>, Vec<Option<f64>>),
    since: Vec<Done>,
}

impl World {
    fn new(tenants: usize) -> Self {
        let names = (0..tenants).map(|n| CLIENTS.get(n).map_or_else(|| format!("c{n}"), |name| (*name).to_owned()));
        let tenants = names.map(|name| Tenant::plain(&name)).collect();
        let rig = Rig::of(Rules { tenants, margin: 0.0, cooling: 0.0, ..Rules::default() });
        let mut world =
            Self { rig, said: Vec::new(), leases: BTreeMap::new(), snapshot: Default::default(), since: Vec::new() };
        world.keeps();
        world
    }

    fn keeps(&mut self) {
        self.snapshot = (postcard::to_stdvec(&self.rig.ledger).expect("writes"), self.rig.loads.clone());
        self.since.clear();
    }

    /// From the snapshot on all is done again, and comes to the same.
    fn killed(&mut self) {
        let (before, tick, loads) = (self.rig.ledger.clone(), self.rig.tick, self.rig.loads.clone());
        self.rig.ledger = postcard::from_bytes(&self.snapshot.0).expect("reads");
        self.rig.loads.clone_from(&self.snapshot.1);
        for done in self.since.clone() {
            match done {
                Done::Heard(message, tick) => {
                    self.rig.tick = tick;
                    self.rig.hear(&message);
                }
                Done::Passed(tick) => {
                    self.rig.tick = tick;
                    self.rig.with(|ledger, around, scratch, news| ledger.step(around, (scratch, news)));
                }
                Done::Flows(watts) => self.rig.load("pdu-a1", Some(watts)),
            }
        }
        assert!(self.rig.ledger == before, "another ledger");
        (self.rig.tick, self.rig.loads) = (tick, loads);
    }

    fn lives(&self) -> Span {
        self.rig.ledger.lived()
    }

    fn ask(&mut self, (client, what, n): (usize, What, usize)) {
        let known = self.leases.get(&client).cloned().unwrap_or_default();
        let lease = known.get(n).copied().unwrap_or(LeaseId { epoch: 1, number: 9999 });
        let of = Named { lease, epoch: None };
        let feed = self.rig.feed("pdu-a1");
        let wished = |watts: u32, waits: bool| {
            let accept = Accept { wait: Span::from_secs(if waits { 7000 } else { 0 }), ..Accept::default() };
            Wish { accept, ..now_for(900, wish(feed, f64::from(watts))) }
        };
        let op = match what {
            What::Acquire { watts, items, waits } => Op::Acquire(vec![wished(watts, waits); items]),
            What::DryRun(watts) => Op::DryRun(vec![wished(watts, false)]),
            What::Amend(watts) => Op::Amend {
                of,
                power: Power { least: 0.0, wanted: f64::from(watts), peak: None },
                partial: false,
                priority: None,
            },
            What::Release => Op::Release { of },
            What::Renew => Op::Renew { of, ttl: None },
            What::Query => Op::Query { of },
        };
        let message = self.rig.message(CLIENTS[client], op);
        let outcomes = self.say(&message);
        let at = self.lives();
        if matches!(what, What::Acquire { .. }) {
            self.leases.entry(client).or_default().extend(outcomes.iter().filter_map(|of| of.lease));
        }
        self.said.push(First { message, outcomes, at });
    }

    fn say(&mut self, message: &Message) -> Vec<Outcome> {
        self.since.push(Done::Heard(message.clone(), self.rig.tick));
        self.rig.hear(message).items.into_iter().map(|of| of.outcome).collect()
    }

    fn again(&mut self, n: usize) {
        let Some(n) = n.checked_rem(self.said.len()) else { return };
        let (message, at) = (self.said[n].message.clone(), self.said[n].at);
        let term = |world: &Self, lease: LeaseId| {
            let found = world.rig.ledger.leases().find(|of| of.id == lease);
            found.map(|of| of.term.remaining(world.rig.ledger.last_tick()))
        };
        let renewed = if let Op::Renew { of, .. } = message.op { Some(of.lease) } else { None };
        let before = renewed.and_then(|lease| term(self, lease));
        let reserved = self.rig.reserved("pdu-a1");
        let outcomes = self.say(&message);
        let first = &mut self.said[n];
        let judged = first.outcomes.iter().all(|of| of.why != Why::Full);
        let decided = matches!(message.op, Op::Acquire(_) | Op::Amend { .. } | Op::Release { .. });
        if decided && judged && self.rig.ledger.lived().nanos() - at.nanos() <= DAY.nanos() {
            for (first, now) in first.outcomes.iter_mut().zip(&outcomes) {
                // Who waited has his answer.
                if first.code == Code::Queued && first.lease == now.lease {
                    *first = *now;
                }
            }
            assert_eq!(outcomes, first.outcomes, "{message:?}");
            assert_eq!(self.rig.reserved("pdu-a1"), reserved, "nothing is done twice");
        } else if decided {
            // Where it is judged anew nobody had kept it; where it had waited it may have been answered meanwhile.
            let alike = |(first, now): (&Outcome, &Outcome)| {
                first == now || (first.code == Code::Queued && first.lease == now.lease)
            };
            if !(first.outcomes.len() == outcomes.len() && first.outcomes.iter().zip(&outcomes).all(alike)) {
                first.at = self.rig.ledger.lived();
            }
            first.outcomes.clone_from(&outcomes);
            let client = CLIENTS.iter().position(|of| *of == message.client).expect("one of them");
            self.leases.entry(client).or_default().extend(outcomes.iter().filter_map(|of| of.lease));
        }
        // A renewal that was the last one of its lease lengthens nothing.
        let granted = |of: &First| of.outcomes.first().is_some_and(|of| of.code == Code::Granted);
        let newest = self
            .said
            .iter()
            .rposition(|of| granted(of) && matches!(of.message.op, Op::Renew { of, .. } if Some(of.lease) == renewed));
        if let (Some(lease), true) = (renewed, newest == Some(n)) {
            assert_eq!(term(self, lease), before);
        }
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Ask(client, what, n) => self.ask((*client, *what, *n)),
            Act::Again(n) => self.again(*n),
            Act::Other(n) => {
                let Some(n) = n.checked_rem(self.said.len()) else { return };
                let (first, lived) = (&self.said[n], self.lives());
                let judged = first.outcomes.iter().all(|of| of.why != Why::Full);
                let young = lived.nanos() - first.at.nanos() <= DAY.nanos();
                if judged && young && matches!(first.message.op, Op::Acquire(_)) {
                    let outcomes = self.say(&Message { body: 1 << 40, ..self.said[n].message.clone() });
                    assert_eq!(outcomes[0].why, Why::OtherBody);
                }
            }
            Act::Pass(seconds) => (0..*seconds).for_each(|_| {
                self.rig.pass(1);
                self.since.push(Done::Passed(self.rig.tick));
            }),
            Act::Hours(hours) => {
                let tick = Tick { dt: Span::from_secs(hours * 3600), ..self.rig.tick };
                self.rig.leap(hours * 3600);
                self.since.push(Done::Passed(Tick { dt: tick.dt, ..self.rig.tick }));
            }
            Act::Load(watts) => {
                self.rig.load("pdu-a1", Some(f64::from(*watts)));
                self.since.push(Done::Flows(f64::from(*watts)));
            }
            Act::Restart(gone) => {
                self.rig.restart(*gone);
                self.keeps();
            }
            Act::Kill => self.killed(),
        }
    }

    fn holds(&self, tenants: usize) {
        for client in CLIENTS {
            let his = self.rig.ledger.leases().chain(self.rig.ledger.waits()).filter(|of| of.client == client).count();
            let kept = self.rig.ledger.kept.items(client);
            assert!(kept <= share(tenants) + his, "{client} has {kept}");
        }
    }
}

fn plays(acts: &[Act], tenants: usize) {
    let mut world = World::new(tenants);
    for act in acts {
        world.act(act);
        world.holds(tenants);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_again_within_a_day_is_answered_alike(acts in acts()) {
        plays(&acts, 3);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn nor_is_anybody_answered_otherwise_where_shares_are_small(acts in acts()) {
        plays(&acts, CROWD);
    }
}
