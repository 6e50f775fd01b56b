//! Device maps from TOML.
