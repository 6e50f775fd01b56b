//! `wattloop status`: the hall on one page.

use std::fmt::Write;

use clap::Args;
use wattloop::control::report::{
    AlarmView, CapView, CduView, DoorView, DryView, HeatView, LeverView, LimitView, MachineView, NamedValue, PlantView,
    Pue, PumpsView, Status, TankView, TowerView,
};
use wattloop::control::windows::view::OpenView;

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

/// What billed windows allow, where they lower loads or are in doubt.
fn write_peaks(page: &mut String, s: &Status) -> std::fmt::Result {
    let Some(peaks) = &s.peaks else { return Ok(()) };
    let held = match (peaks.allowed_w, &peaks.held_by) {
        (Some(allowed), Some(demand)) => format!("{} held at {:.1} kW for `{demand}`", peaks.feed, allowed / 1e3),
        (Some(_) | None, _) => "nothing is lowered for billed windows".to_owned(),
    };
    let doubt = match (peaks.read, peaks.sure) {
        (true, true) => "",
        (false, _) => " (the billed meter is NOT READ: `wattloop power peaks`)",
        (true, false) => " (not sure where windows begin: `wattloop power peaks`)",
    };
    writeln!(page, "peaks          {held}{doubt}")
}

/// What energy costs, and what is wrong with its price.
fn write_price(page: &mut String, s: &Status) -> std::fmt::Result {
    let Some(price) = &s.price else { return Ok(()) };
    let costs = price.price.map_or_else(|| "unknown".to_owned(), |p| format!("{p} {}/kWh", price.currency));
    let grams = price.grams.map_or_else(String::new, |grams| format!(", {grams} g CO2/kWh"));
    let words = price.troubles.join(", ").replace('_', " ");
    let troubles = if words.is_empty() { words } else { format!(" ({words}: `wattloop tariff prices`)") };
    writeln!(page, "price          {costs}{grams}{troubles}")
}

/// Which windows are open.
fn write_windows(page: &mut String, s: &Status) -> std::fmt::Result {
    if s.windows.is_empty() {
        return Ok(());
    }
    let word = |of: &OpenView| format!("{} {}", of.name, if of.open { "open" } else { "shut" });
    writeln!(page, "windows        {}", s.windows.iter().map(word).collect::<Vec<_>>().join(", "))
}

/// What people and programs have asked for.
fn write_asked(page: &mut String, s: &Status) -> std::fmt::Result {
    for o in &s.overrides {
        let (value, left) = (figure(&o.point, o.value, &o.unit), length(o.remaining_s));
        writeln!(page, "override       {} held at {value} by {} for {left} more: {}", o.point, o.who, o.reason)?;
    }
    if let Some(l) = &s.leases {
        writeln!(page, "leases         {} of {} kW together, {} requests wait", l.held, fixed(l.kw, 1), l.waiting)?;
    }
    for b in &s.budgets {
        let (kilowatts, left) = (fixed(b.kw, 1), length(b.remaining_s));
        writeln!(
            page,
            "budget         {} may carry {kilowatts} kW for {left} more: {} by {}, {}",
            b.feed, b.id, b.who, b.reason
        )?;
    }
    for a in &s.announced {
        let (place, kilowatts) = (a.row.as_deref().unwrap_or("the hall"), fixed(a.kw, 0));
        let when = if a.in_s > 0.0 { format!("in {}", length(a.in_s)) } else { "due".to_owned() };
        writeln!(page, "announced      {kilowatts} kW more for {place}, {when}: {} by {}", a.id, a.who)?;
    }
    Ok(())
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
    if let Some(shadow) = &s.shadow {
        writeln!(page, "{}", super::shadow::line(shadow))?;
    }
    write_asked(page, s)?;
    write_price(page, s)?;
    write_windows(page, s)?;
    write_peaks(page, s)?;
    super::power::battery::write_lines(page, &s.batteries)?;
    if let Some(grid) = &s.grid {
        writeln!(page, "grid           {}", super::power::grid_line(grid))?;
    }
    match &s.worst_inlet {
        Some(w) => {
            let (margin, side) = (fixed(w.margin_k.abs(), 1), if w.margin_k < 0.0 { "ABOVE" } else { "below" });
            writeln!(page, "worst inlet    {:.1} °C at {}, {margin} K {side} the limit", w.celsius, w.rack)?;
        }
        None => writeln!(page, "worst inlet    - no inlet is known")?,
    }
    limits(page, &s.limits)?;
    writeln!(page, "fans           {}", row(&s.fans))?;
    writeln!(page, "valves         {}", row(&s.valves))?;
    writeln!(page, "pump           {}", s.pump.map_or_else(|| "-".to_owned(), |p| format!("{p:.1} %")))?;
    for p in &s.pumps {
        writeln!(page, "pumps          {}", of_pumps(p))?;
    }
    for a in &s.air {
        writeln!(page, "supply air     {} {:.1} °C: {}", a.row, a.setpoint_celsius, a.because)?;
    }
    for p in &s.plants {
        plant(page, p)?;
    }
    doors(page, &s.doors)?;
    for d in &s.dry {
        dry_cooler(page, d)?;
    }
    for h in &s.heat {
        heat(page, h)?;
    }
    for c in &s.cdus {
        cdu(page, c)?;
    }
    for t in &s.tanks {
        tank(page, t)?;
    }
    for c in &s.caps {
        cap(page, c)?;
    }
    super::power::feeders(page, &s.feeds)?;
    commissioning(page, s)?;
    let kw = |x: Option<f64>| x.map_or_else(|| "-".to_owned(), |x| format!("{x:.1} kW"));
    let (facility, it, rest) = (kw(s.facility_kw), kw(s.it_kw), kw(s.unattributed_kw));
    writeln!(page, "power          facility {facility}, IT {it}, unattributed {rest}")?;
    writeln!(page, "energy         facility {:.1} kWh, IT {:.1} kWh", s.facility_kwh, s.it_kwh)?;
    pue(page, &s.pue)?;
    let r = s.readings;
    let hint = if r.stale + r.lost > 0 { " (`wattloop points --bad` lists them)" } else { "" };
    writeln!(page, "readings       {} good, {} stale, {} lost{hint}", r.fresh, r.stale, r.lost)
}

