//! `[[strategy.….schedule]]`: gains of a loop by load, flow or output.

use crate::hall::schedule::{By, MOST, Row, Schedule};
use crate::read::Section;
use crate::time::Span;

/// Reads the schedule of a loop; nothing where it has none, or one with faults, which are told. `flows` says whether there is a flow that
/// it could go by.
pub(super) fn schedule(section: &Section<'_>, flows: bool) -> Option<Schedule> {
    let mut rows: Vec<Row> = Vec::new();
    let mut of: Option<By> = None;
    let all = section.sections("schedule");
    let count = all.len();
    for row in all {
        let by = row.need_word("by", &By::WORDS);
        let most = if by == Some(By::Flow) { 1e4 } else { 100.0 };
        if by == Some(By::Flow) && !flows {
            row.fault("by", "this loop has no flow that it could go by", "write `by = \"load\"` or `by = \"output\"`");
        }
        if by.is_some() && of.is_some() && by != of {
            let help = "one loop goes by one thing: give every row the same `by`";
            row.fault("by", "this row goes by something else than the one before", help);
        }
        for (key, help) in [("from", "where these gains hold"), ("gain", "% of output per unit measured")] {
            if !row.has(key) {
                row.missing(key, format!("write `{key} = …`: {help}"));
            }
        }
        let (from, gain) = (row.within("from", (0.0, most)), row.within("gain", (1e-9, 1e9)));
        let ti: Option<Span> = row.need("ti");
        if ti == Some(Span::ZERO) {
            row.fault(
                "ti",
                "`ti` is zero: the integral would be infinite",
                "write the integral time, such as \"120s\"",
            );
        }
        if let (Some(from), Some(last)) = (from, rows.last())
            && from <= last.from
        {
            let say = format!("`from` is {from} and must be above that of the row before, {}", last.from);
            row.clash("from", say, "write the rows in ascending order");
        }
        if rows.len() >= MOST {
            row.fault("from", format!("a schedule has {MOST} rows at most"), "take the least useful rows away");
        }
        row.done();
        of = of.or(by);
        if let (Some(from), Some(gain), Some(ti)) = (from, gain, ti) {
            rows.push(Row { from, gain, ti });
        }
    }
    if count == 1 {
        section.fault("schedule", "one row is no schedule", "write a second row, or `gain` and `ti` alone");
    }
    Schedule::new(of?, &rows)
}

#[cfg(test)]
mod tests {
    use crate::hall::Hall;
    use crate::hall::schedule::By;
    use crate::read::corpus::{Broken, each_is_told};

    const ROWS: &str = "[[strategy.pump.schedule]]\nby = \"flow\"\nfrom = 10.0\ngain = 4e-4\nti = \"30s\"\n\n\
        [[strategy.pump.schedule]]\nby = \"flow\"\nfrom = 30.0\ngain = 2e-4\nti = \"20s\"\n\n[feed-forward]";

    fn air() -> String {
        let (_, text) = crate::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        text.replacen("[feed-forward]", ROWS, 1)
    }

    #[test]
    fn a_loop_has_the_schedule_of_its_section_and_no_other() {
        let hall = Hall::load("air", &air()).unwrap_or_else(|faults| panic!("{faults}"));
        let of = hall.strategies.pump.schedule.expect("a schedule");
        assert_eq!((of.by, of.rows().len()), (By::Flow, 2));
        assert!((of.at(20.0).0 - 3e-4).abs() < 1e-12, "{of:?}");
        assert_eq!((hall.strategies.fans.schedule, hall.strategies.valves.schedule), (None, None));
    }

    #[test]
    fn every_broken_schedule_is_told_at_its_place() {
        let broken = |from, to, message, help| Broken { from, to, message, help, at: "" };
        let second = "from = 30.0\ngain = 2e-4\nti = \"20s\"\n";
        let corpus = [
            broken(second, "from = §10.0\ngain = 2e-4\nti = \"20s\"\n", "above that of the row before", "ascending"),
            broken(second, "from = 30.0\ngain = §0.0\nti = \"20s\"\n", "`gain`", ""),
            broken(second, "from = 30.0\ngain = 2e-4\nti = §\"0s\"\n", "the integral would be infinite", "such as"),
            broken(
                "by = \"flow\"\nfrom = 30.0",
                "by = §\"load\"\nfrom = 30.0",
                "goes by something else",
                "the same `by`",
            ),
            broken("by = \"flow\"\nfrom = 30.0", "by = §\"wind\"\nfrom = 30.0", "wind", ""),
        ];
        each_is_told(&air(), &corpus, |text| Hall::load("air", text));
        let fans = air().replace("strategy.pump.schedule", "strategy.fans.schedule");
        let faults = Hall::load("air", &fans).expect_err("fans have no flow").0;
        assert!(faults.iter().any(|fault| fault.message.contains("no flow that it could go by")), "{faults:#?}");
        let one = air().replacen(&ROWS[ROWS.find("\n\n").expect("two") + 2..], "[feed-forward]", 1);
        let faults = Hall::load("air", &one).expect_err("one row").0;
        assert!(faults.iter().any(|fault| fault.message.contains("one row is no schedule")), "{faults:#?}");
    }
}
