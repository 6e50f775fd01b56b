//! Leases of power, as families.

use plant::convert::f64_from_usize;

use super::figures::{Family, Figures, Row};

/// What schedulers have and wait for as of the last scan; nothing where nobody may ask.
pub fn leases(figures: &Figures) -> Vec<Family> {
    let Some(of) = &figures.status.leases else { return Vec::new() };
    let only = |value: f64| vec![Row::only(value)];
    vec![
        Family::gauge("leases_held", "How many leases schedulers have", only(f64_from_usize(of.held))),
        Family::gauge(
            "leases_late",
            "How many jobs will not be done by their deadlines, as far as is known",
            only(f64_from_usize(of.late)),
        ),
        Family::gauge("leases_watts", "What all leases may draw now at machines", only(of.kw * 1e3)),
        Family::gauge("leases_waiting", "How many requests wait for a lease", only(f64_from_usize(of.waiting))),
        Family::gauge(
            "leases_exceeded",
            "How many racks draw more than leases let them, and were told",
            only(f64_from_usize(of.exceeded)),
        ),
        Family::gauge("leases_breaches", "How many of them are breaches", only(f64_from_usize(of.breaches))),
        Family::gauge("leases_excess_watts", "What they draw more than they may", only(of.excess_kw * 1e3)),
        Family::gauge(
            "leases_clients_skewed",
            "How many schedulers' clocks differ from ours by more than a tenth of a time to live",
            only(f64_from_usize(of.skewed)),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::report::LeasesView;

    #[test]
    fn a_hall_that_lends_has_eight_series_and_another_none() {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "bench").expect("shipped");
        let mut figures = Figures::new(&plant::hall::Hall::load("bench", text).expect("loads"));
        assert!(leases(&figures).is_empty());
        figures.status.leases = Some(LeasesView {
            held: 2,
            waiting: 3,
            kw: 61.5,
            exceeded: 2,
            breaches: 1,
            excess_kw: 4.5,
            late: 1,
            skewed: 6,
        });
        let values: Vec<f64> = leases(&figures).iter().map(|of| of.rows[0].value).collect();
        assert_eq!(values, [2.0, 1.0, 61.5e3, 3.0, 2.0, 1.0, 4.5e3, 6.0]);
    }
}
