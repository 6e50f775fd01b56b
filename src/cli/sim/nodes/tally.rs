//! What became of capped GPUs: breakers, the fullest feed, work lost by who comes first, and who was above his fail-safe without a lease.

use plant::convert;
use plant::hall::Hall;
use plant::time::{Mono, Span};
use sim::World;
use sim::kpi::Kpis;

use super::one::Agent;

/// The count of a run.
pub struct Tally {
    /// Whether each node works for who comes first.
    first: Vec<bool>,
    /// GPU-seconds that were wanted and lost: of who comes first, and of the others.
    wanted: [f64; 2],
    lost: [f64; 2],
    seconds: f64,
    /// Each job's number with its work so far (s), and its pace in this step (1), by number.
    jobs: Vec<(u64, f64, f64)>,
    before: Vec<(u64, f64, f64)>,
    /// The most that a feed carried of its limit (1).
    peak: f64,
    unheld: f64,
}

impl Tally {
    /// Nothing yet. Who comes first are the tenants of the hall's highest priority, where there are several.
    pub fn new(hall: &Hall) -> Self {
        let tenants = hall.power.capping.as_ref().map_or(&[][..], |rules| rules.tenants.as_slice());
        let highest = tenants.iter().filter(|of| !of.nodes.is_empty()).map(|of| of.priority).min();
        let mut first = vec![false; hall.power.nodes.len()];
        for tenant in tenants.iter().filter(|of| Some(of.priority) == highest) {
            for node in &tenant.nodes {
                first.get_mut(*node).into_iter().for_each(|of| *of = true);
            }
        }
        Self {
            first,
            wanted: [0.0; 2],
            lost: [0.0; 2],
            seconds: 0.0,
            jobs: Vec::new(),
            before: Vec::new(),
            peak: 0.0,
            unheld: 0.0,
        }
    }

    /// A step of the world (s).
    pub fn take(&mut self, hall: &Hall, world: &World, dt: f64) {
        let Some(cluster) = world.fleet().map(sim::compute::fleet::Fleet::cluster) else { return };
        self.seconds += dt;
        std::mem::swap(&mut self.jobs, &mut self.before);
        self.jobs.clear();
        for running in cluster.running() {
            let known = self.before.binary_search_by_key(&running.number, |of| of.0).ok();
            let before = known.and_then(|place| self.before.get(place)).map_or(0.0, |of| of.1);
            self.jobs.push((running.number, running.done, ((running.done - before) / dt).min(1.0)));
        }
        self.jobs.sort_unstable_by_key(|of| of.0);
        let gpus = cluster.build().gpus();
        for (node, first) in self.first.iter().enumerate() {
            let job = cluster.job_of(node).and_then(|job| self.jobs.binary_search_by_key(&job, |of| of.0).ok());
            let Some((_, _, pace)) = job.and_then(|place| self.jobs.get(place)) else { continue };
            let class = usize::from(!first);
            for (sum, share) in [(&mut self.wanted, 1.0), (&mut self.lost, 1.0 - pace)] {
                sum.get_mut(class).into_iter().for_each(|of| *of += gpus * share * dt);
            }
        }
        let feeds = hall.power.feeds.iter().map(|(id, feed)| world.breakers().load(id) / feed.limit().0);
        self.peak = feeds.fold(self.peak, f64::max);
    }

    /// Whether GPUs are above their fail-safe without a lease.
    pub fn unheld(&mut self, agents: &mut [Agent], world: &World, when: (Mono, Span), dt: Span) {
        for agent in agents {
            self.unheld = self.unheld.max(agent.judge(world, when, dt));
        }
    }

    /// The longest that a GPU was above its fail-safe without a lease (s).
    pub const fn longest_unheld(&self) -> f64 {
        self.unheld
    }

    /// Work lost of who comes first, and of all (%); nothing where there was none.
    pub fn lost(&self) -> (Option<f64>, Option<f64>) {
        let ([a, b], [x, y]) = (self.wanted, self.lost);
        let share = |lost: f64, wanted: f64| (wanted > 0.0).then(|| 100.0 * lost / wanted);
        (share(x, a), share(x + y, a + b))
    }

    /// Work done, in uncapped GPUs at work all the time.
    pub fn worked(&self) -> f64 {
        let ([a, b], [x, y]) = (self.wanted, self.lost);
        (a + b - x - y) / self.seconds.max(1e-9)
    }

    /// The most that a feed carried, of its limit (%).
    pub fn fullest(&self) -> f64 {
        100.0 * self.peak
    }

    /// Among the figures of a run.
    pub fn say(&self, kpis: &mut Kpis, world: &World) {
        let (first, all) = self.lost();
        for (name, value) in [
            ("gpus-trips", Some(convert::f64_from_usize(world.breakers().opened().len()))),
            ("gpus-feed-peak", Some(self.fullest())),
            ("gpus-lost-first", first),
            ("gpus-lost-all", all),
            ("gpus-worked", Some(self.worked())),
            ("gpus-unheld-s", Some(self.longest_unheld())),
        ] {
            kpis.give(name, value.unwrap_or(f64::NAN));
        }
    }
}
