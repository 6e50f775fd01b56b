//! All equipment that control runs by sequence: plants of chillers, DX units, CDUs, dry coolers, heat recovery; and the air of coils. Each kind knows its own; here they are
//! asked together.

use plant::event::Trouble;
use plant::hall::{Hall, Strategies};
use plant::id::{EquipId, RowId, Table};
use serde::{Deserialize, Serialize};

use super::cdus::{self, Cdus};
use super::commands::Commands;
use super::cooling::Cooling;
use super::dry::{self, DryCoolers};
use super::dx::{self, DxRows};
use super::heat::{self, Stations};
use super::news::News;
use super::plants::{self, Plants};
use super::scene::Scene;
use super::supply_air::{self, SupplyAir};

/// Everybody's outputs. Fixed when the hall is loaded.
pub struct Wirings {
    plants: Vec<plants::Wiring>,
    dx: Vec<dx::Wiring>,
    cdus: Vec<cdus::Wiring>,
    dry: Vec<dry::Wiring>,
    air: Table<RowId, supply_air::Wiring>,
    heat: Vec<heat::Wiring>,
}

impl Wirings {
    /// Those of a hall.
    #[must_use]
    pub fn of(hall: &Hall, commands: &Commands) -> Self {
        Self {
            plants: plants::wirings(hall, commands),
            dx: dx::wirings(hall, commands),
            cdus: cdus::wirings(hall, commands),
            dry: dry::wirings(hall, commands),
            air: supply_air::wirings(hall, commands),
            heat: heat::wirings(hall, commands),
        }
    }
}

/// What is remembered of all of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Equipment {
    /// Plants of chillers, with economiser and tower.
    pub plants: Plants,
    /// Rows of DX units.
    pub dx: DxRows,
    /// CDUs.
    pub cdus: Cdus,
    /// Dry coolers.
    pub dry: DryCoolers,
    /// The supply air of rows with coils.
    pub air: SupplyAir,
    /// Heat recovery.
    pub heat: Stations,
}

/// A machine that has failed: which, which of its pumps where it has some, and how.
pub type Failed = (EquipId, Option<u8>, Trouble);

impl Equipment {
    /// On their panels.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        Self {
            plants: Plants::new(hall),
            dx: DxRows::new(hall),
            cdus: Cdus::new(hall),
            dry: DryCoolers::new(hall),
            air: SupplyAir::new(hall),
            heat: Stations::new(hall),
        }
    }

    /// A new boot: on their panels, with what outlasts one.
    pub fn restart(&mut self) {
        self.plants.restart();
        self.dx.restart();
        self.cdus.restart();
        self.dry.restart();
        self.air.restart();
        self.heat.restart();
    }

    /// Gives the loops what they shall do.
    pub fn aim(&self, hall: &Hall, cooling: &mut Cooling) {
        self.plants.aim(hall, cooling);
        self.dx.aim(hall, cooling);
        self.cdus.aim(hall, cooling);
        self.dry.aim(hall, cooling);
        self.air.aim(hall, cooling);
    }

    /// One scan, after the loops.
    pub fn step(
        &mut self,
        wirings: &Wirings,
        (scene, cooling): (&Scene<'_>, &Cooling),
        commands: &mut Commands,
        news: &mut News<'_>,
    ) {
        let rules = cooling.strategies();
        self.plants.step(&wirings.plants, (scene, cooling), commands, news);
        self.dx.step(&wirings.dx, (scene, &rules.dx), commands, news);
        self.cdus.step(&wirings.cdus, (scene, cooling), commands, news);
        self.dry.step(&wirings.dry, (scene, &rules.dry), commands, news);
        self.heat.step(&wirings.heat, (scene, &rules.heat), commands, news);
        self.air.step(&wirings.air, (scene, cooling, &self.plants));
    }

    /// After people: minimum times against all weaker, smoke and condensation against everybody.
    pub fn keep(&self, hall: &Hall, (wirings, rules): (&Wirings, &Strategies), commands: &mut Commands) {
        self.plants.keep(hall, (&wirings.plants, rules), commands);
        self.dx.keep(&rules.dx, &wirings.dx, commands);
        self.heat.keep(&rules.heat, &wirings.heat, commands);
        self.cdus.protect(&wirings.cdus, &rules.cdu, commands);
    }

    /// True in a hall where there is any.
    #[must_use]
    pub fn is_any(hall: &Hall) -> bool {
        let cooled = hall.plants.is_empty() && hall.dx_rows.is_empty() && hall.cdus.is_empty() && hall.dry.is_empty();
        !(cooled && hall.heat.is_empty())
    }

    /// True while some of it is run by its own panel.
    #[must_use]
    pub fn is_on_panels(&self, hall: &Hall) -> bool {
        self.plants.iter(hall).any(|(_, plant)| plant.is_on_panels())
            || self.dx.iter(hall).any(|(_, units)| units.is_on_panels())
            || self.cdus.iter(hall).any(|(_, cdu)| cdu.is_on_panel())
            || self.dry.iter(hall).any(|(_, cooler)| cooler.is_on_panel())
            || self.heat.iter(hall).any(|(_, station)| station.is_on_panel())
    }

    /// True when a stage change was abandoned.
    #[must_use]
    pub fn has_abandoned(&self, hall: &Hall) -> bool {
        self.plants.iter(hall).any(|(_, plant)| plant.stages().has_abandoned())
            || self.cdus.iter(hall).any(|(_, cdu)| cdu.pumps().has_abandoned())
    }

    /// What wants one more and has none left: its name, and how many it wants.
    #[must_use]
    pub fn short<'h>(&self, hall: &'h Hall) -> Option<(&'h str, u8)> {
        let mut plants = self.plants.iter(hall).filter(|(_, plant)| plant.stages().is_short());
        let mut rows = self.dx.iter(hall).filter(|(_, units)| units.team().is_short());
        let equip = |id| hall.equips.get(id).map_or("?", |def| def.name.as_str());
        let plant = plants.next().map(|(of, plant)| (equip(of.equip), plant.stages().target()));
        plant.or_else(|| {
            let (of, units) = rows.next()?;
            Some((hall.loops.get(of.compressor_loop).map_or("?", String::as_str), units.team().target()))
        })
    }

    /// Every machine that has failed.
    pub fn failed<'e>(&'e self, hall: &'e Hall) -> impl Iterator<Item = Failed> + 'e {
        let plants = self.plants.iter(hall).flat_map(|(of, plant)| plant.troubles(of));
        let units = self.dx.iter(hall).flat_map(|(row, units)| units.troubles(row));
        let whole = plants.chain(units).chain(self.dry.troubles(hall)).chain(self.heat.troubles(hall));
        let pumps = self.cdus.iter(hall).flat_map(|(of, cdu)| {
            let pumps = cdu.pumps().machines().iter().zip(1..);
            pumps.filter_map(|(machine, n)| Some((of.of.equip, Some(n), machine.trouble()?)))
        });
        whole.map(|(equip, trouble)| (equip, None, trouble)).chain(pumps)
    }
}
