//! A recording read back from its CSV, to be held against another one.

use super::csv::cells;

/// Which statistic of a bucket a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// The mean over time; the value itself where a bucket is one step.
    Mean,
    /// The least.
    Min,
    /// The highest.
    Max,
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The signal's name.
    pub name: String,
    /// Its unit.
    pub unit: String,
    /// What of it.
    pub statistic: Statistic,
    /// A value for each row; nothing where it is missing.
    pub values: Vec<Option<f64>>,
}

/// A recording's CSV, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// When each row ends, since the beginning (s), rising.
    pub seconds: Vec<f64>,
    /// The signals' columns.
    pub columns: Vec<Column>,
    /// What happened, for each row; mostly nothing.
    pub events: Vec<String>,
}

/// What two traces differ in, for one column.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// Only the first one has it.
    OnlyFirst(String),
    /// Only the second one has it.
    OnlySecond(String),
    /// Both have it, in another unit.
    Unit(String),
    /// Where the two are farthest apart.
    Apart {
        /// The column's name, with its statistic.
        name: String,
        /// Second minus first, there (the column's unit).
        by: f64,
        /// When, since the beginning (s).
        seconds: f64,
        /// Rows in which only one of the two has a value.
        one_sided: u64,
    },
}

impl Trace {
    /// Reads the CSV of a recording.
    ///
    /// # Errors
    /// A sentence with the line of the first thing that is not as a recording writes it.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty());
        let head = cells(lines.next().map(|(_, line)| line).unwrap_or_default());
        let named = |place: usize| head.get(place).map(String::as_str);
        if named(0) != Some("time") || named(1) != Some("seconds") {
            return Err("line 1: a recording begins with the columns `time` and `seconds`".to_owned());
        }
        let events = head.last().is_some_and(|name| name == "events");
        let signals = head.len().saturating_sub(if events { 3 } else { 2 });
        let mut trace = Self::default();
        for name in head.iter().skip(2).take(signals) {
            trace.columns.push(column(name).ok_or_else(|| format!("line 1: `{name}` has no unit in brackets"))?);
        }
        for (number, line) in lines {
            let line_number = number.saturating_add(1);
            let row = cells(line);
            if row.len() != head.len() {
                return Err(format!("line {line_number}: {} cells where the head has {}", row.len(), head.len()));
            }
            let value = |text: &String| -> Result<Option<f64>, String> {
                if text.is_empty() {
                    return Ok(None);
                }
                let number = text.parse::<f64>().ok().filter(|n| n.is_finite());
                number.map(Some).ok_or_else(|| format!("line {line_number}: `{text}` is no number"))
            };
            let seconds = row.get(1).map(value).transpose()?.flatten();
            let seconds = seconds.filter(|s| trace.seconds.last().is_none_or(|last| s > last));
            trace.seconds.push(seconds.ok_or_else(|| format!("line {line_number}: time does not go on"))?);
            for (column, text) in trace.columns.iter_mut().zip(row.iter().skip(2)) {
                column.values.push(value(text)?);
            }
            trace.events.push(if events { row.last().cloned().unwrap_or_default() } else { String::new() });
        }
        Ok(trace)
    }

    /// What `other` differs in, one entry a column, over the rows that end at the same time in both. Columns that are alike are
    /// told too, apart by nothing.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        let same = |a: &Column, b: &Column| a.name == b.name && a.statistic == b.statistic;
        let mut all = Vec::new();
        for column in &self.columns {
            match other.columns.iter().find(|c| same(c, column)) {
                None => all.push(Difference::OnlyFirst(column.title())),
                Some(second) if second.unit != column.unit => all.push(Difference::Unit(column.title())),
                Some(second) => all.push(self.apart(column, second, &other.seconds)),
            }
        }
        let news = other.columns.iter().filter(|c| !self.columns.iter().any(|own| same(own, c)));
        all.extend(news.map(|c| Difference::OnlySecond(c.title())));
        all
    }

    fn apart(&self, first: &Column, second: &Column, times: &[f64]) -> Difference {
        let (mut by, mut seconds, mut one_sided) = (0.0f64, 0.0, 0u64);
        let mut others = times.iter().zip(&second.values).peekable();
        for (time, value) in self.seconds.iter().zip(&first.values) {
            // Nine digits went into the file: less than a millisecond is the same time.
            while others.next_if(|(t, _)| **t < time - 5e-4).is_some() {}
            let Some((_, other)) = others.next_if(|(t, _)| (**t - time).abs() <= 5e-4) else { continue };
            match (value, other) {
                (Some(a), Some(b)) if (b - a).abs() > by.abs() => (by, seconds) = (b - a, *time),
                (Some(_), Some(_)) | (None, None) => {}
                (Some(_), None) | (None, Some(_)) => one_sided = one_sided.saturating_add(1),
            }
        }
        Difference::Apart { name: first.title(), by, seconds, one_sided }
    }
}

impl Column {
    /// The name with its statistic, as in the file's head.
    #[must_use]
    pub fn title(&self) -> String {
        match self.statistic {
            Statistic::Mean => self.name.clone(),
            Statistic::Min => format!("{} min", self.name),
            Statistic::Max => format!("{} max", self.name),
        }
    }
}

/// A column from its head: `crah-1/supply-air-temp [°C] max`.
fn column(head: &str) -> Option<Column> {
    let (rest, statistic) = match head {
        h if h.ends_with(']') => (h, Statistic::Mean),
        h => match h.strip_suffix(" min") {
            Some(rest) => (rest, Statistic::Min),
            None => (h.strip_suffix(" max")?, Statistic::Max),
        },
    };
    let (name, unit) = rest.strip_suffix(']')?.rsplit_once(" [")?;
    Some(Column { name: name.to_owned(), unit: unit.to_owned(), statistic, values: Vec::new() })
}
