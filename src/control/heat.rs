//! Heat recovery that control runs. What it exports never decides how the hall is cooled: dry coolers and chillers hold their water
//! whether somebody takes heat out of it or not.
//!
//! ```text
//!        wanted and the return warm, for a while                 not wanted, or cold, for a while; a reading lost
//!   Off ───────────────────────────────────────▶ Starting ─▶ On ───────────────────────────────────────────────▶ Stopping ─▶ Off
//!    ▲                                                        │
//!    │ return-after, twice as long each time                  │ less than the least for `gone-after`, though the valve is open
//!    └──────────────────────────────────────────── gone ◀─────┘
//! ```
//!
//! The valve is a [`Machine`]: it opens and closes in its time, or it has failed. A customer who is gone is told, and tried again by and
//! by, so that neither he nor a broken pump of his makes the valve chatter. Its panel has the station until all of it is seen, and
//! again when nobody sees the valve any more: [`super::rule`].

use plant::command::Reason;
use plant::event::{About, Trouble, What};
use plant::hall::Hall;
use plant::hall::sequence::heat::{DrivenHeat, HeatTuning};
use plant::id::EquipId;
use plant::reading::Reading;
use plant::time::Span;
use plant::units::Percent;
use serde::{Deserialize, Serialize};

use super::clock::sum;
use super::commands::{Commands, OutputId};
use super::news::News;
use super::rule::Rule;
use super::scene::Scene;
use super::sequence::Timer;
use super::sequence::machine::{Life, Machine, Seen, Sight};
use super::sequence::orders::{keep, tell};

/// A valve that reports more is open (%).
const OPEN: f64 = 50.0;
/// So often a customer's time is doubled who takes nothing when he is tried again.
const DOUBLED: u32 = 3;

/// The output of a station.
pub type Wiring = OutputId;

/// Every station's output, in the hall's order.
#[must_use]
pub fn wirings(hall: &Hall, commands: &Commands) -> Vec<Wiring> {
    hall.heat.iter().filter_map(|of| commands.output(of.run_mode.id())).collect()
}

/// What is remembered of a station.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Station {
    rule: Rule,
    /// Its valve.
    machine: Machine,
    /// It shall be open.
    wanted: bool,
    /// How long demand and return have been there.
    ready: Timer,
    /// How long one of them has been gone.
    over: Timer,
    /// How long next to nothing has been taken although the valve is open.
    idle: Timer,
    /// How often in a row the customer took nothing, and since when it is left alone.
    gone: Option<(u32, Span)>,
}

/// Every station, in the hall's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stations(Vec<Station>);

/// What one scan sees.
#[derive(Clone, Copy, Debug, PartialEq)]
struct View {
    valve: Seen,
    /// The customer calls for heat.
    demand: Sight,
    /// Heat handed over (W) and the hall's return (°C), known now.
    exported: Option<f64>,
    back: Option<f64>,
    /// One of the three is lost.
    blind: bool,
}

impl Stations {
    /// On their panels.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        Self(hall.heat.iter().map(|_| Station::new()).collect())
    }

    /// A new boot: on their panels, with run-times. A customer who was gone is as long gone as before.
    pub fn restart(&mut self) {
        for row in &mut self.0 {
            let mut machine = row.machine;
            machine.forget();
            *row = Station { machine, gone: row.gone, ..Station::new() };
        }
    }

    /// Who runs them from now on.
    pub fn lend(&mut self, rule: Rule) {
        self.0.iter_mut().for_each(|row| row.rule = rule);
    }

    /// The stations with what they are.
    pub fn iter<'s>(&'s self, hall: &'s Hall) -> impl Iterator<Item = (&'s DrivenHeat, &'s Station)> {
        hall.heat.iter().zip(&self.0)
    }

    /// What is wrong, and with which.
    pub fn troubles<'s>(&'s self, hall: &'s Hall) -> impl Iterator<Item = (EquipId, Trouble)> + 's {
        self.iter(hall).filter_map(|(of, row)| Some((of.of.equip, row.trouble()?)))
    }

    /// One scan: proposes run modes.
    pub fn step(
        &mut self,
        wirings: &[Wiring],
        (scene, rules): (&Scene<'_>, &HeatTuning),
        commands: &mut Commands,
        news: &mut News<'_>,
    ) {
        for ((of, output), row) in scene.hall.heat.iter().zip(wirings).zip(&mut self.0) {
            let view = look(of, scene, *output);
            row.step(About::Equip(of.of.equip), (rules, &view), scene.dt, news);
            let why = if row.wanted { Reason::HeatWanted } else { Reason::NoHeatWanted };
            tell(commands, (*output, row.is_on_panel()), &row.machine, why);
        }
    }

    /// After everybody has proposed: minimum times.
    pub fn keep(&self, rules: &HeatTuning, wirings: &[Wiring], commands: &mut Commands) {
        for (output, row) in wirings.iter().zip(&self.0).filter(|(_, row)| !row.is_on_panel()) {
            keep(commands, *output, row.machine.kept(&rules.machine));
        }
    }
}

