//! Where things are and how to run: one file, then the environment, then flags; checked as a whole before it is used.
//!
//! ```text
//! wattloop.toml ─▶ WATTLOOP_A__B=… ─▶ --set a.b=… ─▶ one table ─▶ Config (typed, strict) ─▶ Loaded (hall, maps, bindings)
//!    spans              names             order         origins        every fault at once        nothing half applied
//! ```
//!
//! The `config` crate merges the layers; it would turn `1.7` into `2` for a whole number, so the types are read
//! by a second, strict pass over the merged table.

mod budgets;
mod check;
mod excess;
pub mod flex;
pub mod last_good;
mod layers;
mod load;
pub mod openadr;
mod path;
mod place;
mod prices;
mod reload;
pub mod secret;
mod show;
mod tariff;
mod typed;

use std::path::PathBuf;

use plant::fault::{Fault, Faults};
use plant::time::Span;
use serde::{Deserialize, Serialize};

use crate::adapters::modbus::ModbusConfig;
use crate::adapters::mqtt::MqttConfig;
use crate::service::history::HistoryConfig;

pub use budgets::BudgetsConfig;
pub use excess::ExcessConfig;
pub use flex::FlexConfig;
pub use layers::Layered;
pub use load::{Loaded, Sources, Texts, load, parse, rebuild};
pub use openadr::OpenAdrConfig;
pub use prices::PricesConfig;
pub use reload::{Keeper, Reload, diff, same_but_for_strategies};
pub use show::Shown;
pub use tariff::TariffConfig;

/// The whole configuration of a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Which hall (name of a shipped hall, or a path ending in `.toml` relative to this file)
    pub hall: String,
    /// Device maps beyond the shipped ones (paths relative to this file; any number)
    pub maps: Vec<PathBuf>,
    /// How often a scan runs (time, 10ms to 60s)
    #[serde(with = "span_text")]
    pub period: Span,
    /// How long a scan waits for the field's answers (share of the period, 0.05 to 0.8)
    pub deadline: f64,
    /// Decide everything and write nothing: no write can leave the process (true or false)
    pub shadow: bool,
    /// Where the journal and the history lie (directory, absolute)
    pub state_dir: PathBuf,
    /// Modbus gateways (table)
    pub modbus: ModbusConfig,
    /// The MQTT broker (table; none for a site without)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mqtt: Option<MqttConfig>,
    /// GPU nodes' agents on this machine (table)
    pub agents: Agents,
    /// Where time series go (table)
    pub history: HistoryConfig,
    /// Which equipment speaks which map, where (any number of entries)
    pub device: Vec<Device>,
    /// What energy and its peaks cost here (table; none for a site without)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tariff: Option<TariffConfig>,
    /// Where live prices come from (table; none for a site without)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prices: Option<PricesConfig>,
    /// Where agents of a grid are, who may set load targets (table; none for a site without)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flex: Option<FlexConfig>,
    /// Where a utility's programmes are, whose events limit feeds (table; none for a site without)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub openadr: Option<OpenAdrConfig>,
    /// Who may ask for leases of power (table; none for a site without)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budgets: Option<BudgetsConfig>,
    /// The socket for people and the command line (table)
    pub api: Api,
    /// Health and metrics over HTTP (table)
    pub health: Health,
    /// What is logged, and how (table)
    pub log: Log,
    /// The watchdog of the service manager (table)
    pub watchdog: Watchdog,
    /// The journal's bounds (table)
    pub journal: Journal,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            hall: String::new(),
            maps: Vec::new(),
            period: Span::from_secs(1),
            deadline: 0.4,
            shadow: false,
            state_dir: PathBuf::from("/var/lib/wattloop"),
            modbus: ModbusConfig::default(),
            mqtt: None,
            agents: Agents::default(),
            history: HistoryConfig::default(),
            device: Vec::new(),
            tariff: None,
            prices: None,
            flex: None,
            openadr: None,
            budgets: None,
            api: Api::default(),
            health: Health::default(),
            log: Log::default(),
            watchdog: Watchdog::default(),
            journal: Journal::default(),
        }
    }
}

/// A configuration that keeps every rule one file can be held to, with the origin of every value.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The typed configuration.
    pub config: Config,
    /// Where its values came from.
    pub layered: Layered,
}

impl Parsed {
    /// Reads a file's text under the variables of an environment and `--set key=value` flags.
    ///
    /// # Errors
    /// Every fault that can be found, each in the place where its value was given.
    pub fn read(file: &str, text: &str, env: &[(String, String)], flags: &[String]) -> Result<Self, Faults> {
        let layered = layers::merge(file, text, env, flags).map_err(sorted)?;
        let config = typed::read(&layered).map_err(sorted)?;
        let faults = check::rules(&config, &layered);
        if faults.is_empty() { Ok(Self { config, layered }) } else { Err(sorted(faults)) }
    }

    /// Every key in force with its value and origin.
    #[must_use]
    pub fn show(&self) -> Vec<Shown> {
        show::show(&self.config, &self.layered)
    }
}

