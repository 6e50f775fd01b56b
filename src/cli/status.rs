//! `wattloop status`: the hall on one page.

use std::fmt::Write;

use clap::Args;
use wattloop::control::report::{
    AlarmView, CduView, DryView, HeatView, MachineView, NamedValue, PlantView, Pue, Status, TowerView,
};

use super::client::SocketArgs;
use super::figure::{figure, fixed, length};
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

/// The page as text, what needs somebody first. Every number has its unit; what is not known is a dash.
pub fn page(s: &Status) -> String {
    let mut page = String::new();
    // Writing into a text cannot fail; half a page would still be better than none.
    write_page(&mut page, s).unwrap_or_default();
    page
}

fn write_page(page: &mut String, s: &Status) -> std::fmt::Result {
    let clock = if s.clock_trusted { "" } else { ", the wall clock is NOT TRUSTED" };
    writeln!(page, "{} at {}, up {}, {} scans{clock}", s.hall, s.site, length(s.uptime_s), s.scans)?;
    for a in &s.alarms {
        alarm(page, a, s.uptime_s)?;
    }
    if s.alarms.is_empty() {
        writeln!(page, "no alarms")?;
    }
    for o in &s.overrides {
        let (value, left) = (figure(&o.point, o.value, &o.unit), length(o.remaining_s));
        writeln!(page, "override       {} held at {value} by {} for {left} more: {}", o.point, o.who, o.reason)?;
    }
    match &s.worst_inlet {
        Some(w) => {
            let (margin, side) = (fixed(w.margin_k.abs(), 1), if w.margin_k < 0.0 { "ABOVE" } else { "below" });
            writeln!(page, "worst inlet    {:.1} °C at {}, {margin} K {side} the limit", w.celsius, w.rack)?;
        }
        None => writeln!(page, "worst inlet    - no inlet is known")?,
    }
    writeln!(page, "fans           {}", row(&s.fans))?;
    writeln!(page, "valves         {}", row(&s.valves))?;
    writeln!(page, "pump           {}", s.pump.map_or_else(|| "-".to_owned(), |p| format!("{p:.1} %")))?;
    for a in &s.air {
        writeln!(page, "supply air     {} {:.1} °C: {}", a.row, a.setpoint_celsius, a.because)?;
    }
    for p in &s.plants {
        plant(page, p)?;
    }
    for d in &s.dry {
        dry_cooler(page, d)?;
    }
    for h in &s.heat {
        heat(page, h)?;
    }
    for c in &s.cdus {
        cdu(page, c)?;
    }
    for c in &s.caps {
        writeln!(page, "CAP REQUESTED  {} for {}: {}", c.row, length(c.since_s), c.sentence)?;
    }
    let kw = |x: Option<f64>| x.map_or_else(|| "-".to_owned(), |x| format!("{x:.1} kW"));
    let (facility, it, rest) = (kw(s.facility_kw), kw(s.it_kw), kw(s.unattributed_kw));
    writeln!(page, "power          facility {facility}, IT {it}, unattributed {rest}")?;
    writeln!(page, "energy         facility {:.1} kWh, IT {:.1} kWh", s.facility_kwh, s.it_kwh)?;
    pue(page, &s.pue)?;
    let r = s.readings;
    let hint = if r.stale + r.lost > 0 { " (`wattloop points --bad` lists them)" } else { "" };
    writeln!(page, "readings       {} good, {} stale, {} lost{hint}", r.fresh, r.stale, r.lost)
}

fn alarm(page: &mut String, a: &AlarmView, uptime_s: f64) -> std::fmt::Result {
    let (priority, age) = (a.priority.to_uppercase(), length(uptime_s - a.since_s));
    // Alarms without a place in the hall have nothing to add to their name.
    let detail = if a.detail.is_empty() || a.detail == a.name { String::new() } else { format!(": {}", a.detail) };
    writeln!(page, "ALARM {priority:<8} {}, {} for {age}{detail}", a.name, a.state)?;
    writeln!(page, "               if nobody acts: {}", a.consequence)?;
    writeln!(page, "               what to do: {}", a.response)
}

fn plant(page: &mut String, p: &PlantView) -> std::fmt::Result {
    writeln!(page, "plant          {}", of_plant(p))?;
    p.tower.as_ref().map_or(Ok(()), |t| writeln!(page, "tower          {}", of_tower(t)))
}

