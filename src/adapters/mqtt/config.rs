//! Where the broker is and how we prove who we are.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plant::time::Span;
use rumqttc::{MqttOptions, TlsConfiguration, Transport};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The largest packet we let in (bytes). More ends the connection: 3.1.1 knows no other way to refuse it.
pub const MAX_PACKET: usize = 8 * 1024 * 1024;
/// Acknowledgements a connection may wait for, as packet ids; well above the outbox's window.
const PACKET_IDS: u16 = 200;
const KEEP_ALIVE: (Span, Span) = (Span::from_secs(5), Span::from_secs(600));

/// The MQTT connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MqttConfig {
    /// The broker: `mqtt://host:port`, or `mqtts://host:port` for TLS (URL, port 1883 or 8883 unless given)
    pub url: String,
    /// The name the broker knows us by; two clients of one name throw each other out (text, 1 to 64 of `A-Za-z0-9._-`)
    #[serde(default = "default_client_id")]
    pub client_id: String,
    /// The user at the broker (text, together with `password_file`)
    #[serde(default)]
    pub user: Option<String>,
    /// The file that holds the password and nothing else (path, not readable by everybody)
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// The certificate authority that signed the broker's certificate (path of a PEM file, with `mqtts://` only)
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// How long the line may be silent before we ask whether the broker lives (whole seconds, 5s to 600s)
    #[serde(default = "default_keep_alive", deserialize_with = "read_span", serialize_with = "write_span")]
    pub keep_alive: Span,
    /// Take operators' overrides from `…/set` topics (flag, true needs user, password and `broker_acl`)
    #[serde(default)]
    pub overrides: bool,
    /// Take schedulers' announcements of loads to come (flag, true needs user, password and `broker_acl`)
    #[serde(default)]
    pub announcements: bool,
    /// Hear what schedulers ask of leases of power: set by the service to those who may by `[budgets]` (names, not written in files)
    #[serde(skip)]
    pub budgets: Vec<String>,
    /// Read once what the broker keeps of leases: set by the service where it knows of none (flag, not written in files)
    #[serde(skip)]
    pub leases: bool,
    /// You declare that the broker enforces an access list like the shipped `config/mosquitto.acl` (flag, false unless said)
    #[serde(default)]
    pub broker_acl: bool,
}

/// Why the adapter does not start: every fault at once, one sentence each. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MqttFault(pub Vec<String>);

impl fmt::Display for MqttFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for MqttFault {}

/// The broker's address out of the URL.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Endpoint {
    host: String,
    port: u16,
    tls: bool,
}

impl MqttConfig {
    /// A connection without credentials to a broker.
    #[must_use]
    pub fn to(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            client_id: default_client_id(),
            user: None,
            password_file: None,
            ca_file: None,
            keep_alive: default_keep_alive(),
            overrides: false,
            announcements: false,
            budgets: Vec::new(),
            leases: false,
            broker_acl: false,
        }
    }

    /// Checks the rules between the fields; reads no file.
    ///
    /// # Errors
    /// Every rule that is broken.
    pub fn check(&self) -> Result<(), MqttFault> {
        let mut faults = Vec::new();
        let mut rule = |holds: bool, sentence: &str| {
            if !holds {
                faults.push(format!("mqtt: {sentence}"));
            }
        };
        let endpoint = Endpoint::parse(&self.url);
        if let Err(sentence) = &endpoint {
            rule(false, sentence);
        }
        let id_fits = (1..=64).contains(&self.client_id.len())
            && self.client_id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        rule(id_fits, "client_id must be 1 to 64 characters of A-Za-z0-9._-");
        rule(
            self.user.is_some() == self.password_file.is_some(),
            "user and password_file belong together; give both or neither",
        );
        rule(self.user.as_deref() != Some(""), "user must not be empty");
        let whole = self.keep_alive.nanos().is_multiple_of(1_000_000_000);
        rule(
            whole && (KEEP_ALIVE.0..=KEEP_ALIVE.1).contains(&self.keep_alive),
            "keep_alive must be whole seconds, 5s to 600s",
        );
        let asked = [("overrides", self.overrides), ("announcements", self.announcements)];
        for key in asked.into_iter().filter_map(|(key, on)| on.then_some(key)) {
            self.wanting().for_each(|what| rule(false, &format!("{key} = true needs {what}")));
        }
        if let Ok(endpoint) = endpoint {
            rule(endpoint.tls == self.ca_file.is_some(), "mqtts:// needs ca_file, and ca_file needs mqtts://");
        }
        if faults.is_empty() { Ok(()) } else { Err(MqttFault(faults)) }
    }

    /// What is missing before anything may be moved by what comes over this broker.
    pub fn wanting(&self) -> impl Iterator<Item = &'static str> {
        let known = self.user.is_some() && self.password_file.is_some();
        let safe = Endpoint::parse(&self.url).map_or(true, |endpoint| endpoint.tls || endpoint.is_loopback());
        let needs = [
            (known, "user and password_file: nobody unknown may move anything"),
            (
                self.broker_acl,
                "broker_acl = true: install an access list like config/mosquitto.acl in the broker first",
            ),
            (safe, "mqtts:// unless the broker is on this machine"),
        ];
        needs.into_iter().filter_map(|(met, what)| (!met).then_some(what))
    }

    /// True where nobody on the way can read or change what is said: TLS, or a broker on this machine.
    #[must_use]
    pub fn is_private(&self) -> bool {
        Endpoint::parse(&self.url).is_ok_and(|endpoint| endpoint.tls || endpoint.is_loopback())
    }

    /// Reads the files and prepares the client's options.
    ///
    /// # Errors
    /// A rule is broken, or a file cannot be read or is readable by everybody.
    pub fn options(&self) -> Result<MqttOptions, MqttFault> {
        self.check()?;
        let one = |sentence: String| MqttFault(vec![format!("mqtt: {sentence}")]);
        let endpoint = Endpoint::parse(&self.url).map_err(one)?;
        let mut options = MqttOptions::new(&self.client_id, endpoint.host, endpoint.port);
        options
            .set_keep_alive(Duration::from_secs(self.keep_alive.millis() / 1000))
            .set_clean_session(true)
            .set_max_packet_size(MAX_PACKET, MAX_PACKET)
            .set_inflight(PACKET_IDS);
        if let (Some(user), Some(file)) = (&self.user, &self.password_file) {
            options.set_credentials(user, read_password(file).map_err(one)?);
        }
        if let Some(file) = &self.ca_file {
            options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(trust(file).map_err(one)?)));
        }
        Ok(options)
    }
}

