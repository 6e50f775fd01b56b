//! A hall's machines one by one: nodes in racks, and the jobs that come to them.
//!
//! **Equation** a rack draws what its nodes draw, blows what their fans blow and gives its air what they give, at the inlet of the
//! step before. A hall does not begin empty: jobs of the day before that would still run do. **Source** heat balances.
//! **Parameters** nodes in a rack, and what [`super::node`] and [`super::arrivals`] ask for. **Box** steps of a second;
//! longer ones are divided. **Outside it** nodes are in air only: racks with cold plates have none.
//! **Time constant** that of a node's chassis.

use std::sync::Arc;

use plant::convert;
use plant::fault::Faults;
use plant::hall::Hall;
use plant::read::Source;
use plant::time::Wall;

use super::arrivals::{Arrival, Generator, Mix};
use super::cluster::{Cluster, Totals};
use super::gpu::rate::Rates;
use super::node::{Around, Build, Cadence};
use crate::air::Row;
use crate::physics::read::need;

/// The longest step that GPUs take at once (s).
pub const LONGEST: f64 = 1.0;
/// A day (s).
const DAY: f64 = 86_400.0;

/// What stands in every rack, and what it works at.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// The kind of node.
    pub build: Build,
    /// What its GPUs' work loses under a cap.
    pub rates: Rates,
    /// Nodes in a rack (1, ≥ 1).
    pub per_rack: usize,
    /// What every GPU is capped at from the begin (W); nothing for its rated power.
    pub cap: Option<f64>,
    /// The jobs that come.
    pub jobs: Jobs,
}

/// The jobs that come.
#[derive(Clone, Debug, PartialEq)]
pub enum Jobs {
    /// At random, by a seed.
    Mix(Mix),
    /// From a trace, in the order of submission.
    Trace(Arc<[Arrival]>),
}

impl Spec {
    /// Reads a kind of node with its jobs, for a hall of `racks` racks with `per_rack` nodes in each.
    ///
    /// # Errors
    /// Every fault of the file at once.
    pub fn load(file: &str, text: &str, (per_rack, racks): (usize, usize)) -> Result<Self, Faults> {
        let source = Source::new(file, text);
        let table = source.parse();
        let root = source.root(&table);
        let (build, rates) = Build::read(&root);
        let mix = need(&root, "jobs", |jobs| Mix::read(jobs, per_rack.saturating_mul(racks)));
        root.done();
        source.finish(mix.map(|mix| Self { build, rates, per_rack, cap: None, jobs: Jobs::Mix(mix) }))
    }

    /// What a node takes at its most (W).
    #[must_use]
    pub fn node_peak(&self) -> f64 {
        self.build.supply.input(self.build.peak() + self.build.fans.power)
    }

    /// Whether every rack of a hall is made for so many nodes.
    ///
    /// # Errors
    /// What they take of what, and what to do instead.
    pub fn fits(&self, hall: &Hall) -> Result<(), (String, String)> {
        let rated = hall.rows.iter().flat_map(|(_, row)| &row.racks).map(|rack| rack.rated.0);
        let least = rated.fold(f64::INFINITY, f64::min);
        let all = convert::f64_from_usize(self.per_rack) * self.node_peak();
        if all <= least {
            return Ok(());
        }
        let message = format!("{} nodes take {:.1} kW of a rack's {:.1} kW", self.per_rack, all / 1e3, least / 1e3);
        Err((message, format!("write at most {:.0} for `per-rack`", (least / self.node_peak()).floor())))
    }
}

/// A hall's nodes with their jobs. A clone is a snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct Fleet {
    spec: Arc<Spec>,
    cluster: Cluster,
    /// For steps of one length: made anew when that changes.
    cadence: Cadence,
    incoming: Incoming,
    /// Time since the first step (s).
    clock: f64,
    /// What is around the nodes of each rack.
    around: Vec<Around>,
    /// The heat in all nodes, counted from 0 °C (J).
    stored: f64,
}

/// Where jobs come from.
#[derive(Clone, Debug, PartialEq)]
enum Incoming {
    /// A seed; nothing before the first step, which tells the hour.
    Seeded(Option<Generator>),
    /// A trace, and how many of it have come.
    Trace(Arc<[Arrival]>, usize),
}

