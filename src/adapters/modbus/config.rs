//! Where the gateways are and how to treat them.

use std::collections::BTreeMap;

use plant::time::Span;
use serde::{Deserialize, Serialize};

/// Every Modbus gateway of a site, by the name that assignments use.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModbusConfig {
    /// The gateways (name, any)
    #[serde(default)]
    pub gateway: BTreeMap<String, Gateway>,
}

/// One gateway: a socket or a serial line, shared by every unit behind it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// `tcp://host:port`, `rtu+tcp://host:port` or `rtu:///dev/ttyS0?baud=19200&fmt=8E1` (URL, one of the three)
    pub url: Endpoint,
    /// How long a request may take (time, 1ms to 1min)
    #[serde(default = "defaults::timeout", with = "span_text")]
    pub timeout: Span,
    /// How long connecting may take (time, 1ms to 1min)
    #[serde(default = "defaults::connect_timeout", with = "span_text")]
    pub connect_timeout: Span,
    /// The worst time after which a unit on a serial line still answers; the quiet time after a lost reply on the
    /// two RTU kinds (time, `timeout` to 10min)
    #[serde(default = "defaults::worst_reply", with = "span_text")]
    pub worst_reply: Span,
    /// The most unused registers or bits read to join two values in one request (registers, 0 to 2000)
    #[serde(default = "defaults::max_gap")]
    pub max_gap: u16,
    /// The most registers in one request (registers, 4 to 125)
    #[serde(default = "defaults::max_words")]
    pub max_words: u16,
    /// The most bits in one request (bits, 1 to 2000)
    #[serde(default = "defaults::max_bits")]
    pub max_bits: u16,
    /// Silence after a connection is made (time, 0s to 1min)
    #[serde(default, with = "span_text")]
    pub pause_after_connect: Span,
    /// Silence between two requests; a serial line adds its own 3.5 characters (time, 0s to 10s)
    #[serde(default, with = "span_text")]
    pub pause_between_requests: Span,
    /// How often a request is repeated within a scan when the device was busy, the connection broke, or nobody else
    /// waits (count, 0 to 5)
    #[serde(default = "defaults::retries")]
    pub retries: u8,
    /// The first back-off of a unit that does not answer; the n-th is n times as long (time, 1ms to 1min)
    #[serde(default = "defaults::back_off", with = "span_text")]
    pub back_off: Span,
    /// The longest back-off (time, `back_off` to 1h)
    #[serde(default = "defaults::back_off_max", with = "span_text")]
    pub back_off_max: Span,
}

mod defaults {
    use plant::time::Span;

    pub const fn timeout() -> Span {
        Span::from_millis(250)
    }
    pub const fn connect_timeout() -> Span {
        Span::from_secs(1)
    }
    pub const fn worst_reply() -> Span {
        Span::from_secs(1)
    }
    pub const fn max_gap() -> u16 {
        16
    }
    pub const fn max_words() -> u16 {
        125
    }
    pub const fn max_bits() -> u16 {
        2000
    }
    pub const fn retries() -> u8 {
        1
    }
    pub const fn back_off() -> Span {
        Span::from_secs(2)
    }
    pub const fn back_off_max() -> Span {
        Span::from_secs(300)
    }
}

mod span_text {
    use plant::time::Span;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(span: &Span, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(span)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Span, D::Error> {
        let text = String::deserialize(d)?;
        Span::parse(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no time: write it like 250ms, 1.5s or 5min")))
    }
}

/// Where a gateway is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Endpoint {
    /// Modbus TCP: `host:port`.
    Tcp(String),
    /// RTU frames over a TCP connection: `host:port`.
    RtuOverTcp(String),
    /// RTU frames on a serial line.
    Serial(SerialLine),
}

/// A serial line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerialLine {
    /// The device file.
    pub path: String,
    /// Bits per second.
    pub baud: u32,
    /// Even, odd or no parity: `E`, `O`, `N`.
    pub parity: char,
    /// 7 or 8.
    pub data_bits: u8,
    /// 1 or 2.
    pub stop_bits: u8,
}

impl Endpoint {
    /// True where a reply carries no transaction id.
    #[must_use]
    pub const fn is_rtu(&self) -> bool {
        match self {
            Self::Tcp(_) => false,
            Self::RtuOverTcp(_) | Self::Serial(_) => true,
        }
    }
}

