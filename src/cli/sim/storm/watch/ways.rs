//! Transitions: how long everything that control runs by sequence may be on its way.

use std::collections::BTreeMap;

use plant::hall::sequence::pumps::{Header, PumpTuning};
use plant::hall::sequence::{FanTuning, MachineTuning};
use plant::hall::{Hall, PlantTuning};
use plant::id::EquipId;
use plant::time::Span;
use wattloop::control::report::{MachineView, Status};

use super::Look;

/// How often the status is looked at (s).
const LOOK: f64 = 30.0;
/// What a change in a crew takes beside its pumps' own steps (s).
const GRACE: f64 = 10.0;

/// A word of the status, and for how long it may stand there (s).
type Bound = (&'static str, f64);

/// One thing that starts, stops or changes.
struct Way {
    bounds: Vec<Bound>,
    /// The word that it is at, and since when (s).
    since: Option<(String, f64)>,
}

/// All of them, by names.
pub struct Ways {
    of: BTreeMap<String, Way>,
    looked: f64,
}

impl Ways {
    /// Those of a hall.
    pub fn of(hall: &Hall) -> Self {
        let name = |equip: EquipId| hall.equips.get(equip).map_or_else(String::new, |def| def.name.clone());
        let rules = &hall.strategies;
        let mut all: Vec<(String, Vec<Bound>)> = Vec::new();
        for plant in &hall.plants {
            let tuning = rules.plant(plant.circuit);
            all.push((name(plant.equip), vec![("changing", longest(tuning))]));
            all.extend(plant.chillers.iter().map(|of| (name(of.of.equip), machine(&tuning.chiller))));
            all.extend(plant.economiser.iter().map(|of| (name(of.of.equip), machine(&tuning.economiser_machine))));
            let tower = plant.rejecting.as_ref().zip(tuning.tower);
            all.extend(tower.map(|(of, tower)| (name(of.of.equip), fans(&tower.fans))));
        }
        let units = hall.dx_rows.iter().flat_map(|row| &row.units);
        all.extend(units.map(|unit| (name(unit.of.equip), machine(&rules.dx.compressor))));
        for header in hall.headers.iter().map(|(_, header)| header) {
            let Some(pumps) = crew(hall, header) else { continue };
            all.push((header.name.clone(), change(pumps, header.pumps.len())));
            all.extend(
                header.pumps.iter().map(|pump| (name(pump.of.equip), steps(pumps.start_within, pumps.stop_within))),
            );
        }
        for cdu in &hall.cdus {
            let (of, pumps) = (name(cdu.of.equip), &rules.cdu.pumps);
            let each =
                (1..=cdu.pumps.len()).map(|n| (format!("{of}/pump {n}"), steps(pumps.start_within, pumps.stop_within)));
            all.extend(each);
            all.push((of, change(pumps, cdu.pumps.len())));
        }
        for dry in &hall.dry {
            // Pads wet and dry in the fans' times.
            all.extend(["fans", "pads"].map(|part| (format!("{}/{part}", name(dry.of.equip)), fans(&rules.dry.fans))));
        }
        all.extend(hall.doors.iter().map(|of| {
            let valve = &rules.doors.valve;
            let bounds = vec![("opening", valve.start_within.seconds()), ("closing", valve.stop_within.seconds())];
            (name(of.of.equip), bounds)
        }));
        all.extend(hall.heat.iter().map(|of| (name(of.of.equip), machine(&rules.heat.machine))));
        all.extend(tanks(hall, &name));
        let way = |(name, bounds)| (name, Way { bounds, since: None });
        Self { of: all.into_iter().map(way).collect(), looked: f64::NEG_INFINITY }
    }

    /// Nothing is known of any of them any more.
    pub fn forget(&mut self) {
        self.of.values_mut().for_each(|way| way.since = None);
    }

    /// What is on its way for longer than it may be.
    pub fn late(&mut self, look: &Look<'_>) -> Option<String> {
        if look.time < self.looked + LOOK {
            return None;
        }
        self.looked = look.time;
        let mut found = None;
        for (name, word) in words(&look.controller.status()) {
            let Some(way) = self.of.get_mut(&name) else { continue };
            let Some((_, most)) = way.bounds.iter().find(|(bound, _)| *bound == word) else {
                way.since = None;
                continue;
            };
            let begun = way.since.take().filter(|(before, _)| *before == word).map_or(look.time, |(_, since)| since);
            if look.time - begun > most + LOOK {
                found = Some(format!("{name} is {word} for {:.0} s", look.time - begun));
            }
            way.since = Some((word, begun));
        }
        found
    }

    /// Their names.
    #[cfg(test)]
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.of.keys().map(String::as_str)
    }
}

