//! What peaks cost in the slots ahead, with what is paid already.

use std::collections::BTreeSet;

use plant::time::Wall;

use super::{SLOTS, kind, slots};
use crate::control::outlook::{QUARTER_MS, middle, quarter};
use crate::control::tariff::{DemandCharge, Tariff, WindowKind};
use crate::planner::{Demand, MOST, Slot};

/// The longest window that a tariff has (slots); one of less than a quarter of an hour is planned as a whole one.
const LONGEST: i64 = 4;

/// What demands are reckoned from.
pub struct Scene<'a> {
    /// What energy and its peaks cost.
    pub tariff: &'a Tariff,
    /// Slot 0, as a quarter of an hour.
    pub first: i64,
    /// What flowed through the meter in an earlier quarter (W), as far as anybody knows.
    pub flowed: &'a dyn Fn(i64) -> Option<f64>,
}

/// What is known of a demand's billing periods (W).
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// What is paid in that of now,
    pub paid: f64,
    /// what is billed in any,
    pub floor: f64,
    /// and what a whole one is expected to come to.
    pub usual: f64,
}

/// One for each billing period that the plan reaches into: that of now, marked so, with what is paid in it, later ones with what is billed in any case. A later one of which the plan sees
/// only the beginning will have a higher peak than that has: what a whole one is expected to come to is taken to be paid. Nothing of a battery is kept from today's peak for less.
pub fn of(scene: &Scene<'_>, charge: &DemandCharge, known: Known) -> Vec<(bool, Demand)> {
    let (mut found, mut at): (Vec<(bool, Demand)>, i64) = (Vec::new(), 0);
    while at < SLOTS {
        let here = middle(scene.first.saturating_add(at));
        let Some((_, until)) = charge.billed_once(scene.tariff, here) else {
            at += 1; // outside the dates of the meter nothing is billed
            continue;
        };
        let until = quarter(Wall(until.0.saturating_add(QUARTER_MS - 1))).saturating_sub(scene.first);
        let end = until.clamp(at + 1, SLOTS);
        let first = found.is_empty() && at == 0;
        let paid = match (first, until > SLOTS) {
            (true, _) => known.paid,
            (false, true) => known.usual,
            (false, false) => known.floor,
        };
        let active: Vec<bool> = (0..SLOTS).map(|n| (at..end).contains(&n) && counts(scene, charge, n)).collect();
        if active.contains(&true) {
            found.push((first, demand(scene, charge, active, (paid, known.floor))));
        }
        at = end;
    }
    found
}

/// Gives each a name of its own: later billing periods are numbered.
pub fn name(demands: &mut [Demand]) {
    let mut taken = BTreeSet::new();
    for demand in demands {
        let mut name = demand.name.clone();
        for n in 2..=taken.len() + 1 {
            if !taken.contains(&name) {
                break;
            }
            name = format!("{}-{n}", demand.name);
        }
        taken.insert(name.clone());
        demand.name = name;
    }
}

/// What the hall's file says of a demand's windows (W) binds the site in the mean that is expected: no money is worth more. Below what is paid nothing is kept. Of a later
/// billing period nothing is kept yet: what cannot be held there would be worth any peak before.
pub fn keep(slots: &mut [Slot], demand: &Demand, most: f64) {
    let kept = (most / 1e3).max(demand.free());
    for (slot, _) in slots.iter_mut().zip(&demand.active).filter(|(_, active)| **active) {
        slot.limit = slot.limit.min(kept + slot.base_high - slot.base);
    }
}

/// True where a slot may be part of a window that is billed.
fn counts(scene: &Scene<'_>, charge: &DemandCharge, slot: i64) -> bool {
    let at = middle(scene.first.saturating_add(slot));
    let named = charge.coincident.as_ref().is_none_or(|named| {
        named.at.iter().any(|begin| (begin.0..begin.0.saturating_add(charge.window.length)).contains(&at.0))
    });
    named && charge.covers(scene.tariff.local(at), &scene.tariff.holidays)
}

fn demand(scene: &Scene<'_>, charge: &DemandCharge, active: Vec<bool>, (paid, floor): (f64, f64)) -> Demand {
    let length = (charge.window.length / QUARTER_MS).clamp(1, LONGEST);
    // Of fixed windows the slots of the one that is open; of others the last ones.
    let earlier = match charge.window.kind {
        WindowKind::Fixed => {
            let (opened, _) = scene.tariff.zone.window(middle(scene.first), charge.window.length.max(QUARTER_MS));
            scene.first.saturating_sub(quarter(opened)).clamp(0, length - 1)
        }
        WindowKind::Rolling | WindowKind::Block => length - 1,
    };
    let before = (1..=earlier).rev().map(|n| (scene.flowed)(scene.first.saturating_sub(n)));
    let before = before.map(|watts| (watts.unwrap_or(0.0) / 1e3).clamp(0.0, MOST)).collect();
    Demand {
        name: charge.name.clone(),
        rate: (rate(charge, paid.max(floor)) * slots::taxed(scene.tariff)).min(MOST),
        kind: kind(charge.window.kind),
        length: usize::try_from(length).unwrap_or(1),
        active,
        before,
        paid: (paid / 1e3).clamp(0.0, MOST),
        floor: (floor / 1e3).clamp(0.0, MOST),
    }
}

/// What a kW above what is paid costs; nothing where more is not billed.
fn rate(charge: &DemandCharge, paid: f64) -> f64 {
    let kw = paid / 1e3;
    if charge.maximum.is_some_and(|most| kw >= most.number()) {
        return 0.0;
    }
    let tier = charge.tiers.iter().find(|tier| tier.up_to.is_none_or(|up_to| kw < up_to.number()));
    tier.map_or(0.0, |tier| tier.price.number().clamp(0.0, MOST))
}