impl SerialLine {
    fn parse(rest: &str) -> Result<Self, String> {
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        if !path.starts_with('/') {
            return Err(format!("`{path}` is no device file: write rtu:///dev/ttyS0"));
        }
        // 19200 baud and even parity are what the serial specification asks every device to have.
        let mut line = Self { path: path.into(), baud: 19_200, parity: 'E', data_bits: 8, stop_bits: 1 };
        for pair in query.split('&').filter(|p| !p.is_empty()) {
            match pair.split_once('=') {
                Some(("baud", n)) => line.baud = n.parse().map_err(|_| format!("baud `{n}` is no number"))?,
                Some(("fmt", fmt)) => line.set_format(fmt)?,
                Some((key, _)) => return Err(format!("`{key}` is neither baud nor fmt")),
                None => return Err(format!("`{pair}` is not key=value")),
            }
        }
        if line.baud == 0 { Err("baud must be above 0".into()) } else { Ok(line) }
    }

    fn set_format(&mut self, fmt: &str) -> Result<(), String> {
        let mut chars = fmt.chars();
        match (chars.next(), chars.next(), chars.next(), chars.next()) {
            (Some(d @ ('7' | '8')), Some(p @ ('E' | 'O' | 'N')), Some(s @ ('1' | '2')), None) => {
                self.data_bits = if d == '7' { 7 } else { 8 };
                self.parity = p;
                self.stop_bits = if s == '1' { 1 } else { 2 };
                Ok(())
            }
            _ => Err(format!("fmt `{fmt}` is not like 8E1: data bits 7 or 8, parity E, O or N, stop bits 1 or 2")),
        }
    }

    /// The silence that separates frames: 3.5 characters, and never less than 1.75 ms.
    #[must_use]
    pub fn silence(&self) -> Span {
        let character = Span::from_seconds(11.0 / f64::from(self.baud));
        Span::from_nanos(character.nanos().saturating_mul(7) / 2).max(Span::from_nanos(1_750_000))
    }
}

impl TryFrom<String> for Endpoint {
    type Error = String;

    fn try_from(url: String) -> Result<Self, String> {
        if let Some(rest) = url.strip_prefix("tcp://") {
            Ok(Self::Tcp(host_port(rest, &url)?))
        } else if let Some(rest) = url.strip_prefix("rtu+tcp://") {
            Ok(Self::RtuOverTcp(host_port(rest, &url)?))
        } else if let Some(rest) = url.strip_prefix("rtu://") {
            SerialLine::parse(rest).map(Self::Serial).map_err(|why| format!("`{url}`: {why}"))
        } else {
            Err(format!("`{url}` starts with none of tcp://, rtu+tcp:// and rtu://"))
        }
    }
}

fn host_port(rest: &str, url: &str) -> Result<String, String> {
    let rest = rest.trim_end_matches('/');
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        Some(_) | None => (rest, "502"),
    };
    match port.parse::<u16>() {
        Ok(p) if p > 0 && !host.is_empty() => Ok(format!("{host}:{p}")),
        Ok(_) | Err(_) => Err(format!("`{url}` is not host:port with a port from 1 to 65535")),
    }
}

impl From<Endpoint> for String {
    fn from(e: Endpoint) -> Self {
        e.to_string()
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(at) => write!(f, "tcp://{at}"),
            Self::RtuOverTcp(at) => write!(f, "rtu+tcp://{at}"),
            Self::Serial(l) => {
                write!(f, "rtu://{}?baud={}&fmt={}{}{}", l.path, l.baud, l.data_bits, l.parity, l.stop_bits)
            }
        }
    }
}

impl Gateway {
    /// A gateway with everything at its default.
    #[must_use]
    pub const fn new(url: Endpoint) -> Self {
        Self {
            url,
            timeout: defaults::timeout(),
            connect_timeout: defaults::connect_timeout(),
            worst_reply: defaults::worst_reply(),
            max_gap: defaults::max_gap(),
            max_words: defaults::max_words(),
            max_bits: defaults::max_bits(),
            pause_after_connect: Span::ZERO,
            pause_between_requests: Span::ZERO,
            retries: defaults::retries(),
            back_off: defaults::back_off(),
            back_off_max: defaults::back_off_max(),
        }
    }

    /// The silence before a request.
    #[must_use]
    pub fn pause(&self) -> Span {
        match &self.url {
            Endpoint::Tcp(_) | Endpoint::RtuOverTcp(_) => self.pause_between_requests,
            Endpoint::Serial(line) => self.pause_between_requests.max(line.silence()),
        }
    }
}

