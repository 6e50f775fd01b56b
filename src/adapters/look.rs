//! Looking at one point on the wire, as a person beside the device does.

use std::sync::Arc;
use std::time::Duration;

use plant::id::PointId;
use plant::reading::Why;
use tokio::sync::mpsc;

use super::mailbox::Slots;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The raw words of a point, or bits as 0 and 1; or why there are none.
pub type Words = Result<Vec<u16>, Why>;

/// Somebody wants to see a point's raw words. Dropped unanswered by every bus that does not have the point.
#[derive(Clone, Debug)]
pub struct Look {
    /// Which point.
    pub point: PointId,
    reply: mpsc::Sender<Words>,
}

impl Look {
    /// Tells. Somebody who has gone away is no error.
    pub fn tell(&self, words: Words) {
        drop(self.reply.try_send(words));
    }
}

/// The way to every bus for those who only look.
#[derive(Clone, Debug, Default)]
pub struct Looker(Vec<Arc<Slots>>);

impl Looker {
    pub(super) const fn new(buses: Vec<Arc<Slots>>) -> Self {
        Self(buses)
    }

    /// The raw words of a point as they are on the wire now; nothing where no bus has the point, or nobody answers in time.
    pub async fn look(&self, point: PointId) -> Option<Words> {
        let (reply, mut words) = mpsc::channel(1);
        for bus in &self.0 {
            bus.look(Look { point, reply: reply.clone() });
        }
        drop(reply);
        tokio::time::timeout(PATIENCE, words.recv()).await.ok().flatten()
    }
}
