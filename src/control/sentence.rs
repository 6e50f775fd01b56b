//! Reasons and events in the hall's words.

mod batteries;
mod feeds;
mod grid;
mod leases;
mod levels;
mod peaks;
mod prices;
mod supervision;
mod turns;
mod windows;

use plant::command::{Level, Reason};
use plant::event::{
    CapReason, CheckEnd, Commissioning, Disagreement, Event, ShutOut, StageCause, Step, TrialEnd, Trouble, Unanswered,
    What,
};
use plant::hall::Hall;
use plant::id::PointId;

pub use feeds::feed;
pub use grid::{fault, grid};
use leases::lease;
pub use levels::{level, trouble};
pub use peaks::peak;

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
        Reason::OnPanel => "its own panel runs it: control does not see it, or its plant, well enough".to_owned(),
        Reason::InStage(wanted) => format!("it is one of {wanted} that the stage wants"),
        Reason::NotInStage(wanted) => format!("the stage wants {wanted}, and this is none of them"),
        Reason::Failed(why) => format!("it has failed: {}", mishap(why)),
        Reason::MinimumTime => "a minimum time on or off is not over".to_owned(),
        Reason::Economising => "outdoors is cold enough to make the water".to_owned(),
        Reason::NotEconomising => "outdoors is too warm for it, or it did not help".to_owned(),
        Reason::PlantDemand => "as cold as coils and rows demand it".to_owned(),
        Reason::Rides => "as cold as coils and rows demand it, moved for a billed peak".to_owned(),
        Reason::NoDemandLimit => "it may take all of its load: no other machine needs room to start".to_owned(),
        Reason::HeatWanted => "the customer calls for heat, and the return is warm enough".to_owned(),
        Reason::NoHeatWanted => "no heat is called for or taken, the return is too cold, or it is not known".to_owned(),
        Reason::NoWater => "no water comes to it".to_owned(),
        Reason::ColdEnough => "the water is colder than it is to be held".to_owned(),
        Reason::LeastWater => "as many cells as get their least water".to_owned(),
        Reason::PadsHelp => "the fans alone did not make the water cold enough".to_owned(),
        Reason::FansAlone => "the fans alone do, or it is too cold for water".to_owned(),
        Reason::ValveAtRest => "the chiller stands, and nothing has to be held back".to_owned(),
        Reason::Running => "control runs it".to_owned(),
        Reason::Standby => "it stands by in case the other pump fails".to_owned(),
        Reason::FailOver => "it takes the place of a pump that was lost, at its last speed".to_owned(),
        Reason::NothingToCool => "the air that leaves it is colder than it is to be held".to_owned(),
        Reason::Leak => "it leaks, or did, and nobody has reset the alarm".to_owned(),
        Reason::TooCold => "the fluid is too cold: it circulates, or warms, with its valve shut".to_owned(),
        Reason::StartsAnew => "it has failed, and stands for a moment before it is told to turn again".to_owned(),
        Reason::AirFound => "there is air in the tank, and its purge draws it off".to_owned(),
        Reason::NoPurge => "there is no air to draw off, or the purge has to wait".to_owned(),
        Reason::TankHot(point) => format!("{} is too high: all that cools the tank runs at its most", name(point)),
        Reason::DewPoint(Some(point)) => format!("the coolant is too near to the dew point at {}", name(point)),
        Reason::DewPoint(None) => "the coolant is colder than a room of unknown dew point allows".to_owned(),
        Reason::Trial => "a trial moves it, to tune its loop".to_owned(),
        Reason::Battery(does) => batteries::does(does).to_owned(),
        Reason::Checkout => "a checkout moves it, to see its device follow".to_owned(),
        Reason::DemandLimit => "it leaves room for one that starts".to_owned(),
        Reason::ShutOut(why) => format!("outdoor air is shut out: {}", shut_out(why)),
    }
}