fn look(of: &DrivenHeat, scene: &Scene<'_>, output: OutputId) -> View {
    let running = match scene.image.read(of.of.valve) {
        Reading::Fresh(Percent(at)) => Sight::Known(at > OPEN),
        Reading::Stale { .. } => Sight::Doubted,
        Reading::Lost { .. } => Sight::Lost,
    };
    let demand = scene.sight(of.demand);
    View {
        valve: Seen { running, fault: Sight::Known(false), held: scene.held_by(output) },
        demand,
        exported: scene.fresh(of.of.exported),
        back: scene.fresh(of.back),
        blind: demand == Sight::Lost || scene.is_lost(of.of.exported) || scene.is_lost(of.back),
    }
}

impl Station {
    fn new() -> Self {
        Self {
            rule: Rule::on_panel(),
            machine: Machine::new(),
            wanted: false,
            ready: Timer::default(),
            over: Timer::default(),
            idle: Timer::default(),
            gone: None,
        }
    }

    /// True while its panel runs it.
    #[must_use]
    pub const fn is_on_panel(&self) -> bool {
        self.rule.is_panel()
    }

    /// Its valve.
    #[must_use]
    pub const fn machine(&self) -> &Machine {
        &self.machine
    }

    /// True from when the customer took nothing until he does, or calls for nothing any more.
    #[must_use]
    pub const fn is_gone(&self) -> bool {
        self.gone.is_some()
    }

    /// What is wrong with it, if anything is.
    #[must_use]
    pub const fn trouble(&self) -> Option<Trouble> {
        match (self.is_on_panel(), self.machine.trouble(), self.gone) {
            (true, ..) | (false, None, None) => None,
            (false, Some(trouble), _) => Some(trouble),
            (false, None, Some(_)) => Some(Trouble::NotTaken),
        }
    }

    fn step(&mut self, about: About, (rules, view): (&HeatTuning, &View), dt: Span, news: &mut News<'_>) {
        let on_panel = self.is_on_panel();
        let told = self.machine.step(&rules.machine, (view.valve.on_panel(on_panel), self.wanted), dt);
        if !on_panel {
            news.machine(about, told);
        }
        let known = |sight| matches!(sight, Sight::Known(_));
        let sees = known(view.valve.running) && known(view.demand) && view.exported.is_some() && view.back.is_some();
        if let Some(told) = self.rule.step((sees, view.valve.running == Sight::Lost), dt) {
            news.rule(about, told);
            // As it is found, and with nothing counted but how long a customer has been gone.
            let (machine, gone) = (self.machine, self.gone);
            *self = Self { rule: self.rule, machine, wanted: machine.is_running(), gone, ..Self::new() };
        }
        if !self.is_on_panel() {
            self.decide((rules, view), dt);
            self.miss(about, (rules, view), dt, news);
        }
    }

    /// Whether it shall be open. What is doubted counts nothing.
    fn decide(&mut self, (rules, view): (&HeatTuning, &View), dt: Span) {
        if view.blind {
            (self.wanted, self.ready) = (false, Timer::default());
            return;
        }
        if let (Sight::Known(demand), Some(back)) = (view.demand, view.back) {
            let warm = rules.warm.0;
            self.ready.count(demand && back >= warm, dt);
            self.over.count(!demand || back < warm - rules.hysteresis.0, dt);
            if !demand {
                self.gone = None; // he says himself that he wants none
            }
        }
        if self.wanted {
            self.wanted = !self.over.reached(rules.off_after);
        } else {
            let again =
                self.gone.is_none_or(|(times, since)| since >= rules.return_after.times(1 << times.min(DOUBLED)));
            self.wanted = again && self.ready.reached(rules.on_after);
        }
    }

    /// Whether the customer takes what the open valve offers.
    fn miss(&mut self, about: About, (rules, view): (&HeatTuning, &View), dt: Span, news: &mut News<'_>) {
        let taken = view.exported.map(|watts| watts >= rules.least.0);
        match (self.machine.life(), taken) {
            (Life::On, Some(true)) if self.wanted => {
                // So long as it takes to be believed gone he must take some to be believed back.
                self.idle = Timer::default();
                self.gone = self.gone.filter(|_| self.machine.since() < rules.gone_after);
            }
            (Life::On, Some(taken)) => self.idle.count(!taken && self.wanted, dt),
            (Life::On, None) => {}
            (Life::Unseen { .. } | Life::Off | Life::Starting | Life::Stopping | Life::Failed(_), _) => {
                self.idle = Timer::default();
            }
        }
        self.gone = self.gone.map(|(times, since)| (times, sum(since, dt)));
        if self.idle.reached(rules.gone_after) {
            (self.wanted, self.idle, self.ready) = (false, Timer::default(), Timer::default());
            let before = self.gone;
            self.gone = Some((before.map_or(0, |(times, _)| times.saturating_add(1)), Span::ZERO));
            if before.is_none() {
                news.warn(about, What::Trouble(Trouble::NotTaken));
            }
        }
    }
}

#[cfg(test)]
mod tests;
