//! The MQTT adapter on real sockets: against the demo's broker, a scripted one, and mosquitto.
#![cfg(feature = "sim")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops at the first surprise"
)]

#[path = "mqtt/access.rs"]
mod access;
#[path = "mqtt/broker.rs"]
mod broker;
#[path = "mqtt/commands.rs"]
mod commands;
#[path = "mqtt/mosquitto.rs"]
mod mosquitto;
#[path = "mqtt/out.rs"]
mod out;
#[path = "mqtt/rig.rs"]
mod rig;
#[path = "mqtt/scripted.rs"]
mod scripted;
#[path = "mqtt/sensors.rs"]
mod sensors;
#[path = "mqtt/size.rs"]
mod size;