/// The words of everything, by names, as the status has them.
pub fn words(status: &Status) -> Vec<(String, String)> {
    let machine = |of: &MachineView| (of.name.clone(), of.step.clone());
    let plants = status.plants.iter().flat_map(|of| {
        let rests = of.rule == "panels" || of.change == "steady";
        let change = (of.name.clone(), if rests { "steady" } else { "changing" }.to_owned());
        let tower = of.tower.iter().map(|tower| (tower.name.clone(), tower.fans.clone()));
        tower.chain(of.machines.iter().map(machine)).chain([change])
    });
    let pumps = status.pumps.iter();
    let pumps = pumps.flat_map(|of| of.pumps.iter().map(machine).chain([(of.name.clone(), of.change.clone())]));
    let cdus = status.cdus.iter().flat_map(|of| {
        let each = of.pumps.iter().map(|pump| (format!("{}/{}", of.name, pump.name), pump.step.clone()));
        each.chain([(of.name.clone(), of.change.clone())])
    });
    let dry = status.dry.iter().flat_map(|of| {
        [(format!("{}/fans", of.name), of.fans.clone()), (format!("{}/pads", of.name), of.pads.clone())]
    });
    let doors = status.doors.iter().map(|of| (of.name.clone(), of.valve.clone()));
    let heat = status.heat.iter().map(|of| machine(&of.valve));
    let tanks = status.tanks.iter().flat_map(|of| {
        let part = |part, word: &Option<String>| Some((format!("{}/{part}", of.name), word.clone()?));
        let warmth = (format!("{}/warmth", of.name), of.warmth.clone());
        [part("pump", &of.pump), part("purge", &of.purge), Some(warmth)].into_iter().flatten()
    });
    plants.chain(pumps).chain(cdus).chain(dry).chain(doors).chain(heat).chain(tanks).collect()
}

/// Tanks: pumps, warmth, purges.
fn tanks(hall: &Hall, name: &dyn Fn(EquipId) -> String) -> Vec<(String, Vec<Bound>)> {
    let (oil, boiling) = (&hall.strategies.tank, &hall.strategies.two_phase);
    let warmth = |of: String, within: Span| (format!("{of}/warmth"), vec![("warming", within.seconds())]);
    let one = hall.tanks.iter().flat_map(|of| {
        let pump = steps(oil.pump.start_within, oil.pump.stop_within);
        [(format!("{}/pump", name(of.of.equip)), pump), warmth(name(of.of.equip), oil.cold.within)]
    });
    let two = hall.two_phase_tanks.iter().flat_map(|of| {
        let purge = boiling.purge.filter(|_| of.purge.is_some()).map(|rules| {
            let running = [("running", rules.within.seconds())];
            let bounds = steps(rules.start_within, rules.stop_within).into_iter().chain(running).collect();
            (format!("{}/purge", name(of.of.equip)), bounds)
        });
        [Some(warmth(name(of.of.equip), boiling.cold.within)), purge].into_iter().flatten()
    });
    one.chain(two).collect()
}

/// How the pumps of a header are run; nothing where their panels run them.
fn crew<'h>(hall: &'h Hall, header: &Header) -> Option<&'h PumpTuning> {
    let plant = hall.strategies.plant(header.circuit);
    let rules = if header.condensing { plant.condenser_pumps.as_ref() } else { plant.pumps.as_ref() };
    rules.map(|rules| &rules.pumps)
}

fn steps(start: Span, stop: Span) -> Vec<Bound> {
    vec![("starting", start.seconds()), ("stopping", stop.seconds())]
}

fn machine(of: &MachineTuning) -> Vec<Bound> {
    steps(of.start_within, of.stop_within)
}

fn fans(of: &FanTuning) -> Vec<Bound> {
    steps(of.start_within, of.stop_within)
}

/// A change in a crew. One may follow at the heels of another, as often as there are pumps.
fn change(of: &PumpTuning, pumps: usize) -> Vec<Bound> {
    let pumps = plant::convert::f64_from_usize(pumps);
    let [start, stop, prove] = [of.start_within, of.stop_within, of.prove].map(|span| span.seconds() + GRACE);
    vec![("starting", pumps * start), ("stopping", pumps * stop), ("rotating", start + prove)]
}

/// How long a plant's stage may take to change.
fn longest(rules: &PlantTuning) -> f64 {
    let (staging, machine) = (&rules.staging, &rules.chiller);
    let parts = [staging.limit_within, machine.start_within, machine.stop_within, staging.prove, machine.restore_after];
    parts.into_iter().map(Span::seconds).sum::<f64>() + 3.0 * staging.stagger.seconds()
}
