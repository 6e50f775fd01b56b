//! `wattloop shadow`: somebody else's control beside ours.

use std::fmt::Write;

use clap::Args;
use wattloop::control::report::{LoopGap, OutputGap, RiskView, SequenceGap, ShadowReport, ShadowView};

use super::client::SocketArgs;
use super::figure::{difference, figure, fixed, length};
use super::{Out, Stop};

/// Outputs that are shown.
const SHOWN: usize = 20;

/// What the control that runs the hall did, beside what ours would have done.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop shadow                the last day
  wattloop shadow --hours 1      this hour
  wattloop shadow --json | jq .saved_kwh

For a service that runs in shadow (`wattloop run --shadow`): it writes nothing. Distrust the sums by what they rest on and by what
they do not count, both of which are said with them.")]
pub struct ShadowArgs {
    /// Over how many hours, this one among them
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u8).range(1..=24))]
    pub hours: u8,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Asks the service.
pub fn run(args: &ShadowArgs, out: &Out) -> Result<(), Stop> {
    let report: ShadowReport = args.socket.get(&format!("/v1/shadow/{}", args.hours))?;
    if out.json() { out.value(&report) } else { out.text(page(&report)) }
}

fn page(report: &ShadowReport) -> String {
    let mut page = String::new();
    // Writing into a text cannot fail; half a page would still be better than none.
    write_page(&mut page, report).unwrap_or_default();
    page
}

/// The same in a line of the status.
pub fn line(of: &ShadowView) -> String {
    let RiskView { ours_min, below_floors_min, unprotected_min, face_value_min, warm_min } = of.risks;
    let theirs = below_floors_min.max(unprotected_min).max(face_value_min).max(warm_min);
    let (long, saved) = (length(of.hours * 3600.0), fixed(of.saved_kwh, 1));
    let [ours, theirs] = [ours_min, theirs].map(|x| fixed(x, 0));
    format!(
        "IN SHADOW      nothing is written; in {long} fans and pumps would save {saved} kWh, risk of ours {ours} min, of theirs {theirs} min \
         (`wattloop shadow`)"
    )
}

fn write_page(page: &mut String, r: &ShadowReport) -> std::fmt::Result {
    let [saved, fans, pumps] = [r.saved_kwh, r.fans_kwh, r.pumps_kwh].map(|kwh| fixed(kwh, 1));
    let [machines, water] = [r.machines_kwh, r.water_kwh].map(|kwh| fixed(kwh, 1));
    writeln!(page, "in shadow for {}: nothing is written", length(r.hours * 3600.0))?;
    writeln!(
        page,
        "would save     {saved} kWh: fans {fans}, pumps {pumps}, less {machines} of machines in warmer air and {water} of pumps for warmer water"
    )?;
    r.rests_on.iter().try_for_each(|line| writeln!(page, "  rests on     {line}"))?;
    if r.rests_on.is_empty() {
        writeln!(page, "  rests on     nothing: no loop has a trial, and the hall's file has no [map] with a gain")?;
    }
    r.not_counted.iter().try_for_each(|line| writeln!(page, "  not counted  {line}"))?;
    risks(page, &r.risks)?;
    loops(page, &r.loops)?;
    sequences(page, &r.sequences)?;
    outputs(page, &r.outputs)?;
    if !r.not_compared.is_empty() {
        writeln!(page, "not compared   nothing reads back {}", r.not_compared.join(", "))?;
    }
    Ok(())
}

fn risks(page: &mut String, r: &RiskView) -> std::fmt::Result {
    let ours = fixed(r.ours_min, 0);
    writeln!(page, "risk of ours   {ours} min of less cooling with a margin under 1 K or a reading doubted")?;
    let theirs = [
        (r.below_floors_min, "below our fail-safe floors"),
        (r.unprotected_min, "in which our thermal protection would have acted"),
        (r.face_value_min, "in which a stale or lost reading was taken at face value"),
        (r.warm_min, "with an inlet above recommended, and ours would have cooled more"),
    ];
    theirs.into_iter().try_for_each(|(minutes, what)| writeln!(page, "risk of theirs {} min {what}", fixed(minutes, 0)))
}

