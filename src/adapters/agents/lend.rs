//! When a node is granted anew: at once where anything falls, and otherwise in answer to what it says.

use plant::gpu::{Milliwatts, Uuid};
use plant::lease::{Grants, NodeReport};
use plant::time::{Mono, Span};

/// What a node was granted last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lent {
    grants: Option<Grants>,
    at: Mono,
}

/// A part of a lease after which it is renewed although nothing else is new: five messages in a row must be lost before it ends.
const RENEWED: u64 = 5;

impl Lent {
    /// What must go out now of what a scan grants, if anything; where it grants nothing, nobody is lent anything any more.
    pub fn next(&mut self, grants: Option<Grants>, report: &NodeReport, when: (Mono, Span)) -> Option<Grants> {
        if grants.is_none() {
            self.forget();
        }
        grants.filter(|grants| self.is_due(grants, report, when))
    }

    /// Whether these must go out now. `report` is the newest of the node, and the one they answer.
    fn is_due(&self, grants: &Grants, report: &NodeReport, (now, lease): (Mono, Span)) -> bool {
        let Some(lent) = &self.grants else { return true };
        let had = |uuid: Uuid| lent.grants.iter().find(|grant| grant.uuid == uuid);
        // A cap that falls, and a GPU that had none, do not wait for the node to speak.
        let urgent = |grant: &plant::lease::Grant| {
            had(grant.uuid).is_none_or(|had| grant.cap < had.cap || slower(grant.clock_mhz, had.clock_mhz))
        };
        if grants.grants.iter().any(urgent) {
            return true;
        }
        if lent.after == Some(report.seq) {
            return false;
        }
        let cap = |of: &plant::lease::Grant| -> (Milliwatts, Option<u32>) { (of.cap, of.clock_mhz) };
        let moved = |grant: &plant::lease::Grant| had(grant.uuid).is_some_and(|had| cap(had) != cap(grant));
        // What was sent last has not been taken: lost on its way, or the agent has started anew.
        let missed = |grant: &plant::lease::Grant| {
            let said = report.gpus.iter().find(|gpu| gpu.uuid == grant.uuid);
            said.is_some_and(|said| (said.epoch, said.sequence) < (grant.epoch, grant.sequence))
        };
        grants.grants.iter().any(moved)
            || lent.grants.iter().any(missed)
            || now.since(self.at).nanos().saturating_mul(RENEWED) >= lease.nanos()
    }

    /// These went out.
    pub fn lent(&mut self, grants: Grants, now: Mono) {
        *self = Self { grants: Some(grants), at: now };
    }

    /// Nothing is granted, or nobody knows what became of it: the next goes out whatever it is.
    pub fn forget(&mut self) {
        self.grants = None;
    }
}

/// A clock below the one before; nothing is the highest.
fn slower(now: Option<u32>, before: Option<u32>) -> bool {
    now.unwrap_or(u32::MAX) < before.unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use plant::lease::{GpuReport, Grant, Rule};

    use super::*;

    const LEASE: Span = Span::from_secs(10);

    fn grants(after: u64, caps: &[u64], sequence: u64) -> Grants {
        let of = |(n, cap): (u64, &u64)| Grant {
            uuid: Uuid::from_bits(u128::from(n)),
            cap: Milliwatts(*cap),
            lease: LEASE,
            epoch: 1,
            sequence,
            clock_mhz: None,
        };
        Grants { after: Some(after), grants: (0..).zip(caps).map(of).collect() }
    }

    fn report(seq: u64, gpus: u64, taken: u64) -> NodeReport {
        let gpu = |n: u64| GpuReport {
            rule: Rule::Lease,
            epoch: 1,
            sequence: taken,
            ..GpuReport::unread(Uuid::from_bits(u128::from(n)))
        };
        NodeReport { node: "n".to_owned(), seq, driver: None, why: None, gpus: (0..gpus).map(gpu).collect() }
    }

    fn at(ms: u64) -> (Mono, Span) {
        (Mono(ms * 1_000_000), LEASE)
    }

    #[test]
    fn a_fall_goes_at_once_a_rise_with_the_next_report_and_the_same_again_before_its_lease_ends() {
        let mut lent = Lent::default();
        assert!(lent.is_due(&grants(1, &[500, 500], 1), &report(1, 2, 0), at(0)), "the first");
        lent.lent(grants(1, &[500, 500], 1), Mono(0));
        assert!(!lent.is_due(&grants(1, &[500, 500], 2), &report(1, 2, 0), at(100)), "nothing is new");
        assert!(lent.is_due(&grants(1, &[500, 499], 2), &report(1, 2, 0), at(100)), "a fall");
        assert!(!lent.is_due(&grants(1, &[500, 600], 2), &report(1, 2, 0), at(100)), "a rise waits");
        assert!(lent.is_due(&grants(2, &[500, 600], 2), &report(2, 2, 1), at(500)), "for the node to speak");
        assert!(!lent.is_due(&grants(2, &[500, 500], 2), &report(2, 2, 1), at(1999)));
        assert!(lent.is_due(&grants(2, &[500, 500], 2), &report(2, 2, 1), at(2000)), "a fifth of the lease");
        assert!(lent.is_due(&grants(2, &[500, 500, 500], 2), &report(1, 3, 1), at(100)), "one that had none");
    }

    #[test]
    fn what_was_not_taken_is_sent_again() {
        let mut lent = Lent::default();
        lent.lent(grants(1, &[500, 500], 7), Mono(0));
        assert!(lent.is_due(&grants(2, &[500, 500], 9), &report(2, 2, 6), at(500)), "it says that it has an older one");
        assert!(!lent.is_due(&grants(2, &[500, 500], 9), &report(2, 2, 7), at(500)));
        lent.forget();
        assert!(lent.is_due(&grants(2, &[500, 500], 9), &report(2, 2, 7), at(500)), "the connection was lost");
    }

    #[test]
    fn a_lower_clock_is_a_fall_too() {
        let mut lent = Lent::default();
        lent.lent(grants(1, &[500], 1), Mono(0));
        let mut slow = grants(1, &[500], 2);
        slow.grants[0].clock_mhz = Some(900);
        assert!(lent.is_due(&slow, &report(1, 1, 1), at(10)));
        lent.lent(slow, Mono(0));
        assert!(!lent.is_due(&grants(1, &[500], 3), &report(1, 1, 1), at(20)), "freed again with the next report");
        assert!(lent.is_due(&grants(2, &[500], 3), &report(2, 1, 2), at(500)));
    }
}
