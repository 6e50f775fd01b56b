//! Where every key of a file stands, so that a fault can say line and column.

use std::collections::BTreeMap;

use plant::fault::Fault;
use toml::de::{DeTable, DeValue};

use super::path::{Path, Step};

/// The places of one file's keys.
#[derive(Clone, Debug, Default)]
pub struct Places {
    file: String,
    at: BTreeMap<Path, (usize, usize)>,
}

impl Places {
    /// Finds every key of a text; all syntax faults when it is no TOML.
    ///
    /// # Errors
    /// Every place where the text is no TOML.
    pub fn of_text(file: &str, text: &str) -> Result<Self, Vec<Fault>> {
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            return Err(errors.iter().map(|e| syntax_fault(file, text, e)).collect());
        }
        let mut places = Self { file: file.to_owned(), at: BTreeMap::new() };
        places.table(table.get_ref(), &Path::default(), text);
        Ok(places)
    }

    /// The file as the person named it.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Line and column of exactly this key, from 1.
    #[must_use]
    pub fn exact(&self, path: &Path) -> Option<(usize, usize)> {
        self.at.get(path).copied()
    }

    /// Line and column of this key or of the nearest table around it.
    #[must_use]
    pub fn nearest(&self, path: &Path) -> (usize, usize) {
        let mut path = Some(path.clone());
        while let Some(here) = path {
            if let Some(place) = self.exact(&here) {
                return place;
            }
            path = here.parent();
        }
        (1, 1)
    }

    fn table(&mut self, table: &DeTable<'_>, at: &Path, text: &str) {
        for (key, value) in table {
            let path = at.key(key.get_ref());
            self.at.insert(path.clone(), line_and_column(text, key.span().start));
            self.value(value.get_ref(), &path, text);
        }
    }

    fn value(&mut self, value: &DeValue<'_>, at: &Path, text: &str) {
        if let DeValue::Table(table) = value {
            self.table(table, at, text);
        } else if let DeValue::Array(array) = value {
            for (n, inner) in array.iter().enumerate() {
                let path = at.step(Step::Index(n));
                self.at.insert(path.clone(), line_and_column(text, inner.span().start));
                self.value(inner.get_ref(), &path, text);
            }
        }
    }
}

/// Line and column (in characters) of a byte offset, from 1.
#[must_use]
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count().saturating_add(1);
    let column = before.chars().rev().take_while(|c| *c != '\n').count().saturating_add(1);
    (line, column)
}

fn syntax_fault(file: &str, text: &str, error: &toml::de::Error) -> Fault {
    let (line, column) = line_and_column(text, error.span().map_or(0, |s| s.start));
    let message = format!("this is no TOML: {}", error.message().trim());
    Fault { file: file.to_owned(), line, column, message, help: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_tables_and_arrays_have_places() {
        let text = "hall = \"air\"\n[[device]]\nequip = \"x\"\n[[device]]\n  unit = 3\n[a.b]\nc = { d = 1 }\n";
        let places = Places::of_text("f", text).unwrap();
        let device = Path::default().key("device");
        assert_eq!(places.exact(&device.step(Step::Index(1)).key("unit")), Some((5, 3)));
        assert_eq!(places.exact(&Path::default().key("a").key("b").key("c").key("d")), Some((7, 7)));
        assert_eq!(places.nearest(&Path::default().key("a").key("b").key("zz")), (6, 4));
    }

    #[test]
    fn every_syntax_fault_is_told() {
        let faults = Places::of_text("f", "a = \nb = 1\nc = ]\n").unwrap_err();
        for line in [1, 3] {
            assert!(faults.iter().any(|f| f.line == line), "nothing in line {line}: {faults:?}");
        }
    }
}
