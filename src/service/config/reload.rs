//! What a changed configuration means for a service that runs.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use plant::fault::Faults;
use plant::hall::{Hall, Strategies};

use super::path::Path;
use super::{Config, Loaded, Sources, load};

/// What may take effect at the next scan, and what needs a restart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reload {
    /// New strategies, if they differ: applied at a scan's boundary.
    pub strategies: Option<Box<Strategies>>,
    /// Keys that changed and are read only at the start.
    pub needs_restart: Vec<String>,
}

impl Reload {
    /// True when nothing differs.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.strategies.is_none() && self.needs_restart.is_empty()
    }
}

/// Compares what runs with what has been loaded.
#[must_use]
pub fn diff(old: &Loaded, new: &Loaded) -> Reload {
    // Numbers for another set of machines than the one that control runs would be nobody's: they wait for the restart.
    let differs = old.hall.strategies != new.hall.strategies && runs_the_same(&old.hall, &new.hall);
    let strategies = differs.then(|| Box::new(new.hall.strategies));
    let mut needs_restart = changed_keys(&old.config, &new.config);
    if !same_but_for_strategies(&old.hall, &new.hall) {
        needs_restart.push("hall (equipment, points, limits or alarms)".to_owned());
    }
    if old.tariff != new.tariff && old.config.tariff == new.config.tariff {
        needs_restart.push("tariff (what its file says)".to_owned());
    }
    if old.maps != new.maps {
        needs_restart.push("maps (a device map's registers or topics)".to_owned());
    }
    Reload { strategies, needs_restart }
}

fn changed_keys(old: &Config, new: &Config) -> Vec<String> {
    let leaves = |config: &Config| {
        let whole = toml::Value::try_from(config).unwrap_or_else(|_| toml::Value::Table(toml::Table::new()));
        let mut out = Vec::new();
        Path::leaves(&whole, &Path::default(), &mut out);
        out.into_iter().map(|(p, v)| (p, v.to_string())).collect::<std::collections::BTreeMap<_, _>>()
    };
    let (old, new) = (leaves(old), leaves(new));
    let mut keys: Vec<String> = new.iter().filter(|(p, v)| old.get(p) != Some(v)).map(|(p, _)| p.to_string()).collect();
    keys.extend(old.keys().filter(|p| !new.contains_key(p)).map(ToString::to_string));
    keys
}

/// True when control runs the same machines in two halls.
fn runs_the_same(old: &Hall, new: &Hall) -> bool {
    let tanks = old.tanks == new.tanks && old.two_phase_tanks == new.two_phase_tanks;
    let liquid = old.cdus == new.cdus && old.dry == new.dry && old.doors == new.doors && old.heat == new.heat;
    old.plants == new.plants && old.dx_rows == new.dx_rows && liquid && tanks
}

/// True when two halls differ in nothing but how their loops are run.
#[must_use]
pub fn same_but_for_strategies(old: &Hall, new: &Hall) -> bool {
    let mut old = old.clone();
    old.strategies = new.strategies;
    old == *new
}

/// Keeps the configuration that runs, and loads the next one beside it.
#[derive(Debug)]
pub struct Keeper {
    sources: Sources,
    running: Mutex<Loaded>,
    refused: AtomicBool,
    applied: AtomicU64,
}

impl Keeper {
    /// Keeps what has been loaded from these sources.
    #[must_use]
    pub const fn new(sources: Sources, running: Loaded) -> Self {
        let (refused, applied) = (AtomicBool::new(false), AtomicU64::new(0));
        Self { sources, running: Mutex::new(running), refused, applied }
    }

    /// True when the last reload was refused.
    #[must_use]
    pub fn refused(&self) -> bool {
        self.refused.load(Ordering::Acquire)
    }

    /// How many reloads took effect.
    #[must_use]
    pub fn applied(&self) -> u64 {
        self.applied.load(Ordering::Acquire)
    }

    /// The hall that runs.
    #[must_use]
    pub fn hall(&self) -> Arc<Hall> {
        Arc::clone(&self.running.lock().unwrap_or_else(PoisonError::into_inner).hall)
    }

    /// Loads the sources again and says what has changed. Nothing takes effect.
    ///
    /// # Errors
    /// Every fault of the new configuration.
    pub fn prepare(&self) -> Result<(Reload, Loaded), Faults> {
        let new = load(&self.sources);
        self.refused.store(new.is_err(), Ordering::Release);
        let new = new?;
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        Ok((diff(&running, &new), new))
    }

    /// Remembers that the strategies of `loaded` are in force. What needs a restart stays a difference,
    /// so that the next reload tells it again.
    pub fn commit(&self, loaded: &Loaded) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let mut hall = Hall::clone(&running.hall);
        hall.strategies = loaded.hall.strategies;
        running.hall = Arc::new(hall);
        self.applied.fetch_add(1, Ordering::AcqRel);
    }
}
