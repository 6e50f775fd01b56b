//! How a loop does not answer, and how sensors of one point do not agree.

use serde::{Deserialize, Serialize};

/// What a loop does that has been at its most for long without bringing its reading nearer to its setpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Unanswered {
    /// Its actuators do not stand where they are told to.
    NotThere,
    /// Its reading has not moved.
    Unmoved,
    /// Its reading went away from the setpoint meanwhile: perhaps the output acts the wrong way round.
    WrongWay,
}

impl Unanswered {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotThere => "not_there",
            Self::Unmoved => "unmoved",
            Self::WrongWay => "wrong_way",
        }
    }
}

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
