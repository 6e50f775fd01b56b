//! What befalls load targets, in words.

use plant::event::{GridFault, GridNews};

/// What befalls the feed, or the hall, for which a grid asks.
pub fn grid(news: GridNews) -> String {
    match news {
        GridNews::Set(count) => format!("has {count} load targets set by somebody outside"),
        GridNews::Lifted => "has load targets taken back".to_owned(),
        GridNews::Refused { why, count } => format!("took {count} statements of load targets not: {}", fault(why)),
        GridNews::RampDown { target } => format!("comes down to a load target of {:.1} kW", target / 1e3),
        GridNews::Reached => "has come down to its load target".to_owned(),
        GridNews::RampUp => "may rise by its ramp: its load target is over, or a higher one holds".to_owned(),
        GridNews::RampedUp => "is at the end of its ramp up".to_owned(),
        GridNews::Free => "is not held for any load target any more".to_owned(),
        GridNews::Breach { critical, target, load } => {
            let (load, target) = (load / 1e3, target / 1e3);
            let how = if critical { ", by more than a fifth" } else { "" };
            format!("carries {load:.1} kW, above its load target of {target:.1} kW{how}")
        }
        GridNews::Escalated { critical } => {
            let how = if critical { " by more than a fifth" } else { "" };
            format!("is still above its load target{how}: infrastructure is asked to act")
        }
        GridNews::Resolved => "is not above its load target any more".to_owned(),
        GridNews::Enforced { reverted, applied, failed, skipped } => {
            let what = if reverted { "taken back" } else { "done" };
            format!("had hints {what} by infrastructure: {applied} applied, {failed} failed, {skipped} skipped")
        }
        GridNews::ClockDoubted(true) => {
            "has load targets, and the wall clock is not trusted: time is reckoned on from when it was".to_owned()
        }
        GridNews::ClockDoubted(false) => "knows by the wall clock again when load targets begin and end".to_owned(),
    }
}

/// Why what somebody said of targets is not taken.
#[must_use]
pub const fn fault(why: GridFault) -> &'static str {
    match why {
        GridFault::TooBig => "larger than a message may be",
        GridFault::Malformed => "no message of the contract",
        GridFault::Retained => "kept by the broker, and perhaps old",
        GridFault::WrongSource => "not from where it says",
        GridFault::Unsigned => "not signed",
        GridFault::BadSignature => "its signature is wrong",
        GridFault::UnknownKey => "its key is not known, or another's",
        GridFault::OutOfTime => "too old, or of the future",
        GridFault::Replayed => "heard before",
        GridFault::UnknownFeed => "for a feed that is none",
        GridFault::BadPower => "a power that is below zero, or no number",
        GridFault::BadInterval => "an interval that is over, or none",
        GridFault::TooMany => "as many are kept as may be",
        GridFault::NoAnswer => "control did not answer",
    }
}
