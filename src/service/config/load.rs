//! A configuration with everything it names: the hall, the device maps, and which equipment speaks which.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plant::bind::{Assignment, Bindings, Link};
use plant::device::DeviceMap;
use plant::fault::{Fault, Faults};
use plant::hall::Hall;
use plant::read::did_you_mean;
use plant::shipped::{DEVICES, HALLS};
use serde::{Deserialize, Serialize};

use super::path::{Path as KeyPath, Step};
use super::{Config, Parsed, PricesConfig, budgets, check, flex, openadr};
use crate::control::Site;
use crate::control::tariff::Tariff;
use crate::service::journal::Header;

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
    /// What energy and its peaks cost; nothing where the configuration names no tariff.
    pub tariff: Option<Arc<Tariff>>,
    /// Where live prices are, where they come by a file.
    pub prices_file: Option<PathBuf>,
    /// What the journal's header embeds.
    pub texts: Texts,
}

impl Loaded {
    /// What a controller is made for.
    #[must_use]
    pub fn site(&self) -> Site {
        Site {
            hall: Arc::clone(&self.hall),
            tariff: self.tariff.clone(),
            prices: self.config.prices.as_ref().map(PricesConfig::rules),
            leases: self.config.budgets.as_ref().map(|budgets| budgets.rules(&self.hall)),
        }
    }
}

/// The texts of a hall, its device maps, its tariff and the configuration in force: enough to build the site again, anywhere.
/// Free of secrets, because a configuration that holds one is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    /// The hall's name and text.
    pub hall: (String, String),
    /// Name and text of every device map in use.
    pub maps: Vec<(String, String)>,
    /// The configuration in force, as TOML, with the environment and the flags in it.
    pub config: String,
    /// Name and text of the tariff, where there is one.
    #[serde(default)]
    pub tariff: Option<(String, String)>,
}

impl Texts {
    /// What a recorded run ran with.
    #[must_use]
    pub fn recorded(header: &Header) -> Self {
        let (hall, maps) = (header.hall.clone(), header.maps.clone());
        Self { hall, maps, config: header.config.clone(), tariff: header.tariff.clone() }
    }

