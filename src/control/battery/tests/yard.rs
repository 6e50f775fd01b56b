//! A hall with batteries, a load, a billed meter that is read every five seconds, and a controller.

use std::sync::Arc;

use plant::event::Event;
use plant::hall::Hall;
use plant::id::{EquipId, PointId};
use plant::image::Inputs;
use plant::plan::Arrived;
use plant::reading::Sample;
use plant::time::{Mono, Span, Tick, Wall};

use crate::control::grid::{Kind, Said, Source, Statement, Wanted};
use crate::control::ledger::{Rules, Tenant};
use crate::control::request::{Ask, Reply, Request};
use crate::control::tariff::Tariff;
use crate::control::{Controller, Site};

/// What its quarters of an hour shall not exceed (W).
pub const TARGET: f64 = 700e3;
/// 2026-07-15T00:00Z.
const BEGIN: i64 = 1_784_073_600_000;

/// A battery that does as it is told.
pub struct Battery {
    /// What it holds from empty to full (Wh), and has in it.
    pub capacity: f64,
    pub stored: f64,
    pub power: f64,
    pub cells: f64,
    /// The share of what it is asked that it gives.
    pub able: f64,
    /// What it gives whatever it is told (W).
    pub itself: Option<f64>,
}

impl Battery {
    pub fn charge(&self) -> f64 {
        100.0 * self.stored / self.capacity
    }

    fn step(&mut self, order: f64) {
        let wanted = self.itself.unwrap_or(order * if order > 0.0 { self.able } else { 1.0 });
        self.power += (wanted - self.power).clamp(-200e3, 200e3);
        let out = if self.power > 0.0 { self.power / 0.96 } else { self.power * 0.96 };
        self.stored -= out / 3600.0;
    }
}

/// The hall shall draw so much at the most for an hour (W), says a person in the grid's place.
pub fn an_hour_at(most: f64) -> Ask {
    said("t", most, (None, None, Some(Span::from_secs(3600))))
}

/// The same from an instant to another; for good where there is none.
pub fn between(most: f64, (start, end): (Wall, Option<Wall>)) -> Ask {
    said(&format!("t{}", start.0), most, (Some(start), end, None))
}

fn said(id: &str, most: f64, (start, end, hold): (Option<Wall>, Option<Wall>, Option<Span>)) -> Ask {
    let wanted = Wanted { feeds: Vec::new(), most: Some(most), start, end, hold, best_effort: false };
    let source = Source { kind: Kind::Operator, name: "uid:1000".to_owned() };
    let (id, reason, targets) = (id.to_owned(), "a trial".to_owned(), vec![wanted]);
    Ask::Grid(Said::Targets(Statement { source, id, reason, priority: 100, targets }))
}

/// All of it.
pub struct Yard {
    pub hall: Arc<Hall>,
    pub control: Controller,
    pub tick: Tick,
    pub batteries: Vec<Battery>,
    /// A point that reads this whatever it measures.
    pub broken: Option<(PointId, Sample)>,
    /// What the first was told in each scan (W).
    pub orders: Vec<f64>,
    /// What flowed from the grid: when (s), and how much (W).
    pub rows: Vec<(u64, f64)>,
    pub events: Vec<Event>,
    /// The planner answers.
    pub answers: bool,
    /// What energy costs.
    prices: &'static str,
    /// Slurm may ask for leases.
    lends: bool,
    inputs: Inputs,
    /// A plan that arrives with the next scan but so many.
    coming: Option<(u32, Arrived)>,
    asked: u64,
    energy: f64,
    told: Vec<f64>,
}

fn hall(batteries: usize, plan: bool, most: f64) -> Hall {
    load(&text(batteries, plan, most))
}

fn load(text: &str) -> Hall {
    Hall::load("air", text).unwrap_or_else(|faults| panic!("{faults}"))
}

fn text(batteries: usize, plan: bool, most: f64) -> String {
    let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let mut text = format!(
        "{text}\n[peaks]\nmeter = \"utility\"\nfeed = \"utility\"\nplan = {plan}\n\n[[peak]]\ndemand = \"peak\"\nmost = {most:.1}\n\n[grid]\nfeeds = [\"utility\"]\n"
    );
    for role in ["battery-discharge", "battery-charge"] {
        text += &format!("\n[[meter]]\nname = \"{role}\"\nrole = \"{role}\"\nrated = 800e3\n");
    }
    for n in 1..=batteries {
        text += &format!(
            "\n[[battery]]\nname = \"bess-{n}\"\nfeed = \"utility\"\ncapacity = 800e3\nrated-discharge = 400e3\nrated-charge = 200e3\nlowest = 10.0\nhighest = 90.0\nreserve = 30.0\ncharge-to = 85.0\n"
        );
    }
    text
}

