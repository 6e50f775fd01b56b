//! Machinery from TOML: `[[chiller]]`, `[[tower]]`, `[[cdu]]` and the like, each with its name and what it belongs to.

use super::{Draft, rated};
use crate::hall::Kind;
use crate::hall::machinery::{Circuit, InRow, On, Rated};
use crate::id::{EquipId, PointId};
use crate::point::PointTable;
use crate::read::Section;

/// How a kind's typed points are found among those of one piece of equipment.
type Of<M> = fn(EquipId, (&[PointId], &PointTable)) -> Option<M>;

impl Draft {
    /// Reads all machinery; what it belongs to must be there.
    pub(super) fn machinery(&mut self, file: &Section<'_>) {
        use crate::hall::machinery as kinds;
        self.machinery.facility_water = self.one(file, Kind::FacilityWater, kinds::FacilityWater::of);
        self.machinery.weather = self.one(file, Kind::WeatherStation, kinds::WeatherStation::of);
        self.machinery.pumps = self.on(file, Kind::Pump, kinds::Pump::of);
        self.machinery.condenser_pumps = self.on(file, Kind::CondenserPump, kinds::Pump::of);
        self.machinery.chillers = self.on(file, Kind::Chiller, kinds::Chiller::of);
        self.machinery.towers = self.on(file, Kind::Tower, kinds::Tower::of);
        self.machinery.dry_coolers = self.on(file, Kind::DryCooler, kinds::DryCooler::of);
        self.machinery.economisers = self.on(file, Kind::WaterEconomiser, kinds::WaterEconomiser::of);
        self.machinery.condenser_water = self.on(file, Kind::CondenserWater, kinds::CondenserWater::of);
        self.machinery.heat_recovery = self.on(file, Kind::HeatRecovery, kinds::HeatRecovery::of);
        self.machinery.cdus = self.in_rows(file, Kind::Cdu, kinds::Cdu::of);
        self.machinery.dx = self.in_rows(file, Kind::Dx, kinds::Dx::of);
        for unit in self.machinery.dx.clone() {
            self.add_fan(unit.row, unit.of.equip);
        }
        self.machinery.tanks = self.rated(file, Kind::Tank, kinds::Tank::of);
        self.machinery.two_phase_tanks = self.rated(file, Kind::TwoPhaseTank, kinds::TwoPhaseTank::of);
        let ups = self.each(file, Kind::Ups, (|_, _| Some(()), kinds::Ups::of));
        self.machinery.ups = ups.into_iter().map(|(of, ())| of).collect();
        let generators = self.each(file, Kind::Generator, (|_, _| Some(()), kinds::Generator::of));
        self.machinery.generators = generators.into_iter().map(|(of, ())| of).collect();
        let detectors = self.each(file, Kind::SmokeDetector, (|_, _| Some(()), kinds::SmokeDetector::of));
        self.machinery.smoke = detectors.into_iter().map(|(of, ())| of).collect();
        let room = self.each(file, Kind::RoomSensor, (|_, _| Some(()), kinds::RoomSensor::of));
        self.machinery.room = room.into_iter().map(|(of, ())| of).collect();
        self.water_for_its_users(file);
    }

