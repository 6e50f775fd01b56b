//! The configuration that ran last, kept beside the state: a half-edited file must not keep `failsafe` from its work.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use plant::fault::Faults;

use super::load::{Loaded, Sources, Texts, of_texts};

const FILE: &str = "last-good.json";

/// Keeps the texts of a configuration that is about to run. They hold no secret: a configuration that does is refused.
///
/// # Errors
/// The state directory cannot be written.
pub fn keep(state_dir: &Path, texts: &Texts) -> io::Result<()> {
    let (new, kept) = (state_dir.join("last-good.new"), state_dir.join(FILE));
    fs::write(&new, serde_json::to_vec(texts)?)?;
    fs::rename(new, kept)
}

/// The configuration that ran last where these sources have faults. Nothing when none has been kept.
///
/// # Errors
/// Its own faults, when it was kept by a program with other rules.
pub fn fall_back(sources: &Sources) -> Option<Result<Loaded, Faults>> {
    let bytes = fs::read(state_dir(sources).join(FILE)).ok()?;
    let texts: Texts = serde_json::from_slice(&bytes).ok()?;
    Some(of_texts(texts))
}

/// Where the state is, from sources that may be broken anywhere else: the last flag, the environment, the file, the default.
fn state_dir(sources: &Sources) -> PathBuf {
    let flag = sources.flags.iter().rev().find_map(|flag| value_of(flag));
    let env = || sources.env.iter().find(|(name, _)| name == "WATTLOOP_STATE_DIR").map(|(_, value)| value.clone());
    let file = || fs::read_to_string(&sources.file).ok().and_then(|text| text.lines().find_map(value_of));
    flag.or_else(env).or_else(file).map_or_else(|| super::Config::default().state_dir, PathBuf::from)
}

/// The value of a line `state_dir = "/var/lib/wattloop"`.
fn value_of(line: &str) -> Option<String> {
    let value = line.trim_start().strip_prefix("state_dir")?.trim_start().strip_prefix('=')?.trim_start();
    match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().map(str::to_owned),
        None => Some(value.trim_end().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::config::load;

    #[test]
    fn what_ran_last_is_found_behind_a_broken_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("site.toml");
        let good = include_str!("../../../config/bench.toml");
        let state = format!("state_dir = \"{}\"\n", dir.path().display());
        fs::write(&file, format!("{state}{good}")).unwrap();
        let sources = Sources { file: file.clone(), ..Sources::default() };
        assert!(fall_back(&sources).is_none(), "nothing has run yet");
        let loaded = load(&sources).unwrap();
        keep(dir.path(), &loaded.texts).unwrap();
        fs::write(&file, format!("{state}hall = \"bench\nperiod = ")).unwrap();
        assert!(load(&sources).is_err());
        let kept = fall_back(&sources).unwrap().unwrap();
        assert_eq!(kept.config, loaded.config);
        assert_eq!(kept.hall, loaded.hall);
    }

    #[test]
    fn the_place_of_the_state_is_found_in_any_of_its_forms() {
        for line in ["state_dir=\"/a b\"", "  state_dir = \"/a b\"  # here", "state_dir=/a b"] {
            assert_eq!(value_of(line).as_deref(), Some("/a b"), "{line}");
        }
        assert_eq!(value_of("hall = \"air\""), None);
    }
}
