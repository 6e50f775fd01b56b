//! `wattloop power battery` and `wattloop power prove`: what batteries do, and what they hold.

use std::fmt::Write;

use clap::Args;
use wattloop::control::battery::view::BatteryView;
use wattloop::control::report::Status;
use wattloop::control::request::Reply;
use wattloop::service::api::{Prove, StopProof};

use crate::cli::client::SocketArgs;
use crate::cli::figure::fixed;
use crate::cli::set::print_reply;
use crate::cli::{Out, Stop};

/// The batteries.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop power battery
  wattloop power battery --json | jq '.[] | {name, does, charge_percent}'

What a battery gives is positive. What is usable lies above its reserve, which is for an outage: neither peaks nor the grid take it.")]
pub struct BatteryArgs {
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// The proof of a battery.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop power prove bess --kilowatts 100 --depth 20 --reason 'the yearly one'
  wattloop power prove bess --stop

It gives a constant power until its charge has fallen by so much: what it gave is held against its nameplate. It ends by itself where it does not give what
it is asked for, is not seen, takes too long, or the hall takes too little; it never goes below the reserve.")]
pub struct ProveArgs {
    /// The battery: as `wattloop power battery` names it
    pub battery: String,
    /// What it shall give (kW)
    #[arg(long, required_unless_present = "stop")]
    pub kilowatts: Option<f64>,
    /// By how much its charge shall fall (%)
    #[arg(long, default_value_t = 20.0)]
    pub depth: f64,
    /// Why; the next shift reads it
    #[arg(long, required_unless_present = "stop")]
    pub reason: Option<String>,
    /// End the proof that runs
    #[arg(long, conflicts_with_all = ["kilowatts", "reason"])]
    pub stop: bool,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Prints.
pub fn run(args: &BatteryArgs, out: &Out) -> Result<(), Stop> {
    let status: Status = args.socket.get("/v1/status")?;
    let all = status.batteries;
    if all.is_empty() {
        let say = "there is no battery in this hall".to_owned();
        return Err(Stop::new(1, "no_battery", say, "write `[[battery]]` in the hall's file"));
    }
    if out.json() { out.value(&all) } else { out.text(page(&all)) }
}

/// Begins a proof, or ends it.
pub fn prove(args: &ProveArgs, out: &Out) -> Result<(), Stop> {
    let battery = args.battery.clone();
    let reply: Reply = if args.stop {
        args.socket.post("/v1/batteries/stop", &StopProof { battery })?
    } else {
        let (watts, reason) = (args.kilowatts.unwrap_or_default() * 1e3, args.reason.clone().unwrap_or_default());
        args.socket.post("/v1/batteries/prove", &Prove { battery, watts, depth: args.depth, reason })?
    };
    print_reply(&args.battery, &reply, out)
}

fn kilo(of: f64) -> String {
    fixed(of / 1e3, 1)
}

fn page(all: &[BatteryView]) -> String {
    let known = |of: Option<f64>| of.map_or_else(|| "-".to_owned(), |of| fixed(of, 1));
    let mut page = format!(
        "{:<12} {:<10} {:<9} {:>8} {:>8} {:>8} {:>9} {:>10} {:>7}\n",
        "battery", "feed", "does", "kW", "charge %", "reserve", "gives kW", "usable kWh", "cells"
    );
    for of in all {
        page += &format!(
            "{:<12} {:<10} {:<9} {:>8} {:>8} {:>8} {:>9} {:>10} {:>7}\n",
            of.name,
            of.feed,
            of.does,
            known(of.power_w.map(|watts| watts / 1e3)),
            known(of.charge_percent),
            fixed(of.reserve_percent, 1),
            kilo(of.gives_w),
            known(of.usable_wh.map(|wh| wh / 1e3)),
            known(of.cells_cel),
        );
    }
    for of in all {
        page += &format!(
            "\n{}: gave {} kWh and took {} since the record began",
            of.name,
            kilo(of.given_wh),
            kilo(of.taken_wh)
        );
        if of.lags {
            page += "; LAGS: it gives less than it is asked for";
        }
        page += &match &of.proven {
            Some(proven) => format!(
                "; proved {} days ago that it holds {} % of its nameplate",
                fixed(proven.hours_ago / 24.0, 1),
                fixed(proven.holds_percent, 0)
            ),
            None => "; has proved nothing yet".to_owned(),
        };
        page += if of.proof_due { "; a proof is DUE\n" } else { "\n" };
    }
    page
}

/// A line of the status page for each.
pub fn write_lines(page: &mut String, all: &[BatteryView]) -> std::fmt::Result {
    for of in all {
        let charge =
            of.charge_percent.map_or_else(|| "NOT SEEN".to_owned(), |charge| format!("{} %", fixed(charge, 1)));
        let lags = if of.lags { ", LAGS: `wattloop power battery`" } else { "" };
        writeln!(page, "battery        {} {}, {charge}, asked for {} kW{lags}", of.name, of.does, kilo(of.order_w))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattloop::control::battery::view::ProvenView;

    fn battery() -> BatteryView {
        BatteryView {
            name: "bess".to_owned(),
            feed: "utility".to_owned(),
            does: "shaves".to_owned(),
            order_w: 80e3,
            power_w: Some(79_900.0),
            charge_percent: Some(64.31),
            cells_cel: Some(31.0),
            reserve_percent: 30.0,
            charge_to_percent: 95.0,
            gives_w: 100e3,
            usable_wh: Some(65_760.0),
            lags: true,
            given_wh: 12_300.0,
            taken_wh: 4_000.0,
            proven: None,
            proof_due: true,
        }
    }

    #[test]
    fn the_page_says_what_each_does_and_what_is_wrong_with_it() {
        let page = page(&[battery()]);
        for words in ["bess", "shaves", "79.9", "64.3", "65.8", "LAGS", "has proved nothing yet", "a proof is DUE"] {
            assert!(page.contains(words), "no `{words}` in\n{page}");
        }
        let proven = ProvenView { at_ms: 0, hours_ago: 48.0, given_wh: 1.0, fell_percent: 20.0, holds_percent: 91.2 };
        let of = BatteryView { proven: Some(proven), proof_due: false, lags: false, ..battery() };
        let page = self::page(&[of]);
        assert!(page.contains("proved 2.0 days ago that it holds 91 % of its nameplate"), "{page}");
        assert!(!page.contains("LAGS") && !page.contains("DUE"), "{page}");
    }

    #[test]
    fn the_status_has_a_line_for_each() {
        let mut lines = String::new();
        let unseen = BatteryView { charge_percent: None, does: "doubted".to_owned(), order_w: 0.0, ..battery() };
        write_lines(&mut lines, &[battery(), unseen]).expect("writes");
        assert!(lines.contains("bess shaves, 64.3 %, asked for 80.0 kW, LAGS"), "{lines}");
        assert!(lines.contains("bess doubted, NOT SEEN"), "{lines}");
    }
}
