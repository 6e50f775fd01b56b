//! What the journal holds: scans, answers, snapshots and gaps, as they lie in its rows.

use plant::command::WriteReport;
use plant::convert;
use plant::hall::Strategies;
use plant::image::Outputs;
use plant::lease::seen::{GpuSeen, NodeSeen};
use plant::plan::Arrived;
use plant::reading::Sample;
use plant::time::Tick;
use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};

use super::delta::{self, Change, Decided, Malformed};
use super::heard::Heard;

/// What was decided, in sixteen bytes.
pub type DecisionHash = [u8; 16];

/// What a row is. The number is the one in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A scan.
    Scan,
    /// An answer.
    Answer,
    /// A snapshot: replay and recovery start here.
    Snapshot,
    /// Records are missing before the next row.
    Gap,
}

/// A scan as recorded: changes against the image before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scan {
    /// Its time.
    pub tick: Tick,
    points: u32,
    changes: Vec<Change>,
    /// What became of earlier writes, as the scan saw it.
    pub reports: Vec<WriteReport>,
    /// Strategies that took effect in this scan.
    pub reload: Option<Box<Strategies>>,
    /// A plan that arrived for this scan.
    pub plan: Option<Box<Arrived>>,
    /// Of all that was decided: [`decision_hash`].
    pub hash: DecisionHash,
    outputs: u32,
    decided: Vec<Decided>,
    heard: Heard,
}

/// The same, borrowed from the recorder. Field for field what [`Scan`] reads.
#[derive(Serialize)]
pub(super) struct ScanRef<'a> {
    pub tick: Tick,
    pub points: u32,
    pub changes: &'a [Change],
    pub reports: &'a [WriteReport],
    pub reload: &'a Option<Box<Strategies>>,
    pub plan: &'a Option<Box<Arrived>>,
    pub hash: DecisionHash,
    pub outputs: u32,
    pub decided: &'a [Decided],
    pub heard: &'a Heard,
}

/// An answer as recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The tick that the controller answered in.
    pub tick: Tick,
    /// The request, in postcard.
    pub request: Vec<u8>,
    /// Of the reply: [`hash_of`].
    pub reply: DecisionHash,
}

/// A snapshot as recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The last scan it holds; at the start of a boot, the time of that start.
    pub tick: Tick,
    points: u32,
    changes: Vec<Change>,
    outputs: Vec<f64>,
    /// The controller's state, in postcard.
    pub state: Vec<u8>,
    heard: Heard,
}

/// The same, borrowed from the recorder.
#[derive(Serialize)]
pub(super) struct SnapshotRef<'a> {
    pub tick: Tick,
    pub points: u32,
    pub changes: &'a [Change],
    pub outputs: &'a [f64],
    pub state: &'a [u8],
    pub heard: &'a Heard,
}

/// Records that could not be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// How many records.
    pub lost: u64,
    /// Why, as the disk or the queue said it.
    pub why: String,
}

/// One record, read back.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "each variant is the record of its name")]
pub enum Record {
    Scan(Scan),
    Answer(Answer),
    Snapshot(Snapshot),
    Gap(Gap),
}

/// The images a reader keeps while it walks the records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Images {
    /// The latest sample of every point.
    pub samples: Vec<Sample>,
    /// The value of every output, in the order of the commands.
    pub outputs: Vec<f64>,
    /// What every node last said.
    pub nodes: Vec<NodeSeen>,
    /// The same of every GPU.
    pub gpus: Vec<GpuSeen>,
}

impl Kind {
    /// The number in the file.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Scan => 1,
            Self::Answer => 2,
            Self::Snapshot => 3,
            Self::Gap => 4,
        }
    }

    /// The kind of a number in the file.
    #[must_use]
    pub const fn from_number(n: i64) -> Option<Self> {
        match n {
            1 => Some(Self::Scan),
            2 => Some(Self::Answer),
            3 => Some(Self::Snapshot),
            4 => Some(Self::Gap),
            _ => None,
        }
    }
}

impl Record {
    /// Reads a row's body.
    ///
    /// # Errors
    /// When the body is not a record of this kind.
    pub fn decode(kind: Kind, body: &[u8]) -> Result<Self, postcard::Error> {
        Ok(match kind {
            Kind::Scan => Self::Scan(postcard::from_bytes(body)?),
            Kind::Answer => Self::Answer(postcard::from_bytes(body)?),
            Kind::Snapshot => Self::Snapshot(postcard::from_bytes(body)?),
            Kind::Gap => Self::Gap(postcard::from_bytes(body)?),
        })
    }
}

