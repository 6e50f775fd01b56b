//! Halls from TOML.

mod alarms;
mod feed_forward;
mod machinery;
mod maps;
mod meters;
mod power;
mod redundant;
mod schedule;
mod sequence;
mod setpoints;
mod site;
mod specs;
mod storage;
mod supervisor;
mod tuning;
mod window;

use std::collections::BTreeMap;

use super::kind::PointSpec;
use super::machinery::{OnRack, RearDoor};
use super::{ChilledWater, Coil, EquipDef, Fan, Hall, Kind, Machinery, Meter, Rack, Row};
use crate::fault::Faults;
use crate::id::{EquipId, Id, LoopId, RowId, Table};
use crate::point::{Point, PointDef, PointTable};
use crate::read::{Section, Source, Value, did_you_mean, is_name};
use crate::units::{Quantity, Watts};

use sequence::{Fittings, Sequenced};
use specs::Specs;

/// More racks than a row of any hall has; a slip of the finger beyond it.
const MAX_RACKS: i64 = 500;

impl Hall {
    /// Reads and checks a hall's file. `file` is its name for messages.
    ///
    /// # Errors
    /// Every fault of the file at once, each with its place and what to do.
    pub fn load(file: &str, text: &str) -> Result<Self, Faults> {
        let source = Source::new(file, text);
        let table = source.parse();
        let hall = read(&source.root(&table));
        source.finish(hall)
    }
}

/// The hall as far as it has been read.
struct Draft {
    specs: Specs,
    equips: Table<EquipId, EquipDef>,
    points: PointTable,
    rows: Vec<Row>,
    coils: Vec<Coil>,
    chilled_water: Option<ChilledWater>,
    machinery: Machinery,
    /// The plants that control runs.
    sequenced: Vec<Sequenced>,
    /// The kinds besides plants that control runs.
    run: Vec<Kind>,
    /// What two-phase tanks have of what only some have.
    fittings: Fittings,
    meters: Vec<Meter>,
    loops: Table<LoopId, String>,
    /// Line of each equipment, for "is already …".
    lines: BTreeMap<String, usize>,
}

fn read(file: &Section<'_>) -> Option<Hall> {
    let (name, site) = (file.need_name("name"), file.need_name("site"));
    let (tz, summary) = (site::time_zone(file), file.need_text("summary"));
    let (limits, pue) = (site::limits(file), site::pue(file));
    let mut draft = Draft {
        specs: Specs::read(file),
        equips: Table::new(),
        points: Table::new(),
        rows: Vec::new(),
        coils: Vec::new(),
        chilled_water: None,
        machinery: Machinery::default(),
        sequenced: sequence::sequenced(file),
        run: sequence::run_kinds(file),
        fittings: sequence::fittings(file),
        meters: Vec::new(),
        loops: Table::new(),
        lines: BTreeMap::new(),
    };
    draft.rows(file);
    draft.air_side(file);
    draft.machinery(file);
    let (plants, dx_rows) = (draft.plants(file), draft.dx_rows(file));
    let (cdus, dry) = (draft.driven_cdus(file), draft.driven_dry(file));
    let (headers, doors) = (draft.headers(file), draft.driven_doors(file));
    let (tanks, two_phase_tanks) = draft.driven_tanks(file);
    let (heat, tunings) = (draft.driven_heat(file), sequence::tunings(file));
    draft.meters(file);
    let power = draft.power_with_storage(file);
    let (redundant, windows) = (draft.redundant(file), window::windows(file, tz.as_deref()));
    let only_tanks = draft.rows.is_empty() && (file.has("tank") || file.has("two-phase-tank"));
    let needs = [!only_tanks, !draft.coils.is_empty(), draft.chilled_water.is_some()];
    let strategies = tuning::strategies(file, limits.as_ref(), (needs, tunings));
    let runs = !draft.run.is_empty() || !draft.sequenced.is_empty();
    let alarms = alarms::alarms(file, (draft.chilled_water.is_some(), runs, draft.run.as_slice()));
    if let (Some(limits), Some(strategies), Some(alarms)) = (&limits, &strategies, &alarms) {
        setpoints::check(file, (limits, strategies, alarms), (&power, &draft));
    }
    draft.rows_with_fans(file);
    file.done();
    Some(Hall {
        name: name?,
        site: site?,
        tz: tz?,
        summary: summary?,
        limits: limits?,
        equips: draft.equips,
        points: draft.points,
        rows: draft.rows.into_iter().collect(),
        coils: draft.coils,
        chilled_water: draft.chilled_water,
        machinery: draft.machinery,
        plants,
        dx_rows,
        cdus,
        dry,
        headers,
        doors,
        tanks,
        two_phase_tanks,
        heat,
        redundant,
        meters: draft.meters,
        power,
        pue: pue?,
        windows,
        strategies: strategies?,
        loops: draft.loops,
        alarms: alarms?,
    })
}

