//! Who runs a machine, or a plant of them: its own panel, or control.
//!
//! ```text
//!          all that is needed is seen for a while            something that is needed is lost
//!   Panel ─────────────────────────────────────▶ Control ─────────────────────────────────────▶ Panel
//! ```
//!
//! On its panel a machine does what it would do without us. Control takes it over as it finds it and gives it back as it is, so that
//! neither moves anything. A boot begins on the panel. Beside somebody else's control ([`super::shadow`]) it is never taken over.

use plant::event::Step;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::sequence::Timer;

/// What must be seen for so long before control takes a machine over.
pub const TAKE_OVER: Span = Span::from_secs(30);

/// Who runs it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Rule {
    /// Its own panel.
    Panel {
        /// How long all that is needed has been seen.
        seen: Timer,
    },
    /// Control.
    Control,
    /// Somebody else, as we do not write: we look on.
    Elsewhere,
}

impl Rule {
    /// On the panel, from now on.
    #[must_use]
    pub fn on_panel() -> Self {
        Self::Panel { seen: Timer::default() }
    }

    /// True while its panel runs it, or somebody else.
    #[must_use]
    pub const fn is_panel(self) -> bool {
        match self {
            Self::Panel { .. } | Self::Elsewhere => true,
            Self::Control => false,
        }
    }

    /// One scan of what is taken over once all that it needs is `seen`, and given back when something is `lost`. What there is to tell.
    pub fn step(&mut self, (seen, lost): (bool, bool), dt: Span) -> Option<Step> {
        if self.is_panel() {
            return self.take_over(seen, TAKE_OVER, dt).then_some(Step::TakenOver);
        }
        lost.then(|| {
            *self = Self::on_panel();
            Step::HandedBack
        })
    }

    /// One scan on the panel: whether all that is needed is seen, and for how long it must have been. True at a take-over.
    pub fn take_over(&mut self, sees: bool, after: Span, dt: Span) -> bool {
        let Self::Panel { seen } = self else { return false };
        seen.count(sees, dt);
        let over = seen.reached(after);
        if over {
            *self = Self::Control;
        }
        over
    }
}
