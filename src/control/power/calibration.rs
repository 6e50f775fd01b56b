//! How far boards' readings are off, by what the meter of their rack says.
//!
//! A board reads some percent too much or too little, by the same share at every load. Whenever loads in a rack have changed, its meter says by how much
//! really: a filter keeps one gain for each board, and one for what follows GPUs in the rack (fans, processors). What does not change does not count, so
//! that nobody needs to know what else the rack draws.
//!
//! ```text
//! boards' draws, rack's meter ─▶ both smoothed alike ─▶ change since the last look ─▶ gains
//! ```
//!
//! A cap that a board keeps by its own reading is `gain` times as much at the meter, so everything below a limit is counted in watts of the meter.
//! Where a rack and its boards cannot both be right, a board counts with what it reads at the least.
//!
//! **Equation** `ΔM = Σ (gain + follows)·Δp/supplies + e`, a Kalman filter whose states are taken to be independent. **Source** Yang, Adamek, Armour, *Part-time
//! power measurements: nvidia-smi's lack of attention*, SC'24, for errors that are a share (±5 %, by board). **Box** loads of single boards that change by
//! themselves; where all of a rack rise and fall together only their sum is known, and goes to what follows. **Outside it** a meter that is off by a
//! share, too, which looks like boards that are.

use plant::convert;
use plant::event::{About, What};
use plant::gpu::{Milliwatts, Uuid};
use plant::hall::power::Power;
use plant::time::Span;
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::Now;
use crate::control::clock::sum;
use crate::control::news::News;

/// A gain of one, in millionths.
pub const ONE: u64 = 1_000_000;
/// How far off a board is before anything was seen (1, one deviation), and how fast that may change (1, each look).
const BOARD: (f64, f64) = (0.025, 0.0003);
/// The same of what follows GPUs in a rack.
const FOLLOWS: (f64, f64) = (0.25, 0.005);
/// What else in a rack changes meanwhile: a share of what GPUs change (1), and of the rack's most (1).
const ELSE: (f64, f64) = (0.02, 0.002);
/// How readings are smoothed (s): meters and agents do not read at the same moment.
const SMOOTH: f64 = 20.0;
/// A look follows another after so long, and begins anew after so long without a change.
const LOOK: (Span, Span) = (Span::from_secs(60), Span::from_secs(600));
/// A change is worth a look from this share of what a rack's GPUs draw at their most (1).
const WORTH: f64 = 0.03;
/// A gain is believed so far from one (1).
const BELIEVED: f64 = 0.08;
/// A rack and its boards cannot both be right, and can again: a board so far off, or watts of boards that do not all show at the meter (1).
const APART: (f64, f64) = (0.08, 0.06);

/// What is known of boards and racks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    boards: Vec<Reads>,
    racks: Vec<Rack>,
}

/// How a board reads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Reads {
    uuid: Option<Uuid>,
    gain: Estimate,
    /// What it draws by itself, smoothed, and at the last look (W).
    drawn: Smooth,
}

/// What a rack's meter reads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Rack {
    follows: Estimate,
    /// What its meter reads (W).
    meter: Smooth,
    /// For how long nothing was missing; nothing where something is.
    since: Option<Span>,
    told: bool,
}

/// A number with its variance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Estimate {
    mean: f64,
    variance: f64,
}

/// A reading that is smoothed, and what it was at the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Smooth {
    now: f64,
    base: f64,
}

impl Smooth {
    const fn change(self) -> f64 {
        self.now - self.base
    }

    fn step(&mut self, read: f64, share: f64, begins: bool) {
        self.now += (read - self.now) * if begins { 1.0 } else { share };
        if begins {
            self.base = self.now;
        }
    }
}

impl Estimate {
    const fn new(mean: f64, deviation: f64) -> Self {
        Self { mean, variance: deviation * deviation }
    }

    /// Time goes by: it is known less well, but never less than before anything was seen.
    fn drift(&mut self, (most, each): (f64, f64)) {
        self.variance = (self.variance + each * each).min(most * most);
    }

    /// A change of which this one's part is `part` came out `off` too high, where such a difference has the variance `of`.
    fn learn(&mut self, part: f64, off: f64, of: f64) {
        let share = self.variance * part / of;
        self.mean += share * off;
        self.variance *= 1.0 - share * part;
    }
}

impl Calibration {
    /// Nothing known: every board reads right.
    #[must_use]
    pub fn new(power: &Power) -> Self {
        let gain = Estimate::new(1.0, BOARD.0);
        let rack = Rack { follows: Estimate::new(0.0, FOLLOWS.0), meter: Smooth::default(), since: None, told: false };
        Self {
            boards: vec![Reads { uuid: None, gain, drawn: Smooth::default() }; power.gpus()],
            racks: vec![rack; power.racks.len()],
        }
    }

    /// A new boot: what is known stays, what was smoothed is of another time.
    pub fn restart(&mut self) {
        self.racks.iter_mut().for_each(|rack| rack.since = None);
    }

    /// The gain of a board that counts (millionths).
    #[must_use]
    pub fn gain(&self, rack: usize, gpu: usize) -> u64 {
        let (Some(of), Some(rack)) = (self.boards.get(gpu), self.racks.get(rack)) else { return ONE };
        let believed = of.gain.mean.clamp(1.0 - BELIEVED, 1.0 + BELIEVED);
        let counts = if rack.told { believed.max(1.0) } else { believed };
        convert::u64_from_f64_rounded(counts * convert::f64_from_u64(ONE))
    }

    /// What a board reads of what it draws by its rack's meter (1).
    #[must_use]
    pub fn reads(&self, gpu: usize) -> f64 {
        self.boards.get(gpu).map_or(1.0, |of| 1.0 / of.gain.mean)
    }

