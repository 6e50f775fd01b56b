//! Storms: random faults at random times, from a seed. What must hold in every one: the energy balance closes, no number is
//! lost, the same seed is the same run, and the inlets stay within their limit unless so much is broken that no control
//! could hold them.

use std::sync::Arc;

use plant::convert;
use plant::hall::{Hall, Kind};
use plant::id::EquipId;
use plant::time::{Span, Wall};

use super::breakable::{self, Breakable};
use super::dice::Dice;
use super::{Deed, Event, Scenario, Trigger};
use crate::faults::{ActuatorFault, Fault, MachineFault, SensorFault};

/// A summer noon.
const NOON: Wall = Wall(1_784_116_800_000);
/// How long a hall may take at least to come back after what it could not hold (s).
const RECOVERY: f64 = 1800.0;
/// So many times as long as its cooling was gone: what walls and machines stored meanwhile has to be taken out beside what they give off,
/// by a plant that has half as much to spare as it had lost (1).
const STORED: f64 = 2.0;
/// The fewest and the most faults of a storm.
const FAULTS: (u64, u64) = (3, 8);
/// What a water carries of what machines are rated, with the air's and the pumps' own heat (1).
const OVERHEAD: f64 = 1.1;

/// A random schedule of faults.
#[derive(Clone, Debug, PartialEq)]
pub struct Storm {
    /// What happens, as a scenario without asserts.
    pub scenario: Scenario,
    /// When nobody could hold the inlets (s after the begin).
    excused: Vec<(f64, f64)>,
    /// Its faults as people write them.
    names: Vec<(Fault, String)>,
    /// All that breaks in it is whole again once its fault is over.
    heals: bool,
    /// When the grid was not as it should be (s after the begin).
    outages: Vec<(f64, f64)>,
}

impl Storm {
    /// The storm of a seed over a hall.
    #[must_use]
    pub fn new(hall: &Arc<Hall>, seed: u64, length: Span) -> Self {
        let mut dice = Dice::new(seed, "storm");
        // What feeders do is no matter of cooling: a person resets them, and a dark row is cold.
        let feeder = |b: &Breakable| matches!(b.fault, Fault::Machine { how, .. } if how.of_feeder());
        let all = breakable::all(hall).into_iter().filter(|b| !feeder(b) && !is_younger(hall, b));
        let (equips, points): (Vec<Breakable>, Vec<Breakable>) = all.partition(|b| hall.equip(&b.target).is_some());
        let whole = length.seconds();
        let (fewest, most) = (convert::f64_from_u64(FAULTS.0), convert::f64_from_u64(FAULTS.1));
        let many = convert::u64_from_f64_rounded(dice.between(fewest, most));
        let mut events = Vec::new();
        let mut lost = Vec::new();
        let mut names = Vec::new();
        for n in 0..many {
            let (at, hold) = (dice.between(0.05, 0.7) * whole, dice.between(120.0, 1800.0));
            let pool = if dice.between(0.0, 1.0) < 0.5 { &equips } else { &points };
            let deed = match dice.between(0.0, 1.0) {
                share if share < 0.08 => Deed::Restart,
                share if share < 0.16 => Deed::Silence,
                share if share < 0.30 => Deed::Load(dice.between(0.3, 1.0)),
                share if share < 0.38 => {
                    let Some((deed, fault)) = held_by_hand(hall, &mut dice) else { continue };
                    lost.push((at, at + hold, fault));
                    deed
                }
                _ => {
                    let Some(broken) = dice.one_of(pool) else { continue };
                    let fault = vary(broken.fault, &mut dice);
                    lost.push((at, at + hold, fault));
                    names.push((fault, fault.text(hall)));
                    Deed::Break(vec![fault])
                }
            };
            let hold = (deed != Deed::Restart).then(|| Span::from_seconds(hold));
            events.push(Event { name: format!("storm-{n}"), trigger: Trigger::At(Span::from_seconds(at)), deed, hold });
        }
        let of_grid = |fault: &Fault| matches!(fault, Fault::Machine { how, .. } if how.of_grid());
        let outages = lost.iter().filter(|(_, _, fault)| of_grid(fault)).map(|(from, to, _)| (*from, *to)).collect();
        Self {
            scenario: scenario(hall, seed, length, events),
            excused: excused(hall, &lost),
            heals: lost.iter().all(|(_, _, fault)| heals(hall, *fault)),
            names,
            outages,
        }
    }

