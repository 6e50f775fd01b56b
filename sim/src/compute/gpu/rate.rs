//! What a watt less costs in work.
//!
//! **Equation** a curve gives the share of work that is left at a share `q` of the power that the work wants. Fitted:
//! `((q·P_n − s)/(P_n − s))^γ` with natural power and floor as shares of the rated power. By the clock: the clock that draws
//! `q·P_n`, and `x/((1 − m) + m·x)` of the work, `m` the share of time that waits for memory. Both become a table of 64
//! cells, straight between its knots. **Source** fits to the published sweeps of Zeus (You, Chung, Chowdhury, NSDI 2023): γ 0.14
//! to 1.06, s 0.2 to 0.33. **Box** caps from the floor up. **Outside it** no work below the floor.
//! **Time constant** none.

use plant::convert;
use plant::read::Section;

use super::Device;
use crate::compute::four::Four;
use crate::compute::job::Phase;
use crate::physics::read::{SHARE, number};

/// Cells of a table.
const CELLS: f64 = 64.0;
/// 2⁵²: a float this large has no fraction, so that its last bits are a whole number.
const WHOLE: f64 = 4_503_599_627_370_496.0;

/// The share of work that is left at a share of the power wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    knots: [f64; 65],
}

/// The curves of a device's kinds of work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Steps of training.
    pub training: Curve,
    /// Writing a checkpoint.
    pub checkpoint: Curve,
    /// Reading prompts.
    pub prefill: Curve,
    /// Writing answers.
    pub decode: Curve,
}

impl Curve {
    /// A fit: `natural` power and `floor` as shares of the rated power (1, 0 ≤ floor < natural), `exponent` (1, > 0).
    #[must_use]
    pub fn fitted(natural: f64, floor: f64, exponent: f64) -> Self {
        Self::of(|q| {
            let share = (q * natural - floor) / (natural - floor);
            if share > 0.0 { libm::pow(share, exponent) } else { 0.0 }
        })
    }

    /// By the clock of a device at an activity (1), `memory` the share of time that waits for memory (1, 0 to 1).
    #[must_use]
    pub fn clocked(of: &Device, activity: f64, memory: f64) -> Self {
        let natural = of.at_clock(1.0, activity);
        Self::of(|q| {
            let clock = of.clock(q * natural, activity);
            if clock > 0.0 { clock / ((1.0 - memory) + memory * clock) } else { 0.0 }
        })
    }

    fn of(at: impl Fn(f64) -> f64) -> Self {
        let mut knots = [1.0; 65];
        for (n, knot) in knots.iter_mut().enumerate() {
            *knot = at(convert::f64_from_usize(n) / CELLS).min(1.0);
        }
        Self { knots }
    }

    /// The share of work (1) at a share of the power wanted (1, clamped to 0 to 1).
    #[must_use]
    pub fn at(&self, share: f64) -> f64 {
        let place = (share * CELLS).clamp(0.0, CELLS - 1e-9);
        // Rounded half a cell lower is rounded down; written out because it is the innermost of all loops.
        let whole = place - 0.5 + WHOLE;
        let cell = convert::usize_from_u64(whole.to_bits() & 0x7F).min(63);
        let into = place - (whole - WHOLE);
        match self.knots.get(cell..cell + 2) {
            Some(&[low, high]) => low + (high - low) * into,
            Some(_) | None => 1.0,
        }
    }

    /// The work of four GPUs of which some miss power: each has a `share` of what its work wants, and misses this (1, W).
    pub(super) fn held(&self, share: Four, missing: Four) -> Four {
        let ([a, b, c, d], [p, q, r, s]) = (share.0, missing.0);
        let at = |share: f64, missing: f64| if missing > 0.0 { self.at(share) } else { 1.0 };
        Four([at(a, p), at(b, q), at(c, r), at(d, s)])
    }

    fn read(of: &Section<'_>, device: &Device) -> Self {
        if of.has("exponent") {
            let (natural, floor) = (number(of, "natural", (0.01, 1.0)), number(of, "floor", SHARE));
            if floor >= natural {
                let message = format!("work that wants {natural} of the rated power has its floor at {floor}");
                of.fault("floor", message, "write a floor below `natural`");
            }
            return Self::fitted(natural, floor, number(of, "exponent", (0.01, 5.0)));
        }
        Self::clocked(device, number(of, "activity", (0.01, 1.0)), number(of, "memory-share", SHARE))
    }
}

impl Rates {
    /// Curves by the clock: training and prefill bound by arithmetic, decoding and checkpoints by memory.
    #[must_use]
    pub fn clocked(of: &Device) -> Self {
        Self {
            training: Curve::clocked(of, 0.98, 0.1),
            checkpoint: Curve::clocked(of, 0.1, 0.95),
            prefill: Curve::clocked(of, 0.98, 0.0),
            decode: Curve::clocked(of, 0.2, 0.85),
        }
    }

    pub(crate) fn read(of: &Section<'_>, device: &Device) -> Self {
        let curve = |key| {
            crate::physics::read::need(of, key, |s| Curve::read(s, device))
                .unwrap_or_else(|| Curve::clocked(&Device::H100, 1.0, 0.0))
        };
        Self {
            training: curve("training"),
            checkpoint: curve("checkpoint"),
            prefill: curve("prefill"),
            decode: curve("decode"),
        }
    }

    /// The curve of a phase; rest has none.
    #[must_use]
    pub const fn curve(&self, phase: Phase) -> Option<&Curve> {
        match phase {
            Phase::Idle => None,
            Phase::Training => Some(&self.training),
            Phase::Checkpoint => Some(&self.checkpoint),
            Phase::Prefill => Some(&self.prefill),
            Phase::Decode => Some(&self.decode),
        }
    }
}
