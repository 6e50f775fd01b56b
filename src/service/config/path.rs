//! The way to a value inside a configuration: `device[0].unit`.

use std::fmt;

/// One step of the way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Into a table.
    Key(String),
    /// Into an array.
    Index(usize),
}

/// The way from the root to a value; empty for the root itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// One step further, into a table.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.step(Step::Key(key.to_owned()))
    }

    /// One step further.
    #[must_use]
    pub fn step(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// One step back; nothing at the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let mut steps = self.0.clone();
        steps.pop().map(|_| Self(steps))
    }

    /// The last key's name, if the way ends in a table.
    #[must_use]
    pub fn last_key(&self) -> Option<&str> {
        match self.0.last() {
            Some(Step::Key(key)) => Some(key),
            Some(Step::Index(_)) | None => None,
        }
    }

    /// Every leaf of a value with the way to it. Empty tables and arrays count as leaves.
    pub fn leaves<'v>(value: &'v toml::Value, at: &Self, out: &mut Vec<(Self, &'v toml::Value)>) {
        if let Some(table) = value.as_table().filter(|t| !t.is_empty()) {
            for (key, inner) in table {
                Self::leaves(inner, &at.key(key), out);
            }
        } else if let Some(array) = value.as_array().filter(|a| !a.is_empty()) {
            for (n, inner) in array.iter().enumerate() {
                Self::leaves(inner, &at.step(Step::Index(n)), out);
            }
        } else {
            out.push((at.clone(), value));
        }
    }

    /// Takes the value at this way out of a table. False when there is none.
    pub fn remove_from(&self, table: &mut toml::Table) -> bool {
        let Some((last, way)) = self.0.split_last() else { return false };
        let Some((Step::Key(first), way)) = way.split_first() else {
            return matches!(last, Step::Key(key) if table.remove(key).is_some());
        };
        let Some(mut value) = table.get_mut(first) else { return false };
        for step in way {
            let inner = match step {
                Step::Key(key) => value.as_table_mut().and_then(|t| t.get_mut(key)),
                Step::Index(n) => value.as_array_mut().and_then(|a| a.get_mut(*n)),
            };
            let Some(inner) = inner else { return false };
            value = inner;
        }
        match (last, value) {
            (Step::Key(key), toml::Value::Table(table)) => table.remove(key).is_some(),
            // Replaced, not removed: the places of the entries after it must stay right.
            (Step::Index(n), toml::Value::Array(array)) => array.get_mut(*n).is_some_and(|row| {
                *row = toml::Value::Table(toml::Table::new());
                true
            }),
            _ => false,
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if n == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
