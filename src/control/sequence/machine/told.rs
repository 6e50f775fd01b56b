//! What a machine says of itself.

use plant::command::Reason;
use plant::event::Trouble;

use super::{Life, Machine};

impl Machine {
    /// What is wrong with it, if anything is.
    #[must_use]
    pub const fn trouble(&self) -> Option<Trouble> {
        match self.life() {
            Life::Failed(trouble) => Some(trouble),
            Life::Unseen { .. } | Life::Off | Life::Starting | Life::On | Life::Stopping => None,
        }
    }

    /// Why it is told what it is told, where its own state says so.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        match self.life() {
            Life::Unseen { .. } => Some(Reason::OnPanel),
            Life::Failed(trouble) => Some(Reason::Failed(trouble)),
            Life::Off | Life::Starting | Life::On | Life::Stopping => None,
        }
    }
}
