//! Windows of civil time: which are open, and since when.
//!
//! What a window says of any instant is [`Window`]'s own: control adds the clock. While that is not trusted nobody knows whether a window is
//! open, and none is: what waits for one goes on waiting. An opening that has been told is not told again after a restart.

#[cfg(test)]
mod tests;
pub mod view;

use plant::event::{About, What, WindowNews};
use plant::hall::Hall;
use plant::hall::window::Window;
use plant::id::{Id, WindowId};
use plant::time::{Tick, Wall};
use serde::{Deserialize, Serialize};

use super::news::News;

/// All that is known of windows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Windows {
    /// In the order of the hall.
    of: Vec<Seen>,
    /// People know that the clock is in doubt.
    doubted: bool,
}

/// A window as it was seen last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Seen {
    /// Its name: a hall may have others, or another order, since.
    name: String,
    open: bool,
    /// When it was first seen as it is; nothing before the first look, and where the clock was not trusted then.
    since: Option<Wall>,
}

impl Windows {
    /// Before the first scan: none is open.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        let mut windows = Self::default();
        windows.move_to(hall);
        windows
    }

    /// What is remembered goes on at a hall for the windows that it has.
    pub fn move_to(&mut self, hall: &Hall) {
        let known = std::mem::take(&mut self.of);
        let of = |window: &Window| {
            let seen = known.iter().find(|seen| seen.name == window.name).cloned();
            seen.unwrap_or_else(|| Seen { name: window.name.clone(), ..Seen::default() })
        };
        self.of = hall.windows.rows().iter().map(of).collect();
    }

    /// One scan. Allocates nothing.
    pub fn step(&mut self, hall: &Hall, tick: Tick, news: &mut News<'_>) {
        if self.of.is_empty() {
            return;
        }
        let doubted = !tick.clock_trusted;
        if doubted != self.doubted {
            self.doubted = doubted;
            news.switched(About::Hall, (What::Window(WindowNews::ClockDoubted(doubted)), doubted));
        }
        for ((id, window), seen) in hall.windows.iter().zip(&mut self.of) {
            let open = !doubted && window.open_at(tick.wall);
            if open != seen.open {
                (seen.open, seen.since) = (open, (!doubted).then_some(tick.wall));
                let told = match (open, doubted) {
                    (true, _) => WindowNews::Opened { until: window.open_until(tick.wall) },
                    (false, true) => WindowNews::Held,
                    (false, false) => WindowNews::Shut { next: window.open_from(tick.wall) },
                };
                news.info(About::Window(id), What::Window(told));
            }
        }
    }

    /// True while a window is open and the clock is trusted.
    #[must_use]
    pub fn is_open(&self, window: WindowId) -> bool {
        self.of.get(window.index()).is_some_and(|seen| seen.open)
    }
}
