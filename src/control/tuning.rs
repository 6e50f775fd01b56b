//! How a loop's process is known, and which gains follow from that. Pure arithmetic on records; a trial makes the record.
//!
//! ```text
//! record of a trial ── fit ──▶ gain, lag, dead time ── SIMC, AMIGO ──▶ gains with a maximum sensitivity of 1.6 at most
//! ```
//!
//! A process is taken for first order with dead time. The record's own output is put through such a model, so a step, a step and back
//! and a relay are fitted alike, with noise and with an actuator that takes its time. The relay's cycles give a second opinion.
//!
//! Sources: S. Skogestad, "Simple analytic rules for model reduction and PID controller tuning", *J. Process Control* 13 (2003)
//! (SIMC); K. J. Åström and T. Hägglund, *Advanced PID Control*, ISA 2006, chapters 4 (maximum sensitivity) and 7 (AMIGO);
//! J. Berner, T. Hägglund and K. J. Åström, "Asymmetric relay autotuning", *Control Engineering Practice* 54 (2016).

mod fit;
mod model;
mod record;
mod relay;
mod rule;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use fit::Fit;
pub use model::{Fopdt, Gains};
pub use record::{Record, Sample};
pub use relay::{ASYMMETRY, Cycle};
pub use rule::{MOST_RESTLESS, MOST_SENSITIVE, Rule};

/// A fit that explains less of what was seen than this is no ground to tune on (1).
pub const LEAST_FIT: f64 = 0.85;

/// What a trial's record says of a loop, and what follows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// The process as the record has it.
    pub fit: Fit,
    /// What gains are made for: the same, and no less dead time than the loop's period.
    pub process: Fopdt,
    /// The same by the last cycle of a relay alone, for comparison; nothing after a step.
    pub cycle: Option<Fopdt>,
    /// Gains by SIMC, and the maximum sensitivity that they have on the process (1).
    pub simc: (Gains, f64),
    /// Gains by AMIGO, likewise.
    pub amigo: (Gains, f64),
}

impl Proposal {
    /// What follows from a record whose output stood at `base` (%) before it was moved. `period` is that of the loop (s): no
    /// loop corrects faster than it looks. Nothing where no process of this kind explains the record.
    #[must_use]
    pub fn of(record: &Record, base: f64, period: f64) -> Option<Self> {
        let fit = Fit::of(record, base)?;
        let process = Fopdt { dead: fit.process.dead.max(period), ..fit.process };
        let by = |rule: Rule| {
            let gains = rule.robust(&process, fit.noise)?;
            Some((gains, process.sensitivity(gains)))
        };
        let cycle = Cycle::last_of(record, (base, fit.rest)).and_then(|cycle| cycle.process());
        Some(Self { fit, process, cycle, simc: by(Rule::Simc)?, amigo: by(Rule::Amigo)? })
    }

    /// The gains of one rule, with their maximum sensitivity.
    #[must_use]
    pub const fn by(&self, rule: Rule) -> (Gains, f64) {
        match rule {
            Rule::Simc => self.simc,
            Rule::Amigo => self.amigo,
        }
    }

    /// The rule whose gains take a load's error away fastest: the least Ti/K.
    #[must_use]
    pub fn best(&self) -> Rule {
        if self.amigo.0.error_of_load() < self.simc.0.error_of_load() { Rule::Amigo } else { Rule::Simc }
    }

    /// True where the record is explained well enough to tune on.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.fit.explained >= LEAST_FIT
    }
}
