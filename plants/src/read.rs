//! Reads TOML the way people need it: every fault of a file at once, each with its place and what to do.
//!
//! A [`Source`] is one file. Its sections hand out typed values; what is missing, misspelt or of the wrong type becomes a
//! [`Fault`] and the reading goes on. [`Source::finish`] gives the value only when there was no fault.

#[cfg(test)]
pub(crate) mod corpus;
mod value;
mod words;

use std::cell::{Cell, RefCell};

use toml::de::{DeTable, DeValue};

use crate::fault::{Fault, Faults};
use crate::time::Span;

pub use value::{Refusal, Value};
pub use words::{closest, did_you_mean, is_name};

/// How a fault of syntax begins.
const NO_TOML: &str = "this is no TOML";

/// One file, and the faults found in it so far.
#[derive(Debug)]
pub struct Source<'t> {
    file: &'t str,
    text: &'t str,
    faults: RefCell<Vec<Fault>>,
    /// True when the syntax was at fault: what is missing may stand in what was not understood.
    broken: Cell<bool>,
}

impl<'t> Source<'t> {
    /// A file as the person named it, with its text.
    #[must_use]
    pub const fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, faults: RefCell::new(Vec::new()), broken: Cell::new(false) }
    }

    /// The file's table. Faults of syntax are noted; what could be understood is there.
    #[must_use]
    pub fn parse(&self) -> DeTable<'t> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            self.broken.set(true);
            let at = error.span().map_or(self.text.len(), |s| s.start);
            let message = error.message();
            let help = match message {
                m if m.contains("duplicate") => "keep one of the two",
                m if m.contains("quoted") => "put texts in quotes; numbers, true and false stand without",
                _ => "write `key = value`, one to a line, or a section's name in brackets",
            };
            self.fault(at, format!("{NO_TOML}: {message}"), help);
        }
        table.into_inner()
    }

    /// The whole file as a section.
    #[must_use]
    pub const fn root<'s>(&'s self, table: &'s DeTable<'s>) -> Section<'s> {
        Section { source: self, table, at: 0, name: String::new(), asked: RefCell::new(Vec::new()) }
    }

    /// Line and column, both from 1, the column in characters, of a byte offset.
    #[must_use]
    pub fn place(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count().saturating_add(1);
        let start = before.rfind('\n').map_or(0, |n| n.saturating_add(1));
        let column = before.get(start..).map_or(0, |l| l.chars().count()).saturating_add(1);
        (line, column)
    }

    /// Notes a fault at a byte offset.
    pub fn fault(&self, at: usize, message: impl Into<String>, help: impl Into<String>) {
        let (line, column) = self.place(at);
        self.fault_at((line, column), message, help);
    }

    /// Notes a fault at a line and column.
    pub fn fault_at(&self, place: (usize, usize), message: impl Into<String>, help: impl Into<String>) {
        let (line, column) = place;
        let (message, help) = (message.into(), help.into());
        self.faults.borrow_mut().push(Fault { file: self.file.to_owned(), line, column, message, help });
    }

    /// The value, or every fault in the order of the file.
    ///
    /// # Errors
    /// Every fault that was noted; where the value is missing without one, a fault that says so.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Faults> {
        let mut faults = self.faults.into_inner();
        if self.broken.get() {
            // What the reader makes of a line that is no TOML is its own invention.
            let lines: Vec<_> = faults.iter().filter(|f| f.message.starts_with(NO_TOML)).map(|f| f.line).collect();
            faults.retain(|f| f.message.starts_with(NO_TOML) || !lines.contains(&f.line));
        }
        faults.sort_by(|a, b| (a.line, a.column, &a.message).cmp(&(b.line, b.column, &b.message)));
        faults.dedup();
        match value {
            Some(value) if faults.is_empty() => Ok(value),
            Some(_) | None => {
                if faults.is_empty() {
                    let message = "this file could not be understood".to_owned();
                    faults.push(Fault { file: self.file.to_owned(), line: 1, column: 1, message, help: String::new() });
                }
                Err(Faults(faults))
            }
        }
    }
}

/// A table of a file: `[limits]`, one `[[row]]`, or the file itself.
#[derive(Debug)]
pub struct Section<'s> {
    source: &'s Source<'s>,
    table: &'s DeTable<'s>,
    at: usize,
    name: String,
    asked: RefCell<Vec<&'static str>>,
}

impl<'s> Section<'s> {
    /// Where it starts, as a byte offset.
    #[must_use]
    pub const fn at(&self) -> usize {
        self.at
    }

    /// Where the value of `key` starts, or the section where it has none.
    #[must_use]
    pub fn at_key(&self, key: &str) -> usize {
        self.find(key).map_or(self.at, |(_, v)| v.span().start)
    }

