//! What an error of the library means to us.

use std::fmt;

use nvml_wrapper::error::NvmlError;
use plant::gpu::{Milliwatts, Uuid};

/// What to do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The driver is gone, or is another than the library's: load it again.
    Driver,
    /// This GPU, or our handle of it, is gone: find it by its name again.
    Gpu,
    /// The board does not have this.
    Absent,
    /// Only root may.
    Permission,
    /// Anything else: try again.
    Other,
}

impl Class {
    /// Sorts an error.
    #[must_use]
    pub fn of(error: &NvmlError) -> Self {
        use NvmlError as E;
        if matches!(error, E::Uninitialized | E::DriverNotLoaded | E::LibRmVersionMismatch) {
            Self::Driver
        } else if matches!(error, E::GpuLost | E::NotFound | E::ResetRequired) {
            Self::Gpu
        } else if matches!(error, E::InvalidArg | E::NotSupported | E::FailedToLoadSymbol(_) | E::FunctionNotFound) {
            Self::Absent
        } else if matches!(error, E::NoPermission) {
            Self::Permission
        } else {
            Self::Other
        }
    }
}

/// Why a write was not done, or is not known to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No GPU of this name was ever seen.
    Unknown(Uuid),
    /// There is no driver.
    NoDriver,
    /// The GPU is gone.
    Lost,
    /// The board cannot.
    NotSupported,
    /// Only root may.
    NoPermission,
    /// The limit is not between those that the board takes.
    OutOfRange {
        /// What was asked for.
        asked: Milliwatts,
        /// The least it takes.
        least: Milliwatts,
        /// The most it takes.
        most: Milliwatts,
    },
    /// The call was not begun in time and is not made any more.
    Late,
    /// The call was begun and has not come back: it may still be done.
    Silent,
    /// Somebody asked for something else before this was begun.
    Superseded,
    /// The library's own words.
    Failed(String),
}

impl From<&NvmlError> for Refusal {
    fn from(error: &NvmlError) -> Self {
        match Class::of(error) {
            Class::Driver => Self::NoDriver,
            Class::Gpu => Self::Lost,
            Class::Absent => Self::NotSupported,
            Class::Permission => Self::NoPermission,
            Class::Other => Self::Failed(error.to_string()),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(uuid) => write!(f, "no {uuid} here: `wattloop gpus` lists what the driver knows"),
            Self::NoDriver => f.write_str("the driver is not loaded; nothing can be set until it is"),
            Self::Lost => {
                f.write_str("the driver has lost this GPU: look at the kernel's log for an Xid, and drain the node")
            }
            Self::NotSupported => f.write_str("this board does not take it"),
            Self::NoPermission => f.write_str("only root, or a process with CAP_SYS_ADMIN, may set this"),
            Self::OutOfRange { asked, least, most } => write!(f, "{asked} is not between {least} and {most}"),
            Self::Late => f.write_str("the GPU's calls were busy for too long; this one is not made any more"),
            Self::Silent => {
                f.write_str("the call has not come back in time; read the limit before trusting either value")
            }
            Self::Superseded => f.write_str("a newer wish took its place"),
            Self::Failed(why) => write!(f, "the driver answers: {why}"),
        }
    }
}

impl std::error::Error for Refusal {}
