//! DX units that control runs, a row at a time: compressors by stage ([`team`]), outdoor-air dampers by an air-side economiser
//! ([`economiser`]).
//!
//! A row has two loops by the mean of its supply air, one for all dampers and one for all compressors, in sequence: while a compressor
//! runs the dampers aim a little colder, so that outdoor air gives first what it can. Its units' own panels run it until all of it is
//! seen: [`super::rule`]. One unit that is not seen is left to its panel, and the others go on.
//!
//! What shuts outdoor air out is a limit of the dampers' outputs. Smoke is one of life safety (level 2), and holds whoever leads;
//! moisture, cold and what is not known are permissives (level 5), and hold above operators; that outdoor air only helps no more is
//! control's own (level 16), and an operator may think otherwise.

pub mod economiser;
mod look;
pub mod outdoors;
pub mod team;

#[cfg(test)]
mod tests;

use plant::command::{Level, Reason};
use plant::event::{About, ShutOut, Step as Told, Trouble, What};
use plant::hall::sequence::{DxTuning, RunMode};
use plant::hall::{DxRow, Hall};
use plant::id::EquipId;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::commands::{Commands, Limit, OutputId};
use super::cooling::Cooling;
use super::news::News;
use super::rule::{Rule, TAKE_OVER};
use super::scene::Scene;
use super::sequence::Timer;
use super::sequence::machine::Machine;
use super::sequence::orders::{keep, tell};
use super::sequence::roster::RunTime;
use economiser::Economiser;
use outdoors::{Air, Smoke};
use team::{Need, Scope, Team};

/// A damper that is farther than this from where it shall stand (%),
const ASTRAY: f64 = 10.0;
/// for so long, is stuck.
const STUCK: Span = Span::from_secs(300);
/// A supply temperature that is colder than it can be for so long is told.
const LIES: Span = Span::from_secs(60);

/// The outputs of a row's units: run mode, compressor, damper. Fixed when the hall is loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct Wiring(Vec<(OutputId, OutputId, OutputId)>);

/// Every row's outputs, in the hall's order.
#[must_use]
pub fn wirings(hall: &Hall, commands: &Commands) -> Vec<Wiring> {
    let unit = |unit: &plant::hall::sequence::DxUnit| {
        let (mode, compressor) = (commands.output(unit.run_mode.id())?, commands.output(unit.compressor.id())?);
        Some((mode, compressor, commands.output(unit.damper.id())?))
    };
    hall.dx_rows.iter().map(|row| Wiring(row.units.iter().filter_map(unit).collect())).collect()
}

/// What is remembered of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Units {
    rule: Rule,
    team: Team,
    economiser: Economiser,
    /// How long each damper has been astray.
    astray: Vec<Timer>,
    /// How long each supply temperature has been colder than it can be.
    lies: Vec<Timer>,
}

/// Every row, in the hall's order, and the smoke that they all shut out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DxRows {
    smoke: Smoke,
    rows: Vec<Units>,
}

