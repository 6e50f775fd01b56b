//! `[grid]`: how load targets of a grid are kept.

use crate::hall::grid::Grid;
use crate::hall::power::Power;
use crate::read::{Section, did_you_mean};
use crate::time::Span;

/// Reads it; nothing where the file takes no targets.
pub(super) fn read(file: &Section<'_>, power: &Power) -> Option<Grid> {
    let of = file.section("grid")?;
    let usual = Grid::usual();
    let (second, hour) = (Span::from_secs(1), Span::from_secs(3600));
    let grid = Grid {
        feeds: feeds(&of, power),
        ramp_down: of.span("ramp-down", usual.ramp_down, (second, hour)),
        ramp_up: of.span("ramp-up", usual.ramp_up, (second, hour.times(4))),
        hold_after: of.span("hold-after", usual.hold_after, (Span::ZERO, hour.times(12))),
        grace: of.span("grace", usual.grace, (Span::ZERO, Span::from_secs(900))),
        escalate: of.span("escalate-after", usual.escalate, (Span::ZERO, hour)),
        margin: of.number("margin", usual.margin, (0.0, 0.1)),
    };
    of.done();
    Some(grid)
}

/// The feeds that it names.
fn feeds(of: &Section<'_>, power: &Power) -> Vec<crate::id::FeedId> {
    let Some(names) = of.need::<Vec<String>>("feeds") else { return Vec::new() };
    if names.is_empty() {
        of.fault("feeds", "no feed is named", "name the feed at which the grid's power enters");
    }
    let mut found = Vec::new();
    for wanted in names {
        let Some(feed) = power.feed(&wanted) else {
            let known = power.feeds.rows().iter().map(|feed| feed.name.as_str());
            of.fault("feeds", format!("there is no feed `{wanted}`"), did_you_mean(&wanted, known));
            continue;
        };
        if power.feeds.get(feed).is_some_and(|feed| feed.meter.is_none()) {
            let message = format!("`{wanted}` has no meter, and what the grid asks for must be seen there");
            of.fault("feeds", message, "name feeds that have one");
        }
        if found.contains(&feed) {
            of.fault("feeds", format!("`{wanted}` is named twice"), "name each feed once");
            continue;
        }
        found.push(feed);
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::hall::Hall;
    use crate::time::Span;

    fn read(rules: &str) -> Result<Hall, String> {
        let (_, air) = crate::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        Hall::load("air.toml", &format!("{air}\n[grid]\n{rules}\n")).map_err(|faults| faults.to_string())
    }

    #[test]
    fn a_file_says_for_which_feeds_targets_are_taken_and_how_loads_follow() {
        let hall = read("feeds = [\"utility\", \"ups-a\"]\nramp-down = \"5s\"").expect("sound");
        let rules = hall.power.grid.expect("takes targets");
        assert_eq!((rules.feeds.len(), rules.ramp_down, rules.ramp_up), (2, Span::from_secs(5), Span::from_secs(1800)));
    }

    #[test]
    fn what_cannot_be_kept_is_told() {
        for (rules, said) in [
            ("", "feeds"),
            ("feeds = []", "no feed is named"),
            ("feeds = [\"utilty\"]", "did you mean `utility`"),
            ("feeds = [\"ups-a\", \"ups-a\"]", "named twice"),
            ("feeds = [\"utility\"]\nramp-up = \"5h\"", "`ramp-up`"),
            ("feeds = [\"utility\"]\nmargin = 0.5", "`margin`"),
            ("feeds = [\"utility\"]\nramp = \"5s\"", "`ramp`"),
        ] {
            let faults = read(rules).expect_err(said);
            assert!(faults.contains(said) && faults.contains("air.toml:"), "{said}: {faults}");
        }
    }
}