    /// One scan. `of` is every GPU as its board has it, `meter` what a rack's meter reads where that is fresh (W).
    pub fn step(
        &mut self,
        (power, nodes): (&Power, &[Vec<usize>]),
        (of, uuids): (&[Now], impl Fn(usize) -> Option<Uuid>),
        meter: impl Fn(usize) -> Option<Watts>,
        (dt, news): (Span, &mut News<'_>),
    ) {
        let Self { boards, racks } = self;
        for ((n, rack), nodes) in racks.iter_mut().enumerate().zip(nodes) {
            let Some(fed) = power.racks.get(n).filter(|_| !nodes.is_empty()) else { continue };
            let mine = nodes.iter().filter_map(|node| power.nodes.get(*node));
            let gpus = || mine.clone().flat_map(|node| node.places().map(|gpu| (gpu, node.supplies)));
            for (gpu, _) in gpus() {
                let Some(board) = boards.get_mut(gpu) else { continue };
                let uuid = uuids(gpu);
                if uuid.is_some() && uuid != board.uuid {
                    // Another board stands there now.
                    *board = Reads { uuid, gain: Estimate::new(1.0, BOARD.0), drawn: Smooth::default() };
                    rack.since = None;
                }
            }
            let known = gpus().all(|(gpu, _)| of.get(gpu).is_some_and(|now| now.draws.is_some()));
            let Some(read) = meter(n).filter(|_| known) else {
                rack.since = None;
                continue;
            };
            let begins = rack.since.is_none();
            let share = 1.0 - libm::exp(-dt.seconds() / SMOOTH);
            rack.meter.step(read.0, share, begins);
            for (gpu, _) in gpus() {
                let (Some(board), Some(now)) = (boards.get_mut(gpu), of.get(gpu)) else { continue };
                board.drawn.step(now.draws.unwrap_or_default().watts().0, share, begins);
            }
            let since = rack.since.map_or(Span::ZERO, |since| sum(since, dt));
            rack.since = Some(since);
            let (mut moved, mut rated) = (0.0, 0.0);
            for (gpu, supplies) in gpus() {
                let (Some(board), Some(now)) = (boards.get(gpu), of.get(gpu)) else { continue };
                moved += libm::fabs(board.drawn.change()) / supplies;
                rated += now.rated.watts().0 / supplies;
            }
            let worth = moved > WORTH * rated;
            if since < LOOK.0 || !(worth || since >= LOOK.1) {
                continue;
            }
            if worth {
                look((boards, rack), gpus(), moved, fed.most);
            }
            gpus().for_each(|(gpu, _)| {
                boards.get_mut(gpu).into_iter().for_each(|board| board.drawn.base = board.drawn.now);
            });
            (rack.meter.base, rack.since) = (rack.meter.now, Some(Span::ZERO));
            if let Some(apart) = rack.turned(gpus().filter_map(|(gpu, _)| boards.get(gpu))) {
                news.switched(About::Equip(fed.equip), (What::ReadingsApart(apart), apart));
            }
        }
    }
}

/// Learns from a change: all of it that boards do not explain is shared among what may be off.
fn look(
    (boards, rack): (&mut [Reads], &mut Rack),
    gpus: impl Iterator<Item = (usize, f64)> + Clone,
    moved: f64,
    most: Watts,
) {
    let changes = |boards: &[Reads], (gpu, supplies): (usize, f64)| {
        boards.get(gpu).map_or((0.0, 0.0, 0.0), |of| {
            let part = of.drawn.change() / supplies;
            (part, of.gain.mean * part, of.gain.variance * part * part)
        })
    };
    rack.follows.drift(FOLLOWS);
    gpus.clone().for_each(|(gpu, _)| boards.get_mut(gpu).into_iter().for_each(|of| of.gain.drift(BOARD)));
    let noise = (ELSE.0 * moved, ELSE.1 * most.0);
    let (mut together, mut says, mut variance) = (0.0, 0.0, noise.0 * noise.0 + noise.1 * noise.1);
    for gpu in gpus.clone() {
        let (part, by, doubt) = changes(boards, gpu);
        (together, says, variance) = (together + part, says + by, variance + doubt);
    }
    says += rack.follows.mean * together;
    variance += rack.follows.variance * together * together;
    let off = rack.meter.change() - says;
    for (gpu, supplies) in gpus {
        let (part, ..) = changes(boards, (gpu, supplies));
        boards.get_mut(gpu).into_iter().for_each(|of| of.gain.learn(part, off, variance));
    }
    rack.follows.learn(together, off, variance);
}

impl Rack {
    /// Tells when it and its boards cannot both be right (true), and when they can again.
    fn turned<'b>(&mut self, boards: impl Iterator<Item = &'b Reads>) -> Option<bool> {
        let off = boards.map(|of| libm::fabs(of.gain.mean - 1.0)).fold(-self.follows.mean, f64::max);
        let apart = if off > APART.0 {
            true
        } else if off < APART.1 {
            false
        } else {
            self.told
        };
        (apart != std::mem::replace(&mut self.told, apart)).then_some(apart)
    }
}

/// Milliwatts of a board as its rack's meter would have them: never less.
#[must_use]
pub const fn at_meter(board: Milliwatts, gain: u64) -> Milliwatts {
    Milliwatts(board.0.saturating_mul(gain).div_ceil(ONE))
}

/// Milliwatts of a meter as a board would read them: never more.
#[must_use]
pub const fn by_board(meter: Milliwatts, gain: u64) -> Milliwatts {
    match meter.0.saturating_mul(ONE).checked_div(gain) {
        Some(board) => Milliwatts(board),
        None => meter,
    }
}
