//! All equipment that control runs by sequence: pumps on headers, plants of chillers, DX units, CDUs, dry coolers, rear doors, immersion
//! tanks, heat recovery; the air of coils; and what is asked of rows that are too warm. Each kind knows its own; here they are asked together.

use plant::event::Trouble;
use plant::hall::{Hall, Strategies};
use plant::id::{EquipId, PointId, RowId, Table};
use serde::{Deserialize, Serialize};

use super::asks::Ask;
use super::cdus::{self, Cdus};
use super::commands::Commands;
use super::cooling::Cooling;
use super::dew_point::DewPoint;
use super::doors::{self, Doors};
use super::dry::{self, DryCoolers};
use super::dx::{self, DxRows};
use super::heat::{self, Stations};
use super::news::News;
use super::plants::{self, Plants};
use super::pumps::{self, Headers};
use super::rule::Rule;
use super::scene::Scene;
use super::supply_air::{self, SupplyAir};
use super::tanks::{self, Tanks};
use super::time_to_limit::Trends;
use super::trips::Trips;

/// Everybody's outputs. Fixed when the hall is loaded.
pub struct Wirings {
    headers: Vec<pumps::Wiring>,
    plants: Vec<plants::Wiring>,
    dx: Vec<dx::Wiring>,
    cdus: Vec<cdus::Wiring>,
    dry: Vec<dry::Wiring>,
    doors: Vec<doors::Wiring>,
    tanks: (Vec<tanks::Wiring>, Vec<tanks::Wiring>),
    air: Table<RowId, supply_air::Wiring>,
    heat: Vec<heat::Wiring>,
}

impl Wirings {
    /// Those of a hall.
    #[must_use]
    pub fn of(hall: &Hall, commands: &Commands) -> Self {
        Self {
            headers: pumps::wirings(hall, commands),
            plants: plants::wirings(hall, commands),
            dx: dx::wirings(hall, commands),
            cdus: cdus::wirings(hall, commands),
            dry: dry::wirings(hall, commands),
            doors: doors::wirings(hall, commands),
            tanks: tanks::wirings(hall, commands),
            air: supply_air::wirings(hall, commands),
            heat: heat::wirings(hall, commands),
        }
    }
}

/// What is remembered of all of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Equipment {
    /// Pumps on headers.
    pub headers: Headers,
    /// Plants of chillers, with economiser and tower.
    pub plants: Plants,
    /// Rows of DX units.
    pub dx: DxRows,
    /// CDUs.
    pub cdus: Cdus,
    /// Dry coolers.
    pub dry: DryCoolers,
    /// The room's dew point, for what must stay above it.
    pub dew_point: DewPoint,
    /// Rear doors.
    pub doors: Doors,
    /// Immersion tanks.
    pub tanks: Tanks,
    /// The supply air of rows with coils.
    pub air: SupplyAir,
    /// Heat recovery.
    pub heat: Stations,
    /// What is asked of the machines of rows that are too warm.
    pub trips: Trips,
    /// How long everything that has a limit has until it is there.
    pub trends: Trends,
}

/// A sequence by the name of what it runs, and what it does with it; nothing where that is its own name.
pub type EquipName<'h> = (&'h str, &'static str);

/// A machine that has failed: which, which of its pumps where it has some, and how.
pub type Failed = (EquipId, Option<u8>, Trouble);

