//! What befalls the peaks that a utility bills.

use serde::{Deserialize, Serialize};

use super::Name;

/// What befalls billed peaks. A demand is named by its place among the targets of the hall's file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum PeakNews {
    /// Loads are lowered for the windows of a demand.
    Held {
        /// Which.
        demand: u8,
        /// The mean power that they still allow (W).
        allowed: f64,
    },
    /// Nothing is lowered for any window any more.
    Free,
    /// A window came to more than was planned, and than was paid already.
    Paid {
        /// Of which demand.
        demand: u8,
        /// Its mean power (W).
        watts: f64,
    },
    /// The billed meter has not been read for long, or is again.
    Unread(bool),
    /// It is not sure where windows begin, or is again.
    Unsure(bool),
    /// A demand is not named any more by the tariff or the hall's file, or not of this meter: what is known of it is put aside.
    PutAside {
        /// Which.
        demand: Name,
        /// The highest peak that is known of it (W).
        watts: f64,
    },
    /// Nothing is known of a demand that is billed now.
    Anew {
        /// Which.
        demand: Name,
    },
    /// Cooling draws less than usual for a while: its setpoints are above where they usually are, or are there no more.
    Rides(bool),
    /// Cooling draws more than usual for a while, before a peak that is expected; or does so no more.
    PreCools(bool),
    /// Setpoints that had been moved are back at once.
    RideEnded(RideEnd),
}

/// Why cooling's setpoints are not moved for peaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RideEnd {
    /// An inlet is not known now.
    Inlet,
    /// An inlet is above the recommended range, coolant above its class, or machines are asked to draw less.
    Hot,
    /// The air of a coil, the coolant of a CDU, or their water is not known now.
    Cooling,
    /// The room's dew point is not known now, near the end of the recommended range, or near to coolant.
    DewPoint,
    /// Thermal protection has a row.
    Tripped,
    /// A tray is wet.
    Leak,
    /// An alarm stands, or a machine has failed.
    Alarm,
    /// A GPU is slowed down by heat.
    Gpus,
    /// Some of the plant is on its panels.
    OnPanels,
    /// A person holds an output, or something is on trial.
    Held,
    /// Somebody else's control runs the plant.
    Beside,
    /// What flows through the billed meter is not known.
    Meter,
}

impl RideEnd {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Inlet => "inlet",
            Self::Hot => "hot",
            Self::Cooling => "cooling",
            Self::DewPoint => "dew_point",
            Self::Tripped => "tripped",
            Self::Leak => "leak",
            Self::Alarm => "alarm",
            Self::Gpus => "gpus",
            Self::OnPanels => "on_panels",
            Self::Held => "held",
            Self::Beside => "beside",
            Self::Meter => "meter",
        }
    }

    /// As a clause.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Inlet => "an inlet is not known now",
            Self::Hot => {
                "an inlet is above the recommended range, coolant above its class, or machines are asked to draw less"
            }
            Self::Cooling => "the air of a coil, the coolant of a CDU, or their water is not known now",
            Self::DewPoint => {
                "the room's dew point is not known now, near the end of the recommended range, or near to coolant"
            }
            Self::Tripped => "thermal protection has a row",
            Self::Leak => "a tray is wet",
            Self::Alarm => "an alarm stands, or a machine has failed",
            Self::Gpus => "a GPU is slowed down by heat",
            Self::OnPanels => "some of the plant is on its panels",
            Self::Held => "a person holds an output, or something is on trial",
            Self::Beside => "somebody else's control runs the plant",
            Self::Meter => "what flows through the billed meter is not known",
        }
    }
}

impl PeakNews {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Held { .. } => "peak_held",
            Self::Free => "peak_free",
            Self::Paid { .. } => "peak_paid",
            Self::Unread(_) => "billed_meter_unread",
            Self::Unsure(_) => "windows_unsure",
            Self::PutAside { .. } => "peaks_put_aside",
            Self::Anew { .. } => "peaks_anew",
            Self::Rides(_) => "cooling_rides",
            Self::PreCools(_) => "cooling_pre_cools",
            Self::RideEnded(_) => "ride_ended",
        }
    }
}
