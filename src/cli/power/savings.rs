//! `wattloop power savings`: what was metered, beside what it would have been without control.

use std::fmt::Write as _;

use clap::Args;
use wattloop::control::savings::view::{MonthView, SavingsView, SidesView};

use crate::cli::client::SocketArgs;
use crate::cli::figure::{fixed, length};
use crate::cli::{Out, Stop};

/// What control has saved, by billing period.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop power savings
  wattloop power savings --json | jq '.months[0].demands[] | {name, peak_w, cost}'

Three columns: as it was metered; if batteries had rested, which is measured; and if no cap and no lease had been lowered for money and no job had waited either, which is an estimate. What is saved is the
last less the first, and negative where control made it more. Time in which anything of it was not known counts for none of them. What cooling gave by riding is in
no column: nobody meters what it would have drawn. Money is before taxes.")]
pub struct SavingsArgs {
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Prints.
pub fn run(args: &SavingsArgs, out: &Out) -> Result<(), Stop> {
    let view: SavingsView = args.socket.get("/v1/savings")?;
    if out.json() { out.value(&view) } else { out.text(page(&view)) }
}

fn page(view: &SavingsView) -> String {
    let mut page = format!("tariff         {}, {} before taxes", view.tariff, view.currency);
    page += if view.by_tiers { "; energy by the tiers that metered energy came to\n" } else { "\n" };
    if view.months.is_empty() {
        page += "nothing yet: no billing period has begun by a clock that is trusted\n";
    }
    for month in &view.months {
        page += &told(month);
    }
    page
}

fn told(month: &MonthView) -> String {
    let day = |stamp: &str| stamp.get(..10).unwrap_or("?").to_owned();
    let runs = if month.runs { ", running" } else { "" };
    let mut page = format!(
        "\n{} to {}{runs}: {} % of the time is known\n",
        day(&month.from),
        day(&month.to),
        fixed(100.0 * month.measured, 1)
    );
    let _ =
        writeln!(page, "  {:<26} {:>11} {:>13} {:>11} {:>11}", "", "metered", "no batteries", "no control", "saved");
    row(&mut page, "energy (kWh)", Some(month.energy_wh), (1e-3, 1));
    row(&mut page, "cost of energy", month.cost, (1.0, 2));
    row(&mut page, "carbon (kg)", month.carbon_g, (1e-3, 1));
    for of in &month.demands {
        row(&mut page, &format!("{} (kW)", of.name), of.peak_w, (1e-3, 1));
        row(&mut page, &format!("{}, billed", of.name), of.cost, (1.0, 2));
        if of.not_compared > 0 {
            let _ = writeln!(
                page,
                "    {} of its windows are not known, and count as metered; {} are",
                of.not_compared, of.compared
            );
        }
    }
    for (what, seconds) in [("price", month.unpriced_s), ("carbon", month.no_carbon_s)] {
        if seconds >= 1.0 {
            let _ = writeln!(page, "  without a {what}: {}, which is in none of them", length(seconds));
        }
    }
    page + &beside(month)
}

/// What it took.
fn beside(month: &MonthView) -> String {
    let kwh = |wh: f64| fixed(wh / 1e3, 1);
    let lost = month.lost_wh.map_or_else(|| "unknown".to_owned(), |wh| format!("{} kWh", kwh(wh)));
    let cost = month.lost_cost.map_or_else(String::new, |cost| format!(" ({})", fixed(cost, 2)));
    let mut page = format!(
        "  batteries gave {} kWh and took {}; lost on the way: {lost}{cost}\n",
        kwh(month.given_wh),
        kwh(month.taken_wh)
    );
    let _ = writeln!(
        page,
        "  caps held back {} kWh, about {} GPU-hours of work; of {} GPU-hours nobody knows",
        kwh(month.shed_wh),
        fixed(month.lost_gpu_h, 1),
        fixed(month.unsure_gpu_h, 1)
    );
    if month.deferred_wh > 0.0 {
        let gpus = month.deferred_gpu_h.map_or_else(String::new, |h| format!(", about {} GPU-hours", fixed(h, 1)));
        let _ = writeln!(page, "  jobs waited or were lowered for {} kWh at machines{gpus}", kwh(month.deferred_wh));
    }
    if month.undone_wh > 0.0 {
        let gpus = month.undone_gpu_h.map_or_else(String::new, |h| format!(", about {} GPU-hours", fixed(h, 1)));
        let _ = writeln!(
            page,
            "  work of {} kWh at machines{gpus}, was lost or not done in time because leases were lowered",
            kwh(month.undone_wh)
        );
    }
    if month.apart_wh > 0.0 {
        let _ = writeln!(
            page,
            "  leases were lowered by up to {} kWh in {} of which nobody can tell what they drew less: in no column",
            kwh(month.apart_wh),
            length(month.apart_s)
        );
    }
    if month.rode_s >= 1.0 {
        let _ = writeln!(
            page,
            "  cooling rode for {}: what that took off peaks is in no column, and saved is too low by it",
            length(month.rode_s)
        );
    }
    for of in &month.forecasts {
        let Some((mean, bias)) = of.mean_w.zip(of.bias_w) else { continue };
        let _ = writeln!(
            page,
            "  forecasts {} h ahead: off by {} kW in the mean, bias {} kW, {} judged",
            fixed(of.ahead_h, 0),
            fixed(mean / 1e3, 1),
            fixed(bias / 1e3, 1),
            of.judged
        );
    }
    page
}

fn row(page: &mut String, name: &str, sides: Option<SidesView>, (times, digits): (f64, usize)) {
    let cells = sides.map_or_else(
        || ["-"; 4].map(str::to_owned),
        |of| [of.metered, of.no_batteries, of.no_control, of.saved].map(|value| fixed(value * times, digits)),
    );
    let [metered, no_batteries, no_control, saved] = cells;
    // Writing to text does not fail.
    let _ = writeln!(page, "  {name:<26} {metered:>11} {no_batteries:>13} {no_control:>11} {saved:>11}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattloop::control::savings::view::{BilledView, ForecastView};

    fn sides(metered: f64, no_batteries: f64, no_control: f64) -> SidesView {
        SidesView { metered, no_batteries, no_control, saved: no_control - metered }
    }

    fn month() -> MonthView {
        MonthView {
            from: "2026-07-01T00:00:00+02:00".to_owned(),
            to: "2026-08-01T00:00:00+02:00".to_owned(),
            runs: true,
            measured: 0.9874,
            unpriced_s: 7200.0,
            no_carbon_s: 0.0,
            energy_wh: sides(400e6, 396e6, 401e6),
            cost: Some(sides(40e3, 42e3, 42.5e3)),
            carbon_g: None,
            given_wh: 20e6,
            taken_wh: 24e6,
            lost_wh: Some(3.2e6),
            lost_cost: Some(320.0),
            shed_wh: 5e6,
            lost_gpu_h: 8100.0,
            unsure_gpu_h: 12.5,
            deferred_wh: 60e3,
            deferred_gpu_h: Some(120.0),
            undone_wh: 15e3,
            undone_gpu_h: Some(30.0),
            apart_wh: 8e3,
            apart_s: 3600.0,
            rode_s: 5400.0,
            forecasts: vec![
                ForecastView { ahead_h: 4.0, judged: 1900, mean_w: Some(21e3), bias_w: Some(-3e3) },
                ForecastView { ahead_h: 24.0, ..ForecastView::default() },
            ],
            demands: vec![BilledView {
                name: "peak".to_owned(),
                peak_w: Some(sides(900e3, 880e3, 860e3)),
                cost: None,
                compared: 2800,
                not_compared: 40,
            }],
        }
    }

    #[test]
    fn the_page_has_every_side_and_says_what_is_not_known() {
        let mut view = SavingsView {
            tariff: "weser-rlm".to_owned(),
            currency: "EUR".to_owned(),
            by_tiers: true,
            months: vec![month()],
        };
        let said = page(&view);
        for line in [
            "tariff         weser-rlm, EUR before taxes; energy by the tiers that metered energy came to\n",
            "2026-07-01 to 2026-08-01, running: 98.7 % of the time is known\n",
            "  energy (kWh)                  400000.0      396000.0    401000.0      1000.0\n",
            "  cost of energy                40000.00      42000.00    42500.00     2500.00\n",
            "  carbon (kg)                          -             -           -           -\n",
            "  peak (kW)                        900.0         880.0       860.0       -40.0\n",
            "    40 of its windows are not known, and count as metered; 2800 are\n",
            "  without a price: 2 h",
            "  batteries gave 20000.0 kWh and took 24000.0; lost on the way: 3200.0 kWh (320.00)\n",
            "  caps held back 5000.0 kWh, about 8100.0 GPU-hours of work; of 12.5 GPU-hours nobody knows\n",
            "  jobs waited or were lowered for 60.0 kWh at machines, about 120.0 GPU-hours\n",
            "  work of 15.0 kWh at machines, about 30.0 GPU-hours, was lost or not done in time because leases were lowered\n",
            "  leases were lowered by up to 8.0 kWh in 1 h 0 min of which nobody can tell what they drew less: in no column\n",
            "  cooling rode for 1 h 30 min: what that took off peaks is in no column, and saved is too low by it\n",
            "  forecasts 4 h ahead: off by 21.0 kW in the mean, bias -3.0 kW, 1900 judged\n",
        ] {
            assert!(said.contains(line), "no `{line}` in\n{said}");
        }
        assert!(!said.contains("24 h ahead"), "nothing was judged:\n{said}");
        let month = &mut view.months[0];
        (month.lost_wh, month.rode_s, month.carbon_g) = (None, 0.0, Some(sides(160e6, 158e6, 161e6)));
        (month.deferred_wh, month.undone_wh, month.apart_wh) = (0.0, 0.0, 0.0);
        for nothing in ["cooling rode", "jobs waited", "not done in time", "nobody can tell"] {
            assert!(!page(&view).contains(nothing), "nothing was moved: {nothing}");
        }
        let carbon = "  carbon (kg)                   160000.0      158000.0    161000.0      1000.0\n";
        assert!(page(&view).contains(carbon), "{}", page(&view));
        assert!(page(&view).contains("lost on the way: unknown"));
        view.months.clear();
        assert!(page(&view).contains("no billing period has begun"));
    }
}