impl Draft {
    fn rows(&mut self, file: &Section<'_>) {
        let rows = file.sections("row");
        if rows.is_empty() && !file.has("tank") && !file.has("two-phase-tank") {
            file.missing("row", "add at least one `[[row]]` with `name`, `racks` and `rack-rated`");
        }
        for row in rows {
            let name = row.need_name("name").filter(|name| self.row_is_new(&row, name));
            let rated = rated(&row, "rack-rated");
            let names = rack_names(&row, name.as_deref().unwrap_or_default());
            let doors = row.or("rear-doors", false);
            row.done();
            let mut racks = Vec::new();
            for rack in names.unwrap_or_default() {
                let equip = self.equipment(&row, "racks", (Kind::Rack, &rack));
                racks.extend(equip.zip(rated).and_then(|(equip, rated)| self.rack(equip, rated)));
            }
            if doors {
                self.doors(&row, &racks);
            }
            let name = name.unwrap_or_default();
            let fan_loop = self.loops.push(format!("{name}/fans"));
            self.rows.push(Row { name, racks, fans: Vec::new(), fan_loop });
        }
    }

    /// A door on each rack of the row that is read: `door-a01` on `rack-a01`.
    fn doors(&mut self, section: &Section<'_>, racks: &[Rack]) {
        let row = RowId::from_index(self.rows.len());
        for rack in racks.iter().map(|rack| rack.equip) {
            let name = self.equips.get(rack).map_or("", |def| def.name.as_str());
            let name = name.strip_prefix("rack-").map_or_else(|| format!("{name}-door"), |rest| format!("door-{rest}"));
            let equip = self.equipment(section, "rear-doors", (Kind::RearDoor, &name));
            let points = |equip| Some((&self.equips.get(equip)?.points, &self.points));
            let of =
                equip.and_then(|equip| RearDoor::of(equip, points(equip).map(|(ids, table)| (ids.as_slice(), table))?));
            self.machinery.doors.extend(of.map(|of| OnRack { row, rack, of }));
        }
    }

    fn row_is_new(&self, section: &Section<'_>, name: &str) -> bool {
        let new = !self.rows.iter().any(|r| r.name == name);
        if !new {
            section.fault("name", format!("there are two rows `{name}`"), "give each row a name of its own");
        }
        new
    }

    fn rack(&self, equip: EquipId, rated: Watts) -> Option<Rack> {
        Some(Rack {
            equip,
            inlet: self.typed(equip, "inlet-air-temp")?,
            outlet: self.typed(equip, "outlet-air-temp")?,
            power: self.typed(equip, "power")?,
            rated,
        })
    }

    /// CRAHs, fans and the chilled water.
    fn air_side(&mut self, file: &Section<'_>) {
        for crah in file.sections("crah") {
            self.crah(&crah);
            crah.done();
        }
        for fan in file.sections("fan") {
            self.fan(&fan);
            fan.done();
        }
        if let Some(water) = file.section("chilled-water") {
            self.chilled_water = self.chilled_water(&water);
            water.done();
        }
    }

