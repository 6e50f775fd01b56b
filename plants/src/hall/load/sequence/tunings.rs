//! The numbers of all `[sequence.…]` together.

use crate::hall::machinery::Circuit;
use crate::hall::sequence::air::SupplyAirTuning;
use crate::hall::sequence::cdu::CduTuning;
use crate::hall::sequence::door::DoorTuning;
use crate::hall::sequence::dry::DryTuning;
use crate::hall::sequence::heat::HeatTuning;
use crate::hall::sequence::tank::{TankTuning, TwoPhaseTuning};
use crate::hall::sequence::{DxTuning, PlantTuning};
use crate::read::Section;

/// The numbers that all sequences run by.
#[derive(Clone, Copy, Debug)]
pub(in crate::hall::load) struct Tunings {
    /// Of both circuits' plants.
    pub plants: [PlantTuning; 2],
    /// Of DX units.
    pub dx: DxTuning,
    /// Of CDUs.
    pub cdu: CduTuning,
    /// Of dry coolers.
    pub dry: DryTuning,
    /// Of rear doors.
    pub doors: DoorTuning,
    /// Of single-phase tanks.
    pub tank: TankTuning,
    /// Of two-phase tanks.
    pub two_phase: TwoPhaseTuning,
    /// Of heat recovery.
    pub heat: HeatTuning,
    /// Of the supply air of rows; nothing where it stays.
    pub supply_air: Option<SupplyAirTuning>,
}

impl Tunings {
    /// Stand-ins for what control does not run.
    const UNUSED: Self = Self {
        plants: [PlantTuning::UNUSED; 2],
        dx: DxTuning::USUAL,
        cdu: CduTuning::USUAL,
        dry: DryTuning::USUAL,
        doors: DoorTuning::USUAL,
        tank: TankTuning::USUAL,
        two_phase: TwoPhaseTuning::USUAL,
        heat: HeatTuning::USUAL,
        supply_air: None,
    };
}

/// The numbers that all sequences run by; stand-ins where control runs none.
pub(in crate::hall::load) fn tunings(file: &Section<'_>) -> Tunings {
    let Some(all) = file.section("sequence") else { return Tunings::UNUSED };
    let read = Circuit::ALL.map(|circuit| all.section(circuit.word()).map(|section| super::tuning(&section, circuit)));
    let dx = super::dx::tuning(&all);
    let cdus = all.section("cdu").and_then(|section| super::cdu::tuning(&section));
    let dry = all.section("dry-cooler").and_then(|section| super::dry::tuning(&section));
    let doors = all.section("rear-door").and_then(|section| super::door::tuning(&section));
    let tank = all.section("tank").and_then(|section| super::tank::tank(&section));
    let two_phase = all.section("two-phase-tank").and_then(|section| super::tank::two_phase(&section));
    let heat = all.section("heat-recovery").map(|section| super::heat::tuning(&section));
    let supply_air = all.section("supply-air").map(|section| super::air::tuning(&section));
    all.done();
    let unused = Tunings::UNUSED;
    Tunings {
        plants: read.map(|tuning| tuning.flatten().unwrap_or(PlantTuning::UNUSED)),
        dx,
        cdu: cdus.unwrap_or(unused.cdu),
        dry: dry.unwrap_or(unused.dry),
        doors: doors.unwrap_or(unused.doors),
        tank: tank.unwrap_or(unused.tank),
        two_phase: two_phase.unwrap_or(unused.two_phase),
        heat: heat.unwrap_or(unused.heat),
        supply_air,
    }
}