    /// True when the inlets must be within their limit at this time (s after the begin).
    #[must_use]
    pub fn must_hold(&self, time: f64) -> bool {
        !self.excused.iter().any(|(from, to)| (*from..=to + recovery(to - from)).contains(&time))
    }

    /// True where all that breaks is whole again once its fault is over: a person has to see to what has run out or tripped.
    #[must_use]
    pub const fn heals(&self) -> bool {
        self.heals
    }

    /// True while the grid is not as it should be, and for as long after as machines need to come back (s after the begin).
    #[must_use]
    pub fn comes_back(&self, time: f64) -> bool {
        self.outages.iter().any(|(from, to)| (*from..=to + RECOVERY).contains(&time))
    }

    /// What happens, a line each, for people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let line = |event: &Event| {
            let at = match &event.trigger {
                Trigger::At(at) => super::verdict::instant(at.seconds()),
                Trigger::When { holding, .. } => holding.text.clone(),
            };
            let hold =
                event.hold.map_or_else(String::new, |h| format!(" for {}", super::verdict::instant(h.seconds())));
            format!("{at}{hold}: {}", deed((&self.scenario.hall, &self.names), &event.deed))
        };
        self.scenario.events.iter().map(line).collect()
    }
}

/// How long a hall may take to come back once it has again what was `gone` for so long (s).
const fn recovery(gone: f64) -> f64 {
    RECOVERY.max(STORED * gone)
}

fn scenario(hall: &Arc<Hall>, seed: u64, length: Span, events: Vec<Event>) -> Scenario {
    Scenario {
        name: format!("storm-{}-{seed}", hall.name),
        summary: "Random faults at random times".to_owned(),
        warm_up: Span::from_secs(600),
        seed,
        events,
        ..Scenario::calm(hall, NOON, length)
    }
}

/// True for what could not break yet when the first storms were kept by their seeds: those go on as they were, and pages show the rest.
fn is_younger(hall: &Hall, of: &Breakable) -> bool {
    if let Fault::Sensor { point, .. } = of.fault {
        let tray = hall.points.get(point).filter(|def| def.short_name() == "leak");
        return tray.and_then(|def| hall.equips.get(def.equip)).is_some_and(|equip| equip.kind != Kind::RearDoor);
    }
    let Fault::Machine { equip, how } = of.fault else { return false };
    let plates = hall.equips.get(equip).is_some_and(|e| e.kind == Kind::WaterEconomiser);
    matches!(how, MachineFault::PadsStayDry | MachineFault::PadsStayWet) || (how == MachineFault::Jammed && plates)
}

/// The same fault with a number of its own, where it takes one whose size matters.
fn vary(mut fault: Fault, dice: &mut Dice) -> Fault {
    match &mut fault {
        Fault::Sensor { how: SensorFault::Offset(by), .. } => *by = dice.between(-8.0, 8.0),
        Fault::LocalHand { duty, .. } => *duty = dice.between(20.0, 100.0),
        Fault::Machine { how: MachineFault::Fouled(share), .. } => *share = dice.between(0.1, 0.6),
        Fault::Machine { how: MachineFault::Clogged(times), .. } => *times = dice.between(1.5, 8.0),
        Fault::Machine { how: MachineFault::AirInLoop(share), .. } => *share = dice.between(0.1, 0.8),
        Fault::Machine { how: MachineFault::Leak(flow), .. } => *flow = dice.between(0.005, 0.2),
        Fault::Machine { how: MachineFault::Brownout(left) | MachineFault::Sag(left), .. } => {
            *left = dice.between(10.0, 85.0);
        }
        Fault::Sensor { .. }
        | Fault::Actuator { .. }
        | Fault::Feedback { .. }
        | Fault::FanFailed(_)
        | Fault::ValveStuck(_)
        | Fault::PumpTripped
        | Fault::ChillerTripped
        | Fault::Machine { .. } => {}
    }
    fault
}