impl DxRows {
    /// On their panels.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        let units = |row: &DxRow| Units {
            rule: Rule::on_panel(),
            team: Team::new(row.units.len()),
            economiser: Economiser::new(),
            astray: vec![Timer::default(); row.units.len()],
            lies: vec![Timer::default(); row.units.len()],
        };
        Self { smoke: Smoke::Clear, rows: hall.dx_rows.iter().map(units).collect() }
    }

    /// A new boot: on their panels, with run-times, and with the smoke that was seen.
    pub fn restart(&mut self) {
        for row in &mut self.rows {
            row.rule = Rule::on_panel();
            row.team.forget();
            row.economiser = Economiser::new();
            row.astray.fill(Timer::default());
            row.lies.fill(Timer::default());
        }
    }

    /// A unit's compressors are others from now on; what those before had run.
    pub fn renew(&mut self, hall: &Hall, (equip, run): (EquipId, RunTime)) -> Option<RunTime> {
        hall.dx_rows.iter().zip(&mut self.rows).find_map(|(of, row)| {
            let place = of.units.iter().position(|unit| unit.of.equip == equip)?;
            row.team.renew(place, run)
        })
    }

    /// Who runs them from now on.
    pub fn lend(&mut self, rule: Rule) {
        self.rows.iter_mut().for_each(|row| row.rule = rule);
    }

    /// The rows with what they are, in the hall's order.
    pub fn iter<'p>(&'p self, hall: &'p Hall) -> impl Iterator<Item = (&'p DxRow, &'p Units)> {
        hall.dx_rows.iter().zip(&self.rows)
    }

    /// Gives the loops their setpoints: while compressors run the dampers aim ahead of them.
    pub fn aim(&self, hall: &Hall, cooling: &mut Cooling) {
        let rules = cooling.strategies().dx;
        for (row, units) in self.iter(hall) {
            let ahead = if units.team.cools() { rules.staging.damper_ahead.0 } else { 0.0 };
            cooling.ask(row.damper_loop, rules.setpoint.0 - ahead);
            cooling.ask(row.compressor_loop, rules.setpoint.0);
        }
    }

    /// One scan: proposes every unit's run mode, and limits its damper. The loops have proposed the rest.
    pub fn step(
        &mut self,
        wirings: &[Wiring],
        (scene, rules): (&Scene<'_>, &DxTuning),
        commands: &mut Commands,
        news: &mut News<'_>,
    ) {
        if self.rows.is_empty() {
            return;
        }
        self.smoke.watch(scene, &rules.economiser);
        let outdoors = (Air::of(scene), self.smoke.against());
        for ((row, wiring), units) in scene.hall.dx_rows.iter().zip(wirings).zip(&mut self.rows) {
            let scope = Scope { row, rules, dt: scene.dt };
            units.step(&scope, (scene, wiring), outdoors, news);
            units.propose((scene, wiring), commands);
        }
    }

    /// After everybody has proposed: minimum times, and smoke above all.
    pub fn keep(&self, rules: &DxTuning, wirings: &[Wiring], commands: &mut Commands) {
        for (wiring, units) in wirings.iter().zip(&self.rows) {
            for ((mode, _, damper), machine) in wiring.0.iter().zip(units.team.machines().rows()) {
                if !units.is_on_panels() {
                    keep(commands, *mode, machine.kept(&rules.compressor));
                }
                if matches!(self.smoke, Smoke::Seen { .. }) {
                    let reason = Reason::ShutOut(ShutOut::Smoke);
                    let level = Level::AutomaticLifeSafety;
                    commands.propose(*damper, level, 0.0, reason);
                    commands.limit(*damper, level, Limit { min: 0.0, max: 0.0, reason });
                }
            }
        }
    }
}

impl Units {
    /// True while its panels run it.
    #[must_use]
    pub const fn is_on_panels(&self) -> bool {
        self.rule.is_panel()
    }

    /// Its compressors.
    #[must_use]
    pub const fn team(&self) -> &Team {
        &self.team
    }

    /// Its economiser.
    #[must_use]
    pub const fn economiser(&self) -> &Economiser {
        &self.economiser
    }

