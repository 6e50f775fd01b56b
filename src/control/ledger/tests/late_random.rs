//! Whatever is lowered, and for how long: no deadline passes in silence, and who was told the contrary last keeps his.

use proptest::prelude::*;

use super::*;
use crate::control::ledger::message::{Accept, Flex, LeaseId, Times, Wish};
use crate::control::term::later;

/// A step of the test (s): leases are renewed in each.
const STEP: u64 = 60;

#[derive(Clone, Debug)]
struct Plan {
    class: Class,
    priority: i32,
    watts: u32,
    /// How long it lasts, and what it has to spare (s).
    times: (u64, u64),
    /// When it comes (s).
    comes: u64,
    /// It saves what it has done so often (s).
    saves: u64,
}

/// A job as its scheduler knows it.
struct Job {
    plan: Plan,
    by: Wall,
    /// What is left of its work, in time at what it wants (s).
    left: f64,
    lease: Option<LeaseId>,
    /// The ledger has said that it will not be done in time, by a code or a notice.
    told: bool,
    heard: u64,
    /// It runs without a pause since then.
    ran: Option<Wall>,
}

fn plans() -> impl Strategy<Value = Vec<Plan>> {
    let class = prop_oneof![Just(Class::Firm), Just(Class::Curtailable), Just(Class::Interruptible)];
    let one = (
        class,
        0..4_i32,
        10_000..60_000_u32,
        (600..4000_u64, 0..3000_u64),
        0..4000_u64,
        prop_oneof![Just(0), 60..1500_u64],
    )
        .prop_map(|(class, priority, watts, times, comes, saves)| Plan {
            class,
            priority,
            watts,
            times,
            comes,
            saves,
        });
    proptest::collection::vec(one, 1..8)
}

impl Job {
    /// Asks for what is left of it, and whoever is refused has been told.
    fn ask(&mut self, rig: &mut Rig) {
        let wanted = f64::from(self.plan.watts);
        let long = Span::from_seconds(self.left.ceil());
        let times = Times { duration: Some(long), deadline: Some(self.by), ..Times::default() };
        let accept = Accept { wait: Span::from_secs(100_000), ..Accept::default() };
        let flex = Flex { floor: wanted / 3.0, checkpoint: Span::from_secs(self.plan.saves), ..Flex::default() };
        let of = Wish {
            class: self.plan.class,
            priority: self.plan.priority,
            flex,
            times,
            accept,
            ..wish(rig.feed("pdu-a1"), wanted)
        };
        let outcome = rig.acquire("slurm", of).outcome;
        self.lease = outcome.lease;
        self.told |= outcome.code == Code::Denied;
    }

    /// So long with what it may draw.
    fn step(&mut self, rig: &mut Rig) {
        let Some(lease) = self.lease else { return };
        let (now, of) = (rig.ledger.now(), rig.ledger.leases().find(|of| of.id == lease));
        let found = of.map(|of| (of.may(now), of.is_live()));
        let begun = of.filter(|of| of.cuts == 0).and_then(|of| of.steps.first()).map_or(now, |step| step.start);
        match found {
            Some((may, true)) if may > 0.0 => {
                self.left -= (may / f64::from(self.plan.watts)).min(1.0);
                self.ran.get_or_insert(begun);
            }
            Some((_, true)) => {
                // What it has not saved is lost.
                let ran = self.ran.take().map_or(0, |since| now.since(since).millis() / 1000);
                self.left += plant::convert::f64_from_u64(ran.checked_rem(self.plan.saves).unwrap_or_default());
            }
            Some((_, false)) | None => self.ran = None,
        }
        for notice in rig.ledger.notices().since(self.heard).filter(|of| of.lease == lease) {
            match notice.tidings {
                Tidings::Late => self.told = true,
                Tidings::InTime => self.told = false,
                Tidings::Reduce
                | Tidings::Pause
                | Tidings::Stop
                | Tidings::Restore
                | Tidings::Answered
                | Tidings::Released => {}
            }
        }
        self.heard = rig.ledger.notices().last();
        let waits = rig.ledger.waits().any(|of| of.id == lease);
        if !waits && !found.is_some_and(|(_, live)| live) {
            self.lease = None;
            // Who waited in vain hears `denied`.
            self.told |= found.is_none()
                && self.left >= 1.0
                && rig.ledger.again("slurm", &self.request(rig, lease)).is_some_and(|of| {
                    of.items.iter().any(|item| matches!(item.outcome.code, Code::Denied | Code::Expired))
                });
        }
    }

    fn request(&self, rig: &Rig, lease: LeaseId) -> String {
        rig.ledger.whose(lease).map(|(_, request)| request.to_owned()).unwrap_or_default()
    }
}

fn plays(plans: Vec<Plan>, limits: &[(u64, u32)]) {
    let mut rig = Rig::new();
    let begin = rig.ledger.now();
    let at = |seconds: u64| later(begin, Span::from_secs(seconds));
    let mut jobs: Vec<Job> = plans
        .into_iter()
        .map(|plan| Job {
            by: at(plan.comes + plan.times.0 + plan.times.1),
            left: plant::convert::f64_from_u64(plan.times.0),
            lease: None,
            told: false,
            heard: 0,
            ran: None,
            plan,
        })
        .collect();
    for second in 0..12_000 {
        if let Some((_, watts)) = limits.iter().find(|(from, _)| *from == second) {
            rig.limit("pdu-a1", Some(f64::from(*watts)));
        }
        for job in &mut jobs {
            let ended = job.lease.is_none() && job.left >= 1.0 && !job.told && rig.ledger.now() < job.by;
            if second >= job.plan.comes && ended {
                job.ask(&mut rig);
            }
        }
        rig.pass(1);
        for job in &mut jobs {
            job.step(&mut rig);
            if second % STEP == 0
                && let Some(lease) = job.lease
            {
                rig.renew("slurm", lease);
            }
            let over = rig.ledger.now() >= job.by && job.left > 3.0;
            assert!(!over || job.told, "in silence at {second} s: {:?}, {} s left", job.plan, job.left);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_deadline_passes_in_silence(
        plans in plans(),
        limits in proptest::collection::vec((0..9000_u64, 5_000..160_000_u32), 0..6),
    ) {
        plays(plans, &limits);
    }
}
