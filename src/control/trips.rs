//! The trip ladder of a row: what is asked of its machines when all that cools it does not do.
//!
//! ```text
//!   inlet ≥ `inlet-max` ─▶ more cooling: [`super::safety`]
//!   inlet ≥ `cap` ───────▶ its machines should draw less      each for `after`, and all of it until the row is back to normal:
//!   inlet ≥ `drain` ─────▶ jobs should leave it               its inlets are seen and recommended, the hot one among them.
//!   inlet ≥ `off` ───────▶ its machines should be off         and its plates have their pressure. No timer ends it
//!   no inlet known for `blind-after` ─▶ its machines should draw less
//!   its plates have no pressure ──────▶ its machines should draw less, at once
//!   a CDU of it is shut off for a leak ▶ its machines should draw less, at once, and be off where no other CDU presses
//! ```
//!
//! A stale inlet counts with its aged value, as everywhere. Silence alone asks for less power and no more: jobs leave, and machines go
//! off, only where an inlet of the row has been *seen* at the first rung; from there on stale ones count for all rungs.

use plant::event::{About, CapReason, Rung};
use plant::hall::{Hall, Limits, Row};
use plant::id::{PointId, RowId, Table};
use plant::reading::{Reading, Why};
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::asks::{Ask, Asks, Wants};
use super::cdus::Pressure;
use super::news::News;
use super::quality::Image;
use super::scene::Scene;
use super::sequence::Timer;

/// An inlet that was hot and is lost is forgotten when all others have been recommended for so long: what is asked must not stand for ever
/// because a sensor is dead.
const FORGET: Span = Span::from_secs(900);

/// What is remembered of one row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RowTrips {
    asks: Asks,
    /// How long its worst inlet has been at each rung.
    hot: [Timer; Rung::ALL.len()],
    /// How long none of its inlets has been known.
    blind: Timer,
    /// The inlet that was seen at the first rung last.
    seen: Option<PointId>,
    /// How long it has been lost while all others are recommended.
    gone: Timer,
}

/// Every row, in the hall's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trips(Table<RowId, RowTrips>);

impl Trips {
    /// Nothing is asked.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        Self(Table::filled(hall.rows.len(), RowTrips::default()))
    }

    /// A new boot: what stands stands, and what is about to begin begins anew.
    pub fn restart(&mut self) {
        for row in self.0.rows_mut() {
            *row = RowTrips { asks: row.asks, seen: row.seen, ..RowTrips::default() };
        }
    }

    /// What is asked of the machines of rows.
    pub fn requests(&self) -> impl Iterator<Item = (RowId, Ask)> {
        self.0.iter().flat_map(|(id, row)| row.asks.standing().map(move |ask| (id, ask)))
    }

    /// One scan. `pressure` tells that at the plates of a row.
    pub fn step(&mut self, scene: &Scene<'_>, pressure: impl Fn(RowId) -> Pressure, news: &mut News<'_>) {
        for ((id, row), trips) in scene.hall.rows.iter().zip(self.0.rows_mut()) {
            let sight = Sight::of(row, scene.image, trips.seen);
            trips.step((&sight, pressure(id)), &scene.hall.limits, (About::Row(id), scene.dt), news);
        }
    }
}

impl RowTrips {
    fn step(
        &mut self,
        (sight, pressure): (&Sight, Pressure),
        limits: &Limits,
        (about, dt): (About, Span),
        news: &mut News<'_>,
    ) {
        let rules = &limits.trips;
        if let Some((inlet, _)) = sight.fresh.filter(|(_, celsius)| *celsius >= rules.cap.0) {
            self.seen = Some(inlet);
        }
        for (rung, hot) in Rung::ALL.into_iter().zip(&mut self.hot) {
            let aged = rung == Rung::Cap || self.seen.is_some();
            let worst = if aged { sight.worst } else { sight.fresh };
            hot.count(worst.is_some_and(|(_, celsius)| celsius >= rules.at(rung).0), dt);
        }
        self.blind.count(sight.is_blind(), dt);
        let [cap, drain, off] = self.hot.map(|hot| hot.reached(rules.after).then_some(CapReason::InletHot));
        let unseen = self.blind.reached(rules.blind_after).then_some(CapReason::Unseen);
        let lost = pressure.lost.then_some(CapReason::PressureLost);
        let leaks = pressure.leak.map(|_| CapReason::Leak);
        let off = leaks.filter(|_| pressure.leak == Some(Rung::Off)).or(off);
        let cool = sight.is_nominal(limits);
        let nominal = cool && pressure.nominal;
        self.asks.step(&Wants { cap: leaks.or(lost).or(cap).or(unseen), drain, off, nominal }, (about, dt), news);
        self.gone.count(sight.is_cool_but_for_the_lost(limits), dt);
        if cool || self.gone.reached(FORGET) {
            self.seen = None;
        }
    }
}

/// What one scan sees of a row's inlets.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sight {
    /// The worst, aged if stale.
    worst: Option<(PointId, f64)>,
    /// The worst of those that are known now.
    fresh: Option<(PointId, f64)>,
    /// How many have a source,
    sourced: usize,
    /// how many of them are doubted,
    stale: usize,
    /// and how many are lost.
    lost: usize,
    /// The one that was hot is not known now.
    misses_hot: bool,
}

impl Sight {
    /// `hot` is the inlet that was seen at the first rung last.
    fn of(row: &Row, image: Image<'_>, hot: Option<PointId>) -> Self {
        let worse = |worst: Option<(PointId, f64)>, next: (PointId, f64)| match worst {
            Some(worst) if worst.1 >= next.1 => Some(worst),
            Some(_) | None => Some(next),
        };
        let mut sight = Self::default();
        for inlet in row.racks.iter().map(|rack| rack.inlet.id()) {
            match image.number(inlet) {
                Reading::Lost { why: Why::Config } => continue,
                Reading::Fresh(celsius) => {
                    sight.worst = worse(sight.worst, (inlet, celsius));
                    sight.fresh = worse(sight.fresh, (inlet, celsius));
                }
                Reading::Stale { last, .. } => {
                    sight.worst = worse(sight.worst, (inlet, last));
                    sight.stale += 1;
                    sight.misses_hot |= hot == Some(inlet);
                }
                Reading::Lost { .. } => {
                    sight.lost += 1;
                    sight.misses_hot |= hot == Some(inlet);
                }
            }
            sight.sourced += 1;
        }
        sight
    }

    /// Nobody sees whether the row is cooled.
    const fn is_blind(&self) -> bool {
        self.sourced > 0 && self.worst.is_none()
    }

    /// Its inlets are seen and recommended: none doubted, most known, the hot one among them.
    fn is_nominal(&self, limits: &Limits) -> bool {
        self.is_cool(limits) && !self.misses_hot
    }

    /// The same of all but the one that was hot and is lost.
    fn is_cool_but_for_the_lost(&self, limits: &Limits) -> bool {
        self.is_cool(limits) && self.misses_hot
    }

    fn is_cool(&self, limits: &Limits) -> bool {
        let cool = self.fresh.is_some_and(|(_, celsius)| celsius <= limits.inlet_recommended.0);
        cool && self.stale == 0 && 2 * self.lost < self.sourced
    }
}
