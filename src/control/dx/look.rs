//! What a row's sensors and outputs say in one scan.

use plant::hall::DxRow;
use plant::hall::sequence::DxUnit;
use plant::id::Id;
use plant::reading::Reading;
use plant::units::Quantity;

use super::Wiring;
use super::team::Scope;
use crate::control::outlier::{self, Said};
use crate::control::scene::Scene;
use crate::control::sequence::machine::{Seen, Sight};
use crate::control::sequence::roster::MachineId;

/// A compressor above this turns (%).
const TURNS: f64 = 0.5;
/// A damper so much further open than any other lets in colder air (%).
const FURTHER: f64 = 10.0;

/// A row in one scan; nothing where it is not known now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Looked {
    /// More than half of its supply temperatures are known, fresh or aged.
    pub is_supplied: bool,
    /// Some supply temperature is lost: its fail-safe shuts dampers, so that compressors have to carry the row.
    pub is_dim: bool,
    /// Some rack inlet is at its maximum, as far as is known.
    pub is_hot: bool,
    /// Mean supply air above its setpoint (K).
    pub warm: Option<f64>,
    /// The coldest supply air that is believed (°C).
    pub coldest: Option<f64>,
    /// The unit whose supply air is colder than it can be.
    pub liar: Option<usize>,
    /// Mean return air (°C).
    pub back: Option<f64>,
    /// What compressors that turn are at, their mean (%).
    pub duty: f64,
    /// Where the dampers stand at the most (%).
    pub damper: f64,
    /// Where they were told to stand at the most (%).
    pub told: f64,
}

/// Looks at a row.
pub fn row(scope: &Scope<'_>, (scene, wiring): (&Scene<'_>, &Wiring)) -> Looked {
    let units = || scope.row.units.iter();
    let mean = |values: &mut dyn Iterator<Item = f64>| {
        let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
        (count > 0.0).then(|| sum / count)
    };
    let usable = units().filter(|unit| scene.image.read(unit.of.supply_air).usable().is_some()).count();
    // A mean of which a part is doubted decides nothing.
    let doubted = units().any(|unit| matches!(scene.image.read(unit.of.supply_air), Reading::Stale { .. }));
    let liar = liar(scope.row, scene);
    let believed = || {
        units()
            .enumerate()
            .filter(|(place, _)| liar != Some(*place))
            .map(|(_, unit)| unit)
            .filter(|unit| blows(scene, unit))
    };
    let supply = mean(&mut believed().filter_map(|unit| scene.fresh(unit.of.supply_air)));
    let most = scene.hall.limits.inlet_max.get();
    let racks = scene.hall.rows.get(scope.row.row).into_iter().flat_map(|row| &row.racks);
    let mut inlets = racks.filter_map(|rack| scene.image.read(rack.inlet).usable());
    let told = wiring.0.iter().filter_map(|(.., damper)| scene.told(*damper));
    Looked {
        is_supplied: usable * 2 > scope.row.units.len(),
        is_dim: usable < scope.row.units.len(),
        is_hot: inlets.any(|inlet| inlet.get() >= most),
        warm: supply.filter(|_| !doubted).map(|supply| supply - scope.rules.setpoint.get()),
        coldest: believed().filter_map(|unit| scene.fresh(unit.of.supply_air)).reduce(f64::min),
        liar,
        back: mean(&mut units().filter_map(|unit| scene.fresh(unit.of.return_air))),
        duty: mean(&mut units().filter_map(|unit| scene.fresh(unit.of.compressor)).filter(|duty| *duty > TURNS))
            .unwrap_or(0.0),
        damper: units().filter_map(|unit| scene.fresh(unit.of.damper)).fold(0.0, f64::max),
        told: told.fold(0.0, f64::max),
    }
}

/// Air that stands tells nothing of what the row gets.
fn blows(scene: &Scene<'_>, unit: &DxUnit) -> bool {
    scene.fresh(unit.of.fan_feedback).is_none_or(|speed| speed > 1.0)
}

/// The unit whose supply air is colder than it can be: its compressor stands, its damper is no further open than another's, and all others
/// are far from it.
fn liar(row: &DxRow, scene: &Scene<'_>) -> Option<usize> {
    let damper = |unit: &DxUnit| scene.fresh(unit.of.damper);
    let known = || {
        let blowing = row.units.iter().enumerate().filter(|(_, unit)| blows(scene, unit));
        blowing.filter_map(|(place, unit)| Some((place, unit, scene.fresh(unit.of.supply_air)?)))
    };
    let said = known().map(|(place, unit, value)| {
        let others = known().filter(|(other, ..)| *other != place).filter_map(|(_, unit, _)| damper(unit));
        let further = damper(unit).is_none_or(|open| open > others.fold(0.0, f64::max) + FURTHER);
        Said { value, explained: further || outlier::cools(scene.fresh(unit.of.compressor)) }
    });
    let found = outlier::colder_than_it_can_be(said)?;
    known().nth(found).map(|(place, ..)| place)
}

/// Looks at a unit's compressor.
pub fn unit(row: &DxRow, (scene, wiring): (&Scene<'_>, &Wiring), id: MachineId) -> Seen {
    let (Some(unit), Some((mode, ..))) = (row.units.get(id.index()), wiring.0.get(id.index())) else {
        return Seen { running: Sight::Lost, fault: Sight::Lost, held: None };
    };
    let running = match scene.image.read(unit.of.compressor) {
        Reading::Fresh(duty) => Sight::Known(duty.get() > TURNS),
        Reading::Stale { .. } => Sight::Doubted,
        Reading::Lost { .. } => Sight::Lost,
    };
    Seen { running, fault: scene.fault(unit.of.fault), held: scene.held_by(*mode) }
}
