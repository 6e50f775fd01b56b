//! The phases of a DX unit.

/// Times and limits of a DX unit's panel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Panel {
    /// Once on, it stays on so long (s, ≥ 0).
    pub least_on: f64,
    /// Once off, it stays off so long (s, ≥ 0).
    pub least_off: f64,
    /// From one stage to the next, or the whole range of a variable compressor (s, > 0).
    pub stage: f64,
    /// How long a trip's cause must be gone before the trip clears itself (s, ≥ 0).
    pub restart: f64,
    /// Condensation above this trips (°C, 30 to 90).
    pub most_condensing: f64,
}

/// The compressors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Compressor {
    /// Equal stages (1, 1 to 8).
    Stages(f64),
    /// A variable one.
    Variable {
        /// The least share of its capacity (1, 0.05 to 1).
        least: f64,
        /// Power over capacity share, both as shares of full: `c₁ + c₂s + c₃s²`.
        by_load: [f64; 3],
    },
}

/// Why a DX unit stopped itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trip {
    /// No voltage.
    Power,
    /// From outside.
    External,
    /// No air through the coil.
    AirFlow,
    /// Condensation too hot.
    HighHead,
    /// The coil is frozen.
    Frost,
}

/// What the panel sees in a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Calls {
    /// Share of capacity called for (1, 0 to 1).
    pub duty: f64,
    pub powered: bool,
    pub tripped: bool,
    pub flows: bool,
    /// Condensation at the end of the last step (°C).
    pub condensing: f64,
    /// The coil is frozen.
    pub frozen: bool,
    /// The coil has thawed.
    pub thawed: bool,
}

/// What a DX unit is doing. Times in seconds.
///
/// ```text
///        called for half the least share or more, rested
///   Off ───────────────────────────────────────────────▶ Running
///    ▲◀─────────── called for less, least-on over ───────────┤
///    │ cause gone for the restart delay                      │
///    └◀───────────────────── Tripped ◀── air, head, frost (running); power, external (always)
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Phase {
    /// Standing.
    Off {
        /// Since it stopped.
        stood: f64,
    },
    /// Cooling.
    Running {
        /// Since the start.
        since_start: f64,
        /// Share of the capacity that the compressors are set to (1).
        share: f64,
        /// Since the last change of a stage.
        held: f64,
    },
    /// It stopped itself.
    Tripped {
        /// Why.
        cause: Trip,
        /// How long the cause has been gone.
        clear: f64,
    },
}

impl Compressor {
    /// The least share it runs at.
    #[must_use]
    pub const fn least(&self) -> f64 {
        match self {
            Self::Stages(n) => 1.0 / *n,
            Self::Variable { least, .. } => *least,
        }
    }

    /// Power over capacity share, as a share of full power.
    #[must_use]
    pub const fn power(&self, share: f64) -> f64 {
        match *self {
            Self::Stages(_) => share,
            Self::Variable { by_load: [c1, c2, c3], .. } => (c1 + share * (c2 + share * c3)).max(0.0),
        }
    }

    /// The share after a step toward `duty`, and since when it stands.
    fn toward(&self, duty: f64, (share, held): (f64, f64), every: f64, dt: f64) -> (f64, f64) {
        match *self {
            Self::Stages(n) => {
                // A stage comes when more than half of it is called for, and goes when less is.
                let wanted = (duty * n).round().clamp(1.0, n) / n;
                let due = held + dt >= every;
                let moved = if due { share + (wanted - share).clamp(-1.0 / n, 1.0 / n) } else { share };
                if (moved - share).abs() > 1e-9 { (moved, 0.0) } else { (share, held + dt) }
            }
            Self::Variable { least, .. } => {
                let reach = dt / every;
                ((share + (duty - share).clamp(-reach, reach)).clamp(least, 1.0), held + dt)
            }
        }
    }
}

impl Phase {
    /// Standing for longer than any delay.
    pub const RESTED: Self = Self::Off { stood: f64::MAX };

    /// The word on the panel's register: 0 off, 2 running, 4 and up tripped.
    #[must_use]
    pub const fn word(&self) -> u16 {
        match self {
            Self::Off { .. } => 0,
            Self::Running { .. } => 2,
            Self::Tripped { cause, .. } => match cause {
                Trip::Power => 4,
                Trip::External => 5,
                Trip::AirFlow => 6,
                Trip::HighHead => 7,
                Trip::Frost => 8,
            },
        }
    }

    /// Share of the capacity the compressors are set to (1).
    #[must_use]
    pub const fn share(&self) -> f64 {
        match self {
            Self::Running { share, .. } => *share,
            Self::Off { .. } | Self::Tripped { .. } => 0.0,
        }
    }

    /// The trip that holds it, if one does.
    #[must_use]
    pub const fn trip(&self) -> Option<Trip> {
        match self {
            Self::Tripped { cause, .. } => Some(*cause),
            Self::Off { .. } | Self::Running { .. } => None,
        }
    }

    /// Passes `dt` seconds and gives the share the compressors are set to (1), 0 where they stand.
    pub(super) fn step(&mut self, panel: &Panel, of: &Compressor, calls: &Calls, dt: f64) -> f64 {
        *self = self.passed(panel, of, calls);
        match self {
            Self::Off { stood } => {
                *stood += dt;
                0.0
            }
            Self::Running { since_start, share, held } => {
                *since_start += dt;
                (*share, *held) = of.toward(calls.duty, (*share, *held), panel.stage, dt);
                *share
            }
            Self::Tripped { cause, clear } => {
                *clear = if calls.holds(*cause) { 0.0 } else { *clear + dt };
                0.0
            }
        }
    }

    fn passed(self, panel: &Panel, of: &Compressor, calls: &Calls) -> Self {
        let wanted = calls.duty >= 0.5 * of.least();
        match self {
            Self::Off { stood } => match calls.trip(false, panel) {
                Some(cause) => Self::Tripped { cause, clear: 0.0 },
                None if wanted && calls.flows && stood >= panel.least_off => {
                    Self::Running { since_start: 0.0, share: of.least(), held: 0.0 }
                }
                None => self,
            },
            Self::Running { since_start, .. } => match calls.trip(true, panel) {
                Some(cause) => Self::Tripped { cause, clear: 0.0 },
                None if !wanted && since_start >= panel.least_on => Self::Off { stood: 0.0 },
                None => self,
            },
            Self::Tripped { clear, .. } => {
                if clear > 0.0 && clear >= panel.restart {
                    Self::Off { stood: clear }
                } else {
                    self
                }
            }
        }
    }
}

impl Calls {
    fn trip(&self, running: bool, panel: &Panel) -> Option<Trip> {
        [
            (!self.powered, Trip::Power),
            (self.tripped, Trip::External),
            (running && !self.flows, Trip::AirFlow),
            (running && self.condensing > panel.most_condensing, Trip::HighHead),
            (running && self.frozen, Trip::Frost),
        ]
        .into_iter()
        .find_map(|(held, cause)| held.then_some(cause))
    }

    /// True while the cause is still there. Head falls with the compressor's stop: the delay is its rest.
    const fn holds(&self, cause: Trip) -> bool {
        let held = match cause {
            Trip::Power | Trip::External | Trip::HighHead => false,
            Trip::AirFlow => self.duty > 0.0 && !self.flows,
            Trip::Frost => !self.thawed,
        };
        held || !self.powered || self.tripped
    }
}
