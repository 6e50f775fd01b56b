//! What a reference instrument shows, and whether the reading is near enough to it.

use std::collections::BTreeMap;

use plant::read::closest;
use plant::units::Unit;

use super::csv;
use super::sheet::Row;
use crate::cli::Stop;

/// What an instrument showed of one point, and how far from it the reading may be, where that was said.
pub type Shown = (f64, Option<f64>);

/// How far a reading may be from an instrument: a part of what that shows (1), and at least so much (the canonical unit).
const TOLERANCES: &[(&[Unit], f64, f64)] = &[
    (&[Unit::Cel], 0.0, 0.5),
    (&[Unit::Kelvin], 0.0, 0.3),
    (&[Unit::Percent], 0.0, 2.0),
    (&[Unit::PercentRh], 0.0, 5.0),
    (&[Unit::Watt], 0.02, 50.0),
    (&[Unit::WattHour], 0.01, 100.0),
    (&[Unit::LiterPerSecond], 0.05, 0.2),
    (&[Unit::Pascal], 0.05, 500.0),
    (&[Unit::PerMinute], 0.02, 10.0),
    (&[Unit::Second], 0.0, 3600.0),
    (&[Unit::Ampere, Unit::Volt, Unit::Hertz], 0.02, 0.1),
];

/// How far a reading in this unit may be from an instrument that shows `reference`. Words and states must be equal.
pub fn tolerance(code: &str, reference: f64) -> f64 {
    let unit = Unit::parse(code).unwrap_or(Unit::One);
    let row = TOLERANCES.iter().find(|(units, ..)| units.contains(&unit));
    row.map_or(0.01, |(_, part, least)| (part * reference.abs()).max(*least))
}

/// Holds a row's reading against an instrument. True when it is near enough.
pub fn compare(row: &mut Row, (reference, given): Shown) -> bool {
    let tolerance = given.unwrap_or_else(|| tolerance(&row.unit, reference));
    let difference = row.read.map(|read| read - reference);
    (row.reference, row.difference, row.tolerance) = (Some(reference), difference, Some(tolerance));
    let near = difference.is_some_and(|difference| difference.abs() <= tolerance);
    if let Some(difference) = difference.filter(|_| !near) {
        let way = if difference > 0.0 { "above" } else { "below" };
        row.fail(&format!("it reads {:.3} {way} the reference, and {tolerance:.3} is allowed", difference.abs()));
    }
    near
}

/// Reads a file of what instruments showed: `point,value[,tolerance]`, a title and lines of `#` allowed. Values are in the points'
/// canonical units. Tells every fault at once.
pub fn references(name: &str, text: &str, points: &[&str]) -> Result<BTreeMap<String, Shown>, Stop> {
    let stop = |faults: Vec<String>| {
        let help =
            "each line is `point,value` or `point,value,tolerance`, in the unit that `wattloop points --json` names";
        Stop::new(65, "bad_reference", faults.join("\n"), help)
    };
    let records = csv::records(text).map_err(|(line, say)| stop(vec![format!("{name}:{line}: {say}")]))?;
    let (mut found, mut faults) = (BTreeMap::new(), Vec::new());
    for (n, (line, fields)) in records.iter().enumerate() {
        let at = |k: usize| fields.get(k).map_or("", |field| csv::bare(field.trim()));
        if at(0).starts_with('#') || (n == 0 && at(1) == "value") {
            continue;
        }
        let mut fault = |say: String| faults.push(format!("{name}:{line}: {say}"));
        let number = |k: usize| at(k).parse().ok().filter(|value: &f64| value.is_finite());
        if !points.contains(&at(0)) {
            let near = closest(at(0), points.iter().copied());
            let near = near.map_or_else(String::new, |near| format!(": did you mean `{near}`?"));
            fault(format!("the hall has no point `{}`{near}", at(0)));
            continue;
        }
        let tolerance = number(2);
        match number(1) {
            _ if fields.len() > 3 => fault("there is more than a point, a value and a tolerance".to_owned()),
            _ if !at(2).is_empty() && tolerance.is_none_or(|tolerance| tolerance < 0.0) => {
                fault(format!("`{}` is no tolerance: write a number from 0 up", at(2)));
            }
            None => fault(format!("`{}` is no number", at(1))),
            Some(value) => {
                if found.insert(at(0).to_owned(), (value, tolerance)).is_some() {
                    fault(format!("`{}` stands here a second time", at(0)));
                }
            }
        }
    }
    if faults.is_empty() { Ok(found) } else { Err(stop(faults)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::checkout::sheet::Verdict;

    #[test]
    fn a_reading_is_as_good_as_its_tolerance() {
        let row = |unit: &str, read| Row { unit: unit.into(), read, ..Row::default() };
        for (unit, read, reference, given, near) in [
            ("Cel", 24.4, 24.0, None, true),
            ("Cel", 24.6, 24.0, None, false),
            ("Cel", 23.4, 24.0, None, false),
            ("Cel", 24.6, 24.0, Some(1.0), true),
            ("W", 20_300.0, 20_000.0, None, true),
            ("W", 20_500.0, 20_000.0, None, false),
            ("W", 30.0, 0.0, None, true),
            ("1", 1.0, 1.0, None, true),
            ("1", 1.0, 0.0, None, false),
            ("Pa", 98e3, 100e3, None, true),
        ] {
            let mut row = row(unit, Some(read));
            assert_eq!(compare(&mut row, (reference, given)), near, "{read} {unit} beside {reference}");
            assert_eq!(row.verdict == Verdict::Fail, !near);
            assert_eq!(row.difference, Some(read - reference));
        }
        let mut lost = row("Cel", None);
        assert!(!compare(&mut lost, (24.0, None)), "nothing is near to nothing");
    }

    #[test]
    fn a_file_of_references_is_refused_as_a_whole_with_every_fault() {
        let points = ["crah-1/valve", "chw/flow"];
        let read = |text: &str| references("ref.csv", text, &points);
        let good = read("point,value,tolerance\n# by hand\nchw/flow,20.5,1\r\n\"crah-1/valve\", -3\n").expect("reads");
        assert_eq!(good["chw/flow"], (20.5, Some(1.0)));
        assert_eq!(good["crah-1/valve"], (-3.0, None));
        let stop = read("crah-1/valv,3\nchw/flow,much\nchw/flow,1,-2\nchw/flow,1\nchw/flow,2\nchw/flow,1,2,3\n")
            .expect_err("bad");
        assert_eq!((stop.exit, stop.message.lines().count()), (65, 5), "{stop}");
        assert!(
            stop.message.starts_with("ref.csv:1: the hall has no point `crah-1/valv`: did you mean `crah-1/valve`?")
        );
        assert!(stop.message.contains("ref.csv:5: `chw/flow` stands here a second time"), "{stop}");
    }
}
