//! Peaks of earlier billing periods, for ratchets and prices per year.

use jiff::civil::Date;
use plant::fault::{Fault, Faults};

use super::decimal::Decimal;

/// The peak of one demand in one billing period, as it was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// The first day of the billing period.
    pub from: Date,
    /// The demand's name.
    pub demand: String,
    /// The peak (kW).
    pub kw: Decimal,
}

/// Reads `from,demand,kw`, a line for each billing period and demand, in any order.
///
/// # Errors
/// Every line that does not fit.
pub fn read_history(file: &str, text: &str) -> Result<Vec<Past>, Faults> {
    let (mut found, mut faults): (Vec<Past>, Vec<Fault>) = (Vec::new(), Vec::new());
    let fault = |line: usize, message: String, help: &str| Fault {
        file: file.to_owned(),
        line,
        column: 1,
        message,
        help: help.to_owned(),
    };
    for (n, row) in text.lines().enumerate() {
        let (line, row) = (n + 1, row.trim_start_matches('\u{feff}').trim());
        let fields: Vec<&str> = row.split(',').map(str::trim).collect();
        match fields.as_slice() {
            [""] => {}
            ["from", "demand", "kw"] if line == 1 => {}
            _ if line == 1 => {
                faults.push(fault(1, "the first line is not `from,demand,kw`".to_owned(), "write these three names"));
            }
            [from, demand, kw] => match (from.parse::<Date>(), Decimal::parse(kw)) {
                (Ok(from), Some(kw)) => {
                    let known = found.iter().find(|past| past.from == from && past.demand == *demand);
                    match known {
                        Some(past) if past.kw != kw => {
                            let say = format!("`{demand}` of {from} is {kw} kW here and {} kW above", past.kw);
                            faults.push(fault(line, say, "keep the one that was billed"));
                        }
                        Some(_) => {}
                        None => found.push(Past { from, demand: (*demand).to_owned(), kw }),
                    }
                }
                (Err(_), _) => faults.push(fault(line, format!("`{from}` is no day"), "write such as 2026-01-01")),
                (Ok(_), None) => faults.push(fault(line, format!("`{kw}` is no number of kW"), "write such as 412.5")),
            },
            _ => faults.push(fault(line, format!("`{row}` has not three fields"), "write `2026-01-01,peak,412.5`")),
        }
    }
    found.sort_by(|a, b| (a.from, &a.demand).cmp(&(b.from, &b.demand)));
    if faults.is_empty() { Ok(found) } else { Err(Faults(faults)) }
}
