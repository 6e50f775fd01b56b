//! `wattloop probe`: registers of a device, and what they may mean.

mod meaning;

use std::sync::Arc;

use clap::{Args, ValueEnum};
use plant::device::RegisterTable;
use plant::time::Span;
use serde_json::json;
use wattloop::adapters::modbus::{Endpoint, Fault, Look, probe};
use wattloop::service::clock::Machine;

use super::{Out, Stop};

/// Read registers of a device and show what they may mean.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop probe tcp://10.0.0.5:502 --unit 1 --table input --address 16 --count 4
  wattloop probe tcp://10.0.0.5:502 --ref 40001 --count 2       as manuals number them
  wattloop probe 'rtu:///dev/ttyUSB0?baud=9600&fmt=8N1' --unit 3 --table holding --address 0

Shows every word, and every pair and four of words in all four byte orders as integers and floats. Nothing is written.
When a device refuses an address, its neighbours are tried: many manuals count from 1, the wire counts from 0.")]
pub struct ProbeArgs {
    /// Where: tcp://host:port, rtu+tcp://host:port or rtu:///dev/…?baud=9600&fmt=8N1
    pub url: String,
    /// The unit behind it
    #[arg(long, default_value_t = 1)]
    pub unit: u8,
    /// Which table
    #[arg(long, value_enum, default_value_t = TableArg::Holding)]
    pub table: TableArg,
    /// The first address, counted from 0
    #[arg(long, conflicts_with = "reference")]
    pub address: Option<u16>,
    /// The first address as Modicon numbers it, such as 40001 or 300017; names the table too
    #[arg(long = "ref", value_name = "NUMBER")]
    pub reference: Option<u32>,
    /// How many registers or bits
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=125))]
    pub count: u16,
    /// How long an answer may take
    #[arg(long, default_value = "1s", value_parser = super::span)]
    pub timeout: Span,
}

/// One of Modbus' four tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TableArg {
    /// 0xxxx, read-write bits
    Coil,
    /// 1xxxx, read-only bits
    Discrete,
    /// 3xxxx, read-only words
    Input,
    /// 4xxxx, read-write words
    Holding,
}

/// Reads, and shows.
pub fn run(args: &ProbeArgs, out: &Out) -> Result<(), Stop> {
    let url: Endpoint = args.url.clone().try_into().map_err(|e| Stop::usage(e, "see the examples of --help"))?;
    let (table, address) = place(args)?;
    let look = Look { unit: args.unit, table, address, count: args.count };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Stop::io("the probe cannot start", &e))?;
    let stamp = Arc::new(Machine::start().stamp());
    let read = |look: Look| runtime.block_on(probe(&url, look, args.timeout, stamp.clone()));
    match read(look) {
        Ok(words) => show(args, look, &words, out),
        Err(Fault::Exception(2)) => {
            let answers = |address: Option<u16>| address.filter(|a| read(Look { address: *a, ..look }).is_ok());
            let hint = neighbour(answers(address.checked_sub(1)), answers(address.checked_add(1)));
            Err(Stop::new(69, "illegal_address", format!("the device has no address {address} (exception 2)"), hint))
        }
        Err(fault) => Err(Stop::new(69, "unreachable", format!("{}: {}", args.url, sentence(fault)), "")),
    }
}

fn place(args: &ProbeArgs) -> Result<(RegisterTable, u16), Stop> {
    let named = match args.table {
        TableArg::Coil => RegisterTable::Coil,
        TableArg::Discrete => RegisterTable::Discrete,
        TableArg::Input => RegisterTable::Input,
        TableArg::Holding => RegisterTable::Holding,
    };
    let Some(reference) = args.reference else { return Ok((named, args.address.unwrap_or(0))) };
    modicon(reference).ok_or_else(|| {
        Stop::usage(format!("{reference} is no Modicon number"), "write 40001 to 49999 or 400001 to 465536")
    })
}

/// The table and the address, from 0, of a number such as 40001 (five digits) or 400001 (six).
fn modicon(reference: u32) -> Option<(RegisterTable, u16)> {
    let block = if reference >= 100_000 { 100_000 } else { 10_000 };
    let table = match reference.checked_div(block)? {
        0 => RegisterTable::Coil,
        1 => RegisterTable::Discrete,
        3 => RegisterTable::Input,
        4 => RegisterTable::Holding,
        _ => return None,
    };
    let address = u16::try_from(reference.checked_rem(block)?.checked_sub(1)?).ok()?;
    Some((table, address))
}

fn neighbour(below: Option<u16>, above: Option<u16>) -> String {
    match (below, above) {
        (Some(a), Some(b)) => format!("{a} and {b} answer: there is a hole between them"),
        (Some(a), None) => {
            format!("{a} answers: this manual counts from 1, the wire from 0; take one off every address")
        }
        (None, Some(b)) => format!("{b} answers: addresses here begin one higher"),
        (None, None) => "its neighbours are refused too: look at the table and the number of registers".to_owned(),
    }
}

fn sentence(fault: Fault) -> String {
    match fault {
        Fault::Comm => "there is no connection".to_owned(),
        Fault::Timeout => "no answer in time: look at the unit's number, the wiring, the line's speed".to_owned(),
        Fault::Exception(1) => "the device does not know this table (exception 1)".to_owned(),
        Fault::Exception(3) => "the device does not give so many at once (exception 3)".to_owned(),
        Fault::Exception(code @ (10 | 11)) => format!("the gateway does not reach the unit (exception {code})"),
        Fault::Exception(code) => format!("the device refuses (exception {code})"),
        Fault::Garbled => "what came is no answer: is this another framing, another speed, another device?".to_owned(),
        Fault::Blocked | Fault::Stranger => "reading was blocked".to_owned(),
    }
}

fn show(args: &ProbeArgs, look: Look, words: &[u16], out: &Out) -> Result<(), Stop> {
    let bits = matches!(look.table, RegisterTable::Coil | RegisterTable::Discrete);
    let meanings = if bits { Vec::new() } else { meaning::all(look.address, words) };
    if out.json() {
        let table = format!("{:?}", look.table).to_lowercase();
        return out.value(&json!({
            "url": args.url, "unit": look.unit, "table": table, "address": look.address,
            "words": words, "meanings": meanings,
        }));
    }
    for (word, address) in words.iter().zip(u32::from(look.address)..) {
        if bits {
            out.line(format_args!("{address:>5}  {word}"))?;
        } else {
            out.line(format_args!("{address:>5}  0x{word:04X}"))?;
        }
    }
    for row in meanings {
        let mark = if row.plausible { "" } else { "  (not likely)" };
        out.line(format_args!("{:>5}  {:<8} {}  {}{mark}", row.address, row.ty, row.order, row.value))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modicon_numbers_name_table_and_address() {
        assert_eq!(modicon(40_001), Some((RegisterTable::Holding, 0)));
        assert_eq!(modicon(30_017), Some((RegisterTable::Input, 16)));
        assert_eq!(modicon(465_536), Some((RegisterTable::Holding, 65_535)));
        assert_eq!(modicon(10_001), Some((RegisterTable::Discrete, 0)));
        assert_eq!(modicon(1), Some((RegisterTable::Coil, 0)));
        for wrong in [0, 20_001, 40_000, 465_537, 500_001] {
            assert_eq!(modicon(wrong), None, "{wrong}");
        }
    }
}
