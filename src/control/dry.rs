//! Dry coolers that control runs: fans hold the water that leaves them, pads are wetted when fans alone do not do.
//!
//! ```text
//!   dry ── fans at their most and the water too warm, for a while ─▶ wet ── fans alone would do, for a while, least-wet over ─▶ dry
//!                                                                    wet ── frost, or it may freeze ─▶ dry, at once
//! ```
//!
//! **Equation** what dry fans would need for the heat that wet ones take, `u·((t_in − t_pads)/(t_in − t_dry))^(1/0.6)` with the water's entering
//! temperature `t_in` and the air behind the deepest pads, `t_pads = t_dry − 0.85·(t_dry − t_wet)`. Wet fans that are merely slow say little: in a
//! desert they turn at 40 % where dry ones would not do at all, and pads that are dried by that are wetted again at once.
//!
//! When fans rest: [`super::fans`]. Pads are a [`Driven`], too: told to wet they do so in their time, or they have failed. A cooler's own
//! panel runs it until fans and water are seen, and again when either is lost: [`super::rule`].

use plant::command::{Level, Reason};
use plant::event::{About, Step as Told, Trouble};
use plant::hall::Hall;
use plant::hall::sequence::RunMode;
use plant::hall::sequence::dry::{DrivenDry, DryTuning};
use plant::id::EquipId;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::clock::sum;
use super::commands::{Commands, OutputId};
use super::cooling::{Cooling, Loop};
use super::fans::{Fans, Hold};
use super::news::News;
use super::rule::Rule;
use super::scene::{Scene, Water};
use super::sequence::Timer;
use super::sequence::drive::{DriveRules, Driven};
use super::sequence::machine::Sight;
use super::sequence::roster::RunTime;

/// What the deepest pads take of the distance to the wet bulb (1). Others are dried a little later than they might be: doubt means wet.
const PADS_TAKE: f64 = 0.85;
/// What a cooler takes for each kelvin between water and air grows with its fans' speed to the power of this, at the least (1).
const GROWS_WITH: f64 = 0.6;
/// Air whose temperature nobody tells may have become so much colder within an hour (K): a cold front.
const FRONT: f64 = 10.0;
/// And so much with each hour after it (K): a night.
const NIGHT: f64 = 1.5;
/// The least distance between entering water and outdoor air that is reckoned with (K): below it fans alone never do.
const APART: f64 = 0.5;

/// The outputs of a dry cooler.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wiring {
    run_mode: OutputId,
    fan: OutputId,
    wet: OutputId,
}

/// Every dry cooler's outputs, in the hall's order.
#[must_use]
pub fn wirings(hall: &Hall, commands: &Commands) -> Vec<Wiring> {
    let wiring = |of: &DrivenDry| {
        let (run_mode, fan) = (commands.output(of.run_mode.id())?, commands.output(of.fan.id())?);
        Some(Wiring { run_mode, fan, wet: commands.output(of.wet.id())? })
    };
    hall.dry.iter().filter_map(wiring).collect()
}

/// What is remembered of a dry cooler.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DryCooler {
    rule: Rule,
    fans: Fans,
    pads: Driven,
    /// How long the fans have been at their most in water that is warmer than held.
    hot: Timer,
    /// How long they alone would have done.
    alone: Timer,
    /// The outdoor air as it was known last (°C), and how long ago.
    air: Option<(f64, Span)>,
}

/// Every dry cooler, in the hall's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DryCoolers(Vec<DryCooler>);

/// What one scan sees of a dry cooler.
#[derive(Clone, Copy, Debug, PartialEq)]
struct View {
    /// Whether the fans turn.
    turns: Sight,
    /// Whether the pads are wetted.
    wetted: Sight,
    /// Water leaving.
    leaving: Water,
    /// Water entering (°C), known now.
    entering: Option<f64>,
    /// Outdoor dry bulb (°C), known now.
    outdoors: Option<f64>,
    /// Outdoor wet bulb (°C), known now.
    wet_bulb: Option<f64>,
    /// What the fans were told last (%).
    told: f64,
    /// How far the water that they hold is from where it usually is, for peaks (K).
    moved: f64,
}

