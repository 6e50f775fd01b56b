//! `wattloop tariff bill`: a meter's series as bills.

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;
use plant::time::Wall;
use serde_json::{Value, json};
use wattloop::control::tariff::{Bill, Decimal, Known, Notice, Prices, Series, Tariff, rate, read_history};

use super::{Out, Stop, bad, data, load};

/// What a meter's series comes to.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop tariff bill meter.csv --tariff tariff.toml
  wattloop tariff bill meter.csv --tariff tariff.toml --from 2026-01-01 --to 2026-02-01 --strict
  wattloop tariff bill meter.csv --tariff config/tariffs/weser-rlm.toml --prices day-ahead.json --history peaks.csv --json

One bill for each billing period that the series touches. The series is a CSV: `time,energy_wh`, `time,energy_kwh`, `time,kw`, the same
with `start,end,…`, or a cumulative register as `time,register_wh` or `time,register_kwh`. Rows without an end last as long as most of
them are apart. A history is `from,demand,kw`. Amounts are
exact and rounded once a line; JSON has them as texts. Exit code 0 with bills, 3 under --strict where data lack, 65 for data that are
none, 78 for a tariff with faults.")]
pub struct BillArgs {
    /// The meter's series
    pub series: PathBuf,
    /// The tariff
    #[arg(long, value_name = "FILE")]
    pub tariff: PathBuf,
    /// From the billing period of this day on
    #[arg(long, value_name = "DAY")]
    pub from: Option<Date>,
    /// Up to the billing period before this day's
    #[arg(long, value_name = "DAY")]
    pub to: Option<Date>,
    /// Peaks of earlier billing periods
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
    /// Day-ahead prices
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,
    /// End with exit code 3 where the bill may be wrong for data that lack
    #[arg(long)]
    pub strict: bool,
}

/// Rates the series.
pub fn run(args: &BillArgs, out: &Out) -> Result<(), Stop> {
    let tariff = load(&args.tariff)?.map_err(|faults| Stop::faults(&faults))?;
    let (name, text) = (args.series.display().to_string(), data(&args.series)?);
    let series = Series::read(&name, &text, (&tariff.zone, tariff.meter)).map_err(|faults| bad(&faults))?;
    let history = match &args.history {
        Some(file) => read_history(&file.display().to_string(), &data(file)?).map_err(|faults| bad(&faults))?,
        None => Vec::new(),
    };
    let prices = args.prices.as_ref().map(|file| {
        let read = Prices::read(&data(file)?, &tariff.currency);
        read.map_err(|faults| {
            let lines = faults.iter().map(|fault| format!("{}: {fault}", file.display())).collect::<Vec<_>>();
            Stop::new(65, "bad_data", lines.join("\n"), "")
        })
    });
    let prices = prices.transpose()?;
    let day = |day: Option<Date>| day.and_then(|day| tariff.zone.begin(day));
    let ends: (Option<Wall>, Option<Wall>) = (day(args.from), day(args.to));
    let bills = rate(&tariff, &series, ends, Known { history: &history, prices: prices.as_ref() });
    if bills.is_empty() {
        let help = "look at the dates of the series, of `billing` in the tariff, and of --from and --to";
        return Err(Stop::new(65, "no_bill", format!("{name}: no billing period has a row"), help));
    }
    let grave = bills.iter().flat_map(|bill| &bill.notices).chain(series.notices()).any(|notice| notice.grave);
    if out.json() {
        out.value(&as_json(&tariff, &series, &bills))?;
    } else {
        for bill in &bills {
            print(&tariff, bill, out)?;
        }
        for notice in series.notices() {
            told(notice, out)?;
        }
        if bills.len() > 1 {
            let places = tariff.rounding.0;
            out.line(format_args!(
                "{} bills, together {} {}",
                bills.len(),
                sum(&bills).fixed(places),
                tariff.currency
            ))?;
        }
    }
    if args.strict && grave { Err(Stop::new(3, "warnings", "", "")) } else { Ok(()) }
}

fn sum(bills: &[Bill]) -> Decimal {
    bills.iter().fold(Decimal::ZERO, |sum, bill| sum.plus(bill.total))
}

fn told(notice: &Notice, out: &Out) -> Result<(), Stop> {
    out.line(format_args!("{}: {}", if notice.grave { "warning" } else { "note" }, notice.text))
}

fn print(tariff: &Tariff, bill: &Bill, out: &Out) -> Result<(), Stop> {
    let last = bill.to.yesterday().unwrap_or(bill.to);
    out.line(format_args!("{}, {} to {last}, in {}", tariff.name, bill.from, tariff.currency))?;
    let width = bill.lines.iter().map(|line| line.name.chars().count()).max().unwrap_or(0).max(5);
    for line in &bill.lines {
        let set_by = line.set_by.map_or_else(String::new, |by| format!("   {}", by.words(&tariff.zone)));
        out.line(format_args!(
            "  {:width$} {:>14} {:<12} x {:>12} {:>14}{set_by}",
            line.name,
            line.quantity.to_string(),
            line.unit,
            line.price.to_string(),
            line.amount.fixed(tariff.rounding.0),
        ))?;
    }
    out.line(format_args!("  {:width$} {:>57}", "total", bill.total.fixed(tariff.rounding.0)))?;
    if let Some(carbon) = bill.carbon {
        out.line(format_args!("  {} kg of CO2 for {} kWh", carbon.kg, carbon.kwh))?;
    }
    bill.notices.iter().try_for_each(|notice| told(notice, out))
}

fn as_json(tariff: &Tariff, series: &Series, bills: &[Bill]) -> Value {
    let places = tariff.rounding.0;
    let notices = |notices: &[Notice]| -> Vec<Value> {
        notices.iter().map(|n| json!({"code": n.code, "grave": n.grave, "text": n.text})).collect()
    };
    let bill = |bill: &Bill| {
        let lines = bill.lines.iter().map(|line| {
            json!({
                "name": line.name, "quantity": line.quantity.to_string(), "unit": line.unit, "price": line.price.to_string(),
                "amount": line.amount.fixed(places), "set_by": line.set_by.map(|by| by.words(&tariff.zone)),
            })
        });
        let peaks = bill
            .peaks
            .iter()
            .map(|peak| json!({"from": peak.from.to_string(), "demand": peak.demand, "kw": peak.kw.to_string()}));
        json!({
            "from": bill.from.to_string(), "to": bill.to.to_string(), "energy_kwh": bill.energy.in_kwh().to_string(),
            "carbon_kg": bill.carbon.map(|carbon| carbon.kg.to_string()),
            "lines": lines.collect::<Vec<_>>(), "total": bill.total.fixed(places),
            "peaks": peaks.collect::<Vec<_>>(), "notices": notices(&bill.notices),
        })
    };
    json!({
        "tariff": tariff.name, "currency": tariff.currency, "notices": notices(series.notices()),
        "bills": bills.iter().map(bill).collect::<Vec<_>>(), "total": sum(bills).fixed(places),
    })
}
