//! The half that watches: it does nothing but write the fail-safe when the working half dies or falls silent.
//!
//! ```text
//!              started                 ended, or silent for too long: ended by us
//!   Pausing ─────────────▶ Working ───────────────────────────────────────────────▶ Falling
//!      ▲                      │ asked to stop                                           │ all at the fail-safe,
//!      │                      ▼                                                         │ or tried for two seconds
//!      │                   Leaving ── the fail-safe ── ended                            │
//!      └────────────────────────────────────────────────────────────────────────────────┘ pause, doubling to 5 s
//! ```
//!
//! It holds the driver open from its start, so that it needs neither a new process nor memory when it is needed.

use std::io::{self, Read as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plant::time::{Mono, Span};

use super::config::Config;
use super::failsafe::{self, Outcome};
use super::memory;
use crate::adapters::Stamp;
use crate::adapters::nvml::{Gpus, Settings};

/// How often it looks.
const LOOK: Duration = Duration::from_millis(20);
/// How long the fail-safe is tried before the working half is started again; it goes to the fail-safe by itself, too.
const TRIED: Duration = Duration::from_secs(2);
/// Pauses before a start: doubling from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// A working half that lived this long starts the pauses anew.
const LIVED: Span = Span::from_secs(10);
/// How often this half reads the GPUs itself: just often enough to have them at hand.
const GLANCE: Span = Span::from_secs(1);

/// The half that watches.
pub struct Watch {
    config: Config,
    gpus: Gpus,
    stamp: Stamp,
    command: Vec<PathBuf>,
}

/// The working half, and when it last beat.
struct Half {
    child: Child,
    beat: Arc<AtomicU64>,
    began: Mono,
}

impl Watch {
    /// `command` is the working half: a program and its arguments.
    ///
    /// # Errors
    /// There is no thread left.
    pub fn start(config: Config, stamp: Stamp, command: Vec<PathBuf>) -> io::Result<Self> {
        let settings = Settings { period: GLANCE, ..config.nvml.clone() };
        let gpus = Gpus::open(settings, Arc::clone(&stamp))?;
        Ok(Self { config, gpus, stamp, command })
    }

    /// Watches until it is asked to stop; then the fail-safe is written. `alive` is called at every look.
    pub fn run(&self, asked_to_stop: impl Fn() -> bool, mut alive: impl FnMut()) -> Outcome {
        let mut pause = PAUSES.0;
        loop {
            let why = match self.spawn() {
                Ok(half) => {
                    let began = half.began;
                    let why = self.follow(half, &asked_to_stop, &mut alive);
                    if self.now().since(began) > LIVED {
                        pause = PAUSES.0;
                    }
                    why
                }
                Err(error) => format!("it cannot be started: {error}"),
            };
            if asked_to_stop() {
                return self.fall();
            }
            tracing::error!(why, "the working half is gone: the fail-safe is written");
            self.fall();
            let mut left = pause;
            while !left.is_zero() && !asked_to_stop() {
                alive();
                std::thread::sleep(LOOK);
                left = left.saturating_sub(LOOK);
            }
            pause = pause.saturating_mul(2).min(PAUSES.1);
        }
    }

    fn now(&self) -> Mono {
        (self.stamp)()
    }

    fn spawn(&self) -> io::Result<Half> {
        let none = || io::Error::other("no program is named");
        let (program, args) = self.command.split_first().ok_or_else(none)?;
        // Its standard input is ours: when we are gone it ends, and the service manager starts both again.
        let mut child = Command::new(program).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let began = self.now();
        let beat = Arc::new(AtomicU64::new(began.0));
        if let Some(pulse) = child.stdout.take() {
            let (of, stamp) = (Arc::clone(&beat), Arc::clone(&self.stamp));
            std::thread::Builder::new()
                .name("pulse".into())
                .stack_size(64 * 1024)
                .spawn(move || feel(pulse, &of, &stamp))?;
        }
        Ok(Half { child, beat, began })
    }

    /// Watches one working half to its end, which is certain when this is back.
    fn follow(&self, mut half: Half, asked_to_stop: &impl Fn() -> bool, alive: &mut impl FnMut()) -> String {
        loop {
            alive();
            match half.child.try_wait() {
                Ok(Some(status)) => return status.to_string(),
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "the working half cannot be looked at"),
            }
            let silent = self.now().since(Mono(half.beat.load(Ordering::Acquire)));
            let why = if asked_to_stop() {
                "it is asked to stop".to_owned()
            } else if silent > self.config.silence {
                format!("it was silent for {silent}")
            } else {
                std::thread::sleep(LOOK);
                continue;
            };
            // Two of us must never write.
            if let Err(error) = half.child.kill().and_then(|()| half.child.wait()) {
                tracing::error!(%error, "the working half cannot be ended");
            }
            return why;
        }
    }

    /// Writes the fail-safe, but where people hold the node.
    fn fall(&self) -> Outcome {
        if memory::load(&self.config.state_file).is_ok_and(|m| m.is_some_and(|m| m.released)) {
            tracing::warn!("people hold this node: its limits are left alone");
            return Outcome::default();
        }
        let outcome = failsafe::write(&self.gpus, &self.config, TRIED);
        if outcome.is_sure() {
            tracing::info!(gpus = outcome.safe.len(), "every GPU is at the fail-safe or below, read back");
        } else {
            tracing::error!(gpus = ?outcome.doubtful, nameless = outcome.nameless, "not every GPU is proven to be at the fail-safe");
        }
        outcome
    }
}

/// Feels the pulse of the working half until it ends.
fn feel(mut pulse: ChildStdout, beat: &AtomicU64, stamp: &Stamp) {
    let mut bytes = [0; 64];
    while pulse.read(&mut bytes).is_ok_and(|n| n > 0) {
        beat.store((stamp)().0, Ordering::Release);
    }
}
