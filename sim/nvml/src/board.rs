//! A machine's GPUs as one file that processes share: what the driver says, what sensors read, what is broken.
//!
//! The library reads and writes it for whoever calls NVML; a [`Rig`](crate::Rig) or a simulated hall writes the sensors and takes
//! the limits. Nobody locks: see the words in the private module `cells`.
//!
//! What a driver forgets when it is loaded anew is written with the *life* in which it was said: the driver's generation and how
//! often the GPU fell off the bus. A reload raises the generation, one word, and every limit, lock and mode of before is
//! void in the same moment.

mod cells;
mod clients;
mod gpu;
mod map;
mod readings;
mod special;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::{fmt, process};

use plant::convert;

use self::cells::{get, put};
use self::map::Map;
use crate::card::Card;

pub(crate) use self::clients::{Client, Watch};
pub use self::gpu::Gpu;
pub use self::readings::{Readings, held};
pub use self::special::{Can, Fault, Sentinel};

/// "wattGPUs" as bytes.
const MAGIC: u64 = u64::from_ne_bytes(*b"wattGPUs");
/// The layout of this program.
const VERSION: u64 = 1;
/// The most GPUs that a board takes.
pub const MOST_GPUS: usize = 256;
/// The driver that a new board claims to be: one with the numbers of fields that came with 580.82.
pub const DRIVER: &str = "580.95.05";

/// What is wrong with a board's file.
#[derive(Debug)]
pub enum Trouble {
    /// It cannot be opened, written or mapped.
    File(PathBuf, io::Error),
    /// It is something else.
    NotABoard(PathBuf),
    /// It is of another layout, of this number.
    Version(PathBuf, u64),
    /// It ends before its GPUs do: bytes that are there, GPUs that it should have.
    Short(PathBuf, u64, u64),
    /// A board takes no such number of GPUs.
    Count(usize),
    /// A hall whose machines take a share of their nameplates has no GPUs to put on boards.
    NoNodes,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => write!(f, "GPU board {}: {error}", path.display()),
            Self::NotABoard(path) => {
                write!(f, "{} is no GPU board: name the file that a bench or a simulated hall made", path.display())
            }
            Self::Version(path, version) => write!(
                f,
                "GPU board {} has layout {version} and this program knows {VERSION}: make it again with this program",
                path.display()
            ),
            Self::Short(path, bytes, gpus) => write!(
                f,
                "GPU board {} has {bytes} bytes, too few for its {gpus} GPUs: it was cut short, make it again",
                path.display()
            ),
            Self::NoNodes => write!(f, "this hall's machines are not followed one by one: give it nodes"),
            Self::Count(gpus) => write!(f, "a GPU board takes 1 to {MOST_GPUS} GPUs, not {gpus}"),
        }
    }
}

impl std::error::Error for Trouble {}

/// A mapped board.
#[derive(Debug)]
pub struct Board {
    map: Map,
}

/// A GPU that a new board gets.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The product.
    pub card: Card,
    /// What it is called everywhere, as drivers write it ("GPU-…").
    pub uuid: String,
    /// The number on its board.
    pub serial: String,
}

impl Place {
    /// The GPU of a slot, with names that depend on the seed and the slot alone.
    #[must_use]
    pub fn seeded(card: &Card, seed: u64, slot: usize) -> Self {
        let slot = convert::u64_from_usize(slot);
        let bits = |what| sim::noise::bits(seed, sim::noise::channel(what), slot);
        let (a, b) = (bits("gpu-uuid"), bits("gpu-uuid-rest"));
        let uuid = format!(
            "GPU-{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            a >> 32,
            a >> 16 & 0xFFFF,
            a & 0xFFFF,
            b >> 48,
            b & 0xFFFF_FFFF_FFFF
        );
        Self { card: *card, uuid, serial: format!("165{:010}", bits("gpu-serial") % 10_000_000_000) }
    }
}

