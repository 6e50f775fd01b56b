//! `wattloop sim year`: halls through a year of each climate, on their own panels or under control, and what it came to.

use std::fmt;
use std::sync::Arc;

use clap::Args;
use plant::hall::Hall;
use plant::image::{Inputs, Outputs};
use plant::time::{Mono, Span, Tick, Wall};
use serde::Serialize;
use sim::World;
use sim::kpi::{Beside, Kpis, Tally};
use sim::ledger;
use sim::scenario::Pilot;
use sim::weather::Weather;
use sim::weather::climate::Climate;
use wattloop::control::Controller;
use wattloop::service::clock::Clock;

use super::{crowd, pages};
use crate::cli::{Out, Stop};

/// When the year begins: 1 January 2025, UTC.
const BEGIN: Wall = Wall(1_735_689_600_000);
/// What a hall runs before its year is counted, so that it does not begin cold (s).
const WARM_UP: f64 = 86_400.0;

/// A year of halls.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop sim year                                every hall through a year of every climate
  wattloop sim year air --climate hot-dry --for 30d
  wattloop sim year air --by fixed --by wattloop   the same year under control beside it

`fixed`: every device runs by its own panel and nobody commands. The first day is not counted. One line of a Markdown table for each
hall and climate; exit code 70 when the simulator failed.")]
pub struct YearArgs {
    /// Halls: shipped ones' names; without any, all of them
    #[arg(value_name = "HALL")]
    pub halls: Vec<String>,
    /// Only this climate; may be repeated
    #[arg(long = "climate", value_name = "NAME")]
    pub climates: Vec<String>,
    /// Who runs them: `fixed` (their own panels) or `wattloop`; may be repeated
    #[arg(long = "by", value_name = "WHO", default_value = "fixed", value_parser = pilot)]
    pub by: Vec<Pilot>,
    /// The step of the world and of control, up to 10 s
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = crate::cli::span)]
    pub dt: Span,
    /// How much is counted, from 1 January on
    #[arg(long = "for", value_name = "TIME", default_value = "365d", value_parser = crate::cli::span)]
    pub length: Span,
    /// The seed of the weather, the load and the noise
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// What a year came to. What a hall does not have is missing.
#[derive(Clone, Debug, Serialize)]
struct Line {
    hall: String,
    climate: String,
    /// `fixed` or `wattloop`.
    by: &'static str,
    /// Energy over energy (1).
    pue: Option<f64>,
    facility_mwh: Option<f64>,
    it_mwh: Option<f64>,
    cooling_mwh: Option<f64>,
    peak_15min_kw: Option<f64>,
    water_m3: Option<f64>,
    /// Litres for each kilowatt-hour of IT.
    wue: Option<f64>,
    worst_inlet_celsius: Option<f64>,
    /// Kelvin-hours of the inlets above the recommended range.
    kelvin_hours: Option<f64>,
    /// What the emptiest tank held at its least (%).
    least_level_percent: Option<f64>,
    /// Starts of all machines.
    starts: Option<f64>,
    /// How far all actuators travelled, each over its own span (thousands of %).
    travel_kilopercent: Option<f64>,
    /// Hours that compressors turned, of chillers and DX units, all together.
    compressor_hours: f64,
    /// What the run took (s).
    seconds: f64,
    /// Why the simulator failed, if it did.
    broken: Option<String>,
}

