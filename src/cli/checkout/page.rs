//! What a checkout shows people.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde_json::json;

use super::compare::Shown;
use super::look::Work;
use super::sheet::{Row, Verdict};
use super::{CheckoutArgs, Out, Stop};
use crate::cli::figure::{figure, length};

/// What would be done, a line a point.
pub fn plan(work: &[Work<'_>], args: &CheckoutArgs, shown: &BTreeMap<String, Shown>, out: &Out) -> Result<(), Stop> {
    let steps = |one: &Work<'_>| {
        let mut steps = Vec::new();
        let (sourced, output) = (one.of.of.sourced, one.of.of.told.is_some());
        let alone = one.of.place.as_ref().and_then(|place| place.alone.as_ref());
        if !sourced {
            return vec!["nothing: no device is bound to it".to_owned()];
        }
        steps.push(format!("read {}", one.row.address));
        if args.ask || shown.contains_key(&one.row.point) {
            steps.push("compare".to_owned());
        }
        if args.force && output {
            steps.push(if one.is_run_mode() {
                format!("give it to its panel and back, in {}", args.within)
            } else {
                format!("move by {} % and back, in {}", args.step, args.within)
            });
        }
        if let Some(alone) = alone.filter(|_| args.fail_safe) {
            let safe = figure(&one.row.point, alone.failsafe, &one.row.unit);
            steps.push(match alone.after_s {
                Some(after) => format!("leave its device alone for {} and {}: {safe}?", length(after), args.settle),
                None => "no fail-safe proof: its map does not say what it does".to_owned(),
            });
        }
        steps
    };
    if out.json() {
        let rows: Vec<_> = work.iter().map(|one| json!({"point": one.row.point, "steps": steps(one)})).collect();
        return out.value(&rows);
    }
    let wide = work.iter().map(|one| one.row.point.len()).max().unwrap_or(0);
    let line = |one: &Work<'_>| format!("{:<wide$}  {}\n", one.row.point, steps(one).join("; "));
    out.text(work.iter().map(line).collect::<String>())
}

/// What it has come to.
pub fn show(rows: &[Row], sheet: Option<&Path>, out: &Out) -> Result<(), Stop> {
    let count = |verdict| rows.iter().filter(|row| row.verdict == verdict).count();
    let (passed, failed, open) = (count(Verdict::Pass), count(Verdict::Fail), count(Verdict::Open));
    if out.json() {
        return out.value(&json!({"passed": passed, "failed": failed, "open": open, "sheet": sheet, "rows": rows}));
    }
    let mut page = page(rows);
    page.push_str(&format!("{passed} passed, {failed} failed, {open} open\n"));
    if let Some(sheet) = sheet {
        page.push_str(&format!("{}: written and signed\n", sheet.display()));
    }
    out.text(page)
}

fn page(rows: &[Row]) -> String {
    let wide = rows.iter().map(|row| row.point.len()).max().unwrap_or(0);
    let mut page = String::new();
    for row in rows {
        // Writing into a text cannot fail; half a page would still be better than none.
        line(&mut page, row, wide).unwrap_or_default();
    }
    page
}

fn line(page: &mut String, row: &Row, wide: usize) -> std::fmt::Result {
    let mark = match row.verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "FAIL",
        Verdict::Open => "open",
    };
    let reads = row.read.map_or_else(|| "-".to_owned(), |read| figure(&row.point, read, &row.unit));
    write!(page, "{mark}  {:<wide$}  {reads:>12}", row.point)?;
    if let Some(reference) = row.reference {
        write!(page, "  beside {}", figure(&row.point, reference, &row.unit))?;
    }
    if let (Some(to), Some(after)) = (row.forced_to, row.proved_after_s) {
        write!(page, "  at {} after {}", figure(&row.point, to, &row.unit), length(after))?;
    }
    if !row.failsafe_proof.is_empty() {
        write!(page, "  fail-safe {}", row.failsafe_proof)?;
    }
    if !row.remarks.is_empty() {
        write!(page, "  {}", row.remarks)?;
    }
    writeln!(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_is_wrong() {
        let mut row = Row { point: "crah-1/valve".into(), unit: "%".into(), read: Some(46.0), ..Row::default() };
        row.fail("it is astray");
        let fine = Row {
            point: "crah-1/supply-air-temp".into(),
            unit: "Cel".into(),
            read: Some(18.24),
            reference: Some(18.0),
            verdict: Verdict::Pass,
            ..Row::default()
        };
        let page = page(&[row, fine]);
        let lines: Vec<&str> = page.lines().collect();
        assert_eq!(lines[0], "FAIL  crah-1/valve                  46.0 %  it is astray");
        assert_eq!(lines[1], "pass  crah-1/supply-air-temp       18.2 °C  beside 18.0 °C");
    }
}
