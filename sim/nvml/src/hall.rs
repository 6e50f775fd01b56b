//! A simulated hall's GPUs on boards, one a node, for agents on the machine that serves it.
//!
//! Before each step of the world every GPU gets the limit that is in force on its board; after it the board's sensors say what came of that. Steps of a
//! second or less count energy exactly; of longer ones the last second stands for all. The brake line and what is said instead of the truth work as on
//! a bench; a board controller's limit below what the hall's GPUs take holds them at that. Sensors speak in the hall's own time. A node without a feed keeps its board and reads nothing drawn.
//!
//! A node's folder has its `board` and, where the library is known, a link to it called `libnvidia-ml.so.1`, which finds that board
//! when it is loaded. One process sees one node so: the loader takes links to one file for one library. For more of them in a process
//! there are copies: [`Cards::with_copies`].

mod meter;

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use plant::convert;
use plant::hall::Hall;
use plant::time::{Tick, Wall};
use sim::World;
use sim::beside::Beside;
use sim::compute::cluster::Cluster;
use sim::noise;

use self::meter::{Meter, Seen};
use crate::board::{Board, Fault, Gpu, Place, Trouble, Watch};
use crate::card::Card;

/// What the library is called in a node's folder.
const LINK: &str = "libnvidia-ml.so.1";

/// A hall's GPUs on boards. When they go, their drivers are unloaded, so that nobody takes old readings for new ones.
#[derive(Debug)]
pub struct Cards {
    folder: PathBuf,
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    name: String,
    board: Board,
    watch: Watch,
    meters: Vec<Meter>,
}

impl Cards {
    /// Makes a folder with a board for every node of a world under `folder`, with a link to the library where there is one; sensors speak at `wall`. Boards
    /// of before lose their driver and are replaced.
    ///
    /// # Errors
    /// A world whose machines are not followed one by one; a folder or file that cannot be written.
    pub fn new(
        folder: &Path,
        hall: &Hall,
        (world, wall): (&World, Wall),
        library: Option<&Path>,
    ) -> Result<Self, Trouble> {
        let fleet = world.fleet().ok_or(Trouble::NoNodes)?;
        let cluster = fleet.cluster();
        let card = Card::of(&cluster.build().device);
        let mut nodes = Vec::with_capacity(cluster.nodes().len());
        for (name, caps) in names(hall, fleet.spec().per_rack).into_iter().zip(caps(cluster)) {
            let seed = noise::channel(&name);
            let own = folder.join(&name);
            fs::create_dir_all(&own).map_err(|error| Trouble::File(own.clone(), error))?;
            if let Some(library) = library {
                link(library, &own.join(LINK))?;
            }
            let path = own.join("board");
            if let Ok(before) = Board::open(&path) {
                before.unload();
            }
            let places: Vec<_> = (0..caps.len()).map(|slot| Place::seeded(&card, seed, slot)).collect();
            let board = Board::create(&path, &places)?;
            for (gpu, cap) in board.gpus().zip(&caps) {
                // A hall that begins with capped GPUs has drivers that were told so, by nobody.
                let milliwatts = convert::u64_from_f64_rounded(cap * 1000.0);
                let milliwatts = u32::try_from(milliwatts).unwrap_or(u32::MAX);
                if milliwatts != gpu.requested() {
                    let _ = gpu.request(gpu.life(), milliwatts, 0);
                }
            }
            let meters = (0..caps.len()).map(|slot| Meter::new(&card, seed, slot)).collect();
            let watch = Watch::new(&path).map_err(|error| Trouble::File(path, error))?;
            nodes.push(Node { name, board, watch, meters });
        }
        let mut cards = Self { folder: folder.to_path_buf(), nodes };
        cards.publish(world, Tick { wall, ..Tick::default() });
        Ok(cards)
    }

    /// The same with copies of the library instead of links, so that one process can see many nodes.
    ///
    /// # Errors
    /// A library that is not there, a copy that cannot be written.
    pub fn with_copies(self, library: &Path) -> Result<Self, Trouble> {
        for name in self.names() {
            let own = self.library(name);
            clear(&own)?;
            fs::copy(library, &own).map_err(|error| Trouble::File(library.to_path_buf(), error))?;
        }
        Ok(self)
    }

