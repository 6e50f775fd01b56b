//! The physics of the halls that come with the program, by the hall's name.

/// Name and TOML of each.
pub const HALLS: &[(&str, &str)] =
    &[("air", include_str!("../halls/air.toml")), ("bench", include_str!("../halls/bench.toml"))];