/// The trial that runs, and the loops that have gains of their own.
fn commissioning(page: &mut String, s: &Status) -> std::fmt::Result {
    if let Some(t) = &s.trial {
        let (gone, longest) = (length(t.gone_s), length(t.how.longest.seconds()));
        writeln!(page, "TRIAL          {} is {}, for {gone} of {longest} at most", t.of, t.stage)?;
    }
    if let Some(of) = &s.supervisor {
        let moved: Vec<String> = of.levers.iter().filter(|l| l.offset.abs() > 0.05).map(lever).collect();
        let moved = if moved.is_empty() { "none moved".to_owned() } else { moved.join(", ") };
        writeln!(page, "setpoints      {moved}; {}; {:.1} kW expected", of.because, of.expected_w / 1e3)?;
    }
    if let Some(c) = &s.check {
        writeln!(page, "CHECKOUT       {} is {}, for {}", c.of, c.stage.replace('_', " "), length(c.gone_s))?;
    }
    for l in &s.scheduled {
        writeln!(page, "scheduled      {} gain {:.4}, Ti {:.0} s at {}", l.of, l.gain, l.ti_s, l.at)?;
    }
    for r in &s.retuned {
        let (gain, ti, ms) = (r.gains.gain, r.gains.ti, r.sensitivity);
        writeln!(page, "tuned          {} gain {gain:.4}, Ti {ti:.0} s, Ms {ms:.2} by {}: {}", r.of, r.who, r.reason)?;
    }
    Ok(())
}

