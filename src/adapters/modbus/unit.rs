//! One unit behind a gateway: what is read of it and how a poll goes.

use std::sync::Arc;

use plant::bind::ModbusDevice;
use plant::command::{WriteOutcome, WriteReport};
use plant::device::{Access, codec};
use plant::id::{EquipId, PointId};
use plant::reading::{Sample, Why};
use plant::time::Mono;

use super::client::{Data, Reader};
use super::config::Gateway;
use super::count::Counters;
use super::health::{BackOff, Health};
use super::identity::Identity;
use super::link::Fault;
use super::output::Output;
use super::plan::{Fences, Group, Item, Meaning, Plan};
use super::talk::Talk;
use crate::adapters::OutputImage;

/// How many more requests than planned one unit may cause in one poll while a refused register is searched.
const SEARCH: usize = 16;

/// A unit and everything that is known about it.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Its number.
    pub number: u8,
    /// What is read, in order of table and address.
    pub items: Vec<Item>,
    /// What is written, in order of table and address.
    pub outputs: Vec<Output>,
    /// What the registers of each device behind it mean.
    products: Vec<Arc<[Meaning]>>,
    /// Whether it answers.
    pub health: Health,
    /// How long it is left alone.
    pub back_off: BackOff,
    /// The last chance: every output is tried by itself, whatever became of the one before.
    pub stubborn: bool,
    /// Whether it is the device that its map means.
    pub identity: Identity,
    /// What it may be told and asked now.
    pub talk: Talk,
    /// Whose devices are behind it.
    pub equips: Vec<EquipId>,
    fences: Fences,
    plan: Plan,
}

/// What a poll or a delivery found out.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// What was read.
    pub samples: Vec<(PointId, Sample)>,
    /// What became of writes.
    pub reports: Vec<WriteReport>,
}

/// The circumstances of one unit's poll.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    /// The gateway's rules.
    pub gateway: &'a Gateway,
    /// When the poll was ordered.
    pub now: Mono,
    /// Nobody else waits: a lost reply may be asked for again at once.
    pub alone: bool,
}

/// What one poll has been through so far.
#[derive(Debug)]
struct Round {
    /// When it began.
    started: Mono,
    /// Requests more than planned.
    searched: usize,
    /// Halves of a refused group that are still to be asked for, the next one last.
    halves: Vec<Group>,
    /// What was planned holds for the next poll too.
    lasting: bool,
}

impl Unit {
    /// A unit without registers.
    #[must_use]
    pub fn new(number: u8, gateway: &Gateway) -> Self {
        Self {
            number,
            items: Vec::new(),
            outputs: Vec::new(),
            products: Vec::new(),
            health: Health::Up,
            back_off: BackOff { first: gateway.back_off, longest: gateway.back_off_max },
            stubborn: false,
            identity: Identity::default(),
            talk: Talk::All,
            equips: Vec::new(),
            fences: Fences::default(),
            plan: Plan::default(),
        }
    }

    /// Adds the registers of a device that lives behind this unit.
    pub fn add(&mut self, device: &ModbusDevice, meanings: &mut Meanings) {
        self.identity.add(&device.map.identity);
        self.equips.push(device.equip);
        let product = u16::try_from(self.products.len()).unwrap_or(u16::MAX);
        self.products.push(meanings.of(device));
        for (row, (register, bound)) in device.map.registers.iter().zip(&device.points).enumerate() {
            let nth = self.items.len().saturating_add(usize::from(self.number));
            match register.access {
                Access::Ro | Access::Rw => {
                    let meaning = (product, u16::try_from(row).unwrap_or(u16::MAX));
                    self.items.push(Item::new(register, (bound.point, meaning), nth));
                }
                Access::Wo => {}
            }
            match register.access {
                Access::Rw | Access::Wo => self.outputs.extend(Output::new(&device.map, row, *bound)),
                Access::Ro => {}
            }
        }
    }

    /// Brings items and outputs into the order of the wire and ties the ones to the others.
    pub fn arrange(&mut self) {
        self.items.sort_by_key(|i| (i.table, i.address, i.words));
        self.outputs.sort_by_key(|o| (o.table, o.address));
        for item in &mut self.items {
            let output = self.outputs.iter().position(|o| o.bound.point == item.point);
            item.output = output.and_then(|n| u16::try_from(n).ok());
        }
    }

    /// It did not answer. What its registers hold is not known any more: it may start anew.
    pub fn failed(&mut self, why: Why, now: Mono) {
        if self.health == Health::Up {
            tracing::warn!(unit = self.number, %why, "Modbus unit does not answer");
        }
        self.health.failed(why, now, self.back_off);
        self.identity.forget();
        for output in &mut self.outputs {
            output.lose();
        }
    }

    /// Forgets what its outputs hold, so that each is tried once more.
    pub fn part(&mut self) {
        self.outputs.iter_mut().for_each(Output::part);
    }

