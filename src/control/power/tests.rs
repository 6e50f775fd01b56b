//! Caps against a field of GPUs that do as they are told one scan later.

use std::sync::Arc;

use plant::event::Event;
use plant::gpu::{Condition, Throttle, Uuid};
use plant::id::Id;
use plant::image::Outputs;
use plant::lease::seen::GpuSeen;
use plant::lease::{GpuReport, NodeReport, Rule};
use plant::time::{Mono, Wall};
use proptest::prelude::*;

use super::*;
use crate::control::asks::Ask;

mod calibration;
mod door;
mod exceeded;
mod lets;
mod nodes;
mod shed;
mod tenants;

const TENANTS: &str = "\n[capping]\n\n[[tenant]]\nname = \"prod\"\nrows = [\"row-a\"]\npriority = 0\n";
const SECOND: Span = Span::from_secs(1);

/// `air` behind a UPS of 700 kW, which all its GPUs at their most would overload by a third.
fn hall(capping: &str) -> Arc<Hall> {
    let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let at = text.find("name = \"ups-a\"\nkind").expect("a UPS");
    let (before, after) = text.split_at(at);
    let after: Vec<&str> =
        after.lines().filter(|line| !line.contains("standard = \"ups\", rated-a = 1804.2")).collect();
    let after = after.join("\n").replacen("rated = 1.25e6", "rated = 700e3", 1);
    Arc::new(Hall::load("air", &format!("{before}{after}\n{capping}")).unwrap_or_else(|faults| panic!("{faults}")))
}

fn name(gpu: usize) -> Uuid {
    Uuid::from_bits(u128::from(convert::u64_from_usize(gpu)))
}

struct Field {
    hall: Arc<Hall>,
    capper: Capper,
    caps: Caps,
    inputs: Inputs,
    out: Outputs,
    events: Vec<Event>,
    /// What each GPU would draw (mW), and what is enforced.
    natural: Vec<u64>,
    enforced: Vec<u64>,
    orders: Vec<(u64, u64)>,
    /// Since a node was last granted anything (scans), and whether it is cut off.
    age: Vec<u64>,
    cut: Vec<bool>,
    /// A watt of each board at its rack's meter, where that is read (1).
    gains: Option<Vec<f64>>,
    /// All else in a node (W), and what hangs on the UPS besides.
    other: f64,
    besides: f64,
    budgets: Budgets,
    leases: Ledger,
    windows: Option<Mean>,
    grid: Grid,
    batteries: Batteries,
    used: f64,
    /// What the cooling side asks of every rack.
    asked: Option<Ask>,
    /// The GPU whose limit somebody else has set.
    foreign: Option<usize>,
    /// What one board more of each node may draw at the most (mW); it rests.
    beyond: Option<Milliwatts>,
    tick: Tick,
}

impl Field {
    fn new(capping: &str) -> Self {
        let hall = hall(capping);
        let (capper, gpus) = (Capper::of(&hall), hall.power.gpus());
        Self {
            caps: Caps::new(&hall, &capper),
            inputs: Inputs::of(&hall),
            out: Outputs { caps: vec![Cap::default(); gpus], ..Outputs::default() },
            events: Vec::new(),
            natural: vec![650_000; gpus],
            enforced: vec![300_000; gpus],
            orders: vec![(0, 0); gpus],
            age: vec![0; hall.power.nodes.len()],
            cut: vec![false; hall.power.nodes.len()],
            gains: None,
            other: 900.0,
            besides: 0.0,
            budgets: Budgets::default(),
            leases: Ledger::default(),
            windows: None,
            grid: Grid::default(),
            batteries: Batteries::default(),
            used: 0.0,
            asked: None,
            foreign: None,
            beyond: None,
            tick: Tick { seq: 0, dt: SECOND, mono: Mono(1_000_000_000), wall: Wall(0), clock_trusted: true, boot: 1 },
            capper,
            hall,
        }
    }

    fn draws(&self, gpu: usize) -> u64 {
        self.natural[gpu].min(self.enforced[gpu])
    }

