//! What is known about one writable register, and whether it is written now. Pure.

use std::sync::Arc;

use plant::bind::Bound;
use plant::command::{WriteOutcome, WriteReport};
use plant::device::codec::{self, Words};
use plant::device::{DeviceMap, Register, RegisterTable, RegisterWrite};
use plant::reading::Why;
use plant::time::{Mono, Span, Tick};
use plant::units::Affine;

/// How often a write that was not proven is repeated before only its refresh repeats it. What is never refreshed because it
/// wears out is repeated for ever, at its shortest interval.
const MAX_TRIES: u8 = 3;

/// What goes into the register.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Raw {
    /// A coil.
    Bit(bool),
    /// One to four words.
    Words(Words),
}

/// Why a register is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nobody knows what it holds.
    Unknown,
    /// Another value is wanted.
    Change,
    /// The last write was not proven, or somebody else has changed it.
    Repeat,
    /// So that the product knows we live.
    Refresh,
}

/// One writable register of a unit.
#[derive(Clone, Debug)]
pub struct Output {
    map: Arc<DeviceMap>,
    row: usize,
    /// The point.
    pub bound: Bound,
    /// Coil or holding.
    pub table: RegisterTable,
    /// Where it starts, from 0.
    pub address: u16,
    /// How many registers or bits.
    pub words: u16,
    /// How it is written.
    pub spec: RegisterWrite,
    held: Option<Held>,
    state: State,
    tries: u8,
    written_at: Option<Mono>,
    /// Read since the last write, its own read-back not counted.
    watched: bool,
    told: Option<Why>,
    /// Writes into memory that wears out, not reported yet.
    wear: u32,
}

/// What was written last.
#[derive(Clone, Copy, Debug)]
struct Held {
    raw: Raw,
    /// The value as the register can hold it, in its unit.
    value: f64,
    at: Mono,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Acknowledged; nobody has read it back.
    Acknowledged,
    /// Seen in the device.
    Proven,
    /// Not written, not taken, or changed by somebody else.
    Doubted,
}

impl Output {
    /// The output of a writable register; nothing for one that is not, and for single bits of a word, which cannot be
    /// written without touching their neighbours.
    #[must_use]
    pub fn new(map: &Arc<DeviceMap>, row: usize, bound: Bound) -> Option<Self> {
        let register = map.registers.get(row)?;
        let spec = register.write?;
        let writable = match register.table {
            RegisterTable::Coil => true,
            RegisterTable::Holding => !matches!(register.ty, plant::device::RegisterType::Bit(_)),
            RegisterTable::Discrete | RegisterTable::Input => false,
        };
        writable.then(|| Self {
            map: Arc::clone(map),
            row,
            bound,
            table: register.table,
            address: register.address,
            words: codec::word_count(register),
            spec,
            held: None,
            state: State::Doubted,
            tries: 0,
            written_at: None,
            watched: false,
            told: None,
            wear: 0,
        })
    }

    /// The register.
    #[must_use]
    pub fn register(&self) -> Option<&Register> {
        self.map.registers.get(self.row)
    }

    /// The register's content for a value in the point's canonical unit.
    ///
    /// # Errors
    /// `Range` for a value the product must not be given, `NotANumber`, `Config` for one it cannot hold.
    pub fn prepare(&self, canonical: f64) -> Result<Raw, Why> {
        let register = self.register().ok_or(Why::Config)?;
        let Affine { scale, offset } = self.bound.to_canonical;
        let value = (canonical - offset) / scale;
        if !value.is_finite() {
            return Err(Why::NotANumber);
        }
        // What unit conversion rounds away is forgiven, nothing more.
        let slack = 1e-9 * (1.0 + self.spec.min.abs().max(self.spec.max.abs()));
        if value < self.spec.min - slack || value > self.spec.max + slack {
            return Err(Why::Range);
        }
        let value = value.max(self.spec.min).min(self.spec.max);
        let raw = match register.table {
            RegisterTable::Coil => codec::encode_bit(register, value).ok().map(Raw::Bit),
            RegisterTable::Holding => codec::encode(register, value).ok().map(Raw::Words),
            RegisterTable::Discrete | RegisterTable::Input => None,
        };
        raw.ok_or(Why::Config)
    }

    /// Whether `raw` is written in the scan of `tick`, and why.
    #[must_use]
    pub fn cause(&self, raw: Raw, tick: Tick) -> Option<Cause> {
        let cause = self.wish(raw, tick)?;
        let worn =
            self.spec.nonvolatile && self.written_at.is_some_and(|at| tick.mono.since(at) < self.spec.min_interval);
        (!worn).then_some(cause)
    }

    fn wish(&self, raw: Raw, tick: Tick) -> Option<Cause> {
        let Some(held) = self.held else { return Some(Cause::Unknown) };
        if raw != held.raw && (self.value(raw) - held.value).abs() > self.spec.tolerance {
            return Some(Cause::Change);
        }
        if self.state == State::Doubted && (self.tries < MAX_TRIES || self.spec.nonvolatile) {
            return Some(Cause::Repeat);
        }
        // Waiting for the next scan would be too late.
        let age = tick.mono.since(held.at).nanos().saturating_add(tick.dt.nanos());
        let refresh = !self.spec.nonvolatile && self.spec.refresh > Span::ZERO && age > self.spec.refresh.nanos();
        refresh.then_some(Cause::Refresh)
    }

