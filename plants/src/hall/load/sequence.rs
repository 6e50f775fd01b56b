//! `[sequence.…]`: what control runs, and the numbers it runs by. Plants of chillers here, the rest beside it.

mod air;
mod cdu;
mod door;
mod dry;
mod dx;
mod fans;
mod heat;
mod pumps;
mod tank;
mod tower;
mod tunings;

pub(super) use air::check as check_air;
pub(super) use tank::{Fittings, fittings};

use super::Draft;
use crate::hall::Kind;
use crate::hall::kind::PointSpec;
use crate::hall::machinery::{Chiller, Circuit};
use crate::hall::sequence::{
    ChillerPlant, EconomiserTuning, HeadValve, MachineTuning, PlantTuning, ResetTuning, Staged, StagingTuning,
    Switched, TowerTuning,
};
use crate::id::EquipId;
use crate::point::{Point, WriteRange};
use crate::read::Section;
use crate::time::Span;
use crate::units::{Celsius, LitersPerSecond, Pascals, Quantity, Watts};

pub(super) use tunings::{Tunings, tunings};

const SECOND: Span = Span::from_secs(1);
const MINUTE: Span = Span::from_secs(60);
const HOUR: Span = Span::from_secs(3600);
const DAY: Span = Span::from_secs(86_400);

/// A plant that control runs, as far as the points of its machines follow from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sequenced {
    /// Its water.
    pub circuit: Circuit,
    /// The water that its machines make (°C).
    water: f64,
    /// The cells of its tower, where control runs that.
    cells: Option<f64>,
    /// Control keeps its condensers' pressure up.
    head: bool,
    /// Control runs the pumps on its header, and on that of its condenser water.
    pumps: (bool, bool),
}

impl Sequenced {
    /// One commanded point of a machine of this plant; nothing where nobody commands it.
    pub fn commanded(&self, kind: Kind, spec: &PointSpec) -> Option<PointSpec> {
        let all = |most: f64| move |range| WriteRange { failsafe: most, relinquish_default: most, ..range };
        let write = match (kind, spec.name) {
            (Kind::Chiller, "condenser-valve") if !self.head => return None,
            (Kind::Tower, _) if self.cells.is_none() => return None,
            (Kind::Pump, _) if !self.pumps.0 => return None,
            (Kind::CondenserPump, _) if !self.pumps.1 => return None,
            (Kind::Tower, "cells") => spec
                .write
                .map(|range| WriteRange { max: self.cells.unwrap_or(range.max), ..range })
                .map(all(self.cells?)),
            // What the machine makes when nobody says otherwise is what its plant is made for.
            _ if spec.unit == Celsius::UNIT => spec.write.map(all(self.water)),
            _ => spec.write,
        };
        Some(PointSpec { write, ..*spec })
    }
}

/// The plants that control runs.
pub(super) fn sequenced(file: &Section<'_>) -> Vec<Sequenced> {
    let Some(all) = file.section("sequence") else { return Vec::new() };
    let of = |circuit: Circuit| {
        let section = all.section(circuit.word())?;
        let cells = |tower: Section<'_>| tower.maybe::<f64>("cells").unwrap_or(TowerTuning::PUBLISHED.cells);
        Some(Sequenced {
            circuit,
            water: section.maybe::<f64>("setpoint").unwrap_or(PlantTuning::UNUSED.setpoint.0),
            cells: section.section("tower").map(cells),
            head: section.has("head"),
            pumps: (section.has("pumps"), section.has("condenser-pumps")),
        })
    };
    Circuit::ALL.into_iter().filter_map(of).collect()
}

/// The kinds that control runs or not as a whole, whatever water they are on: the section is named as the kind.
pub(super) const RUN_BY_KIND: [Kind; 7] =
    [Kind::Dx, Kind::Cdu, Kind::DryCooler, Kind::RearDoor, Kind::Tank, Kind::TwoPhaseTank, Kind::HeatRecovery];

/// Those of them that a hall's file has control run.
pub(super) fn run_kinds(file: &Section<'_>) -> Vec<Kind> {
    let Some(all) = file.section("sequence") else { return Vec::new() };
    RUN_BY_KIND.into_iter().filter(|kind| all.has(kind.word())).collect()
}

