//! What a grid may ask of a hall: for which feeds it may set load targets, and how loads come down to them and up again.

use crate::id::FeedId;
use crate::time::Span;

/// How load targets of a grid are kept. A hall without it takes none.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// The feeds for which targets may be set: each has a meter.
    pub feeds: Vec<FeedId>,
    /// From what flows to a target (s, 1 s to 1 h).
    pub ramp_down: Span,
    /// From a target to what flowed before (s, 1 s to 4 h).
    pub ramp_up: Span,
    /// So long after that the mean stays at what flowed before, so that what was put off makes no peak of its own (s, 0 to 12 h).
    pub hold_after: Span,
    /// How long the load may be above a target, once it should be there, before that is a breach (s, 0 to 15 min).
    pub grace: Span,
    /// A breach of this age is escalated (s, 0 to 1 h).
    pub escalate: Span,
    /// What is aimed at lies so far below a target (1, 0 to 0.1).
    pub margin: f64,
}

impl Grid {
    /// What is taken where a file says nothing, for no feed.
    #[must_use]
    pub const fn usual() -> Self {
        Self {
            feeds: Vec::new(),
            ramp_down: Span::from_secs(4),
            ramp_up: Span::from_secs(1800),
            hold_after: Span::from_secs(3600),
            grace: Span::from_secs(30),
            escalate: Span::from_secs(60),
            margin: 0.01,
        }
    }
}
