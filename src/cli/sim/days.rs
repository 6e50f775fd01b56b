//! `wattloop sim days`: every hall through a hot, a cold and a mild day, with noise and without, held against what is promised of every day.

use std::fmt;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use plant::event::Event;
use plant::hall::Hall;
use plant::time::{Span, Wall};
use serde::Serialize;
use sim::day::{Book, Day, Near};
use sim::scenario::verdict::instant;
use sim::scenario::{Scenario, WeatherChange};
use sim::weather::Weather;
use sim::weather::climate::Climate;
use wattloop::control::sentence;
use wattloop::service::clock::Clock;

use super::drive::Drive;
use super::storm::Watch;
use super::{crowd, pages};
use crate::cli::{Out, Stop};

/// What a hall runs before its day is looked at, so that it does not begin cold.
const WARM_UP: Span = Span::from_secs(3 * 3600);

/// Calm days.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop sim days                             every hall, every day, with noise and without
  wattloop sim days air --day shoulder --dt 1s
  wattloop sim days liquid --noise off --for 6h

Nothing is broken in such a day. The exit code is 1 where something that is promised of it is not kept: inlets, coolant and cases within their
limits, every inlet in the recommended range for 99 % of the time, no output that turns back six times an hour, no minimum time
violated and nothing taken for fresh that is old, nothing told of the same thing more than six times within an hour. 70 when the simulator failed.")]
pub struct DaysArgs {
    /// Halls: shipped ones' names; without any, all of them
    #[arg(value_name = "HALL")]
    pub halls: Vec<String>,
    /// Only this day; may be repeated
    #[arg(long = "day", value_name = "WHICH")]
    pub days: Vec<Weathered>,
    /// Only with noise, or only without
    #[arg(long, value_name = "WHICH")]
    pub noise: Option<Noise>,
    /// The step of the world and of control (100ms to 60s)
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = crate::cli::span)]
    pub dt: Span,
    /// How long a day is, from midnight on
    #[arg(long = "for", value_name = "TIME", default_value = "24h", value_parser = crate::cli::span)]
    pub length: Span,
    /// The seed of the weather, the load and the noise
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// A day's weather.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Weathered {
    /// The desert's hottest
    Hot,
    /// A winter day in a cold place
    Cold,
    /// A day of spring in a temperate one: warm at noon, cold at night
    Shoulder,
}

/// Whether sensors are noisy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Noise {
    /// As the hall's physics say
    On,
    /// Not at all
    Off,
}

impl Weathered {
    const ALL: [Self; 3] = [Self::Hot, Self::Cold, Self::Shoulder];

    /// Its word, its climate, and its midnight.
    pub const fn told(self) -> (&'static str, &'static str, Wall) {
        match self {
            Self::Hot => ("hot", "hot-dry", Wall(1_783_666_800_000)),
            Self::Cold => ("cold", "cold", Wall(1_768_435_200_000)),
            Self::Shoulder => ("shoulder", "temperate", Wall(1_776_211_200_000)),
        }
    }
}

/// What was nearest to its limit.
#[derive(Clone, Debug, Serialize)]
struct Nearest {
    margin: f64,
    unit: &'static str,
    of: String,
    at_s: f64,
}

/// What one day came to. What a hall does not have is missing.
#[derive(Clone, Debug, Serialize)]
struct Line {
    hall: String,
    day: &'static str,
    noise: bool,
    inlets: Option<Nearest>,
    coolant: Option<Nearest>,
    cases: Option<Nearest>,
    /// Of the inlet that was in the recommended range the least (%).
    recommended_percent: Option<f64>,
    /// Of the output that turned back most often.
    reversals_per_hour: Option<f64>,
    reversals_in_the_busiest_hour: Option<u32>,
    reverses: Option<String>,
    /// Starts of all machines.
    starts: Option<f64>,
    facility_kwh: Option<f64>,
    /// How often the same was told of the same thing within an hour, at most; and what.
    told_within_an_hour: Option<u32>,
    told: Option<String>,
    /// What is promised and not kept.
    missed: Vec<String>,
    /// What the run took (s).
    seconds: f64,
    /// Why the simulator failed, if it did.
    broken: Option<String>,
}

