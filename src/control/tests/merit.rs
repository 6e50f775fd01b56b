//! What is spent for a billed window, in which order, and in which it comes back: batteries, cooling, leases that may be paused, caps by priority, grants.

mod drawn;
mod hot;

use std::sync::Arc;

use plant::gpu::{Milliwatts, Uuid};
use plant::hall::Hall;
use plant::image::Inputs;
use plant::lease::{GpuReport, NodeReport, Rule};
use plant::time::Span;

use super::leases::wish;
use super::rides::site;
use super::rig::Rig;
use crate::control::ledger::message::{Class, Flex, LeaseId, Message, Named, OnExpiry, Op, Said, Times, Wish};
use crate::control::ledger::notices::{Cause, Tidings};
use crate::control::ledger::reply::{Code, Outcome};
use crate::control::ledger::tree::Place;
use crate::control::ledger::{Rules, Tenant};
use crate::control::request::{Ask, Reply};
use crate::control::savings::view::MonthView;
use crate::control::{Controller, Site};

/// What quarters of an hour shall not exceed, and what the battery gives (W).
const TARGET: f64 = 800e3;
const GIVES: f64 = 100e3;
/// What flows where neither is enough (W).
const MOST: f64 = TARGET + GIVES + 60e3;
/// What each GPU would draw (mW).
const WORK: u64 = 400_000;
/// And without work (mW).
const REST: u64 = 80_000;

const HALL: &str = "
[capping]