impl Scan {
    /// Brings the images from before this scan to after it.
    ///
    /// # Errors
    /// When the record speaks of rows it does not have.
    pub fn apply(&self, images: &mut Images) -> Result<(), Malformed> {
        delta::apply(&mut images.samples, self.points, self.tick.mono, &self.changes)?;
        delta::apply_outputs(&mut images.outputs, self.outputs, &self.decided)?;
        self.heard.apply(&mut images.nodes, &mut images.gpus, self.tick.mono)
    }
}

impl Snapshot {
    /// The images as of this snapshot.
    ///
    /// # Errors
    /// When the record speaks of rows it does not have.
    pub fn images(&self) -> Result<Images, Malformed> {
        let mut images = Images { outputs: self.outputs.clone(), ..Images::default() };
        delta::apply(&mut images.samples, self.points, self.tick.mono, &self.changes)?;
        self.heard.apply(&mut images.nodes, &mut images.gpus, self.tick.mono)?;
        Ok(images)
    }
}

/// The hash of all that a scan decided: every command's and every event's bits. Allocates nothing.
#[must_use]
pub fn decision_hash(outputs: &Outputs) -> DecisionHash {
    hash_of(outputs)
}

/// The hash of a value's postcard bytes: floats bit for bit.
#[must_use]
pub fn hash_of(value: &impl Serialize) -> DecisionHash {
    let sink = Sink { hasher: blake3::Hasher::new(), buffer: [0; 512], len: 0 };
    // Only a value whose sequences do not know their length cannot be serialised; it gets the hash of nothing.
    postcard::serialize_with_flavor(value, sink).unwrap_or_default()
}

/// What a row's checksum covers: its place, its kind, its time and its body.
#[must_use]
pub(super) fn checksum(numbers: [i64; 5], body: &[u8]) -> DecisionHash {
    let mut hasher = blake3::Hasher::new();
    for n in numbers {
        hasher.update(&n.to_le_bytes());
    }
    hasher.update(body);
    first_half(&hasher)
}

/// Feeds a hasher in pieces that are worth a call.
struct Sink {
    hasher: blake3::Hasher,
    buffer: [u8; 512],
    len: usize,
}

impl Flavor for Sink {
    type Output = DecisionHash;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        let end = self.len.saturating_add(bytes.len());
        if let Some(place) = self.buffer.get_mut(self.len..end) {
            place.copy_from_slice(bytes);
            self.len = end;
        } else {
            self.hasher.update(self.buffer.get(..self.len).unwrap_or_default());
            self.hasher.update(bytes);
            self.len = 0;
        }
        Ok(())
    }

    fn finalize(mut self) -> postcard::Result<DecisionHash> {
        self.hasher.update(self.buffer.get(..self.len).unwrap_or_default());
        Ok(first_half(&self.hasher))
    }
}

/// Serialises into a buffer that has been used before.
struct Reused(Vec<u8>);

impl Flavor for Reused {
    type Output = Vec<u8>;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Vec<u8>> {
        Ok(self.0)
    }
}

/// A value in postcard, in a buffer that has been used before.
pub(super) fn encode(value: &impl Serialize, mut buffer: Vec<u8>) -> Vec<u8> {
    buffer.clear();
    // Only a sequence that does not know its length cannot be serialised, and no state or request holds one.
    postcard::serialize_with_flavor(value, Reused(buffer)).unwrap_or_default()
}

fn first_half(hasher: &blake3::Hasher) -> DecisionHash {
    let whole = hasher.finalize();
    std::array::from_fn(|n| whole.as_bytes().get(n).copied().unwrap_or_default())
}

/// A length for a record.
pub(super) const fn count(len: usize) -> u32 {
    convert::u32_from_usize(len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plant::command::{Command, Level, Reason};
    use plant::id::{Id, PointId};

    fn outputs(values: &[f64]) -> Outputs {
        let command = |(n, value): (usize, &f64)| Command {
            point: PointId::from_index(n),
            value: *value,
            level: Level::Control,
            reason: Reason::Relinquished,
        };
        Outputs { commands: values.iter().enumerate().map(command).collect(), ..Outputs::default() }
    }

    #[test]
    fn the_hash_is_of_the_bits() {
        let many: Vec<f64> = (0..300).map(f64::from).collect();
        let whole = blake3::hash(&postcard::to_stdvec(&outputs(&many)).expect("serialises"));
        assert_eq!(decision_hash(&outputs(&many)), whole.as_bytes()[..16]);
        assert_ne!(decision_hash(&outputs(&[0.0])), decision_hash(&outputs(&[-0.0])));
        let nan = |bits| decision_hash(&outputs(&[f64::from_bits(bits)]));
        assert_ne!(nan(0x7FF8_0000_0000_0000), nan(0x7FF8_0000_0000_0001));
    }

    #[test]
    fn a_changed_reason_changes_the_hash() {
        let before = outputs(&[46.0]);
        let mut after = before.clone();
        after.commands[0].reason = Reason::Override;
        assert_ne!(decision_hash(&before), decision_hash(&after));
    }
}
