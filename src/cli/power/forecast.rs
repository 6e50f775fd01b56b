//! `wattloop power forecast`: what the site is expected to draw, and how wrong that was so far.

use clap::Args;
use wattloop::control::outlook::Made;
use wattloop::control::outlook::view::{ErrorView, OutlookView, QuarterView};

use crate::cli::client::SocketArgs;
use crate::cli::figure::{clock, fixed};
use crate::cli::{Out, Stop};

/// The load to come.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop power forecast
  wattloop power forecast --json | jq '.errors[] | {ahead_h, mean_w, high_w}'

It is what flows through the billed meter without batteries. Before a whole day of it was seen it is what flowed last, and says so. An error is what was measured
less what was forecast; one quarter of an hour in ten comes to more than `high`. Times are those of the tariff's zone.")]
pub struct ForecastArgs {
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Prints.
pub fn run(args: &ForecastArgs, out: &Out) -> Result<(), Stop> {
    let view: OutlookView = args.socket.get("/v1/forecast")?;
    if out.json() { out.value(&view) } else { out.text(page(&view)) }
}

fn kilowatts(watts: Option<f64>) -> String {
    watts.map_or_else(|| "-".to_owned(), |watts| fixed(watts / 1e3, 1))
}

fn page(view: &OutlookView) -> String {
    let mut page = match &view.at {
        Some(at) => format!("at             {at}\n"),
        None => "CLOCK          not trusted: nothing is forecast\n".to_owned(),
    };
    page += &match (view.knows_days, view.level_w) {
        (true, level) => format!("made of        days of load; mean of the last one {} kW\n", kilowatts(level)),
        (false, _) => "made of        what flowed last: no whole day of load was seen yet\n".to_owned(),
    };
    if let (Some(from), Some(watts)) = (&view.last_from, view.last_w) {
        page += &format!("last quarter   {} kW, from {}\n", kilowatts(Some(watts)), clock(from));
    }
    page += &format!("\n{:>7} {:>7} {:>9} {:>9}  {}\n", "ahead h", "judged", "error kW", "high kW", "the last");
    view.errors.iter().for_each(|error| page += &judged(error));
    page += &format!("\n{:<7} {:>9} {:>9}\n", "from", "mean kW", "high kW");
    // An hour a line: quarters of an hour are for programs.
    view.quarters.chunks(4).for_each(|hour| page += &expected(hour));
    page
}

fn judged(of: &ErrorView) -> String {
    let last = match (of.forecast_w, of.measured_w) {
        (Some(forecast), Some(measured)) => {
            format!("{} forecast, {} measured", kilowatts(Some(forecast)), kilowatts(Some(measured)))
        }
        (None | Some(_), _) => "none was judged yet".to_owned(),
    };
    let (mean, high) = (kilowatts(of.mean_w), kilowatts(of.high_w));
    format!("{:>7} {:>7} {mean:>9} {high:>9}  {last}\n", fixed(of.ahead_h, 0), of.judged)
}

fn expected(hour: &[QuarterView]) -> String {
    let Some(first) = hour.first() else { return String::new() };
    let highest = hour.iter().max_by(|a, b| a.watts.total_cmp(&b.watts)).unwrap_or(first);
    let made = match highest.made {
        Made::Days => "",
        Made::LastSeen => "  as last seen",
    };
    let (mean, high) = (kilowatts(Some(highest.watts)), kilowatts(Some(highest.high_w)));
    format!("{:<7} {mean:>9} {high:>9}{made}\n", clock(&first.from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_it_is_made_of_and_how_wrong_it_was() {
        let quarter = |watts| QuarterView {
            from: "2026-07-15T14:45:00+02:00".to_owned(),
            watts,
            high_w: watts + 20e3,
            made: Made::LastSeen,
        };
        let error =
            ErrorView { ahead_h: 4.0, judged: 12, mean_w: Some(8_400.0), high_w: Some(15e3), ..ErrorView::default() };
        let mut view = OutlookView {
            at: Some("2026-07-15T14:47:10+02:00".to_owned()),
            errors: vec![error],
            quarters: vec![quarter(600e3), quarter(640e3)],
            ..OutlookView::default()
        };
        let said = page(&view);
        for line in [
            "no whole day of load was seen yet",
            "      4      12       8.4      15.0",
            "14:45       640.0     660.0  as last seen",
        ] {
            assert!(said.contains(line), "{line}: {said}");
        }
        (view.at, view.knows_days, view.level_w) = (None, true, Some(612_300.0));
        let said = page(&view);
        for line in ["CLOCK          not trusted", "mean of the last one 612.3 kW"] {
            assert!(said.contains(line), "{line}: {said}");
        }
    }
}
