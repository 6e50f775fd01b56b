//! What a campaign came to, as JUnit XML: the form every CI server reads.
//!
//! CI servers keep different parts of it. GitLab drops the suite's name, properties, and a failure's type and message;
//! so a case's name carries its suite, and everything a person needs to know of a failure stands in its body.

use std::fmt::Write as _;

use crate::markup::{escape, escaped};

/// One case: an assert of a scenario, or a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What it belongs to: the scenario with its seed.
    pub suite: String,
    /// What had to hold.
    pub name: String,
    /// How long it took on the wall clock (s); anything that is no time counts as 0.
    pub seconds: f64,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It held; what is worth saying about it, such as its margin, or nothing.
    Passed(String),
    /// It did not hold; the whole story: the margin, the worst instant, how to run it again.
    Failed(String),
    /// It could not be tried: the simulator or the file failed, not the plant.
    Broken(String),
    /// It was not tried, and why.
    Skipped(String),
}

/// The XML of these cases, in their order, one `testsuite` for each suite at the place of its first case.
///
/// Names that occur twice get a number behind them: a reader that keys on names would otherwise keep one of the two.
#[must_use]
pub fn text(cases: &[Case]) -> String {
    let mut suites: Vec<(&str, Vec<&Case>)> = Vec::new();
    for case in cases {
        match suites.iter_mut().find(|(name, _)| *name == case.suite) {
            Some((_, of)) => of.push(case),
            None => suites.push((&case.suite, vec![case])),
        }
    }
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all: Vec<&Case> = cases.iter().collect();
    opening(&mut xml, "testsuites", "wattloop", &all);
    for (suite, of) in &suites {
        xml.push_str("  ");
        opening(&mut xml, "testsuite", suite, of);
        for (place, case) in of.iter().enumerate() {
            let earlier = of.iter().take(place).filter(|c| c.name == case.name).count();
            one(&mut xml, case, earlier);
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn opening(xml: &mut String, element: &str, name: &str, of: &[&Case]) {
    let (mut failed, mut broken, mut skipped) = (0u64, 0u64, 0u64);
    for case in of {
        match case.outcome {
            Outcome::Passed(_) => {}
            Outcome::Failed(_) => failed += 1,
            Outcome::Broken(_) => broken += 1,
            Outcome::Skipped(_) => skipped += 1,
        }
    }
    let time: f64 = of.iter().map(|case| seconds(case)).sum();
    let _ = writeln!(
        xml,
        "<{element} name=\"{}\" tests=\"{}\" failures=\"{failed}\" errors=\"{broken}\" skipped=\"{skipped}\" \
         time=\"{time:.3}\">",
        escaped(name),
        of.len(),
    );
}

fn one(xml: &mut String, case: &Case, earlier: usize) {
    xml.push_str("    <testcase classname=\"");
    escape(xml, &case.suite);
    xml.push_str("\" name=\"");
    escape(xml, &case.suite);
    xml.push_str(": ");
    escape(xml, &case.name);
    if earlier > 0 {
        let _ = write!(xml, " ({})", earlier + 1);
    }
    let _ = write!(xml, "\" time=\"{:.3}\"", seconds(case));
    let (element, body) = match &case.outcome {
        Outcome::Passed(say) if say.is_empty() => return xml.push_str("/>\n"),
        Outcome::Passed(say) => ("system-out", say),
        Outcome::Failed(say) => ("failure", say),
        Outcome::Broken(say) => ("error", say),
        Outcome::Skipped(say) => ("skipped", say),
    };
    xml.push_str(">\n      <");
    xml.push_str(element);
    if matches!(case.outcome, Outcome::Failed(_) | Outcome::Broken(_) | Outcome::Skipped(_)) {
        let _ = write!(xml, " message=\"{}\"", escaped(body.lines().next().unwrap_or_default()));
    }
    xml.push('>');
    escape(xml, body);
    let _ = writeln!(xml, "</{element}>\n    </testcase>");
}

const fn seconds(case: &Case) -> f64 {
    if case.seconds.is_finite() { case.seconds.max(0.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::markup::unescaped;

    fn case(suite: &str, name: &str, outcome: Outcome) -> Case {
        Case { suite: suite.to_owned(), name: name.to_owned(), seconds: 0.25, outcome }
    }

    fn between<'a>(xml: &'a str, from: &str, to: &str) -> &'a str {
        xml.split_once(from).unwrap().1.split_once(to).unwrap().0
    }

    #[test]
    fn the_body_of_a_failure_tells_the_whole_story() {
        let story =
            "margin -1.4 K at 13:02:10\nworst: row-2/rack-7 inlet 33.4 °C, at most 32 °C\nrun: sim run x --seed 3";
        let cases = [
            case("trip, seed 3", "max inlet <= 32", Outcome::Failed(story.to_owned())),
            case("trip, seed 3", "ledger < 1e-9", Outcome::Passed("margin 1e-9".to_owned())),
            case("calm, seed 3", "max inlet <= 32", Outcome::Passed(String::new())),
            case("calm, seed 3", "golden", Outcome::Skipped("no golden trace".to_owned())),
            case("calm, seed 3", "load", Outcome::Broken("NaN".to_owned())),
        ];
        let xml = text(&cases);
        assert_eq!(unescaped(between(&xml, "<failure", "</failure>").split_once('>').unwrap().1), story);
        assert!(xml.contains("name=\"trip, seed 3: max inlet &lt;= 32\""), "{xml}");
        assert!(xml.contains(
            "<testsuites name=\"wattloop\" tests=\"5\" failures=\"1\" errors=\"1\" skipped=\"1\" time=\"1.250\">"
        ));
        assert!(xml.contains(
            "<testsuite name=\"trip, seed 3\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\" time=\"0.500\">"
        ));
    }

    #[test]
    fn two_cases_of_one_name_stay_two() {
        let held = || Outcome::Passed(String::new());
        let xml = text(&[case("a", "x", held()), case("b", "x", held()), case("a", "x", held())]);
        for name in ["\"a: x\"", "\"a: x (2)\"", "\"b: x\""] {
            assert_eq!(xml.matches(&format!("name={name}")).count(), 1, "{xml}");
        }
        assert_eq!(xml.matches("<testsuite ").count(), 2);
    }

    #[test]
    fn a_time_that_is_none_counts_as_nothing() {
        let mut odd = case("a", "x", Outcome::Passed(String::new()));
        odd.seconds = f64::NAN;
        assert!(text(&[odd]).contains("time=\"0.000\""));
        assert!(text(&[]).contains("tests=\"0\""));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_file(suite in any::<String>(), name in any::<String>(), body in any::<String>()) {
            let calm = text(&[case("s", "n", Outcome::Failed("b".to_owned()))]);
            let wild = text(&[case(&suite, &name, Outcome::Failed(body))]);
            let marks = |xml: &str| xml.chars().filter(|c| "<>\"".contains(*c)).collect::<String>();
            prop_assert_eq!(marks(&wild), marks(&calm));
        }
    }
}
