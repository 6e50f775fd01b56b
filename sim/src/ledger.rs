//! The energy ledger: what came in, what went out, what is stored, and what is missing.

/// What a step's balance may leave open, over its throughput: more is a fault of the simulator, and its run fails (1).
pub const CLOSED: f64 = 1e-9;

/// The books of a run. Energies in joules.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ledger {
    /// Entered since the start: electricity, outdoor air, heat through walls.
    pub entered: f64,
    /// Left since the start: chiller, exhaust air, walls, losses outside the hall.
    pub left: f64,
    /// More stored than at the start.
    pub stored: f64,
    /// What the last step left open, over its throughput: what entered, left or went between stores, whichever is most (1).
    pub residual: f64,
    /// The worst residual of the run (1).
    pub worst: f64,
}

/// One step's entries.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Entries {
    entered: f64,
    left: f64,
    stored: f64,
    /// Through batteries, either way.
    charged: f64,
    /// Between stores, either way.
    shifted: f64,
}

impl Entries {
    /// Heat or electricity across the boundary, positive inward (J).
    pub const fn cross(&mut self, joules: f64) {
        if joules >= 0.0 {
            self.entered += joules;
        } else {
            self.left -= joules;
        }
    }

    /// More heat in a store than before (J).
    pub const fn store(&mut self, joules: f64) {
        self.stored += joules;
        self.shifted += joules.abs();
    }

    /// More in a battery than before (J). It counts as throughput as well: on battery nothing else enters.
    pub const fn charge(&mut self, joules: f64) {
        self.stored += joules;
        self.charged += joules.abs();
    }
}

impl Ledger {
    /// Closes a step.
    pub const fn close(&mut self, step: Entries) {
        self.entered += step.entered;
        self.left += step.left;
        self.stored += step.stored;
        // A dark hall takes nothing in: what goes to and fro in it is the measure then.
        let through = (step.entered + step.charged).max(step.left).max(step.shifted);
        // In a step in which less than a joule moves, the last bits of temperatures are more than that.
        if through > 0.0 {
            self.residual = (step.stored - (step.entered - step.left)).abs() / through.max(1.0);
            self.worst = self.worst.max(self.residual);
        }
    }
}
