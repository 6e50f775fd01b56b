//! A configuration with everything it names: the hall, the device maps, and which equipment speaks which.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use plant::bind::Bindings;
use plant::device::DeviceMap;
use plant::fault::{Fault, Faults};
use plant::hall::Hall;

use super::{Config, Parsed};

/// Where a configuration comes from: what `run` and `check` were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// The file.
    pub file: PathBuf,
    /// The variables of the environment.
    pub env: Vec<(String, String)>,
    /// `key=value` flags, in order.
    pub flags: Vec<String>,
}

/// A checked configuration and all it names.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Where its values came from.
    pub parsed: Parsed,
    /// The hall, with the points that device maps add to it.
    pub hall: Arc<Hall>,
    /// Every device map in use.
    pub maps: Vec<Arc<DeviceMap>>,
    /// Which equipment speaks which map.
    pub bindings: Bindings,
    /// Name and text of the hall, the maps and the configuration in force: what the journal's header embeds.
    /// Free of secrets, because a configuration that holds one is refused.
    pub texts: Vec<(String, String)>,
}

/// Reads the file, refuses one that everybody may write, and parses it.
///
/// # Errors
/// Every fault that one file can have.
pub fn parse(sources: &Sources) -> Result<Parsed, Faults> {
    let shown = sources.file.display().to_string();
    let fault = |message: String, help: &str| {
        Faults(vec![Fault { file: shown.clone(), line: 1, column: 1, message, help: help.to_owned() }])
    };
    let metadata = fs::metadata(&sources.file).map_err(|e| fault(format!("cannot be read: {e}"), ""))?;
    if metadata.permissions().mode() & 0o002 != 0 {
        let help = format!("run `chmod o-w {shown}`");
        return Err(fault("every user may write this file, so nothing in it can be believed".to_owned(), &help));
    }
    let text = fs::read_to_string(&sources.file).map_err(|e| fault(format!("cannot be read: {e}"), ""))?;
    Parsed::read(&shown, &text, &sources.env, &sources.flags)
}

/// TEMPORARY until the halls land.
pub fn load(sources: &Sources) -> Result<Loaded, Faults> {
    let _ = parse(sources)?;
    Err(Faults(Vec::new()))
}
