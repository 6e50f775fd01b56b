//! What a UPS draws, loses and stores while it carries a load for one step.

use super::super::battery::{Battery, Exchanged};
use super::{Mode, Ups, UpsState};

/// What is around a UPS in a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Around {
    /// True where a generator feeds it, so that it charges gently.
    pub generator: bool,
    /// The string's cells (°C).
    pub cell: f64,
}

/// A UPS's powers over one step, means (W): `input = output + loss + stored`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Carried {
    /// Drawn from its input.
    pub input: f64,
    /// Given to the load.
    pub output: f64,
    /// Lost: conversion, stand-by, charger, string.
    pub loss: f64,
    /// Into the string's store; negative out of it.
    pub stored: f64,
    /// Part of the step for which the load was served (1, 0 to 1).
    pub served: f64,
    /// Load over the rating of the healthy modules (1).
    pub loading: f64,
}

impl UpsState {
    /// Carries `load` W for `dt` seconds in the mode it is in; for no time it carries nothing and forgets nothing.
    pub fn carry(&mut self, of: &Ups, load: f64, around: Around, dt: f64) -> Carried {
        if !dt.is_finite() || dt <= 0.0 {
            return Carried { served: 1.0, ..Carried::default() };
        }
        let load = if load.is_finite() { load.max(0.0) } else { 0.0 };
        let healthy = self.healthy(of);
        let rating = of.rating(healthy);
        let loading = if rating > 0.0 { load / rating } else { 0.0 };
        let converts = matches!(self.mode, Mode::DoubleConversion { .. } | Mode::Battery { .. });
        self.strain(of, if converts { loading } else { 0.0 }, dt);
        let carried = match self.mode {
            Mode::DoubleConversion { walked, steady } => {
                self.wake(of, load, dt);
                let next = if of.walk_in > 0.0 { (walked + dt / of.walk_in).min(1.0) } else { 1.0 };
                self.mode = Mode::DoubleConversion { walked: next, steady };
                self.convert(of, load, (mean_of_ramp(walked, of.walk_in, dt), around), dt)
            }
            Mode::Battery { held, good, .. } => {
                self.wake(of, load, dt);
                let carried = self.convert(of, load, (0.0, around), dt);
                self.mode = Mode::Battery { held, good, short: carried.served < 1.0 };
                carried
            }
            Mode::Eco => {
                let loss = of.eco_loss(load);
                self.switched(of, (load, loss), (self.charging(of, load, around), around.cell), dt)
            }
            Mode::Bypass { .. } => self.switched(of, (load, of.bypass_loss * load), (0.0, around.cell), dt),
            Mode::Down { .. } => {
                let string = Battery { auxiliary: 0.0, ..of.battery };
                let rest = self.store.step(&string, 0.0, around.cell, dt);
                Carried { loss: rest.loss, stored: rest.stored, ..Carried::default() }
            }
        };
        self.load = load;
        Carried { loading, ..carried }
    }

    /// Rectifier, string and inverter. `share` of the step's load is the rectifier's; on battery it is none, and the input is dead.
    fn convert(&mut self, of: &Ups, load: f64, (share, around): (f64, Around), dt: f64) -> Carried {
        let on_mains = matches!(self.mode, Mode::DoubleConversion { .. });
        let conversion = of.loss(load, (self.awake(of), self.healthy(of)));
        let (inverter, rectifier) = (of.inverter * conversion, (1.0 - of.inverter) * conversion);
        let auxiliary = of.battery.auxiliary;
        // What the direct-current side must have, and who gives it.
        let need = load + inverter + auxiliary;
        let asked = if share >= 1.0 { self.charging(of, load, around) } else { -(1.0 - share) * need };
        let string = Battery { auxiliary: 0.0, ..of.battery };
        let asked = if self.string_open { 0.0 } else { asked };
        let flow = self.store.step(&string, asked, around.cell, dt);
        let (given, into) = ((-flow.power).max(0.0), flow.power.max(0.0));
        if on_mains {
            let taken = need - given;
            let rectified = rectifier * taken / need.max(f64::MIN_POSITIVE);
            let charger = into / of.charger - into;
            let loss = inverter + auxiliary + rectified + charger + flow.loss;
            let input = taken + rectified + into + charger;
            return Carried { input, output: load, loss, stored: flow.stored, served: 1.0, loading: 0.0 };
        }
        let served = if need > 0.0 { (given / need).clamp(0.0, 1.0) } else { 1.0 };
        let served = if served > 1.0 - 1e-12 { 1.0 } else { served };
        let loss = (inverter + auxiliary) * served + flow.loss;
        Carried { input: 0.0, output: load * served, loss, stored: flow.stored, served, loading: 0.0 }
    }

    /// The static switch, with the string charged beside it.
    fn switched(&mut self, of: &Ups, (load, loss): (f64, f64), (charging, cell): (f64, f64), dt: f64) -> Carried {
        let string = Battery { auxiliary: 0.0, ..of.battery };
        let flow: Exchanged = self.store.step(&string, charging, cell, dt);
        let charger = flow.power.max(0.0) / of.charger - flow.power.max(0.0);
        let loss = loss + of.battery.auxiliary + charger + flow.loss;
        Carried { input: load + loss + flow.stored, output: load, loss, stored: flow.stored, served: 1.0, loading: 0.0 }
    }

    /// What it may charge with beside a load (W): no more than the healthy modules have left.
    fn charging(&self, of: &Ups, load: f64, around: Around) -> f64 {
        if self.string_open {
            return 0.0;
        }
        let most = if around.generator { of.charge_on_generator } else { of.charge };
        most.min((of.rating(self.healthy(of)) - load).max(0.0))
    }

    /// Wakes modules at once and lets one sleep when it has not been needed for a while.
    fn wake(&mut self, of: &Ups, load: f64, dt: f64) {
        let healthy = self.healthy(of);
        let Some(sleep) = of.sleep else {
            self.awake = (healthy, 0.0);
            return;
        };
        let needed = of.needed(load).min(healthy);
        let (awake, idle) = (self.awake.0.min(healthy), self.awake.1);
        self.awake = if needed >= awake {
            (needed, 0.0)
        } else if idle + dt >= sleep.after {
            (awake.saturating_sub(1), 0.0)
        } else {
            (awake, idle + dt)
        };
    }

    fn strain(&mut self, of: &Ups, loading: f64, dt: f64) {
        let seconds = of.bears(loading);
        let pace = if seconds.is_finite() { 1.0 / seconds.max(1e-3) } else { -1.0 / of.recovery };
        self.strained = (self.strained + pace * dt).clamp(0.0, 1.0);
    }
}

/// Mean over a step of a share that rises to 1 on a line in `seconds`.
fn mean_of_ramp(from: f64, seconds: f64, dt: f64) -> f64 {
    if from >= 1.0 || seconds <= 0.0 || dt <= 0.0 {
        return if seconds <= 0.0 { 1.0 } else { from };
    }
    let rising = ((1.0 - from) * seconds).min(dt);
    let end = from + rising / seconds;
    (rising * f64::midpoint(from, end) + (dt - rising)) / dt
}
