//! Printing: one writer a stream, JSON for programs, no complaint when the reader has left.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use serde::Serialize;

use super::Stop;

/// Where a command prints.
pub struct Out {
    json: bool,
}

impl Out {
    /// Prints text, or JSON.
    pub const fn new(json: bool) -> Self {
        Self { json }
    }

    /// True when the answer shall be JSON.
    pub const fn json(&self) -> bool {
        self.json
    }

    /// Prints a text as it is.
    pub fn text(&self, text: impl Display) -> Result<(), Stop> {
        let mut stdout = io::stdout().lock();
        write!(stdout, "{text}")
            .and_then(|()| stdout.flush())
            .or_else(left)
            .map_err(|e| Stop::io("standard output", &e))
    }

    /// Prints one line.
    pub fn line(&self, line: impl Display) -> Result<(), Stop> {
        self.text(format_args!("{line}\n"))
    }

    /// Prints a value as JSON, on one line.
    pub fn value(&self, value: &impl Serialize) -> Result<(), Stop> {
        let text = serde_json::to_string(value).map_err(|e| Stop::failed(format!("the answer is no JSON: {e}")))?;
        self.line(text)
    }

    /// Prints an error on standard error and tells the exit code.
    pub fn stop(&self, error: &anyhow::Error) -> ExitCode {
        let fallback;
        let stop = match error.downcast_ref::<Stop>() {
            Some(stop) => stop,
            None => {
                fallback = Stop::failed(format!("{error:#}"));
                &fallback
            }
        };
        if !stop.message.is_empty() {
            let mut stderr = io::stderr().lock();
            let text = if self.json { serde_json::to_string(stop).unwrap_or_default() } else { stop.to_string() };
            // With standard error gone there is nobody left to tell.
            drop(writeln!(stderr, "{text}"));
        }
        ExitCode::from(stop.exit)
    }
}

/// A reader that has seen enough, such as `head`, is no error.
fn left(error: io::Error) -> io::Result<()> {
    if error.kind() == ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
}
