//! Windows for people and programs who ask.

use plant::hall::Hall;
use plant::hall::window::Window;
use plant::time::{Tick, Wall};
use serde::{Deserialize, Serialize};

use super::{Seen, Windows};

/// Every window, as of the last scan. Instants are those of the window's clock with its offset: `2026-10-25T02:15:00+01:00`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowsView {
    /// The wall clock is trusted; while it is not no window is open.
    pub clock_trusted: bool,
    /// In the order of the hall.
    pub windows: Vec<WindowView>,
}

/// A window, as a status and metrics have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenView {
    /// Its name.
    pub name: String,
    /// It is open.
    pub open: bool,
}

/// A window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowView {
    /// Its name.
    pub name: String,
    /// It is open.
    pub open: bool,
    /// When it was first seen as it is; nothing where nobody knows.
    pub since: Option<String>,
    /// Until when it is open; nothing where it is not, or not for the next 400 days.
    pub until: Option<String>,
    /// When it opens next; nothing where it does not within 400 days, or the clock is not trusted.
    pub next: Option<String>,
}

impl Windows {
    /// Which are open, in the order of the hall.
    #[must_use]
    pub fn brief(&self) -> Vec<OpenView> {
        self.of.iter().map(|seen| OpenView { name: seen.name.clone(), open: seen.open }).collect()
    }

    /// All of it, for people.
    #[must_use]
    pub fn view(&self, hall: &Hall, tick: Tick) -> WindowsView {
        let rows = hall.windows.rows().iter().zip(&self.of);
        WindowsView { clock_trusted: tick.clock_trusted, windows: rows.map(|(of, seen)| seen.view(of, tick)).collect() }
    }
}

impl Seen {
    fn view(&self, window: &Window, tick: Tick) -> WindowView {
        let stamp = |at: Option<Wall>| at.map(|at| window.zone.stamp(at));
        // Without a clock nobody knows what comes.
        let now = tick.clock_trusted.then_some(tick.wall);
        WindowView {
            name: self.name.clone(),
            open: self.open,
            since: stamp(self.since),
            until: stamp(now.filter(|_| self.open).and_then(|at| window.open_until(at))),
            next: stamp(now.and_then(|at| window.next_opening(at))),
        }
    }
}