    /// Whether the register is read before it is written: to spare memory that wears out, and to see what somebody else
    /// has written before a refresh would wipe it out.
    #[must_use]
    pub fn look_first(&self, cause: Cause) -> bool {
        if !self.spec.read_back {
            return false;
        }
        match cause {
            Cause::Unknown => self.spec.nonvolatile,
            Cause::Refresh => self.state == State::Proven && !self.watched,
            Cause::Change | Cause::Repeat => false,
        }
    }

    /// The value that `raw` means, in the register's unit.
    fn value(&self, raw: Raw) -> f64 {
        let Some(register) = self.register() else { return f64::NAN };
        match raw {
            Raw::Bit(bit) => codec::decode_bit(register, bit),
            Raw::Words(words) => codec::decode(register, &words),
        }
        .unwrap_or(f64::NAN)
    }

    fn canonical(&self, value: f64) -> f64 {
        value * self.bound.to_canonical.scale + self.bound.to_canonical.offset
    }

    /// It is being written in the scan of `tick`; whether the device takes it is not known yet.
    pub fn sent(&mut self, raw: Raw, tick: Tick) {
        let same = self.held.is_some_and(|h| h.raw == raw);
        self.tries = if same && self.state == State::Doubted { self.tries.saturating_add(1) } else { 0 };
        self.held = Some(Held { raw, value: self.value(raw), at: tick.mono });
        self.written_at = Some(tick.mono);
        self.wear = self.wear.saturating_add(u32::from(self.spec.nonvolatile));
        self.watched = false;
        self.state = State::Doubted;
    }

    /// It already holds `raw`: nothing needs to be written.
    pub fn found(&mut self, raw: Raw, tick: Tick) {
        self.held = Some(Held { raw, value: self.value(raw), at: tick.mono });
        self.state = State::Proven;
    }

    /// True when `seen`, in the register's unit, is what `raw` means.
    #[must_use]
    pub fn holds(&self, raw: Raw, seen: f64) -> bool {
        (seen - self.value(raw)).abs() <= self.spec.tolerance.max(1e-9)
    }

    /// The device acknowledged and nothing reads it back. A poll may still see it.
    pub const fn acknowledged(&mut self, wanted: f64, at: Mono) -> WriteReport {
        self.state = State::Acknowledged;
        self.report(wanted, WriteOutcome::Acknowledged, at)
    }

    /// It was read back as `seen`, in the register's unit.
    pub fn read_back(&mut self, wanted: f64, seen: f64, at: Mono) -> WriteReport {
        if self.held.is_some_and(|h| self.holds(h.raw, seen)) {
            self.state = State::Proven;
            self.report(wanted, WriteOutcome::Applied, at)
        } else {
            self.report(wanted, WriteOutcome::Unproven { seen: self.canonical(seen) }, at)
        }
    }

    /// The write failed, or its read-back did.
    pub fn failed(&mut self, wanted: f64, why: Why, at: Mono) -> WriteReport {
        self.state = State::Doubted;
        let report = self.report(wanted, WriteOutcome::Failed(why), at);
        self.told = Some(why);
        report
    }

    /// It could not even be tried. Told once for each reason.
    pub fn hindered(&mut self, wanted: f64, why: Why, at: Mono) -> Option<WriteReport> {
        let news = self.told != Some(why);
        news.then(|| self.failed(wanted, why, at))
    }

    /// A poll saw `seen`, in the register's unit. Tells when somebody else must have written it.
    pub fn seen(&mut self, seen: f64, at: Mono) -> Option<WriteReport> {
        let held = self.held?;
        self.watched = true;
        let ours = self.holds(held.raw, seen);
        let wanted = self.canonical(held.value);
        match (self.state, ours) {
            (State::Acknowledged, true) => {
                self.state = State::Proven;
                Some(self.report(wanted, WriteOutcome::Applied, at))
            }
            (State::Acknowledged, false) => {
                self.state = State::Doubted;
                Some(self.report(wanted, WriteOutcome::Unproven { seen: self.canonical(seen) }, at))
            }
            (State::Proven, false) => {
                self.state = State::Doubted;
                self.tries = 0;
                Some(self.report(wanted, WriteOutcome::Foreign { seen: self.canonical(seen) }, at))
            }
            (State::Proven, true) | (State::Doubted, _) => None,
        }
    }

    /// The last chance to write it: what it holds counts as unknown and how long its memory lasts no more.
    pub const fn part(&mut self) {
        self.lose();
        self.written_at = None;
        self.told = None;
    }

    /// True when it is known to hold `wanted`, in the point's canonical unit: read back, or acknowledged where nothing
    /// reads it back.
    #[must_use]
    pub fn stands(&self, wanted: f64) -> bool {
        let known = match self.state {
            State::Proven => true,
            State::Acknowledged => !self.spec.read_back,
            State::Doubted => false,
        };
        known && self.prepare(wanted).is_ok_and(|raw| self.held.is_some_and(|held| held.raw == raw))
    }

    /// The device may have started anew: nobody knows what it holds.
    pub const fn lose(&mut self) {
        self.held = None;
        self.state = State::Doubted;
        self.tries = 0;
    }

    const fn report(&mut self, wanted: f64, outcome: WriteOutcome, at: Mono) -> WriteReport {
        self.told = None;
        let wear = std::mem::replace(&mut self.wear, 0);
        WriteReport { point: self.bound.point, wanted, outcome, at, wear }
    }
}