    /// True when every output is known to hold what `image` wants of it.
    #[must_use]
    pub fn stands(&self, image: &OutputImage) -> bool {
        self.outputs.iter().all(|output| {
            let wanted = image.values.get(output.bound.point).copied().flatten();
            wanted.is_none_or(|wanted| output.stands(wanted))
        })
    }

    /// Reads what is due.
    pub async fn poll(&mut self, reader: &mut Reader, turn: Turn<'_>, found: &mut Findings) {
        let mut round = Round { started: reader.link().now(), searched: 0, halves: Vec::new(), lasting: true };
        let plan = self.plan(turn, round.started, found);
        if self.health.down().is_none()
            && let Err(why) = self.confirm(reader).await
        {
            for group in &plan.groups {
                self.bad(&group.items, why, round.started, found);
            }
            self.plan = plan;
            return tally(reader.link().counters(), found);
        }
        for group in &plan.groups {
            self.ask(reader, group, turn, (found, &mut round)).await;
            while let Some(half) = round.halves.pop() {
                self.ask(reader, &half, turn, (found, &mut round)).await;
            }
        }
        if round.lasting {
            self.plan = plan;
        }
        tally(reader.link().counters(), found);
    }

    /// What this poll asks: what the last did, unless other rows are due.
    fn plan(&mut self, turn: Turn<'_>, now: Mono, found: &mut Findings) -> Plan {
        let plan = std::mem::take(&mut self.plan);
        let plan = if self.fences.age(turn.now) { Plan::default() } else { plan };
        if plan.steady() {
            return plan;
        }
        let due = self.due(turn.now, now, found);
        plan.turned_to(due, &self.items, turn.gateway, &self.fences)
    }

    /// Asks for one group and judges what came of it.
    async fn ask(
        &mut self,
        reader: &mut Reader,
        group: &Group,
        turn: Turn<'_>,
        (found, round): (&mut Findings, &mut Round),
    ) {
        if let Some(why) = self.health.down() {
            return self.bad(&group.items, why, round.started, found);
        }
        let asked = reader.link().now();
        match self.read(reader, group, turn).await {
            Ok(data) => {
                if self.health != Health::Up {
                    tracing::info!(unit = self.number, "Modbus unit answers again");
                }
                self.health.answered();
                // A retry may have come over another connection, from another device.
                match self.confirm(reader).await {
                    Ok(()) => self.good(group, &data, asked, found),
                    Err(why) => self.bad(&group.items, why, asked, found),
                }
            }
            Err(Fault::Exception(code @ 1..=4)) => {
                self.health.answered();
                // What is refused or fenced off from now on is planned anew.
                round.lasting = false;
                match group.halves(&self.items).filter(|_| round.searched < SEARCH) {
                    Some((left, right)) => {
                        round.searched = round.searched.saturating_add(2);
                        self.fences.put(right.table, right.address, turn.now);
                        round.halves.extend([right, left]);
                    }
                    None => self.refused(&group.items, code, asked, found),
                }
            }
            Err(fault) => {
                if fault.is_the_units() {
                    self.failed(fault.why(), reader.link().now());
                }
                self.bad(&group.items, fault.why(), asked, found);
            }
        }
    }

    /// Makes sure that it is the device its map means.
    async fn confirm(&mut self, reader: &mut Reader) -> Result<(), Why> {
        let Err(fault) = self.identity.confirm(reader, self.number).await else { return Ok(()) };
        if fault.is_the_units() {
            self.failed(fault.why(), reader.link().now());
        }
        Err(fault.why())
    }

    /// The rows that are read now; those that the device refuses get their reason at once.
    fn due(&mut self, ordered: Mono, now: Mono, found: &mut Findings) -> Vec<usize> {
        let mut due = Vec::with_capacity(self.items.len());
        for (row, item) in self.items.iter_mut().enumerate() {
            if !item.due(ordered) {
                continue;
            }
            item.tried(ordered);
            match item.refused(now) {
                Some(code) => found.samples.push((item.point, Sample::bad(Why::Exception(code), now))),
                None => due.push(row),
            }
        }
        due
    }

    /// Reads a group, again when that may help and does not make others wait.
    async fn read(&self, reader: &mut Reader, group: &Group, turn: Turn<'_>) -> Result<Data, Fault> {
        let mut left = turn.gateway.retries;
        loop {
            let outcome = reader.read(self.number, group.table, (group.address, group.count)).await;
            let again = match outcome {
                Ok(_) => false,
                Err(Fault::Exception(5 | 6)) => true,
                Err(Fault::Comm) => reader.link().may_try(),
                Err(Fault::Timeout) => turn.alone && reader.link().may_try(),
                Err(Fault::Exception(_) | Fault::Garbled | Fault::Blocked | Fault::Stranger) => false,
            };
            if !again || left == 0 {
                return outcome;
            }
            left = left.saturating_sub(1);
            if matches!(outcome, Err(Fault::Exception(_))) {
                tokio::time::sleep(turn.gateway.timeout.duration() / 5).await;
            }
        }
    }

