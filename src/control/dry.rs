//! Dry coolers that control runs: fans hold the water that leaves them, pads are wetted when fans alone do not do.
//!
//! ```text
//!   fans   turning ── at their slowest and colder than held, for a while ─▶ standing ── warmer than held ─▶ turning
//!   pads   dry ── fans at their most and the water too warm, for a while ─▶ wet ── fans slow for a while, least-wet over ─▶ dry
//!                                                                           wet ── frost, or nobody knows ─▶ dry, at once
//! ```
//!
//! Fans and pads are each a [`Driven`]: told to turn or to wet they do so in their time, or they have failed. A cooler's own panel
//! runs it until fans and water are seen, and again when either is lost: [`super::rule`].

use plant::command::{Level, Reason};
use plant::event::{About, Step as Told, Trouble, What};
use plant::hall::Hall;
use plant::hall::dry::{DrivenDry, DryTuning};
use plant::hall::sequence::RunMode;
use plant::id::EquipId;
use plant::units::{Quantity, Ratio};
use serde::{Deserialize, Serialize};

use super::commands::{Commands, OutputId};
use super::cooling::{Aim, Cooling};
use super::news::News;
use super::plants::Scene;
use super::rule::{Rule, TAKE_OVER};
use super::sequence::Timer;
use super::sequence::drive::{Drive, DriveRules, Driven};
use super::sequence::machine::Sight;
use super::sequence::roster::RunTime;

/// Fans that report more than this turn (%).
const TURNS: f64 = 1.0;
/// Their slowest, with what a drive's report is off (%).
const NEAR: f64 = 0.5;

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
    fans: Driven,
    pads: Driven,
    /// How long the fans have turned at their slowest in water that is colder than held.
    low: Timer,
    /// How long they have been at their most in water that is warmer than held.
    hot: Timer,
    /// How long they have been slow.
    slow: Timer,
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
    /// Water leaving (°C), aged if stale.
    leaving: Option<f64>,
    /// Whether that is known now.
    fresh: bool,
    /// Outdoor dry bulb (°C), known now.
    outdoors: Option<f64>,
    /// What the fans were told last (%).
    told: f64,
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
            let (fans, pads) = (Driven::found(false, row.fans.run), Driven::found(false, row.pads.run));
            *row = DryCooler { fans, pads, ..DryCooler::new() };
        }
    }

    /// The coolers with what they are.
    pub fn iter<'d>(&'d self, hall: &'d Hall) -> impl Iterator<Item = (&'d DrivenDry, &'d DryCooler)> {
        hall.dry.iter().zip(&self.0)
    }

    /// What is wrong, and with which.
    pub fn troubles<'d>(&'d self, hall: &'d Hall) -> impl Iterator<Item = (EquipId, Trouble)> + 'd {
        self.iter(hall).filter_map(|(of, row)| Some((of.of.equip, row.trouble()?)))
    }

    /// Gives the loops of the fans what they shall do.
    pub fn aim(&self, hall: &Hall, cooling: &mut Cooling) {
        let rules = cooling.strategies().dry;
        for (of, row) in self.iter(hall).filter(|(_, row)| !row.is_on_panel()) {
            let (point, setpoint) = (of.of.leaving.id(), rules.fans.setpoint);
            let aim = if row.fans.is_told() {
                Aim::Follow { point, setpoint, least: rules.least_speed }
            } else {
                Aim::Stand { at: 0.0, reason: Reason::ColdEnough }
            };
            cooling.aim(of.fan_loop, aim);
        }
    }

    /// One scan: proposes run modes and pads. The loops propose the fans' speed.
    pub fn step(
        &mut self,
        wirings: &[Wiring],
        (scene, rules): (&Scene<'_>, &DryTuning),
        commands: &mut Commands,
        news: &mut News<'_>,
    ) {
        for ((of, wiring), row) in scene.hall.dry.iter().zip(wirings).zip(&mut self.0) {
            let view = look(of, scene, wiring);
            row.step(About::Equip(of.of.equip), (rules, &view), scene, news);
            row.propose(wiring, commands);
        }
    }
}

