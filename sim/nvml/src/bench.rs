//! A machine with GPUs on a bench: a folder with a copy of the library and its board, a running rig, and everything that can break.
//!
//! ```no_run
//! use sim_nvml::{Bench, Card, library_beside_tests};
//!
//! let bench = Bench::new("/tmp/node-1".as_ref(), &library_beside_tests(), &[Card::H100; 8])?;
//! bench.demand(0, 650.0);
//! // … load `bench.library()` as NVML, cap what it finds …
//! assert_eq!(bench.enforced(0), 700_000);
//! # Ok::<(), sim_nvml::board::Trouble>(())
//! ```
//!
//! GPUs are told by their slot from 0, which is the driver's number until [`Bench::reload_driver_turned`]. A slot that is not
//! there is left alone.

mod ticking;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::ticking::Ticking;
use crate::board::{Board, Fault, Gpu, Place, Sentinel, Trouble, Watch};
use crate::card::Card;
use crate::clock::wall_us;
use crate::rig::Rig;

/// The process that sets limits for [`Bench::foreign_limit`].
pub const FOREIGN: u32 = 1;

/// What cargo calls the library.
const BUILT: &str = "libsim_nvml.so";

/// The library as cargo builds it for a program that has this crate as a dependency: beside the program or in `deps` there.
#[must_use]
pub fn library_beside_program() -> Option<PathBuf> {
    let program = env::current_exe().ok()?;
    let folder = program.parent()?;
    [folder.join(BUILT), folder.join("deps").join(BUILT)].into_iter().find(|library| library.is_file())
}

/// The same for tests; where there is none its bare name, at which a bench then fails.
#[must_use]
pub fn library_beside_tests() -> PathBuf {
    library_beside_program().unwrap_or_else(|| PathBuf::from(BUILT))
}

/// A machine with GPUs on a bench.
#[derive(Debug)]
pub struct Bench {
    board: Arc<Board>,
    rig: Arc<Mutex<Rig>>,
    library: PathBuf,
    /// Dropped with the bench; nothing where it is stepped by hand.
    _ticking: Option<Ticking>,
}

impl Bench {
    /// Makes the folder, puts the library and a board of these cards there, and steps them in real time until it is dropped.
    ///
    /// # Errors
    /// A folder or file that cannot be written, a library that is not there, a number of cards that no board takes.
    pub fn new(folder: &Path, library: &Path, cards: &[Card]) -> Result<Self, Trouble> {
        Self::by_hand(folder, library, cards).map(Self::running)
    }

    /// The same bench, stepped in real time from now on.
    #[must_use]
    pub fn running(mut self) -> Self {
        self._ticking = Some(Ticking::start(&self.rig));
        self
    }

    /// The same, but time goes by only in [`Bench::step`].
    ///
    /// # Errors
    /// As for [`Bench::new`].
    pub fn by_hand(folder: &Path, library: &Path, cards: &[Card]) -> Result<Self, Trouble> {
        Self::seeded(folder, library, cards, 0)
    }

    /// The same with other UUIDs, serial numbers and errors of the power readings, by a seed: benches that stand for several nodes need several.
    ///
    /// # Errors
    /// As for [`Bench::new`].
    pub fn seeded(folder: &Path, library: &Path, cards: &[Card], seed: u64) -> Result<Self, Trouble> {
        fs::create_dir_all(folder).map_err(|error| Trouble::File(folder.to_path_buf(), error))?;
        // A file of its own and no link: the loader knows libraries by their files, and each bench needs its own.
        let own = folder.join("libnvidia-ml.so.1");
        fs::copy(library, &own).map_err(|error| Trouble::File(library.to_path_buf(), error))?;
        let places: Vec<_> = cards.iter().enumerate().map(|(slot, card)| Place::seeded(card, seed, slot)).collect();
        let path = folder.join("board");
        let board = Arc::new(Board::create(&path, &places)?);
        let mut rig = Rig::new(&board, cards, seed, wall_us());
        rig.watch(Watch::new(&path).map_err(|error| Trouble::File(path, error))?);
        let rig = Arc::new(Mutex::new(rig));
        Ok(Self { board, rig, library: own, _ticking: None })
    }