fn lever(of: &LeverView) -> String {
    format!("{} {:+.1} {}", of.lever.word(), of.offset, of.unit)
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

/// Who runs the pumps on a header and how many, then each.
pub fn of_pumps(p: &PumpsView) -> String {
    let short = if p.short { ", NONE IS LEFT to start" } else { "" };
    let each = p.pumps.iter().map(machine).collect::<Vec<_>>().join(", ");
    match p.rule.as_str() {
        "panels" => format!("{} on their panels: {each}", p.name),
        _ => format!("{} wants {}, {}{short}: {each}", p.name, p.wanted, p.change),
    }
}

/// How many doors there are and the warmest air that leaves one, then those that are not simply open.
fn doors(page: &mut String, all: &[DoorView]) -> std::fmt::Result {
    let Some(first) = all.first() else { return Ok(()) };
    let warmest = all.iter().filter(|door| door.leaving_celsius.is_some());
    let warmest = warmest.reduce(|a, b| if b.leaving_celsius > a.leaving_celsius { b } else { a }).unwrap_or(first);
    let celsius = warmest.leaving_celsius.map_or_else(|| "-".to_owned(), |t| format!("{t:.1} °C at {}", warmest.name));
    let open = all.iter().filter(|door| door.valve == "open").count();
    writeln!(page, "doors          {open} of {} open, the warmest air leaving {celsius}", all.len())?;
    for door in all {
        let what = match (door.rule.as_str(), door.leak, door.tripped, door.valve.as_str()) {
            (_, true, _, _) => "SHUT: it leaked",
            (_, false, true, _) => "SHUT: its water is too near to the dew point",
            ("panel", _, _, _) => "on its panel",
            (_, _, _, "open") => continue,
            (_, _, _, valve) => valve,
        };
        writeln!(page, "door           {} {what}, valve at {:.1} %", door.name, door.valve_percent)?;
    }
    Ok(())
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
    let leak = if c.leak { ", SHUT OFF: it leaked" } else { "" };
    let tripped = if c.tripped { ", VALVE CLOSED for the dew point" } else { "" };
    let approach = c.approach_k.filter(|k| *k > 0.0).map_or_else(String::new, |k| format!(", approach {k:.1} K"));
    let pumps = c.pumps.iter().map(machine).collect::<Vec<_>>().join(", ");
    let rule = match c.rule.as_str() {
        "panel" => "on its panel".to_owned(),
        _ => format!("aims at {:.1} °C, wants {}, {}", c.setpoint_celsius, c.wanted, c.change),
    };
    writeln!(page, "CDU            {} {supply}, {dp}, {rule}{leak}{tripped}{approach}: {pumps}", c.name)
}

/// Who runs a tank, what it holds and what it aims at, how warm and how full it is, and what its pump does.
fn tank(page: &mut String, t: &TankView) -> std::fmt::Result {
    let known = |x: Option<f64>, unit: &str| x.map_or_else(|| "-".to_owned(), |x| format!("{x:.1} {unit}"));
    let (fluid, level) = (known(t.fluid_celsius, "°C"), known(t.level_percent, "%"));
    let pressure = t.setpoint_pascals.map_or_else(String::new, |_| format!(", {}", known(t.pressure_pascals, "Pa")));
    let aims = match (t.rule.as_str(), t.warmth.as_str()) {
        ("panel", _) => "on its panel".to_owned(),
        (_, "warm") => t.setpoint_pascals.map_or_else(
            || format!("aims at {:.1} °C", t.setpoint_celsius.unwrap_or(f64::NAN)),
            |pascals| format!("aims at {pascals:.0} Pa"),
        ),
        (_, warmth) => format!("{warmth}, valve shut"),
    };
    let hot = if t.more_cooling { ", ALL THAT COOLS IT AT ITS MOST" } else { "" };
    let leak = if t.leak { ", IT LEAKED" } else { "" };
    let pump = t
        .pump
        .as_ref()
        .map_or_else(String::new, |pump| format!(": pump {pump} ({:.1} h, {} starts)", t.run_hours, t.starts));
    let air = t.air_pascals.map_or_else(String::new, |air| format!(", air {:.0} Pa", air.max(0.0)));
    let purge = t.purge.as_ref().filter(|does| *does != "standing");
    let purge = purge.map_or_else(String::new, |does| format!(", purge {does}"));
    writeln!(page, "tank           {} {fluid}{pressure}{air}, {level} full, {aims}{leak}{hot}{purge}{pump}", t.name)
}

fn cap(page: &mut String, c: &CapView) -> std::fmt::Result {
    let what = match (c.off, c.rung.as_str()) {
        (true, _) => "OFF REQUESTED",
        (false, "drain") => "DRAIN WANTED ",
        (false, _) => "CAP REQUESTED",
    };
    writeln!(page, "{what}  {} for {}: {}", c.row, length(c.since_s), c.sentence)
}

/// What is on its way to its limit, and when it is there.
fn limits(page: &mut String, all: &[LimitView]) -> std::fmt::Result {
    for (l, seconds) in all.iter().filter_map(|l| Some((l, l.seconds?))) {
        writeln!(page, "time to limit  {}", of_limit(l, seconds))?;
    }
    if !all.is_empty() && all.iter().all(|l| l.seconds.is_none()) {
        writeln!(page, "time to limit  nothing gets there within half an hour")?;
    }
    Ok(())
}

/// When something is at its limit: `row-a: 7 min until its inlet is at 32.0 °C, at 0.8 K/min`.
pub fn of_limit(l: &LimitView, seconds: f64) -> String {
    let (limit, rate) = match l.unit.as_str() {
        "Pa" => (format!("{:.0} Pa", l.limit), "Pa/min"),
        _ => (format!("{:.1} °C", l.limit), "K/min"),
    };
    if seconds <= 0.0 {
        return format!("{}: AT ITS LIMIT of {limit}, {}", l.name, l.what);
    }
    let rise = l.per_minute.unwrap_or(0.0);
    format!("{}: {} until its {} is at {limit}, at {rise:.1} {rate}", l.name, length(seconds), l.what)
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
mod tests;
