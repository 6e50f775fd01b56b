//! The words that halls use for roles, priorities and conditions.

use super::{Condition, Kind, MeterRole, Priority};
use crate::event::FeedTrouble;

impl MeterRole {
    /// Every role, from the grid to the machines, then the rest.
    pub const ALL: [Self; 9] = [
        Self::Utility,
        Self::UpsOutput,
        Self::PduOutput,
        Self::It,
        Self::Cooling,
        Self::Other,
        Self::Generator,
        Self::BatteryDischarge,
        Self::BatteryCharge,
    ];

    /// The word in files and on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Utility => "utility",
            Self::UpsOutput => "ups-output",
            Self::PduOutput => "pdu-output",
            Self::It => "it",
            Self::Cooling => "cooling",
            Self::Other => "other",
            Self::Generator => "generator",
            Self::BatteryDischarge => "battery-discharge",
            Self::BatteryCharge => "battery-charge",
        }
    }
}

impl Priority {
    /// Every priority, most urgent first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// The word in files and on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

impl Condition {
    /// Every condition.
    pub const ALL: [Self; 33] = [
        Self::InletAbove,
        Self::InletsLost,
        Self::ReadingsLost,
        Self::WritesDoubted,
        Self::SupplyAirAbove,
        Self::DpBelow,
        Self::UnattributedAbove,
        Self::PueInvalid,
        Self::ClockUntrusted,
        Self::WrongDevice,
        Self::MachineFailed,
        Self::ChangeAbandoned,
        Self::PlantShort,
        Self::PlantOnPanels,
        Self::CduFouled,
        Self::LevelBelow,
        Self::CapRequested,
        Self::DewPointTripped,
        Self::DewPointsLost,
        Self::DoorLeak,
        Self::Leak,
        Self::TankHot,
        Self::TankCold,
        Self::TankAir,
        Self::DrainRequested,
        Self::PowerOffRequested,
        Self::SensorDeviates,
        Self::NoResponse,
        Self::FeedAbove,
        Self::FeedTimeShort,
        Self::FeedReckoned,
        Self::FeedUneven,
        Self::Service,
    ];

