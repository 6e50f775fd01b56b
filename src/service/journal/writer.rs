//! The one thread that writes: commits in groups, tells who waits, and comes back by itself after a full disk.

use std::sync::atomic::Ordering;
use std::time::Duration;

use plant::convert;

use super::queue::{Message, Queue};
use super::record::{Gap, Kind};
use super::store::{self, Store};

/// A record waits this long for others to share its commit.
const GROUP: Duration = Duration::from_millis(250);

pub(super) struct Writer {
    store: Store,
    /// A commit failed: nothing can follow it but a snapshot.
    broken: bool,
    /// Lost records that a gap on disk already tells of.
    lost_told: u64,
    last_why: String,
}

impl Writer {
    pub const fn new(store: Store) -> Self {
        Self { store, broken: true, lost_told: 0, last_why: String::new() }
    }

    /// Writes until the queue is closed and empty.
    pub fn run(mut self, queue: &Queue) {
        let mut batch = Vec::new();
        while queue.next_batch(GROUP, &mut batch) {
            if let Some(retention) = queue.new_retention() {
                let outcome = self.store.set_retention(retention);
                self.note(queue, outcome);
            }
            self.write(queue, &mut batch);
            queue.recycle(&mut batch);
            self.drop_old(queue);
        }
        let outcome = self.store.close();
        if let Err(e) = outcome {
            tracing::warn!(error = %e, "the journal's log could not be folded in; the next start does it");
        }
    }

    fn write(&mut self, queue: &Queue, batch: &mut [Message]) {
        let snapshot = batch.iter().position(|m| m.kind == Kind::Snapshot);
        let skipped = if self.broken { snapshot.unwrap_or(batch.len()) } else { 0 };
        let (lost, kept) = batch.split_at_mut(skipped);
        lose(queue, lost);
        if kept.is_empty() {
            return;
        }
        let lost_now = queue.counters.lost.load(Ordering::Acquire);
        let lost_records = lost_now.saturating_sub(self.lost_told);
        let gap = (lost_records > 0).then(|| Gap { lost: lost_records, why: self.why() });
        match self.store.write(kept, gap.as_ref()) {
            Ok(()) => self.committed(queue, kept, lost_now, snapshot.is_some()),
            Err(e) => {
                lose(queue, kept);
                self.fail(queue, &e);
            }
        }
    }

    /// Nothing that follows makes sense until the next snapshot.
    fn fail(&mut self, queue: &Queue, error: &rusqlite::Error) {
        if !self.broken {
            tracing::error!(%error, "the journal cannot be written: records are lost, control goes on");
        }
        self.broken = true;
        self.last_why = error.to_string();
        queue.healthy.store(false, Ordering::Release);
        queue.broken.fetch_add(1, Ordering::AcqRel);
        queue.counters.failed(&self.last_why);
        if store::is_damage(error) {
            let outcome = self.store.begin_anew();
            self.note(queue, outcome);
        }
    }

    fn committed(&mut self, queue: &Queue, kept: &mut [Message], lost_now: u64, snapshot: bool) {
        let counters = &queue.counters;
        counters.records.fetch_add(convert::u64_from_usize(kept.len()), Ordering::AcqRel);
        counters.commits.fetch_add(1, Ordering::AcqRel);
        if snapshot {
            if self.broken && self.lost_told < lost_now {
                tracing::warn!(lost = lost_now.saturating_sub(self.lost_told), "the journal goes on after a gap");
            }
            self.lost_told = lost_now;
            self.broken = false;
            self.last_why.clear();
            queue.healthy.store(true, Ordering::Release);
        }
        for promise in kept.iter_mut().filter_map(|m| m.promise.take()) {
            // Nobody waiting any more is no fault.
            promise.try_send(()).ok();
        }
    }

    fn drop_old(&mut self, queue: &Queue) {
        if self.broken {
            return;
        }
        match self.store.retain().and_then(|wants| Ok((wants, self.store.bytes()?))) {
            Ok((wants, bytes)) => {
                queue.wants_snapshot.store(wants, Ordering::Release);
                queue.counters.file_bytes.store(bytes, Ordering::Release);
            }
            Err(e) if store::is_damage(&e) => self.fail(queue, &e),
            Err(e) => self.note(queue, Err(e)),
        }
    }

    fn note(&self, queue: &Queue, outcome: rusqlite::Result<()>) {
        if let Err(e) = outcome {
            tracing::warn!(error = %e, "the journal's upkeep failed; it is tried again");
            queue.counters.failed(&e.to_string());
        }
    }

    fn why(&self) -> String {
        if self.last_why.is_empty() { "the queue was full".to_owned() } else { self.last_why.clone() }
    }
}

/// Counts records that will never be on disk, and lets those who wait for them know.
fn lose(queue: &Queue, messages: &mut [Message]) {
    queue.counters.lose(messages.len());
    for message in messages {
        message.promise = None;
    }
}