    /// What a GPU draws by its rack's meter where its board reads so much (mW).
    fn real(&self, gpu: usize, board: u64) -> u64 {
        let gain = self.gains.as_ref().map_or(1.0, |gains| gains[gpu]);
        convert::u64_from_f64_rounded(convert::f64_from_u64(board) * gain)
    }

    /// Every GPU with what holds it.
    fn views(&self) -> Vec<crate::control::report::GpuView> {
        let windows = self.windows.map(|mean| (mean.feed, mean.allowed, "peak"));
        let (given, lent, asked) = (&|_| Watts(0.0), &|feed| self.leases.allowed(feed), &|_| self.asked);
        let (budgets, leases, grid) = (&self.budgets, &self.leases, &self.grid);
        let lower = why::Lower { budgets, leases, windows, grid, given, lent, asked };
        self.caps.views(&self.hall, &self.capper, &lower)
    }

    /// What the meter of a rack reads, where it is read.
    fn meter(&self, rack: usize) -> Option<Watts> {
        self.gains.as_ref()?;
        let of = |node: &plant::hall::power::Node| {
            let gpus: u64 = node.places().map(|gpu| self.real(gpu, self.draws(gpu))).sum();
            (convert::f64_from_u64(gpus) / 1000.0 + self.other) / node.supplies
        };
        Some(Watts(self.hall.power.nodes.iter().filter(|node| node.rack == rack).map(of).sum()))
    }

    /// What every limit carries (W) where each GPU draws so much (mW).
    fn loads(&self, of: impl Fn(usize) -> u64) -> Vec<f64> {
        let mut row = vec![0; self.capper.limits.all.len()];
        let node = convert::u64_from_f64_rounded(250.0 * self.other);
        self.capper.limits.tree.carry(|gpu| Milliwatts(self.real(gpu, of(gpu)) + node), &mut row);
        row.iter()
            .enumerate()
            .map(|(n, x)| convert::f64_from_u64(*x) / 1e9 + if n <= 2 { self.besides } else { 0.0 })
            .collect()
    }

    fn ups(&self) -> (f64, f64) {
        let ups = self.hall.power.feed("ups-a").expect("a UPS");
        (self.loads(|g| self.draws(g))[ups.index()], self.hall.power.feeds.get(ups).expect("a UPS").limit().0)
    }

    /// A second: nodes report, caps are decided, and nodes that hear do as they are told before the next.
    fn second(&mut self) {
        self.tick = Tick { seq: self.tick.seq + 1, mono: self.tick.mono.after(SECOND), ..self.tick };
        let hall = Arc::clone(&self.hall);
        for node in (0..hall.power.nodes.len()).filter(|n| !self.cut[*n]) {
            let report = self.report(node);
            assert!(self.inputs.hear(&hall, node, &report, self.tick.mono), "each report is newer than the last");
        }
        let loads = self.loads(|g| self.draws(g));
        let meters: Vec<Option<Watts>> = (0..hall.power.racks.len()).map(|rack| self.meter(rack)).collect();
        let places: Vec<Place> = self.capper.limits.all.iter().map(|limit| limit.place).collect();
        let scene = Scene {
            hall: &self.hall,
            inputs: &self.inputs,
            load: |place| {
                let limit = places.iter().position(|of| *of == place).expect("a limit");
                (Watts(loads[limit]), self.used)
            },
            asked: |_| self.asked.map(|ask| ask.rung),
            meter: |rack| meters[rack],
            budgets: &self.budgets,
            leases: &self.leases,
            windows: self.windows,
            grid: &self.grid,
            batteries: &self.batteries,
            lent: &|feed| self.leases.allowed(feed),
            now: self.tick,
        };
        let mut news = News::new(self.tick, &mut self.events);
        self.caps.step(&scene, &mut self.capper, (&mut self.out.caps, &mut news));
        for (n, node) in hall.power.nodes.iter().enumerate() {
            self.age[n] = if self.cut[n] { self.age[n] + 1 } else { 0 };
            let grants = self.out.grants(&hall, n, self.tick.seq).filter(|_| !self.cut[n]);
            for grant in grants.iter().flat_map(|grants| &grants.grants) {
                let gpu = node.places().find(|gpu| name(*gpu) == grant.uuid).expect("one of its own");
                self.enforced[gpu] = grant.cap.0.clamp(200_000, 700_000);
                self.orders[gpu] = (grant.epoch, grant.sequence);
            }
            if self.age[n] >= 10 {
                self.enforced[node.places()].iter_mut().for_each(|cap| *cap = (*cap).min(300_000));
            }
        }
    }

