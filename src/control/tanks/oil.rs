//! A single-phase tank: the fluid by the facility-water valve, the pump at its speed, and what is asked of its machines where that does not
//! do.
//!
//! ```text
//!   fluid ≥ `cooling` ─▶ valve and pump at their most, whoever holds them
//!   fluid ≥ `cap` ─────▶ its machines should draw less      all of it until the fluid is within `nominal` of its setpoint,
//!   fluid ≥ `off` ─────▶ its machines should be off         the pump turns and there is fluid enough; no timer ends it
//!   pump stands ───────▶ its machines should draw less, and the pump is told to start anew every `retry-after`
//!   level < `low-low` ─▶ its machines should be off
//!   level < `dry` ─────▶ its pump stands, whoever holds it, until there is fluid enough for it
//!   tray wet ──────────▶ its machines should be off, and its water is shut off where that may be what leaks
//! ```

use plant::command::{Level as Priority, Reason};
use plant::event::{About, CapReason, Step as Told, Trouble, What};
use plant::hall::sequence::RunMode;
use plant::hall::sequence::tank::{DrivenTank, TankTuning};
use plant::reading::Why;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::Wiring;
use super::intake::Intake;
use super::keeper::{Keeper, Needs};
use super::leaks::TankLeak;
use super::supervision::{Dark, Level, Stuck};
use super::warmth::Warming;
use crate::control::asks::{Asks, Latch, Wants};
use crate::control::commands::Commands;
use crate::control::cooling::Aim;
use crate::control::news::News;
use crate::control::sequence::Timer;
use crate::control::sequence::drive::{Drive, DriveRules, Driven};
use crate::control::sequence::machine::Sight;
use crate::control::sequence::roster::RunTime;

/// A pump that turns slower than this stands (%).
const TURNING: f64 = 10.0;
/// Where nobody knows whether its pump turns, machines that work in fluid that has been cool for so long prove it.
const COOL_FOR: Span = Span::from_secs(600);
/// A pump that helps goes by the fluid smoothed over this time (s): it is slower than a sensor's noise and smallest step.
const CALM: f64 = 30.0;
/// A pump that starts anew is told to stand for so long before: its drive comes down first.
const ANEW: Span = Span::from_secs(40);

type Scan<'a> = super::Scan<'a, DrivenTank, TankTuning>;

impl Scan<'_> {
    /// The fluid, known now (°C).
    fn fluid(&self) -> Option<f64> {
        self.scene.fresh(self.of.of.fluid)
    }

    /// Whether its pump turns. A drive's fault needs no other word.
    fn turns(&self) -> Sight {
        if self.scene.fault(self.of.fault) == Sight::Known(true) {
            return Sight::Known(false);
        }
        match self.scene.fresh(self.of.of.pump) {
            Some(speed) => Sight::Known(speed >= TURNING),
            None if self.scene.is_lost(self.of.of.pump) => Sight::Lost,
            None => Sight::Doubted,
        }
    }
}

/// What is remembered of a single-phase tank.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OilTank {
    keeper: Keeper,
    pump: Driven,
    warming: Warming,
    level: Level,
    intake: Intake,
    leak: TankLeak,
    stuck: Stuck,
    /// Its pump, where that does not turn as fast as it shall.
    slow: Stuck,
    /// How long its pump has been seen standing.
    still: Timer,
    dark: Dark,
    cooling: Latch,
    /// How long its fluid has been cool, its machines at work, and its pump unseen.
    cool: Timer,
    /// How long its fluid has been so warm that its machines should draw less, and that they should be off.
    hot: (Timer, Timer),
    /// The fluid, smoothed, aged if stale (°C).
    calm: Option<f64>,
    asks: Asks,
}

impl OilTank {
    /// On its panel.
    #[must_use]
    pub fn new() -> Self {
        Self {
            keeper: Keeper::panel(),
            pump: Driven::found(false, RunTime::default()),
            warming: Warming::new(),
            level: Level::default(),
            intake: Intake::default(),
            leak: TankLeak::default(),
            stuck: Stuck::default(),
            slow: Stuck::default(),
            still: Timer::default(),
            dark: Dark::default(),
            cooling: Latch::default(),
            cool: Timer::default(),
            hot: (Timer::default(), Timer::default()),
            calm: None,
            asks: Asks::default(),
        }
    }

