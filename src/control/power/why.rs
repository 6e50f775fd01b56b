//! What holds a GPU's cap, for people who ask.

use serde::{Deserialize, Serialize};

/// What holds a GPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Held {
    /// Its node is silent, or the GPU cannot be read, or people hold it: it counts at its most and is granted nothing.
    #[default]
    Doubt,
    /// Nothing: it may draw all that it wishes.
    Wish,
    /// This limit is used up, by its place among all.
    Limit(usize),
    /// It shall have more, and comes up step by step.
    Rising,
}

impl Held {
    /// It has less than it shall have only because caps rise step by step.
    pub fn rises(&mut self) {
        if *self == Self::Wish {
            *self = Self::Rising;
        }
    }
}
