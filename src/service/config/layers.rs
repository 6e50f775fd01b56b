//! The layers: the file, then the environment, then flags, merged by the `config` crate with an origin for every value.

use std::collections::BTreeMap;

use config::{File, FileFormat, Map, Source, Value, ValueKind};
use plant::fault::Fault;

use super::path::{Path, Step};
use super::place::Places;

/// What every name in the environment begins with.
const PREFIX: &str = "WATTLOOP_";

/// Names with the prefix that are not part of the configuration: `WATTLOOP_CONFIG` says where the file is.
const RESERVED: [&str; 1] = ["WATTLOOP_CONFIG"];
/// What names begin with that are those of `wattloop budget`, which has no hall.
const BUDGET: &str = "WATTLOOP_BUDGET_";

/// The merged table, with what is known about where its values came from.
#[derive(Clone, Debug, Default)]
pub struct Layered {
    /// The merged values.
    pub table: toml::Table,
    /// Where the file's keys stand.
    pub places: Places,
    /// `env NAME` or `flag --set key` for values that do not come from the file.
    pub above: BTreeMap<Path, String>,
}

impl Layered {
    /// A fault about the value at a path, in the place where that value was given.
    #[must_use]
    pub fn fault(&self, path: &Path, message: String, help: String) -> Fault {
        let mut around = Some(path.clone());
        while let Some(here) = around {
            if let Some(origin) = self.above.get(&here) {
                return Fault { file: origin.clone(), line: 1, column: 1, message, help };
            }
            around = here.parent();
        }
        let (line, column) = self.places.nearest(path);
        Fault { file: self.places.file().to_owned(), line, column, message, help }
    }
}

