//! Answers that wait for their commit: told to the asker only once the journal has them on disk.

use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::service::api::call::Answer;
use crate::service::journal::Receipt;

/// How long a commit may take before the asker is told that nothing is promised.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many answers may wait.
const WAITING: usize = 256;

struct Promise {
    receipt: Receipt,
    answer: Answer,
    reply: oneshot::Sender<Answer>,
}

/// The thread that waits, so that the scan does not.
#[derive(Debug)]
pub struct Promises(SyncSender<Promise>);

impl std::fmt::Debug for Promise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Promise").field("answer", &self.answer).finish_non_exhaustive()
    }
}

impl Promises {
    /// Starts the thread; it ends when this is dropped.
    ///
    /// # Errors
    /// The machine gives no more threads.
    pub fn start() -> io::Result<Self> {
        let (sender, receiver) = sync_channel::<Promise>(WAITING);
        std::thread::Builder::new().name("promises".into()).spawn(move || {
            while let Ok(promise) = receiver.recv() {
                let answer = match promise.receipt.wait(PATIENCE) {
                    Ok(()) => promise.answer,
                    Err(why) => Answer::Unable(format!("in force until a restart only: {why}")),
                };
                drop(promise.reply.send(answer));
            }
        })?;
        Ok(Self(sender))
    }

    /// Sends `answer` once `receipt` is fulfilled. Never blocks: with too many waiting the asker is told so.
    pub fn keep(&self, receipt: Receipt, answer: Answer, reply: oneshot::Sender<Answer>) {
        if let Err(refused) = self.0.try_send(Promise { receipt, answer, reply }) {
            let promise = match refused {
                std::sync::mpsc::TrySendError::Full(p) | std::sync::mpsc::TrySendError::Disconnected(p) => p,
            };
            drop(promise.reply.send(Answer::Unable("too many answers wait for the disk".into())));
        }
    }
}