    /// Every unit of it with its compressor.
    pub fn named<'p>(&'p self, of: &'p DxRow) -> impl Iterator<Item = (EquipId, &'p Machine)> {
        of.units.iter().map(|unit| unit.of.equip).zip(self.team.machines().rows())
    }

    /// What is wrong with its units, if anything is.
    pub fn troubles<'p>(&'p self, of: &'p DxRow) -> impl Iterator<Item = (EquipId, Trouble)> {
        let stuck = |timer: &Timer| timer.reached(STUCK).then_some(Trouble::DamperStuck);
        let lies = |timer: &Timer| timer.reached(LIES).then_some(Trouble::ColderThanOthers);
        let each = self.named(of).zip(self.astray.iter().zip(&self.lies));
        each.filter_map(move |((equip, machine), (astray, lie))| {
            Some((equip, machine.trouble().or_else(|| stuck(astray)).or_else(|| lies(lie))?))
        })
    }

    fn step(
        &mut self,
        scope: &Scope<'_>,
        (scene, wiring): (&Scene<'_>, &Wiring),
        (air, smoke): (Air, Option<ShutOut>),
        news: &mut News<'_>,
    ) {
        let about = About::Loop(scope.row.compressor_loop);
        let on_panels = self.is_on_panels();
        let looked = look::row(scope, (scene, wiring));
        self.watch_supply(scope, looked.liar, news);
        let seen = |id| look::unit(scope.row, (scene, wiring), id).on_panel(on_panels);
        match self.rule {
            Rule::Panel { .. } | Rule::Elsewhere => {
                self.team.look_on(scope, seen, news);
                let all = looked.is_supplied && self.team.machines().rows().iter().all(Machine::is_seen);
                if self.rule.take_over(all, TAKE_OVER, scope.dt) {
                    self.team.adopt();
                    self.economiser.adopt(looked.damper);
                    news.info(about, What::Step(Told::TakenOver));
                }
            }
            Rule::Control => {
                let gate = economiser::Seen {
                    smoke,
                    air,
                    back: looked.back,
                    coldest: looked.coldest,
                    carried: self.team.carries(),
                    damper: looked.told,
                };
                for item in self.economiser.step(scope.rules, &gate, scope.dt).into_iter().flatten() {
                    let trouble = matches!(item, What::Trouble(_) | What::ShutOut(ShutOut::Smoke | ShutOut::Freeze));
                    news.switched(about, (item, trouble));
                }
                let open = self.economiser.gate() == economiser::Gate::Open;
                let all = !open || looked.is_hot || looked.is_dim;
                let need = Need { all, duty: looked.duty, warm: looked.warm };
                self.team.step(scope, (&need, seen), news);
                self.watch_dampers(scope, (scene, wiring), news);
                if !looked.is_supplied || self.team.is_blind() {
                    self.rule = Rule::on_panel();
                    self.astray.fill(Timer::default());
                    news.warn(about, What::Step(Told::HandedBack));
                }
            }
        }
    }

    /// A supply temperature that is colder than it can be is told once.
    fn watch_supply(&mut self, scope: &Scope<'_>, liar: Option<usize>, news: &mut News<'_>) {
        for ((place, unit), lie) in scope.row.units.iter().enumerate().zip(&mut self.lies) {
            let before = lie.reached(LIES);
            lie.count(liar == Some(place), scope.dt);
            if lie.reached(LIES) && !before {
                news.warn(About::Equip(unit.of.equip), What::Trouble(Trouble::ColderThanOthers));
            }
        }
    }

    /// A damper that does not stand where it was told to is told once. A position that is not known now neither counts nor clears.
    fn watch_dampers(&mut self, scope: &Scope<'_>, (scene, wiring): (&Scene<'_>, &Wiring), news: &mut News<'_>) {
        for ((unit, (mode, _, damper)), astray) in scope.row.units.iter().zip(&wiring.0).zip(&mut self.astray) {
            let ours = scene.told(*mode).map(RunMode::of).is_some_and(|mode| mode != RunMode::Panel);
            let Some((told, at)) = scene.told(*damper).zip(scene.fresh(unit.of.damper)) else { continue };
            let before = astray.reached(STUCK);
            astray.count(ours && (told - at).abs() > ASTRAY, scope.dt);
            if astray.reached(STUCK) && !before {
                news.warn(About::Equip(unit.of.equip), What::Trouble(Trouble::DamperStuck));
            }
        }
    }

    fn propose(&self, (scene, wiring): (&Scene<'_>, &Wiring), commands: &mut Commands) {
        let on_panels = self.is_on_panels();
        let target = self.team.target();
        let (most, why) = self.economiser.most();
        for ((mode, _, damper), machine) in wiring.0.iter().zip(self.team.machines().rows()) {
            let in_stage = machine.run_mode() == RunMode::On;
            let reason = if in_stage { Reason::InStage(target) } else { Reason::NotInStage(target) };
            // Where all have failed their panels know better than we do.
            let on_panels = on_panels || (self.team.is_helpless() && machine.trouble().is_some());
            tell(commands, (*mode, on_panels), machine, reason);
            let operated = scene.held.get(*damper).is_some_and(|row| row.entry == Level::Operator);
            let level = if why == ShutOut::Warm { Level::Control } else { Level::CriticalEquipment };
            if !on_panels && most < 100.0 && !(operated && level == Level::Control) {
                commands.limit(*damper, level, Limit { min: 0.0, max: most, reason: Reason::ShutOut(why) });
            }
        }
    }
}
