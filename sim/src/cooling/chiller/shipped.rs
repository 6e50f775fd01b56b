//! The chillers that come with the program: `map = "trane-cvhf-2317"` in a hall's physics.

use plant::fault::Faults;
use plant::read::{Source, did_you_mean};

use super::map::Map;

/// Name and map of each.
pub const MAPS: &[(&str, &str)] = &[
    ("alpha-warm-4028", include_str!("../../../chillers/alpha-warm-4028.toml")),
    ("carrier-19xr-1143", include_str!("../../../chillers/carrier-19xr-1143.toml")),
    ("carrier-19xr-1143-leaving", include_str!("../../../chillers/carrier-19xr-1143-leaving.toml")),
    ("carrier-23xl-724", include_str!("../../../chillers/carrier-23xl-724.toml")),
    ("trane-cvhf-2317", include_str!("../../../chillers/trane-cvhf-2317.toml")),
    ("york-yk-4396", include_str!("../../../chillers/york-yk-4396.toml")),
];

impl Map {
    /// A map from the text of `file`.
    ///
    /// # Errors
    /// Every fault of the file, each with its place.
    pub fn load(file: &str, text: &str) -> Result<Self, Faults> {
        let source = Source::new(file, text);
        let table = source.parse();
        let root = source.root(&table);
        let map = Self::read(&root);
        root.done();
        source.finish(Some(map))
    }

    /// The shipped map of this name.
    ///
    /// # Errors
    /// A sentence that names the nearest one, where there is none of this name.
    pub fn shipped(name: &str) -> Result<Self, String> {
        let found = MAPS.iter().find(|(known, _)| *known == name).and_then(|(file, text)| Self::load(file, text).ok());
        found.ok_or_else(|| did_you_mean(name, MAPS.iter().map(|(known, _)| *known)))
    }
}
