//! A board's file in memory, shared with every process that maps it.
#![expect(unsafe_code, reason = "a mapped file is memory that only its length and its owner vouch for")]

use std::fs::File;
use std::io;
use std::slice;

use memmap2::{MmapOptions, MmapRaw};

use super::cells::{Cells, Head};

/// How long the file of so many GPUs is (bytes).
pub const fn length(gpus: usize) -> usize {
    size_of::<Head>() + gpus * size_of::<Cells>()
}

/// A mapped file of a head and some GPUs.
#[derive(Debug)]
pub struct Map {
    raw: MmapRaw,
    gpus: usize,
}

impl Map {
    /// Maps a file of at least a head; nothing for a shorter one. It has as many GPUs as fit, at most `gpus` of them.
    pub fn of(file: &File, gpus: usize) -> io::Result<Option<Self>> {
        let raw = MmapOptions::new().map_raw(file)?;
        let Some(room) = raw.len().checked_sub(size_of::<Head>()) else { return Ok(None) };
        Ok(Some(Self { raw, gpus: gpus.min(room / size_of::<Cells>()) }))
    }

    /// The head.
    pub fn head(&self) -> &Head {
        // SAFETY: a mapping begins at a page, so it is aligned for words; it is at least a head long (`of`) and lives as long as
        // `self`. A head is atomic words only, which are valid with any bits and which other processes may change under us. A
        // board's file is written whole before it gets its name and nobody shortens it after.
        unsafe { &*self.raw.as_ptr().cast::<Head>() }
    }

    /// The GPUs.
    pub fn gpus(&self) -> &[Cells] {
        // SAFETY: as for the head, whose size is a multiple of a word; `of` counted how many whole GPUs the mapping holds.
        unsafe { slice::from_raw_parts(self.raw.as_ptr().add(size_of::<Head>()).cast::<Cells>(), self.gpus) }
    }
}
