//! Scenario files and what they name: the hall and its physics, shipped or of a site.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plant::fault::Faults;
use plant::hall::Hall;
use plant::read::did_you_mean;
use sim::World;
use sim::compute::arrivals;
use sim::compute::fleet::{Jobs, Spec};
use sim::prices::Prices;
use sim::scenario::golden::Golden;
use sim::scenario::{self, Scenario};
use sim::weather::Weather;
use sim::weather::epw::Epw;

use crate::cli::Stop;

/// A scenario with all it needs to run.
pub struct Page {
    /// The file as the person named it.
    pub file: String,
    /// What it says.
    pub scenario: Arc<Scenario>,
    /// A world at its begin.
    pub world: World,
    /// The hash of the texts it is made of.
    pub made_of: String,
    /// The golden trace, where there is one.
    pub golden: Option<Golden>,
}

/// Every file, or every fault of all of them.
pub fn open(files: &[String]) -> Result<Vec<Page>, Stop> {
    let (mut pages, mut faults) = (Vec::new(), Vec::new());
    for file in files {
        match page(file)? {
            Ok(page) => pages.push(page),
            Err(more) => faults.extend(more.0),
        }
    }
    if faults.is_empty() { Ok(pages) } else { Err(bad(&Faults(faults))) }
}

/// True where an argument is a scenario rather than a hall.
pub fn is_scenario(what: &str) -> bool {
    let hall = plant::shipped::HALLS.iter().any(|(name, _)| *name == what);
    !hall && (what.ends_with(".toml") || Path::new(what).exists() || shipped(what).is_some())
}

/// A hall and its text, by a shipped one's name or by its file; or what to do where there is none.
pub fn hall(what: &str, beside: Option<&Path>) -> Result<Result<(Arc<Hall>, String), String>, Faults> {
    hall_with(what, beside, "")
}

/// The same with more sections than its file has.
fn hall_with(what: &str, beside: Option<&Path>, more: &str) -> Result<Result<(Arc<Hall>, String), String>, Faults> {
    let load = |name: &str, text: &str| {
        let text = format!("{text}{more}");
        Hall::load(name, &text).map(|hall| Ok((Arc::new(hall), text)))
    };
    if let Some((name, text)) = plant::shipped::HALLS.iter().find(|(name, _)| *name == what) {
        return load(name, text);
    }
    match read(what, beside) {
        Some((path, text)) => load(&path.display().to_string(), &text),
        None => {
            let names = plant::shipped::HALLS.iter().map(|(name, _)| *name);
            Ok(Err(format!("{}; or write the path of a hall's file", did_you_mean(what, names))))
        }
    }
}

/// A scenario that no file says, such as a storm: over a shipped hall.
pub fn unwritten(scenario: Scenario, texts: (&str, &str)) -> Result<Page, Stop> {
    let (hall_text, saying) = texts;
    let (physics, world) = world(&scenario, None)?.map_err(|faults| Stop::faults(&faults))?;
    let made_of = made_of(&[hall_text, &physics, saying]);
    Ok(Page { file: scenario.name.clone(), scenario: Arc::new(scenario), world, golden: None, made_of })
}

fn made_of(texts: &[&str]) -> String {
    // A hash of hashes: where one text ends and the next begins is part of it.
    let each: Vec<String> = texts.iter().map(|text| sim::trace::hash_of(text)).collect();
    sim::trace::hash_of(&each.join("\n"))
}

/// Where the golden trace of a scenario's file is kept.
pub fn golden_path(file: &str) -> PathBuf {
    let path = Path::new(file);
    let name = path.file_stem().map_or_else(|| file.into(), std::ffi::OsStr::to_os_string);
    path.with_file_name("golden").join(name).with_extension("csv")
}

/// 65: a scenario file is bad.
pub fn bad(faults: &Faults) -> Stop {
    let many = faults.0.len();
    Stop::new(65, "scenario_invalid", format!("{faults}{many} fault{}", if many == 1 { "" } else { "s" }), "")
}

fn page(file: &str) -> Result<Result<Page, Faults>, Stop> {
    let (beside, text) = match shipped(file) {
        Some(text) if !Path::new(file).exists() => (None, text.to_owned()),
        Some(_) | None => {
            let text =
                fs::read_to_string(file).map_err(|e| Stop::new(65, "scenario_missing", format!("{file}: {e}"), ""))?;
            (Path::new(file).parent(), text)
        }
    };
    let named = scenario::hall_name(&text);
    let found = match &named {
        Some((name, _)) => {
            hall_with(name, beside, &scenario::battery(&text).map_or_else(String::new, |of| of.hall_sections()))
        }
        None => Ok(Err(String::new())),
    };
    let (found, hall_text) = match found {
        Ok(Ok((hall, text))) => (Ok(hall), text),
        Ok(Err(help)) => (Err(help), String::new()),
        Err(faults) => return Ok(Err(faults)),
    };
    let mut scenario = match scenario::load(file, &text, found) {
        Ok(scenario) => scenario,
        Err(faults) => return Ok(Err(faults)),
    };
    let tables = match tables(&mut scenario, beside)? {
        Ok(tables) => tables,
        Err(faults) => return Ok(Err(faults)),
    };
    let scenario = Arc::new(scenario);
    let (physics, world) = match world(&scenario, beside)? {
        Ok(found) => found,
        Err(faults) => return Ok(Err(faults)),
    };
    let golden = golden(file)?;
    let made_of = made_of(&[&hall_text, &physics, &text, &tables]);
    Ok(Ok(Page { file: file.to_owned(), scenario, world, golden, made_of }))
}

