//! One connection after the other, for ever: connect, subscribe in stages, pass events, pause, again.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use plant::time::{Mono, Span};
use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, MqttOptions, Outgoing, Packet, QoS, StateError, SubAck,
    SubscribeFilter, SubscribeReasonCode,
};

use super::Incoming;
use super::count::bump;
use super::dial::dial;
use super::finder::Finder;
use super::intake::Intake;
use super::link::Link;
use super::subscribe::Subscriptions;

/// How many requests may wait inside the client.
const CLIENT_QUEUE: usize = 256;
/// How many filters go into one subscribe packet.
const CHUNK: usize = 64;
/// How long a stage of subscriptions must have stood before the next; a retained message shows itself within it. Doubled, up
/// to the second, when that was not long enough.
const DWELL: (Span, Span) = (Span::from_secs(1), Span::from_secs(16));
/// Pauses between connections: doubling from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));
/// A connection that stood this long starts the pauses anew.
const STOOD: Span = Span::from_secs(10);
/// A connection that the broker had accepted and that ended within this time was ended by somebody: another client of the same id, most likely.
const OUSTED_WITHIN: Span = Span::from_secs(120);
/// So often in a row, and it is told,
const OUSTED: u32 = 4;
/// and from then on the pause is so long, for two that throw each other out are no use to anybody.
const OUSTED_PAUSE: Duration = Duration::from_secs(60);
/// How long the finder may take to tell which topic has just ended the connection.
const FINDING: Duration = Duration::from_secs(2);

/// The connection's task.
pub struct Driver {
    link: Arc<Link>,
    options: MqttOptions,
    subscriptions: Subscriptions,
    intake: Intake,
    dwell: Span,
    finder: Finder,
}

/// Why a connection ended.
enum End {
    /// We left.
    Left,
    /// A packet above the client's limit came.
    Oversized,
    /// The broker closed it.
    Closed,
    /// Anything else.
    Lost,
}

/// How far the subscriptions of a connection are: subscribe packets in order, each with its stage.
struct Progress {
    stages: Vec<Vec<usize>>,
    packets: Vec<(usize, Vec<usize>)>,
    sent: usize,
    acknowledged: usize,
    /// When the last packet was acknowledged.
    since: Mono,
}

impl Progress {
    fn new(stages: Vec<Vec<usize>>, now: Mono) -> Self {
        let packets =
            stages.iter().enumerate().flat_map(|(n, stage)| stage.chunks(CHUNK).map(move |c| (n, c.to_vec())));
        let packets = packets.collect();
        Self { stages, packets, sent: 0, acknowledged: 0, since: now }
    }

    /// The stage of the packet that was sent last.
    fn reached(&self) -> usize {
        self.sent.checked_sub(1).and_then(|n| self.packets.get(n)).map_or(0, |(stage, _)| *stage)
    }

    /// The next stage, once everything before it is acknowledged; nothing while a stage is under way.
    fn due(&self) -> Option<usize> {
        let stage = |n: usize| self.packets.get(n).map(|(stage, _)| *stage);
        let last = self.sent.checked_sub(1).and_then(stage);
        stage(self.sent).filter(|next| self.acknowledged == self.sent && last != Some(*next))
    }

    fn settled(&self, now: Mono, dwell: Span) -> bool {
        self.acknowledged == self.packets.len() && now.since(self.since) > dwell
    }
}

impl Driver {
    /// A driver that has not connected yet.
    pub fn new(link: Arc<Link>, options: MqttOptions, subscriptions: Subscriptions, intake: Intake) -> Self {
        Self { link, options, subscriptions, intake, dwell: DWELL.0, finder: Finder::new() }
    }

    /// Connects for ever, until [`Link::leave`] has been granted.
    pub async fn run(mut self) {
        let (mut attempt, mut ousted) = (0_u32, 0_u32);
        loop {
            let started = self.intake.now();
            self.forget();
            let mut progress = Progress::new(self.subscriptions.stages(), started);
            let end = self.converse(&mut progress, attempt == 0).await;
            let stood = self.intake.now().since(started);
            let thrown_out = self.link.counts().connected && matches!(end, End::Closed) && stood < OUSTED_WITHIN;
            self.link.closed();
            let settled = progress.settled(self.intake.now(), self.dwell);
            match end {
                End::Left => return,
                End::Oversized => self.suspect(&progress, settled).await,
                End::Lost | End::Closed if settled => self.subscriptions.settled(),
                End::Lost | End::Closed => {}
            }
            ousted = if thrown_out {
                ousted.saturating_add(1)
            } else if stood < OUSTED_WITHIN {
                // What does not come to stand says nothing of who else is there.
                ousted
            } else {
                0
            };
            self.tell_ousted(thrown_out, ousted);
            if stood > STOOD && ousted < OUSTED {
                attempt = 0;
            }
            let patience = if ousted < OUSTED { Duration::ZERO } else { OUSTED_PAUSE };
            tokio::time::sleep(pause(attempt, &self.options.client_id()).max(patience)).await;
            attempt = attempt.saturating_add(1);
        }
    }