    /// Where the library of a node lies, by the node's name.
    #[must_use]
    pub fn library(&self, node: &str) -> PathBuf {
        self.folder.join(node).join(LINK)
    }

    /// The nodes' names, which are those of their folders, in the hall's order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().map(|node| node.name.as_str())
    }

    /// A node's board, by its number in the hall.
    #[must_use]
    pub fn board(&self, node: usize) -> Option<&Board> {
        self.nodes.get(node).map(|node| &node.board)
    }

    /// Tells every GPU of the world the limit in force on its board and the clock it is locked to.
    pub fn cap(&self, world: &mut World) {
        let Some(device) = world.fleet().map(|fleet| fleet.cluster().build().device) else { return };
        for (number, node) in self.nodes.iter().enumerate() {
            for (slot, gpu) in node.board.gpus().enumerate() {
                let mut cap = f64::from(gpu.enforced()) / 1000.0;
                if gpu.has(Fault::PowerBrake) {
                    cap = cap.min(Card::BRAKED * device.rated);
                }
                world.cap_gpu(number, slot, cap);
                world.lock_gpu(number, slot, locked(gpu));
            }
        }
    }

    /// Lets every sensor say what came of a step.
    pub fn publish(&mut self, world: &World, tick: Tick) {
        let Some(fleet) = world.fleet() else { return };
        let cluster = fleet.cluster();
        let (build, at_us) = (cluster.build(), u64::try_from(tick.wall.0).unwrap_or(0).saturating_mul(1000));
        for (number, (own, node)) in self.nodes.iter_mut().zip(cluster.nodes()).enumerate() {
            own.watch.look(&own.board);
            let works = cluster.job_of(number).is_some();
            let lanes = node.quads(build).flat_map(|quad| {
                let (end, mean) = quad.power();
                end.into_iter().zip(mean).zip(quad.dies().into_iter().zip(quad.caps()))
            });
            for ((gpu, meter), ((end, mean), (die, cap))) in own.board.gpus().zip(&mut own.meters).zip(lanes) {
                let seen = Seen { end, mean, die, cap, works };
                meter.take(gpu, &build.device, seen, tick.dt.seconds());
                gpu.publish(&meter.readings(gpu, &build.device, at_us));
            }
        }
    }
}

impl Beside for Cards {
    fn before(&mut self, world: &mut World) {
        self.cap(world);
    }

    fn after(&mut self, world: &World, tick: Tick) {
        self.publish(world, tick);
    }
}

impl Drop for Cards {
    fn drop(&mut self) {
        self.nodes.iter().for_each(|node| node.board.unload());
    }
}

/// The names of a hall's nodes with so many of them in a rack, in the hall's order: the rack's, and their place in it from 1.
#[must_use]
pub fn names(hall: &Hall, per_rack: usize) -> Vec<String> {
    let racks = hall.rows.iter().flat_map(|(_, row)| &row.racks);
    let names = racks.filter_map(|rack| hall.equips.get(rack.equip)).map(|equip| equip.name.as_str());
    names.flat_map(|rack| (1..=per_rack).map(move |place| format!("{rack}-node-{place}"))).collect()
}

/// What every GPU of every node is capped at (W).
fn caps(cluster: &Cluster) -> impl Iterator<Item = Vec<f64>> {
    cluster.nodes().iter().map(|node| node.quads(cluster.build()).flat_map(|quad| quad.caps()).collect())
}

/// The share of its highest clock that a GPU is locked to; nothing where that is all of it.
fn locked(gpu: Gpu<'_>) -> Option<f64> {
    let (_, most) = gpu.lock()?;
    let share = f64::from(most) / f64::from(gpu.highest_clock().max(1));
    (share < 1.0).then_some(share)
}

/// A link to the library, which replaces one of before.
fn link(library: &Path, at: &Path) -> Result<(), Trouble> {
    let library = fs::canonicalize(library).map_err(|error| Trouble::File(library.to_path_buf(), error))?;
    clear(at)?;
    symlink(library, at).map_err(|error| Trouble::File(at.to_path_buf(), error))
}

/// Removes a link or copy of before, which some process may still have.
fn clear(at: &Path) -> Result<(), Trouble> {
    match fs::remove_file(at) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Trouble::File(at.to_path_buf(), error)),
        Ok(()) | Err(_) => Ok(()),
    }
}
