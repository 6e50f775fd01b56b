//! `wattloop points`: every point of the running hall.

use clap::Args;
use plant::reading::Why;
use wattloop::control::report::{PointView, Proof};
use wattloop::control::sentence;

use super::client::SocketArgs;
use super::figure::{length, parts};
use super::{Out, Stop};

/// Every point with its value, quality and age.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop points
  wattloop points crah-1            those whose name holds `crah-1`
  wattloop points --bad             those that are not good, and what is wrong with them
  wattloop points --json | jq '.[] | select(.quality != 192)'

People see kW, kWh, kPa and hours; JSON has the canonical unit, named by its UCUM code (Cel, W, W.h, Pa, s).")]
pub struct PointsArgs {
    /// Show only points whose name holds this
    pub part: Option<String>,
    /// Show only points that are not good
    #[arg(long)]
    pub bad: bool,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// The quality of a good reading.
const GOOD: u16 = 192;

/// Asks the service.
pub fn run(args: &PointsArgs, out: &Out) -> Result<(), Stop> {
    let mut points: Vec<PointView> = args.socket.get("/v1/points")?;
    points.retain(|p| args.part.as_ref().is_none_or(|part| p.point.contains(part)));
    let named = points.len();
    points.retain(|p| !(args.bad && p.quality == GOOD));
    if out.json() {
        return out.value(&points);
    }
    match (named, points.is_empty()) {
        (0, _) => out.line(format_args!("no point's name holds `{}`", args.part.as_deref().unwrap_or_default())),
        (1, true) => out.line("the point is good"),
        (_, true) => out.line(format_args!("all {named} points are good")),
        (_, false) => out.text(page(&points)),
    }
}

/// One line a point: name, value, unit, quality, age, and what is wrong.
fn page(points: &[PointView]) -> String {
    let name = points.iter().map(|p| p.point.len()).max().unwrap_or(0);
    let rows = points.iter().map(|p| {
        let (value, unit) = p.value.map_or_else(|| ("-".to_owned(), ""), |v| parts(&p.point, v, &p.unit));
        let quality = match p.quality {
            GOOD => "good",
            500 => "STALE",
            _ => "LOST",
        };
        let age = if p.age_s < 1.0 { "just now".to_owned() } else { format!("{} ago", length(p.age_s)) };
        let rest = p.why.as_ref().map_or(age.clone(), |code| match trouble(code) {
            Some(Why::NeverRead) => sentence::trouble(Why::NeverRead),
            Some(why) => format!("{age}: {}", sentence::trouble(why)),
            None => format!("{age}: {code}"),
        });
        let proof = match p.written.map(|w| w.proof) {
            Some(Proof::Acknowledged) => "; its write is acknowledged, nothing reads it back",
            Some(Proof::Doubted) => "; its write is in doubt",
            Some(Proof::Proven | Proof::Unheard) | None => "",
        };
        format!("{:<name$}  {value:>9} {unit:<4} {quality:<5} {rest}{proof}\n", p.point)
    });
    rows.collect()
}

/// What a code on the wire means.
fn trouble(code: &str) -> Option<Why> {
    if let Some(number) = code.strip_prefix("exception:") {
        return number.parse().ok().map(Why::Exception);
    }
    let plain = [
        Why::NeverRead,
        Why::Comm,
        Why::Timeout,
        Why::Range,
        Why::RateOfChange,
        Why::Stuck,
        Why::InvalidCode,
        Why::NotANumber,
        Why::Clock,
        Why::Manual,
        Why::OutOfService,
        Why::Config,
        Why::WrongDevice,
    ];
    plain.into_iter().find(|why| why.word() == code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattloop::control::report::Written;

    #[test]
    fn a_line_says_what_is_wrong_and_since_when() {
        let view = |point: &str, value, unit: &str, quality, why: Option<&str>, age_s| PointView {
            point: point.into(),
            value,
            unit: unit.into(),
            quality,
            why: why.map(Into::into),
            age_s,
            written: None,
        };
        let untold = PointView {
            written: Some(Written { proof: Proof::Acknowledged, lifetime_writes: None }),
            ..view("crah-3/valve", None, "%", 0, Some("never_read"), 200.0)
        };
        let page = page(&[
            view("rack-a01/power", Some(21_280.0), "W", 192, None, 0.2),
            view("rack-a01/inlet-air-temp", Some(24.06), "Cel", 500, Some("timeout"), 12.0),
            view("crah-1/valve", None, "%", 0, Some("exception:2"), 200.0),
            view("crah-2/valve", None, "%", 0, Some("never_read"), 200.0),
            untold,
        ]);
        let wanted = "\
rack-a01/power               21.28 kW   good  just now
rack-a01/inlet-air-temp       24.1 °C   STALE 12 s ago: no new value came in time
crah-1/valve                     -      LOST  3 min 20 s ago: the device answered with exception 2
crah-2/valve                     -      LOST  it has never been read
crah-3/valve                     -      LOST  it has never been read; its write is acknowledged, nothing reads it back
";
        assert_eq!(page, wanted);
    }
}
