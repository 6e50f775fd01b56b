//! Verdicts as JUnit, for build servers. Some drop a suite's name, properties and a failure's type: what matters stands in the
//! test case's name and in the failure's body.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use sim::scenario::Verdict;
use sim::scenario::verdict::instant;

use super::outcome::Outcome;
use super::scenarios::{Played, again};

/// One suite a file, one case an assert and a seed.
pub fn text(played: &[Played]) -> String {
    let mut suites: BTreeMap<&str, Vec<&Played>> = BTreeMap::new();
    for one in played {
        suites.entry(&one.file).or_default().push(one);
    }
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing into a text cannot fail.
    let _written: fmt::Result = document(&mut text, &suites);
    text
}

fn document(text: &mut String, suites: &BTreeMap<&str, Vec<&Played>>) -> fmt::Result {
    writeln!(text, "<testsuites>")?;
    for (file, runs) in suites {
        let cases: usize = runs.iter().map(|r| cases(r)).sum();
        let failures = runs.iter().flat_map(|r| &r.report.verdicts).filter(|v| !v.held).count();
        let errors = runs.iter().filter(|r| r.report.broken.is_some()).count();
        let seconds: f64 = runs.iter().map(|r| r.seconds).sum();
        writeln!(
            text,
            "  <testsuite name=\"{}\" tests=\"{cases}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{seconds:.3}\">",
            escape(file)
        )?;
        for run in runs {
            for verdict in &run.report.verdicts {
                case(text, run, verdict)?;
            }
            if let Some(why) = &run.report.broken {
                let (name, why) = (title(run, "simulator"), escape(why));
                writeln!(
                    text,
                    "    <testcase classname=\"{}\" name=\"{name}\" time=\"0\">",
                    escape(&run.report.scenario)
                )?;
                writeln!(text, "      <error message=\"{why}\">{why}</error>\n    </testcase>")?;
            }
        }
        writeln!(text, "  </testsuite>")?;
    }
    writeln!(text, "</testsuites>")
}

fn cases(run: &Played) -> usize {
    run.report.verdicts.len().saturating_add(usize::from(run.report.broken.is_some()))
}

fn title(run: &Played, assert: &str) -> String {
    escape(&format!("{} seed {}: {assert}", run.report.scenario, run.report.seed))
}

fn case(text: &mut String, run: &Played, verdict: &Verdict) -> fmt::Result {
    let many = plant::convert::f64_from_usize(run.report.verdicts.len()).max(1.0);
    let (class, name) = (escape(&run.report.scenario), title(run, &format!("{}: {}", verdict.name, verdict.wanted)));
    let seconds = run.seconds / many;
    writeln!(text, "    <testcase classname=\"{class}\" name=\"{name}\" time=\"{seconds:.3}\">")?;
    if !verdict.held {
        let at = verdict.at.map_or_else(String::new, |at| format!("\nworst instant: {} after the begin", instant(at)));
        let body = format!("{verdict}\nwanted: {}{at}\nagain: {}", verdict.wanted, again(run, verdict));
        writeln!(text, "      <failure message=\"{}\">{}</failure>", escape(&verdict.to_string()), escape(&body))?;
    }
    let figures = Outcome::NAMES.iter().filter_map(|name| Some(format!("{name} {:.4}", run.outcome.kpi(name)?)));
    let said = format!("{verdict}\ntrace {}\n{}", run.trace, figures.collect::<Vec<_>>().join("\n"));
    writeln!(text, "      <system-out>{}</system-out>\n    </testcase>", escape(&said))
}

/// As XML takes it; what it cannot take at all is left out.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_reserves_is_escaped() {
        assert_eq!(escape("a <= 3 & \"b\" > 2\u{1}"), "a &lt;= 3 &amp; &quot;b&quot; &gt; 2");
    }
}
