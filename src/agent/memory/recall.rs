//! Reading the memory without waiting for a disk that hangs.

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use super::{NodeMemory, load};

/// A thread that reads the file when it is asked to.
#[derive(Debug)]
pub struct Recall {
    ask: SyncSender<()>,
    hear: Receiver<Option<NodeMemory>>,
}

impl Recall {
    /// Of this file; nothing is read yet.
    ///
    /// # Errors
    /// There is no thread left.
    pub fn start(path: PathBuf) -> io::Result<Self> {
        let (ask, asked) = sync_channel(1);
        let (answer, hear) = sync_channel(1);
        let work = move || {
            for () in asked {
                if answer.send(load(&path).ok().flatten()).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("recall".into()).stack_size(256 * 1024).spawn(work)?;
        Ok(Self { ask, hear })
    }

    /// What the file remembers now; nothing where there is none, it cannot be read, or that takes longer than this.
    #[must_use]
    pub fn now(&self, within: Duration) -> Option<NodeMemory> {
        // The answer to a question that nobody waited for any more.
        drop(self.hear.try_recv());
        self.ask.try_send(()).ok()?;
        self.hear.recv_timeout(within).ok()?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_there_is_read_and_one_that_is_not_is_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("limits.json");
        let recall = Recall::start(path.clone()).expect("a thread");
        let within = Duration::from_secs(20);
        assert_eq!(recall.now(within), None);
        let held = NodeMemory { released: true, ..NodeMemory::default() };
        std::fs::write(&path, serde_json::to_vec(&held).expect("JSON")).expect("written");
        assert_eq!(recall.now(within), Some(held));
    }
}
