//! Who uses a driver: a process that has initialised the library holds the board's file locked beside the others, until it shuts down or dies.
//!
//! A driver that nobody holds and that no GPU's persistence keeps goes with its last client and forgets what it was told. Whoever comes
//! next, or who watches in between, finds that nobody is there and begins its next life.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use super::Board;

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

/// A process that uses the driver, as long as this is kept.
#[derive(Debug)]
pub struct Client {
    /// Closed, and with that let go, when the process shuts down or dies.
    _held: File,
}

impl Client {
    /// One more client of a board at this path. The first one after a while finds a driver that was loaded for it.
    pub fn come(board: &Board, path: &Path) -> io::Result<Self> {
        let held = open(path)?;
        if held.try_lock().is_ok() && board.would_leave() {
            board.load();
        }
        held.lock_shared()?;
        board.come();
        Ok(Self { _held: held })
    }
}

/// Looks whether a driver has clients, for whoever steps the GPUs behind it.
#[derive(Debug)]
pub struct Watch {
    file: File,
    /// How many had come when it last found nobody.
    came: u64,
}

impl Watch {
    /// Watches the board at this path.
    pub fn new(path: &Path) -> io::Result<Self> {
        Ok(Self { file: open(path)?, came: 0 })
    }

    /// Lets a driver go whose last client has gone since the last look.
    pub fn look(&mut self, board: &Board) {
        if !board.would_leave() || self.file.try_lock().is_err() {
            return;
        }
        // Nobody can come while this is held.
        let came = board.came();
        if came != self.came {
            board.load();
        }
        self.came = came;
        // Whoever comes is not kept waiting. What cannot be unlocked was not locked.
        let _ = self.file.unlock();
    }
}