impl Equipment {
    /// On their panels.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        Self {
            headers: Headers::new(hall),
            plants: Plants::new(hall),
            dx: DxRows::new(hall),
            cdus: Cdus::new(hall),
            dry: DryCoolers::new(hall),
            dew_point: DewPoint::new(hall),
            doors: Doors::new(hall),
            tanks: Tanks::new(hall),
            air: SupplyAir::new(hall),
            heat: Stations::new(hall),
            trips: Trips::new(hall),
            trends: Trends::new(hall),
        }
    }

    /// A new boot: on their panels, with what outlasts one.
    pub fn restart(&mut self) {
        self.headers.restart();
        self.plants.restart();
        self.dx.restart();
        self.cdus.restart();
        self.dry.restart();
        self.dew_point.restart();
        self.doors.restart();
        self.tanks.restart();
        self.air.restart();
        self.heat.restart();
        self.trips.restart();
        self.trends.restart();
    }

    /// Who runs all of it from now on: somebody else, whom control only looks on, or its panels until control takes it over.
    pub fn lend(&mut self, rule: Rule) {
        self.headers.lend(rule);
        self.plants.lend(rule);
        self.dx.lend(rule);
        self.cdus.lend(rule);
        self.dry.lend(rule);
        self.doors.lend(rule);
        self.tanks.lend(rule);
        self.heat.lend(rule);
    }

    /// Gives the loops what they shall do.
    pub fn aim(&self, hall: &Hall, cooling: &mut Cooling) {
        self.plants.aim(hall, cooling);
        self.dx.aim(hall, cooling);
        self.cdus.aim(hall, &self.dew_point, cooling);
        self.dry.aim(hall, cooling);
        self.doors.aim(hall, &self.dew_point, cooling);
        self.tanks.aim(hall, cooling);
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
        let settles = |circuit| self.plants.is_settling(scene.hall, (circuit, rules));
        self.headers.step(&wirings.headers, (scene, cooling, &settles), commands, news);
        self.plants.step(&wirings.plants, (scene, cooling), commands, news);
        self.dx.step(&wirings.dx, (scene, &rules.dx), commands, news);
        if !(scene.hall.cdus.is_empty() && scene.hall.doors.is_empty()) {
            self.dew_point.step(scene, news);
        }
        self.cdus.step(&wirings.cdus, (scene, cooling, &self.dew_point), commands, news);
        self.dry.step(&wirings.dry, (scene, cooling), commands, news);
        self.doors.step(&wirings.doors, (scene, &rules.doors, &self.dew_point), commands, news);
        self.tanks.step(&wirings.tanks, (scene, cooling), commands, news);
        self.heat.step(&wirings.heat, (scene, &rules.heat), commands, news);
        self.air.step(&wirings.air, (scene, cooling, &self.plants));
        self.trips.step(scene, |row| self.cdus.pressure(row), news);
        self.trends.step(scene);
    }

    /// After people: minimum times against all weaker, smoke, condensation, leaks and tanks that are too warm against everybody.
    pub fn keep(&self, hall: &Hall, (wirings, rules): (&Wirings, &Strategies), commands: &mut Commands) {
        self.plants.keep(hall, (&wirings.plants, rules), commands);
        self.dx.keep(&rules.dx, &wirings.dx, commands);
        self.heat.keep(&rules.heat, &wirings.heat, commands);
        self.cdus.protect(&wirings.cdus, (&rules.cdu, &self.dew_point), commands);
        self.doors.protect(&wirings.doors, &self.dew_point, commands);
        self.tanks.protect(hall, &wirings.tanks, commands);
    }

    /// A person has reset the alarm of leaks: CDUs and tanks that are known to be dry may run again.
    pub fn let_dry_ones_run(&mut self, hall: &Hall, news: &mut News<'_>) {
        self.cdus.let_dry_ones_run(hall, news);
        self.tanks.let_dry_ones_run(hall, news);
    }

    /// The first CDU or tank whose tray is wet, or was and is not known to be dry.
    #[must_use]
    pub fn leaking(&self, hall: &Hall) -> Option<EquipId> {
        self.cdus.leaking(hall).or_else(|| self.tanks.leaking(hall))
    }

    /// Where thermal protection has taken a row, what moves its water and what cools that runs, whoever holds it off.
    pub fn rescue(
        &mut self,
        hall: &Hall,
        (wirings, rules): (&Wirings, &Strategies),
        hot: Option<PointId>,
        commands: &mut Commands,
    ) {
        if let Some(hot) = hot {
            self.headers.rescue(hall, &wirings.headers, hot, commands);
        }
        self.plants.rescue(hall, (&wirings.plants, rules), hot, commands);
    }

    /// True in a hall where there is any.
    #[must_use]
    pub fn is_any(hall: &Hall) -> bool {
        let water = hall.plants.is_empty() && hall.headers.is_empty() && hall.dry.is_empty() && hall.heat.is_empty();
        let air = hall.dx_rows.is_empty() && hall.doors.is_empty();
        let tanks = hall.tanks.is_empty() && hall.two_phase_tanks.is_empty();
        !(water && air && tanks && hall.cdus.is_empty())
    }

    /// True while some of it is run by its own panel.
    #[must_use]
    pub fn is_on_panels(&self, hall: &Hall) -> bool {
        self.plants.iter(hall).any(|(_, plant)| plant.is_on_panels())
            || self.dx.iter(hall).any(|(_, units)| units.is_on_panels())
            || self.cdus.iter(hall).any(|(_, cdu)| cdu.is_on_panel())
            || self.dry.iter(hall).any(|(_, cooler)| cooler.is_on_panel())
            || self.headers.iter(hall).any(|(_, header)| header.is_on_panels())
            || self.doors.iter(hall).any(|(_, door)| door.is_on_panel())
            || self.tanks.is_on_panels()
            || self.heat.iter(hall).any(|(_, station)| station.is_on_panel())
    }

    /// True when a stage change was abandoned.
    #[must_use]
    pub fn has_abandoned(&self, hall: &Hall) -> bool {
        self.plants.iter(hall).any(|(_, plant)| plant.stages().has_abandoned())
            || self.cdus.iter(hall).any(|(_, cdu)| cdu.pumps().crew().has_abandoned())
            || self.headers.iter(hall).any(|(_, header)| header.crew().has_abandoned())
    }

    /// What wants one more and has none left: its name, and how many it wants.
    #[must_use]
    pub fn short<'h>(&self, hall: &'h Hall) -> Option<(&'h str, u8)> {
        let mut plants = self.plants.iter(hall).filter(|(_, plant)| plant.stages().is_short());
        let mut rows = self.dx.iter(hall).filter(|(_, units)| units.team().is_short());
        let equip = |id| hall.equips.get(id).map_or("?", |def| def.name.as_str());
        let plant = plants.next().map(|(of, plant)| (equip(of.equip), plant.stages().target()));
        let mut headers = hall.headers.rows().iter().zip(self.headers.rows()).filter(|(_, header)| header.is_short());
        let header = headers.next().map(|(of, header)| (of.name.as_str(), header.crew().target()));
        plant.or(header).or_else(|| {
            let (of, units) = rows.next()?;
            Some((hall.loops.get(of.compressor_loop).map_or("?", String::as_str), units.team().target()))
        })
    }

    /// Beside somebody else: of every sequence that stages or switches, its name, how many run, and how many ours would.
    pub fn supposed<'e>(&'e self, hall: &'e Hall) -> impl Iterator<Item = (EquipName<'e>, (u8, u8))> + 'e {
        let equip = |id| hall.equips.get(id).map_or("?", |def| def.name.as_str());
        let plants =
            self.plants.iter(hall).map(move |(of, plant)| ((equip(of.equip), "stages"), plant.stages().supposed()));
        let switches = self.plants.iter(hall).filter_map(move |(of, plant)| {
            let (runs, ours) = plant.economiser()?.supposed();
            Some(((equip(of.economiser?.of.equip), "switch"), (u8::from(runs), u8::from(ours))))
        });
        let headers = self.headers.iter(hall).map(|(of, row)| ((of.name.as_str(), ""), row.supposed()));
        let cdus = self.cdus.iter(hall).map(move |(of, cdu)| ((equip(of.of.equip), "pumps"), cdu.pumps().supposed()));
        plants.chain(switches).chain(headers).chain(cdus)
    }

    /// The strongest that is asked of the machines of a rack, by its place in the power tree.
    #[must_use]
    pub fn asked_of(&self, hall: &Hall, rack: usize) -> Option<Ask> {
        let equip = hall.power.racks.get(rack)?.equip;
        let here = |row: RowId| hall.rows.get(row).is_some_and(|row| row.racks.iter().any(|rack| rack.equip == equip));
        self.trips.requests().filter(|(row, _)| here(*row)).map(|(_, ask)| ask).max_by_key(|ask| ask.rung)
    }

    /// What is asked of the machines of rows and tanks, each by its name.
    pub fn asks<'e>(&'e self, hall: &'e Hall) -> impl Iterator<Item = (&'e str, Ask)> + 'e {
        let row = |id| hall.rows.get(id).map_or("?", |row| row.name.as_str());
        let equip = |id| hall.equips.get(id).map_or("?", |def| def.name.as_str());
        let rows = self.trips.requests().map(move |(id, ask)| (row(id), ask));
        rows.chain(self.tanks.requests(hall).map(move |(id, ask)| (equip(id), ask)))
    }

    /// Every machine that has failed.
    pub fn failed<'e>(&'e self, hall: &'e Hall) -> impl Iterator<Item = Failed> + 'e {
        let plants = self.plants.iter(hall).flat_map(|(of, plant)| plant.troubles(of));
        let units = self.dx.iter(hall).flat_map(|(row, units)| units.troubles(row));
        let whole = plants.chain(self.headers.troubles(hall)).chain(units).chain(self.dry.troubles(hall));
        let whole =
            whole.chain(self.doors.troubles(hall)).chain(self.tanks.troubles(hall)).chain(self.heat.troubles(hall));
        let pumps = self.cdus.iter(hall).flat_map(|(of, cdu)| {
            let pumps = cdu.pumps().machines().iter().zip(1..);
            pumps.filter_map(|(machine, n)| Some((of.of.equip, Some(n), machine.trouble()?)))
        });
        whole.map(|(equip, trouble)| (equip, None, trouble)).chain(pumps)
    }
}
