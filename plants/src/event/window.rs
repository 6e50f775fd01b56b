//! What befalls windows of civil time.

use serde::{Deserialize, Serialize};

use crate::time::Wall;

/// What befalls a window, or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WindowNews {
    /// It is open.
    Opened {
        /// Up to here; nothing where it stays open for longer than is looked.
        until: Option<Wall>,
    },
    /// It is shut.
    Shut {
        /// When it opens again; nothing where it does not within the time that is looked.
        next: Option<Wall>,
    },
    /// It counts as shut, because the wall clock is not trusted.
    Held,
    /// The wall clock is not trusted, so that no window is open (true), or it is again.
    ClockDoubted(bool),
}

impl WindowNews {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Opened { .. } => "window_opened",
            Self::Shut { .. } => "window_shut",
            Self::Held => "window_held",
            Self::ClockDoubted(_) => "window_clock_doubted",
        }
    }
}