fn sorted(mut faults: Vec<Fault>) -> Faults {
    faults.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    Faults(faults)
}

impl Config {
    /// The configuration as TOML. Free of secrets, because one that holds a secret is refused.
    #[must_use]
    pub fn text(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }
}

/// One assignment of equipment to a device map and a place on a bus.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Device {
    /// The equipment (name, or a pattern with one `*` such as `crah-*`)
    pub equip: String,
    /// The device map (id of a shipped map, or of one named in `maps`)
    pub map: String,
    /// The Modbus gateway behind which it is (name of a table under `modbus.gateway`)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// Its unit behind the gateway; a pattern counts up from here (number, 0 to 247)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<u8>,
    /// True for a device that talks by MQTT instead of Modbus (true or false)
    pub broker: bool,
}

/// GPU nodes' agents on this machine; those elsewhere are reached by the broker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Agents {
    /// Whether agents are reached by the broker of `[mqtt]` (true or false)
    pub broker: bool,
    /// Their sockets, for a service that runs on a GPU node itself and is in the agent's group (paths, absolute; any number)
    pub sockets: Vec<PathBuf>,
}

impl Default for Agents {
    fn default() -> Self {
        Self { broker: true, sockets: Vec::new() }
    }
}

/// The socket for people and the command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Api {
    /// Where the Unix socket is made; its group may talk to the service (path, absolute, at most 90 characters)
    pub socket: PathBuf,
}

impl Default for Api {
    fn default() -> Self {
        Self { socket: PathBuf::from(DEFAULT_SOCKET) }
    }
}

/// Where the socket is when nothing else is said.
pub const DEFAULT_SOCKET: &str = "/run/wattloop/wattloop.sock";

/// Health and metrics over HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Health {
    /// Where `/livez`, `/readyz` and `/metrics` are served (address and port, loopback only; port 0 picks a free one)
    pub listen: String,
}

impl Default for Health {
    fn default() -> Self {
        Self { listen: "127.0.0.1:9833".into() }
    }
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// How a line looks (`text` or `json`)
    pub format: LogFormat,
    /// What is logged (a filter such as `info` or `info,wattloop=debug`)
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".into() }
    }
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The watchdog of the service manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Watchdog {
    /// The service is restarted when no scan has completed for this long (time, 2 periods to 10min)
    #[serde(with = "span_text")]
    pub after: Span,
}

impl Default for Watchdog {
    fn default() -> Self {
        Self { after: Span::from_secs(10) }
    }
}

/// The journal's bounds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Journal {
    /// The oldest segments go beyond this size (MB, 16 to 1000000)
    pub max_mb: u64,
    /// Segments older than this go (time, 1h to 3650d)
    #[serde(with = "span_text")]
    pub max_age: Span,
    /// How often the whole state is written (time, 10s to 1h)
    #[serde(with = "span_text")]
    pub snapshot_every: Span,
}

impl Default for Journal {
    fn default() -> Self {
        Self { max_mb: 2048, max_age: Span::from_secs(30 * 86_400), snapshot_every: Span::from_secs(600) }
    }
}

/// Spans as people write them: `250ms`, `1s`, `2h`.
pub mod span_text {
    use plant::time::Span;
    use serde::{Deserialize, Deserializer, Serializer, de};

    /// Writes a span so that [`deserialize`] reads the same one.
    ///
    /// # Errors
    /// Those of the serialiser.
    pub fn serialize<S: Serializer>(span: &Span, to: S) -> Result<S::Ok, S::Error> {
        let nanos = span.nanos();
        let units: [(u64, &str); 6] = [
            (86_400_000_000_000, "d"),
            (3_600_000_000_000, "h"),
            (60_000_000_000, "min"),
            (1_000_000_000, "s"),
            (1_000_000, "ms"),
            (1_000, "us"),
        ];
        let (per, unit) =
            units.into_iter().find(|(per, _)| nanos != 0 && nanos.is_multiple_of(*per)).unwrap_or((1, "ns"));
        to.collect_str(&format_args!("{}{unit}", nanos.checked_div(per).unwrap_or(nanos)))
    }

    /// Reads a span.
    ///
    /// # Errors
    /// A sentence when the text is no span.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Span, D::Error> {
        let text = String::deserialize(from)?;
        Span::parse(&text).ok_or_else(|| {
            de::Error::custom(format_args!(
                "`{text}` is no length of time; write `250ms`, `1.5s`, `5min`, `2h` or `10d`"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_survive_a_trip_through_text() {
        let text = toml::to_string(&Config::default()).unwrap();
        assert_eq!(toml::from_str::<Config>(&text).unwrap(), Config::default());
    }

    #[test]
    fn spans_are_written_in_their_largest_whole_unit() {
        let journal = Journal { max_age: Span::from_millis(1500), snapshot_every: Span::ZERO, ..Journal::default() };
        let text = toml::to_string(&journal).unwrap();
        assert!(text.contains("max_age = \"1500ms\""), "{text}");
        assert!(text.contains("snapshot_every = \"0ns\""), "{text}");
    }
}