fn tuning(section: &Section<'_>, circuit: Circuit) -> Option<PlantTuning> {
    for (key, what) in [
        ("setpoint", "the water that the chillers' panels hold, in °C"),
        ("capacity", "what one chiller carries, in W"),
        ("design-flow", "the water flow of the full hall, in l/s"),
    ] {
        if !section.has(key) {
            section.missing(key, format!("write `{key} = …`: {what}"));
        }
    }
    let setpoint = section.within("setpoint", (4.0, 45.0)).map(Celsius);
    let capacity = section.within("capacity", (1e3, 1e8)).map(Watts);
    let design_flow = section.within("design-flow", (0.1, 1e4)).map(LitersPerSecond);
    let staging = section.section("staging").map_or(StagingTuning::PUBLISHED, |s| staging(&s));
    let chiller = section.section("chiller").map_or(MachineTuning::CHILLER, |s| machine(&s, MachineTuning::CHILLER));
    let economiser = section.section("economiser").map_or(EconomiserTuning::PUBLISHED, |s| economiser(&s));
    let economiser_machine = section
        .section("economiser-machine")
        .map_or(MachineTuning::ECONOMISER, |s| machine(&s, MachineTuning::ECONOMISER));
    let reset = section.section("reset").map(|s| reset(&s));
    let tower = section.section("tower").map(|s| tower::tower(&s));
    let head = section.section("head").map(|s| tower::head(&s));
    let pumps = section.section("pumps").and_then(|s| pumps::header(&s, circuit));
    let condenser_pumps = section.section("condenser-pumps").and_then(|s| pumps::condenser_header(&s));
    section.done();
    if let (Some(reset), Some(setpoint)) = (&reset, setpoint)
        && reset.warmest <= setpoint
    {
        let message = format!("`warmest` is {} and must be above `setpoint`, which is {setpoint}", reset.warmest);
        section.fault("reset", message, "the setpoint is the coldest water: write a warmer one, or take `reset` away");
    }
    Some(PlantTuning {
        tower,
        head,
        pumps,
        condenser_pumps,
        reset,
        setpoint: setpoint?,
        capacity: capacity?,
        design_flow: design_flow?,
        staging,
        chiller,
        economiser,
        economiser_machine,
    })
}

fn staging(section: &Section<'_>) -> StagingTuning {
    let old = StagingTuning::PUBLISHED;
    let read = StagingTuning {
        up: section.number("up", old.up, (0.3, 1.2)),
        down: section.number("down", old.down, (0.2, 1.0)),
        patience: section.span("patience", old.patience, (MINUTE, HOUR.times(2))),
        warm: section.number("warm", old.warm, (0.2, 10.0)),
        starved: section.number("starved", old.starved, (1e3, 1e5)),
        limit: section.number("limit", old.limit, (30.0, 100.0)),
        limit_within: section.span("limit-within", old.limit_within, (SECOND, MINUTE.times(30))),
        prove: section.span("prove", old.prove, (MINUTE, HOUR.times(2))),
        stagger: section.span("stagger", old.stagger, (SECOND, MINUTE.times(10))),
        rotate_every: section.span("rotate-every", old.rotate_every, (HOUR, DAY.times(400))),
        rotate_gap: section.span("rotate-gap", old.rotate_gap, (Span::ZERO, DAY.times(400))),
    };
    section.done();
    if read.down >= read.up {
        let message = format!("`down` is {} and must be below `up`, which is {}", read.down, read.up);
        section.fault("down", message, "between the two nothing changes: leave a tenth");
    }
    read
}

fn reset(section: &Section<'_>) -> ResetTuning {
    let old = ResetTuning::PUBLISHED;
    let read = ResetTuning {
        warmest: Celsius(section.number("warmest", old.warmest.0, (5.0, 45.0))),
        least_dp: Pascals(section.number("least-dp", old.least_dp.0, (1e3, 1e6))),
        delay: section.span("delay", old.delay, (Span::ZERO, HOUR.times(2))),
        every: section.span("every", old.every, (SECOND.times(30), HOUR)),
        ignore: section.number("ignore", old.ignore, (0.0, 100.0)),
        trim: section.number("trim", old.trim, (0.1, 20.0)),
        respond: section.number("respond", old.respond, (0.1, 50.0)),
        most: section.number("most", old.most, (0.1, 100.0)),
    };
    section.done();
    read
}

fn machine(section: &Section<'_>, old: MachineTuning) -> MachineTuning {
    let patient = (Span::ZERO, HOUR.times(12));
    let moving = (SECOND.times(10), HOUR.times(2));
    let read = MachineTuning {
        least_on: section.span("least-on", old.least_on, patient),
        least_off: section.span("least-off", old.least_off, patient),
        between_starts: section.span("between-starts", old.between_starts, patient),
        start_within: section.span("start-within", old.start_within, moving),
        stop_within: section.span("stop-within", old.stop_within, moving),
        lost_after: section.span("lost-after", old.lost_after, (Span::ZERO, MINUTE.times(5))),
        restore_after: section.span("restore-after", old.restore_after, (Span::ZERO, HOUR.times(2))),
        retry_after: section.span("retry-after", old.retry_after, (MINUTE, HOUR.times(12))),
    };
    section.done();
    read
}

