//! `wattloop why`: who holds an output, and why.

use std::fmt::Write;

use clap::Args;
use wattloop::control::report::WhyReport;

use super::client::SocketArgs;
use super::{Out, Stop};

/// Why an output has its value.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  wattloop why crah-1/fan-speed

The answer names the level that holds the output (1 is strongest, 17 means nobody asks), everybody else who asks,
every limit in force, and the terms of the loop behind it.")]
pub struct WhyArgs {
    /// The output: a command or a setpoint
    pub point: String,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Asks the service.
pub fn run(args: &WhyArgs, out: &Out) -> Result<(), Stop> {
    let Some((equip, name)) = args.point.split_once('/') else {
        return Err(Stop::usage(format!("`{}` is no point", args.point), "points are like `crah-1/fan-speed`"));
    };
    let report: WhyReport = args.socket.get(&format!("/v1/why/{equip}/{name}"))?;
    if out.json() { out.value(&report) } else { out.text(page(&report)) }
}

fn page(report: &WhyReport) -> String {
    let mut page = String::new();
    // Writing into a text cannot fail; half a page would still be better than none.
    write_page(&mut page, report).unwrap_or_default();
    page
}

fn write_page(page: &mut String, r: &WhyReport) -> std::fmt::Result {
    writeln!(page, "{} is {:.1} {} by level {}: {}", r.point, r.value, r.unit, r.level, r.sentence)?;
    for e in &r.entries {
        let remaining = e.remaining_s.map(|s| format!(", {:.0} min more", s / 60.0)).unwrap_or_default();
        writeln!(page, "  {:>2}  {} asks for {:.1}: {}{remaining}", e.level, e.owner, e.value, e.reason)?;
    }
    for l in &r.limits {
        writeln!(page, "  {:>2}  limit {:.1} to {:.1}: {}", l.level, l.min, l.max, l.reason)?;
    }
    if let Some(c) = &r.control_loop {
        let pv = c.pv.map_or_else(|| "-".to_owned(), |pv| format!("{pv:.2}"));
        writeln!(page, "  loop {} ({}): setpoint {:.2}, pv {pv}", c.name, c.mode, c.setpoint)?;
        writeln!(
            page,
            "    P {:.2} + I {:.2} + D {:.2} + feed-forward {:.2} = {:.2} %",
            c.p, c.i, c.d, c.ff, c.output
        )?;
    }
    Ok(())
}
