//! `wattloop gpus`: what the driver says of this machine's GPUs. It only reads.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use plant::convert;
use plant::gpu::{Condition, GpuSample, Milliwatts, PowerSource, Uuid};
use plant::time::{Mono, Span};
use serde::Serialize;
use wattloop::adapters::nvml::{Card, DriverState, Gpus, Settings};
use wattloop::service::clock::Machine;

use super::figure::fixed;
use super::{Out, Stop};

/// What the driver says of this machine's GPUs.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop gpus
  wattloop gpus --watch 10s         how often power and energy move, and how long reading takes
  wattloop gpus --json | jq '.gpus[].power_w'

It only reads, and needs no rights. Exit codes: 0 every GPU is well, 1 one is not, 69 there is no driver.")]
pub struct GpusArgs {
    /// NVML's library, where it is not where the system looks
    #[arg(long, value_name = "FILE")]
    pub library: Option<std::path::PathBuf>,
    /// Watch them for so long, fifty times a second
    #[arg(long, value_name = "TIME", value_parser = super::span)]
    pub watch: Option<Span>,
}

/// Fifty times a second: twice as fast as the fastest sensor is new, and not a rate to run a hall at.
const WATCHED: Span = Span::from_millis(20);
/// How long a driver may take to start.
const START: Duration = Duration::from_secs(10);

/// One GPU.
#[derive(Debug, Serialize)]
struct Row {
    uuid: Uuid,
    card: Option<Card>,
    #[serde(flatten)]
    sample: GpuSample,
    /// W, for who does not want to know where it was read.
    power_w: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    watched: Option<Watched>,
}

/// What was seen of one GPU for a while.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Watched {
    /// Readings.
    readings: u64,
    /// The median time between two different powers (s), where there were any.
    power_moves_every_s: Option<f64>,
    /// The median time between two different energies (s).
    energy_moves_every_s: Option<f64>,
    /// The longest time between two readings (s).
    longest_gap_s: f64,
}

#[derive(Debug, Serialize)]
struct Page {
    driver: Option<String>,
    /// GPUs that it counts and that do not tell their names.
    nameless: u32,
    gpus: Vec<Row>,
}

/// Looks.
pub fn run(args: &GpusArgs, out: &Out) -> Result<(), Stop> {
    let period = if args.watch.is_some() { WATCHED } else { Settings::default().period };
    let settings = Settings { library: args.library.clone(), period, ..Settings::default() };
    let stamp = Arc::new(Machine::start().stamp());
    let gpus = Gpus::open(settings, stamp).map_err(|e| Stop::io("the GPUs' threads", &e))?;
    if !gpus.wait(START) {
        return Err(missing(&gpus.driver()));
    }
    let watched = args.watch.map(|time| watch(&gpus, time)).unwrap_or_default();
    let row = |(uuid, card): (Uuid, Option<Arc<Card>>)| {
        let sample = gpus.sample(uuid).unwrap_or_default();
        let power_w = sample.power.map(|p| p.draw.watts().0);
        let watched = watched.iter().find(|(of, _)| *of == uuid).map(|(_, w)| *w);
        Row { uuid, card: card.map(Arc::unwrap_or_clone), sample, power_w, watched }
    };
    let DriverState { version, nameless, .. } = gpus.driver();
    let page = Page { driver: version, nameless, gpus: gpus.cards().into_iter().map(row).collect() };
    let well = nameless == 0 && page.gpus.iter().all(|g| g.sample.condition == Condition::Well);
    if out.json() {
        out.value(&page)?;
    } else {
        out.text(text(&page))?;
    }
    if well { Ok(()) } else { Err(Stop::new(1, "not_well", "", "")) }
}

/// There is nothing to look at.
fn missing(driver: &DriverState) -> Stop {
    match (&driver.why, &driver.version) {
        (Some(why), _) => Stop::new(69, "no_driver", why.clone(), "say where the library is with `--library`"),
        (None, Some(version)) => Stop::new(69, "no_gpu", format!("driver {version} knows no GPU"), ""),
        (None, None) => {
            Stop::new(69, "no_driver", "the driver has not answered", "look at `dmesg` for the driver's start")
        }
    }
}

/// Every reading for a while.
fn watch(gpus: &Gpus, time: Span) -> Vec<(Uuid, Watched)> {
    let mut seen: Vec<(Uuid, Vec<GpuSample>)> = gpus.cards().into_iter().map(|(uuid, _)| (uuid, Vec::new())).collect();
    let step = Duration::from_millis(4);
    let mut left = time.duration();
    while !left.is_zero() {
        for (uuid, samples) in &mut seen {
            let sample = gpus.sample(*uuid).unwrap_or_default();
            if samples.last().is_none_or(|last| last.at != sample.at) {
                samples.push(sample);
            }
        }
        std::thread::sleep(step);
        left = left.saturating_sub(step);
    }
    seen.into_iter().map(|(uuid, samples)| (uuid, intervals(&samples))).collect()
}