    /// Line and column of the value of `key`, or of the section.
    #[must_use]
    pub fn place(&self, key: &str) -> (usize, usize) {
        self.source.place(self.at_key(key))
    }

    /// True when the key stands in the file.
    #[must_use]
    pub fn has(&self, key: &'static str) -> bool {
        self.ask(key).is_some()
    }

    /// Notes a fault at the value of `key`.
    pub fn fault(&self, key: &str, message: impl Into<String>, help: impl Into<String>) {
        self.source.fault(self.at_key(key), message, help);
    }

    /// Notes a fault that rests on another section. Silent in a file with faults of syntax: the other section may stand in
    /// what was not understood.
    pub fn clash(&self, key: &str, message: impl Into<String>, help: impl Into<String>) {
        if !self.source.broken.get() {
            self.fault(key, message, help);
        }
    }

    /// The value of `key`, if it is there and of its type.
    pub fn maybe<T: Value>(&self, key: &'static str) -> Option<T> {
        let value = self.ask(key)?;
        match T::read(value.get_ref()) {
            Ok(read) => Some(read),
            Err(Refusal { wanted, help }) => {
                let help = if help.is_empty() { format!("write `{key} = …`, {}", T::WANTED) } else { help };
                self.fault(key, format!("`{key}` must be {wanted}, not {}", value::describe(value.get_ref())), help);
                None
            }
        }
    }

    /// The value of `key`; a fault when it is missing.
    pub fn need<T: Value>(&self, key: &'static str) -> Option<T> {
        if self.has(key) {
            return self.maybe(key);
        }
        self.missing(key, format!("write `{key} = …`, {}", T::WANTED));
        None
    }

    /// The value of `key`, or this where it is missing.
    pub fn or<T: Value>(&self, key: &'static str, otherwise: T) -> T {
        self.maybe(key).unwrap_or(otherwise)
    }

    /// The number of `key` if it lies in the range; a fault where it does not.
    pub fn within(&self, key: &'static str, (low, high): (f64, f64)) -> Option<f64> {
        let number: f64 = self.maybe(key)?;
        if number >= low && number <= high {
            return Some(number);
        }
        let rule = match (low.is_finite(), high.is_finite()) {
            (true, true) => format!("from {low} to {high}"),
            (true, false) => format!("{low} or more"),
            (false, true | false) => format!("{high} or less"),
        };
        self.fault(key, format!("`{key}` is {number} and must be {rule}"), format!("write a number {rule}"));
        None
    }

    /// The same, or another number where it is missing or outside.
    pub fn number(&self, key: &'static str, otherwise: f64, range: (f64, f64)) -> f64 {
        self.within(key, range).unwrap_or(otherwise)
    }

    /// The time of `key` if it lies in the range, or another where it is missing; a fault where it lies outside.
    pub fn span(&self, key: &'static str, otherwise: Span, (low, high): (Span, Span)) -> Span {
        let read: Span = self.or(key, otherwise);
        if read < low || read > high {
            let message = format!("`{key}` is {read} and must be from {low} to {high}");
            self.fault(key, message, format!("write a time from {low} to {high}, such as \"{otherwise}\""));
            return otherwise;
        }
        read
    }

    /// The whole number of `key` if it lies in the range; a fault where it does not.
    pub fn whole(&self, key: &'static str, (low, high): (i64, i64)) -> Option<i64> {
        let number: i64 = self.maybe(key)?;
        if (low..=high).contains(&number) {
            return Some(number);
        }
        let message = format!("`{key}` is {number} and must be from {low} to {high}");
        self.fault(key, message, format!("write a whole number from {low} to {high}"));
        None
    }

