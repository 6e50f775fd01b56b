//! How a command ends when it does not succeed: the exit code, a sentence, and what to do.

use std::fmt;
use std::io::{self, ErrorKind};

use plant::fault::Faults;
use serde::Serialize;
#[cfg(feature = "sim")]
use wattloop::service::rehearsal::RehearsalFault;

/// Why a command stops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stop {
    /// The exit code of sysexits.
    pub exit: u8,
    /// One word for programs.
    pub code: String,
    /// What went wrong; empty when everything has been printed already.
    pub message: String,
    /// What to do; may be empty.
    pub help: String,
}

impl Stop {
    /// With everything.
    pub fn new(exit: u8, code: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { exit, code: code.to_owned(), message: message.into(), help: help.into() }
    }

    /// With help for a stop of this code that has none.
    pub fn helped(mut self, code: &str, help: &str) -> Self {
        if self.code == code && self.help.is_empty() {
            help.clone_into(&mut self.help);
        }
        self
    }

    /// 1: it was tried and failed.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(1, "failed", message, "")
    }

    /// 2: the arguments make no sense together.
    pub fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(2, "usage", message, help)
    }

    /// 69, 73, 74 or 77: what the operating system said about a file or an address.
    pub fn io(what: &str, error: &io::Error) -> Self {
        let message = format!("{what}: {error}");
        let unreachable =
            [ErrorKind::NotFound, ErrorKind::ConnectionRefused, ErrorKind::TimedOut, ErrorKind::ConnectionReset];
        if error.kind() == ErrorKind::PermissionDenied {
            Self::new(77, "not_allowed", message, "")
        } else if unreachable.contains(&error.kind()) {
            Self::new(69, "unreachable", message, "")
        } else if error.kind() == ErrorKind::AlreadyExists {
            Self::new(73, "cannot_create", message, "")
        } else {
            Self::new(74, "io", message, "")
        }
    }

    /// 78: a configuration with faults.
    pub fn faults(faults: &Faults) -> Self {
        let many = faults.0.len();
        let say = format!("{faults}{many} fault{}", if many == 1 { "" } else { "s" });
        Self::new(78, "config_invalid", say, "")
    }

    /// Why a rehearsal does not begin.
    #[cfg(feature = "sim")]
    pub fn rehearsal(fault: RehearsalFault) -> Self {
        match fault {
            RehearsalFault::Faults(faults) => Self::faults(&faults),
            RehearsalFault::Io(e) => Self::io("the simulated hall's folder", &e),
            RehearsalFault::Unknown(_) => Self::usage(fault.to_string(), ""),
            RehearsalFault::Broker(_) | RehearsalFault::Service(_) => Self::failed(fault.to_string()),
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        if !self.help.is_empty() {
            write!(f, "\n    help: {}", self.help)?;
        }
        Ok(())
    }
}

impl std::error::Error for Stop {}
