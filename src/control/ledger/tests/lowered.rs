//! What leases draw less that are lowered, by hand: while they are, when they make up for it, and at their end.

use plant::time::Span;
use proptest::prelude::*;

use super::*;
use crate::control::ledger::message::{Flex, Times, Wish};
use crate::control::ledger::tree::Place;

/// A hall whose billed meter is `utility`, and what was told of it in all.
struct Site {
    rig: Rig,
    /// What caps hold back in racks (W), by their places.
    held: Vec<f64>,
    now: Later,
    /// What more would have flowed, and what those wanted (Wh).
    flowed: f64,
    waits: f64,
    settled: f64,
    undone: f64,
    apart: f64,
}

impl Site {
    /// Racks draw a kilowatt each that is nobody's.
    fn new() -> Self {
        let mut rig = Rig::new();
        rig.racks.fill(Some(1e3));
        let held = vec![0.0; rig.racks.len()];
        let now = Later::default();
        let mut site = Self { rig, held, now, flowed: 0.0, waits: 0.0, settled: 0.0, undone: 0.0, apart: 0.0 };
        site.pass(90);
        site
    }

    fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.rig.pass(1);
            let (feed, racks, held) = (self.rig.feed("utility"), self.rig.racks.clone(), &self.held);
            let draw = Draw { meter: &|rack| racks[rack].map(Watts), held: &|rack| Watts(held[rack]) };
            let Rig { hall, ledger, .. } = &mut self.rig;
            let told = ledger.later((&hall.power, feed), Watts(1e9), (Span::from_secs(1), draw));
            self.flowed += told.watts.0 / 3600.0;
            self.waits += told.waits.0 / 3600.0;
            self.apart += told.apart.0 / 3600.0;
            self.settled += told.settled;
            self.undone += told.undone;
            self.now = told;
        }
    }

    /// What the billed meter carries for each watt in the first rack (1): losses, by hand.
    fn weight(&self) -> f64 {
        let brought = self.rig.hall.power.brought(|rack| Watts(if rack == 0 { 1.0 } else { 0.0 }));
        let weight = brought[self.rig.feed("utility")].0;
        assert!((1.0..1.2).contains(&weight), "{weight}");
        weight
    }

    fn asks(&mut self, of: Wish) -> LeaseId {
        let item = self.rig.acquire("slurm", of);
        assert_eq!(item.outcome.code, Code::Granted);
        item.outcome.lease.expect("a lease")
    }

    /// All leases that bend are lowered, a minute from now; or nobody is any more.
    fn lowers(&mut self, lowers: bool) {
        self.rig.limit("utility", lowers.then_some(1e3));
    }

    /// It is renewed until its time is over.
    fn ends(&mut self, lease: LeaseId) {
        while self.rig.ledger.leases().any(|of| of.is_live()) {
            self.pass(1);
            if self.rig.ledger.now().0 % 600_000 < 1000 {
                self.rig.renew("slurm", lease);
            }
        }
    }

    /// Who may be restored is, once five minutes are over.
    fn restores(&mut self, lease: LeaseId) {
        self.lowers(false);
        for _ in 0..900 {
            self.pass(1);
            if self.rig.ledger.leases().any(|of| of.id == lease && of.cut.is_none()) {
                return;
            }
        }
        panic!("not restored");
    }
}

/// A job of 20 kW in a rack that may be paused, for so long (s).
fn job(rack: usize, seconds: u64) -> Wish {
    let times = Times { duration: Some(Span::from_secs(seconds)), ..Times::default() };
    let ttl = Some(Span::from_secs(3600));
    Wish { class: Class::Interruptible, times, ttl, priority: 200, ..Wish::firm(Place::Rack(rack), 20e3) }
}

fn near(is: f64, shall: f64) -> bool {
    (is - shall).abs() < 1e-6 * shall.abs().max(1.0)
}

#[test]
fn a_paused_job_would_have_drawn_what_its_rack_drew_and_what_it_did_not_make_up_for_was_not_done() {
    let mut site = Site::new();
    let lease = site.asks(job(0, 3000));
    // It draws 15 of its 20 kW.
    site.rig.racks[0] = Some(16e3);
    site.pass(900);
    site.lowers(true);
    site.pass(60);
    assert_eq!(site.now, Later::default(), "it was promised a minute");
    site.rig.racks[0] = Some(1e3);
    site.pass(1);
    let weight = site.weight();
    assert!(near(site.now.watts.0, 15e3 * weight) && near(site.now.waits.0, 15e3), "{:?}", site.now);
    site.pass(599);
    assert!(near(site.waits, 15e3 / 6.0), "ten minutes: {}", site.waits);
    site.restores(lease);
    let paused = site.waits;
    site.rig.racks[0] = Some(16e3);
    site.pass(1);
    assert_eq!(site.now, Later::default(), "it draws what it would");
    site.ends(lease);
    assert!(near(site.undone, paused), "it has no deadline, and is over when it was: {} of {paused}", site.undone);
    site.pass(300);
    assert!(near(site.flowed, paused * weight) && site.settled == 0.0, "it was not drawn: {}", site.flowed);
    assert_eq!(site.apart, 0.0);
}