impl Board {
    /// Writes a new board with these GPUs at rest and maps it. A file of that name is replaced; who has mapped it keeps it.
    ///
    /// # Errors
    /// A number of GPUs that no board takes; a file that cannot be written.
    pub fn create(path: &Path, places: &[Place]) -> Result<Self, Trouble> {
        if places.is_empty() || places.len() > MOST_GPUS {
            return Err(Trouble::Count(places.len()));
        }
        let trouble = |error| Trouble::File(path.to_path_buf(), error);
        // Nobody must map a file that is not whole yet.
        let mut draft = path.as_os_str().to_owned();
        draft.push(format!(".{}.new", process::id()));
        let draft = PathBuf::from(draft);
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&draft).map_err(trouble)?;
        // Written out, not only made longer: a disk that is full says so here and not at the first touch of a page.
        file.write_all(&vec![0; map::length(places.len())]).map_err(trouble)?;
        let board = Self::mapped(&file, places.len(), path)?;
        board.furnish(places);
        fs::rename(&draft, path).map_err(trouble)?;
        Ok(board)
    }

    /// Maps a board that is there.
    ///
    /// # Errors
    /// A file that cannot be opened for reading and writing, that is no board, of another layout, or cut short.
    pub fn open(path: &Path) -> Result<Self, Trouble> {
        let trouble = |error| Trouble::File(path.to_path_buf(), error);
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(trouble)?;
        let bytes = file.metadata().map_err(trouble)?.len();
        if bytes == 0 {
            return Err(Trouble::NotABoard(path.to_path_buf()));
        }
        let board = Self::mapped(&file, MOST_GPUS, path)?;
        let head = board.map.head();
        if get(&head.magic) != MAGIC {
            return Err(Trouble::NotABoard(path.to_path_buf()));
        }
        let version = get(&head.version);
        if version != VERSION {
            return Err(Trouble::Version(path.to_path_buf(), version));
        }
        let gpus = get(&head.gpus);
        if gpus == 0 || gpus > convert::u64_from_usize(MOST_GPUS) {
            return Err(Trouble::NotABoard(path.to_path_buf()));
        }
        let count = convert::usize_from_u64(gpus);
        if board.map.gpus().len() < count {
            return Err(Trouble::Short(path.to_path_buf(), bytes, gpus));
        }
        Self::mapped(&file, count, path)
    }

    fn mapped(file: &File, gpus: usize, path: &Path) -> Result<Self, Trouble> {
        let map = Map::of(file, gpus).map_err(|error| Trouble::File(path.to_path_buf(), error))?;
        Ok(Self { map: map.ok_or_else(|| Trouble::NotABoard(path.to_path_buf()))? })
    }

    fn furnish(&self, places: &[Place]) {
        let head = self.map.head();
        put(&head.version, VERSION);
        put(&head.gpus, convert::u64_from_usize(places.len()));
        // Lives begin at 1, so that an empty word is of none.
        put(&head.generation, 1);
        put(&head.loaded, 1);
        head.driver.write(DRIVER);
        for (cells, place) in self.map.gpus().iter().zip(places) {
            let card = &place.card;
            cells.uuid.write(&place.uuid);
            cells.name.write(card.name);
            cells.serial.write(&place.serial);
            put(&cells.architecture, u64::from(card.architecture));
            put(&cells.pci_device, u64::from(card.pci_device));
            put(&cells.least, u64::from(card.least_mw));
            put(&cells.most, u64::from(card.most_mw));
            put(&cells.default, u64::from(card.default_mw));
            put(&cells.clock, u64::from(card.clock_mhz));
            let can = [(card.averages, Can::Average), (card.mig, Can::Mig), (card.memory_sensor, Can::MemorySensor)];
            put(&cells.can, can.iter().filter(|(can, _)| *can).map(|(_, what)| what.bit()).sum());
        }
        for (gpu, place) in self.gpus().zip(places) {
            gpu.set_fault(Fault::ModuleOnly, place.card.module_only);
        }
        put(&head.magic, MAGIC);
    }

    /// How many GPUs it has (1 to [`MOST_GPUS`]).
    #[must_use]
    pub fn count(&self) -> usize {
        self.map.gpus().len()
    }

    /// The GPU of a slot, from 0.
    #[must_use]
    pub fn gpu(&self, slot: usize) -> Option<Gpu<'_>> {
        self.map.gpus().get(slot).map(|cells| Gpu::new(self.map.head(), cells))
    }

    /// All GPUs, by their slots.
    pub fn gpus(&self) -> impl Iterator<Item = Gpu<'_>> {
        self.map.gpus().iter().map(|cells| Gpu::new(self.map.head(), cells))
    }

    /// The slot that the driver counts as this number, from 0.
    #[must_use]
    pub fn slot(&self, number: usize) -> Option<usize> {
        let turned = convert::usize_from_u64(get(&self.map.head().turned));
        (number < self.count()).then(|| number.wrapping_add(turned) % self.count())
    }

    /// The number that the driver gives a slot, from 0.
    #[must_use]
    pub fn number(&self, slot: usize) -> Option<usize> {
        (0..self.count()).find(|number| self.slot(*number) == Some(slot))
    }

    /// How often the driver has been loaded, from 1.
    #[must_use]
    pub fn generation(&self) -> u64 {
        get(&self.map.head().generation)
    }

    /// Whether the driver is loaded.
    #[must_use]
    pub fn loaded(&self) -> bool {
        get(&self.map.head().loaded) == 1
    }

    /// Unloads the driver. What it was told is void from the next load on; nobody can ask it until then.
    pub fn unload(&self) {
        put(&self.map.head().loaded, 0);
    }

    /// Loads the driver anew: handles of before are dead, limits stand at their defaults, clocks are free.
    pub fn load(&self) {
        let head = self.map.head();
        head.generation.fetch_add(1, Ordering::AcqRel);
        put(&head.loaded, 1);
    }

    /// Whether the driver goes with its last client, unless a GPU is in persistence mode. A new board's driver is held by somebody all the time.
    pub fn set_leaves(&self, leaves: bool) {
        put(&self.map.head().leaves, u64::from(leaves));
    }

    /// One more client.
    pub(crate) fn come(&self) {
        self.map.head().came.fetch_add(1, Ordering::AcqRel);
    }

    /// How many clients have come so far.
    pub(crate) fn came(&self) -> u64 {
        get(&self.map.head().came)
    }

    /// Whether a driver without clients has gone, or goes now.
    pub(crate) fn would_leave(&self) -> bool {
        get(&self.map.head().leaves) == 1 && !self.gpus().any(Gpu::persistent)
    }

    /// Turns the numbers by which the driver counts its GPUs by so many places, as a machine may after a load.
    pub fn turn(&self, places: usize) {
        put(&self.map.head().turned, convert::u64_from_usize(places));
    }

    /// How long every call on the driver as a whole takes (ms).
    #[must_use]
    pub fn slow(&self) -> u64 {
        get(&self.map.head().slow)
    }

    /// Lets every call on the driver as a whole take so long (ms); calls that wait go on when it gets shorter.
    pub fn set_slow(&self, milliseconds: u64) {
        put(&self.map.head().slow, milliseconds);
    }

    /// The driver's version.
    #[must_use]
    pub fn driver(&self) -> String {
        self.map.head().driver.read()
    }

    /// Claims to be another driver.
    pub fn set_driver(&self, version: &str) {
        self.map.head().driver.write(version);
    }
}
