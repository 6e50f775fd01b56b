//! One GPU of a board.

use std::sync::atomic::{AtomicU64, Ordering};

use super::cells::{Cells, Head, get, lower, put, upper, word};
use super::readings::Readings;
use super::special::{Can, Fault, Sentinel};

/// One GPU of a board.
#[derive(Clone, Copy)]
pub struct Gpu<'b> {
    head: &'b Head,
    cells: &'b Cells,
}

impl<'b> Gpu<'b> {
    pub(super) const fn new(head: &'b Head, cells: &'b Cells) -> Self {
        Self { head, cells }
    }

    /// What it is called everywhere.
    #[must_use]
    pub fn uuid(self) -> String {
        self.cells.uuid.read()
    }

    /// The product.
    #[must_use]
    pub fn name(self) -> String {
        self.cells.name.read()
    }

    /// The number on its board.
    #[must_use]
    pub fn serial(self) -> String {
        self.cells.serial.read()
    }

    /// NVML's number of its architecture.
    #[must_use]
    pub fn architecture(self) -> u32 {
        lower(get(&self.cells.architecture))
    }

    /// Device and vendor as the PCI bus tells them.
    #[must_use]
    pub fn pci_device(self) -> u32 {
        lower(get(&self.cells.pci_device))
    }

    /// The lowest and the highest limit that the driver takes (mW).
    #[must_use]
    pub fn bounds(self) -> (u32, u32) {
        (lower(get(&self.cells.least)), lower(get(&self.cells.most)))
    }

    /// The limit after the driver has been loaded (mW).
    #[must_use]
    pub fn default_limit(self) -> u32 {
        lower(get(&self.cells.default))
    }

    /// The highest clock (MHz).
    #[must_use]
    pub fn highest_clock(self) -> u32 {
        lower(get(&self.cells.clock))
    }

    /// Whether the product can do something.
    #[must_use]
    pub fn can(self, what: Can) -> bool {
        get(&self.cells.can) & what.bit() != 0
    }

    /// In which life it is: another one after every load of the driver and every fall off the bus.
    #[must_use]
    pub fn life(self) -> u32 {
        let part = |cell: &AtomicU64| lower(get(cell)) & 0xFFFF;
        part(&self.head.generation) << 16 | part(&self.cells.era)
    }

    /// What was said in this life.
    fn said(self, cell: &AtomicU64) -> Option<u32> {
        let seen = get(cell);
        (upper(seen) == self.life()).then(|| lower(seen))
    }

    /// Says something in a life; false, and nothing said, where that is over.
    fn say(self, cell: &AtomicU64, life: u32, value: u32) -> bool {
        let mut seen = get(cell);
        while self.life() == life {
            match cell.compare_exchange(seen, word(life, value), Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return true,
                Err(now) => seen = now,
            }
        }
        false
    }

    /// The limit asked for, else the default (mW).
    #[must_use]
    pub fn requested(self) -> u32 {
        self.said(&self.cells.requested).unwrap_or_else(|| self.default_limit())
    }

    /// The limit in force: the least of the one asked for, the board controller's and the highest (mW).
    #[must_use]
    pub fn enforced(self) -> u32 {
        let limit = self.requested().min(self.bounds().1);
        self.out_of_band().map_or(limit, |out_of_band| limit.min(out_of_band))
    }

    /// Asks for a limit (mW) in a life, as a process. False where that life is over. A deaf one counts it and stays as it is.
    #[must_use]
    pub fn request(self, life: u32, milliwatts: u32, process: u32) -> bool {
        let milliwatts = if self.has(Fault::Deaf) { self.requested() } else { milliwatts };
        let said = self.say(&self.cells.requested, life, milliwatts);
        if said {
            let count = |sets| Some(word(upper(sets).wrapping_add(1), process));
            // The count never refuses, so that this says nothing new.
            let _ = self.cells.sets.fetch_update(Ordering::AcqRel, Ordering::Acquire, count);
        }
        said
    }

    /// How often a limit was set since the board was made, and the process that did last (0 for none).
    #[must_use]
    pub fn sets(self) -> (u32, u32) {
        let sets = get(&self.cells.sets);
        (upper(sets), lower(sets))
    }

    /// The limit of the board's controller (mW).
    #[must_use]
    pub fn out_of_band(self) -> Option<u32> {
        Some(lower(get(&self.cells.out_of_band))).filter(|limit| *limit > 0)
    }

