//! Everything that is tested from outside: the walls, the documentation, adapters against hostile and real peers, the journal
//! under a knife, the command line, drills over real wires. One binary, because linking is what tests wait for.
#![cfg(test)]

mod agent;
mod agents;
mod api_metrics;
mod api_socket;
mod cli_live;
mod cli_plan;
mod cli_tariff;
mod cli_teaches;
mod cli_tools;
mod config_corpus;
mod days;
mod demo;
mod docs;
mod drills;
mod hall_gpus;
mod history_influx;
mod history_store;
mod journal_controller;
mod journal_kill;
mod journal_peaks;
mod journal_replay;
mod journal_trouble;
mod kill;
mod lockstep;
mod modbus;
mod mqtt;
mod nvml;
mod scenarios;
mod shadow;
mod shown;
mod storms;
mod systemd;
mod tidy;
mod windows;
mod years;
