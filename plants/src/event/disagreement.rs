//! How the sensors of one point do not agree.

use serde::{Deserialize, Serialize};

/// How the sensors of one point do not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Disagreement {
    /// This one departs from the others, which count without it.
    Deviates,
    /// Two are apart, and nobody knows which is right.
    Apart,
    /// One is left.
    Alone,
}

impl Disagreement {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deviates => "deviates",
            Self::Apart => "apart",
            Self::Alone => "alone",
        }
    }
}
