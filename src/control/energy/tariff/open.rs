//! The windows of a demand around an instant, for who has to keep them while they are open. Nothing here allocates.

use plant::time::Wall;

use super::{DemandCharge, Per, Tariff, WindowKind};

/// Where windows around an instant may lie: in one stretch of a demand's hours, within one billing period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// They begin here at the earliest.
    pub from: Wall,
    /// They end here at the latest.
    pub to: Wall,
}

impl DemandCharge {
    /// Where windows that hold an instant may lie; nothing where it is outside of its hours, or of the dates of the meter. It reaches as far as a
    /// window does, and no farther.
    #[must_use]
    pub fn around(&self, tariff: &Tariff, at: Wall) -> Option<Stretch> {
        let length = self.window.length;
        let (mut run, mut next) = (None, Wall(at.0.saturating_sub(length)));
        let last = Wall(at.0.saturating_add(length));
        while next < last {
            let (here, until) = (next, tariff.zone.until(next, &self.stops).min(last));
            if self.covers(tariff.local(here), &tariff.holidays) {
                run = run.or(Some(here));
            } else if here <= at {
                run = None;
            } else {
                break;
            }
            next = until;
        }
        let (from, to) = self.billed_once(tariff, at)?;
        let run = run.filter(|run| *run <= at)?;
        Some(Stretch { from: run.max(from), to: next.min(to) })
    }

    /// Calls with each window that holds an instant, begin and end. Those of a rolling demand are as many as there are instants: it looks at those that
    /// begin at these, and not earlier than a length before.
    pub fn open(
        &self,
        tariff: &Tariff,
        at: Wall,
        begins: impl Iterator<Item = Wall>,
        mut each: impl FnMut(Wall, Wall),
    ) {
        let Some(stretch) = self.around(tariff, at) else { return };
        let length = self.window.length;
        let mut look = |begin: Wall, end: Wall| {
            if stretch.from <= begin && end <= stretch.to {
                each(begin, end);
            }
        };
        if let Some(named) = &self.coincident {
            let ends = |begin: &Wall| Wall(begin.0.saturating_add(length));
            named
                .at
                .iter()
                .filter(|begin| **begin <= at && at < ends(begin))
                .for_each(|begin| look(*begin, ends(begin)));
            return;
        }
        match self.window.kind {
            WindowKind::Fixed => {
                let (begin, end) = tariff.zone.window(at, length);
                look(begin, end);
            }
            WindowKind::Block => {
                let step = self.window.step;
                let mut begin = tariff.zone.window(Wall(at.0.saturating_sub(length)), step).0;
                while begin <= at {
                    let end = Wall(begin.0.saturating_add(length));
                    if end > at {
                        look(begin, end);
                    }
                    begin = tariff.zone.aligned(begin, step);
                }
            }
            WindowKind::Rolling => {
                for begin in begins.filter(|begin| at.0.saturating_sub(length) < begin.0 && *begin <= at) {
                    look(begin, Wall(begin.0.saturating_add(length)));
                }
            }
        }
    }

    /// The stretch around an instant within which its peak is one: a billing period, or a day of it.
    #[must_use]
    pub fn billed_once(&self, tariff: &Tariff, at: Wall) -> Option<(Wall, Wall)> {
        let (from, to) = match self.per {
            Per::Day => {
                let date = tariff.local(at).date;
                (date, date.tomorrow().ok()?)
            }
            Per::Month | Per::Year => tariff.billed_with(at)?,
        };
        tariff.zone.begin(from).zip(tariff.zone.begin(to))
    }
}
