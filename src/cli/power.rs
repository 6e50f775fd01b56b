//! `wattloop power`: what carries the hall's power. On the status page it is a line, and one for each feed that needs somebody.

use std::fmt::Write;

use wattloop::control::report::FeedView;

use super::figure::{fixed, length};

/// The lines of the status page: the least headroom, then every feed that something befalls.
pub fn feeders(page: &mut String, all: &[FeedView]) -> std::fmt::Result {
    let Some(least) = all.iter().reduce(|a, b| if b.headroom_kw < a.headroom_kw { b } else { a }) else {
        return Ok(());
    };
    let reckoned = all.iter().filter(|feed| feed.known != "metered").count();
    let doubt = if reckoned > 0 { format!(", {reckoned} of {} not metered", all.len()) } else { String::new() };
    let (headroom, limit) = (fixed(least.headroom_kw, 1), fixed(least.limit_kw, 1));
    writeln!(page, "feeders        least headroom {headroom} kW of {limit} kW at {}{doubt}", least.name)?;
    for feed in all.iter().filter(|feed| !feed.troubles.is_empty()) {
        writeln!(page, "FEEDER         {} carries {} kW: {}", feed.name, fixed(feed.load_kw, 1), troubles(feed))?;
    }
    Ok(())
}

/// What befalls a feed, in words.
fn troubles(feed: &FeedView) -> String {
    let said = |trouble: &String| match trouble.as_str() {
        "above" if feed.headroom_kw < 0.0 => format!("{} kW ABOVE its limit", fixed(-feed.headroom_kw, 1)),
        "above" => "was above its limit a moment ago".to_owned(),
        "time_short" => {
            let left = feed.time_left_s.map_or_else(String::new, |s| format!(", {} left at this load", length(s)));
            format!("{} % of its time used{left}", fixed(feed.used_percent.unwrap_or(0.0), 0))
        }
        "reckoned" => "its meter is not read".to_owned(),
        "uneven" => format!("a phase {} % above the mean", fixed(100.0 * (feed.uneven - 1.0), 0)),
        other => other.to_owned(),
    };
    feed.troubles.iter().map(said).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests;
