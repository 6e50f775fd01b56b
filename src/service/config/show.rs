//! `config show`: every key with its value and where the value came from.

use serde::Serialize;

use super::Config;
use super::layers::Layered;
use super::path::Path;

/// One key of the configuration in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The way to it: `log.filter`.
    pub key: String,
    /// Its value, as TOML writes it.
    pub value: String,
    /// `file:line`, `env NAME`, `flag --set key`, or `default`.
    pub origin: String,
}

/// Every key in force, the file's words first, in order of their names.
#[must_use]
pub fn show(config: &Config, layered: &Layered) -> Vec<Shown> {
    let Ok(whole) = toml::Value::try_from(config) else { return Vec::new() };
    let mut leaves = Vec::new();
    Path::leaves(&whole, &Path::default(), &mut leaves);
    leaves
        .into_iter()
        .map(|(path, value)| Shown { key: path.to_string(), value: value.to_string(), origin: origin(&path, layered) })
        .collect()
}

fn origin(path: &Path, layered: &Layered) -> String {
    let mut around = Some(path.clone());
    while let Some(here) = around {
        if let Some(origin) = layered.above.get(&here) {
            return origin.clone();
        }
        around = here.parent();
    }
    layered
        .places
        .exact(path)
        .map_or_else(|| "default".to_owned(), |(line, _)| format!("{}:{line}", layered.places.file()))
}