impl Endpoint {
    fn parse(url: &str) -> Result<Self, String> {
        let (tls, rest) = match (url.strip_prefix("mqtt://"), url.strip_prefix("mqtts://")) {
            (Some(rest), _) => (false, rest),
            (None, Some(rest)) => (true, rest),
            (None, None) => return Err("url must begin with mqtt:// or mqtts://".to_owned()),
        };
        if rest.contains('@') {
            return Err("url must hold no credentials; use user and password_file".to_owned());
        }
        let default = if tls { 8883 } else { 1883 };
        let after_host = rest.rfind(']').map_or(0, |bracket| bracket.saturating_add(1));
        let (host, port) = match rest.rfind(':').filter(|colon| *colon >= after_host) {
            Some(colon) => rest.split_at(colon),
            None => (rest, ""),
        };
        let port = match port.strip_prefix(':') {
            Some(digits) => digits.parse::<u16>().ok().filter(|p| *p > 0),
            None => Some(default),
        };
        match (bare_host(host), port) {
            (Some(host), Some(port)) => Ok(Self { host: host.to_owned(), port, tls }),
            (Some(_) | None, _) => {
                Err("url must be mqtt://host:port with a port of 1 to 65535 and nothing after it".to_owned())
            }
        }
    }

    fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

/// A name or an address as the client wants it: an IPv6 address without the brackets that a URL needs.
fn bare_host(host: &str) -> Option<&str> {
    match host.strip_prefix('[').map(|h| h.strip_suffix(']').unwrap_or(h)) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok().then_some(address),
        None => (!host.is_empty() && !host.contains(['/', '?', '#', ' ', ':', '[', ']'])).then_some(host),
    }
}

fn read_password(file: &Path) -> Result<String, String> {
    use std::os::unix::fs::PermissionsExt;
    let name = file.display();
    let meta = std::fs::metadata(file).map_err(|e| format!("password_file {name}: {e}"))?;
    if meta.permissions().mode() & 0o007 != 0 {
        return Err(format!("password_file {name} is open to everybody; chmod it to 0600"));
    }
    let text = std::fs::read_to_string(file).map_err(|e| format!("password_file {name}: {e}"))?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(format!("password_file {name} is empty"));
    }
    Ok(password.to_owned())
}

/// Trusts one authority and nobody else, with ring and without a provider for the whole process.
pub(in crate::adapters) fn trust(file: &Path) -> Result<Arc<ClientConfig>, String> {
    let name = file.display();
    let pem = std::fs::read(file).map_err(|e| format!("ca_file {name}: {e}"))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|e| format!("ca_file {name} is no PEM file: {e}"))?;
        roots.add(certificate).map_err(|e| format!("ca_file {name}: {e}"))?;
    }
    if roots.is_empty() {
        return Err(format!("ca_file {name} holds no certificate"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| format!("TLS: {e}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn default_client_id() -> String {
    "wattloop".to_owned()
}

const fn default_keep_alive() -> Span {
    Span::from_secs(15)
}

fn read_span<'de, D: Deserializer<'de>>(from: D) -> Result<Span, D::Error> {
    let text = String::deserialize(from)?;
    Span::parse(&text).ok_or_else(|| serde::de::Error::custom("a time such as \"15s\" is needed"))
}

fn write_span<S: Serializer>(span: &Span, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("{}s", span.seconds()))
}

#[cfg(test)]
mod tests;