#[test]
fn a_paused_job_with_a_deadline_draws_later_what_it_would_have_drawn_and_does_again_what_it_had_not_saved() {
    let mut site = Site::new();
    let begin = site.rig.ledger.now();
    let mut of = job(0, 3000);
    of.times.deadline = Some(crate::control::term::later(begin, Span::from_secs(9000)));
    of.flex = Flex { checkpoint: Span::from_secs(2100), ..Flex::default() };
    let lease = site.asks(of);
    site.rig.racks[0] = Some(21e3);
    site.pass(900);
    site.lowers(true);
    site.pass(1);
    // Paused 60 s from then: 961 s are not saved, and the next time is too far away.
    let unsaved = 20e3 * 961.0 / 3600.0;
    assert!(near(site.undone, unsaved), "{} and by hand {unsaved}", site.undone);
    site.pass(59);
    site.rig.racks[0] = Some(1e3);
    site.pass(600);
    site.restores(lease);
    let (paused, weight) = (site.waits, site.weight());
    site.rig.racks[0] = Some(21e3);
    site.ends(lease);
    assert!((site.flowed + weight * unsaved).abs() < 12.0, "over its life it draws what it did twice: {}", site.flowed);
    assert!(paused > 3e3 && near(site.undone, unsaved) && site.settled < 12.0, "{paused} {}", site.settled);
    assert!(near(site.waits, paused));
}

#[test]
fn what_nobody_can_tell_is_in_no_side_and_told() {
    // Who names a feed; a rack that is not read; one in which it was never seen what is nobody's; a job without an end.
    let cases: [fn(&mut Site) -> Wish; 4] = [
        |site| Wish { places: vec![(Place::Feed(site.rig.feed("pdu-a1")), 1.0)], ..job(0, 3000) },
        |site| {
            site.rig.racks[0] = None;
            job(0, 3000)
        },
        |site| {
            site.rig.racks[0] = None;
            site.rig.ledger = Ledger::new(&site.rig.hall.power);
            site.rig.ledger.restart(site.rig.tick);
            site.rig.pass(1);
            job(0, 3000)
        },
        |_| Wish { times: Times::default(), ..job(0, 3000) },
    ];
    for (n, of) in cases.into_iter().enumerate() {
        let mut site = Site::new();
        let wish = of(&mut site);
        site.asks(wish);
        site.rig.racks[0] = site.rig.racks[0].map(|_| 21e3);
        if n == 2 {
            site.rig.racks[0] = Some(21e3);
        }
        site.pass(200);
        site.lowers(true);
        site.pass(60);
        site.rig.racks[0] = site.rig.racks[0].map(|_| 1e3);
        site.pass(100);
        assert_eq!((site.flowed, site.waits), (0.0, 0.0), "{n}");
        assert!((site.apart - 20e3 / 36.0).abs() < 12.0, "{n}: {}", site.apart);
    }
}

#[test]
fn who_goes_on_or_is_held_back_by_caps_or_makes_room_for_somebody_saves_nothing_here() {
    // The rack draws what it drew; or less, and caps hold that back.
    for (draws, held) in [(21e3, 0.0), (9e3, 12e3)] {
        let mut site = Site::new();
        site.asks(job(0, 3000));
        site.rig.racks[0] = Some(21e3);
        site.pass(200);
        site.lowers(true);
        site.pass(60);
        (site.rig.racks[0], site.held[0]) = (Some(draws), held);
        site.pass(100);
        assert_eq!((site.flowed, site.waits, site.apart), (0.0, 0.0, 0.0), "{draws}");
    }
    let mut site = Site::new();
    site.asks(job(0, 3000));
    site.rig.racks[0] = Some(21e3);
    site.pass(200);
    site.rig.ledger.leases.iter_mut().for_each(|of| {
        let from = of.steps[0].start;
        of.cut = Some(lease::Cut { from, watts: 0.0, cause: Cause::Priority, word: lease::Word::Awaited });
    });
    site.rig.racks[0] = Some(1e3);
    site.pass(100);
    assert_eq!((site.flowed, site.waits, site.apart), (0.0, 0.0, 0.0), "somebody else draws it");
}

