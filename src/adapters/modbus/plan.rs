//! Which registers are read together. Pure.

use std::collections::BTreeSet;

use plant::bind::Bound;
use plant::convert::u64_from_usize;
use plant::device::codec::{self, Codes, Decoder};
use plant::device::{Register, RegisterTable};
use plant::id::PointId;
use plant::reading::{Sample, Why};
use plant::time::{Mono, Span};
use plant::units::Affine;

use super::client::Data;
use super::config::Gateway;

/// How long a register that the device refuses is left alone.
const REFUSED_FOR: Span = Span::from_secs(60);
/// How long a place is kept where a request may not reach across.
const FENCED_FOR: Span = Span::from_secs(600);

/// What a register's words mean: the same for every unit of one product, which share it, so that what a scan needs stays at hand.
#[derive(Clone, Debug, PartialEq)]
pub struct Meaning {
    decoder: Decoder<Codes>,
    to_canonical: Affine,
}

impl Meaning {
    /// What a register means for a point.
    #[must_use]
    pub fn of(register: &Register, bound: &Bound) -> Self {
        Self { decoder: Decoder::of(register).owned(), to_canonical: bound.to_canonical }
    }

    /// What a value in the register's unit is worth as a sample of the point.
    #[must_use]
    #[inline]
    pub fn sample(&self, value: f64, at: Mono) -> Sample {
        let value = value * self.to_canonical.scale + self.to_canonical.offset;
        if value.is_finite() { Sample::good(value, at) } else { Sample::bad(Why::NotANumber, at) }
    }
}

/// One value of one unit that is read.
#[derive(Clone, Debug)]
pub struct Item {
    /// The point.
    pub point: PointId,
    /// Which table.
    pub table: RegisterTable,
    /// Where it starts, from 0.
    pub address: u16,
    /// How many registers or bits.
    pub words: u16,
    /// The unit's output that writes it, if one does.
    pub output: Option<u16>,
    /// Its product among its unit's, and its row there: what its words mean.
    pub meaning: (u16, u16),
    poll: Span,
    phase: Span,
    /// The period of its own in which it was tried last, from 1; 0 for none.
    slot: u64,
    /// The exception with which the device refuses it, and until when it is left alone for that.
    refused: (u8, Mono),
}

impl Item {
    /// The item of a register whose words mean what stands at `meaning`; `nth` spreads what is read rarely.
    #[must_use]
    pub fn new(register: &Register, (point, meaning): (PointId, (u16, u16)), nth: usize) -> Self {
        let phase = Span::from_nanos(register.poll.nanos() / 16).times(u64_from_usize(nth % 16));
        Self {
            point,
            table: register.table,
            address: register.address,
            words: codec::word_count(register),
            output: None,
            meaning,
            poll: register.poll,
            phase,
            slot: 0,
            refused: (0, Mono(0)),
        }
    }

    /// Its value, in the register's unit, in the reply to a request that starts at `address`.
    ///
    /// # Errors
    /// Why there is none: what [`Decoder::decode`] finds wrong with it, or a reply that does not hold it.
    #[inline]
    pub fn decode(&self, meaning: &Meaning, data: &Data, address: u16) -> Result<f64, Why> {
        let offset = usize::from(self.address.saturating_sub(address));
        match (data, self.table) {
            (Data::Words(words), RegisterTable::Input | RegisterTable::Holding) => {
                let end = offset.saturating_add(usize::from(self.words));
                meaning.decoder.decode(words.get(offset..end).ok_or(Why::Comm)?)
            }
            (Data::Bits(bits), RegisterTable::Coil | RegisterTable::Discrete) => {
                meaning.decoder.decode_bit(*bits.get(offset).ok_or(Why::Comm)?)
            }
            (Data::Bits(_) | Data::Words(_), _) => Err(Why::Comm),
        }
    }

    /// Whether it is to be read now: each scan, or once in each of its own periods, which start at a fixed phase.
    #[must_use]
    pub fn due(&self, now: Mono) -> bool {
        self.in_every_scan() || self.slot != self.slot_at(now)
    }

    /// Whether it has no period of its own.
    #[must_use]
    pub fn in_every_scan(&self) -> bool {
        self.poll == Span::ZERO
    }

    /// Says that it was tried now.
    pub fn tried(&mut self, now: Mono) {
        if self.poll > Span::ZERO {
            self.slot = self.slot_at(now);
        }
    }

    /// It could not be read: it is due again at once.
    pub const fn missed(&mut self) {
        self.slot = 0;
    }

    /// The exception with which the device refuses it, while it is left alone.
    #[must_use]
    pub fn refused(&self, now: Mono) -> Option<u8> {
        let (code, until) = self.refused;
        (now < until).then_some(code)
    }

    /// The device refuses just this one.
    pub const fn refuse(&mut self, code: u8, now: Mono) {
        self.refused = (code, now.after(REFUSED_FOR));
    }

    fn slot_at(&self, now: Mono) -> u64 {
        (now.after(self.phase).0 / self.poll.nanos().max(1)).saturating_add(1)
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

    /// Forgets them when they are old: the device may have been mended. True when it did.
    pub fn age(&mut self, now: Mono) -> bool {
        let old = !self.at.is_empty() && now >= self.until;
        if old {
            self.at.clear();
        }
        old
    }
}

/// What one poll asks, kept for the next: most polls ask the same.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The requests, in order of the wire.
    pub groups: Vec<Group>,
    /// The rows that they read.
    due: Vec<usize>,
    /// Every row is read in every scan: the next poll asks the same without a look at each.
    steady: bool,
}

