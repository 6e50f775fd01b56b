//! A two-phase tank: the vapour's pressure by the condenser's water valve, and what is asked of its machines where water does not do.
//!
//! ```text
//!   pressure ≥ `cap`, no water, valve shut ─▶ its machines should draw less, and the valve opens, whoever holds it
//!   pressure ≥ `relief` − `margin` ─────────▶ its machines should be off
//!   level < `low-low` ──────────────────────▶ its machines should be off
//!   tray wet ───────────────────────────────▶ its machines should be off, and then its water is shut off where that may be what leaks
//!        all of it until the pressure has been within `nominal` of its setpoint for `nominal-for`, with water and liquid enough
//!   not warm, or air still in it ───────────▶ what presses is air, and the vent lets it out: only `relief` + `margin` counts
//!   warm, and presses more than its vapour ─▶ there is air in it: told, and drawn off where it has a purge
//! ```

use plant::command::{Level as Priority, Reason};
use plant::event::{About, CapReason, Trouble, What};
use plant::hall::sequence::RunMode;
use plant::hall::sequence::tank::{DrivenTwoPhase, TwoPhaseTuning};
use plant::reading::Why;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::Wiring;
use super::air::{Air, Read};
use super::keeper::{Keeper, Needs};
use super::leaks::TankLeak;
use super::purge::{self, Purge};
use super::supervision::{Dark, Level, Stuck};
use super::warmth::Warming;
use crate::control::asks::{Asks, Latch, Wants};
use crate::control::commands::Commands;
use crate::control::cooling::Aim;
use crate::control::news::News;
use crate::control::sequence::Timer;
use crate::control::sequence::machine::Sight;

/// A valve that reports shut although it was told to open by so much more (%)
const TOLD: f64 = 10.0;
/// A liquid this near to where it boils in the open (K) is where a panel holds it.
const HOME: f64 = 3.0;
/// for so long has its condenser lost.
const SHUT_FOR: Span = Span::from_secs(10);
/// A facility water that stands for so long has.
const DRY_FOR: Span = Span::from_secs(5);
/// Once it is warm the last of the air is out within this,
const AIR_OUT: Span = Span::from_secs(600);
/// or once its pressure has been normal for so long.
const QUIET: Span = Span::from_secs(30);
/// Machines that draw less than this are off (W).
const OFF: f64 = 2e3;
/// A pump that turns faster than this moves water, whatever a flow sensor says (%).
const TURNING: f64 = 10.0;

type Scan<'a> = super::Scan<'a, DrivenTwoPhase, TwoPhaseTuning>;

impl Scan<'_> {
    /// The vapour's pressure above the air's, known now (Pa).
    fn pressure(&self) -> Option<f64> {
        self.scene.fresh(self.of.of.pressure)
    }

    /// The facility water is seen standing: a flow sensor alone may lie low.
    fn is_dry(&self) -> bool {
        let Some(water) = self.scene.hall.machinery.facility_water else { return false };
        let least = self.tuning.pressure.least_flow.0;
        let turns = self.scene.fresh(water.pump).is_some_and(|speed| speed >= TURNING);
        !turns && self.scene.fresh(water.flow).is_some_and(|flow| flow < least)
    }
}

/// What is remembered of a two-phase tank.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BoilingTank {
    keeper: Keeper,
    warming: Warming,
    level: Level,
    leak: TankLeak,
    /// Its water may leak, and its machines are seen to be off.
    shut_off: bool,
    stuck: Stuck,
    /// How long its valve has reported shut, and the facility water stood.
    condenser: (Timer, Timer),
    dark: Dark,
    /// How long its liquid has been warm, and whether its pressure has been normal since: the last of the air is out.
    vented: (Timer, bool),
    cooling: Latch,
    /// How long its pressure has asked for less power, for none, and for neither.
    high: (Timer, Timer, Timer),
    asks: Asks,
    air: Air,
    purge: Purge,
    /// Its vent is seen shut.
    vent_shut: bool,
    /// What its machines drew when that was known last (W).
    power: f64,
}

impl BoilingTank {
    /// On its panel.
    #[must_use]
    pub fn new() -> Self {
        Self {
            keeper: Keeper::panel(),
            warming: Warming::new(),
            level: Level::default(),
            leak: TankLeak::default(),
            shut_off: false,
            stuck: Stuck::default(),
            condenser: (Timer::default(), Timer::default()),
            dark: Dark::default(),
            vented: (Timer::default(), true),
            cooling: Latch::default(),
            high: (Timer::default(), Timer::default(), Timer::default()),
            asks: Asks::default(),
            air: Air::default(),
            purge: Purge::default(),
            vent_shut: false,
            power: 0.0,
        }
    }

