//! The half that watches: it does nothing but write the fail-safe when the working half dies or falls silent.
//!
//! ```text
//!              started                 ended, or silent for too long: killed
//!   Pausing ─────────────▶ Working ──────────────────────────────────────────▶ Falling
//!      ▲                      │ asked to stop: killed                            │ all at the fail-safe,
//!      │                      ▼                                                  │ or tried for two seconds
//!      │                   Leaving ── the fail-safe ── ended                     │
//!      └─────────────────────────────────────────────────────────────────────────┘ pause, doubling to 5 s
//!
//!   One that was killed and is not gone within a second hangs in the driver, where no signal reaches it. The fail-safe does not wait for that:
//!   it is written, again and again until it is gone, for what it was about to write may still come. No other is started before.
//! ```
//!
//! It holds the driver open from its start, so that it needs neither a new process nor memory when it is needed.

mod process;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use plant::time::{Mono, Span};

use super::config::Config;
use super::failsafe::{self, Outcome, Plan};
use super::memory::Recall;
use crate::adapters::Stamp;
use crate::adapters::nvml::{Gpus, Settings};
use process::Process;

/// How often it looks.
const LOOK: Duration = Duration::from_millis(20);
/// How long the fail-safe is tried before the working half is started again; it goes to the fail-safe by itself, too.
const TRIED: Duration = Duration::from_secs(2);
/// How long one that was killed may take to be gone, and how often the fail-safe is written after that.
const REAPED: Duration = Duration::from_secs(1);
/// Pauses before a start: doubling from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// A working half that lived this long starts the pauses anew.
const LIVED: Span = Span::from_secs(10);
/// How often this half reads the GPUs itself: just often enough to have them at hand.
const GLANCE: Span = Span::from_secs(1);
/// How long it waits for what the disk remembers: a disk that hangs must not stand before the fail-safe.
const RECALLED: Duration = Duration::from_secs(1);

/// The half that watches.
pub struct Watch {
    config: Config,
    gpus: Gpus,
    stamp: Stamp,
    command: Vec<PathBuf>,
    recall: Recall,
}

/// A working half.
trait Half {
    /// How it has ended; nothing while it lives.
    fn has_ended(&mut self) -> io::Result<Option<String>>;
    /// Ends it, as far as a signal reaches it.
    fn kill(&mut self) -> io::Result<()>;
    /// When it last beat.
    fn beat(&self) -> Mono;
}

/// What the watch is kept over: the working half, the fail-safe, and time. Tests put others in their place.
trait Ward {
    type Half: Half;
    fn start(&self) -> io::Result<Self::Half>;
    /// Writes the fail-safe, but where people hold the node.
    fn fall(&self) -> Outcome;
    fn now(&self) -> Mono;
    fn rest(&self, for_so_long: Duration);
    /// How long a working half may be silent.
    fn silence(&self) -> Span;
}

impl Watch {
    /// `command` is the working half: a program and its arguments.
    ///
    /// # Errors
    /// There is no thread left.
    pub fn start(config: Config, stamp: Stamp, command: Vec<PathBuf>) -> io::Result<Self> {
        let settings = Settings { period: GLANCE, ..config.nvml.clone() };
        let gpus = Gpus::open(settings, Arc::clone(&stamp))?;
        let recall = Recall::start(config.state_file.clone())?;
        Ok(Self { config, gpus, stamp, command, recall })
    }

    /// Watches until it is asked to stop; then the fail-safe is written. `alive` is called at every look.
    pub fn run(&self, asked_to_stop: impl Fn() -> bool, alive: impl FnMut()) -> Outcome {
        keep(self, asked_to_stop, alive)
    }
}

impl Ward for Watch {
    type Half = Process;

    fn start(&self) -> io::Result<Process> {
        Process::start(&self.command, &self.stamp)
    }

    fn fall(&self) -> Outcome {
        let memory = self.recall.now(RECALLED);
        if memory.as_ref().is_some_and(|memory| memory.released) {
            tracing::warn!("people hold this node: its limits are left alone");
            return Outcome::default();
        }
        let outcome = failsafe::write(&self.gpus, &Plan::of(&self.config, memory.as_ref()), TRIED);
        if outcome.is_sure() {
            tracing::info!(gpus = outcome.safe.len(), "every GPU is at the fail-safe or below, read back");
        } else {
            let (above, nameless) = (&outcome.above, outcome.nameless);
            tracing::error!(gpus = ?outcome.doubtful, ?above, nameless, "not every GPU is proven to be at the fail-safe");
        }
        outcome
    }

    fn now(&self) -> Mono {
        (self.stamp)()
    }

    fn rest(&self, for_so_long: Duration) {
        std::thread::sleep(for_so_long);
    }

    fn silence(&self) -> Span {
        self.config.silence
    }
}

/// Keeps watch until it is asked to stop.
fn keep<W: Ward>(ward: &W, asked_to_stop: impl Fn() -> bool, mut alive: impl FnMut()) -> Outcome {
    let mut pause = PAUSES.0;
    loop {
        let why = match ward.start() {
            Ok(mut half) => {
                let began = ward.now();
                let why = follow(ward, &mut half, &asked_to_stop, &mut alive);
                if !end(ward, &mut half, &asked_to_stop, &mut alive) {
                    return Outcome { hanging: true, ..ward.fall() };
                }
                if ward.now().since(began) > LIVED {
                    pause = PAUSES.0;
                }
                why
            }
            Err(error) => format!("it cannot be started: {error}"),
        };
        if asked_to_stop() {
            return ward.fall();
        }
        tracing::error!(why, "the working half is gone: the fail-safe is written");
        ward.fall();
        let mut left = pause;
        while !left.is_zero() && !asked_to_stop() {
            alive();
            ward.rest(LOOK);
            left = left.saturating_sub(LOOK);
        }
        pause = pause.saturating_mul(2).min(PAUSES.1);
    }
}

/// Follows a working half until it has ended, or shall. Why.
fn follow<W: Ward>(
    ward: &W,
    half: &mut W::Half,
    asked_to_stop: &impl Fn() -> bool,
    alive: &mut impl FnMut(),
) -> String {
    loop {
        alive();
        match half.has_ended() {
            Ok(Some(how)) => return how,
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the working half cannot be looked at"),
        }
        let silent = ward.now().since(half.beat());
        if asked_to_stop() {
            return "it is asked to stop".to_owned();
        } else if silent > ward.silence() {
            return format!("it was silent for {silent}");
        }
        ward.rest(LOOK);
    }
}

/// Ends a working half: two of us must never write. False where it hangs, and we are asked to stop.
fn end<W: Ward>(ward: &W, half: &mut W::Half, asked_to_stop: &impl Fn() -> bool, alive: &mut impl FnMut()) -> bool {
    let is_gone = |half: &mut W::Half| half.has_ended().is_ok_and(|ended| ended.is_some());
    if is_gone(half) {
        return true;
    }
    if let Err(error) = half.kill() {
        tracing::error!(%error, "the working half cannot be ended");
    }
    let mut hangs = false;
    loop {
        let mut left = REAPED;
        while !left.is_zero() {
            alive();
            if is_gone(half) {
                return true;
            }
            ward.rest(LOOK);
            left = left.saturating_sub(LOOK);
        }
        if !std::mem::replace(&mut hangs, true) {
            tracing::error!(
                "the working half hangs where no signal reaches it: the fail-safe is written until it is gone"
            );
        }
        if asked_to_stop() {
            return false;
        }
        ward.fall();
    }
}

#[cfg(test)]
mod tests;
