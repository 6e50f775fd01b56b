//! What comes with the program: the physics of its halls, kinds of node, and the climates.

/// The physics of the halls, by the hall's name.
pub const HALLS: &[(&str, &str)] = &[
    ("air", include_str!("../halls/air.toml")),
    ("air-dx", include_str!("../halls/air-dx.toml")),
    ("bench", include_str!("../halls/bench.toml")),
    ("hybrid", include_str!("../halls/hybrid.toml")),
    ("immersion", include_str!("../halls/immersion.toml")),
    ("immersion-two-phase", include_str!("../halls/immersion-two-phase.toml")),
    ("liquid", include_str!("../halls/liquid.toml")),
    ("rear-door", include_str!("../halls/rear-door.toml")),
];

/// The kinds of node, by their names.
pub const NODES: &[(&str, &str)] = &[("h100-quad", include_str!("../nodes/h100-quad.toml"))];

/// The climates that come with the program, by their names, each a section of TOML.
pub const CLIMATES: &[(&str, &str)] = &[
    ("hot-dry", include_str!("../climates/hot-dry.toml")),
    ("hot-humid", include_str!("../climates/hot-humid.toml")),
    ("temperate", include_str!("../climates/temperate.toml")),
    ("cold", include_str!("../climates/cold.toml")),
];
