//! The hall on one screen, and on one line.

use wattloop::control::report::{NamedValue, Pue, Status};

use crate::cli::status::of_limit;

/// Clears the screen and puts the cursor home.
pub const HOME: &str = "\x1b[2J\x1b[H";

const BAR: usize = 24;

/// One screen for a terminal of 80 columns.
pub fn screen(status: &Status) -> String {
    let mut lines = vec![headline(status), String::new()];
    lines.push(match &status.worst_inlet {
        Some(w) => format!("  worst inlet   {:5.1} °C   {}   margin {:+.1} K", w.celsius, w.rack, w.margin_k),
        None => "  worst inlet   unknown: no inlet can be read".into(),
    });
    let soonest = status.limits.iter().filter_map(|l| Some((l, l.seconds?)));
    let soonest = soonest.reduce(|a, b| if b.1 < a.1 { b } else { a });
    lines.extend(soonest.map(|(l, seconds)| format!("  to its limit  {}", of_limit(l, seconds))));
    lines.push(String::new());
    lines.extend(status.fans.iter().map(|f| bar("fans", f)));
    if !status.valves.is_empty() {
        lines.push(valves(&status.valves));
    }
    lines.extend(status.pump.map(|p| bar("pump", &NamedValue { name: "chilled water".into(), value: p })));
    lines.push(String::new());
    lines.push(format!(
        "  facility {}   IT {}   unattributed {}",
        kilowatts(status.facility_kw),
        kilowatts(status.it_kw),
        kilowatts(status.unattributed_kw)
    ));
    lines.push(format!("  PUE      {}   {}", pue(status, "1m"), pue(status, "15m")));
    lines.push(format!("  energy   facility {:.1} kWh   IT {:.1} kWh", status.facility_kwh, status.it_kwh));
    lines.push(String::new());
    let r = status.readings;
    lines.push(format!("  readings {} fresh   {} stale   {} lost", r.fresh, r.stale, r.lost));
    lines.extend(status.overrides.iter().map(|o| {
        format!(
            "  override {} = {:.0} by {} for {:.0} min more: {}",
            o.point,
            o.value,
            o.who,
            o.remaining_s / 60.0,
            o.reason
        )
    }));
    if status.alarms.is_empty() {
        lines.push("  alarms   none".into());
    }
    lines.extend(
        status.alarms.iter().map(|a| format!("  alarm    [{}] {} {}: {}", a.priority, a.name, a.state, a.detail)),
    );
    lines.join("\r\n") + "\r\n"
}

/// One line for a log or a pipe.
pub fn line(status: &Status) -> String {
    let inlet = status.worst_inlet.as_ref().map_or("inlet unknown".into(), |w| {
        format!("inlet {:.1} °C at {} (margin {:+.1} K)", w.celsius, w.rack, w.margin_k)
    });
    let fans = status.fans.iter().map(|f| format!("{:.0}", f.value)).collect::<Vec<_>>().join("/");
    let alarms = status.alarms.iter().map(|a| a.name.as_str()).collect::<Vec<_>>().join(",");
    format!(
        "{:6.0} s  {inlet}  fans {fans} %  facility {}  IT {}  {}  alarms {}",
        status.uptime_s,
        kilowatts(status.facility_kw),
        kilowatts(status.it_kw),
        pue(status, "1m"),
        if alarms.is_empty() { "none" } else { &alarms }
    )
}

fn headline(status: &Status) -> String {
    let clock = if status.clock_trusted { "" } else { "   CLOCK NOT TRUSTED" };
    format!("wattloop  {} at {}   {:.0} s, {} scans{clock}", status.hall, status.site, status.uptime_s, status.scans)
}

fn bar(what: &str, value: &NamedValue) -> String {
    let share = (value.value / 100.0).clamp(0.0, 1.0);
    let full = plant::convert::usize_from_u64(plant::convert::u64_from_f64_rounded(
        share * plant::convert::f64_from_usize(BAR),
    ));
    format!(
        "  {what:<6} {:<16} {:5.1} %  {}{}",
        value.name,
        value.value,
        "█".repeat(full),
        "·".repeat(BAR.saturating_sub(full))
    )
}

fn valves(valves: &[NamedValue]) -> String {
    let each = valves.iter().map(|v| format!("{:.0}", v.value)).collect::<Vec<_>>().join(" ");
    format!("  valves {each} %")
}

fn kilowatts(kw: Option<f64>) -> String {
    kw.map_or("unknown".into(), |kw| format!("{kw:.1} kW"))
}

fn pue(status: &Status, window: &str) -> String {
    let Some(found) = status.pue.iter().find(|p| p.window == window) else { return format!("{window} –") };
    let Pue { value, coverage, category, validity, .. } = found;
    match value {
        Some(v) => format!("{window} {v:.2} (category {category}, {:.0} % covered, {validity})", coverage * 100.0),
        None => format!("{window} – ({:.0} % covered, {validity})", coverage * 100.0),
    }
}