/// An operator holds an output at something it takes, whatever that does to the hall; and the same as a fault, for what nobody can hold then.
fn held_by_hand(hall: &Hall, dice: &mut Dice) -> Option<(Deed, Fault)> {
    let outputs =
        hall.points.iter().filter_map(|(id, def)| Some((id, def, def.write.filter(|_| !def.monitored_only)?)));
    let outputs: Vec<_> = outputs.collect();
    let (point, def, range) = dice.one_of(&outputs)?;
    let value = dice.between(range.min, range.max);
    let value = if def.is_run_mode() { libm::round(value) } else { value };
    let deed = Deed::Override { points: vec![*point], value, reason: "by the storm".to_owned() };
    Some((deed, Fault::Actuator { point: *point, how: ActuatorFault::Jammed }))
}

/// When so much is broken that nobody has to hold the inlets: each moment at which a fault begins is looked at with all that
/// is broken then.
fn excused(hall: &Hall, lost: &[(f64, f64, Fault)]) -> Vec<(f64, f64)> {
    let begins = lost.iter().map(|(from, _, _)| *from);
    let of = |at: f64| {
        let now: Vec<&(f64, f64, Fault)> = lost.iter().filter(|(from, to, _)| (*from..=*to).contains(&at)).collect();
        let now: Vec<&(f64, f64, Fault)> =
            now.into_iter().filter(|(_, _, fault)| takes_cooling(hall, *fault)).collect();
        let broken: Vec<Option<EquipId>> = now.iter().map(|(_, _, fault)| concerned(hall, *fault)).collect();
        let end = now.iter().map(|(_, to, _)| *to).fold(at, f64::max);
        hopeless(hall, &broken).then_some((at, end))
    };
    begins.filter_map(of).collect()
}

/// True for a fault after which nobody has to do anything: what leaked is shut off until a person has seen to it. The air that came in at
/// a vent is drawn off where the tank has a purge, and what went out there is seen in the tank.
fn heals(hall: &Hall, fault: Fault) -> bool {
    let purged = hall.two_phase_tanks.iter().all(|tank| tank.purge.is_some());
    match fault {
        Fault::Machine { how: MachineFault::Leak(_), .. } => false,
        Fault::Machine { how: MachineFault::VentOpen, .. } => purged,
        Fault::Machine { .. } => true,
        Fault::Sensor { .. }
        | Fault::Actuator { .. }
        | Fault::Feedback { .. }
        | Fault::LocalHand { .. }
        | Fault::FanFailed(_)
        | Fault::ValveStuck(_)
        | Fault::PumpTripped
        | Fault::ChillerTripped => true,
    }
}

/// True where a fault takes cooling away, or the sight of a rack. What any other sensor or feedback tells, or does not, is no excuse: control has to do with what
/// is left.
fn takes_cooling(hall: &Hall, fault: Fault) -> bool {
    match fault {
        Fault::Sensor { point, .. } | Fault::Feedback { point, .. } => {
            let equip = hall.points.get(point).and_then(|def| hall.equips.get(def.equip));
            equip.is_some_and(|equip| equip.kind == Kind::Rack)
        }
        Fault::Actuator { .. }
        | Fault::LocalHand { .. }
        | Fault::FanFailed(_)
        | Fault::ValveStuck(_)
        | Fault::PumpTripped
        | Fault::ChillerTripped
        | Fault::Machine { .. } => true,
    }
}

/// The equipment that a fault concerns; nothing where it concerns the whole hall's water or power.
fn concerned(hall: &Hall, fault: Fault) -> Option<EquipId> {
    match fault {
        Fault::Sensor { point, .. } | Fault::Actuator { point, .. } | Fault::Feedback { point, .. } => {
            hall.points.get(point).map(|def| def.equip)
        }
        // The grid is everybody's.
        Fault::Machine { how, .. } if how.of_grid() => None,
        Fault::FanFailed(equip)
        | Fault::ValveStuck(equip)
        | Fault::LocalHand { equip, .. }
        | Fault::Machine { equip, .. } => Some(equip),
        Fault::PumpTripped | Fault::ChillerTripped => None,
    }
}