    /// What a node says of itself.
    fn report(&self, node: usize) -> NodeReport {
        let of = &self.hall.power.nodes[node];
        let gpu = |gpu: usize| GpuReport {
            power: Some(Milliwatts(self.draws(gpu))),
            peak: Some(Milliwatts(self.draws(gpu))),
            throttle: (self.natural[gpu] > self.enforced[gpu]).then_some(Throttle::POWER_CAP),
            enforced: Some(Milliwatts(self.enforced[gpu])),
            at_most: Some(Milliwatts(self.enforced[gpu])),
            rule: if self.foreign == Some(gpu) { Rule::Foreign } else { Rule::Lease },
            lease: Span::from_secs(10),
            epoch: self.orders[gpu].0,
            sequence: self.orders[gpu].1,
            ..GpuReport::unread(name(gpu))
        };
        let beyond = |most| GpuReport {
            power: Some(Milliwatts(0)),
            at_most: Some(most),
            ..GpuReport::unread(name(100_000 + node))
        };
        let gpus = of.places().map(gpu).chain(self.beyond.map(beyond)).collect();
        NodeReport { node: of.name.clone(), seq: self.tick.seq, driver: None, why: None, gpus }
    }

    /// No limit is above what it may carry, with every GPU at its cap.
    fn holds(&self) -> Result<(), String> {
        for (n, (load, limit)) in self.loads(|g| self.enforced[g]).iter().zip(&self.capper.limits.all).enumerate() {
            if *load > limit.most.0 {
                return Err(format!(
                    "{:?} could carry {load} of {} ({n}) at {:?}",
                    limit.place, limit.most.0, self.tick.mono
                ));
            }
        }
        Ok(())
    }
}

#[test]
fn caps_never_come_to_more_than_the_feeder_bears_and_little_is_left() {
    let mut field = Field::new(TENANTS);
    for second in 0..120 {
        field.second();
        field.holds().unwrap_or_else(|fault| panic!("{second}: {fault}"));
    }
    let (load, limit) = field.ups();
    assert!((0.92..0.97).contains(&(load / limit)), "{load} of {limit}");
    let of = |node: usize| field.hall.power.nodes[node].places().map(|gpu| field.draws(gpu)).sum::<u64>() / 4;
    assert_eq!(of(0), 650_000, "who comes first has all he wants");
    assert!((300_000..600_000).contains(&of(150)), "the others share what is left: {}", of(150));
}

#[test]
fn work_that_begins_everywhere_at_once_waits_for_what_is_free() {
    let mut field = Field::new("\n[capping]\n");
    field.natural.fill(120_000);
    (0..60).for_each(|_| field.second());
    let idle = field.ups();
    assert!(idle.0 / idle.1 < 0.6, "{idle:?}");
    field.natural.fill(700_000);
    for second in 0..60 {
        field.second();
        field.holds().unwrap_or_else(|fault| panic!("{second}: {fault}"));
    }
    let busy = field.ups();
    assert!(busy.0 / busy.1 > 0.92, "{busy:?}");
    assert!(field.events.is_empty(), "nothing had to be shed: {:?}", field.events);
}

