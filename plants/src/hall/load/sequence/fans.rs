//! Fans that hold a water and may rest.

use super::{HOUR, MINUTE, SECOND, span};
use crate::hall::load::tuning::given;
use crate::hall::sequence::FanTuning;
use crate::read::Section;
use crate::time::Span;

/// Reads what stands in the section of the machine that has them.
pub(super) fn fans(section: &Section<'_>, old: FanTuning) -> FanTuning {
    let number = |key, old, range| section.within(key, range).unwrap_or(old);
    FanTuning {
        speed: section.section("fans").map_or(old.speed, |s| given(&s, old.speed)),
        least_speed: number("least-speed", old.least_speed, (5.0, 60.0)),
        deadband: number("deadband", old.deadband, (0.1, 5.0)),
        off_after: span(section, "off-after", old.off_after, (SECOND.times(30), HOUR)),
        least_off: span(section, "least-off", old.least_off, (Span::ZERO, HOUR)),
        start_within: span(section, "start-within", old.start_within, (SECOND.times(5), MINUTE.times(10))),
        stop_within: span(section, "stop-within", old.stop_within, (SECOND.times(5), MINUTE.times(30))),
    }
}