/// A kWh at any time, and the price of a kW of its peak.
const FLAT: &str = "[[energy]]\nname = \"all\"\nprice = 0.1\n";

fn site(hall: &Arc<Hall>, prices: &str, lends: bool) -> Site {
    let peak = if prices == FLAT { "10" } else { "0.01" };
    let text = format!(
        "name = \"t\"\nsummary = \"One demand.\"\ncurrency = \"EUR\"\nzone = \"UTC\"\n\n{prices}\n[[demand]]\nname = \"peak\"\nprice = {peak}\nwindow = \"fixed\"\nlength = \"15min\"\n"
    );
    let tariff = Some(Arc::new(Tariff::load("t.toml", &text).unwrap_or_else(|faults| panic!("{faults}"))));
    let leases = lends.then(|| Rules { tenants: vec![Tenant::plain("slurm")], cooling: 0.0, ..Rules::default() });
    Site { tariff, leases, ..Site::from(Arc::clone(hall)) }
}

impl Yard {
    pub fn new(batteries: usize) -> Self {
        Self::of(Arc::new(hall(batteries, false, TARGET)), FLAT, false)
    }

    /// In a hall that is another in something.
    pub fn made(batteries: usize, change: impl FnOnce(&mut Hall)) -> Self {
        let mut hall = hall(batteries, false, TARGET);
        change(&mut hall);
        Self::of(Arc::new(hall), FLAT, false)
    }

    /// A battery of which the hall's file says something else.
    pub fn but(line: &str, instead: &str) -> Self {
        let text = text(1, false, TARGET);
        assert!(text.contains(line), "no `{line}`");
        Self::of(Arc::new(load(&text.replace(line, instead))), FLAT, false)
    }

    /// Batteries that follow a plan, which answers five seconds after it is asked for, by what energy costs.
    pub fn planned(batteries: usize, prices: &'static str) -> Self {
        Self::of(Arc::new(hall(batteries, true, TARGET)), prices, false)
    }

    /// The same where energy costs alike at all times and a kW of the month's peak as much as a hundred kWh, and quarters of an hour shall not exceed so
    /// much (W).
    pub fn below(batteries: usize, most: f64) -> Self {
        Self::of(Arc::new(hall(batteries, true, most)), FLAT, false)
    }

    /// The same, where slurm may ask for leases.
    pub fn lending(batteries: usize, prices: &'static str) -> Self {
        Self::of(Arc::new(hall(batteries, true, TARGET)), prices, true)
    }

    /// The same without a scheduler, where people may set budgets.
    pub fn capped(batteries: usize, prices: &'static str) -> Self {
        let text = text(batteries, true, TARGET) + "\n[capping]\n";
        Self::of(Arc::new(load(&text)), prices, false)
    }

    /// No battery, no target in the hall's file, energy that costs alike at all times, a month's peak of which a kW costs as much as a hundred kWh, and slurm may ask for leases.
    pub fn untargeted() -> Self {
        let text = text(0, true, TARGET).replace("[[peak]]\ndemand = \"peak\"\nmost = 700000.0\n", "");
        assert!(!text.contains("[[peak]]"), "no target is left");
        Self::of(Arc::new(load(&text)), FLAT, true)
    }

    fn of(hall: Arc<Hall>, prices: &'static str, lends: bool) -> Self {
        let batteries = hall.power.storage.len();
        let tick = Tick { dt: Span::from_secs(1), wall: Wall(BEGIN), clock_trusted: true, ..Tick::default() };
        let battery = || Battery { capacity: 800e3, stored: 640e3, power: 0.0, cells: 25.0, able: 1.0, itself: None };
        Self {
            control: Controller::new(site(&hall, prices, lends)),
            inputs: Inputs::unread(hall.points.len()),
            tick,
            batteries: (0..batteries).map(|_| battery()).collect(),
            broken: None,
            orders: Vec::new(),
            rows: Vec::new(),
            events: Vec::new(),
            answers: true,
            prices,
            lends,
            coming: None,
            asked: 0,
            energy: 0.0,
            told: vec![0.0; batteries],
            hall,
        }
    }

    pub fn point(&self, name: &str) -> PointId {
        self.hall.point(name).unwrap_or_else(|| panic!("no point {name}"))
    }

    pub fn equip(&self, name: &str) -> EquipId {
        self.hall.equips.iter().find(|(_, equip)| equip.name == name).expect("there").0
    }

