//! Between the scan and the disk: a bounded queue that a scan never waits at, and what both sides count.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plant::convert;
use plant::time::Tick;

use super::Retention;
use super::record::Kind;

/// Buffers kept for the next records, and the largest that is worth keeping.
const SPARES: usize = 64;
const SPARE_BYTES: usize = 1 << 20;

/// What the journal counts; read by metrics at any time.
#[derive(Debug, Default)]
pub struct Counters {
    /// Records on disk.
    pub records: AtomicU64,
    /// Commits.
    pub commits: AtomicU64,
    /// Times the record was interrupted.
    pub gaps: AtomicU64,
    /// Records that could not be kept.
    pub lost: AtomicU64,
    /// Commits and upkeep that failed.
    pub failures: AtomicU64,
    /// Records waiting for the disk.
    pub queued: AtomicU64,
    /// Bytes waiting for the disk.
    pub queued_bytes: AtomicU64,
    /// Bytes in use in the file, as of the last commit.
    pub file_bytes: AtomicU64,
    last_error: Mutex<Option<String>>,
}

impl Counters {
    /// What the disk said last, when something failed.
    #[must_use]
    pub fn last_error(&self) -> Option<String> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn failed(&self, why: &str) {
        self.failures.fetch_add(1, Ordering::AcqRel);
        *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.to_owned());
    }

    pub(super) fn lose(&self, records: usize) {
        self.lost.fetch_add(convert::u64_from_usize(records), Ordering::AcqRel);
    }
}

/// One record on its way.
pub(super) struct Message {
    pub kind: Kind,
    pub tick: Tick,
    pub body: Vec<u8>,
    /// Of a snapshot: how many records had not got into the queue before it, since the journal was opened.
    pub dropped: u64,
    /// Told when the record is on disk; dropped when it never will be.
    pub promise: Option<SyncSender<()>>,
}

/// The proof of an answer, to be waited for.
#[derive(Debug)]
pub struct Receipt(Receiver<()>);

/// Why an answer is not proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// Not yet on disk when the time was over. It may get there.
    NotYet,
    /// It is not and will not be on disk.
    Lost,
}

impl std::fmt::Display for NotKept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotYet => "the journal has not reached the disk in time",
            Self::Lost => "the journal could not keep the answer",
        })
    }
}

impl std::error::Error for NotKept {}

impl Receipt {
    /// A receipt and the promise that fulfils it.
    pub(super) fn pair() -> (SyncSender<()>, Self) {
        let (promise, receipt) = sync_channel(1);
        (promise, Self(receipt))
    }

    /// Waits until the answer and everything recorded before it is on disk. Blocks: not for the scan's thread.
    ///
    /// # Errors
    /// When `timeout` is over first, or the record is lost.
    pub fn wait(&self, timeout: Duration) -> Result<(), NotKept> {
        self.0.recv_timeout(timeout).map_err(|e| match e {
            RecvTimeoutError::Timeout => NotKept::NotYet,
            RecvTimeoutError::Disconnected => NotKept::Lost,
        })
    }
}

/// What the recorder and the writer share.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    max_bytes: usize,
    pub counters: Arc<Counters>,
    /// Commits that failed: what the recorder told after the last one that did not is lost.
    pub broken: AtomicU64,
    /// True from the commit of a snapshot to the next failure.
    pub healthy: AtomicBool,
    /// The writer asks for a snapshot, to be able to drop what is older.
    pub wants_snapshot: AtomicBool,
}

#[derive(Default)]
struct State {
    messages: Vec<Message>,
    spares: Vec<Vec<u8>>,
    bytes: usize,
    urgent: bool,
    closed: bool,
    retention: Option<Retention>,
    /// Records that were ever queued, and those of them that the writer is done with.
    pushed: u64,
    done: u64,
    /// Who waits until the writer is done with so many.
    waiting: Vec<(u64, SyncSender<()>)>,
}

