//! What nodes said of their GPUs, as far as it is not what they said before. Between two grants little of a GPU moves: what it draws, and
//! the number of the grant it has taken.

use plant::convert;
use plant::gpu::Milliwatts;
use plant::image::Inputs;
use plant::lease::seen::{Beyond, GpuSeen, NodeSeen};
use plant::time::Mono;
use serde::{Deserialize, Serialize};

use super::delta::Malformed;
use super::record::count;

/// What was heard in a scan, against the scan before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    nodes: u32,
    said: Vec<Row<Said>>,
    gpus: u32,
    told: Vec<Row<Told>>,
}

/// A row that is not what it was.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Row<C> {
    /// Unchanged rows since the change before.
    skip: u32,
    change: C,
}

/// A node has spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The scan's `mono` minus when that was, in nanoseconds. Wraps.
    ago: u64,
    /// Its number minus the one before. Wraps.
    more: u64,
    /// Its boards that have no place.
    beyond: Beyond,
}

/// What became of a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// Only what moves all the time.
    Moved {
        /// What it draws.
        power: Option<Milliwatts>,
        /// And at the most.
        peak: Option<Milliwatts>,
        /// The number of its grant minus the one before. Wraps.
        more: u64,
    },
    /// More than that.
    Whole(GpuSeen),
}

/// What the recorder holds: all that was heard as of the last scan, and what of it was new then.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hearing {
    nodes: Vec<NodeSeen>,
    gpus: Vec<GpuSeen>,
    news: Heard,
}

/// A row that is told by what became of it.
trait Kept: Copy + Default + PartialEq {
    type Change: Copy;
    fn since(&self, before: &Self, mono: Mono) -> Self::Change;
    fn turn(&mut self, change: Self::Change, mono: Mono);
}

impl Kept for NodeSeen {
    type Change = Said;

    fn since(&self, before: &Self, mono: Mono) -> Said {
        let (ago, more) = (mono.0.wrapping_sub(self.at.0), self.report.wrapping_sub(before.report));
        Said { ago, more, beyond: self.beyond }
    }

    fn turn(&mut self, change: Said, mono: Mono) {
        self.at = Mono(mono.0.wrapping_sub(change.ago));
        self.report = self.report.wrapping_add(change.more);
        self.beyond = change.beyond;
    }
}

impl Kept for GpuSeen {
    type Change = Told;

    fn since(&self, before: &Self, _: Mono) -> Told {
        let moved = Self { power: self.power, peak: self.peak, order: (before.order.0, self.order.1), ..*before };
        if moved == *self {
            Told::Moved { power: self.power, peak: self.peak, more: self.order.1.wrapping_sub(before.order.1) }
        } else {
            Told::Whole(*self)
        }
    }

    fn turn(&mut self, change: Told, _: Mono) {
        match change {
            Told::Moved { power, peak, more } => {
                (self.power, self.peak, self.order.1) = (power, peak, self.order.1.wrapping_add(more));
            }
            Told::Whole(seen) => *self = seen,
        }
    }
}

impl Hearing {
    /// Takes a scan's image in. Allocates nothing once every row has changed in one scan.
    pub fn hear(&mut self, inputs: &Inputs, mono: Mono) {
        let Heard { nodes, said, gpus, told } = &mut self.news;
        *nodes = diff(&mut self.nodes, &inputs.nodes, mono, said);
        *gpus = diff(&mut self.gpus, &inputs.gpus, mono, told);
    }

    /// What was new in the last scan.
    #[must_use]
    pub const fn news(&self) -> &Heard {
        &self.news
    }

    /// All that was heard, against nothing.
    #[must_use]
    pub fn whole(&self, mono: Mono) -> Heard {
        let (mut said, mut told) = (Vec::new(), Vec::new());
        let nodes = diff(&mut Vec::new(), &self.nodes, mono, &mut said);
        let gpus = diff(&mut Vec::new(), &self.gpus, mono, &mut told);
        Heard { nodes, said, gpus, told }
    }
}

impl Heard {
    /// Brings what was heard from before this record to after it.
    ///
    /// # Errors
    /// When it speaks of rows that are not there.
    pub fn apply(&self, nodes: &mut Vec<NodeSeen>, gpus: &mut Vec<GpuSeen>, mono: Mono) -> Result<(), Malformed> {
        apply(nodes, self.nodes, &self.said, mono)?;
        apply(gpus, self.gpus, &self.told, mono)
    }
}

