//! The scenarios that come with the program.

/// Name and TOML of each.
pub const SCENARIOS: &[(&str, &str)] = &[];

/// Name and golden trace of each that has one.
pub const GOLDEN: &[(&str, &str)] = &[];
