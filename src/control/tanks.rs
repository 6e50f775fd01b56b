//! Immersion tanks that control runs, of one phase and of two: a valve that a loop moves, a pump where there is one, and a word to the
//! machines' power where these do not do.
//!
//! Its own panel runs a tank until all that is needed is seen: [`super::rule`]. The loops are those of [`super::cooling`]; [`oil`] and
//! [`boiling`] say what they aim at and what else is watched, [`warmth`] when fluid is too cold for them.

pub mod air;
mod boiling;
mod intake;
mod keeper;
mod leaks;
mod oil;
mod purge;
mod supervision;
mod warmth;

use plant::command::{Level, Reason};
use plant::event::Trouble;
use plant::hall::Hall;
use plant::hall::sequence::RunMode;
use plant::hall::sequence::tank::{DrivenTank, DrivenTwoPhase};
use plant::id::EquipId;
use serde::{Deserialize, Serialize};

use super::asks::Ask;
use super::commands::{Commands, Limit, OutputId};
use super::cooling::Cooling;
use super::news::News;
use super::rule::Rule;
use super::scene::Scene;
use super::sequence::roster::RunTime;
pub use boiling::BoilingTank;
pub use oil::OilTank;
pub use warmth::Warmth;

/// The outputs of a tank. Fixed when the hall is loaded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wiring {
    run_mode: OutputId,
    valve: OutputId,
    /// The valve again where there is no pump.
    pump: OutputId,
    /// What draws air off a tank with two phases, where it has such a thing.
    purge: Option<OutputId>,
}

impl Wiring {
    /// True where it is told, by whoever is strongest now, that control runs it.
    fn is_on(&self, commands: &Commands) -> bool {
        commands.slot(self.run_mode).map(|slot| RunMode::of(slot.winner().1.value)) == Some(RunMode::On)
    }

    /// Shuts its water off, whoever holds the valve. A panel would leave it open: control has the tank then, as it has it without a leak.
    /// One that somebody has switched off has its valve shut.
    fn shut_water_off(&self, commands: &mut Commands) {
        let (level, reason) = (Level::AutomaticLifeSafety, Reason::Leak);
        commands.limit(self.valve, level, Limit { min: 0.0, max: 0.0, reason });
        let told = commands.slot(self.run_mode).map(|slot| RunMode::of(slot.winner().1.value));
        if told == Some(RunMode::Panel) {
            commands.propose(self.run_mode, level, RunMode::On.number(), reason);
        }
    }

    /// Its outputs have come to where they were to go.
    fn has_settled(&self, scene: &Scene<'_>) -> bool {
        [self.valve, self.pump].into_iter().filter_map(|output| scene.held.get(output)).all(|row| !row.on_its_way)
    }
}

/// What one tank's scan looks at.
#[derive(Clone, Copy)]
pub struct Scan<'a, Of, Rules> {
    /// The scene.
    scene: &'a Scene<'a>,
    /// What it is.
    of: &'a Of,
    /// Its outputs.
    wiring: &'a Wiring,
    /// How it is run.
    tuning: &'a Rules,
}

impl<Of, Rules> Scan<'_, Of, Rules> {
    /// True where the tank was told last that control runs it.
    fn listens(&self) -> bool {
        self.scene.told(self.wiring.run_mode).map(RunMode::of) == Some(RunMode::On)
    }
}

/// Every tank's outputs, in the hall's order: those of one phase, and those of two.
#[must_use]
pub fn wirings(hall: &Hall, commands: &Commands) -> (Vec<Wiring>, Vec<Wiring>) {
    let one = |of: &DrivenTank| {
        let (run_mode, valve) = (commands.output(of.run_mode.id())?, commands.output(of.valve.id())?);
        Some(Wiring { run_mode, valve, pump: commands.output(of.pump.id())?, purge: None })
    };
    let two = |of: &DrivenTwoPhase| {
        let (run_mode, valve) = (commands.output(of.run_mode.id())?, commands.output(of.valve.id())?);
        let purge = of.purge.and_then(|purge| commands.output(purge.order.id()));
        Some(Wiring { run_mode, valve, pump: valve, purge })
    };
    (hall.tanks.iter().filter_map(one).collect(), hall.two_phase_tanks.iter().filter_map(two).collect())
}

