//! Immersion tanks that control runs, for people.

use plant::hall::Hall;
use plant::id::EquipId;
use plant::units::Quantity;
use serde::{Deserialize, Serialize};

use crate::control::State;

/// An immersion tank that control runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TankView {
    /// Its name: `tank-1`.
    pub name: String,
    /// `sequence`, or `panel` while it is not seen well enough.
    pub rule: String,
    /// `warm`, `warming`, or `cold` where that takes longer than it should.
    pub warmth: String,
    /// The fluid (°C); nothing while it is not known.
    pub fluid_celsius: Option<f64>,
    /// What the fluid's loop aims at (°C); nothing in a tank with two phases.
    pub setpoint_celsius: Option<f64>,
    /// The vapour's pressure above the air's (Pa); nothing while it is not known, and in a tank with one phase.
    pub pressure_pascals: Option<f64>,
    /// What the pressure's loop aims at (Pa above the air's); nothing in a tank with one phase.
    pub setpoint_pascals: Option<f64>,
    /// The air in it (Pa), as a mean of minutes; nothing while it is not known, and in a tank with one phase.
    #[serde(default)]
    pub air_pascals: Option<f64>,
    /// What its purge does: `standing`, `starting`, `running`, `stopping`, `failed`; nothing where it has none.
    #[serde(default)]
    pub purge: Option<String>,
    /// How full it is (%); nothing while that is not known.
    pub level_percent: Option<f64>,
    /// True while all that cools it runs at its most.
    pub more_cooling: bool,
    /// True while its machines should be off, for it leaks or did.
    #[serde(default)]
    pub leak: bool,
    /// What its pump does: `resting`, `starting`, `turning`, `stopping`, `failed`; nothing in a tank with two phases.
    pub pump: Option<String>,
    /// Hours that its pump has turned since it is known.
    pub run_hours: f64,
    /// How often its pump was told to start.
    pub starts: u32,
}

/// Every tank that control runs: those of one phase, then those of two.
#[must_use]
pub fn tanks(hall: &Hall, state: &State) -> Vec<TankView> {
    let (image, rules) = (state.quality.image(), state.cooling.strategies());
    let rule = |on_panel: bool| if on_panel { "panel" } else { "sequence" }.to_owned();
    let name = |equip: EquipId| hall.equips.get(equip).map_or("?", |def| def.name.as_str()).to_owned();
    let one = state.equipment.tanks.oil(hall).map(|(of, tank)| TankView {
        name: name(of.of.equip),
        rule: rule(tank.is_on_panel()),
        warmth: tank.warming().warmth().word().to_owned(),
        fluid_celsius: image.read(of.of.fluid).usable().map(Quantity::get),
        setpoint_celsius: Some(rules.tank.valve.setpoint),
        level_percent: image.read(of.of.level).usable().map(Quantity::get),
        more_cooling: tank.is_hot(),
        leak: tank.leak().is_latched(),
        pump: Some(tank.pump().step().word().to_owned()),
        run_hours: tank.pump().run.life.seconds() / 3600.0,
        starts: tank.pump().run.starts,
        ..TankView::default()
    });
    let two = state.equipment.tanks.boiling(hall).map(|(of, tank)| TankView {
        name: name(of.of.equip),
        rule: rule(tank.is_on_panel()),
        warmth: tank.warming().warmth().word().to_owned(),
        fluid_celsius: image.read(of.of.fluid).usable().map(Quantity::get),
        pressure_pascals: image.read(of.of.pressure).usable().map(Quantity::get),
        setpoint_pascals: Some(rules.two_phase.valve.setpoint),
        air_pascals: tank.air().pascals(),
        purge: of.purge.map(|_| tank.purge().draw().word().to_owned()),
        level_percent: image.read(of.of.level).usable().map(Quantity::get),
        more_cooling: tank.is_high(),
        leak: tank.leak().is_latched(),
        ..TankView::default()
    });
    one.chain(two).collect()
}
