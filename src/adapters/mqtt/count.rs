//! Counts of the MQTT connection, for metrics and for people.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::command::Refused;

/// Counts as the adapter's tasks keep them.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub connected: AtomicBool,
    pub connections: AtomicU64,
    pub received: AtomicU64,
    pub bad_samples: AtomicU64,
    pub unknown_age: AtomicU64,
    pub too_large: AtomicU64,
    pub oversized: AtomicU64,
    pub refused_subscriptions: AtomicU64,
    pub dropped_subscriptions: AtomicU64,
    pub ousted: AtomicU64,
    refused: [AtomicU64; Refused::ALL.len()],
}

/// Counts since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The broker has accepted us and the connection stands.
    pub connected: bool,
    /// Connections after the first.
    pub reconnects: u64,
    /// Messages that came in.
    pub received: u64,
    /// Samples whose payload was no usable number.
    pub bad_samples: u64,
    /// Retained messages without a time stamp: not used.
    pub unknown_age: u64,
    /// Messages above the application's limit: not looked at.
    pub too_large: u64,
    /// Connections that ended by a packet above the client's limit.
    pub oversized: u64,
    /// Subscriptions the broker did not grant, counted on every connection.
    pub refused_subscriptions: u64,
    /// Subscriptions we gave up because they ended connections.
    pub dropped_subscriptions: u64,
    /// Connections that the broker ended soon after it had accepted them.
    pub ousted: u64,
    /// Refused commands by code, every code in order.
    pub refused: Vec<(&'static str, u64)>,
    /// Points (QoS 0) that newer ones pushed out.
    pub dropped: u64,
    /// Messages (QoS 1) that were not accepted: the outbox was full or the payload too large.
    pub not_accepted: u64,
    /// Messages that have not arrived yet.
    pub depth: usize,
}

impl Counters {
    pub fn refuse(&self, code: Refused) {
        if let Some((_, count)) = Refused::ALL.iter().zip(&self.refused).find(|(c, _)| **c == code) {
            bump(count);
        }
    }

    pub fn read(&self) -> Counts {
        let get = |count: &AtomicU64| count.load(Ordering::Acquire);
        Counts {
            connected: self.connected.load(Ordering::Relaxed),
            reconnects: get(&self.connections).saturating_sub(1),
            received: get(&self.received),
            bad_samples: get(&self.bad_samples),
            unknown_age: get(&self.unknown_age),
            too_large: get(&self.too_large),
            oversized: get(&self.oversized),
            refused_subscriptions: get(&self.refused_subscriptions),
            dropped_subscriptions: get(&self.dropped_subscriptions),
            ousted: get(&self.ousted),
            refused: Refused::ALL.iter().zip(&self.refused).map(|(code, n)| (code.code(), get(n))).collect(),
            dropped: 0,
            not_accepted: 0,
            depth: 0,
        }
    }
}

/// Counts one more.
pub(in crate::adapters) fn bump(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Release);
}