/// Runs days.
pub fn run(args: &DaysArgs, out: &Out) -> Result<(), Stop> {
    let halls = halls(&args.halls)?;
    let days = Weathered::ALL.into_iter().filter(|day| args.days.is_empty() || args.days.contains(day));
    let noises = [Noise::On, Noise::Off].into_iter().filter(|noise| args.noise.is_none_or(|only| only == *noise));
    let kinds: Vec<_> = days.flat_map(|day| noises.clone().map(move |noise| (day, noise))).collect();
    let jobs: Vec<_> = halls.iter().flat_map(|hall| kinds.iter().map(move |kind| (hall, *kind))).collect();
    let name = |n: usize| jobs.get(n).map_or_else(String::new, |(h, (d, _))| format!("{}, {}", h.0.name, d.told().0));
    let lines =
        crowd::all(jobs.len(), name, |n| jobs.get(n).map(|((hall, text), kind)| once((hall, text), *kind, args)))?;
    let lines: Vec<Line> = lines.into_iter().flatten().collect::<Result<_, Stop>>()?;
    if out.json() {
        out.value(&lines)?;
    } else {
        out.text(Sheet(&lines))?;
    }
    verdict(&lines, args)
}

/// Whether all was kept.
fn verdict(lines: &[Line], args: &DaysArgs) -> Result<(), Stop> {
    let again = |l: &Line| {
        let noise = if l.noise { "on" } else { "off" };
        format!(
            "again: wattloop sim days {} --day {} --noise {noise} --for {} --dt {} --seed {}",
            l.hall, l.day, args.length, args.dt, args.seed
        )
    };
    if let Some((line, why)) = lines.iter().find_map(|l| Some((l, l.broken.as_ref()?))) {
        return Err(Stop::new(70, "simulator_failed", format!("{}, {}: {why}", line.hall, line.day), again(line)));
    }
    let bad: Vec<&Line> = lines.iter().filter(|line| !line.missed.is_empty()).collect();
    let Some(first) = bad.first() else { return Ok(()) };
    let say = format!(
        "{} of {} days missed what is promised, such as {}, {}: ",
        bad.len(),
        lines.len(),
        first.hall,
        first.day
    );
    Err(Stop::new(1, "did_not_hold", say + &first.missed.join("; "), again(first)))
}

fn halls(named: &[String]) -> Result<Vec<(Arc<Hall>, String)>, Stop> {
    let all = || plant::shipped::HALLS.iter().map(|(name, _)| (*name).to_owned());
    let named: Vec<String> = if named.is_empty() { all().collect() } else { named.to_vec() };
    let load = |name: &String| {
        let found = pages::hall(name, None).map_err(|faults| Stop::faults(&faults))?;
        found.map_err(|help| Stop::usage(format!("there is no hall `{name}`"), help))
    };
    named.iter().map(load).collect()
}