fn look(of: &DrivenDry, scene: &Scene<'_>, wiring: &Wiring) -> View {
    let turns = match scene.image.read(of.of.speed).fresh() {
        Some(speed) => Sight::Known(speed.0 > TURNS),
        None if scene.image.read(of.of.speed).usable().is_some() => Sight::Doubted,
        None => Sight::Lost,
    };
    let wetted = match scene.image.read(of.of.wetted).fresh() {
        Some(Ratio(word)) => Sight::Known(word > 0.5),
        None => Sight::Doubted, // nothing is started nor given up by it
    };
    View {
        turns,
        wetted,
        leaving: scene.image.read(of.of.leaving).usable().map(Quantity::get),
        fresh: scene.image.read(of.of.leaving).fresh().is_some(),
        outdoors: scene.hall.machinery.weather.and_then(|station| scene.fresh(station.dry_bulb)),
        told: scene.told(wiring.fan).unwrap_or(0.0),
    }
}

impl DryCooler {
    fn new() -> Self {
        Self {
            rule: Rule::on_panel(),
            fans: Driven::found(false, RunTime::default()),
            pads: Driven::found(false, RunTime::default()),
            low: Timer::default(),
            hot: Timer::default(),
            slow: Timer::default(),
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
        &self.fans
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

    fn step(&mut self, about: About, (rules, view): (&DryTuning, &View), scene: &Scene<'_>, news: &mut News<'_>) {
        if self.is_on_panel() {
            let sees = view.fresh && matches!((view.turns, view.wetted), (Sight::Known(_), Sight::Known(_)));
            if self.rule.take_over(sees, TAKE_OVER, scene.dt) {
                self.fans = Driven::found(view.turns == Sight::Known(true), self.fans.run);
                self.pads = Driven::found(view.wetted == Sight::Known(true), self.pads.run);
                (self.low, self.hot, self.slow) = (Timer::default(), Timer::default(), Timer::default());
                news.info(about, What::Step(Told::TakenOver));
            }
        } else if view.leaving.is_none() || view.turns == Sight::Lost {
            self.rule = Rule::on_panel();
            news.warn(about, What::Step(Told::HandedBack));
        }
        if self.is_on_panel() {
            return;
        }
        let times = DriveRules { start_within: rules.start_within, stop_within: rules.stop_within };
        let (blow, wet) = self.wants((rules, view), scene);
        news.machine(about, self.fans.advance(&times, (view.turns, blow), scene.dt));
        news.machine(about, self.pads.advance(&times, (view.wetted, wet), scene.dt));
    }

    /// Whether the fans shall turn, and whether the pads shall be wet.
    fn wants(&mut self, (rules, view): (&DryTuning, &View), scene: &Scene<'_>) -> (bool, bool) {
        let (dt, pads) = (scene.dt, &rules.pads);
        let above = view.leaving.map(|leaving| leaving - rules.fans.setpoint);
        if view.fresh {
            let cold = above.is_some_and(|above| above < -rules.deadband);
            self.low.count(cold && view.told <= rules.least_speed + NEAR, dt);
            let warm = above.is_some_and(|above| above > 0.0);
            self.hot.count(warm && view.told >= pads.above, dt);
            self.slow.count(view.told < pads.below, dt);
        }
        let warm = above.is_some_and(|above| above > rules.deadband);
        let blow = match self.fans.step() {
            Drive::Resting => warm && self.fans.since() >= rules.least_off,
            Drive::Stopping => warm,
            Drive::Starting | Drive::Turning | Drive::Failed(_) => !self.low.reached(rules.off_after),
        };
        // Ice breaks pads: without a word about frost nothing is wetted.
        let mild = view.outdoors.is_some_and(|celsius| celsius > pads.coldest.0);
        let over = self.slow.reached(pads.below_for) && self.pads.since() >= pads.least_wet;
        let wet = mild && if self.pads.is_told() { !over } else { self.hot.reached(pads.above_for) };
        (blow, wet)
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