    /// What the broker keeps of leases is subscribed to only while it is read.
    fn forget(&mut self) {
        if let Some(filter) = self.link.shelf().was_read() {
            self.subscriptions.remove(filter);
        }
    }

    /// Somebody ends our connections: told at the fourth in a row, and at each that is twice as many.
    fn tell_ousted(&self, now: bool, times: u32) {
        if !now {
            return;
        }
        bump(&self.link.counters.ousted);
        if times >= OUSTED && (times / OUSTED).is_power_of_two() && times.is_multiple_of(OUSTED) {
            self.intake.tell(Incoming::Ousted { client: self.options.client_id(), times });
        }
    }

    /// One connection, from the first attempt to its end. A client of its own: no packet id, queue or session outlives it.
    async fn converse(&mut self, progress: &mut Progress, first: bool) -> End {
        let (client, mut eventloop) = dial(&self.options, CLIENT_QUEUE);
        let error = loop {
            match eventloop.poll().await {
                Ok(Event::Outgoing(Outgoing::Disconnect)) => return End::Left,
                Ok(event) => self.on(event, &client, progress),
                Err(error) => break error,
            }
        };
        self.empty(&mut eventloop, &client, progress);
        let counts = self.link.counts();
        if counts.connected || first {
            tracing::warn!(%error, "MQTT is not connected; trying again for ever");
        } else {
            tracing::debug!(%error, "MQTT is still not connected");
        }
        let too_large = matches!(
            error,
            ConnectionError::MqttState(StateError::Deserialization(rumqttc::Error::PayloadSizeLimitExceeded(_)))
        );
        match (too_large, self.link.leaving() && counts.depth == 0) {
            (_, true) => End::Left,
            (true, false) => End::Oversized,
            (false, false) if is_closed(&error) => End::Closed,
            (false, false) => End::Lost,
        }
    }

    /// What had been read before the end still counts: acknowledgements above all.
    fn empty(&mut self, eventloop: &mut EventLoop, client: &AsyncClient, progress: &mut Progress) {
        while let Some(event) = eventloop.state.events.pop_front() {
            self.on(event, client, progress);
        }
    }

    fn on(&mut self, event: Event, client: &AsyncClient, progress: &mut Progress) {
        match event {
            Event::Outgoing(Outgoing::Publish(id)) => self.link.sent(id),
            Event::Outgoing(Outgoing::Subscribe(_)) => progress.sent = progress.sent.saturating_add(1),
            Event::Incoming(Packet::Publish(message)) => self.intake.take(&message),
            Event::Incoming(Packet::PubAck(ack)) => self.link.acknowledged(ack.pkid),
            Event::Incoming(Packet::SubAck(ack)) => self.granted(&ack, client, progress),
            Event::Incoming(Packet::ConnAck(_)) => {
                tracing::info!(broker = self.options.broker_address().0, "MQTT connected");
                self.ask(client, progress, Span::ZERO);
                self.link.opened(client.clone());
            }
            Event::Outgoing(_) | Event::Incoming(_) => {}
        }
    }

    /// Subscribes to the stage that is due, after a pause.
    fn ask(&self, client: &AsyncClient, progress: &Progress, after: Span) {
        let Some(stage) = progress.due() else { return };
        let filter = |n: &usize| {
            let filter = self.subscriptions.filter(*n)?;
            let qos = if filter.sure { QoS::AtLeastOnce } else { QoS::AtMostOnce };
            Some(SubscribeFilter::new(filter.topic.clone(), qos))
        };
        let packets: Vec<Vec<_>> = progress
            .packets
            .iter()
            .filter(|(of, _)| *of == stage)
            .map(|(_, filters)| filters.iter().filter_map(filter).collect())
            .collect();
        let client = client.clone();
        // Its own task because the client may only be polled without interruption; it ends with the connection.
        tokio::spawn(async move {
            tokio::time::sleep(after.duration()).await;
            for packet in packets {
                if client.subscribe_many(packet).await.is_err() {
                    return;
                }
            }
        });
    }

