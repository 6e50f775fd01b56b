//! What a battery is charged with, as early as it costs no more.
//!
//! A programme does not care when a battery is charged as long as money is the same, and takes the last moment as gladly as the first. A load does: where more
//! flows than was expected less is charged, and the last moment has no next one. So what is charged later moves to where it costs no more, has room below
//! limits and targets, and can be held in the battery until then. No slot draws more for it than a little less than the peak that is paid anyway.

use super::cost::Lived;
use super::problem::{Battery, Problem, SLOT_HOURS};
use super::slots::Slots;
use super::windows::Window;

/// Charging that moves leaves so much of a peak (1).
const BELOW: f64 = 0.01;
/// What is not worth a move (kW).
const NOTHING: f64 = 1e-6;

/// What the battery takes (kW; negative: gives), charged as early as it costs no more.
pub fn early(problem: &Problem, windows: &[Vec<Window>], lived: &Lived) -> Option<Slots> {
    let battery = problem.battery.as_ref()?;
    let Lived { battery: moves, level: levels, site, peaks, .. } = lived.clone();
    let mut charge = Charge { problem, battery, windows, peaks, moves, levels, site };
    (0..problem.slots.len()).for_each(|to| charge.pull(to));
    Some(charge.moves)
}

struct Charge<'p> {
    problem: &'p Problem,
    battery: &'p Battery,
    /// The windows of each demand, and its peak (kW).
    windows: &'p [Vec<Window>],
    peaks: Vec<f64>,
    moves: Slots,
    /// At the end of each slot (kWh).
    levels: Slots,
    /// What the site draws (kW).
    site: Slots,
}

impl Charge<'_> {
    /// Brings to a slot what later ones charge, the next of them first.
    fn pull(&mut self, to: usize) {
        if self.moves.at(to) < 0.0 {
            return;
        }
        let mut full = self.levels.at(to);
        for from in to + 1..self.moves.0.len() {
            let free = (self.battery.capacity - full) / (self.battery.charge_efficiency * SLOT_HOURS);
            if free.min(self.battery.charge - self.moves.at(to)) < NOTHING {
                return;
            }
            let some = self.moves.at(from) > NOTHING && self.costs(to) <= self.costs(from);
            let moved = if some { self.moves.at(from).min(self.room(to, from)).min(free) } else { 0.0 };
            if moved > NOTHING {
                for of in [&mut self.moves, &mut self.site] {
                    of.add(to, moved);
                    of.add(from, -moved);
                }
                let stored = moved * self.battery.charge_efficiency * SLOT_HOURS;
                (to..from).for_each(|slot| self.levels.add(slot, stored));
                full += stored;
            }
            full = full.max(self.levels.at(from));
        }
    }

    /// How much more a slot may draw that another draws less (kW). Windows that both are in draw the same.
    fn room(&self, to: usize, from: usize) -> f64 {
        let limit = self.problem.slots.get(to).map_or(0.0, |slot| slot.most() - self.site.at(to));
        let below = |(windows, peak): (&Vec<Window>, &f64)| {
            let here = windows.iter().filter(|window| window.slots.contains(&to) && !window.slots.contains(&from));
            here.map(|window| (peak * (1.0 - BELOW) - window.mean(&self.site)) * window.length)
                .fold(f64::INFINITY, f64::min)
        };
        let windows = self.windows.iter().zip(&self.peaks).map(below);
        windows.fold(limit.min(self.battery.charge - self.moves.at(to)), f64::min)
    }

    /// What a kWh costs there, carbon included (currency).
    fn costs(&self, slot: usize) -> f64 {
        self.problem.slots.get(slot).map_or(f64::MAX, |s| s.worth(self.problem.co2))
    }
}
