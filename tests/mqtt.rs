//! The MQTT adapter on real sockets: against the demo's broker, a scripted one, and mosquitto.
#![cfg(feature = "sim")]

mod access;
mod broker;
mod commands;
mod mosquitto;
mod out;
mod rig;
mod scripted;
mod sensors;
mod size;
