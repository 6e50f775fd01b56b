//! The shell: wait, freeze the image, step, record, write.
//!
//! ```text
//! scan thread      poll, freeze, step, write, record                    one period, deadlines from the monotonic clock
//! adapters         Modbus and MQTT, on tokio                            samples in, outputs out
//! journal thread   commits in groups                                    a scan never waits for it
//! outlet thread    topics, time series, figures, logs                   fed by bulletins
//! api, metrics     people, the command line, Prometheus, on tokio       questions are answered between scans
//! ```

pub mod api;
#[cfg(feature = "sim")]
pub mod broker;
pub mod bulletin;
pub mod clock;
pub mod config;
pub mod history;
pub mod journal;
pub mod logging;
pub mod metrics;
pub mod notify;
pub mod outlet;
pub mod promise;
pub mod publish;
pub mod replay;
pub mod resume;
pub mod scan;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use plant::hall::Hall;
use plant::id::Table;
use plant::time::Span;
use tokio::runtime::Runtime;

use crate::adapters::modbus::{self, Modbus, Writes};
use crate::adapters::mqtt::{self, Mqtt};
use crate::adapters::{Field, Shared};
use api::call::Asker;
use clock::Clock;
use config::Loaded;
use journal::{Journal, JournalError};
use metrics::Metrics;
use notify::Notify;
use outlet::Outlet;
use promise::Promises;
use publish::Publisher;
use scan::{Pace, Scan, Tally};


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

/// A running service.
pub struct Service {
    runtime: Runtime,
    stop: Arc<AtomicBool>,
    scan: Option<JoinHandle<Tally>>,
    outlet: Option<JoinHandle<()>>,
    asker: Asker,
    hall: Arc<Hall>,
    modbus: Modbus,
    mqtt: Option<Arc<Mqtt>>,
    api: Option<api::Served>,
    incidents: Vec<String>,
}
