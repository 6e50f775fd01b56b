//! What adapters, journal and history count, as families of metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use plant::convert::{f64_from_u64, f64_from_usize};

use super::metrics::{Family, Metrics, Row};
use super::{history, journal};
use crate::adapters::agents::Desk;
use crate::adapters::modbus::{Counts, Modbus};
use crate::adapters::mqtt::Mqtt;

/// Adds everything that counts by itself to what a scrape shows.
pub fn add_all(
    metrics: &Metrics,
    modbus: Modbus,
    (mqtt, agents): (Option<Arc<Mqtt>>, Option<Arc<Desk>>),
    journal: Arc<journal::Counters>,
    history: Arc<history::Counters>,
) {
    metrics.add_source(Box::new(move || of_modbus(&modbus)));
    if let Some(mqtt) = mqtt {
        metrics.add_source(Box::new(move || of_mqtt(&mqtt)));
    }
    if let Some(agents) = agents {
        metrics.add_source(Box::new(move || of_agents(&agents)));
    }
    metrics.add_source(Box::new(move || of_journal(&journal)));
    metrics.add_source(Box::new(move || of_history(&history)));
}

/// The name of a count, and the count.
type Kind = (&'static str, fn(&Counts) -> u64);

fn of_modbus(modbus: &Modbus) -> Vec<Family> {
    let gateways: Vec<(&str, Counts)> = modbus.gateways().map(|(name, c)| (name, c.counts())).collect();
    let each = |number: fn(&Counts) -> u64| {
        gateways.iter().map(|(name, c)| Row::new(&[("gateway", name)], f64_from_u64(number(c)))).collect::<Vec<_>>()
    };
    let kinds: [Kind; 3] = [("failed", |c| c.write_failures), ("readback", |c| c.unproven), ("foreign", |c| c.foreign)];
    let failures = gateways.iter().flat_map(|(name, c)| {
        kinds.iter().map(move |(kind, of)| Row::new(&[("gateway", name), ("kind", kind)], f64_from_u64(of(c))))
    });
    vec![
        Family::counter("modbus_requests", "Requests sent", each(|c| c.requests)),
        Family::counter("modbus_timeouts", "Requests whose reply did not come in time", each(|c| c.timeouts)),
        Family::counter("modbus_exceptions", "Exceptions answered", each(|c| c.refusals + c.busy + c.device_faults)),
        Family::counter("modbus_late_responses", "Replies that came late and were dropped", each(|c| c.late)),
        Family::counter("modbus_strangers", "Units that were another device than meant", each(|c| c.strangers)),
        Family::counter("modbus_connects", "Connections made", each(|c| c.connects)),
        Family::counter("writes", "Write requests sent", each(|c| c.writes)),
        Family::counter("writes_unproven", "Values acknowledged that nothing can read back", each(|c| c.acknowledged)),
        Family::counter("write_failures", "Values whose write is in doubt", failures.collect()),
    ]
}

fn of_mqtt(mqtt: &Mqtt) -> Vec<Family> {
    let counts = mqtt.counts();
    let refused = counts.refused.iter().map(|(code, n)| Row::new(&[("reason", code)], f64_from_u64(*n)));
    vec![
        Family::gauge("mqtt_connected", "One while the broker is connected", vec![Row::flag(counts.connected)]),
        Family::counter("mqtt_reconnects", "Connections after the first", one(counts.reconnects)),
        Family::counter("mqtt_received", "Messages received", one(counts.received)),
        Family::counter("mqtt_rejected", "Commands refused", refused.collect()),
        Family::counter("mqtt_dropped", "Messages dropped from a full outbox", one(counts.dropped)),
        Family::gauge(
            "mqtt_outbox_depth",
            "Messages that wait for the broker",
            vec![Row::only(f64_from_usize(counts.depth))],
        ),
    ]
}

fn of_agents(agents: &Desk) -> Vec<Family> {
    let counts = agents.counts();
    let dropped = [("stale", counts.stale), ("unknown", counts.unknown), ("malformed", counts.malformed)];
    let dropped = dropped.iter().map(|(why, n)| Row::new(&[("reason", why)], f64_from_u64(*n)));
    vec![
        Family::gauge("agents_connected", "One while agents can be heard", vec![Row::flag(counts.connected)]),
        Family::counter("agents_reports", "Reports of agents taken", one(counts.reports)),
        Family::counter("agents_dropped", "Messages of agents that were dropped", dropped.collect()),
        Family::counter("agents_grants", "Messages with grants sent", one(counts.grants)),
        Family::counter("agents_grants_unsent", "Messages with grants that the line did not take", one(counts.unsent)),
    ]
}

fn of_journal(journal: &journal::Counters) -> Vec<Family> {
    vec![
        Family::counter("journal_records", "Records on disk", one(read(&journal.records))),
        Family::counter("journal_gaps", "Times the record was interrupted", one(read(&journal.gaps))),
        Family::counter("journal_lost", "Records that could not be kept", one(read(&journal.lost))),
        Family::gauge("journal_queued_bytes", "Bytes that wait for the disk", gauge(&journal.queued_bytes)),
        Family::gauge("journal_file_bytes", "Bytes in use in the file", gauge(&journal.file_bytes)),
    ]
}

fn of_history(history: &history::Counters) -> Vec<Family> {
    let oldest = f64_from_u64(read(&history.spool_oldest_ms)) / 1e3;
    let dropped = Row::new(&[("sink", "history")], f64_from_u64(read(&history.dropped)));
    vec![
        Family::gauge("spool_bytes", "Bytes that wait for the database", gauge(&history.spool_bytes)),
        Family::gauge(
            "spool_oldest_timestamp_seconds",
            "The oldest value that waits; 0 for none",
            vec![Row::only(oldest)],
        ),
        Family::counter("spool_dropped", "Values that were dropped", vec![dropped]),
        Family::counter("history_sent", "Lines the database has taken", one(read(&history.sent))),
        Family::counter("history_refused", "Lines the database refused", one(read(&history.refused))),
    ]
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn one(count: u64) -> Vec<Row> {
    vec![Row::only(f64_from_u64(count))]
}

fn gauge(counter: &AtomicU64) -> Vec<Row> {
    one(read(counter))
}
