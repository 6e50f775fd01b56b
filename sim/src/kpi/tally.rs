//! The figures of a simulated hall: which of its points are positions and machines, and what each step of its world was.
//!
//! Travel and turns are of positions, not of commands: a hall on its own panels is not commanded, and it is the stem that wears.
//! A machine runs while it says so, or while its drive turns. What a hall does not have is missing, not zero.

use plant::command::Level;
use plant::hall::{EquipDef, Hall};
use plant::id::PointId;
use plant::image::Outputs;
use plant::time::{Tick, Wall};

use super::{Actuator, Bands, Compute, Kpis, Meter, Observation, Power};
use crate::compute::cluster::Totals;
use crate::compute::fleet::Fleet;
use crate::world::World;

/// A drive below this stands (%).
const STANDS: f64 = 1.0;
/// The points by which a machine shows that it runs, the first it has.
const SIGNS: [&str; 4] = ["running", "compressor-feedback", "pump-speed-feedback", "fan-speed-feedback"];

/// What is known of a step besides its world.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Beside {
    /// What a kilowatt-hour costs (the site's currency per kWh).
    pub price: Option<f64>,
    /// What a kilowatt-hour emits where it is made (kg/kWh).
    pub co2: Option<f64>,
    /// Whether any output stands at its fail-safe.
    pub in_failsafe: Option<bool>,
    /// What the controller took for its scan on the wall clock (s).
    pub controller_seconds: Option<f64>,
}

/// How a machine shows that it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sign {
    point: PointId,
    /// True where the point says it itself, false where it is a drive's speed.
    state: bool,
}

impl Sign {
    /// Of an equipment; nothing for one that does not run.
    #[must_use]
    pub fn of(hall: &Hall, equip: &EquipDef) -> Option<Self> {
        let find = |sign: &str| {
            let named = |id: &&PointId| hall.points.get(**id).is_some_and(|p| p.short_name() == sign);
            equip.points.iter().find(named).map(|point| Self { point: *point, state: sign == "running" })
        };
        SIGNS.iter().find_map(|sign| find(sign))
    }

    /// Whether it runs; nothing where the world does not know the machine.
    #[must_use]
    pub fn runs(self, world: &World) -> Option<bool> {
        let value = world.truth(self.point)?;
        Some(if self.state { value >= 0.5 } else { value > STANDS })
    }
}

/// Adds up the figures of a hall. A clone is a snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    meter: Meter,
    /// The positions whose travel counts.
    positions: Vec<PointId>,
    signs: Vec<Sign>,
    inlets: Vec<PointId>,
    levels: Vec<PointId>,
    /// Water used before the last step (kg).
    water: f64,
    /// What GPUs had come to before the last step.
    gpus: Totals,
    seen: Seen,
}

/// What GPUs did in the step of `dt` seconds since `before`, which becomes what they have come to by now; nothing where they are not
/// followed one by one.
fn compute(before: &mut Totals, world: &World, dt: f64) -> Compute {
    let Some(now) = world.fleet().map(Fleet::totals) else { return Compute::default() };
    let before = std::mem::replace(before, *now);
    let rate = |now: f64, before: f64| Some((now - before) * 3600.0 / dt);
    Compute {
        throttled: rate(now.throttled, before.throttled),
        wanted: rate(now.busy, before.busy),
        lost: rate(now.lost, before.lost),
    }
}

/// Room for one step.
#[derive(Clone, Debug, Default, PartialEq)]
struct Seen {
    inlets: Vec<Option<f64>>,
    margins: Vec<Option<f64>>,
    commands: Vec<Option<f64>>,
    running: Vec<Option<bool>>,
}

impl Tally {
    /// Nothing counted yet. Machines that `world` does not know have no figures.
    #[must_use]
    pub fn new(hall: &Hall, world: &World) -> Self {
        Self::of(hall, |sign| sign.runs(world).is_some())
    }