impl Plan {
    /// Whether the next poll is known to ask the same.
    #[must_use]
    pub const fn steady(&self) -> bool {
        self.steady
    }

    /// The plan for the rows `due`: this one when it reads just them.
    #[must_use]
    pub fn turned_to(mut self, due: Vec<usize>, items: &[Item], gateway: &Gateway, fences: &Fences) -> Self {
        if self.due != due {
            self.groups = groups(items, &due, gateway, fences);
            self.due = due;
        }
        self.steady = self.due.len() == items.len() && items.iter().all(Item::in_every_scan);
        self
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::modbus::config::Endpoint;
    use plant::device::{Access, ByteOrder, RegisterType};
    use plant::id::Id;
    use plant::units::Unit;
    use proptest::prelude::*;

    fn items(places: &[(bool, u16, u16)], poll: Span) -> Vec<Item> {
        let register = |&(bits, address, _): &(bool, u16, u16)| Register {
            point: "p".into(),
            table: if bits { RegisterTable::Coil } else { RegisterTable::Holding },
            address,
            ty: if bits { RegisterType::Bool } else { RegisterType::Uint16 },
            byte_order: ByteOrder::Abcd,
            scale: 1.0,
            offset: 0.0,
            unit: Unit::One,
            invalid: Vec::new(),
            min: 0.0,
            max: 1.0,
            poll,
            access: Access::Ro,
            write: None,
            place: (1, 1),
        };
        let of = |(n, p): (usize, &(bool, u16, u16))| Item {
            words: p.2,
            ..Item::new(&register(p), (PointId::from_index(0), (0, 0)), n)
        };
        let mut items: Vec<Item> = places.iter().enumerate().map(of).collect();
        items.sort_by_key(|i| (i.table, i.address, i.words));
        items
    }

    fn gateway(max_gap: u16, max_words: u16, max_bits: u16) -> Gateway {
        Gateway { max_gap, max_words, max_bits, ..Gateway::new(Endpoint::Tcp("h:1".into())) }
    }

    proptest! {
        #[test]
        fn every_value_is_read_once_whole_and_within_the_limits(
            places in prop::collection::vec((any::<bool>(), 0..400_u16, prop::sample::select(vec![1_u16, 2, 4])), 0..60),
            limits in (0..40_u16, 4..=125_u16, 1..=2000_u16),
            fence in 0..400_u16,
        ) {
            let places: Vec<_> = places.into_iter().map(|(b, a, w)| (b, a, if b { 1 } else { w })).collect();
            let items = items(&places, Span::ZERO);
            let due: Vec<usize> = (0..items.len()).collect();
            let mut fences = Fences::default();
            fences.put(RegisterTable::Holding, fence, Mono(0));
            let groups = groups(&items, &due, &gateway(limits.0, limits.1, limits.2), &fences);
            let read: Vec<usize> = groups.iter().flat_map(|g| g.items.clone()).collect();
            prop_assert_eq!(read, due, "each once, in order");
            for group in &groups {
                let most = if group.table == RegisterTable::Coil { limits.2 } else { limits.1 };
                prop_assert!(group.count <= most && group.count > 0);
                let mut reach = u32::from(group.address);
                for item in group.items.iter().map(|n| &items[*n]) {
                    prop_assert_eq!(item.table, group.table);
                    prop_assert!(item.address >= group.address);
                    prop_assert!(item.end() <= u32::from(group.address) + u32::from(group.count), "not split");
                    prop_assert!(u32::from(item.address) <= reach + u32::from(limits.0), "no wider gap");
                    reach = reach.max(item.end());
                }
                let fenced = group.table == RegisterTable::Holding && items[group.items[0]].address < fence;
                prop_assert!(!fenced || group.items.iter().all(|n| items[*n].address != fence), "across a fence");
            }
        }

        #[test]
        fn halves_are_what_the_whole_was(places in prop::collection::vec((0..60_u16, prop::sample::select(vec![1_u16, 2, 4])), 1..20)) {
            let places: Vec<_> = places.into_iter().map(|(a, w)| (false, a, w)).collect();
            let items = items(&places, Span::ZERO);
            let due: Vec<usize> = (0..items.len()).collect();
            for group in groups(&items, &due, &gateway(100, 125, 2000), &Fences::default()) {
                match group.halves(&items) {
                    Some((left, right)) => prop_assert_eq!([left.items, right.items].concat(), group.items),
                    None => prop_assert_eq!(group.items.len(), 1),
                }
            }
        }

        #[test]
        fn a_value_with_a_period_is_read_once_in_each(poll_ms in 200..5000_u64, scans in 1..100_u64) {
            let mut item = items(&[(false, 0, 1)], Span::from_millis(poll_ms)).remove(0);
            let mut reads = 0_u64;
            for scan in 0..scans {
                let now = Mono(scan * 100_000_000);
                if item.due(now) {
                    item.tried(now);
                    reads += 1;
                }
            }
            let periods = (scans - 1) * 100 / poll_ms;
            prop_assert!((periods..=periods + 2).contains(&reads), "{reads} reads in {periods} periods");
        }
    }

    #[test]
    fn a_refused_value_is_left_alone_for_a_while() {
        let mut item = items(&[(false, 0, 1)], Span::ZERO).remove(0);
        item.refuse(2, Mono(5));
        assert_eq!(item.refused(Mono(5).after(Span::from_secs(59))), Some(2));
        assert_eq!(item.refused(Mono(5).after(Span::from_secs(60))), None);
    }
}
