//! What energy costs at a site: which tariff.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The tariff of the site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TariffConfig {
    /// Its file, as docs/tariffs.md has it (path ending in `.toml`, relative to this file)
    pub file: PathBuf,
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::control::Site;
    use crate::service::config::{Loaded, Sources, Texts, diff, load, rebuild};

    const FLAT: &str = "name = \"flat\"\nsummary = \"One price.\"\ncurrency = \"EUR\"\nzone = \"UTC\"\n[[energy]]\nname = \"all\"\nprice = 0.1\n";

    /// The smallest site with these lines, beside this tariff.
    fn site(more: &str, tariff: &str) -> Result<Loaded, String> {
        let dir = tempfile::tempdir().expect("a folder");
        let shipped = std::fs::read_to_string("config/bench.toml").expect("readable");
        let file = dir.path().join("site.toml");
        std::fs::write(&file, format!("{shipped}\n{more}\n")).expect("writes");
        std::fs::write(dir.path().join("t.toml"), tariff).expect("writes");
        load(&Sources { file, env: Vec::new(), flags: Vec::new() }).map_err(|faults| faults.to_string())
    }

    const NAMED: &str = "[tariff]\nfile = \"t.toml\"";

    #[test]
    fn a_tariff_is_read_at_the_start_and_again_from_what_a_journal_embeds() {
        let loaded = site(NAMED, FLAT).expect("loads");
        assert_eq!(loaded.tariff.as_ref().map(|tariff| tariff.name.as_str()), Some("flat"));
        assert_eq!(rebuild(&loaded.texts).expect("builds"), loaded.site());
        let bare = site("", FLAT).expect("loads");
        assert_eq!(bare.site(), Site::from(Arc::clone(&bare.hall)));
        assert_ne!(bare.texts.hash(), loaded.texts.hash());
        let dearer = site(NAMED, &FLAT.replace("0.1", "0.2")).expect("loads");
        assert_ne!(dearer.texts.hash(), loaded.texts.hash(), "what the file says is part of the configuration");
        let without: Texts = serde_json::from_str(r#"{"hall": ["a", "b"], "maps": [], "config": ""}"#).expect("reads");
        assert_eq!(without.tariff, None, "what was kept by a program that knew none");
    }

    #[test]
    fn a_tariff_with_faults_is_refused_with_its_name_the_place_and_what_to_do() {
        let of = |more, tariff| site(more, tariff).map(drop).expect_err("refused");
        let gone = of("[tariff]\nfile = \"gone.toml\"", FLAT);
        assert!(gone.contains("site.toml:") && gone.contains("`gone.toml` cannot be read"), "{gone}");
        assert!(gone.contains("the folder of this file"), "{gone}");
        let key = of("[tariff]\nfile = \"t.toml\"\nfiel = 1", FLAT);
        assert!(key.contains("`fiel` is no key of `tariff`") && key.contains("did you mean `file`?"), "{key}");
        let none = of("[tariff]", FLAT);
        assert!(none.contains("file"), "{none}");
        let zone = of(NAMED, &FLAT.replace("UTC", "Mars/Olympus"));
        assert!(zone.contains("t.toml:4:") && zone.contains("`Mars/Olympus` is no time zone"), "{zone}");
        assert!(zone.contains("Europe/Berlin"), "{zone}");
    }

    #[test]
    fn another_tariff_takes_effect_with_the_next_start() {
        let (old, none) = (site(NAMED, FLAT).expect("loads"), site("", FLAT).expect("loads"));
        let dearer = site(NAMED, &FLAT.replace("0.1", "0.2")).expect("loads");
        assert_eq!(diff(&old, &dearer).needs_restart, ["tariff (what its file says)"]);
        assert_eq!(diff(&none, &old).needs_restart, ["tariff.file"]);
        assert!(diff(&old, &site(NAMED, FLAT).expect("loads")).is_empty());
    }
}
