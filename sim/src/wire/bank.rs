//! One unit's registers: the process image encoded as the device map says, and writes decoded.

use std::sync::Arc;

use plant::bind::{Bound, ModbusDevice};
use plant::device::{Access, DeviceMap, Register, RegisterTable, RegisterType, codec};
use plant::id::EquipId;
use plant::image::Inputs;
use plant::reading::Why;
use tokio_modbus::ExceptionCode;

use super::Drill;
use crate::World;

/// A unit behind a gateway.
#[derive(Debug)]
pub(super) struct Bank {
    pub(super) gateway: String,
    pub(super) unit: u8,
    pub(super) equip: EquipId,
    pub(super) drill: Drill,
    map: Arc<DeviceMap>,
    points: Vec<Bound>,
}

impl Bank {
    pub(super) fn new(device: &ModbusDevice) -> Self {
        Self {
            gateway: device.gateway.clone(),
            unit: device.unit,
            equip: device.equip,
            drill: Drill::default(),
            map: Arc::clone(&device.map),
            points: device.points.clone(),
        }
    }

    /// Words of a table.
    pub(super) fn words(
        &self,
        inputs: &Inputs,
        table: RegisterTable,
        at: u16,
        count: u16,
    ) -> Result<Vec<u16>, ExceptionCode> {
        (0..count).map(|n| self.word(inputs, table, at.checked_add(n))).collect()
    }

    /// Bits of a table.
    pub(super) fn bits(
        &self,
        inputs: &Inputs,
        table: RegisterTable,
        at: u16,
        count: u16,
    ) -> Result<Vec<bool>, ExceptionCode> {
        let bit = |address: Option<u16>| {
            let (n, r) = self.registers(table).find(|(_, r)| Some(r.address) == address).ok_or(NOWHERE)?;
            self.value(inputs, n).map(|v| v.is_some_and(|v| codec::encode_bit(r, v).unwrap_or(false)))
        };
        (0..count).map(|n| bit(at.checked_add(n))).collect()
    }

    /// Writes words into whole registers, in order.
    pub(super) fn write_words(
        &self,
        world: &mut World,
        inputs: &mut Inputs,
        at: u16,
        words: &[u16],
    ) -> Result<(), ExceptionCode> {
        let (mut at, mut left, mut writes) = (at, words, Vec::new());
        while !left.is_empty() {
            let mut taken = 0;
            for (n, register) in self.writable(RegisterTable::Holding, at) {
                taken = usize::from(codec::word_count(register));
                let whole = left.get(..taken).ok_or(NOWHERE)?;
                let value = codec::decode(register, whole).map_err(|_| ExceptionCode::IllegalDataValue)?;
                writes.push((n, accepted(register, value)?));
            }
            if taken == 0 {
                return Err(NOWHERE);
            }
            left = left.get(taken..).unwrap_or(&[]);
            at = at.saturating_add(u16::try_from(taken).unwrap_or(u16::MAX));
        }
        self.store(world, inputs, &writes);
        Ok(())
    }

    /// Writes coils, in order.
    pub(super) fn write_bits(
        &self,
        world: &mut World,
        inputs: &mut Inputs,
        at: u16,
        bits: &[bool],
    ) -> Result<(), ExceptionCode> {
        let mut writes = Vec::new();
        for (address, bit) in (at..=u16::MAX).zip(bits) {
            let (n, register) = self.writable(RegisterTable::Coil, address).next().ok_or(NOWHERE)?;
            let value = codec::decode_bit(register, *bit).map_err(|_| ExceptionCode::IllegalDataValue)?;
            writes.push((n, accepted(register, value)?));
        }
        self.store(world, inputs, &writes);
        Ok(())
    }

    /// Applies decoded writes; a read right after sees them, without waiting for the world's next step.
    fn store(&self, world: &mut World, inputs: &mut Inputs, writes: &[(usize, f64)]) {
        if self.drill.deaf {
            return;
        }
        for (n, value) in writes {
            let Some(bound) = self.points.get(*n) else { continue };
            let canonical = value * bound.to_canonical.scale + bound.to_canonical.offset;
            if world.write(bound.point, canonical)
                && let Some(sample) = inputs.samples.get_mut(bound.point)
            {
                sample.value = Ok(canonical);
            }
        }
    }

