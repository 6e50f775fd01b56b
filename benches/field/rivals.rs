//! Who runs: the command of each contestant for a piece of work.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::child::again;
use super::{Work, site};

/// A contestant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rival {
    /// The whole service: adapter, controller, journal, history.
    Service,
    /// Our field and adapter alone.
    Field,
    /// Bare tokio-modbus.
    Bare(Shape),
    /// Bare libmodbus, in C, on one thread.
    Libmodbus(Shape),
    /// pymodbus with simple-pid, on asyncio.
    Pymodbus(Shape),
}

/// How a peer goes about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Read everything, decide, write everything.
    Scan,
    /// For each loop: read, PID, write, read back.
    Each,
    /// Reads only.
    Read,
}

impl Shape {
    const fn word(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::Each => "each",
            Self::Read => "read",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Scan => ", as a scan",
            Self::Each => ", loop by loop",
            Self::Read => "",
        }
    }
}

impl Rival {
    /// Its name in the tables.
    pub fn name(self) -> String {
        match self {
            Self::Service => "wattloop, the whole service".to_owned(),
            Self::Field => "wattloop, field and adapter".to_owned(),
            Self::Bare(shape) => format!("tokio-modbus{}", shape.label()),
            Self::Libmodbus(shape) => format!("libmodbus (C){}", shape.label()),
            Self::Pymodbus(shape) => format!("pymodbus (Python){}", shape.label()),
        }
    }

    /// Whether it is what the goals are about.
    pub const fn is_ours(self) -> bool {
        match self {
            Self::Service | Self::Field => true,
            Self::Bare(_) | Self::Libmodbus(_) | Self::Pymodbus(_) => false,
        }
    }

    /// Its command; nothing when it is not installed. What it needs in files goes into `folder`.
    pub fn command(self, work: &Work, folder: &Path) -> Option<Command> {
        match self {
            Self::Service => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_wattloop"));
                command.arg("run").arg("--config").arg(site::write(work, folder));
                Some(command)
            }
            Self::Field => {
                let file = site::write(work, folder).display().to_string();
                Some(again("--field-read", &[file, work.period.as_millis().to_string()]))
            }
            Self::Bare(shape) => Some(again(&format!("--bare-{}", shape.word()), &work.arguments())),
            Self::Libmodbus(shape) => {
                let program = peers().join("libmodbus_loops");
                program.is_file().then(|| with(Command::new(program), shape, work))
            }
            Self::Pymodbus(shape) => {
                let program = peers().join("venv/bin/python");
                program.is_file().then(|| {
                    let mut command = Command::new(program);
                    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/pymodbus_loops.py"));
                    with(command, shape, work)
                })
            }
        }
    }
}

fn with(mut command: Command, shape: Shape, work: &Work) -> Command {
    command.arg(shape.word()).args(work.arguments());
    command
}

/// Where `benches/peers/install.sh` puts them.
fn peers() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/peers"))
}