impl Fleet {
    /// At rest at `cel`, in `racks` racks.
    #[must_use]
    pub fn new(spec: &Arc<Spec>, racks: usize, seed: u64, cel: f64) -> Self {
        let mut cluster = Cluster::new(spec.build, racks.saturating_mul(spec.per_rack), seed, cel);
        if let Some(watts) = spec.cap {
            (0..cluster.nodes().len()).for_each(|node| cluster.cap(node, watts));
        }
        let incoming = match &spec.jobs {
            Jobs::Mix(_) => Incoming::Seeded(None),
            Jobs::Trace(jobs) => Incoming::Trace(Arc::clone(jobs), 0),
        };
        let dark = Around { inlet: cel, liquid: None, live: false };
        Self {
            cadence: Cadence::new(&spec.build, spec.rates, LONGEST),
            spec: Arc::clone(spec),
            stored: cluster.stored(),
            cluster,
            incoming,
            clock: 0.0,
            around: vec![dark; racks],
        }
    }

    /// The nodes with their jobs.
    #[must_use]
    pub const fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The same, to lead jobs on nodes that are kept for them.
    pub const fn cluster_mut(&mut self) -> &mut Cluster {
        &mut self.cluster
    }

    /// What it is made of.
    #[must_use]
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Counts since the start.
    #[must_use]
    pub const fn totals(&self) -> &Totals {
        self.cluster.totals()
    }

    /// Caps one GPU of a node (W), by their numbers from 0.
    pub fn cap_one(&mut self, node: usize, gpu: usize, watts: f64) {
        self.cluster.cap_one(node, gpu, watts);
    }

    /// Locks one GPU of a node, by their numbers from 0, to a share of its highest clock (1), or lets it go.
    pub fn lock_one(&mut self, node: usize, gpu: usize, clock: Option<f64>) {
        self.cluster.lock_one(node, gpu, clock);
    }

    /// Caps every GPU of a rack (W), by the rack's number in the hall; back to what it began with where nothing is said.
    pub fn cap_rack(&mut self, rack: usize, watts: Option<f64>) {
        let watts = watts.or(self.spec.cap).unwrap_or(self.spec.build.device.rated);
        let first = rack.saturating_mul(self.spec.per_rack);
        (first..first.saturating_add(self.spec.per_rack)).for_each(|node| self.cluster.cap(node, watts));
    }

    /// Moves all nodes by `dt` (s, to a second) and tells the racks of `rows` what they draw, blow and give. `fed` says of a row and a
    /// rack of the hall, by their numbers, whether its machines have power. More heat in the nodes than before (J).
    pub fn step(
        &mut self,
        rows: &mut [Row],
        fed: impl Fn(usize, usize) -> bool,
        (seed, wall): (u64, Wall),
        dt: f64,
    ) -> f64 {
        let same = self.cadence.dt().to_bits() == dt.to_bits();
        if !same {
            self.cadence = Cadence::new(&self.spec.build, self.spec.rates, dt);
        }
        self.receive(seed, wall, dt);
        let mut places = self.around.iter_mut().enumerate();
        for (n, row) in rows.iter().enumerate() {
            for (rack, (number, place)) in row.racks.iter().zip(&mut places) {
                *place = Around { inlet: rack.inlet, liquid: None, live: fed(n, number) };
            }
        }
        let (per_rack, around) = (self.spec.per_rack.max(1), &self.around);
        let dark = Around { inlet: 25.0, liquid: None, live: false };
        self.cluster.step(&self.cadence, |node| around.get(node / per_rack).copied().unwrap_or(dark));
        let mut outcomes = self.cluster.outcomes().chunks(per_rack);
        for row in rows.iter_mut() {
            row.it = 0.0;
            for rack in &mut row.racks {
                rack.hold(outcomes.next().unwrap_or_default());
                row.it += rack.power;
            }
        }
        let before = std::mem::replace(&mut self.stored, self.cluster.stored());
        self.stored - before
    }

    /// Lets the jobs come that are submitted before this step is over.
    fn receive(&mut self, seed: u64, wall: Wall, dt: f64) {
        let begins = self.clock == 0.0;
        self.clock += dt;
        let until = self.clock;
        match &mut self.incoming {
            Incoming::Trace(jobs, come) => {
                while let Some(job) = jobs.get(*come).filter(|job| job.submit < until) {
                    self.cluster.submit(*job);
                    *come += 1;
                }
            }
            Incoming::Seeded(generator) => {
                let Jobs::Mix(mix) = &self.spec.jobs else { return };
                let hour = convert::f64_from_i64(wall.0.rem_euclid(86_400_000)) / 3_600_000.0;
                let generator = generator.get_or_insert_with(|| Generator::new(mix.clone(), seed, hour));
                // The generator's time begins a day earlier, at the same hour.
                while begins && let Some(job) = generator.next_before(DAY) {
                    let length = job.submit + job.length - DAY;
                    if length > 0.0 {
                        self.cluster.submit(Arrival { submit: 0.0, length, ..job });
                    }
                }
                while let Some(job) = generator.next_before(DAY + until) {
                    self.cluster.submit(Arrival { submit: job.submit - DAY, ..job });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
