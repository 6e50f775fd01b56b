//! The broker that the demo brings along: MQTT 3.1.1 and 5 on loopback, nothing on disk, gone with the process.
//!
//! A site runs a broker of its own; this one exists so that a first look needs no other program.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use mqtt5::broker::config::{BrokerConfig, StorageConfig};
use mqtt5::broker::{BrokerShutdownHandle, MqttBroker};
use tokio::task::JoinHandle;

/// The largest packet a client of the demo may send (bytes). Above the adapter's own limit, so that a test reaches it.
const MAX_PACKET: usize = 16 * 1024 * 1024;
/// How long clients have to go before the listener is torn down.
const GRACE: Duration = Duration::from_secs(5);

/// A running broker. Dropped, it stops as well, but without waiting.
#[derive(Debug)]
pub struct Broker {
    address: SocketAddr,
    stop: Stop,
    task: JoinHandle<()>,
}

struct Stop(BrokerShutdownHandle);

impl std::fmt::Debug for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stop")
    }
}

/// Why the broker did not start.
#[derive(Debug)]
pub struct BrokerFault(String);

impl std::fmt::Display for BrokerFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the demo's MQTT broker did not start: {}", self.0)
    }
}

impl std::error::Error for BrokerFault {}

impl Broker {
    /// Starts a broker on 127.0.0.1, inside a tokio runtime. Port 0 takes any free one.
    ///
    /// # Errors
    /// The port is taken.
    pub async fn start(port: u16) -> Result<Self, BrokerFault> {
        let config = BrokerConfig::new()
            .with_bind_addresses(vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port))])
            .with_max_packet_size(MAX_PACKET)
            .with_sys_topics_enabled(false)
            .with_storage(StorageConfig::new().with_persistence(false));
        let mut broker = MqttBroker::with_config(config).await.map_err(|e| BrokerFault(e.to_string()))?;
        let address = broker.local_addr().ok_or_else(|| BrokerFault("no listener".to_owned()))?;
        let stop = Stop(broker.shutdown_handle());
        let mut ready = broker.ready_receiver();
        let task = tokio::spawn(async move {
            if let Err(e) = broker.run().await {
                tracing::warn!(error = %e, "the demo's MQTT broker stopped");
            }
        });
        drop(ready.wait_for(|up| *up).await);
        Ok(Self { address, stop, task })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as the adapter's `url`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("mqtt://{}", self.address)
    }

    /// Disconnects every client and frees the port.
    pub async fn stop(mut self) {
        self.stop.0.shutdown();
        if tokio::time::timeout(GRACE, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.stop.0.shutdown();
    }
}
