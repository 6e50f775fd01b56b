//! Limits from before us, on disk: written whole into a new file, flushed, and moved into the old one's place.

mod recall;
mod saver;

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::node::NodeMemory;
pub use recall::Recall;
pub use saver::{Saved, Saver};

/// The file, and what it holds.
#[derive(Debug)]
pub struct Keep {
    path: PathBuf,
    holds: Option<NodeMemory>,
}

/// How large a file is read at the most (bytes): a thousand GPUs.
const MOST: u64 = 1 << 20;

/// What a file remembers; nothing where there is none.
///
/// # Errors
/// It cannot be read, or it is no memory of ours.
pub fn load(path: &Path) -> io::Result<Option<NodeMemory>> {
    let told = |e: io::Error| io::Error::new(e.kind(), format!("{}: {e}", path.display()));
    match fs::metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(told(e)),
        Ok(metadata) if metadata.len() > MOST => return Err(told(io::Error::other("this is too large to be ours"))),
        Ok(_) => {}
    }
    let text = fs::read_to_string(path).map_err(told)?;
    serde_json::from_str(&text).map(Some).map_err(|e| told(io::Error::new(io::ErrorKind::InvalidData, e)))
}

impl Keep {
    /// Opens a file and reads what it remembers. One that cannot be understood is set aside beside it, and nothing is remembered.
    ///
    /// # Errors
    /// It cannot be read or set aside.
    pub fn open(path: &Path) -> io::Result<(Self, NodeMemory)> {
        let holds = match load(path) {
            Ok(holds) => holds,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                let aside = path.with_extension("broken");
                fs::rename(path, &aside)?;
                tracing::error!(%error, aside = %aside.display(), "what limits were before us is lost: they are not restored");
                None
            }
            Err(error) => return Err(error),
        };
        let memory = holds.clone().unwrap_or_default();
        Ok((Self { path: path.to_owned(), holds }, memory))
    }

    /// Brings the file to this, where it is not. On return it is on disk.
    ///
    /// # Errors
    /// The disk is full, or the like. The old file is still there then.
    pub fn save(&mut self, memory: &NodeMemory) -> io::Result<()> {
        if self.holds.as_ref() == Some(memory) {
            return Ok(());
        }
        let told = |e: io::Error| io::Error::new(e.kind(), format!("{}: {e}", self.path.display()));
        let fresh = self.path.with_extension("new");
        let written = write(&fresh, memory).and_then(|()| fs::rename(&fresh, &self.path));
        written.map_err(told)?;
        if let Some(folder) = self.path.parent() {
            File::open(folder).and_then(|f| f.sync_all()).map_err(told)?;
        }
        self.holds = Some(memory.clone());
        Ok(())
    }
}

fn write(path: &Path, memory: &NodeMemory) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(&serde_json::to_vec(memory)?)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::hold::Memory;
    use plant::gpu::{Milliwatts, Uuid};

    fn some() -> NodeMemory {
        let memory = Memory {
            prior: Some(Milliwatts(700_000)),
            ours: Some(Milliwatts(300_000)),
            foreign: Some(Milliwatts(300_000)),
            ..Memory::default()
        };
        NodeMemory { released: true, gpus: [(Uuid::from_bits(7), memory)].into() }
    }

    #[test]
    fn what_is_saved_is_there_after_a_restart() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("limits.json");
        let (mut keep, nothing) = Keep::open(&path).expect("new");
        assert_eq!(nothing, NodeMemory::default());
        keep.save(&some()).expect("saved");
        assert_eq!(Keep::open(&path).expect("there").1, some());
    }

    #[test]
    fn a_broken_file_is_set_aside_and_told() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("limits.json");
        fs::write(&path, "{\"released\":tr").expect("written");
        assert_eq!(Keep::open(&path).expect("aside").1, NodeMemory::default());
        assert!(dir.path().join("limits.broken").exists() && !path.exists());
    }

    #[test]
    fn a_disk_that_does_not_take_it_leaves_the_old_file() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("limits.json");
        Keep::open(&path).expect("new").0.save(&some()).expect("saved");
        let (mut keep, _) = Keep::open(&path).expect("there");
        // Nobody can write into a folder that stands in the new file's place.
        fs::create_dir(dir.path().join("limits.new")).expect("a folder");
        keep.save(&NodeMemory::default()).expect_err("no place");
        assert_eq!(Keep::open(&path).expect("there").1, some());
    }
}
