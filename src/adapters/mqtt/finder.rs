//! Finds out on which topic a message came that was too large to read.
//!
//! Such a message ends the connection before rumqttc has read its topic. One that the broker keeps comes again on the next
//! connection, and [`super::subscribe`] narrows it down. One that somebody sends now and then does not, and partial
//! subscriptions for hours would cost more than it does. So after the first of these a second connection listens to the
//! same topics, keeps nothing of what it hears, and passes over a message of any size: the next one gives its topic away.

mod frames;

use std::io;
use std::time::Duration;

use rumqttc::tokio_rustls::TlsConnector;
use rumqttc::{MqttOptions, TlsConfiguration, Transport};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;

use super::config::MAX_PACKET;
use frames::{Frames, Sign};

/// How long it listens after the last message that was too large.
const WATCH: Duration = Duration::from_secs(24 * 3600);
/// How long connecting may take, and the pause before it tries again.
const CONNECTING: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(10));
/// How many topics may wait to be heard of.
const WAITING: usize = 16;

/// A listener in the background; gone with its owner.
#[derive(Debug)]
pub struct Finder {
    tasks: JoinSet<()>,
    found: Receiver<String>,
    tell: Sender<String>,
}

impl Finder {
    /// One that does not listen yet.
    #[must_use]
    pub fn new() -> Self {
        let (tell, found) = channel(WAITING);
        Self { tasks: JoinSet::new(), found, tell }
    }

    /// Listens to these filters from now on, for a day, in place of any it listened to before.
    pub fn listen(&mut self, options: &MqttOptions, filters: Vec<String>) {
        self.tasks = JoinSet::new();
        let (options, tell) = (options.clone(), self.tell.clone());
        self.tasks.spawn(async move {
            let endless = async {
                loop {
                    if let Err(error) = listen(&options, &filters, &tell).await {
                        tracing::debug!(%error, "the finder of large MQTT messages is not connected");
                    }
                    tokio::time::sleep(CONNECTING.1).await;
                }
            };
            // A day without news is the end.
            drop(tokio::time::timeout(WATCH, endless).await);
        });
    }

    /// The topic of a message that was too large, if one has been heard of, now or within `patience`.
    pub async fn found(&mut self, patience: Duration) -> Option<String> {
        if self.tasks.is_empty() {
            return None;
        }
        tokio::time::timeout(patience, self.found.recv()).await.ok().flatten()
    }
}

async fn listen(options: &MqttOptions, filters: &[String], tell: &Sender<String>) -> io::Result<()> {
    let (host, port) = options.broker_address();
    let stream = tokio::time::timeout(CONNECTING.0, TcpStream::connect((host.as_str(), port))).await??;
    let Transport::Tls(TlsConfiguration::Rustls(config)) = options.transport() else {
        return converse(stream, options, filters, tell).await;
    };
    let name = ServerName::try_from(host).map_err(io::Error::other)?;
    let shaken = TlsConnector::from(config).connect(name, stream);
    converse(tokio::time::timeout(CONNECTING.0, shaken).await??, options, filters, tell).await
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    options: &MqttOptions,
    filters: &[String],
    tell: &Sender<String>,
) -> io::Result<()> {
    let mut frames = Frames::new(MAX_PACKET);
    stream.write_all(&connect(options)).await?;
    let mut buffer = [0; 8192];
    loop {
        match tokio::time::timeout(options.keep_alive() / 2, stream.read(&mut buffer)).await {
            Err(_) => stream.write_all(&[0xC0, 0]).await?,
            Ok(read) => {
                let count = read?;
                if count == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                for sign in frames.feed(buffer.get(..count).unwrap_or(&[])) {
                    match sign {
                        Sign::Accepted(0) => stream.write_all(&subscribe(filters)).await?,
                        Sign::Accepted(code) => return Err(io::Error::other(format!("refused with code {code}"))),
                        // A full channel has news enough.
                        Sign::TooLarge(topic) => drop(tell.try_send(topic)),
                    }
                }
            }
        }
    }
}

/// CONNECT with a name of its own and a clean session: no will, nothing kept.
fn connect(options: &MqttOptions) -> Vec<u8> {
    let login = options.credentials();
    let seconds = u16::try_from(options.keep_alive().as_secs()).unwrap_or(u16::MAX);
    let flags = if login.is_some() { 0b1100_0010 } else { 0b0000_0010 };
    let mut body = text("MQTT");
    body.extend([4, flags]);
    body.extend(seconds.to_be_bytes());
    body.extend(text(&format!("{}-finder", options.client_id())));
    if let Some(login) = login {
        body.extend(text(&login.username));
        body.extend(text(&login.password));
    }
    packet(0x10, &body)
}

/// SUBSCRIBE to all filters, at most once each.
fn subscribe(filters: &[String]) -> Vec<u8> {
    let mut body = vec![0, 1];
    for filter in filters {
        body.extend(text(filter));
        body.push(0);
    }
    packet(0x82, &body)
}

fn text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    length.to_be_bytes().into_iter().chain(text.bytes().take(usize::from(length))).collect()
}

fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let (mut bytes, mut length) = (vec![kind], body.len());
    loop {
        let more = if length > 127 { 0x80 } else { 0 };
        bytes.push(u8::try_from(length % 128).unwrap_or(0) | more);
        length /= 128;
        if length == 0 {
            break;
        }
    }
    bytes.extend(body);
    bytes
}
