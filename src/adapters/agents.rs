//! GPU nodes' agents: what they say of their GPUs comes in, what they are granted goes out.
//!
//! ```text
//!   broker ─ agent/<node>/sample ─▶ line ─▶ desk (each node's newest report, when it came) ─ freeze ─▶ scan
//!   broker ◀─ agent/<node>/grant ── lend ◀─ desk (the caps of the newest scan) ◀──────────── write ─── scan
//!   broker ─ agent/<node>/state ──▶ line ─▶ whether an agent is what the hall's file says of its node
//!   socket of an agent on this machine ◀──▶ local ─▶ the same, without a broker
//! ```
//!
//! A connection of its own, by a client id of its own, so that the samples of a thousand GPUs never wait behind events, nor these behind them.
//! Both ways are levels, never resent: the next is newer. A sample that the broker kept is nobody's word of now and is dropped. Every grant
//! answers the newest report of its node, and its lease counts from when that was said: whatever a broker holds back is not longer lent.

mod desk;
mod lend;
mod line;
mod local;
mod state;

use std::path::PathBuf;
use std::sync::Arc;

use plant::hall::Hall;
use tokio::sync::mpsc;

pub use desk::{Counts, Desk};
pub use lend::Lent;

use super::Stamp;
use super::mqtt::{MqttConfig, MqttFault};
use line::Line;
use local::Local;

/// How many notes may wait for the service.
const MOST_NOTES: usize = 64;

/// What the service must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// An agent is not what the hall's file says of its node, or (false) none is any more.
    Differs(bool),
    /// The broker does not let us subscribe.
    Refused(&'static str),
}

/// Starts to listen to a hall's agents, inside a tokio runtime. With `lends` the caps of each scan go out; without, nothing is ever granted.
/// The connection is made in the background and for ever.
///
/// # Errors
/// Every fault of the configuration and its files; an unreachable broker is none.
pub fn start(
    (broker, sockets): (Option<&MqttConfig>, &[PathBuf]),
    hall: &Arc<Hall>,
    (stamp, lends): (Stamp, bool),
) -> Result<(Arc<Desk>, mpsc::Receiver<Note>), MqttFault> {
    let desk = Desk::new(hall, stamp);
    let (notes, hear) = mpsc::channel(MOST_NOTES);
    if let Some(config) = broker {
        let mut options = config.options()?;
        // Two clients of one id throw each other out.
        options.set_client_id(format!("{}-agents", config.client_id));
        tokio::spawn(Line::new(options, Arc::clone(&desk), notes.clone(), lends).run());
    }
    for socket in sockets {
        tokio::spawn(Local::new(socket.clone(), Arc::clone(&desk), notes.clone(), lends).run());
    }
    Ok((desk, hear))
}
