//! Questions to a server on a network: HTTP, with TLS where its address says so, one connection for each.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, Uri};
use rumqttc::tokio_rustls::TlsConnector;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;

use super::mqtt::trust;
use super::unix::{Caller, Fault};

/// How long a question may take, from the connection to the end of its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server.
#[derive(Clone, Debug)]
pub struct Web {
    address: Address,
    tls: Option<Arc<ClientConfig>>,
}

/// A question.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Below the server's base: `/events?limit=50`.
    pub path: &'a str,
    /// Who asks.
    pub bearer: Option<&'a str>,
    /// A form to be posted; a plain question where there is none.
    pub form: Option<&'a str>,
}

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
    tls: bool,
    /// What stands before every path: `/openadr3/3.0.1`, or nothing.
    base: String,
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// No address of a server; HTTP without TLS to another machine.
    pub fn read(url: &str) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|e| format!("`{url}` is no address: {e}"))?;
        let host = uri.host().ok_or_else(|| format!("`{url}` names no host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let (usual, tls) = match uri.scheme_str() {
            Some("https") => (443, true),
            Some("http") if is_here(&host) => (80, false),
            Some("http") => return Err(format!("`{url}` would say secrets in the clear: write https://")),
            Some(_) | None => return Err(format!("`{url}` must begin with https://, or http:// on this machine")),
        };
        let base = uri.path().trim_end_matches('/').to_owned();
        Ok(Self { host, port: uri.port_u16().unwrap_or(usual), tls, base })
    }

    /// True where it is spoken to with TLS, and needs an authority to trust.
    #[must_use]
    pub const fn wants_tls(&self) -> bool {
        self.tls
    }
}

impl Web {
    /// At an address; `ca` is the authority that is trusted, a file of PEM.
    ///
    /// # Errors
    /// An authority that cannot be read, or is missing.
    pub fn new(address: Address, ca: Option<&Path>) -> Result<Self, String> {
        let tls = match (address.tls, ca) {
            (true, Some(file)) => Some(trust(file)?),
            (true, None) => return Err("https:// needs a `ca_file`".to_owned()),
            (false, _) => None,
        };
        Ok(Self { address, tls })
    }

    /// Asks, and reads the answer up to `most` bytes: its status and its body.
    ///
    /// # Errors
    /// Nobody answers in time, or the answer breaks off.
    pub async fn ask(&self, ask: Question<'_>, most: usize) -> Result<(u16, Bytes), Fault> {
        let late = |_| Fault::Broken(format!("no answer within {} s", PATIENCE.as_secs()));
        tokio::time::timeout(PATIENCE, self.put(ask, most)).await.map_err(late)?
    }

    async fn put(&self, ask: Question<'_>, most: usize) -> Result<(u16, Bytes), Fault> {
        let Address { host, port, base, .. } = &self.address;
        let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(Fault::Connect)?;
        let mut caller = match &self.tls {
            None => Caller::over(stream).await?,
            Some(config) => {
                let name = ServerName::try_from(host.clone());
                let name = name.map_err(|e| Fault::Path(format!("`{host}` is no name of a server: {e}")))?;
                let stream = TlsConnector::from(Arc::clone(config)).connect(name, stream).await;
                Caller::over(stream.map_err(Fault::Connect)?).await?
            }
        };
        let mut request = Request::builder()
            .method(if ask.form.is_some() { "POST" } else { "GET" })
            .uri(format!("{base}{}", ask.path))
            .header("host", format!("{host}:{port}"))
            .header("accept", "application/json");
        if let Some(token) = ask.bearer {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if ask.form.is_some() {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        let body = Full::new(Bytes::from(ask.form.unwrap_or_default().to_owned()));
        let request = request.body(body).map_err(|e| Fault::Path(format!("`{}` cannot be asked: {e}", ask.path)))?;
        caller.send(request, most).await
    }
}

/// True for this machine.
fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A text as a form or a query says it.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut said = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            said.push(char::from(byte));
        } else {
            said += &format!("%{byte:02X}");
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_to_another_machine_by_tls_only() {
        for url in ["http://127.0.0.1:8080/openadr3", "http://localhost", "http://[::1]:81/", "https://vtn.example"] {
            assert!(Address::read(url).is_ok(), "{url}");
        }
        for (url, said) in [
            ("http://vtn.example", "in the clear"),
            ("vtn.example/x", "is no address"),
            ("ftp://127.0.0.1", "must begin with https://"),
            ("http://", "no address"),
        ] {
            let told = Address::read(url).expect_err(url);
            assert!(told.contains(said), "{url}: {told}");
        }
        let address = Address::read("http://127.0.0.1:8080/openadr3/3.0.1/").expect("sound");
        assert_eq!((address.base.as_str(), address.port), ("/openadr3/3.0.1", 8080));
        let told = Web::new(Address::read("https://vtn.example").expect("sound"), None).expect_err("no authority");
        assert!(told.contains("needs a `ca_file`"), "{told}");
    }

    #[test]
    fn what_a_form_cannot_say_is_escaped() {
        assert_eq!(escaped("a b&c=ü~1"), "a%20b%26c%3D%C3%BC~1");
    }
}