    /// A new boot: on its panel, with its pump's run-time, what has been asked, and as cold as it was.
    pub fn restart(&mut self) {
        let pump = Driven::found(false, self.pump.run);
        let (warming, intake, leak) = (self.warming.restarted(), self.intake.restarted(), self.leak.restarted());
        let (level, cooling, asks) = (self.level, self.cooling, self.asks);
        *self = Self { pump, warming, intake, leak, level, cooling, asks, ..Self::new() };
    }

    /// Who runs it, to change that.
    pub(super) const fn keeper_mut(&mut self) -> &mut Keeper {
        &mut self.keeper
    }

    /// Its leak.
    #[must_use]
    pub const fn leak(&self) -> &TankLeak {
        &self.leak
    }

    /// Its leak, to reset it.
    pub(super) const fn leak_mut(&mut self) -> &mut TankLeak {
        &mut self.leak
    }

    /// True while its panel runs it.
    #[must_use]
    pub const fn is_on_panel(&self) -> bool {
        self.keeper.is_panel()
    }

    /// Its pump.
    #[must_use]
    pub const fn pump(&self) -> &Driven {
        &self.pump
    }

    /// Its pump is another one from now on; what the one before had run.
    pub const fn renew(&mut self, run: RunTime) -> RunTime {
        std::mem::replace(&mut self.pump.run, run)
    }

    /// How warm its fluid is.
    #[must_use]
    pub const fn warming(&self) -> &Warming {
        &self.warming
    }

    /// What it asks for.
    #[must_use]
    pub const fn asks(&self) -> &Asks {
        &self.asks
    }

    /// True while all that cools it should run at its most.
    #[must_use]
    pub const fn is_hot(&self) -> bool {
        self.cooling.is_on()
    }

    /// What is wrong with its pump and its valve.
    pub fn troubles(&self) -> impl Iterator<Item = Trouble> {
        let ours = !self.is_on_panel();
        let pump = self.intake.is_bare().then_some(Trouble::RunsDry).or_else(|| self.pump.trouble());
        let slow = self.slow.is_told().then_some(Trouble::SpeedAstray);
        let stuck = self.stuck.is_told().then_some(Trouble::ValveStuck);
        pump.or(slow).into_iter().chain(stuck).filter(move |_| ours)
    }

    /// What its valve's loop shall do.
    #[must_use]
    pub fn aim(&self, tuning: &TankTuning) -> Aim {
        if self.leak.may_be_water() {
            return Aim::Stand { at: 0.0, reason: Reason::Leak };
        }
        if self.warming.is_warm() {
            return Aim::Hold { point: None, setpoint: tuning.valve.setpoint, least: tuning.least_valve.0 };
        }
        Aim::Stand { at: 0.0, reason: Reason::TooCold }
    }

    /// One scan.
    pub fn step(&mut self, scan: &Scan<'_>, news: &mut News<'_>) {
        let (scene, dt, about) = (scan.scene, scan.scene.dt, About::Equip(scan.of.of.equip));
        self.run(scan, news);
        let listens = scan.listens() && !self.is_on_panel();
        let told = scene.told(scan.wiring.valve).filter(|_| listens);
        let stuck = self.stuck.step((told, scene.fresh(scan.of.of.valve)), dt);
        news.machine(about, stuck.then_some(What::Trouble(Trouble::ValveStuck)));
        let fluid = scene.image.read(scan.of.of.fluid).usable().map(|fluid| fluid.0);
        let weight = dt.seconds() / (dt.seconds() + CALM);
        self.calm = fluid.map(|fluid| self.calm.map_or(fluid, |calm| calm + weight * (fluid - calm)));
        self.circulate(scan, listens, news);
        // One that stands has a sequence of its own, and what that tells is enough.
        let turns = listens && self.pump.step() == Drive::Turning;
        let told = scene.told(scan.wiring.pump).filter(|_| turns);
        let slow = self.slow.step((told, scene.fresh(scan.of.of.pump)), dt);
        news.machine(About::Point(scan.of.pump.id()), slow.then_some(What::Trouble(Trouble::SpeedAstray)));
        if let Some(what) = self.warming.step(&scan.tuning.cold, (scan.fluid(), scene.fresh(scan.of.of.power)), dt) {
            // On its panel nobody shuts its valve.
            news.machine(about, Some(what).filter(|_| !self.is_on_panel()));
        }
        self.supervise(scan, news);
    }

