//! What cooling does for peaks, for people.

use plant::hall::Hall;
use serde::{Deserialize, Serialize};

use super::units::Unit;
use super::{Does, Plan, Ride};

/// What cooling does for peaks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RideView {
    /// `rests`, `pre_cools`, `rides`, `stays`, `returns`, `doubted`.
    pub does: String,
    /// What is in doubt: `inlet`, `hot`, `cooling`, `dew_point`, `tripped`, `leak`, `alarm`, `gpus`, `on_panels`, `held`, `beside`, `meter`.
    pub doubt: Option<String>,
    /// False where setpoints stay, and what they would be is told.
    pub acts: bool,
    /// How far they may rise (K),
    pub ride_k: f64,
    /// and fall (K).
    pub pre_cool_k: f64,
    /// Every setpoint.
    pub setpoints: Vec<MovedView>,
    /// How often they rose, and for how long in all (s).
    pub rides: u32,
    /// See above.
    pub rides_s: f64,
    /// The lowest that any of them was so far (K, ≤ 0),
    pub lowest_k: f64,
    /// and the highest (K, ≥ 0).
    pub highest_k: f64,
}

/// A setpoint that may be moved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MovedView {
    /// Whose: a row, a water, `row-a/coolant`.
    pub name: String,
    /// How far it is from where it usually is (K).
    pub offset_k: f64,
}

impl Does {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rests => "rests",
            Self::PreCools => "pre_cools",
            Self::Rides => "rides",
            Self::Stays => "stays",
            Self::Returns => "returns",
            Self::Doubted(_) => "doubted",
        }
    }

    /// As a clause.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Rests => "on its way home",
            Self::PreCools => "a plan expects a peak within the hour",
            Self::Rides => "more is needed than batteries give",
            Self::Stays => "until the next window has room",
            Self::Returns => "on its way home, one after the other",
            Self::Doubted(why) => why.sentence(),
        }
    }
}

impl Ride {
    /// All of it, for people.
    #[must_use]
    pub fn view(&self, hall: &Hall, plan: &Plan) -> RideView {
        let equip = |id| hall.equips.get(id).map(|of| of.name.clone());
        let name = |unit: &Unit| match unit {
            Unit::Row { row, .. } => hall.rows.get(*row).map(|row| row.name.clone()),
            Unit::Water { place, .. } => hall.plants.get(*place).and_then(|plant| equip(plant.equip)),
            Unit::Facility { .. } => hall.machinery.facility_water.and_then(|water| equip(water.equip)),
            Unit::Coolant { row, .. } => hall.rows.get(*row).map(|row| format!("{}/coolant", row.name)),
        };
        let each = plan.units.iter().zip(&self.offsets);
        let moved = |(unit, at): (&Unit, &f64)| MovedView { name: name(unit).unwrap_or_default(), offset_k: *at };
        RideView {
            does: self.does.word().to_owned(),
            doubt: if let Does::Doubted(why) = self.does { Some(why.word().to_owned()) } else { None },
            acts: plan.rules.acts,
            ride_k: plan.rules.most.0,
            pre_cool_k: plan.rules.pre_cool.0,
            setpoints: each.map(moved).collect(),
            rides: self.ridden.0,
            rides_s: self.ridden.1.seconds(),
            lowest_k: self.farthest.0,
            highest_k: self.farthest.1,
        }
    }
}
