//! Publications on top of each other.

use plant::time::Wall;

use crate::control::tariff::Slot;

/// A slot, and when it was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// What holds from when to when.
    pub slot: Slot,
    /// When that was published.
    pub at: Wall,
}

/// What holds where `over` counts before `under`: all of `over`, and of `under` what it does not cover. Both are by time, and so is what
/// comes of it.
#[must_use]
pub fn overlay(over: &[Said], under: &[Said]) -> Vec<Said> {
    let mut all: Vec<Said> = over.to_vec();
    for said in under {
        let mut from = said.slot.from;
        let first = over.partition_point(|above| above.slot.to <= from);
        for above in over.iter().skip(first).take_while(|above| above.slot.from < said.slot.to) {
            all.extend(part(said, from, above.slot.from));
            from = above.slot.to;
        }
        all.extend(part(said, from, said.slot.to));
    }
    all.sort_unstable_by_key(|said| said.slot.from);
    all
}

/// A part of a slot; nothing where it has no length.
fn part(of: &Said, from: Wall, to: Wall) -> Option<Said> {
    (from < to).then_some(Said { slot: Slot { from, to, ..of.slot }, at: of.at })
}
