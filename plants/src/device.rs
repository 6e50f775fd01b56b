//! Device maps: what a product speaks, as a page of data. One file a product, `devices/*.toml`.

pub mod codec;
mod load;
mod words;

use crate::hall::Kind;
use crate::time::Span;
use crate::units::Unit;

pub use words::RegisterLabel;

/// A product's registers and topics.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceMap {
    /// Its id, the file's name without `.toml`.
    pub id: String,
    /// The kind of equipment it is.
    pub kind: Kind,
    /// Who makes it.
    pub vendor: String,
    /// The product.
    pub model: String,
    /// What the product does by itself when we fall silent. Needed when anything is writable.
    pub comm_loss: Option<CommLoss>,
    /// What tells the product from others on Modbus. Empty: nobody looks.
    pub identity: Vec<IdentityMark>,
    /// What it speaks over Modbus.
    pub registers: Vec<Register>,
    /// What it says over MQTT.
    pub topics: Vec<Topic>,
}

/// What a product does when nobody talks to it.
#[derive(Clone, Debug, PartialEq)]
pub struct CommLoss {
    /// How long it waits (Modbus silence).
    pub after: Span,
    /// What it does then, in the manual's words.
    pub action: String,
}

/// A register whose content tells a product, a model or one very device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityMark {
    /// Input or holding.
    pub table: RegisterTable,
    /// The 0-based address in the PDU.
    pub address: u16,
    /// How it lies there: a whole number.
    pub ty: RegisterType,
    /// Byte order.
    pub byte_order: ByteOrder,
    /// What it may hold: the bits as an unsigned number of the type's width. Never empty.
    pub expect: Vec<u64>,
    /// Line and column in the file, from 1, for messages.
    pub place: (usize, usize),
}

impl IdentityMark {
    /// True when these words are what it may hold.
    #[must_use]
    pub fn fits(&self, words: &[u16]) -> bool {
        words.len() == usize::from(self.ty.words()) && self.expect.contains(&codec::join(self.byte_order, words))
    }

    /// Where it is, for people.
    #[must_use]
    pub const fn label(&self) -> RegisterLabel {
        RegisterLabel { table: self.table, address: self.address }
    }
}

/// One of Modbus' four tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegisterTable {
    /// 0xxxx: read-write bits.
    Coil,
    /// 1xxxx: read-only bits.
    Discrete,
    /// 3xxxx: read-only words.
    Input,
    /// 4xxxx: read-write words.
    Holding,
}

/// How a value lies in its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RegisterType {
    /// A coil or discrete input.
    Bool,
    /// One bit of a word, 0 (least significant) to 15.
    Bit(u8),
    /// One word, two's complement.
    Int16,
    /// One word.
    Uint16,
    /// Two words, two's complement.
    Int32,
    /// Two words.
    Uint32,
    /// Four words, two's complement.
    Int64,
    /// Four words.
    Uint64,
    /// Two words, IEEE 754.
    Float32,
    /// Four words, IEEE 754.
    Float64,
}

/// The order of a multi-word value's bytes, for reads and writes alike. A is the most significant byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// Big-endian: most significant word first, most significant byte first.
    #[default]
    Abcd,
    /// Least significant word first.
    Cdab,
    /// Bytes swapped within words.
    Badc,
    /// Little-endian.
    Dcba,
}

/// Who may do what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Access {
    /// Read only: what is not said otherwise.
    #[default]
    Ro,
    /// Read and write.
    Rw,
    /// Write only: cannot be read back, so never proven.
    Wo,
}

/// One value of a product on Modbus.
#[derive(Clone, Debug, PartialEq)]
pub struct Register {
    /// The point's name within the equipment. A name the kind does not know is monitored only.
    pub point: String,
    /// Which table.
    pub table: RegisterTable,
    /// The 0-based address in the PDU.
    pub address: u16,
    /// How it lies there.
    pub ty: RegisterType,
    /// Byte order.
    pub byte_order: ByteOrder,
    /// `value = raw · scale + offset`, in `unit`.
    pub scale: f64,
    /// See `scale`.
    pub offset: f64,
    /// The unit after scaling.
    pub unit: Unit,
    /// Raw values (the bits as an unsigned number of the type's width) that mean "no value".
    pub invalid: Vec<u64>,
    /// Below this (in `unit`) the value is out of range.
    pub min: f64,
    /// Above this (in `unit`) the value is out of range.
    pub max: f64,
    /// How often it is read; zero means every scan.
    pub poll: Span,
    /// Who may do what.
    pub access: Access,
    /// For `rw` and `wo`: how it is written.
    pub write: Option<RegisterWrite>,
    /// Line and column in the file, from 1, for messages.
    pub place: (usize, usize),
}

/// How a writable register is written. Values in the register's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RegisterWrite {
    /// The lowest value the product takes.
    pub min: f64,
    /// The highest value the product takes.
    pub max: f64,
    /// The safe value.
    pub failsafe: f64,
    /// Written again at least this often, so that the product knows we live.
    pub refresh: Span,
    /// Read back after a write. Always false for `wo`.
    pub read_back: bool,
    /// How far a read-back may differ and still prove the write.
    pub tolerance: f64,
    /// Kept in memory that wears out: written only on change, and no more often than `min_interval`.
    pub nonvolatile: bool,
    /// The shortest time between two writes of a nonvolatile register.
    pub min_interval: Span,
    /// Use "write multiple" (15/16) even for a single bit or word.
    pub multiple: bool,
}

/// One value of a product on MQTT.
#[derive(Clone, Debug, PartialEq)]
pub struct Topic {
    /// The point's name within the equipment.
    pub point: String,
    /// The topic, with `{equip}` standing for the equipment's name.
    pub topic: String,
    /// JSON pointer (RFC 6901) to the number; empty for a payload that is a plain number.
    pub pointer: String,
    /// JSON pointer to a time stamp in milliseconds since 1970; empty when there is none.
    pub time_pointer: String,
    /// `value = number · scale + offset`, in `unit`.
    pub scale: f64,
    /// See `scale`.
    pub offset: f64,
    /// The unit after scaling.
    pub unit: Unit,
    /// Below this (in `unit`) the value is out of range.
    pub min: f64,
    /// Above this (in `unit`) the value is out of range.
    pub max: f64,
    /// Line and column in the file, from 1, for messages.
    pub place: (usize, usize),
}