/// What went wrong in a sequence, for people.
#[must_use]
pub const fn mishap(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::DidNotStart => "told to start, it did not run in its time",
        Trouble::DidNotStop => "told to stop, it did not stand in its time",
        Trouble::StoppedItself => "it stopped without being told",
        Trouble::Fault => "its panel reports a fault",
        Trouble::NotLimited => "running machines did not come down to their demand limit in time; the next one starts",
        Trouble::ChangeAborted => "a stage change did not end in its time and was abandoned",
        Trouble::NoneLeft => "one more is wanted, and none is left that can run",
        Trouble::NotTaken => "nobody takes the heat that is called for, although the valve is open",
        Trouble::DamperStuck => "its outdoor-air damper does not stand where it was told to",
        Trouble::ValveStuck => "its valve does not stand where it was told to",
        Trouble::SpeedAstray => "its pump does not turn as fast as it was told to",
        Trouble::CoolsTooLittle => "its valve is open, and the air that leaves it is much too warm",
        Trouble::DidNotWarm => "its fluid did not become warm in its time",
        Trouble::PurgeStands => "its purge was told to run, and stands",
        Trouble::PurgeRunsOn => "its purge was told to stand, and runs on",
        Trouble::AirStays => {
            "its purge has run for its time and did not get its air out: air comes in somewhere, or one of its sensors lies"
        }
        Trouble::RunsDry => "its pump stands, for it would run dry: it has too little fluid",
        Trouble::ColderThanOthers => {
            "its supply air is told far colder than that of all other units of its row, and nothing makes it so: it is not believed"
        }
        Trouble::MeterNotBelieved => {
            "its flow meter reads that the water stands, while a pump runs and presses it: it is not believed"
        }
        Trouble::NotSaturated => "it presses less than its liquid's vapour would: its pressure or its temperature lies",
        Trouble::NotBelieved => {
            "its fluid's temperature does not rise with the heat that its machines give, and is not believed"
        }
    }
}

/// Why machines should draw less power, or none, for people.
#[must_use]
pub const fn need(why: CapReason) -> &'static str {
    match why {
        CapReason::PressureLost => "no CDU of it holds the pressure its plates need",
        CapReason::CirculationLost => "its pump stands",
        CapReason::TooHot => "its fluid is too warm",
        CapReason::LevelLow => "it has too little fluid",
        CapReason::PressureHigh => "its vapour presses too much",
        CapReason::CondenserLost => "no water comes to its condenser",
        CapReason::InletHot => "the air at its racks is too warm, and all that cools them does not do",
        CapReason::Leak => {
            "it leaks, or a CDU of it does, or did: what leaks is shut off until a person resets the alarm"
        }
        CapReason::Unseen => "nobody sees any more whether it is cooled",
    }
}

/// How a loop that is at its most does not answer, for people.
#[must_use]
pub const fn unanswered(how: Unanswered) -> &'static str {
    match how {
        Unanswered::NotThere => "its actuators do not stand where they are told to",
        Unanswered::Unmoved => {
            "what it looks at has not moved toward its setpoint: a sensor may be stuck, or its actuators move nothing"
        }
        Unanswered::WrongWay => {
            "what it looks at has gone the wrong way: its output may act the wrong way round, or the load is too much"
        }
    }
}

/// Why outdoor air is shut out, for people.
#[must_use]
pub const fn shut_out(why: ShutOut) -> &'static str {
    match why {
        ShutOut::Smoke => "a detector sees smoke, or did a moment ago",
        ShutOut::SmokeUnknown => "not all smoke detectors are known",
        ShutOut::Freeze => "the supply air was near freezing",
        ShutOut::Humid => "its dew point is too high",
        ShutOut::Dry => "its dew point is too low",
        ShutOut::Warm => "it is too warm to help",
        ShutOut::Cold => "it is too cold for the dampers",
        ShutOut::Unknown => "its temperature and dew point are not known",
    }
}

const fn step(step: Step) -> &'static str {
    match step {
        Step::Starting => "is told to start",
        Step::Running => "runs",
        Step::Stopping => "is told to stop",
        Step::Standing => "stands",
        Step::Unseen => "is not seen any more: its own panel runs it",
        Step::TakenOver => "is run by sequence from now on, as it was found",
        Step::HandedBack => "is given back to its panels: it is not seen well enough",
        Step::Rotating => "lets two machines change places: the new one first",
        Step::Restoring => "starts its machines again one by one: all were lost at once",
        Step::Warming => "has fluid that is too cold: its valve is shut until it is warm",
        Step::Warm => "has warm fluid: its loop has its valve",
        Step::Purging => "has air drawn off by its purge",
        Step::Purged => "has its purge stand again",
    }
}

