//! What a controller in shadow comes to, among the figures of a run.

use plant::convert;
use plant::time::Span;
use sim::kpi::Kpis;
use wattloop::control::report::ShadowReport;

/// So many hours hold so long.
pub(super) fn hours(length: Span) -> usize {
    (1..=24).find(|hours| length.seconds() <= convert::f64_from_usize(*hours) * 3600.0).unwrap_or(24)
}

/// What the controller in shadow says, among the figures of the run.
pub(super) fn say_in_shadow(kpis: &mut Kpis, of: &ShadowReport, writes: usize) {
    let count = convert::f64_from_usize;
    let differed: f64 = of.outputs.iter().map(|output| output.differed_percent).sum();
    for (name, value) in [
        ("shadow-saved-kwh", of.saved_kwh),
        ("shadow-fans-kwh", of.fans_kwh),
        ("shadow-pumps-kwh", of.pumps_kwh),
        ("shadow-machines-kwh", of.machines_kwh),
        ("shadow-water-kwh", of.water_kwh),
        ("shadow-differs-percent", differed / count(of.outputs.len()).max(1.0)),
        ("shadow-not-compared", count(of.not_compared.len())),
        ("shadow-risk-ours-min", of.risks.ours_min),
        ("shadow-risk-floors-min", of.risks.below_floors_min),
        ("shadow-risk-unprotected-min", of.risks.unprotected_min),
        ("shadow-risk-face-value-min", of.risks.face_value_min),
        ("shadow-risk-warm-min", of.risks.warm_min),
        ("shadow-writes", count(writes)),
    ] {
        kpis.give(name, value);
    }
}
