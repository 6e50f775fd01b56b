//! Slots that a large problem's programme takes together.
//!
//! What is a mean of slots is no harder to keep than the slots: the programme stays a bound. Only slots with one price and one factor of cooling
//! are taken together, so that nothing is lost of when energy is cheap.

use core::ops::Range;

use plant::convert;

use super::groups::Group;
use super::problem::{Problem, SLOT_HOURS};
use super::windows::Window;

/// A programme with more columns than this has two slots to a block, or four.
const COLUMNS: usize = 25_000;

/// Some slots, as one.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Its slots.
    pub slots: Range<usize>,
    /// What a kW all the time costs (currency per kW).
    pub price: f64,
    /// The factor of cooling.
    pub cooling: f64,
    /// The mean base load (kW).
    pub base: f64,
    /// What the site may draw, in the mean, when the base load is as expected and could be high (kW).
    pub within: f64,
}

impl Block {
    /// How many slots it has.
    pub fn count(&self) -> f64 {
        convert::f64_from_usize(self.slots.len())
    }

    /// How long it is (h).
    pub fn hours(&self) -> f64 {
        self.count() * SLOT_HOURS
    }

    /// The mean over it of what holds per slot.
    pub fn mean(&self, of: impl Fn(usize) -> f64) -> f64 {
        self.slots.clone().map(of).sum::<f64>() / self.count()
    }
}

/// The blocks of a programme: as long as its size asks for. The size alone decides.
pub fn blocks(problem: &Problem, groups: &[Group]) -> Vec<Block> {
    let columns: usize = groups.iter().map(|group| group.most.len()).sum();
    let length = match columns {
        0..=COLUMNS => 1,
        n if n <= 2 * COLUMNS => 2,
        _ => 4,
    };
    let mut blocks: Vec<Block> = Vec::new();
    for (n, slot) in problem.slots.iter().enumerate() {
        let price = slot.worth(problem.co2) * SLOT_HOURS;
        let same = |block: &Block| {
            let last = block.slots.start / length == n / length;
            last && block.price.total_cmp(&price).is_eq() && block.cooling.total_cmp(&slot.cooling).is_eq()
        };
        match blocks.last_mut() {
            Some(block) if same(block) => block.slots.end = n + 1,
            Some(_) | None => {
                blocks.push(Block { slots: n..n + 1, price, cooling: slot.cooling, base: 0.0, within: 0.0 });
            }
        }
    }
    for block in &mut blocks {
        let slot = |n: usize| problem.slots.get(n);
        block.base = block.mean(|n| slot(n).map_or(0.0, |s| s.base));
        block.within = block.mean(|n| slot(n).map_or(0.0, |s| s.most().max(0.0)));
        block.price *= block.count();
    }
    blocks
}

/// What a peak is at least, in blocks: windows that are made of whole blocks, and blocks that are made of whole windows.
pub fn rows(blocks: &[Block], windows: &[Window]) -> Vec<Window> {
    let begins = |slot: usize| blocks.iter().any(|block| block.slots.start == slot);
    let ends = |slot: usize| blocks.iter().any(|block| block.slots.end == slot);
    let whole = windows.iter().filter(|w| begins(w.slots.start) && ends(w.slots.end)).cloned();
    let tiled = blocks.iter().filter(|block| block.slots.len() > 1 && tiles(block, windows));
    whole.chain(tiled.map(|block| Window { slots: block.slots.clone(), before: 0.0, length: block.count() })).collect()
}

/// True where windows of the plan alone follow one another through a block: its mean is no more than the highest of theirs.
fn tiles(block: &Block, windows: &[Window]) -> bool {
    let mut from = block.slots.start;
    while from < block.slots.end {
        let fits = |w: &&Window| {
            w.slots.start == from
                && w.slots.end <= block.slots.end
                && w.length <= convert::f64_from_usize(w.slots.len())
        };
        let Some(next) = windows.iter().find(fits) else { return false };
        from = next.slots.end;
    }
    true
}