/// Runs years.
pub fn run(args: &YearArgs, out: &Out) -> Result<(), Stop> {
    let halls = halls(&args.halls)?;
    let climates = climates(&args.climates)?;
    let pairs = halls.iter().flat_map(|hall| climates.iter().map(move |climate| (hall, climate)));
    let jobs: Vec<_> = pairs.flat_map(|(hall, climate)| args.by.iter().map(move |by| (hall, climate, *by))).collect();
    let name = |n: usize| jobs.get(n).map_or_else(String::new, |(h, c, _)| format!("{} in {}", h.0.name, c.0));
    let lines = crowd::all(jobs.len(), name, |n| {
        jobs.get(n).map(|((hall, world), (climate, weather), by)| {
            let world = world.clone().with_seed(args.seed).with_weather(weather.clone());
            Line { climate: climate.clone(), ..Year::new(hall, world, *by).run(args) }
        })
    })?;
    let lines: Vec<Line> = lines.into_iter().flatten().collect();
    if out.json() {
        out.value(&lines)?;
    } else {
        out.text(Sheet(&lines))?;
    }
    match lines.iter().find_map(|l| Some((l, l.broken.as_ref()?))) {
        Some((line, why)) => {
            Err(Stop::new(70, "simulator_failed", format!("{} in {}: {why}", line.hall, line.climate), ""))
        }
        None => Ok(()),
    }
}

fn halls(named: &[String]) -> Result<Vec<(Arc<Hall>, World)>, Stop> {
    let all = || sim::shipped::HALLS.iter().map(|(name, _)| (*name).to_owned());
    let named: Vec<String> = if named.is_empty() { all().collect() } else { named.to_vec() };
    let load = |name: &String| {
        let found = pages::hall(name, None).map_err(|faults| Stop::faults(&faults))?;
        let (hall, _) = found.map_err(|help| Stop::usage(format!("there is no hall `{name}`"), help))?;
        let world = super::world(&hall.name, &hall)?;
        Ok((hall, world))
    };
    named.iter().map(load).collect()
}

fn climates(named: &[String]) -> Result<Vec<(String, Weather)>, Stop> {
    let shipped = sim::shipped::CLIMATES;
    if let Some(unknown) = named.iter().find(|name| shipped.iter().all(|(known, _)| known != name)) {
        let help = plant::read::did_you_mean(unknown, shipped.iter().map(|(known, _)| *known));
        return Err(Stop::usage(format!("there is no climate `{unknown}`"), help));
    }
    let wanted = shipped.iter().filter(|(name, _)| named.is_empty() || named.iter().any(|n| n == name));
    let load = |(name, text): &(&str, &str)| {
        let climate = Climate::load(name, text).map_err(|faults| Stop::faults(&faults))?;
        Ok(((*name).to_owned(), Weather::Climate(Arc::new(climate))))
    };
    wanted.map(load).collect()
}

fn pilot(word: &str) -> Result<Pilot, String> {
    match word {
        "fixed" => Ok(Pilot::Fixed),
        "wattloop" => Ok(Pilot::Wattloop),
        _ => Err("write `fixed` or `wattloop`".to_owned()),
    }
}

/// A year at some moment.
struct Year {
    /// Nobody where the panels run it.
    controller: Option<Controller>,
    world: World,
    name: String,
    tally: Tally,
    inputs: Inputs,
    /// Seconds that compressors turned.
    turned: f64,
}

impl Year {
    fn new(hall: &Arc<Hall>, world: World, by: Pilot) -> Self {
        let inputs = Inputs::unread(hall.points.len());
        let (controller, world) = match by {
            Pilot::Fixed | Pilot::Shadow => (None, world.on_panels()),
            Pilot::Wattloop => (Some(Controller::new(Arc::clone(hall))), world),
        };
        Self { controller, name: hall.name.clone(), tally: Tally::new(hall, &world), inputs, turned: 0.0, world }
    }

    fn run(mut self, args: &YearArgs) -> Line {
        let clock = Clock::machine();
        let begun = clock.mono();
        let steps = |seconds: f64| plant::convert::u64_from_f64_rounded((seconds / args.dt.seconds()).ceil());
        let (warm, counted) = (steps(WARM_UP), steps(args.length.seconds()));
        let mut outputs = Outputs::default();
        for seq in 0..warm.saturating_add(counted) {
            let tick = tick(seq, warm, args.dt);
            self.world.step_into(&outputs, tick, &mut self.inputs);
            if let Some(controller) = &mut self.controller {
                outputs.commands.clone_from(&controller.step(&self.inputs, tick).commands);
            }
            if seq >= warm {
                self.count(tick);
            } else {
                self.tally.begin(&self.world);
            }
        }
        let seconds = clock.mono().since(begun).seconds();
        let counted = args.dt.seconds() * plant::convert::f64_from_u64(counted);
        self.line(&self.tally.kpis(), (counted, seconds))
    }

