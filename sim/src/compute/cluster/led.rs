//! Jobs that somebody leads from outside: on nodes of their own, which the queue leaves alone, with as many of them at work as he says.
//!
//! **Equation** with a part of its nodes at work a job does that part of its work, and the others rest. **Source** counting. **Box** any number of nodes.

use super::{Cluster, NOBODY, Running, begun};
use crate::compute::arrivals::Arrival;

impl Cluster {
    /// Keeps nodes for jobs that are led. Before the first step.
    pub fn keep(&mut self, nodes: &[usize]) {
        for node in nodes {
            self.owner.get_mut(*node).into_iter().for_each(|owner| *owner = Some(NOBODY));
        }
    }

    /// A job begins on nodes that were kept, all of them at work. By what it is led; nothing where it cannot.
    pub fn begin_led(&mut self, job: Arrival) -> Option<usize> {
        let slot = self.slots.iter().position(Option::is_none)?;
        let running = Running { led: true, ..begun(&self.build, job, (self.seed, self.started)) };
        *self.slots.get_mut(slot)? = Some(running);
        self.started += 1;
        self.totals.jobs.0 += 1;
        Some(slot)
    }

    /// So many of its nodes work from now on; the others rest.
    pub fn lead(&mut self, slot: usize, nodes: &[usize], working: usize) {
        let Some(running) = self.slots.get_mut(slot).and_then(Option::as_mut) else { return };
        running.working = working.min(nodes.len());
        for (n, node) in nodes.iter().enumerate() {
            let owner = if n < working { slot } else { NOBODY };
            self.owner.get_mut(*node).into_iter().for_each(|of| *of = Some(owner));
        }
    }

    /// What is left of its work (s of an uncapped run of all of its nodes).
    #[must_use]
    pub fn left_of(&self, slot: usize) -> Option<f64> {
        self.slots.get(slot)?.as_ref().map(|running: &Running| (running.arrival.length - running.done).max(0.0))
    }

    /// It is over, or given up; its nodes are kept for the next.
    pub fn end_led(&mut self, slot: usize, nodes: &[usize]) {
        self.lead(slot, nodes, 0);
        self.slots.get_mut(slot).into_iter().for_each(|of| *of = None);
    }
}

#[cfg(test)]
mod tests {
    use crate::compute::arrivals::Arrival;
    use crate::compute::cluster::Cluster;
    use crate::compute::gpu::rate::Rates;
    use crate::compute::job::Kind;
    use crate::compute::node::{Around, Build, Cadence};

    #[test]
    fn a_job_that_is_led_works_with_as_many_nodes_as_somebody_says() {
        let build = Build::FRONTIER;
        let mut cluster = Cluster::new(build, 6, 1, 25.0);
        let nodes = [1, 2, 3, 4];
        cluster.keep(&nodes);
        let cadence = Cadence::new(&build, Rates::clocked(&build.device), 1.0);
        let around = Around { inlet: 25.0, liquid: None, live: true };
        cluster.submit(Arrival { submit: 0.0, nodes: 2, length: 1e6, kind: Kind::Training });
        cluster.submit(Arrival { submit: 0.0, nodes: 1, length: 1e6, kind: Kind::Training });
        let job = Arrival { submit: 0.0, nodes: 4, length: 100.0, kind: Kind::Training };
        let seconds = |cluster: &mut Cluster, count: usize| {
            let powers = (0..count).map(|_| cluster.step(&cadence, |_| around).power);
            powers.sum::<f64>() / plant::convert::f64_from_usize(count)
        };
        let rest = seconds(&mut cluster, 30);
        assert_eq!((cluster.job_of(0), cluster.job_of(1), cluster.job_of(5)), (Some(0), None, Some(0)));
        assert_eq!(cluster.waiting(), 1, "what is kept is nobody's");
        let slot = cluster.begin_led(job).expect("a place");
        cluster.lead(slot, &nodes, 4);
        let all = seconds(&mut cluster, 30);
        let left = cluster.left_of(slot).expect("runs");
        assert!((65.0..72.0).contains(&left), "{left}");
        cluster.lead(slot, &nodes, 1);
        let part = seconds(&mut cluster, 30);
        let less = left - cluster.left_of(slot).expect("runs");
        assert!((6.5..8.0).contains(&less), "a quarter of the work: {less}");
        assert!(all - rest > 2.5 * (part - rest), "{rest} {part} {all}");
        cluster.lead(slot, &nodes, 0);
        seconds(&mut cluster, 30);
        assert!((cluster.left_of(slot).expect("runs") - (left - less)).abs() < 1e-9, "it is paused");
        cluster.lead(slot, &nodes, 4);
        seconds(&mut cluster, 100);
        assert_eq!(cluster.left_of(slot), None, "it is done");
        cluster.end_led(slot, &nodes);
        assert_eq!((cluster.job_of(1), cluster.waiting()), (None, 1));
    }
}
