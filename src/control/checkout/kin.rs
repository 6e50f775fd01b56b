//! Which points of a piece of equipment belong together.

use plant::hall::Hall;
use plant::id::PointId;

/// The point that reports where an output's actuator is: `crah-1/valve-feedback` of `crah-1/valve`.
#[must_use]
pub fn feedback_of(hall: &Hall, output: PointId) -> Option<PointId> {
    let def = hall.points.get(output)?;
    let points = &hall.equips.get(def.equip)?.points;
    let reports = |point: &PointId| {
        let short = hall.points.get(*point).map_or("", |def| def.short_name());
        short.strip_suffix("-feedback") == Some(def.short_name())
    };
    points.iter().copied().find(reports)
}

/// A point of the same equipment by its name in it.
#[must_use]
pub fn sibling(hall: &Hall, point: PointId, short: &str) -> Option<PointId> {
    let def = hall.points.get(point)?;
    let points = &hall.equips.get(def.equip)?.points;
    points.iter().copied().find(|point| hall.points.get(*point).is_some_and(|def| def.short_name() == short))
}
