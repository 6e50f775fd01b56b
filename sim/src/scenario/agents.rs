//! What may befall the agents of nodes whose GPUs are capped. What they are the world does not know: whoever leads the run does it.

/// What befalls a node's agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeFault {
    /// Its working half is dead, and its watching half holds the fail-safe; then it starts again.
    AgentKilled,
    /// Nothing goes through between it and the controller.
    BrokerLost,
    /// What it says does not arrive; grants do.
    ReportsLost,
    /// Its driver tells no power; limits are read and written.
    PowerUnread,
    /// Its driver is loaded anew, and all limits are back at their defaults.
    DriverReload,
}

impl NodeFault {
    /// Every way with its word in files.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("agent-killed", Self::AgentKilled),
        ("broker-lost", Self::BrokerLost),
        ("reports-lost", Self::ReportsLost),
        ("power-unread", Self::PowerUnread),
        ("driver-reload", Self::DriverReload),
    ];

    /// Its word in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, of)| *of == self).map_or("", |(word, _)| word)
    }
}