    fn count(&mut self, tick: Tick) {
        let world = &self.world;
        self.tally.take(tick, world, Beside::default());
        let circuits = [world.chilled_water(), world.facility_water()];
        let chillers: usize = circuits.into_iter().flatten().map(|c| c.bank.running()).sum();
        let coolers = world.rows().iter().flat_map(|row| &row.coolers);
        let units = coolers.filter(|c| c.direct.as_ref().is_some_and(|d| d.duty > 0.0)).count();
        self.turned += tick.dt.seconds() * plant::convert::f64_from_usize(chillers.saturating_add(units));
    }

    /// What so many seconds came to, and how many the run took.
    fn line(&self, kpis: &Kpis, (counted, seconds): (f64, f64)) -> Line {
        let mega = |name: &str| kpis.value(name).map(|kilo| kilo / 1e3);
        let open = self.world.ledger_residual();
        let broken = if open < ledger::CLOSED {
            None
        } else {
            Some(format!("a step's energy balance left {open:.1e} of its throughput open"))
        };
        Line {
            hall: self.name.clone(),
            climate: String::new(),
            by: if self.controller.is_some() { "wattloop" } else { "fixed" },
            pue: kpis.value("pue"),
            facility_mwh: mega("facility-kwh"),
            it_mwh: mega("it-kwh"),
            cooling_mwh: mega("cooling-kwh"),
            peak_15min_kw: kpis.value("peak-15min-kw"),
            water_m3: mega("water-l"),
            wue: kpis.value("wue"),
            worst_inlet_celsius: kpis.value("worst-inlet-cel"),
            kelvin_hours: kpis.value("kh-above-recommended"),
            least_level_percent: kpis.value("least-level-percent"),
            starts: kpis.value("starts"),
            travel_kilopercent: kpis.value("travel-per-h").map(|per_hour| per_hour * counted / 3.6e6),
            compressor_hours: self.turned / 3600.0,
            seconds,
            broken,
        }
    }
}

/// The step of this number, of which `warm` come before the year.
fn tick(seq: u64, warm: u64, dt: Span) -> Tick {
    let mono = Mono(dt.times(seq.saturating_add(1)).nanos());
    let since = dt.seconds() * (plant::convert::f64_from_u64(seq) + 1.0 - plant::convert::f64_from_u64(warm));
    let wall = Wall(BEGIN.0.saturating_add(plant::convert::i64_from_f64_rounded(since * 1e3)));
    Tick { seq, dt, mono, wall, clock_trusted: true, boot: 1 }
}

/// Lines as a table of Markdown.
struct Sheet<'l>(&'l [Line]);

impl fmt::Display for Sheet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| hall | climate | by | PUE | facility MWh | IT MWh | cooling MWh | 15-min peak kW | water m³ | WUE L/kWh | \
             worst inlet °C | K·h above 27 °C | emptiest tank % | starts | travel 1000 % | compressor h | took s |"
        )?;
        writeln!(f, "|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")?;
        for l in self.0 {
            let told =
                |value: Option<f64>, decimals: usize| value.map_or("–".to_owned(), |v| format!("{v:.decimals$}"));
            writeln!(
                f,
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {:.0} | {:.0} |",
                l.hall,
                l.climate,
                l.by,
                told(l.pue, 3),
                told(l.facility_mwh, 1),
                told(l.it_mwh, 1),
                told(l.cooling_mwh, 1),
                told(l.peak_15min_kw, 0),
                told(l.water_m3, 0),
                told(l.wue, 2),
                told(l.worst_inlet_celsius, 1),
                told(l.kelvin_hours, 2),
                told(l.least_level_percent, 1),
                told(l.starts, 0),
                told(l.travel_kilopercent, 1),
                l.compressor_hours,
                l.seconds
            )?;
        }
        Ok(())
    }
}
