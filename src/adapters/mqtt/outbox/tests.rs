use std::collections::BTreeMap;

use super::*;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

fn message(topic: &str, payload: &str, retain: bool, qos: Qos) -> Message {
    Message { topic: topic.to_owned(), payload: payload.as_bytes().to_vec(), retain, qos }
}

fn event(n: usize) -> Message {
    message("event", &n.to_string(), false, Qos::AtLeastOnce)
}

#[test]
fn the_oldest_point_makes_room_and_is_counted() {
    let mut outbox = Outbox::default();
    for n in 0..CAPACITY + 3 {
        assert!(outbox.put(message("point", &n.to_string(), false, Qos::AtMostOnce)));
    }
    assert_eq!((outbox.depth(), outbox.dropped), (CAPACITY, 3));
    assert_eq!(outbox.next_point().expect("waiting").payload, b"3");
}

#[test]
fn a_full_outbox_refuses_events_and_counts_them_but_takes_states() {
    let mut outbox = Outbox::default();
    for n in 0..CAPACITY {
        assert!(outbox.put(event(n)));
    }
    assert!(!outbox.put(event(0)));
    assert_eq!(outbox.refused, 1);
    for n in 0..100 {
        assert!(outbox.put(message("status", &n.to_string(), true, Qos::AtLeastOnce)));
    }
    assert_eq!(outbox.depth(), CAPACITY + 1, "one state, however often it is said");
}

#[test]
fn what_is_too_large_is_refused() {
    let mut outbox = Outbox::default();
    let large = Message { payload: vec![b'x'; MAX_PAYLOAD + 1], ..event(0) };
    assert!(!outbox.put(large.clone()));
    assert!(!outbox.put(Message { retain: true, ..large }));
    assert_eq!((outbox.depth(), outbox.refused), (0, 2));
}

#[test]
fn a_state_is_said_again_on_every_connection_until_it_is_deleted() {
    let mut outbox = Outbox::default();
    outbox.put(message("alarm", "on", true, Qos::AtLeastOnce));
    for id in 1..4 {
        outbox.connected();
        assert_eq!(outbox.next_sure().expect("waiting").payload, b"on");
        outbox.hand_sure();
        outbox.sent(id);
        outbox.acknowledged(id);
        assert_eq!(outbox.depth(), 0);
    }
    outbox.put(message("alarm", "", true, Qos::AtLeastOnce));
    outbox.connected();
    assert_eq!(outbox.next_sure().expect("the deletion").payload, b"");
    outbox.hand_sure();
    outbox.sent(4);
    outbox.connected();
    assert_eq!(outbox.next_sure().expect("again: it was not acknowledged").payload, b"");
    outbox.hand_sure();
    outbox.sent(1);
    outbox.acknowledged(1);
    outbox.connected();
    assert_eq!(outbox.depth(), 0);
}

/// A seed that once failed: the broker would have kept an alarm that was over.
#[test]
fn a_state_that_is_over_is_not_said_again_when_only_its_deletion_was_acknowledged() {
    let mut outbox = Outbox::default();
    for payload in ["on", ""] {
        outbox.put(message("alarm", payload, true, Qos::AtLeastOnce));
        assert_eq!(outbox.next_sure().expect("said").payload, payload.as_bytes());
        outbox.hand_sure();
    }
    outbox.sent(1);
    outbox.sent(2);
    outbox.acknowledged(2);
    outbox.connected();
    assert_eq!(outbox.next_sure(), None);
}

/// What may happen to an outbox.
#[derive(Clone, Debug)]
enum Step {
    Event,
    State(u8, bool),
    Hand,
    Send,
    Acknowledge(prop::sample::Index),
    Reconnect,
}

/// A broker and the connection to it: what has been delivered, and what is on its way.
#[derive(Default)]
struct Peer {
    handed: Vec<Message>,
    flying: Vec<(u16, Message)>,
    next_id: u16,
    events: Vec<Vec<u8>>,
    kept: BTreeMap<String, Vec<u8>>,
}

impl Peer {
    fn step(&mut self, outbox: &mut Outbox, step: &Step) {
        match step {
            Step::Hand => {
                if let Some(m) = outbox.next_sure().cloned() {
                    outbox.hand_sure();
                    self.handed.push(m);
                }
            }
            Step::Send if !self.handed.is_empty() => {
                self.next_id += 1;
                outbox.sent(self.next_id);
                let message = self.handed.remove(0);
                // The broker gets it now; its acknowledgement may still be lost.
                if message.retain {
                    self.kept.insert(message.topic.clone(), message.payload.clone());
                } else {
                    self.events.push(message.payload.clone());
                }
                self.flying.push((self.next_id, message));
            }
            Step::Acknowledge(which) if !self.flying.is_empty() => {
                let (id, _) = self.flying.remove(which.index(self.flying.len()));
                outbox.acknowledged(id);
            }
            Step::Reconnect => {
                self.handed.clear();
                self.flying.clear();
                outbox.connected();
            }
            Step::Send | Step::Acknowledge(_) | Step::Event | Step::State(..) => {}
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::Event),
        2 => (0_u8..3, any::<bool>()).prop_map(|(topic, on)| Step::State(topic, on)),
        4 => Just(Step::Hand),
        4 => Just(Step::Send),
        3 => any::<prop::sample::Index>().prop_map(Step::Acknowledge),
        1 => Just(Step::Reconnect),
    ];
    prop::collection::vec(step, 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn everything_accepted_arrives_and_the_broker_keeps_the_newest_state(steps in steps()) {
        let (mut outbox, mut peer) = (Outbox::default(), Peer::default());
        let (mut said, mut states) = (Vec::new(), BTreeMap::new());
        for (n, step) in steps.iter().enumerate() {
            if let Step::Event = step {
                prop_assert!(outbox.put(event(n)));
                said.push(n.to_string().into_bytes());
            } else if let Step::State(topic, on) = step {
                let payload = if *on { n.to_string() } else { String::new() };
                let topic = format!("state/{topic}");
                prop_assert!(outbox.put(message(&topic, &payload, true, Qos::AtMostOnce)));
                states.insert(topic, payload.into_bytes());
            }
            peer.step(&mut outbox, step);
        }
        peer.step(&mut outbox, &Step::Reconnect);
        let first = any::<prop::sample::Index>().new_tree(&mut proptest::test_runner::TestRunner::deterministic()).expect("an index").current();
        while outbox.depth() > 0 {
            for step in [Step::Hand, Step::Send, Step::Acknowledge(first)] {
                peer.step(&mut outbox, &step);
            }
        }
        for event in &said {
            prop_assert!(peer.events.contains(event), "{:?} was lost", String::from_utf8_lossy(event));
        }
        for (topic, payload) in &states {
            prop_assert_eq!(peer.kept.get(topic), Some(payload));
        }
        let mut firsts: Vec<_> = Vec::new();
        for e in &peer.events {
            if !firsts.contains(e) {
                firsts.push(e.clone());
            }
        }
        prop_assert_eq!(firsts, said, "the order of first arrivals");
    }
}
