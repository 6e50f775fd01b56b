//! Scenarios: what happens to a hall in a simulated run, and what must hold. The pages people write are `sim/scenarios/*.toml`.
//!
//! ```text
//! file ── read::load ── Scenario ── Run::new ──┬─ due:     what happens now
//!                                              ├─ observe: what the step came to
//!                                              └─ finish:  a verdict on every assert, with its margin and its worst instant
//! ```
//!
//! Pure: a [`Run`] is led by whoever leads world and controller, and knows neither files nor control. Time counts from the
//! end of the warm-up: what happens in it is neither watched nor judged.

mod action;
pub mod agents;
pub mod batch;
pub mod breakable;
pub mod capped;
mod dice;
pub mod expression;
pub mod golden;
mod judge;
mod nature;
pub mod overload;
pub mod peaked;
mod read;
mod rule;
mod run;
mod seen;
mod setpoint;
pub mod shipped;
pub mod spark;
pub mod stored;
pub mod storm;
pub mod targeted;
#[cfg(test)]
mod tests;
pub mod verdict;

use std::sync::Arc;

use plant::hall::Hall;
use plant::id::{AlarmId, PointId, RowId};
use plant::time::{Span, Wall};

use crate::faults::Fault;
use crate::prices::Prices;
use expression::Holding;

pub use action::Action;
pub use agents::NodeFault;
pub use nature::{LoadChange, Nodes, WeatherChange};
pub use read::{battery, hall_name, load};
pub use rule::{Assert, Rule, Tolerance, Window};
pub use run::{Happened, Lens, Run};
pub use seen::Seen;
pub use setpoint::Setpoint;
pub use verdict::{Report, Verdict};

/// A scenario, read and checked against its hall.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its name: `fan-failed`.
    pub name: String,
    /// One sentence for people.
    pub summary: String,
    /// The file with the hall's physics, where it is not a shipped one.
    pub physics: Option<String>,
    /// The hall.
    pub hall: Arc<Hall>,
    /// When it begins: the end of the warm-up.
    pub start: Wall,
    /// How long it lasts after its warm-up (s, > 0).
    pub length: Span,
    /// How long the hall runs before it begins (s, ≥ 0).
    pub warm_up: Span,
    /// From then on `late-peak-15min-kw` counts (s after the begin); nothing where the page does not say.
    pub late: Option<Span>,
    /// The world's step, and the step in which asserts are looked at (s, 0.1 to 60).
    pub dt: Span,
    /// The controller's scan: a multiple of `dt` (s).
    pub period: Span,
    /// The seed of noise and load, unless the run gives its own.
    pub seed: u64,
    /// Sensors are noisy, as the physics say; false for a run in which they are not.
    pub noise: bool,
    /// Who commands.
    pub controller: Pilot,
    /// The controller may move setpoints to where the facility draws least; false where a page is about where the hall's file has them.
    pub supervisor: bool,
    /// What replaces the physics' own work of the machines.
    pub load: LoadChange,
    /// The machines one by one; nothing for racks that take a share of their nameplates.
    pub nodes: Option<Nodes>,
    /// Jobs that ask for leases of power before they run.
    pub batches: Vec<batch::Batch>,
    /// What its utility bills, where that is kept down.
    pub peaked: Option<peaked::Peaked>,
    /// A battery that its hall has besides what its file says.
    pub stored: Option<stored::Stored>,
    /// What replaces the physics' own weather.
    pub weather: WeatherChange,
    /// What energy costs; nothing where the page does not say.
    pub prices: Option<Prices>,
    /// The file with the prices beside the page, which whoever reads files puts into `prices`.
    pub prices_file: Option<String>,
    /// What a kilowatt-hour emits where it is made (kg/kWh, 0 to 2).
    pub co2: Option<f64>,
    /// Alarms, points and equipment of which an error is expected.
    pub expected_errors: Vec<String>,
    /// What happens.
    pub events: Vec<Event>,
    /// What must hold.
    pub asserts: Vec<Assert>,
}

/// Who commands the hall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pilot {
    /// wattloop.
    Wattloop,
    /// Nobody: every device runs by its own panel.
    Fixed,
    /// Every device runs by its own panel; wattloop hears, decides and is not heard.
    Shadow,
}

impl Pilot {
    /// The word in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Wattloop => "wattloop",
            Self::Fixed => "fixed",
            Self::Shadow => "shadow",
        }
    }

    /// True where the panels run the hall.
    #[must_use]
    pub const fn is_on_panels(self) -> bool {
        match self {
            Self::Wattloop => false,
            Self::Fixed | Self::Shadow => true,
        }
    }

    /// True where wattloop looks on, heard or not.
    #[must_use]
    pub const fn decides(self) -> bool {
        match self {
            Self::Wattloop | Self::Shadow => true,
            Self::Fixed => false,
        }
    }
}