#[test]
fn what_is_no_gpu_pushes_them_down_at_once_and_gives_back_slowly() {
    let mut field = Field::new("\n[capping]\n");
    field.natural.fill(480_000);
    (0..120).for_each(|_| field.second());
    let (before, limit) = field.ups();
    assert!(before / limit < 0.97 && field.events.is_empty(), "{before} of {limit}");
    field.besides = 0.12 * limit;
    let over: Vec<bool> = (0..60)
        .map(|_| {
            field.second();
            let (load, limit) = field.ups();
            load > limit
        })
        .collect();
    assert!(over[2..].iter().all(|over| !over), "{over:?}");
    assert!(field.events.iter().any(|event| event.what == What::CapsLowered(true)));
    field.besides = 0.0;
    let loads: Vec<f64> = (0..240)
        .map(|_| {
            field.second();
            field.ups().0 / limit
        })
        .collect();
    assert!(loads[20] < 0.92, "nothing comes back while it is not calm: {}", loads[20]);
    assert!(loads[239] > 0.97 * before / limit, "and then it does: {}", loads[239]);
    assert!(field.events.iter().any(|event| event.what == What::CapsLowered(false)));
    let rises: Vec<f64> = loads.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(rises[10..].iter().all(|rise| *rise < 0.06), "by steps: {rises:?}");
}

#[test]
fn a_node_in_doubt_counts_at_its_most() {
    let mut field = Field::new("\n[capping]\n");
    (0..120).for_each(|_| field.second());
    let before = field.ups().0;
    field.cut[..40].fill(true);
    for second in 0..120 {
        field.second();
        field.holds().unwrap_or_else(|fault| panic!("{second}: {fault}"));
    }
    let (after, limit) = field.ups();
    let doubt = 40.0 * 4.0 * 400.0 / 0.95 / 0.975;
    assert!(after < before - 0.5 * doubt, "{before} to {after} of {limit}: room for what they could draw");
    assert!(field.out.caps[..160].iter().all(|cap| cap.uuid.is_none()), "nothing is granted to who does not answer");
}

#[test]
fn a_load_that_went_with_nodes_that_fell_silent_is_nobody_elses() {
    let mut field = Field::new(TENANTS);
    (0..30).for_each(|_| field.second());
    // Their last word is that they draw all; they are cut off in the moment in which they stop.
    field.natural[..228].fill(251_349);
    field.cut[..57].fill(true);
    for second in 0..30 {
        field.second();
        field.holds().unwrap_or_else(|fault| panic!("{second}: {fault}"));
    }
}

#[test]
fn who_asks_why_hears_the_feed_that_binds() {
    let mut field = Field::new(TENANTS);
    field.cut[199] = true;
    (0..60).for_each(|_| field.second());
    let views = field.views();
    let of = |gpu: usize| views.iter().find(|v| v.uuid == field.inputs.gpus[gpu].uuid.expect("named")).expect("seen");
    let (first, held) = (of(0), of(600));
    assert_eq!(
        (first.held.as_str(), first.tenant.as_str(), first.node.as_str()),
        ("nothing", "prod", "rack-a01-node-1")
    );
    assert_eq!((held.held.as_str(), held.by.as_deref()), ("limit", Some("ups-a")));
    assert!(held.sentence.contains("`ups-a` holds it: it wishes 700 W"), "{}", held.sentence);
    assert_eq!(views.len(), 796, "a node that never spoke has no GPUs yet");
    field.cut[0] = true;
    (0..15).for_each(|_| field.second());
    let silent = field.views();
    assert_eq!((silent[0].held.as_str(), silent[0].counts_w, silent[0].granted_w), ("doubt", 700.0, None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever work does and whoever falls silent: with every GPU at the cap that is in force no limit carries more than it may.
    #[test]
    fn no_limit_could_be_overdrawn(moves in proptest::collection::vec((0_usize..200, 1_usize..80, 0_u64..700_000, any::<bool>(), 1_u8..8), 1..25)) {
        let mut field = Field::new(TENANTS);
        (0..30).for_each(|_| field.second());
        for (first, many, natural, cut, seconds) in moves {
            let nodes = first..(first + many).min(200);
            for node in nodes.clone() {
                for gpu in field.hall.power.nodes[node].places() {
                    field.natural[gpu] = natural;
                }
            }
            if natural % 3 == 0 {
                field.cut[nodes].fill(cut);
            }
            for _ in 0..seconds {
                field.second();
                prop_assert_eq!(field.holds(), Ok(()));
            }
        }
    }
}
