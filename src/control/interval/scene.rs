//! What a scan sees of the billed meter.

use plant::convert::i64_from_bits;
use plant::time::{Span, Tick};
use plant::units::Watts;

use crate::control::energy::Metered;

/// What a scan sees.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// The billed meter's account, and how long ago it was read.
    pub meter: Metered,
    /// See above.
    pub ago: Span,
    /// The clock of energy.
    pub at: Span,
    /// When; what a pause was does not count.
    pub now: Tick,
    /// How many intervals the meter has ended, by its own count, and how long ago it said so; nothing where it does not tell.
    pub pulses: Option<(f64, Span)>,
    /// What goes through the feed (W); what is not read counts at its most.
    pub load: Watts,
    /// What would go through it if batteries rested (W).
    pub free: Watts,
    /// What can be brought about there within moments, and kept (W).
    pub floor: Watts,
}

impl Scene {
    /// When the meter was read (ms, clock of energy): a window is looked at when that was after its end, or when it is not read at all.
    #[must_use]
    pub fn read(&self) -> i64 {
        let at = i64_from_bits(self.at.millis());
        if self.meter.current { at.saturating_sub(i64_from_bits(self.ago.millis())) } else { at }
    }
}
