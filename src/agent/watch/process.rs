//! The working half as a process, and its pulse.

use std::io::{self, Read as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use plant::time::Mono;

use super::Half;
use crate::adapters::Stamp;

/// What the system says where there is no such child: somebody else has taken note of its end.
const NO_CHILD: i32 = 10;

/// A working half, and when it last beat.
pub struct Process {
    child: Child,
    beat: Arc<AtomicU64>,
}

impl Process {
    /// Starts it: a program and its arguments.
    pub fn start(command: &[PathBuf], stamp: &Stamp) -> io::Result<Self> {
        let none = || io::Error::other("no program is named");
        let (program, args) = command.split_first().ok_or_else(none)?;
        // Its standard input is ours: when we are gone it ends, and the service manager starts both again.
        let mut child = Command::new(program).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let beat = Arc::new(AtomicU64::new((stamp)().0));
        if let Some(pulse) = child.stdout.take() {
            let (of, stamp) = (Arc::clone(&beat), Arc::clone(stamp));
            std::thread::Builder::new()
                .name("pulse".into())
                .stack_size(64 * 1024)
                .spawn(move || feel(pulse, &of, &stamp))?;
        }
        Ok(Self { child, beat })
    }
}

impl Half for Process {
    fn has_ended(&mut self) -> io::Result<Option<String>> {
        match self.child.try_wait() {
            Err(error) if error.raw_os_error() == Some(NO_CHILD) => Ok(Some("nobody knows how it ended".to_owned())),
            ended => Ok(ended?.map(|status| status.to_string())),
        }
    }

    fn kill(&mut self) -> io::Result<()> {
        self.child.kill()
    }

    fn beat(&self) -> Mono {
        Mono(self.beat.load(Ordering::Acquire))
    }
}

/// Feels the pulse of the working half until it ends.
fn feel(mut pulse: ChildStdout, beat: &AtomicU64, stamp: &Stamp) {
    let mut bytes = [0; 64];
    while pulse.read(&mut bytes).is_ok_and(|n| n > 0) {
        beat.store((stamp)().0, Ordering::Release);
    }
}
