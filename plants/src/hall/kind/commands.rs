//! What a machine has more where control runs it: orders, and words that only orders need.

use super::{NO_RATE, PointSpec, barometer, duty, feedback, judged, state};
use crate::point::{Danger, Role, WriteRange};
use crate::units::Unit;

pub(super) const CHILLER: &[PointSpec] = &[RUN_MODE, DEMAND_LIMIT, SETPOINT, CONDENSER_VALVE];
pub(super) const TOWER: &[PointSpec] = &[RUN_MODE, FANS, CELLS];
pub(super) const ECONOMISER: &[PointSpec] = &[RUN_MODE, SETPOINT];
pub(super) const DX: &[PointSpec] = &[RUN_MODE, COMPRESSOR, DAMPER];
pub(super) const PUMP: &[PointSpec] = &[RUN_MODE];
pub(super) const DRY_COOLER: &[PointSpec] = &[RUN_MODE, FANS, WET];
/// With the customer's call for heat, which only control needs.
pub(super) const HEAT_RECOVERY: &[PointSpec] = &[RUN_MODE, state("demand")];

/// A word or a setpoint that is told to a panel, at once: its range and its fail-safe.
const fn order(
    name: &'static str,
    unit: Unit,
    (danger, seen): (Danger, (f64, f64)),
    (min, max, failsafe): (f64, f64, f64),
) -> PointSpec {
    let range =
        WriteRange { min, max, failsafe, relinquish_default: failsafe, rise_per_s: NO_RATE, fall_per_s: NO_RATE };
    PointSpec {
        name,
        unit,
        role: Role::Sp,
        judgement: judged(seen.0, seen.1, danger, 0.0, NO_RATE),
        write: Some(range),
    }
}

/// Panel, off or on: 0, 1, 2. The fail-safe is the panel.
const RUN_MODE: PointSpec = order("run-mode", Unit::One, (Danger::Neither, (0.0, 2.0)), (0.0, 2.0, 0.0));

/// The most load a machine may take; all of it is the fail-safe.
const DEMAND_LIMIT: PointSpec =
    order("demand-limit", Unit::Percent, (Danger::Down, (0.0, 110.0)), (30.0, 100.0, 100.0));

/// The water that a machine makes; the fail-safe is its plant's setpoint.
const SETPOINT: PointSpec = order("setpoint", Unit::Cel, (Danger::Up, (-10.0, 60.0)), (4.0, 45.0, 4.0));

/// How many cells of a tower are open; all of them is the fail-safe, which the hall's file numbers.
const CELLS: PointSpec = order("cells", Unit::One, (Danger::Down, (0.0, 100.0)), (1.0, 1.0, 1.0));

/// The pads of a dry cooler: 1 wetted, 0 dry. Dry is the fail-safe: ice and waste, while its panel decides anyway.
const WET: PointSpec = order("wet", Unit::One, (Danger::Neither, (0.0, 1.0)), (0.0, 1.0, 0.0));

/// What a DX unit's compressor shall run at, told to its panel; all of it is the fail-safe.
const COMPRESSOR: PointSpec = PointSpec { role: Role::Sp, ..duty("compressor", 0.0, 2.0) };

/// Where a DX unit's outdoor-air damper shall stand, told to its panel, no faster than it moves; shut is the fail-safe.
const DAMPER: PointSpec = {
    let shut = order("damper", Unit::Percent, (Danger::Neither, (-5.0, 110.0)), (0.0, 100.0, 0.0));
    let write =
        WriteRange { min: 0.0, max: 100.0, failsafe: 0.0, relinquish_default: 0.0, rise_per_s: 1.0, fall_per_s: 1.0 };
    PointSpec { write: Some(write), ..shut }
};

/// The fans of a tower or a dry cooler, which may stand.
const FANS: PointSpec = duty("fan-speed", 0.0, 2.0);

/// The valve in a condenser's water, which keeps its pressure up; open is the fail-safe.
const CONDENSER_VALVE: PointSpec = duty("condenser-valve", 0.0, 2.0);

/// What a rear door has more where control runs it: an order for its valve, which moves no faster than valves do. Open is the
/// fail-safe.
pub(super) const REAR_DOOR: &[PointSpec] = &[RUN_MODE, duty("valve", 0.0, 1.0)];

/// What a CDU has more where control runs it: orders for its valve and each of its pumps, and each pump's word. Orders move no faster
/// than valves and drives do.
pub(super) const CDU: &[PointSpec] = &[
    RUN_MODE,
    duty("valve", 0.0, 1.0),
    duty("pump-1-speed", 0.0, 3.0),
    feedback("pump-1-speed-feedback"),
    state("pump-1-fault"),
    duty("pump-2-speed", 0.0, 3.0),
    feedback("pump-2-speed-feedback"),
    state("pump-2-fault"),
];

/// What a single-phase tank has more where control runs it: orders for its valve and its pump, and the pump's word.
pub(super) const TANK: &[PointSpec] =
    &[RUN_MODE, duty("valve", 0.0, 1.0), duty("pump-speed", 0.0, 3.0), state("pump-fault")];

/// What a two-phase tank has more: an order for its condenser's water valve, whose fail-safe is open; where the air in it is told the air's
/// pressure around it; where it has a purge an order for that, whose fail-safe is that it stands, and whether it and the vent are as told.
pub(super) const TWO_PHASE_TANK: &[PointSpec] = &[
    RUN_MODE,
    duty("valve", 0.0, 1.0),
    barometer("air-pressure"),
    order("purge", Unit::One, (Danger::Neither, (0.0, 1.0)), (0.0, 1.0, 0.0)),
    state("purge-running"),
    state("vent-open"),
];
