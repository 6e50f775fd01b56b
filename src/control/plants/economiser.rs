//! When a plant's water-side economiser runs: ASHRAE Guideline 36, 5.20.3.
//!
//! **On** when the water that comes back is warmer than the predicted outlet by a margin,
//! `T_p = T_wb + ΔT_plates·min(1, V/V₀) + ΔT_tower + tun·(T_wb,design − T_wb)`. **Off** when it leaves hardly colder than it came.
//! `tun` learns: a run of more than an hour makes the prediction bolder by 0.02, a run of less than half an hour with the tower at
//! its most makes it more careful by as much; from −0.2 to 0.5.

mod plates;

use plant::event::{Trouble, What};
use plant::hall::PlantTuning;
use plant::hall::sequence::EconomiserTuning;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use crate::control::sequence::Timer;
use crate::control::sequence::machine::{Life, Machine};
use plates::Plates;

/// How far the prediction learns, and by how much at once.
const TUN: (f64, f64) = (-0.2, 0.5);
const LEARNS: f64 = 0.02;
/// Longer than this was worth it.
const LONG: Span = Span::from_secs(3600);
/// Shorter than this was not.
const SHORT: Span = Span::from_secs(1800);
/// One whose waters nobody has seen for so long is switched off.
const BLIND: Span = Span::from_secs(600);
/// The tower is at its most above this (%).
const FULL: f64 = 99.0;

/// What one scan sees; nothing where it is not known now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Waters {
    /// Outdoor wet bulb (°C).
    pub wet_bulb: Option<f64>,
    /// Flow over design (1).
    pub flow: Option<f64>,
    /// Water from the hall (°C).
    pub entering: Option<f64>,
    /// Water leaving (°C).
    pub leaving: Option<f64>,
    /// The tower's fans (%).
    pub tower: Option<f64>,
    /// Its own valve (%).
    pub valve: Option<f64>,
}

/// An economiser and what it has learnt.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Economiser {
    /// Its sequence.
    pub machine: Machine,
    /// It shall run.
    wanted: bool,
    /// How long it has hardly helped.
    idle: Timer,
    /// How long nobody has seen whether it helps.
    blind: Timer,
    /// What it has learnt (1).
    tun: f64,
    /// The tower was at its most in this run.
    strained: bool,
    /// Ours would run it, beside somebody else.
    supposed: bool,
    /// Its valve.
    plates: Plates,
}

impl Economiser {
    /// Not seen yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            machine: Machine::new(),
            wanted: false,
            idle: Timer::default(),
            blind: Timer::default(),
            tun: 0.0,
            strained: false,
            supposed: false,
            plates: Plates::default(),
        }
    }

    /// As after a new boot: nothing is known but its run-time and what it has learnt.
    pub fn forget(&mut self) {
        let (mut machine, tun) = (self.machine, self.tun);
        machine.forget();
        *self = Self { machine, tun, ..Self::new() };
    }

    /// Takes over as it is found.
    pub fn adopt(&mut self) {
        self.wanted = self.machine.life() == Life::On;
        (self.idle, self.strained) = (Timer::default(), false);
    }

    /// It shall run.
    #[must_use]
    pub const fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// Somebody else has switched it on, and it goes on.
    pub const fn goes_on(&mut self) {
        self.wanted = true;
    }

    /// True while it cools: it runs and is seen to, or it runs unseen and its water is seen to be colder for it.
    #[must_use]
    pub fn helps(&self, waters: Option<&Waters>) -> bool {
        let colder =
            waters.and_then(|w| w.entering.zip(w.leaving)).is_some_and(|(entering, leaving)| entering > leaving);
        match self.machine.life() {
            Life::On | Life::Stopping => true,
            Life::Off | Life::Starting | Life::Unseen { .. } | Life::Failed(_) => self.machine.is_running() && colder,
        }
    }

    /// What it has learnt (1).
    #[must_use]
    pub const fn tun(&self) -> f64 {
        self.tun
    }

    /// The water that it could make (°C).
    #[must_use]
    pub fn predicted(&self, of: &EconomiserTuning, waters: &Waters) -> Option<f64> {
        let wet_bulb = waters.wet_bulb?;
        let flow = waters.flow.unwrap_or(1.0).clamp(0.0, 1.0);
        Some(wet_bulb + of.plates * flow + of.tower + self.tun * (of.wet_bulb - wet_bulb))
    }

    /// What is wrong with its valve, if anything is.
    #[must_use]
    pub fn stuck(&self) -> Option<Trouble> {
        self.plates.are_stuck().then_some(Trouble::ValveStuck)
    }

    /// Decides whether it shall run, for water of `held` (°C). What there is to tell of it.
    pub fn decide(&mut self, rules: &PlantTuning, (waters, held): (&Waters, f64), dt: Span) -> Option<What> {
        let runs = self.machine.life() == Life::On;
        let begins = self.plates.step(runs, (waters.valve, waters.leaving.map(|leaving| leaving - held)), dt);
        let of = &rules.economiser;
        match self.machine.life() {
            Life::On => {
                let cooled = waters.entering.zip(waters.leaving).map(|(entering, leaving)| entering - leaving);
                self.idle.count(cooled.is_some_and(|by| by < of.off), dt);
                self.blind.count(cooled.is_none(), dt);
                self.strained |= waters.tower.is_some_and(|speed| speed >= FULL);
                // Its valve takes minutes: what it does before its least time is over says nothing.
                let judged = self.machine.may_stop(&rules.economiser_machine);
                if self.wanted && judged && self.idle.reached(of.off_for) {
                    self.wanted = false;
                    self.learn();
                }
                if self.wanted && judged && self.blind.reached(BLIND) {
                    self.wanted = false; // it may warm the water, and nobody would see it
                }
            }
            Life::Off => {
                self.idle = Timer::default();
                self.strained = false;
                let worth = self.predicted(of, waters).zip(waters.entering);
                // Plates whose valve was stuck are tried again as a machine is that has failed.
                let rests = self.plates.are_stuck() && self.machine.since() < rules.economiser_machine.retry_after;
                self.wanted = !rests && worth.is_some_and(|(could, entering)| entering > could + of.on);
            }
            Life::Failed(_) => self.wanted = false,
            Life::Unseen { .. } | Life::Starting | Life::Stopping => {}
        }
        begins.then_some(What::Trouble(Trouble::ValveStuck))
    }

    /// One scan beside somebody else: whether ours would run it, by the same waters.
    pub fn suppose(&mut self, rules: &PlantTuning, waters: &Waters, dt: Span) {
        let cooled = waters.entering.zip(waters.leaving).map(|(entering, leaving)| entering - leaving);
        let runs = self.machine.is_running();
        self.idle.count(runs && cooled.is_some_and(|by| by < rules.economiser.off), dt);
        let worth = self.predicted(&rules.economiser, waters).zip(waters.entering);
        let on = worth.is_some_and(|(could, entering)| entering > could + rules.economiser.on);
        self.supposed = if runs { !self.idle.reached(rules.economiser.off_for) } else { on };
    }

    /// Whether it runs, and whether ours would run it.
    #[must_use]
    pub const fn supposed(&self) -> (bool, bool) {
        (self.machine.is_running(), self.supposed)
    }

    fn learn(&mut self) {
        let ran = self.machine.since();
        let by = if ran > LONG {
            -LEARNS
        } else if ran < SHORT && self.strained {
            LEARNS
        } else {
            0.0
        };
        self.tun = (self.tun + by).clamp(TUN.0, TUN.1);
    }
}

impl Default for Economiser {
    fn default() -> Self {
        Self::new()
    }
}