    fn crah(&mut self, section: &Section<'_>) -> Option<()> {
        let row = self.row_of(section);
        let name = section.need_name("name")?;
        let equip = self.equipment(section, "name", (Kind::Crah, &name))?;
        let valve_loop = self.loops.push(format!("{name}/valve"));
        let row = row?;
        let coil = Coil {
            equip,
            row,
            valve: self.typed(equip, "valve")?,
            valve_feedback: self.typed(equip, "valve-feedback")?,
            supply_air: self.typed(equip, "supply-air-temp")?,
            return_air: self.typed(equip, "return-air-temp")?,
            valve_loop,
        };
        self.coils.push(coil);
        self.add_fan(row, equip)
    }

    fn fan(&mut self, section: &Section<'_>) -> Option<()> {
        let row = self.row_of(section);
        let name = section.need_name("name")?;
        let equip = self.equipment(section, "name", (Kind::Fan, &name))?;
        self.add_fan(row?, equip)
    }

    fn add_fan(&mut self, row: RowId, equip: EquipId) -> Option<()> {
        let fan =
            Fan { equip, speed: self.typed(equip, "fan-speed")?, feedback: self.typed(equip, "fan-speed-feedback")? };
        self.rows.get_mut(row.index())?.fans.push(fan);
        Some(())
    }

    fn row_of(&self, section: &Section<'_>) -> Option<RowId> {
        let wanted: String = section.need("row")?;
        let found = self.rows.iter().position(|r| r.name == wanted);
        if found.is_none() {
            let help = did_you_mean(&wanted, self.rows.iter().map(|r| r.name.as_str()));
            section.clash("row", format!("there is no row `{wanted}`"), help);
        }
        found.map(RowId::from_index)
    }

    fn chilled_water(&mut self, section: &Section<'_>) -> Option<ChilledWater> {
        let name = section.need_name("name")?;
        let equip = self.equipment(section, "name", (Kind::ChilledWater, &name))?;
        let pump_loop = self.loops.push(format!("{name}/pump"));
        Some(ChilledWater {
            equip,
            pump: self.typed(equip, "pump-speed")?,
            pump_feedback: self.typed(equip, "pump-speed-feedback")?,
            dp: self.typed(equip, "dp")?,
            supply: self.typed(equip, "supply-water-temp")?,
            return_water: self.typed(equip, "return-water-temp")?,
            flow: self.typed(equip, "flow")?,
            pump_loop,
        })
    }

    /// Adds a piece of equipment with the points of its kind; a fault at `key` when the name is taken.
    fn equipment(&mut self, section: &Section<'_>, key: &str, (kind, name): (Kind, &str)) -> Option<EquipId> {
        let (line, _) = section.place(key);
        if let Some(first) = self.lines.get(name) {
            let message = format!("`{name}` is already on line {first}");
            section.fault(key, message, "every piece of equipment needs a name of its own");
            return None;
        }
        self.lines.insert(name.to_owned(), line);
        let equip = self.equips.push(EquipDef { name: name.to_owned(), kind, points: Vec::new() });
        let mut points = Vec::new();
        let commanded = self.commanded(section, kind);
        for spec in self.specs.of(kind).into_iter().chain(commanded) {
            points.push(self.points.push(PointDef {
                equip,
                name: format!("{name}/{}", spec.name),
                unit: spec.unit,
                role: spec.role,
                judgement: spec.judgement,
                write: spec.write,
                monitored_only: false,
            }));
        }
        self.equips.get_mut(equip)?.points = points;
        Some(equip)
    }