/// Merges a file's text with the variables of an environment and `--set key=value` flags.
///
/// # Errors
/// Syntax faults of the file, names in the environment and flags that cannot be placed.
pub fn merge(file: &str, text: &str, env: &[(String, String)], flags: &[String]) -> Result<Layered, Vec<Fault>> {
    let places = Places::of_text(file, text)?;
    let base: toml::Table = toml::from_str(text).map_err(|e| vec![bare_fault(file, e.message())])?;
    let mut faults = Vec::new();
    let mut builder = config::Config::builder().add_source(File::from_str(text, FileFormat::Toml));
    for (name, value) in env {
        let foreign = RESERVED.contains(&name.as_str()) || name.starts_with(BUDGET);
        let Some(rest) = name.strip_prefix(PREFIX).filter(|_| !foreign) else { continue };
        match resolve(&rest.split("__").collect::<Vec<_>>(), &base) {
            Ok(path) => builder = builder.add_source(One::new(&path, value, format!("env {name}"))),
            Err(message) => faults.push(bare_fault(&format!("env {name}"), &message)),
        }
    }
    for flag in flags {
        let origin = format!("flag --set {}", flag.split('=').next().unwrap_or_default());
        let placed = flag
            .split_once('=')
            .ok_or_else(|| format!("`{flag}` has no `=`; write `--set key=value`"))
            .and_then(|(key, value)| Ok((resolve(&steps_of(key), &base)?, value)));
        match placed {
            Ok((path, value)) => builder = builder.add_source(One::new(&path, value, origin)),
            Err(message) => faults.push(bare_fault(&origin, &message)),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let built = builder.build().map_err(|e| vec![bare_fault(file, &e.to_string())])?;
    let mut above = BTreeMap::new();
    origins(&built.cache, &Path::default(), &mut above);
    let table = built.try_deserialize().map_err(|e| vec![bare_fault(file, &e.to_string())])?;
    Ok(Layered { table, places, above })
}

fn bare_fault(file: &str, message: &str) -> Fault {
    Fault { file: file.to_owned(), line: 1, column: 1, message: message.to_owned(), help: String::new() }
}

/// `device[0].unit` in pieces: `device`, `0`, `unit`.
fn steps_of(key: &str) -> Vec<&str> {
    key.split(['.', '[']).map(|s| s.trim_end_matches(']')).collect()
}

/// Finds the keys that are meant: names of the environment come in capitals, and `-` cannot be written there.
fn resolve(names: &[&str], base: &toml::Table) -> Result<Path, String> {
    let mut path = Path::default();
    let mut table = Some(base);
    let mut array: Option<&Vec<toml::Value>> = None;
    for name in names {
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
            return Err(format!("`{}` does not name a key", names.join(".")));
        }
        let value = if let Some(rows) = array {
            let index = name.parse().map_err(|_| format!("`{path}` is a list: `{name}` must be a number"))?;
            let row = rows.get(index).ok_or_else(|| format!("`{path}` has {} entries, no {index}", rows.len()))?;
            path = path.step(Step::Index(index));
            Some(row)
        } else {
            let key = match table {
                Some(table) => meant(name, table, &path)?,
                None => name.to_ascii_lowercase(),
            };
            path = path.key(&key);
            table.and_then(|t| t.get(&key))
        };
        table = value.and_then(toml::Value::as_table);
        array = value.and_then(toml::Value::as_array);
    }
    Ok(path)
}

/// The key of a table that a name means: exactly, or but for case and `-`; a new key is in small letters.
fn meant(name: &str, table: &toml::Table, at: &Path) -> Result<String, String> {
    let plain = |s: &str| s.to_ascii_lowercase().replace('-', "_");
    if table.contains_key(name) {
        return Ok(name.to_owned());
    }
    let mut alike = table.keys().filter(|k| plain(k) == plain(name));
    match (alike.next(), alike.next()) {
        (Some(a), Some(b)) => Err(format!("`{name}` may mean `{}` or `{}`", at.key(a), at.key(b))),
        (Some(only), None) => Ok(only.clone()),
        (None, _) => Ok(name.to_ascii_lowercase()),
    }
}

/// One value from above the file.
#[derive(Clone, Debug)]
struct One {
    path: String,
    value: Value,
}

impl One {
    fn new(path: &Path, text: &str, origin: String) -> Self {
        Self { path: path.to_string(), value: into_config(parse_value(text), &origin) }
    }
}

impl Source for One {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, config::ConfigError> {
        Ok(Map::from_iter([(self.path.clone(), self.value.clone())]))
    }
}

/// A text as TOML would read it; what is no TOML value is a plain text, so that `1s` needs no quotes.
fn parse_value(text: &str) -> toml::Value {
    match text.trim().parse::<toml::Value>() {
        Ok(toml::Value::Datetime(_)) | Err(_) => toml::Value::String(text.to_owned()),
        Ok(value) => value,
    }
}

fn into_config(value: toml::Value, origin: &str) -> Value {
    let kind = match value {
        toml::Value::String(s) => ValueKind::String(s),
        toml::Value::Integer(n) => ValueKind::I64(n),
        toml::Value::Float(x) => ValueKind::Float(x),
        toml::Value::Boolean(b) => ValueKind::Boolean(b),
        toml::Value::Datetime(d) => ValueKind::String(d.to_string()),
        toml::Value::Array(rows) => ValueKind::Array(rows.into_iter().map(|r| into_config(r, origin)).collect()),
        toml::Value::Table(table) => {
            ValueKind::Table(table.into_iter().map(|(k, v)| (k, into_config(v, origin))).collect())
        }
    };
    Value::new(Some(&origin.to_owned()), kind)
}

/// Collects the origins of everything that the file did not give.
fn origins(value: &Value, at: &Path, out: &mut BTreeMap<Path, String>) {
    if let Some(origin) = value.origin() {
        out.insert(at.clone(), origin.to_owned());
    }
    if let ValueKind::Table(table) = &value.kind {
        for (key, inner) in table {
            origins(inner, &at.key(key), out);
        }
    } else if let ValueKind::Array(rows) = &value.kind {
        for (n, inner) in rows.iter().enumerate() {
            origins(inner, &at.step(Step::Index(n)), out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn later_layers_win_and_say_so() {
        let text = "period = \"1s\"\n[log]\nfilter = \"info\"\nformat = \"text\"\n";
        let vars = env(&[
            ("WATTLOOP_PERIOD", "2s"),
            ("WATTLOOP_LOG__FILTER", "debug"),
            ("OTHER_PERIOD", "9s"),
            ("WATTLOOP_BUDGET_SITE", "hall"),
        ]);
        let layered = merge("f", text, &vars, &["log.filter=trace".into()]).unwrap();
        assert_eq!(layered.table["period"].as_str(), Some("2s"));
        assert_eq!(layered.table["log"]["filter"].as_str(), Some("trace"));
        assert_eq!(layered.table["log"]["format"].as_str(), Some("text"));
        assert_eq!(layered.above[&Path::default().key("period")], "env WATTLOOP_PERIOD");
        assert_eq!(layered.above[&Path::default().key("log").key("filter")], "flag --set log.filter");
        assert_eq!(layered.above.get(&Path::default().key("log").key("format")), None);
    }

    #[test]
    fn names_with_capitals_and_dashes_are_found_and_make_no_twin() {
        let text = "[modbus.gateway.BMS-1]\nurl = \"tcp://a:502\"\n";
        let layered = merge("f", text, &env(&[("WATTLOOP_MODBUS__GATEWAY__BMS_1__URL", "tcp://b:502")]), &[]).unwrap();
        let gateways = layered.table["modbus"]["gateway"].as_table().unwrap();
        assert_eq!(gateways.len(), 1);
        assert_eq!(gateways["BMS-1"]["url"].as_str(), Some("tcp://b:502"));
        let twins = "[modbus.gateway.a-b]\nx = 1\n[modbus.gateway.a_B]\nx = 1\n";
        let faults = merge("f", twins, &env(&[("WATTLOOP_MODBUS__GATEWAY__A_B__X", "2")]), &[]).unwrap_err();
        assert!(faults[0].message.contains("may mean"), "{faults:?}");
    }

    #[test]
    fn entries_of_a_list_are_reached_by_number() {
        let text = "[[device]]\nunit = 1\n[[device]]\nunit = 2\n";
        let layered =
            merge("f", text, &env(&[("WATTLOOP_DEVICE__1__UNIT", "7")]), &["device[0].unit=5".into()]).unwrap();
        assert_eq!(layered.table["device"][0]["unit"].as_integer(), Some(5));
        assert_eq!(layered.table["device"][1]["unit"].as_integer(), Some(7));
        assert!(merge("f", text, &[], &["device[2].unit=5".into()]).is_err());
        assert!(merge("f", text, &[], &["device.x.unit=5".into()]).is_err());
        assert!(merge("f", text, &[], &["device".into()]).is_err());
    }

    #[test]
    fn values_keep_their_type() {
        for (text, want) in [
            ("7", toml::Value::Integer(7)),
            ("7.0", toml::Value::Float(7.0)),
            ("true", toml::Value::Boolean(true)),
            ("yes", toml::Value::String("yes".into())),
            ("007", toml::Value::String("007".into())),
            ("\"7\"", toml::Value::String("7".into())),
            ("250ms", toml::Value::String("250ms".into())),
            ("2026-01-01", toml::Value::String("2026-01-01".into())),
            ("", toml::Value::String(String::new())),
            ("1\nx = 2", toml::Value::String("1\nx = 2".into())),
        ] {
            assert_eq!(parse_value(text), want, "{text}");
        }
    }
}
