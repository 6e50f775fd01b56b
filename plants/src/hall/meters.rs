//! Meters, and what their roles mean for PUE.

use serde::{Deserialize, Serialize};

use crate::id::EquipId;
use crate::point::Point;
use crate::units::{WattHours, Watts};

/// What a meter measures, for PUE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MeterRole {
    /// All that enters the site.
    Utility,
    /// Leaving the UPS: IT energy of category 1.
    UpsOutput,
    /// Leaving the PDUs: IT energy of category 2.
    PduOutput,
    /// At the IT equipment's input: IT energy of category 3.
    It,
    /// Cooling: fans, pumps, chillers.
    Cooling,
    /// Anything else that is metered.
    Other,
    /// A generator's electrical output.
    Generator,
    /// What batteries give, at their alternating-current terminals. A meter that counts both ways is two meters.
    BatteryDischarge,
    /// What batteries take, at their alternating-current terminals.
    BatteryCharge,
}

impl MeterRole {
    /// How the role counts for what enters the facility's load: utility, generators and discharge add, charge takes away,
    /// the rest lies behind.
    #[must_use]
    pub const fn entry_sign(self) -> Option<f64> {
        match self {
            Self::Utility | Self::Generator | Self::BatteryDischarge => Some(1.0),
            Self::BatteryCharge => Some(-1.0),
            Self::UpsOutput | Self::PduOutput | Self::It | Self::Cooling | Self::Other => None,
        }
    }
}

/// A meter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Meter {
    /// The equipment.
    pub equip: EquipId,
    /// What it measures.
    pub role: MeterRole,
    /// The meter above it, for the sum check.
    pub parent: Option<EquipId>,
    /// Active power now.
    pub power: Point<Watts>,
    /// The energy register.
    pub energy: Point<WattHours>,
    /// Nameplate (W): the largest power its circuit can carry.
    pub rated: Watts,
    /// Where the register rolls over to zero (Wh); infinite when it never does.
    pub rollover: WattHours,
}

/// When a PUE means something.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PueRules {
    /// Below this share of what the IT meters are rated for, what is left running makes any ratio: no PUE is told (1, 0 to 1).
    pub low_load: f64,
}

impl Default for PueRules {
    fn default() -> Self {
        Self { low_load: 0.05 }
    }
}
