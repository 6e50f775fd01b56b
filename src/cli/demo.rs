//! `wattloop demo`: a simulated hall under control over real wires.

mod screen;
mod summary;

use std::io::IsTerminal;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use plant::time::Span;
use wattloop::adapters::modbus::Writes;
use wattloop::control::report::Status;
use wattloop::service::Service;
use wattloop::service::api::call::{Answer, Question};
use wattloop::service::clock::Clock;
use wattloop::service::rehearsal::{Scene, Stage};

use super::sim::gpus::GpuArgs;
use super::sim::rapid;
use super::{Out, Stop};
use summary::Summary;

/// A simulated hall under control over real wires, for you to watch.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop demo                        until you stop it with Ctrl-C
  wattloop demo --for 60s              a minute, then a summary
  wattloop demo --for 60s --json       the summary as JSON, for scripts
  wattloop demo --seed 7               another day
  wattloop demo --gpus gpus            with GPUs that agents find: docs/halls.md

In a second terminal, while it runs:
  wattloop status
  wattloop why crah-1/fan-speed
  wattloop set crah-1/fan-speed 80 --reason \"listening for the bearing\" --for 5min")]
pub struct DemoArgs {
    /// Stop after this time, such as `60s` or `10min`; without it, at Ctrl-C
    #[arg(long = "for", value_name = "TIME", value_parser = super::span)]
    pub length: Option<Span>,
    /// The seed of the weather, the load and the noise
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The hall: `air`, `air-dx`, `liquid`, `hybrid`, `rear-door`, `immersion`, `immersion-two-phase` or `bench`
    #[arg(long, default_value = "air")]
    pub hall: String,
    /// GPUs that agents on this machine find.
    #[command(flatten)]
    pub gpus: GpuArgs,
}

/// How often the screen is drawn anew.
const REDRAW: Duration = Duration::from_millis(1000);
/// Between two lines when the output is no terminal.
const LINE: Span = Span::from_secs(5);

/// Runs the demo.
pub fn run(args: &DemoArgs, out: &Out) -> Result<(), Stop> {
    super::signals::listen().map_err(|e| Stop::io("signals", &e))?;
    let folder = super::client::demo_folder();
    clear(&folder)?;
    let hall = args.gpus.wanted().then(|| rapid::shipped(&args.hall)).transpose()?;
    let nodes = hall.as_ref().map(|hall| args.gpus.spec(hall)).transpose()?.flatten();
    let scene = Scene { seed: args.seed, set: vec!["log.filter=\"warn\"".to_owned()], nodes, ..Scene::default() };
    let stage = Stage::set(&args.hall, &folder, &scene).map_err(Stop::rehearsal)?;
    if let Some(hall) = &hall {
        args.gpus.put(hall, &stage.hall)?;
    }
    let service = stage.service(Writes::Live).map_err(Stop::rehearsal)?;
    let watched = watch(args, out, &service)?;
    let modbus = summary::modbus(service.modbus());
    let journal = folder.join("journal.db");
    let ended = service.has_ended();
    let tally = service.stop();
    let summary = Summary::new(&watched, tally, modbus, journal);
    if out.json() {
        out.value(&summary)?;
    } else {
        out.text(&summary)?;
    }
    if ended { Err(Stop::failed("the scan thread has ended by itself")) } else { Ok(()) }
}

/// What the demo saw on its way.
#[derive(Default)]
struct Watched {
    last: Status,
    worst: Option<(f64, String)>,
}

/// Shows the hall until the time is over or somebody stops it.
fn watch(args: &DemoArgs, out: &Out, service: &Service) -> Result<Watched, Stop> {
    let clock = Clock::machine();
    let begin = clock.mono();
    let live = !out.json() && std::io::stdout().is_terminal();
    let mut seen = Watched::default();
    let mut told: Option<Span> = None;
    while !super::signals::asked_to_stop() && !service.has_ended() {
        let gone = clock.mono().since(begin);
        if args.length.is_some_and(|length| gone >= length) {
            break;
        }
        if let Ok(Answer::Status(status)) = service.runtime().block_on(service.asker().ask(Question::Status))
            && status.scans > 0
        {
            seen.note(&status);
            let due = told.is_none_or(|at| gone.nanos().saturating_sub(at.nanos()) >= LINE.nanos());
            if live {
                out.text(format_args!("{}{}", screen::HOME, screen::screen(&status)))?;
            } else if !out.json() && due {
                out.line(screen::line(&status))?;
                told = Some(gone);
            }
            seen.last = *status;
        }
        let rest = args.length.map_or(REDRAW, |l| Span::from_nanos(l.nanos().saturating_sub(gone.nanos())).duration());
        let first = seen.last.scans == 0;
        std::thread::sleep(if first { Duration::from_millis(100) } else { rest.min(REDRAW) });
    }
    Ok(seen)
}

impl Watched {
    fn note(&mut self, status: &Status) {
        if let Some(inlet) = &status.worst_inlet
            && self.worst.as_ref().is_none_or(|(worst, _)| inlet.celsius > *worst)
        {
            self.worst = Some((inlet.celsius, inlet.rack.clone()));
        }
    }
}

/// A demo begins anew in a folder of its own: what an earlier one recorded goes. Somebody else's folder is left alone, and so is
/// that of a demo that still runs.
fn clear(folder: &Path) -> Result<(), Stop> {
    let failed = |e: &std::io::Error| Stop::io(&folder.display().to_string(), e);
    match std::fs::symlink_metadata(folder) {
        Ok(found) if !found.is_dir() || found.uid() != super::client::user() => {
            let say = format!("{} is not a folder of yours", folder.display());
            return Err(Stop::new(73, "cannot_create", say, "set TMPDIR to a directory of your own"));
        }
        Ok(_) if UnixStream::connect(folder.join("wattloop.sock")).is_ok() => {
            return Err(Stop::new(
                73,
                "running",
                "a demo of yours is running already",
                "stop it first, or ask it: `wattloop status`",
            ));
        }
        Ok(_) => std::fs::remove_dir_all(folder).map_err(|e| failed(&e))?,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(e) => return Err(failed(&e)),
    }
    std::fs::DirBuilder::new().mode(0o700).create(folder).map_err(|e| failed(&e))
}
