//! Fans that hold a water and may rest.

use super::{HOUR, MINUTE, SECOND};
use crate::hall::load::tuning::given;
use crate::hall::sequence::FanTuning;
use crate::read::Section;
use crate::time::Span;

/// Reads what stands in the section of the machine that has them.
pub(super) fn fans(section: &Section<'_>, old: FanTuning) -> FanTuning {
    FanTuning {
        speed: section.section("fans").map_or(old.speed, |s| given(&s, old.speed)),
        least_speed: section.number("least-speed", old.least_speed, (5.0, 60.0)),
        deadband: section.number("deadband", old.deadband, (0.1, 5.0)),
        off_after: section.span("off-after", old.off_after, (SECOND.times(30), HOUR)),
        least_off: section.span("least-off", old.least_off, (Span::ZERO, HOUR)),
        start_within: section.span("start-within", old.start_within, (SECOND.times(5), MINUTE.times(10))),
        stop_within: section.span("stop-within", old.stop_within, (SECOND.times(5), MINUTE.times(30))),
    }
}
