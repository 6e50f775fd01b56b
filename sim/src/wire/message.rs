//! Messages of MQTT devices: each topic's payload built from the map's pointers.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use plant::bind::MqttDevice;
use plant::device::Topic;
use plant::image::Inputs;
use plant::reading::Why;
use plant::time::Wall;
use rumqttc::{AsyncClient, MqttOptions, QoS};
use serde_json::{Map, Value};
use tokio::time::MissedTickBehavior;

use super::{Stage, lock};

/// Where MQTT devices publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// Host name or address.
    pub host: String,
    /// Port (1 to 65535).
    pub port: u16,
    /// The client's name at the broker.
    pub client: String,
    /// User and password, if the broker wants them.
    pub login: Option<(String, String)>,
}

/// Hands messages to a broker's connection.
#[derive(Clone)]
pub(super) struct Publisher {
    client: AsyncClient,
    devices: Arc<[MqttDevice]>,
}

/// A publisher, and the connection that must be driven for it; a broker that is away is tried again every second.
pub(super) fn connect(broker: Broker, devices: Vec<MqttDevice>) -> (Publisher, impl Future<Output = ()> + use<>) {
    let mut options = MqttOptions::new(broker.client, broker.host, broker.port);
    options.set_keep_alive(Duration::from_secs(10));
    if let Some((user, password)) = broker.login {
        options.set_credentials(user, password);
    }
    let (client, mut events) = AsyncClient::new(options, 1024);
    let connection = async move {
        loop {
            if let Err(error) = events.poll().await {
                tracing::debug!(%error, "the broker is away");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    };
    (Publisher { client, devices: devices.into() }, connection)
}

impl Publisher {
    /// Publishes for ever.
    pub(super) async fn publish_every(self, period: Duration, stage: Arc<Mutex<Stage>>) {
        let mut ticks = tokio::time::interval(period.max(Duration::from_millis(10)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.publish(&mut lock(&stage));
        }
    }

    /// Publishes every device's present state.
    pub(super) fn publish(&self, stage: &mut Stage) {
        for (topic, payload) in self.devices.iter().flat_map(|d| messages(d, &stage.inputs, stage.wall)) {
            // A full queue means the broker is away: what is old by then is not worth keeping.
            if self.client.try_publish(topic, QoS::AtMostOnce, false, payload).is_ok() {
                stage.published = stage.published.saturating_add(1);
            }
        }
    }
}

/// Every topic of a device with its payload; topics without any value are left out.
fn messages(device: &MqttDevice, inputs: &Inputs, wall: Wall) -> Vec<(String, String)> {
    let mut built: Vec<(String, Value)> = Vec::new();
    for (spec, (topic, bound)) in device.map.topics.iter().zip(&device.topics) {
        let sample = inputs.samples.get(bound.point).map_or(Err(Why::Config), |s| s.value);
        let value = match sample {
            Ok(canonical) => {
                let mine = (canonical - bound.to_canonical.offset) / bound.to_canonical.scale;
                Value::from((mine - spec.offset) / spec.scale)
            }
            Err(Why::NotANumber) => Value::Null,
            Err(_) => continue,
        };
        let payload = match built.iter_mut().find(|(t, _)| t == topic) {
            Some((_, payload)) => payload,
            None => {
                built.push((topic.clone(), Value::Null));
                let Some((_, payload)) = built.last_mut() else { continue };
                payload
            }
        };
        place(payload, spec, value, wall);
    }
    built.into_iter().map(|(topic, payload)| (topic, payload.to_string())).collect()
}

fn place(payload: &mut Value, spec: &Topic, value: Value, wall: Wall) {
    put(payload, &spec.pointer, value);
    if !spec.time_pointer.is_empty() {
        put(payload, &spec.time_pointer, Value::from(wall.0));
    }
}

/// Puts a value where an RFC 6901 pointer points, making the objects on the way.
fn put(into: &mut Value, pointer: &str, value: Value) {
    let Some(rest) = pointer.strip_prefix('/') else {
        *into = value;
        return;
    };
    let (token, deeper) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let key = token.replace("~1", "/").replace("~0", "~");
    if let Ok(index) = key.parse::<usize>()
        && index < 64
    {
        if !into.is_array() {
            *into = Value::Array(Vec::new());
        }
        if let Value::Array(items) = into {
            if items.len() <= index {
                items.resize(index.saturating_add(1), Value::Null);
            }
            if let Some(item) = items.get_mut(index) {
                put(item, deeper, value);
            }
        }
        return;
    }
    if !into.is_object() {
        *into = Value::Object(Map::new());
    }
    if let Value::Object(fields) = into {
        put(fields.entry(key).or_insert(Value::Null), deeper, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pointer_puts_it_finds_again() {
        let mut payload = Value::Null;
        for (n, pointer) in ["/temperature", "/em/0/act_power", "/em/2/act_power", "/a~1b/c~0d"].iter().enumerate() {
            put(&mut payload, pointer, Value::from(n));
        }
        for (n, pointer) in ["/temperature", "/em/0/act_power", "/em/2/act_power", "/a~1b/c~0d"].iter().enumerate() {
            assert_eq!(payload.pointer(pointer), Some(&Value::from(n)), "{payload}");
        }
        put(&mut payload, "", Value::from(21.5));
        assert_eq!(payload.to_string(), "21.5");
    }
}
