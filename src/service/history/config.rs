//! How the history is kept, as it stands in the configuration.

use std::path::PathBuf;

use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::Bounds;
use crate::service::config::span_text;

/// Where time series go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HistoryConfig {
    /// A value that changes is kept at most this often (time, 100ms to 1h).
    #[serde(with = "span_text")]
    pub every: Span,
    /// A value that does not change is kept this often (time, 1s to 24h).
    #[serde(with = "span_text")]
    pub heartbeat: Span,
    /// The embedded store's size; the oldest values go first (MB, 1 to 1000000).
    pub max_mb: u64,
    /// The embedded store's reach (time, 1h to 3650d).
    #[serde(with = "span_text")]
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
    #[serde(default = "ten_seconds", with = "span_text")]
    pub timeout: Span,
    /// The longest wait between two attempts while the database is away (time, 100ms to 30s).
    #[serde(default = "half_a_minute", with = "span_text")]
    pub longest_pause: Span,
    /// Lines on disk while the database is away; the oldest go first (MB, 1 to 100000).
    #[serde(default = "spool_mb")]
    pub spool_mb: u64,
    /// Lines older than this against the newest are dropped (time, 1h to 365d).
    #[serde(default = "spool_age", with = "span_text")]
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

/// A rule that a configuration breaks: the way to the key below `history`, and a sentence about its value.
pub type Broken = (Vec<&'static str>, String);

impl HistoryConfig {
    /// Every rule that is broken; none in a configuration that can be used.
    #[must_use]
    pub fn faults(&self) -> Vec<Broken> {
        let mut faults = Vec::new();
        let (hour, day) = (Span::from_secs(3600), 86_400);
        span(&mut faults, &["every"], self.every, (Span::from_millis(100), hour));
        span(&mut faults, &["heartbeat"], self.heartbeat, (Span::from_secs(1), Span::from_secs(day)));
        span(&mut faults, &["max_age"], self.max_age, (hour, Span::from_secs(3650 * day)));
        whole(&mut faults, &["max_mb"], self.max_mb, 1_000_000);
        if self.heartbeat < self.every {
            let say = format!("is {}, shorter than `history.every` with {}", self.heartbeat, self.every);
            faults.push((vec!["heartbeat"], say));
        }
        if let Some(influx) = &self.influx {
            influx.faults(&mut faults);
        }
        faults
    }
}

fn span(faults: &mut Vec<Broken>, at: &[&'static str], value: Span, (least, most): (Span, Span)) {
    if value < least || value > most {
        faults.push((at.to_vec(), format!("is {value}; it must lie between {least} and {most}")));
    }
}

fn whole(faults: &mut Vec<Broken>, at: &[&'static str], value: u64, most: u64) {
    if value < 1 || value > most {
        faults.push((at.to_vec(), format!("is {value}; it must lie between 1 and {most}")));
    }
}

impl InfluxConfig {
    fn faults(&self, faults: &mut Vec<Broken>) {
        let (tenth, day) = (Span::from_millis(100), 86_400);
        span(faults, &["influx", "timeout"], self.timeout, (tenth, Span::from_secs(60)));
        span(faults, &["influx", "longest_pause"], self.longest_pause, (tenth, Span::from_secs(30)));
        span(faults, &["influx", "spool_age"], self.spool_age, (Span::from_secs(3600), Span::from_secs(365 * day)));
        whole(faults, &["influx", "spool_mb"], self.spool_mb, 100_000);
        if !(self.url.starts_with("http://") || self.url.starts_with("https://")) {
            faults.push((
                vec!["influx", "url"],
                format!("is `{}`, which is no address like `http://host:8086`", self.url),
            ));
        }
        if self.bucket.is_empty() {
            faults.push((vec!["influx", "bucket"], "is empty; name the bucket that takes the values".to_owned()));
        }
    }

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
