//! The shell: wait, freeze the image, step, record, write.
//!
//! ```text
//! scan thread      poll, freeze, step, write, record                    one period, deadlines from the monotonic clock
//! plant threads    adapters: Modbus and MQTT, on tokio                  samples in, outputs out
//! planner thread   the plan of the day ahead                            an input of a later scan
//! journal thread   commits in groups                                    a scan never waits for it
//! outlet thread    topics, time series, figures, logs                   fed by bulletins
//! people thread    api, metrics: the command line, Prometheus, on tokio questions are answered between scans
//! ```

pub mod api;
#[cfg(feature = "sim")]
pub mod broker;
pub mod budget;
pub mod bulletin;
pub mod clock;
pub mod config;
pub mod counts;
pub mod descriptors;
pub mod flex;
pub mod history;
pub mod incoming;
pub mod journal;
pub mod layout;
#[cfg(feature = "sim")]
pub mod lockstep;
pub mod logging;
pub mod mark;
pub mod metrics;
pub mod notify;
pub mod openadr;
pub mod outlet;
pub mod planner;
pub mod prices;
pub mod promise;
pub mod publish;
#[cfg(feature = "sim")]
pub mod rehearsal;
pub mod replay;
pub mod resume;
pub mod scan;
pub mod start;
pub mod trouble;
pub mod wiring;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use plant::hall::Hall;
use tokio::runtime::Runtime;

use crate::adapters::modbus::{Modbus, Writes};
use crate::adapters::mqtt::Mqtt;
use api::call::Asker;
use config::{Keeper, Loaded};
use journal::JournalError;
use scan::Tally;

/// How long the broker has to take what is left, on the way out.
const FAREWELL: Duration = Duration::from_secs(2);

/// Why a service does not start.
#[derive(Debug)]
pub enum StartFault {
    /// The state directory, a socket or a thread cannot be had.
    Io(PathBuf, io::Error),
    /// The journal cannot be opened.
    Journal(JournalError),
    /// An adapter's configuration is wrong: sentences.
    Adapter(String),
}

impl std::fmt::Display for StartFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Journal(error) => error.fmt(f),
            Self::Adapter(sentences) => f.write_str(sentences),
        }
    }
}

impl std::error::Error for StartFault {}

impl From<JournalError> for StartFault {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

/// A running service.
pub struct Service {
    plant: Runtime,
    people: Runtime,
    stop: Arc<AtomicBool>,
    scan: Option<JoinHandle<Tally>>,
    outlet: Option<JoinHandle<()>>,
    asker: Asker,
    hall: Arc<Hall>,
    modbus: Modbus,
    mqtt: Option<Arc<Mqtt>>,
    served: start::Served,
}

impl Service {
    /// Starts a service: journal, controller, adapters, threads. The first scan follows at once.
    ///
    /// # Errors
    /// The state directory, a socket or the journal cannot be had, or an adapter's configuration is wrong.
    pub fn start(loaded: Loaded, writes: Writes, keeper: Option<Arc<Keeper>>) -> Result<Self, StartFault> {
        start::start(loaded, writes, keeper)
    }

    /// The way to ask the scan thread.
    #[must_use]
    pub const fn asker(&self) -> &Asker {
        &self.asker
    }

    /// The hall.
    #[must_use]
    pub const fn hall(&self) -> &Arc<Hall> {
        &self.hall
    }

    /// The runtime that people and programs are served on; the adapters have one of their own.
    #[must_use]
    pub const fn runtime(&self) -> &Runtime {
        &self.people
    }

    /// What the Modbus adapter counts.
    #[must_use]
    pub const fn modbus(&self) -> &Modbus {
        &self.modbus
    }

    /// The socket that people and the command line talk to.
    #[must_use]
    pub fn socket(&self) -> &Path {
        self.served.api.socket()
    }

    /// Where health and metrics are served.
    #[must_use]
    pub const fn health(&self) -> SocketAddr {
        self.served.health
    }

    /// True when the scan thread has ended by itself, which it never should.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.scan.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Hands every output to its fail-safe, closes the journal, says farewell to the broker.
    pub fn stop(mut self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        let tally = self.scan.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        if let Some(outlet) = self.outlet.take() {
            drop(outlet.join());
        }
        if let Some(mqtt) = &self.mqtt {
            self.plant.block_on(mqtt.stop(FAREWELL));
        }
        tally
    }
}
