//! Whatever comes, in whatever order, and however often control is killed: no feed is charged for more than it may carry, at no instant; no request has two leases; none is lost, and none comes back.

mod known;
mod world;

use proptest::prelude::*;

use super::*;
use crate::control::ledger::lease::{Lease, Life};
use crate::control::ledger::message::{Accept, Flex, Message, Named, OnExpiry, Power, Times, Wish};
use crate::control::ledger::tree::Place;
use world::World;

const FEEDS: [&str; 4] = ["pdu-a1", "pdu-b1", "ups-a", "utility"];
/// Racks of both rows, by their places: leases are in them, or below feeds.
const RACKS: [usize; 4] = [0, 1, 19, 20];

/// What is asked for: where, and how much (W).
type Asks = Vec<((usize, Option<usize>), u32)>;

/// What somebody does.
#[derive(Clone, Debug)]
enum Act {
    /// One request, of one item or of several.
    Acquire {
        client: bool,
        asks: Asks,
        how: How,
    },
    /// Control is killed before it has answered one; it is on disk, or not; for so long, in the same boot or not.
    Unanswered {
        client: bool,
        asks: Asks,
        how: How,
        written: bool,
        away: (u64, bool),
    },
    /// Something that was said before arrives once more, however old it is.
    Again(usize),
    Renew(usize),
    Amend(usize, u32),
    Release(usize),
    Pass(u64),
    Restart(Option<u64>),
    /// Killed, and so many scans at the most are lost; away for so long, in the same boot or not.
    Kill(usize, (u64, bool)),
    /// All that is known is on disk.
    Snapshot,
    /// What flows at a feed, as a share of what is reserved there and some more; nothing: its meter is lost.
    Load(usize, Option<(f64, f64)>),
    /// What a feed may carry, as a share of its own limit.
    Limit(usize, Option<f64>),
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

fn asks() -> impl Strategy<Value = Asks> {
    let one = ((0..8_usize, proptest::option::of(0..8_usize)), 0..260_000_u32);
    prop_oneof![3 => proptest::collection::vec(one.clone(), 1), 1 => proptest::collection::vec(one, 2..5)]
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let acquire = (any::<bool>(), asks(), hows()).prop_map(|(client, asks, how)| Act::Acquire { client, asks, how });
    let away = || (0..200_u64, any::<bool>());
    let unanswered = (any::<bool>(), asks(), hows(), any::<bool>(), away())
        .prop_map(|(client, asks, how, written, away)| Act::Unanswered { client, asks, how, written, away });
    let load = (0..4_usize, proptest::option::weighted(0.9, (0.0..1.3_f64, 0.0..20e3_f64)));
    let limit = (0..4_usize, proptest::option::weighted(0.7, 0.0..1.0_f64));
    let one = prop_oneof![
        6 => acquire,
        1 => unanswered,
        2 => any::<usize>().prop_map(Act::Again),
        2 => any::<usize>().prop_map(Act::Renew),
        2 => (any::<usize>(), 0..260_000_u32).prop_map(|(n, watts)| Act::Amend(n, watts)),
        2 => any::<usize>().prop_map(Act::Release),
        5 => prop_oneof![1..20_u64, 100..200_u64].prop_map(Act::Pass),
        1 => proptest::option::of(0..400_u64).prop_map(Act::Restart),
        1 => (0..20_usize, away()).prop_map(|(lost, away)| Act::Kill(lost, away)),
        1 => Just(Act::Snapshot),
        2 => load.prop_map(|(feed, load)| Act::Load(feed, load)),
        2 => limit.prop_map(|(feed, share)| Act::Limit(feed, share)),
    ];
    proptest::collection::vec(one, 1..60)
}

/// What tenants may have.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// The margin of feeds (1).
    margin: f64,
    /// What cooling draws beside each watt (1).
    cooling: f64,
    /// Of a feed the first may have so much (1), and so much of a PDU is his own (W).
    first: (f64, f64),
    /// What all leases of the second may come to (W).
    second: Option<f64>,
}

fn rules() -> impl Strategy<Value = Bounds> {
    let margin = prop_oneof![Just(0.0), Just(0.02), 0.0..0.3_f64];
    let cooling = prop_oneof![Just(0.0), Just(0.35), 0.0..0.8_f64];
    let first = (prop_oneof![Just(1.0), 0.1..1.0_f64], prop_oneof![Just(0.0), 0.0..100e3_f64]);
    (margin, cooling, first, proptest::option::of(0.0..400e3_f64)).prop_map(|(margin, cooling, first, second)| Bounds {
        margin,
        cooling,
        first,
        second,
    })
}