    /// Who runs it.
    fn run(&mut self, scan: &Scan<'_>, news: &mut News<'_>) {
        let (scene, of, turns) = (scan.scene, &scan.of.of, scan.turns());
        let known = matches!(turns, Sight::Known(_)) && scene.fresh(of.pump).is_some();
        let needs = Needs {
            seen: scan.fluid().is_some() && scene.fresh(of.valve).is_some() && known,
            settled: scan.wiring.has_settled(scene),
            doubted: scan.fluid().is_none() || turns == Sight::Doubted,
            lost: scene.is_lost(of.fluid) || turns == Sight::Lost,
            fluid: scan.fluid(),
            unbelieved: self.warming.is_doubted(&scan.tuning.cold),
            at_home: scan
                .fluid()
                .is_some_and(|fluid| libm::fabs(fluid - scan.tuning.valve.setpoint) < scan.tuning.hot.nominal),
        };
        if self.keeper.step(&needs, (About::Equip(of.equip), scene.dt), news) {
            self.pump = Driven::found(turns == Sight::Known(true), self.pump.run);
            (self.warming, self.stuck, self.slow) = (Warming::new(), Stuck::default(), Stuck::default());
        }
    }

    /// Its pump turns, and starts anew where it does not.
    fn circulate(&mut self, scan: &Scan<'_>, listens: bool, news: &mut News<'_>) {
        let (rules, turns, dt) = (&scan.tuning.pump, scan.turns(), scan.scene.dt);
        if let Sight::Known(turns) = turns {
            self.still.count(!turns, dt);
        }
        if !listens {
            let mut run = self.pump.run;
            run.count(turns == Sight::Known(true), dt);
            self.pump = Driven::found(turns == Sight::Known(true), run);
            return;
        }
        let about = About::Point(scan.of.pump.id());
        let wanted = !self.intake.is_bare() && scan.scene.person(scan.wiring.pump).is_none_or(|speed| speed > 0.0);
        let anew = self.starts_anew(rules.retry_after, scan);
        let times = DriveRules { start_within: rules.start_within, stop_within: rules.stop_within };
        news.machine(about, self.pump.advance(&times, (turns, wanted), dt));
        if self.starts_anew(rules.retry_after, scan) && !anew {
            self.pump.run.starts = self.pump.run.starts.saturating_add(1);
            news.info(about, What::Step(Told::Starting));
        }
    }

    /// It has failed for a while, and is told to stand for a moment: not one that is seen turning, whatever its drive says of itself.
    fn starts_anew(&self, every: Span, scan: &Scan<'_>) -> bool {
        if scan.scene.fresh(scan.of.of.pump).is_some_and(|speed| speed >= TURNING) {
            return false;
        }
        let failed = matches!(self.pump.step(), Drive::Failed(Trouble::DidNotStart | Trouble::StoppedItself));
        let since = self.pump.since().nanos();
        let into = since.checked_rem(every.nanos()).unwrap_or(u64::MAX);
        failed && since >= every.nanos() && into < ANEW.nanos()
    }

    /// What is asked of its machines.
    fn supervise(&mut self, scan: &Scan<'_>, news: &mut News<'_>) {
        let (scene, tank, dt) = (scan.scene, scan.of.of.equip, scan.scene.dt);
        let (rules, setpoint) = (&scan.tuning.hot, scan.tuning.valve.setpoint);
        let (level, levels) = (scene.fresh(scan.of.of.level), &scan.tuning.level);
        self.level.step(levels, level, (tank, dt), news);
        self.leak.step(&scan.tuning.leak, (scene.fault(scan.of.of.leak), level), (tank, dt), news);
        let changed = self.intake.step(level, (scan.tuning.pump.dry.0, levels.clear), levels.after, dt);
        if changed && self.intake.is_bare() {
            news.machine(About::Equip(tank), Some(What::Trouble(Trouble::RunsDry)));
        }
        let sourced = scene.image.read(scan.of.of.fluid).why() != Some(Why::Config);
        let lost = scene.is_lost(scan.of.of.fluid) && scan.turns() == Sight::Lost;
        self.dark.step(lost && sourced, dt);
        let cool = scan.fluid().is_some_and(|fluid| fluid <= setpoint + rules.nominal);
        let works = scene.fresh(scan.of.of.power).is_some_and(|watts| watts > 0.0);
        self.cool.count(cool && works && scan.turns() == Sight::Lost, dt);
        if let Some(fluid) = scan.fluid() {
            self.hot.0.count(fluid >= rules.cap.0, dt);
            self.hot.1.count(fluid >= rules.off.0, dt);
            if self.cooling.step((fluid >= rules.cooling.0, rules.after), cool, dt) {
                let on = self.cooling.is_on();
                news.switched(About::Equip(tank), (What::MoreCooling(on), on));
            }
        }
        let faulty = scene.fault(scan.of.fault) == Sight::Known(true);
        let turns = match scan.turns() {
            Sight::Known(turns) => turns,
            Sight::Doubted => false,
            Sight::Lost => self.cool.reached(COOL_FOR),
        };
        let stands = self.still.reached(scan.tuning.pump.proof) && !turns || faulty;
        let leaks = self.leak.is_latched().then_some(CapReason::Leak);
        let cap = [
            (leaks.is_some(), CapReason::Leak),
            (stands, CapReason::CirculationLost),
            (self.hot.0.reached(rules.after), CapReason::TooHot),
            (self.dark.is_dark(), CapReason::Unseen),
        ];
        let off = self.hot.1.reached(rules.after) && !self.keeper.disbelieves();
        let wants = Wants {
            cap: cap.into_iter().find(|(wants, _)| *wants).map(|(_, reason)| reason),
            drain: None,
            // No GPU-hour is given up for a temperature that is not believed: less power is the answer to that.
            off: leaks.or_else(|| off.then_some(CapReason::TooHot)).or_else(|| self.level.off()),
            nominal: cool && turns && leaks.is_none(),
        };
        self.asks.step(&wants, (About::Equip(tank), dt), news);
    }