fn diff<T: Kept>(before: &mut Vec<T>, now: &[T], mono: Mono, rows: &mut Vec<Row<T::Change>>) -> u32 {
    rows.clear();
    before.resize(now.len(), T::default());
    let mut skip = 0_u32;
    for (old, new) in before.iter_mut().zip(now) {
        if old == new {
            skip = skip.saturating_add(1);
            continue;
        }
        rows.push(Row { skip, change: new.since(old, mono) });
        (skip, *old) = (0, *new);
    }
    count(now.len())
}

fn apply<T: Kept>(image: &mut Vec<T>, len: u32, rows: &[Row<T::Change>], mono: Mono) -> Result<(), Malformed> {
    image.resize(convert::usize_from_u32(len), T::default());
    let mut places = image.iter_mut();
    for row in rows {
        places.nth(convert::usize_from_u32(row.skip)).ok_or(Malformed)?.turn(row.change, mono);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use plant::gpu::Uuid;
    use plant::lease::Rule;
    use proptest::prelude::*;

    use super::*;

    fn gpu() -> impl Strategy<Value = GpuSeen> {
        let power = proptest::option::of((0..900_000_u64).prop_map(Milliwatts));
        (power.clone(), power, any::<(u64, u64)>(), any::<u128>(), any::<bool>()).prop_map(
            |(power, peak, order, id, contended)| GpuSeen {
                uuid: Some(Uuid::from_bits(id)),
                rule: Rule::Lease,
                power,
                peak,
                order,
                contended,
                ..GpuSeen::default()
            },
        )
    }

    fn image() -> impl Strategy<Value = Inputs> {
        let beyond = |(boards, most)| Beyond { boards, draws: Milliwatts(most / 2), most: Milliwatts(most) };
        let node = (any::<(u64, u64)>(), any::<(u32, u64)>()).prop_map(move |((at, report), of)| NodeSeen {
            at: Mono(at),
            report,
            beyond: beyond(of),
        });
        (proptest::collection::vec(node, 0..4), proptest::collection::vec(gpu(), 0..9))
            .prop_map(|(nodes, gpus)| Inputs { nodes, gpus, ..Inputs::unread(0) })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn what_was_heard_comes_back(images in proptest::collection::vec((image(), any::<u64>(), any::<bool>()), 1..6)) {
            let (mut hearing, mut nodes, mut gpus) = (Hearing::default(), Vec::new(), Vec::new());
            let mut before: Option<Inputs> = None;
            for (mut now, mono, little) in images {
                // Half of the scans move only what moves all the time.
                if let (true, Some(before)) = (little, before) {
                    let drawn = before.gpus.iter().map(|gpu| GpuSeen { power: Some(Milliwatts(mono % 700)), ..*gpu });
                    now = Inputs { gpus: drawn.collect(), ..before };
                }
                hearing.hear(&now, Mono(mono));
                let bytes = postcard::to_stdvec(hearing.news()).expect("serialises");
                let heard: Heard = postcard::from_bytes(&bytes).expect("deserialises");
                heard.apply(&mut nodes, &mut gpus, Mono(mono)).expect("fits");
                prop_assert_eq!((&nodes, &gpus), (&now.nodes, &now.gpus));
                let (mut n, mut g) = (Vec::new(), Vec::new());
                hearing.whole(Mono(mono)).apply(&mut n, &mut g, Mono(mono)).expect("fits");
                prop_assert_eq!((n, g), (now.nodes.clone(), now.gpus.clone()));
                before = Some(now);
            }
        }
    }

    #[test]
    fn a_gpu_that_only_draws_otherwise_costs_eleven_bytes_and_one_that_does_not_nothing() {
        let gpu = |power, order| GpuSeen {
            uuid: Some(Uuid::from_bits(7)),
            power: Some(Milliwatts(power)),
            peak: Some(Milliwatts(power)),
            order: (3, order),
            ..GpuSeen::default()
        };
        let mut hearing = Hearing::default();
        let mut size = |gpus: Vec<GpuSeen>| {
            let inputs = Inputs { gpus, ..Inputs::unread(0) };
            hearing.hear(&inputs, Mono(0));
            postcard::to_stdvec(hearing.news()).expect("serialises").len()
        };
        let nothing = size(vec![GpuSeen::default(); 64]);
        size(vec![gpu(612_345, 9); 64]);
        assert_eq!(size(vec![gpu(612_345, 9); 64]), nothing);
        assert_eq!(size(vec![gpu(598_111, 10); 64]) - nothing, 64 * 11);
    }

    #[test]
    fn a_row_outside_the_image_is_told() {
        let row = Row { skip: 2, change: Said { ago: 0, more: 1, beyond: Beyond::default() } };
        let heard = Heard { nodes: 2, said: vec![row], ..Heard::default() };
        assert_eq!(heard.apply(&mut Vec::new(), &mut Vec::new(), Mono(0)), Err(Malformed));
    }
}
