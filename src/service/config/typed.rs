//! From the merged table to the typed configuration: strictly, and with every fault.

use plant::fault::Fault;
use plant::read::did_you_mean;
use serde_path_to_error::Segment;

use super::Config;
use super::layers::Layered;
use super::path::{Path, Step};
use super::secret;

/// More faults than this in one file are not worth a person's time.
const MOST: usize = 100;

/// Reads the types. Each fault takes its key out and reading goes on, so that all are found.
///
/// # Errors
/// Every unknown key, wrong type, missing key and secret.
pub fn read(layered: &Layered) -> Result<Config, Vec<Fault>> {
    let mut table = layered.table.clone();
    let mut faults = take_secrets(layered, &mut table);
    for _ in 0..MOST {
        match serde_path_to_error::deserialize(toml::Value::Table(table.clone())) {
            Ok(config) if faults.is_empty() => return Ok(config),
            Ok(_) => break,
            Err(error) => {
                let (path, fault) = describe(layered, &error);
                faults.push(fault);
                if !path.remove_from(&mut table) {
                    break;
                }
            }
        }
    }
    Err(faults)
}

/// Secrets are refused by name before anything could print their value.
fn take_secrets(layered: &Layered, table: &mut toml::Table) -> Vec<Fault> {
    let mut leaves = Vec::new();
    let whole = toml::Value::Table(layered.table.clone());
    Path::leaves(&whole, &Path::default(), &mut leaves);
    let mut faults = Vec::new();
    for (path, value) in leaves {
        let by_name = path.0.iter().any(|s| matches!(s, Step::Key(key) if secret::is_secret_key(key)));
        let (message, help) = if by_name {
            (
                format!("`{path}` would be a secret in the configuration; secrets come from files only"),
                format!("put it into a file that only the service may read and say `{path}_file = \"…\"`"),
            )
        } else if value.as_str().is_some_and(secret::holds_credentials) {
            (
                format!("`{path}` holds a user and a password inside an address; secrets come from files only"),
                "write the address without them, with `username` and `password_file` beside it".to_owned(),
            )
        } else {
            continue;
        };
        faults.push(layered.fault(&path, message, help));
        path.remove_from(table);
    }
    faults
}

fn describe(layered: &Layered, error: &serde_path_to_error::Error<toml::de::Error>) -> (Path, Fault) {
    let mut path = path_of(error.path());
    let text = error.inner().message().trim().to_owned();
    let ticked: Vec<&str> = text.split('`').skip(1).step_by(2).collect();
    let (word, others) = ticked.split_first().map_or(("", &[][..]), |(w, o)| (*w, o));
    let (message, help) = if text.starts_with("unknown field") {
        if path.last_key() != Some(word) {
            path = path.key(word);
        }
        let table = path.parent().filter(|p| !p.0.is_empty());
        let whose = table.map_or_else(|| "this file".to_owned(), |t| format!("`{t}`"));
        (format!("`{word}` is no key of {whose}"), did_you_mean(word, others.iter().copied()))
    } else if text.starts_with("unknown variant") {
        (format!("`{path}` cannot be `{word}`"), did_you_mean(word, others.iter().copied()))
    } else if text.starts_with("missing field") {
        (format!("`{path}` needs `{word}`"), format!("add `{word} = …`"))
    } else {
        (format!("`{path}`: {}", in_words(&text)), String::new())
    };
    let fault = layered.fault(&path, message, help);
    (path, fault)
}

fn path_of(path: &serde_path_to_error::Path) -> Path {
    let steps = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(Step::Index(*index)),
        Segment::Map { key } => Some(Step::Key(key.clone())),
        Segment::Enum { variant } => Some(Step::Key(variant.clone())),
        Segment::Unknown => None,
    });
    Path(steps.collect())
}

/// Serde's names of types in words that a configuration's author uses.
fn in_words(text: &str) -> String {
    let words = [
        ("expected u8", "expected a whole number from 0 to 255"),
        ("expected u16", "expected a whole number from 0 to 65535"),
        ("expected u32", "expected a whole number, not negative"),
        ("expected u64", "expected a whole number, not negative"),
        ("expected usize", "expected a whole number, not negative"),
        ("expected i64", "expected a whole number"),
        ("expected f64", "expected a number"),
        ("expected path string", "expected a text in quotes"),
        ("expected a string", "expected a text in quotes"),
        ("expected a boolean", "expected true or false"),
        ("expected a sequence", "expected a list"),
        ("expected a map", "expected a table"),
    ];
    words
        .iter()
        .find(|(from, _)| text.ends_with(from))
        .map_or_else(|| text.to_owned(), |(from, to)| format!("{}{to}", text.strip_suffix(from).unwrap_or(text)))
}
