//! An emergency generator: it starts, or not; takes load in steps; burns fuel; cools down.
//!
//! **Equation** fuel `= idle + slope·P` (Willans' line), booked by its heating value: what is not electricity is heat outdoors. A load step
//! `ΔP` lowers the frequency by `dip·ΔP/rated`, which recovers exponentially; a step beyond `stall` of the rating stalls it. **Source**
//! ISO 8528-5 for load acceptance; diesel 9.9 kWh a litre; starts of emergency sets fail in 0.3 to 1 % of the tries. **Parameters**
//! start 10 to 15 s, up to three tries, least load 30 %, cool-down 5 min. **Box** loads 0 to 110 %. **Outside it** above 110 % for
//! `overload` seconds it trips; below the least load it runs and counts the time (wet stacking). **Time constant** start
//! 10 to 15 s; frequency 1 to 3 s.

mod ats;

use plant::read::Section;

use crate::noise;
use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, SHARE, number};

pub use ats::{Ats, AtsEvent, AtsState, Source, Switched};

/// Overload it bears for a while (1).
const BEARABLE: f64 = 1.1;

/// A generator set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Generator {
    /// Rated power (W, > 0).
    pub rated: f64,
    /// Shortest and longest time from the call to the speed that takes load (s, > 0).
    pub start: (f64, f64),
    /// Chance that one try to start fails (1, 0 to 1).
    pub start_fails: f64,
    /// Tries before it gives up (1, ≥ 1).
    pub tries: u32,
    /// Pause between two tries (s, ≥ 0).
    pub rest: f64,
    /// Time at speed before it takes load (s, ≥ 0).
    pub warm_up: f64,
    /// Time it runs on without load (s, ≥ 0).
    pub cool_down: f64,
    /// Largest load step it survives over the rating (1, > 0).
    pub stall: f64,
    /// Frequency lost for a step of the whole rating, over nominal (1, 0 to 0.5).
    pub dip: f64,
    /// The frequency comes back with this time constant (s, > 0).
    pub recovery: f64,
    /// Time above 110 % before it trips (s, ≥ 0).
    pub overload: f64,
    /// Load below which it soots (1, 0 to 1).
    pub least: f64,
    /// Fuel without load (W by heating value, ≥ 0).
    pub idle_fuel: f64,
    /// Fuel for each watt more (1, > 1).
    pub fuel_slope: f64,
    /// What the tank holds (J by heating value, > 0).
    pub tank: f64,
}

/// Energy of a litre of diesel (J).
pub const DIESEL: f64 = 9.9 * 3.6e6;

impl Generator {
    /// A usual diesel set of this rating (W) with a tank for `hours` at rated load: 40 % efficient at full load, 8 % of full
    /// load's fuel at none.
    #[must_use]
    pub const fn diesel(rated: f64, hours: f64) -> Self {
        let full = rated / 0.4;
        Self {
            rated,
            start: (10.0, 15.0),
            start_fails: 0.005,
            tries: 3,
            rest: 5.0,
            warm_up: 0.0,
            cool_down: 300.0,
            stall: 1.0,
            dip: 0.15,
            recovery: 2.0,
            overload: 60.0,
            least: 0.3,
            idle_fuel: 0.08 * full,
            fuel_slope: 0.92 / 0.4,
            tank: full * hours * 3600.0,
        }
    }

    /// Reads a section with `rated-w`, `tank-l` and, where they differ from a usual diesel's, the rest by name.
    pub(crate) fn read(of: &Section<'_>) -> Self {
        let usual = Self::diesel(number(of, "rated-w", POSITIVE), 1.0);
        let or = |key, range, usual: f64| of.within(key, range).unwrap_or(usual);
        let read = Self {
            start: (or("start-least-s", POSITIVE, usual.start.0), or("start-most-s", POSITIVE, usual.start.1)),
            start_fails: or("start-fails", SHARE, usual.start_fails),
            tries: of.whole("tries", (1, 100)).and_then(|n| u32::try_from(n).ok()).unwrap_or(usual.tries),
            rest: or("rest-s", AT_LEAST_ZERO, usual.rest),
            warm_up: or("warm-up-s", AT_LEAST_ZERO, usual.warm_up),
            cool_down: or("cool-down-s", AT_LEAST_ZERO, usual.cool_down),
            stall: or("stall", POSITIVE, usual.stall),
            dip: or("dip", (0.0, 0.5), usual.dip),
            recovery: or("recovery-s", POSITIVE, usual.recovery),
            overload: or("overload-s", AT_LEAST_ZERO, usual.overload),
            least: or("least", SHARE, usual.least),
            idle_fuel: or("idle-fuel-w", AT_LEAST_ZERO, usual.idle_fuel),
            fuel_slope: or("fuel-slope", (1.0, 20.0), usual.fuel_slope),
            tank: number(of, "tank-l", POSITIVE) * DIESEL,
            ..usual
        };
        if read.start.0 > read.start.1 {
            of.fault("start-most-s", "`start-most-s` is less than `start-least-s`", "exchange the two");
        }
        read
    }
}

