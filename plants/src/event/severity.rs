//! How much an event matters.

use serde::{Deserialize, Serialize};

/// How much an event matters. An unexpected `Error` fails a simulated run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// Normal work.
    Info,
    /// Somebody should look in the daytime.
    Warning,
    /// Something is broken.
    Error,
}
