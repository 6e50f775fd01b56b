//! `wattloop power peaks`: the billed peaks, what is paid, and what every open window still allows.

use clap::Args;
use wattloop::control::interval::view::{DemandView, PeaksView, WindowView};
use wattloop::control::ride::view::RideView;

use crate::cli::client::SocketArgs;
use crate::cli::figure::{clock, fixed, length};
use crate::cli::{Out, Stop};

/// The billed peaks.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop power peaks
  wattloop power peaks --json | jq '.demands[] | {name, kept_w, window}'

A demand without a target is measured only. What is kept is the target, or what is paid already where that is more. Times are those of the tariff's zone.")]
pub struct PeaksArgs {
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Prints.
pub fn run(args: &PeaksArgs, out: &Out) -> Result<(), Stop> {
    let view: PeaksView = args.socket.get("/v1/peaks")?;
    if out.json() { out.value(&view) } else { out.text(page(&view)) }
}

fn kilowatts(watts: f64) -> String {
    fixed(watts / 1e3, 1)
}

fn page(view: &PeaksView) -> String {
    let known = |watts: Option<f64>| watts.map_or_else(|| "-".to_owned(), kilowatts);
    let mut page = format!("meter          {} of {}, billed by `{}`", view.meter, view.feed, view.tariff);
    page += if view.read { "\n" } else { ": NOT READ, what `unreliable` says holds\n" };
    if !view.sure {
        page += "WINDOWS        not sure where they begin: all that may be count\n";
    }
    page += &format!("flows          {} kW, a minute is off by {}\n", known(view.load_w), kilowatts(view.off_w));
    page += &match (view.allowed_w, &view.held_by) {
        (Some(allowed), Some(demand)) => {
            format!("HELD           at {} kW for the windows of `{demand}`\n", kilowatts(allowed))
        }
        (Some(_) | None, _) => "held           no\n".to_owned(),
    };
    if view.lowered > 0 {
        page += &format!("lowered        {} times, {} in all\n", view.lowered, length(view.lowered_s));
    }
    if let Some(of) = &view.cooling {
        page += &cooling(of);
    }
    page += &format!(
        "\n{:<20} {:>9} {:>9} {:>9} {:>9}  {}\n",
        "demand", "target kW", "paid kW", "kept kW", "peak kW", "open window that allows least"
    );
    for of in &view.demands {
        let peak = of.peak.as_ref().map(|peak| peak.watts);
        page += &format!(
            "{:<20} {:>9} {:>9} {:>9} {:>9}  {}\n",
            of.name,
            known(of.target_w),
            kilowatts(of.paid_w),
            known(of.kept_w),
            known(peak),
            open(of)
        );
    }
    page
}

/// What cooling does, and where its setpoints are.
fn cooling(of: &RideView) -> String {
    let does = if of.does == "rests" { "rests".to_owned() } else { of.does.to_uppercase().replace('_', "-") };
    let why = of.doubt.as_ref().map_or_else(String::new, |why| format!(" by `{}`", why.replace('_', " ")));
    let only = if of.acts { "" } else { " (told, not done)" };
    let away: Vec<_> = of.setpoints.iter().filter(|of| of.offset_k != 0.0).collect();
    let moved = away.iter().map(|of| format!("{} {:+.1} K", of.name, of.offset_k));
    let moved = if away.is_empty() { "all at home".to_owned() } else { moved.collect::<Vec<_>>().join(", ") };
    let rides = match of.rides {
        0 => String::new(),
        times => format!("; {times} times, {} in all", length(of.rides_s)),
    };
    format!("cooling        {does}{why}{only}: {moved}{rides}\n")
}

fn open(of: &DemandView) -> String {
    let lacking = if of.lacking > 0 { format!("; {} windows were not known whole", of.lacking) } else { String::new() };
    let said = of.window.as_ref().map_or_else(|| "-".to_owned(), window);
    format!("{said}{lacking}")
}

fn window(of: &WindowView) -> String {
    let clock = |at: &Option<String>| clock(at.as_deref().unwrap_or_default()).to_owned();
    format!(
        "{} to {}: {} kWh flowed, becomes {} kW, allows {} kW from now on",
        clock(&of.from),
        clock(&of.to),
        fixed(of.flowed_wh / 1e3, 1),
        kilowatts(of.becomes_w),
        kilowatts(of.allowed_w)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattloop::control::ride::view::MovedView;

    #[test]
    fn the_page_says_what_is_held_and_what_each_window_allows() {
        let window = WindowView {
            from: Some("2026-07-15T02:00:00+02:00".to_owned()),
            to: Some("2026-07-15T02:15:00+02:00".to_owned()),
            flowed_wh: 151_250.0,
            becomes_w: 1_012e3,
            allowed_w: 987_600.0,
        };
        let demand = DemandView {
            name: "peak".to_owned(),
            target_w: Some(1e6),
            paid_w: 0.0,
            kept_w: Some(1e6),
            peak: None,
            lacking: 2,
            window: Some(window),
        };
        let mut view = PeaksView {
            meter: "utility".to_owned(),
            feed: "utility".to_owned(),
            tariff: "weser-rlm".to_owned(),
            read: true,
            sure: true,
            load_w: Some(1_050e3),
            off_w: 12e3,
            allowed_w: Some(987_600.0),
            held_by: Some("peak".to_owned()),
            lowered: 1,
            lowered_s: 95.0,
            cooling: Some(RideView {
                does: "rides".to_owned(),
                acts: true,
                ride_k: 2.0,
                setpoints: vec![MovedView { name: "row-a".to_owned(), offset_k: 1.25 }],
                rides: 1,
                rides_s: 600.0,
                ..RideView::default()
            }),
            demands: vec![demand],
        };
        let said = page(&view);
        for line in [
            "meter          utility of utility, billed by `weser-rlm`\n",
            "HELD           at 987.6 kW for the windows of `peak`",
            "lowered        1 times",
            "cooling        RIDES: row-a +1.2 K; 1 times, 10 min in all\n",
            "02:00 to 02:15: 151.2 kWh flowed, becomes 1012.0 kW, allows 987.6 kW from now on; 2 windows were not known whole",
        ] {
            assert!(said.contains(line), "{line}: {said}");
        }
        (view.read, view.sure, view.allowed_w, view.held_by) = (false, false, None, None);
        let said = page(&view);
        for line in ["NOT READ", "WINDOWS        not sure", "held           no"] {
            assert!(said.contains(line), "{line}: {said}");
        }
    }
}
