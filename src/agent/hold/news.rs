//! What is told of a GPU's cap.

use plant::gpu::Milliwatts;

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// The lease is over.
    Expired,
    /// Somebody else has set a lower limit.
    Lowered {
        /// To this.
        to: Milliwatts,
        /// From ours.
        from: Milliwatts,
    },
    /// Somebody else has set a higher limit; ours is set again.
    Raised {
        /// To this.
        to: Milliwatts,
        /// From ours.
        from: Milliwatts,
    },
    /// Who had set a lower limit has raised it again.
    GivenBack,
    /// The driver has started anew and forgotten the limit; it is set again.
    DriverAnew,
    /// What is enforced stays above what shall be, though it was written.
    Contended {
        /// What is enforced.
        enforced: Milliwatts,
        /// What shall be.
        wanted: Milliwatts,
    },
    /// It is enforced again.
    Kept,
    /// Its board takes no limit as low as the fail-safe.
    Stiff {
        /// The least that it takes.
        least: Milliwatts,
        /// What the node's file says.
        failsafe: Milliwatts,
    },
    /// People have taken the node back, and the limit from before us is above the file's ceiling: the ceiling is set.
    Curbed {
        /// The limit from before us.
        prior: Milliwatts,
        /// What the node's file says.
        ceiling: Milliwatts,
    },
}