    /// One of some words; a fault with the nearest word where it is none of them.
    pub fn word<T: Copy>(&self, key: &'static str, words: &[(&'static str, T)]) -> Option<T> {
        let word: String = self.maybe(key)?;
        let hit = words.iter().find(|(w, _)| *w == word).map(|(_, t)| *t);
        if hit.is_none() {
            let help = did_you_mean(&word, words.iter().map(|(w, _)| *w));
            self.fault(key, format!("`{key}` does not know the word `{word}`"), help);
        }
        hit
    }

    /// As [`Section::word`]; a fault when it is missing.
    pub fn need_word<T: Copy>(&self, key: &'static str, words: &[(&'static str, T)]) -> Option<T> {
        if !self.has(key) {
            let list = words.iter().map(|(w, _)| *w).collect::<Vec<_>>().join(", ");
            self.missing(key, format!("write `{key} = \"…\"` with one of: {list}"));
        }
        self.word(key, words)
    }

    /// A name as in topics and files: small letters, digits and dashes, not starting with a dash.
    pub fn need_name(&self, key: &'static str) -> Option<String> {
        let name: String = self.need(key)?;
        if is_name(&name) {
            return Some(name);
        }
        let help = "use small letters, digits and dashes, and start with a letter or digit";
        self.fault(key, format!("`{name}` is no name"), help);
        None
    }

    /// A text that says something; a fault when it is missing or blank.
    pub fn need_text(&self, key: &'static str) -> Option<String> {
        let text: String = self.need(key)?;
        if !text.trim().is_empty() {
            return Some(text);
        }
        self.fault(key, format!("`{key}` is empty"), "say it in one sentence");
        None
    }

    /// True once a fault of the file has been noted: what follows from the numbers there may be its echo.
    #[must_use]
    pub fn is_faulty(&self) -> bool {
        !self.source.faults.borrow().is_empty()
    }

    /// The section `[key]` below this one.
    pub fn section(&self, key: &'static str) -> Option<Section<'s>> {
        let value = self.ask(key)?;
        let name = self.path(key);
        let below = self.below(value, name);
        if below.is_none() {
            let message = format!("`{key}` must be a section, not {}", value::describe(value.get_ref()));
            self.fault(key, message, format!("write `[{}]` on a line of its own", self.path(key)));
        }
        below
    }

    /// As [`Section::section`]; a fault when it is missing.
    pub fn need_section(&self, key: &'static str) -> Option<Section<'s>> {
        if !self.has(key) {
            self.missing(key, format!("add a section `[{}]`", self.path(key)));
        }
        self.section(key)
    }

    /// The sections `[[key]]` in order; none where there are none.
    pub fn sections(&self, key: &'static str) -> Vec<Section<'s>> {
        let Some(value) = self.ask(key) else { return Vec::new() };
        let rows: Vec<_> = match value.get_ref() {
            DeValue::Array(rows) => rows.iter().map(|row| self.below(row, key.to_owned())).collect(),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Table(_) => vec![None],
        };
        if rows.iter().any(Option::is_none) {
            let message = format!("`{key}` must be a list of sections");
            self.fault(key, message, format!("write `[[{key}]]` with two brackets above each"));
        }
        rows.into_iter().flatten().collect()
    }

    /// Every section directly below, with its name: for names that are data.
    pub fn children(&self) -> Vec<(&'s str, Section<'s>)> {
        let mut children = Vec::new();
        for (key, value) in self.table {
            let name: &str = key.get_ref();
            match self.below(value, self.path(name)) {
                Some(section) => children.push((name, Section { at: key.span().start, ..section })),
                None => self.source.fault(
                    key.span().start,
                    format!("`{name}` does not belong here: only sections do"),
                    format!("write `[{}]` on a line of its own", self.path(name)),
                ),
            }
        }
        children
    }

    /// Notes every key nobody asked for, with the nearest one that exists.
    pub fn done(&self) {
        if self.source.broken.get() {
            return;
        }
        let asked = self.asked.borrow();
        for (key, _) in self.table {
            let name: &str = key.get_ref();
            if !asked.contains(&name) {
                let place = if self.name.is_empty() { "this file".to_owned() } else { format!("`{}`", self.name) };
                let help = did_you_mean(name, asked.iter().copied());
                self.source.fault(key.span().start, format!("{place} knows no key `{name}`"), help);
            }
        }
    }

    /// The file this section is part of.
    #[must_use]
    pub const fn source(&self) -> &'s Source<'s> {
        self.source
    }

    /// Notes that `key` is missing. Silent in a file with faults of syntax: the key may stand in what was not understood.
    pub fn missing(&self, key: &str, help: impl Into<String>) {
        if !self.source.broken.get() {
            let place = if self.name.is_empty() { "this file".to_owned() } else { format!("this `{}`", self.name) };
            self.source.fault(self.at, format!("{place} has no `{key}`"), help);
        }
    }

    fn below(&self, value: &'s toml::Spanned<DeValue<'s>>, name: String) -> Option<Section<'s>> {
        match value.get_ref() {
            DeValue::Table(table) => {
                let asked = RefCell::new(Vec::new());
                Some(Section { source: self.source, table, at: value.span().start, name, asked })
            }
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_) => None,
        }
    }

    fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn ask(&self, key: &'static str) -> Option<&'s toml::Spanned<DeValue<'s>>> {
        if !self.asked.borrow().contains(&key) {
            self.asked.borrow_mut().push(key);
        }
        // Where the syntax is at fault the parser puts something of no length in the place of a value.
        self.find(key).map(|(_, v)| v).filter(|v| !(self.source.broken.get() && v.span().is_empty()))
    }

    fn find(&self, key: &str) -> Option<(usize, &'s toml::Spanned<DeValue<'s>>)> {
        self.table.iter().find(|(k, _)| k.get_ref() == key).map(|(k, v)| (k.span().start, v))
    }
}
