//! A store is lost whenever, and whatever is asked then: nothing new is lent beyond what feeds carry beside all that flows and all that was kept, and nobody has what he does not renew.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::control::ledger::message::{Accept, Flex, LeaseId, Named, OnExpiry, Power, Times, Wish};
use crate::control::ledger::tree::Place;

const FEEDS: [&str; 4] = ["pdu-a1", "pdu-b1", "ups-a", "utility"];
const CLIENTS: [&str; 2] = ["slurm", "kueue"];

#[derive(Clone, Debug)]
enum Act {
    Acquire {
        client: usize,
        feed: usize,
        watts: u32,
        times: (Option<u64>, Option<u64>),
        how: (bool, bool, u64, i32),
    },
    /// Somebody renews one of all that ever was; in the generation that he knows, or none.
    Renew(usize, usize, bool),
    Release(usize, usize),
    Amend(usize, usize, u32),
    Pass(u64),
    Restart(Option<u64>),
    Load(usize, Option<(f64, f64)>),
    /// The store is lost, and what the broker had kept is found.
    Lose,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let times = (proptest::option::of(0_u64..600), proptest::option::of(1_u64..900));
    let how = (any::<bool>(), any::<bool>(), prop_oneof![Just(0_u64), Just(700)], 0..4_i32);
    let acquire = (0..2_usize, 0..4_usize, 0..260_000_u32, times, how)
        .prop_map(|(client, feed, watts, times, how)| Act::Acquire { client, feed, watts, times, how });
    let load = (0..4_usize, proptest::option::weighted(0.9, (0.0..1.3_f64, 0.0..20e3_f64)));
    let one = prop_oneof![
        6 => acquire,
        4 => (0..2_usize, any::<usize>(), any::<bool>()).prop_map(|(client, n, knows)| Act::Renew(client, n, knows)),
        1 => (0..2_usize, any::<usize>()).prop_map(|(client, n)| Act::Release(client, n)),
        1 => (0..2_usize, any::<usize>(), 0..260_000_u32).prop_map(|(client, n, watts)| Act::Amend(client, n, watts)),
        4 => prop_oneof![1..20_u64, 60..150_u64].prop_map(Act::Pass),
        1 => proptest::option::of(0..100_u64).prop_map(Act::Restart),
        2 => load.prop_map(|(feed, load)| Act::Load(feed, load)),
        2 => Just(Act::Lose),
    ];
    proptest::collection::vec(one, 1..60)
}

#[derive(Default)]
struct Known {
    all: Vec<(String, LeaseId, u64)>,
    /// What was lent already, and generations that were told.
    lent: BTreeSet<LeaseId>,
    epoch: u64,
}

impl Known {
    fn pick(&self, n: usize) -> Option<(String, LeaseId, u64)> {
        self.all.get(n % self.all.len().max(1)).cloned()
    }

    fn acquire(&mut self, rig: &mut Rig, act: &Act) {
        let Act::Acquire { client, feed, watts, times, how } = act else { return };
        let (wanted, now) = (f64::from(*watts), rig.ledger.now());
        let wish = Wish {
            places: vec![(Place::Feed(rig.feed(FEEDS[*feed])), 1.0)],
            power: Power { least: wanted / 4.0, wanted, peak: None },
            class: if how.1 { Class::Curtailable } else { Class::Interruptible },
            flex: Flex { floor: wanted / 8.0, ..Flex::default() },
            times: Times {
                not_before: times.0.map(|seconds| Wall(now.0 + 1000 * i64::try_from(seconds).expect("small"))),
                duration: times.1.map(Span::from_secs),
                ..Times::default()
            },
            priority: how.3,
            accept: Accept { partial: how.0, schedule: how.1, wait: Span::from_secs(how.2) },
            ttl: Some(Span::from_secs(60)),
            on_expiry: OnExpiry::Floor,
            ..Wish::firm(Place::Rack(0), 0.0)
        };
        let item = rig.acquire(CLIENTS[*client], wish);
        let epoch = rig.ledger.epoch();
        self.all.extend(item.outcome.lease.map(|lease| (CLIENTS[*client].to_owned(), lease, epoch)));
    }