    /// The word in files and on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::InletAbove => "inlet-above",
            Self::InletsLost => "inlets-lost",
            Self::ReadingsLost => "readings-lost",
            Self::WritesDoubted => "writes-doubted",
            Self::SupplyAirAbove => "supply-air-above",
            Self::DpBelow => "dp-below",
            Self::UnattributedAbove => "unattributed-above",
            Self::PueInvalid => "pue-invalid",
            Self::ClockUntrusted => "clock-untrusted",
            Self::WrongDevice => "wrong-device",
            Self::MachineFailed => "machine-failed",
            Self::ChangeAbandoned => "change-abandoned",
            Self::PlantShort => "plant-short",
            Self::PlantOnPanels => "plant-on-panels",
            Self::CduFouled => "cdu-fouled",
            Self::LevelBelow => "level-below",
            Self::CapRequested => "cap-requested",
            Self::DewPointTripped => "dew-point-tripped",
            Self::DewPointsLost => "dew-points-lost",
            Self::DoorLeak => "door-leak",
            Self::Leak => "leak",
            Self::TankHot => "tank-hot",
            Self::TankCold => "tank-cold",
            Self::TankAir => "tank-air",
            Self::DrainRequested => "drain-requested",
            Self::PowerOffRequested => "power-off-requested",
            Self::SensorDeviates => "sensor-deviates",
            Self::NoResponse => "no-response",
            Self::FeedAbove => "feed-above",
            Self::FeedTimeShort => "feed-time-short",
            Self::FeedReckoned => "feed-reckoned",
            Self::FeedUneven => "feed-uneven",
            Self::Service => "service",
        }
    }

    /// True for what befalls plants that control runs by sequence.
    #[must_use]
    pub const fn is_of_plants(self) -> bool {
        matches!(self, Self::ChangeAbandoned | Self::PlantShort | Self::PlantOnPanels)
    }

    /// What of feeds it is about; nothing where it is about something else.
    #[must_use]
    pub const fn of_feeds(self) -> Option<FeedTrouble> {
        match self {
            Self::FeedAbove => Some(FeedTrouble::Above),
            Self::FeedTimeShort => Some(FeedTrouble::TimeShort),
            Self::FeedReckoned => Some(FeedTrouble::Reckoned),
            Self::FeedUneven => Some(FeedTrouble::Uneven),
            Self::InletAbove
            | Self::InletsLost
            | Self::ReadingsLost
            | Self::WritesDoubted
            | Self::SupplyAirAbove
            | Self::DpBelow
            | Self::UnattributedAbove
            | Self::PueInvalid
            | Self::ClockUntrusted
            | Self::WrongDevice
            | Self::MachineFailed
            | Self::ChangeAbandoned
            | Self::PlantShort
            | Self::PlantOnPanels
            | Self::CduFouled
            | Self::LevelBelow
            | Self::CapRequested
            | Self::DewPointTripped
            | Self::DewPointsLost
            | Self::DoorLeak
            | Self::Leak
            | Self::TankHot
            | Self::TankCold
            | Self::TankAir
            | Self::DrainRequested
            | Self::PowerOffRequested
            | Self::SensorDeviates
            | Self::NoResponse
            | Self::Service => None,
        }
    }

    /// The kinds that it befalls only where control runs one of them; none where it befalls others, too.
    #[must_use]
    pub const fn befalls(self) -> &'static [Kind] {
        match self {
            Self::CduFouled => &[Kind::Cdu],
            Self::DewPointTripped | Self::DewPointsLost => &[Kind::Cdu, Kind::RearDoor],
            Self::DoorLeak => &[Kind::RearDoor],
            Self::Leak => &[Kind::Cdu, Kind::Tank, Kind::TwoPhaseTank],
            Self::TankAir => &[Kind::TwoPhaseTank],
            Self::TankHot | Self::TankCold => &[Kind::Tank, Kind::TwoPhaseTank],
            Self::InletAbove
            | Self::InletsLost
            | Self::ReadingsLost
            | Self::WritesDoubted
            | Self::SupplyAirAbove
            | Self::DpBelow
            | Self::UnattributedAbove
            | Self::PueInvalid
            | Self::ClockUntrusted
            | Self::WrongDevice
            | Self::MachineFailed
            | Self::ChangeAbandoned
            | Self::PlantShort
            | Self::PlantOnPanels
            | Self::LevelBelow
            | Self::CapRequested
            | Self::DrainRequested
            | Self::PowerOffRequested
            | Self::SensorDeviates
            | Self::NoResponse
            | Self::FeedAbove
            | Self::FeedTimeShort
            | Self::FeedReckoned
            | Self::FeedUneven
            | Self::Service => &[],
        }
    }

    /// What its `limit` counts, for people; nothing where it has none.
    #[must_use]
    pub const fn limit_in(self) -> Option<&'static str> {
        match self {
            Self::InletAbove | Self::SupplyAirAbove => Some("°C"),
            Self::ReadingsLost => Some("readings"),
            Self::WritesDoubted => Some("outputs"),
            Self::DpBelow => Some("Pa"),
            Self::UnattributedAbove => Some("W"),
            Self::CduFouled => Some("K"),
            Self::LevelBelow => Some("%"),
            Self::InletsLost
            | Self::PueInvalid
            | Self::ClockUntrusted
            | Self::WrongDevice
            | Self::MachineFailed
            | Self::ChangeAbandoned
            | Self::PlantShort
            | Self::PlantOnPanels
            | Self::CapRequested
            | Self::DewPointTripped
            | Self::DewPointsLost
            | Self::DoorLeak
            | Self::Leak
            | Self::TankHot
            | Self::TankCold
            | Self::TankAir
            | Self::DrainRequested
            | Self::PowerOffRequested
            | Self::SensorDeviates
            | Self::NoResponse
            | Self::FeedAbove
            | Self::FeedTimeShort
            | Self::FeedReckoned
            | Self::FeedUneven
            | Self::Service => None,
        }
    }
}
