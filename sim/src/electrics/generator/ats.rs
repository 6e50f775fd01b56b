//! An automatic transfer switch: it calls the generator when the grid goes, changes over when it runs, and goes back when the grid has
//! been good for a while. Between open contacts there is a gap.

use plant::read::Section;

use super::super::grid::{DEAD, Dip, Voltage};
use crate::physics::read::{AT_LEAST_ZERO, SHARE};

/// A transfer switch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ats {
    /// Below this the grid has failed (1 over nominal, 0 to 1).
    pub fails_below: f64,
    /// The grid must have failed for this long before the generator is called (s, ≥ 0).
    pub call_after: f64,
    /// Time between the sources' contacts (s, ≥ 0).
    pub gap: f64,
    /// The grid must have been good for this long before it goes back (s, ≥ 0).
    pub return_after: f64,
}

impl Ats {
    /// As usually set: 85 %, one second, a tenth of a second, five minutes.
    pub const USUAL: Self = Self { fails_below: 0.85, call_after: 1.0, gap: 0.1, return_after: 300.0 };

    /// Reads a section with, where they differ from the usual, `fails-below`, `call-after-s`, `gap-s` and `return-after-s`.
    pub(crate) fn read(of: &Section<'_>) -> Self {
        let or = |key, range, usual: f64| of.within(key, range).unwrap_or(usual);
        Self {
            fails_below: or("fails-below", SHARE, Self::USUAL.fails_below),
            call_after: or("call-after-s", AT_LEAST_ZERO, Self::USUAL.call_after),
            gap: or("gap-s", AT_LEAST_ZERO, Self::USUAL.gap),
            return_after: or("return-after-s", AT_LEAST_ZERO, Self::USUAL.return_after),
        }
    }
}

/// ```text
/// OnGrid ── failed long enough ──▶ Calling ── generator runs ──▶ OnGenerator ── grid good long enough ──▶ OnGrid
///                                     └── grid good again ──▶ OnGrid     └── generator lost ──▶ Calling
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AtsState {
    /// On the grid's side.
    OnGrid {
        /// How long the grid has been bad (s).
        bad: f64,
    },
    /// On the grid's side still, and waits for the generator.
    Calling,
    /// On the generator's side.
    OnGenerator {
        /// How long the grid has been good (s).
        good: f64,
    },
}

/// Which source feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The grid, be it good or not.
    Grid,
    /// The generator.
    Generator,
}

/// What a transfer switch did in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtsEvent {
    /// It called the generator.
    Calls,
    /// It changed over to the generator.
    ToGenerator,
    /// It went back to the grid.
    ToGrid,
    /// The generator went away under load.
    GeneratorLost,
}

/// What leaves a transfer switch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Switched {
    /// Where it comes from.
    pub source: Source,
    /// The voltage, with the gap of a change-over.
    pub voltage: Voltage,
    /// True while the generator shall run.
    pub call: bool,
    /// What happened.
    pub event: Option<AtsEvent>,
}

impl AtsState {
    /// On a good grid.
    pub const REST: Self = Self::OnGrid { bad: 0.0 };

    /// Meets the grid's voltage and the generator's availability for `dt` seconds.
    pub fn step(&mut self, of: &Ats, grid: Voltage, generator: bool, dt: f64) -> Switched {
        let good = grid.level >= of.fails_below;
        let (next, event) = match *self {
            Self::OnGrid { .. } if good => (Self::REST, None),
            Self::OnGrid { bad } if bad + dt < of.call_after => (Self::OnGrid { bad: bad + dt }, None),
            Self::OnGrid { .. } => (Self::Calling, Some(AtsEvent::Calls)),
            Self::Calling if good => (Self::REST, None),
            Self::Calling if generator => (Self::OnGenerator { good: 0.0 }, Some(AtsEvent::ToGenerator)),
            Self::Calling => (Self::Calling, None),
            Self::OnGenerator { .. } if !generator && good => (Self::REST, Some(AtsEvent::GeneratorLost)),
            Self::OnGenerator { .. } if !generator => (Self::Calling, Some(AtsEvent::GeneratorLost)),
            Self::OnGenerator { good: held } if good && held + dt >= of.return_after => {
                (Self::REST, Some(AtsEvent::ToGrid))
            }
            Self::OnGenerator { good: held } => (Self::OnGenerator { good: if good { held + dt } else { 0.0 } }, None),
        };
        *self = next;
        let opens = matches!(event, Some(AtsEvent::ToGenerator | AtsEvent::ToGrid | AtsEvent::GeneratorLost));
        let gap = (opens && of.gap > 0.0).then_some(Dip { residual: 0.0, seconds: of.gap.min(dt) });
        let (source, voltage) = match next {
            Self::OnGrid { .. } | Self::Calling => (Source::Grid, grid),
            Self::OnGenerator { .. } => (Source::Generator, Voltage::NOMINAL),
        };
        let live = voltage.level > DEAD;
        let call = matches!(next, Self::Calling | Self::OnGenerator { .. });
        Switched { source, voltage: if live { voltage.and(gap) } else { voltage }, call, event }
    }
}