    /// Somebody names a lease: who it is not of changes nothing.
    fn names(&mut self, rig: &mut Rig, (client, n): (usize, usize), op: impl Fn(LeaseId, u64) -> Op) {
        let Some((owner, lease, epoch)) = self.pick(n) else { return };
        let reserved = FEEDS.map(|feed| rig.reserved(feed));
        let item = rig.ask(CLIENTS[client], op(lease, epoch));
        if owner != CLIENTS[client] {
            assert_eq!(item.outcome.code, Code::UnknownLease);
            assert_eq!(FEEDS.map(|feed| rig.reserved(feed)), reserved);
        } else if item.outcome.code == Code::Conflict || item.outcome.code == Code::Granted {
            let known = rig.ledger.epoch();
            self.all.iter_mut().filter(|of| of.1 == lease).for_each(|of| of.2 = known);
        }
    }

    fn act(&mut self, rig: &mut Rig, act: &Act) {
        match act {
            Act::Acquire { .. } => self.acquire(rig, act),
            Act::Renew(client, n, knows) => self.names(rig, (*client, *n), |lease, epoch| Op::Renew {
                of: Named { lease, epoch: knows.then_some(epoch) },
                ttl: None,
            }),
            Act::Release(client, n) => {
                self.names(rig, (*client, *n), |lease, _| Op::Release { of: Named { lease, epoch: None } });
            }
            Act::Amend(client, n, watts) => self.names(rig, (*client, *n), |lease, _| {
                let power = Power { least: 0.0, wanted: f64::from(*watts), peak: None };
                Op::Amend { of: Named { lease, epoch: None }, power, partial: true, priority: None }
            }),
            Act::Pass(seconds) => {
                for _ in 0..*seconds {
                    rig.pass(1);
                    self.holds(rig);
                }
            }
            Act::Restart(gone) => rig.restart(*gone),
            Act::Load(feed, load) => {
                let reserved = rig.reserved(FEEDS[*feed]);
                rig.load(FEEDS[*feed], load.map(|(share, more)| reserved * share + more));
                rig.pass(1);
            }
            Act::Lose => {
                let found = rig.kept();
                let before: Vec<_> = found.kept.iter().map(|of| of.lease).collect();
                rig.lose(&found);
                assert_eq!(rig.ledger.unrenewed(), before.len());
                for feed in FEEDS {
                    assert!(rig.reserved(feed) + 0.01 >= rig.drawn(feed), "{feed}");
                }
                // Nobody knows the others any more, and their names may come again.
                self.all.retain(|of| before.contains(&of.1));
                self.lent.retain(|of| before.contains(of));
                assert!(found.kept.iter().all(|of| rig.ledger.epoch() > of.state.0));
            }
        }
    }

    /// What was lent since the last look, while a lost store was taken up again, has room beside all that flows.
    fn holds(&mut self, rig: &Rig) {
        let (now, tail) = (rig.ledger.now(), tail(&rig.ground.rules));
        let epoch = rig.ledger.epoch();
        assert!(epoch >= self.epoch || !rig.ledger.recovery().waits() || rig.ledger.unrenewed() == 0);
        self.epoch = epoch;
        for lease in rig.ledger.leases() {
            let new = self.lent.insert(lease.id) && rig.ledger.recovery().waits() && !lease.is_kept();
            if !new {
                continue;
            }
            let instants: Vec<Wall> =
                rig.ledger.leases().flat_map(|of| of.turns(now, tail)).filter(|at| *at > now).chain([now]).collect();
            for (feed, weight) in &lease.weights {
                let of = &rig.hall.power.feeds[*feed];
                let load = Milli::limit(Watts(rig.loads[plant::id::Id::index(*feed)].unwrap_or(0.0)));
                for at in instants.iter().filter(|at| lease.charged(**at, now, tail) * weight > 0.0) {
                    let all = rig.ledger.reserved(*feed, *at, tail).and(load);
                    assert!(all <= Milli::limit(of.limit()), "{} at {at:?}: {all:?}", of.name);
                }
            }
        }
        let kept = rig.ledger.leases().filter(|of| of.is_kept()).count();
        assert!(kept == 0 || rig.ledger.recovery().waits(), "nobody has what he did not renew");
        let mut names: Vec<_> = rig.ledger.leases().chain(rig.ledger.waits()).map(|of| of.id).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "two of one name");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn nothing_new_is_lent_beyond_what_flows_and_what_was_kept(acts in acts()) {
        let (mut rig, mut known) = (Rig::new(), Known::default());
        rig.recover(&crate::control::ledger::recover::Found { read: true, ..Default::default() });
        for act in &acts {
            known.act(&mut rig, act);
            known.holds(&rig);
        }
    }
}
