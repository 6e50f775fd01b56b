//! Levels of the priority array and troubles of values, in the hall's words.

use plant::command::Level;
use plant::reading::Why;

/// What a level is, for people: `thermal protection`.
#[must_use]
pub const fn level(level: Level) -> &'static str {
    match level {
        Level::ManualLifeSafety => "manual life safety",
        Level::AutomaticLifeSafety => "automatic life safety",
        Level::LocalHand => "local hand",
        Level::ThermalProtection => "thermal protection",
        Level::CriticalEquipment => "critical equipment",
        Level::MinimumOnOff => "minimum on and off times",
        Level::ElectricalProtection => "electrical protection",
        Level::Operator => "operator",
        Level::Commissioning => "commissioning",
        Level::DemandResponse => "demand response",
        Level::SchedulerBudget => "scheduler budget",
        Level::Optimiser => "optimiser",
        Level::PeakShaving => "peak shaving",
        Level::Schedule => "schedule",
        Level::Maintenance => "maintenance",
        Level::Control => "control",
        Level::RelinquishDefault => "relinquish default",
    }
}

/// What is wrong with a value, for people.
#[must_use]
pub fn trouble(why: Why) -> String {
    match why {
        Why::NeverRead => "it has never been read".to_owned(),
        Why::Comm => "the connection is down".to_owned(),
        Why::Timeout => "no new value came in time".to_owned(),
        Why::Exception(code) => format!("the device answered with exception {code}"),
        Why::Range => "it is out of range".to_owned(),
        Why::RateOfChange => "it changed faster than it can".to_owned(),
        Why::Stuck => "it has not changed for too long".to_owned(),
        Why::InvalidCode => "the device says it has no value".to_owned(),
        Why::NotANumber => "it is not a number".to_owned(),
        Why::Clock => "its time stamp is in the future".to_owned(),
        Why::Manual => "a person replaced it".to_owned(),
        Why::OutOfService => "it is out of service".to_owned(),
        Why::Config => "it has no source".to_owned(),
        Why::WrongDevice => "another device than its map means has answered".to_owned(),
    }
}