/// One day of one hall.
fn once((hall, text): (&Arc<Hall>, &str), (day, noise): (Weathered, Noise), args: &DaysArgs) -> Result<Line, Stop> {
    let clock = Clock::machine();
    let begun = clock.mono();
    let (word, climate, start) = day.told();
    let noisy = noise == Noise::On;
    let calm = Scenario {
        name: format!("{}-{word}-day", hall.name),
        warm_up: WARM_UP,
        dt: args.dt,
        period: args.dt,
        seed: args.seed,
        noise: noisy,
        weather: WeatherChange { source: Some(weather(climate)?), ..WeatherChange::default() },
        ..Scenario::calm(hall, start, args.length)
    };
    let saying = format!("a {word} day in steps of {}, noise {noisy}", args.dt);
    let page = pages::unwritten(calm, (text, &saying))?;
    let mut drive = Drive::new(&page, args.seed, page.scenario.controller);
    let (mut book, mut watch) = (Book::new(hall, drive.world()), Watch::over(hall, args.dt));
    while drive.goes_on() {
        drive.pass();
        drive.note(&mut book);
        drive.show(&mut watch, false);
    }
    let ridden = drive.end();
    let said = |event: &Event| sentence::event(hall, event);
    let day = book.day();
    let mut missed = day.missed(said);
    missed.extend(watch.breach.map(|breach| format!("at {}: {}", instant(breach.at), breach.what)));
    let told = day.told.map(|told| said(&told.first));
    Ok(Line {
        hall: hall.name.clone(),
        day: word,
        noise: noisy,
        starts: ridden.kpis.value("starts"),
        facility_kwh: ridden.kpis.value("facility-kwh"),
        seconds: clock.mono().since(begun).seconds(),
        broken: ridden.run.broken().map(str::to_owned),
        told,
        missed,
        ..of(day)
    })
}

/// The figures of a day, without whose they are.
fn of(day: Day) -> Line {
    let near = |near: Option<Near>| near.map(|n| Nearest { margin: n.margin, unit: n.unit, of: n.of, at_s: n.at });
    Line {
        hall: String::new(),
        day: "",
        noise: true,
        inlets: near(day.inlets),
        coolant: near(day.coolant),
        cases: near(day.cases),
        recommended_percent: day.recommended.map(|(_, percent)| percent),
        reversals_per_hour: day.turning.as_ref().map(|of| of.per_hour),
        reversals_in_the_busiest_hour: day.turning.as_ref().map(|of| of.busiest),
        reverses: day.turning.map(|of| of.of),
        starts: None,
        facility_kwh: None,
        told_within_an_hour: day.told.map(|told| told.times),
        told: None,
        missed: Vec::new(),
        seconds: 0.0,
        broken: None,
    }
}

/// The weather of a shipped climate.
pub fn weather(climate: &str) -> Result<Weather, Stop> {
    let text = sim::shipped::CLIMATES.iter().find(|(name, _)| *name == climate).map_or("", |(_, text)| *text);
    let climate = Climate::load(climate, text).map_err(|faults| Stop::faults(&faults))?;
    Ok(Weather::Climate(Arc::new(climate)))
}

/// Lines as a table of Markdown.
struct Sheet<'l>(&'l [Line]);

impl fmt::Display for Sheet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| hall | day | noise | inlets | coolant | cases | recommended % | reversals/h | busiest hour | of | starts | \
             told in an hour | what | missed |"
        )?;
        writeln!(f, "|---|---|---|--:|--:|--:|--:|--:|--:|---|--:|--:|---|---|")?;
        for l in self.0 {
            let near = |near: &Option<Nearest>| {
                near.as_ref().map_or("–".to_owned(), |n| {
                    let decimals = if n.unit == "K" { 1 } else { 0 };
                    format!("{:.decimals$} {}", n.margin, n.unit)
                })
            };
            let number =
                |value: Option<f64>, decimals: usize| value.map_or("–".to_owned(), |v| format!("{v:.decimals$}"));
            let count = |value: Option<u32>| value.map_or("–".to_owned(), |v| v.to_string());
            writeln!(
                f,
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                l.hall,
                l.day,
                if l.noise { "yes" } else { "no" },
                near(&l.inlets),
                near(&l.coolant),
                near(&l.cases),
                number(l.recommended_percent, 2),
                number(l.reversals_per_hour, 1),
                count(l.reversals_in_the_busiest_hour),
                l.reverses.as_deref().unwrap_or("–"),
                number(l.starts, 0),
                count(l.told_within_an_hour),
                l.told.as_deref().unwrap_or("–"),
                if l.missed.is_empty() { "–".to_owned() } else { l.missed.join("; ") },
            )?;
        }
        Ok(())
    }
}
