//! What may be asked of a unit. A [`Reader`] has no way to write; a [`Writer`] is a reader that has.

use std::borrow::Cow;

use plant::device::RegisterTable;
use tokio_modbus::{Request, Response};

use super::link::{Fault, Link};

/// What a register request returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// Coils or discrete inputs.
    Bits(Vec<bool>),
    /// Input or holding registers.
    Words(Vec<u16>),
}

/// Reads from every unit behind one gateway. Its link passes no write.
pub struct Reader(Link);

/// Reads and writes.
pub struct Writer(Reader);

/// The one or the other: what shadow mode decides, once.
pub enum Client {
    /// Shadow mode.
    Shadow(Reader),
    /// Live.
    Live(Writer),
}

impl Client {
    /// What both can do.
    pub const fn reader(&mut self) -> &mut Reader {
        match self {
            Self::Shadow(reader) => reader,
            Self::Live(writer) => writer.reader(),
        }
    }

    /// Looks without asking.
    #[must_use]
    pub const fn link(&self) -> &Link {
        match self {
            Self::Shadow(reader) => &reader.0,
            Self::Live(writer) => &writer.0.0,
        }
    }
}

impl Reader {
    /// A reader over a link.
    #[must_use]
    pub const fn new(link: Link) -> Self {
        Self(link)
    }

    /// The link, for its state.
    pub const fn link(&mut self) -> &mut Link {
        &mut self.0
    }

    /// Reads `count` registers or bits from 0-based `address`.
    ///
    /// # Errors
    /// Why nothing was read.
    pub async fn read(&mut self, unit: u8, table: RegisterTable, at: (u16, u16)) -> Result<Data, Fault> {
        let (address, count) = at;
        let request = match table {
            RegisterTable::Coil => Request::ReadCoils(address, count),
            RegisterTable::Discrete => Request::ReadDiscreteInputs(address, count),
            RegisterTable::Input => Request::ReadInputRegisters(address, count),
            RegisterTable::Holding => Request::ReadHoldingRegisters(address, count),
        };
        let mut reply = self.0.call(unit, request).await?;
        if let Response::ReadCoils(bits) | Response::ReadDiscreteInputs(bits) = &mut reply {
            bits.truncate(usize::from(count));
            return Ok(Data::Bits(std::mem::take(bits)));
        }
        if let Response::ReadInputRegisters(words) | Response::ReadHoldingRegisters(words) = reply {
            return Ok(Data::Words(words));
        }
        self.0.close();
        Err(Fault::Comm)
    }

    /// Asks for one register or bit without waiting. False where that cannot be done.
    pub async fn nudge(&mut self, unit: u8, table: RegisterTable, address: u16) -> bool {
        let [high, low] = address.to_be_bytes();
        self.0.nudge(unit, [read_function(table), high, low, 0, 1]).await
    }
}

impl Writer {
    /// A writer over a link that passes writes.
    #[must_use]
    pub const fn new(link: Link) -> Self {
        Self(Reader(link))
    }

    /// What it can do beside writing.
    pub const fn reader(&mut self) -> &mut Reader {
        &mut self.0
    }

    /// Writes registers from 0-based `address`: by function 6 when it is one and `multiple` is false, else by 16.
    ///
    /// # Errors
    /// Why the device did not acknowledge. It may have taken the values all the same.
    pub async fn write_words(&mut self, unit: u8, address: u16, words: &[u16], multiple: bool) -> Result<(), Fault> {
        let request = match words {
            [word] if !multiple => Request::WriteSingleRegister(address, *word),
            _ => Request::WriteMultipleRegisters(address, Cow::Borrowed(words)),
        };
        self.write(unit, request).await
    }

    /// Writes coils from 0-based `address`: by function 5 when it is one and `multiple` is false, else by 15.
    ///
    /// # Errors
    /// Why the device did not acknowledge. It may have taken the values all the same.
    pub async fn write_bits(&mut self, unit: u8, address: u16, bits: &[bool], multiple: bool) -> Result<(), Fault> {
        let request = match bits {
            [bit] if !multiple => Request::WriteSingleCoil(address, *bit),
            _ => Request::WriteMultipleCoils(address, Cow::Borrowed(bits)),
        };
        self.write(unit, request).await
    }

    async fn write(&mut self, unit: u8, request: Request<'_>) -> Result<(), Fault> {
        let link = &mut self.0.0;
        link.counters().writes.one();
        link.call(unit, request).await.map(drop)
    }
}

const fn read_function(table: RegisterTable) -> u8 {
    match table {
        RegisterTable::Coil => 1,
        RegisterTable::Discrete => 2,
        RegisterTable::Input => 4,
        RegisterTable::Holding => 3,
    }
}
