//! Halls from TOML.
