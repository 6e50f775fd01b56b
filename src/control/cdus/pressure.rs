//! Whether the plates of a row have their pressure. Plates warm within seconds, and no valve is that fast: a row that has lost it asks for
//! less power ([`super::super::trips`]) until pressure and coolant are back to normal, and by no timer.

use plant::event::Rung;
use plant::hall::Hall;
use plant::hall::sequence::cdu::{CduTuning, DrivenCdu};
use plant::id::RowId;
use plant::reading::Why;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::{Cdu, stands, turns};
use crate::control::scene::Scene;
use crate::control::sequence::Timer;

/// A pressure that nobody has read since the boot may still come for so long.
const AWAITED: Span = Span::from_secs(60);

/// What is seen of a row's pressure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pressure {
    /// It has been gone for too long.
    pub lost: bool,
    /// Pressure and coolant are seen to be normal, and no CDU is shut off for a leak.
    pub nominal: bool,
    /// What is to be asked for a CDU that is shut off for a leak: less power where another one carries the row, none where none does.
    pub leak: Option<Rung>,
}

/// One row with CDUs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Row {
    row: RowId,
    low: Timer,
    /// How long a pressure has not been read in this boot.
    awaited: Timer,
    seen: Pressure,
}

/// Every row with CDUs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pressures(Vec<Row>);

impl Pressure {
    /// That of a row without CDUs.
    pub const NONE_NEEDED: Self = Self { lost: false, nominal: true, leak: None };
    /// Nothing has been seen.
    const UNSEEN: Self = Self { lost: false, nominal: false, leak: None };
}

impl Pressures {
    /// Nothing is known.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        let has = |row: &RowId| hall.cdus.iter().any(|cdu| cdu.row == *row);
        let rows = hall.rows.ids().filter(has);
        Self(
            rows.map(|row| Row { row, low: Timer::default(), awaited: Timer::default(), seen: Pressure::UNSEEN })
                .collect(),
        )
    }

    /// That of a row.
    #[must_use]
    pub fn of(&self, id: RowId) -> Pressure {
        self.0.iter().find(|row| row.row == id).map_or(Pressure::NONE_NEEDED, |row| row.seen)
    }

    /// One scan: `setpoint` is what the coolant's loops aim at (°C).
    pub fn step(&mut self, (scene, tuning): (&Scene<'_>, &CduTuning), (setpoint, cdus): (f64, &[Cdu])) {
        let starting = |n: usize| cdus.get(n).is_some_and(|cdu| cdu.pumps.crew().is_starting());
        let shut = |n: usize| cdus.get(n).is_some_and(Cdu::is_shut_off);
        let of = &tuning.caps;
        for row in &mut self.0 {
            let (id, dt) = (row.row, scene.dt);
            let units = || scene.hall.cdus.iter().enumerate().filter(move |(_, cdu)| cdu.row == id);
            // One whose pumps are seen standing presses nothing, whatever its sensor says.
            let pressing = || units().map(|(_, cdu)| cdu).filter(|cdu| !stands(scene, cdu));
            // The CDUs of a row feed one manifold: the one that presses most counts. A doubted one may be it, and one not read yet.
            let best = pressing().filter_map(|cdu| scene.fresh(cdu.of.dp)).reduce(f64::max);
            row.awaited.count(pressing().any(|cdu| is_unread(scene, cdu)), dt);
            let awaited = row.awaited.so_far() > Span::ZERO && !row.awaited.reached(AWAITED);
            let doubted = awaited || pressing().any(|cdu| scene.is_stale(cdu.of.dp));
            // Where no pressure is known and nobody sees a pump turn there is none.
            let turning = || units().flat_map(|(_, cdu)| &cdu.pumps).any(|pump| turns(scene, pump));
            let low = best.map_or_else(|| (!turning()).then_some(true), |best| Some(best < of.least_dp.0));
            if let Some(low) = low.filter(|low| !low || !doubted) {
                row.low.count(low, dt);
            }
            let bound = if units().any(|(n, _)| starting(n)) { of.after.max(of.cure_within) } else { of.after };
            let pressed = best.is_some_and(|best| best >= tuning.pump.setpoint - of.nominal_dp.0);
            let cool = |cdu: &DrivenCdu| scene.fresh(cdu.of.supply).is_some_and(|t| t <= setpoint + of.nominal_supply);
            let mut feeding = pressing().filter(|cdu| presses(scene, cdu, of.least_dp.0)).peekable();
            let nominal = pressed && feeding.peek().is_some() && feeding.all(cool);
            let lost = row.low.reached(bound);
            let alone = lost || units().all(|(n, _)| shut(n));
            let leaks = units().any(|(n, _)| shut(n));
            let leak = leaks.then_some(if alone { Rung::Off } else { Rung::Cap });
            row.seen = Pressure { lost, nominal: nominal && !leaks, leak };
        }
    }
}

/// Its pressure has not been read in this boot.
fn is_unread(scene: &Scene<'_>, cdu: &DrivenCdu) -> bool {
    scene.image.read(cdu.of.dp).why() == Some(Why::NeverRead)
}

/// It presses coolant into the row's manifold.
fn presses(scene: &Scene<'_>, cdu: &DrivenCdu, least: f64) -> bool {
    scene.fresh(cdu.of.dp).is_some_and(|dp| dp >= least)
}