    /// A name for this configuration: sixteen hexadecimal digits of its hash.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let maps = self.maps.iter().chain(&self.tariff).flat_map(|(name, text)| [name, text]);
        for text in [&self.hall.0, &self.hall.1, &self.config].into_iter().chain(maps) {
            hasher.update(&plant::convert::u64_from_usize(text.len()).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        hasher.finalize().to_hex().chars().take(16).collect()
    }
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

/// Loads everything that a configuration names, and checks it together. Nothing is contacted.
///
/// # Errors
/// Every fault of the configuration; then every fault of the hall and the device maps; then every fault between them.
pub fn load(sources: &Sources) -> Result<Loaded, Faults> {
    let parsed = parse(sources)?;
    let near = sources.file.parent().unwrap_or_else(|| Path::new("."));
    let texts = read_texts(&parsed, near)?;
    let mut loaded = together(parsed, texts, &sources.file.display().to_string())?;
    loaded.prices_file = loaded.prices_file.map(|file| near.join(file));
    Ok(loaded)
}

/// Loads again what once was loaded, from its texts alone.
///
/// # Errors
/// Every fault of the texts, as in [`load`].
pub(super) fn of_texts(texts: Texts) -> Result<Loaded, Faults> {
    let name = "the configuration that ran last";
    let parsed = Parsed::read(name, &texts.config, &[], &[])?;
    together(parsed, texts, name)
}

/// Builds a site again from the texts of a recorded run, points of the device maps included.
///
/// # Errors
/// Every fault of the texts, as in [`load`].
pub fn rebuild(texts: &Texts) -> Result<Site, Faults> {
    let parsed = Parsed::read("recorded configuration", &texts.config, &[], &[])?;
    together(parsed, texts.clone(), "recorded configuration").map(|loaded| loaded.site())
}

/// The texts that a configuration names: the shipped ones by name, others by path.
fn read_texts(parsed: &Parsed, near: &Path) -> Result<Texts, Faults> {
    let config = &parsed.config;
    let mut faults = Vec::new();
    let help = "name a file that is there: a path begins at the folder of this file";
    let mut file = |key: KeyPath, name: &str| match fs::read_to_string(near.join(name)) {
        Ok(text) => Some((name.to_owned(), text)),
        Err(e) => {
            faults.push(parsed.layered.fault(&key, format!("`{name}` cannot be read: {e}"), help.to_owned()));
            None
        }
    };
    let is_file = |name: &str| Path::new(name).extension().is_some_and(|e| e == "toml");
    let shipped = HALLS.iter().find(|(name, _)| *name == config.hall);
    let hall = match shipped {
        Some((name, text)) => Some(((*name).to_owned(), (*text).to_owned())),
        None if is_file(&config.hall) => file(KeyPath::default().key("hall"), &config.hall),
        None => {
            let key = KeyPath::default().key("hall");
            let help = did_you_mean(&config.hall, HALLS.iter().map(|(name, _)| *name));
            faults.push(parsed.layered.fault(&key, format!("no hall `{}` is shipped", config.hall), help));
            return Err(Faults(faults));
        }
    };
    let used = |id: &str| config.device.iter().any(|d| d.map == id);
    let mut maps: Vec<(String, String)> =
        DEVICES.iter().filter(|(id, _)| used(id)).map(|(id, text)| ((*id).to_owned(), (*text).to_owned())).collect();
    for (n, path) in config.maps.iter().enumerate() {
        maps.extend(file(KeyPath::default().key("maps").step(Step::Index(n)), &path.to_string_lossy()));
    }
    let at = KeyPath::default().key("tariff").key("file");
    let tariff = config.tariff.as_ref().and_then(|tariff| file(at, &tariff.file.to_string_lossy()));
    match hall {
        Some(hall) if faults.is_empty() => Ok(Texts { hall, maps, config: config.text(), tariff }),
        Some(_) | None => Err(Faults(faults)),
    }
}

/// Loads the texts and binds them.
fn together(parsed: Parsed, texts: Texts, file: &str) -> Result<Loaded, Faults> {
    let mut faults = Vec::new();
    let mut keep = |told: Faults| faults.extend(told.0);
    let hall = Hall::load(&texts.hall.0, &texts.hall.1).map_err(&mut keep).ok();
    let maps: Vec<_> = texts
        .maps
        .iter()
        .filter_map(|(name, text)| DeviceMap::load(name, text).map_err(&mut keep).ok().map(Arc::new))
        .collect();
    let tariff = texts.tariff.as_ref().and_then(|(name, text)| Tariff::load(name, text).map_err(&mut keep).ok());
    let Some(mut hall) = hall.filter(|_| faults.is_empty()) else { return Err(Faults(faults)) };
    let faults = check::maps(&parsed, &maps);
    if !faults.is_empty() {
        return Err(Faults(faults));
    }
    let bindings = Bindings::resolve(&mut hall, &maps, &assignments(&parsed), file)?;
    let mut faults = check::timeouts(&parsed, &bindings);
    faults.extend(check::capping(&parsed, &hall));
    faults.extend(check::peaks(&parsed, &hall, tariff.as_ref()));
    faults.extend(check::prices(&parsed, &bindings));
    faults.extend(flex::feeds(&parsed, &hall));
    faults.extend(openadr::feeds(&parsed, &hall));
    faults.extend(budgets::feeds(&parsed, &hall));
    if !faults.is_empty() {
        return Err(Faults(faults));
    }
    let prices_file = parsed.config.prices.as_ref().and_then(|prices| prices.file.clone());
    let (config, hall, tariff) = (parsed.config.clone(), Arc::new(hall), tariff.map(Arc::new));
    Ok(Loaded { config, parsed, hall, maps, bindings, tariff, prices_file, texts })
}

fn assignments(parsed: &Parsed) -> Vec<Assignment> {
    let at = KeyPath::default().key("device");
    let rows = parsed.config.device.iter().enumerate().map(|(n, device)| {
        let link = match (&device.gateway, device.unit) {
            (Some(gateway), Some(unit)) => Link::Modbus { gateway: gateway.clone(), unit },
            (Some(_), None) | (None, Some(_) | None) => Link::Mqtt,
        };
        let place = parsed.layered.places.nearest(&at.step(Step::Index(n)));
        Assignment { equip: device.equip.clone(), map: device.map.clone(), link, place }
    });
    rows.collect()
}
