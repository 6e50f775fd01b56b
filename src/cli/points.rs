//! `wattloop points`: every point of the running hall.

use clap::Args;
use wattloop::control::report::PointView;

use super::client::SocketArgs;
use super::{Out, Stop};

/// Every point with its value, quality and age.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wattloop points\n  wattloop points crah-1     those whose name holds `crah-1`\n  wattloop points --bad      those that are not good"
)]
pub struct PointsArgs {
    /// Show only points whose name holds this
    pub part: Option<String>,
    /// Show only points that are not good
    #[arg(long)]
    pub bad: bool,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Asks the service.
pub fn run(args: &PointsArgs, out: &Out) -> Result<(), Stop> {
    let mut points: Vec<PointView> = args.socket.get("/v1/points")?;
    points.retain(|p| args.part.as_ref().is_none_or(|part| p.point.contains(part)) && !(args.bad && p.quality == 192));
    if out.json() {
        return out.value(&points);
    }
    let width = points.iter().map(|p| p.point.len()).max().unwrap_or(0);
    for p in points {
        let value = p.value.map_or_else(|| "-".to_owned(), |v| format!("{v:.2}"));
        let quality = match p.quality {
            192 => "good",
            500 => "stale",
            _ => "bad",
        };
        let why = p.why.map(|w| format!(" ({w})")).unwrap_or_default();
        out.line(format_args!("{:<width$}  {value:>12} {:<8} {quality}{why}, {:.1} s old", p.point, p.unit, p.age_s))?;
    }
    Ok(())
}