    /// The library of this machine, for whoever wants to load it as NVML.
    #[must_use]
    pub fn library(&self) -> &Path {
        &self.library
    }

    /// The board, for what has no name here.
    #[must_use]
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// Lets time go by. A bench that runs in real time goes faster by that much.
    pub fn step(&self, dt: Duration) {
        self.rig().step(dt);
    }

    fn rig(&self) -> MutexGuard<'_, Rig> {
        self.rig.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn on(&self, gpu: usize, act: impl Fn(Gpu<'_>)) {
        self.board.gpu(gpu).into_iter().for_each(act);
    }

    /// What a GPU's work wants from now on (W).
    pub fn demand(&self, gpu: usize, watts: f64) {
        self.rig().demand(gpu, watts);
    }

    /// The air at a GPU's heat sink from now on (°C): from 60 up a loaded GPU throttles.
    pub fn air(&self, gpu: usize, cel: f64) {
        self.rig().air(gpu, cel);
    }

    /// A limit of the board's controller (mW), which no driver can raise; nothing for none.
    pub fn out_of_band(&self, gpu: usize, milliwatts: Option<u32>) {
        self.on(gpu, |gpu| gpu.set_out_of_band(milliwatts));
    }

    /// Another process, [`FOREIGN`], sets the driver's limit (mW).
    pub fn foreign_limit(&self, gpu: usize, milliwatts: u32) {
        self.on(gpu, |gpu| {
            // Nobody ends the life of a GPU but this bench.
            let _ = gpu.request(gpu.life(), milliwatts, FOREIGN);
        });
    }

    /// A GPU falls off the bus: every call on it says that it is lost, and handles to it are dead for good.
    pub fn lose(&self, gpu: usize) {
        self.on(gpu, |gpu| gpu.set_fault(Fault::Lost, true));
    }

    /// It is back, with new handles and its default limit, its counters from zero.
    pub fn find(&self, gpu: usize) {
        self.on(gpu, |gpu| gpu.set_fault(Fault::Lost, false));
        self.rig().publish();
    }

    /// Whether whoever calls may set something.
    pub fn permission(&self, gpu: usize, granted: bool) {
        self.on(gpu, |gpu| gpu.set_fault(Fault::NoPermission, !granted));
    }

    /// Whether it is cut into instances: no utilisation, and `MIG-…` finds an instance that has no power of its own.
    pub fn mig(&self, gpu: usize, on: bool) {
        self.on(gpu, |gpu| gpu.set_fault(Fault::Mig, on));
    }

    /// Whether its sensors stand still, with their time and the energy counter.
    pub fn stuck(&self, gpu: usize, on: bool) {
        self.on(gpu, |gpu| gpu.set_fault(Fault::Stuck, on));
    }

    /// Whether only its power readings stand still, while their time and the energy counter go on.
    pub fn stuck_power(&self, gpu: usize, on: bool) {
        self.on(gpu, |gpu| gpu.set_fault(Fault::StuckPower, on));
    }

    /// What power, energy and temperature say instead of the truth.
    pub fn sentinel(&self, gpu: usize, kind: Sentinel) {
        self.on(gpu, |gpu| gpu.set_sentinel(kind));
    }

    /// How long every call on it takes. Calls that wait already go on when it gets shorter.
    pub fn slow(&self, gpu: usize, by: Duration) {
        self.on(gpu, |gpu| gpu.set_slow(u64::try_from(by.as_millis()).unwrap_or(u64::MAX)));
    }

    /// How long every call on the driver as a whole takes: initialising, counting, finding. Calls that wait already go on when it gets shorter.
    pub fn slow_driver(&self, by: Duration) {
        self.board.set_slow(u64::try_from(by.as_millis()).unwrap_or(u64::MAX));
    }

    /// Every call on it fails with one of NVML's codes, such as 16, it must be reset, or 999, unknown; nothing for none.
    pub fn fails(&self, gpu: usize, code: Option<u32>) {
        self.on(gpu, |gpu| gpu.set_fails(code));
    }

    /// Whether it says yes to limits and keeps the one it has.
    pub fn deaf(&self, gpu: usize, on: bool) {
        self.on(gpu, |gpu| gpu.set_fault(Fault::Deaf, on));
    }

    /// Whether power is told and limited for the module only: the scope of the GPU is not supported.
    pub fn module_only(&self, gpu: usize, on: bool) {
        self.on(gpu, |gpu| gpu.set_fault(Fault::ModuleOnly, on));
    }

    /// Whether it has no instant power reading.
    pub fn no_instant(&self, gpu: usize, on: bool) {
        self.on(gpu, |gpu| gpu.set_fault(Fault::NoInstant, on));
    }

    /// Whether the power supply pulls the brake line: two fifths of the rated power at most, whatever the limit says.
    pub fn power_brake(&self, gpu: usize, on: bool) {
        self.on(gpu, |gpu| gpu.set_fault(Fault::PowerBrake, on));
    }

    /// Memory errors so far: corrected, and not.
    pub fn memory_errors(&self, gpu: usize, errors: (u64, u64)) {
        self.on(gpu, |gpu| gpu.set_memory_errors(errors));
    }

    /// Loads the driver anew: calls say lost or uninitialised until somebody initialises again; limits stand at their defaults,
    /// locked clocks and persistence are gone, counters begin at zero.
    pub fn reload_driver(&self) {
        let mut rig = self.rig();
        self.board.load();
        rig.publish();
    }

    /// The same, and the driver counts its GPUs from another slot on: by so many places.
    pub fn reload_driver_turned(&self, places: usize) {
        self.board.turn(places);
        self.reload_driver();
    }

    /// Whether the driver goes with its last client and forgets what it was told, as it does on machines where nothing holds it and no GPU is in
    /// persistence mode. A client is a process that has initialised the library; one that is killed has gone, too. Seen within 100 ms
    /// of the bench's time.
    pub fn leaves_with_its_last_client(&self, leaves: bool) {
        self.board.set_leaves(leaves);
    }

    /// Unloads the driver: everything says so until [`Bench::load`].
    pub fn unload(&self) {
        self.board.unload();
    }

    /// Loads it again; as after [`Bench::reload_driver`].
    pub fn load(&self) {
        self.reload_driver();
    }

    /// Claims to be another driver, such as "575.51.03": fields from 251 on have other numbers before 580.82.
    pub fn driver(&self, version: &str) {
        self.board.set_driver(version);
    }

    /// A GPU's name that stays; empty for a slot that is not there.
    #[must_use]
    pub fn uuid(&self, gpu: usize) -> String {
        self.board.gpu(gpu).map_or_else(String::new, Gpu::uuid)
    }

    /// The limit in force (mW).
    #[must_use]
    pub fn enforced(&self, gpu: usize) -> u32 {
        self.board.gpu(gpu).map_or(0, Gpu::enforced)
    }

    /// The limit that the driver was asked for (mW).
    #[must_use]
    pub fn requested(&self, gpu: usize) -> u32 {
        self.board.gpu(gpu).map_or(0, Gpu::requested)
    }

    /// How often its limit was set, and the process that did last (0 for none).
    #[must_use]
    pub fn sets(&self, gpu: usize) -> (u32, u32) {
        self.board.gpu(gpu).map_or((0, 0), Gpu::sets)
    }

    /// What it draws in truth, over the last 10 ms (W).
    #[must_use]
    pub fn power_now(&self, gpu: usize) -> f64 {
        self.rig().power(gpu)
    }

    /// What it has drawn in truth since the bench was made (J).
    #[must_use]
    pub fn energy(&self, gpu: usize) -> f64 {
        self.rig().energy(gpu)
    }

    /// What its power readings are of the truth (1).
    #[must_use]
    pub fn gain(&self, gpu: usize) -> f64 {
        self.rig().gain(gpu)
    }

    /// The time up to which it has been stepped, which is its sensors' clock (µs since 1970).
    #[must_use]
    pub fn now_us(&self) -> u64 {
        self.rig().now_us()
    }

    /// What all its GPUs draw in truth (W).
    #[must_use]
    pub fn total(&self) -> f64 {
        self.rig().total()
    }
}

impl Drop for Bench {
    /// Whoever waits in a slow call is let go.
    fn drop(&mut self) {
        self.board.set_slow(0);
        self.board.gpus().for_each(|gpu| gpu.set_slow(0));
    }
}
