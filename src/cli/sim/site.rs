//! What a scenario's controller is made for.

use std::sync::Arc;

use plant::time::{Span, Wall};
use sim::scenario::Scenario;
use sim::scenario::peaked::{Begins, DEMAND, Peaked};
use wattloop::control::Site;
use wattloop::control::grid::{Kind, Said, Source, Statement, Wanted};
use wattloop::control::request::Ask;
use wattloop::control::tariff::Tariff;

/// The hall of a page, and the tariff that bills its peak where the page has `[peaks]`.
pub fn site(scenario: &Scenario) -> Site {
    let hall = Arc::clone(&scenario.hall);
    let tariff = scenario.peaked.and_then(|of| tariff(&of, &hall.tz));
    Site { tariff, ..Site::from(hall) }
}

/// What a grid says: a target (W) from a time after now, for so long.
pub fn target((watts, ahead, hold): (f64, Span, Option<Span>), now: Wall) -> Ask {
    let later = |ms: u64| i64::try_from(ms).ok().map(|ms| Wall(now.0.saturating_add(ms)));
    let start = later(ahead.millis()).filter(|_| ahead > Span::ZERO);
    let wanted = Wanted { feeds: Vec::new(), most: Some(watts), start, end: None, hold, best_effort: false };
    Ask::Grid(Said::Targets(Statement {
        source: Source { kind: Kind::Dsx, name: "scenario".to_owned() },
        id: "scenario".to_owned(),
        reason: String::new(),
        priority: 100,
        targets: vec![wanted],
    }))
}

/// A tariff of one demand. A page's windows are those that a tariff may have, or they are refused when it is read.
fn tariff(of: &Peaked, zone: &str) -> Option<Arc<Tariff>> {
    let minutes = |span: Span| span.millis() / 60_000;
    let step = match of.window {
        Begins::Fixed | Begins::Rolling => String::new(),
        Begins::Block => format!("sub-interval = \"{}min\"\n", minutes(of.length) / 3),
    };
    let (window, length) = (of.window.word(), minutes(of.length));
    let text = format!(
        "name = \"page\"\nsummary = \"What the page bills.\"\ncurrency = \"EUR\"\nzone = \"{zone}\"\n\n[[energy]]\nname = \"all\"\nprice = 0\n\n[[demand]]\nname = \"{DEMAND}\"\nprice = 1\nwindow = \"{window}\"\nlength = \"{length}min\"\n{step}"
    );
    Tariff::load("page.toml", &text).ok().map(Arc::new)
}

#[cfg(test)]
mod tests {
    use plant::hall::peaks::Unreliable;
    use plant::units::Watts;

    use super::*;

    #[test]
    fn every_window_of_a_page_makes_a_tariff() {
        for (_, window) in Begins::WORDS {
            for minutes in [15, 30, 60] {
                let length = Span::from_secs(60 * minutes);
                let of = Peaked { window, length, most: Watts(1e6), unreliable: Unreliable::Hold };
                let tariff = tariff(&of, "Europe/Berlin").expect("a tariff");
                assert_eq!(tariff.demand[0].window.length, i64::try_from(60_000 * minutes).unwrap());
            }
        }
    }
}