impl ModbusConfig {
    /// Everything that is wrong with the numbers, each a sentence; empty when nothing is.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (name, g) in &self.gateway {
            let mut rule = |holds: bool, rule: &str| {
                if !holds {
                    faults.push(format!("gateway `{name}`: {rule}"));
                }
            };
            let (minute, ms) = (Span::from_secs(60), Span::from_millis(1));
            rule((ms..=minute).contains(&g.timeout), "timeout must be 1ms to 1min");
            rule((ms..=minute).contains(&g.connect_timeout), "connect_timeout must be 1ms to 1min");
            rule(g.worst_reply >= g.timeout || !g.url.is_rtu(), "worst_reply must not be shorter than timeout");
            rule(g.worst_reply <= Span::from_secs(600), "worst_reply must be 10min at most");
            rule(g.max_gap <= 2000, "max_gap must be 0 to 2000");
            rule((4..=125).contains(&g.max_words), "max_words must be 4 to 125");
            rule((1..=2000).contains(&g.max_bits), "max_bits must be 1 to 2000");
            rule(g.pause_after_connect <= minute, "pause_after_connect must be 1min at most");
            rule(g.pause_between_requests <= Span::from_secs(10), "pause_between_requests must be 10s at most");
            rule(g.retries <= 5, "retries must be 0 to 5");
            rule((ms..=minute).contains(&g.back_off), "back_off must be 1ms to 1min");
            rule((g.back_off..=Span::from_secs(3600)).contains(&g.back_off_max), "back_off_max must be back_off to 1h");
        }
        faults.extend(self.shared_endpoints());
        faults
    }

    /// Two gateways at one place would be two connections to a device that may have one socket, or two framings at once.
    fn shared_endpoints(&self) -> Vec<String> {
        let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
        let mut faults = Vec::new();
        for (name, g) in &self.gateway {
            let place = match &g.url {
                Endpoint::Tcp(at) | Endpoint::RtuOverTcp(at) => at.as_str(),
                Endpoint::Serial(line) => line.path.as_str(),
            };
            if let Some(other) = seen.insert(place, name) {
                faults
                    .push(format!("gateways `{other}` and `{name}` both are at {place}: use one for all their units"));
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ModbusConfig, String> {
        toml::from_str(text).map_err(|e| e.to_string())
    }

    #[test]
    fn urls_are_read_and_written_alike() {
        for url in ["tcp://10.0.0.5:502", "rtu+tcp://gw.hall:4001", "rtu:///dev/ttyS0?baud=9600&fmt=7O2"] {
            let endpoint = Endpoint::try_from(url.to_string()).expect("valid");
            assert_eq!(endpoint.to_string(), url);
        }
        assert_eq!(Endpoint::try_from("tcp://[::1]".to_string()), Ok(Endpoint::Tcp("[::1]:502".into())));
        for bad in [
            "http://a:1",
            "tcp://:502",
            "tcp://a:0",
            "tcp://a:99999",
            "rtu://ttyS0",
            "rtu:///d?fmt=9X3",
            "rtu:///d?x=1",
        ] {
            assert!(Endpoint::try_from(bad.to_string()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_gateway_needs_only_its_url() {
        let config = parse("[gateway.plc]\nurl = 'tcp://127.0.0.1:1502'").expect("valid");
        assert_eq!(config.gateway["plc"], Gateway::new(Endpoint::Tcp("127.0.0.1:1502".into())));
        assert_eq!(config.faults(), Vec::<String>::new());
        let text = toml::to_string(&config).expect("writes");
        assert_eq!(parse(&text), Ok(config));
    }

    #[test]
    fn unknown_keys_and_odd_times_are_told() {
        assert!(parse("[gateway.a]\nurl = 'tcp://a'\ntimeuot = '1s'").expect_err("typo").contains("timeuot"));
        assert!(parse("[gateway.a]\nurl = 'tcp://a'\ntimeout = '5'").expect_err("no unit").contains("no time"));
        assert!(parse("[gateway.a]\nurl = 'udp://a'").expect_err("scheme").contains("udp://a"));
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let text = "[gateway.a]\nurl='rtu+tcp://h:1'\nmax_words=126\nworst_reply='10ms'\n[gateway.b]\nurl='tcp://h:1'";
        let faults = parse(text).expect("parses").faults();
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(faults[2].contains("`a` and `b`"));
    }
}
