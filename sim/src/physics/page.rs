//! A TOML page read section by section: every fault kept, every number with its range, every key known.

use plant::fault::{Fault, Faults};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A range a number must lie in, ends included.
pub(super) type Range = (f64, f64);

/// Above zero, as far as a file goes.
pub(super) const POSITIVE: Range = (1e-12, 1e15);
/// Zero or more.
pub(super) const AT_LEAST_ZERO: Range = (0.0, 1e15);

/// A page and the faults found on it so far.
pub(super) struct Page<'t> {
    file: &'t str,
    text: &'t str,
    faults: Vec<Fault>,
}

/// One table of the page, and which of its keys were asked for.
pub(super) struct Section<'t> {
    name: String,
    at: usize,
    table: Option<&'t DeTable<'t>>,
    known: Vec<&'static str>,
}

impl<'t> Page<'t> {
    pub(super) const fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, faults: Vec::new() }
    }

    /// The page as a table; syntax faults are kept.
    pub(super) fn parse(&mut self) -> Spanned<DeTable<'t>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            self.fault(error.span().map_or(0, |s| s.start), error.message().to_owned(), "");
        }
        table
    }

    /// A table of another, if it is there.
    pub(super) fn maybe(&mut self, of: &mut Section<'t>, key: &'static str) -> Option<Section<'t>> {
        of.known.push(key);
        let found = of.table?.get(key)?;
        self.section(key.to_owned(), found)
    }

    /// A table that must be there.
    pub(super) fn table(&mut self, of: &mut Section<'t>, key: &'static str) -> Section<'t> {
        let missing = of.table.is_some_and(|t| !t.contains_key(key));
        if missing {
            self.fault(of.at, format!("{} has no table `{key}`", of.title()), "");
        }
        let at = of.at;
        self.maybe(of, key).unwrap_or(Section { name: key.to_owned(), at, table: None, known: Vec::new() })
    }

    /// Every table of a list of tables.
    pub(super) fn tables(&mut self, of: &mut Section<'t>, key: &'static str) -> Vec<Section<'t>> {
        of.known.push(key);
        let Some(found) = of.table.and_then(|t| t.get(key)) else {
            return Vec::new();
        };
        let Some(list) = found.get_ref().as_array() else {
            self.fault(found.span().start, format!("`{key}` must be a list of tables"), &format!("write [[{key}]]"));
            return Vec::new();
        };
        list.iter().filter_map(|item| self.section(key.to_owned(), item)).collect()
    }

    /// A number in a range. A fault gives the range's lower end, which nobody sees because loading fails.
    pub(super) fn number(&mut self, of: &mut Section<'t>, key: &'static str, range: Range) -> f64 {
        of.known.push(key);
        let Some(table) = of.table else { return range.0 };
        let Some(found) = table.get(key) else {
            self.fault(of.at, format!("{} has no `{key}`", of.title()), &between(range));
            return range.0;
        };
        let at = found.span().start;
        let Some(number) = number(found.get_ref()) else {
            self.fault(at, format!("`{key}` must be a number, not a {}", found.get_ref().type_str()), &between(range));
            return range.0;
        };
        if number < range.0 || number > range.1 {
            self.fault(at, format!("`{key}` is {number}, outside its range"), &between(range));
        }
        number
    }

    /// A number, or `otherwise` where the key is not there.
    pub(super) fn number_or(&mut self, of: &mut Section<'t>, key: &'static str, range: Range, otherwise: f64) -> f64 {
        if of.table.is_none_or(|t| t.contains_key(key)) { self.number(of, key, range) } else { otherwise.max(range.0) }
    }

    /// A name that must be one of `names`.
    pub(super) fn name(&mut self, of: &mut Section<'t>, key: &'static str, names: &[&str]) -> String {
        of.known.push(key);
        let Some(table) = of.table else { return String::new() };
        let found = table.get(key).and_then(|v| v.get_ref().as_str().map(|s| (s.to_owned(), v.span().start)));
        let Some((name, at)) = found else {
            self.fault(of.at, format!("{} needs a text `{key}`", of.title()), &one_of(names));
            return String::new();
        };
        self.check_name(&name, at, names);
        name
    }

    /// A list of names, each one of `names`.
    pub(super) fn names(&mut self, of: &mut Section<'t>, key: &'static str, names: &[&str]) -> Vec<String> {
        of.known.push(key);
        let Some(found) = of.table.and_then(|t| t.get(key)) else { return Vec::new() };
        let Some(list) = found.get_ref().as_array() else {
            self.fault(found.span().start, format!("`{key}` must be a list of names"), &one_of(names));
            return Vec::new();
        };
        let mut read = Vec::new();
        for item in list.iter() {
            let name = item.get_ref().as_str().unwrap_or("").to_owned();
            self.check_name(&name, item.span().start, names);
            read.push(name);
        }
        read
    }

    /// Tells of every key nobody asked for.
    pub(super) fn end(&mut self, of: &Section<'t>) {
        let Some(table) = of.table else { return };
        for key in table.keys() {
            if of.known.iter().all(|k| *k != key.get_ref().as_ref()) {
                let help = format!("known here: {}", of.known.join(", "));
                self.fault(key.span().start, format!("{} knows no key `{}`", of.title(), key.get_ref()), &help);
            }
        }
    }

    /// Keeps a fault at a byte of the page.
    pub(super) fn fault(&mut self, at: usize, message: String, help: &str) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count().saturating_add(1);
        let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()).saturating_add(1);
        self.faults.push(Fault { file: self.file.to_owned(), line, column, message, help: help.to_owned() });
    }

    /// `value` if the page has no fault.
    pub(super) fn done<T>(mut self, value: T) -> Result<T, Faults> {
        self.faults.sort_by_key(|f| (f.line, f.column));
        if self.faults.is_empty() { Ok(value) } else { Err(Faults(self.faults)) }
    }

    fn section(&mut self, name: String, found: &'t Spanned<DeValue<'t>>) -> Option<Section<'t>> {
        let at = found.span().start;
        let table = found.get_ref().as_table();
        if table.is_none() {
            self.fault(at, format!("`{name}` must be a table"), &format!("write [{name}]"));
        }
        Some(Section { name, at, table: Some(table?), known: Vec::new() })
    }

    fn check_name(&mut self, name: &str, at: usize, names: &[&str]) {
        if !names.contains(&name) {
            self.fault(at, format!("the hall has nothing called `{name}`"), &one_of(names));
        }
    }
}

impl<'t> Section<'t> {
    /// The page itself.
    pub(super) const fn page(table: &'t DeTable<'t>) -> Self {
        Self { name: String::new(), at: 0, table: Some(table), known: Vec::new() }
    }

    /// Where it begins, in bytes.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    fn title(&self) -> String {
        if self.name.is_empty() { "the page".to_owned() } else { format!("[{}]", self.name) }
    }
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    let digits = match value {
        DeValue::Integer(n) if n.radix() == 10 => n.as_str(),
        DeValue::Float(x) => x.as_str(),
        DeValue::Integer(_)
        | DeValue::String(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => return None,
    };
    digits.parse::<f64>().ok().filter(|x| x.is_finite())
}

fn between((low, high): Range) -> String {
    match (low >= 0.0 && low < 1e-9, high > 1e14) {
        (true, true) if low > 0.0 => "give a number above 0".to_owned(),
        (true, true) => "give a number of 0 or more".to_owned(),
        (true, false) | (false, true | false) => format!("give a number from {low} to {high}"),
    }
}

fn one_of(names: &[&str]) -> String {
    format!("there is: {}", names.join(", "))
}