/// Who runs a plant and at which stage, then its machines.
pub fn of_plant(p: &PlantView) -> String {
    let load = p.load_kw.map_or_else(String::new, |kw| format!(", load {kw:.1} kW"));
    let short = if p.short { ", NONE IS LEFT to start" } else { "" };
    let running = p.machines.iter().map(machine).collect::<Vec<_>>().join(", ");
    match p.rule.as_str() {
        "panels" => format!("{} on its panels: {running}", p.name),
        _ => format!("{} wants {}, {}{load}{short}: {running}", p.name, p.wanted, p.change),
    }
}

/// Who runs a tower, what for, and what its fans do.
pub fn of_tower(t: &TowerView) -> String {
    let ran = format!("({:.1} h, {} starts)", t.run_hours, t.starts);
    match t.rule.as_str() {
        "panel" => format!("{} on its panel {ran}", t.name),
        _ => format!("{} {}: fans {}, {:.0} cells open {ran}", t.name, t.duty, t.fans, t.cells),
    }
}

fn dry_cooler(page: &mut String, d: &DryView) -> std::fmt::Result {
    let ran = format!("({:.1} h, wet {:.1} h)", d.run_hours, d.wet_hours);
    let pads = if d.pads == "turning" { "wet" } else { "dry" };
    match d.rule.as_str() {
        "panel" => writeln!(page, "dry cooler     {} on its panel {ran}", d.name),
        _ => writeln!(page, "dry cooler     {}: fans {}, pads {pads} {ran}", d.name, d.fans),
    }
}

/// Who runs a heat recovery, and what it hands over.
fn heat(page: &mut String, h: &HeatView) -> std::fmt::Result {
    let exported = h.exported_kw.map_or_else(|| "-".to_owned(), |kw| format!("{kw:.1} kW"));
    let rule = if h.rule == "panel" { "on its panel, " } else { "" };
    let gone = if h.gone { ", NOBODY TAKES the heat that is called for" } else { "" };
    writeln!(page, "heat recovery  {rule}{exported} to the customer{gone}: {}", machine(&h.valve))
}

/// Who runs a CDU, what it gives and what it aims at, then its pumps.
fn cdu(page: &mut String, c: &CduView) -> std::fmt::Result {
    let known = |x: Option<f64>, unit: &str| x.map_or_else(|| "-".to_owned(), |x| format!("{x:.1} {unit}"));
    let (supply, dp) = (known(c.supply_celsius, "°C"), known(c.dp_kpa, "kPa"));
    let tripped = if c.tripped { ", VALVE CLOSED for the dew point" } else { "" };
    let approach = c.approach_k.filter(|k| *k > 0.0).map_or_else(String::new, |k| format!(", approach {k:.1} K"));
    let pumps = c.pumps.iter().map(machine).collect::<Vec<_>>().join(", ");
    let rule = match c.rule.as_str() {
        "panel" => "on its panel".to_owned(),
        _ => format!("aims at {:.1} °C, wants {}, {}", c.setpoint_celsius, c.wanted, c.change),
    };
    writeln!(page, "CDU            {} {supply}, {dp}, {rule}{tripped}{approach}: {pumps}", c.name)
}

fn machine(m: &MachineView) -> String {
    let since = m.since_s.map_or_else(String::new, |s| format!(" for {}", length(s)));
    format!("{} {}{since} ({:.1} h, {} starts)", m.name, m.step, m.run_hours, m.starts)
}

/// One line a window that has a value, and one for all that have none for the same cause.
fn pue(page: &mut String, windows: &[Pue]) -> std::fmt::Result {
    let mut unknown: Vec<(&str, Vec<&str>)> = Vec::new();
    for p in windows {
        let Some(value) = p.value else {
            match unknown.iter_mut().find(|(why, _)| *why == p.validity) {
                Some((_, names)) => names.push(&p.window),
                None => unknown.push((&p.validity, vec![&p.window])),
            }
            continue;
        };
        let coverage = p.coverage * 100.0;
        let meter = p.meter.map(|m| format!(", {m:.3} by the utility's meters alone")).unwrap_or_default();
        writeln!(
            page,
            "PUE {:<10} {value:.3}, {}, category {}, {coverage:.0} % covered{meter}",
            p.window, p.validity, p.category
        )?;
    }
    for (why, names) in unknown {
        writeln!(page, "PUE            - over {}: {why}", names.join(", "))?;
    }
    Ok(())
}

