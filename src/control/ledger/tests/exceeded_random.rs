//! Random leases, draws, meters that fall silent and starts: who is accused, and what he is capped to.

use plant::event::LeaseNews;
use proptest::prelude::*;

use super::*;
use crate::control::ledger::message::{LeaseId, Wish};
use crate::control::ledger::tree::Place;
use crate::control::ledger::watch::Stage;

/// What happens, and for how long it lasts (s).
#[derive(Clone, Copy, Debug)]
enum Turn {
    Lend(f64),
    LendBelow(f64),
    GiveBack,
    /// Draws this share of what is lent (1).
    Draw(f64),
    Silent,
    Start(bool),
}

fn turns(most: f64) -> impl Strategy<Value = Vec<(Turn, u64)>> {
    let turn = prop_oneof![
        3 => (1e3..20e3).prop_map(Turn::Lend),
        1 => (1e3..20e3).prop_map(Turn::LendBelow),
        2 => Just(Turn::GiveBack),
        6 => (0.0..most).prop_map(Turn::Draw),
        1 => Just(Turn::Silent),
        1 => any::<bool>().prop_map(Turn::Start),
    ];
    prop::collection::vec((turn, 1_u64..200), 1..40)
}

/// A rack with what is nobody's (W, between the two), and leases that somebody draws on.
struct World {
    rig: Rig,
    leases: Vec<(LeaseId, f64)>,
    draw: f64,
    silent: bool,
    told: usize,
}

const OTHERS: (f64, f64) = (1.5e3, 2e3);

impl World {
    fn new() -> Self {
        let mut rig = Rig::new();
        rig.racks[0] = Some(OTHERS.1);
        rig.pass(5);
        Self { rig, leases: Vec::new(), draw: 0.0, silent: false, told: 0 }
    }

    fn lent(&self) -> f64 {
        self.leases.iter().map(|(_, watts)| watts).sum()
    }

    fn take(&mut self, turn: Turn) {
        let rig = &mut self.rig;
        let feed = rig.feed("pdu-a1");
        let mut lend = |place, watts: f64| {
            let of = Wish { places: vec![(place, 1.0)], ..wish(feed, watts) };
            let outcome = rig.acquire("slurm", of).outcome;
            outcome.lease.filter(|_| outcome.code == Code::Granted).map(|lease| (lease, watts))
        };
        match turn {
            Turn::Lend(watts) => self.leases.extend(lend(Place::Rack(0), watts)),
            Turn::LendBelow(watts) => self.leases.extend(lend(Place::Feed(feed), watts)),
            Turn::GiveBack => {
                if let Some((lease, _)) = self.leases.pop() {
                    rig.release("slurm", lease);
                }
            }
            Turn::Draw(share) => (self.draw, self.silent) = (share, false),
            Turn::Silent => self.silent = true,
            Turn::Start(known) => rig.restart(known.then_some(20)),
        }
    }

    /// Seconds go by, with what is nobody's between its least and its most.
    fn pass(&mut self, seconds: u64) {
        for second in 0..seconds {
            let others = if second % 3 == 0 { OTHERS.1 } else { OTHERS.0 };
            self.rig.racks[0] = (!self.silent).then(|| others + self.lent() * self.draw);
            self.rig.pass(1);
            let new = |of: &&plant::event::Event| matches!(of.what, What::Lease(LeaseNews::Excess(_)));
            let told = self.rig.events.iter().filter(new).count();
            assert!(told == self.told || !self.silent, "told by a meter that is not read");
            self.told = told;
            if let Some((held, _)) = self.rig.ledger.held_to(0) {
                assert!(held.0 + 1.0 >= self.lent() + OTHERS.0, "held to {held:?}, of {} lent", self.lent());
            }
        }
    }

    /// Whoever renews in time is not what this is about.
    fn renew(&mut self) {
        for (lease, _) in self.leases.clone() {
            let outcome = self.rig.renew("slurm", lease);
            if outcome.code != Code::Granted {
                self.leases.retain(|(of, _)| *of != lease);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn who_draws_no_more_than_he_was_lent_is_never_accused(turns in turns(1.0)) {
        let mut world = World::new();
        for (turn, seconds) in turns {
            world.take(turn);
            world.renew();
            world.pass(seconds);
        }
        prop_assert_eq!(world.told, 0);
    }

    #[test]
    fn nobody_is_capped_below_what_he_was_lent_and_every_case_ends_once_it_is_within(turns in turns(3.0), cut in 0_usize..40) {
        let mut world = World::new();
        let mut copy = None;
        for (n, (turn, seconds)) in turns.into_iter().enumerate() {
            if n == cut {
                copy = Some(postcard::to_stdvec(&world.rig.ledger).expect("writes"));
            }
            // A run that goes on from a snapshot decides the same.
            if let Some(bytes) = copy.take() {
                world.rig.ledger = postcard::from_bytes(&bytes).expect("reads");
            }
            world.take(turn);
            world.renew();
            world.pass(seconds);
        }
        (world.draw, world.silent) = (1.0, false);
        for _ in 0..4 {
            world.renew();
            world.pass(1000);
        }
        prop_assert_eq!(world.rig.ledger.watch().cases[0].stage, Stage::Within);
    }
}
