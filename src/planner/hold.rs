//! What a battery can hold, without a solver: from the end backwards, what must be in it so that everything later is held.

use super::problem::{Battery, Problem, SLOT_HOURS, Slot};
use super::slots::Slots;
use super::windows::Window;

/// The most that the site may draw in each slot: its limit and the targets of the demands that count there (kW).
///
/// Of a window of several slots each has to stay below the target: what holds slot by slot holds as a mean.
pub fn caps(problem: &Problem, windows: &[Vec<Window>], targets: &[f64]) -> Slots {
    let mut caps = Slots(problem.slots.iter().map(Slot::most).collect());
    for (windows, target) in windows.iter().zip(targets) {
        for window in windows {
            for cap in caps.0.iter_mut().take(window.slots.end).skip(window.slots.start) {
                *cap = cap.min(*target);
            }
        }
    }
    caps
}

/// What must be in the battery before each slot, and at the end, so that loads stay below caps (kWh); nothing where that cannot be.
pub fn levels(battery: &Battery, loads: &Slots, caps: &Slots) -> Option<Slots> {
    let mut need = reachable(battery, loads, caps);
    let mut levels = vec![need];
    for (load, cap) in loads.0.iter().zip(&caps.0).rev() {
        let excess = load - cap;
        if excess > battery.discharge + 1e-6 {
            return None;
        }
        need = if excess > 0.0 {
            need.max(battery.least()) + excess * SLOT_HOURS / battery.discharge_efficiency
        } else {
            need - (-excess).min(battery.charge) * battery.charge_efficiency * SLOT_HOURS
        };
        need = need.max(battery.least());
        if need > battery.capacity + 1e-6 {
            return None;
        }
        levels.push(need);
    }
    levels.reverse();
    (levels.first().copied().unwrap_or(0.0) <= battery.level + 1e-6).then_some(Slots(levels))
}

/// What can be in it at the end at all, up to what shall be (kWh).
fn reachable(battery: &Battery, loads: &Slots, caps: &Slots) -> f64 {
    let room = |(load, cap): (&f64, &f64)| (cap - load).clamp(0.0, battery.charge) * battery.charge_efficiency;
    let most: f64 = loads.0.iter().zip(&caps.0).map(room).sum::<f64>() * SLOT_HOURS;
    battery.last().min(battery.level + most)
}

/// What the battery takes so that it holds them: as much as later slots need, where there is room.
pub fn moves(battery: &Battery, loads: &Slots, caps: &Slots) -> Option<Slots> {
    let needs = levels(battery, loads, caps)?;
    let mut level = battery.level;
    let mut moves = Vec::new();
    for (n, (load, cap)) in loads.0.iter().zip(&caps.0).enumerate() {
        let excess = load - cap;
        let kw = if excess > 0.0 {
            -excess.min(battery.discharge)
        } else {
            let wanted = (needs.at(n + 1) - level) / (battery.charge_efficiency * SLOT_HOURS);
            wanted.clamp(0.0, (-excess).min(battery.charge))
        };
        let efficiency = if kw > 0.0 { battery.charge_efficiency } else { 1.0 / battery.discharge_efficiency };
        level += kw * efficiency * SLOT_HOURS;
        moves.push(kw);
    }
    Some(Slots(moves))
}

/// The lowest peaks that the battery can hold, all demands lowered by the same share between what is free and what flows without it.
pub fn shave(problem: &Problem, windows: &[Vec<Window>], loads: &Slots) -> Slots {
    let none = Slots::zeros(problem.slots.len());
    let Some(battery) = &problem.battery else { return none };
    let ends: Vec<(f64, f64)> = problem
        .demands
        .iter()
        .zip(windows)
        .map(|(demand, windows)| (demand.free(), windows.iter().map(|w| w.mean(loads)).fold(demand.free(), f64::max)))
        .collect();
    let held = |share: f64| {
        let targets: Vec<f64> = ends.iter().map(|(low, high)| low + share * (high - low)).collect();
        moves(battery, loads, &caps(problem, windows, &targets))
    };
    let mut best = held(1.0).unwrap_or(none);
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..30 {
        let middle = f64::midpoint(low, high);
        match held(middle) {
            Some(moves) => (best, high) = (moves, middle),
            None => low = middle,
        }
    }
    best
}

/// The target of a demand that holds when the base load is high, the other targets kept (kW): its own, or the lowest above it.
pub fn firm(problem: &Problem, windows: &[Vec<Window>], (load, targets): (&Slots, &[f64]), demand: usize) -> f64 {
    let loads = Slots(problem.slots.iter().enumerate().map(|(n, s)| s.base_high + s.cooling * load.at(n)).collect());
    let own = targets.get(demand).copied().unwrap_or(0.0);
    let most = windows.get(demand).map_or(own, |w| w.iter().map(|w| w.mean(&loads)).fold(own, f64::max));
    let idle = Battery {
        charge: 0.0,
        discharge: 0.0,
        capacity: 0.0,
        charge_efficiency: 1.0,
        discharge_efficiency: 1.0,
        level: 0.0,
        reserve: 0.0,
        end: 0.0,
        worth: 0.0,
        wear: 0.0,
    };
    let battery = problem.battery.unwrap_or(idle);
    let within = |target: f64, limited: bool| {
        let only: Vec<f64> = (0..targets.len()).map(|n| if n == demand { target } else { f64::INFINITY }).collect();
        let limit = |slot: &Slot| if limited { slot.limit } else { f64::INFINITY };
        let caps = caps(problem, windows, &only).0.into_iter().zip(&problem.slots);
        let caps = Slots(caps.map(|(cap, slot)| cap.max(target).min(limit(slot))).collect());
        levels(&battery, &loads, &caps).is_some()
    };
    // Limits that it does not hold in any case say nothing about the target.
    let limited = within(most, true);
    let holds = |target| within(target, limited);
    if holds(own) {
        return own;
    }
    let (mut low, mut high) = (own, most);
    for _ in 0..40 {
        let middle = f64::midpoint(low, high);
        if holds(middle) { high = middle } else { low = middle }
    }
    (high * 1e3).round() / 1e3
}
