//! What the broker keeps of leases, read once after a start that knows of none.
//!
//! MQTT 3.1.1 does not say where what is kept ends. So who reads says something there himself once the broker has granted the subscription, and hears it behind all that was kept; who never hears it may
//! not read there.

use std::collections::BTreeMap;

/// Where who reads says something: no client and no lease has such a name.
pub const MARK: &str = "~";
/// How many messages are looked at, and how many bytes of them in all.
const MOST: (usize, usize) = (8192, 64 << 20);
/// The largest message that is looked at (bytes).
const LARGEST: usize = 64 * 1024;

/// What the broker keeps of a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Whose, by the topic.
    pub client: String,
    /// The lease, by the topic.
    pub lease: String,
    /// What it says; nothing where it is too large to look at.
    pub payload: Option<Vec<u8>>,
}

/// How far the reading is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The broker has granted the subscription.
    pub granted: bool,
    /// It has refused it, or what it keeps there ends connections.
    pub refused: bool,
    /// What was said behind all that was kept has come.
    pub marked: bool,
    /// How many messages have come.
    pub came: usize,
}

/// What has been read.
#[derive(Debug, Default)]
pub struct Shelf {
    /// The filter by which it is read, or was; and whether it is.
    filter: Option<String>,
    open: bool,
    reading: Reading,
    all: BTreeMap<(String, String), Option<Vec<u8>>>,
    bytes: usize,
    /// More than is looked at.
    over: u32,
}

impl Shelf {
    /// Reads by a filter from now on.
    pub fn open(&mut self, filter: String) {
        (self.filter, self.open) = (Some(filter), true);
    }

    /// It is read by this filter.
    #[must_use]
    pub fn reads(&self, filter: &str) -> bool {
        self.open && self.filter.as_deref() == Some(filter)
    }

    /// The filter by which it was read and is no more.
    #[must_use]
    pub fn was_read(&self) -> Option<&str> {
        self.filter.as_deref().filter(|_| !self.open)
    }

    /// The broker has said whether it may be read.
    pub const fn granted(&mut self, may: bool) {
        (self.reading.granted, self.reading.refused) = (may, self.reading.refused || !may);
    }

    /// The connection is gone: on the next one all of it comes again.
    pub const fn closed(&mut self) {
        (self.reading.granted, self.reading.marked) = (false, false);
    }

    /// How far it is.
    #[must_use]
    pub const fn reading(&self) -> Reading {
        self.reading
    }

    /// Something came there, kept or not.
    pub fn put(&mut self, (client, lease): (&str, &str), payload: &[u8], kept: bool) {
        if !self.open {
            return;
        }
        if (client, lease) == (MARK, MARK) {
            self.reading.marked = true;
            return;
        }
        // What is not kept is said by ourselves now.
        if !kept || payload.is_empty() {
            return;
        }
        self.reading.came = self.reading.came.saturating_add(1);
        let payload = (payload.len() <= LARGEST).then(|| payload.to_vec());
        let more = payload.as_ref().map_or(0, Vec::len);
        let key = (client.to_owned(), lease.to_owned());
        let known = self.all.contains_key(&key);
        if !known && (self.all.len() >= MOST.0 || self.bytes.saturating_add(more) > MOST.1) {
            self.over = self.over.saturating_add(1);
            return;
        }
        self.bytes = self.bytes.saturating_add(if known { 0 } else { more });
        self.all.insert(key, payload);
    }

    /// Ends the reading: the filter, all that was kept, and how much more there was than is looked at.
    pub fn close(&mut self) -> (Option<String>, Vec<Kept>, u32) {
        let all = std::mem::take(&mut self.all).into_iter();
        let kept = all.map(|((client, lease), payload)| Kept { client, lease, payload }).collect();
        let filter = if std::mem::take(&mut self.open) { self.filter.clone() } else { None };
        (filter, kept, self.over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_once_up_to_the_mark_and_nothing_else() {
        let mut shelf = Shelf::default();
        shelf.put(("slurm", "1-1"), b"early", true);
        shelf.open("budget/+/lease/+".to_owned());
        assert!(shelf.reads("budget/+/lease/+") && !shelf.reads("budget/+/request"));
        shelf.granted(true);
        shelf.put(("slurm", "1-1"), b"old", true);
        shelf.put(("slurm", "1-1"), b"new", true);
        shelf.put(("slurm", "1-2"), b"said now", false);
        shelf.put(("slurm", "1-3"), b"", true);
        shelf.put(("kueue", "1-4"), &vec![b'x'; LARGEST + 1], true);
        assert_eq!(shelf.reading(), Reading { granted: true, came: 3, ..Reading::default() });
        shelf.put((MARK, MARK), b"", false);
        assert!(shelf.reading().marked);
        shelf.closed();
        assert!(!shelf.reading().marked && !shelf.reading().granted, "it comes again");
        let (filter, kept, over) = shelf.close();
        let names: Vec<_> = kept.iter().map(|of| (of.lease.as_str(), of.payload.as_deref())).collect();
        assert_eq!((filter.as_deref(), over), (shelf.was_read(), 0));
        assert_eq!(names, [("1-4", None), ("1-1", Some(&b"new"[..]))]);
        shelf.put(("slurm", "1-1"), b"later", true);
        assert_eq!(shelf.close(), (None, Vec::new(), 0));
    }

    #[test]
    fn no_more_is_looked_at_than_there_is_room_for() {
        let mut shelf = Shelf::default();
        shelf.open("f".to_owned());
        (0..MOST.0 + 7).for_each(|n| shelf.put(("slurm", &n.to_string()), b"x", true));
        let (_, kept, over) = shelf.close();
        assert_eq!((kept.len(), over), (MOST.0, 7));
    }
}
