//! Plants that control runs by sequence: chillers by stage, an economiser before them.
//!
//! Its machines' own panels run it until all of it is seen: [`super::rule`].

pub mod demand;
pub mod economiser;
mod head;
mod look;
mod meter;
mod reset;
pub mod staging;
pub mod tower;
mod wiring;

use plant::command::{Level, Reason};
use plant::convert::f64_from_usize;
use plant::event::{About, Step as Told, Trouble, What};
use plant::hall::machinery::Circuit;
use plant::hall::sequence::RunMode;
use plant::hall::{ChillerPlant, Hall, PlantTuning, Strategies};
use plant::id::{EquipId, PointId};
use serde::{Deserialize, Serialize};

use super::clock::sum;
use super::commands::Commands;
use super::cooling::{Aim, Cooling};
use super::news::News;
use super::rule::{Rule, TAKE_OVER};
use super::scene::Scene;
use super::sequence::machine::{Life, Machine};
use super::sequence::orders::{is_held_off, keep, rescue, tell};
use super::sequence::roster::{MachineId, RunTime};
use demand::Demand;
use economiser::Economiser;
use meter::Meter;
use staging::Stages;
use tower::Tower;
pub use wiring::{Wiring, wirings};

/// What is remembered of a plant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plant {
    rule: Rule,
    stages: Stages,
    economiser: Option<Economiser>,
    tower: Option<Tower>,
    /// What the valves of its condensers are to do.
    heads: Vec<Aim>,
    demand: Demand,
    /// For which inlet thermal protection has taken each chiller from a person who holds it off.
    rescued: Vec<Option<PointId>>,
    /// Its flow meter.
    meter: Meter,
}

/// Every plant, in the hall's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plants(Vec<Plant>);