    fn granted(&self, ack: &SubAck, client: &AsyncClient, progress: &mut Progress) {
        let asked = progress.packets.get(progress.acknowledged).map_or(&[][..], |(_, filters)| filters);
        for (n, code) in asked.iter().zip(&ack.return_codes) {
            let Some(filter) = self.subscriptions.filter(*n) else { continue };
            let refused = *code == SubscribeReasonCode::Failure;
            if self.link.shelf().reads(&filter.topic) {
                self.link.shelf().granted(!refused);
            }
            if refused {
                bump(&self.link.counters.refused_subscriptions);
                tracing::warn!(topic = filter.topic, "the MQTT broker does not let us subscribe");
                self.intake.tell(Incoming::SubscriptionRefused { topic: filter.topic.clone() });
            }
        }
        progress.acknowledged = progress.acknowledged.saturating_add(1);
        progress.since = self.intake.now();
        self.ask(client, progress, self.dwell);
    }

    /// A packet too large to read has ended the connection. Its topic is known when the finder has heard it, too.
    async fn suspect(&mut self, progress: &Progress, settled: bool) {
        bump(&self.link.counters.oversized);
        if let Some(topic) = self.finder.found(FINDING).await {
            let filters = self.subscriptions.drop_matching(&topic);
            filters.into_iter().for_each(|filter| self.give_up(filter));
            self.finder.listen(&self.options, self.subscriptions.live());
            return;
        }
        if settled {
            self.dwell = self.dwell.times(2).min(DWELL.1);
            // Not one that the broker keeps: it may be hours until the next.
            self.finder.listen(&self.options, self.subscriptions.live());
        }
        if let Some(filter) = self.subscriptions.burst(&progress.stages, progress.reached(), settled) {
            self.give_up(filter);
        }
    }

    fn give_up(&mut self, topic: String) {
        self.dwell = DWELL.0;
        if self.link.shelf().reads(&topic) {
            self.link.shelf().granted(false);
        }
        bump(&self.link.counters.dropped_subscriptions);
        tracing::error!(topic, "an MQTT subscription is given up: it carries packets that end the connection");
        self.intake.tell(Incoming::SubscriptionDropped { topic });
    }
}

/// True where the other side has closed the connection.
fn is_closed(error: &ConnectionError) -> bool {
    if matches!(error, ConnectionError::MqttState(StateError::ConnectionAborted)) {
        return true;
    }
    let (ConnectionError::Io(io) | ConnectionError::MqttState(StateError::Io(io))) = error else { return false };
    let kinds =
        [ErrorKind::ConnectionAborted, ErrorKind::ConnectionReset, ErrorKind::UnexpectedEof, ErrorKind::BrokenPipe];
    kinds.contains(&io.kind())
}

/// The pause after attempt number `attempt`, spread by a quarter so that clients of one broker do not come back as one.
fn pause(attempt: u32, salt: &str) -> Duration {
    let doubled = PAUSES.0.saturating_mul(1 << attempt.min(8)).min(PAUSES.1);
    let seed = salt.bytes().fold(2_166_136_261_u32 ^ attempt, |h, b| (h ^ u32::from(b)).wrapping_mul(16_777_619));
    let quarter = doubled / 4;
    doubled - quarter + quarter.saturating_mul(2 * (seed >> 16)) / 65_536
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_limit_and_differ_between_clients() {
        let spread = |attempt, salt| pause(attempt, salt);
        for attempt in 0..40 {
            let p = spread(attempt, "wattloop");
            let middle = PAUSES.0.saturating_mul(1 << attempt.min(8)).min(PAUSES.1);
            assert!(p >= middle * 3 / 4 && p <= middle * 5 / 4, "{attempt}: {p:?}");
        }
        assert_ne!(spread(9, "wattloop"), spread(9, "wattloop-b"));
    }

    #[test]
    fn a_stage_is_due_when_the_one_before_is_acknowledged() {
        let mut progress = Progress::new(vec![(0..100).collect(), vec![100]], Mono(0));
        assert_eq!((progress.due(), progress.packets.len()), (Some(0), 3));
        progress.sent = 1;
        progress.acknowledged = 1;
        assert_eq!(progress.due(), None, "the stage's second packet is on its way");
        progress.sent = 2;
        assert_eq!((progress.due(), progress.reached()), (None, 0));
        progress.acknowledged = 1;
        assert_eq!(progress.due(), None);
        progress.acknowledged = 2;
        assert_eq!(progress.due(), Some(1));
        assert!(!progress.settled(Mono(u64::MAX), DWELL.0));
        progress.sent = 3;
        progress.acknowledged = 3;
        assert_eq!((progress.due(), progress.reached()), (None, 1));
        assert!(progress.settled(Mono(u64::MAX), DWELL.0));
    }
}
