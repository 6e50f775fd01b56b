//! What no single key can get wrong: every rack is carried once, and with every GPU at its fail-safe no breaker carries more than its limit.

use super::Drawn;
use crate::breaker::Characteristic;
use crate::hall::load::Draft;
use crate::hall::power::{Breaker, Cord, FedRack, Feed, Power};
use crate::read::Section;
use crate::units::Watts;

/// How far the shares of a rack's cords may miss the whole.
const CLOSE: f64 = 1e-6;

/// Every rack hangs on feeds that together carry all of it.
pub(super) fn cords(file: &Section<'_>, draft: &Draft, drawn: &[Drawn<'_>], power: &Power) {
    if file.is_faulty() {
        return;
    }
    let mut told: Vec<Option<usize>> = Vec::new();
    for (place, rack) in power.racks.iter().enumerate() {
        let on =
            |of: &Drawn<'_>| of.feed.cords.iter().filter(|cord| cord.rack == place).map(|cord| cord.share).sum::<f64>();
        let whole: f64 = drawn.iter().map(on).sum();
        if (whole - 1.0).abs() <= CLOSE {
            continue;
        }
        // One fault for all racks of a feed: the last that names them, or none.
        let last = drawn.iter().rposition(|of| on(of) > 0.0);
        if told.contains(&last) {
            continue;
        }
        told.push(last);
        let name = draft.rack_name(rack);
        match last.and_then(|last| drawn.get(last)) {
            None => {
                if let Some(first) = drawn.first() {
                    let message = format!("no `[[feed]]` carries `{name}`");
                    first.section.clash(
                        "name",
                        message,
                        "write its row in `rows`, or the rack in `racks`, of the feed that does",
                    );
                }
            }
            Some(of) => {
                let message = format!("the cords of `{name}` carry {:.0} % of it together", 100.0 * whole);
                let help =
                    "write `share = 0.5` at both feeds of a rack with two cords, and none at that of a single one";
                of.section.clash(if of.section.has("share") { "share" } else { "rows" }, message, help);
            }
        }
    }
}

/// With every GPU at its fail-safe and all else at its most, no feed, branch or rack carries more than it may.
pub(super) fn fits(draft: &Draft, drawn: &[Drawn<'_>], power: &Power) {
    for (feed, Drawn { section, .. }) in power.feeds.rows().iter().zip(drawn) {
        if feed.fail_safe > feed.limit() {
            let message = format!(
                "`{}` must bear {} with every GPU at its fail-safe and all else at its most, and its limit is {} ({:.0} % of {})",
                feed.name,
                kilowatts(feed.fail_safe),
                kilowatts(feed.limit()),
                100.0 * feed.margin,
                kilowatts(feed.rated),
            );
            section.clash(key(section), message, lower(draft, power, feed));
        }
        branches(draft, (section, feed), power);
    }
    racks(draft, drawn, power);
}

/// Each cord's breaker bears its rack.
fn branches(draft: &Draft, (section, feed): (&Section<'_>, &Feed), power: &Power) {
    let Some(branch) = &feed.branch else { return };
    let limit = branch.rated() * margin(branch);
    let load = |cord: &Cord| {
        let rack = power.racks.get(cord.rack)?;
        Some((rack, rack.fail_safe * cord.takes_over))
    };
    let worst = feed.cords.iter().filter_map(load).filter(|(_, load)| *load > limit);
    let worst = worst.reduce(|a, b| if b.1 > a.1 { b } else { a });
    if let Some((rack, load)) = worst {
        let name = draft.rack_name(rack);
        let message = format!(
            "the breaker of `{name}` on `{}` must bear {} with every GPU at its fail-safe, and its limit is {}",
            feed.name,
            kilowatts(load),
            kilowatts(limit),
        );
        let help = format!("lower `fail-safe` or `other-peak` of the nodes in `{name}`, or write a larger `rated-a`");
        section.clash("branch", message, help);
    }
}

/// A rack with nodes bears them.
fn racks(draft: &Draft, drawn: &[Drawn<'_>], power: &Power) {
    let over = |rack: &&FedRack| rack.fail_safe > rack.rated;
    let Some((place, rack)) = power.racks.iter().enumerate().find(|(_, rack)| over(rack)) else { return };
    let feed = drawn.iter().find(|of| of.feed.cords.iter().any(|cord| cord.rack == place));
    let name = draft.rack_name(rack);
    let message = format!(
        "the nodes of `{name}` draw {} with every GPU at its fail-safe, and the rack is rated for {}",
        kilowatts(rack.fail_safe),
        kilowatts(rack.rated),
    );
    let help = "lower their `fail-safe`, `other-peak` or `per-rack`, or write a larger `rack-rated`";
    if let Some(of) = feed {
        of.section.clash(if of.section.has("rows") { "rows" } else { "racks" }, message, help);
    }
}

/// What to lower: what weighs most of what hangs on the feed.
fn lower(draft: &Draft, power: &Power, feed: &Feed) -> String {
    let below = |of: &Feed| {
        let mut at = Some(of);
        while let Some(here) = at {
            if here.name == feed.name {
                return true;
            }
            at = here.parent.and_then(|parent| power.feeds.get(parent));
        }
        false
    };
    let feeds = || power.feeds.rows().iter().filter(|of| below(of));
    let other = feeds().max_by(|a, b| a.other_peak.0.total_cmp(&b.other_peak.0)).filter(|of| of.other_peak.0 > 0.0);
    let cords = feeds().flat_map(|of| &of.cords).filter_map(|cord| power.racks.get(cord.rack));
    let racks: Watts = cords.clone().map(|rack| rack.fail_safe).sum();
    let rack = cords.reduce(|a, b| if b.fail_safe > a.fail_safe { b } else { a });
    match (other, rack) {
        (Some(other), _) if other.other_peak > racks => {
            format!("lower `other-peak` of `{}`, or hang less on it", other.name)
        }
        (_, Some(rack)) => {
            let name = draft.rack_name(rack);
            format!("lower `fail-safe` or `other-peak` of the nodes, most those of `{name}`, or hang fewer racks on it")
        }
        (Some(other), None) => format!("lower `other-peak` of `{}`, or hang less on it", other.name),
        (None, None) => "write a larger `rated`, or smaller losses".to_owned(),
    }
}

fn key(of: &Section<'_>) -> &'static str {
    if of.has("rated") { "rated" } else { "breaker" }
}

fn margin(of: &Breaker) -> f64 {
    match &of.characteristic {
        Characteristic::Standard(standard) => standard.margin(),
        Characteristic::Points(_) => super::MARGIN,
    }
}

fn kilowatts(of: Watts) -> String {
    format!("{:.1} kW", of.0 / 1e3)
}