impl DryCoolers {
    /// On their panels.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        Self(hall.dry.iter().map(|_| DryCooler::new()).collect())
    }

    /// A new boot: on their panels, with run-times.
    pub fn restart(&mut self) {
        for row in &mut self.0 {
            let (fans, pads) = (Fans::found(false, row.fans().run), Driven::found(false, row.pads.run));
            *row = DryCooler { fans, pads, ..DryCooler::new() };
        }
    }

    /// Who runs them from now on.
    pub fn lend(&mut self, rule: Rule) {
        self.0.iter_mut().for_each(|row| row.rule = rule);
    }

    /// The coolers with what they are.
    pub fn iter<'d>(&'d self, hall: &'d Hall) -> impl Iterator<Item = (&'d DrivenDry, &'d DryCooler)> {
        hall.dry.iter().zip(&self.0)
    }

    /// A cooler's fans are others from now on; what those before had run.
    pub fn renew(&mut self, hall: &Hall, (equip, run): (EquipId, RunTime)) -> Option<RunTime> {
        let here = hall.dry.iter().zip(&mut self.0).find(|(of, _)| of.of.equip == equip);
        here.map(|(_, row)| row.fans.renew(run))
    }

    /// What is wrong, and with which.
    pub fn troubles<'d>(&'d self, hall: &'d Hall) -> impl Iterator<Item = (EquipId, Trouble)> + 'd {
        self.iter(hall).filter_map(|(of, row)| Some((of.of.equip, row.trouble()?)))
    }

    /// Gives the loops of the fans what they shall do.
    pub fn aim(&self, hall: &Hall, cooling: &mut Cooling) {
        let rules = cooling.strategies().dry;
        for (of, row) in self.iter(hall).filter(|(_, row)| !row.is_on_panel()) {
            let hold = Some((of.of.leaving.id(), rules.fans.speed.setpoint));
            cooling.aim(of.fan_loop, row.fans.aim(&rules.fans, hold));
        }
    }

    /// One scan: proposes run modes and pads. The loops propose the fans' speed.
    pub fn step(
        &mut self,
        wirings: &[Wiring],
        (scene, cooling): (&Scene<'_>, &Cooling),
        commands: &mut Commands,
        news: &mut News<'_>,
    ) {
        for ((of, wiring), row) in scene.hall.dry.iter().zip(wirings).zip(&mut self.0) {
            let moved = cooling.of(of.fan_loop).map_or(0.0, Loop::ride);
            let view = look(of, scene, (wiring, moved));
            row.step(About::Equip(of.of.equip), (&cooling.strategies().dry, &view), scene.dt, news);
            row.propose(wiring, commands);
        }
    }
}

/// What air that was known so long ago may have come to at the coldest (°C).
fn coldest((celsius, age): (f64, Span)) -> f64 {
    let hours = age.seconds() / 3600.0;
    celsius - FRONT * hours.min(1.0) - NIGHT * (hours - 1.0).max(0.0)
}

fn look(of: &DrivenDry, scene: &Scene<'_>, (wiring, moved): (&Wiring, f64)) -> View {
    let wetted = match scene.sight(of.of.wetted) {
        Sight::Lost => Sight::Doubted, // nothing is started nor given up by it
        seen @ (Sight::Known(_) | Sight::Doubted) => seen,
    };
    let weather = scene.hall.machinery.weather;
    View {
        turns: scene.turns(of.of.speed),
        wetted,
        leaving: scene.water_at(of.of.leaving),
        entering: scene.fresh(of.of.entering),
        outdoors: weather.and_then(|station| scene.fresh(station.dry_bulb)),
        wet_bulb: weather.and_then(|station| scene.fresh(station.wet_bulb)),
        told: scene.told(wiring.fan).unwrap_or(0.0),
        moved,
    }
}

impl View {
    /// How fast fans alone would have to turn for what wet ones do now (%). Where nobody knows, the wet ones' speed is all there is to go by.
    fn alone(&self) -> f64 {
        let (Some(entering), Some(dry), Some(wet)) = (self.entering, self.outdoors, self.wet_bulb) else {
            return self.told;
        };
        let apart = entering - dry;
        let gain = 1.0 + PADS_TAKE * (dry - wet).max(0.0) / apart.max(APART);
        self.told * libm::pow(gain, 1.0 / GROWS_WITH)
    }
}

