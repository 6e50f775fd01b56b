//! Somebody outside who listens to what the service says over MQTT.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rumqttc::{Client, Event, MqttOptions, Packet, QoS};
use serde_json::Value;

use super::rig::{PATIENCE, Rig};

/// Everything that was said, in order.
pub struct Ears {
    heard: Arc<Mutex<Vec<(String, Value)>>>,
    client: Client,
}

impl Ears {
    /// Listens from now on.
    pub fn open(rig: &Rig) -> Self {
        let url = rig.stage.broker().expect("a broker");
        let (host, port) = url.trim_start_matches("mqtt://").split_once(':').expect("host and port");
        let mut options = MqttOptions::new("ears", host, port.parse().expect("a port"));
        options.set_keep_alive(Duration::from_secs(30));
        options.set_max_packet_size(1 << 20, 1 << 20);
        let (client, mut connection) = Client::new(options, 64);
        let (heard, ready) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(false)));
        let (into, up) = (Arc::clone(&heard), Arc::clone(&ready));
        client.subscribe("wattloop/v1/#", QoS::AtLeastOnce).expect("queued");
        std::thread::spawn(move || {
            for event in connection.iter() {
                match event {
                    Ok(Event::Incoming(Packet::Publish(said))) => {
                        let payload = serde_json::from_slice(&said.payload).unwrap_or(Value::Null);
                        into.lock().expect("whole").push((said.topic, payload));
                    }
                    Ok(Event::Incoming(Packet::SubAck(_))) => *up.lock().expect("whole") = true,
                    Ok(_) => {}
                    Err(_) => break,
                }
            }
        });
        let ears = Self { heard, client };
        let end = Instant::now() + PATIENCE;
        while !*ready.lock().expect("whole") {
            assert!(Instant::now() < end, "the broker takes no listener");
            std::thread::sleep(Duration::from_millis(20));
        }
        ears
    }

    /// True when an event of this kind about this subject was said.
    pub fn heard_event(&self, kind: &str, subject: &str) -> bool {
        let heard = self.heard.lock().expect("whole");
        let mut events = heard.iter().filter(|(topic, _)| topic.ends_with("/event")).map(|(_, said)| said);
        events.any(|said| said["subject"] == subject && said["what"]["kind"] == kind)
    }

    /// Waits for an event.
    pub fn until_event(&self, kind: &str, subject: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.heard_event(kind, subject) {
            assert!(Instant::now() < end, "nobody said {kind} about {subject}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        self.client.disconnect().ok();
    }
}
