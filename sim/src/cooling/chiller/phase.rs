//! The phases of a chiller, and what makes it pass from one to the next.

/// Times and limits of a chiller's panel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Panel {
    /// From the start to the first loading: pumps of oil, vanes, run-up (s, > 0; 120 to 300 seen).
    pub start: f64,
    /// Load share at the end of the start (1, 0 to 1).
    pub started: f64,
    /// How fast the load may rise after the start (1/s, > 0).
    pub soft_load: f64,
    /// Unloading before the compressor stops (s, > 0).
    pub stop: f64,
    /// A stop waits until it has run so long (s, ≥ 0).
    pub least_on: f64,
    /// A start waits until it has stood so long (s, ≥ 0).
    pub least_off: f64,
    /// From one start to the next (s, ≥ 0).
    pub between_starts: f64,
    /// How long a trip's cause must be gone before the trip clears itself (s, ≥ 0).
    pub restart: f64,
    /// Leaving chilled water below this trips (°C, -30 to 40).
    pub least_chilled: f64,
    /// Condensation above evaporation by more than this trips: the compressor surges (K, 10 to 120).
    pub most_lift: f64,
}

/// What the panel sees in a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calls {
    /// Told to run.
    pub run: bool,
    /// The evaporator's flow switch is closed.
    pub evaporator_flow: bool,
    /// The condenser's flow switch is closed.
    pub condenser_flow: bool,
    /// There is voltage.
    pub powered: bool,
    /// A trip from outside.
    pub tripped: bool,
    /// Leaving chilled water (°C).
    pub chilled: f64,
    /// Condensation above evaporation (K).
    pub lift: f64,
}

/// Why a chiller stopped itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trip {
    /// No voltage.
    Power,
    /// From outside.
    External,
    /// Too little chilled water.
    EvaporatorFlow,
    /// Too little condenser water.
    CondenserFlow,
    /// Chilled water too cold.
    LowEvaporator,
    /// Condensation too far above evaporation.
    HighLift,
}

/// What a chiller is doing. Times in seconds.
///
/// ```text
///         run, flows proven, rested          start over
///   Off ─────────────────────────▶ Starting ────────────▶ Running
///    ▲                                 │ run gone            │ run gone, least-on over
///    │            unloaded             ▼                     │
///    ├◀──────────────────────────── Stopping ◀───────────────┘
///    │                                 └──▶ Running: run again before it stood still
///    │ cause gone for the restart delay
///    └◀──────── Tripped ◀── flow, cold, lift (compressor turning); power, external (always)
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Phase {
    /// Standing.
    Off {
        /// Since it stopped.
        stood: f64,
        /// Since its last start.
        since_start: f64,
    },
    /// The compressor runs up.
    Starting {
        /// Since the start.
        since_start: f64,
    },
    /// Cooling.
    Running {
        /// Since the start.
        since_start: f64,
        /// The most load that soft loading allows by now (1).
        ceiling: f64,
        /// The load it took in the last step (1).
        share: f64,
    },
    /// The compressor unloads.
    Stopping {
        /// Since the start.
        since_start: f64,
        /// The load at which it began (1).
        from: f64,
        /// Since it began.
        unloading: f64,
    },
    /// It stopped itself.
    Tripped {
        /// Why.
        cause: Trip,
        /// Since the last start.
        since_start: f64,
        /// How long the cause has been gone.
        clear: f64,
    },
}

impl Phase {
    /// Standing for longer than any delay.
    pub const RESTED: Self = Self::Off { stood: f64::MAX, since_start: f64::MAX };

    /// The word on the panel's register: 0 off, 1 starting, 2 running, 3 stopping, 4 and up tripped.
    #[must_use]
    pub const fn word(&self) -> u16 {
        match self {
            Self::Off { .. } => 0,
            Self::Starting { .. } => 1,
            Self::Running { .. } => 2,
            Self::Stopping { .. } => 3,
            Self::Tripped { cause, .. } => match cause {
                Trip::Power => 4,
                Trip::External => 5,
                Trip::EvaporatorFlow => 6,
                Trip::CondenserFlow => 7,
                Trip::LowEvaporator => 8,
                Trip::HighLift => 9,
            },
        }
    }

    /// Passes `dt` seconds and gives the most load (1) of this step, 0 where the compressor stands. `most` is the map's
    /// most.
    pub(super) fn step(&mut self, panel: &Panel, calls: &Calls, most: f64, dt: f64) -> f64 {
        *self = self.passed(panel, calls);
        match self {
            Self::Off { stood, since_start } => {
                (*stood, *since_start) = (*stood + dt, *since_start + dt);
                0.0
            }
            Self::Starting { since_start } => {
                let middle = *since_start + dt / 2.0;
                *since_start += dt;
                panel.started * (middle / panel.start).min(1.0)
            }
            Self::Running { since_start, ceiling, .. } => {
                *since_start += dt;
                let middle = *ceiling + panel.soft_load * dt / 2.0;
                *ceiling = (*ceiling + panel.soft_load * dt).min(most);
                middle.min(most)
            }
            Self::Stopping { since_start, from, unloading } => {
                let middle = *unloading + dt / 2.0;
                (*since_start, *unloading) = (*since_start + dt, *unloading + dt);
                *from * (1.0 - middle / panel.stop).max(0.0)
            }
            Self::Tripped { cause, since_start, clear } => {
                *since_start += dt;
                *clear = if calls.holds(*cause) { 0.0 } else { *clear + dt };
                0.0
            }
        }
    }

