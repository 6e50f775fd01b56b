//! What a scan tells everybody else: topics, metrics, history, people. Made after the outputs have left, handed to
//! another thread; a slow listener costs bulletins, never a scan and never an event.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use plant::command::Command;
use plant::event::Event;
use plant::id::{PointId, Table};
use plant::image::Inputs;
use plant::reading::Reading;
use plant::time::Tick;

use crate::control::Controller;
use crate::control::report::{LoopView, Status, Written};

/// How many bulletins may wait for the listener.
const WAITING: usize = 16;
/// How many events may wait; beyond it the oldest go, and the log says so.
const EVENTS: usize = 65_536;

/// The state of the hall after one scan.
#[derive(Clone, Debug)]
pub struct Bulletin {
    /// The scan.
    pub tick: Tick,
    /// The frozen image.
    pub inputs: Inputs,
    /// Every point as judged.
    pub readings: Table<PointId, Reading<f64>>,
    /// Every output.
    pub commands: Vec<Command>,
    /// What is known of every output's device, in the order of the commands.
    pub written: Vec<Written>,
    /// Every loop's terms.
    pub loops: Vec<LoopView>,
    /// What happened since the bulletin before, oldest first.
    pub events: Vec<Event>,
    /// The hall on one page.
    pub status: Arc<Status>,
    /// True while the journal can keep what is promised.
    pub promising: bool,
}

/// The scan's end of the channel.
pub struct Teller {
    sender: SyncSender<Bulletin>,
    pending: Vec<Event>,
    last_ms: Option<u64>,
}

/// A channel of bulletins.
#[must_use]
pub fn channel() -> (Teller, Receiver<Bulletin>) {
    let (sender, receiver) = sync_channel(WAITING);
    (Teller { sender, pending: Vec::new(), last_ms: None }, receiver)
}

impl Teller {
    /// Tells of a scan: at most ten times a second, and always when there are events.
    pub fn tell(&mut self, controller: &Controller, inputs: &Inputs, tick: Tick, promising: bool) {
        let outputs = controller.outputs();
        self.pending.extend_from_slice(&outputs.events);
        let surplus = self.pending.len().saturating_sub(EVENTS);
        if surplus > 0 {
            tracing::error!(
                surplus,
                "nobody takes events: the oldest are no longer told, only a replay of the journal tells them"
            );
            self.pending.drain(..surplus);
        }
        let now_ms = tick.mono.0 / 1_000_000;
        let quiet = self.last_ms.is_some_and(|last| now_ms < last.saturating_add(100));
        if quiet && self.pending.is_empty() {
            return;
        }
        self.last_ms = Some(now_ms);
        let bulletin = Bulletin {
            tick,
            inputs: inputs.clone(),
            readings: controller.hall().points.ids().map(|p| controller.reading(p)).collect(),
            commands: outputs.commands.clone(),
            written: controller.written().collect(),
            loops: controller.loops(),
            events: std::mem::take(&mut self.pending),
            status: Arc::new(controller.status()),
            promising,
        };
        match self.sender.try_send(bulletin) {
            Ok(()) => {}
            Err(TrySendError::Full(bulletin) | TrySendError::Disconnected(bulletin)) => {
                self.pending = bulletin.events;
            }
        }
    }
}
