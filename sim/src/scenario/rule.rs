//! What must hold: a rule, and when it is looked at.

use plant::id::{AlarmId, PointId};
use plant::time::Span;

use super::Baseline;
use super::expression::{Holding, Many, Signal};

/// Something that must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Assert {
    /// Its name, unique in the file: `inlets-allowable`.
    pub name: String,
    /// When it is looked at.
    pub window: Window,
    /// What must hold.
    pub rule: Rule,
}

/// When an assert is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The event, by its place in the file, from which the times count; the begin of the scenario where there is none.
    pub after: Option<usize>,
    /// From this long after.
    pub from: Span,
    /// Until this long after; the end of the scenario where there is none.
    pub to: Option<Span>,
}

/// What must hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// At every step.
    Always(Holding),
    /// At no step; with `for`, never for so long.
    Never(Holding),
    /// At some step before the time is over; with `for`, for so long.
    Within {
        /// The condition.
        holding: Holding,
        /// The time.
        time: Span,
    },
    /// In the band when the time is over, and for a while after.
    Settle {
        /// What settles.
        signal: Signal,
        /// Where.
        target: Signal,
        /// How near (the signal's unit, > 0).
        band: f64,
        /// The time.
        within: Span,
        /// How long it stays.
        hold: Span,
    },
    /// Not farther past its target than this, once it has been there.
    Overshoot {
        /// What overshoots.
        signal: Signal,
        /// What it shall reach.
        target: Signal,
        /// How far past it may go (the signal's unit, ≥ 0).
        max: f64,
        /// True where past is below.
        below: bool,
    },
    /// Does not hunt.
    Reversals {
        /// What moves; each is looked at by itself.
        signals: Many,
        /// A turn counts after this much travel (the signal's unit, > 0).
        travel: f64,
        /// Turns an hour (1/h, ≥ 0).
        per_hour: f64,
    },
    /// Begins to hold so often.
    Count {
        /// The condition.
        holding: Holding,
        /// At least.
        min: Option<f64>,
        /// At most.
        max: Option<f64>,
    },
    /// An alarm is raised once, or never.
    Alarm {
        /// Which.
        alarm: AlarmId,
        /// True for once, false for never.
        once: bool,
        /// How soon.
        within: Option<Span>,
    },
    /// Outputs are at their fail-safe together.
    Safe {
        /// Which, with their fail-safe values.
        outputs: Vec<(PointId, f64)>,
        /// How soon.
        within: Span,
    },
    /// A figure of the whole run.
    Kpi {
        /// Its name.
        kpi: String,
        /// At least.
        min: Option<f64>,
        /// At most.
        max: Option<f64>,
    },
    /// A figure over the same figure of a baseline run.
    Compare {
        /// The figure's name.
        kpi: String,
        /// Which run is the baseline.
        baseline: Baseline,
        /// At least (1).
        min: Option<f64>,
        /// At most (1).
        max: Option<f64>,
    },
    /// The same trace as the one that was blessed, within a tube in time and value.
    Golden {
        /// Which signals.
        signals: Vec<Signal>,
        /// How much earlier or later.
        time: Span,
        /// How much more or less (the signal's unit, or a share of the trace's range).
        value: Tolerance,
    },
}

/// How far from a golden trace a value may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// In the signal's unit.
    Absolute(f64),
    /// A share of the range that the golden trace spans (1).
    OfRange(f64),
}

impl Rule {
    /// The word in files.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Always(_) => "always",
            Self::Never(_) => "never",
            Self::Within { .. } => "within",
            Self::Settle { .. } => "settle",
            Self::Overshoot { .. } => "overshoot",
            Self::Reversals { .. } => "reversals",
            Self::Count { .. } => "count",
            Self::Alarm { .. } => "alarm",
            Self::Safe { .. } => "safe",
            Self::Kpi { .. } => "kpi",
            Self::Compare { .. } => "compare",
            Self::Golden { .. } => "golden",
        }
    }
}