    fn of(hall: &Hall, known: impl Fn(Sign) -> bool) -> Self {
        let (mut actuators, mut positions) = (Vec::new(), Vec::new());
        let fans = hall.rows.iter().flat_map(|(_, row)| &row.fans).map(|f| (f.speed.id(), f.feedback.id()));
        let valves = hall.coils.iter().map(|c| (c.valve.id(), c.valve_feedback.id()));
        let pump = hall.chilled_water.iter().map(|w| (w.pump.id(), w.pump_feedback.id()));
        for (command, position) in fans.chain(valves).chain(pump) {
            let Some(def) = hall.points.get(command) else { continue };
            let span = def.write.map_or(100.0, |w| w.max - w.min).max(f64::MIN_POSITIVE);
            actuators.push(Actuator { name: def.name.clone(), span });
            positions.push(position);
        }
        let (mut devices, mut signs) = (Vec::new(), Vec::new());
        for (_, equip) in hall.equips.iter() {
            if let Some(sign) = Sign::of(hall, equip).filter(|sign| known(*sign)) {
                devices.push(equip.name.clone());
                signs.push(sign);
            }
        }
        let inlets = hall.rows.iter().flat_map(|(_, row)| &row.racks).map(|r| r.inlet.id());
        let (oil, boiling) = (&hall.machinery.tanks, &hall.machinery.two_phase_tanks);
        let levels = oil.iter().map(|tank| tank.of.level.id()).chain(boiling.iter().map(|tank| tank.of.level.id()));
        Self {
            meter: Meter::new(Bands::of(hall), actuators, devices),
            positions,
            signs,
            inlets: inlets.collect(),
            levels: levels.collect(),
            water: 0.0,
            gpus: Totals::default(),
            seen: Seen::default(),
        }
    }

    /// From an instant on peaks are told once more, by themselves (`late-peak-15min-kw`).
    pub fn late_from(&mut self, from: Wall) {
        self.meter.late_from(from);
    }

    /// Starts to count here: what the world used before is not this run's.
    pub fn begin(&mut self, world: &World) {
        self.water = world.water_used();
        self.gpus = world.fleet().map(|fleet| *fleet.totals()).unwrap_or_default();
    }

    /// Counts the step that the world has just made.
    pub fn take(&mut self, tick: Tick, world: &World, beside: Beside) {
        let Self { meter, positions, signs, inlets, levels, water, gpus, seen } = self;
        let dt = tick.dt.seconds();
        let (chain, drew) = (world.chain(), world.cooling_drew());
        let used = world.water_used() - std::mem::replace(water, world.water_used());
        seen.inlets.clear();
        seen.inlets.extend(inlets.iter().map(|point| world.truth(*point)));
        seen.commands.clear();
        seen.commands.extend(positions.iter().map(|point| world.truth(*point)));
        seen.running.clear();
        seen.running.extend(signs.iter().map(|sign| sign.runs(world)));
        world.case_margins(&mut seen.margins);
        meter.observe(&Observation {
            dt,
            wall: tick.wall,
            power: Power {
                facility: Some(chain.facility()),
                grid: Some(chain.utility),
                it: Some(chain.it),
                cooling: Some(chain.cooling),
                fans: Some(drew.fans),
                pumps: Some(drew.pumps),
                compute: Some(chain.compute),
                machine_fans: Some(world.machine_fans()),
                exported_heat: Some(world.exported_heat()),
            },
            water: Some(used / dt),
            co2_intensity: beside.co2,
            price: beside.price,
            inlets: &seen.inlets,
            case_margins: &seen.margins,
            least_level: levels.iter().filter_map(|point| world.truth(*point)).reduce(f64::min),
            compute: compute(gpus, world, dt),
            commands: &seen.commands,
            running: &seen.running,
            in_failsafe: beside.in_failsafe,
            controller_seconds: beside.controller_seconds,
        });
    }

    /// The figures so far.
    #[must_use]
    pub fn kpis(&self) -> Kpis {
        self.meter.kpis()
    }
}

/// Every figure's name in a hall: `pue`, `starts.ch-1`, `travel-per-h.crah-1/fan-speed`.
#[must_use]
pub fn names(hall: &Hall) -> Vec<String> {
    Tally::of(hall, |_| true).kpis().iter().map(|kpi| kpi.name.clone()).collect()
}

/// True while any output stands at its fail-safe because a limit, not a loop, put it there.
#[must_use]
pub fn in_failsafe(hall: &Hall, outputs: &Outputs) -> bool {
    outputs.commands.iter().filter(|c| c.level <= Level::CriticalEquipment).any(|command| {
        let safe = hall.points.get(command.point).and_then(|p| p.write).map(|w| w.failsafe);
        safe.is_some_and(|safe| (command.value - safe).abs() < 1e-9)
    })
}