impl Plants {
    /// On their panels.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        Self(hall.plants.iter().map(|of| Plant::new(hall, of)).collect())
    }

    /// A new boot: on their panels, with run-times and what economisers have learnt.
    pub fn restart(&mut self) {
        for plant in &mut self.0 {
            plant.rule = Rule::on_panel();
            plant.stages.forget();
            plant.economiser.iter_mut().for_each(Economiser::forget);
            plant.tower.iter_mut().for_each(Tower::forget);
            plant.demand.restart();
            plant.rescued.fill(None);
        }
    }

    /// Who runs their machines and towers from now on.
    pub fn lend(&mut self, rule: Rule) {
        for plant in &mut self.0 {
            plant.rule = rule;
            plant.tower.iter_mut().for_each(|tower| tower.lend(rule));
        }
    }

    /// From now on the water of a plant, by its place, is so far from where coils demand it (K).
    pub fn ride(&mut self, place: usize, kelvins: f64) {
        self.0.get_mut(place).into_iter().for_each(|plant| plant.demand.ride(kelvins));
    }

    /// Gives the loops that serve a plant their setpoints: the chilled water's pump the pressure that it is to hold.
    pub fn aim(&self, hall: &Hall, cooling: &mut Cooling) {
        let strategies = *cooling.strategies();
        let most = strategies.pump.setpoint;
        let chilled = self.iter(hall).find(|(of, _)| of.circuit == Circuit::ChilledWater);
        if let (Some((_, plant)), Some(water)) = (chilled, &hall.chilled_water) {
            cooling.ask(water.pump_loop, plant.demand.pressure(&strategies.chilled_water, most));
        }
        for (of, plant) in self.iter(hall) {
            let fans = of.rejecting.zip(plant.tower).and_then(|(of, tower)| Some((of.fan_loop, tower.aim()?)));
            fans.into_iter().for_each(|(fans, aim)| cooling.aim(fans, aim));
            plant.heads.iter().zip(of.chillers.iter().filter_map(|chiller| chiller.head)).for_each(|(aim, of)| {
                cooling.aim(of.head_loop, *aim);
            });
        }
    }

    /// The plants with what they are, in the hall's order.
    pub fn iter<'p>(&'p self, hall: &'p Hall) -> impl Iterator<Item = (&'p ChillerPlant, &'p Plant)> {
        hall.plants.iter().zip(&self.0)
    }

    /// A chiller, or the fans of a tower, are others from now on; what those before had run.
    pub fn renew(&mut self, hall: &Hall, (equip, run): (EquipId, RunTime)) -> Option<RunTime> {
        hall.plants.iter().zip(&mut self.0).find_map(|(of, plant)| {
            if of.rejecting.is_some_and(|tower| tower.of.equip == equip) {
                return plant.tower.as_mut().map(|tower| tower.renew(run));
            }
            let place = of.chillers.iter().position(|chiller| chiller.of.equip == equip)?;
            plant.stages.renew(place, run)
        })
    }

    /// True while the stage of a water's plant changes, and for its patience after.
    #[must_use]
    pub fn is_settling(&self, hall: &Hall, (circuit, strategies): (Circuit, &Strategies)) -> bool {
        let mut here = self.iter(hall).filter(|(of, plant)| of.circuit == circuit && !plant.is_on_panels());
        here.any(|(of, plant)| plant.stages.is_settling(strategies.plant(of.circuit)))
    }

    /// After everybody has proposed: minimum times.
    pub fn keep(&self, hall: &Hall, (wirings, strategies): (&[Wiring], &Strategies), commands: &mut Commands) {
        for ((plant, row), wiring) in self.iter(hall).zip(wirings) {
            row.keep(strategies.plant(plant.circuit), wiring, commands);
        }
    }

    /// Thermal protection takes chillers that a person holds off, but for those that have only just stopped: their minimum time off keeps
    /// their compressors whole. It keeps them for as long as the hold lasts, for the heat would come back with it, and a chiller takes
    /// minutes to help. `hot` is the inlet that is too warm now.
    pub fn rescue(
        &mut self,
        hall: &Hall,
        (wirings, strategies): (&[Wiring], &Strategies),
        hot: Option<PointId>,
        commands: &mut Commands,
    ) {
        for ((of, row), wiring) in hall.plants.iter().zip(&mut self.0).zip(wirings) {
            let rules = &strategies.plant(of.circuit).chiller;
            let on_panels = row.is_on_panels();
            let machines = row.stages.machines().rows().iter().zip(&wiring.chillers);
            for (taken, (machine, output)) in row.rescued.iter_mut().zip(machines) {
                let held = !on_panels && is_held_off(commands, output.mode);
                *taken = taken.or(hot).filter(|_| held);
                let rested = machine.kept(rules) != Some(RunMode::Off);
                if let Some(hot) = taken.filter(|_| rested) {
                    rescue(commands, (output.mode, machine), hot);
                }
            }
        }
    }

    /// One scan: proposes every machine's run mode and demand limit.
    pub fn step(
        &mut self,
        wirings: &[Wiring],
        (scene, cooling): (&Scene<'_>, &Cooling),
        commands: &mut Commands,
        news: &mut News<'_>,
    ) {
        let strategies = cooling.strategies();
        for ((plant, wiring), row) in scene.hall.plants.iter().zip(wirings).zip(&mut self.0) {
            let rules = strategies.plant(plant.circuit);
            let setpoint = row.demand.water(rules);
            let of = staging::Scene { plant, rules, setpoint, dt: scene.dt };
            row.step(&of, (scene, wiring), cooling, news);
            row.reject(&of, (scene, wiring), news);
            row.propose(rules, wiring, commands);
        }
    }
}

impl Plant {
    fn new(hall: &Hall, of: &ChillerPlant) -> Self {
        Self {
            rule: Rule::on_panel(),
            stages: Stages::new(of.chillers.len()),
            economiser: of.economiser.map(|_| Economiser::new()),
            tower: of.rejecting.map(|_| Tower::new(hall.strategies.plant(of.circuit).tower.as_ref())),
            heads: vec![head::REST; of.chillers.iter().filter(|chiller| chiller.head.is_some()).count()],
            demand: Demand::new(hall, of),
            rescued: vec![None; of.chillers.len()],
            meter: Meter::default(),
        }
    }

    /// True while its panels run it.
    #[must_use]
    pub const fn is_on_panels(&self) -> bool {
        self.rule.is_panel()
    }

    /// Its stages.
    #[must_use]
    pub const fn stages(&self) -> &Stages {
        &self.stages
    }

    /// Its tower, where control can run it.
    #[must_use]
    pub const fn tower(&self) -> Option<&Tower> {
        self.tower.as_ref()
    }

