//! Numbers that hold per slot.

/// One number for each slot; what lies outside is zero, and what is added there is nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slots(pub Vec<f64>);

impl Slots {
    /// Zeros.
    pub fn zeros(slots: usize) -> Self {
        Self(vec![0.0; slots])
    }

    /// The number of a slot.
    pub fn at(&self, slot: usize) -> f64 {
        self.0.get(slot).copied().unwrap_or(0.0)
    }

    /// Adds to a slot.
    pub fn add(&mut self, slot: usize, more: f64) {
        if let Some(here) = self.0.get_mut(slot) {
            *here += more;
        }
    }
}