fn intervals(samples: &[GpuSample]) -> Watched {
    let at = |s: &GpuSample| s.at;
    let gap = samples.windows(2).filter_map(|pair| Some(at(pair.get(1)?).since(at(pair.first()?)))).max();
    Watched {
        readings: convert::u64_from_usize(samples.len()),
        power_moves_every_s: every(samples.iter().filter_map(|s| Some((s.at, s.power?.draw.0)))),
        energy_moves_every_s: every(samples.iter().filter_map(|s| Some((s.at, s.energy?.0)))),
        longest_gap_s: gap.unwrap_or(Span::ZERO).seconds(),
    }
}

/// The median time between two values that differ (s).
fn every(values: impl Iterator<Item = (Mono, u64)>) -> Option<f64> {
    let (mut last, mut times) = (None, Vec::new());
    for (at, value) in values {
        match last {
            Some((_, same)) if same == value => {}
            Some((since, _)) => {
                times.push(at.since(since));
                last = Some((at, value));
            }
            None => last = Some((at, value)),
        }
    }
    times.sort_unstable();
    times.get(times.len() / 2).map(|t| t.seconds())
}

/// A table for people.
fn text(page: &Page) -> String {
    let mut text = format!("driver {}\n", page.driver.as_deref().unwrap_or("unknown"));
    for row in &page.gpus {
        let s = &row.sample;
        let name = row.card.as_ref().map_or("unknown", |c| c.name.as_str());
        let watts = |p: Option<Milliwatts>| p.map_or_else(|| "-".to_owned(), |p| fixed(p.watts().0, 0));
        let power = s.power.map_or_else(|| "power unknown".to_owned(), |p| format!("{} {}", p.draw, source(p.source)));
        let limits = s.limits;
        let range =
            limits.least.zip(limits.most).map_or_else(String::new, |(l, m)| format!(" of {} to {}", watts(Some(l)), m));
        let die = s.die.map_or_else(String::new, |t| format!(", {t:.0}"));
        let slow: Vec<_> = s.throttle.into_iter().flat_map(|t| t.words()).collect();
        let slow = if slow.is_empty() { String::new() } else { format!(", slow for: {}", slow.join(", ")) };
        text += &format!(
            "{}  {name}\n  {}: {power}, cap {} W kept {} W{range}{die}{slow}{}\n",
            row.uuid,
            words(s.condition),
            watts(limits.configured),
            watts(limits.enforced),
            notes(row),
        );
        if let Some(w) = &row.watched {
            let every =
                |t: Option<f64>| t.map_or_else(|| "never".to_owned(), |t| format!("every {} ms", fixed(t * 1e3, 0)));
            text += &format!(
                "  {} readings: power moves {}, energy {}; longest gap {} ms\n",
                w.readings,
                every(w.power_moves_every_s),
                every(w.energy_moves_every_s),
                fixed(w.longest_gap_s * 1e3, 0),
            );
        }
    }
    if page.nameless > 0 {
        text += &format!("{} more that the driver counts do not tell their names: off the bus?\n", page.nameless);
    }
    text
}

/// What else somebody who caps it should know.
fn notes(row: &Row) -> String {
    let mut text = String::new();
    if row.card.as_ref().is_some_and(|c| c.whole_module) {
        text += "; power is the whole module's";
    }
    if row.sample.mig {
        text += "; cut into instances, power is the whole board's";
    }
    if row.sample.persistent == Some(false) {
        text += "; not persistent: a cap is lost with the last user";
    }
    if let Some(errors) = row.sample.ecc.filter(|n| *n > 0) {
        text += &format!("; {errors} memory errors not corrected");
    }
    text
}

const fn source(of: PowerSource) -> &'static str {
    match of {
        PowerSource::Momentary => "now",
        PowerSource::Average => "over the last second",
        PowerSource::Energy => "by the energy counter",
    }
}

const fn words(condition: Condition) -> &'static str {
    match condition {
        Condition::Unread => "not read yet",
        Condition::Well => "well",
        Condition::PowerFrozen => "its power sensor stands still",
        Condition::Frozen => "its sensors stand still",
        Condition::Lost => "LOST by the driver",
        Condition::Silent => "its driver does not answer",
        Condition::NoDriver => "the driver has gone",
        Condition::Failing => "its driver answers with errors",
    }
}
