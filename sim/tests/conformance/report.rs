//! The conformance report: what each check saw beside what it may see, and the page made of it.

use std::fmt::Write;

/// Checks of one run, in order.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
}

struct Row {
    area: &'static str,
    what: String,
    oracle: &'static str,
    outcome: Outcome,
}

enum Outcome {
    Seen { worst: f64, bound: f64, unit: &'static str },
    Skipped { table: &'static str },
}

impl Report {
    /// `worst` is the largest deviation seen, in `unit`; it may be `bound` at the most. `oracle` says what it was held against.
    pub fn at_most(
        &mut self,
        (area, what): (&'static str, &str),
        oracle: &'static str,
        worst: f64,
        limit: (f64, &'static str),
    ) {
        let (bound, unit) = limit;
        self.rows.push(Row { area, what: what.to_owned(), oracle, outcome: Outcome::Seen { worst, bound, unit } });
    }

    /// A check whose reference table is not there.
    pub fn skipped(&mut self, (area, what): (&'static str, &str), oracle: &'static str, table: &'static str) {
        self.rows.push(Row { area, what: what.to_owned(), oracle, outcome: Outcome::Skipped { table } });
    }

    /// Every check that saw more than it may, as sentences. A deviation that is no number is too large.
    pub fn broken(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for row in &self.rows {
            if let Outcome::Seen { worst, bound, unit } = row.outcome
                && (worst.is_nan() || worst > bound)
            {
                broken.push(format!("{}: {}: {worst} {unit}, {bound} at most ({})", row.area, row.what, row.oracle));
            }
        }
        broken
    }

    /// The rows of the page, each a line of its table; a skipped one has `SKIPPED` for its figure.
    pub fn lines(&self) -> Vec<String> {
        self.rows
            .iter()
            .map(|row| {
                let (seen, bound) = match row.outcome {
                    Outcome::Seen { worst, bound, unit } => {
                        (format!("{} {unit}", short(worst)), format!("{} {unit}", short(bound)))
                    }
                    Outcome::Skipped { table } => (format!("SKIPPED (no {table})"), String::new()),
                };
                format!("| {} | {} | {} | {} | {} |", row.area, row.what, row.oracle, seen.trim(), bound.trim())
            })
            .collect()
    }

    /// The whole page.
    pub fn page(&self) -> String {
        let mut page = String::from(
            "# Conformance of the simulated components\n\n\
             Made by `cargo test -p sim --test conformance`, which fails when a figure leaves its bound or this page is not what \
             it saw.\nRows that need a reference table run where `WATTLOOP_REFERENCE_DIR` names the folder that holds it and print \
             SKIPPED elsewhere;\nthe figures here were seen with the tables. `WLTEST_BLESS=1` writes the page anew.\n\n\
             | component | check | against | worst seen | bound |\n|---|---|---|--:|--:|\n",
        );
        for line in self.lines() {
            let _ = writeln!(page, "{line}");
        }
        page
    }
}

/// Three digits that matter.
fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs();
    let digits = match magnitude {
        m if (100.0..1e5).contains(&m) => 0,
        m if (10.0..100.0).contains(&m) => 1,
        m if (1.0..10.0).contains(&m) => 2,
        m if (0.1..1.0).contains(&m) => 3,
        m if (0.01..0.1).contains(&m) => 4,
        _ => return format!("{value:.1e}"),
    };
    format!("{value:.digits$}")
}

/// The text of a reference table, where the folder with them is there.
pub fn table(name: &str) -> Option<String> {
    let folder = std::env::var_os("WATTLOOP_REFERENCE_DIR")?;
    let path = std::path::Path::new(&folder).join(name);
    Some(std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
}

/// The rows of a table of numbers, its head and comments left out; a cell that is a word is no number.
pub fn columns(text: &str) -> Vec<Vec<f64>> {
    let rows = text.lines().filter(|l| !l.starts_with('#')).skip(1);
    rows.map(|row| row.split(',').map(|cell| cell.parse().unwrap_or(f64::NAN)).collect()).collect()
}