const fn cause(cause: StageCause) -> &'static str {
    match cause {
        StageCause::Load => "there is more load than these should carry",
        StageCause::Announced => "more load is announced than these should carry",
        StageCause::LightLoad => "fewer carry the load",
        StageCause::Warm => "the supply is too warm",
        StageCause::Machines => "a machine needs its water",
        StageCause::Starved => "the differential pressure is too low",
        StageCause::Economised => "the economiser carries the load alone",
        StageCause::Nothing => "nothing else cools",
        StageCause::ShutOut => "outdoor air is shut out, and all that can shall run",
    }
}

const fn disagreement(how: Disagreement, on: bool) -> &'static str {
    match (how, on) {
        (Disagreement::Deviates, true) => "departs from the other sensors of its point, and does not count any more",
        (Disagreement::Deviates, false) => "agrees with the other sensors of its point again, and counts",
        (Disagreement::Apart, true) => "has two sensors that are apart: the one on the dangerous side counts",
        (Disagreement::Apart, false) => "has sensors that agree again",
        (Disagreement::Alone, true) => "has one sensor left, if any",
        (Disagreement::Alone, false) => "has more than one sensor again",
    }
}

fn either(on: bool, yes: &str, no: &str) -> String {
    if on { yes } else { no }.to_owned()
}

/// How a trial ended, for people.
#[must_use]
pub const fn trial_end(end: TrialEnd) -> &'static str {
    match end {
        TrialEnd::Done => "all was seen",
        TrialEnd::Asked => "a person ended it",
        TrialEnd::PvOutside => "what is measured left the limits that were given",
        TrialEnd::InletWarm => "a rack inlet left the recommended range",
        TrialEnd::InputLost => "an input of the loop was not known for a moment",
        TrialEnd::Taken => "somebody stronger took the output",
        TrialEnd::NotLed => "the machine that it moves stands, or its panel runs it",
        TrialEnd::Disturbed => "the load changed meanwhile, so that nothing could be learnt",
        TrialEnd::Unsteady => "what is measured did not come to rest before anything was moved",
        TrialEnd::NoAnswer => "what is measured did not answer by more than its noise",
        TrialEnd::TooLong => "it took longer than was allowed",
        TrialEnd::Paused => "control paused meanwhile",
        TrialEnd::Restarted => "control started anew meanwhile",
    }
}

/// How a check of an output or a device ended, for people.
#[must_use]
pub const fn check_end(end: CheckEnd) -> &'static str {
    match end {
        CheckEnd::Done => "all was seen",
        CheckEnd::NotProven => "its device was not seen to hold what it was told",
        CheckEnd::NotFollowed => "its device holds what it was told, and what it moves did not follow",
        CheckEnd::NotRead => "nothing could be read of it afterwards",
        CheckEnd::Asked => "a person ended it",
        CheckEnd::InletWarm => "a rack inlet left the recommended range",
        CheckEnd::Taken => "somebody stronger took the output",
        CheckEnd::Paused => "control paused meanwhile",
        CheckEnd::Restarted => "control started anew meanwhile",
    }
}

fn commissioning(news: Commissioning) -> String {
    match news {
        Commissioning::ForceBegun => "is moved a little, to see its device follow".to_owned(),
        Commissioning::ForceOver(end) => format!("is given back after its checkout: {}", check_end(end)),
        Commissioning::SilenceBegun => "hears nothing for a while, to see what it does by itself".to_owned(),
        Commissioning::SilenceOver(end) => format!("is talked to again: {}", check_end(end)),
        Commissioning::CheckedOut { passed, failed } => {
            format!("is checked out by a person: {passed} points passed, {failed} failed")
        }
        Commissioning::Exchanged { hours } => {
            format!("is another one from now on: its run-time of {hours} h begins anew")
        }
        Commissioning::TrialBegun => "is on trial: its output is moved to see what follows".to_owned(),
        Commissioning::TrialOver(end) => format!("has its output back, and its trial is over: {}", trial_end(end)),
        Commissioning::Retuned => "runs with gains of its own".to_owned(),
        Commissioning::Reverted => "runs with the gains of the hall's file again".to_owned(),
    }
}

/// Two limits that exclude each other.
fn conflict(kept: Level, dropped: Level) -> String {
    format!(
        "has limits that exclude each other: level {} ({}) stays, level {} ({}) is dropped",
        kept.number(),
        level(kept),
        dropped.number(),
        level(dropped)
    )
}

/// What becomes of an override after a break that nobody knows the length of.
const DROPPED: &str = "is given back: control was away, and without a trusted clock nobody knows for how long";

