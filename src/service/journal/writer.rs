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
    /// What is lost and no gap on disk tells of yet.
    lost: Lost,
    last_why: String,
}

impl Writer {
    pub fn new(store: Store) -> Self {
        Self { store, broken: true, lost: Lost::default(), last_why: String::new() }
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
            queue.recycle(&mut batch, !self.broken);
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
        self.lost.written_off(lose(queue, lost));
        if kept.is_empty() {
            return;
        }
        // There may be several snapshots in one commit, each after a gap of its own.
        let (mut told, before, why) = (self.lost, self.lost, &self.last_why);
        match self.store.write(kept, |snapshot| told.gap(snapshot.dropped, why)) {
            Ok(()) => {
                self.lost = told;
                self.committed(queue, kept, (snapshot.is_some(), told != before));
            }
            Err(e) => {
                self.lost.written_off(lose(queue, kept));
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

    fn committed(&mut self, queue: &Queue, kept: &mut [Message], (snapshot, gap): (bool, bool)) {
        let counters = &queue.counters;
        counters.records.fetch_add(convert::u64_from_usize(kept.len()), Ordering::AcqRel);
        counters.commits.fetch_add(1, Ordering::AcqRel);
        if snapshot {
            if self.broken && gap {
                tracing::warn!("the journal goes on after a gap");
            }
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
}

/// Records that are lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lost {
    /// Of those that did not get into the queue, so many are told.
    told: u64,
    /// Those that did, and did not get to the disk: none of them is told.
    written_off: u64,
}

impl Lost {
    fn written_off(&mut self, records: usize) {
        self.written_off = self.written_off.saturating_add(convert::u64_from_usize(records));
    }

    /// The gap before a snapshot before which so many in all had not got into the queue; none where nothing is missing.
    fn gap(&mut self, dropped: u64, why: &str) -> Option<Gap> {
        let lost = dropped.saturating_sub(self.told).saturating_add(self.written_off);
        let why = if self.written_off > 0 && !why.is_empty() { why } else { "the queue was full" };
        *self = Self { told: dropped, written_off: 0 };
        (lost > 0).then(|| Gap { lost, why: why.to_owned() })
    }
}

/// Counts records that will never be on disk, and lets those who wait for them know. How many.
fn lose(queue: &Queue, messages: &mut [Message]) -> usize {
    queue.counters.lose(messages.len());
    for message in messages.iter_mut() {
        message.promise = None;
    }
    messages.len()
}

#[cfg(test)]
mod tests {
    use super::super::store::lock;
    use super::super::{Options, recover};
    use super::*;
    use plant::time::Tick;

    /// The queue ran over twice before anything was written: both gaps are told, each before the snapshot that follows it.
    #[test]
    fn two_gaps_in_one_commit_are_both_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        let lock = lock(&path).unwrap();
        let (recovered, conn, seq) = recover::recover(&path).unwrap();
        let store =
            Store::new((path.clone(), lock, conn), (recovered.boot, seq), Vec::new(), Options::default().retention);
        let (queue, mut writer) = (Queue::new(1 << 20), Writer::new(store));
        let message = |kind, dropped| Message { kind, tick: Tick::default(), body: vec![1], dropped, promise: None };
        let kinds = [Kind::Snapshot, Kind::Scan, Kind::Snapshot, Kind::Scan, Kind::Snapshot];
        let dropped = [0, 0, 3, 0, 5];
        let mut batch: Vec<Message> = kinds.into_iter().zip(dropped).map(|(kind, lost)| message(kind, lost)).collect();
        writer.write(&queue, &mut batch);
        writer.write(&queue, &mut [message(Kind::Scan, 0), message(Kind::Snapshot, 6)]);
        let conn = rusqlite::Connection::open(&path).unwrap();
        let mut rows = conn.prepare("SELECT kind, body FROM record ORDER BY seq").unwrap();
        let rows = rows.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))).unwrap();
        let lost = |body: &[u8]| postcard::from_bytes::<Gap>(body).unwrap().lost;
        let rows: Vec<(i64, Option<u64>)> = rows
            .map(Result::unwrap)
            .map(|(kind, body)| (kind, (kind == Kind::Gap.number()).then(|| lost(&body))))
            .collect();
        let row = |kind: Kind| (kind.number(), None);
        let gap = |lost| (Kind::Gap.number(), Some(lost));
        let (snapshot, scan) = (row(Kind::Snapshot), row(Kind::Scan));
        let wanted = [snapshot, scan, gap(3), snapshot, scan, gap(2), snapshot, scan, gap(1), snapshot];
        assert_eq!(rows, wanted);
    }
}
