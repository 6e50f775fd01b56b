//! The way up the power tree, and the numbers that hold per slot.

use super::problem::Domain;

/// A domain and all that it hangs on, the nearest first.
pub fn up(domains: &[Domain], from: Option<usize>) -> impl Iterator<Item = usize> + '_ {
    let mut next = from;
    // A ring is refused before anything is planned; the count keeps even that from going on for ever.
    (0..domains.len()).map_while(move |_| {
        let here = next?;
        next = domains.get(here)?.parent;
        Some(here)
    })
}

/// True where a domain is found again on its way up.
pub fn is_ring(domains: &[Domain], from: usize) -> bool {
    let parent = |n: usize| domains.get(n).and_then(|d| d.parent);
    let mut here = parent(from);
    for _ in 0..domains.len() {
        match here {
            None => return false,
            Some(n) if n == from => return true,
            Some(n) => here = parent(n),
        }
    }
    false
}

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
