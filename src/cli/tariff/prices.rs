//! `wattloop tariff prices`: what energy costs now and ahead, as the service knows it, or by a file.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use wattloop::control::report::{PricesView, SlotView, ahead};
use wattloop::control::tariff::{Publication, Tariff};

use super::super::client::SocketArgs;
use super::{Out, Stop, data, load};

/// What energy costs now and ahead.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop tariff prices                                         as the running service knows it
  wattloop tariff prices --strict                                exits 3 where something is wrong or missing
  wattloop tariff prices --file day-ahead.json --tariff config/tariffs/weser-rlm.toml
  mosquitto_sub -t prices/day-ahead -C 1 | wattloop tariff prices --file - --tariff tariff.toml

A price has all charges of energy in it. With --file nothing is asked: the file is checked as the service would check it, and all of it is
shown. Exit code 0, 3 under --strict where something is wrong or missing, 65 for a file that the service would refuse, 78 for a tariff with faults.")]
pub struct PricesArgs {
    /// Prices that are not published yet, or a publication to look into; `-` for standard input
    #[arg(long, value_name = "FILE", requires = "tariff")]
    pub file: Option<PathBuf>,
    /// The tariff, with --file
    #[arg(long, value_name = "FILE", requires = "file")]
    pub tariff: Option<PathBuf>,
    /// End with exit code 3 where something is wrong or missing
    #[arg(long)]
    pub strict: bool,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Beside a tariff whose prices change with how much has flowed.
const FIRST_TIER: &str = "prices are those of first tiers: what the next kWh costs depends on how much has flowed";

/// The same of a service that does not know how much has.
const DOUBTED: &str = "prices may be those of lower tiers: not all that has flowed in this billing period is known, or tiers end at hours of use";

/// Shows prices.
pub fn run(args: &PricesArgs, out: &Out) -> Result<(), Stop> {
    let lacking = match (&args.file, &args.tariff) {
        (Some(file), Some(tariff)) => offline(&load(tariff)?.map_err(|faults| Stop::faults(&faults))?, file, out)?,
        (Some(_), None) | (None, Some(_) | None) => live(&args.socket.get("/v1/prices")?, out)?,
    };
    if args.strict && lacking { Err(Stop::new(3, "warnings", "", "")) } else { Ok(()) }
}

/// A publication that nobody has taken yet. True where it has holes.
fn offline(tariff: &Tariff, file: &Path, out: &Out) -> Result<bool, Stop> {
    let (name, text) = if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(|e| Stop::io("standard input", &e))?;
        ("standard input".to_owned(), text)
    } else {
        (file.display().to_string(), data(file)?)
    };
    let said = Publication::read(&text, &tariff.currency).map_err(|faults| {
        let lines = faults.iter().map(|fault| format!("{name}: {fault}")).collect::<Vec<_>>();
        Stop::new(65, "bad_data", lines.join("\n"), "docs/tariffs.md says what a publication holds")
    })?;
    let published = said.prices.slots();
    let ends = published.first().zip(published.last()).map(|(first, last)| (first.from, last.to));
    let slots = ends.map_or_else(Vec::new, |ends| ahead(tariff, &said.prices, ends));
    let lacking = slots.iter().any(|slot| slot.price.is_none());
    if out.json() {
        let published = said.published.map(|at| tariff.zone.stamp(at));
        out.value(
            &json!({"tariff": tariff.name, "currency": tariff.currency, "published": published, "slots": slots}),
        )?;
        return Ok(lacking);
    }
    let when = said.published.map_or_else(String::new, |at| format!(", published {}", tariff.zone.show(at)));
    out.line(format_args!("{name}: no faults, {} slots{when}", published.len()))?;
    table(&slots, &tariff.currency, out)?;
    if tariff.has_tiers() {
        out.line(FIRST_TIER)?;
    }
    Ok(lacking)
}

/// What the service knows. True where something is wrong.
fn live(view: &PricesView, out: &Out) -> Result<bool, Stop> {
    let lacking = view.price.is_none() || !view.troubles.is_empty() || view.fault.is_some();
    if out.json() {
        out.value(view)?;
        return Ok(lacking);
    }
    let price = view
        .price
        .as_ref()
        .map_or_else(|| "what it costs is unknown".to_owned(), |p| format!("{p} {}/kWh", view.currency));
    let grams = view.grams.as_ref().map_or_else(|| "its carbon is unknown".to_owned(), |g| format!("{g} g CO2/kWh"));
    out.line(format_args!("{} now: {price}, {grams}", view.tariff))?;
    if view.tier_doubted {
        out.line(DOUBTED)?;
    }
    let (taken, refused) = (view.taken, view.refused);
    match (&view.from, &view.published, &view.until) {
        (Some(from), Some(at), Some(until)) => out.line(format_args!(
            "published {} ({from}), known until {}; {taken} taken, {refused} refused",
            short(at),
            short(until)
        ))?,
        _ => out.line(format_args!("nothing has been published yet; {refused} refused"))?,
    }
    for trouble in &view.troubles {
        out.line(format_args!("warning: {}", sentence(trouble)))?;
    }
    if let Some(fault) = &view.fault {
        out.line(format_args!("warning: refused {} ({}): {}", short(&fault.at), fault.from, fault.why))?;
    }
    table(&view.slots, &view.currency, out)?;
    Ok(lacking)
}

fn table(slots: &[SlotView], currency: &str, out: &Out) -> Result<(), Stop> {
    if slots.is_empty() {
        return Ok(());
    }
    out.line(format_args!("  {:24} {:24} {:>14} {:>9}", "from", "to", format!("{currency}/kWh"), "g/kWh"))?;
    for slot in slots {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".to_owned());
        let (price, grams) = (text(&slot.price), text(&slot.grams));
        out.line(format_args!("  {:24} {:24} {price:>14} {grams:>9}", short(&slot.from), short(&slot.to)))?;
    }
    Ok(())
}

/// "2026-01-13T00:15:00+01:00" as people read it: "2026-01-13 00:15 +01:00".
fn short(stamp: &str) -> String {
    match (stamp.get(..10), stamp.get(11..16), stamp.get(16..19), stamp.get(19..)) {
        (Some(day), Some(clock), Some(":00"), Some(offset)) => format!("{day} {clock} {offset}"),
        (Some(day), Some(clock), Some(seconds), Some(offset)) => format!("{day} {clock}{seconds} {offset}"),
        _ => stamp.to_owned(),
    }
}

fn sentence(trouble: &str) -> &str {
    match trouble {
        "clock_doubted" => "the wall clock is not trusted: nobody knows which price holds",
        "missing" => "no published price holds now",
        "ending" => "published prices end soon",
        "stale" => "nothing has been published for long",
        "gap" => "there is a hole in what is published",
        other => other,
    }
}