    fn word(&self, inputs: &Inputs, table: RegisterTable, address: Option<u16>) -> Result<u16, ExceptionCode> {
        let address = address.ok_or(NOWHERE)?;
        if let Some(mark) = self.mark(table, address) {
            return Ok(mark);
        }
        let (mut word, mut found) = (0, false);
        for (n, register) in self.registers(table) {
            let Some(offset) = address.checked_sub(register.address) else { continue };
            if offset >= codec::word_count(register) {
                continue;
            }
            found = true;
            let value = self.value(inputs, n)?;
            // Several bits may share a word.
            word |= match value {
                None => no_number(register, usize::from(offset)),
                Some(value) => encoded(register, value, usize::from(offset)),
            };
        }
        if found { Ok(word) } else { Err(NOWHERE) }
    }

    /// One word of what tells the product from others; of another product in a drill.
    fn mark(&self, table: RegisterTable, address: u16) -> Option<u16> {
        let marks = self.map.identity.iter().filter(|mark| mark.table == table);
        let mut found = marks.filter_map(|mark| {
            let offset = usize::from(address.checked_sub(mark.address)?);
            let bits = mark.expect.first().copied()?;
            let word = codec::split(mark.byte_order, bits, mark.ty.words()).get(offset).copied()?;
            Some(if self.drill.impostor { !word } else { word })
        });
        found.next()
    }

    /// A register's value in its unit; nothing for no number.
    fn value(&self, inputs: &Inputs, n: usize) -> Result<Option<f64>, ExceptionCode> {
        let bound = self.points.get(n).ok_or(ExceptionCode::ServerDeviceFailure)?;
        if self.drill.garbled {
            return Ok(None);
        }
        match inputs.samples.get(bound.point).map_or(Err(Why::Config), |s| s.value) {
            Ok(canonical) => Ok(Some((canonical - bound.to_canonical.offset) / bound.to_canonical.scale)),
            // What the world does not model stands at zero, or as near to it as the register's range goes.
            Err(Why::Config) => Ok(Some(0.0)),
            Err(Why::Comm) => Err(ExceptionCode::ServerDeviceFailure),
            Err(Why::NeverRead) => Err(ExceptionCode::ServerDeviceBusy),
            Err(
                Why::NotANumber
                | Why::InvalidCode
                | Why::Range
                | Why::RateOfChange
                | Why::Stuck
                | Why::Clock
                | Why::Manual
                | Why::OutOfService
                | Why::Timeout
                | Why::WrongDevice
                | Why::Exception(_),
            ) => Ok(None),
        }
    }

    fn registers(&self, table: RegisterTable) -> impl Iterator<Item = (usize, &Register)> {
        self.map.registers.iter().enumerate().filter(move |(_, r)| r.table == table)
    }

    fn writable(&self, table: RegisterTable, address: u16) -> impl Iterator<Item = (usize, &Register)> {
        self.registers(table).filter(move |(_, r)| r.address == address && r.access != Access::Ro)
    }
}

/// No such address.
const NOWHERE: ExceptionCode = ExceptionCode::IllegalDataAddress;

/// A value inside a register's write range, or the exception a device gives.
fn accepted(register: &Register, value: f64) -> Result<f64, ExceptionCode> {
    let fits = register.write.is_none_or(|w| value >= w.min - w.tolerance && value <= w.max + w.tolerance);
    if fits && value.is_finite() { Ok(value) } else { Err(ExceptionCode::IllegalDataValue) }
}

/// One word of a value, held inside the register's range as a device's firmware does.
fn encoded(register: &Register, value: f64, word: usize) -> u16 {
    let held = value.max(register.min).min(register.max);
    match codec::encode(register, held) {
        Ok(words) => words.get(word).copied().unwrap_or(0),
        Err(_) => no_number(register, word),
    }
}

/// One word of a register that has no number to show: its invalid code, a NaN, or 0x8000 in the first place.
fn no_number(register: &Register, word: usize) -> u16 {
    let plain: u64 = match register.ty {
        RegisterType::Bool | RegisterType::Bit(_) => return 0,
        RegisterType::Int16 | RegisterType::Uint16 => 0x8000,
        RegisterType::Int32 | RegisterType::Uint32 => 0x8000_0000,
        RegisterType::Int64 | RegisterType::Uint64 => 0x8000_0000_0000_0000,
        RegisterType::Float32 => 0x7FC0_0000,
        RegisterType::Float64 => 0x7FF8_0000_0000_0000,
    };
    let bits = register.invalid.first().copied().unwrap_or(plain);
    codec::split(register.byte_order, bits, codec::word_count(register)).get(word).copied().unwrap_or(0)
}
