//! A client for one connection.

use rumqttc::{AsyncClient, EventLoop, MqttOptions, NetworkOptions};

/// How long a connection may take (s).
const PATIENCE_S: u64 = 5;

/// A client that has not connected yet, and what drives it; so many requests may wait inside. A connection has a client of its own, so that
/// no packet id, queue or session outlives it.
pub(crate) fn dial(options: &MqttOptions, queue: usize) -> (AsyncClient, EventLoop) {
    let (client, mut events) = AsyncClient::new(options.clone(), queue);
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    network.set_connection_timeout(PATIENCE_S);
    events.set_network_options(network);
    (client, events)
}
