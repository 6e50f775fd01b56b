//! Whatever comes, in whatever order: no feed is charged for more than it may carry, at no instant; no request has two leases; none is lost, and none comes back.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::control::ledger::message::{Accept, Flex, LeaseId, Message, Named, OnExpiry, Power, Times, Wish};
use crate::control::ledger::tree::Place;

const FEEDS: [&str; 4] = ["pdu-a1", "pdu-b1", "ups-a", "utility"];

/// What somebody does.
#[derive(Clone, Debug)]
enum Act {
    Acquire {
        client: bool,
        feeds: (usize, Option<usize>),
        watts: u32,
        how: How,
    },
    /// Something that was said before arrives once more, however old it is.
    Again(usize),
    Renew(usize),
    Amend(usize, u32),
    Release(usize),
    Pass(u64),
    Restart(Option<u64>),
    /// What flows at a feed, as a share of what is reserved there and some more; nothing: its meter is lost.
    Load(usize, Option<(f64, f64)>),
}

#[derive(Clone, Debug)]
struct How {
    class: Class,
    priority: i32,
    accept: (bool, bool, u64),
    times: (Option<u64>, Option<u64>),
    ttl: u64,
    on_expiry: OnExpiry,
    /// It saves what it has done so often (s).
    saves: u64,
}

fn hows() -> impl Strategy<Value = How> {
    let class = prop_oneof![Just(Class::Firm), Just(Class::Curtailable), Just(Class::Interruptible)];
    let on_expiry = prop_oneof![Just(OnExpiry::Floor), Just(OnExpiry::Pause), Just(OnExpiry::Stop)];
    let times = (proptest::option::of(0_u64..600), proptest::option::of(1_u64..900));
    let accept = (any::<bool>(), any::<bool>(), prop_oneof![Just(0_u64), Just(700), Just(3000)]);
    let saves = prop_oneof![Just(0), 1..1500_u64];
    (class, 0..4_i32, accept, times, 20_u64..400, (on_expiry, saves)).prop_map(
        |(class, priority, accept, times, ttl, (on_expiry, saves))| How {
            class,
            priority,
            accept,
            times,
            ttl,
            on_expiry,
            saves,
        },
    )
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let acquire = (any::<bool>(), (0..4_usize, proptest::option::of(0..4_usize)), 0..260_000_u32, hows())
        .prop_map(|(client, feeds, watts, how)| Act::Acquire { client, feeds, watts, how });
    let load = (0..4_usize, proptest::option::weighted(0.9, (0.0..1.3_f64, 0.0..20e3_f64)));
    let one = prop_oneof![
        6 => acquire,
        2 => any::<usize>().prop_map(Act::Again),
        2 => any::<usize>().prop_map(Act::Renew),
        2 => (any::<usize>(), 0..260_000_u32).prop_map(|(n, watts)| Act::Amend(n, watts)),
        2 => any::<usize>().prop_map(Act::Release),
        5 => prop_oneof![1..20_u64, 100..200_u64].prop_map(Act::Pass),
        1 => proptest::option::of(0..400_u64).prop_map(Act::Restart),
        2 => load.prop_map(|(feed, load)| Act::Load(feed, load)),
    ];
    proptest::collection::vec(one, 1..60)
}

/// What the clients know.
#[derive(Default)]
struct Known {
    said: Vec<Message>,
    /// The lease of each request, by whose it is.
    leases: BTreeMap<(String, String), LeaseId>,
    all: Vec<(String, LeaseId)>,
    /// Given back or gone: never again.
    over: Vec<LeaseId>,
}

fn asked(rig: &Rig, (feeds, watts): ((usize, Option<usize>), u32), how: &How) -> Wish {
    let places = match feeds.1.filter(|other| *other != feeds.0) {
        Some(other) => vec![(Place::Feed(rig.feed(FEEDS[feeds.0])), 0.5), (Place::Feed(rig.feed(FEEDS[other])), 0.5)],
        None => vec![(Place::Feed(rig.feed(FEEDS[feeds.0])), 1.0)],
    };
    let wanted = f64::from(watts);
    let at = |seconds: u64| Wall(rig.ledger.now().0 + 1000 * i64::try_from(seconds).expect("small"));
    Wish {
        places,
        power: Power { least: wanted / 4.0, wanted, peak: None },
        class: how.class,
        flex: Flex { floor: wanted / 8.0, checkpoint: Span::from_secs(how.saves), ..Flex::default() },
        times: Times {
            not_before: how.times.0.map(at),
            duration: how.times.1.map(Span::from_secs),
            ..Times::default()
        },
        inside: None,
        priority: how.priority,
        accept: Accept { partial: how.accept.0, schedule: how.accept.1, wait: Span::from_secs(how.accept.2) },
        ttl: Some(Span::from_secs(how.ttl)),
        on_expiry: how.on_expiry,
        job: String::new(),
    }
}

