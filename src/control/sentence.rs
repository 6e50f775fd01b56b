//! Reasons and events in the hall's words.

use plant::command::{Level, Reason};
use plant::event::{Event, What};
use plant::hall::Hall;
use plant::id::PointId;
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

/// A reason as a clause: `row-a's worst inlet is rack-a07/inlet-air-temp`.
#[must_use]
pub fn reason(hall: &Hall, reason: Reason) -> String {
    let name = |point: PointId| hall.points.get(point).map_or("?", |def| def.name.as_str());
    match reason {
        Reason::Relinquished => "nobody asks for anything".to_owned(),
        Reason::SafeOutputs => "the fail-safe holds until every input has been heard".to_owned(),
        Reason::Loop(point) => format!("the loop follows {}", name(point)),
        Reason::WorstInlet(point) => format!("the worst inlet is {}", name(point)),
        Reason::InputLost(point, why) => format!("{} is lost: {}", name(point), trouble(why)),
        Reason::AllInputsLost => "every input is lost".to_owned(),
        Reason::OverTemperature(point) => {
            format!("{} reached its maximum of {}", name(point), hall.limits.inlet_max)
        }
        Reason::Override => "an operator holds it".to_owned(),
        Reason::EquipmentLimit => "the equipment allows no more".to_owned(),
        Reason::RateLimit => "it moves as fast as the equipment may".to_owned(),
    }
}

/// An event as a sentence without its subject, which [`Event::subject`] names.
#[must_use]
pub fn event(hall: &Hall, event: &Event) -> String {
    match event.what {
        What::ReadingFresh => "is known again".to_owned(),
        What::ReadingStale(why) => format!("is doubted: {}", trouble(why)),
        What::ReadingLost(why) => format!("is lost: {}", trouble(why)),
        What::WriteUnproven { wanted, seen } => format!("was written as {wanted}, but the device holds {seen}"),
        What::WriteForeign { wanted, seen } => format!("was changed to {seen} by somebody else; we want {wanted}"),
        What::WriteFailed(why) => format!("could not be written: {}", trouble(why)),
        What::WriteProven => "is written and read back".to_owned(),
        What::Leader { level: at, reason: why } => {
            format!("is led by level {} ({}): {}", at.number(), level(at), reason(hall, why))
        }
        What::LimitConflict { kept, dropped } => format!(
            "has limits that exclude each other: level {} ({}) stays, level {} ({}) is dropped",
            kept.number(),
            level(kept),
            dropped.number(),
            level(dropped)
        ),
        What::OverrideSet { value } => format!("is held at {value} by an operator"),
        What::OverrideReleased => "is given back by an operator".to_owned(),
        What::OverrideExpired => "is given back: the override ran out".to_owned(),
        What::AlarmRaised => "is raised".to_owned(),
        What::AlarmCleared => "is over".to_owned(),
        What::AlarmAcknowledged => "is acknowledged".to_owned(),
        What::AlarmReset => "is reset".to_owned(),
        What::ClockTrusted(true) => "trusts the wall clock again".to_owned(),
        What::ClockTrusted(false) => "no longer trusts the wall clock".to_owned(),
        What::ReloadApplied => "runs with new strategies".to_owned(),
        What::MeterWentBack { from, to } => format!("went back from {from} Wh to {to} Wh; not counted"),
        What::MeterJumped { from, to } => {
            format!("jumped from {from} Wh to {to} Wh, more than its circuit carries; not counted")
        }
        What::Started => "is under control".to_owned(),
        What::Stopping => "goes to its fail-safe values".to_owned(),
        What::OverrideDropped => {
            "is given back: control was away, and without a trusted clock nobody knows for how long".to_owned()
        }
        What::WriteAcknowledged => "is written and acknowledged, and nothing reads it back: unproven".to_owned(),
    }
}