fn economiser(section: &Section<'_>) -> EconomiserTuning {
    let old = EconomiserTuning::PUBLISHED;
    let read = EconomiserTuning {
        plates: section.number("plates", old.plates, (0.5, 10.0)),
        tower: section.number("tower", old.tower, (0.5, 15.0)),
        wet_bulb: section.number("wet-bulb", old.wet_bulb, (-10.0, 30.0)),
        on: section.number("on", old.on, (0.2, 10.0)),
        off: section.number("off", old.off, (0.1, 5.0)),
        off_for: section.span("off-for", old.off_for, (SECOND.times(10), HOUR)),
    };
    section.done();
    read
}

impl Draft {
    /// The plants that control runs; faults where one has nothing to run, or cannot see what it needs.
    pub(super) fn plants(&mut self, file: &Section<'_>) -> Vec<ChillerPlant> {
        let Some(all) = file.section("sequence") else { return Vec::new() };
        let circuits: Vec<Circuit> = self.sequenced.iter().map(|plant| plant.circuit).collect();
        circuits.into_iter().filter_map(|circuit| self.plant(&all, circuit)).collect()
    }

    fn plant(&mut self, all: &Section<'_>, circuit: Circuit) -> Option<ChillerPlant> {
        let key = circuit.word();
        let water = self.water(circuit);
        if water.is_none() {
            all.clash(
                key,
                format!("the hall has no `[{key}]` to run a plant for"),
                "add it, or take this section away",
            );
        }
        let of_circuit: Vec<Chiller> =
            self.machinery.chillers.iter().filter(|c| c.circuit == circuit).map(|c| c.of).collect();
        let chillers: Vec<Staged> = of_circuit.into_iter().filter_map(|of| self.staged(of)).collect();
        let economiser = self.machinery.economisers.iter().find(|e| e.circuit == circuit).and_then(|e| {
            let (run_mode, setpoint) = (self.typed(e.of.equip, "run-mode")?, self.typed(e.of.equip, "setpoint")?);
            Some(Switched { of: e.of, run_mode, setpoint })
        });
        if chillers.is_empty() {
            let help = "add `[[chiller]]` on this circuit, or take this section away";
            all.clash(key, format!("no chiller is on `{key}`"), help);
        }
        if economiser.is_some() && self.machinery.weather.is_none() {
            let message = "the economiser of this plant is switched by the outdoor wet bulb, and nobody measures it";
            all.clash(key, message, "add `[weather-station]` with a `name`");
        }
        let (equip, supply, return_water, flow, dp) = water?;
        let tower = self.machinery.towers.iter().find(|t| t.circuit == circuit).map(|t| t.of);
        let dry_cooler = self.machinery.dry_coolers.iter().find(|d| d.circuit == circuit).map(|d| d.of);
        let rejecting = self.rejecting(all, circuit);
        Some(ChillerPlant {
            circuit,
            equip,
            supply,
            return_water,
            flow,
            dp,
            chillers,
            economiser,
            dry_cooler,
            tower,
            rejecting,
        })
    }

    fn staged(&mut self, of: Chiller) -> Option<Staged> {
        let (run_mode, setpoint) = (self.typed(of.equip, "run-mode")?, self.typed(of.equip, "setpoint")?);
        let demand_limit = self.typed(of.equip, "demand-limit")?;
        let name = self.equips.get(of.equip)?.name.clone();
        let valve = self.typed(of.equip, "condenser-valve");
        let head = valve.map(|position| HeadValve { position, head_loop: self.loops.push(format!("{name}/head")) });
        Some(Staged { of, run_mode, demand_limit, setpoint, head })
    }

    fn water(&self, circuit: Circuit) -> Option<Water> {
        match circuit {
            Circuit::ChilledWater => self.chilled_water.map(|w| (w.equip, w.supply, w.return_water, w.flow, w.dp)),
            Circuit::FacilityWater => {
                self.machinery.facility_water.map(|w| (w.equip, w.supply, w.return_water, w.flow, w.dp))
            }
        }
    }
}

/// Whose water, to the hall, from it, flow, differential pressure.
type Water = (EquipId, Point<Celsius>, Point<Celsius>, Point<LitersPerSecond>, Point<Pascals>);

#[cfg(test)]
mod tests {
    use crate::hall::Hall;
    use crate::read::corpus::{Broken, each_is_told};
    use crate::time::Span;

