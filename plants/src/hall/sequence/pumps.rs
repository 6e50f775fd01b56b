//! Pumps side by side that control starts and stops: the two of a CDU, and those on the header of a water. A header's pumps run at one
//! speed; each has a `run-mode` of its own (0 its panel decides, 1 off, 2 on), whose fail-safe is the panel.

use serde::{Deserialize, Serialize};

use crate::hall::machinery::{Circuit, Pump};
use crate::id::{EquipId, LoopId};
use crate::point::Point;
use crate::time::Span;
use crate::units::{LitersPerSecond, Pascals, Percent, Ratio};

/// The most pumps on a header.
pub const MOST: usize = 16;

/// The pumps on the header of a water, where control runs them.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Its name: `chw/pumps`.
    pub name: String,
    /// The water, or the one whose plant has the condenser water.
    pub circuit: Circuit,
    /// It is the condenser water of that plant.
    pub condensing: bool,
    /// The equipment whose water it is.
    pub equip: EquipId,
    /// Its pumps, in the hall's order.
    pub pumps: Vec<HeaderPump>,
    /// Water flow.
    pub flow: Point<LitersPerSecond>,
    /// Differential pressure at the remote end.
    pub dp: Point<Pascals>,
    /// The speed of those that run, as their drives report it.
    pub speed: Point<Percent>,
    /// The speed that they are told, with the loop that runs it; nothing where their skid holds the pressure itself.
    pub told: Option<(Point<Percent>, LoopId)>,
}

/// A pump on a header.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeaderPump {
    /// What it tells.
    pub of: Pump,
    /// Panel, off or on.
    pub run_mode: Point<Ratio>,
}

/// How the pumps of a header are staged. Defaults: ASHRAE Guideline 36, pumps on a header that hold a differential pressure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeaderTuning {
    /// Who runs; `running` are the pumps that together move the design flow.
    pub pumps: PumpTuning,
    /// How long the flow must ask for one more, or one less (min to h, 1min to 2h).
    pub patience: Span,
    /// One more runs when the flow is this share of design short of what so many pumps move (1, 0 to 0.3).
    pub margin: f64,
    /// The flow that they move together (l/s, 0.1 to 1e4); nothing for that of the water's plant.
    pub design_flow: Option<LitersPerSecond>,
    /// The pressure that the skid holds, where no loop of control does (Pa, 1e3 to 1e6).
    pub dp: Option<Pascals>,
}

/// Who of the pumps runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PumpTuning {
    /// Pumps that run as a rule (1, 1 or 2 of a CDU): one and a standby, or both at part speed.
    pub running: u8,
    /// Without proof for so long a pump that ran is lost (s, 1s to 1min).
    pub proof: Span,
    /// The flow that proves a pump that runs alone (l/s, 0 to 1e3; 0 for its drive's word alone).
    pub least_flow: LitersPerSecond,
    /// Told to start, it turns within (s, 2s to 5min).
    pub start_within: Span,
    /// Told to stop, it stands within (s to min, 5s to 10min).
    pub stop_within: Span,
    /// A start that failed is not tried again for so long, and a CDU that its panel runs better not taken again (min to h, 1min to 12h).
    pub retry_after: Span,
    /// After all pumps were lost at once, from one start to the next: of CDUs, of a header's pumps (s, 0s to 5min).
    pub stagger: Span,
    /// How long both run before the old one stops, when two change places (s to h, 10s to 1h).
    pub prove: Span,
    /// Pressure so far below its setpoint (Pa, 1e3 to 1e5)
    pub starved: Pascals,
    /// for so long calls for the other pump (s to min, 1s to 10min).
    pub starved_for: Span,
    /// Those that turn slower than this (%, 10 to 90)
    pub slow: Percent,
    /// for so long are one too many (min to h, 1min to 24h).
    pub slow_for: Span,
    /// Pumps change places so often (h to d, 1h to 400d).
    pub rotate_every: Span,
    /// But only when their run-times differ by more (h to d, 0s to 400d).
    pub rotate_gap: Span,
}

impl HeaderTuning {
    /// The published numbers; how many pumps move the design flow is the hall's.
    pub const PUBLISHED: Self = Self {
        pumps: PumpTuning {
            starved_for: Span::from_secs(300),
            slow: Percent(40.0),
            slow_for: Span::from_secs(600),
            least_flow: LitersPerSecond(1.0),
            ..PumpTuning::USUAL
        },
        patience: Span::from_secs(600),
        margin: 0.03,
        design_flow: None,
        dp: None,
    };
}

impl PumpTuning {
    /// One and a standby.
    pub const USUAL: Self = Self {
        running: 1,
        proof: Span::from_secs(5),
        least_flow: LitersPerSecond(0.5),
        start_within: Span::from_secs(20),
        stop_within: Span::from_secs(60),
        retry_after: Span::from_secs(600),
        stagger: Span::from_secs(5),
        prove: Span::from_secs(60),
        starved: Pascals(10e3),
        starved_for: Span::from_secs(10),
        slow: Percent(65.0),
        slow_for: Span::from_secs(600),
        rotate_every: Span::from_secs(14 * 86_400),
        rotate_gap: Span::from_secs(12 * 3600),
    };
}