impl Queue {
    pub fn new(max_bytes: usize) -> Self {
        Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            max_bytes,
            counters: Arc::default(),
            broken: AtomicU64::new(0),
            healthy: AtomicBool::new(false),
            wants_snapshot: AtomicBool::new(false),
        }
    }

    /// A buffer to write a record into.
    pub fn buffer(&self) -> Vec<u8> {
        self.lock().spares.pop().unwrap_or_default()
    }

    /// Queues a record. False when the queue is full: the record is gone.
    pub fn push(&self, message: Message) -> bool {
        let mut state = self.lock();
        let bytes = state.bytes.saturating_add(message.body.len());
        // One record always fits an empty queue, however large the hall.
        if state.closed || (bytes > self.max_bytes && !state.messages.is_empty()) {
            return false;
        }
        state.urgent |= message.promise.is_some();
        state.bytes = bytes;
        state.pushed = state.pushed.saturating_add(1);
        state.messages.push(message);
        self.tell(&state);
        drop(state);
        self.changed.notify_one();
        true
    }

    /// True while there is room for a promise with all that must be on disk before it.
    pub fn roomy(&self) -> bool {
        self.counters.queued_bytes.load(Ordering::Acquire) <= convert::u64_from_usize(self.max_bytes / 2)
    }

    /// Waits for records, gathers more for `group` or until an answer waits, and swaps them into the empty `batch`.
    /// False when the queue is closed and empty.
    pub fn next_batch(&self, group: Duration, batch: &mut Vec<Message>) -> bool {
        let idle = |s: &mut State| s.messages.is_empty() && !s.closed && s.retention.is_none();
        let state = self.changed.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        let gathering = |s: &mut State| !s.urgent && !s.closed && s.retention.is_none();
        let (mut state, _) =
            self.changed.wait_timeout_while(state, group, gathering).unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut state.messages, batch);
        state.urgent = false;
        let more = !(state.closed && batch.is_empty());
        drop(state);
        more
    }

    /// Takes a new retention, if one was set.
    pub fn new_retention(&self) -> Option<Retention> {
        self.lock().retention.take()
    }

    /// Sets a new retention.
    pub fn set_retention(&self, retention: Retention) {
        self.lock().retention = Some(retention);
        self.changed.notify_one();
    }

    /// Keeps a promise once all that is queued by now is on disk. Waits for the next commit, and makes none more urgent.
    pub fn after_all(&self, promise: SyncSender<()>) {
        let mut state = self.lock();
        if state.done == state.pushed {
            promise.try_send(()).ok();
        } else {
            let pushed = state.pushed;
            state.waiting.push((pushed, promise));
        }
    }

    /// Takes the buffers of a finished batch back, and keeps promises that waited for it where it is on disk.
    pub fn recycle(&self, batch: &mut Vec<Message>, kept: bool) {
        let mut state = self.lock();
        state.done = state.done.saturating_add(convert::u64_from_usize(batch.len()));
        let done = state.done;
        for (_, promise) in state.waiting.extract_if(.., |(after, _)| *after <= done).filter(|_| kept) {
            promise.try_send(()).ok();
        }
        for mut message in batch.drain(..) {
            state.bytes = state.bytes.saturating_sub(message.body.len());
            if state.spares.len() < SPARES && message.body.capacity() <= SPARE_BYTES {
                message.body.clear();
                state.spares.push(message.body);
            }
        }
        self.tell(&state);
    }

    /// Nothing more will come.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }

    fn tell(&self, state: &State) {
        self.counters.queued.store(convert::u64_from_usize(state.messages.len()), Ordering::Release);
        self.counters.queued_bytes.store(convert::u64_from_usize(state.bytes), Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(1);

    fn scan() -> Message {
        Message { kind: Kind::Scan, tick: Tick::default(), body: vec![1], dropped: 0, promise: None }
    }

    fn receipt(queue: &Queue) -> Receipt {
        let (promise, receipt) = Receipt::pair();
        queue.after_all(promise);
        receipt
    }

    #[test]
    fn what_waits_for_all_before_it_waits_for_no_more_and_no_less() {
        let (queue, mut batch) = (Queue::new(1 << 20), Vec::new());
        assert_eq!(receipt(&queue).wait(SOON), Ok(()), "nothing is on its way");
        assert!(queue.push(scan()) && queue.push(scan()));
        let both = receipt(&queue);
        assert!(queue.next_batch(SOON, &mut batch));
        assert!(queue.push(scan()), "while the writer is at it");
        let third = receipt(&queue);
        assert_eq!(both.wait(SOON), Err(NotKept::NotYet));
        queue.recycle(&mut batch, true);
        assert_eq!((both.wait(SOON), third.wait(SOON)), (Ok(()), Err(NotKept::NotYet)));
        assert!(queue.next_batch(SOON, &mut batch));
        queue.recycle(&mut batch, false);
        assert_eq!(third.wait(SOON), Err(NotKept::Lost), "the disk is full");
        assert_eq!(receipt(&queue).wait(SOON), Ok(()), "and nothing new is on its way");
    }
}