fn asked(rig: &Rig, (feeds, watts): ((usize, Option<usize>), u32), how: &How) -> Wish {
    let place = |n: usize| match n.checked_sub(FEEDS.len()) {
        None => Place::Feed(rig.feed(FEEDS[n])),
        Some(rack) => Place::Rack(RACKS[rack]),
    };
    let places = match feeds.1.filter(|other| *other != feeds.0) {
        Some(other) => vec![(place(feeds.0), 0.5), (place(other), 0.5)],
        None => vec![(place(feeds.0), 1.0)],
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

/// A lease whose power is promised.
fn holds(lease: &Lease) -> bool {
    match lease.life {
        Life::Held | Life::Grace { .. } | Life::Kept { .. } => true,
        Life::Leaving { .. } | Life::Floored { .. } => false,
    }
}

/// One that may be lowered, and is not.
fn bends(lease: &Lease, now: Wall) -> bool {
    let to = match lease.class {
        Class::Firm => return false,
        Class::Curtailable => lease.floor,
        Class::Interruptible => 0.0,
    };
    lease.life == Life::Held && lease.cut.is_none() && lease.at(now) > to
}

impl World {
    fn message(&mut self, client: bool, asks: &Asks, how: &How) -> Message {
        let wishes = asks.iter().map(|ask| asked(&self.rig, *ask, how)).collect();
        self.rig.message(if client { "slurm" } else { "kueue" }, Op::Acquire(wishes))
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Acquire { client, asks, how } => {
                let message = self.message(*client, asks, how);
                self.say(&message);
                self.said.push(message);
            }
            Act::Unanswered { client, asks, how, written, away } => {
                let message = self.message(*client, asks, how);
                self.kill_asking(&message, *written, *away);
            }
            Act::Again(n) => {
                if let Some(message) = self.said.get(n % self.said.len().max(1)).cloned() {
                    self.say(&message);
                }
            }
            Act::Renew(n) | Act::Release(n) | Act::Amend(n, _) => {
                let Some((client, lease)) = self.known.pick(*n) else { return };
                let of = Named { lease, epoch: None };
                let op = if let Act::Amend(_, watts) = act {
                    let wanted = f64::from(*watts);
                    Op::Amend { of, power: Power { least: 0.0, wanted, peak: None }, partial: true, priority: None }
                } else if matches!(act, Act::Release(_)) {
                    Op::Release { of }
                } else {
                    Op::Renew { of, ttl: None }
                };
                let message = self.rig.message(&client, op);
                self.say(&message);
                self.said.push(message);
            }
            Act::Pass(seconds) => self.pass(*seconds),
            Act::Restart(gone) => self.restart(*gone),
            Act::Kill(lost, away) => self.kill(*lost, *away),
            Act::Snapshot => self.write(),
            Act::Load(feed, load) => {
                let reserved = self.rig.reserved(FEEDS[*feed]);
                self.flows(FEEDS[*feed], load.map(|(share, more)| reserved * share + more));
            }
            Act::Limit(feed, share) => {
                let of = self.rig.feed(FEEDS[*feed]);
                let own = self.rig.hall.power.feeds[of].limit().0;
                self.limit(FEEDS[*feed], share.map(|share| own * share));
            }
        }
    }
}

fn plays(rules: Bounds, acts: &[Act]) {
    let mut world = World::new(rules);
    for act in acts {
        let before = world.rig.ledger.clone();
        world.act(act);
        world.never_too_much(&before);
    }
    world.comes_down();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn never_more_is_reserved_than_a_feed_may_carry_and_no_request_has_two_leases(rules in rules(), acts in acts()) {
        plays(rules, &acts);
    }

    #[test]
    fn what_was_heard_in_another_order_promises_no_more(rules in rules(), acts in acts(), seed in any::<u64>()) {
        // Messages overtake each other: the same acts, shuffled.
        let mut order: Vec<usize> = (0..acts.len()).collect();
        order.sort_by_key(|n| (u64::try_from(*n).unwrap_or(0) ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        plays(rules, &order.iter().filter_map(|n| acts.get(*n).cloned()).collect::<Vec<_>>());
    }
}
