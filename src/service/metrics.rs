//! Figures and health of the running service, for Prometheus and for probes, over HTTP on loopback.
//!
//! ```text
//! scan thread ── completed_scan, update ──▶ Metrics ◀── scrape, probe ── GET /metrics /livez /readyz
//!                never waits for a scrape            adapters' counts are fetched by the scrape
//! ```

mod batteries;
mod expose;
mod figures;
mod grid;
mod health;
mod leases;
mod peaks;
mod prices;
mod savings;
mod serve;
mod windows;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use plant::hall::Hall;
use plant::time::{Mono, Span};
use prometheus_client::encoding::text;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::adapters::Stamp;

pub use figures::{Check, Family, FamilyKind, Figures, Row};
pub use health::Verdict;
pub use serve::serve;

/// Where a scrape fetches more families from: an adapter's counts, the journal's.
pub type FamilySource = Box<dyn Fn() -> Vec<Family> + Send + Sync>;

/// What the service shows of itself.
pub struct Metrics {
    hall: Arc<Hall>,
    period: Span,
    now: Stamp,
    registry: Registry,
    cycle: Histogram,
    overruns: AtomicU64,
    /// Monotonic nanoseconds of the last completed scan, plus one; 0 before the first.
    last_scan: AtomicU64,
    figures: Mutex<Figures>,
    sources: Mutex<Vec<FamilySource>>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").field("period", &self.period).finish_non_exhaustive()
    }
}

impl Metrics {
    /// Figures of a service that has not scanned yet.
    #[must_use]
    pub fn new(hall: Arc<Hall>, period: Span, now: Stamp) -> Arc<Self> {
        Arc::new_cyclic(|me| {
            let mut registry = Registry::with_prefix("wattloop");
            let cycle = Histogram::new(exponential_buckets(0.000_25, 2.0, 16));
            registry.register(
                "cycle_duration_seconds",
                "Time from the start of a scan to its last write",
                cycle.clone(),
            );
            registry.register_collector(Box::new(expose::Exposed::new(me.clone())));
            Self {
                figures: Mutex::new(Figures::new(&hall)),
                sources: Mutex::new(Vec::new()),
                overruns: AtomicU64::new(0),
                last_scan: AtomicU64::new(0),
                hall,
                period,
                now,
                registry,
                cycle,
            }
        })
    }

    /// Adds a place where every scrape fetches more families.
    pub fn add_source(&self, source: FamilySource) {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner).push(source);
    }

    /// A scan has completed: its outputs are written. `overrun` says that it took longer than its period.
    pub fn completed_scan(&self, at: Mono, took: Span, overrun: bool) {
        self.cycle.observe(took.seconds());
        self.overruns.fetch_add(u64::from(overrun), Ordering::Relaxed);
        self.last_scan.store(at.0.saturating_add(1), Ordering::Release);
    }

    /// Brings the figures up to date. Skipped, with `false`, while a scrape reads them: a scan never waits.
    pub fn update(&self, change: impl FnOnce(&mut Figures)) -> bool {
        match self.figures.try_lock() {
            Ok(mut figures) => {
                change(&mut figures);
                true
            }
            Err(TryLockError::Poisoned(poisoned)) => {
                change(&mut poisoned.into_inner());
                true
            }
            Err(TryLockError::WouldBlock) => false,
        }
    }

    /// Everything in the text format of Prometheus (OpenMetrics 1.0).
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        // Writing into a text cannot fail; a family that cannot be encoded ends the text early and shows as such.
        if text::encode(&mut out, &self.registry).is_err() {
            tracing::error!("a family of metrics could not be written");
        }
        out
    }

    /// Since the last completed scan; nothing before the first.
    fn silence(&self) -> Option<Span> {
        let last = self.last_scan.load(Ordering::Acquire).checked_sub(1)?;
        Some((self.now)().since(Mono(last)))
    }

    fn overruns(&self) -> u64 {
        self.overruns.load(Ordering::Relaxed)
    }

    fn figures(&self) -> MutexGuard<'_, Figures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fetched(&self) -> Vec<Family> {
        let sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.iter().flat_map(|source| source()).collect()
    }
}