    /// Every `[[kind]]` with what else its section says.
    fn each<E, M>(
        &mut self,
        file: &Section<'_>,
        kind: Kind,
        (more, of): (impl Fn(&Self, &Section<'_>) -> Option<E>, Of<M>),
    ) -> Vec<(M, E)> {
        let mut found = Vec::new();
        for section in file.sections(kind.word()) {
            let more = more(self, &section);
            let name = section.need_name("name");
            section.done();
            let equip = name.and_then(|name| self.equipment(&section, "name", (kind, &name)));
            let machine = equip.and_then(|equip| of(equip, (&self.equips.get(equip)?.points, &self.points)));
            found.extend(machine.zip(more));
        }
        found
    }

    /// `[kind]`, of which a hall has one at the most.
    fn one<M>(&mut self, file: &Section<'_>, kind: Kind, of: Of<M>) -> Option<M> {
        let section = file.section(kind.word())?;
        let name = section.need_name("name");
        section.done();
        let equip = self.equipment(&section, "name", (kind, &name?))?;
        of(equip, (&self.equips.get(equip)?.points, &self.points))
    }

    fn on<M>(&mut self, file: &Section<'_>, kind: Kind, of: Of<M>) -> Vec<On<M>> {
        let circuit = |draft: &Self, section: &Section<'_>| {
            let circuit = section.need_word("circuit", &Circuit::ALL.map(|c| (c.word(), c)))?;
            let there = match circuit {
                Circuit::ChilledWater => draft.chilled_water.is_some(),
                Circuit::FacilityWater => draft.machinery.facility_water.is_some(),
            };
            if !there {
                let message = format!("the hall has no `[{}]` for this {}", circuit.word(), kind.word());
                section.clash("circuit", message, format!("add `[{}]`, or name the other circuit", circuit.word()));
            }
            there.then_some(circuit)
        };
        self.each(file, kind, (circuit, of)).into_iter().map(|(of, circuit)| On { circuit, of }).collect()
    }

    fn in_rows<M>(&mut self, file: &Section<'_>, kind: Kind, of: Of<M>) -> Vec<InRow<M>> {
        let found = self.each(file, kind, (|draft: &Self, section: &Section<'_>| draft.row_of(section), of));
        found.into_iter().map(|(of, row)| InRow { row, of }).collect()
    }

    fn rated<M>(&mut self, file: &Section<'_>, kind: Kind, of: Of<M>) -> Vec<Rated<M>> {
        let found = self.each(file, kind, (|_: &Self, section: &Section<'_>| rated(section, "rated"), of));
        found.into_iter().map(|(of, rated)| Rated { rated, of }).collect()
    }

    /// What hangs on facility water needs some, and a circuit has one condenser water, one economiser, one heat recovery.
    fn water_for_its_users(&self, file: &Section<'_>) {
        for kind in [Kind::Cdu, Kind::Tank, Kind::TwoPhaseTank] {
            for section in file.sections(kind.word()) {
                if self.machinery.facility_water.is_none() && !file.has("facility-water") {
                    let message = format!("the hall has no `[facility-water]` for this {}", kind.word());
                    section.clash("name", message, "add `[facility-water]` with a `name`");
                }
            }
        }
        for row in file.sections("row").into_iter().filter(|row| row.or("rear-doors", false)) {
            if self.machinery.facility_water.is_none() && !file.has("facility-water") {
                let message = "the hall has no `[facility-water]` for this row's doors";
                row.clash("rear-doors", message, "add `[facility-water]` with a `name`");
            }
        }
        for kind in [Kind::CondenserWater, Kind::WaterEconomiser, Kind::HeatRecovery] {
            let sections = file.sections(kind.word());
            for (n, section) in sections.iter().enumerate() {
                let mine: Option<String> = section.maybe("circuit");
                let before = sections.iter().take(n).any(|s| s.maybe::<String>("circuit") == mine);
                if before {
                    let message = format!("this circuit has a {} already", kind.word());
                    section.clash("circuit", message, "name the other circuit, or make the first one larger");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::fault::Faults;
    use crate::hall::machinery::Circuit;
    use crate::hall::{Hall, Kind};
    use crate::read::corpus::{Broken, each_is_told};

    const GOOD: &str = r#"
name = "mixed"
site = "demo"
tz = "UTC"
summary = "One of each"

[limits]
inlet-recommended = 27.0
inlet-max = 32.0

[[row]]
name = "row-a"
racks = 2
rack-rated = 25e3
rear-doors = true

[[dx]]
name = "dx-1"
row = "row-a"

[[cdu]]
name = "cdu-1"
row = "row-a"

[[cdu]]
name = "cdu-2"
row = "row-a"

[facility-water]
name = "fws"

[[pump]]
name = "fwp-1"
circuit = "facility-water"

[[condenser-water]]
name = "cw"
circuit = "facility-water"

[[condenser-pump]]
name = "cwp-1"
circuit = "facility-water"

[[chiller]]
name = "ch-1"
circuit = "facility-water"

[[tower]]
name = "ct-1"
circuit = "facility-water"

[[dry-cooler]]
name = "dc-1"
circuit = "facility-water"

[[water-economiser]]
name = "wse"
circuit = "facility-water"

[[heat-recovery]]
name = "hr"
circuit = "facility-water"

[[tank]]
name = "tank-1"
rated = 100e3

[[two-phase-tank]]
name = "tank-2"
rated = 120e3

[[ups]]
name = "ups-a"

[[generator]]
name = "gen-1"

[weather-station]
name = "roof"

[[smoke-detector]]
name = "intake"

[[room-sensor]]
name = "room-1"

[strategy.fans]
setpoint = 24.0
gain = 4.0
ti = "120s"
"#;

    fn load(text: &str) -> Result<Hall, Faults> {
        Hall::load("mixed.toml", text)
    }

    #[test]
    fn every_kind_has_its_points_and_its_place() {
        let hall = load(GOOD).unwrap_or_else(|faults| panic!("{faults}"));
        let machines = &hall.machinery;
        assert_eq!(machines.cdus.len(), 2);
        assert_eq!(hall.rows[machines.cdus[1].row].name, "row-a");
        assert_eq!(machines.chillers[0].circuit, Circuit::FacilityWater);
        assert_eq!(hall.points[machines.chillers[0].of.leaving.id()].name, "ch-1/leaving-water-temp");
        assert!((machines.two_phase_tanks[0].rated.0 - 120e3).abs() < 1e-9);
        let door = machines.doors[1];
        assert_eq!(
            (hall.equips[door.rack].name.as_str(), hall.equips[door.of.equip].name.as_str()),
            ("rack-a02", "door-a02")
        );
        assert_eq!(hall.rows.rows()[0].fans[0].equip, machines.dx[0].of.equip, "its fan is one of the row's");
        for (_, equip) in hall.equips.iter() {
            assert_eq!(equip.points.len(), equip.kind.points().len(), "{}", equip.name);
        }
        let kinds = |kind: Kind| hall.equips.iter().filter(|(_, e)| e.kind == kind).count();
        for kind in Kind::ALL
            .into_iter()
            .filter(|k| !matches!(k, Kind::Crah | Kind::Fan | Kind::ChilledWater | Kind::Meter | Kind::Battery))
        {
            assert!(kinds(kind) > 0, "{} is missing", kind.word());
        }
    }

    #[test]
    fn only_what_a_loop_runs_can_be_written() {
        let hall = load(GOOD).unwrap_or_else(|faults| panic!("{faults}"));
        let written: Vec<_> =
            hall.points.iter().filter(|(_, p)| p.write.is_some()).map(|(_, p)| p.name.as_str()).collect();
        assert_eq!(written, ["dx-1/fan-speed"]);
    }

    #[test]
    fn tanks_need_no_rows_and_no_strategy() {
        let (head, tail) = (GOOD.find("[[row]]").expect("there"), GOOD.find("[facility-water]").expect("there"));
        let text = GOOD.replacen(&GOOD[head..tail], "", 1);
        let text = &text[..text.find("[strategy").expect("there")];
        let hall = load(text).unwrap_or_else(|faults| panic!("{faults}"));
        assert!(hall.rows.is_empty() && !hall.machinery.tanks.is_empty());
    }

    #[test]
    fn every_broken_machine_is_told_at_its_place() {
        let broken = |from, to, message, help| Broken { from, to, message, help, at: "" };
        let corpus = [
            broken(
                "name = \"ch-1\"\ncircuit = \"facility-water\"",
                "name = \"ch-1\"\ncircuit = §\"chilled-water\"",
                "no `[chilled-water]` for this chiller",
                "name the other circuit",
            ),
            broken(
                "name = \"ct-1\"\ncircuit = \"facility-water\"",
                "name = \"ct-1\"\ncircuit = §\"facility\"",
                "does not know the word `facility`",
                "facility-water",
            ),
            broken(
                "name = \"cdu-2\"\nrow = \"row-a\"",
                "name = \"cdu-2\"\nrow = §\"row-b\"",
                "there is no row `row-b`",
                "did you mean `row-a`?",
            ),
            broken("rated = 100e3", "rated = §0.5", "must be from 1 to", ""),
            broken("name = \"gen-1\"", "name = §\"ups-a\"", "`ups-a` is already", "name of its own"),
            broken("name = \"roof\"", "name = \"roof\"\n§height = 3", "knows no key `height`", ""),
        ];
        each_is_told(GOOD, &corpus, load);
    }

    #[test]
    fn water_is_needed_by_its_users_and_one_of_a_kind_is_enough() {
        let Faults(faults) = load(&GOOD.replace("[facility-water]\nname = \"fws\"\n", "")).expect_err("no water");
        assert!(faults.iter().any(|f| f.message.ends_with("for this row's doors")), "{faults:#?}");
        for user in ["cdu", "tank", "two-phase-tank", "chiller"] {
            let told = format!("the hall has no `[facility-water]` for this {user}");
            assert!(faults.iter().any(|f| f.message == told), "{user}: {faults:#?}");
        }
        let twice =
            GOOD.replace("[[ups]]", "[[heat-recovery]]\nname = \"hr-2\"\ncircuit = \"facility-water\"\n\n[[ups]]");
        let Faults(faults) = load(&twice).expect_err("two of one");
        assert_eq!(faults.len(), 1, "{faults:#?}");
        assert!(faults[0].message.contains("a heat-recovery already"), "{faults:#?}");
    }
}
