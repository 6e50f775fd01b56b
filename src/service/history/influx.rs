//! The InfluxDB sender: a thread of its own that empties the spool, in order, for as long as there is a database.

use std::future::Future;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use influxdb2::api::write::TimestampPrecision;
use influxdb2::{Client, ClientBuilder, RequestError};
use plant::convert;

use super::config::InfluxConfig;
use super::counters::{Bell, Counters};
use super::spool::{Batch, Spool};
use super::{Bounds, HistoryError};

const SHORTEST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How much of a server's complaint goes to the log (characters).
const MAX_COMPLAINT: usize = 300;

/// What became of a request.
enum Outcome {
    /// The database has it.
    Written,
    /// The lines are at fault: sending them again would be refused again.
    Refused(String),
    /// The way, the server or the credentials: later it may work.
    Later(String),
}

/// The connection, with guards around everything the client leaves open.
pub(super) struct Sender {
    client: Client,
    config: InfluxConfig,
    runtime: tokio::runtime::Runtime,
    spool: Spool,
}

impl Sender {
    /// Prepares the connection. Nothing is sent yet.
    ///
    /// # Errors
    /// When the URL or the token's file cannot be used, or the spool not be opened.
    pub fn new(config: &InfluxConfig, path: &Path, bounds: Bounds) -> Result<Self, HistoryError> {
        let client = client(config)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { client, config: config.clone(), runtime, spool: Spool::open(path, bounds)? })
    }

    /// Sends until the bell says that the service ends. What is not sent by then stays in the spool.
    pub fn run(self, bell: &Bell, counters: &Counters) {
        let mut pause = SHORTEST_PAUSE;
        let longest = LONGEST_PAUSE.min(self.config.longest_pause.duration());
        while !bell.closed() {
            match self.spool.oldest() {
                Ok(Some(batch)) if self.send(&batch, counters) => {
                    pause = SHORTEST_PAUSE;
                    continue;
                }
                Ok(None) => {
                    self.measure(counters);
                    bell.wait_rung(Duration::from_secs(1));
                    continue;
                }
                Ok(Some(_)) => {}
                Err(e) => counters.failed(&e.to_string()),
            }
            self.measure(counters);
            bell.wait_closed(pause.min(longest));
            pause = pause.saturating_mul(2).min(longest);
        }
        self.measure(counters);
    }

    /// Sends one batch. False when it must be tried again.
    fn send(&self, batch: &Batch, counters: &Counters) -> bool {
        let outcome = self.runtime.block_on(self.request(batch));
        let up = match outcome {
            Outcome::Written => {
                counters.sent.fetch_add(batch.lines, Ordering::AcqRel);
                true
            }
            Outcome::Refused(why) => {
                tracing::warn!(lines = batch.lines, why, "the database refuses lines; they are dropped");
                counters.refused.fetch_add(batch.lines, Ordering::AcqRel);
                counters.failed(&why);
                true
            }
            Outcome::Later(why) => {
                if counters.connected.swap(false, Ordering::AcqRel) {
                    tracing::warn!(why, "the database is away; history waits on disk");
                }
                counters.failed(&why);
                return false;
            }
        };
        if !counters.connected.swap(up, Ordering::AcqRel) {
            tracing::info!("the database takes history");
        }
        match self.spool.sent(batch) {
            Ok(()) => true,
            Err(e) => {
                counters.failed(&e.to_string());
                false
            }
        }
    }

    async fn request(&self, batch: &Batch) -> Outcome {
        let InfluxConfig { org, bucket, .. } = &self.config;
        let body = batch.body.clone();
        let write = self.client.write_line_protocol_with_precision(org, bucket, body, TimestampPrecision::Milliseconds);
        in_time(self.config.timeout.duration(), write).await
    }

    fn measure(&self, counters: &Counters) {
        if let Ok(depth) = self.spool.depth() {
            counters.spool_bytes.store(depth.bytes, Ordering::Release);
            let oldest = depth.oldest_ms.map_or(0, convert::bits_from_i64);
            counters.spool_oldest_ms.store(oldest, Ordering::Release);
        }
    }
}

/// The client has no deadline of its own: a server that accepts and never answers would hold it for ever.
async fn in_time(timeout: Duration, request: impl Future<Output = Result<(), RequestError>>) -> Outcome {
    match tokio::time::timeout(timeout, request).await {
        Ok(Ok(())) => Outcome::Written,
        Ok(Err(RequestError::Http { status, text })) => judge(status.as_u16(), &text),
        Ok(Err(RequestError::ReqwestProcessing { source })) => Outcome::Later(source.to_string()),
        Ok(Err(e @ (RequestError::Serializing { .. } | RequestError::Deserializing { .. }))) => {
            Outcome::Later(e.to_string())
        }
        Err(_) => Outcome::Later(format!("no answer within {} ms", timeout.as_millis())),
    }
}

/// Lines that can never be taken must not block those behind them; anything else is worth waiting for.
fn judge(status: u16, text: &str) -> Outcome {
    let complaint: String = text.chars().filter(|c| !c.is_control()).take(MAX_COMPLAINT).collect();
    let told = format!("HTTP {status}: {complaint}");
    match status {
        200..=299 => Outcome::Written,
        400 | 413 | 422 => Outcome::Refused(told),
        _ => Outcome::Later(told),
    }
}

/// The client panics on a URL it does not like, so it gets one it likes and is then pointed elsewhere.
fn client(config: &InfluxConfig) -> Result<Client, HistoryError> {
    let wrong = |why: &str| HistoryError::Config(format!("history.influx.url `{}`: {why}", config.url));
    let url: hyper::Uri = config.url.parse().map_err(|_| wrong("is no URL"))?;
    let (Some(scheme), Some(host)) = (url.scheme_str(), url.host()) else {
        return Err(wrong("must be like `http://host:8086`"));
    };
    if scheme == "https" && !cfg!(feature = "influx-tls") {
        return Err(wrong("https needs a build with the feature `influx-tls`"));
    }
    let port = url.port_u16();
    let told = port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let more = !url.path().trim_matches('/').is_empty() || url.query().is_some();
    if more || url.authority().is_none_or(|a| a.as_str() != told) {
        return Err(wrong("takes a host and a port only"));
    }
    let token = token(config)?;
    let mut builder = ClientBuilder::new("http://localhost", config.org.as_str(), token);
    let pointed = builder.base.set_scheme(scheme).is_ok()
        && builder.base.set_host(Some(host)).is_ok()
        && builder.base.set_port(port).is_ok();
    if !pointed || !matches!(scheme, "http" | "https") {
        return Err(wrong("must be like `http://host:8086`"));
    }
    builder.build().map_err(|_| wrong("no client could be made"))
}

/// The token's file without white space around it. Never part of an error or a log.
fn token(config: &InfluxConfig) -> Result<String, HistoryError> {
    let Some(path) = &config.token_file else { return Ok(String::new()) };
    let cannot = |why: &str| HistoryError::Config(format!("history.influx.token_file {}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|e| cannot(&e.to_string()))?;
    let token = text.trim();
    if token.is_empty() || !token.chars().all(|c| c.is_ascii_graphic()) {
        return Err(cannot("holds no token"));
    }
    Ok(token.to_owned())
}