    pub fn ask(&mut self, ask: Ask) -> Reply {
        self.control.answer(&Request { who: "uid:1000".to_owned(), ask }, self.tick)
    }

    /// So many minutes of a load (W, by the seconds since the run began).
    pub fn run(&mut self, minutes: u64, load: impl Fn(u64) -> f64) {
        (0..60 * minutes).for_each(|_| self.second(&load));
    }

    /// So many seconds of it.
    pub fn run_seconds(&mut self, seconds: u64, load: impl Fn(u64) -> f64) {
        (0..seconds).for_each(|_| self.second(&load));
    }

    fn second(&mut self, load: impl Fn(u64) -> f64) {
        self.tick.seq += 1;
        self.tick.mono = Mono(self.tick.mono.0 + 1_000_000_000);
        self.tick.wall = Wall(self.tick.wall.0 + 1000);
        let now = self.tick.mono;
        let second = now.0 / 1_000_000_000;
        for (battery, order) in self.batteries.iter_mut().zip(&self.told) {
            battery.step(*order);
        }
        let given: f64 = self.batteries.iter().map(|battery| battery.power).sum();
        let grid = load(second) - given;
        self.rows.push((second, grid));
        self.energy += grid.max(0.0) / 3600.0;
        if second.is_multiple_of(5) {
            self.put("utility/power", grid);
            self.put("utility/energy", self.energy);
        }
        for n in 0..self.batteries.len() {
            let (power, charge, cells) = (self.batteries[n].power, self.batteries[n].charge(), self.batteries[n].cells);
            let name = |short: &str| format!("bess-{}/{short}", n + 1);
            for (short, value) in [("power", power), ("charge", charge), ("cell-temp", cells), ("ready", 1.0)] {
                self.put(&name(short), value);
            }
        }
        if let Some((point, sample)) = self.broken {
            self.inputs.samples[point] = Sample { at: now, ..sample };
        }
        self.tell();
    }

    fn put(&mut self, name: &str, value: f64) {
        let point = self.point(name);
        self.inputs.samples[point] = Sample::good(value, self.tick.mono);
    }

    /// A plan that arrives with the next scan.
    pub fn arrives(&mut self, plan: Arrived) {
        self.coming = Some((0, plan));
    }

    /// Asks the planner, and brings what it said.
    fn plan(&mut self) {
        let due = self.control.plan_due();
        if std::mem::replace(&mut self.asked, due) != due && self.answers {
            self.coming = self.control.question().map(|question| (5, question.solve()));
        }
        self.inputs.plan = None;
        if let Some((wait, plan)) = self.coming.take() {
            match wait.checked_sub(1) {
                Some(wait) => self.coming = Some((wait, plan)),
                None => self.inputs.plan = Some(Box::new(plan)),
            }
        }
    }

    fn tell(&mut self) {
        self.plan();
        let outputs = self.control.step(&self.inputs, self.tick);
        let orders: Vec<PointId> = self.hall.power.storage.iter().map(|of| of.of.order.id()).collect();
        let value = |point: &PointId| outputs.commands.iter().find(|c| c.point == *point).map_or(0.0, |c| c.value);
        self.told = orders.iter().map(value).collect();
        self.events.extend(outputs.events.iter().copied());
        self.orders.extend(self.told.first());
    }

    /// Control was gone for a moment.
    pub fn boot(&mut self) {
        self.tick.boot += 1;
    }

    /// Another that goes on from what this one remembers.
    pub fn restored(&self) -> Self {
        let mut again = Self::of(Arc::clone(&self.hall), self.prices, self.lends);
        let state = postcard::to_stdvec(self.control.state()).expect("serialises");
        again.control = Controller::restore(
            site(&self.hall, self.prices, self.lends),
            postcard::from_bytes(&state).expect("reads"),
        );
        (again.tick, again.energy, again.told) = (self.tick, self.energy, self.told.clone());
        again.inputs = self.inputs.clone();
        for (new, old) in again.batteries.iter_mut().zip(&self.batteries) {
            (new.stored, new.power) = (old.stored, old.power);
        }
        again
    }

    /// For how many seconds in a row the grid was fed.
    pub fn fed(&self) -> usize {
        self.rows.split(|(_, grid)| *grid >= 0.0).map(<[_]>::len).max().unwrap_or(0)
    }

    /// The means of all quarters of an hour that are over (W).
    pub fn quarters(&self) -> Vec<f64> {
        let whole = self.rows.chunk_by(|a, b| a.0 / 900 == b.0 / 900).filter(|rows| rows.len() == 900);
        whole.map(|rows| rows.iter().map(|(_, grid)| grid).sum::<f64>() / 900.0).collect()
    }
}
