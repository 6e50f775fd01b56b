//! `wattloop status`: the hall on one page.

use std::fmt::Write;

use clap::Args;
use wattloop::control::report::{NamedValue, Status};

use super::client::SocketArgs;
use super::{Out, Stop};

/// The running hall on one page.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  wattloop status\n  wattloop status --json | jq .worst_inlet")]
pub struct StatusArgs {
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Asks the service.
pub fn run(args: &StatusArgs, out: &Out) -> Result<(), Stop> {
    let status: Status = args.socket.get("/v1/status")?;
    if out.json() { out.value(&status) } else { out.text(page(&status)) }
}

/// The page as text. Every number has its unit; what is not known is a dash.
pub fn page(s: &Status) -> String {
    let mut page = String::new();
    // Writing into a text cannot fail; half a page would still be better than none.
    write_page(&mut page, s).unwrap_or_default();
    page
}

fn write_page(page: &mut String, s: &Status) -> std::fmt::Result {
    let clock = if s.clock_trusted { "" } else { ", clock not trusted" };
    writeln!(page, "{} at {}: {} scans, up {:.0} s{clock}", s.hall, s.site, s.scans, s.uptime_s)?;
    match &s.worst_inlet {
        Some(w) => writeln!(page, "worst inlet    {:.1} °C at {}, margin {:.1} K", w.celsius, w.rack, w.margin_k)?,
        None => writeln!(page, "worst inlet    - no inlet is known")?,
    }
    let kw = |x: Option<f64>| x.map_or_else(|| "-".to_owned(), |x| format!("{x:.1} kW"));
    writeln!(
        page,
        "power          facility {}, IT {}, unattributed {}",
        kw(s.facility_kw),
        kw(s.it_kw),
        kw(s.unattributed_kw)
    )?;
    writeln!(page, "energy         facility {:.1} kWh, IT {:.1} kWh", s.facility_kwh, s.it_kwh)?;
    for pue in &s.pue {
        let value = pue.value.map_or_else(|| "-".to_owned(), |v| format!("{v:.3}"));
        let coverage = pue.coverage * 100.0;
        writeln!(
            page,
            "PUE {:<10} {value} ({}, {coverage:.0} % covered, category {})",
            pue.window, pue.validity, pue.category
        )?;
    }
    writeln!(page, "fans           {}", row(&s.fans))?;
    writeln!(page, "valves         {}", row(&s.valves))?;
    writeln!(page, "pump           {}", s.pump.map_or_else(|| "-".to_owned(), |p| format!("{p:.1} %")))?;
    let r = s.readings;
    writeln!(page, "readings       {} fresh, {} stale, {} lost", r.fresh, r.stale, r.lost)?;
    for o in &s.overrides {
        let minutes = o.remaining_s / 60.0;
        writeln!(
            page,
            "override       {} held at {} by {} for {minutes:.0} min more: {}",
            o.point, o.value, o.who, o.reason
        )?;
    }
    for a in &s.alarms {
        writeln!(page, "ALARM {:<8} {} ({}): {}", a.priority, a.name, a.state, a.detail)?;
        writeln!(page, "               {} What to do: {}", a.consequence, a.response)?;
    }
    if s.alarms.is_empty() {
        writeln!(page, "no alarms")?;
    }
    Ok(())
}

fn row(values: &[NamedValue]) -> String {
    if values.is_empty() {
        return "-".to_owned();
    }
    values.iter().map(|v| format!("{} {:.1} %", v.name, v.value)).collect::<Vec<_>>().join(", ")
}
