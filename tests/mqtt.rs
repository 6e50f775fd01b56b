//! The MQTT adapter on real sockets: against the demo's broker, a scripted one, and mosquitto.
#![cfg(feature = "sim")]

pub mod access;
mod broker;
mod commands;
pub mod mosquitto;
mod out;
pub mod rig;
mod scripted;
mod sensors;
mod size;
