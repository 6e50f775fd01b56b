//! What moves setpoints, for what it needs of the rest of the file.

use super::{Draft, power, sequence, supervisor};
use crate::hall::power::Power;
use crate::hall::{AlarmDef, Limits, Strategies};
use crate::id::{AlarmId, Table};
use crate::read::Section;

/// Resets of supply air, the supervisor, and what cooling gives for peaks.
pub(super) fn check(
    file: &Section<'_>,
    (limits, strategies, alarms): (&Limits, &Strategies, &Table<AlarmId, AlarmDef>),
    (hall, draft): (&Power, &Draft),
) {
    sequence::check_air(file, (limits, strategies), (!draft.coils.is_empty(), alarms));
    supervisor::check(file, limits, strategies);
    power::check_ride(file, (limits, strategies), (hall, draft));
}