    /// Its economiser.
    #[must_use]
    pub const fn economiser(&self) -> Option<&Economiser> {
        self.economiser.as_ref()
    }

    /// What is demanded of it.
    #[must_use]
    pub const fn demand(&self) -> &Demand {
        &self.demand
    }

    /// Every machine of it.
    pub fn machines(&self) -> impl Iterator<Item = &Machine> {
        self.stages.machines().rows().iter().chain(self.economiser.iter().map(|e| &e.machine))
    }

    /// What is wrong in it, and with which machine.
    pub fn troubles<'p>(&'p self, of: &'p ChillerPlant) -> impl Iterator<Item = (EquipId, Trouble)> {
        let machines = self.named(of).filter_map(|(equip, machine)| Some((equip, machine.trouble()?)));
        let tower = of.rejecting.zip(self.tower).and_then(|(of, tower)| Some((of.of.equip, tower.trouble()?)));
        let plates = of.economiser.zip(self.economiser).and_then(|(of, own)| Some((of.of.equip, own.stuck()?)));
        let meter = self.meter.trouble().map(|trouble| (of.equip, trouble));
        machines.chain(plates).chain(tower).chain(meter)
    }

    /// Every machine of it with its equipment.
    pub fn named<'p>(&'p self, of: &'p ChillerPlant) -> impl Iterator<Item = (EquipId, &'p Machine)> {
        let equips = of.chillers.iter().map(|c| c.of.equip).chain(of.economiser.map(|e| e.of.equip));
        equips.zip(self.machines())
    }

    fn step(
        &mut self,
        of: &staging::Scene<'_>,
        (scene, wiring): (&Scene<'_>, &Wiring),
        cooling: &Cooling,
        news: &mut News<'_>,
    ) {
        let about = About::Equip(of.plant.equip);
        let on_panels = self.is_on_panels();
        self.switch(of, (scene, wiring), news);
        let most_dp = self.demand.pressure(of.rules, cooling.strategies().pump.setpoint);
        let flow = scene.flow(of, most_dp);
        news.machine(about, self.meter.step(flow.dead, of.dt).map(What::Trouble));
        let waters = scene.waters(of, flow.believed);
        let helps = self.economiser.is_some_and(|e| e.helps(waters.as_ref()));
        let seen = |id: MachineId| scene.chiller(of.plant, wiring, id).on_panel(on_panels);
        let water = scene.water(of, (most_dp, flow.believed, helps));
        if on_panels {
            self.stages.look_on(of, seen, news);
            if self.rule == Rule::Elsewhere {
                self.stages.suppose(of, &water);
                self.economiser.iter_mut().zip(&waters).for_each(|(e, waters)| e.suppose(of.rules, waters, of.dt));
            }
        } else {
            self.stages.step(of, (&water, seen), news);
        }
        let supplied = scene.is_supplied(of.plant);
        match self.rule {
            Rule::Panel { .. } => {
                let all = supplied && !self.stages.is_blind() && self.economiser.is_none_or(|e| e.machine.is_seen());
                let all = all && self.stages.machines().rows().iter().all(Machine::is_seen);
                // Where nothing cools the panels may be about to start something: they get the time for it.
                let cools = self.stages.cools() || self.economiser.is_some_and(|e| e.machine.is_running());
                let of_panels = sum(of.rules.chiller.restore_after, of.rules.chiller.start_within);
                if self.rule.take_over(all, if cools { TAKE_OVER } else { of_panels }, of.dt) {
                    self.stages.adopt(water.economising);
                    self.economiser.iter_mut().for_each(Economiser::adopt);
                    news.info(about, What::Step(Told::TakenOver));
                }
            }
            Rule::Elsewhere => {}
            Rule::Control => {
                if !supplied || self.stages.is_blind() {
                    self.rule = Rule::on_panel();
                    self.demand.restart();
                    news.warn(about, What::Step(Told::HandedBack));
                    return;
                }
                if let (Some(economiser), Some(waters), Some(of_it)) =
                    (&mut self.economiser, waters, of.plant.economiser)
                {
                    let told = economiser.decide(of.rules, (&waters, of.setpoint), of.dt);
                    news.machine(About::Equip(of_it.of.equip), told);
                }
                let held = self.stages.is_settling(of.rules);
                self.demand.step((scene, cooling), (wiring, of.rules), held);
            }
        }
    }

    /// Tower and condensers by a scan.
    fn reject(&mut self, of: &staging::Scene<'_>, (scene, wiring): (&Scene<'_>, &Wiring), news: &mut News<'_>) {
        let runs = !self.is_on_panels();
        let economises = self.economiser.is_some_and(|e| e.machine.is_running());
        if let (Some(tower), Some(rejecting), Some(rules), Some(wired)) =
            (&mut self.tower, &of.plant.rejecting, &of.rules.tower, &wiring.tower)
        {
            let load =
                self.stages.load().map(|load| load / (of.rules.capacity.0 * f64_from_usize(of.plant.chillers.len())));
            let serves = tower::Serves { runs, condenses: self.stages.condenses(), economises, load };
            let view = scene.tower((of, rejecting), wired, serves);
            tower.step(rejecting, (rules, &view), of.dt, news);
        }
        if let Some(rules) = &of.rules.head {
            let valves = self.heads.iter_mut().zip(self.stages.machines().rows().iter().zip(&of.plant.chillers));
            for (aim, (machine, chiller)) in valves {
                *aim = if runs { head::aim(rules, (chiller, machine), scene) } else { head::REST };
            }
        }
    }

    /// The economiser's machine by a scan.
    fn switch(&mut self, of: &staging::Scene<'_>, (scene, wiring): (&Scene<'_>, &Wiring), news: &mut News<'_>) {
        let on_panels = self.is_on_panels();
        let (Some(economiser), Some(switched)) = (&mut self.economiser, &of.plant.economiser) else { return };
        let seen = scene.economiser(switched, wiring).on_panel(on_panels);
        let wanted = economiser.is_wanted();
        let about = About::Equip(switched.of.equip);
        let item = economiser.machine.step(&of.rules.economiser_machine, (seen, wanted), of.dt);
        if item == Some(What::Step(Told::Running)) {
            economiser.goes_on(); // whoever switched it on: it is judged by what it does
        }
        news.machine(about, item);
    }

    fn propose(&self, rules: &PlantTuning, wiring: &Wiring, commands: &mut Commands) {
        let on_panels = self.is_on_panels();
        let target = self.stages.target();
        let water = self.demand.water(rules);
        let because = if self.demand.rides() { Reason::Rides } else { Reason::PlantDemand };
        for (output, machine) in wiring.chillers.iter().zip(self.stages.machines().rows()) {
            // Where all have failed their panels know better than we do.
            let on_panels = on_panels || (self.stages.is_helpless() && machine.trouble().is_some());
            let in_stage = machine.run_mode() == RunMode::On;
            tell(
                commands,
                (output.mode, on_panels),
                machine,
                if in_stage { Reason::InStage(target) } else { Reason::NotInStage(target) },
            );
            let held_down = !on_panels && self.stages.is_limited() && machine.life() == Life::On;
            let (most, why) =
                if held_down { (rules.staging.limit, Reason::DemandLimit) } else { (100.0, Reason::NoDemandLimit) };
            if let Some(limit) = output.limit {
                commands.propose(limit, Level::Control, most, why);
            }
            commands.propose(output.setpoint, Level::Control, water, because);
        }
        if let (Some(output), Some(economiser)) = (wiring.economiser, &self.economiser) {
            commands.propose(output.setpoint, Level::Control, water, because);
            let wanted = if economiser.is_wanted() { Reason::Economising } else { Reason::NotEconomising };
            tell(commands, (output.mode, on_panels), &economiser.machine, wanted);
        }
        if let (Some(wired), Some(tower)) = (&wiring.tower, &self.tower) {
            tower.propose(wired, commands);
        }
    }

    /// Holds every machine to its minimum times, against whoever is weaker.
    fn keep(&self, rules: &PlantTuning, wiring: &Wiring, commands: &mut Commands) {
        if self.is_on_panels() {
            return;
        }
        let chillers = wiring.chillers.iter().map(|output| output.mode).zip(self.stages.machines().rows());
        for (output, machine) in chillers {
            keep(commands, output, machine.kept(&rules.chiller));
        }
        if let (Some(output), Some(economiser)) = (wiring.economiser, &self.economiser) {
            keep(commands, output.mode, economiser.machine.kept(&rules.economiser_machine));
        }
    }
}
