//! A client for one connection, and the pauses between connections.

use std::time::Duration;

use rumqttc::{AsyncClient, EventLoop, MqttOptions, NetworkOptions};

/// How long a connection may take (s).
const PATIENCE_S: u64 = 5;

/// A client that has not connected yet, and what drives it; so many requests may wait inside. A connection has a client of its own, so that
/// no packet id, queue or session outlives it.
#[must_use]
pub fn dial(options: &MqttOptions, queue: usize) -> (AsyncClient, EventLoop) {
    let (client, mut events) = AsyncClient::new(options.clone(), queue);
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    network.set_connection_timeout(PATIENCE_S);
    events.set_network_options(network);
    (client, events)
}

/// Pauses between connections that are tried for ever: doubling from the first to the last, and from the first again after one that came to stand.
#[derive(Debug)]
pub(crate) struct Pauses {
    ends: (Duration, Duration),
    next: Duration,
}

impl Pauses {
    /// From the shortest to the longest.
    pub(crate) const fn new(ends: (Duration, Duration)) -> Self {
        Self { ends, next: ends.0 }
    }

    /// Rests after a connection, which came to stand or did not.
    pub(crate) async fn rest(&mut self, stood: bool) {
        if stood {
            self.next = self.ends.0;
        }
        tokio::time::sleep(self.next).await;
        self.next = self.next.saturating_mul(2).min(self.ends.1);
    }
}
