//! `wattloop loops`: how well every loop does.

use std::fmt::Write;

use clap::Args;
use wattloop::control::report::PerformanceView;

use super::client::SocketArgs;
use super::figure::{difference, figure, fixed};
use super::{Out, Stop};

/// How well every loop does.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop loops              the last day
  wattloop loops --hours 1    this hour

A loop that oscillates, turns back often or stands at an end of its range wants to be tuned: `wattloop step-test`.")]
pub struct LoopsArgs {
    /// Over how many hours, this one among them
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u8).range(1..=24))]
    pub hours: u8,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Asks the service.
pub fn run(args: &LoopsArgs, out: &Out) -> Result<(), Stop> {
    let loops: Vec<PerformanceView> = args.socket.get(&format!("/v1/loops/{}", args.hours))?;
    if out.json() { out.value(&loops) } else { out.text(page(&loops)) }
}

fn page(loops: &[PerformanceView]) -> String {
    let mut page = String::new();
    // Writing into a text cannot fail; half a page would still be better than none.
    write_page(&mut page, loops).unwrap_or_default();
    page
}

fn write_page(page: &mut String, loops: &[PerformanceView]) -> std::fmt::Result {
    let wide = loops.iter().map(|l| l.of.len()).fold("loop".len(), usize::max);
    writeln!(page, "{:<wide$}  mean error    IAE (unit·s)  travel %/h  reversals/h  saturated %  led %", "loop")?;
    for l in loops {
        let error = l.mean_error.map_or_else(|| "-".to_owned(), |error| figure(&l.of, error, difference(&l.unit)));
        let place = l.scheduled.as_ref().map_or_else(String::new, |at| format!("  gains at {at}"));
        let swings = if l.oscillates { "  OSCILLATES" } else { "" };
        writeln!(
            page,
            "{:<wide$}  {error:<12}  {:<12}  {:<10}  {:<11}  {:<11}  {}{place}{swings}",
            l.of,
            fixed(l.iae, 0),
            fixed(l.travel_per_h, 1),
            fixed(l.reversals_per_h, 1),
            fixed(l.saturated_percent, 1),
            fixed(l.led_percent, 1),
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_that_swings_is_told() {
        let calm = PerformanceView {
            of: "crah-1/valve".into(),
            unit: "Cel".into(),
            mean_error: Some(0.14),
            iae: 512.3,
            led_percent: 100.0,
            ..PerformanceView::default()
        };
        let wild = PerformanceView { of: "chw/pump".into(), oscillates: true, mean_error: None, ..calm.clone() };
        let page = page(&[calm, wild]);
        let lines: Vec<&str> = page.lines().collect();
        assert!(lines[1].contains("0.1 K") && lines[1].contains("512") && !lines[1].contains("OSC"), "{page}");
        assert!(lines[2].starts_with("chw/pump") && lines[2].ends_with("OSCILLATES"), "{page}");
    }
}