/// Reads the weather's year and the prices that a scenario keeps in files of their own; their texts.
fn tables(scenario: &mut Scenario, beside: Option<&Path>) -> Result<Result<String, Faults>, Stop> {
    let mut texts = String::new();
    let open = |file: &str| {
        let missing =
            || Stop::new(65, "scenario_invalid", format!("there is no file {file}"), "put it beside the page");
        read(file, beside).ok_or_else(missing).map(|(path, text)| (path.display().to_string(), text))
    };
    if let Some(file) = &scenario.weather.epw {
        let (path, text) = open(file)?;
        texts.push_str(&text);
        match Epw::read(&path, &text) {
            Ok(year) => scenario.weather.source = Some(Weather::Epw(Arc::new(year))),
            Err(faults) => return Ok(Err(faults)),
        }
    }
    if let Some(file) = &scenario.prices_file {
        let (path, text) = open(file)?;
        texts.push_str(&text);
        match Prices::read(&path, &text) {
            Ok(prices) => scenario.prices = Some(prices),
            Err(faults) => return Ok(Err(faults)),
        }
    }
    if let Some(nodes) = &mut scenario.nodes {
        let racks = scenario.hall.rows.rows().iter().map(|row| row.racks.len()).sum();
        if let Some(file) = &nodes.kind_file {
            let (path, text) = open(file)?;
            texts.push_str(&text);
            match Spec::load(&path, &text, (nodes.per_rack, racks)) {
                Ok(spec) => {
                    let invalid = |(message, help)| Stop::new(65, "scenario_invalid", message, help);
                    spec.fits(&scenario.hall).map_err(invalid)?;
                    nodes.spec = Some(Arc::new(Spec { cap: nodes.cap, ..spec }));
                }
                Err(faults) => return Ok(Err(faults)),
            }
        }
        if let (Some(file), Some(spec)) = (&nodes.jobs_file, &mut nodes.spec) {
            let (path, text) = open(file)?;
            texts.push_str(&text);
            match arrivals::trace(&path, &text, racks.saturating_mul(nodes.per_rack)) {
                Ok(jobs) => Arc::make_mut(spec).jobs = Jobs::Trace(jobs.into()),
                Err(faults) => return Ok(Err(faults)),
            }
        }
    }
    Ok(Ok(texts))
}

/// The text of a scenario's physics, and its world.
fn world(scenario: &Scenario, beside: Option<&Path>) -> Result<Result<(String, World), Faults>, Stop> {
    let hall = &scenario.hall;
    let more = scenario.stored.map_or_else(String::new, |of| of.physics_sections());
    if let Some(file) = &scenario.physics {
        let (path, text) = read(file, beside)
            .ok_or_else(|| Stop::new(65, "scenario_invalid", format!("there is no physics file {file}"), ""))?;
        let text = format!("{text}{more}");
        return Ok(World::load(hall, &path.display().to_string(), &text).map(|world| (text, world)));
    }
    let (name, text) = sim::shipped::HALLS.iter().find(|(known, _)| *known == hall.name).ok_or_else(|| {
        let say = format!("{}: hall `{}` has no physics of ours", scenario.name, hall.name);
        Stop::new(65, "scenario_invalid", say, "name its file with `physics = \"…\"`")
    })?;
    let text = format!("{text}{more}");
    Ok(World::load(hall, name, &text).map(|world| (text, world)))
}

fn golden(file: &str) -> Result<Option<Golden>, Stop> {
    let kept = scenario::shipped::GOLDEN.iter().find(|(name, _)| *name == file).map(|(_, text)| (*text).to_owned());
    let path = golden_path(file);
    let text = kept.or_else(|| fs::read_to_string(&path).ok());
    let read = text.map(|text| Golden::parse(&text)).transpose();
    read.map_err(|why| Stop::new(65, "golden_invalid", format!("{}: {why}", path.display()), "bless the run again"))
}

/// The text of a shipped scenario.
fn shipped(name: &str) -> Option<&'static str> {
    scenario::shipped::SCENARIOS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// A file from beside the scenario, or from where the person stands.
fn read(file: &str, beside: Option<&Path>) -> Option<(PathBuf, String)> {
    let places = [beside.map(|folder| folder.join(file)), Some(PathBuf::from(file))];
    places.into_iter().flatten().find_map(|path| fs::read_to_string(&path).ok().map(|text| (path, text)))
}
