//! The MQTT adapter on real sockets: against the demo's broker, a scripted one, and mosquitto.
#![cfg(feature = "sim")]

#[path = "mqtt/access.rs"]
mod access;
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