    /// The points that a machine has more where control runs its plant.
    fn commanded(&self, section: &Section<'_>, kind: Kind) -> Vec<PointSpec> {
        if self.run.contains(&kind) {
            let fits = |spec: &&PointSpec| kind != Kind::TwoPhaseTank || self.fittings.have(spec);
            return kind.commands().iter().filter(fits).copied().collect();
        }
        if sequence::RUN_BY_KIND.contains(&kind) || self.sequenced.is_empty() || kind.commands().is_empty() {
            return Vec::new();
        }
        let circuit: Option<String> = section.maybe("circuit");
        let Some(ours) = self.sequenced.iter().find(|ours| Some(ours.circuit.word()) == circuit.as_deref()) else {
            return Vec::new();
        };
        kind.commands().iter().filter_map(|spec| ours.commanded(kind, spec)).collect()
    }

    /// The point of a name with its unit in its type. Nothing where the kind has no such point in this unit.
    fn typed<Q: Quantity>(&self, equip: EquipId, short: &str) -> Option<Point<Q>> {
        let points = self.equips.get(equip)?.points.iter();
        let (id, def) =
            points.filter_map(|id| Some((*id, self.points.get(*id)?))).find(|(_, d)| d.short_name() == short)?;
        (def.unit == Q::UNIT).then(|| Point::new(id))
    }

    /// A row that nothing serves; silent while a CRAH or fan has a fault of its own, because it may be the one.
    fn rows_with_fans(&self, file: &Section<'_>) {
        let placed: usize = self.rows.iter().map(|r| r.fans.len()).sum();
        if placed < ["crah", "fan", "dx"].into_iter().map(|kind| file.sections(kind).len()).sum() {
            return;
        }
        for (row, section) in self.rows.iter().zip(file.sections("row")) {
            if row.fans.is_empty() && !row.name.is_empty() {
                let message = format!("no `[[crah]]`, no `[[dx]]` and no `[[fan]]` serves `{}`", row.name);
                section.clash("name", message, format!("write `row = \"{}\"` in one of them", row.name));
            }
        }
    }
}

/// A nameplate in watts.
fn rated(section: &Section<'_>, key: &'static str) -> Option<Watts> {
    if !section.has(key) {
        section.missing(key, format!("write `{key} = …`, the nameplate in W"));
    }
    section.within(key, (1.0, 1e9)).map(Watts)
}

/// `racks = 20` counts names up from the row's; `racks = ["heater"]` gives them.
fn rack_names(section: &Section<'_>, row: &str) -> Option<Vec<String>> {
    if !section.has("racks") {
        section.missing("racks", "write `racks = 20`, or `racks = [\"rack-a01\", …]` to name each");
        return None;
    }
    match section.maybe::<Racks>("racks")? {
        Racks::Named(names) => {
            for name in names.iter().filter(|n| !is_name(n)) {
                let help = "use small letters, digits and dashes, and start with a letter or digit";
                section.fault("racks", format!("`{name}` is no name"), help);
            }
            (!names.is_empty()).then_some(names).or_else(|| {
                section.fault("racks", "this row has no racks", "name at least one");
                None
            })
        }
        Racks::Counted(_) => {
            let count = section.whole("racks", (1, MAX_RACKS))?;
            let letter = row.strip_prefix("row-").unwrap_or(row);
            let width = count.to_string().len().max(2);
            Some((1..=count).map(|n| format!("rack-{letter}{n:0width$}")).collect())
        }
    }
}

enum Racks {
    Counted(()),
    Named(Vec<String>),
}

impl Value for Racks {
    const WANTED: &'static str = "a number of racks or a list of their names";

    fn read(value: &toml::de::DeValue<'_>) -> Result<Self, crate::read::Refusal> {
        let refuse = |mut r: crate::read::Refusal| {
            r.wanted = Self::WANTED.to_owned();
            r.help = "write `20`, or `[\"rack-a01\", …]`".to_owned();
            r
        };
        if value.is_array() {
            return Vec::read(value).map(Self::Named).map_err(refuse);
        }
        i64::read(value).map(|_| Self::Counted(())).map_err(refuse)
    }
}

#[cfg(test)]
#[path = "load/tests.rs"]
mod tests;
