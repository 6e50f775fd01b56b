//! The way up the power tree.

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
