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
    let mut charge = Charge { problem, battery, moves, levels, site };
    for (to, slot) in problem.slots.iter().enumerate() {
        let limit = slot.most() - charge.site.at(to);
        let below = |(windows, peak): (&Vec<Window>, &f64)| {
            let here = windows.iter().filter(|window| window.slots.contains(&to));
            here.map(|window| (peak * (1.0 - BELOW) - window.mean(&charge.site)) * window.length).fold(limit, f64::min)
        };
        let room = windows.iter().zip(&peaks).map(below).fold(limit, f64::min);
        charge.pull(to, room);
    }
    Some(charge.moves)
}

struct Charge<'p> {
    problem: &'p Problem,
    battery: &'p Battery,
    moves: Slots,
    /// At the end of each slot (kWh).
    levels: Slots,
    /// What the site draws (kW).
    site: Slots,
}

impl Charge<'_> {
    /// Brings to a slot what later ones charge, the next of them first, up to so much more (kW).
    fn pull(&mut self, to: usize, room: f64) {
        if self.moves.at(to) < 0.0 {
            return;
        }
        let mut room = room.min(self.battery.charge - self.moves.at(to));
        let mut full = self.levels.at(to);
        for from in to + 1..self.moves.0.len() {
            let free = (self.battery.capacity - full) / (self.battery.charge_efficiency * SLOT_HOURS);
            if room.min(free) < NOTHING {
                return;
            }
            let moved = if self.costs(to) > self.costs(from) { 0.0 } else { self.moves.at(from).min(room).min(free) };
            if moved > NOTHING {
                for of in [&mut self.moves, &mut self.site] {
                    of.add(to, moved);
                    of.add(from, -moved);
                }
                let stored = moved * self.battery.charge_efficiency * SLOT_HOURS;
                (to..from).for_each(|slot| self.levels.add(slot, stored));
                (full, room) = (full + stored, room - moved);
            }
            full = full.max(self.levels.at(from));
        }
    }

    /// What a kWh costs there, carbon included (currency).
    fn costs(&self, slot: usize) -> f64 {
        self.problem.slots.get(slot).map_or(f64::MAX, |s| s.worth(self.problem.co2))
    }
}
