//! What one cycle of an asymmetric relay says of a process.
//!
//! **Equation** with `γ` the ratio of the two amplitudes and `ρ` that of the two half periods, the share of dead time is
//! `(γ − ρ)/((γ − 1)·(0.35·ρ + 0.65))`, the gain is `∫pv / ∫output` over a cycle, and the lag follows from one half period.
//! **Source** Berner, Hägglund and Åström; see [the module](super).

use libm::{exp, log};

use super::model::Fopdt;
use super::record::{Record, Sample};

/// The strong side of a relay is so many times the weak one.
pub const ASYMMETRY: f64 = 4.0;

/// An output so near to its base stands there (%): a mean of samples may be off by rounding.
const AT_BASE: f64 = 1e-6;

/// One cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cycle {
    /// How far the output stood above its base, and below it (%, > 0).
    pub amplitudes: (f64, f64),
    /// For how long above, and below (s).
    pub halves: (f64, f64),
    /// The integral of the output above its base (%·s), and that of the pv above its mean at rest (unit of pv times s).
    pub integrals: (f64, f64),
    /// By how much the pv passed its rest when the relay turned, in the pv's unit.
    pub hysteresis: f64,
}

impl Cycle {
    /// The last whole cycle of a record whose output swings around `base` (%), and whose pv would rest at `rest` there. Nothing where it did
    /// not swing at least three times.
    #[must_use]
    pub fn last_of(record: &Record, (base, rest): (f64, f64)) -> Option<Self> {
        let samples = record.samples();
        // Turns to above: a cycle lies between two of them.
        let up = |pair: &[Sample]| match pair {
            [before, after] => after.output > base + AT_BASE && before.output <= base + AT_BASE,
            _ => false,
        };
        let mut turns = samples.windows(2).enumerate().rev().filter(|(_, pair)| up(pair)).map(|(n, _)| n + 1);
        let (end, begin) = (turns.next()?, turns.next()?);
        // The first turn is that from the base: what follows it is no cycle yet.
        turns.next()?;
        let mut cycle = Self::default();
        for sample in samples.get(begin..end)? {
            let (above, dt) = (sample.output - base, sample.dt);
            if above > AT_BASE {
                cycle.halves.0 += dt;
                cycle.amplitudes.0 = cycle.amplitudes.0.max(above);
            } else {
                cycle.halves.1 += dt;
                cycle.amplitudes.1 = cycle.amplitudes.1.max(-above);
            }
            cycle.integrals.0 += dt * above;
            cycle.integrals.1 += dt * (sample.pv - rest);
        }
        cycle.hysteresis = (samples.get(begin)?.pv - rest).abs();
        Some(cycle)
    }

    /// The process that it tells of. Nothing where the cycle is none of a first-order process.
    #[must_use]
    pub fn process(&self) -> Option<Fopdt> {
        let (strong, weak) = self.amplitudes;
        let (above, below) = self.halves;
        let gamma = strong.max(weak) / strong.min(weak);
        let rho = above.max(below) / above.min(below);
        let share = (gamma - rho) / ((gamma - 1.0) * (0.35 * rho + 0.65));
        let share = share.clamp(0.01, 0.99);
        let gain = self.integrals.1 / self.integrals.0;
        let (turn, late) = (self.hysteresis / gain.abs(), share / (1.0 - share));
        let lags = log((turn - weak + exp(late) * (strong + weak)) / (strong - turn));
        let lag = above / lags;
        let process = Fopdt { gain, lag, dead: lag * late };
        process.is_sound().then_some(process)
    }
}