impl Bands {
    /// The bands of a hall: its own upper ends, and the lower ends of class A1.
    #[must_use]
    pub const fn of(hall: &Hall) -> Self {
        let limits = hall.limits;
        Self {
            recommended: (Self::A1.recommended.0, limits.inlet_recommended.0),
            allowable: (Self::A1.allowable.0, limits.inlet_max.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use plant::time::{Mono, Span, Wall};

    use super::*;

    fn hall(name: &str) -> (Hall, World) {
        let text = |all: &[(&str, &'static str)]| all.iter().find(|(n, _)| *n == name).expect("shipped").1;
        let hall = Hall::load(name, text(plant::shipped::HALLS)).expect("loads");
        let world = World::load(&hall, name, text(crate::shipped::HALLS)).expect("loads").on_panels();
        (hall, world)
    }

    fn kpis(name: &str, steps: u64, mut each: impl FnMut(u64, &mut World)) -> Kpis {
        let (hall, mut world) = hall(name);
        let mut tally = Tally::new(&hall, &world);
        tally.begin(&world);
        let dt = Span::from_secs(5);
        for seq in 0..steps {
            each(seq, &mut world);
            let mono = dt.times(seq + 1).nanos();
            let wall = Wall(1_784_116_800_000 + plant::convert::i64_from_bits(mono / 1_000_000));
            let tick = Tick { seq, dt, mono: Mono(mono), wall, clock_trusted: true, boot: 1 };
            world.step(&Outputs::default(), tick);
            tally.take(tick, &world, Beside { price: Some(0.2), co2: Some(0.4), ..Beside::default() });
        }
        tally.kpis()
    }

    #[test]
    fn every_hall_tells_the_energy_chain_from_the_meter_to_the_boards() {
        for (name, _) in plant::shipped::HALLS {
            let kpis = kpis(name, 240, |_, _| ());
            let value = |kpi: &str| kpis.value(kpi).unwrap_or_else(|| panic!("{name}: {kpi} is missing"));
            let chain = [value("facility-kwh"), value("it-kwh"), value("compute-kwh"), 0.0];
            // A bench's heater has no power supply, so that what it takes is what it makes of it.
            let bench = *name == "bench";
            assert!(chain.is_sorted_by(|a, b| a > b || bench && a == b), "{name}: {chain:?}");
            assert!((value("tue") - value("itue") * value("pue")).abs() < 1e-9, "{name}");
            assert!((value("cost") - 0.2 * value("facility-kwh")).abs() < 1e-6, "{name}");
            assert!((value("co2-kg") - 0.4 * value("facility-kwh")).abs() < 1e-6, "{name}");
            let mean = value("facility-kwh") / (20.0 / 60.0);
            assert!(
                (value("peak-15min-kw") / mean - 1.0).abs() < 0.25,
                "{name}: {} beside {mean}",
                value("peak-15min-kw")
            );
            let tanks = name.starts_with("immersion");
            assert_eq!(kpis.value("worst-inlet-cel").is_none(), tanks, "{name}");
            // A bench's heater has no fan, and neither has oil.
            assert_eq!(value("machine-fans-kwh") == 0.0, tanks || bench, "{name}");
            assert_eq!(kpis.value("case-margin-k").is_some(), ["liquid", "hybrid"].contains(name), "{name}");
            assert_eq!(kpis.value("least-level-percent").is_some(), tanks, "{name}");
        }
    }

    #[test]
    fn a_chiller_that_comes_back_has_started_once() {
        let trip = |fault: bool| {
            move |seq: u64, world: &mut World| {
                let hall = hall("air").0;
                let trip = crate::Fault::parse(&hall, "chw chiller-tripped").expect("a fault");
                if fault && seq == 60 {
                    world.inject(trip);
                } else if fault && seq == 120 {
                    world.clear(trip);
                }
            }
        };
        let (calm, tripped) = (kpis("air", 480, trip(false)), kpis("air", 480, trip(true)));
        let of = |kpis: &Kpis| -> f64 { (1..=3).filter_map(|n| kpis.value(&format!("starts.ch-{n}"))).sum() };
        assert!(of(&tripped) >= of(&calm) + 1.0, "{} beside {}", of(&tripped), of(&calm));
    }

    #[test]
    fn a_hall_s_names_are_known_before_it_runs() {
        let (hall, _) = hall("air");
        let names = names(&hall);
        for name in ["pue", "cost", "starts", "starts.ch-1", "travel-per-h.crah-1/fan-speed", "case-margin-k"] {
            assert!(names.iter().any(|n| n == name), "{name} is not in {names:?}");
        }
        assert!(!names.iter().any(|n| n.contains('_')), "{names:?}");
    }

    #[test]
    fn a_limit_at_its_fail_safe_counts_and_a_loop_there_does_not() {
        use plant::command::{Command, Reason};
        let (hall, _) = hall("air");
        let point = hall.point("crah-1/fan-speed").expect("a point");
        let told = |level, value| Outputs {
            commands: vec![Command { point, value, level, reason: Reason::AllInputsLost }],
            ..Outputs::default()
        };
        assert!(in_failsafe(&hall, &told(Level::CriticalEquipment, 100.0)));
        assert!(!in_failsafe(&hall, &told(Level::CriticalEquipment, 60.0)));
        assert!(!in_failsafe(&hall, &told(Level::Control, 100.0)));
    }
}
