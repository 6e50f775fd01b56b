//! How a loop does not answer.

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
