//! `--gpus`: a served hall's machines one by one, each node's GPUs on a board that agents on this machine read and cap through NVML.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use plant::hall::Hall;
use sim::compute::fleet::Spec;
use sim::wire::Running;
use sim_nvml::{Cards, library_beside_program};

use crate::cli::Stop;

/// GPUs that agents on this machine find.
#[derive(Debug, Args)]
pub struct GpuArgs {
    /// Follow machines one by one, and put each node's GPUs on a board: DIR/NODE/board
    #[arg(long, value_name = "DIR")]
    pub gpus: Option<PathBuf>,
    /// The kind of node that stands in every rack
    #[arg(long, value_name = "KIND", default_value = "h100-quad", requires = "gpus")]
    pub nodes: String,
    /// How many of them stand in a rack [default: as many as it can feed]
    #[arg(long, value_name = "N", requires = "gpus", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub per_rack: Option<u8>,
}

/// What was put where.
pub struct Put {
    /// The folder.
    pub folder: PathBuf,
    /// How many nodes there are.
    pub nodes: usize,
    /// The library that agents load, where it was found.
    pub library: Option<PathBuf>,
}

impl GpuArgs {
    /// Whether they were asked for.
    pub const fn wanted(&self) -> bool {
        self.gpus.is_some()
    }

    /// What stands in a hall's racks, where that was asked for.
    pub fn spec(&self, hall: &Hall) -> Result<Option<Arc<Spec>>, Stop> {
        if !self.wanted() {
            return Ok(None);
        }
        let racks: usize = hall.rows.rows().iter().map(|row| row.racks.len()).sum();
        if racks == 0 || !hall.machinery.cdus.is_empty() {
            let say = format!("the machines of `{}` are not in air alone", hall.name);
            return Err(Stop::usage(say, "nodes stand in racks that air cools; take a hall such as `air`"));
        }
        let (name, text) = sim::shipped::NODES.iter().find(|(name, _)| *name == self.nodes).ok_or_else(|| {
            let known = sim::shipped::NODES.iter().map(|(name, _)| *name);
            let help = plant::read::did_you_mean(&self.nodes, known);
            Stop::usage(format!("there is no kind of node `{}`", self.nodes), help)
        })?;
        let load = |per_rack| Spec::load(name, text, (per_rack, racks)).map_err(|faults| Stop::faults(&faults));
        let spec = match self.per_rack {
            Some(per_rack) => load(usize::from(per_rack))?,
            None => load(most(hall, &load(1)?))?,
        };
        spec.fits(hall).map_err(|(say, help)| Stop::usage(say, help.replace("`per-rack`", "`--per-rack`")))?;
        Ok(Some(Arc::new(spec)))
    }

    /// Puts the nodes' GPUs on their boards, where that was asked for.
    pub fn put(&self, hall: &Hall, served: &Running) -> Result<Option<Put>, Stop> {
        let Some(folder) = &self.gpus else { return Ok(None) };
        let library = library_beside_program();
        let cards = {
            let stage = served.stage();
            Cards::new(folder, hall, (&stage.world, stage.wall), library.as_deref())
        };
        let cards = cards.map_err(|trouble| cannot(folder, &trouble))?;
        let nodes = cards.names().count();
        served.put_beside(Box::new(cards));
        Ok(Some(Put { folder: folder.clone(), nodes, library }))
    }
}

/// As many nodes as the least of a hall's racks can feed, and one at least.
fn most(hall: &Hall, spec: &Spec) -> usize {
    (2..=64).take_while(|n| Spec { per_rack: *n, ..spec.clone() }.fits(hall).is_ok()).last().unwrap_or(1)
}

fn cannot(folder: &Path, trouble: &sim_nvml::board::Trouble) -> Stop {
    Stop::new(
        73,
        "cannot_create",
        trouble.to_string(),
        format!("name a folder for {} that can be written", folder.display()),
    )
}
