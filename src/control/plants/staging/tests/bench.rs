//! A plant of three machines that do what machines do, and what they should not.

use plant::event::{Event, What};
use plant::hall::sequence::RunMode;
use plant::hall::{Hall, PlantTuning};
use plant::id::Id;
use plant::time::{Span, Tick};

use super::super::{Scene, Stages, Water};
use crate::control::news::News;
use crate::control::sequence::machine::{Machine, Seen, Sight};
use crate::control::sequence::roster::MachineId;
use plant::event::StageCause;

const SECOND: Span = Span::from_secs(1);
const CAPACITY: f64 = 600e3;

/// How a machine is broken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Broken {
    No,
    StartFails,
    StopFails,
    Tripped,
    Blind,
    Held(RunMode),
}

/// A machine: it starts three minutes after it is told and stops half a minute after.
#[derive(Clone, Copy, Debug)]
pub struct Toy {
    pub runs: bool,
    pub on_its_way: u32,
    pub broken: Broken,
}

/// A plant under its stages.
pub struct Bench {
    pub hall: Hall,
    pub rules: PlantTuning,
    pub stages: Stages,
    pub toys: [Toy; 3],
    pub water: Water,
    pub told: Vec<Event>,
    pub seconds: u64,
    /// When each was told to run last, and to stand.
    pub turned: [[Option<u64>; 2]; 3],
}

impl Bench {
    /// So many run, found so.
    pub fn running(count: usize) -> Self {
        let (name, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        let hall = Hall::load(name, text).expect("loads");
        let rules = hall.strategies.chilled_water;
        let toy = |n: usize| Toy { runs: n < count, on_its_way: 0, broken: Broken::No };
        let mut bench = Self {
            rules,
            stages: Stages::new(3),
            toys: [toy(0), toy(1), toy(2)],
            water: Water {
                warm: Some(0.0),
                flow: Some(0.6),
                starved: Some(0.0),
                share: Some(70.0),
                ..Water::default()
            },
            told: Vec::new(),
            seconds: 0,
            turned: [[None; 2]; 3],
            hall,
        };
        let scene = Scene { plant: &bench.hall.plants[0], rules: &bench.rules, setpoint: 14.0, dt: SECOND };
        let toys = bench.toys;
        let seen = |id: MachineId| seen(toys[id.index()], true);
        let mut news = News::new(Tick::default(), &mut bench.told);
        bench.stages.look_on(&scene, seen, &mut news);
        bench.stages.adopt(false);
        bench.told.clear();
        bench
    }

    pub fn load(&mut self, share: f64) {
        self.water.load = Some(share * CAPACITY);
    }

    pub fn step(&mut self) {
        self.seconds += 1;
        let before: Vec<RunMode> = self.modes();
        for (toy, mode) in self.toys.iter_mut().zip(&before) {
            toy.step(*mode);
        }
        let scene = Scene { plant: &self.hall.plants[0], rules: &self.rules, setpoint: 14.0, dt: SECOND };
        let toys = self.toys;
        let mut news = News::new(Tick::default(), &mut self.told);
        self.stages.step(&scene, (&self.water, |id: MachineId| seen(toys[id.index()], false)), &mut news);
        let after = self.modes();
        for ((turned, before), after) in self.turned.iter_mut().zip(before).zip(after) {
            match (before, after) {
                (RunMode::Off, RunMode::On) => turned[0] = Some(self.seconds),
                (RunMode::On, RunMode::Off) => turned[1] = Some(self.seconds),
                _ => {}
            }
        }
    }

    pub fn pass(&mut self, seconds: u64) {
        (0..seconds).for_each(|_| self.step());
    }

    pub fn modes(&self) -> Vec<RunMode> {
        self.stages.machines().rows().iter().map(Machine::run_mode).collect()
    }

    pub fn count(&self) -> usize {
        self.toys.iter().filter(|toy| toy.runs).count()
    }

    /// What was told since the last look.
    pub fn news(&mut self) -> Vec<What> {
        std::mem::take(&mut self.told).into_iter().map(|event| event.what).collect()
    }

    pub fn stage(&mut self) -> Vec<(u8, u8, StageCause)> {
        let stage = |what| {
            let What::Stage { from, to, cause } = what else { return None };
            Some((from, to, cause))
        };
        self.news().into_iter().filter_map(stage).collect()
    }
}

impl Toy {
    pub fn step(&mut self, mode: RunMode) {
        let wanted = match (self.broken, mode) {
            (Broken::Tripped, _) => {
                (self.runs, self.on_its_way) = (false, 0);
                return;
            }
            (Broken::StartFails, _) => self.runs && mode != RunMode::Off,
            (Broken::StopFails, _) => self.runs || mode == RunMode::On,
            (Broken::Held(RunMode::Panel), _) | (_, RunMode::Panel) => self.runs,
            (Broken::Held(held), _) => held == RunMode::On,
            (Broken::No | Broken::Blind, mode) => mode == RunMode::On,
        };
        self.on_its_way = if wanted == self.runs { 0 } else { self.on_its_way + 1 };
        if self.on_its_way >= if wanted { 180 } else { 30 } {
            (self.runs, self.on_its_way) = (wanted, 0);
        }
    }
}

pub fn seen(toy: Toy, on_panel: bool) -> Seen {
    let held = match toy.broken {
        _ if on_panel => Some(RunMode::Panel),
        Broken::Held(mode) => Some(mode),
        Broken::No | Broken::StartFails | Broken::StopFails | Broken::Tripped | Broken::Blind => None,
    };
    let running = if toy.broken == Broken::Blind { Sight::Lost } else { Sight::Known(toy.runs) };
    Seen { running, fault: Sight::Known(toy.broken == Broken::Tripped), held }
}