    /// Its run mode and its pump's speed. The loop proposes the valve.
    pub fn propose(&self, scan: &Scan<'_>, commands: &mut Commands) {
        let wiring = scan.wiring;
        if self.is_on_panel() {
            commands.propose(wiring.run_mode, Priority::Control, RunMode::Panel.number(), Reason::OnPanel);
            // Told to be where its panel has it, it goes on from there.
            let there = scan.scene.fresh(scan.of.of.pump).or_else(|| scan.scene.told(wiring.pump));
            commands.propose(wiring.pump, Priority::Control, there.unwrap_or(100.0), Reason::OnPanel);
            return;
        }
        commands.propose(wiring.run_mode, Priority::Control, RunMode::On.number(), Reason::Running);
        let (speed, why) = self.speed(scan);
        commands.propose(wiring.pump, Priority::Control, speed, why);
        if self.intake.is_bare() {
            commands.propose(wiring.pump, Priority::CriticalEquipment, speed, why);
        }
    }

    /// The pump's speed (%): more of it in thick fluid and in fluid that is too warm, aged if stale.
    fn speed(&self, scan: &Scan<'_>) -> (f64, Reason) {
        let rules = &scan.tuning.pump;
        if self.intake.is_bare() {
            return (0.0, Reason::Failed(Trouble::RunsDry));
        }
        if !self.pump.is_told() {
            return (0.0, self.pump.failed().map_or(Reason::Running, Reason::Failed));
        }
        if self.starts_anew(rules.retry_after, scan) {
            return (0.0, Reason::StartsAnew);
        }
        if !self.warming.is_warm() {
            return (rules.cold_speed.0, Reason::TooCold);
        }
        let above = self.calm.map_or(0.0, |fluid| fluid - scan.tuning.valve.setpoint - rules.help_above).max(0.0);
        if above <= 0.0 {
            return (rules.speed.0, Reason::Running);
        }
        let speed = (rules.speed.0 + rules.help * above).min(100.0);
        (speed, Reason::Loop(scan.of.of.fluid.id()))
    }

    /// Above every mode but off: what cools a tank that is too warm runs at its most. A pump that does not turn may start anew meanwhile.
    /// Water that may leak is shut off all the same.
    pub fn protect(&self, of: &DrivenTank, wiring: &Wiring, commands: &mut Commands) {
        if self.leak.may_be_water() {
            wiring.shut_water_off(commands);
        }
        if !self.cooling.is_on() || !wiring.is_on(commands) {
            return;
        }
        let reason = Reason::TankHot(of.of.fluid.id());
        commands.propose(wiring.valve, Priority::ThermalProtection, 100.0, reason);
        // What has no fluid to move helps nobody.
        if self.pump.failed().is_none() && !self.intake.is_bare() {
            commands.propose(wiring.pump, Priority::ThermalProtection, 100.0, reason);
        }
    }
}

impl Default for OilTank {
    fn default() -> Self {
        Self::new()
    }
}