    fn air() -> &'static str {
        crate::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped").1
    }

    #[test]
    fn a_plant_has_its_machines_and_their_orders() {
        let hall = Hall::load("air", air()).unwrap_or_else(|faults| panic!("{faults}"));
        let plant = &hall.plants[0];
        assert_eq!((hall.plants.len(), plant.chillers.len()), (1, 3));
        let write = |name: &str| hall.points[hall.point(name).expect("a point")].write.expect("written");
        assert_eq!((write("ch-2/run-mode").failsafe, write("ch-2/demand-limit").failsafe), (0.0, 100.0));
        assert_eq!(write("wse/setpoint").failsafe, 14.0, "what the plant is made for");
        let tuning = hall.strategies.chilled_water;
        assert_eq!((tuning.capacity.0, tuning.staging.patience), (600e3, Span::from_secs(900)));
        assert!(plant.economiser.is_some() && plant.tower.is_some() && plant.dry_cooler.is_none());
        assert_eq!((write("ct-1/cells").max, write("ct-1/cells").failsafe), (3.0, 3.0), "all of the hall's");
        assert!(plant.rejecting.is_some() && plant.chillers.iter().all(|chiller| chiller.head.is_some()));
        // Without the section nothing is commanded that was not before.
        let start = air().find("[sequence.chilled-water]").expect("there");
        let end = air().find("[[water-economiser]]").expect("there");
        let mut text = air().replacen(&air()[start..end], "", 1);
        for name in ["machine-failed", "stage-change-abandoned", "plant-short", "plant-on-panels"] {
            let at = text.find(&format!("[[alarm]]\nname = \"{name}\"")).expect("there");
            let next = text[at + 5..].find("[[alarm]]").expect("there") + at + 5;
            text.replace_range(at..next, "");
        }
        let (start, end) = (text.find("[supervisor.supply-air]"), text.find("# Every alarm says"));
        text.replace_range(start.expect("there")..end.expect("there"), "");
        let hall = Hall::load("air", &text).unwrap_or_else(|faults| panic!("{faults}"));
        assert!(hall.plants.is_empty() && hall.point("ch-1/run-mode").is_none());
    }

    #[test]
    fn every_broken_plant_is_told_at_its_place() {
        let broken = |from, to, message, help| Broken { from, to, message, help, at: "" };
        let corpus = [
            broken(
                "setpoint = 14.0              # °C, what",
                "setpoint = §2.0 # what",
                "must be from 4 to 45",
                "from 4 to 45",
            ),
            broken("capacity = 600e3 ", "capacity = §600e9 ", "must be from 1000 to 100000000", ""),
            broken("warmest = 20.0 ", "§warm = 20.0 ", "knows no key `warm`", "known here: warmest"),
            broken("cells = 3\n", "cells = §33\n", "must be from 1 to 32", ""),
            broken("least-flow = 0.4 ", "§least = 0.4 ", "knows no key `least`", "known here: cells"),
            broken("most-lift = 13.0 ", "most-lift = §7.0 ", "must not be below `least-lift`, 8", "write a larger one"),
            broken("ignore = 1.0 ", "every = §\"1s\" ", "must be from 30s to 60min", "such as"),
            broken(
                "prove = \"10min\" ",
                "up = 0.7\ndown = §0.75 ",
                "`down` is 0.75 and must be below `up`, which is 0.7",
                "leave a tenth",
            ),
        ];
        each_is_told(air(), &corpus, |text| Hall::load("air", text));
    }

    #[test]
    fn a_plant_that_cannot_be_run_is_told() {
        let told = |text: &str, wanted: &str| {
            let faults = Hall::load("air", text).expect_err("refused").0;
            assert!(faults.iter().any(|fault| fault.message.contains(wanted)), "{wanted}: {faults:#?}");
        };
        told(&air().replace("warmest = 20.0", "warmest = 13.0"), "`warmest` is 13.0 °C and must be above `setpoint`");
        told(&air().replace("[weather-station]\nname = \"roof\"", ""), "nobody measures it");
        let facility = air().replacen("[sequence.chilled-water]", "[sequence.facility-water]\nsetpoint = 28.0\ncapacity = 1e6\ndesign-flow = 20.0\n\n[sequence.chilled-water]", 1);
        let towerless = air().replace("[[tower]]\nname = \"ct-1\"\ncircuit = \"chilled-water\"\n", "");
        told(&towerless, "has no tower with condenser water to run");
        told(&facility, "the hall has no `[facility-water]` to run a plant for");
        let start = air().find("[sequence.chilled-water]").expect("there");
        let end = air().find("[[water-economiser]]").expect("there");
        told(&air().replacen(&air()[start..end], "", 1), "control runs no plant that this could befall");
    }
}
