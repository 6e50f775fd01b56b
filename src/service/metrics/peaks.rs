//! Billed peaks, as families.

use plant::convert::f64_from_u64;

use super::figures::{Family, Figures, Row};
use crate::control::interval::view::DemandView;
use crate::control::ride::view::RideView;

/// Billed peaks as of the last scan. What is unknown, or kept nowhere, has no series.
pub fn peaks(figures: &Figures) -> Vec<Family> {
    let Some(view) = &figures.status.peaks else { return Vec::new() };
    let only = |value: Option<f64>| value.map(Row::only).into_iter().collect();
    let each = |of: &dyn Fn(&DemandView) -> Option<f64>| {
        view.demands.iter().filter_map(|demand| Some(Row::new(&[("demand", &demand.name)], of(demand)?))).collect()
    };
    let doubts = [("meter", !view.read), ("windows", !view.sure)];
    let mut all = vec![
        Family::gauge(
            "peak_allowed_watts",
            "What the feed may carry for its billed windows, while it is held",
            only(view.allowed_w),
        ),
        Family::gauge("peak_kept_watts", "What the windows of a demand are kept below", each(&|of| of.kept_w)),
        Family::gauge("peak_paid_watts", "What is billed for a demand in any case", each(&|of| Some(of.paid_w))),
        Family::gauge(
            "peak_window_watts",
            "What the mean of the open window that allows least becomes, as it is forecast",
            each(&|of| of.window.as_ref().map(|window| window.becomes_w)),
        ),
        Family::gauge(
            "peak_doubt",
            "One while the billed meter is not read, and while it is not sure where windows begin",
            doubts.map(|(doubt, on)| Row::new(&[("doubt", doubt)], if on { 1.0 } else { 0.0 })).to_vec(),
        ),
        Family::counter(
            "peak_held",
            "How often loads were lowered for billed windows",
            vec![Row::only(f64_from_u64(u64::from(view.lowered)))],
        ),
    ];
    all.extend(view.cooling.iter().flat_map(cooling));
    all
}

/// What cooling does for them.
fn cooling(of: &RideView) -> [Family; 2] {
    let moved = of.setpoints.iter().map(|of| Row::new(&[("setpoint", &of.name)], of.offset_k));
    let rides = vec![Row::only(f64_from_u64(u64::from(of.rides)))];
    [
        Family::gauge(
            "peak_cooling_offset_kelvins",
            "How far a setpoint of cooling is from where it usually is, for billed peaks",
            moved.collect(),
        ),
        Family::counter("peak_cooling_rides", "How often setpoints of cooling rose for billed peaks", rides),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::interval::view::{PeaksView, WindowView};
    use crate::control::ride::view::MovedView;

    #[test]
    fn what_is_kept_nowhere_has_no_series() {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "bench").expect("shipped");
        let mut figures = Figures::new(&plant::hall::Hall::load("bench", text).expect("loads"));
        assert!(peaks(&figures).is_empty(), "a hall that keeps no peak down");
        let window = WindowView { from: None, to: None, flowed_wh: 1.0, becomes_w: 9e5, allowed_w: 8e5 };
        let of = |name: &str, kept_w| DemandView {
            name: name.to_owned(),
            target_w: kept_w,
            paid_w: 7e5,
            kept_w,
            peak: None,
            lacking: 0,
            window: kept_w.map(|_| window.clone()),
        };
        figures.status.peaks = Some(PeaksView {
            meter: "utility".to_owned(),
            feed: "utility".to_owned(),
            tariff: "t".to_owned(),
            read: false,
            sure: true,
            load_w: None,
            off_w: 0.0,
            allowed_w: Some(8e5),
            held_by: Some("peak".to_owned()),
            lowered: 2,
            lowered_s: 60.0,
            cooling: Some(RideView {
                setpoints: vec![MovedView { name: "row-a".to_owned(), offset_k: 1.5 }],
                rides: 3,
                ..RideView::default()
            }),
            demands: vec![of("peak", Some(8.5e5)), of("measured", None)],
        });
        let row = |family: &Family, row: &Row| {
            let labels: Vec<_> = row.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("{}{{{}}} {}", family.name, labels.join(","), row.value)
        };
        let families = peaks(&figures);
        let rows: Vec<_> =
            families.iter().flat_map(|of| of.rows.iter().map(|r| row(of, r)).collect::<Vec<_>>()).collect();
        let wanted = [
            "peak_allowed_watts{} 800000",
            "peak_kept_watts{demand=peak} 850000",
            "peak_paid_watts{demand=peak} 700000",
            "peak_paid_watts{demand=measured} 700000",
            "peak_window_watts{demand=peak} 900000",
            "peak_doubt{doubt=meter} 1",
            "peak_doubt{doubt=windows} 0",
            "peak_held{} 2",
            "peak_cooling_offset_kelvins{setpoint=row-a} 1.5",
            "peak_cooling_rides{} 3",
        ];
        assert_eq!(rows, wanted);
    }
}