/// True when a row has lost more than its spare cooler or half of its inlets, a water more than its spare chiller or pump, or anything else beyond the
/// rows is broken.
fn hopeless(hall: &Hall, broken: &[Option<EquipId>]) -> bool {
    let beyond = broken.iter().any(|equip| {
        let kind = equip.and_then(|e| hall.equips.get(e)).map(|e| e.kind);
        let counted = [Kind::Crah, Kind::Fan, Kind::Dx, Kind::Rack, Kind::Meter, Kind::Chiller, Kind::Pump];
        kind.is_none_or(|kind| !counted.contains(&kind))
    });
    let hit = |equip: EquipId| broken.contains(&Some(equip));
    beyond
        || water_lost(hall, &hit)
        || hall.rows.iter().any(|(_, row)| {
            let coolers = row.fans.iter().filter(|fan| hit(fan.equip)).count();
            let racks = row.racks.iter().filter(|rack| hit(rack.equip)).count();
            let spare = usize::from(row.fans.len() > 1);
            coolers > spare || racks.saturating_mul(2) >= row.racks.len().max(1)
        })
}

/// True when a water has lost more chillers than it can spare at rated load, or more pumps than stand by. Of what control does not run all are needed.
fn water_lost(hall: &Hall, hit: &impl Fn(EquipId) -> bool) -> bool {
    let of = &hall.machinery;
    let driven = |equip: EquipId| {
        let chillers = hall.plants.iter().flat_map(|plant| &plant.chillers).map(|chiller| chiller.of.equip);
        let pumps = hall.headers.rows().iter().flat_map(|header| &header.pumps).map(|pump| pump.of.equip);
        chillers.chain(pumps).any(|one| one == equip)
    };
    let all =
        of.chillers.iter().map(|c| c.of.equip).chain(of.pumps.iter().chain(&of.condenser_pumps).map(|p| p.of.equip));
    let unspared = all.filter(|equip| hit(*equip)).any(|equip| !driven(equip));
    let plants = hall.plants.iter().any(|plant| {
        let rated: f64 = hall.rows.iter().flat_map(|(_, row)| &row.racks).map(|rack| rack.rated.0).sum();
        let (all, lost) = (plant.chillers.len(), plant.chillers.iter().filter(|chiller| hit(chiller.of.equip)).count());
        let left = convert::f64_from_usize(all.saturating_sub(lost)) * hall.strategies.plant(plant.circuit).capacity.0;
        lost > 0 && left < OVERHEAD * rated
    });
    let headers = hall.headers.rows().iter().any(|header| {
        let rules = hall.strategies.plant(header.circuit);
        let rules = if header.condensing { rules.condenser_pumps.as_ref() } else { rules.pumps.as_ref() };
        let lost = header.pumps.iter().filter(|pump| hit(pump.of.equip)).count();
        let needed = rules.map_or(header.pumps.len(), |rules| usize::from(rules.pumps.running));
        lost > 0 && header.pumps.len().saturating_sub(lost) < needed
    });
    unspared || plants || headers
}

