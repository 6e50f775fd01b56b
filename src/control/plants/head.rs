//! The valves in the condensers' water: cold water leaves a condenser without the pressure that drives its refrigerant. ASHRAE
//! Guideline 36, 5.20.10: condenser water leaving is held a least lift above the chilled water leaving.

use plant::command::Reason;
use plant::hall::HeadTuning;
use plant::hall::sequence::Staged;

use crate::control::cooling::Aim;
use crate::control::scene::Scene;
use crate::control::sequence::machine::{Life, Machine};

/// Open: the chiller stands, or it is not seen how warm its waters are.
pub const REST: Aim = Aim::Stand { at: 100.0, reason: Reason::ValveAtRest };

/// What the valve of one chiller is to do in the next scan.
pub fn aim(rules: &HeadTuning, (chiller, machine): (&Staged, &Machine), scene: &Scene<'_>) -> Aim {
    let runs = match machine.life() {
        Life::On | Life::Starting | Life::Stopping => true,
        Life::Off | Life::Unseen { .. } | Life::Failed(_) => false,
    };
    match (runs, scene.fresh(chiller.of.leaving)) {
        (true, Some(chilled)) => {
            Aim::Hold { point: None, setpoint: chilled + rules.least_lift, least: rules.least_valve }
        }
        (true, None) | (false, _) => REST,
    }
}