/// Another run of the same scenario, to hold figures against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// Nobody commands: every device runs by its own panel.
    Fixed,
    /// wattloop commands, where the page's own pilot is another.
    Wattloop,
    /// The same pilot, and nothing happens.
    NoEvents,
}

impl Baseline {
    /// All of them, by their words in files.
    pub const ALL: &'static [(&'static str, Self)] =
        &[("fixed", Self::Fixed), ("wattloop", Self::Wattloop), ("no-events", Self::NoEvents)];

    /// The word in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Wattloop => "wattloop",
            Self::NoEvents => "no-events",
        }
    }
}

/// Something that happens.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its name, unique in the file: `fan-dies`.
    pub name: String,
    /// When.
    pub trigger: Trigger,
    /// What.
    pub deed: Deed,
    /// For how long, where it ends by itself.
    pub hold: Option<Span>,
}

/// When an event happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// At a time after the warm-up.
    At(Span),
    /// When a condition has held for a while; again each time it has been gone, unless `once`.
    When {
        /// The condition.
        holding: Holding,
        /// Only the first time.
        once: bool,
    },
}

/// What happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Something breaks.
    Break(Vec<Fault>),
    /// It is mended.
    Mend(Vec<Fault>),
    /// Everything is mended.
    MendAll,
    /// An operator holds outputs.
    Override {
        /// Which.
        points: Vec<PointId>,
        /// At what (the points' canonical unit).
        value: f64,
        /// Why, in the operator's words.
        reason: String,
    },
    /// An operator gives outputs back.
    Release(Vec<PointId>),
    /// An operator acknowledges an alarm.
    Acknowledge(AlarmId),
    /// An operator resets a latched alarm.
    Reset(AlarmId),
    /// Every machine works this much (1 of nameplate, 0 to 1).
    Load(f64),
    /// The GPUs of some racks are capped.
    Cap {
        /// The racks, by their numbers in the hall.
        racks: Vec<usize>,
        /// At what (W, > 0).
        watts: f64,
    },
    /// Somebody announces that machines are going to draw more.
    Announce {
        /// The row; nothing for the whole hall.
        row: Option<RowId>,
        /// How much more (W, > 0).
        watts: f64,
        /// From when on.
        ahead: Span,
    },
    /// A grid asks for less, for as long as the event lasts.
    GridTarget {
        /// What may be carried where its power enters (W, ≥ 0).
        watts: f64,
        /// From when on.
        ahead: Span,
    },
    /// It is this much warmer outdoors than it would be (K).
    WeatherOffset(f64),
    /// Somebody moves a setpoint.
    Setpoint {
        /// Which.
        of: Setpoint,
        /// To what (its canonical unit).
        value: f64,
    },
    /// The controller's wall clock jumps by this much (ms), and is not trusted for a while.
    Clock(i64),
    /// Nobody commands: the controller is dead or its wires are cut.
    Silence,
    /// The controller starts again from what it remembered.
    Restart,
    /// Something befalls the agents of nodes.
    Agents {
        /// The nodes, by their places in the hall's power tree.
        nodes: Vec<usize>,
        /// What.
        how: NodeFault,
    },
}

impl Scenario {
    /// From when on `late-peak-15min-kw` counts.
    #[must_use]
    pub fn late_from(&self) -> Option<Wall> {
        self.late.map(|late| Wall(self.start.0.saturating_add(plant::convert::i64_from_bits(late.millis()))))
    }

    /// So long in a hall under control, in which nothing happens and nothing is judged: steps and scans of a second, no warm-up,
    /// seed 1.
    #[must_use]
    pub fn calm(hall: &Arc<Hall>, start: Wall, length: Span) -> Self {
        let second = Span::from_secs(1);
        Self {
            name: hall.name.clone(),
            summary: hall.summary.clone(),
            physics: None,
            hall: Arc::clone(hall),
            start,
            length,
            warm_up: Span::ZERO,
            late: None,
            dt: second,
            period: second,
            seed: 1,
            noise: true,
            controller: Pilot::Wattloop,
            supervisor: true,
            load: LoadChange::default(),
            nodes: None,
            batches: Vec::new(),
            peaked: None,
            stored: None,
            weather: WeatherChange::default(),
            prices: None,
            prices_file: None,
            co2: None,
            expected_errors: Vec::new(),
            events: Vec::new(),
            asserts: Vec::new(),
        }
    }

    /// Every baseline that an assert compares with, once each.
    #[must_use]
    pub fn baselines(&self) -> Vec<Baseline> {
        let with = |wanted: Baseline| {
            self.asserts.iter().any(|a| matches!(a.rule, Rule::Compare { baseline, .. } if baseline == wanted))
        };
        Baseline::ALL.iter().map(|(_, baseline)| *baseline).filter(|baseline| with(*baseline)).collect()
    }

    /// The golden assert, if the scenario has one.
    #[must_use]
    pub fn golden(&self) -> Option<&Assert> {
        self.asserts.iter().find(|a| matches!(a.rule, Rule::Golden { .. }))
    }
}
