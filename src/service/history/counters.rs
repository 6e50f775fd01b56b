//! What the history counts, and the bell between its two threads.

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What the history counts; read by metrics at any time.
#[derive(Debug, Default)]
pub struct Counters {
    /// Values taken from scans.
    pub taken: AtomicU64,
    /// Values dropped: a full queue, a full disk, a full spool.
    pub dropped: AtomicU64,
    /// Lines the database has taken.
    pub sent: AtomicU64,
    /// Lines the database refused for what they are.
    pub refused: AtomicU64,
    /// Requests and writes that failed.
    pub failures: AtomicU64,
    /// Bytes in the spool.
    pub spool_bytes: AtomicU64,
    /// The oldest lines in the spool (ms since 1970); 0 when it is empty.
    pub spool_oldest_ms: AtomicU64,
    /// True while the database takes what it is sent.
    pub connected: AtomicBool,
    last_error: Mutex<Option<String>>,
}

impl Counters {
    /// What failed last.
    #[must_use]
    pub fn last_error(&self) -> Option<String> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn failed(&self, why: &str) {
        self.failures.fetch_add(1, std::sync::atomic::Ordering::AcqRel);
        *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.to_owned());
    }
}

/// Wakes a thread that waits for work or for the end.
#[derive(Default)]
pub(super) struct Bell {
    state: Mutex<(bool, bool)>,
    changed: Condvar,
}

impl Bell {
    /// There is work.
    pub fn ring(&self) {
        self.lock().0 = true;
        self.changed.notify_all();
    }

    /// The service ends.
    pub fn close(&self) {
        self.lock().1 = true;
        self.changed.notify_all();
    }

    /// True once the service ends.
    pub fn closed(&self) -> bool {
        self.lock().1
    }

    /// Waits for work, the end or `patience`.
    pub fn wait_rung(&self, patience: Duration) {
        let idle = |s: &mut (bool, bool)| !s.0 && !s.1;
        let waited = self.changed.wait_timeout_while(self.lock(), patience, idle);
        waited.unwrap_or_else(PoisonError::into_inner).0.0 = false;
    }

    /// Waits for the end or `patience`.
    pub fn wait_closed(&self, patience: Duration) {
        drop(self.changed.wait_timeout_while(self.lock(), patience, |s| !s.1));
    }

    fn lock(&self) -> MutexGuard<'_, (bool, bool)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