fn deed((hall, names): (&Hall, &[(Fault, String)]), deed: &Deed) -> String {
    let fault = |fault: &Fault| names.iter().find(|(known, _)| known == fault).map_or("?", |(_, name)| name.as_str());
    match deed {
        Deed::Break(faults) => faults.iter().map(fault).collect::<Vec<_>>().join(", "),
        Deed::Load(share) => format!("load {share:.2}"),
        Deed::Silence => "nobody commands".to_owned(),
        Deed::Override { points, value, .. } => {
            let names: Vec<&str> =
                points.iter().filter_map(|point| hall.points.get(*point)).map(|def| def.name.as_str()).collect();
            format!("an operator holds {} at {value:.2}", names.join(", "))
        }
        Deed::Restart => "the controller restarts".to_owned(),
        Deed::Agents { nodes, how } => format!("{} of {} nodes", how.word(), nodes.len()),
        Deed::Mend(_)
        | Deed::MendAll
        | Deed::Release(_)
        | Deed::Announce { .. }
        | Deed::GridTarget { .. }
        | Deed::Acknowledge(_)
        | Deed::Reset(_)
        | Deed::Setpoint { .. }
        | Deed::Cap { .. }
        | Deed::Clock(_)
        | Deed::WeatherOffset(_) => format!("{deed:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn air() -> Arc<Hall> {
        let (name, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        Arc::new(Hall::load(name, text).expect("loads"))
    }

    #[test]
    fn a_seed_is_one_storm_and_seeds_differ() {
        let (hall, length) = (air(), Span::from_secs(7200));
        assert_eq!(Storm::new(&hall, 5, length), Storm::new(&hall, 5, length));
        assert_ne!(Storm::new(&hall, 5, length).scenario.events, Storm::new(&hall, 6, length).scenario.events);
        for seed in 0..200 {
            let storm = Storm::new(&hall, seed, length);
            assert!((2..=8).contains(&storm.scenario.events.len()), "seed {seed}: {:?}", storm.lines());
        }
    }

    #[test]
    fn one_cooler_of_three_is_no_excuse_and_two_are() {
        let hall = air();
        let fan = |name: &str| Fault::FanFailed(hall.equip(name).expect("a CRAH"));
        let excuses = |lost: &[(f64, f64, Fault)]| excused(&hall, lost);
        assert!(excuses(&[(0.0, 600.0, fan("crah-1")), (0.0, 600.0, fan("crah-4"))]).is_empty(), "one in each row");
        assert_eq!(excuses(&[(0.0, 600.0, fan("crah-1")), (300.0, 900.0, fan("crah-2"))]), [(300.0, 900.0)]);
        assert_eq!(excuses(&[(10.0, 20.0, Fault::ChillerTripped)]), [(10.0, 20.0)]);
        let lost = |name: &str| Fault::Sensor { point: hall.point(name).expect("a point"), how: SensorFault::Lost };
        let one = |fault: Fault| excuses(&[(0.0, 600.0, fault)]).is_empty();
        assert!(
            one(lost("chw/dp")) && one(lost("roof/wet-bulb")) && one(lost("crah-1/supply-air-temp")),
            "a sensor is none"
        );
    }

    #[test]
    fn a_chiller_and_a_pump_that_others_stand_by_for_are_no_excuse_and_one_more_of_them_is() {
        let hall = air();
        let lost = |names: &[&str]| {
            let tripped = |name: &&str| {
                let equip = hall.equip(name).expect("a machine");
                (0.0, 600.0, Fault::Machine { equip, how: MachineFault::Tripped })
            };
            !excused(&hall, &names.iter().map(tripped).collect::<Vec<_>>()).is_empty()
        };
        assert!(!lost(&["ch-2"]) && !lost(&["chwp-1"]) && !lost(&["ch-1", "chwp-1", "crah-2"]));
        assert!(lost(&["ch-1", "ch-3"]) && lost(&["chwp-1", "chwp-2"]));
        assert!(lost(&["wse"]) && lost(&["ct-1"]), "of what there is one, none is to spare");
    }

    #[test]
    fn a_hall_comes_back_in_half_an_hour_or_in_twice_the_time_that_its_cooling_was_gone() {
        let held = |from: f64, to: f64, after: f64| {
            let storm = Storm { excused: vec![(from, to)], ..Storm::new(&air(), 1, Span::from_secs(7200)) };
            storm.must_hold(to + after)
        };
        assert!(!held(100.0, 400.0, 1799.0) && held(100.0, 400.0, 1801.0), "five minutes of it");
        assert!(!held(100.0, 1540.0, 2879.0) && held(100.0, 1540.0, 2881.0), "24 min of it");
    }
}
