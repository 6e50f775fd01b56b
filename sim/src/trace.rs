//! A run as one number: a hash over all it was given and all it told, equal on every machine.
//!
//! ```text
//! header (program, model, scenario, seed, step)
//!   └─ then, step by step: time, every value rounded to a millionth, what was decided ──▶ hash
//! ```
//!
//! Rounding to a millionth of a unit keeps the hash about what a person could see: two programs that sum in another order
//! may agree. Not to the last bit: a value that stands on the edge between two millionths may fall to either side, so an equal
//! hash proves an equal run and another hash only asks for a look. **Source** BLAKE3, without any code for a machine of its own.
//! **Box** values below 9 · 10¹² of their unit. **Outside it** larger ones, infinities and NaN go in by their bits.

use plant::convert;
use plant::reading::{Sample, Why};
use plant::time::Span;

/// The version of the physics: raised when a component's equations change.
pub const MODEL: u32 = 1;

/// Bytes that are gathered before they are hashed: a hasher takes many at once much faster than a few at a time.
const GATHERED: usize = 16 * 1024;

/// Steps of a unit that the hash tells apart.
const PER_UNIT: f64 = 1e6;
/// Beyond this a rounded value does not fit its eight bytes.
const LARGEST: f64 = 9e12;

/// What a run was made of. Two runs with one header ought to have one hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The program's version, as it tells it.
    pub program: String,
    /// The version of the physics: raised when a component's equations change (number, ≥ 1).
    pub model: u32,
    /// The hash of the scenario's text; see [`hash_of`].
    pub scenario: String,
    /// The run's seed (number, any).
    pub seed: u64,
    /// The step (s, > 0).
    pub dt: Span,
}

impl Header {
    /// As it stands at the head of a trace: a line for each part.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { program, model, scenario, seed, dt } = self;
        format!("program {program}\nmodel {model}\nscenario {scenario}\nseed {seed}\ndt-ns {}\n", dt.nanos())
    }
}

/// The hash of a text: of a scenario, a hall, a physics file. 64 hexadecimal digits.
#[must_use]
pub fn hash_of(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// A run's hash while it goes on. A clone is a snapshot.
#[derive(Clone, Debug)]
pub struct Trace {
    hasher: blake3::Hasher,
    /// What is not hashed yet.
    bytes: Vec<u8>,
    rows: u64,
}

impl Trace {
    /// A trace with nothing in it but its header.
    #[must_use]
    pub fn new(header: &Header) -> Self {
        let mut hasher = blake3::Hasher::new();
        let text = header.text();
        hasher.update(&convert::u64_from_usize(text.len()).to_le_bytes());
        hasher.update(text.as_bytes());
        Self { hasher, bytes: Vec::with_capacity(GATHERED), rows: 0 }
    }

    /// Begins a scan, `elapsed` after the run's start.
    pub fn row(&mut self, elapsed: Span) {
        self.rows = self.rows.saturating_add(1);
        self.put(b'@', elapsed.nanos());
    }

    /// Adds a value of the scan, in the order in which all runs add them.
    pub fn value(&mut self, value: f64) {
        if value.abs() < LARGEST {
            let millionths = convert::i64_from_f64_rounded(value * PER_UNIT);
            self.put(b'=', convert::bits_from_i64(millionths));
        } else if value.is_nan() {
            // One NaN is as good as another: their bits differ between machines.
            self.put(b'n', 0);
        } else {
            self.put(b'^', value.to_bits());
        }
    }

    /// Adds a sample: its value, or why there is none. When it was read is part of it.
    pub fn sample(&mut self, sample: Sample) {
        match sample.value {
            Ok(value) => self.value(value),
            Err(why) => self.put(b'?', code(why)),
        }
        self.put(b'.', sample.at.0);
    }

    /// Adds what was decided in the scan, as its own hash.
    pub fn decided(&mut self, hash: &[u8]) {
        self.add(b'!', hash);
    }

    /// Scans so far.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// The hash of what has been added so far: 64 hexadecimal digits. The trace may go on.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hasher = self.hasher.clone();
        hasher.update(&self.bytes);
        hasher.finalize().to_hex().to_string()
    }

    /// The hash so far as people compare it: its first 16 digits.
    #[must_use]
    pub fn short(&self) -> String {
        self.hash().chars().take(16).collect()
    }

    fn put(&mut self, kind: u8, word: u64) {
        self.add(kind, &word.to_le_bytes());
    }

    /// Within the room there is, so that nothing is allocated.
    fn add(&mut self, kind: u8, bytes: &[u8]) {
        if self.bytes.len() + bytes.len() + 1 > GATHERED {
            self.hasher.update(&self.bytes);
            self.bytes.clear();
        }
        self.bytes.push(kind);
        self.bytes.extend_from_slice(bytes);
    }
}

