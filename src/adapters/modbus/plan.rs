//! Which registers are read together. Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use plant::bind::Bound;
use plant::convert::u64_from_usize;
use plant::device::{DeviceMap, Register, RegisterTable};
use plant::time::{Mono, Span};

use super::config::Gateway;

/// How long a register that the device refuses is left alone.
const REFUSED_FOR: Span = Span::from_secs(60);
/// How long a place is kept where a request may not reach across.
const FENCED_FOR: Span = Span::from_secs(600);

/// One value of one unit that is read.
#[derive(Clone, Debug)]
pub struct Item {
    /// The map that holds the register.
    pub map: Arc<DeviceMap>,
    /// Its row there.
    pub row: usize,
    /// The point.
    pub bound: Bound,
    /// Which table.
    pub table: RegisterTable,
    /// Where it starts, from 0.
    pub address: u16,
    /// How many registers or bits.
    pub words: u16,
    /// The unit's output that writes it, if one does.
    pub output: Option<usize>,
    poll: Span,
    phase: Span,
    slot: Option<u64>,
    refused: Option<(u8, Mono)>,
}

impl Item {
    /// The item of a register; `words` is how many registers or bits it takes, `nth` spreads what is read rarely.
    #[must_use]
    pub fn new(map: &Arc<DeviceMap>, row: usize, bound: Bound, words: u16, nth: usize) -> Option<Self> {
        let register = map.registers.get(row)?;
        let phase = Span::from_nanos(register.poll.nanos() / 16).times(u64_from_usize(nth % 16));
        Some(Self {
            map: Arc::clone(map),
            row,
            bound,
            table: register.table,
            address: register.address,
            words,
            output: None,
            poll: register.poll,
            phase,
            slot: None,
            refused: None,
        })
    }

    /// The register.
    #[must_use]
    pub fn register(&self) -> Option<&Register> {
        self.map.registers.get(self.row)
    }

    /// Whether it is to be read now: each scan, or once in each of its own periods, which start at a fixed phase.
    #[must_use]
    pub fn due(&self, now: Mono) -> bool {
        self.poll == Span::ZERO || self.slot != Some(self.slot_at(now))
    }

    /// Says that it was tried now.
    pub fn tried(&mut self, now: Mono) {
        if self.poll > Span::ZERO {
            self.slot = Some(self.slot_at(now));
        }
    }

    /// It could not be read: it is due again at once.
    pub const fn missed(&mut self) {
        self.slot = None;
    }

    /// The exception with which the device refuses it, while it is left alone.
    #[must_use]
    pub fn refused(&self, now: Mono) -> Option<u8> {
        self.refused.filter(|(_, until)| now < *until).map(|(code, _)| code)
    }

    /// The device refuses just this one.
    pub const fn refuse(&mut self, code: u8, now: Mono) {
        self.refused = Some((code, now.after(REFUSED_FOR)));
    }

    fn slot_at(&self, now: Mono) -> u64 {
        now.after(self.phase).0 / self.poll.nanos().max(1)
    }

    fn end(&self) -> u32 {
        u32::from(self.address).saturating_add(u32::from(self.words))
    }
}

/// Items of one table that one request reads: their rows in the unit's list, in order of address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Which table.
    pub table: RegisterTable,
    /// The first register or bit, from 0.
    pub address: u16,
    /// How many.
    pub count: u16,
    /// The items.
    pub items: Vec<usize>,
}

impl Group {
    /// The group in two halves, each without what is unused at its ends; nothing when it is one item.
    #[must_use]
    pub fn halves(&self, items: &[Item]) -> Option<(Self, Self)> {
        let middle = self.items.len() / 2;
        if middle == 0 {
            return None;
        }
        let (left, right) = self.items.split_at_checked(middle)?;
        Some((Self::of(left, items)?, Self::of(right, items)?))
    }

    fn of(rows: &[usize], items: &[Item]) -> Option<Self> {
        let first = items.get(*rows.first()?)?;
        let end = rows.iter().filter_map(|n| items.get(*n)).map(Item::end).max()?;
        let count = u16::try_from(end.checked_sub(u32::from(first.address))?).ok()?;
        Some(Self { table: first.table, address: first.address, count, items: rows.to_vec() })
    }
}

/// Places across which the device does not let us read.
#[derive(Clone, Debug, Default)]
pub struct Fences {
    at: BTreeSet<(RegisterTable, u16)>,
    until: Mono,
}

impl Fences {
    /// From now on no request reads both what is before `address` and what is at it.
    pub fn put(&mut self, table: RegisterTable, address: u16, now: Mono) {
        self.at.insert((table, address));
        self.until = now.after(FENCED_FOR);
    }

    /// Forgets them when they are old: the device may have been mended.
    pub fn age(&mut self, now: Mono) {
        if !self.at.is_empty() && now >= self.until {
            self.at.clear();
        }
    }
}

/// Groups the rows `due` of `items`, which lie in order of table and address. No value is split.
#[must_use]
pub fn groups(items: &[Item], due: &[usize], gateway: &Gateway, fences: &Fences) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for &row in due {
        let Some(item) = items.get(row) else { continue };
        let joined = groups.last_mut().is_some_and(|group| join(group, row, item, gateway, fences));
        if !joined {
            let (table, address, count) = (item.table, item.address, item.words);
            groups.push(Group { table, address, count, items: vec![row] });
        }
    }
    groups
}

fn join(group: &mut Group, row: usize, item: &Item, gateway: &Gateway, fences: &Fences) -> bool {
    let most = match item.table {
        RegisterTable::Coil | RegisterTable::Discrete => gateway.max_bits,
        RegisterTable::Input | RegisterTable::Holding => gateway.max_words,
    };
    let group_end = u32::from(group.address).saturating_add(u32::from(group.count));
    let end = group_end.max(item.end());
    let count = end.saturating_sub(u32::from(group.address));
    let near = u32::from(item.address) <= group_end.saturating_add(u32::from(gateway.max_gap));
    if group.table != item.table || !near || count > u32::from(most) || fences.at.contains(&(item.table, item.address))
    {
        return false;
    }
    group.count = u16::try_from(count).unwrap_or(most);
    group.items.push(row);
    true
}