fn row(values: &[NamedValue]) -> String {
    if values.is_empty() {
        return "-".to_owned();
    }
    values.iter().map(|v| format!("{} {:.1} %", v.name, v.value)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattloop::control::report::{CapView, OverrideView, Readings, WorstInlet};

    fn chillers() -> PlantView {
        let running = MachineView { run_hours: 812.04, starts: 14, ..MachineView::default() };
        PlantView {
            name: "chw".into(),
            rule: "sequence".into(),
            change: "starting".into(),
            wanted: 2,
            load_kw: Some(581.25),
            machines: vec![
                MachineView { name: "ch-1".into(), step: "on".into(), ..running },
                MachineView {
                    name: "ch-2".into(),
                    step: "starting".into(),
                    since_s: Some(20.0),
                    ..MachineView::default()
                },
            ],
            ..PlantView::default()
        }
    }

    fn pumped() -> CduView {
        CduView {
            name: "cdu-1".into(),
            rule: "sequence".into(),
            change: "steady".into(),
            wanted: 1,
            setpoint_celsius: 32.0,
            supply_celsius: Some(32.14),
            dp_kpa: Some(59.96),
            pumps: vec![MachineView { name: "pump 1".into(), step: "on".into(), ..MachineView::default() }],
            ..CduView::default()
        }
    }

    fn capped() -> CapView {
        CapView { row: "row-a".into(), since_s: 5.0, sentence: "no pressure".into(), ..CapView::default() }
    }

    #[test]
    fn what_needs_somebody_comes_first() {
        let window = |window: &str, value, validity: &str| Pue {
            window: window.into(),
            value,
            meter: None,
            lower: None,
            upper: None,
            coverage: 0.96,
            category: 2,
            validity: validity.into(),
            code: String::new(),
            facility_kwh: 0.0,
            it_kwh: 0.0,
        };
        let status = Status {
            hall: "air".into(),
            site: "north".into(),
            scans: 7980,
            uptime_s: 7980.0,
            worst_inlet: Some(WorstInlet { rack: "rack-a07".into(), celsius: 32.4, margin_k: -0.4 }),
            pue: vec![
                window("1m", Some(1.119), "good"),
                window("1h", None, "too short"),
                window("24h", None, "too short"),
            ],
            readings: Readings { fresh: 220, stale: 0, lost: 1 },
            overrides: vec![OverrideView {
                point: "crah-1/fan-speed".into(),
                value: 80.0,
                unit: "%".into(),
                level: 8,
                who: "uid:1000".into(),
                reason: "bearing".into(),
                remaining_s: 5400.0,
            }],
            alarms: vec![AlarmView {
                name: "inlet-high".into(),
                priority: "high".into(),
                state: "unacknowledged".into(),
                since_s: 7800.0,
                detail: "rack-a07 32.4 °C".into(),
                consequence: "Servers throttle".into(),
                response: "Look at row A".into(),
            }],
            plants: vec![chillers()],
            cdus: vec![pumped()],
            caps: vec![capped()],
            clock_trusted: false,
            ..Status::default()
        };
        let wanted = "\
air at north, up 2 h 13 min, 7980 scans, the wall clock is NOT TRUSTED
ALARM HIGH     inlet-high, unacknowledged for 3 min: rack-a07 32.4 °C
               if nobody acts: Servers throttle
               what to do: Look at row A
override       crah-1/fan-speed held at 80.0 % by uid:1000 for 1 h 30 min more: bearing
worst inlet    32.4 °C at rack-a07, 0.4 K ABOVE the limit
fans           -
valves         -
pump           -
plant          chw wants 2, starting, load 581.2 kW: ch-1 on (812.0 h, 14 starts), ch-2 starting for 20 s (0.0 h, 0 starts)
CDU            cdu-1 32.1 °C, 60.0 kPa, aims at 32.0 °C, wants 1, steady: pump 1 on (0.0 h, 0 starts)
CAP REQUESTED  row-a for 5 s: no pressure
power          facility -, IT -, unattributed -
energy         facility 0.0 kWh, IT 0.0 kWh
PUE 1m         1.119, good, category 2, 96 % covered
PUE            - over 1h, 24h: too short
readings       220 good, 0 stale, 1 lost (`wattloop points --bad` lists them)
";
        assert_eq!(page(&status), wanted);
    }
}