#[test]
fn a_lowered_job_that_is_given_back_has_saved_nothing() {
    let mut site = Site::new();
    let lease = site.asks(job(0, 3000));
    site.rig.racks[0] = Some(21e3);
    site.pass(900);
    site.lowers(true);
    site.pass(60);
    site.rig.racks[0] = Some(1e3);
    site.pass(360);
    assert!(near(site.waits, 2e3), "six minutes: {}", site.waits);
    site.rig.release("slurm", lease);
    site.pass(10);
    assert!(near(site.settled, site.flowed), "{} {}", site.settled, site.flowed);
    assert_eq!(site.undone, 0.0, "it may have been done");
}

#[test]
fn beside_others_in_its_rack_a_lowered_job_counts_as_what_they_cannot_have_drawn() {
    let mut site = Site::new();
    let other = Wish { class: Class::Firm, ..job(0, 9000) };
    let other = site.asks(Wish { power: wish(site.rig.feed("utility"), 10e3).power, ..other });
    site.asks(job(0, 9000));
    // The other one draws 8 of its 10 kW, and this one 15 of its 20: of it 13 are sure.
    site.rig.racks[0] = Some(1e3 + 8e3 + 15e3);
    site.pass(900);
    site.lowers(true);
    site.pass(60);
    site.rig.racks[0] = Some(1e3 + 8e3);
    site.pass(1);
    assert!(near(site.now.waits.0, 13e3), "{:?}", site.now);
    // The other one is over: what the rack draws less for that is not counted twice.
    site.rig.release("slurm", other);
    site.rig.racks[0] = Some(1e3);
    site.pass(1);
    assert!(near(site.now.waits.0, 13e3), "{:?}", site.now);
    // It goes on all the same, and the meter shows that the other one is over.
    site.rig.racks[0] = Some(1e3 + 15e3);
    site.pass(1);
    assert_eq!(site.now.waits.0, 0.0, "{:?}", site.now);
}

#[test]
fn a_kill_in_the_middle_of_a_pause_loses_nothing_and_counts_nothing_twice() {
    let mut site = Site::new();
    site.asks(job(0, 3000));
    site.rig.racks[0] = Some(16e3);
    site.pass(900);
    site.lowers(true);
    site.pass(60);
    site.rig.racks[0] = Some(1e3);
    site.pass(100);
    let before = site.waits;
    site.rig.restart(Some(5));
    site.pass(100);
    assert!(near(site.waits - before, 15e3 / 36.0), "{} and {before}", site.waits);
    assert!(near(site.undone + site.settled, 0.0));
}

/// A job of a random world: its rack, what it draws of its 20 kW (1), whether it does as it is told.
type Drawn = (usize, f64, bool);

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whoever shares racks with whom, obeys or not, ends or comes: never more is counted than jobs draw less that are lowered, as long as each draws what it did.
    #[test]
    fn never_more_is_counted_than_what_lowered_jobs_draw_less(
        jobs in proptest::collection::vec((0_usize..3, 0.0_f64..1.0, any::<bool>()), 1..6),
        steps in proptest::collection::vec((0_u8..4, 0_usize..6, 1_u64..120), 4..14),
    ) {
        let mut site = Site::new();
        let mut live: Vec<(LeaseId, Drawn)> = Vec::new();
        for (n, drawn) in jobs.iter().enumerate() {
            let class = if n % 3 == 2 { Class::Firm } else { Class::Interruptible };
            live.push((site.asks(Wish { class, ..job(drawn.0, 20_000) }), *drawn));
        }
        for (what, which, seconds) in steps {
            match what {
                0 => site.lowers(true),
                1 => site.lowers(false),
                2 if live.len() > 1 => {
                    let (lease, _) = live.remove(which % live.len());
                    site.rig.release("slurm", lease);
                }
                _ => {}
            }
            for _ in 0..seconds {
                let now = site.rig.ledger.now();
                let draws = |(id, (_, share, obeys)): &(LeaseId, Drawn)| {
                    let of = site.rig.ledger.leases().find(|of| of.id == *id).expect("live");
                    let would = share * 20e3;
                    (would, if *obeys { would.min(of.may(now)) } else { would })
                };
                let all: Vec<(f64, f64)> = live.iter().map(draws).collect();
                for rack in 0..3 {
                    let here = live.iter().zip(&all).filter(|((_, of), _)| of.0 == rack);
                    site.rig.racks[rack] = Some(1e3 + here.map(|(_, (_, draws))| draws).sum::<f64>());
                }
                let less: f64 = all.iter().map(|(would, draws)| would - draws).sum();
                site.pass(1);
                prop_assert!(site.now.waits.0 <= less + 1.0, "{:?}, and {} W less", site.now, less);
            }
        }
    }
}