fn loops(page: &mut String, all: &[LoopGap]) -> std::fmt::Result {
    let wide = all.iter().map(|l| l.of.len()).fold("loop".len(), usize::max);
    writeln!(page, "{:<wide$}  setpoint    measured    mean gap    ours would be at   saves", "loop")?;
    for l in all {
        let known = |x: Option<f64>| x.map_or_else(|| "-".to_owned(), |x| figure(&l.of, x, &l.unit));
        let gap = l.gap.map_or_else(|| "-".to_owned(), |gap| figure(&l.of, gap, difference(&l.unit)));
        let at = match (l.rest_percent, l.more_percent, l.less_percent) {
            (Some(at), _, _) => format!("{} %", fixed(at, 1)),
            (None, more, less) if more > less => "more".to_owned(),
            (None, _, less) if less > 0.0 => "less".to_owned(),
            (None, _, _) => "-".to_owned(),
        };
        let saved = if l.rest_percent.is_some() { format!("{} kWh", fixed(l.saved_kwh, 1)) } else { "-".to_owned() };
        let (setpoint, pv) = (known(l.setpoint), known(l.pv));
        writeln!(page, "{:<wide$}  {setpoint:<10}  {pv:<10}  {gap:<10}  {at:<17}  {saved}", l.of)?;
    }
    Ok(())
}

fn sequences(page: &mut String, all: &[SequenceGap]) -> std::fmt::Result {
    for s in all {
        let [more, fewer] = [s.more_percent, s.fewer_percent].map(|share| fixed(share, 0));
        let (name, running, ours) = (&s.sequence, s.running, s.ours);
        writeln!(
            page,
            "{name}: {running} run, ours would run {ours}; more for {more} % of the time, fewer for {fewer} %"
        )?;
    }
    Ok(())
}

fn outputs(page: &mut String, all: &[OutputGap]) -> std::fmt::Result {
    let wide = all.iter().map(|o| o.point.len()).fold("output".len(), usize::max);
    writeln!(page, "{:<wide$}  theirs      ours        differed  mean      worst     because", "output")?;
    for o in all.iter().take(SHOWN) {
        let theirs = o.theirs.map_or_else(|| "-".to_owned(), |value| figure(&o.point, value, &o.unit));
        let (ours, unit) = (figure(&o.point, o.ours, &o.unit), difference(&o.unit));
        let (mean, worst) = (figure(&o.point, o.mean, unit), figure(&o.point, o.worst, unit));
        let differed = format!("{} %", fixed(o.differed_percent, 0));
        let reason = &o.reason;
        writeln!(page, "{:<wide$}  {theirs:<10}  {ours:<10}  {differed:<8}  {mean:<8}  {worst:<8}  {reason}", o.point)?;
    }
    match all.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => writeln!(page, "and {more} more that differed for less long: `wattloop shadow --json`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_to_distrust() {
        let page = page(&ShadowReport {
            hours: 5.0,
            fans_kwh: 12.0,
            pumps_kwh: -1.0,
            machines_kwh: 2.0,
            water_kwh: 1.5,
            saved_kwh: 7.5,
            rests_on: vec!["row-a/fans: -0.04 Cel for each %, by the hall's map, for 100 % of the time".into()],
            not_counted: vec!["chillers".into()],
            not_compared: vec!["crah-1/valve".into()],
            loops: vec![LoopGap {
                of: "crah-2/valve".into(),
                unit: "Cel".into(),
                less_percent: 80.0,
                ..LoopGap::default()
            }],
            ..ShadowReport::default()
        });
        for part in ["nothing is written", "7.5 kWh", "fans 12.0, pumps -1.0, less 2.0", "rests on     row-a/fans"] {
            assert!(page.contains(part), "{part}: {page}");
        }
        let last = page.lines().last().unwrap_or_default();
        assert!(page.contains("not counted  chillers") && last.contains("nothing reads back crah-1/valve"), "{page}");
        let side = page.lines().find(|line| line.starts_with("crah-2/valve")).unwrap_or_default();
        assert!(side.contains("less") && !side.contains("kWh"), "a side saves nothing in the sums: {side}");
    }
}
