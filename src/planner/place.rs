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
    /// It stops only after so many slots of a run, twice as many, and so on, or when all is done.
    pub step: usize,
    /// It may stop and go on.
    pub interruptible: bool,
    /// For so many slots it has been running; 0 where it does not run.
    pub ran: usize,
    /// So many slots it goes on from the first, because it may not stop yet.
    pub committed: usize,
}

/// The best slots, ascending: as many as can be had, then the cheapest. `open` has the price of each slot of the job's window that it may use.
pub fn place(shape: Shape, open: &[Option<Price>]) -> Vec<usize> {
    let head = open.iter().take(shape.committed).take_while(|slot| slot.is_some()).count();
    let whole = head == shape.committed;
    if !shape.interruptible {
        return if whole && head > 0 { (0..head).collect() } else { in_one_piece(shape.need, open) };
    }
    // What cannot go on as it must goes on to where it saves last before that. Whatever follows at once would be the same run.
    let (goes, from) = if whole { (head, head) } else { (shape.saves(head), shape.saves(head) + 1) };
    let rest = open.get(from..).unwrap_or_default();
    let need = shape.need.saturating_sub(goes);
    let found = Runs::new(&shape, need, rest).find(whole && shape.ran > 0);
    (0..goes).chain(found.into_iter().map(|slot| slot + from)).collect()
}

impl Shape {
    /// How far one that runs comes in so many slots from the first, to where it has saved what it did, or all is done.
    fn saves(&self, slots: usize) -> usize {
        let stops = |more: &usize| *more == self.need || (self.ran + more).is_multiple_of(self.step.max(1));
        (1..=slots).rev().find(stops).unwrap_or(0)
    }
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

/// Runs that are long enough and end where the job may stop, by going through the slots with what has been used so far.
struct Runs<'o> {
    need: usize,
    open: &'o [Option<Price>],
    /// What a run grows by until all is done.
    step: usize,
    /// The shortest run, and the shortest after which more is to be done.
    least: (usize, usize),
    /// Whatever was before.
    any: Ways,
    /// A run after which the job may stop ends just before the slot.
    on: Ways,
}

/// How the cheapest way comes to a slot: by so many slots of a run, which goes on from one that was there, or begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Leg {
    long: usize,
    goes_on: bool,
}

impl<'o> Runs<'o> {
    fn new(shape: &Shape, need: usize, open: &'o [Option<Price>]) -> Self {
        let (step, min_run) = (shape.step.max(1), shape.min_run.max(1));
        let least = (min_run, min_run.next_multiple_of(step));
        let (any, on) = (Ways::new(open.len(), need), Ways::new(open.len(), need));
        Self { need, open, step, least, any, on }
    }

    fn find(mut self, goes_on: bool) -> Vec<usize> {
        let (slots, zero) = (self.open.len(), Some(Price::default()));
        self.any.set(0, 0, zero);
        self.on.set(0, 0, zero.filter(|_| goes_on));
        for slot in 1..=slots {
            for used in 0..=self.need.min(slot) {
                let runs = self.stops().filter_map(|leg| self.price(slot, used, leg)).min();
                self.on.set(slot, used, runs);
                let ends = self.ends(used).filter_map(|leg| self.price(slot, used, leg)).min();
                self.any.set(slot, used, cheaper(cheaper(self.any.at(slot - 1, used), runs), ends));
            }
        }
        let used = (0..=self.need).rev().find(|used| self.any.at(slots, *used).is_some()).unwrap_or(0);
        self.back(used)
    }

    /// How a run may come to where the job may stop.
    fn stops(&self) -> impl Iterator<Item = Leg> + use<> {
        [Leg { long: self.step, goes_on: true }, Leg { long: self.least.1, goes_on: false }].into_iter()
    }

    /// How a run may come to its end with the job's, and nowhere else.
    fn ends(&self, used: usize) -> impl Iterator<Item = Leg> + use<> {
        let (step, (least, stops)) = if used == self.need { (self.step, self.least) } else { (1, (0, 0)) };
        let last = (1..step).map(|long| Leg { long, goes_on: true });
        last.chain((least..stops).map(|long| Leg { long, goes_on: false }))
    }

    /// What it costs to come to a slot so.
    fn price(&self, slot: usize, used: usize, leg: Leg) -> Option<Price> {
        let (from, before) = (slot.checked_sub(leg.long)?, used.checked_sub(leg.long)?);
        let (ways, start) = if leg.goes_on { (&self.on, Price::default()) } else { (&self.any, START) };
        Some(ways.at(from, before)? + sum(self.open.get(from..slot)?)? + start)
    }

    /// The slots of the cheapest way, from its end.
    fn back(&self, mut used: usize) -> Vec<usize> {
        let (mut slot, mut found, mut within) = (self.open.len(), Vec::new(), false);
        while slot > 0 && used > 0 {
            let here = if within { self.on.at(slot, used) } else { self.any.at(slot, used) };
            if !within && self.any.at(slot - 1, used) == here {
                slot -= 1;
                continue;
            }
            let ends = self.ends(used).filter(|_| !within);
            let leg = self.stops().chain(ends).find(|leg| self.price(slot, used, *leg) == here);
            let Some(leg) = leg else { break };
            found.extend((slot - leg.long..slot).rev());
            (slot, used, within) = (slot - leg.long, used - leg.long, leg.goes_on);
        }
        found.reverse();
        found
    }
}

fn sum(run: &[Option<Price>]) -> Option<Price> {
    run.iter().try_fold(Price::default(), |sum, price| Some(sum + (*price)?))
}