impl DryCooler {
    fn new() -> Self {
        Self {
            rule: Rule::on_panel(),
            fans: Fans::found(false, RunTime::default()),
            pads: Driven::found(false, RunTime::default()),
            hot: Timer::default(),
            alone: Timer::default(),
            air: None,
        }
    }

    /// True while its panel runs it.
    #[must_use]
    pub const fn is_on_panel(&self) -> bool {
        self.rule.is_panel()
    }

    /// Its fans.
    #[must_use]
    pub const fn fans(&self) -> &Driven {
        self.fans.drive()
    }

    /// Its pads.
    #[must_use]
    pub const fn pads(&self) -> &Driven {
        &self.pads
    }

    /// What is wrong with it, if anything is.
    #[must_use]
    pub const fn trouble(&self) -> Option<Trouble> {
        match (self.is_on_panel(), self.fans.trouble()) {
            (true, _) => None,
            (false, Some(trouble)) => Some(trouble),
            (false, None) => self.pads.trouble(),
        }
    }

    fn step(&mut self, about: About, (rules, view): (&DryTuning, &View), dt: Span, news: &mut News<'_>) {
        self.air = match view.outdoors {
            Some(celsius) => Some((celsius, Span::ZERO)),
            None => self.air.map(|(celsius, age)| (celsius, sum(age, dt))),
        };
        let sees = view.leaving.fresh && matches!((view.turns, view.wetted), (Sight::Known(_), Sight::Known(_)));
        let lost = view.leaving.celsius.is_none() || view.turns == Sight::Lost;
        if let Some(told) = self.rule.step((sees, lost), dt) {
            if told == Told::TakenOver {
                self.fans = Fans::found(view.turns == Sight::Known(true), self.fans().run);
                self.pads = Driven::found(view.wetted == Sight::Known(true), self.pads.run);
                (self.hot, self.alone) = (Timer::default(), Timer::default());
            }
            news.rule(about, told);
        }
        if self.is_on_panel() {
            return;
        }
        let hold = Hold::of(view.leaving, rules.fans.speed.setpoint + view.moved);
        news.machine(about, self.fans.step(&rules.fans, Some(&hold), (view.turns, view.told), dt));
        let times = DriveRules { start_within: rules.fans.start_within, stop_within: rules.fans.stop_within };
        let wet = self.wets((rules, view), dt);
        news.machine(about, self.pads.advance(&times, (view.wetted, wet), dt));
    }

    /// Whether the pads shall be wet.
    fn wets(&mut self, (rules, view): (&DryTuning, &View), dt: Span) -> bool {
        let pads = &rules.pads;
        if let Some(leaving) = view.leaving.celsius.filter(|_| view.leaving.fresh) {
            // While warmer water saves power for a peak pads save more than that: they are not waited for until fans are at their most.
            let fast = if view.moved > 0.0 { pads.below } else { pads.above };
            self.hot.count(leaving > rules.fans.speed.setpoint && view.told >= fast, dt);
            self.alone.count(view.alone() < pads.below, dt);
        }
        // Ice breaks pads: where it may freeze nothing is wetted. A station that is lost in the heat says for hours that it does not.
        let mild = self.air.is_some_and(|air| coldest(air) > pads.coldest.0);
        let over = self.alone.reached(pads.below_for) && self.pads.since() >= pads.least_wet;
        mild && if self.pads.is_told() { !over || view.moved > 0.0 } else { self.hot.reached(pads.above_for) }
    }

    fn propose(&self, wiring: &Wiring, commands: &mut Commands) {
        if self.is_on_panel() {
            commands.propose(wiring.run_mode, Level::Control, RunMode::Panel.number(), Reason::OnPanel);
            return;
        }
        commands.propose(wiring.run_mode, Level::Control, RunMode::On.number(), Reason::Running);
        let (wet, why) = if self.pads.is_told() { (1.0, Reason::PadsHelp) } else { (0.0, Reason::FansAlone) };
        commands.propose(wiring.wet, Level::Control, wet, why);
    }
}
