//! Where a job fits best: the cheapest slots that are open to it, with runs as long as it wants them.
//!
//! Prices compare as whole millionths of the currency, then as a rank that says what is better where money does not care. So a tie is
//! decided by a rule, not by the last bits of a sum.

use core::ops::Add;

use plant::convert;

/// The price of a slot: money first, then the rank. Less is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price {
    /// Millionths of the currency.
    pub money: i64,
    /// Decides where money does not.
    pub rank: i64,
}

/// What a start counts for where money does not care: as much as an hour on a load that is a quarter of the highest one higher.
const START: Price = Price { money: 0, rank: 4 * 1024 };

impl Price {
    /// For who runs as early as it can: a slot that is earlier is worth a start.
    pub fn early(slot: usize) -> Self {
        Self { money: 0, rank: i64::from(convert::u32_from_usize(slot)) * 2 * START.rank }
    }
}

impl Add for Price {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self { money: self.money.saturating_add(more.money), rank: self.rank.saturating_add(more.rank) }
    }
}

/// How a job may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// So many slots it needs.
    pub need: usize,
    /// No run is shorter.
    pub min_run: usize,
    /// It may stop and go on.
    pub interruptible: bool,
    /// It runs already.
    pub running: bool,
    /// So many slots it goes on from the first, because it may not stop yet.
    pub committed: usize,
}

/// The best slots, ascending: as many as can be had, then the cheapest. `open` has the price of each slot of the job's window that it may use.
pub fn place(shape: Shape, open: &[Option<Price>]) -> Vec<usize> {
    let head = open.iter().take(shape.committed).take_while(|slot| slot.is_some()).count();
    // What cannot go on as it must has been interrupted, whatever is planned.
    let committed = if head == shape.committed { head } else { 0 };
    if !shape.interruptible {
        return if committed > 0 { (0..committed).collect() } else { in_one_piece(shape.need, open) };
    }
    let goes_on = shape.running && head == shape.committed;
    let rest = open.get(committed..).unwrap_or_default();
    let need = shape.need.saturating_sub(committed);
    let found = in_runs(need, shape.min_run.max(1), goes_on, rest);
    (0..committed).chain(found.into_iter().map(|slot| slot + committed)).collect()
}

/// What slots, ascending, come to with the starts between them.
pub fn total(slots: &[usize], price: impl Fn(usize) -> Price) -> Price {
    let starts = slots.iter().zip(slots.iter().skip(1)).filter(|(a, b)| *a + 1 != **b).map(|_| START);
    slots.iter().map(|slot| price(*slot)).chain(starts).fold(Price::default(), Add::add)
}

/// One run of all, or nothing.
fn in_one_piece(need: usize, open: &[Option<Price>]) -> Vec<usize> {
    let total = |run: &[Option<Price>]| run.iter().try_fold(Price::default(), |sum, price| Some(sum + (*price)?));
    let starts = open.windows(need.max(1)).enumerate().filter_map(|(n, run)| Some((total(run)?, n)));
    starts.min().map_or_else(Vec::new, |(_, from)| (from..from + need).collect())
}

/// What it costs at least to have used a number of slots before a slot.
struct Ways {
    width: usize,
    best: Vec<Option<Price>>,
}

impl Ways {
    fn new(slots: usize, need: usize) -> Self {
        let width = need + 1;
        Self { width, best: vec![None; (slots + 1) * width] }
    }

    fn at(&self, slot: usize, used: usize) -> Option<Price> {
        self.best.get(slot * self.width + used).copied().flatten()
    }

    fn set(&mut self, slot: usize, used: usize, price: Option<Price>) {
        if let Some(here) = self.best.get_mut(slot * self.width + used) {
            *here = price;
        }
    }
}

fn cheaper(a: Option<Price>, b: Option<Price>) -> Option<Price> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (Some(one), None) | (None, Some(one)) => Some(one),
        (None, None) => None,
    }
}

/// Runs of at least `min_run` slots, by going through the slots with what has been used so far.
fn in_runs(need: usize, min_run: usize, goes_on: bool, open: &[Option<Price>]) -> Vec<usize> {
    let (slots, zero) = (open.len(), Some(Price::default()));
    // `any`: whatever was before; `on`: a run that is long enough ends just before this slot.
    let (mut any, mut on) = (Ways::new(slots, need), Ways::new(slots, need));
    any.set(0, 0, zero);
    on.set(0, 0, zero.filter(|_| goes_on));
    for slot in 1..=slots {
        let last = open.get(slot - 1).copied().flatten();
        let begun = slot.checked_sub(min_run).and_then(|from| Some((from, sum(open.get(from..slot)?)? + START)));
        for used in 0..=need.min(slot) {
            let longer = used.checked_sub(1).and_then(|before| Some(on.at(slot - 1, before)? + last?));
            let fresh = used
                .checked_sub(min_run)
                .and_then(|before| begun.and_then(|(from, price)| Some(any.at(from, before)? + price)));
            let runs = cheaper(longer, fresh);
            on.set(slot, used, runs);
            any.set(slot, used, cheaper(any.at(slot - 1, used), runs));
        }
    }
    let used = (0..=need).rev().find(|used| any.at(slots, *used).is_some()).unwrap_or(0);
    back(&any, &on, (min_run, used), open)
}

fn sum(run: &[Option<Price>]) -> Option<Price> {
    run.iter().try_fold(Price::default(), |sum, price| Some(sum + (*price)?))
}

/// The slots of the cheapest way, from its end.
fn back(any: &Ways, on: &Ways, (min_run, mut used): (usize, usize), open: &[Option<Price>]) -> Vec<usize> {
    let (mut slot, mut found, mut within) = (open.len(), Vec::new(), false);
    while slot > 0 && used > 0 {
        let here = if within { on.at(slot, used) } else { any.at(slot, used) };
        if !within && any.at(slot - 1, used) == here {
            slot -= 1;
            continue;
        }
        let last = open.get(slot - 1).copied().flatten();
        let longer = on.at(slot - 1, used - 1).and_then(|price| Some(price + last?));
        if longer.is_some() && longer == here {
            found.push(slot - 1);
            (slot, used, within) = (slot - 1, used - 1, true);
        } else {
            let run = min_run.min(used).min(slot);
            found.extend((slot - run..slot).rev());
            (slot, used, within) = (slot - run, used - run, false);
        }
    }
    found.reverse();
    found
}
