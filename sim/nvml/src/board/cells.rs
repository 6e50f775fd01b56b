//! What lies in a board's file: words of 64 bits and nothing else, so that there is no padding, every bit pattern is a value, and
//! no word is ever seen half written.
//!
//! Sensors that belong together have two places. The one writer fills the place that nobody is told to read and then turns to it; a
//! reader takes what it read if nobody has turned meanwhile. A writer that is held up or killed half-way holds up nobody: what it
//! began is not read, and what it had finished before stands.

use std::sync::atomic::{AtomicU64, Ordering, fence};

/// How often a reader tries for a set of sensors while others turn: they do so ten times a second, and reading takes a microsecond.
const TRIES: usize = 1000;
/// Words of a set of sensors.
pub const SENSORS: usize = 12;

/// A word that nobody else changes with ours.
pub fn get(cell: &AtomicU64) -> u64 {
    cell.load(Ordering::Acquire)
}

/// The same, written.
pub fn put(cell: &AtomicU64, value: u64) {
    cell.store(value, Ordering::Release);
}

/// The upper half of a word.
pub fn upper(word: u64) -> u32 {
    u32::try_from(word >> 32).unwrap_or(u32::MAX)
}

/// The lower half of a word.
pub fn lower(word: u64) -> u32 {
    u32::try_from(word & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

/// A word of two halves.
pub fn word(upper: u32, lower: u32) -> u64 {
    u64::from(upper) << 32 | u64::from(lower)
}

/// A text, ended by a zero byte.
#[repr(C)]
pub struct Text<const WORDS: usize>([AtomicU64; WORDS]);

impl<const WORDS: usize> Text<WORDS> {
    /// Writes what fits.
    pub fn write(&self, text: &str) {
        let mut bytes = text.bytes().take(WORDS * 8 - 1);
        for cell in &self.0 {
            put(cell, u64::from_ne_bytes(std::array::from_fn(|_| bytes.next().unwrap_or(0))));
        }
    }

    /// What is written.
    pub fn read(&self) -> String {
        let bytes: Vec<u8> = self.0.iter().flat_map(|c| get(c).to_ne_bytes()).take_while(|byte| *byte != 0).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// What a file begins with.
#[repr(C)]
pub struct Head {
    /// Says that this is a board.
    pub magic: AtomicU64,
    /// The layout's version.
    pub version: AtomicU64,
    /// How many GPUs follow.
    pub gpus: AtomicU64,
    /// Raised by every reload of the driver.
    pub generation: AtomicU64,
    /// 1 while the driver is loaded.
    pub loaded: AtomicU64,
    /// 1 where the driver goes with its last client.
    pub leaves: AtomicU64,
    /// How long every call on the driver as a whole takes (ms).
    pub slow: AtomicU64,
    /// How many clients have come so far.
    pub came: AtomicU64,
    /// By how many places the driver's numbers are turned against the slots.
    pub turned: AtomicU64,
    /// The driver's version.
    pub driver: Text<10>,
}

/// A GPU.
#[repr(C)]
pub struct Cells {
    /// What it is called everywhere.
    pub uuid: Text<12>,
    /// The product.
    pub name: Text<12>,
    /// The number on its board.
    pub serial: Text<4>,
    /// NVML's number of its architecture.
    pub architecture: AtomicU64,
    /// Device and vendor.
    pub pci_device: AtomicU64,
    /// The lowest limit (mW).
    pub least: AtomicU64,
    /// The highest limit (mW).
    pub most: AtomicU64,
    /// The limit after loading (mW).
    pub default: AtomicU64,
    /// The highest clock (MHz).
    pub clock: AtomicU64,
    /// What the product can, as bits.
    pub can: AtomicU64,
    /// Raised when it falls off the bus.
    pub era: AtomicU64,
    /// The limit asked for: its life, and mW.
    pub requested: AtomicU64,
    /// The clocks of a lock: its life, and the lowest and the highest in MHz of sixteen bits each; 0 for none.
    pub lock: AtomicU64,
    /// Persistence mode: its life, and 1 for on.
    pub persistence: AtomicU64,
    /// The limit of the board's controller (mW), which no driver changes; 0 for none.
    pub out_of_band: AtomicU64,
    /// How often a limit was set since the board was made, and the process that did last.
    pub sets: AtomicU64,
    /// Errors that memory corrected.
    pub corrected: AtomicU64,
    /// Errors that it did not.
    pub uncorrected: AtomicU64,
    /// What is broken, as bits.
    pub faults: AtomicU64,
    /// What its readings say instead of the truth.
    pub sentinel: AtomicU64,
    /// How long every call on it takes (ms).
    pub slow: AtomicU64,
    /// The code with which every call on it fails; 0 for none.
    pub fails: AtomicU64,
    /// What it measures.
    pub sensors: Sensors,
}

/// Sensors that belong together.
#[repr(C)]
pub struct Sensors {
    /// Which place is read: the first where it is even.
    turn: AtomicU64,
    places: [[AtomicU64; SENSORS]; 2],
}

impl Sensors {
    /// Writes a set; one writer at a time.
    pub fn write(&self, values: [u64; SENSORS]) {
        let next = self.turn.load(Ordering::Relaxed).wrapping_add(1);
        // Who sees a word of what follows sees the turn before this, too, and knows that its own place is no longer read.
        fence(Ordering::Release);
        for (cell, value) in self.place(next).iter().zip(values) {
            cell.store(value, Ordering::Relaxed);
        }
        self.turn.store(next, Ordering::Release);
    }

    /// Reads a set.
    pub fn read(&self) -> [u64; SENSORS] {
        let mut values = [0; SENSORS];
        for _ in 0..TRIES {
            let turn = self.turn.load(Ordering::Acquire);
            values = self.place(turn).each_ref().map(|cell| cell.load(Ordering::Relaxed));
            fence(Ordering::Acquire);
            if self.turn.load(Ordering::Relaxed) == turn {
                break;
            }
        }
        values
    }

    const fn place(&self, turn: u64) -> &[AtomicU64; SENSORS] {
        let [even, odd] = &self.places;
        if turn.is_multiple_of(2) { even } else { odd }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sensors(turn: u64) -> Sensors {
        let place = || std::array::from_fn(|_| AtomicU64::new(0));
        Sensors { turn: AtomicU64::new(turn), places: [place(), place()] }
    }

    #[test]
    fn a_writer_that_was_killed_holds_up_neither_readers_nor_the_next_writer() {
        let sensors = sensors(0);
        sensors.write([3; SENSORS]);
        // Somebody begins and never comes to his end.
        sensors.places[0].iter().take(5).for_each(|cell| cell.store(4, Ordering::Relaxed));
        assert_eq!(sensors.read(), [3; SENSORS], "what was finished stands");
        sensors.write([9; SENSORS]);
        assert_eq!(sensors.read(), [9; SENSORS]);
    }

    #[test]
    fn turns_go_round() {
        let sensors = sensors(u64::MAX - 1);
        for n in 1..5 {
            sensors.write([n; SENSORS]);
            assert_eq!(sensors.read(), [n; SENSORS]);
        }
    }

    #[test]
    fn texts_end_and_fit() {
        let text = Text::<2>(std::array::from_fn(|_| AtomicU64::new(u64::MAX)));
        assert_eq!(text.read().chars().count(), 16, "bytes that are no text are still read");
        for (written, read) in [
            ("", ""),
            ("GPU-1", "GPU-1"),
            ("fifteen letters", "fifteen letters"),
            ("sixteen letters!", "sixteen letters"),
        ] {
            text.write(written);
            assert_eq!(text.read(), read);
        }
    }

    #[test]
    fn words_have_halves() {
        for (a, b) in [(0, 0), (1, 2), (u32::MAX, 0), (0, u32::MAX), (u32::MAX, u32::MAX)] {
            assert_eq!((upper(word(a, b)), lower(word(a, b))), (a, b));
        }
    }
}