/// Every tank, in the hall's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tanks {
    oil: Vec<OilTank>,
    boiling: Vec<BoilingTank>,
}

impl Tanks {
    /// On their panels.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        Self {
            oil: hall.tanks.iter().map(|_| OilTank::new()).collect(),
            boiling: hall.two_phase_tanks.iter().map(|_| BoilingTank::new()).collect(),
        }
    }

    /// A new boot: on their panels, with run-times and what has been asked.
    pub fn restart(&mut self) {
        self.oil.iter_mut().for_each(OilTank::restart);
        self.boiling.iter_mut().for_each(BoilingTank::restart);
    }

    /// Who runs them from now on.
    pub fn lend(&mut self, rule: Rule) {
        self.oil.iter_mut().for_each(|tank| tank.keeper_mut().lend(rule));
        self.boiling.iter_mut().for_each(|tank| tank.keeper_mut().lend(rule));
    }

    /// The single-phase tanks with what they are.
    pub fn oil<'t>(&'t self, hall: &'t Hall) -> impl Iterator<Item = (&'t DrivenTank, &'t OilTank)> {
        hall.tanks.iter().zip(&self.oil)
    }

    /// The two-phase tanks with what they are.
    pub fn boiling<'t>(&'t self, hall: &'t Hall) -> impl Iterator<Item = (&'t DrivenTwoPhase, &'t BoilingTank)> {
        hall.two_phase_tanks.iter().zip(&self.boiling)
    }

    /// What is asked of their machines.
    pub fn requests<'t>(&'t self, hall: &'t Hall) -> impl Iterator<Item = (EquipId, Ask)> + 't {
        let one = self.oil(hall).map(|(of, tank)| (of.of.equip, tank.asks().standing()));
        let two = self.boiling(hall).map(|(of, tank)| (of.of.equip, tank.asks().standing()));
        one.flat_map(|(tank, asks)| asks.map(move |ask| (tank, ask)))
            .chain(two.flat_map(|(tank, asks)| asks.map(move |ask| (tank, ask))))
    }

    /// True while some of them is run by its own panel.
    #[must_use]
    pub fn is_on_panels(&self) -> bool {
        self.oil.iter().any(OilTank::is_on_panel) || self.boiling.iter().any(BoilingTank::is_on_panel)
    }

    /// The first that is too warm, or presses too much.
    #[must_use]
    pub fn hot(&self, hall: &Hall) -> Option<EquipId> {
        let one = self.oil(hall).filter(|(_, tank)| tank.is_hot()).map(|(of, _)| of.of.equip);
        one.chain(self.boiling(hall).filter(|(_, tank)| tank.is_high()).map(|(of, _)| of.of.equip)).next()
    }

    /// The first whose fluid did not become warm in its time.
    #[must_use]
    pub fn cold(&self, hall: &Hall) -> Option<EquipId> {
        let late = |warmth: Warmth, on_panel: bool| warmth == Warmth::Cold && !on_panel;
        let one = self.oil(hall).filter(|(_, tank)| late(tank.warming().warmth(), tank.is_on_panel()));
        let two = self.boiling(hall).filter(|(_, tank)| late(tank.warming().warmth(), tank.is_on_panel()));
        one.map(|(of, _)| of.of.equip).chain(two.map(|(of, _)| of.of.equip)).next()
    }

    /// The first with air in it, and how much (Pa), where that is known.
    #[must_use]
    pub fn airy(&self, hall: &Hall) -> Option<(EquipId, Option<f64>)> {
        let mut airy = self.boiling(hall).filter(|(_, tank)| tank.air().is_found());
        airy.next().map(|(of, tank)| (of.of.equip, tank.air().pascals()))
    }

    /// A person has reset the alarm of leaks: what is known to be dry may have its water again.
    pub fn let_dry_ones_run(&mut self, hall: &Hall, news: &mut News<'_>) {
        hall.tanks.iter().zip(&mut self.oil).for_each(|(of, tank)| tank.leak_mut().reset(of.of.equip, news));
        let two = hall.two_phase_tanks.iter().zip(&mut self.boiling);
        two.for_each(|(of, tank)| tank.leak_mut().reset(of.of.equip, news));
    }

    /// The first whose tray is wet, or was and is not known to be dry.
    #[must_use]
    pub fn leaking(&self, hall: &Hall) -> Option<EquipId> {
        let one = self.oil(hall).filter(|(_, tank)| tank.leak().is_wet()).map(|(of, _)| of.of.equip);
        one.chain(self.boiling(hall).filter(|(_, tank)| tank.leak().is_wet()).map(|(of, _)| of.of.equip)).next()
    }

    /// A tank's pump is another one from now on; what the one before had run.
    pub fn renew(&mut self, hall: &Hall, (equip, run): (EquipId, RunTime)) -> Option<RunTime> {
        let here = hall.tanks.iter().zip(&mut self.oil).find(|(of, _)| of.of.equip == equip);
        here.map(|(_, tank)| tank.renew(run))
    }

    /// What is wrong, and with which.
    pub fn troubles<'t>(&'t self, hall: &'t Hall) -> impl Iterator<Item = (EquipId, Trouble)> + 't {
        let one = self.oil(hall).flat_map(|(of, tank)| tank.troubles().map(|trouble| (of.of.equip, trouble)));
        one.chain(self.boiling(hall).flat_map(|(of, tank)| tank.troubles().map(|trouble| (of.of.equip, trouble))))
    }

    /// Gives the loops of the valves what they shall do.
    pub fn aim(&self, hall: &Hall, cooling: &mut Cooling) {
        let (one, two) = (cooling.strategies().tank, cooling.strategies().two_phase);
        for (of, tank) in self.oil(hall).filter(|(_, tank)| !tank.is_on_panel()) {
            cooling.aim(of.valve_loop, tank.aim(&one));
        }
        for (of, tank) in self.boiling(hall).filter(|(_, tank)| !tank.is_on_panel()) {
            cooling.aim(of.valve_loop, tank.aim(&two));
            cooling.feed(of.valve_loop, tank.feed(&two));
        }
    }

    /// One scan, after the loops: proposes run modes and pumps' speeds.
    pub fn step(
        &mut self,
        (one, two): &(Vec<Wiring>, Vec<Wiring>),
        (scene, cooling): (&Scene<'_>, &Cooling),
        commands: &mut Commands,
        news: &mut News<'_>,
    ) {
        let tuning = &cooling.strategies().tank;
        for ((of, wiring), tank) in scene.hall.tanks.iter().zip(one).zip(&mut self.oil) {
            let scan = Scan { scene, of, wiring, tuning };
            tank.step(&scan, news);
            tank.propose(&scan, commands);
        }
        let tuning = &cooling.strategies().two_phase;
        for ((of, wiring), tank) in scene.hall.two_phase_tanks.iter().zip(two).zip(&mut self.boiling) {
            let scan = Scan { scene, of, wiring, tuning };
            tank.step(&scan, news);
            tank.propose(&scan, commands);
        }
    }

    /// Above every mode but off: what cools a tank that is too warm runs at its most, and the water of one that leaks is shut off.
    pub fn protect(&self, hall: &Hall, (one, two): &(Vec<Wiring>, Vec<Wiring>), commands: &mut Commands) {
        self.oil(hall).zip(one).for_each(|((of, tank), wiring)| tank.protect(of, wiring, commands));
        self.boiling(hall).zip(two).for_each(|((of, tank), wiring)| tank.protect(of, wiring, commands));
    }
}
