//! A hall that takes load targets of a grid.

use plant::hall::grid::Grid;
use plant::hall::{Hall, MeterRole};
use plant::id::FeedId;

/// The feed at which a grid's power enters a hall.
///
/// # Errors
/// The hall has no feed that the utility's meter measures.
pub fn entry(hall: &Hall) -> Result<FeedId, (String, String)> {
    let meter = hall.meters.iter().find(|meter| meter.role == MeterRole::Utility).map(|meter| meter.power);
    let measured =
        hall.power.feeds.iter().find(|(_, feed)| {
            feed.meter.as_ref().is_some_and(|of| of.powers.iter().any(|point| Some(*point) == meter))
        });
    measured.map(|(feed, _)| feed).ok_or_else(|| {
        let message = "the hall has no feed that the utility's meter measures".to_owned();
        (message, "take a hall whose file has one: `air`".to_owned())
    })
}

/// Lets a hall take targets for the feed at which the grid's power enters.
///
/// # Errors
/// It has none.
pub fn apply(hall: &mut Hall, rules: Grid) -> Result<(), (String, String)> {
    let feeds = vec![entry(hall)?];
    hall.power.grid = Some(Grid { feeds, ..rules });
    Ok(())
}
