//! `wattloop why`: who holds an output, and why.

mod job;

use std::fmt::Write;

use clap::Args;
use wattloop::control::ledger::decision::DecisionView;
use wattloop::control::report::{GpuView, WhyReport};

use super::client::SocketArgs;
use super::figure::{figure, fixed, length};
use super::{Out, Stop};

/// Why an output has its value.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  wattloop why crah-1/fan-speed
  wattloop why gpu/GPU-01234567-89ab-cdef-0123-456789abcdef
  wattloop why job/slurm/5e0c1a9a-8a8e-4c43-8a39-000000000042

The answer names the level that holds the output (1 is strongest, 17 means nobody asks), everybody else who asks,
every limit in force, and the terms of the loop behind it. Of a job, `job/CLIENT/REQUEST`, it tells how its request was decided, by which room of
which feeds, and what there was instead: for a day, and as long as a lease of it lives.")]
pub struct WhyArgs {
    /// The output: a command or a setpoint; `gpu/UUID`; or `job/CLIENT/REQUEST`
    pub point: String,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Asks the service.
pub fn run(args: &WhyArgs, out: &Out) -> Result<(), Stop> {
    if let Some(uuid) = args.point.strip_prefix("gpu/") {
        let gpu: GpuView = args.socket.get(&format!("/v1/gpus/{uuid}"))?;
        return if out.json() { out.value(&gpu) } else { out.text(gpu_page(&gpu)) };
    }
    if let Some((client, request)) = args.point.strip_prefix("job/").and_then(|rest| rest.split_once('/')) {
        let decision: DecisionView =
            args.socket.get(&format!("/v1/leases/{}/{}", job::escaped(client), job::escaped(request)))?;
        return if out.json() { out.value(&decision) } else { out.text(job::page(&decision)) };
    }
    let Some((equip, name)) = args.point.split_once('/') else {
        return Err(Stop::usage(format!("`{}` is no point", args.point), "points are like `crah-1/fan-speed`"));
    };
    let report: WhyReport = args.socket.get(&format!("/v1/why/{equip}/{name}"))?;
    if out.json() { out.value(&report) } else { out.text(page(&report)) }
}

fn gpu_page(gpu: &GpuView) -> String {
    let drawn =
        gpu.draws_w.map_or_else(|| "nobody knows what it draws".to_owned(), |w| format!("draws {} W", fixed(w, 0)));
    format!("{} in {}, for {} (priority {}): {drawn}\n{}\n", gpu.uuid, gpu.node, gpu.tenant, gpu.priority, gpu.sentence)
}

fn page(report: &WhyReport) -> String {
    let mut page = String::new();
    // Writing into a text cannot fail; half a page would still be better than none.
    write_page(&mut page, report).unwrap_or_default();
    page
}

fn write_page(page: &mut String, r: &WhyReport) -> std::fmt::Result {
    let figure = |value: f64| figure(&r.point, value, &r.unit);
    writeln!(page, "{}", r.sentence)?;
    if !r.entries.is_empty() {
        writeln!(page, "asked for, the strongest level first:")?;
    }
    for e in &r.entries {
        let remaining = e.remaining_s.map(|s| format!(" for {} more", length(s))).unwrap_or_default();
        writeln!(page, "  {:>2}  {} by {}{remaining}: {}", e.level, figure(e.value), e.owner, e.reason)?;
    }
    if !r.limits.is_empty() {
        writeln!(page, "limits in force:")?;
    }
    for l in &r.limits {
        writeln!(page, "  {:>2}  {} to {}: {}", l.level, figure(l.min), figure(l.max), l.reason)?;
    }
    if let Some(writes) = r.written.lifetime_writes {
        writeln!(page, "memory that wears out: {writes} writes in its life")?;
    }
    if let Some(c) = &r.control_loop {
        let number = |value: f64| super::figure::figure(&c.name, value, &c.unit);
        let pv = c.pv.map_or_else(|| "unknown".to_owned(), number);
        let because = c.because.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        writeln!(page, "loop {}, {}: {pv} measured, {} wanted{because}", c.name, c.mode, number(c.setpoint))?;
        let [p, i, d, ff, output] = [c.p, c.i, c.d, c.ff, c.output].map(|x| fixed(x, 1));
        writeln!(page, "  P {p} + I {i} + D {d} + feed-forward {ff} = {output} %")?;
        if let Some(at) = &c.scheduled {
            writeln!(page, "  gain {:.4} and Ti {:.0} s by its schedule, at {at}", c.gain, c.ti_s)?;
        }
        if let Some(who) = &c.retuned {
            writeln!(page, "  gain {:.4} and Ti {:.0} s of its own, by {who}", c.gain, c.ti_s)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattloop::control::report::{LoopView, WhyEntry, WhyLimit, Written};

    #[test]
    fn the_page_says_each_thing_once_with_its_unit() {
        let entry = |level, owner: &str, value, reason: &str, remaining_s| WhyEntry {
            level,
            owner: owner.into(),
            value,
            reason: reason.into(),
            remaining_s,
        };
        let report = WhyReport {
            point: "crah-1/fan-speed".into(),
            value: 60.0,
            unit: "%".into(),
            level: 8,
            sentence: "crah-1/fan-speed is at 60.0 %: level 8 (operator uid:1000), an operator holds it.".into(),
            entries: vec![
                entry(8, "operator uid:1000", 60.0, "filter change", Some(5340.0)),
                entry(16, "row-a/fans", 46.0, "the worst inlet is rack-a07/inlet-air-temp", None),
            ],
            limits: vec![WhyLimit { level: 5, min: 20.0, max: 100.0, reason: "the equipment allows no more".into() }],
            written: Written { lifetime_writes: Some(27), ..Written::default() },
            control_loop: Some(LoopView {
                name: "row-a/fans".into(),
                mode: "tracking".into(),
                setpoint: 24.0,
                because: None,
                unit: "Cel".into(),
                pv: None,
                p: -0.001,
                i: 60.0,
                d: 0.0,
                ff: 0.0,
                output: 60.0,
                gain: 4.0,
                ti_s: 120.0,
                scheduled: Some("load 41.0 %".into()),
                retuned: None,
            }),
        };
        let wanted = "\
crah-1/fan-speed is at 60.0 %: level 8 (operator uid:1000), an operator holds it.
asked for, the strongest level first:
   8  60.0 % by operator uid:1000 for 1 h 29 min more: filter change
  16  46.0 % by row-a/fans: the worst inlet is rack-a07/inlet-air-temp
limits in force:
   5  20.0 % to 100.0 %: the equipment allows no more
memory that wears out: 27 writes in its life
loop row-a/fans, tracking: unknown measured, 24.0 °C wanted
  P 0.0 + I 60.0 + D 0.0 + feed-forward 0.0 = 60.0 %
  gain 4.0000 and Ti 120 s by its schedule, at load 41.0 %
";
        assert_eq!(page(&report), wanted);
    }
}