/// An event as a sentence without its subject, which [`Event::subject`] names.
#[must_use]
pub fn event(hall: &Hall, event: &Event) -> String {
    match event.what {
        What::Step(at) => step(at).to_owned(),
        What::Trouble(why) => format!("has trouble: {}", mishap(why)),
        What::Stage { from, to, cause: why } => format!("wants {to} instead of {from} running: {}", cause(why)),
        What::ShutOut(why) => format!("shuts outdoor air out: {}", shut_out(why)),
        What::LetIn => "lets outdoor air in".to_owned(),
        What::CapRequested(why) => format!("should draw less power: {}", need(why)),
        What::CapReleased => "may draw its power again: what cools it is back to normal".to_owned(),
        What::DrainRequested(why) => format!("should be left by its jobs: {}", need(why)),
        What::DrainReleased => "may have jobs again: what cools it is back to normal".to_owned(),
        What::PowerOffRequested(why) => format!("should have its machines off: {}", need(why)),
        What::CapsLowered(on) => turns::capped(on).to_owned(),
        What::NodeSilent(on) => turns::silence(on).to_owned(),
        What::ReadingsApart(on) => turns::apart(on).to_owned(),
        What::PowerOffReleased => "may have its machines on again: what cools it is back to normal".to_owned(),
        What::LevelLow(low) => either(low, "has too little fluid: fill it up", "has fluid enough again"),
        What::AirFound(found) => either(found, "has air in it beside its vapour", "has no air in it any more"),
        What::MoreCooling(on) => turns::heat(on).to_owned(),
        what @ (What::DewPointsLost | What::DewPointKnown) => turns::blind(what == What::DewPointsLost).to_owned(),
        What::DoorLeaks(on) => turns::leak(on).to_owned(),
        What::Leak(news) => turns::leaks(news).to_owned(),
        What::DewPointTrip(on) => turns::dew(on).to_owned(),
        What::NoResponse(how) => format!("has been at its most for long, and {}", unanswered(how)),
        What::Responds => "answers again".to_owned(),
        What::Sensors(how, on) => disagreement(how, on).to_owned(),
        What::Feed(trouble, on) => feed(trouble, on).to_owned(),
        What::Peak(of) => peak(hall, of),
        What::Battery(of) => batteries::battery(of),
        What::Plan(of) => batteries::plan(of),
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
        What::LimitConflict { kept, dropped } => conflict(kept, dropped),
        What::OverrideSet { value } => format!("is held at {value} by an operator"),
        What::BudgetSet { watts } => format!("may carry {:.1} kW at the most for a while: a budget", watts / 1e3),
        What::BudgetOver => "may carry what it did before a budget: that is over".to_owned(),
        What::OverrideReleased => "is given back by an operator".to_owned(),
        What::OverrideExpired => "is given back: the override ran out".to_owned(),
        What::AlarmRaised => "is raised".to_owned(),
        What::AlarmCleared => "is over".to_owned(),
        What::AlarmAcknowledged => "is acknowledged".to_owned(),
        What::AlarmReset => "is reset".to_owned(),
        What::ClockTrusted(on) => either(on, "trusts the wall clock again", "no longer trusts the wall clock"),
        What::ReloadApplied => "runs with new strategies".to_owned(),
        What::MeterWentBack { from, to } => format!("went back from {from} Wh to {to} Wh; not counted"),
        What::MeterJumped { from, to } => {
            format!("jumped from {from} Wh to {to} Wh, more than its circuit carries; not counted")
        }
        What::Started => "is under control".to_owned(),
        What::Stopping => "goes to its fail-safe values".to_owned(),
        What::OverrideDropped => DROPPED.to_owned(),
        What::AnnouncedLoadCame => "draws the load that was announced".to_owned(),
        What::AnnouncedLoadMissing => "does not draw the load that was announced: nobody waits for it".to_owned(),
        What::AnnouncementDropped => "knows nothing any more of a load that was announced: control was away".to_owned(),
        What::Commissioning(news) => commissioning(news),
        What::Supervision(news) => supervision::news(news),
        What::Prices(news) => prices::news(hall, news),
        What::Grid(news) => grid(news),
        What::Lease(news) => lease(news),
        What::Window(news) => windows::window(hall, event, news),
        What::WriteAcknowledged => "is written and acknowledged, and nothing reads it back: unproven".to_owned(),
    }
}
