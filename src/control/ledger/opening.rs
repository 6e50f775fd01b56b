//! When something that names a window may begin, and from when on it counts before those that come later.

use plant::hall::window::Opening;
use plant::time::{Span, Wall};

use super::message::Inside;
use crate::control::term::later;

/// Windows by their names: the first time from an instant on at which one is open. Nothing where there is none of this name, or it does not open any more.
pub type Openings<'a> = &'a dyn Fn(&str, Wall) -> Option<Opening>;

/// How many openings are looked at for one that is long enough.
const LOOKS: usize = 64;

/// When something may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begin {
    /// It may begin then.
    pub at: Wall,
    /// From then on it is counted before those that come later.
    pub counts: Wall,
}

impl Begin {
    /// It takes only what nobody else waits for: its window is shut, and it may begin before.
    #[must_use]
    pub fn is_early(&self) -> bool {
        self.at < self.counts
    }
}

/// When something may begin, from an instant on; nothing where it never may. What is unlike a window's hours waits for the next one.
#[must_use]
pub fn begin(inside: Option<&Inside>, long: Option<Span>, from: Wall, openings: Openings<'_>) -> Option<Begin> {
    let Some(inside) = inside else { return Some(Begin { at: from, counts: Wall(i64::MIN) }) };
    let fits = long.filter(|_| inside.fit);
    let mut at = from;
    let mut found = None;
    for _ in 0..LOOKS {
        let Some(open) = openings(&inside.window, at) else { break };
        if fits.is_none_or(|long| later(open.from, long) <= open.to) {
            found = Some(open.from);
            break;
        }
        at = open.to;
    }
    match found {
        Some(opens) => Some(Begin { at: if inside.early { from } else { opens }, counts: opens }),
        None if inside.early => Some(Begin { at: from, counts: Wall(i64::MAX) }),
        None => None,
    }
}