impl Known {
    /// Says something, and holds the answer against what is known.
    fn say(&mut self, rig: &mut Rig, message: &Message) {
        let answered = rig.hear(message);
        for item in &answered.items {
            let Some(lease) = item.outcome.lease.filter(|_| matches!(message.op, Op::Acquire(_))) else { continue };
            let key = (message.client.clone(), message.request.clone());
            let first = *self.leases.entry(key).or_insert(lease);
            assert_eq!(first, lease, "two leases for one request");
            if !self.all.iter().any(|(_, of)| *of == lease) {
                self.all.push((message.client.clone(), lease));
            }
        }
    }

    fn pick(&self, n: usize) -> Option<(String, LeaseId)> {
        self.all.get(n % self.all.len().max(1)).cloned()
    }

    fn act(&mut self, rig: &mut Rig, act: &Act) {
        match act {
            Act::Acquire { client, feeds, watts, how } => {
                let wish = asked(rig, (*feeds, *watts), how);
                let message = rig.message(if *client { "slurm" } else { "kueue" }, Op::Acquire(vec![wish]));
                self.say(rig, &message);
                self.said.push(message);
            }
            Act::Again(n) => {
                if let Some(message) = self.said.get(n % self.said.len().max(1)).cloned() {
                    self.say(rig, &message);
                }
            }
            Act::Renew(n) | Act::Release(n) | Act::Amend(n, _) => {
                let Some((client, lease)) = self.pick(*n) else { return };
                let of = Named { lease, epoch: None };
                let op = if let Act::Amend(_, watts) = act {
                    let wanted = f64::from(*watts);
                    Op::Amend { of, power: Power { least: 0.0, wanted, peak: None }, partial: true, priority: None }
                } else if matches!(act, Act::Release(_)) {
                    Op::Release { of }
                } else {
                    Op::Renew { of, ttl: None }
                };
                let message = rig.message(&client, op);
                self.say(rig, &message);
                self.said.push(message);
            }
            Act::Pass(seconds) => rig.pass(*seconds),
            Act::Restart(gone) => rig.restart(*gone),
            Act::Load(feed, load) => {
                let reserved = rig.reserved(FEEDS[*feed]);
                rig.load(FEEDS[*feed], load.map(|(share, more)| reserved * share + more));
            }
        }
    }

    /// None lost, none that comes back.
    fn holds(&mut self, rig: &Rig) {
        let live: Vec<LeaseId> = rig.ledger.leases().chain(rig.ledger.waits()).map(|of| of.id).collect();
        for (_, lease) in &self.all {
            let lives = live.contains(lease);
            assert!(!(lives && self.over.contains(lease)), "{lease} came back");
            if !lives && !self.over.contains(lease) {
                self.over.push(*lease);
            }
        }
        let mut names = live.clone();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), live.len(), "two of one name");
        assert!(live.iter().all(|of| self.all.iter().any(|(_, known)| known == of)), "one that nobody asked for");
    }
}

/// No feed is charged for more than it may carry, at no instant to come.
fn never_too_much(rig: &Rig) {
    let (now, tail) = (rig.ledger.now(), tail(&rig.ground.rules));
    let mut instants: Vec<Wall> =
        rig.ledger.leases().flat_map(|of| of.turns(now, tail)).filter(|at| *at > now).chain([now]).collect();
    instants.sort_unstable();
    instants.dedup();
    for (feed, of) in rig.hall.power.feeds.iter() {
        for at in &instants {
            let reserved = rig.ledger.reserved(feed, *at, tail);
            assert!(reserved <= Milli::limit(of.limit()), "{} at {at:?}: {reserved:?}", of.name);
        }
    }
}

fn plays(acts: &[Act]) {
    let (mut rig, mut known) = (Rig::new(), Known::default());
    for act in acts {
        known.act(&mut rig, act);
        never_too_much(&rig);
        known.holds(&rig);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn never_more_is_reserved_than_a_feed_may_carry_and_no_request_has_two_leases(acts in acts()) {
        plays(&acts);
    }

    #[test]
    fn what_was_heard_in_another_order_promises_no_more(acts in acts(), seed in any::<u64>()) {
        // Messages overtake each other: the same acts, shuffled.
        let mut order: Vec<usize> = (0..acts.len()).collect();
        order.sort_by_key(|n| (u64::try_from(*n).unwrap_or(0) ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        plays(&order.iter().filter_map(|n| acts.get(*n).cloned()).collect::<Vec<_>>());
    }
}
