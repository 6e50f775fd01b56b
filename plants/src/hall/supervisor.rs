//! Setpoints that are moved to where the facility draws least.

use serde::{Deserialize, Serialize};

use super::Strategies;
use crate::time::Span;
use crate::units::Watts;

/// A setpoint that the supervisor may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lever {
    /// What rows' fans hold at the racks' inlets (K).
    Inlets,
    /// How fast a row's fans are before its coils make colder air (% of speed): fast fans let supply air be warm.
    SupplyAir,
    /// The warmest that the chilled water's reset makes it (K).
    ChilledWater,
    /// How far above the chilled water the tower holds the water back from the condensers (K).
    CondenserWater,
    /// What CDUs hold to the racks (K).
    Coolant,
    /// What dry coolers and chillers of the facility water hold (K).
    FacilityWater,
}

/// How many levers there are.
pub const LEVERS: usize = 6;

impl Lever {
    /// Every lever, in the order of tables.
    pub const ALL: [Self; LEVERS] =
        [Self::Inlets, Self::SupplyAir, Self::ChilledWater, Self::CondenserWater, Self::Coolant, Self::FacilityWater];

    /// The word in files and on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Inlets => "inlets",
            Self::SupplyAir => "supply-air",
            Self::ChilledWater => "chilled-water",
            Self::CondenserWater => "condenser-water",
            Self::Coolant => "coolant",
            Self::FacilityWater => "facility-water",
        }
    }

    /// The unit of its offset.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::SupplyAir => "%",
            Self::Inlets | Self::ChilledWater | Self::CondenserWater | Self::Coolant | Self::FacilityWater => "K",
        }
    }

    /// True where machines are warmer for it, so that what they draw more for that counts.
    #[must_use]
    pub const fn warms(self) -> bool {
        match self {
            Self::Inlets | Self::Coolant => true,
            Self::SupplyAir | Self::ChilledWater | Self::CondenserWater | Self::FacilityWater => false,
        }
    }
}

/// How far a lever may be moved from where the hall's file has it, and by how much at once.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reach {
    /// The least offset (K or %, -20 to 0).
    pub least: f64,
    /// The most (K or %, 0 to 20).
    pub most: f64,
    /// One step (K or %, 0.1 to 10).
    pub step: f64,
}

/// How setpoints are moved. Part of the hall, replaceable by a reload.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SupervisorTuning {
    /// What may be moved, by the order of [`Lever::ALL`].
    pub levers: [Option<Reach>; LEVERS],
    /// Nothing is measured for so long after a move (min to h, 5min to 2h).
    pub settle: Span,
    /// For so long it is measured (min to h, 5min to 2h).
    pub measure: Span,
    /// Nothing moves for so long after a start or a disturbance (min to h, 5min to 24h).
    pub delay: Span,
    /// A move must save more than this (W, 0 to 1e6).
    pub worth: Watts,
    /// The fastest that a setpoint is moved (K/h or %/h, 0.5 to 20).
    pub rate: f64,
    /// All go home once in so long, to see what they save together (h, 6h to 30 days).
    pub proof_every: Span,
}

impl SupervisorTuning {
    /// What a `[supervisor]` that says nothing means.
    pub const USUAL: Self = Self {
        levers: [None; LEVERS],
        settle: Span::from_secs(1800),
        measure: Span::from_secs(1800),
        delay: Span::from_secs(1800),
        worth: Watts(300.0),
        rate: 4.0,
        proof_every: Span::from_secs(86_400),
    };

    /// How far a lever may be moved; nothing where it may not.
    #[must_use]
    pub fn reach(&self, lever: Lever) -> Option<&Reach> {
        let at = Lever::ALL.iter().position(|of| *of == lever)?;
        self.levers.get(at)?.as_ref()
    }
}

impl Strategies {
    /// The same with every setpoint moved by its lever's offset, by the order of [`Lever::ALL`]. Zeroes change nothing.
    #[must_use]
    pub fn moved(&self, offsets: &[f64; LEVERS]) -> Self {
        let mut moved = *self;
        for (lever, by) in Lever::ALL.into_iter().zip(offsets.iter().copied()) {
            match lever {
                Lever::Inlets => moved.fans.setpoint += by,
                Lever::SupplyAir => {
                    if let Some(air) = &mut moved.supply_air {
                        air.fast.0 += by;
                        air.fast_free.0 += by;
                    }
                }
                Lever::ChilledWater => {
                    if let Some(reset) = &mut moved.chilled_water.reset {
                        reset.warmest.0 += by;
                    }
                }
                Lever::CondenserWater => {
                    for plant in [&mut moved.chilled_water, &mut moved.facility_water] {
                        if let Some(tower) = &mut plant.tower {
                            tower.least_lift += by;
                            tower.most_lift += by;
                        }
                    }
                }
                Lever::Coolant => moved.cdu.valve.setpoint += by,
                Lever::FacilityWater => {
                    moved.facility_water.setpoint.0 += by;
                    moved.dry.fans.speed.setpoint += by;
                }
            }
        }
        moved
    }
}