    /// Notes the load of this step.
    pub(super) const fn took(&mut self, load: f64) {
        match self {
            Self::Running { share, .. } => *share = load,
            Self::Off { .. } | Self::Starting { .. } | Self::Stopping { .. } | Self::Tripped { .. } => {}
        }
    }

    /// The phase of this step.
    fn passed(self, panel: &Panel, calls: &Calls) -> Self {
        let turning = match self {
            Self::Starting { .. } | Self::Running { .. } | Self::Stopping { .. } => true,
            Self::Off { .. } | Self::Tripped { .. } => false,
        };
        if let (Some(cause), None) = (calls.trip(turning, panel), self.cause()) {
            return Self::Tripped { cause, since_start: self.since_start(), clear: 0.0 };
        }
        match self {
            Self::Off { stood, since_start } => {
                let rested = stood >= panel.least_off && since_start >= panel.between_starts;
                if calls.run && calls.permit() && rested { Self::Starting { since_start: 0.0 } } else { self }
            }
            Self::Starting { since_start } => {
                let from = panel.started * (since_start / panel.start).min(1.0);
                if !calls.run && since_start >= panel.least_on {
                    Self::Stopping { since_start, from, unloading: 0.0 }
                } else if since_start >= panel.start {
                    Self::Running { since_start, ceiling: panel.started, share: from }
                } else {
                    self
                }
            }
            Self::Running { since_start, share, .. } => {
                let leave = !calls.run && since_start >= panel.least_on;
                if leave { Self::Stopping { since_start, from: share, unloading: 0.0 } } else { self }
            }
            Self::Stopping { since_start, from, unloading } => {
                if unloading >= panel.stop {
                    Self::Off { stood: 0.0, since_start }
                } else if calls.run {
                    let left = from * (1.0 - unloading / panel.stop);
                    Self::Running { since_start, ceiling: left.max(panel.started), share: left }
                } else {
                    self
                }
            }
            Self::Tripped { cause, since_start, clear } => {
                if clear > 0.0 && clear >= panel.restart {
                    // After a loss of power the restart delay is all the rest there is: the hall is without cooling.
                    let stood = if cause == Trip::Power { clear.max(panel.least_off) } else { clear };
                    Self::Off { stood, since_start }
                } else {
                    self
                }
            }
        }
    }

    const fn cause(self) -> Option<Trip> {
        match self {
            Self::Tripped { cause, .. } => Some(cause),
            Self::Off { .. } | Self::Starting { .. } | Self::Running { .. } | Self::Stopping { .. } => None,
        }
    }

    const fn since_start(self) -> f64 {
        match self {
            Self::Off { since_start, .. }
            | Self::Starting { since_start }
            | Self::Running { since_start, .. }
            | Self::Stopping { since_start, .. }
            | Self::Tripped { since_start, .. } => since_start,
        }
    }
}

impl Calls {
    /// All that must hold before a start.
    const fn permit(&self) -> bool {
        self.evaporator_flow && self.condenser_flow && self.powered && !self.tripped
    }

    /// The first cause of a trip; flow, cold and lift trip only what turns.
    fn trip(&self, turning: bool, panel: &Panel) -> Option<Trip> {
        let cold = self.chilled < panel.least_chilled;
        let high = self.lift > panel.most_lift;
        [
            (!self.powered, Trip::Power),
            (self.tripped, Trip::External),
            (turning && !self.evaporator_flow, Trip::EvaporatorFlow),
            (turning && !self.condenser_flow, Trip::CondenserFlow),
            (turning && cold, Trip::LowEvaporator),
            (turning && high, Trip::HighLift),
        ]
        .into_iter()
        .find_map(|(held, cause)| held.then_some(cause))
    }

    /// True while the cause of a trip is still there. Cold and lift go with the compressor's stop: the delay is their
    /// rest. No flow is no cause while nobody wants it to run.
    const fn holds(&self, cause: Trip) -> bool {
        let held = match cause {
            Trip::Power | Trip::External | Trip::LowEvaporator | Trip::HighLift => false,
            Trip::EvaporatorFlow => self.run && !self.evaporator_flow,
            Trip::CondenserFlow => self.run && !self.condenser_flow,
        };
        held || !self.powered || self.tripped
    }
}