/// ```text
/// Stopped ── called ──▶ Cranking ──▶ Warming ──▶ Running ── call gone ──▶ Cooling ──▶ Stopped
///                       │    ▲                      │                      │ called ──▶ Running
///                    fails   │ rested               │ overload, stall, fuel
///                       ▼    │                      ▼
///                      Resting ── tries gone ──▶ Failed ── reset ──▶ Stopped
/// ```
/// A call that goes away while it starts stops it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Phase {
    /// At rest.
    Stopped,
    /// The starter turns.
    Cranking {
        /// Which try this is, from 1.
        tried: u32,
        /// Until it runs, or does not (s).
        left: f64,
        /// What this try will come to.
        catches: bool,
    },
    /// A try failed; the starter cools.
    Resting {
        /// Tries so far.
        tried: u32,
        /// Until the next (s).
        left: f64,
    },
    /// At speed, before it takes load.
    Warming {
        /// Until it does (s).
        left: f64,
    },
    /// Takes load.
    Running {
        /// What it carried last (W).
        load: f64,
        /// How far the frequency is below nominal (1).
        slow: f64,
        /// How long it has been above 110 % (s).
        overload: f64,
    },
    /// The call is gone; it runs without load.
    Cooling {
        /// Until it stops (s).
        left: f64,
    },
    /// Out of service until it is reset.
    Failed(Failure),
}

/// Why a generator is out of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No try to start caught.
    Start,
    /// The tank is empty.
    Fuel,
    /// A load step was too large.
    Stall,
    /// Too much for too long.
    Overload,
    /// A trip from outside.
    Tripped,
}

/// What happened to a generator in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GeneratorEvent {
    /// The starter turns; which try.
    Cranks(u32),
    /// A try failed; which.
    TryFailed(u32),
    /// It takes load.
    Available,
    /// It cools down.
    CoolsDown,
    /// It has stopped.
    Stopped,
    /// It is out of service.
    Failed(Failure),
}

/// What a generator remembers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GeneratorState {
    /// Where it is in its life.
    pub phase: Phase,
    /// True while no try to start catches.
    pub blocked: bool,
    /// In the tank (J by heating value); below zero by what the step that emptied it took too much.
    pub fuel: f64,
    /// Calls so far: with the try, the key of its luck.
    calls: u32,
    /// How long it has run below its least load (s).
    pub sooting: f64,
}

/// A generator's powers over one step (W).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Generated {
    /// Electricity.
    pub power: f64,
    /// Fuel by heating value; `fuel = power + heat`.
    pub fuel: f64,
    /// Heat outdoors.
    pub heat: f64,
    /// Frequency over nominal (1); 0 while it does not turn.
    pub frequency: f64,
    /// What happened.
    pub event: Option<GeneratorEvent>,
}

impl GeneratorState {
    /// At rest with a full tank.
    #[must_use]
    pub const fn new(of: &Generator) -> Self {
        Self { phase: Phase::Stopped, blocked: false, fuel: of.tank, calls: 0, sooting: 0.0 }
    }

    /// True when it can carry load now.
    #[must_use]
    pub const fn available(&self) -> bool {
        matches!(self.phase, Phase::Running { .. })
    }

    /// Takes it out of service, whatever it does.
    pub const fn trip(&mut self) {
        self.phase = Phase::Failed(Failure::Tripped);
    }

    /// Puts a failed one back into service.
    pub const fn reset(&mut self) {
        if matches!(self.phase, Phase::Failed(_)) {
            self.phase = Phase::Stopped;
        }
    }

