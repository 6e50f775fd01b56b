//! Savings of the billing period that runs, as families.

use super::figures::{Family, Figures, Row};
use crate::control::savings::view::{BilledView, SidesView};

/// What was metered, beside what it would have been without control; nothing where no peak is kept down. What is unknown has no series.
pub fn savings(figures: &Figures) -> Vec<Family> {
    let Some(view) = &figures.status.savings else { return Vec::new() };
    let only = |value: f64| vec![Row::only(value)];
    let rows = |of: Option<SidesView>| of.map(|of| sides(&[], of)).unwrap_or_default();
    let each = |of: &dyn Fn(&BilledView) -> Option<SidesView>| {
        let demand = |demand: &BilledView| of(demand).map(|of| sides(&[("demand", &demand.name)], of));
        view.demands.iter().filter_map(demand).flatten().collect()
    };
    let gpus = [
        ("lost", Some(view.lost_gpu_h)),
        ("unsure", Some(view.unsure_gpu_h)),
        ("deferred", view.deferred_gpu_h),
        ("undone", view.undone_gpu_h),
    ];
    let gpus = gpus.into_iter().filter_map(|(kind, hours)| Some((kind, hours?)));
    let battery = [("given", Some(view.given_wh)), ("taken", Some(view.taken_wh)), ("lost", view.lost_wh)];
    let errors = view.forecasts.iter().flat_map(|of| {
        let ahead = format!("{:.0}", of.ahead_h);
        let kinds = [("mean", of.mean_w), ("bias", of.bias_w)];
        kinds.map(|(kind, value)| value.map(|value| Row::new(&[("ahead_hours", &ahead), ("kind", kind)], value)))
    });
    vec![
        Family::gauge(
            "savings_measured_ratio",
            "For how much of the billing period so far all sides are known",
            only(view.measured),
        ),
        Family::gauge("savings_energy_watthours", "Energy of the billing period, by side", rows(Some(view.energy_wh))),
        Family::gauge("savings_energy_cost", "What that cost, before taxes, in the tariff's currency", rows(view.cost)),
        Family::gauge("savings_carbon_grams", "What that gave off", rows(view.carbon_g)),
        Family::gauge("savings_peak_watts", "The highest window of a demand, by side", each(&|of| of.peak_w)),
        Family::gauge("savings_peak_cost", "What is billed for a demand as it stands", each(&|of| of.cost)),
        Family::gauge(
            "savings_battery_watthours",
            "What batteries gave, took and lost",
            labelled("kind", battery.into_iter().filter_map(|(kind, wh)| Some((kind, wh?)))),
        ),
        Family::gauge("savings_shed_watthours", "What caps held back for money, estimated", only(view.shed_wh)),
        Family::gauge(
            "savings_gpu_hours",
            "GPU-hours not done because of caps, those of which nobody knows, those that jobs waited for or were lowered by, and those of them that were not made up for",
            labelled("kind", gpus),
        ),
        Family::gauge("savings_forecast_error_watts", "What forecasts were off by", errors.flatten().collect()),
    ]
}

fn labelled(label: &'static str, of: impl IntoIterator<Item = (&'static str, f64)>) -> Vec<Row> {
    of.into_iter().map(|(kind, value)| Row::new(&[(label, kind)], value)).collect()
}

fn sides(labels: &[(&'static str, &str)], of: SidesView) -> Vec<Row> {
    let all = [("metered", of.metered), ("no_batteries", of.no_batteries), ("no_control", of.no_control)];
    let row = |(side, value): (&str, f64)| {
        let labels: Vec<(&'static str, &str)> = labels.iter().copied().chain([("side", side)]).collect();
        Row::new(&labels, value)
    };
    all.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::savings::view::{ForecastView, MonthView};

    fn all(metered: f64, no_batteries: f64, no_control: f64) -> SidesView {
        SidesView { metered, no_batteries, no_control, saved: no_control - metered }
    }

    #[test]
    fn every_side_has_a_series_and_what_is_unknown_none() {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "bench").expect("shipped");
        let mut figures = Figures::new(&plant::hall::Hall::load("bench", text).expect("loads"));
        assert!(savings(&figures).is_empty(), "a hall that keeps no peak down");
        figures.status.savings = Some(MonthView {
            from: String::new(),
            to: String::new(),
            runs: true,
            measured: 0.5,
            unpriced_s: 0.0,
            no_carbon_s: 0.0,
            energy_wh: all(1.0, 2.0, 3.0),
            cost: Some(all(4.0, 5.0, 6.0)),
            carbon_g: None,
            given_wh: 7.0,
            taken_wh: 8.0,
            lost_wh: None,
            lost_cost: None,
            shed_wh: 9.0,
            lost_gpu_h: 10.0,
            unsure_gpu_h: 11.0,
            deferred_wh: 17.0,
            deferred_gpu_h: Some(18.0),
            undone_wh: 20.0,
            undone_gpu_h: Some(21.0),
            apart_wh: 22.0,
            apart_s: 23.0,
            rode_s: 19.0,
            forecasts: vec![
                ForecastView { ahead_h: 1.0, judged: 3, mean_w: Some(12.0), bias_w: Some(-13.0) },
                ForecastView { ahead_h: 24.0, ..ForecastView::default() },
            ],
            demands: vec![BilledView {
                name: "peak".to_owned(),
                peak_w: Some(all(14.0, 15.0, 16.0)),
                cost: None,
                compared: 1,
                not_compared: 0,
            }],
        });
        let row = |family: &Family, row: &Row| {
            let labels: Vec<_> = row.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("{}{{{}}} {}", family.name, labels.join(","), row.value)
        };
        let families = savings(&figures);
        let rows: Vec<_> =
            families.iter().flat_map(|of| of.rows.iter().map(|r| row(of, r)).collect::<Vec<_>>()).collect();
        let wanted = [
            "savings_measured_ratio{} 0.5",
            "savings_energy_watthours{side=metered} 1",
            "savings_energy_watthours{side=no_batteries} 2",
            "savings_energy_watthours{side=no_control} 3",
            "savings_energy_cost{side=metered} 4",
            "savings_energy_cost{side=no_batteries} 5",
            "savings_energy_cost{side=no_control} 6",
            "savings_peak_watts{demand=peak,side=metered} 14",
            "savings_peak_watts{demand=peak,side=no_batteries} 15",
            "savings_peak_watts{demand=peak,side=no_control} 16",
            "savings_battery_watthours{kind=given} 7",
            "savings_battery_watthours{kind=taken} 8",
            "savings_shed_watthours{} 9",
            "savings_gpu_hours{kind=lost} 10",
            "savings_gpu_hours{kind=unsure} 11",
            "savings_gpu_hours{kind=deferred} 18",
            "savings_gpu_hours{kind=undone} 21",
            "savings_forecast_error_watts{ahead_hours=1,kind=mean} 12",
            "savings_forecast_error_watts{ahead_hours=1,kind=bias} -13",
        ];
        assert_eq!(rows, wanted);
    }
}
