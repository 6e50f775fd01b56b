//! How well each loop does, hour by hour: its error, what its actuator travels, how often it turns back, and whether it swings.
//!
//! **Equation** the integral of the absolute error is taken between two changes of its sign; one above `2·a/ω` is a swing, where `ω = 2π/Ti` and
//! `a` is the error to which the loop answers with 2 % of output. More than ten swings within fifty integral times (half an hour at least),
//! forgotten with that time constant, are an oscillation: a load that comes and goes makes one now and then.
//! **Source** T. Hägglund, "A control-loop performance monitor", *Control Engineering Practice* 3 (1995). A reversal counts after 2 % of travel, as in the
//! figures of simulated runs.
//!
//! Only what the loop itself does counts: while somebody else has its output there is no error of its, but travel is travel.

use libm::exp;
use plant::id::{LoopId, Table};
use plant::reversal::{BACK, Course};
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::cooling::{Circuit, Cooling, Loop};
use super::hours::{self, Hours};
use super::tuning::Gains;

/// An error counts as large when the loop answers it with so much of output (%).
const LARGE: f64 = 2.0;
/// More swings than this are an oscillation.
const SWINGS: f64 = 10.0;
/// Within so many integral times, but half an hour at least: an integral time that is much too short makes slow swings.
const WITHIN: (f64, f64) = (50.0, 1800.0);
/// An integral time below this counts as this (s), so that noise makes no swing.
const SHORTEST: f64 = 1.0;

/// Figures of some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// How long it was looked at (s).
    pub seconds: f64,
    /// For how long of it the loop had its output and knew its pv (s).
    pub led: f64,
    /// The integral of the absolute error while it did (unit of pv times s).
    pub iae: f64,
    /// How far the output travelled (%).
    pub travel: f64,
    /// How often it turned back.
    pub reversals: u32,
    /// For how long the loop stood at an end of its range while it led (s).
    pub saturated: f64,
    /// Swings of the error that were no noise.
    pub swings: u32,
}

impl hours::Figures for Figures {
    fn and(self, other: Self) -> Self {
        Self {
            seconds: self.seconds + other.seconds,
            led: self.led + other.led,
            iae: self.iae + other.iae,
            travel: self.travel + other.travel,
            reversals: self.reversals.saturating_add(other.reversals),
            saturated: self.saturated + other.saturated,
            swings: self.swings.saturating_add(other.swings),
        }
    }
}

/// One loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    hours: Hours<Figures>,
    /// The output of the scan before (%).
    output: Option<f64>,
    course: Course,
    /// The integral of the error since its sign changed (unit of pv times s).
    half: f64,
    /// Swings, forgotten by and by.
    recent: f64,
}

/// Every loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Performances(Table<LoopId, Performance>);

impl Performances {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(loops: usize) -> Self {
        Self(Table::filled(loops, Performance::new()))
    }

    /// One loop.
    #[must_use]
    pub fn of(&self, id: LoopId) -> Option<&Performance> {
        self.0.get(id)
    }

    /// A new boot: outputs have jumped to their fail-safe, and that is nobody's travel.
    pub fn restart(&mut self) {
        for row in self.0.rows_mut() {
            (row.output, row.course, row.half) = (None, Course::NEW, 0.0);
        }
    }

    /// One scan.
    pub fn step(&mut self, circuits: &[Circuit], cooling: &Cooling, dt: Span) {
        for circuit in circuits {
            let (Some(row), Some(of)) = (self.0.get_mut(circuit.id), cooling.of(circuit.id)) else { continue };
            let tuning = cooling.tuning_of(circuit);
            let ends = circuit.drives.first().map_or((0.0, 100.0), |drive| (drive.range.min, drive.range.max));
            row.step(of, (Gains::of(&tuning), ends), dt);
        }
    }
}

impl Performance {
    fn new() -> Self {
        Self { hours: Hours::default(), output: None, course: Course::NEW, half: 0.0, recent: 0.0 }
    }

    /// The last so many hours, this one among them.
    #[must_use]
    pub fn over(&self, hours: usize) -> Figures {
        self.hours.over(hours)
    }

    /// True while it swings.
    #[must_use]
    pub fn oscillates(&self) -> bool {
        self.recent > SWINGS
    }

    fn step(&mut self, of: &Loop, (gains, ends): (Gains, (f64, f64)), dt: Span) {
        let seconds = dt.seconds();
        let output = of.terms().output;
        let travel = self.output.map_or(0.0, |before| (output - before).abs());
        self.output = Some(output);
        let turned = self.course.turns(output, 100.0 * BACK);
        let error = of.pv.filter(|_| of.started && of.mode() == "auto").map(|pv| pv - of.setpoint);
        let swung = self.swings(error, gains, seconds);
        let led = |of: f64| if error.is_some() { of } else { 0.0 };
        let figures = Figures {
            seconds,
            led: led(seconds),
            iae: error.map_or(0.0, |error| error.abs() * seconds),
            travel,
            reversals: u32::from(turned),
            saturated: led(if output <= ends.0 || output >= ends.1 { seconds } else { 0.0 }),
            swings: u32::from(swung),
        };
        self.hours.take(figures, dt);
    }

    /// True where an error of one sign has ended that was large for long enough.
    fn swings(&mut self, error: Option<f64>, gains: Gains, dt: f64) -> bool {
        self.recent *= exp(-dt / (WITHIN.0 * gains.ti).max(WITHIN.1));
        let Some(error) = error else {
            self.half = 0.0;
            return false;
        };
        if error * self.half >= 0.0 {
            self.half += error * dt;
            return false;
        }
        let most = LARGE / gains.gain * gains.ti.max(SHORTEST) / core::f64::consts::PI;
        let swung = self.half.abs() > most;
        (self.half, self.recent) = (error * dt, self.recent + if swung { 1.0 } else { 0.0 });
        swung
    }
}