    /// Sets the limit of the board's controller (mW), which survives the driver; nothing for none.
    pub fn set_out_of_band(self, milliwatts: Option<u32>) {
        put(&self.cells.out_of_band, u64::from(milliwatts.unwrap_or(0)));
    }

    /// The clocks it is locked to (MHz, lowest and highest).
    #[must_use]
    pub fn lock(self) -> Option<(u32, u32)> {
        let clocks = self.said(&self.cells.lock).filter(|clocks| *clocks > 0)?;
        Some((clocks >> 16, clocks & 0xFFFF))
    }

    /// Locks its clocks (MHz, lowest and highest, at most 65,535) in a life, or lets them go. False where that life is over.
    #[must_use]
    pub fn set_lock(self, life: u32, clocks: Option<(u32, u32)>) -> bool {
        let (least, most) = clocks.unwrap_or((0, 0));
        self.say(&self.cells.lock, life, least.min(0xFFFF) << 16 | most.min(0xFFFF))
    }

    /// Whether the driver stays loaded without a client.
    #[must_use]
    pub fn persistent(self) -> bool {
        self.said(&self.cells.persistence) == Some(1)
    }

    /// Switches persistence in a life. False where that is over.
    #[must_use]
    pub fn set_persistent(self, life: u32, on: bool) -> bool {
        self.say(&self.cells.persistence, life, u32::from(on))
    }

    /// Memory errors since the board was made: corrected, and not.
    #[must_use]
    pub fn memory_errors(self) -> (u64, u64) {
        (get(&self.cells.corrected), get(&self.cells.uncorrected))
    }

    /// Says how many memory errors there were: corrected, and not.
    pub fn set_memory_errors(self, (corrected, uncorrected): (u64, u64)) {
        put(&self.cells.corrected, corrected);
        put(&self.cells.uncorrected, uncorrected);
    }

    /// Whether something is wrong with it.
    #[must_use]
    pub fn has(self, fault: Fault) -> bool {
        get(&self.cells.faults) & fault.bit() != 0
    }

    /// Breaks it in a way, or mends it. One that falls off the bus loses what it was told.
    pub fn set_fault(self, fault: Fault, on: bool) {
        let (faults, bit) = (&self.cells.faults, fault.bit());
        let before = if on { faults.fetch_or(bit, Ordering::AcqRel) } else { faults.fetch_and(!bit, Ordering::AcqRel) };
        if fault == Fault::Lost && on && before & bit == 0 {
            self.cells.era.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// What its readings say instead of the truth.
    #[must_use]
    pub fn sentinel(self) -> Sentinel {
        let number = get(&self.cells.sentinel);
        Sentinel::ALL.into_iter().find(|kind| kind.number() == number).unwrap_or(Sentinel::Off)
    }

    /// Lets its readings say something instead of the truth.
    pub fn set_sentinel(self, kind: Sentinel) {
        put(&self.cells.sentinel, kind.number());
    }

    /// How long every call on it takes (ms).
    #[must_use]
    pub fn slow(self) -> u64 {
        get(&self.cells.slow)
    }

    /// Lets every call on it take so long (ms); calls that wait go on when it gets shorter.
    pub fn set_slow(self, milliseconds: u64) {
        put(&self.cells.slow, milliseconds);
    }

    /// The code with which every call on it fails.
    #[must_use]
    pub fn fails(self) -> Option<u32> {
        Some(lower(get(&self.cells.fails))).filter(|code| *code > 0)
    }

    /// Lets every call on it fail with one of NVML's codes; nothing for none.
    pub fn set_fails(self, code: Option<u32>) {
        put(&self.cells.fails, u64::from(code.unwrap_or(0)));
    }

    /// What its sensors say.
    #[must_use]
    pub fn readings(self) -> Readings {
        Readings::of(self.cells.sensors.read())
    }

    /// Lets its sensors say something; one writer a board. Sensors that are stuck stay as they are.
    pub fn publish(self, readings: &Readings) {
        if self.has(Fault::Stuck) {
            return;
        }
        let mut readings = *readings;
        if self.has(Fault::StuckPower) {
            let before = self.readings();
            (readings.instant_mw, readings.average_mw) = (before.instant_mw, before.average_mw);
        }
        self.cells.sensors.write(readings.words());
    }
}
