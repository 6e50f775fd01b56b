//! The memory's own thread: a disk that hangs holds up nobody who has a limit to lower.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::NodeMemory;

/// Saves on a thread of its own, the newest first: what was handed over and not begun is not saved any more.
#[derive(Debug)]
pub struct Saver {
    shared: Arc<Shared>,
    /// What was handed over last.
    last: Option<NodeMemory>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    turn: Condvar,
}

#[derive(Debug, Default)]
struct State {
    next: Option<NodeMemory>,
    /// Counts what was handed over, and up to which of it all is done.
    handed: u64,
    done: u64,
    /// Why that is not on disk.
    failed: Option<String>,
    stop: bool,
}

/// How far the disk is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    /// Everything that was handed over is there.
    All,
    /// It takes its time.
    Late,
    /// It does not take it, and says why.
    Failed(String),
}

impl Saver {
    /// Saves by `save`, such as [`Keep::save`](super::Keep::save).
    ///
    /// # Errors
    /// There is no thread left.
    pub fn start(mut save: impl FnMut(&NodeMemory) -> io::Result<()> + Send + 'static) -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let of = Arc::clone(&shared);
        let work = move || {
            while let Some((number, memory)) = of.take() {
                let failed = save(&memory).err().map(|e| e.to_string());
                let mut state = of.lock();
                (state.done, state.failed) = (number, failed);
                drop(state);
                of.turn.notify_all();
            }
        };
        std::thread::Builder::new().name("memory".into()).spawn(work)?;
        Ok(Self { shared, last: None })
    }

    /// Hands over what is to be saved; its number. What was handed over last is not saved again, but where it failed.
    pub fn hand(&mut self, memory: NodeMemory) -> u64 {
        let mut state = self.shared.lock();
        let failed = state.done == state.handed && state.failed.is_some();
        if failed || self.last.as_ref() != Some(&memory) {
            state.handed = state.handed.saturating_add(1);
            state.next = Some(memory.clone());
            self.last = Some(memory);
            self.shared.turn.notify_all();
        }
        state.handed
    }

    /// Waits for the disk, and says how far it is with what was handed over up to this number.
    #[must_use]
    pub fn settled(&self, number: u64, within: Duration) -> Saved {
        let waits = |state: &mut State| state.done < number;
        let waited = self.shared.turn.wait_timeout_while(self.shared.lock(), within, waits);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if state.done < number {
            return Saved::Late;
        }
        state.failed.clone().map_or(Saved::All, Saved::Failed)
    }
}

impl Drop for Saver {
    /// The thread ends when it has done what it was told. It is not waited for: its disk may hang.
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.turn.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for something to save; nothing when it is over.
    fn take(&self) -> Option<(u64, NodeMemory)> {
        let idle = |state: &mut State| state.next.is_none() && !state.stop;
        let mut state = self.turn.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        let number = state.handed;
        state.next.take().map(|memory| (number, memory))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    fn held(released: bool) -> NodeMemory {
        NodeMemory { released, ..NodeMemory::default() }
    }

    #[test]
    fn a_disk_that_hangs_is_late_and_then_has_the_newest() {
        let (let_go, wait) = sync_channel::<()>(0);
        let (wrote, heard) = sync_channel(8);
        let mut saver = Saver::start(move |memory| {
            wrote.send(memory.released).expect("listened to");
            wait.recv().map_err(io::Error::other)
        })
        .expect("a thread");
        let first = saver.hand(held(false));
        assert_eq!(saver.settled(first, Duration::from_millis(20)), Saved::Late);
        assert_eq!(heard.recv(), Ok(false));
        let last = saver.hand(held(true));
        assert_eq!(saver.hand(held(true)), last, "the same is not saved twice");
        let_go.send(()).expect("it waits");
        assert_eq!(saver.settled(first, SOON), Saved::All);
        assert_eq!(saver.settled(last, Duration::from_millis(20)), Saved::Late);
        let_go.send(()).expect("it waits");
        assert_eq!((heard.recv(), saver.settled(last, SOON)), (Ok(true), Saved::All));
    }

    #[test]
    fn what_failed_is_handed_over_again() {
        let mut full = true;
        let save = move |_: &NodeMemory| {
            if std::mem::take(&mut full) { Err(io::Error::other("full")) } else { Ok(()) }
        };
        let mut saver = Saver::start(save).expect("a thread");
        let first = saver.hand(held(true));
        assert_eq!(saver.settled(first, SOON), Saved::Failed("full".to_owned()));
        let second = saver.hand(held(true));
        assert!(second > first);
        assert_eq!(saver.settled(second, SOON), Saved::All);
    }
}
