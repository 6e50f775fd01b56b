//! How the history is kept, as it stands in the configuration.

use std::path::PathBuf;

use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::Bounds;

/// Where time series go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HistoryConfig {
    /// A value that changes is kept at most this often (time, 100ms to 1h).
    #[serde(with = "text")]
    pub every: Span,
    /// A value that does not change is kept this often (time, 1s to 24h).
    #[serde(with = "text")]
    pub heartbeat: Span,
    /// The embedded store's size; the oldest values go first (MB, 1 to 1000000).
    pub max_mb: u64,
    /// The embedded store's reach (time, 1h to 3650d).
    #[serde(with = "text")]
    pub max_age: Span,
    /// A database to send to instead of the embedded store (table).
    pub influx: Option<InfluxConfig>,
}

/// An InfluxDB, version 2 API. The token comes from a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InfluxConfig {
    /// Where it listens (URL, `http://host:port`).
    pub url: String,
    /// The organisation (name).
    #[serde(default)]
    pub org: String,
    /// The bucket (name).
    pub bucket: String,
    /// The file that holds the token (path; none for a database without).
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// A request that takes longer has failed (time, 100ms to 60s).
    #[serde(default = "ten_seconds", with = "text")]
    pub timeout: Span,
    /// The longest wait between two attempts while the database is away (time, 100ms to 30s).
    #[serde(default = "half_a_minute", with = "text")]
    pub longest_pause: Span,
    /// Lines on disk while the database is away; the oldest go first (MB, 1 to 100000).
    #[serde(default = "spool_mb")]
    pub spool_mb: u64,
    /// Lines older than this against the newest are dropped (time, 1h to 365d).
    #[serde(default = "spool_age", with = "text")]
    pub spool_age: Span,
}

impl Default for HistoryConfig {
    fn default() -> Self {
        Self {
            every: Span::from_secs(1),
            heartbeat: Span::from_secs(60),
            max_mb: 1024,
            max_age: Span::from_secs(400 * 86_400),
            influx: None,
        }
    }
}

impl HistoryConfig {
    /// The embedded store's bounds.
    #[must_use]
    pub const fn bounds(&self) -> Bounds {
        Bounds { max_bytes: self.max_mb.saturating_mul(1 << 20), max_age: self.max_age }
    }
}

impl InfluxConfig {
    /// The spool's bounds.
    #[must_use]
    pub const fn bounds(&self) -> Bounds {
        Bounds { max_bytes: self.spool_mb.saturating_mul(1 << 20), max_age: self.spool_age }
    }
}

const fn ten_seconds() -> Span {
    Span::from_secs(10)
}

const fn half_a_minute() -> Span {
    Span::from_secs(30)
}

const fn spool_mb() -> u64 {
    256
}

const fn spool_age() -> Span {
    Span::from_secs(30 * 86_400)
}

/// Spans as people write them.
mod text {
    use plant::time::Span;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(span: &Span, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{}ms", span.millis()))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Span, D::Error> {
        let text = String::deserialize(from)?;
        Span::parse(&text).ok_or_else(|| de::Error::custom(format_args!("`{text}` is no length of time; write `10s`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_reads_and_refuses_what_it_does_not_know() {
        let text = "heartbeat = \"2min\"\n[influx]\nurl = \"http://127.0.0.1:8086\"\nbucket = \"hall\"\n";
        let config: HistoryConfig = toml::from_str(text).expect("reads");
        assert_eq!(config.heartbeat, Span::from_secs(120));
        assert_eq!(config.influx.as_ref().map(|i| i.timeout), Some(Span::from_secs(10)));
        let again: HistoryConfig = toml::from_str(&toml::to_string(&config).expect("writes")).expect("reads");
        assert_eq!(again, config);
        assert!(toml::from_str::<HistoryConfig>("token = \"x\"").is_err());
        assert!(toml::from_str::<HistoryConfig>("every = \"soon\"").is_err());
    }
}
