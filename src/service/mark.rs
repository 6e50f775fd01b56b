//! Marks in the state directory: what a later process must know of an earlier one, however that ended.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

/// A mark: an empty file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The service ran in shadow: nobody writes after it has ended either. The configuration may say it too, but
    /// `run --shadow` is a flag of one process, and what the service manager runs after it does not see it.
    Shadow,
    /// The outputs went to their fail-safe values, at a clean stop or by `failsafe`: the next service goes on from there where a
    /// device does not tell what it holds, and not from what it commanded before.
    HandedOver,
}

impl Mark {
    const fn file(self) -> &'static str {
        match self {
            Self::Shadow => "shadow",
            Self::HandedOver => "handed-over",
        }
    }

    /// Leaves the mark, or takes it away.
    ///
    /// # Errors
    /// The state directory cannot be written.
    pub fn put(self, state_dir: &Path, present: bool) -> io::Result<()> {
        let mark = state_dir.join(self.file());
        if present {
            return File::create(mark)?.sync_all();
        }
        match std::fs::remove_file(mark) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(e),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// True when the mark is there.
    #[must_use]
    pub fn is_on(self, state_dir: &Path) -> bool {
        state_dir.join(self.file()).exists()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_stays_until_it_is_taken_away() {
        let dir = tempfile::tempdir().unwrap();
        for mark in [Mark::Shadow, Mark::HandedOver] {
            assert!(!mark.is_on(dir.path()));
            mark.put(dir.path(), false).unwrap();
            mark.put(dir.path(), true).unwrap();
            mark.put(dir.path(), true).unwrap();
            assert!(mark.is_on(dir.path()));
            mark.put(dir.path(), false).unwrap();
            assert!(!mark.is_on(dir.path()));
        }
        assert!(Mark::Shadow.put(&dir.path().join("none"), true).is_err());
    }
}