/// A number for each reason, which stays when reasons are added.
const fn code(why: Why) -> u64 {
    match why {
        Why::NeverRead => 1,
        Why::Comm => 2,
        Why::Timeout => 3,
        Why::Range => 4,
        Why::RateOfChange => 5,
        Why::Stuck => 6,
        Why::InvalidCode => 7,
        Why::NotANumber => 8,
        Why::Clock => 9,
        Why::Manual => 10,
        Why::OutOfService => 11,
        Why::Config => 12,
        Why::WrongDevice => 13,
        // Above a byte, so that it can be no other reason.
        Why::Exception(code) => 0x100 | u64::from_le_bytes([code, 0, 0, 0, 0, 0, 0, 0]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plant::time::Mono;
    use proptest::prelude::*;

    fn header() -> Header {
        Header {
            program: "0.1.0".to_owned(),
            model: 1,
            scenario: hash_of("a hot day"),
            seed: 42,
            dt: Span::from_secs(1),
        }
    }

    fn run(values: &[f64]) -> String {
        let mut trace = Trace::new(&header());
        for (n, value) in values.iter().enumerate() {
            trace.row(Span::from_secs(convert::u64_from_usize(n)));
            trace.value(*value);
        }
        trace.hash()
    }

    #[test]
    fn the_hash_is_this_one_on_every_machine() {
        // The digest of the bytes that this page describes, computed with the reference implementation in C.
        assert_eq!(hash_of(""), "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
        let again = run(&[24.1, -3.0, f64::NAN, f64::INFINITY, 1e15]);
        assert_eq!(run(&[24.1, -3.0, -f64::NAN, f64::INFINITY, 1e15]), again);
        assert_eq!(again.len(), 64);
    }

    #[test]
    fn a_long_run_hashes_as_its_bytes_do_at_once_and_what_was_decided_counts() {
        let mut trace = Trace::new(&header());
        let mut bytes = convert::u64_from_usize(header().text().len()).to_le_bytes().to_vec();
        bytes.extend_from_slice(header().text().as_bytes());
        for n in 0..10_000u64 {
            trace.row(Span::from_nanos(n));
            trace.decided(&[7; 32]);
            bytes.push(b'@');
            bytes.extend_from_slice(&n.to_le_bytes());
            bytes.push(b'!');
            bytes.extend_from_slice(&[7; 32]);
        }
        assert_eq!(trace.hash(), blake3::hash(&bytes).to_hex().to_string());
        let mut other = trace.clone();
        trace.decided(&[8; 32]);
        other.decided(&[9; 32]);
        assert_ne!(trace.hash(), other.hash());
        assert!(trace.hash().starts_with(&trace.short()) && trace.short().len() == 16);
    }

    #[test]
    fn every_part_of_the_header_and_of_a_sample_counts() {
        let hash = |header: &Header, sample: Sample| {
            let mut trace = Trace::new(header);
            trace.row(Span::ZERO);
            trace.sample(sample);
            trace.hash()
        };
        let sound = Sample::good(24.1, Mono(5));
        let base = hash(&header(), sound);
        let headers = [
            Header { program: "0.2.0".to_owned(), ..header() },
            Header { model: 2, ..header() },
            Header { scenario: hash_of("a cold day"), ..header() },
            Header { seed: 43, ..header() },
            Header { dt: Span::from_secs(10), ..header() },
        ];
        for other in &headers {
            assert_ne!(hash(other, sound), base, "{other:?}");
        }
        for other in [
            Sample::good(24.100_002, Mono(5)),
            Sample::good(24.1, Mono(6)),
            Sample::bad(Why::Comm, Mono(5)),
            Sample::bad(Why::Exception(2), Mono(5)),
        ] {
            assert_ne!(hash(&header(), other), base, "{other:?}");
        }
        assert_ne!(
            hash(&header(), Sample::bad(Why::Comm, Mono(5))),
            hash(&header(), Sample::bad(Why::Exception(2), Mono(5)))
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn less_than_a_millionth_does_not_count_and_more_does(millionths in -1_000_000_000i64..1_000_000_000) {
            let value = convert::f64_from_i64(millionths) / 1e6;
            prop_assert_eq!(run(&[value + 4e-7]), run(&[value]));
            prop_assert_eq!(run(&[value - 4e-7]), run(&[value]));
            prop_assert_ne!(run(&[value + 2e-6]), run(&[value]));
            prop_assert_eq!(run(&[-0.0]), run(&[0.0]));
        }

        #[test]
        fn order_and_place_count(a in -50.0..50.0f64, b in -50.0..50.0f64) {
            prop_assume!((a - b).abs() > 1e-3);
            prop_assert_ne!(run(&[a, b]), run(&[b, a]));
            prop_assert_ne!(run(&[a]), run(&[a, a]));
        }
    }
}
