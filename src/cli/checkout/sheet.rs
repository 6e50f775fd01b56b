//! The sheet: what was found of each point, as CSV.

use serde::Serialize;

use super::csv;
use crate::cli::Stop;

/// What a checkout has come to for one point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// All that was asked was seen, and something was.
    Pass,
    /// Something is wrong.
    Fail,
    /// Nothing is wrong as far as it was looked at; something is left to look at.
    #[default]
    Open,
}

impl Verdict {
    const ALL: [Self; 3] = [Self::Pass, Self::Fail, Self::Open];

    /// The word in a sheet.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Open => "open",
        }
    }
}

/// What was found of one point. Numbers are in its canonical unit.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Row {
    /// The whole name.
    pub point: String,
    /// What it is.
    pub description: String,
    /// The UCUM code of its unit.
    pub unit: String,
    /// Where it is.
    pub address: String,
    /// Its raw words.
    pub raw: String,
    /// What it read.
    pub read: Option<f64>,
    /// `good`, `stale: …`, `lost: …`, `no device`.
    pub quality: String,
    /// What the reference instrument showed.
    pub reference: Option<f64>,
    /// Reading minus reference.
    pub difference: Option<f64>,
    /// How far that may be.
    pub tolerance: Option<f64>,
    /// Where an output stood.
    pub forced_from: Option<f64>,
    /// Where it was moved to.
    pub forced_to: Option<f64>,
    /// When its device was read back to hold it (s).
    pub proved_after_s: Option<f64>,
    /// When its actuator had followed (s).
    pub followed_after_s: Option<f64>,
    /// What its device shall do by itself.
    pub failsafe: Option<f64>,
    /// What was seen of that.
    pub failsafe_seen: Option<f64>,
    /// `proved`, or why it is not.
    pub failsafe_proof: String,
    /// What it came to.
    pub verdict: Verdict,
    /// What is wrong, and what is left to look at.
    pub remarks: String,
    /// Who looked.
    pub by: String,
    /// When, in UTC.
    pub at: String,
}

/// What a sheet is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Head {
    /// The hall's name.
    pub hall: String,
    /// The site.
    pub site: String,
    /// A name for the configuration.
    pub config_hash: String,
    /// The program's version.
    pub program: String,
}

const TITLE: &str = "wattloop checkout sheet 1";
const COLUMNS: [&str; 21] = [
    "point",
    "description",
    "unit",
    "address",
    "raw",
    "read",
    "quality",
    "reference",
    "difference",
    "tolerance",
    "forced-from",
    "forced-to",
    "proved-after-s",
    "followed-after-s",
    "fail-safe",
    "fail-safe-seen",
    "fail-safe-proof",
    "verdict",
    "remarks",
    "by",
    "at",
];

/// The sheet as text.
pub fn write(head: &Head, rows: &[Row]) -> String {
    let of_head = [
        ("#sheet", TITLE),
        ("#hall", &head.hall),
        ("#site", &head.site),
        ("#configuration", &head.config_hash),
        ("#program", &head.program),
    ];
    let mut text: String =
        of_head.iter().map(|(key, value)| csv::record([*key, &csv::guarded(value)]) + "\n").collect();
    text.push_str(&(csv::record(COLUMNS) + "\n"));
    text.extend(rows.iter().map(|row| csv::record(row.fields().iter().map(String::as_str)) + "\n"));
    text
}

/// Reads a sheet. `name` is its file's, for messages.
pub fn read(name: &str, text: &str) -> Result<(Head, Vec<Row>), Stop> {
    let bad = |line: usize, say: &str| {
        Stop::new(65, "no_sheet", format!("{name}:{line}: {say}"), "`wattloop checkout --sheet FILE` writes sheets")
    };
    let records = csv::records(text).map_err(|(line, say)| bad(line, &say))?;
    let mut head = Head::default();
    let mut rows = Vec::new();
    let mut title = false;
    for (line, fields) in &records {
        let value = || fields.get(1).map(|field| csv::bare(field).to_owned()).unwrap_or_default();
        match fields.first().map(String::as_str) {
            Some("#sheet") => title = value() == TITLE,
            Some("#hall") => head.hall = value(),
            Some("#site") => head.site = value(),
            Some("#configuration") => head.config_hash = value(),
            Some("#program") => head.program = value(),
            Some("point") if fields.iter().eq(COLUMNS) => {}
            Some(_) | None => rows.push(Row::of(fields).ok_or_else(|| bad(*line, "this is no row of a sheet"))?),
        }
    }
    if title { Ok((head, rows)) } else { Err(bad(1, "this is no checkout sheet, or one of another version")) }
}