    /// Moves its phase by `dt` seconds; `called` while somebody wants it to run. `luck` names the run's seed and the set's number.
    pub fn turn(&mut self, of: &Generator, called: bool, luck: (u64, u64), dt: f64) -> Option<GeneratorEvent> {
        let dt = dt.max(0.0);
        let (next, event) = match self.phase {
            Phase::Stopped if called && self.fuel <= 0.0 => fail(Failure::Fuel),
            Phase::Stopped if called => {
                self.calls = self.calls.saturating_add(1);
                self.crank(of, 1, luck)
            }
            Phase::Cranking { .. } | Phase::Resting { .. } | Phase::Warming { .. } if !called => {
                (Phase::Stopped, Some(GeneratorEvent::Stopped))
            }
            Phase::Cranking { tried, left, catches } if left > dt => {
                (Phase::Cranking { tried, left: left - dt, catches }, None)
            }
            Phase::Cranking { catches: true, left, .. } => Self::warmed(of.warm_up + left - dt),
            Phase::Cranking { tried, .. } if tried >= of.tries => fail(Failure::Start),
            Phase::Cranking { tried, .. } => {
                (Phase::Resting { tried, left: of.rest }, Some(GeneratorEvent::TryFailed(tried)))
            }
            Phase::Resting { tried, left } if left > dt => (Phase::Resting { tried, left: left - dt }, None),
            Phase::Resting { tried, .. } => self.crank(of, tried.saturating_add(1), luck),
            Phase::Warming { left } => Self::warmed(left - dt),
            Phase::Running { .. } if !called => {
                (Phase::Cooling { left: of.cool_down }, Some(GeneratorEvent::CoolsDown))
            }
            Phase::Cooling { .. } if called => (IDLING, Some(GeneratorEvent::Available)),
            Phase::Cooling { left } if left > dt => (Phase::Cooling { left: left - dt }, None),
            Phase::Cooling { .. } => (Phase::Stopped, Some(GeneratorEvent::Stopped)),
            phase @ (Phase::Stopped | Phase::Running { .. } | Phase::Failed(_)) => (phase, None),
        };
        self.phase = next;
        event
    }

    /// Carries `asked` W for `dt` seconds as far as it runs and burns what that takes. A step that trips it is still carried to its end.
    pub fn carry(&mut self, of: &Generator, asked: f64, dt: f64) -> Generated {
        let turning = matches!(self.phase, Phase::Warming { .. } | Phase::Running { .. } | Phase::Cooling { .. });
        let power = if self.available() && asked.is_finite() { asked.max(0.0) } else { 0.0 };
        let fuel = if turning { of.idle_fuel + of.fuel_slope * power } else { 0.0 };
        let mut done =
            Generated { power, fuel, heat: fuel - power, frequency: if turning { 1.0 } else { 0.0 }, event: None };
        self.fuel -= fuel * dt.max(0.0);
        let mut failure = (turning && self.fuel <= 0.0).then_some(Failure::Fuel);
        if let Phase::Running { load, slow, overload } = &mut self.phase {
            let step = (power - *load) / of.rated;
            let now = *slow + of.dip * step.max(0.0);
            *slow = now * libm::exp(-dt.max(0.0) / of.recovery);
            *overload = if power > BEARABLE * of.rated { *overload + dt } else { 0.0 };
            *load = power;
            done.frequency = (1.0 - now).clamp(0.0, 1.0);
            if step > of.stall {
                failure = Some(Failure::Stall);
            } else if *overload > of.overload {
                failure = Some(Failure::Overload);
            }
            if power < of.least * of.rated {
                self.sooting += dt;
            }
        }
        if let Some(why) = failure {
            (self.phase, done.event) = fail(why);
        }
        done
    }

    fn crank(&self, of: &Generator, tried: u32, (seed, channel): (u64, u64)) -> (Phase, Option<GeneratorEvent>) {
        let tick = (u64::from(self.calls) << 16).wrapping_add(u64::from(tried) << 1);
        let catches = !self.blocked && noise::uniform(seed, channel, tick) >= of.start_fails;
        let left = of.start.0 + (of.start.1 - of.start.0) * noise::uniform(seed, channel, tick.wrapping_add(1));
        (Phase::Cranking { tried, left, catches }, Some(GeneratorEvent::Cranks(tried)))
    }

    fn warmed(left: f64) -> (Phase, Option<GeneratorEvent>) {
        if left > 0.0 { (Phase::Warming { left }, None) } else { (IDLING, Some(GeneratorEvent::Available)) }
    }
}

/// Running without load, at nominal frequency.
const IDLING: Phase = Phase::Running { load: 0.0, slow: 0.0, overload: 0.0 };

const fn fail(why: Failure) -> (Phase, Option<GeneratorEvent>) {
    (Phase::Failed(why), Some(GeneratorEvent::Failed(why)))
}

#[cfg(test)]
mod tests;
