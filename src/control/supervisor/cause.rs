//! Why setpoints are where they are.

use serde::{Deserialize, Serialize};

/// Why setpoints are where they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// It has just begun, or something has just been as it should not.
    Waiting,
    /// Where they are is measured.
    Measuring,
    /// A step is tried.
    Trying,
    /// All are home for a while, to see what they save.
    Proving,
    /// No step is left to try for now.
    Resting,
    /// A person holds an output, or a loop is on trial.
    Disturbed,
    /// Facility or IT power is not known.
    Unmetered,
    /// The plant, or some of it, is on its panels.
    OnPanels,
    /// An inlet is not known.
    Blind,
    /// Machines are too warm, or asked to draw less.
    Hot,
    /// Somebody else's control runs the plant.
    Beside,
    /// A person switched it off.
    Off,
    /// It cost what it should save.
    Retired,
}

impl Cause {
    /// As a clause.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Waiting => "waiting until the hall has been quiet for long enough",
            Self::Measuring => "measuring what the facility takes as it is",
            Self::Trying => "trying one step",
            Self::Proving => "all at home for a while, to see what they save",
            Self::Resting => "no step is left to try for now",
            Self::Disturbed => "as they were, while somebody holds an output or a loop is on trial",
            Self::Unmetered => "as they were, while facility or IT power is not known",
            Self::OnPanels => "as they were, while machines are on their panels",
            Self::Blind => "at home: an inlet is not known",
            Self::Hot => "at home: machines are too warm, or asked to draw less",
            Self::Beside => "at home: somebody else's control runs the plant",
            Self::Off => "at home: a person switched it off",
            Self::Retired => "at home: they cost what they should save, until a person switches it on again",
        }
    }

    /// Setpoints are where the hall's file has them.
    #[must_use]
    pub const fn is_home(self) -> bool {
        match self {
            Self::Blind | Self::Hot | Self::Beside | Self::Off | Self::Retired => true,
            Self::Waiting
            | Self::Measuring
            | Self::Trying
            | Self::Proving
            | Self::Resting
            | Self::Disturbed
            | Self::Unmetered
            | Self::OnPanels => false,
        }
    }
}
