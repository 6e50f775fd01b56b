//! What can break in the world, on request: what it is called, what it does, and how people write it.
//!
//! Sensors, actuators, their reports, machinery, the room and the grid are complete for what halls have. What is of the rest comes with what
//! it breaks: a feeder's limit, a GPU that ignores its cap.

mod actuator;
mod machine;
mod sensor;
mod words;

use plant::hall::Hall;
use plant::id::{EquipId, PointId};

pub use actuator::{ActuatorFault, FeedbackFault};
pub use machine::MachineFault;
pub use sensor::SensorFault;
pub use words::{CATALOGUE, Entry, On, With};

/// Something broken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// A sensor reads something else than the truth.
    Sensor {
        /// Which one.
        point: PointId,
        /// How.
        how: SensorFault,
    },
    /// A drive or valve does something else than it is told.
    Actuator {
        /// The point that commands it.
        point: PointId,
        /// How.
        how: ActuatorFault,
    },
    /// A drive or valve reports something else than where it is.
    Feedback {
        /// The point that commands it.
        point: PointId,
        /// How.
        how: FeedbackFault,
    },
    /// A fan's motor is dead; the fan runs down in ten seconds.
    FanFailed(EquipId),
    /// A valve stays where it is.
    ValveStuck(EquipId),
    /// The chilled-water pump is tripped; it runs down in five seconds.
    PumpTripped,
    /// The chiller takes no heat.
    ChillerTripped,
    /// Machinery is broken.
    Machine {
        /// Which one.
        equip: EquipId,
        /// How.
        how: MachineFault,
    },
    /// Somebody turned a device's switch to hand: it stands at this duty and ignores commands.
    LocalHand {
        /// Which device.
        equip: EquipId,
        /// Where it stands (%).
        duty: f64,
    },
}

impl Fault {
    /// Reads a fault as people write it, `<thing> <fault> [what with]`: `rack-a01/inlet-air-temp offset -3`,
    /// `crah-1/valve leaking 0.1`, `crah-1 fan-failed`. [`CATALOGUE`] has all of them.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what there is.
    pub fn parse(hall: &Hall, text: &str) -> Result<Self, String> {
        words::parse(hall, text)
    }

    /// The fault as people write it; [`Fault::parse`] reads it back.
    #[must_use]
    pub fn text(&self, hall: &Hall) -> String {
        words::text(self, hall)
    }

    /// What it does, in a sentence.
    #[must_use]
    pub fn says(&self) -> &'static str {
        words::entry(self).map_or("", |entry| entry.says)
    }

    /// True when both concern the same part, so that one replaces the other.
    #[must_use]
    pub fn same_part(&self, other: &Self) -> bool {
        match (*self, *other) {
            (Self::Sensor { point: a, .. }, Self::Sensor { point: b, .. })
            | (Self::Actuator { point: a, .. }, Self::Actuator { point: b, .. })
            | (Self::Feedback { point: a, .. }, Self::Feedback { point: b, .. }) => a == b,
            (Self::FanFailed(a), Self::FanFailed(b))
            | (Self::ValveStuck(a), Self::ValveStuck(b))
            | (Self::LocalHand { equip: a, .. }, Self::LocalHand { equip: b, .. }) => a == b,
            (Self::Machine { equip: a, how: one }, Self::Machine { equip: b, how: other }) => {
                a == b && std::mem::discriminant(&one) == std::mem::discriminant(&other)
            }
            (Self::PumpTripped, Self::PumpTripped) | (Self::ChillerTripped, Self::ChillerTripped) => true,
            (
                Self::Sensor { .. }
                | Self::Actuator { .. }
                | Self::Feedback { .. }
                | Self::Machine { .. }
                | Self::FanFailed(_)
                | Self::ValveStuck(_)
                | Self::PumpTripped
                | Self::ChillerTripped
                | Self::LocalHand { .. },
                _,
            ) => false,
        }
    }
}
