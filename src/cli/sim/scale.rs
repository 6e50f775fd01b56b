//! `wattloop sim scale`: a shipped hall with more racks, or fewer, as files of one's own.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use plant::hall::Hall;
use sim::World;
use sim::scale::{Files, to_racks};

use crate::cli::{Out, Stop};

/// A hall of another size.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  wattloop sim scale air --racks 1000 --out big    writes big/air-1000.toml, its physics, and an hour of it as a scenario
  wattloop sim run big/air-1000-hour.toml

Rows and what stands in them are repeated; the plant behind them becomes larger in proportion.")]
pub struct ScaleArgs {
    /// The hall: a shipped one's name
    pub hall: String,
    /// How many racks, or tanks where the hall has no racks
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub racks: u32,
    /// The folder that the files are written to
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
}

/// Writes the files, after a look whether they are a hall.
pub fn run(args: &ScaleArgs, out: &Out) -> Result<(), Stop> {
    let find = |all: &'static [(&'static str, &'static str)]| all.iter().find(|(name, _)| *name == args.hall);
    let (Some((_, hall)), Some((_, physics))) = (find(plant::shipped::HALLS), find(sim::shipped::HALLS)) else {
        let known = sim::shipped::HALLS.iter().map(|(name, _)| *name);
        let help = plant::read::did_you_mean(&args.hall, known);
        return Err(Stop::usage(format!("there is no shipped hall `{}`", args.hall), help));
    };
    let of = Files { name: args.hall.clone(), hall: (*hall).to_owned(), physics: (*physics).to_owned() };
    let racks = plant::convert::usize_from_u32(args.racks);
    let scaled = to_racks(&of, racks).map_err(|why| Stop::usage(why, "choose another number of racks"))?;
    let name = &scaled.name;
    let loaded = Hall::load(&format!("{name}.toml"), &scaled.hall).map_err(|faults| Stop::faults(&faults))?;
    World::load(&loaded, &format!("{name}-physics.toml"), &scaled.physics).map_err(|faults| Stop::faults(&faults))?;
    let files = [
        (format!("{name}.toml"), &scaled.hall),
        (format!("{name}-physics.toml"), &scaled.physics),
        (format!("{name}-hour.toml"), &scenario(name, !loaded.rows.is_empty())),
    ];
    let place = |path: &PathBuf| path.display().to_string();
    fs::create_dir_all(&args.out).map_err(|e| Stop::io(&place(&args.out), &e))?;
    let mut written = Vec::new();
    for (file, text) in files {
        let path = args.out.join(file);
        fs::write(&path, text).map_err(|e| Stop::io(&place(&path), &e))?;
        written.push(place(&path));
    }
    if out.json() {
        return out.value(&serde_json::json!({"hall": name, "points": loaded.points.len(), "written": written}));
    }
    for path in &written {
        out.line(format_args!("{path} written"))?;
    }
    out.line(format_args!("hall {name}: {} points", loaded.points.len()))
}

/// An hour of the hall.
fn scenario(name: &str, breathes: bool) -> String {
    let mut text = format!(
        "name = \"{name}-hour\"\nsummary = \"An hour of the scaled hall\"\nhall = \"{name}.toml\"\n\
         physics = \"{name}-physics.toml\"\nstart = \"2026-07-15T13:00Z\"\nduration = \"1h\"\n"
    );
    if breathes {
        text.push_str("\n[[assert]]\nname = \"inlets-allowable\"\nalways = \"max(rack-*/inlet-air-temp) <= 32 °C\"\n");
    }
    text
}
