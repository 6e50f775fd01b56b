//! Whether the service that last held a state directory ran in shadow, so that nobody writes after it has ended either.
//!
//! The configuration says it too (`shadow = true`); but `run --shadow` is a flag of one process, and the small path that
//! systemd runs after that process does not see it. A mark in the state directory does not depend on either.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::adapters::modbus::Writes;

/// The mark: an empty file.
const MARK: &str = "shadow";

/// Leaves the mark, or takes away the one of an earlier run. Only for the service that holds the directory's lock.
///
/// # Errors
/// The state directory cannot be written.
pub fn mark(state_dir: &Path, writes: Writes) -> io::Result<()> {
    let mark = state_dir.join(MARK);
    match writes {
        Writes::Shadow => File::create(mark).map(drop),
        Writes::Live => match std::fs::remove_file(mark) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(e),
            Ok(()) | Err(_) => Ok(()),
        },
    }
}

/// True when the service that last held this directory ran in shadow.
#[must_use]
pub fn is_marked(state_dir: &Path) -> bool {
    state_dir.join(MARK).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_run_takes_the_mark_of_a_shadow_run_away() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!is_marked(dir.path()));
        mark(dir.path(), Writes::Live).unwrap();
        mark(dir.path(), Writes::Shadow).unwrap();
        mark(dir.path(), Writes::Shadow).unwrap();
        assert!(is_marked(dir.path()));
        mark(dir.path(), Writes::Live).unwrap();
        assert!(!is_marked(dir.path()));
        assert!(mark(&dir.path().join("none"), Writes::Shadow).is_err());
    }
}
