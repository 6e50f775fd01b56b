//! What the service says over MQTT.