    fn good(&mut self, group: &Group, data: &Data, asked: Mono, found: &mut Findings) {
        found.samples.reserve(group.items.len());
        for item in group.items.iter().filter_map(|row| self.items.get(*row)) {
            let (product, row) = (usize::from(item.meaning.0), usize::from(item.meaning.1));
            let Some(meaning) = self.products.get(product).and_then(|p| p.get(row)) else {
                found.samples.push((item.point, Sample::bad(Why::Config, asked)));
                continue;
            };
            match item.decode(meaning, data, group.address) {
                Ok(seen) => {
                    found.samples.push((item.point, meaning.sample(seen, asked)));
                    if let Some(output) = item.output.and_then(|n| self.outputs.get_mut(usize::from(n))) {
                        found.reports.extend(output.seen(seen, asked));
                    }
                }
                Err(why) => found.samples.push((item.point, Sample::bad(why, asked))),
            }
        }
    }

    fn refused(&mut self, rows: &[usize], code: u8, asked: Mono, found: &mut Findings) {
        if let ([row], 1..=3) = (rows, code)
            && let Some(item) = self.items.get_mut(*row)
        {
            item.refuse(code, asked);
        }
        self.bad(rows, Why::Exception(code), asked, found);
    }

    fn bad(&mut self, rows: &[usize], why: Why, at: Mono, found: &mut Findings) {
        for row in rows {
            if let Some(item) = self.items.get_mut(*row) {
                item.missed();
                found.samples.push((item.point, Sample::bad(why, at)));
            }
        }
    }
}

/// The value of one item read alone.
///
/// # Errors
/// Why there is none.
pub async fn look(reader: &mut Reader, unit: u8, output: &Output) -> Result<f64, Why> {
    let data = reader.read(unit, output.table, (output.address, output.words)).await.map_err(Fault::why)?;
    value_of(output, &data, 0)
}

/// The value of an output within what was read, in its register's unit.
///
/// # Errors
/// Why there is none.
pub fn value_of(output: &Output, data: &Data, offset: usize) -> Result<f64, Why> {
    let register = output.register().ok_or(Why::Config)?;
    match data {
        Data::Bits(bits) => codec::decode_bit(register, *bits.get(offset).ok_or(Why::Comm)?),
        Data::Words(words) => {
            let end = offset.saturating_add(usize::from(output.words));
            codec::decode(register, words.get(offset..end).ok_or(Why::Comm)?)
        }
    }
}

/// Counts what was found.
pub fn tally(counters: &Counters, found: &Findings) {
    let good = found.samples.iter().filter(|(_, s)| s.value.is_ok()).count();
    counters.good.more(plant::convert::u64_from_usize(good));
    counters.bad.more(plant::convert::u64_from_usize(found.samples.len().saturating_sub(good)));
    for report in &found.reports {
        match report.outcome {
            WriteOutcome::Applied => counters.applied.one(),
            WriteOutcome::Unproven { .. } => counters.unproven.one(),
            WriteOutcome::Foreign { .. } => counters.foreign.one(),
            WriteOutcome::Failed(_) => counters.write_failures.one(),
            WriteOutcome::Acknowledged => counters.acknowledged.one(),
        }
    }
}

/// What registers mean, kept so that units of one product share it.
#[derive(Debug, Default)]
pub struct Meanings(Vec<Arc<[Meaning]>>);

impl Meanings {
    fn of(&mut self, device: &ModbusDevice) -> Arc<[Meaning]> {
        let rows = device.map.registers.iter().zip(&device.points);
        let fresh: Vec<Meaning> = rows.map(|(register, bound)| Meaning::of(register, bound)).collect();
        let known = self.0.iter().find(|known| known.as_ref() == fresh.as_slice()).map(Arc::clone);
        known.unwrap_or_else(|| {
            let kept: Arc<[Meaning]> = fresh.into();
            self.0.push(Arc::clone(&kept));
            kept
        })
    }
}

/// Builds the units of a gateway from its devices, in order of their numbers.
#[must_use]
pub fn units<'a>(gateway: &Gateway, devices: impl IntoIterator<Item = &'a ModbusDevice>) -> Vec<Unit> {
    let mut meanings = Meanings::default();
    let mut by_number: std::collections::BTreeMap<u8, Unit> = std::collections::BTreeMap::new();
    for device in devices {
        by_number.entry(device.unit).or_insert_with(|| Unit::new(device.unit, gateway)).add(device, &mut meanings);
    }
    let mut units: Vec<Unit> = by_number.into_values().collect();
    units.iter_mut().for_each(Unit::arrange);
    units
}
