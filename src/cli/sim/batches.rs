//! The scheduler of a simulated hall, in process: its jobs ask control for leases of power as schedulers in the field do, run on the world's nodes with what
//! they may draw, and do what notices say.
//!
//! ```text
//!  page's [[batch]] ─▶ acquire ─▶ control's ledger ─▶ what a lease may draw ─▶ so many nodes of the job work
//!        ▲                             │                                              │
//!        └── what is left of it ◀── it is over                                   work is done ─▶ release
//! ```
//!
//! A job whose work is not done by its deadline was told so before, by a notice or a code, or it was missed in silence.

mod job;

use std::sync::Arc;

use plant::convert;
use plant::time::{Span, Tick};
use sim::World;
use sim::kpi::Kpis;
use sim::scenario::Scenario;
use sim::scenario::batch::{Batch, CLIENT};
use wattloop::control::Controller;
use wattloop::control::ledger::message::{Message, Op, Said};
use wattloop::control::ledger::reply::Answered;
use wattloop::control::ledger::{Rules, Tenant};
use wattloop::control::request::{Ask, Reply, Request};

use job::{Cuts, Job, Outcome};

/// What a page's scheduler may do; nothing where the page has none.
pub fn rules(scenario: &Scenario) -> Option<Rules> {
    let any = !scenario.batches.is_empty();
    any.then(|| Rules { tenants: vec![Tenant::plain(CLIENT)], ..Rules::default() })
}

/// All jobs of a page.
pub struct Batches {
    jobs: Vec<Job>,
    /// The number of the last notice that was heard.
    heard: u64,
    /// Counts its requests.
    asked: u64,
    /// How often they were lowered, and paused by a plan.
    cuts: Cuts,
}

impl Batches {
    /// Those of a page, on nodes of the world that are kept for them; nothing where it has none.
    pub fn of(scenario: &Scenario, world: &mut World) -> Option<Self> {
        let spec = world.fleet()?.spec();
        // What nodes draw at rest is nobody's: a lease is for what a job draws above that.
        let rest = spec.build.supply.input(spec.build.idle());
        let (per_rack, each) = (spec.per_rack, spec.node_peak() - rest);
        let job = |batch: &Arc<Batch>, racks: &Vec<usize>| {
            let nodes: Vec<usize> = racks
                .iter()
                .flat_map(|rack| rack.saturating_mul(per_rack)..(rack + 1).saturating_mul(per_rack))
                .collect();
            let watts = (convert::f64_from_usize(nodes.len()) * each).ceil();
            Job::new(Arc::clone(batch), (racks.clone(), nodes), watts, scenario.start)
        };
        let batches: Vec<Arc<Batch>> = scenario.batches.iter().cloned().map(Arc::new).collect();
        let jobs: Vec<Job> = batches.iter().flat_map(|of| of.jobs.iter().map(move |racks| job(of, racks))).collect();
        let cluster = world.fleet_mut()?.cluster_mut();
        jobs.iter().for_each(|job| cluster.keep(job.nodes()));
        (!jobs.is_empty()).then_some(Self { jobs, heard: 0, asked: 0, cuts: Cuts::default() })
    }

    /// After a scan: what was told is heard, what is due is asked for, and nodes work with what their jobs may draw.
    pub fn act(&mut self, controller: &mut Controller, world: &mut World, (tick, dt): (Tick, Span)) {
        for job in &mut self.jobs {
            if let Some(op) = job.due(tick) {
                let answered = say(controller, op, (&mut self.asked, tick));
                job.answered(answered.as_ref());
            }
        }
        let Some(view) = controller.leases(self.heard) else { return };
        self.heard = view.last;
        for job in &mut self.jobs {
            job.hear(&view, &mut self.cuts);
            if let Some(op) = job.work(&view, world, (tick, dt)) {
                say(controller, op, (&mut self.asked, tick));
            }
        }
    }

    /// What became of them, among the figures of a run.
    pub fn say(&self, kpis: &mut Kpis) {
        let of = |outcome: Outcome| convert::f64_from_usize(self.jobs.iter().filter(|job| job.is(outcome)).count());
        kpis.give("jobs-kept", of(Outcome::Kept));
        kpis.give("jobs-told", of(Outcome::Told));
        kpis.give("jobs-silent", of(Outcome::Silent));
        kpis.give("jobs-running", of(Outcome::Running));
        kpis.give("jobs-lowered", convert::f64_from_u64(self.cuts.lowered));
        kpis.give("jobs-paused", convert::f64_from_u64(self.cuts.paused));
    }
}

/// Asks control as a client does; nothing where it does not answer that.
fn say(controller: &mut Controller, op: Op, (asked, tick): (&mut u64, Tick)) -> Option<Answered> {
    *asked = asked.saturating_add(1);
    let message = Message { client: CLIENT.to_owned(), request: format!("r{asked}"), body: u128::from(*asked), op };
    let request = Request { who: format!("mqtt:{CLIENT}"), ask: Ask::Ledger(Said::Request(message)) };
    match controller.answer(&request, tick) {
        Reply::Lease(answered) => Some(*answered),
        Reply::Accepted { .. } | Reply::Refused(_) => None,
    }
}
