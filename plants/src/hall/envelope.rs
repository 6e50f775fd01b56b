//! Thermal envelopes: what classes of equipment may be put through, as data. Every setpoint that control moves stays within them.
//!
//! **Sources** ASHRAE TC 9.9, *Thermal Guidelines for Data Processing Environments*, 5th edition 2021: reference card, table 2.1 (A and H classes, all at
//! the machines' inlet; rates of change), chapter 3 (W classes, facility water to what exchanges heat with it); ASHRAE TC 9.9, S classes 2024 (coolant to the
//! machines).

use serde::{Deserialize, Serialize};

use crate::units::Celsius;

/// What a hall's machines are made for. Part of the hall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The air at their inlets.
    pub air: AirClass,
    /// Tape is among them: it bears 5 K an hour where others bear 20.
    pub tape: bool,
    /// The facility water; nothing where the file does not say.
    pub facility_water: Option<WaterClass>,
    /// The coolant; nothing where the file does not say.
    pub coolant: Option<CoolantClass>,
}

/// A class of air-cooled machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AirClass {
    /// 15 to 32 °C.
    A1,
    /// 10 to 35 °C.
    A2,
    /// 5 to 40 °C.
    A3,
    /// 5 to 45 °C.
    A4,
    /// 15 to 25 °C, recommended 18 to 22 °C: air-cooled machines of high density.
    H1,
}

/// A class of facility water: the warmest that its equipment takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WaterClass {
    /// 17 °C.
    W17,
    /// 27 °C.
    W27,
    /// 32 °C.
    W32,
    /// 40 °C.
    W40,
    /// 45 °C.
    W45,
    /// Above 45 °C, as agreed: 60 °C here.
    WPlus,
}

/// A class of coolant to the machines: the warmest that they take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CoolantClass {
    /// 30 °C.
    S30,
    /// 40 °C.
    S40,
    /// 45 °C.
    S45,
    /// 50 °C.
    S50,
}

impl Envelope {
    /// Class A1 without tape: what a file without `[limits.envelope]` means.
    pub const A1: Self = Self { air: AirClass::A1, tape: false, facility_water: None, coolant: None };

    /// The fastest that the temperature of what cools machines may change (K/h).
    #[must_use]
    pub const fn rate(&self) -> f64 {
        if self.tape { 5.0 } else { 20.0 }
    }
}

impl AirClass {
    /// The words in files.
    pub const WORDS: [(&'static str, Self); 5] =
        [("A1", Self::A1), ("A2", Self::A2), ("A3", Self::A3), ("A4", Self::A4), ("H1", Self::H1)];

    /// The upper end of the recommended range.
    #[must_use]
    pub const fn recommended(self) -> Celsius {
        match self {
            Self::A1 | Self::A2 | Self::A3 | Self::A4 => Celsius(27.0),
            Self::H1 => Celsius(22.0),
        }
    }

    /// The upper end of the allowable range.
    #[must_use]
    pub const fn allowable(self) -> Celsius {
        match self {
            Self::A1 => Celsius(32.0),
            Self::A2 => Celsius(35.0),
            Self::A3 => Celsius(40.0),
            Self::A4 => Celsius(45.0),
            Self::H1 => Celsius(25.0),
        }
    }
}

impl WaterClass {
    /// The words in files.
    pub const WORDS: [(&'static str, Self); 6] = [
        ("W17", Self::W17),
        ("W27", Self::W27),
        ("W32", Self::W32),
        ("W40", Self::W40),
        ("W45", Self::W45),
        ("W+", Self::WPlus),
    ];

    /// The warmest supply.
    #[must_use]
    pub const fn warmest(self) -> Celsius {
        match self {
            Self::W17 => Celsius(17.0),
            Self::W27 => Celsius(27.0),
            Self::W32 => Celsius(32.0),
            Self::W40 => Celsius(40.0),
            Self::W45 => Celsius(45.0),
            Self::WPlus => Celsius(60.0),
        }
    }
}

impl CoolantClass {
    /// The words in files.
    pub const WORDS: [(&'static str, Self); 4] =
        [("S30", Self::S30), ("S40", Self::S40), ("S45", Self::S45), ("S50", Self::S50)];

    /// The warmest supply.
    #[must_use]
    pub const fn warmest(self) -> Celsius {
        match self {
            Self::S30 => Celsius(30.0),
            Self::S40 => Celsius(40.0),
            Self::S45 => Celsius(45.0),
            Self::S50 => Celsius(50.0),
        }
    }
}
