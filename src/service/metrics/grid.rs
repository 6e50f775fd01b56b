//! Load targets, as families.

use plant::convert::f64_from_u64;

use super::figures::{Family, Figures, Row};
use crate::control::grid::Stage;
use crate::control::grid::view::HeldView;

/// Load targets as of the last scan. What holds nowhere has no series.
pub fn grid(figures: &Figures) -> Vec<Family> {
    let Some(view) = &figures.status.grid else { return Vec::new() };
    let each = |of: &dyn Fn(&HeldView) -> Option<f64>| {
        view.feeds.iter().filter_map(|feed| Some(Row::new(&[("feed", &feed.feed)], of(feed)?))).collect()
    };
    let one = |on: bool| Some(if on { 1.0 } else { 0.0 });
    let breach = |feed: &HeldView| {
        feed.breach.as_ref().map_or(0.0, |breach| match breach.stage {
            Stage::Kept => 0.0,
            Stage::Active => 1.0,
            Stage::Escalated => 2.0,
        })
    };
    let refused = view.refused.iter().map(|(why, count)| Row::new(&[("why", why)], f64_from_u64(*count))).collect();
    vec![
        Family::gauge("grid_target_watts", "The load target of a feed, while one holds it", each(&|of| of.target_w)),
        Family::gauge(
            "grid_allowed_watts",
            "What a feed may carry for a load target, with its ramps",
            each(&|of| of.allowed_w),
        ),
        Family::gauge(
            "grid_compliant",
            "One while a feed carries no more than its load target, or has none",
            each(&|of| one(of.compliant)),
        ),
        Family::gauge(
            "grid_breach",
            "One while a feed is above its load target for long, two where that is escalated",
            each(&|of| Some(breach(of))),
        ),
        Family::counter(
            "grid_statements",
            "Statements of load targets taken",
            vec![Row::only(f64_from_u64(view.taken))],
        ),
        Family::counter("grid_refused", "Statements of load targets not taken, by why", refused),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::grid::view::{BreachView, GridView};

    #[test]
    fn what_holds_nowhere_has_no_series() {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "bench").expect("shipped");
        let mut figures = Figures::new(&plant::hall::Hall::load("bench", text).expect("loads"));
        assert!(grid(&figures).is_empty(), "a hall that takes no targets");
        let free = HeldView {
            feed: "b".to_owned(),
            phase: "free".to_owned(),
            allowed_w: None,
            target_w: None,
            target: None,
            load_w: 5e5,
            metered: true,
            usual_w: None,
            minimum_w: None,
            maximum_w: 1e6,
            compliant: true,
            in_flight: false,
            since_ms: None,
            turns: Vec::new(),
            turned: 0,
            breach: None,
        };
        let breach =
            BreachView { stage: Stage::Escalated, number: 1, critical: true, detected_ms: 1, resolved_ms: None };
        let held = HeldView {
            feed: "a".to_owned(),
            allowed_w: Some(3e5),
            target_w: Some(4e5),
            compliant: false,
            breach: Some(breach),
            ..free.clone()
        };
        figures.status.grid = Some(GridView {
            feeds: vec![held, free],
            taken: 3,
            refused: vec![("bad_signature".to_owned(), 2)],
            ..GridView::default()
        });
        let row = |family: &Family, row: &Row| {
            let labels: Vec<_> = row.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("{}{{{}}} {}", family.name, labels.join(","), row.value)
        };
        let families = grid(&figures);
        let rows: Vec<_> =
            families.iter().flat_map(|of| of.rows.iter().map(|r| row(of, r)).collect::<Vec<_>>()).collect();
        let wanted = [
            "grid_target_watts{feed=a} 400000",
            "grid_allowed_watts{feed=a} 300000",
            "grid_compliant{feed=a} 0",
            "grid_compliant{feed=b} 1",
            "grid_breach{feed=a} 2",
            "grid_breach{feed=b} 0",
            "grid_statements{} 3",
            "grid_refused{why=bad_signature} 2",
        ];
        assert_eq!(rows, wanted);
    }
}