impl Row {
    /// Something is wrong.
    pub fn fail(&mut self, why: &str) {
        self.verdict = Verdict::Fail;
        self.remark(why);
    }

    /// Something to read.
    pub fn remark(&mut self, what: &str) {
        if !self.remarks.is_empty() {
            self.remarks.push_str("; ");
        }
        self.remarks.push_str(what);
    }

    fn fields(&self) -> [String; 21] {
        let text = |text: &str| csv::guarded(text);
        let number = |number: Option<f64>| number.map(|n| n.to_string()).unwrap_or_default();
        [
            text(&self.point),
            text(&self.description),
            text(&self.unit),
            text(&self.address),
            text(&self.raw),
            number(self.read),
            text(&self.quality),
            number(self.reference),
            number(self.difference),
            number(self.tolerance),
            number(self.forced_from),
            number(self.forced_to),
            number(self.proved_after_s),
            number(self.followed_after_s),
            number(self.failsafe),
            number(self.failsafe_seen),
            text(&self.failsafe_proof),
            self.verdict.word().to_owned(),
            text(&self.remarks),
            text(&self.by),
            text(&self.at),
        ]
    }

    fn of(fields: &[String]) -> Option<Self> {
        let fields: &[String; 21] = fields.try_into().ok()?;
        let text = |field: &String| csv::bare(field).to_owned();
        let number = |field: &String| {
            if field.is_empty() { Some(None) } else { field.parse().ok().filter(|n: &f64| n.is_finite()).map(Some) }
        };
        let [point, description, unit, address, raw, read, quality, reference, difference, tolerance, rest @ ..] =
            fields;
        let [from, to, proved, followed, failsafe, seen, proof, verdict, remarks, by, at] = rest;
        Some(Self {
            point: text(point),
            description: text(description),
            unit: text(unit),
            address: text(address),
            raw: text(raw),
            read: number(read)?,
            quality: text(quality),
            reference: number(reference)?,
            difference: number(difference)?,
            tolerance: number(tolerance)?,
            forced_from: number(from)?,
            forced_to: number(to)?,
            proved_after_s: number(proved)?,
            followed_after_s: number(followed)?,
            failsafe: number(failsafe)?,
            failsafe_seen: number(seen)?,
            failsafe_proof: text(proof),
            verdict: Verdict::ALL.into_iter().find(|word| word.word() == verdict)?,
            remarks: text(remarks),
            by: text(by),
            at: text(at),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn some() -> impl Strategy<Value = Option<f64>> {
        prop::option::of(prop_oneof![-1e9..1e9_f64, Just(0.1 + 0.2), Just(-0.0), Just(1e-300)])
    }

    fn row() -> impl Strategy<Value = Row> {
        let texts = prop::collection::vec("[-=+@'\",; \na-z°µ]{0,12}", 10);
        (texts, prop::collection::vec(some(), 10), 0..3_usize, "[a-z]{1,8}/[a-z]{1,8}").prop_map(|(t, n, v, point)| {
            Row {
                point,
                description: t[1].clone(),
                unit: t[2].clone(),
                address: t[3].clone(),
                raw: t[4].clone(),
                read: n[0],
                quality: t[5].clone(),
                reference: n[1],
                difference: n[2],
                tolerance: n[3],
                forced_from: n[4],
                forced_to: n[5],
                proved_after_s: n[6],
                followed_after_s: n[7],
                failsafe: n[8],
                failsafe_seen: n[9],
                failsafe_proof: t[6].clone(),
                verdict: Verdict::ALL[v],
                remarks: t[7].clone(),
                by: t[8].clone(),
                at: t[9].clone(),
            }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// A sheet reads back as it was written, to the last bit of every number.
        #[test]
        fn a_sheet_reads_back(rows in prop::collection::vec(row(), 0..6), hall in "[-=a-z ,]{0,8}") {
            let head = Head { hall, site: "dc-1".into(), config_hash: "0123456789abcdef".into(), program: "0.1.0".into() };
            let text = write(&head, &rows);
            prop_assert_eq!(read("sheet.csv", &text).expect("reads"), (head, rows));
        }
    }

    #[test]
    fn what_is_no_sheet_is_refused_with_its_line() {
        let told = |text: &str| read("s.csv", text).expect_err("no sheet");
        assert_eq!(told("").exit, 65);
        assert!(told("point,value\n").message.starts_with("s.csv:1: this is no row"), "{}", told("point,value\n"));
        let good = write(&Head::default(), &[Row { point: "a/b".into(), ..Row::default() }]);
        assert!(told(&good.replace(",open,", ",fine,")).message.starts_with("s.csv:7:"));
        assert!(told(&good.replace("sheet 1", "sheet 2")).message.contains("another version"));
    }
}
