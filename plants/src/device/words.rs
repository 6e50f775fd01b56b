//! The words of device maps, and how a register is named to people.

use std::fmt;

use super::{Access, ByteOrder, Register, RegisterTable, RegisterType};

impl RegisterTable {
    /// Every table with its word in files and its leading digit in Modicon's numbering.
    pub const ALL: [(&'static str, Self, u32); 4] = [
        ("coil", Self::Coil, 0),
        ("discrete", Self::Discrete, 1),
        ("input", Self::Input, 3),
        ("holding", Self::Holding, 4),
    ];

    /// The word in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Coil => "coil",
            Self::Discrete => "discrete",
            Self::Input => "input",
            Self::Holding => "holding",
        }
    }

    /// The leading digit in Modicon's numbering.
    #[must_use]
    pub const fn digit(self) -> u32 {
        match self {
            Self::Coil => 0,
            Self::Discrete => 1,
            Self::Input => 3,
            Self::Holding => 4,
        }
    }

    /// True for single bits, false for words.
    #[must_use]
    pub const fn holds_bits(self) -> bool {
        match self {
            Self::Coil | Self::Discrete => true,
            Self::Input | Self::Holding => false,
        }
    }

    /// True for what Modbus can write.
    #[must_use]
    pub const fn writable(self) -> bool {
        match self {
            Self::Coil | Self::Holding => true,
            Self::Discrete | Self::Input => false,
        }
    }
}

impl RegisterType {
    /// Every type but the bits of a word, with its word in files.
    pub const WORDS: [(&'static str, Self); 10] = [
        ("bool", Self::Bool),
        ("bit", Self::Bit(0)),
        ("int16", Self::Int16),
        ("uint16", Self::Uint16),
        ("int32", Self::Int32),
        ("uint32", Self::Uint32),
        ("int64", Self::Int64),
        ("uint64", Self::Uint64),
        ("float32", Self::Float32),
        ("float64", Self::Float64),
    ];

    /// The word in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Bit(_) => "bit",
            Self::Int16 => "int16",
            Self::Uint16 => "uint16",
            Self::Int32 => "int32",
            Self::Uint32 => "uint32",
            Self::Int64 => "int64",
            Self::Uint64 => "uint64",
            Self::Float32 => "float32",
            Self::Float64 => "float64",
        }
    }

    /// True for one bit, alone or in a word.
    #[must_use]
    pub const fn is_bit(self) -> bool {
        match self {
            Self::Bool | Self::Bit(_) => true,
            Self::Int16
            | Self::Uint16
            | Self::Int32
            | Self::Uint32
            | Self::Int64
            | Self::Uint64
            | Self::Float32
            | Self::Float64 => false,
        }
    }

    /// True for IEEE 754.
    #[must_use]
    pub const fn is_float(self) -> bool {
        match self {
            Self::Float32 | Self::Float64 => true,
            Self::Bool
            | Self::Bit(_)
            | Self::Int16
            | Self::Uint16
            | Self::Int32
            | Self::Uint32
            | Self::Int64
            | Self::Uint64 => false,
        }
    }

    /// True for two's complement.
    #[must_use]
    pub const fn is_signed(self) -> bool {
        match self {
            Self::Int16 | Self::Int32 | Self::Int64 => true,
            Self::Bool | Self::Bit(_) | Self::Uint16 | Self::Uint32 | Self::Uint64 | Self::Float32 | Self::Float64 => {
                false
            }
        }
    }
}

impl ByteOrder {
    /// Every order with its word in files.
    pub const WORDS: [(&'static str, Self); 4] =
        [("ABCD", Self::Abcd), ("CDAB", Self::Cdab), ("BADC", Self::Badc), ("DCBA", Self::Dcba)];
}

impl Access {
    /// Every access with its word in files.
    pub const WORDS: [(&'static str, Self); 3] = [("ro", Self::Ro), ("rw", Self::Rw), ("wo", Self::Wo)];

    /// True for what is written.
    #[must_use]
    pub const fn writes(self) -> bool {
        match self {
            Self::Rw | Self::Wo => true,
            Self::Ro => false,
        }
    }

    /// True for what is read.
    #[must_use]
    pub const fn reads(self) -> bool {
        match self {
            Self::Ro | Self::Rw => true,
            Self::Wo => false,
        }
    }
}

impl Register {
    /// The register in both ways of counting: `holding 107 (40108)`.
    #[must_use]
    pub const fn label(&self) -> RegisterLabel {
        RegisterLabel { table: self.table, address: self.address }
    }
}

/// A register's table and address, displayed in both ways of counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisterLabel {
    /// The table.
    pub table: RegisterTable,
    /// The 0-based address.
    pub address: u16,
}

impl fmt::Display for RegisterLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one_based = u32::from(self.address).saturating_add(1);
        let digits = if one_based > 9999 { 5 } else { 4 };
        write!(f, "{} {} ({}{one_based:0digits$})", self.table.word(), self.address, self.table.digit())
    }
}