    /// A new boot: on its panel, with what has been asked, as cold as it was and with the air that was in it.
    pub fn restart(&mut self) {
        let (warming, vented, air) =
            (self.warming.restarted(), (Timer::default(), self.vented.1), self.air.restarted());
        let (leak, level, cooling, asks) = (self.leak.restarted(), self.level, self.cooling, self.asks);
        *self = Self { warming, vented, air, leak, level, cooling, asks, shut_off: self.shut_off, ..Self::new() };
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

    /// How warm its liquid is.
    #[must_use]
    pub const fn warming(&self) -> &Warming {
        &self.warming
    }

    /// What it asks for.
    #[must_use]
    pub const fn asks(&self) -> &Asks {
        &self.asks
    }

    /// True while its condenser should have all of its water.
    #[must_use]
    pub const fn is_high(&self) -> bool {
        self.cooling.is_on()
    }

    /// The air in it.
    #[must_use]
    pub const fn air(&self) -> &Air {
        &self.air
    }

    /// What draws air off it.
    #[must_use]
    pub const fn purge(&self) -> &Purge {
        &self.purge
    }

    /// What is wrong with its valve, its sensors and its purge.
    pub fn troubles(&self) -> impl Iterator<Item = Trouble> + use<> {
        let stuck = (self.stuck.is_told() && !self.is_on_panel()).then_some(Trouble::ValveStuck);
        [stuck, self.air.trouble(), self.purge.trouble()].into_iter().flatten()
    }

    /// What its valve's loop shall do.
    #[must_use]
    pub fn aim(&self, tuning: &TwoPhaseTuning) -> Aim {
        if self.shut_off {
            return Aim::Stand { at: 0.0, reason: Reason::Leak };
        }
        if self.warming.is_warm() {
            // What has lost liquid may have a vent that does not close: unless that is seen shut it loses no more at the air's pressure.
            let most = if self.level.is_low() && !self.vent_shut { 0.0 } else { f64::INFINITY };
            let setpoint = tuning.valve.setpoint.min(most);
            return Aim::Hold { point: None, setpoint, least: tuning.least_valve.0 };
        }
        Aim::Stand { at: 0.0, reason: Reason::TooCold }
    }

    /// What its valve opens by before the pressure tells (%): what its machines draw boils off within seconds.
    #[must_use]
    pub fn feed(&self, tuning: &TwoPhaseTuning) -> f64 {
        tuning.feed_forward * self.power
    }

    /// One scan.
    pub fn step(&mut self, scan: &Scan<'_>, news: &mut News<'_>) {
        let (scene, dt, about) = (scan.scene, scan.scene.dt, About::Equip(scan.of.of.equip));
        self.run(scan, news);
        let listens = scan.listens() && !self.is_on_panel();
        let (told, seen) = (scene.told(scan.wiring.valve).filter(|_| listens), scene.fresh(scan.of.of.valve));
        news.machine(about, self.stuck.step((told, seen), dt).then_some(What::Trouble(Trouble::ValveStuck)));
        let (fluid, power) = (scene.fresh(scan.of.of.fluid), scene.fresh(scan.of.of.power));
        let (tray, level) = (scene.fault(scan.of.of.leak), scene.fresh(scan.of.of.level));
        self.leak.step(&scan.tuning.leak, (tray, level), (scan.of.of.equip, dt), news);
        // Machines that nobody sees may be at work: they keep their condenser.
        self.shut_off =
            self.leak.may_be_water() && power.is_none_or(|watts| watts < OFF) && (power.is_some() || self.shut_off);
        self.power = power.unwrap_or(self.power).max(0.0);
        if let Some(what) = self.warming.step(&scan.tuning.cold, (fluid, power), dt) {
            // On its panel nobody shuts its valve.
            news.machine(about, Some(what).filter(|_| !self.is_on_panel()));
        }
        if let Some(seen) = seen {
            let shut = scan.tuning.pressure.shut.0;
            self.condenser.0.count(seen < shut && told.is_some_and(|told| told > shut + TOLD), dt);
        }
        self.condenser.1.count(scan.is_dry(), dt);
        self.supervise(scan, news);
        self.clear(scan, news);
    }

    /// The air in it.
    fn clear(&mut self, scan: &Scan<'_>, news: &mut News<'_>) {
        let (scene, of, dt) = (scan.scene, scan.of, scan.scene.dt);
        let (Some(told), Some(barometer)) = (&scan.tuning.air, of.barometer) else { return };
        let near = scan.tuning.pressure.relief.0;
        let fluid = scene.fresh(of.of.fluid).filter(|_| self.warming.is_warm());
        let read = fluid.zip(scene.fresh(barometer)).map(|(fluid, barometer)| Read { barometer, fluid });
        self.air.step((told, near), (scan.pressure(), read), (of.of.equip, dt), news);
        let (Some(rules), Some(purge), Some(output)) = (&scan.tuning.purge, &of.purge, scan.wiring.purge) else {
            return;
        };
        self.vent_shut = scene.sight(purge.vent) == Sight::Known(false);
        let needs = purge::Needs {
            air: self.air.pascals().filter(|_| self.air.is_found()),
            found: told.found.0,
            runs: scan.listens() && !self.is_on_panel() && self.warming.is_warm(),
            pressure: scan.pressure(),
        };
        if self.purge.step((scene, purge, output), (rules, &needs), About::Equip(of.of.equip), news) {
            self.air.is_empty(told);
        }
    }

    /// Who runs it.
    fn run(&mut self, scan: &Scan<'_>, news: &mut News<'_>) {
        let (scene, of) = (scan.scene, &scan.of.of);
        let fluid = scene.fresh(of.fluid);
        // Without the liquid's temperature nobody would know whether what presses is air: while it was cold its panel gets the tank.
        let blind = scene.is_lost(of.fluid) && !self.warming.is_warm();
        let needs = Needs {
            seen: scan.pressure().is_some() && scene.fresh(of.valve).is_some() && fluid.is_some(),
            settled: scan.wiring.has_settled(scene),
            doubted: scan.pressure().is_none(),
            lost: scene.is_lost(of.pressure) || blind,
            fluid,
            unbelieved: self.warming.is_doubted(&scan.tuning.cold),
            at_home: fluid.zip(scan.tuning.air).is_some_and(|(fluid, told)| libm::fabs(fluid - told.boils.0) < HOME),
        };
        if self.keeper.step(&needs, (About::Equip(of.equip), scene.dt), news) {
            (self.warming, self.stuck) = (Warming::new(), Stuck::default());
        }
    }

    /// What is asked of its machines.
    fn supervise(&mut self, scan: &Scan<'_>, news: &mut News<'_>) {
        let (scene, tank, dt) = (scan.scene, scan.of.of.equip, scan.scene.dt);
        let (rules, warm) = (&scan.tuning.pressure, self.warming.is_warm());
        self.level.step(&scan.tuning.level, scene.fresh(scan.of.of.level), (tank, dt), news);
        let sourced = scene.image.read(scan.of.of.pressure).why() != Some(Why::Config);
        let lost = scene.is_lost(scan.of.of.pressure) && scene.is_lost(scan.of.of.fluid);
        self.dark.step(lost && sourced, dt);
        // Far below boiling it is air that presses, and the vent's: one that does not open is another matter.
        let stays_shut = rules.relief.0 + rules.margin.0;
        self.vented.0.count(warm, dt);
        self.vented.1 &= warm;
        self.vented.1 |= self.vented.0.reached(AIR_OUT) || (warm && self.high.2.reached(QUIET));
        let (cap, off) =
            if self.vented.1 { (rules.cap.0, rules.relief.0 - rules.margin.0) } else { (stays_shut, stays_shut) };
        let gone = [self.condenser.0.reached(SHUT_FOR), self.condenser.1.reached(DRY_FOR)].contains(&true) && warm;
        if let Some(pressure) = scan.pressure() {
            self.high.0.count(pressure >= cap, dt);
            self.high.1.count(pressure >= off, dt);
            self.high.2.count(pressure <= scan.tuning.valve.setpoint + rules.nominal.0, dt);
        }
        let nominal = self.high.2.reached(rules.nominal_for);
        // All of the water for a moment too long draws air in: the loop has the valve again as soon as the pressure is back.
        let back = self.high.2.so_far() > Span::ZERO;
        if self.cooling.step((self.high.0.reached(rules.after) || gone, Span::ZERO), back, dt) {
            let on = self.cooling.is_on();
            news.switched(About::Equip(tank), (What::MoreCooling(on), on));
        }
        let leaks = self.leak.is_latched().then_some(CapReason::Leak);
        let cap = [
            (leaks.is_some(), CapReason::Leak),
            (gone, CapReason::CondenserLost),
            (self.high.0.reached(rules.after), CapReason::PressureHigh),
            (self.dark.is_dark(), CapReason::Unseen),
        ];
        let high = self.high.1.reached(rules.after).then_some(CapReason::PressureHigh);
        let wants = Wants {
            cap: cap.into_iter().find(|(wants, _)| *wants).map(|(_, reason)| reason),
            drain: None,
            off: leaks.or(high).or_else(|| self.level.off()),
            nominal: nominal && scan.pressure().is_some() && leaks.is_none(),
        };
        self.asks.step(&wants, (About::Equip(tank), dt), news);
    }

    /// Its run mode. The loop proposes the valve.
    pub fn propose(&self, scan: &Scan<'_>, commands: &mut Commands) {
        let on_panel = self.is_on_panel();
        let (mode, why) = if on_panel { (RunMode::Panel, Reason::OnPanel) } else { (RunMode::On, Reason::Running) };
        commands.propose(scan.wiring.run_mode, Priority::Control, mode.number(), why);
        if let Some(output) = scan.wiring.purge {
            self.purge.propose(output, commands);
        }
    }

    /// Above every mode but off: the condenser of a tank whose vapour presses too much gets all of its water. Water that may leak is shut
    /// off all the same, once the machines are.
    pub fn protect(&self, of: &DrivenTwoPhase, wiring: &Wiring, commands: &mut Commands) {
        if self.shut_off {
            wiring.shut_water_off(commands);
        }
        if self.cooling.is_on() && wiring.is_on(commands) {
            let reason = Reason::TankHot(of.of.pressure.id());
            commands.propose(wiring.valve, Priority::ThermalProtection, 100.0, reason);
        }
    }
}

impl Default for BoilingTank {
    fn default() -> Self {
        Self::new()
    }
}
