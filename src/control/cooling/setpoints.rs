//! How everything is run: as the hall's file has it, with the setpoints that the supervisor moves.

use plant::hall::Strategies;
use plant::hall::supervisor::LEVERS;
use serde::{Deserialize, Serialize};

/// The strategies of the file, and those in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setpoints {
    filed: Strategies,
    offsets: [f64; LEVERS],
    now: Strategies,
}

impl Setpoints {
    /// As the hall's file has them.
    #[must_use]
    pub const fn of(filed: Strategies) -> Self {
        Self { filed, offsets: [0.0; LEVERS], now: filed }
    }

    /// As the hall's file has them.
    #[must_use]
    pub const fn filed(&self) -> &Strategies {
        &self.filed
    }

    /// Those in force.
    #[must_use]
    pub const fn now(&self) -> &Strategies {
        &self.now
    }

    /// The hall's file says something else now.
    pub fn reload(&mut self, filed: &Strategies) {
        self.filed = *filed;
        self.now = filed.moved(&self.offsets);
    }

    /// The supervisor moves them.
    pub fn shift(&mut self, offsets: &[f64; LEVERS]) {
        if self.offsets != *offsets {
            self.offsets = *offsets;
            self.now = self.filed.moved(offsets);
        }
    }
}