[[tenant]]
name = \"prod\"
rows = [\"row-a\"]
priority = 0

[peaks]
meter = \"utility\"
feed = \"utility\"
ride = 2.0

[[peak]]
demand = \"peak\"
most = 800e3

[[meter]]
name = \"bess-out\"
role = \"battery-discharge\"
rated = 100e3

[[meter]]
name = \"bess-in\"
role = \"battery-charge\"
rated = 100e3

[[battery]]
name = \"bess\"
feed = \"utility\"
capacity = 400e3
rated-discharge = 100e3
rated-charge = 50e3
lowest = 10.0
highest = 90.0
reserve = 30.0
charge-to = 85.0
";

/// A hall whose GPUs do as they are told, with a battery, a scheduler and cooling that has much left.
struct Stand {
    rig: Rig,
    enforced: Vec<u64>,
    orders: Vec<(u64, u64)>,
    /// Whose GPUs have no work.
    idle: Vec<bool>,
    energy: f64,
    /// What flows from the grid (W).
    grid: f64,
    asked: u64,
}

impl Stand {
    fn new() -> Self {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        let mut rig = Rig::new(Hall::load("air", &format!("{text}{HALL}")).unwrap_or_else(|faults| panic!("{faults}")));
        let leases = Some(Rules { tenants: vec![Tenant::plain("slurm")], ..Rules::default() });
        rig.control = Controller::new(Site { leases, ..site(&rig.hall) });
        for name in ["ch-1", "ch-2", "ch-3"] {
            rig.read(&format!("{name}/entering-water-temp"), 22.0);
            rig.read(&format!("{name}/leaving-water-temp"), 14.0);
        }
        [0, 1].into_iter().for_each(|row| rig.inlets(row, 23.0));
        (1..=6).for_each(|n| rig.read(&format!("crah-{n}/supply-air-temp"), 19.5));
        for (name, value) in [("roof/dry-bulb", 35.0), ("roof/wet-bulb", 28.0), ("ct-1/leaving-water-temp", 30.0)] {
            rig.read(name, value);
        }
        for (name, value) in [("bess/charge", 80.0), ("bess/cell-temp", 25.0), ("bess/ready", 1.0)] {
            rig.read(name, value);
        }
        let gpus = rig.hall.power.gpus();
        rig.inputs = Inputs::of(&rig.hall);
        Self {
            rig,
            enforced: vec![WORK; gpus],
            orders: vec![(0, 0); gpus],
            idle: vec![false; gpus],
            energy: 0.0,
            grid: 0.0,
            asked: 0,
        }
    }

    fn draws(&self, gpu: usize) -> u64 {
        if self.idle[gpu] { REST } else { WORK.min(self.enforced[gpu]) }
    }

    /// GPUs of a rack have work, or none.
    fn works(&mut self, rack: usize, works: bool) {
        for node in self.rig.hall.power.nodes.iter().filter(|node| node.rack == rack) {
            node.places().for_each(|gpu| self.idle[gpu] = !works);
        }
    }

    /// What GPUs of a row draw (W, mean).
    fn row(&self, row: &str) -> f64 {
        let nodes = self.rig.hall.power.nodes.iter().filter(|node| node.name.starts_with(&format!("rack-{row}")));
        let all: Vec<u64> = nodes.flat_map(|node| node.places()).map(|gpu| self.draws(gpu)).collect();
        f64::from(u32::try_from(all.iter().sum::<u64>() / 1000).expect("small"))
            / f64::from(u32::try_from(all.len()).expect("few"))
    }

    /// So many seconds of a load: what the billed meter would read if nobody was lowered and the battery rested (W).
    fn pass(&mut self, seconds: u64, load: f64) {
        for _ in 0..seconds {
            self.second(load);
        }
    }

    fn second(&mut self, load: f64) {
        let hall = Arc::clone(&self.rig.hall);
        let now = self.rig.tick.mono.after(Span::from_secs(1));
        let mut racks = vec![0.0; hall.power.racks.len()];
        for (n, node) in hall.power.nodes.iter().enumerate() {
            let of = |gpu: usize| GpuReport {
                power: Some(Milliwatts(self.draws(gpu))),
                peak: Some(Milliwatts(self.draws(gpu))),
                enforced: Some(Milliwatts(self.enforced[gpu])),
                at_most: Some(Milliwatts(self.enforced[gpu])),
                rule: Rule::Lease,
                lease: Span::from_secs(10),
                epoch: self.orders[gpu].0,
                sequence: self.orders[gpu].1,
                ..GpuReport::unread(name(gpu))
            };
            let gpus: Vec<GpuReport> = node.places().map(of).collect();
            let watts: u64 = node.places().map(|gpu| self.draws(gpu)).sum();
            racks[node.rack] += (f64::from(u32::try_from(watts).expect("small")) / 1000.0 + 900.0) / node.supplies;
            let report =
                NodeReport { node: node.name.clone(), seq: self.rig.tick.seq + 1, driver: None, why: None, gpus };
            assert!(self.rig.inputs.hear(&hall, n, &report, now));
        }
        self.meters(&racks, load);
        self.rig.step();
        for (n, node) in hall.power.nodes.iter().enumerate() {
            let grants = self.rig.control.outputs().grants(&hall, n, self.rig.tick.seq);
            for grant in grants.iter().flat_map(|grants| &grants.grants) {
                let gpu = node.places().find(|gpu| name(*gpu) == grant.uuid).expect("one of its own");
                self.enforced[gpu] = grant.cap.0.clamp(200_000, 700_000);
                self.orders[gpu] = (grant.epoch, grant.sequence);
            }
        }
    }

    /// Every meter reads what flows; what is no machine is as much as the load wants where GPUs draw all that they would.
    fn meters(&mut self, racks: &[f64], load: f64) {
        let rig = &mut self.rig;
        let all = |of: f64| 4.0 * (of / 4.0 * 1.008 + 550.0);
        let nodes: f64 = rig.hall.power.nodes.iter().map(|node| (4.0 * 400.0 + 900.0) / node.supplies).sum();
        let besides = (load - 1600.0) / 1.0065 - 6e3 - all(nodes) / 0.975;
        let names: Vec<String> =
            rig.hall.power.racks.iter().map(|rack| rig.hall.points[rack.power.id()].name.clone()).collect();
        names.iter().zip(racks).for_each(|(name, watts)| rig.read(name, *watts));
        let row = |letter: &str| -> f64 {
            names
                .iter()
                .zip(racks)
                .filter(|(name, _)| name.starts_with(&format!("rack-{letter}")))
                .map(|(_, watts)| watts)
                .sum()
        };
        let rows = [("a", row("a")), ("b", row("b"))];
        for (letter, watts) in rows {
            [1, 2].into_iter().for_each(|n| rig.read(&format!("pdu-{letter}{n}/power"), watts / 2.0));
        }
        let ups = all(racks.iter().sum());
        let given = rig.value("bess/power-setpoint");
        let grid = (ups / 0.975 + besides + 6e3) * 1.0065 + 1600.0 - given;
        (self.energy, self.grid) = (self.energy + grid / 3600.0, grid);
        let read = [
            ("ups/power", ups),
            ("mechanical/power", besides),
            ("bess/power", given),
            ("utility/power", grid),
            ("utility/energy", self.energy),
        ];
        read.into_iter().for_each(|(name, value)| rig.read(name, value));
    }

    fn say(&mut self, op: Op) -> Outcome {
        self.asked += 1;
        let message = Message { client: "slurm".to_owned(), request: format!("r{}", self.asked), body: 1, op };
        match self.rig.ask(Ask::Ledger(Said::Request(message))) {
            Reply::Lease(answered) => answered.items[0].outcome,
            other @ (Reply::Accepted { .. } | Reply::Refused(_)) => panic!("{other:?}"),
        }
    }

    /// A small job that may be paused.
    fn acquire(&mut self) -> Outcome {
        let of = Wish {
            class: Class::Interruptible,
            flex: Flex::default(),
            ttl: Some(Span::from_secs(3600)),
            ..wish(&self.rig, 20e3)
        };
        self.say(Op::Acquire(vec![of]))
    }

    fn renew(&mut self, lease: Option<LeaseId>) {
        let of = Named { lease: lease.expect("a lease"), epoch: None };
        assert_eq!(self.say(Op::Renew { of, ttl: None }).code, Code::Granted);
    }

    fn gives(&self) -> f64 {
        self.rig.value("bess/power-setpoint")
    }

    fn cooling(&self) -> String {
        self.rig.control.peaks().and_then(|view| view.cooling).expect("may be moved").does
    }

    fn is_home(&self) -> bool {
        let view = self.rig.control.peaks().and_then(|view| view.cooling).expect("may be moved");
        view.setpoints.iter().all(|of| of.offset_k == 0.0)
    }

    /// What was told of leases.
    fn told(&self) -> Vec<(Tidings, Cause)> {
        let seen = self.rig.control.leases(0).expect("may be asked");
        seen.notices.iter().map(|(_, _, of)| (of.tidings, of.cause)).collect()
    }
}

fn name(gpu: usize) -> Uuid {
    Uuid::from_bits(u128::from(plant::convert::u64_from_usize(gpu)))
}

/// What it is called, when it was so first, and whether it is.
type So<'a> = (&'a str, Option<u64>, &'a dyn Fn(&Stand) -> bool);

/// The first second in which something is so, of so many.
fn first(stand: &mut Stand, (seconds, load): (u64, f64), so: &mut [So<'_>]) {
    for second in 0..seconds {
        stand.second(load);
        for (_, at, is) in so.iter_mut().filter(|(_, at, _)| at.is_none()) {
            *at = is(stand).then_some(second);
        }
    }
}

#[test]
fn what_costs_least_is_spent_first_for_a_billed_window_and_work_comes_back_first() {
    let mut stand = Stand::new();
    stand.pass(960, 0.75 * TARGET);
    let lease = stand.acquire();
    assert_eq!((lease.code, stand.gives() > 0.0), (Code::Granted, false), "{lease:?}");

    // 1. The battery alone.
    stand.pass(600, 1.06 * TARGET);
    assert!((30e3..70e3).contains(&stand.gives()), "{}", stand.gives());
    assert_eq!((stand.cooling().as_str(), stand.told()), ("rests", vec![]), "what the battery holds pauses nobody");
    assert!(stand.row("a") > 399.0 && stand.row("b") > 399.0, "{} {}", stand.row("a"), stand.row("b"));

    // 2. As much as it gives, nearly: cooling begins to ride.
    stand.pass(300, TARGET + 0.85 * GIVES);
    assert_eq!((stand.cooling().as_str(), stand.told()), ("rides", vec![]), "{} W", stand.gives());
    assert!(stand.row("b") > 399.0, "{}", stand.row("b"));

    // 3, 4, 5. More than both: who may be paused is told, caps come down by priority, and nothing new is lent.
    stand.renew(lease.lease);
    stand.pass(10, MOST);
    assert_eq!(stand.told(), [(Tidings::Pause, Cause::PeakInterval)]);
    stand.pass(110, MOST);
    assert!(stand.gives() > 0.98 * GIVES, "{}", stand.gives());
    assert!(stand.row("a") > 395.0 && stand.row("b") < 360.0, "{} before {}", stand.row("a"), stand.row("b"));
    let refused = stand.acquire();
    assert_eq!(refused.code, Code::Retry, "{refused:?}");
    stand.pass(300, MOST);
    stand.renew(lease.lease);

    // Back again: caps, what was paused and what is asked for at once, the battery after its rest, and cooling slowly behind work.
    let mut so: [So<'_>; 4] = [
        ("caps", None, &|stand| stand.row("b") > 395.0),
        ("restored", None, &|stand| stand.told().last() == Some(&(Tidings::Restore, Cause::Restored))),
        ("home", None, &|stand| stand.is_home()),
        ("charges", None, &|stand| stand.gives() < -1e3),
    ];
    first(&mut stand, (3600, 0.75 * TARGET), &mut so);
    let at: Vec<(&str, u64)> = so.iter().map(|(name, at, _)| (*name, at.unwrap_or(u64::MAX))).collect();
    let of = |name: &str| at.iter().find(|(of, _)| *of == name).map(|(_, at)| *at).expect("one of them");
    assert!(at.iter().all(|(_, at)| *at < u64::MAX), "{at:?}");
    assert!(of("caps") < 30 && of("restored") < 30, "{at:?}");
    assert!(of("charges") >= 600 && of("home") >= 600, "{at:?}");
    assert_eq!(stand.acquire().code, Code::Granted);
    let peaks = stand.rig.control.peaks().expect("kept");
    assert!(peaks.demands[0].peak.as_ref().is_some_and(|peak| peak.watts <= 1.001 * TARGET), "{peaks:?}");
}

#[test]
fn a_lease_that_is_paused_for_a_window_is_deferred_work_and_a_lower_peak() {
    let mut stand = Stand::new();
    // A rack of the second row has no work yet.
    let nodes = &stand.rig.hall.power.nodes;
    let rack = nodes.iter().find(|node| node.name.starts_with("rack-b")).expect("a node").rack;
    let gpus: usize = nodes.iter().filter(|node| node.rack == rack).map(|node| node.places().len()).sum();
    stand.works(rack, false);
    stand.pass(960, 0.75 * TARGET);
    let watts = plant::convert::f64_from_usize(gpus) * 320.0;
    let job = |watts: f64| Wish {
        class: Class::Interruptible,
        flex: Flex::default(),
        ttl: Some(Span::from_secs(3600)),
        times: Times { duration: Some(Span::from_secs(7200)), ..Times::default() },
        places: vec![(Place::Rack(rack), 1.0)],
        ..wish(&stand.rig, watts)
    };
    let wanted = job(watts + 5e3);
    let lease = stand.say(Op::Acquire(vec![wanted]));
    assert_eq!(lease.code, Code::Granted, "{lease:?}");
    stand.works(rack, true);
    stand.pass(900, TARGET + 0.85 * GIVES);
    let before = month(&stand);
    assert_eq!((before.deferred_wh, before.undone_wh), (0.0, 0.0));
    // It is told, and pauses when its minute is over.
    while stand.told().is_empty() {
        stand.pass(1, MOST);
    }
    assert_eq!(stand.told(), [(Tidings::Pause, Cause::PeakInterval)]);
    stand.pass(61, MOST);
    stand.works(rack, false);
    stand.pass(600, MOST);
    let of = month(&stand);
    // What its GPUs draw less, ten minutes long; nothing of what caps hold back elsewhere.
    let by_hand = watts / 6.0;
    assert!((of.deferred_wh - by_hand).abs() < 0.02 * by_hand, "{} Wh, and by hand {by_hand}", of.deferred_wh);
    let moved = |of: &MonthView| of.energy_wh.no_control - of.energy_wh.no_batteries - of.shed_wh;
    let carried = moved(&of) - moved(&before);
    assert!((of.deferred_wh..1.08 * of.deferred_wh).contains(&carried), "with losses and no cooling: {carried}");
    assert_eq!((of.undone_wh, of.apart_wh), (0.0, 0.0), "it does not say how often it saves");
    let peak = of.demands[0].peak_w.expect("known");
    assert!(peak.no_control > peak.no_batteries, "{peak:?}");
}

/// What was saved in the month that runs.
fn month(stand: &Stand) -> MonthView {
    stand.rig.control.savings().and_then(|view| view.months.into_iter().next()).expect("begun")
}
